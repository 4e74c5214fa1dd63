// Writing a comment, changing it, taking it back; and what can go wrong.
import { expect, test } from './support/fixtures'

test('mistakes are told at their fields, the first one gets the focus, and nothing is lost', async ({ read }) => {
  const widget = await read()
  const { root, field, page } = widget
  await field.focus()
  await widget.button('Post comment').click()
  await expect(field).toHaveAttribute('aria-invalid', 'true')
  await expect(field).toHaveAccessibleDescription('Write something first.')
  await expect(field).toBeFocused()
  await expect(root.getByLabel('Name')).toHaveAccessibleDescription('Enter your name.')

  await page.keyboard.type('Half a thought')
  await expect(field).not.toHaveAttribute('aria-invalid', 'true')
  await root.getByLabel('E-mail').fill('not an address')
  await widget.button('Post comment').click()
  await expect(root.getByLabel('Name')).toBeFocused()
  await expect(root.getByLabel('E-mail')).toHaveAttribute('aria-invalid', 'true')
  await expect(field).toHaveValue('Half a thought')

  await root.getByLabel('Name').fill('Ben')
  await root.getByLabel('E-mail').fill('ben@example.test')
  await widget.button('Post comment').click()
  await expect(widget.comment('Half a thought')).toContainText('Awaiting review')
  await expect(field).toHaveValue('')
  await expect(widget.status).toHaveText('Thank you. A moderator will read your comment before it appears.')
})

test.describe('a short site', () => {
  test.use({ options: { undo_window: '0s', max_length: '100' } })

  test('the characters that are left are counted near the limit, and too many are refused', async ({ read }) => {
    const widget = await read()
    await widget.field.fill('x'.repeat(70))
    await expect(widget.root.getByText(/characters? left/)).toBeHidden()
    await widget.field.fill('x'.repeat(90))
    await expect(widget.root.getByText('10 characters left').first()).toBeVisible()
    await expect(widget.status).toHaveText('10 characters left')
    await widget.field.fill('x'.repeat(101))
    await widget.root.getByLabel('Name').fill('Ben')
    await widget.button('Post comment').click()
    await expect(widget.field).toHaveAccessibleDescription('1 character too many')
    await expect(widget.field).toBeFocused()
  })
})

test('a draft outlives a reload, and a preview shows what will be shown', async ({ site, read }) => {
  const root = await site.publish('Something to answer.', { name: 'Ann' })
  const widget = await read()
  const answer = () => widget.root.getByLabel('Reply to Ann:')
  await widget.field.fill('A **bold** draft')
  await widget.comment(root.text).getByRole('button', { name: 'Reply' }).click()
  await answer().fill('A reply in the making')
  await widget.page.reload()

  await expect(widget.field).toHaveValue('A **bold** draft')
  await widget.comment(root.text).getByRole('button', { name: 'Reply' }).click()
  await expect(answer()).toHaveValue('A reply in the making')
  await expect(answer()).toBeFocused()

  await widget.field.focus()
  const form = widget.root.locator('form').first()
  await form.getByRole('button', { name: 'Preview' }).click()
  const preview = form.getByRole('region', { name: 'Preview' })
  await expect(preview.locator('strong')).toHaveText('bold')
  await widget.field.fill('Another text')
  await expect(preview).toBeHidden()
})

test('a draft is kept from the first key on, also while the composer is on its way', async ({ read }) => {
  const widget = await read()
  await widget.page.route('**/composer*.js', () => {})
  await widget.field.fill('Written on a slow line')
  await expect(widget.root.getByLabel('Name')).toBeHidden()
  await widget.page.unrouteAll({ behavior: 'ignoreErrors' })
  await widget.page.reload()
  await expect(widget.field).toHaveValue('Written on a slow line')
})

test('a reply waits under what it answers', async ({ site, read }) => {
  await site.publish('Something to answer.', { name: 'Ann' })
  const widget = await read()
  await widget.comment('Something to answer.').getByRole('button', { name: 'Reply' }).click()
  await widget.root.getByLabel('Reply to Ann:').fill('My answer.')
  await widget.root.getByLabel('Name').fill('Ben')
  await widget.button('Post reply').click()
  const mine = widget.comment('My answer.')
  await expect(mine).toContainText('Awaiting review')
  expect(await mine.evaluate(el => el.closest('ol.replies')?.parentElement?.querySelector('article')?.textContent)).toContain('Something to answer.')
  await widget.page.reload()
  await expect(mine).toContainText('Awaiting review')
})

