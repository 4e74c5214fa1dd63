// Moderators' rules: written as a form and as text, rehearsed on what people
// decided, put into order; and the note when one matches.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './support/fixtures'

test.use({ options: { moderation: 'flagged', undo_window: '0s' } })

async function noViolations(page: Page) {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']).setLegacyMode(true).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}

test('a rule is written, rehearsed on what people decided, and acts', async ({ site, moderate, guard }) => {
  guard.allow(/status of 422/)
  guard.allow(/status of 429/)
  for (let i = 0; i < 4; i++) {
    const posted = await site.post(`Visit the casino number ${i}`)
    await site.decide(i === 3 ? 'spam' : 'reject', posted)
  }
  const fine = await site.post('A casino opens in our town, says the mayor')
  await site.decide('reject', fine) // and on second thoughts
  await site.decide('approve', fine)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/rules', { bypassCSP: true })
  const { page } = desk
  await expect(page.getByText('No rule yet.')).toBeVisible()
  await page.getByRole('link', { name: 'Add a rule' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Casino')
  await page.getByLabel('Fact 1').selectOption('text.folded')
  await page.getByLabel('Value 1').fill('casino')
  await expect(page.getByText('text.folded contains "casino"')).toBeVisible()

  // As text: what is wrong is said with its place, while one writes.
  await page.getByLabel('As text').check()
  const text = page.getByRole('textbox', { name: 'Condition as text' })
  await expect(text).toHaveValue('text.folded contains "casino"')
  await text.fill('text.foldet contains "casino"')
  await expect(page.getByText('Column 1: There is no fact text.foldet; there are text.plain, text.folded')).toBeVisible()
  await expect(desk.button('Save rule')).toBeDisabled()
  await text.fill('text.folded contains "casino" and text.len > len(links.hosts)')
  await expect(page.getByText('more than a form can say')).toBeVisible()
  await expect(page.getByLabel('As a form')).toBeDisabled()
  await text.fill('text.folded contains "casino" and text.words < 20')
  await page.getByLabel('As a form').check()
  await expect(page.getByLabel('Value 2')).toHaveValue('20')

  // It is tried on the past; a rule that rejects has to have shown enough.
  await page.getByLabel('What it does').selectOption('Reject')
  await expect(async () => {
    await desk.button('Rehearse').click()
    await expect(page.getByText('It would have matched 5 comments of 5.').first()).toBeVisible({ timeout: 1500 })
  }).toPass()
  await expect(page.getByText('People approved 1 of them and rejected 4.')).toBeVisible()
  await expect(page.getByText('80% (4 of 5), at least 34.3%')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Wrongly matched' })).toContainText('says the mayor')
  await expect(page.getByRole('region', { name: 'Rightly matched' }).getByRole('listitem')).toHaveCount(4)
  await noViolations(page)
  await page.getByRole('radio', { name: 'Active' }).check()
  await desk.button('Save rule').click()
  await expect(page.getByText(/right in 4 of 5 cases: at least 34.3 %/).first()).toBeVisible()
  await page.getByLabel('Why it should act all the same').fill('A wave since noon.')
  await desk.button('Save all the same').click()

  const rule = page.getByRole('article', { name: 'Casino' })
  await expect(rule).toContainText('A wave since noon.')
  await expect(rule).toContainText('Active')
  expect((await site.post('Visit the c.a.s.i.n.o again')).status).not.toBe('approved')
  await noViolations(page)
  await rule.getByRole('button', { name: 'Turn off' }).click()
  await expect(rule).toContainText('Off')
  expect((await site.post('Visit the casino once more')).status).toBe('approved')
})

test('rules are put into order by keyboard, and deleted after a question', async ({ site, moderate }) => {
  for (const name of ['First', 'Second']) {
    await site.service.cli(['rule', 'add', '--site', site.key, '--name', name, '--when', 'links.count > 2', '--action', 'hold'])
  }
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/rules')
  const { page } = desk
  const names = page.getByRole('article').getByRole('heading')
  await expect(names).toHaveText(['First', 'Second'])
  await page.getByRole('button', { name: 'Move Second up' }).focus()
  await page.keyboard.press('Enter')
  await expect(names).toHaveText(['Second', 'First'])
  await page.getByRole('article', { name: 'Second' }).getByRole('link', { name: 'Edit' }).click()
  await desk.button('Delete…').click()
  await page.getByRole('group', { name: 'Delete the rule Second?' }).getByRole('button', { name: 'Delete' }).click()
  await expect(names).toHaveText(['First'])
})

test('a moderator sees rules and rehearses them, but changes none', async ({ site, moderate }) => {
  await site.service.cli(['rule', 'add', '--site', site.key, '--name', 'Links', '--when', 'links.count > 2', '--action', 'hold'])
  const desk = await moderate(await site.hire('Mo'), '/admin/rules')
  const { page } = desk
  await page.getByRole('article', { name: 'Links' }).getByRole('link', { name: 'Look' }).click()
  await expect(page.getByText('An administrator can change it.')).toBeVisible()
  await expect(desk.button('Save rule')).toHaveCount(0)
  await desk.button('Rehearse').click()
  await expect(page.getByText('so there is nothing to try the rule on')).toBeVisible()
})

test('moderators are told of a match where a rule asks for it', async ({ site, moderate }) => {
  await site.service.cli(['rule', 'add', '--site', site.key, '--name', 'Mayor', '--when', 'text.plain contains "mayor"', '--notify', '--mode', 'active'])
  const desk = await moderate(await site.hire('Mo'), '/admin/')
  await expect(desk.tab('Pending')).toBeVisible()
  await expect(async () => {
    await site.post(`The mayor was there at ${Date.now()}`)
    await expect(desk.page.getByText('A comment matches the rule Mayor').first()).toBeVisible({ timeout: 2000 })
  }).toPass()
  await desk.page.getByRole('link', { name: 'See the comment' }).click()
  await expect(desk.page.getByText('The mayor was there').first()).toBeVisible()
})

test('a rule that has ended says so', async ({ site, moderate }) => {
  const end = new Date(Date.now() + 2000).toISOString()
  await site.service.cli(['rule', 'add', '--site', site.key, '--name', 'Brief', '--when', 'links.count > 2', '--mode', 'active', '--action', 'hold', '--expires', end])
  const { page } = await moderate(await site.hire('Alma', 'admin'), '/admin/rules')
  await expect(async () => {
    await page.reload()
    await expect(page.getByRole('article', { name: 'Brief' })).toContainText('Ended', { timeout: 1000 })
  }).toPass()
  await expect(page.getByRole('article', { name: 'Brief' })).not.toContainText('Active')
})

test('the page of rules fits a phone and a right-to-left text', async ({ site, moderate }) => {
  await site.service.cli(['rule', 'add', '--site', site.key, '--name', 'ספאם', '--when', 'text.plain contains "קזינו" and author.approved < 2', '--action', 'hold'])
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/rules')
  const { page } = desk
  await page.setViewportSize({ width: 360, height: 740 })
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)
  await expect(page.getByRole('article', { name: 'ספאם' })).toBeVisible()
  expect(await fits()).toBe(true)
  await page.getByRole('link', { name: 'Edit' }).click()
  await expect(page.getByLabel('Value 1')).toHaveValue('קזינו')
  expect(await fits()).toBe(true)
  await page.evaluate(() => (document.documentElement.dir = 'rtl'))
  expect(await fits()).toBe(true)
})
