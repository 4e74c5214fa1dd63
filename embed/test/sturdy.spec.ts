// What hostile texts and small screens do to the desk's pages.
import { expect, test } from './support/fixtures'

const phone = { viewport: { width: 360, height: 740 } }
const sticksOut = () => document.documentElement.scrollWidth - innerWidth

test('a word without an end stays on its card', async ({ site, moderate }) => {
  await site.post(`${'Donaudampfschifffahrts'.repeat(12)} and http://аррӏе.com/login`)
  const jana = await site.hire('Jana')
  for (const options of [{}, phone]) {
    const desk = await moderate(jana, '/admin/', options)
    await expect(desk.row('Donaudampf')).toBeVisible()
    expect(await desk.page.evaluate(sticksOut)).toBeLessThanOrEqual(0)
  }
})

test('the pages fit on a phone', async ({ site, moderate }) => {
  await site.post('Something to stand on.')
  const desk = await moderate(await site.hire('Jana'), '/admin/pages', phone)
  await expect(desk.page.getByRole('button', { name: 'Premoderate' })).toBeVisible()
  expect(await desk.page.evaluate(sticksOut)).toBeLessThanOrEqual(0)
})

test('a host that poses as another is named as it is registered', async ({ site, moderate }) => {
  await site.post('Look at http://аррӏе.com/login and http://plain.example/')
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/links')
  await expect(desk.page.getByRole('row', { name: 'xn--80ak6aa92e.com' })).toBeVisible()
  await expect(desk.page.getByRole('row', { name: 'plain.example' }).locator('.meta')).toHaveCount(0)
})

test('a card of a wave counts its copies once, as they are now', async ({ site, moderate }) => {
  for (const name of ['Ada', 'Bo', 'Cy']) {
    await site.post(`I earn good money every week working from home with this simple trading program that my cousin showed me, says ${name}.`, { name })
  }
  const desk = await moderate(await site.hire('Jana'))
  const card = desk.row('I earn good money')
  await expect(card).toContainText('3 comments that say nearly the same')
  await expect(card).not.toContainText('Nearly the same text as 1 comment')
})

test('a condition reads from left to right, whatever the page does', async ({ site, moderate }) => {
  const desk = await moderate(await site.hire('Alma', 'admin'), '/admin/rules?rule=new', { bypassCSP: true })
  await desk.page.evaluate(() => (document.documentElement.dir = 'rtl'))
  const condition = desk.page.locator('.condition').first()
  await expect(condition).toBeVisible()
  await expect(condition).toHaveCSS('direction', 'ltr')
})
