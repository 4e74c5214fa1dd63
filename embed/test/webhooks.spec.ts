// The desk's webhook pages, against a receiver that keeps what it gets.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { expect, test, type Desk } from './support/fixtures'

const whsec = (key: Buffer) => `whsec_${key.toString('base64')}`

test('the address is looked at while it is typed, and the endpoint is made as asked', async ({ site, moderate, receiver, service, guard }) => {
  guard.allow(/status of 422 .*webhooks\/check/)
  const inbox = receiver.inbox(site.key)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  const { page } = desk
  await page.getByRole('link', { name: 'Add an endpoint' }).click()
  const url = page.getByLabel('URL')
  await url.pressSequentially('http://10.0.0.1/internal')
  await expect(page.getByText('Webhooks are sent by https only.')).toBeVisible()
  await expect(url).toHaveAttribute('aria-invalid', 'true')
  await url.fill('https://NEWS.example/hook')
  await expect(page.getByText('This address can be used, as https://news.example/hook.')).toBeVisible()
  await url.fill(inbox.url)
  await expect(page.getByText('This address can be used.', { exact: true })).toBeVisible()
  expect(inbox.calls, 'nobody is called').toHaveLength(0)

  const { components } = await (await fetch(`${service.base}/api/openapi.json`)).json()
  const offered = await page.getByLabel('Receiver', { exact: true }).locator('option').evaluateAll(all => all.map(one => (one as HTMLOptionElement).value))
  expect(offered).toEqual(components.schemas.EndpointTarget.enum)
  await page.getByLabel('comment.created').check()
  await page.getByLabel('Ids only').check()
  await desk.button('Add a header').click()
  await desk.button('Add a header').click()
  await page.getByLabel('Header', { exact: true }).nth(1).fill('X-Api-Key')
  await page.getByLabel('Value: X-Api-Key').fill('key of the receiver')
  await page.getByRole('button', { name: 'Remove this line' }).click()
  await desk.button('Add endpoint').click()
  const secret = page.getByRole('dialog', { name: 'Signing secret' })
  inbox.secret = (await secret.getByText(/^whsec_/).textContent())!
  await secret.getByRole('button', { name: 'Close' }).click()

  const endpoint = page.getByRole('article', { name: inbox.url })
  await expect(endpoint).toContainText('Ids only')
  await expect(endpoint).toContainText('comment.approved, comment.created')
  await expect(endpoint).toContainText('nothing sent yet')
  await endpoint.getByRole('button', { name: 'Send test' }).click()
  await expect(endpoint).toContainText(/The receiver took the test: 204 · \d+ ms/)
  await expect(endpoint).toContainText('100% (1 of 1)')
  await expect(endpoint.getByRole('img', { name: '1 taken, 0 failed' })).toBeVisible()
  await expect(endpoint.getByRole('img', { name: 'half of the calls within' })).toBeVisible()
  expect(inbox.events()[0]).toMatchObject({ type: 'endpoint.ping', site: site.key })
  expect(inbox.calls[0]!.headers['x-api-key']).toBe('key of the receiver')

  await endpoint.getByRole('link', { name: 'Edit' }).click()
  await expect(page.getByText('Set now: X-Api-Key.')).toBeVisible()
  await expect(page.getByText('key of the receiver')).toHaveCount(0)
  await page.getByLabel('Full events').check()
  await page.getByLabel('comment.approved').uncheck()
  await page.getByLabel('comment.created').uncheck()
  await desk.button('Save').click()
  await expect(page.locator('form')).toContainText('Choose at least one event.')
  await page.getByLabel('page.closed').check()
  await desk.button('Save').click()
  await expect(endpoint).toContainText('Full events')
  await expect(endpoint).toContainText('page.closed')
  await site.publish('A page needs a comment.')
  await site.close()
  await expect.poll(() => inbox.events().at(-1)).toMatchObject({ type: 'page.closed' })
  expect(inbox.calls.at(-1)!.headers['x-api-key'], 'headers that were not touched stay').toBe('key of the receiver')

  await endpoint.getByRole('link', { name: 'Edit' }).click()
  await page.getByLabel('Replace them all').check()
  await desk.button('Save').click()
  await endpoint.getByRole('link', { name: 'Edit' }).click()
  await expect(page.getByText('Set now')).toHaveCount(0)
})

