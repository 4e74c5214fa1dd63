// What came in while somebody reads: kept behind buttons until asked for.
import type { App } from './app'
import type { Comment } from './types'

export interface Change {
  type: string
  id: string
  parent_id: string | null
  revision: number
  count: number
  visible: boolean
}

/** The button that says how many root comments wait, and the voice that says so too. */
export interface News {
  show(): void
  announce(): void
}

/** How often at most screen readers are told that comments wait. */
const quiet = 30_000

export function announcer(app: App): News {
  const { fresh, ui } = app
  const bar = app.button('', () => bring(app, bar), { p: 'new-bar', hidden: true })
  const text = () => app.t(TEXT.new_comments, { n: fresh.size })
  let said = 0
  let timer = 0
  ui.bar.before(app.h('div', { p: 'news' }, bar))
  function tell() {
    timer = 0
    said = Date.now()
    if (fresh.size && !app.signal.aborted) app.say(app, text())
  }
  return {
    show() {
      bar.hidden = !fresh.size
      bar.textContent = text()
    },
    announce() {
      timer ||= setTimeout(tell, Math.max(said + quiet - Date.now(), 0))
    },
  }
}

/** Puts the comments that waited at the top, just under the button that asked for them. */
function bring(app: App, bar: HTMLElement) {
  const { busy, place, roots, setOpen } = app
  return busy(app, bar, async () => {
    const got = await roots(app, 'newest', '&limit=100')
    const added = got.comments.filter(c => app.fresh.has(c.id)).reverse().map(c => place(app, c, undefined, true))
    app.fresh.clear()
    bar.hidden = true
    setOpen(app)
    added.at(-1)?.article.focus()
  })
}

/** Takes up what changed on the server without moving anything. */
export async function refresh(app: App, news: News) {
  const { thread, items, signal } = app
  const got = await app.roots(app, thread.sort).catch(() => null)
  if (!got || signal.aborted) return
  thread.page = got.page
  app.setCount(app, got.count)
  app.setOpen(app)
  got.comments.forEach(c => renew(app, c))
  const there = new Set(got.comments.map(c => c.id))
  if (!got.next_cursor) for (const item of items.values()) {
    const { id, status } = item.c
    if (item.depth === 1 && status === 'approved' && !there.has(id)) app.remove(app, item)
  }
  news.show()
  await app.recall(app)
}

function renew(app: App, c: Comment) {
  const item = app.items.get(c.id)
  if (item) app.update(app, item, c)
  else if (!c.parent_id) app.fresh.add(c.id)
  if (item) c.replies?.comments.forEach(reply => renew(app, reply))
}

/** Takes up one event of the stream. */
export async function apply(app: App, change: Change, news: News) {
  const { id, visible, revision, count } = change
  const { items, own } = app
  const item = items.get(id)
  app.setCount(app, count)
  if (own.has(id)) await app.recallOne(app, id)
  else if (!item) arrived(app, change, news)
  else if (!visible) app.remove(app, item)
  else if (revision !== item.c.revision) {
    const got = await app.fetchOne(app, id).catch(() => null)
    if (got) app.update(app, item, got.comment)
  }
}

/** A comment that is not on this page came, or went before anybody asked for it. */
function arrived(app: App, { id, parent_id, type, visible }: Change, news: News) {
  const parent = app.items.get(parent_id ?? '')
  const waiting = parent ? parent.waiting : app.fresh
  if ((visible && !/approved|restored/.test(type)) || (parent_id && !parent)) return
  if (visible === waiting.has(id)) return
  waiting[visible ? 'add' : 'delete'](id)
  if (parent) {
    parent.c.reply_count += visible ? 1 : -1
    app.tally(app, parent)
  }
  news.show()
  if (visible) news.announce()
}
