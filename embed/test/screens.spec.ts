// Pictures of the states that people will see, for a person to look at; they
// are written to test-results/screens. The test itself holds that each state
// comes about, that nothing in it has to be scrolled sideways, and that no value
// is missing in its words.
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { discussion } from './support/thread'
import { expect, test } from './support/fixtures'

/** What a body as it was sent says is not ours to word. */
function wordsOf(body: HTMLElement | SVGElement): string {
  const copy = body.cloneNode(true) as HTMLElement
  for (const pre of copy.querySelectorAll('pre')) pre.remove()
  return copy.textContent ?? ''
}

async function picture(page: Page, name: string) {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), name).toBeLessThanOrEqual(0)
  expect(await page.locator('body').evaluate(wordsOf), name).not.toMatch(/\bundefined\b|\bNaN\b|\[object |\bnull\b/)
  const path = join(test.info().project.outputDir, 'screens', `${name}.png`)
  await page.screenshot({ path, fullPage: true, animations: 'disabled', caret: 'initial' })
}

const plain = `html { color-scheme: light; background: #fff } body { font: 17px/1.5 Georgia, serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }`
const dark = plain + 'html { color-scheme: dark; background: #121315; color: #eceae6 }'

const looks = {
  light: { width: 900, article: { css: plain } },
  dark: { width: 900, article: { css: dark } },
  360: { width: 360, article: { css: plain } },
  rtl: { width: 900, article: { css: plain, dir: 'rtl', lang: 'de' } },
} as const

for (const [look, { width, article }] of Object.entries(looks)) {
  test(`widget, ${look}`, async ({ site, read }) => {
    const viewport = { width, height: 900 }
    const words = 'lang' in article
      ? { post: 'Kommentar senden', field: 'Neuer Kommentar:', fresh: '1 neuer Kommentar', reply: 'Antworten', report: 'Melden' }
      : { post: 'Post comment', field: 'New comment:', fresh: '1 new comment', reply: 'Reply', report: 'Report' }
    const empty = await read({ ...article, name: 'empty' }, { viewport })
    await expect(empty.root.getByLabel(words.field)).toBeVisible()
    await picture(empty.page, `widget-${look}-empty`)

    const [root] = await discussion(site)
    await site.publish('המעבורת חייבת להישאר.', { name: 'נועה', parent: root! })
    const widget = await read(article, { viewport })
    await expect(widget.comments).toHaveCount(5)
    await picture(widget.page, `widget-${look}-thread`)

    await widget.root.getByLabel(words.field).fill('I wait to be **read**.')
    await widget.root.getByLabel('Name').fill('Ben Okoro')
    await widget.button(words.post).click()
    await expect(widget.comments).toHaveCount(6)
    await widget.root.getByLabel(words.field).focus()
    await widget.button(words.post).click()
    await expect(widget.root.getByLabel(words.field)).toHaveAttribute('aria-invalid', 'true')
    await site.publish('Just in.', { name: 'New' })
    await expect(widget.button(words.fresh)).toBeVisible()
    await picture(widget.page, `widget-${look}-writing`)
    await widget.comment('taxi on an island').getByRole('button', { name: words.reply, exact: true }).click()
    await expect(widget.root.locator('form.open')).toHaveCount(2)
    await picture(widget.page, `widget-${look}-reply`)
    await widget.comment('five nights').getByRole('button', { name: words.report, exact: true }).click()
    await expect(widget.root.getByRole('dialog')).toBeVisible()
    await picture(widget.page, `widget-${look}-report`)
  })
}

const desks = { light: [1440, 'light'], dark: [1440, 'dark'], 390: [390, 'light'] } as const

for (const [look, [width, colorScheme]] of Object.entries(desks)) {
  test(`desk, ${look}`, async ({ site, moderate, browse, service, receiver }) => {
    const options = { viewport: { width, height: 900 }, colorScheme }
    const page = await browse(options)
    await page.goto(`${service.base}/admin/`)
    await expect(page.getByRole('heading', { name: 'Sign in to the desk' })).toBeVisible()
    await picture(page, `desk-${look}-sign-in`)

    const inbox = await site.send(receiver)
    const [root] = await discussion(site)
    await service.api('POST', `sites/${site.key}/words`, { list: 'suspect', text: 'swindle' })
    await site.post('A trial that ends in spring is a **swindle**, see https://shop.example/one.', { name: 'Gil Thackeray', parent: root! })
    await site.post('Could the same float have been used in other harbours? The makers surely sold more than one.', { name: 'Petra Lindqvist' })
    await site.post('Short.', { name: 'Isla Fennimore' })
    await site.post('A long comment. '.repeat(60), { name: 'Ewan Castle' })
    const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/', options)
    await expect(desk.rows).toHaveCount(4)
    await picture(desk.page, `desk-${look}-queue`)
    await desk.rows.nth(1).getByRole('checkbox').check()
    await desk.rows.nth(2).getByRole('checkbox').check()
    await picture(desk.page, `desk-${look}-selection`)
    await desk.button('Clear').click()
    await desk.rows.first().getByRole('button', { name: 'Details' }).click()
    await expect(desk.page.getByRole('region', { name: 'Checks' })).toBeVisible()
    await picture(desk.page, `desk-${look}-detail`)
    await desk.press('Shift+R')
    await expect(desk.page.getByRole('dialog')).toBeVisible()
    await picture(desk.page, `desk-${look}-reasons`)
    await desk.press('Escape')
    await desk.press('Escape')
    await desk.press('a')
    await expect(desk.row('A trial that')).toContainText('Approved')
    await picture(desk.page, `desk-${look}-decided`)
    for (const [path, ready] of [['webhooks', inbox.url], ['settings', 'Moderation'], ['account', 'Change password']] as const) {
      await desk.page.goto(`${service.base}/admin/${path}`)
      await expect(desk.page.getByRole('heading', { name: ready })).toBeVisible()
      await picture(desk.page, `desk-${look}-${path}`)
    }
    await desk.page.goto(`${service.base}/admin/webhooks`)
    await desk.page.getByRole('link', { name: 'Deliveries' }).click()
    await expect(desk.page.getByRole('link', { name: 'comment.approved' }).first()).toBeVisible()
    await picture(desk.page, `desk-${look}-deliveries`)
    await desk.page.getByRole('link', { name: 'comment.approved' }).first().click()
    await desk.page.getByText('Request', { exact: true }).first().click()
    await picture(desk.page, `desk-${look}-delivery`)
    await desk.page.goto(`${service.base}/admin/webhooks?form=new`)
    await desk.page.getByLabel('URL').fill(inbox.url)
    await expect(desk.page.getByText('This address can be used.')).toBeVisible()
    await desk.button('Add a header').click()
    await picture(desk.page, `desk-${look}-endpoint`)
    await desk.page.goto(`${service.base}/admin/webhooks?tab=verify`)
    const { body, headers } = inbox.calls[0]!
    await desk.page.getByLabel('Headers').fill(Object.entries(headers).map(pair => pair.join(': ')).join('\n'))
    await desk.page.getByLabel('Body', { exact: true }).fill(JSON.stringify(JSON.parse(body.toString()), null, 2))
    await desk.page.getByLabel(/Signing secret/).fill(inbox.secret)
    await desk.button('Verify').click()
    await expect(desk.page.getByText('parsed and written again')).toBeVisible()
    await picture(desk.page, `desk-${look}-verify`)
  })
}
