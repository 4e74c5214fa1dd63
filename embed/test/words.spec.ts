// The desk's pages about words and links: lists, legal terms, imports, the box to
// try a text in, and the hosts that are linked.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './support/fixtures'

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']

/** No violation of the rules, nothing to be scrolled sideways, and no value that is missing. */
async function sound(page: Page, state: string) {
  const { violations, passes } = await new AxeBuilder({ page }).withTags(rules).setLegacyMode(true).analyze()
  expect(violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.target.join(' ')}`)), state).toEqual([])
  expect(passes.length, state).toBeGreaterThan(10)
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), state).toBeLessThanOrEqual(0)
  expect(await page.locator('main').innerText(), state).not.toMatch(/\bundefined\b|\bNaN\b|\[object |\bnull\b/)
}

test('a word is added by keyboard, marks a comment, is edited and removed', async ({ site, moderate }) => {
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/words?tab=suspect')
  const { page } = desk
  const field = page.getByLabel('Word or phrase for the suspect list')
  await field.fill('humbug')
  await page.keyboard.press('Enter')
  await expect(desk.status).toHaveText('Added humbug.')
  await expect(field).toHaveValue('')
  const row = page.getByRole('row').filter({ hasText: 'humbug' })
  await expect(row).toContainText('Whole site')
  await expect(row).toContainText('by Alma')

  await site.post('What a humbug this is.', { name: 'Ann' })
  await page.getByRole('link', { name: 'Queue' }).click()
  await desk.button('1 new comment').click()
  await expect(desk.row('What a humbug').locator('mark')).toHaveText('humbug')

  await page.getByRole('link', { name: 'Words' }).click()
  await page.getByRole('link', { name: 'Suspect' }).click()
  await page.getByRole('link', { name: 'Edit humbug' }).click()
  await page.getByLabel('Where it counts').selectOption('In one section')
  await page.getByLabel('Section', { exact: true }).fill('/Sport/')
  await page.getByLabel('Until the end of').fill('2099-12-31')
  await page.getByLabel('Not in these phrases').fill('bah humbug\nhumbug sweets')
  await page.getByLabel('Note').fill('Mrs Crane asked for it')
  await desk.button('Save').click()
  await expect(row).toContainText('Section sport')
  await expect(row).toContainText('31 Dec 2099')
  await expect(row).toContainText('Not in “bah humbug”, “humbug sweets”')
  await expect(row).toContainText('Mrs Crane asked for it')
  await desk.button('Remove humbug').click()
  await expect(row).toHaveCount(0)
  await expect(page.getByText('Nothing is on this list.')).toBeVisible()
})

test('a legal term takes back what is public, and says so', async ({ site, service, read, moderate }) => {
  const told = await site.publish('It was Jane Roe, everybody knows.', { name: 'Ann' })
  await site.publish('It was somebody.', { name: 'Ben' })
  const widget = await read()
  await expect(widget.comments).toHaveCount(2)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/words?tab=legal')
  const { page } = desk
  await page.getByRole('link', { name: 'Add a legal term' }).click()
  await page.getByLabel('Word or phrase', { exact: true }).fill('Jane Roe')
  await page.getByLabel('Page', { exact: true }).fill('story')
  await page.getByLabel('Until the end of').fill('2099-01-31')
  await page.getByLabel('Note').fill('Injunction 7 O 12/26')
  await desk.button('Save').click()
  await expect(page.getByRole('row').filter({ hasText: 'Jane Roe' })).toContainText('1 comment put back into the queue.')
  await expect(widget.comments).toHaveCount(1)
  expect(await service.api('GET', `moderation/comments/${told.id}`)).toMatchObject({ status: 'pending' })
  await page.getByRole('link', { name: 'Queue' }).click()
  await desk.button('1 new comment').click()
  await expect(desk.row('It was Jane Roe')).toContainText('Put back into the queue by a legal term')
  await expect(desk.row('It was Jane Roe')).toContainText('Contains the legal term “Jane Roe”.')
  await page.getByRole('link', { name: 'Words' }).click()
  await page.getByRole('link', { name: 'Legal' }).click()
  await desk.button('Remove Jane Roe').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'Jane Roe' })).toHaveCount(0)
})

test('a long list is imported in parts, with a report by line, and exported', async ({ site, moderate }) => {
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/words?form=import')
  const { page } = desk
  const letters = 'abcdefghij'
  const name = (i: number) => [...String(i).padStart(4, '0')].map(d => letters[Number(d)]).join('') + 'qu and something longer'
  const lines = Array.from({ length: 2000 }, (_, i) => name(i))
  lines[3] = 'x'
  lines[1500] = 'buy*'
  lines[1998] = lines[7]!.toUpperCase()
  await page.getByLabel('File').setInputFiles({ name: 'words.txt', mimeType: 'text/plain', buffer: Buffer.from(lines.join('\n') + '\nl\xe4tin', 'latin1') })
  await expect(page.getByLabel('Entries', { exact: true })).toHaveValue(/something longer/)
  await desk.button('Check').click()
  await expect(page.getByText('1,998 entries would be added.').last()).toBeVisible()
  const report = page.getByRole('region', { name: 'Lines that are not added' })
  await expect(report.getByRole('row')).toHaveCount(4)
  await expect(report.getByRole('row').nth(1)).toContainText('4')
  await expect(report.getByRole('row').nth(2)).toContainText('1501')
  await expect(report.getByRole('row').nth(3)).toContainText('2001')
  await desk.button('Import').click()
  await expect(page.getByText('1,997 entries were added.').last()).toBeVisible()
  await expect(report.getByRole('row').nth(3)).toContainText('1999')
  await expect(report.getByRole('row').nth(3)).toContainText('already')

  await page.getByLabel('Entries', { exact: true }).fill('text,list,note\n"two, with a comma",suspect,"a note\nof two lines"\nbad*,,\n')
  await expect(page.getByLabel('Form')).toHaveValue('csv')
  await desk.button('Import').click()
  await expect(page.getByText('1 entry was added.').last()).toBeVisible()
  await expect(report.getByRole('row').nth(1)).toContainText('4')

  await page.getByRole('link', { name: 'Back to the list' }).click()
  await page.getByRole('searchbox', { name: 'Search this list' }).fill(name(1234))
  await expect(page.getByRole('row')).toHaveCount(2)
  await page.getByRole('searchbox', { name: 'Search this list' }).fill('something')
  await expect(page.getByRole('row')).toHaveCount(101)
  await desk.button('Load more').click()
  await expect(page.getByRole('row')).toHaveCount(201)
  const [file] = await Promise.all([page.waitForEvent('download'), desk.button('Export CSV').click()])
  expect(file.suggestedFilename()).toBe(`${site.key}-banned.csv`)
})

test('a text is tried, and nothing is kept of it', async ({ site, service, moderate }) => {
  for (const [list, text] of [['banned', 'buy now'], ['suspect', 'humbug'], ['allowed', 'bah humbug']]) {
    await service.api('POST', `sites/${site.key}/words`, { list, text })
  }
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/words?tab=test')
  const { page } = desk
  await page.getByLabel('Text of a comment').fill('😀 Bah humbug, BUY n0w this humbug!')
  await desk.button('Try it').click()
  await expect(desk.status).toHaveText('2 entries match.')
  await expect(page.locator('mark')).toHaveText(['BUY n0w', 'humbug'])
  await expect(page.getByText('Contains the banned word “buy now”, written “BUY n0w”.')).toBeVisible()
  await page.getByLabel('Text of a comment').fill('Bah humbug.')
  await desk.button('Try it').click()
  await expect(page.getByText('Nothing on the lists matches.').last()).toBeVisible()
})

test('a host that was rejected is banned from the page of links', async ({ site, moderate }) => {
  for (const i of [1, 2]) await site.decide('reject', await site.post(`Number ${i}: https://pills.example/${i}`))
  await site.publish('See https://harbour.example/ instead.')
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/links')
  const { page } = desk
  await expect(page.getByRole('row').nth(1)).toContainText('pills.example')
  await expect(page.getByRole('row').nth(1).getByRole('cell').nth(3)).toHaveText('2')
  await desk.button('Ban pills.example').click()
  await expect(page.getByText('pills.example is on the banned list now.').last()).toBeVisible()
  await page.getByRole('searchbox').fill('har')
  await expect(page.getByRole('row')).toHaveCount(2)
  expect((await site.post('Again https://www.pills.example/9')).status).toBe('rejected')
})

