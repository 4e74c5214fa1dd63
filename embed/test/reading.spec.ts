// What readers see and can do with comments that are there.
import type { Locator } from '@playwright/test'
import type { Posted } from './support/site'
import { expect, test, Widget } from './support/fixtures'

/** The text of the comment that this one hangs under, or nothing for a root. */
const above = (comment: Locator) => comment.evaluate(el =>
  el.closest('ol.replies')?.parentElement?.querySelector('article')?.querySelector('.body')?.textContent ?? '')

/** Whether the focus is on this element, in whatever shadow root. */
const focused = (comment: Locator) => comment.evaluate(el => (el.getRootNode() as ShadowRoot).activeElement === el)

const inView = (comment: Locator) => comment.evaluate(el => {
  const { top, bottom } = el.getBoundingClientRect()
  return top >= 0 && bottom <= innerHeight
})

test('replies hang under what they answer, and fold away', async ({ site, read }) => {
  const root = await site.publish('A root comment.', { name: 'Ann' })
  const reply = await site.publish('An answer.', { name: 'Ben', parent: root })
  await site.publish('An answer to the answer.', { name: 'Cem', parent: reply })
  await site.publish('Another root.', { name: 'Dot' })
  const widget = await read()

  await expect(widget.heading).toHaveText('Comments (4)')
  await expect(widget.comments).toHaveCount(4)
  expect(await above(widget.comment('A root comment.'))).toBe('')
  expect(await above(widget.comment('An answer.'))).toBe('A root comment.')
  expect(await above(widget.comment('An answer to the answer.'))).toBe('An answer.')
  expect(await above(widget.comment('Another root.'))).toBe('')

  const fold = widget.comment('A root comment.').getByRole('button', { name: 'Hide replies' })
  await expect(fold).toHaveAttribute('aria-expanded', 'true')
  await fold.click()
  await expect(widget.comment('An answer to the answer.')).toBeHidden()
  const unfold = widget.comment('A root comment.').getByRole('button', { name: 'Show 1 reply' })
  await expect(unfold).toHaveAttribute('aria-expanded', 'false')
  await unfold.click()
  await expect(widget.comment('An answer to the answer.')).toBeVisible()
})

test('the order can be changed', async ({ site, read }) => {
  for (const text of ['First word.', 'Second word.', 'Third word.']) await site.publish(text)
  const widget = await read()
  const order = () => widget.root.locator('.list > li > article .body').allInnerTexts()

  await expect(widget.comments).toHaveCount(3)
  expect(await order()).toEqual(['First word.', 'Second word.', 'Third word.'])
  await widget.button('Newest').click()
  await expect(widget.button('Newest')).toHaveAttribute('aria-pressed', 'true')
  expect(await order()).toEqual(['Third word.', 'Second word.', 'First word.'])

  await Promise.all([
    widget.page.waitForResponse(/\/vote$/),
    widget.comment('Second word.').getByRole('button', { name: 'Vote up' }).click(),
  ])
  await expect(widget.comment('Second word.').getByRole('button', { name: 'Vote up: 1' })).toHaveAttribute('aria-pressed', 'true')
  await widget.button('Top').click()
  await expect(widget.button('Top')).toHaveAttribute('aria-pressed', 'true')
  expect((await order())[0]).toBe('Second word.')
})

test('thirty comments come in two pages, and the focus goes to the first of the second', async ({ site, read }) => {
  for (let n = 1; n <= 30; n++) await site.publish(`Comment number ${n}.`, { name: `Reader ${n}` })
  const widget = await read()
  await expect(widget.heading).toHaveText('Comments (30)')
  await expect(widget.comments).toHaveCount(25)
  await widget.button('Load more comments').click()
  await expect(widget.comments).toHaveCount(30)
  await expect(widget.button('Load more comments')).toBeHidden()
  await expect(widget.status).toHaveText('5 more comments loaded.')
  expect(await focused(widget.comment('Comment number 26.'))).toBe(true)
})

test.describe('without live updates', () => {
  test.use({ options: { undo_window: '0s', live: 'off' } })

  test('a reload shows what is there now', async ({ site, read }) => {
    await site.publish('The first word.')
    const widget = await read()
    await expect(widget.comments).toHaveCount(1)
    const second = await site.publish('The second word.')
    await widget.page.reload()
    await expect(widget.comment('The second word.')).toBeVisible({ timeout: 3000 })
    await site.decide('reject', second)
    await widget.page.reload()
    await expect(widget.comment('The first word.')).toBeVisible()
    await expect(widget.comment('The second word.')).toHaveCount(0)
  })
})

test('a vote counts once, can be taken back and is remembered', async ({ site, read }) => {
  await site.publish('Vote on this.')
  const widget = await read()
  const up = widget.comment('Vote on this.').getByRole('button', { name: /Vote up/ })
  const down = widget.comment('Vote on this.').getByRole('button', { name: /Vote down/ })

  // It shows at once; what counts is what the server has taken.
  const cast = (way: Locator) => Promise.all([widget.page.waitForResponse(/\/vote$/), way.click()])
  await cast(up)
  await expect(up).toHaveAccessibleName('Vote up: 1')
  await expect(up).toHaveAttribute('aria-pressed', 'true')
  await cast(down)
  await expect(down).toHaveAccessibleName('Vote down: 1')
  await expect(up).toHaveAccessibleName('Vote up: 0')
  await widget.page.reload()
  await expect(down).toHaveAttribute('aria-pressed', 'true')
  await expect(down).toHaveAccessibleName('Vote down: 1')
  await cast(down)
  await expect(down).toHaveAccessibleName('Vote down: 0')
  await expect(down).toHaveAttribute('aria-pressed', 'false')
})

