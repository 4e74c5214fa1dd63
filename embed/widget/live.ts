// Live updates, only while somebody looks. What comes in never moves the text:
// new comments wait behind a button, removals and counts apply silently.
import type { App } from './app'
import { apply, announcer, refresh, type Change } from './news'

/** How long a thread may be out of sight before its stream is closed. */
const patience = 10_000

/** Follows the thread's stream until the widget is taken apart. */
export function follow(app: App) {
  const { api, page } = app.setup
  const news = announcer(app)
  let source: EventSource | undefined
  let timer = 0
  let failures = 0
  let seen = false
  let before = false

  function open() {
    clearTimeout(timer)
    if (source) return
    source = new EventSource(`${api}stream?${page}`)
    const on = (type: string, run: (data: any) => void) =>
      source!.addEventListener(type, event => run(JSON.parse((event as MessageEvent).data)))
    on('ready', ({ count }) => {
      failures = 0
      if (before || count !== app.thread.count) refresh(app, news)
      before = true
    })
    on('comment', (change: Change) => apply(app, change, news))
    on('page', ({ open }) => {
      app.thread.page.open = open
      app.setOpen(app)
    })
    on('reset', () => refresh(app, news))
    source.onerror = () => {
      close()
      timer = setTimeout(look, Math.min(2 ** failures++, 60) * 1000 * (0.5 + Math.random()))
    }
  }
  function close() {
    clearTimeout(timer)
    source?.close()
    source = undefined
  }
  function look() {
    if (seen && !document.hidden) return open()
    clearTimeout(timer)
    timer = setTimeout(close, patience)
  }
  const sight = new IntersectionObserver(entries => {
    seen = entries.at(-1)!.isIntersecting
    look()
  })
  sight.observe(app.host)
  document.addEventListener('visibilitychange', look, { signal: app.signal })
  app.signal.addEventListener('abort', () => {
    close()
    sight.disconnect()
  })
}
