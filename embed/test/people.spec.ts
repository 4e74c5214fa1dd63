// People in the desk: standings, blocks, what readers have reported; and what a
// reader sees who was turned away.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './support/fixtures'

/** Our pages' policies refuse what axe adds to a page to measure it. */
const measured = { bypassCSP: true }

async function check(page: Page) {
  const { violations, passes } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  expect(violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.target.join(' ')}`))).toEqual([])
  expect(passes.length).toBeGreaterThan(10)
}

test('an author is banned from a comment, what waits goes with it, and the reader is told until when', async ({ site, moderate, read, guard }) => {
  guard.allow(/status of 403 .*comments/)
  const widget = await read()
  const post = (text: string) => widget.write(text, 'Mallory')
  await post('Cheap watches for everybody.')
  await expect(widget.comment('Cheap watches')).toBeVisible()

  const desk = await moderate(await site.hire('Alma', 'moderator'), '/admin/', measured)
  const { page } = desk
  await desk.row('Cheap watches').getByRole('button', { name: 'Details' }).click()
  const detail = page.getByRole('region', { name: 'Comment', exact: true })
  await detail.getByRole('button', { name: 'Change the standing…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Standing of Mallory' })
  await dialog.getByLabel('Suspended').check()
  await dialog.getByLabel('For how long').selectOption('1 week')
  await dialog.getByLabel('Reject their comments that wait').check()
  await dialog.getByLabel('Reason').fill('advertising')
  await dialog.getByRole('button', { name: 'Save standing' }).click()
  await expect(detail.getByText('Suspended. 1 waiting comment rejected.')).toBeVisible()

  await post('More cheap watches, for somebody else.')
  await expect(widget.root.getByText(/^You cannot comment on this site until .* Your text is kept here\.$/)).toBeVisible()
  await expect(widget.field).toHaveValue('More cheap watches, for somebody else.')

  await detail.getByRole('link', { name: 'About this author' }).click()
  await expect(page.getByRole('heading', { name: /Mallory/ })).toBeVisible()
  await expect(page.getByText('advertising').first()).toBeVisible()
  await check(page)
  await desk.button('Change the standing…').click()
  await check(page)
  await page.getByRole('dialog').getByLabel('No standing').check()
  await page.getByRole('dialog').getByRole('button', { name: 'Save standing' }).click()
  await expect(desk.status).toHaveText('The standing is taken back.')
  await expect(page.getByRole('region', { name: 'What was said' }).getByRole('listitem')).toHaveCount(2)
  await widget.button('Post comment').click()
  await expect(widget.comment('for somebody else')).toBeVisible()
})

test('blocks are added, looked up, imported and removed', async ({ site, moderate, guard }) => {
  guard.allow(/status of 422 .*blocks/)
  const desk = await moderate(await site.hire('Alma', 'moderator'), '/admin/people?tab=blocks', measured)
  const { page } = desk
  await expect(page.getByText('No blocks.')).toBeVisible()
  await page.getByLabel('Kind').selectOption('Network addresses')
  await page.getByLabel('What to block').fill('0.0.0.0/0')
  await desk.button('Add a block').click()
  await expect(page.locator('.error').filter({ hasText: 'The range is too wide' })).toBeVisible()
  await page.getByLabel('What to block').fill('203.0.113.7/24')
  await desk.button('Add a block').click()
  const rows = page.getByRole('row')
  await expect(rows.filter({ hasText: '203.0.113.0/24' })).toContainText('A moderator looks first')
  await desk.button('Add a list').click()
  await page.getByLabel('Kind').selectOption('E-mail domain')
  await page.getByLabel('Entries').fill('# disposable\none.example\nnot a domain\ntwo.example')
  await page.getByLabel('Effect').selectOption('Turned away')
  await desk.button('Add all').click()
  await expect(page.getByText('2 added, 0 stood there already.').first()).toBeVisible()
  await expect(page.getByText('Line 3, “not a domain”')).toBeVisible()
  await expect(rows).toHaveCount(4)
  await page.getByRole('searchbox').fill('somebody@mail.one.example')
  await desk.button('Look up').click()
  await expect(rows).toHaveCount(2)
  await check(page)
  await desk.button('Remove the block of one.example').click()
  await expect(page.getByText('No block meets that.')).toBeVisible()
})

test('what readers reported is a list of its own, and approving keeps a comment', async ({ site, moderate, read }) => {
  await site.publish('Rather rude, some say.', { name: 'Ann' })
  const widget = await read()
  await widget.comment('Rather rude').getByRole('button', { name: 'Report' }).click()
  await widget.root.getByRole('radio', { name: 'Offensive language' }).check()
  await widget.button('Send report').click()
  await expect(widget.comment('Rather rude')).toContainText('A moderator will look at it.')
  expect(await widget.page.evaluate(() => Object.keys(localStorage).some(name => name.endsWith(' reporter')))).toBe(true)

  const desk = await moderate(await site.hire('Alma', 'moderator'))
  await desk.tab('Reported').click()
  await expect(desk.row('Rather rude')).toContainText('weight 1')
  await desk.row('Rather rude').getByRole('button', { name: 'Approve' }).click()
  await desk.page.reload()
  await expect(desk.page.getByText('No open reports.')).toBeVisible()
})

test('people are found by name and address, also on a phone and from right to left', async ({ site, moderate, read }) => {
  const rita = await read()
  await rita.field.focus()
  await rita.root.getByLabel('E-mail').fill('rita@reader.test')
  await rita.write('Something from Rita, as good as any.', 'Rita')
  await expect(rita.comment('Something from Rita')).toBeVisible()
  await site.post('Something from Otto, as good as any.', { name: 'Otto' })
  const desk = await moderate(await site.hire('Alma', 'viewer'), '/admin/people', { viewport: { width: 360, height: 740 }, ...measured })
  const { page } = desk
  await expect(page.getByText('Nothing has been said of anybody yet.')).toBeVisible()
  const search = page.getByRole('searchbox')
  await search.fill('RITA@reader.test')
  await search.press('Enter')
  await expect(page.getByRole('link', { name: 'Rita' })).toBeVisible()
  await expect(page.getByText('ri…@reader.test')).toBeVisible()
  await search.fill('tt')
  await search.press('Enter')
  await page.getByRole('link', { name: 'Otto' }).click()
  await expect(page.getByText('No e-mail given')).toBeVisible()
  await expect(desk.button('Change the standing…')).toHaveCount(0) // a viewer looks only
  await page.evaluate(() => (document.documentElement.dir = 'rtl'))
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
  await check(page)
})
