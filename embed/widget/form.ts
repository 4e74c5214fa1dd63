// The form before anybody writes: a label and one line. The first focus loads
// the composer, which makes a whole form of it around the same text field. What
// is typed is kept from the first key on, also while the composer is on its way.
import type { App } from './app'
import type { Item } from './comment'
import { h } from './dom'

/** Where the draft of a form is kept: one for the page, one for each comment that is answered. */
export function draftKey(app: App, parent?: Item): string {
  return parent?.c.id ?? app.thread.page.key
}

export function stub(app: App, label: string, parent?: Item): HTMLFormElement {
  const id = 'text-' + (parent?.c.id ?? 'new')
  const key = draftKey(app, parent)
  const area = h('textarea', { id, p: 'editor', rows: 1, dir: 'auto' }, app.memory.all('drafts')[key]?.text)
  area.addEventListener('input', () => app.memory.keep('drafts', key, area.value ? { text: area.value } : undefined))
  const form = h('form', { p: 'composer', novalidate: true }, h('label', { for: id }, label), area)
  const start = () => form.addEventListener('focusin', async () => {
    if (!(await app.act(composer => composer.compose(app, form, parent)))) start()
  }, { once: true })
  start()
  return form
}
