// Scripts in comments, in a real browser: nothing runs, nothing is loaded, and
// no element gets through that a comment may not have. The guard adds that no
// dialog opened, no policy was broken and no other host was asked.
import type { Locator } from '@playwright/test'
import type { Posted, Site } from './support/site'
import { intruders, names, texts, titles } from './support/payloads'
import { expect, test } from './support/fixtures'

const groups = <T>(list: T[], size: number): T[][] =>
  list.flatMap((_, at) => (at % size ? [] : [list.slice(at, at + size)]))

const pick = <T>(list: T[], n: number): T => list[n % list.length]!

/** Every payload as a public comment, with a hostile name on a page with a hostile title. */
async function attack(site: Site): Promise<Posted[]> {
  const posted: Posted[] = []
  for (const [n, text] of texts.entries()) {
    // Comments that say the same would share a card of the queue.
    const mark = `Sample ${'abcdefgh'[n >> 3]}${'klmnopqr'[n & 7]}.`
    posted.push(await site.post(`${text}\n\n${mark}`, { name: pick(names, n), title: pick(titles, n) }))
  }
  await site.decide('approve', ...posted.filter(({ status }) => status !== 'approved'))
  return posted
}

const nothingIn = async (place: Locator, where: string) => {
  expect(await place.evaluate(el => 'owned' in el.ownerDocument.defaultView!), where).toBe(false)
  expect(await place.evaluate(intruders), where).toEqual([])
}

test('in the thread and in the preview', async ({ site, read }) => {
  expect(texts.length).toBeGreaterThanOrEqual(40)
  await attack(site)
  const widget = await read()
  await expect(widget.comments).toHaveCount(25)
  await widget.button('Load more comments').click()
  await expect(widget.comments).toHaveCount(texts.length)
  const root = widget.root.locator('section')
  await nothingIn(root, 'thread')
  // What looks like markup is there, as the text that it is.
  await expect(widget.comments.first()).toContainText(names[0]!)
  await expect(widget.comments.nth(1)).toContainText('<SCRIPT SRC=https://evil.test/x.js></SCRIPT>')

  await widget.field.focus()
  const preview = widget.button('Preview')
  for (const text of groups(texts, 6)) {
    await widget.field.fill(text.join('\n\n'))
    await Promise.all([widget.page.waitForResponse(/\/preview$/), preview.click()])
    await expect(widget.root.getByRole('region', { name: 'Preview' })).toBeVisible()
    await nothingIn(root, `preview of ${text}`)
  }
})

test('in the queue and in the detail', async ({ site, moderate }) => {
  const posted = await attack(site)
  const desk = await moderate(await site.hire('Jana'), '/admin/?status=approved&sort=oldest', { viewport: { width: 1440, height: 900 } })
  await expect(desk.rows).toHaveCount(25)
  await desk.button('Load more').click()
  await expect(desk.rows).toHaveCount(posted.length)
  const root = desk.page.locator('#desk')
  await nothingIn(root, 'queue')
  await expect(desk.rows.first().getByRole('heading')).toHaveText(names[0]!)
  // Until a comment is public, its page has the title that the latest one gave it.
  await expect(desk.rows.first()).toContainText(pick(titles, texts.length - 1))

  // The detail of one shows parts of its neighbours and of all that its author wrote.
  const detail = desk.page.getByRole('region', { name: 'Comment', exact: true })
  for (const [, { id, text }] of [...posted.entries()].filter(([n]) => n % 4 === 2)) {
    await desk.page.locator(`#row-${id}`).getByRole('button', { name: 'Details' }).click()
    await expect(desk.page).toHaveURL(new RegExp(`open=${id}`))
    await expect(detail.locator('.words').first()).toContainText(/\S/)
    await expect(detail.getByRole('region', { name: 'Checks' })).toBeVisible()
    await nothingIn(root, `detail of ${text}`)
    // What was found in the source is marked there, so that one is shown as it is.
    const rendered = detail.getByRole('button', { name: 'Show the source text' })
    await expect(rendered.or(detail.getByRole('button', { name: 'Show as readers see it' }))).toBeVisible()
    if (await rendered.isVisible()) await rendered.click()
    await expect(detail.locator('.source').first()).toHaveText(text.replaceAll(/[\u202a-\u202e]/g, ''))
    await nothingIn(root, `source of ${text}`)
  }
})

test('what is looked for would be found', async ({ page }) => {
  for (const raw of ['<img src=x>', '<b>b</b>', '<a href="javascript:1">x</a>', '<p onclick="1">x</p>', '<ul><li><svg></svg></ul>', '<i id=owned></i>']) {
    await page.setContent(`<section><div class="body"><p>text</p>${raw}</div></section>`)
    expect(await page.locator('section').evaluate(intruders), raw).not.toEqual([])
  }
})

test('in the address of a page', async ({ site, service }) => {
  const write = (url: string) => service.api('POST', `sites/${site.key}/comments`, { page: { url }, author: { name: 'Mallory' }, text: 'Click the title.' })
  for (const url of ['javascript:window.owned=1', 'data:text/html,<script>window.owned=1</script>', '//evil.test/', ' javascript:1']) {
    await expect(write(url), url).rejects.toThrow(/: 4\d\d /)
  }
})