test('a test that fails says so, and every attempt shows what was sent and what came back, as text', async ({ site, moderate, receiver }) => {
  const inbox = await site.send(receiver)
  const hostile = `<script>globalThis.owned = 1</script><img src=x onerror="globalThis.owned = 1"></pre><h1>Injected</h1>\u202e`
  inbox.answer = { status: 500, body: hostile }
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  const { page } = desk
  const endpoint = page.getByRole('article', { name: inbox.url })
  await endpoint.getByRole('button', { name: 'Send test' }).click()
  await expect(endpoint).toContainText(/The test failed: 500 · \d+ ms/)
  await endpoint.getByRole('link', { name: 'See the delivery' }).click()
  await expect(page.getByLabel('Attempt 1: Response')).toHaveText(hostile)
  await expect(page.getByRole('heading', { name: 'Injected' })).toHaveCount(0)
  expect(await page.evaluate(() => 'owned' in globalThis)).toBe(false)

  await page.getByText('Request', { exact: true }).first().click()
  const sent = inbox.calls[0]!.headers
  for (const name of ['webhook-id', 'webhook-timestamp', 'x-afterword-event', 'x-afterword-attempt']) {
    await expect(page.locator('.request div').filter({ hasText: name }).first()).toContainText(sent[name]!)
  }
  await desk.button('As sent').click()
  await expect(page.getByLabel('Body sent')).toHaveText(inbox.calls[0]!.body.toString())
  await page.evaluate(() => { document.documentElement.dir = 'rtl' })
  for (const name of ['Attempt 1: Response', 'Body sent']) await expect(page.getByLabel(name)).toHaveCSS('direction', 'ltr')
  await expect(page.getByRole('link', { name: 'The comment' }), 'a ping is of none').toHaveCount(0)
})

test('an endpoint that answered 410 can be called again, and is sent what it is owed', async ({ site, moderate, receiver }) => {
  const inbox = await site.send(receiver)
  inbox.answer = { status: 410, body: '' }
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  const endpoint = desk.page.getByRole('article', { name: inbox.url })
  await endpoint.getByRole('button', { name: 'Send test' }).click()
  await expect(endpoint).toContainText('Gone: the receiver answered 410')
  expect(inbox.calls).toHaveLength(1)
  await endpoint.getByRole('link', { name: 'Deliveries' }).click()
  await expect(desk.page.getByRole('row', { name: 'endpoint.ping' })).toContainText('due')
  await desk.page.goBack()
  inbox.answer = { status: 204, body: '' }
  await endpoint.getByRole('button', { name: 'Resume' }).click()
  await expect(endpoint).toContainText('Active')
  await expect.poll(() => inbox.calls.length).toBe(2)
  expect(inbox.calls[1]!.headers['webhook-id']).toBe(inbox.calls[0]!.headers['webhook-id'])
})

test('a delivery leads to its comment', async ({ site, moderate, receiver }) => {
  const inbox = await site.send(receiver)
  await site.publish('The one that was sent.')
  await expect.poll(() => inbox.calls.length).toBeGreaterThan(0)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  await desk.page.getByRole('link', { name: 'Deliveries' }).click()
  await desk.page.getByRole('link', { name: 'comment.approved' }).first().click()
  await desk.page.getByRole('link', { name: 'The comment' }).click()
  await expect(desk.page.getByText('The one that was sent.').first()).toBeVisible()
})

test('deliveries are found by type and day', async ({ site, moderate, receiver }) => {
  const inbox = await site.send(receiver)
  await site.publish('One.')
  await expect.poll(() => inbox.calls.length).toBeGreaterThan(0)
  const { page } = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  await page.getByRole('button', { name: 'Send test' }).click()
  await expect(page.getByRole('article')).toContainText('The receiver took the test')
  await page.getByRole('link', { name: 'Deliveries' }).click()
  const rows = page.getByRole('row').filter({ has: page.getByRole('link') })
  await expect(rows).toHaveCount(inbox.calls.length)
  await page.getByLabel('Event').selectOption('endpoint.ping')
  await expect(rows).toHaveCount(1)
  await page.getByLabel('Event').selectOption('page.closed')
  await expect(page.getByText('No deliveries.')).toBeVisible()
  await page.getByLabel('Event').selectOption('Any event')
  const today = new Date().toISOString().slice(0, 10)
  await page.getByLabel('From').fill(today)
  await page.getByLabel('To', { exact: true }).fill(today)
  await expect(rows).toHaveCount(inbox.calls.length)
  await page.reload()
  await expect(page.getByLabel('From')).toHaveValue(today)
  await page.getByLabel('To', { exact: true }).fill('2020-01-01')
  await page.getByLabel('From').fill('')
  await expect(page.getByText('No deliveries.')).toBeVisible()
})

