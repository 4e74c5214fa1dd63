// The one unversioned file: it defines the two elements, decides when a thread
// is needed, and asks for the thread and for the widget's code side by side.
import type { Setup, Sort, Widget } from './types'

declare const WIDGET: string
declare const LOCALES: Record<string, string>
declare global {
  interface Window {
    /** Where the comment server stands. */
    Afterword: Readonly<{ base: string }>
  }
}

const doc = document
const script = doc.currentScript as HTMLScriptElement
const { dataset } = script
const base = new URL('.', script.src).href

const linked = () => /^#comment-/.test(location.hash)
const option = (el: HTMLElement, name: string) => el.getAttribute(name)
const path = (el: HTMLElement) => `${base}api/v1/sites/${option(el, 'site') || dataset.site}/`
/** Null when no answer came: the widget says so where the thread would be. */
const load = (url: string) => fetch(url, { credentials: 'omit' }).catch(() => null)

/** The page's own address; the server folds what does not matter in it. */
function address(): string {
  const canonical = doc.querySelector<HTMLLinkElement>('link[rel=canonical]')
  return (canonical ?? location).href.split('#')[0]!
}

function setup(el: HTMLElement): Setup {
  const url = option(el, 'url') || address()
  const page = 'page=' + encodeURIComponent(option(el, 'page') || url)
  const sort = (option(el, 'sort') || 'oldest') as Sort
  const lang = option(el, 'lang') || doc.documentElement.lang
  const locale = LOCALES[lang] ?? LOCALES[lang.slice(0, 2)]
  const api = path(el)
  return {
    base, api, page, url, sort, lang,
    thread: (option(el, 'loading') !== 'click' || linked()) && load(`${api}comments?${page}&sort=${sort}&body=tree`),
    locale: locale && load(base + 'assets/' + locale),
  }
}

class Comments extends HTMLElement {
  static observedAttributes = ['site', 'page', 'lang', 'theme', 'sort']
  quit: AbortController | undefined

  connectedCallback() {
    const loading = option(this, 'loading')
    if (loading === 'eager' || linked()) this.load()
    else if (loading !== 'manual') near.observe(this)
  }

  disconnectedCallback() {
    near.unobserve(this)
    this.quit?.abort()
    this.quit = undefined
  }

  attributeChangedCallback() {
    if (this.quit) this.load()
  }

  /** Shows the thread now, whatever data-loading says; once shown, loads it afresh. */
  async load() {
    this.disconnectedCallback()
    const { signal } = (this.quit = new AbortController())
    const wanted = setup(this)
    const widget: Widget = await import(base + 'assets/' + WIDGET)
    if (!signal.aborted) widget.mount(this, wanted, signal)
  }
}

const near = new IntersectionObserver(
  seen => seen.forEach(({ isIntersecting, target }) => isIntersecting && (target as Comments).load()),
  { rootMargin: '600px' },
)

addEventListener('hashchange', () => {
  if (linked()) doc.querySelectorAll<Comments>('afterword-comments').forEach(el => el.quit || el.load())
})

/** The count elements that wait for the one request that answers them all. */
let asked: HTMLElement[] = []

async function count() {
  const some = asked.splice(0, 100)
  if (asked.length) count()
  const page = (el: HTMLElement) => option(el, 'page') || address()
  const query = new URLSearchParams(some.map(el => ['page', page(el)]))
  const answer = await load(path(some[0]!) + 'counts?' + query)
  if (!answer?.ok) return
  const { counts } = await answer.json()
  some.forEach(el => (el.textContent = counts[page(el)]))
}

class Count extends HTMLElement {
  connectedCallback() {
    if (asked.push(this) === 1) parsed(() => setTimeout(count))
  }
}

function parsed(then: () => void) {
  if (doc.readyState === 'loading') addEventListener('DOMContentLoaded', then)
  else then()
}

/** Puts the element where the script stands, in data-target, or at the end of the page. */
function place() {
  const el = doc.createElement('afterword-comments')
  const { target } = dataset
  for (const name in dataset) el.setAttribute(name, dataset[name]!)
  if (!target && script.closest('body')) script.after(el)
  else parsed(() => doc.querySelector(target || 'body')!.append(el))
}

if (!customElements.get('afterword-comments')) {
  customElements.define('afterword-comments', Comments)
  customElements.define('afterword-count', Count)
  window.Afterword = Object.freeze({ base })
}
if (dataset.site && dataset.auto !== 'false') place()
