// The whole way of a comment, and the two promises of a moderator's decision:
// undone before its window ends it has never happened, and of two that meet
// only one holds.
import { expect, test } from './support/fixtures'

test.describe('from one reader to another', () => {
  test.use({ options: { undo_window: '1s' } })

  test('a comment is held, approved by key, shown without a reload and announced by a webhook', async ({ site, read, moderate, receiver }) => {
    const inbox = await site.send(receiver, 'comment.approved,comment.created')
    const ann = await read()
    const ben = await read()
    await ann.write('The ferry is how my mother gets home.', 'Ann Lee')

    const mine = ann.comment('how my mother gets home')
    await expect(mine).toContainText('Awaiting review')
    await ann.page.reload()
    await expect(mine).toContainText('Awaiting review')
    await ben.page.reload()
    await expect(ben.root).toContainText('No comments yet')
    await expect(ben.comments).toHaveCount(0)

    const desk = await moderate(await site.hire('Jana'))
    const row = desk.row('how my mother gets home')
    await expect(row.getByRole('list', { name: 'Why it is here' })).toContainText('Site holds every comment')
    await expect(desk.current).toContainText('how my mother gets home')
    await desk.press('a')
    await expect(row).toContainText('Approved')

    await expect(ben.heading).toHaveText('Comments (1)')
    await ben.button('1 new comment').click()
    await expect(ben.comment('how my mother gets home')).toBeVisible()
    await expect(mine).not.toContainText('Awaiting review')

    await expect.poll(() => inbox.calls.length).toBe(2)
    const events = inbox.events()
    expect(events.map(({ type, sequence }) => [type, sequence])).toEqual([['comment.created', 1], ['comment.approved', 2]])
    expect(events[1]!.data.comment).toMatchObject({ text: 'The ferry is how my mother gets home.', status: 'approved' })
    const ids = inbox.calls.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual(events.map(({ id }) => id))
    expect(new Set(ids).size).toBe(2)
  })
})

test.describe('undo', () => {
  test.use({ options: { undo_window: '3s' } })

  test('what is undone in its window was never public and never sent', async ({ site, read, moderate, receiver }) => {
    const inbox = await site.send(receiver)
    await site.post('Approved by mistake.', { name: 'First' })
    const second = await site.post('Approved on purpose.', { name: 'Second' })
    const reader = await read()
    const desk = await moderate(await site.hire('Jana'))

    await expect(desk.current).toContainText('Approved by mistake.')
    await desk.press('a')
    await expect(desk.row('Approved by mistake.')).toContainText('Undo')
    await desk.press('u')
    await expect(desk.status).toContainText('Undone. Nothing was published or sent.')
    await expect(desk.current).toContainText('Approved by mistake.')

    // The second is decided later, so whatever the first had set off would be there before it.
    await desk.press('j')
    await expect(desk.current).toContainText('Approved on purpose.')
    await desk.press('a')
    await expect.poll(() => inbox.calls.length).toBeGreaterThan(0)
    expect(inbox.events().map(({ data }) => data.comment.id)).toEqual([second.id])
    await expect(reader.heading).toHaveText('Comments (1)')
    expect((await site.visible()).join()).not.toContain('by mistake')
  })
})

test.describe('two moderators, one comment', () => {
  interface Decided {
    status: string
    decisions: { action: string; by: { name: string } }[]
  }

  test('the later one is told who was faster', async ({ site, moderate, service, guard }) => {
    const posted = await site.post('Decide about me.')
    const jana = await moderate(await site.hire('Jana'))
    const omar = await moderate(await site.hire('Omar'))
    guard.allow(/ERR_FAILED .*moderation\/stream/)
    // Omar's desk hears nothing of Jana's decision before he makes his own.
    await omar.page.route('**/moderation/stream*', route => route.abort())
    await omar.page.reload()
    await expect(omar.current).toContainText('Decide about me.')

    await jana.press('a')
    await expect(jana.row('Decide about me.')).toContainText('Approved')
    await expect.poll(async () => (await service.api<Decided>('GET', `moderation/comments/${posted.id}`)).status).toBe('approved')
    await omar.press('r')
    await expect(omar.row('Decide about me.')).toContainText('Jana was faster: approved. Yours changed nothing.')

    const { status, decisions } = await service.api<Decided>('GET', `moderation/comments/${posted.id}`)
    expect(status).toBe('approved')
    expect(decisions.map(({ action, by }) => [action, by.name])).toEqual([['approve', 'Jana']])
  })

  test('opposite keys at the same moment make one decision', async ({ site, moderate, service }) => {
    const posted = await site.post('Decide about me.')
    const jana = await moderate(await site.hire('Jana'))
    const omar = await moderate(await site.hire('Omar'))
    await expect(jana.current).toContainText('Decide about me.')
    await expect(omar.current).toContainText('Decide about me.')
    await Promise.all([jana.press('a'), omar.press('r')])

    await expect.poll(async () => (await service.api<Decided>('GET', `moderation/comments/${posted.id}`)).status).not.toBe('pending')
    const { status, decisions } = await service.api<Decided>('GET', `moderation/comments/${posted.id}`)
    expect(decisions).toHaveLength(1)
    const { action, by } = decisions[0]!
    expect([status, action, by.name]).toEqual(status === 'approved' ? ['approved', 'approve', 'Jana'] : ['rejected', 'reject', 'Omar'])
    const loser = by.name === 'Jana' ? omar : jana
    await expect(loser.row('Decide about me.')).toContainText(new RegExp(`${by.name} was faster|(Approved|Rejected) by ${by.name}`))
  })
})
