// The widget as a guest of other people's pages: their policy, their styles,
// their language, and their patience when our server is away.
import type { Locator } from '@playwright/test'
import { Service } from './support/service'
import { Site } from './support/site'
import { expect, test, Widget } from './support/fixtures'

for (const policy of ['strict', 'trusted'] as const) {
  // The guard fails the test for any violation and any message of the console.
  test(`everything works under the ${policy} policy, without a cookie and without another host`, async ({ site, read }) => {
    await site.publish('**Bold**, a [link](https://example.org) and `code`.\n\n> quoted\n\n- one\n- two', { name: 'Ann' })
    const widget = await read({ policy })
    const first = widget.comment('Bold')
    await expect(first.locator('blockquote, ul, code, strong')).toHaveCount(4)
    await first.getByRole('button', { name: /Vote up/ }).click()
    await expect(first.getByRole('button', { name: /Vote up/ })).toHaveAccessibleName('Vote up: 1')
    await first.getByRole('button', { name: 'Reply' }).click()
    await widget.root.getByLabel('Reply to Ann:').fill('*Nice*')
    await widget.root.locator('form').filter({ hasText: 'Reply to Ann:' }).getByRole('button', { name: 'Preview' }).click()
    await expect(widget.root.getByRole('region', { name: 'Preview' }).locator('em')).toHaveText('Nice')
    await widget.root.getByLabel('Name').fill('Ben')
    await widget.button('Post reply').click()
    await expect(widget.comment('Nice')).toContainText('Awaiting review')
    await first.getByRole('button', { name: 'Report' }).click()
    await widget.root.getByRole('dialog').getByLabel('Off topic').check()
    await widget.button('Send report').click()
    await expect(first).toContainText('Thank you. A moderator will look at it.')
    await site.publish('Live.')
    await expect(widget.button('1 new comment')).toBeVisible()
    expect(await widget.page.context().cookies()).toEqual([])
  })
}

test('speaks German where the page does', async ({ site, read }) => {
  await site.publish('Schön.', { name: 'Uwe' })
  await site.publish('Gut.', { name: 'Ina' })
  const widget = await read({ lang: 'de-AT' })
  await expect(widget.heading).toHaveText('Kommentare (2)')
  await expect(widget.button('Neueste')).toBeVisible()
  const field = widget.root.getByLabel('Neuer Kommentar:')
  await field.fill('Ein Wort.')
  await widget.root.getByLabel('Name').fill('Eva')
  await widget.button('Kommentar senden').click()
  await expect(widget.comment('Ein Wort.')).toContainText('Wird geprüft')
  await expect(widget.root.locator('section')).toHaveAttribute('lang', 'de-AT')
})

test('speaks English where nobody has translated it', async ({ read }) => {
  const widget = await read({ lang: 'xx' })
  await expect(widget.heading).toHaveText('Comments (0)')
})

test('turns round on a page from right to left, and leaves each comment its own direction', async ({ site, read }) => {
  const root = await site.publish('שלום לכולם, זה המעבורת שלנו.', { name: 'נועה' })
  await site.publish('An answer in English.', { name: 'Ann', parent: root })
  const widget = await read({ dir: 'rtl' })
  const styles = (of: Locator) => of.evaluate(el => getComputedStyle(el).direction)
  expect(await styles(widget.root.locator('section'))).toBe('rtl')
  expect(await styles(widget.comment('שלום לכולם').locator('.body'))).toBe('rtl')
  expect(await styles(widget.comment('An answer').locator('.body'))).toBe('ltr')
  // The replies are indented from the right.
  const outer = await widget.comment('שלום לכולם').boundingBox()
  const inner = await widget.comment('An answer').boundingBox()
  expect(inner!.x + inner!.width).toBeLessThan(outer!.x + outer!.width)
  expect(inner!.x).toBe(outer!.x)
})