test('a leaked secret is void at once', async ({ site, moderate, receiver }) => {
  const inbox = await site.send(receiver)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  const endpoint = desk.page.getByRole('article', { name: inbox.url })
  await endpoint.getByRole('button', { name: 'Rotate secret' }).click()
  const dialog = desk.page.getByRole('dialog', { name: 'Rotate the secret?' })
  await dialog.getByLabel('Is void at once.').check()
  await dialog.getByRole('button', { name: 'Rotate secret' }).click()
  const shown = desk.page.getByRole('dialog', { name: 'Signing secret' })
  const fresh = (await shown.getByText(/^whsec_/).textContent())!
  await shown.getByRole('button', { name: 'Close' }).click()
  await endpoint.getByRole('button', { name: 'Send test' }).click()
  await expect.poll(() => inbox.calls.length).toBe(1)
  expect(() => inbox.events()).toThrow()
  inbox.secret = fresh
  expect(inbox.events()).toHaveLength(1)
})

test('what a replay counts is what it sends', async ({ site, moderate, receiver }) => {
  const inbox = await site.send(receiver)
  for (const text of ['One.', 'Two.', 'Three.']) await site.publish(text)
  await expect.poll(() => inbox.calls.length).toBe(3)
  const { page } = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  const endpoint = page.getByRole('article', { name: inbox.url })
  await endpoint.getByRole('button', { name: 'Replay' }).click()
  const dialog = page.getByRole('dialog', { name: 'Send past events again' })
  await dialog.getByRole('button', { name: 'Count them' }).click()
  await expect(dialog).toContainText('There is nothing to send.')
  await dialog.getByLabel('Those of a time').check()
  await dialog.getByLabel('From').fill('2020-01-01T00:00')
  await dialog.getByRole('button', { name: 'Count them' }).click()
  await dialog.getByRole('button', { name: 'Send 3 events' }).click()
  await expect(endpoint).toContainText('Replay of 3 events started.')
  await expect.poll(() => inbox.calls.length, { timeout: 30_000 }).toBe(6)
  expect(new Set(inbox.events().map(({ id }) => id)).size).toBe(3)
  expect(inbox.calls.slice(3).every(({ headers }) => Number(headers['x-afterword-replay']) > 0)).toBe(true)
})

test('a message for a chat has its own shape, and its address is not shown whole', async ({ site, moderate, receiver }) => {
  const inbox = receiver.inbox(`services/${site.key}/token-of-the-chat`)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks?form=new')
  const { page } = desk
  await page.getByLabel('Receiver', { exact: true }).selectOption('Telegram')
  await expect(page.getByLabel('Chat', { exact: true })).toHaveAttribute('required')
  await page.getByLabel('Receiver', { exact: true }).selectOption('Rebuild a site')
  await expect(page.getByLabel('comment.erased')).toBeChecked()
  await expect(page.getByLabel('At most one call in')).toBeVisible()
  await page.getByLabel('Receiver', { exact: true }).selectOption('Slack')
  await page.getByLabel('URL').fill(inbox.url)
  await desk.button('Add endpoint').click()
  await page.getByRole('dialog', { name: 'Signing secret' }).getByRole('button', { name: 'Close' }).click()
  const endpoint = page.getByRole('article', { name: `services/${site.key}/…` })
  await expect(endpoint).toContainText('Slack')
  await expect(page.getByText('token-of-the-chat')).toHaveCount(0)
  await endpoint.getByRole('button', { name: 'Send test' }).click()
  await expect(endpoint).toContainText('The receiver took the test')
  expect(JSON.parse(inbox.calls[0]!.body.toString())).toHaveProperty('text')

  await endpoint.getByRole('link', { name: 'Edit' }).click()
  await expect(page.getByText('To change the address, give all of it.')).toBeVisible()
  await page.getByLabel('comment.created').check()
  await page.getByLabel('One by the site’s key pair too').check()
  await desk.button('Save').click()
  await expect(endpoint).toContainText('comment.created')
  await endpoint.getByRole('button', { name: 'Send test' }).click()
  await expect.poll(() => inbox.calls.length, 'the address is what it was').toBe(2)
  expect(inbox.calls[1]!.headers['webhook-signature']).toMatch(/^v1,\S+ v1a,\S+$/)
})

