// Loading: the first page, more of it, another order, one comment by its
// address, and the reader's own comments that nobody else sees yet.
import { answer, type Problem } from './api'
import { alarm, busy, emit, explain, say, type App } from './app'
import { goTo, place, remove, type Item } from './comment'
import { button, h } from './dom'
import type { Single, Sort, Thread } from './types'
import { setCount, setOpen, setSort, settle } from './view'

/** A page of roots. The first one has the address that the loader, and every other reader, asks for. */
export function roots(app: App, sort: Sort, more = ''): Promise<Thread> {
  return app.api(`comments?${app.setup.page}&sort=${sort}&body=tree${more}`)
}

/** Shows the thread from an answer that is on its way, or asks for it; done when it is shown, if need be after retries. */
export async function load(app: App, response?: Promise<Response | null>): Promise<void> {
  const { form } = app.ui
  const slow = setTimeout(() => form.replaceChildren(h('p', { p: 'notice' }, TEXT.loading)), 200)
  try {
    const thread = await (response ? answer<Thread>(response) : roots(app, app.setup.sort)).finally(() => clearTimeout(slow))
    if (!app.signal.aborted) await show(app, thread)
  } catch (problem) {
    if (app.signal.aborted) return
    settle(app)
    await new Promise<void>(done => form.replaceChildren(
      h('p', { p: 'notice', role: 'alert' }, TEXT.failed, ' ', explain(app, problem as Problem)),
      button(TEXT.retry, () => done(load(app)), { p: 'submit' })))
  }
}

async function show(app: App, thread: Thread) {
  app.thread = thread
  app.items.clear()
  app.fresh.clear()
  app.ui.list.replaceChildren()
  for (const own of Object.values(app.memory.all('own'))) if (own.page === thread.page.key) app.own.set(own.id, own)
  thread.comments.forEach(c => place(app, c))
  app.ui.more.hidden = !thread.next_cursor
  setCount(app, thread.count)
  setOpen(app)
  setSort(app, sort => busy(app, app.ui.list, async () => show(app, { ...(await roots(app, sort)), sort })))
  settle(app)
  await recall(app)
}

/** "Load more": appends the next page of roots and moves the focus to its first. */
export function loadMore(app: App) {
  return busy(app, app.ui.more, async () => {
    const { sort, next_cursor } = app.thread
    const got = await roots(app, sort, '&cursor=' + next_cursor)
    const added = got.comments.filter(c => !app.items.has(c.id)).map(c => place(app, c))
    app.thread.next_cursor = got.next_cursor
    app.ui.more.hidden = !got.next_cursor
    say(app, app.t(TEXT.loaded, { n: added.length }))
    added[0]?.article.focus()
  })
}

/** One comment as this reader may see it. */
export function fetchOne(app: App, id: string): Promise<Single> {
  return app.api(`comments/${id}?body=tree`, { token: app.own.get(id)?.token })
}

/** Shows one comment in its thread, wherever that thread would be. */
async function reveal(app: App, { comment, ancestors = [], statement }: Single): Promise<Item> {
  const { parent_id } = comment
  if (parent_id && !ancestors.length && !app.items.has(parent_id)) await reveal(app, await fetchOne(app, parent_id))
  comment.told = statement
  for (const c of [...ancestors, comment]) place(app, c, app.items.get(c.parent_id ?? ''), !c.parent_id)
  setOpen(app)
  return app.items.get(comment.id)!
}

/** The comments written here: those that wait or were refused are shown to their author, those that are gone forgotten. */
export function recall(app: App) {
  const open = [...app.own.keys()].filter(id => app.items.get(id)?.c.status !== 'approved')
  return Promise.all(open.slice(-20).map(id => recallOne(app, id)))
}

/** Brings one own comment up to date. */
export async function recallOne(app: App, id: string) {
  try {
    const got = await fetchOne(app, id)
    const { status } = got.comment
    if (status === 'deleted') forget(app, id)
    else if (app.items.has(id) || status !== 'approved') await reveal(app, got)
  } catch (problem) {
    if ((problem as Problem).status === 404) forget(app, id)
  }
}

/** Drops an own comment that is gone, from the page and from memory. */
export function forget(app: App, id: string) {
  const item = app.items.get(id)
  app.memory.keep('own', id)
  app.own.delete(id)
  if (!item) return
  item.own = undefined
  remove(app, item)
  setOpen(app)
}

/** Goes to the comment that the address names, fetching it when it is not on the page. */
export async function followLink(app: App) {
  const id = location.hash.match(/^#comment-([\w-]+)$/)?.[1]
  if (!id) return
  try {
    goTo(app, app.items.get(id) ?? (await reveal(app, await fetchOne(app, id))))
    emit(app, 'permalink', { id })
  } catch (problem) {
    alarm(app, (problem as Problem).status === 404 ? TEXT.missing : explain(app, problem as Problem))
    app.ui.root.scrollIntoView()
  }
}
