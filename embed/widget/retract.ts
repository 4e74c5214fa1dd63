// Deleting one's own comment: asked twice, in place.
import type { App } from './app'
import type { Item } from './comment'

export function retract(app: App, item: Item) {
  const { h, button, paint } = app
  const yes = button(TEXT.delete, () => really(app, item, yes), { p: 'action danger' })
  const keep = button(TEXT.keep_it, () => {
    paint(app, item)
    item.article.focus()
  })
  const ask = h('div', {
    p: 'actions', role: 'group', 'aria-label': TEXT.sure,
    onkeydown: (event: KeyboardEvent) => event.key === 'Escape' && keep.click(),
  }, h('span', {}, TEXT.sure), yes, keep)
  item.article.querySelector('.actions')!.replaceWith(ask)
  keep.focus()
}

function really(app: App, item: Item, yes: HTMLElement) {
  const { busy, emit, forget, say, setCount } = app
  const { id, status } = item.c
  return busy(app, yes, async () => {
    const before = app.thread.count
    await app.api('comments/' + id, { method: 'DELETE', token: item.own!.token })
    const near = item.li.nextElementSibling ?? item.li.previousElementSibling ?? item.parent?.li
    forget(app, id)
    // The stream may have told of it before the answer came.
    if (status === 'approved' && app.thread.count === before) setCount(app, app.thread.count - 1)
    say(app, TEXT.deleted)
    emit(app, 'deleted', { id })
    ;(item.li.isConnected ? item.article : near?.querySelector('article'))?.focus()
  })
}
