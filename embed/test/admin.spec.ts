// The desk's pages of administration: webhooks, settings, users.
import { expect, test } from './support/fixtures'

test('an endpoint is added, tested and redelivered to, and a hostile answer stays text', async ({ site, moderate, receiver, guard }) => {
  guard.allow(/status of 422 .*webhooks/)
  const inbox = receiver.inbox(site.key)
  const hostile = `<script>globalThis.injected = 1</script><img src=x onerror="globalThis.injected = 1"></pre><h1>Injected</h1>`
  inbox.answer = { status: 500, body: hostile }
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  const { page } = desk
  await expect(page.getByText('No endpoint yet.')).toBeVisible()
  await page.getByRole('link', { name: 'Add an endpoint' }).click()
  await page.getByLabel('URL').fill('http://10.0.0.1/internal')
  await desk.button('Add endpoint').click()
  await expect(page.getByText(/https only|not allowed|refused|private/i).first()).toBeVisible()
  await page.getByLabel('URL').fill(inbox.url)
  await page.getByLabel('comment.created').check()
  await desk.button('Add endpoint').click()
  const secret = page.getByRole('dialog', { name: 'Signing secret' })
  inbox.secret = (await secret.getByText(/^whsec_/).textContent())!
  await secret.getByRole('button', { name: 'Close' }).click()
  const endpoint = page.getByRole('article', { name: inbox.url })
  await expect(endpoint).toContainText('comment.approved, comment.created')

  await endpoint.getByRole('button', { name: 'Send test' }).click()
  await expect(endpoint).toContainText('The test failed: 500')
  await expect.poll(() => inbox.calls.length).toBeGreaterThan(0)
  expect(inbox.events()[0]).toMatchObject({ type: 'endpoint.ping', site: site.key })
  await endpoint.getByRole('link', { name: 'Deliveries' }).click()
  await page.getByRole('link', { name: 'endpoint.ping' }).click()
  const answer = page.getByRole('region', { name: /Response/ }).or(page.getByLabel('Attempt 1: Response'))
  await expect(answer.first()).toHaveText(hostile)
  await expect(page.getByRole('heading', { name: 'Injected' })).toHaveCount(0)
  expect(await page.evaluate(() => 'injected' in globalThis)).toBe(false)
  await expect(page.getByLabel('Body sent')).toContainText('"endpoint.ping"')

  inbox.answer = { status: 204, body: '' }
  const before = inbox.calls.length
  await desk.button('Redeliver').click()
  await expect(desk.status).toHaveText('A new delivery of the same event is queued.')
  await expect.poll(() => inbox.calls.length).toBeGreaterThan(before)
  expect(new Set(inbox.events().map(({ id }) => id)).size).toBe(1)
  await page.getByRole('link', { name: 'All deliveries' }).click()
  const tabs = page.getByRole('navigation', { name: 'Deliveries' })
  await expect(async () => {
    await tabs.getByRole('link', { name: 'All' }).click()
    await tabs.getByRole('link', { name: 'Delivered' }).click()
    await expect(page.getByRole('link', { name: 'endpoint.ping' }).first()).toBeVisible({ timeout: 2000 })
  }).toPass()
})

test('an endpoint is paused, gets a second secret, and is deleted after a question', async ({ site, moderate, receiver }) => {
  const inbox = await site.send(receiver)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  const endpoint = desk.page.getByRole('article', { name: inbox.url })
  await endpoint.getByRole('button', { name: 'Pause' }).click()
  await expect(endpoint).toContainText('Paused')
  await endpoint.getByRole('button', { name: 'Resume' }).click()
  await expect(endpoint).toContainText('Active')
  await endpoint.getByRole('button', { name: 'Rotate secret' }).click()
  await desk.page.getByRole('dialog', { name: 'Rotate the secret?' }).getByRole('button', { name: 'Rotate secret' }).click()
  const secret = desk.page.getByRole('dialog', { name: 'Signing secret' })
  const fresh = (await secret.getByText(/^whsec_/).textContent())!
  expect(fresh).not.toBe(inbox.secret)
  await secret.getByRole('button', { name: 'Close' }).click()
  await endpoint.getByRole('button', { name: 'Send test' }).click()
  await expect.poll(() => inbox.calls.length).toBe(1)
  // Both sign, so a receiver can change over without a gap.
  expect(inbox.calls[0]!.headers['webhook-signature']!.split(' ')).toHaveLength(2)
  for (const one of [inbox.secret, fresh]) {
    inbox.secret = one
    expect(inbox.events()).toHaveLength(1)
  }
  await endpoint.getByRole('button', { name: 'Delete' }).click()
  const sure = desk.page.getByRole('dialog', { name: 'Delete this endpoint?' })
  await sure.getByRole('button', { name: 'Cancel' }).click()
  await expect(endpoint).toBeVisible()
  await endpoint.getByRole('button', { name: 'Delete' }).click()
  await sure.getByRole('button', { name: 'Delete' }).click()
  await expect(endpoint).toHaveCount(0)
})

