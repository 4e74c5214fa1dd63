// What could be done by command and API alone: rules that move between sites, blocks
// that are changed, and a new site.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { readFile } from 'node:fs/promises'
import { expect, test } from './support/fixtures'

/** Our pages' policies refuse what axe adds to a page to measure it. */
const measured = { bypassCSP: true }

async function check(page: Page) {
  const { violations, passes } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  expect(violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.target.join(' ')}`))).toEqual([])
  expect(passes.length).toBeGreaterThan(10)
}

const fits = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)

test('rules are exported to a file and imported from it, each with what became of it', async ({ site, moderate, guard }) => {
  guard.allow(/status of 4\d\d .*rules/)
  for (const [name, when] of [['Links', 'links.count > 2'], ['Replies', 'reply']] as const) {
    await site.service.cli(['rule', 'add', '--site', site.key, '--name', name, '--when', when, '--action', 'hold'])
  }
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/rules', measured)
  const { page } = desk
  const coming = page.waitForEvent('download')
  await desk.button('Export').click()
  const download = await coming
  expect(download.suggestedFilename()).toBe(`${site.key}-rules.json`)
  const file = JSON.parse(await readFile(await download.path(), 'utf8')) as { rules: { name: string; when: string }[] }
  expect(file.rules.map(rule => rule.name)).toEqual(['Links', 'Replies'])

  // What is wrong is said in place, and what was pasted stays.
  await page.getByRole('link', { name: 'Import' }).click()
  await check(page)
  const text = page.getByLabel('Or paste it')
  for (const [given, said] of [['', 'There is nothing to import.'], ['{"rules":[', 'This is not JSON: '], ['[1]', 'no list named rules']] as const) {
    await text.fill(given)
    await desk.button('Import').click()
    await expect(page.locator('.error')).toContainText(said)
    await expect(text).toHaveValue(given)
  }
  await text.fill('{"rules":[{"name":"A","wehn":"reply"}]}')
  await desk.button('Import').click()
  await expect(page.locator('.error')).toHaveText('Rule 1 of the file, at wehn: The JSON has a key that this route does not know.')

  const rules = [
    { ...file.rules[0]!, when: 'links.count > 3' }, file.rules[1]!, { name: 'Bad', when: 'links.cuont > 1', action: 'hold' },
    // So many that they do not fit into one request.
    ...Array.from({ length: 40 }, (_, i) => ({ name: `Long ${i}`, when: `text.plain contains "${'x'.repeat(1500)}"`, action: 'hold' })),
  ]
  await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'rules.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify({ rules })) })
  await desk.button('Import').click()
  const report = page.getByRole('region', { name: 'What became of each' })
  await expect(report).toContainText('42 rules taken, 1 refused.')
  const rows = report.getByRole('row')
  await expect(rows).toHaveCount(44)
  await expect(rows.nth(1)).toContainText(/Links\s*Changed/)
  await expect(rows.nth(2)).toContainText(/Replies\s*Was the same already/)
  await expect(rows.nth(3)).toContainText(/Bad\s*Refused Column 1: There is no fact links.cuont/)
  await expect(rows.nth(4)).toContainText(/Long 0\s*Added/)
  await check(page)
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await fits(page)).toBe(true)
  await page.getByRole('link', { name: 'All rules' }).click()
  await expect(page.getByRole('article', { name: 'Links' })).toContainText('links.count > 3')
})

test('who may not change rules can still take them along', async ({ site, moderate }) => {
  await site.service.cli(['rule', 'add', '--site', site.key, '--name', 'Links', '--when', 'links.count > 2', '--action', 'hold'])
  const desk = await moderate(await site.hire('Mo'), '/admin/rules')
  await expect(desk.button('Export')).toBeVisible()
  await expect(desk.page.getByRole('link', { name: 'Import' })).toHaveCount(0)
})

test('a block is changed where it stands, by keyboard, on a phone too', async ({ site, moderate }) => {
  await site.service.cli(['block', 'add', '--site', site.key, 'domain', 'spam.example', '--effect', 'review', '--until', '2d', '--reason', 'a wave'])
  const desk = await moderate(await site.hire('Alma', 'moderator'), '/admin/people?tab=blocks', measured)
  const { page } = desk
  const row = page.getByRole('row').filter({ hasText: 'spam.example' })
  const change = desk.button('Change the block of spam.example')
  await change.focus()
  await page.keyboard.press('Enter')
  const form = page.getByRole('form', { name: 'Change the block of spam.example' })
  await expect(form.getByLabel('Effect')).toBeFocused()
  await expect(form.getByLabel('Effect')).toHaveValue('review')
  await expect(form.getByLabel('Reason (optional)')).toHaveValue('a wave')
  await check(page)
  await form.getByRole('button', { name: 'Cancel' }).press('Enter')
  await expect(change).toBeFocused()
  await page.keyboard.press('Enter')
  await form.getByLabel('Effect').selectOption('Turned away')
  await form.getByLabel('Ends').selectOption('For good')
  await form.getByLabel('Reason (optional)').fill('another wave')
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(desk.status).toHaveText('The block of spam.example is changed.')
  await expect(row).toContainText('Turned away')
  await expect(row).toContainText('for good')
  await expect(row).toContainText('another wave')

  await page.setViewportSize({ width: 360, height: 740 })
  await change.click()
  await form.getByLabel('Ends').selectOption('1 week from now')
  expect(await fits(page)).toBe(true)
  await page.evaluate(() => (document.documentElement.dir = 'rtl'))
  expect(await fits(page)).toBe(true)
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(row).not.toContainText('for good')
})

test('an owner adds a site, and is shown its settings', async ({ site, service, moderate, guard }) => {
  guard.allow(/status of (409|422) .*sites/)
  const email = `${site.key}@owners.test`
  const password = 'a ferry at ten to midnight'
  await service.cli(['user', 'add', email, '--role', 'owner', '--password-stdin'], password)
  const desk = await moderate({ name: 'Olive', email, password }, `/admin/settings?site=${site.key}`, measured)
  const { page } = desk
  await desk.button('Add a site').click()
  const form = page.getByRole('form', { name: 'New site' })
  await expect(form.getByLabel('Key')).toBeFocused()
  await form.getByLabel('Key').fill(site.key)
  await form.getByLabel('Name').fill('Evening')
  await form.getByLabel('Origins').fill('https://evening.example')
  await form.getByRole('button', { name: 'Add site' }).click()
  await expect(form.locator('.error')).toBeVisible() // there is one with that key
  await form.getByLabel('Key').fill(`${site.key}-two`)
  await form.getByLabel('Origins').fill('https://evening.example/page')
  await form.getByRole('button', { name: 'Add site' }).click()
  await expect(form.locator('.error')).toContainText('origin')
  await form.getByLabel('Origins').fill('https://evening.example')
  await check(page)
  await form.getByRole('button', { name: 'Add site' }).click()
  await expect(page.getByText(`${site.key}-two`, { exact: true })).toBeVisible()
  await expect(page.getByLabel('Name').first()).toHaveValue('Evening')
  await check(page)
})

test('who is no owner adds no site', async ({ site, moderate }) => {
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/settings')
  await expect(desk.button('Save').first()).toBeVisible()
  await expect(desk.button('Add a site')).toHaveCount(0)
})

test('the record has the statements of reasons as a file, and the audit trail', async ({ site, moderate }) => {
  const comment = await site.post('Cheap watches for everybody.')
  await site.decide('reject', comment)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/decisions?tab=record', measured)
  const { page } = desk
  const rejected = page.getByRole('row').filter({ hasText: 'comment.rejected' })
  await expect(async () => {
    await page.reload()
    await expect(rejected).toHaveCount(1, { timeout: 2000 })
  }).toPass()
  await expect(rejected).toContainText('Staff')
  await expect(page.getByLabel('Log of')).toHaveCount(0) // that of the installation is for owners
  await check(page)
  for (const [name, format, first] of [['Download as CSV', 'csv', /^puid,/], ['Download as JSON lines', 'jsonl', /^\{"/]] as const) {
    const coming = page.waitForEvent('download')
    await desk.button(name).click()
    const download = await coming
    expect(download.suggestedFilename()).toBe(`${site.key}-statements.${format}`)
    const text = await readFile(await download.path(), 'utf8')
    expect(text).toMatch(first)
    expect(text.trimEnd().split('\n')).toHaveLength(format === 'csv' ? 2 : 1)
  }
  await page.getByLabel('Decided since').fill('2100-01-01')
  const coming = page.waitForEvent('download')
  await desk.button('Download as JSON lines').click()
  expect(await readFile(await (await coming).path(), 'utf8')).toBe('')

  // A long file comes in pages, each of which names the next.
  await page.route(/decisions\/export/, route => {
    const first = !route.request().url().includes('cursor=')
    return route.fulfill({ body: first ? 'one\n' : 'two\n', headers: first ? { link: '<?cursor=a.b%3D&format=jsonl>; rel="next"' } : {} })
  })
  const whole = page.waitForEvent('download')
  await desk.button('Download as JSON lines').click()
  expect(await readFile(await (await whole).path(), 'utf8')).toBe('one\ntwo\n')
  await page.unroute(/decisions\/export/)
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await fits(page)).toBe(true)
  await page.evaluate(() => (document.documentElement.dir = 'rtl'))
  expect(await fits(page)).toBe(true)
  await rejected.getByRole('link', { name: 'comment.rejected' }).click()
  await expect(page.getByRole('region', { name: 'Comment', exact: true })).toContainText('Cheap watches')
})

test('a moderator sees no record', async ({ site, moderate }) => {
  const desk = await moderate(await site.hire('Mo'), '/admin/decisions?tab=record')
  await expect(desk.page.getByRole('link', { name: 'House rules' })).toBeVisible()
  await expect(desk.page.getByRole('link', { name: 'Record' })).toHaveCount(0)
  await expect(desk.page.getByRole('heading', { name: 'Audit trail' })).toHaveCount(0)
})

test('an owner gives a colleague a new password, and the old one is no longer valid', async ({ site, service, moderate }) => {
  const password = 'a ferry at ten to midnight'
  const email = `${site.key}-boss@owners.test`
  await service.cli(['user', 'add', email, '--role', 'owner', '--password-stdin'], password)
  const mo = await site.hire('Mo')
  const desk = await moderate({ name: 'Olive', email, password }, '/admin/users', measured)
  const { page } = desk
  await desk.button(`New password for ${mo.email}`).click()
  await page.getByRole('dialog').getByRole('button', { name: 'New password' }).click()
  const shown = page.getByRole('dialog').locator('output')
  await expect(shown).toHaveText(/^[\w-]{20}$/)
  const fresh = await shown.innerText()
  const signIn = (with_: string) => page.request.post(`${service.base}/api/v1/auth/login`, { data: { email: mo.email, password: with_ } })
  expect((await signIn(mo.password)).status()).toBe(401)
  expect((await signIn(fresh)).status()).toBe(200)
  await check(page)
})