test('a replay is counted before it is started', async ({ site, moderate, receiver }) => {
  const inbox = await site.send(receiver)
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  const { page } = desk
  const asked: unknown[] = []
  await page.route('**/webhooks/*/replay', route => {
    const body = route.request().postDataJSON()
    asked.push(body)
    const count = { events: 12, more: false, first_at: '2026-03-01T09:30:00.000000Z', last_at: '2026-03-02T10:00:00.000000Z' }
    const replay = { id: 'r1', state: 'running', events: 12, sent: 0 }
    return body.dry_run ? route.fulfill({ status: 200, json: count }) : route.fulfill({ status: 202, json: replay })
  })
  await page.route('**/webhooks/*/replays', route => route.fulfill({ json: { replays: asked.length > 2 ? [{ id: 'r1', state: 'running', events: 12, sent: 5 }] : [] } }))
  await page.route('**/replays/r1/cancel', route => route.fulfill({ json: { id: 'r1', state: 'cancelled', events: 12, sent: 5 } }))
  const endpoint = page.getByRole('article', { name: inbox.url })
  await endpoint.getByRole('button', { name: 'Replay' }).click()
  const dialog = page.getByRole('dialog', { name: 'Send past events again' })
  await dialog.getByRole('button', { name: 'Count them' }).click()
  await expect(dialog).toContainText('12 events, from 1 Mar 2026, 09:30 to 2 Mar 2026, 10:00.')
  await dialog.getByLabel('Those of a time').check()
  await expect(dialog, 'a count is only of what was asked').not.toContainText('12 events')
  await dialog.getByLabel('From').fill('2026-03-01T09:00')
  await dialog.getByRole('button', { name: 'Count them' }).click()
  await dialog.getByRole('button', { name: 'Send 12 events' }).click()
  await expect(endpoint).toContainText('Replay of 12 events started.')
  expect(asked).toEqual([
    { broken: true, dry_run: true },
    { since: '2026-03-01T09:00:00.000Z', dry_run: true },
    { since: '2026-03-01T09:00:00.000Z' },
  ])
  await endpoint.getByRole('button', { name: 'Replay' }).click()
  await expect(dialog).toContainText('Replay: 5 of 12 events')
  await dialog.getByRole('button', { name: 'Stop the replay' }).click()
  await expect(dialog).toContainText('The replay has been stopped.')
})

/** A call as a receiver gets it, and the page that looks at it. */
async function verifying(desk: Desk, secret: string) {
  const { page } = desk
  await page.getByRole('link', { name: 'Verify a call' }).click()
  const body = '{"id":"e1","type":"comment.approved","data":{"comment":{"text":"a  b \\u003c ü"}}}'
  const call = (at: number, of = body, key = secret) => {
    const stamp = String(Math.floor(at / 1000))
    const signature = createHmac('sha256', Buffer.from(key.slice(6), 'base64')).update(`e1.${stamp}.${of}`).digest('base64')
    return { 'webhook-id': 'e1', 'webhook-timestamp': stamp, 'webhook-signature': `v1,${signature}` }
  }
  const look = async (headers: Record<string, string>, text: string, given = secret) => {
    await page.getByLabel('Headers').fill(Object.entries(headers).map(pair => pair.join(': ')).join('\n'))
    await page.getByLabel('Body', { exact: true }).fill(text)
    await page.getByLabel(/Signing secret/).fill(given)
    await desk.button('Verify').click()
    await expect(page.locator('.findings li').first()).toBeVisible()
    return page.locator('.verify [role=status]').innerText()
  }
  return { body, call, look }
}

