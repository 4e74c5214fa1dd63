// One comment on the page: its element, its replies, and how it is repainted
// in place without disturbing those.
import { alarm, busy, type App } from './app'
import { button, h, kept } from './dom'
import { stub } from './form'
import type { Own } from './memory'
import { elements } from './tree'
import type { Comment, Listing } from './types'

export interface Item {
  c: Comment
  /** 1 for a root comment. */
  depth: number
  parent: Item | undefined
  own: Own | undefined
  kids: Set<Item>
  li: HTMLLIElement
  article: HTMLElement
  list: HTMLOListElement
  fold: HTMLButtonElement
  more: HTMLButtonElement
  /** Of the page of replies after the last one loaded; null when that was the last. */
  next: string | null
  /** Of the last page of replies loaded: asked for again when replies come in. */
  cursor: string | null
  /** Replies that came in while reading. */
  waiting: Set<string>
}

/** Puts a comment with its replies on the page, or brings the one that is there up to date. */
export function place(app: App, c: Comment, parent?: Item, front?: boolean): Item {
  const known = app.items.get(c.id)
  const item = known ?? make(app, c, parent)
  if (known) update(app, known, c)
  else (parent?.list ?? app.ui.list)[front ? 'prepend' : 'append'](item.li)
  c.replies?.comments.forEach(reply => place(app, reply, item))
  item.next = c.replies?.next_cursor ?? item.next
  tally(app, item)
  if (parent) tally(app, parent)
  return item
}

function make(app: App, c: Comment, parent: Item | undefined): Item {
  const depth = (parent?.depth ?? 0) + 1
  const article = h('article', { tabindex: -1 })
  const list = h('ol', { p: 'replies' })
  const more = button('', () => busy(app, more, () => replies(app, item)), { p: 'more' })
  const fold = button('', () => {
    list.hidden = !list.hidden
    tally(app, item)
  })
  const item: Item = {
    c, depth, parent, article, list, more, fold,
    own: app.own.get(c.id),
    kids: new Set(), waiting: new Set(),
    next: null, cursor: null,
    li: h('li', {}, article, list, more),
  }
  app.items.set(c.id, item)
  parent?.kids.add(item)
  paint(app, item)
  return item
}

/** Takes over a newer answer about a comment that is on the page. */
export function update(app: App, item: Item, c: Comment) {
  const { revision, status } = item.c
  item.c = { ...item.c, ...c }
  if (revision !== c.revision || status !== c.status) paint(app, item)
  tally(app, item)
}

/** Takes a comment off the page, or leaves a tombstone where it has replies. */
export function remove(app: App, item: Item) {
  const { parent, c, kids, li } = item
  if (parent && c.status === 'approved') parent.c.reply_count--
  // Also while somebody is answering it: what they have typed stays before their eyes.
  if (kids.size || li.querySelector('form')) {
    c.status = 'deleted'
    paint(app, item)
  } else {
    li.remove()
    app.items.delete(c.id)
    parent?.kids.delete(item)
  }
  if (parent) tally(app, parent)
}

/** Draws the comment itself anew, unless its author is changing it. */
export function paint(app: App, item: Item) {
  const { c: { status, tree, author, created_at }, article } = item
  if (article.querySelector('form')) return
  const gone = status === 'deleted'
  const held = status !== 'approved' && !gone && (status === 'pending'
    ? { mark: TEXT.pending, note: TEXT.pending_note }
    : { mark: TEXT.rejected, note: TEXT.rejected_note })
  const focused = article.matches(':focus-within')
  article.className = (article.part as unknown as string) = 'comment ' + status
  article.ariaLabel = gone ? TEXT.removed : app.t(TEXT.comment_by, { name: author.name, time: app.full(created_at) })
  article.replaceChildren(...kept([
    gone ? h('p', { p: 'hint' }, TEXT.removed) : header(app, item, held && held.mark),
    h('div', { p: 'body', dir: 'auto', lang: app.thread.options.language }, ...elements(tree)),
    held && h('p', { p: 'hint' }, held.note),
    status === 'rejected' && told(app, item.c),
    actions(app, item),
  ]))
  if (focused) article.focus()
}

/** What its author is told, and where to ask for another look. */
function told({ setup, thread }: App, { told }: Comment): HTMLElement | undefined {
  const appeal = told?.appeal
  return told && h('div', { p: 'told' },
    h('p', { dir: 'auto', lang: thread.options.language }, told.message),
    appeal && h('a', { href: `${setup.api}../../../..${appeal.path}`, target: '_blank', rel: 'noopener noreferrer' },
      appeal.state === 'none' ? TEXT.appeal : TEXT.appealed))
}