for (const [look, viewport, scheme, dir] of [
  ['light', { width: 1200, height: 900 }, 'light', 'ltr'], ['dark', { width: 1200, height: 900 }, 'dark', 'ltr'],
  ['360', { width: 360, height: 780 }, 'light', 'ltr'], ['rtl', { width: 900, height: 900 }, 'light', 'rtl'],
] as const) {
  test(`words and links, ${look}`, async ({ site, service, moderate }) => {
    for (const word of [
      { list: 'banned', text: 'a-very-long-entry-without-a-gap '.repeat(3).trim(), note: 'n'.repeat(200) },
      { list: 'banned', text: 'זבל', section: 'sport', language: 'he' },
      { list: 'banned', text: 'gone', expires_at: new Date(Date.now() + 3000).toISOString(), exceptions: ['gone fishing'] },
      { list: 'banned', kind: 'host', text: 'pills.example', page: 'https://daily.example/' + 'long/'.repeat(40) },
      { list: 'legal', text: 'Jane Roe', expires_at: '2099-01-01', note: 'Injunction' },
    ]) await service.api('POST', `sites/${site.key}/words`, word)
    await site.post('See https://a-host-with-a-very-long-name.of-many-parts.example/ and http://b.example')
    const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/words', { viewport, colorScheme: scheme, bypassCSP: true })
    const { page } = desk
    const shown = async (name: string, path: string, ready: string) => {
      await page.goto(`${service.base}/admin/${path}`)
      await expect(page.getByText(ready).first()).toBeVisible()
      await page.evaluate(to => (document.documentElement.dir = to), dir)
      await sound(page, `${look} ${name}`)
      await page.screenshot({ path: `${test.info().project.outputDir}/screens/desk-${look}-${name}.png`, fullPage: true, animations: 'disabled' })
    }
    await shown('words', 'words', 'gone fishing')
    await shown('legal', 'words?tab=legal', 'Jane Roe')
    await shown('word', 'words?form=new', 'Where it counts')
    await shown('import', 'words?form=import', 'Import entries')
    await shown('try', 'words?tab=test', 'Text of a comment')
    await shown('links', 'links', 'b.example')
  })
}
