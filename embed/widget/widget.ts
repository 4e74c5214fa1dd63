// One widget on one page: puts the parts together. Loaded by the loader when a
// thread is near the reader's eyes; the signal takes everything apart again.
import css from './style.css'
import { caller } from './api'
import { alarm, emit, explain, type App, type Composer, type Live } from './app'
import { button } from './dom'
import { words } from './i18n'
import { kit } from './kit'
import { memory } from './memory'
import { followLink, load, loadMore } from './thread'
import type { Setup } from './types'
import { frame, setTheme, settle } from './view'

/** The chunk of that name, which lies beside this one. */
const beside = (name: string) => `./${name}-${LANG}-${EDITION}.js`

const sheet = new CSSStyleSheet()
sheet.replaceSync(css)

export function mount(host: HTMLElement, setup: Setup) {
  const quit = new AbortController()
  show(host, setup, quit.signal)
  return () => quit.abort()
}

async function show(host: HTMLElement, setup: Setup, signal: AbortSignal) {
  const text = words(setup.lang)
  const app: App = {
    ...text, ...kit,
    host, setup, signal,
    ui: frame(host, text, () => loadMore(app)),
    api: caller(setup.api),
    memory: memory(setup.api),
    items: new Map(), own: new Map(), fresh: new Set(),
    thread: undefined!, act: undefined!,
  }
  app.act = actor(app)
  dress(app)
  await (setup.thread ? load(app, setup.thread) : offer(app))
  if (signal.aborted) return
  await followLink(app)
  const { page, count, options } = app.thread
  emit(app, 'ready', { page: page.key, count })
  if (options.live) import(beside('live')).then((live: Live) => live.follow(app), () => 0)
}

function dress(app: App) {
  const { host, setup, ui, signal } = app
  const shadow = host.shadowRoot!
  shadow.adoptedStyleSheets = [sheet]
  shadow.replaceChildren(ui.root)
  setTheme(app)
  if (!setup.thread) settle(app)
  addEventListener('hashchange', () => app.thread && followLink(app), { signal })
  const ages = setInterval(() => {
    for (const time of ui.list.querySelectorAll('time')) time.textContent = app.ago(time.dateTime)
  }, 60_000)
  signal.addEventListener('abort', () => clearInterval(ages))
}

/** With data-loading=click: how many comments there are, and a button that fetches them. */
async function offer(app: App) {
  const { ui: { form }, setup, api } = app
  const got = await api<{ counts: object }>('counts?' + setup.page).catch(() => null)
  const n = Object.values(got?.counts ?? {})[0]
  await new Promise<void>(done => {
    form.replaceChildren(button(app.t(TEXT.show_comments, { n: n ?? 0 }), () => done(load(app)), { p: 'submit' }))
  })
}

/** Loads the composer chunk on first need; one that could not be loaded is asked for again next time. */
function actor(app: App): App['act'] {
  let chunk: Promise<Composer> | undefined
  let failures = 0
  return async run => {
    try {
      // A browser may remember a failure under the address: the fragment makes another one of it.
      chunk ??= import(beside('composer') + '#' + failures).then((composer: Composer) => {
        composer.prepare(app)
        return composer
      })
      const composer = await chunk
      run(composer)
      return true
    } catch {
      chunk = undefined
      failures++
      alarm(app, explain(app, { status: 0, code: 'network' }))
      return false
    }
  }
}