function header(app: App, { c, depth, parent }: Item, held: string | false): HTMLElement {
  const { author, created_at, edited_at } = c
  const time = h('time', { datetime: created_at, title: app.full(created_at) }, app.ago(created_at))
  return h('header', { p: 'meta' },
    h('bdi', { p: 'author' }, author.name),
    (author.badge || author.kind === 'staff') && h('span', { p: 'badge' }, author.badge || TEXT.staff),
    depth > 2 && h('a', { p: 'to', href: '#comment-' + parent!.c.id },
      ...app.rich(TEXT.in_reply_to, { name: h('bdi', {}, parent!.c.author.name) })),
    h('a', { p: 'time', href: '#comment-' + c.id }, time),
    edited_at && h('span', {}, TEXT.edited),
    held && h('span', { p: 'state' }, held))
}

function actions(app: App, item: Item): HTMLElement {
  const { own, c: { status } } = item
  const { page, options } = app.thread
  const live = status === 'approved'
  const act = (label: string, run: 'edit' | 'delete' | 'report') =>
    button(label, ({ target }) => app.act(composer => composer[run](app, item, target as HTMLElement)))
  return h('div', { p: 'actions' },
    ...(live && options.votes ? [vote(app, item, 'up'), vote(app, item, 'down')] : []),
    live && page.open && options.guests && options.max_depth > 0 && button(TEXT.reply, () => reply(app, item)),
    own && (live || status === 'pending') && new Date(own.until) > new Date() && act(TEXT.edit, 'edit'),
    own && act(TEXT.delete, 'delete'),
    live && !own && act(TEXT.report, 'report'),
    item.fold)
}

/** A vote button, pressed when this reader voted so; nobody votes on their own. */
export function vote(app: App, item: Item, way: 'up' | 'down'): HTMLElement {
  const { id, votes } = item.c
  const [value, label] = way === 'up' ? [1, TEXT.up] as const : [-1, TEXT.down] as const
  return button(votes[way] || '', () => app.act(composer => composer.vote(app, item, value)), {
    p: 'action ' + way, disabled: !!item.own,
    'aria-label': app.t(label, { n: votes[way] }),
    'aria-pressed': String(app.memory.all('votes')[id]?.value === value),
  })
}

function reply(app: App, item: Item) {
  const { article, li, c } = item
  if (!li.querySelector(':scope > form')) article.after(stub(app, app.t(TEXT.reply_to, { name: c.author.name }), item))
  li.querySelector('textarea')!.focus()
}

/** Loads the next replies, or those that came in meanwhile. */
async function replies(app: App, item: Item) {
  const { c, waiting } = item
  const at = item.next ?? item.cursor
  const got = await app.api<Listing>(`comments/${c.id}/replies?body=tree${at ? '&cursor=' + at : ''}`)
  const first = got.comments.find(reply => !app.items.has(reply.id))
  item.cursor = at
  item.next = got.next_cursor
  waiting.clear()
  got.comments.forEach(reply => place(app, reply, item))
  if (!first && !item.next) c.reply_count = shown(item)
  tally(app, item)
  if (first) app.items.get(first.id)!.article.focus()
}

const shown = (item: Item) => [...item.kids].filter(kid => kid.c.status === 'approved').length

/** Brings the buttons that count the replies up to date. */
export function tally(app: App, item: Item) {
  const { kids, list, fold, more, next, waiting, c } = item
  const missing = Math.max(c.reply_count - shown(item), 0)
  more.hidden = list.hidden || !(next || missing)
  more.textContent = app.t(!next && waiting.size >= missing ? TEXT.new_replies : TEXT.more_replies, { n: missing || 1 })
  fold.hidden = !kids.size
  fold.ariaExpanded = String(!list.hidden)
  fold.textContent = list.hidden ? app.t(TEXT.show_replies, { n: kids.size }) : TEXT.hide_replies
}

/** Opens the thread down to a comment, goes there and marks it. */
export function goTo(app: App, item: Item) {
  for (let at = item.parent; at; at = at.parent) {
    at.list.hidden = false
    tally(app, at)
  }
  alarm(app)
  app.ui.root.querySelector('.linked')?.classList.remove('linked')
  item.article.classList.add('linked')
  item.article.focus({ preventScroll: true })
  item.article.scrollIntoView()
}