test('an author changes and deletes what they wrote', async ({ site, read, guard }) => {
  const widget = await read()
  const other = await read()
  await widget.write('A comment with a tpyo.')
  const first = widget.comment('with a tpyo')
  await expect(first).toContainText('Awaiting review')

  await first.getByRole('button', { name: 'Edit' }).click()
  const editor = widget.root.getByLabel('Edit your comment:')
  await expect(editor).toHaveValue('A comment with a tpyo.')
  await editor.fill('A comment with a typo.')
  await widget.button('Save changes').click()
  const mine = widget.comment('with a typo')
  await expect(mine).toBeVisible()
  await expect(mine).toBeFocused()
  await expect(first).toHaveCount(0)

  const id = await mine.locator('a[href^="#comment-"]').first().getAttribute('href')
  await site.decide('approve', { id: id!.replace('#comment-', ''), revision: 2, status: 'pending', text: '', token: '' })
  await expect(mine).not.toContainText('Awaiting review')
  await other.button('1 new comment').click()
  await expect(other.comment('with a typo')).toBeVisible()

  guard.allow(/status of 404 .*comments\//) // the widget asks whether its own comment is still there
  await mine.getByRole('button', { name: 'Delete' }).click()
  const sure = mine.getByRole('group', { name: 'Delete this comment?' })
  await expect(sure.getByRole('button', { name: 'Keep it' })).toBeFocused()
  await widget.page.keyboard.press('Escape')
  await expect(sure).toHaveCount(0)
  // The stream tells of it before the answer comes; that must not count twice.
  await widget.page.route('**/comments/*', async route => {
    if (route.request().method() !== 'DELETE') return route.fallback()
    const response = await route.fetch()
    await expect(widget.heading).toHaveText('Comments (0)')
    await route.fulfill({ response })
  })
  await mine.getByRole('button', { name: 'Delete' }).click()
  const answered = widget.page.waitForResponse(response => response.request().method() === 'DELETE')
  await sure.getByRole('button', { name: 'Delete' }).click()
  await answered
  await expect(mine).toHaveCount(0)
  await expect(widget.status).toHaveText('Your comment is deleted.')
  await expect(widget.heading).toHaveText('Comments (0)')
  await expect(other.comment('with a typo')).toHaveCount(0)
  await expect(other.heading).toHaveText('Comments (0)')
})

test.describe('a site without an edit window', () => {
  test.use({ options: { undo_window: '0s', edit_window: '0s' } })

  test('what is written cannot be changed, but taken back', async ({ read }) => {
    const widget = await read()
    await widget.write('Final words.')
    const mine = widget.comment('Final words.')
    await expect(mine.getByRole('button', { name: 'Delete' })).toBeVisible()
    await expect(mine.getByRole('button', { name: 'Edit' })).toHaveCount(0)
  })
})

test('with the keyboard alone a comment is written, voted on and answered', async ({ site, read }) => {
  await site.publish('Reach me by keys.', { name: 'Ann' })
  const { page, root, comment, field, button } = await read().then(w => ({
    page: w.page, root: w.root, field: w.field, comment: (t: string) => w.comment(t), button: (n: string) => w.button(n),
  }))
  await expect(comment('Reach me by keys.')).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(field).toBeFocused()
  await page.keyboard.type('Typed without a mouse.')
  await expect(root.getByLabel('Name')).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(root.getByLabel('Name')).toBeFocused()
  await page.keyboard.type('Kim')
  for (const next of [root.getByLabel('E-mail'), button('Post comment')]) {
    await page.keyboard.press('Tab')
    await expect(next).toBeFocused()
  }
  await page.keyboard.press('Enter')
  const mine = comment('Typed without a mouse.')
  await expect(mine).toContainText('Awaiting review')
  await expect(mine).toBeFocused()

  const up = comment('Reach me by keys.').getByRole('button', { name: /Vote up/ })
  await up.focus()
  await page.keyboard.press('Space')
  await expect(up).toHaveAccessibleName('Vote up: 1')
  await expect(up).toBeFocused()
  await comment('Reach me by keys.').getByRole('button', { name: 'Reply' }).focus()
  await page.keyboard.press('Enter')
  await expect(root.getByLabel('Reply to Ann:')).toBeFocused()
  await page.keyboard.type('An answer by keys.')
  await expect(button('Post reply')).toBeVisible()
  await page.keyboard.press('Control+Enter')
  await expect(comment('An answer by keys.')).toContainText('Awaiting review')
})

test('a comment whose answer is lost on the way is posted once', async ({ site, read, guard }) => {
  guard.allow(/ERR_(FAILED|INTERNET_DISCONNECTED)/)
  const widget = await read()
  const posts = `**/sites/${site.key}/comments?*`
  await widget.page.route(posts, async route => {
    if (route.request().method() !== 'POST') return route.fallback()
    await route.fetch()
    await route.abort()
  })
  await widget.write('Sent into a tunnel.')
  const again = widget.button('Send again')
  await expect(widget.root.locator('form').getByRole('alert')).toHaveText('The comment server could not be reached. Your text is kept here.')
  await expect(widget.field).toHaveValue('Sent into a tunnel.')
  await widget.page.unroute(posts)
  await widget.page.context().setOffline(true)
  await again.click()
  await expect(again).toBeEnabled()
  await expect(widget.field).toHaveValue('Sent into a tunnel.')
  await widget.page.context().setOffline(false)
  await again.click()
  await expect(widget.comment('Sent into a tunnel.')).toContainText('Awaiting review')

  const queue = await site.service.api<{ comments: object[] }>('GET', `moderation/comments?site=${site.key}&status=all`)
  expect(queue.comments).toHaveLength(1)
})

test('a refused comment comes back to its author with the reason, and others never see it', async ({ site, read, service }) => {
  await service.api('POST', `sites/${site.key}/words`, { list: 'banned', text: 'numbskull' })
  const widget = await read()
  await widget.write('You numbskull!')
  await expect(widget.root.getByText(/was not published|Awaiting review/).first()).toBeVisible()
  const other = await read()
  await expect(other.root).toContainText('No comments yet')
})