test('a report needs a reason, reaches the moderators and is thanked for', async ({ site, read, service }) => {
  const posted = await site.publish('Somebody’s address is 4 Quay Street.')
  const widget = await read()
  const report = widget.comment('Quay Street').getByRole('button', { name: 'Report' })
  const dialog = widget.root.getByRole('dialog', { name: 'Report this comment' })

  await report.click()
  await expect(dialog).toBeVisible()
  await widget.page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  expect(await focused(report)).toBe(true)

  await report.click()
  await dialog.getByRole('button', { name: 'Send report' }).click()
  await expect(dialog.getByRole('alert')).toHaveText('Choose a reason.')
  await dialog.getByLabel('Someone’s private data').check()
  await dialog.getByLabel('Note to the moderators').fill('It is mine.')
  await dialog.getByRole('button', { name: 'Send report' }).click()
  await expect(widget.comment('Quay Street')).toContainText('Thank you. A moderator will look at it.')
  await expect(report).toHaveCount(0)

  const detail = await service.api<{ report_list: object[] }>('GET', `moderation/comments/${posted.id}`)
  expect(detail.report_list).toMatchObject([{ reason: 'personal_data', note: 'It is mine.' }])
})

test.describe('permalinks', () => {
  let posted: Posted[]
  test.beforeEach(async ({ site }) => {
    posted = []
    for (let n = 1; n <= 27; n++) posted.push(await site.publish(`Comment number ${n}.`, { name: `Reader ${n}` }))
    posted.push(await site.publish('A reply far down.', { name: 'Deep', parent: posted[26]! }))
  })

  test('a comment far down is fetched, opened, marked and focused; one that is gone is said to be', async ({ site, browse, guard }) => {
    const page = await browse()
    await page.goto(site.article() + `#comment-${posted[27]!.id}`)
    const widget = new Widget(page)
    const deep = widget.comment('A reply far down.')
    await expect(deep).toBeVisible()
    await expect(deep).toHaveClass(/linked/)
    await expect.poll(() => focused(deep)).toBe(true)
    expect(await above(deep)).toBe('Comment number 27.')
    await expect.poll(() => inView(deep)).toBe(true)

    // A link within the page, from a comment's time.
    const early = widget.comment('Comment number 3.')
    await early.getByRole('link', { name: /ago|just now|now/ }).click()
    await expect(early).toHaveClass(/linked/)
    expect(await focused(early)).toBe(true)
    await expect(deep).not.toHaveClass(/linked/)
    expect(widget.page.url()).toBe(site.article() + `#comment-${posted[2]!.id}`)

    await site.decide('reject', posted[26]!)
    guard.allow(/status of 404 .*comments\//)
    await widget.page.goto('about:blank')
    await widget.page.goto(site.article() + `#comment-${posted[26]!.id}`)
    await expect(widget.root.getByRole('alert').filter({ hasText: /./ })).toHaveText('This comment was removed or is awaiting review.')
    await expect(widget.comment('Comment number 3.')).toBeVisible()
  })
})

test('a closed page takes no comments, also while somebody looks at it', async ({ site, read, browse }) => {
  await site.publish('Last words.')
  const page = await browse()
  const followed = page.waitForResponse(/\/stream\?/)
  const widget = await Widget.open(page, site.article())
  await followed
  await expect(widget.field).toBeVisible()
  await expect(widget.comment('Last words.').getByRole('button', { name: 'Reply' })).toBeVisible()
  await site.close()
  await expect(widget.root).toContainText('Comments are closed.')
  await expect(widget.field).toHaveCount(0)

  const later = await read()
  await expect(later.root).toContainText('Comments are closed.')
  await expect(later.comment('Last words.')).toBeVisible()
  await expect(later.field).toHaveCount(0)
  await expect(later.comment('Last words.').getByRole('button', { name: 'Reply' })).toHaveCount(0)
})

for (const scrolled of [false, true]) {
  test(`what comes in moves no text ${scrolled ? 'of a page that is scrolled' : 'at the top of a page'}`, async ({ site, read }) => {
    const root = await site.publish('What I am reading.', { name: 'Ann' })
    for (let n = 1; n <= 12; n++) await site.publish(`Filler ${n}.`, { name: `Reader ${n}` })
    const widget = await read()
    const reading = widget.comment('What I am reading.')
    await expect(widget.heading).toHaveText('Comments (13)')
    if (scrolled) await reading.evaluate(el => scrollTo(0, el.getBoundingClientRect().top + scrollY - 100))
    const places = () => Promise.all([reading, widget.comment('Filler 1.'), widget.comment('Filler 2.')].map(async at => (await at.boundingBox())!.y))
    const before = await places()

    const fresh = await site.publish('Something new.', { name: 'New' })
    await expect(widget.button('1 new comment')).toBeVisible()
    expect.soft(await places(), 'with a new comment').toEqual(before)
    await site.publish('A new answer.', { name: 'New', parent: root })
    await expect(widget.button('+1 new reply')).toBeVisible()
    expect.soft(await places(), 'with a new reply').toEqual(before)
    await expect(widget.heading).toHaveText('Comments (15)')

    // A removal is silent, and takes the announcement with it.
    await site.decide('reject', fresh)
    await expect(widget.heading).toHaveText('Comments (14)')
    await expect(widget.button(/new comment/)).toBeHidden()
    await widget.button('+1 new reply').click()
    await expect(widget.comment('A new answer.')).toBeVisible()
  })
}