test('counts elements are answered in one request, and two widgets on one page keep apart', async ({ site, browse }) => {
  await site.publish('On the one.', { on: 'one' })
  await site.publish('On the other.', { on: 'two' })
  await site.publish('On the other too.', { on: 'two' })
  const counts = ['one', 'two', 'none'].map(page => `<p>${page}: <afterword-count page="${page}"></afterword-count></p>`).join('')
  const threads = ['one', 'two'].map(page => `<afterword-comments site="${site.key}" page="${page}" loading="eager"></afterword-comments>`).join('')
  const page = await browse()
  const asked: string[] = []
  page.on('request', request => request.url().includes('/counts?') && asked.push(request.url()))
  await page.goto(site.article({ body: counts + threads }))

  await expect(page.getByText('one: 1')).toBeVisible()
  await expect(page.getByText('two: 2')).toBeVisible()
  await expect(page.getByText('none: 0')).toBeVisible()
  expect(asked).toHaveLength(1)
  const [one, two] = [0, 1].map(n => new Widget(page, page.locator('afterword-comments').nth(n))) as [Widget, Widget]
  await expect(one.heading).toHaveText('Comments (1)')
  await expect(two.heading).toHaveText('Comments (2)')
  await one.write('Only under the first.')
  await expect(one.comment('Only under the first.')).toContainText('Awaiting review')
  await expect(two.comments).toHaveCount(2)
  await expect(two.field).toHaveValue('')
})

test('styles of the page that hit everything do not reach inside', async ({ site, read }) => {
  await site.publish('Still readable.', { name: 'Ann' })
  const css = `
    * { letter-spacing: .5em !important; text-transform: uppercase !important; white-space: nowrap !important; text-align: right !important }
    h2, p, ol, li, article, button, form, label, textarea, input, time { display: none !important; position: fixed !important; font-size: 90px !important }
    a { pointer-events: none !important; color: #fff !important } ol, ul { padding: 300px !important } :focus { outline: 0 !important }`
  const widget = await read({ css })
  const body = widget.comment('Still readable.').locator('.body')
  await expect(body).toBeVisible()
  expect(await body.evaluate(el => {
    const { letterSpacing, textTransform, whiteSpace, textAlign, fontSize } = getComputedStyle(el)
    return { letterSpacing, textTransform, whiteSpace, textAlign, fontSize }
  })).toEqual({ letterSpacing: 'normal', textTransform: 'none', whiteSpace: 'normal', textAlign: 'start', fontSize: '16px' })
  await widget.field.focus()
  await widget.root.getByLabel('Name').focus()
  await widget.page.keyboard.press('Shift+Tab')
  expect(await widget.field.evaluate(el => getComputedStyle(el).outlineStyle)).toBe('solid')
  await widget.write('Typed all the same.')
  await expect(widget.comment('Typed all the same.')).toContainText('Awaiting review')
})

