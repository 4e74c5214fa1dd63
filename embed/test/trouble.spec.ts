// What a reader is told when something goes wrong in the middle, and what
// becomes of the words they have typed: they stay, always.
import type { Page } from '@playwright/test'
import { expect, test } from './support/fixtures'

/** Answers the next requests of a kind in the server's place. */
function refuse(page: Page, method: string, status: number, code: string, headers: Record<string, string> = {}) {
  return page.route('**/api/v1/sites/**', route => {
    const request = route.request()
    if (request.method() !== method) return route.fallback()
    return route.fulfill({
      status,
      headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Retry-After', 'Content-Type': 'application/problem+json', ...headers },
      body: JSON.stringify({ type: 'about:blank', title: code, status, code, detail: 'What the server says.', request_id: 'r' }),
    })
  })
}

const told = [
  { status: 429, code: 'rate_limited', headers: { 'Retry-After': '42' }, says: 'That was a lot at once. You can try again in 42 seconds.' },
  { status: 503, code: 'storage_full', headers: { 'Retry-After': '5' }, says: 'The comment server cannot do this at the moment. You can try again in 5 seconds.' },
  { status: 409, code: 'page_closed', says: 'Comments are closed.' },
  { status: 403, code: 'sign_in_required', says: 'What the server says.' },
] as const

for (const { status, code, says, ...more } of told) {
  test(`${status} ${code}: the sentence is beside the button, the words stay and outlive a reload`, async ({ read, guard }) => {
    guard.allow(new RegExp(`status of ${status}`))
    const widget = await read()
    await refuse(widget.page, 'POST', status, code, 'headers' in more ? more.headers : {})
    await widget.write('Half an hour of thought.')
    await expect(widget.root.locator('form').getByRole('alert')).toHaveText(`${says} Your text is kept here.`)
    await expect(widget.field).toHaveValue('Half an hour of thought.')
    await widget.page.reload()
    await expect(widget.field).toHaveValue('Half an hour of thought.')
    await widget.page.unroute('**/api/v1/sites/**')
    await widget.write('Half an hour of thought.')
    await expect(widget.comment('Half an hour of thought.')).toContainText('Awaiting review')
  })
}

test('a thread that cannot be had for the moment says so and when to try again, in German too', async ({ site, browse, guard }) => {
  guard.allow(/status of 503/)
  await site.publish('Hier bin ich.')
  const page = await browse()
  await refuse(page, 'GET', 503, 'unavailable', { 'Retry-After': '1' })
  await page.goto(site.article({ lang: 'de' }))
  await expect(page.getByRole('alert').filter({ hasText: /./ })).toHaveText(
    'Die Kommentare konnten nicht geladen werden. Der Kommentarserver kann das gerade nicht. Versuchen Sie es in 1 Sekunde noch einmal.')
  await page.unroute('**/api/v1/sites/**')
  await page.getByRole('button', { name: 'Noch einmal versuchen' }).click()
  await expect(page.getByText('Hier bin ich.')).toBeVisible()
})

test('a page that closes while somebody writes says so and leaves the words; without words it shows the notice', async ({ site, read, guard }) => {
  guard.allow(/status of 409/)
  await site.publish('Something to read.')
  const writing = await read()
  const reading = await read()
  await writing.field.fill('Not finished yet')
  await expect(writing.root.getByLabel('Name')).toBeVisible()
  await site.close()
  await expect(reading.root).toContainText('Comments are closed.')
  await expect(reading.field).toHaveCount(0)
  await expect(writing.root.getByRole('alert').filter({ hasText: /./ })).toHaveText('Comments are closed.')
  await expect(writing.field).toHaveValue('Not finished yet')
  await writing.root.getByLabel('Name').fill('Ben')
  await writing.button('Post comment').click()
  await expect(writing.root.locator('form').getByRole('alert')).toHaveText('Comments are closed. Your text is kept here.')
  await expect(writing.field).toHaveValue('Not finished yet')
})

test('a comment that is taken down while somebody answers it leaves a tombstone and the answer', async ({ site, read, guard }) => {
  guard.allow(/status of 422/)
  const posted = await site.publish('Answer me.', { name: 'Ann' })
  const widget = await read()
  await widget.comment('Answer me.').getByRole('button', { name: 'Reply' }).click()
  const answer = widget.root.getByLabel('Reply to Ann:')
  await answer.fill('A careful answer.')
  await expect(widget.button('Post reply')).toBeVisible()
  await site.decide('reject', posted)
  await expect(widget.root.getByText('This comment was removed.')).toBeVisible()
  await expect(answer).toHaveValue('A careful answer.')
  const form = widget.root.locator('form').filter({ hasText: 'Reply to Ann:' })
  await form.getByLabel('Name').fill('Ben')
  await form.getByRole('button', { name: 'Post reply' }).click()
  await expect(answer).toHaveAccessibleDescription('The comment that you answer is not there any more.')
  await expect(answer).toHaveValue('A careful answer.')
})

test('what fails deep in a thread is said where the reader is', async ({ site, read, guard }) => {
  guard.allow(/status of 429/)
  for (let n = 0; n < 12; n++) await site.publish(`Comment ${n}.`)
  const widget = await read({}, { viewport: { width: 390, height: 700 } })
  await refuse(widget.page, 'PUT', 429, 'rate_limited', { 'Retry-After': '60' })
  await widget.comment('Comment 11.').getByRole('button', { name: /Vote up/ }).click()
  const alert = widget.root.getByRole('alert').filter({ hasText: /./ })
  await expect(alert).toHaveText('That was a lot at once. You can try again in 1 minute.')
  await expect(alert).toBeInViewport()
  await expect(widget.comment('Comment 11.').getByRole('button', { name: /Vote up/ })).toHaveAttribute('aria-pressed', 'false')
})

test('what a reader has done is sent though they leave the page at once', async ({ site, browse }) => {
  await site.publish('Vote for me.')
  const page = await browse()
  await page.addInitScript(() => {
    const kept: Record<string, unknown> = ((window as any).kept = {})
    const { fetch } = window
    window.fetch = (url, init) => {
      kept[init?.method ?? 'GET'] = init?.keepalive
      return fetch(url, init)
    }
  })
  await page.goto(site.article())
  const up = page.getByRole('button', { name: /Vote up/ })
  await up.click()
  await expect(up).toHaveAccessibleName('Vote up: 1')
  const kept = await page.evaluate(() => (window as any).kept)
  expect(kept.PUT).toBe(true)
  expect(kept.GET).toBeFalsy()
})
