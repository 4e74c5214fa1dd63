// The frame around the thread: heading, form, order, notices, list.
import { alarm, emit, type App } from './app'
import { button, h } from './dom'
import { stub } from './form'
import type { Words } from './i18n'
import type { Sort } from './types'

/** Builds the frame; `more` loads the next page of the list. */
export function frame(host: HTMLElement, { lang }: Words, more: () => void): App['ui'] {
  const ui = {
    count: h('span', { p: 'count' }, '\xa0'),
    alert: h('p', { p: 'alert', role: 'alert' }),
    form: h('div', {}),
    bar: h('div', { p: 'sort', role: 'group', 'aria-label': TEXT.sort }),
    list: h('ol', { p: 'list' }),
    more: button(TEXT.load_more, more, { p: 'more', hidden: true }),
    state: h('div', { p: 'notice' }),
    status: h('p', { p: 'status', role: 'status' }),
  }
  const { count, ...parts } = ui
  const title = h(`h${host.getAttribute('heading-level') || 2}` as 'h2', { p: 'title', id: 'title' }, TEXT.heading, ' ', count)
  // The empty title keeps that of the host, the article's, from showing as a tooltip everywhere.
  return { ...ui, root: h('section', { p: 'root', lang, title: true, 'aria-labelledby': 'title' }, title, ...Object.values(parts)) }
}

/**
 * Ends the holding of a screen's space for what was on its way. What follows the
 * widget is then below the screen, and just enough is kept to leave it there.
 */
export function settle({ setup, ui: { root } }: App) {
  root.style.minHeight = setup.thread ? Math.max(innerHeight - root.getBoundingClientRect().top, 0) + 'px' : '0'
}

/** Shows the number of public comments and tells the host page when it changes. */
export function setCount(app: App, count: number) {
  const { ui, thread } = app
  const text = `(${app.number(count)})`
  thread.count = count
  if (ui.count.textContent === text) return
  ui.count.textContent = text
  emit(app, 'countchange', { page: thread.page.key, count })
}

/** The form, or the reason why there is none; and what stands in place of an empty list. */
export function setOpen(app: App) {
  const { ui: { form, list, state }, thread: { page, options } } = app
  const shut = page.open ? !options.guests && TEXT.members : TEXT.closed
  // What somebody has typed meanwhile stays before their eyes.
  if (shut && form.querySelector('textarea')?.value) alarm(app, shut)
  else if (shut) form.replaceChildren(h('p', { p: 'notice' }, shut))
  else if (!form.querySelector('form')) form.replaceChildren(stub(app, TEXT.new_comment))
  state.textContent = list.children.length ? '' : page.open ? TEXT.empty : TEXT.none
}

/** The buttons that change the order, where there is something to order. */
export function setSort(app: App, choose: (sort: Sort) => void) {
  const { sort, count, options } = app.thread
  const orders: [Sort, string][] = [['oldest', TEXT.oldest], ['newest', TEXT.newest]]
  if (options.votes) orders.push(['top', TEXT.top])
  app.ui.bar.hidden = count < 2
  app.ui.bar.replaceChildren(...orders.map(([order, name]) =>
    button(name, () => choose(order), { 'aria-pressed': String(order === sort) })))
}

/**
 * Light or dark. With `auto` the page around decides by the colour that its
 * text has here: a page that is always light stays light for a reader whose
 * system is dark, and a page that switches by a class takes us along.
 */
export function setTheme({ host, ui: { root }, signal }: App) {
  const theme = host.getAttribute('theme') || 'auto'
  if (theme !== 'auto') return void (root.className += ' ' + theme)
  const look = () => {
    const { color } = getComputedStyle(host)
    const [a, b, c] = color.match(/[\d.]+/g)!.map(Number) as [number, number, number]
    // Other notations than rgb() begin with the lightness, of 1 or of 100.
    root.classList.toggle('dark', /^rgb/.test(color) ? a + b + c > 384 : a > (a > 1 ? 60 : 0.6))
  }
  const watch = new MutationObserver(() => requestAnimationFrame(look))
  watch.observe(document.documentElement, { attributes: true })
  watch.observe(document.body, { attributes: true })
  matchMedia('(prefers-color-scheme:dark)').addEventListener('change', look, { signal })
  signal.addEventListener('abort', () => watch.disconnect())
  look()
}