test('options are explained, saved and obeyed', async ({ site, moderate, service, read, guard }) => {
  guard.allow(/status of (400|422) .*\/sites\//)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/settings')
  const { page } = desk
  const save = page.locator('form').filter({ hasText: 'Hold for moderation' }).getByRole('button', { name: 'Save' })
  await expect(save).toBeDisabled()
  await page.getByLabel('Hold for moderation').selectOption('Publish at once')
  await page.getByLabel('Votes', { exact: true }).uncheck()
  await page.getByLabel('Longest comment').fill('12')
  await expect(page.getByText('Changes not saved yet')).toBeVisible()
  await page.getByLabel('Undo window').fill('an hour')
  await save.click()
  await expect(page.getByText(/undo_window|between 0|0 to 60|60 seconds|such as/i).first()).toBeVisible()
  await page.getByLabel('Undo window').fill('5s')
  await save.click()
  await expect(desk.status).toHaveText('Saved.')
  await page.reload()
  await expect(page.getByLabel('Hold for moderation')).toHaveValue('off')
  await expect(page.getByLabel('Votes', { exact: true })).not.toBeChecked()
  expect(await service.api('GET', `sites/${site.key}/options`)).toMatchObject({ moderation: 'off', votes: 'off', max_length: 12, undo_window: '5s' })

  await expect.poll(async () => (await site.post(`Short ${Math.random()}`.slice(0, 12), { name: 'Ann' })).status).toBe('approved')
  const widget = await read()
  await expect(widget.comment('Short')).toBeVisible()
  await expect(widget.button(/Vote/)).toHaveCount(0)
})

test('an owner adds a colleague, who can then sign in and change the password', async ({ site, moderate, browse, service, guard }) => {
  guard.allow(/status of (401|422|400|403)/)
  const email = `omar@${site.key}.test`
  await service.cli(['user', 'add', `boss@${site.key}.test`, '--role', 'owner', '--name', 'Boss', '--password-stdin'], 'a ferry at ten to midnight')
  const boss = await moderate({ name: 'Boss', email: `boss@${site.key}.test`, password: 'a ferry at ten to midnight' }, '/admin/users')
  await boss.page.getByLabel('E-mail').fill(email)
  await boss.page.getByLabel('Role', { exact: true }).selectOption('Moderator')
  await boss.page.getByLabel('For', { exact: true }).selectOption(`Paper ${site.key}`)
  await boss.button('Add user').click()
  const shown = boss.page.getByRole('dialog', { name: 'Password' })
  const password = (await shown.locator('output').textContent())!
  expect(password.length).toBeGreaterThanOrEqual(12)
  await shown.getByRole('button', { name: 'Close' }).click()
  const row = boss.page.getByRole('row').filter({ hasText: email })
  await expect(row).toContainText(`Paper ${site.key}`)

  const omar = await moderate({ name: 'Omar', email, password }, '/admin/account')
  await omar.page.getByLabel('Current password').fill(password)
  await omar.page.getByLabel('New password').fill('another ferry at noon')
  await omar.button('Change password').click()
  await expect(omar.status).toHaveText('Password changed.')
  await moderate({ name: 'Omar', email, password: 'another ferry at noon' })

  await row.getByRole('button', { name: 'Disable' }).click()
  await boss.page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
  await expect(row).toContainText('Disabled')
  const page = await browse()
  await page.goto(`${service.base}/admin/`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill('another ferry at noon')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('E-mail and password do not match an account.')).toBeVisible()
})
