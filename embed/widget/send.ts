// Delivering what was written. A draft keeps the key of its last attempt, so a
// second click, a retry or a reload after a lost answer can never post twice.
import type { Problem } from './api'
import type { App } from './app'
import type { Item } from './comment'
import type { Receipt } from './types'

export interface Written {
  text: string
  name: string
  email: string
  trap: string
  /** Milliseconds since the form was first focused. */
  took: number
}

/** Posts a comment and shows it to its author, whatever its status. */
export async function post(app: App, written: Written, form: HTMLFormElement, parent?: Item) {
  const { emit, draftKey, setOpen } = app
  const { text, name } = written
  const answered = parent?.c.id ?? null
  if (!emit(app, 'beforesubmit', { text, parent: answered }, true)) return
  const receipt = await attempt(app, written, draftKey(app, parent), answered)
  const { id, status } = receipt.comment
  emit(app, 'submitted', { id, state: status, parent: answered })
  app.memory.keep('name', 'name', { value: name })
  if (status === 'rejected') throw { status: 422, code: 'rejected', detail: TEXT.declined } satisfies Problem
  app.memory.keep('drafts', draftKey(app, parent))
  form.remove()
  setOpen(app)
  show(app, receipt, parent)
}

async function attempt(app: App, { text, name, email, trap, took }: Written, draft: string, parent_id: string | null): Promise<Receipt> {
  const { host, setup: { url } } = app
  const key = host.getAttribute('page')
  const title = host.getAttribute('title') || document.querySelector<HTMLMetaElement>('[property="og:title"]')?.content || document.title
  const body = {
    page: { ...(key && { key }), url, title },
    author: { name, ...(email && { email }) },
    text,
    ...(parent_id && { parent_id }),
  }
  const said = JSON.stringify(body)
  const last = app.memory.all('drafts')[draft]?.sent
  const sent = last?.said === said ? last : { said, took, key: random() }
  app.memory.keep('drafts', draft, { text, sent })
  try {
    const form = { trap, filled_ms: sent.took }
    return await app.api<Receipt>('comments?body=tree', { method: 'POST', body: { ...body, form }, key: sent.key, token: lastToken(app) })
  } catch (problem) {
    const { status, code } = problem as Problem
    if (status >= 400 && status < 500 && code !== 'conflict') app.memory.keep('drafts', draft, { text })
    throw problem
  }
}

/** Says that a returning author is who wrote before, whom the site may trust. */
function lastToken(app: App): string | undefined {
  return Object.values(app.memory.all('own')).at(-1)?.token
}

/** A key nobody else has; randomUUID() is missing on plain http pages. */
function random(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-')
}

function show(app: App, { comment, edit_token, edit_until }: Receipt, answered?: Item) {
  // The server hangs a reply that would be too deep under an earlier comment.
  const parent = app.items.get(comment.parent_id ?? '') ?? answered
  const { place, say, setCount, setOpen } = app
  const { id, status } = comment
  const own = { id, token: edit_token, page: app.thread.page.key, until: edit_until }
  const live = status === 'approved'
  app.memory.keep('own', id, own)
  app.own.set(id, own)
  const announced = (parent?.waiting ?? app.fresh).delete(id)
  if (live && !announced) {
    if (parent) parent.c.reply_count++
    setCount(app, app.thread.count + 1)
  }
  if (parent) parent.list.hidden = false
  const item = place(app, comment, parent, !parent)
  setOpen(app)
  say(app, live ? TEXT.posted : TEXT.awaiting)
  item.article.focus({ preventScroll: true })
  item.article.scrollIntoView({ block: 'nearest' })
}

/** Saves a change of an own comment; it may have to wait for review again. */
export async function save(app: App, { text }: Written, item: Item) {
  const { emit, place, say } = app
  const { id } = item.c
  const path = `comments/${id}?body=tree`
  const { comment, edit_until } = await app.api<Receipt>(path, { method: 'PATCH', body: { text }, token: item.own!.token })
  item.own = { ...item.own!, until: edit_until }
  app.memory.keep('own', id, item.own)
  place(app, comment, item.parent)
  say(app, TEXT.saved)
  emit(app, 'edited', { id, state: comment.status })
}
