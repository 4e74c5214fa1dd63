// The desk's page of checks that run elsewhere, against a program that answers
// as it is told.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './support/fixtures'

test.use({ options: { undo_window: '0s', moderation: 'flagged' } })

const json = (answer: object) => ({ status: 200, body: JSON.stringify(answer) })

async function axe(page: Page, state: string) {
  const { violations, passes } = await new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode(true).analyze()
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), state).toEqual([])
  expect(passes.length, `${state}: axe has looked at something`).toBeGreaterThan(10)
}

test('a check is added, tried, heard and seen beside the comment that it held', async ({ site, moderate, receiver, guard }) => {
  guard.allow(/status of 422 .*\/checks/)
  const inbox = receiver.inbox(site.key)
  inbox.answer = json({ hint: 'review', code: 'insult', sentence: 'It calls <b>somebody</b> names.', score: 0.91 })
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/checks')
  const { page } = desk
  await expect(page.getByText('No check runs elsewhere.')).toBeVisible()
  await page.getByRole('link', { name: 'Add a check' }).click()
  const goes = await page.getByRole('region', { name: 'What goes out' }).locator('p').innerText()
  await page.getByRole('textbox', { name: 'Name' }).fill('House rules')
  await page.getByRole('textbox', { name: 'Address' }).fill('http://10.0.0.1/')
  await desk.button('Add a check').click()
  await expect(page.locator('form')).toContainText('https only')
  await page.getByRole('textbox', { name: 'Address' }).fill(inbox.url)
  await desk.button('Add a check').click()
  const secret = page.getByRole('dialog', { name: 'Signing secret' })
  inbox.secret = (await secret.getByText(/^whsec_/).textContent())!
  await secret.getByRole('button', { name: 'Close' }).click()

  const check = page.getByRole('article', { name: 'House rules' })
  await expect(check).toContainText(goes.slice(0, -1))
  await expect(check).toContainText('A person looks. The comment waits in the queue until a moderator decides.')
  await check.getByText('Try it').click()
  await check.getByRole('textbox', { name: 'Text' }).fill('You are all idiots.')
  await check.getByRole('button', { name: 'Send' }).click()
  await expect(check).toContainText('It calls <b>somebody</b> names.')
  await expect(check).toContainText('What came back: status 200')
  const [tried] = inbox.events() as unknown as [{ type: string; comment: { text: string } }]
  expect(tried, 'the signature is that of Standard Webhooks').toMatchObject({ type: 'check', comment: { text: 'You are all idiots.' } })
  await expect(page.getByText(inbox.secret)).toHaveCount(0)
  await axe(page, 'the checks')

  const posted = await site.post('You are an idiot.')
  expect(posted.status).toBe('pending')
  await page.goto(new URL(`/admin/?open=${posted.id}`, page.url()).href)
  await expect(page.getByText('House rules (elsewhere)')).toBeVisible()
  await expect(page.getByText('It calls <b>somebody</b> names.').first()).toBeVisible()

  inbox.answer = { status: 500, body: 'out of order' }
  expect((await site.post('Nothing is wrong with this one.')).status, 'silence holds').toBe('pending')
  await page.goto(new URL('/admin/checks', page.url()).href)
  await expect(check).toContainText('1 (50%)')
  await check.getByRole('link', { name: 'Edit' }).click()
  await page.getByRole('radio', { name: 'The other checks decide' }).check()
  await desk.button('Save').click()
  await expect(check).toContainText('The other checks decide')
  expect((await site.post('Nothing is wrong with this one either.')).status, 'silence publishes').toBe('approved')

  await check.getByRole('button', { name: 'Switch off' }).click()
  await expect(check.getByText('Off', { exact: true })).toBeVisible()
  const calls = inbox.calls.length
  await site.post('Nobody is asked about this.')
  expect(inbox.calls).toHaveLength(calls)
  await check.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByText('No check runs elsewhere.')).toBeVisible()
})

test('every kind can be added with what its form begins with, by keyboard, on a phone', async ({ site, moderate, receiver }) => {
  const inbox = receiver.inbox(site.key)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/checks?form=new', { viewport: { width: 360, height: 740 } })
  const { page } = desk
  const kinds: [string, Record<string, string>][] = [
    ['Akismet', { 'API key': 'k', 'Address of your site': 'https://paper.example' }],
    ['Score service (Perspective)', {}],
    ['Moderation service (OpenAI)', {}],
    ['Language model', { Model: 'small' }],
    ['Phase made for Coral', { 'Signing secret': 'the phase knows it' }],
  ]
  for (const [kind, fields] of kinds) {
    await page.getByRole('radio', { name: kind }).focus()
    await page.keyboard.press('Space')
    const goes = await page.getByRole('region', { name: 'What goes out' }).locator('p').innerText()
    await page.getByRole('textbox', { name: 'Address', exact: true }).fill(inbox.url)
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value.replaceAll(' ', '-'))
    await axe(page, kind)
    expect(await page.evaluate(() => document.documentElement.scrollWidth), 'nothing sticks out').toBeLessThanOrEqual(360)
    await page.getByRole('textbox', { name: 'Name', exact: true }).press('Enter')
    const check = page.getByRole('article', { name: kind })
    await expect(check).toContainText(goes.slice(0, -1))
    await page.getByRole('link', { name: 'Add a check' }).click()
  }
})
