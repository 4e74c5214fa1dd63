// The one unversioned file: it defines the two elements, decides when a thread
// is needed, and asks for the thread and for the widget's code side by side.
import type { Counter, Setup, Sort, Widget } from './types'

const doc = document
const script = doc.currentScript as HTMLScriptElement
const { dataset } = script
/** All addresses follow from the script's own: the server may stand below any path. */
const base = new URL('.', script.src).href

const linked = () => location.hash.match('^#comment-')
const option = (el: HTMLElement, name: string) => el.getAttribute(name)

/** The page's own address; the server folds what does not matter in it. */
const address = () => (doc.querySelector<HTMLLinkElement>('link[rel=canonical]') ?? location).href.split('#')[0]!

/** Of widget chunks. A browser may remember a failure under the address, so the next try needs another one. */
let failures = 0

/** Null when the chunk could not be loaded. */
const chunk = (name: string) => import(`${base}assets/${name}-${EDITION}.js#${failures}`).catch(() => null)

const setup = (el: HTMLElement): Setup => {
  const api = `${base}api/v1/sites/${option(el, 'site') || dataset.site}/`
  const url = option(el, 'url') || address()
  const page = 'page=' + encodeURIComponent(option(el, 'page') || url)
  const sort = (option(el, 'sort') || 'oldest') as Sort
  return { api, url, page, sort, lang: option(el, 'lang') || doc.documentElement.lang }
}

class Comments extends HTMLElement {
  static observedAttributes = ['site', 'page', 'lang', 'theme', 'sort']
  /** What was asked for last, until the element is taken off the page. */
  declare shown: Setup | undefined
  declare stop: (() => void) | undefined
  root = this.attachShadow({ mode: 'open' })

  connectedCallback() {
    const loading = linked() ? 'eager' : option(this, 'loading')
    if (loading === 'manual') return
    if (loading !== 'click') {
      // A screen's space until the thread is there, so that nothing below moves when it comes.
      const space = doc.createElement('div')
      space.style.minHeight = '100vh'
      this.root.replaceChildren(space)
    }
    if (loading === 'eager') this.load()
    else near.observe(this)
  }

  disconnectedCallback() {
    near.unobserve(this)
    this.stop?.()
    this.stop = this.shown = undefined
  }

  attributeChangedCallback() {
    if (this.shown) this.load()
  }

  /** Shows the thread now, whatever data-loading says; once shown, loads it afresh. */
  async load() {
    this.disconnectedCallback()
    const wanted = (this.shown = setup(this))
    const { api, page, sort, lang } = wanted
    if (option(this, 'loading') !== 'click' || linked()) {
      // Null when no answer came: the widget says so where the thread would be.
      wanted.thread = fetch(`${api}comments?${page}&sort=${sort}&body=tree`, { credentials: 'omit' }).catch(() => null)
    }
    const widget: Widget | null = await chunk('widget-' + (lang.match(LANGUAGES) ?? 'en'))
    if (this.shown === wanted) this.stop = widget ? widget.mount(this, wanted) : fail(this)
  }
}

/** Speaks where there is no widget to speak. */
const fail = (el: Comments) => {
  failures++
  const retry = doc.createElement('button')
  retry.append('Try again')
  retry.onclick = () => el.load()
  el.root.replaceChildren('The comments could not be loaded. ', retry)
  el.dispatchEvent(new CustomEvent('afterword:error', { bubbles: true, composed: true, detail: { status: 0, code: 'network' } }))
  return undefined
}

const start = (el: Comments) => el.shown || el.load()
const near = new IntersectionObserver(
  seen => seen.forEach(({ isIntersecting, target }) => isIntersecting && start(target as Comments)),
  { rootMargin: '600px' },
)
addEventListener('hashchange', () => {
  if (linked()) doc.querySelectorAll<Comments>('afterword-comments').forEach(start)
})

class Count extends HTMLElement {
  async connectedCallback() {
    const counter: Counter | null = await chunk('count')
    counter?.ask(this, setup(this))
  }
}

/** Puts the element where the script stands, in data-target, or at the end of the page. */
const place = () => {
  const el = doc.createElement('afterword-comments')
  const { target } = dataset
  for (const name in dataset) el.setAttribute(name, dataset[name]!)
  const put = () => doc.querySelector(target || 'body')!.append(el)
  if (!target && script.closest('body')) script.after(el)
  else if (doc.readyState === 'loading') addEventListener('DOMContentLoaded', put)
  else put()
}

if (!customElements.get('afterword-comments')) {
  customElements.define('afterword-comments', Comments)
  customElements.define('afterword-count', Count)
}
if (dataset.site && dataset.auto !== 'false') place()
