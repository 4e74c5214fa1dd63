// One widget on one page: puts the parts together. Loaded by the loader when a
// thread is near the reader's eyes; the signal takes everything apart again.
import { answer, caller } from './api'
import { alarm, emit, explain, type App, type Composer, type Live } from './app'
import { button } from './dom'
import { words, type Translation } from './i18n'
import { kit } from './kit'
import { memory } from './memory'
import css from './style.css'
import { followLink, load, loadMore } from './thread'
import type { Setup } from './types'
import { frame, setTheme } from './view'

declare const COMPOSER: string
declare const LIVE: string

const sheet = new CSSStyleSheet()
sheet.replaceSync(css)

/** Shows a thread inside the element, until the signal ends every request, timer and listener. */
export async function mount(host: HTMLElement, setup: Setup, signal: AbortSignal) {
  const found = setup.locale && (await answer<Translation>(setup.locale).catch(() => null))
  if (signal.aborted) return
  const text = words(setup.lang, found || null)
  const app: App = {
    ...text,
    host, setup, signal, kit,
    ui: frame(host, text, () => loadMore(app)),
    api: caller(setup.api),
    memory: memory(setup.api),
    items: new Map(), own: new Map(), fresh: new Set(),
    thread: undefined!, act: undefined!,
  }
  const chunk = (name: string) => import(`${setup.base}assets/${name}`)
  app.act = actor(app, () => chunk(COMPOSER))
  dress(app)
  await (setup.thread ? load(app, setup.thread) : offer(app))
  if (signal.aborted) return
  await followLink(app)
  const { page, count, options } = app.thread
  emit(app, 'ready', { page: page.key, count })
  if (options.live) chunk(LIVE).then((live: Live) => live.follow(app), () => 0)
}

function dress(app: App) {
  const { host, ui, signal } = app
  const shadow = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  shadow.adoptedStyleSheets = [sheet]
  shadow.replaceChildren(ui.root)
  setTheme(app)
  addEventListener('hashchange', () => app.thread && followLink(app), { signal })
  const ages = setInterval(() => {
    for (const time of ui.list.querySelectorAll('time')) time.textContent = app.ago(time.dateTime)
  }, 60_000)
  signal.addEventListener('abort', () => clearInterval(ages))
}

/** With data-loading=click: how many comments there are, and a button that fetches them. */
async function offer(app: App) {
  const { ui: { state }, setup, api } = app
  const got = await api<{ counts: object }>('counts?' + setup.page).catch(() => null)
  const n = Object.values(got?.counts ?? {})[0]
  await new Promise<void>(done => {
    state.replaceChildren(button(app.t('show_comments', { n: n ?? 0 }), () => done(load(app)), { p: 'submit' }))
  })
}

/** Loads the composer chunk on first need; one that could not be loaded is asked for again next time. */
function actor(app: App, load: () => Promise<Composer>): App['act'] {
  let chunk: Promise<Composer> | undefined
  return async run => {
    try {
      chunk ??= load().then(composer => {
        composer.prepare(app)
        return composer
      })
      const composer = await chunk
      run(composer)
      return true
    } catch {
      chunk = undefined
      alarm(app, explain(app, { status: 0, code: 'network' }))
      return false
    }
  }
}
