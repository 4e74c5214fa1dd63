// Waves: many comments that say the same are one card, and a page can be put
// into premoderation and comes out again.
import AxeBuilder from '@axe-core/playwright'
import { expect, test } from './support/fixtures'
import type { Site } from './support/site'

const wave = async (site: Site, n: number) => {
  for (let i = 0; i < n; i++) {
    const text = `I earn ${100 + i} dollars every week working from home with this simple trading program that my ${i % 2 ? 'cousin' : 'neighbour'} showed me, visit the website and write to Mister Johnson.`
    await site.post(text, { name: `Reader ${i}`, on: `story-${i % 2}` })
  }
}

test.use({ options: { undo_window: '20s' } })

test('a wave is one card: shown, split, decided in one stroke and taken back', async ({ site, moderate }) => {
  await site.post('Quite another matter.', { name: 'Ada' })
  await wave(site, 5)
  const desk = await moderate(await site.hire('Jana'))
  await expect(desk.rows).toHaveCount(2)
  const card = desk.row('I earn 100 dollars')
  await expect(card).toContainText('5 comments that say nearly the same')
  await expect(card).toContainText('5 authors, 2 pages')

  await card.getByRole('button', { name: 'Show all 5' }).click()
  const members = card.getByRole('list').filter({ hasText: 'Reader 4' }).getByRole('listitem')
  await expect(members).toHaveCount(5)
  await expect(members.nth(3).locator('ins')).toHaveText(['103', 'cousin'])
  await card.getByRole('group', { name: 'Decide on the comment by Reader 3 alone' }).getByRole('button', { name: 'Approve' }).click()
  await expect(members).toHaveCount(4)
  await expect(card).toContainText('4 comments that say nearly the same')
  await expect(desk.tab('Pending')).toContainText('5')

  await card.getByRole('button', { name: 'Hide them' }).click()
  await card.getByRole('button', { name: 'Spam all 4' }).click()
  await expect(desk.tab('Spam')).toContainText('4')
  await expect(desk.tab('Pending')).toContainText('1')
  const line = desk.row('Marked as spam')
  await line.getByRole('button', { name: 'Undo all 4' }).click()
  await expect(card).toContainText('4 comments that say nearly the same')
  await expect(desk.tab('Pending')).toContainText('5')
  await expect(desk.tab('Approved')).toContainText('1')
})

test('the first of a group decided alone leaves the others their card', async ({ site, moderate }) => {
  await wave(site, 3)
  const desk = await moderate(await site.hire('Jana'))
  const card = desk.row('I earn 100 dollars')
  await card.getByRole('button', { name: 'Show all 3' }).click()
  await card.getByRole('group', { name: 'Decide on the comment by Reader 0 alone' }).getByRole('button', { name: 'Reject' }).click()
  await expect(desk.row('I earn 101 dollars')).toContainText('2 comments that say nearly the same')
  await expect(desk.row('I earn 101 dollars')).toContainText('1 turned down before')
})

test('a page goes into premoderation with a reason, which is forgotten afterwards', async ({ site, moderate }) => {
  await site.post('Something to stand on.')
  const desk = await moderate(await site.hire('Jana'))
  await desk.page.getByRole('link', { name: 'Pages' }).click()
  const row = desk.page.getByRole('row', { name: 'The ferry stays' })
  await row.getByRole('button', { name: 'Give a reason The ferry stays' }).click()
  const reason = row.getByLabel('Reason, optional: The ferry stays')
  await expect(reason).toBeFocused()
  await reason.fill('Linked from “elsewhere”. ')
  const { violations } = await new AxeBuilder({ page: desk.page }).setLegacyMode(true).analyze()
  expect(violations.map(({ id }) => id)).toEqual([])
  await reason.press('Enter')
  await expect(row).toContainText('Begun by Jana. Linked from “elsewhere”.')
  await row.getByRole('button', { name: 'End now The ferry stays' }).click()
  await expect(reason).toHaveCount(0)
  await row.getByRole('button', { name: 'Premoderate The ferry stays' }).click()
  await expect(row).toContainText('Begun by Jana.')
  await expect(row).not.toContainText('elsewhere')
})

test('a page goes into premoderation by hand, says so in the queue, and comes out', async ({ site, moderate, service }) => {
  await site.post('Something to stand on.')
  const jana = await site.hire('Jana')
  const desk = await moderate(jana)
  await desk.page.getByRole('link', { name: 'Pages' }).click()
  const row = desk.page.getByRole('row', { name: 'The ferry stays' })
  await row.getByLabel('How long: The ferry stays').selectOption('2h')
  await row.getByRole('button', { name: 'Premoderate The ferry stays' }).click()
  await expect(row).toContainText('Premoderated until')
  expect((await site.post('Is this held?')).status).toBe('pending')

  await desk.page.getByRole('link', { name: 'Queue' }).click()
  const banner = desk.page.getByRole('region', { name: 'Pages in premoderation' })
  await expect(banner).toContainText('Every comment on this page waits for a moderator until')
  await expect(banner).toContainText('Begun by Jana.')
  const { violations } = await new AxeBuilder({ page: desk.page }).setLegacyMode(true).analyze()
  expect(violations.map(({ id }) => id)).toEqual([])
  const before = await banner.getByRole('time').getAttribute('datetime')
  await banner.getByRole('button', { name: '30 minutes more: The ferry stays' }).click()
  await expect(banner.getByRole('time')).not.toHaveAttribute('datetime', before!)

  // Another moderator ends it: the banner goes by itself.
  await service.api('PATCH', `sites/${site.key}/pages?page=story`, { release: '0s' })
  await expect(banner).toHaveCount(0)
})
