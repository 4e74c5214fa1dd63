// Decisions that can be explained: rejecting by a house rule, what the author
// is told, appeals, second looks.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './support/fixtures'
import { Desk } from './support/desk'

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']

async function accessible(page: Page, state: string) {
  const { violations } = await new AxeBuilder({ page }).withTags(rules).setLegacyMode(true).analyze()
  expect(violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.target.join(' ')} ${node.failureSummary}`)), state).toEqual([])
}

/** The page is no wider than the window. */
async function fits(page: Page) {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
}

test('from a house rule to the answer of an appeal', async ({ site, read, moderate, browse, service, guard }) => {
  guard.allow(/status of 422/)
  const [chief, jana, kim] = [await site.hire('Chief', 'admin'), await site.hire('Jana'), await site.hire('Kim')]
  const admin = await moderate(chief, '/admin/decisions?tab=rules')
  await admin.page.getByLabel('Number').fill('3.1')
  await admin.page.getByLabel('Title').fill('Be kind')
  await admin.page.getByLabel('Text').fill('No insults.')
  await admin.button('Add a rule').click()
  await expect(admin.page.getByRole('heading', { name: '3.1 Be kind' })).toBeVisible()

  const widget = await read()
  await widget.write('“You fool”, he said to the mayor.')
  await expect(widget.comment('You fool')).toContainText('Awaiting review')

  const desk = await moderate(jana)
  await expect(desk.rows).toHaveCount(1)
  await desk.press('j')
  await desk.press('Shift+R')
  const dialog = desk.page.getByRole('dialog', { name: 'Reject with a reason' })
  await expect(dialog.getByLabel('3.1 Be kind')).toBeChecked()
  await desk.press('3')
  await expect(dialog.getByLabel('Insult')).toBeChecked()
  await desk.press('1')
  await expect(dialog.getByLabel('3.1 Be kind')).toBeChecked()
  await dialog.getByText('Message to the author', { exact: true }).click()
  const message = dialog.getByRole('textbox', { name: 'Message to the author' })
  await expect(message).toHaveValue(/^Hello \{name\},/)
  await message.fill('Dear {name}, see rule {rule}.\n{oops}')
  await expect(dialog.getByText(/Line 2: there is no field \{oops\}/)).toBeVisible()
  await message.fill('Dear {name}, see rule {rule}.')
  await expect(dialog.getByText('Dear Ben Okoro, see rule 3.1 Be kind.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Reject' }).click()
  await expect(desk.row('Ben Okoro')).toContainText('Rejected')

  await widget.page.reload()
  const own = widget.comment('You fool')
  await expect(own).toContainText('Not published')
  await expect(own).toContainText('Dear Ben Okoro, see rule 3.1 Be kind.')
  const link = await own.getByRole('link', { name: 'Ask for another look' }).getAttribute('href')

  const page = await browse({ javaScriptEnabled: false })
  await page.goto(link!)
  await expect(page.getByRole('heading', { name: 'Your comment is not shown' })).toBeVisible()
  await page.getByLabel('Why is the decision wrong?').fill('I only quoted him.')
  await page.getByRole('button', { name: 'Ask for another look' }).click()
  await expect(page.getByRole('status')).toContainText('You have asked for another look')

  await desk.page.goto(`${service.base}/admin/decisions`)
  // Two colleagues here, and the owners: the service's own, and those that other tests have added to it.
  let others = 2
  for (let at: string | null = ''; at !== null; ) {
    const page: { users: { role: string }[]; next_cursor: string | null } = await service.api('GET', `users?cursor=${at}`)
    others += page.users.filter(one => one.role === 'owner').length
    at = page.next_cursor
  }
  await expect(desk.page.getByText(`You had a part in the decision, so somebody else decides about the appeal. ${others} colleagues`)).toBeVisible()
  await expect(desk.button('Publish the comment')).toHaveCount(0)
  const other = await moderate(kim, '/admin/decisions')
  await expect(other.page.getByText('I only quoted him.')).toBeVisible()
  await other.button('Take it on').click()
  await expect(other.button('Give it back')).toBeVisible()
  await other.page.getByLabel('Answer to the author').fill('You are right.')
  await other.button('Publish the comment').click()
  await expect(other.page.getByText('Decided by Kim')).toBeVisible()

  await page.reload()
  await expect(page.getByText('You are right.')).toBeVisible()
  expect(await site.visible()).toHaveLength(1)
  await other.page.goto(`${service.base}/admin/?status=all`)
  await other.page.getByRole('button', { name: /^Details/ }).click()
  const decisions = other.page.getByRole('region', { name: 'Decisions' })
  await expect(decisions).toContainText('House rule: 3.1 Be kind')
  await expect(decisions).toContainText('Appeal: overturned')
  await decisions.getByText('The author was told').click()
  await expect(decisions.getByText('Dear Ben Okoro, see rule 3.1 Be kind.')).toBeVisible()
})

test('four checks: four reasons, three of them with their places', async ({ site, moderate, service }) => {
  await service.api('POST', `sites/${site.key}/words`, { list: 'suspect', text: 'numpty' })
  await service.api('PATCH', `sites/${site.key}/options`, { moderation: 'flagged' })
  await service.api('POST', `sites/${site.key}/comments`, {
    page: { key: 'story', url: `${site.host.origin}/${site.key}/story`, title: 'The ferry stays' },
    author: { name: 'Vera' },
    text: 'You N-u-m-p-t-y, see https://bit.ly/abc and q\u0300\u0301\u0302\u0303uite!',
    form: { trap: '', filled_ms: 100 },
  })
  const desk = await moderate(await site.hire('Jana'))
  await desk.page.getByRole('button', { name: /^Details/ }).click()
  const why = desk.page.getByRole('region', { name: 'Why it is here' })
  for (const reason of ['Sent very fast', 'Unreadable letters', 'Suspect word', 'Shortened link']) await expect(why).toContainText(reason)
  await expect(why.locator('p').first()).toHaveText(/^Sent 0\.1 seconds/)
  const marks = desk.page.getByRole('region', { name: 'Comment', exact: true }).locator('mark')
  await expect(marks).toHaveText(['N-u-m-p-t-y', 'https://bit.ly/abc', 'q\u0300\u0301\u0302\u0303'])
})

test.describe('second looks', () => {
  test.use({ options: { undo_window: '0s', second_look: '20%' } })

  test('keys judge what is drawn, and the figures follow', async ({ site, moderate }) => {
    let drawn = 0
    const kim = await site.hire('Kim', 'admin')
    const desk = await moderate(kim, '/admin/decisions?tab=looks')
    for (let n = 0; drawn < 2; n += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, i) => site.publish(`Number ${n + i} of many.`, { name: `Reader ${n + i}` })))
      await desk.page.reload()
      await expect(desk.page.getByRole('heading', { name: 'Agreement in the last 180 days' })).toBeVisible()
      drawn = await desk.page.getByText(/texts? waits?$/).count() ? Number.parseInt((await desk.page.getByText(/texts? waits?$/).textContent())!) : 0
    }
    const question = desk.page.getByRole('heading', { name: 'Should readers see this comment?' })
    await expect(question).toBeFocused()
    await expect(desk.page.getByRole('article')).not.toContainText(/Approved|approved|checks/)
    for (let left = drawn; left > 0; left--) {
      const text = await desk.page.getByRole('article').textContent()
      await desk.press(left === 1 ? 'n' : 'y')
      await expect(desk.page.getByText(text!)).toHaveCount(0)
    }
    await expect(desk.page.getByText('Nothing waits for you.')).toBeVisible()
    await desk.page.reload()
    await expect(desk.page.getByRole('row', { name: new RegExp(`^All ${drawn} ${drawn - 1} `) })).toBeVisible()
    await expect(desk.page.getByText('Second look: Do not show it')).toBeVisible()
  })
})

test('the pages can be used by everybody, on a phone too', async ({ site, moderate, browse, service, read }) => {
  const widget = await read()
  await widget.write('Rejected, then appealed.')
  await expect(widget.comment('Rejected')).toBeVisible()
  await service.api('POST', `sites/${site.key}/clauses`, { number: '1', title: 'קצר ולעניין', text: 'שמרו על הנושא.' })
  const { comments } = await service.api<{ comments: { id: string }[] }>('GET', `moderation/comments?site=${site.key}`)
  await service.api('POST', 'moderation/decisions', { action: 'reject', clause: '1', items: [{ id: comments[0]!.id, revision: 1 }] })
  await widget.page.reload()
  const link = await widget.comment('Rejected').getByRole('link', { name: 'Ask for another look' }).getAttribute('href')

  const reader = await browse({ viewport: { width: 360, height: 740 }, bypassCSP: true, colorScheme: 'dark' })
  await reader.goto(link!)
  await accessible(reader, 'the page of an appeal')
  await fits(reader)
  await reader.getByLabel('Why is the decision wrong?').fill('Why?')
  await reader.getByRole('button', { name: 'Ask for another look' }).click()
  await expect(reader.getByRole('status')).toBeVisible()

  const kim = await site.hire('Kim', 'admin')
  for (const options of [{ bypassCSP: true }, { bypassCSP: true, viewport: { width: 360, height: 740 }, colorScheme: 'dark' as const }]) {
    const { page } = await moderate(kim, '/admin/decisions', options)
    for (const [tab, shown] of [['', 'Answer to the author'], ['looks', 'Agreement in the last 180 days'], ['rules', 'Add a rule'], ['messages', 'An author reads']] as const) {
      await page.goto(`${service.base}/admin/decisions${tab && `?tab=${tab}`}`)
      await expect(page.getByText(shown).first()).toBeVisible()
      await accessible(page, `${tab || 'appeals'} ${JSON.stringify(options)}`)
      await fits(page)
    }
    await page.goto(`${service.base}/admin/`)
    const desk = new Desk(page)
    await site.post('Waits for a reason.')
    await page.goto(`${service.base}/admin/?status=pending`)
    await desk.press('j')
    await page.getByRole('button', { name: 'Reject with a reason' }).first().click()
    await page.getByText('Message to the author', { exact: true }).click()
    await expect(page.getByRole('textbox', { name: 'Message to the author' })).toHaveValue(/./)
    await accessible(page, `the dialog ${JSON.stringify(options)}`)
    await fits(page)
  }
})
