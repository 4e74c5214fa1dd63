// Builds the widget: the loader, and for each language a set of chunks that
// speak it. What only we can see is made short: names of our own members and
// custom properties, and the keys of the messages.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bundle, here, minified, tightened } from './bundle.mjs'
import { checkLocales, messages } from './locales.mjs'
import { digest } from './output.mjs'

const dir = join(here, 'widget')
const read = ext => Object.fromEntries(
  readdirSync(dir).filter(name => name.endsWith(ext)).map(name => [name, readFileSync(join(dir, name), 'utf8')]))

/** When a reader loads the chunks that there are of each language. */
const stages = { composer: 'write', live: 'live', widget: 'read' }

/**
 * Members of the widget's own objects. To be on this list, a name must be
 * unknown to the DOM, the server's JSON, what the browser remembers, the
 * details of events and the exports of chunks.
 */
const internal = [
  'act', 'ago', 'alarm', 'alert', 'announce', 'api', 'app', 'area', 'article', 'bar', 'began', 'box', 'busy',
  'button', 'cursor', 'deliver', 'depth', 'draftKey', 'elements', 'emit', 'error', 'explain', 'fail',
  'fetchOne', 'fold', 'forget', 'fresh', 'full', 'host', 'input', 'items', 'keep', 'kept', 'kids', 'li', 'list',
  'memory', 'more', 'next', 'number', 'own', 'paint', 'place', 'recall', 'recallOne', 'rich', 'root', 'roots',
  'say', 'setCount', 'setOpen', 'setup', 'show', 'shown', 'stop', 'tally', 'thread', 'ui', 'update', 'waiting',
]
const mangleProps = new RegExp(`^(${internal.join('|')})$`)

/** Stands in the chunks for the mark of their contents until that is known. */
const unknown = '@edition'

export async function widget(out) {
  const locales = checkLocales(join(dir, 'locales'))
  const sources = Object.values(read('.ts')).join('\n')
  const options = { mangleProps, mangleCache: {}, plugins: [inlined(read('.css'))] }
  const build = async (names, define, more) => {
    const constants = Object.fromEntries(Object.entries(define).map(([name, value]) => [name, JSON.stringify(value)]))
    const entries = names.map(name => `widget/${name}.ts`)
    const { files, mangleCache } = await bundle(entries, { ...options, define: constants, ...more })
    options.mangleCache = mangleCache
    return Promise.all(files.map(file => tightened(file.text, more?.format !== 'iife')))
  }

  const chunks = []
  const names = Object.keys(stages)
  for (const [lang, locale] of Object.entries(locales)) {
    const texts = await build(names, { LANG: lang, EDITION: unknown, ...messages(locale, sources) })
    names.forEach((name, at) => chunks.push([`${name}-${lang}.js`, texts[at], { stage: stages[name], lang }]))
  }
  chunks.push(['count.js', ...(await build(['count'], {})), { stage: 'count' }])

  const edition = digest(...chunks.map(([, text]) => text))
  for (const [name, text, about] of chunks) out.asset(name, text.replaceAll(unknown, edition), about, edition)
  // The closer tag first: pt-BR before pt.
  const LANGUAGES = Object.keys(locales).sort((a, b) => b.length - a.length).map(lang => '^' + lang).join('|')
  const [loader] = await build(['loader'], { LANGUAGES, EDITION: edition }, { format: 'iife' })
  out.add('embed.js', 'embed.js', loader, { stage: 'load' })
}

/** Stylesheets travel inside the chunks, as minified text in which our own custom properties are short. */
function inlined(sheets) {
  const own = [...new Set(Object.values(sheets).join('').match(/--(?!afterword-)[\w-]+/g))].sort()
  const short = css => css.replace(/--[\w-]+/g, name => (own.includes(name) ? '--' + own.indexOf(name).toString(36) : name))
  return {
    name: 'inlined',
    setup(build) {
      build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
        const css = await minified(readFileSync(path, 'utf8'))
        return { contents: short(css).replace(/(--[\w-]+): /g, '$1:').replace(/, /g, ','), loader: 'text' }
      })
    },
  }
}
