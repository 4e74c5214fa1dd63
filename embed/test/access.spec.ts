// That people can use it who see, hear or point differently: axe with the rules
// of WCAG 2.0 to 2.2 A and AA and its best practices, without exceptions, and
// what a screen reader is told.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import type { Receiver } from './support/receiver'
import type { Site } from './support/site'
import { discussion } from './support/thread'
import { expect, test, type Widget } from './support/fixtures'

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']

/** Our pages' policies refuse what axe adds to a page to measure it. */
const measured = { bypassCSP: true }

async function check(page: Page, state: string) {
  const axe = new AxeBuilder({ page }).withTags(rules).options({ resultTypes: ['violations'] }).setLegacyMode(true)
  const { violations, passes } = await axe.analyze()
  const found = violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.target.join(' ')} ${node.failureSummary}`))
  expect(found, state).toEqual([])
  expect(passes.length, `${state}: axe has looked at something`).toBeGreaterThan(10)
}

/** Comments of every kind, one that waits, a form with mistakes, and something new. */
async function busy(widget: Widget, site: Site) {
  await expect(widget.comments).toHaveCount(4)
  await widget.write('I wait to be read.')
  await expect(widget.comment('I wait')).toContainText('Awaiting review')
  await widget.field.focus()
  await widget.button('Post comment').click()
  await expect(widget.field).toHaveAttribute('aria-invalid', 'true')
  await widget.comment('taxi on an island').getByRole('button', { name: 'Reply' }).click()
  await expect(widget.button('Post reply')).toBeVisible()
  await site.publish('Just in.')
  await expect(widget.button('1 new comment')).toBeVisible()
}

test('widget: no violation from the first word to the last', async ({ site, read }) => {
  const empty = await read({ name: 'empty' }, measured)
  await expect(empty.root).toContainText('No comments yet')
  await check(empty.page, 'empty')

  await discussion(site)
  const widget = await read({}, measured)
  await busy(widget, site)
  await check(widget.page, 'nested comments, one waiting, mistakes in the form')
  await widget.comment('five nights').getByRole('button', { name: 'Report' }).click()
  await expect(widget.root.getByRole('dialog')).toBeVisible()
  await check(widget.page, 'reporting')
  await widget.page.keyboard.press('Escape')
  await site.close()
  await expect(widget.root).toContainText('Comments are closed.')
  await check(widget.page, 'closed')
})

const dark = 'html { color-scheme: dark; background: #121315; color: #eceae6 }'

for (const [look, article] of Object.entries({ dark: { css: dark }, 'right to left': { dir: 'rtl' } } as const)) {
  test(`widget, ${look}: no violation either`, async ({ site, read }) => {
    await discussion(site)
    const widget = await read(article, measured)
    await busy(widget, site)
    await check(widget.page, 'nested comments, one waiting, mistakes in the form')
    await widget.comment('five nights').getByRole('button', { name: 'Report' }).click()
    await expect(widget.root.getByRole('dialog')).toBeVisible()
    await check(widget.page, 'reporting')
  })
}

/** A queue with two comments, of which one has much to say about it. */
async function work(site: Site, receiver: Receiver) {
  const inbox = await site.send(receiver)
  const [root] = await discussion(site)
  await site.service.api('POST', `sites/${site.key}/words`, { list: 'suspect', text: 'swindle' })
  await site.post('A swindle, see https://shop.example/one.', { name: 'Gil Thackeray', parent: root! })
  await site.post('Something harmless.', { name: 'Isla Fennimore' })
  return inbox
}

test('desk: no violation from the sign-in to the last attempt of a delivery', async ({ site, moderate, service, receiver }) => {
  const options = { viewport: { width: 1440, height: 900 }, ...measured }
  const inbox = await work(site, receiver)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/', options)
  const { page } = desk
  await expect(desk.rows).toHaveCount(2)
  await desk.press('x')
  await desk.press('Enter')
  await expect(page.getByRole('region', { name: 'Checks' })).toBeVisible()
  await check(page, 'queue with a selection and an open comment')
  await desk.press('Shift+R')
  await expect(page.getByRole('dialog')).toBeVisible()
  await check(page, 'reasons')
  await desk.press('Escape')
  await desk.press('Escape')
  await desk.press('a')
  await expect(desk.row('A swindle')).toContainText('Approved')
  await check(page, 'a decision')
  await expect.poll(() => inbox.calls.length).toBeGreaterThan(4)

  for (const [path, ready] of [['webhooks', inbox.url], ['settings', 'Moderation'], ['account', 'Change password']] as const) {
    await page.goto(`${service.base}/admin/${path}`)
    await expect(page.getByRole('heading', { name: ready })).toBeVisible()
    await check(page, path)
  }
  await page.goto(`${service.base}/admin/webhooks`)
  await page.getByRole('link', { name: 'Deliveries' }).click()
  await expect(page.getByRole('link', { name: 'comment.approved' }).first()).toBeVisible()
  await check(page, 'deliveries')
  await page.getByRole('link', { name: 'comment.approved' }).first().click()
  await expect(page.getByLabel('Body sent')).toBeVisible()
  await page.getByText('Request', { exact: true }).first().click()
  await check(page, 'delivery')
})

for (const [look, width, colorScheme] of [['light', 1440, 'light'], ['dark', 1440, 'dark'], ['on a phone', 390, 'light']] as const) {
  test(`webhook pages, ${look}: no violation`, async ({ site, moderate, service, receiver, guard }) => {
    guard.allow(/status of 422 .*webhooks\/check/)
    const inbox = await site.send(receiver)
    const options = { viewport: { width, height: 900 }, colorScheme, ...measured }
    const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks', options)
    const { page } = desk
    const endpoint = page.getByRole('article', { name: inbox.url })
    await endpoint.getByRole('button', { name: 'Send test' }).click()
    await expect(endpoint).toContainText('The receiver took the test')
    await expect(endpoint.getByRole('img')).toHaveCount(2)
    await check(page, 'endpoints with charts and a test')
    for (const [name, title] of [['Rotate secret', 'Rotate the secret?'], ['Replay', 'Send past events again']] as const) {
      await endpoint.getByRole('button', { name }).click()
      await expect(page.getByRole('dialog', { name: title })).toBeVisible()
      if (name === 'Replay') await page.getByLabel('Those of a time').check()
      await check(page, title)
      await page.keyboard.press('Escape')
    }
    await page.goto(`${service.base}/admin/webhooks?form=new`)
    await page.getByLabel('URL').fill('http://10.0.0.1/')
    await desk.button('Add a header').click()
    await expect(page.getByLabel('URL')).toHaveAttribute('aria-invalid', 'true')
    await check(page, 'form')
    await page.goto(`${service.base}/admin/webhooks?tab=verify`)
    await page.getByLabel('Headers').fill('webhook-id: e1')
    await page.getByLabel('Body', { exact: true }).fill('{}')
    await desk.button('Verify').click()
    await expect(page.getByText('parts are at fault')).toBeVisible()
    await check(page, 'verify')
  })
}

for (const [look, width, colorScheme] of [['dark', 1440, 'dark'], ['on a phone', 390, 'light']] as const) {
  test(`desk, ${look}: no violation either`, async ({ site, moderate, browse, service, receiver }) => {
    const options = { viewport: { width, height: 900 }, colorScheme, ...measured }
    const page = await browse(options)
    await page.goto(`${service.base}/admin/`)
    await expect(page.getByRole('heading', { name: 'Sign in to the desk' })).toBeVisible()
    await check(page, 'sign-in')
    const inbox = await work(site, receiver)
    const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/', options)
    await expect(desk.rows).toHaveCount(2)
    await check(desk.page, 'queue')
    await desk.rows.first().getByRole('button', { name: 'Details' }).click()
    await expect(desk.page.getByRole('region', { name: 'Checks' })).toBeVisible()
    await check(desk.page, 'detail')
    for (const [path, ready] of [['webhooks', inbox.url], ['settings', 'Moderation']] as const) {
      await desk.page.goto(`${service.base}/admin/${path}`)
      await expect(desk.page.getByRole('heading', { name: ready })).toBeVisible()
      await check(desk.page, path)
    }
  })
}

test.describe('what a screen reader is told', () => {
  test('of a thread without comments', async ({ read }) => {
    const widget = await read()
    await expect(widget.root).toContainText('No comments yet')
    await expect(widget.root).toMatchAriaSnapshot({ name: 'empty.aria.yml' })
  })

  test('of three comments', async ({ site, read }) => {
    const root = await site.publish('The first.', { name: 'Ann Lee' })
    await site.publish('An answer to it.', { name: 'Ben Okoro', parent: root })
    await site.publish('The last, with a [link](https://example.org).', { name: 'Cem Usta' })
    const widget = await read()
    await expect(widget.comments).toHaveCount(3)
    await expect(widget.root).toMatchAriaSnapshot({ name: 'three.aria.yml' })
  })

  test('of an own comment that waits', async ({ read }) => {
    const widget = await read()
    await widget.write('I wait to be read.')
    await expect(widget.comment('I wait')).toContainText('Awaiting review')
    await expect(widget.root).toMatchAriaSnapshot({ name: 'pending.aria.yml' })
  })

  test('of a closed thread', async ({ site, read }) => {
    await site.publish('The last word.', { name: 'Ann Lee' })
    await site.close()
    const widget = await read()
    await expect(widget.comments).toHaveCount(1)
    await expect(widget.root).toMatchAriaSnapshot({ name: 'closed.aria.yml' })
  })
})
