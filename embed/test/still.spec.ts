// Text that is being read stays where it is, whatever arrives: measured by the
// browser's own layout shifts, with every part of the widget late.
import type { Page } from '@playwright/test'
import { expect, test } from './support/fixtures'
import type { Site } from './support/site'

interface Shift {
  value: number
  moved: string[]
}

const room = 'article:not(:has(afterword-comments:defined)) { min-block-size: 100vh }'
const look = 'body { margin: 0; font: 16px/1.5 serif } footer { padding: 1rem; border-top: 1px solid }'

/** A page so short that all of it, with its footer, is on the screen before any script has come. */
function short(site: Site, css: string, name: string): string {
  const { base } = site.service
  const script = `<script async src="${base}/embed.js" data-site="${site.key}" data-page="${name}"></script>`
  const footer = `<footer>${'<p>More stories from the island and the mainland.</p>'.repeat(4)}</footer>`
  return site.host.put(`/${site.key}/short-${name}`, `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Short</title>
<meta name="viewport" content="width=device-width"><style>${look}${css}</style></head>
<body><main><h1>Short</h1><p>Two lines.</p><article>${script}</article></main>${footer}</body></html>`)
}

async function watch(page: Page) {
  await page.addInitScript(() => {
    const shifts: Shift[] = ((window as any).shifts = [])
    new PerformanceObserver(list => {
      for (const entry of list.getEntries() as any[]) {
        shifts.push({ value: entry.value, moved: entry.sources.map(({ node }: { node: Node }) => node?.nodeName) })
      }
    }).observe({ type: 'layout-shift', buffered: true })
  })
  // Each part comes in a frame of its own, well after the page was painted.
  for (const part of [/\/embed\.js/, /\/assets\/widget-/, /\/comments\?/]) {
    await page.route(part, async route => {
      await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100)))))
      await route.continue()
    })
  }
}

/** What has shifted until now, once the browser has had the time to tell. */
async function shifts(page: Page): Promise<Shift[]> {
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100)))))
  return page.evaluate(() => (window as any).shifts)
}

for (const [kind, comments] of [['an empty', 0], ['a long', 12]] as const) {
  for (const width of [360, 1200]) {
    test(`on a short page with the one rule of the documents nothing moves for ${kind} thread, ${width} wide`, async ({ site, browse }) => {
      for (let n = 0; n < comments; n++) await site.publish(`Comment ${n}.`, { on: 'still' })
      const page = await browse({ viewport: { width, height: 800 } })
      await watch(page)
      await page.goto(short(site, room, 'still'))
      await expect(page.getByLabel('New comment:')).toBeVisible()
      if (comments) await expect(page.getByText('Comment 11.')).toBeAttached()
      const seen = await shifts(page)
      expect(seen.reduce((sum, { value }) => sum + value, 0), JSON.stringify(seen)).toBeLessThan(0.01)
    })
  }
}

test('without that rule what follows moves once, when the script comes, and never again', async ({ site, browse }) => {
  await site.publish('Here.', { on: 'still' })
  const page = await browse({ viewport: { width: 1200, height: 800 } })
  await watch(page)
  await page.goto(short(site, '', 'still'))
  await page.locator('afterword-comments').waitFor({ state: 'attached' })
  const first = await shifts(page)
  await expect(page.getByText('Here.')).toBeVisible()
  expect(first).toHaveLength(1)
  expect(await shifts(page)).toEqual(first)
})

const bars = [
  { width: 360, lang: 'de', number: 12, name: '12 neue Kommentare', orders: ['Älteste', 'Neueste', 'Beste'] },
  { width: 1200, lang: 'en', number: 1, name: '1 new comment', orders: ['Oldest', 'Newest', 'Top'] },
]

for (const { width, lang, number, name, orders } of bars) {
  test(`what comes in covers no word and moves nothing, ${width} wide`, async ({ site, read }) => {
    await site.publish('The first of them.', { name: 'Tamsin Orrell' })
    await site.publish('The second.')
    const widget = await read({ lang }, { viewport: { width, height: 800 } })
    const first = widget.comment('The first of them.')
    const before = await first.boundingBox()
    for (let n = 0; n < number; n++) await site.publish(`Just in: ${n}.`)
    const bar = widget.button(name)
    await expect(bar).toBeVisible()
    expect(await first.boundingBox()).toEqual(before)
    const over = (await bar.boundingBox())!
    expect(over.y + over.height).toBeLessThanOrEqual((await first.locator('.meta').boundingBox())!.y)
    for (const order of orders) {
      const box = (await widget.button(order).boundingBox())!
      expect(box.x + box.width, order).toBeLessThanOrEqual(over.x)
    }
  })
}
