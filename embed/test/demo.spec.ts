// What the README promises for its first command.
import type { ChildProcess } from 'node:child_process'
import { fillIn } from './support/desk'
import { listenTo, program, stop } from './support/service'
import { Desk, expect, test as base, Widget } from './support/fixtures'

interface Demo {
  newspaper: string
  desk: string
  webhooks: string
  email: string
  password: string
}

const test = base.extend<{ demo: Demo }>({
  demo: async ({}, use) => {
    const child: ChildProcess = program(['demo', '--addr', '127.0.0.1:0'])
    const said = listenTo(child)
    const [, newspaper, desk, webhooks, email, password] = await said.until(
      /Newspaper +(\S+)\s+Desk +(\S+)\s+Webhooks +(\S+)\s+Sign in as (\S+) with the password (\S+)/)
    await use({ newspaper, desk, webhooks, email, password } as Demo)
    expect(await stop(child), said.all()).toBe(0)
  },
})

test('newspaper, widget, desk and webhooks work together', async ({ demo, browser }) => {
  const troubles: string[] = []
  const open = async (url: string) => {
    const page = await (await browser.newContext()).newPage()
    page.on('pageerror', error => troubles.push(error.message))
    page.on('console', message => message.type() === 'error' && troubles.push(`${message.text()} (${message.location().url})`))
    await page.goto(url)
    return page
  }
  const paper = await open(demo.newspaper)
  await expect(paper.getByRole('heading', { level: 1 })).toHaveText('The Merrowick Packet')
  const counts = paper.locator('afterword-count')
  await expect(counts.first()).toHaveText(/^[1-9]\d*$/)
  const before = Number(await counts.first().textContent())
  await paper.getByRole('heading', { level: 2 }).getByRole('link').first().click()
  const widget = new Widget(paper)
  await widget.root.scrollIntoViewIfNeeded()
  await expect(widget.heading).toHaveText(`Comments (${before})`)
  await expect(widget.root).toContainText('This comment was removed.')
  await widget.write('I take that boat every Friday.', 'Ruth Calder')
  await expect(widget.comment('every Friday')).toContainText('Awaiting review')

  const wire = await open(demo.webhooks)
  const calls = wire.getByRole('row').filter({ hasText: 'every Friday' })
  await expect(calls.filter({ hasText: 'comment.created' })).toHaveCount(1)

  const page = await open(demo.desk)
  await fillIn(page, demo)
  const desk = new Desk(page)
  await expect(desk.rows.first()).toBeVisible()
  await desk.row('every Friday').getByRole('button', { name: 'Approve' }).click()
  await expect(desk.row('every Friday')).toContainText('Undo')

  await expect(widget.comment('every Friday')).not.toContainText('Awaiting review')
  await expect(widget.heading).toHaveText(`Comments (${before + 1})`)
  const approved = calls.filter({ hasText: 'comment.approved' })
  await expect(approved).toHaveCount(1)
  await expect(approved).toContainText('verified')
  await expect(approved).toContainText('Ruth Calder')

  const forged = await fetch(demo.webhooks + '/receive', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'webhook-id': 'forged', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA' },
    body: '{"type":"comment.approved"}',
  })
  expect(forged.status).toBe(401)
  await expect(wire.getByRole('row').filter({ hasText: 'forged' }).or(wire.getByText('forged')).first()).toBeAttached()
  expect(troubles).toEqual([])
  for (const context of browser.contexts()) await context.close()
})
