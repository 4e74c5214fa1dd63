// The desk where a host application has mounted it, and a desk that leaves its
// console clean.
import { Below } from './support/below'
import { Desk, expect, test } from './support/fixtures'

test('the desk works below any path, at every one of its addresses', async ({ site, browse, service, guard }) => {
  const posted = await site.post('Decide me from below.', { name: 'Ada' })
  await site.post('Leave me.', { name: 'Bo' })
  const host = await Below.start(service.base, '/house/comments')
  guard.allow(new RegExp(`^request: ${host.base}/`))
  const page = await browse()
  const jana = await site.hire('Jana', 'admin')
  const desk = await Desk.signIn(page, `${host.base}/admin/`, jana)
  await expect(desk.current).toContainText('Decide me from below.')
  await desk.press('a')
  await expect.poll(() => site.visible()).toHaveLength(1)
  expect((await service.api<{ status: string }>('GET', `moderation/comments/${posted.id}`)).status).toBe('approved')

  await page.getByRole('link', { name: 'Webhooks' }).click()
  await expect(page).toHaveURL(`${host.base}/admin/webhooks`)
  for (const address of ['webhooks', 'webhooks/']) {
    await page.goto(`${host.base}/admin/${address}`)
    await expect(page.getByRole('heading', { name: 'Webhooks' })).toBeVisible()
  }
  await page.goto(`${host.base}/admin/a/b/c`)
  await page.getByRole('link', { name: 'Go to the queue' }).click()
  await expect(desk.current).toContainText('Leave me.')
  await desk.press('Enter')
  await page.getByRole('link', { name: 'All comments on this page' }).click()
  await expect(desk.rows).toHaveCount(2)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(`${host.base}/admin/`)
  await expect(page.getByRole('heading', { name: 'Sign in to the desk' })).toBeVisible()
  await page.close()
  await host.end()
})

test('a visit from sign-in to settings leaves nothing in the console', async ({ site, browse, service }) => {
  await site.post('Only to be looked at.')
  const page = await browse()
  const lines: string[] = []
  page.on('console', message => lines.push(`${message.text()} (${message.location().url})`))
  page.on('response', answer => answer.status() >= 400 && lines.push(`${answer.status()} ${answer.url()}`))
  const jana = await site.hire('Jana', 'admin')
  const desk = await Desk.signIn(page, `${service.base}/admin/`, jana)
  await expect(desk.rows).toHaveCount(1)
  for (const name of ['Webhooks', 'Settings', 'Account']) {
    await page.getByRole('link', { name }).click()
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  }
  const icon = page.locator('link[rel=icon]')
  expect(await icon.evaluate(async (link: HTMLLinkElement) => {
    const image = new Image()
    image.src = link.href
    await image.decode()
    return image.naturalWidth > 0
  })).toBe(true)
  expect(lines).toEqual([])
})
