// What the parts of one widget share: its state, its places on the page, and
// the ways to speak to the reader and to the host page.
import type { Api, Problem } from './api'
import type { Item } from './comment'
import type { Words } from './i18n'
import type { Kit } from './kit'
import type { Memory, Own } from './memory'
import type { Setup, Thread } from './types'

/** The chunk that is loaded when a reader starts to write or to act. */
export type Composer = typeof import('./composer')
/** The chunk that is loaded when a thread that changes is in sight. */
export type Live = typeof import('./live')

export interface App extends Words, Kit {
  host: HTMLElement
  setup: Setup
  api: Api
  memory: Memory
  signal: AbortSignal
  /** The latest answer; its lists are read once, its other fields are kept up to date. */
  thread: Thread
  items: Map<string, Item>
  own: Map<string, Own>
  /** Root comments that came in while reading and wait to be asked for. */
  fresh: Set<string>
  ui: {
    root: HTMLElement
    count: HTMLElement
    form: HTMLElement
    bar: HTMLElement
    list: HTMLOListElement
    more: HTMLButtonElement
    state: HTMLElement
    status: HTMLElement
    alert: HTMLElement
  }
  /** Runs an act of the composer chunk, loading it first; false when it could not be loaded. */
  act(run: (composer: Composer) => unknown): Promise<boolean>
}

/** A DOM event on the element; false when a listener of the host page refused it. */
export function emit(app: App, name: string, detail: object, cancelable = false): boolean {
  const init = { bubbles: true, composed: true, cancelable, detail: Object.freeze(detail) }
  return app.host.dispatchEvent(new CustomEvent('afterword:' + name, init))
}

/** Says something that a reader need not act on, to screen readers alone. */
export function say(app: App, text: string) {
  app.ui.status.textContent = text
}

/** Shows what went wrong, at the top of the widget; empty takes it away. */
export function alarm(app: App, text = '') {
  app.ui.alert.textContent = text
}

/** One sentence about a problem, in the reader's language where we have one; the host page hears of it too. */
export function explain(app: App, { status, code, until, wait, detail }: Problem): string {
  emit(app, 'error', { code, status })
  const later = { 429: TEXT.wait, 503: TEXT.later }[status]
  if (later) return app.t(later, { when: app.ago(Date.now() + (wait || 60) * 1000 + 500) })
  if (code === 'banned' || code === 'suspended') return until ? app.t(TEXT.banned_until, { when: app.full(until) }) : TEXT.banned
  return code === 'page_closed' ? TEXT.closed : detail || TEXT.offline
}

/** Runs an act of an element once at a time; a problem is shown, never lost: at the top, or by `fail`. */
export async function busy(app: App, el: HTMLElement, run: () => Promise<unknown>, fail = (problem: Problem) => alarm(app, explain(app, problem))) {
  if (el.ariaBusy) return
  el.ariaBusy = 'true'
  alarm(app)
  try {
    await run()
  } catch (problem) {
    if (!app.signal.aborted) fail(problem as Problem)
  }
  el.ariaBusy = null
}