test('the verify page says which part of a call fails, and sends nothing', async ({ site, moderate }) => {
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  const secret = whsec(Buffer.alloc(36, 7)), other = whsec(Buffer.alloc(36, 8))
  const { body, call, look } = await verifying(desk, secret)
  const sent: string[] = []
  desk.page.on('request', request => sent.push(`${request.url()} ${request.postData()}`))
  const now = Date.now()
  const right = call(now)
  const good = 'The call is genuine.'
  expect(await look(right, body)).toContain(good)
  expect(await look({ 'Content-Type': 'x', 'Webhook-Id': 'e1', 'WEBHOOK-TIMESTAMP': right['webhook-timestamp'], 'webhook-signature': right['webhook-signature'] }, body)).toContain(good)
  expect(await look({ ...right, 'webhook-signature': `${call(now, body, other)['webhook-signature']} v1a,xyz ${right['webhook-signature']}` }, body)).toContain('Signature 2 of 2')
  expect(await look(right, body, '')).toContain('Nothing is wrong so far')

  for (const [what, headers, text, given, says] of [
    ['old', call(now - 7_500_000), body, secret, '2 h 5 min old'],
    ['early', call(now + 600_000), body, secret, 'in the future; receivers refuse'],
    ['milliseconds', { ...right, 'webhook-timestamp': String(now) }, body, secret, 'It is in milliseconds'],
    ['no number', { ...right, 'webhook-timestamp': 'today' }, body, secret, 'not a whole number'],
    ['no timestamp', { ...right, 'webhook-timestamp': '' }, body, secret, 'The header is missing.'],
    ['another id', { ...right, 'webhook-id': 'e2' }, body, secret, 'the webhook-id header has been changed'],
    ['another id', { ...right, 'webhook-id': 'e2' }, body, '', 'It is not the id in the body, e1'],
    ['another secret', right, body, other, 'No signature matches. The secret is that of another endpoint'],
    ['a changed body', right, body.replace('a  b', 'a b'), secret, 'No signature matches. The secret is that of another endpoint'],
    ['indented', right, JSON.stringify(JSON.parse(body), null, 2).replace('<', '\\u003c'), secret, 'parsed and written again'],
    ['written anew', right, JSON.stringify({ ...JSON.parse(body), id: 'e1' }, null, 2), secret, 'probably parsed and written again'],
    ['a line break', right, body + '\n', secret, 'without the space or line break at an end'],
    ['no v1', { ...right, 'webhook-signature': 'v2,abc' }, body, secret, 'no signature of version v1'],
    ['v1a', { ...right, 'webhook-signature': 'v1a,abc=' }, body, secret, 'only a signature of version v1a'],
    ['cut', { ...right, 'webhook-signature': right['webhook-signature'].slice(0, 20) }, body, secret, 'Was it cut short?'],
    ['no prefix', right, body, secret.slice(6), 'It begins neither with whsec_'],
    ['no base64', right, body, secret.slice(0, -1), 'is not base64'],
    ['short', right, body, whsec(Buffer.alloc(12)), 'at least 24'],
    ['a private key', right, body, 'whsk_abc', 'This is a private key'],
    ['no base64 in a public key', right, body, 'whpk_abc', 'is not base64'],
    ['a short public key', right, body, `whpk_${Buffer.alloc(16).toString('base64')}`, 'a public key has 32'],
    ['no v1a', right, body, `whpk_${Buffer.alloc(32).toString('base64')}`, 'no signature of version v1a'],
  ] as const) {
    const verdict = await look(headers, text, given)
    expect(verdict, what).toContain(says)
    expect(verdict, what).toContain('at fault')
  }
  expect(sent.filter(text => /e1|whsec|webhook-signature/.test(text)), 'nothing is sent').toEqual([])
})

test('the verify page checks signatures by the key pair of a site', async ({ site, moderate }) => {
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/webhooks')
  const { body, call, look } = await verifying(desk, whsec(Buffer.alloc(36, 7)))
  const ours = generateKeyPairSync('ed25519'), others = generateKeyPairSync('ed25519')
  const published = (pair: typeof ours) => `whpk_${pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')}`
  const plain = call(Date.now())
  const byPair = (of: string, { privateKey } = ours) =>
    `v1a,${sign(null, Buffer.from(`e1.${plain['webhook-timestamp']}.${of}`), privateKey).toString('base64')}`
  const right = { ...plain, 'webhook-signature': `${plain['webhook-signature']} ${byPair(body)}` }
  const key = published(ours)
  for (const [what, headers, text, says] of [
    ['right', right, body, 'The call is genuine.'],
    ['a second pair', { ...right, 'webhook-signature': `${byPair(body, others)} ${byPair(body)}` }, body, 'Signature 2 of 2'],
    ['another site’s', { ...right, 'webhook-signature': byPair(body, others) }, body, 'The public key is that of another site'],
    ['a changed body', right, body.replace('a  b', 'a b'), 'No signature matches.'],
    ['a line break', right, body + '\n', 'without the space or line break at an end'],
    ['cut', { ...right, 'webhook-signature': byPair(body).slice(0, 60) }, body, 'base64 of 64 bytes, which has 88'],
  ] as const) {
    expect(await look(headers, text, key), what).toContain(says)
  }
  expect(await look(right, body), 'the secret still checks v1').toContain('The call is genuine.')
})