test('at 320 pixels nothing has to be scrolled sideways', async ({ site, read }) => {
  const long = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
  let parent = await site.publish(`${long} https://example.org/${'a'.repeat(120)}`, { name: 'W'.repeat(60) })
  for (const text of ['`' + 'x'.repeat(150) + '`', '```\n' + 'const wide = 1;'.repeat(12) + '\n```', '> ' + long.repeat(2)]) {
    parent = await site.publish(text, { name: 'Ann', parent })
  }
  const widget = await read({}, { viewport: { width: 320, height: 700 } })
  await expect(widget.comments).toHaveCount(4)
  const width = () => widget.page.evaluate(() => document.documentElement.scrollWidth)
  expect(await width()).toBeLessThanOrEqual(320)
  await widget.field.fill(long)
  await widget.button('Post comment').click()
  await expect(widget.root.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true')
  expect(await width()).toBeLessThanOrEqual(320)
  await widget.comments.first().getByRole('button', { name: 'Report' }).click()
  const dialog = widget.root.getByRole('dialog')
  const box = await dialog.boundingBox()
  expect(box!.x).toBeGreaterThanOrEqual(0)
  expect(box!.x + box!.width).toBeLessThanOrEqual(320)
  // However wide the page is, a target is large enough to be hit.
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  for (const button of await widget.root.getByRole('button').all()) {
    if (!(await button.isVisible())) continue
    const { width: w, height: h } = (await button.boundingBox())!
    expect(Math.min(w, h), await button.innerText()).toBeGreaterThanOrEqual(24)
  }
})

test('a server that is away is said to be, and the thread is there when it is back', async ({ browse, host, guard }) => {
  const service = await Service.start()
  guard.allow(/ERR_CONNECTION_REFUSED/, new RegExp(`request: ${service.base}`))
  const site = await Site.add(service, host, { undo_window: '0s' })
  await site.publish('Here before.')
  await site.publish('Here again.', { on: 'another' })
  const widget = await Widget.open(await browse(), site.article())
  await expect(widget.comment('Here before.')).toBeVisible()

  // The next article finds our scripts in the browser's cache, and its comments nowhere.
  await service.pause()
  await widget.page.goto(site.article({ name: 'another' }))
  await expect(widget.root.getByRole('alert').filter({ hasText: /./ })).toContainText('The comments could not be loaded.')
  await widget.button('Try again').click()
  await expect(widget.button('Try again')).toBeVisible()
  await service.resume()
  await widget.button('Try again').click()
  await expect(widget.comment('Here again.')).toBeVisible()
  await expect(widget.button('Try again')).toHaveCount(0)
  await widget.page.close()
  await service.end()
})

test('a widget whose code does not come offers to try again', async ({ site, browse, guard }) => {
  guard.allow(/ERR_FAILED/, /dynamically imported module/)
  await site.publish('Here at last.')
  const page = await browse()
  await page.route('**/assets/*', route => route.abort())
  await page.goto(site.article())
  const widget = new Widget(page)
  const again = page.getByRole('button', { name: 'Try again' })
  await expect(again).toBeVisible()
  await page.unroute('**/assets/*')
  await again.click()
  await expect(widget.comment('Here at last.')).toBeVisible()
})

test('with data-loading=click nothing is fetched before the click', async ({ site, browse }) => {
  await site.publish('Worth a click.')
  const page = await browse()
  const fetched: string[] = []
  page.on('request', request => /\/comments\?/.test(request.url()) && fetched.push(request.url()))
  await page.goto(site.article({ attributes: { loading: 'click' } }))
  const widget = new Widget(page)
  const show = widget.button('Show 1 comment')
  await expect(show).toBeVisible()
  expect(fetched).toEqual([])
  await show.click()
  await expect(widget.comment('Worth a click.')).toBeVisible()
})

test('tells the host page what happens, and lets it refuse', async ({ site, browse }) => {
  const page = await browse()
  await page.addInitScript(() => {
    const heard: [string, unknown][] = ((window as any).heard = [])
    for (const name of ['ready', 'beforesubmit', 'submitted', 'voted', 'countchange', 'error']) {
      addEventListener('afterword:' + name, event => {
        heard.push([name, (event as CustomEvent).detail])
        if ((event as CustomEvent).detail.text === 'Refuse me.') event.preventDefault()
      })
    }
  })
  const widget = await Widget.open(page, site.article())
  await widget.write('Refuse me.')
  await expect.poll(() => page.evaluate(() => (window as any).heard.map(([name]: [string]) => name))).toEqual(['countchange', 'ready', 'beforesubmit'])
  await expect(widget.comments).toHaveCount(0)
  await widget.field.fill('Take me.')
  await widget.button('Post comment').click()
  await expect(widget.comment('Take me.')).toBeVisible()
  const heard = await page.evaluate(() => (window as any).heard)
  expect(heard.at(-1)).toMatchObject(['submitted', { state: 'pending', parent: null }])
  expect(JSON.stringify(heard)).not.toContain('edit_token')
})

test('a site lets only its own origins read and write', async ({ service, site, browse, host, guard }) => {
  guard.allow(/blocked by CORS policy/, /ERR_FAILED/)
  await service.cli(['site', 'set', site.key, '--origin', 'https://elsewhere.example'])
  const page = await browse()
  await page.goto(site.article())
  const widget = new Widget(page)
  await expect(widget.root.getByRole('alert').filter({ hasText: /./ })).toContainText('The comments could not be loaded.')
  expect(host.origin).not.toContain('elsewhere')
})
