// Builds the widget and the desk into dist/, which is committed: building the
// program needs no npm. The same sources give the same bytes, so a rebuild that
// differs from the commit is an error.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { checkLocales } from './locales.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const target = 'es2022'

/** Stylesheets of the widget travel inside its chunks, as minified text. */
const cssText = {
  name: 'css-text',
  setup(build) {
    build.onLoad({ filter: /\/widget\/.*\.css$/ }, async ({ path }) => {
      const { code } = await esbuild.transform(readFileSync(path, 'utf8'), { loader: 'css', minify: true, target: 'es2022' })
      return { contents: code.trim().replace(/(--[\w-]+): /g, '$1:').replace(/, /g, ','), loader: 'text' }
    })
  },
}

async function bundle(entry, options = {}) {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    charset: 'utf8',
    legalComments: 'none',
    format: 'esm',
    logLevel: 'warning',
    target,
    // Modules and classes are strict anyway; the loader pays for each byte.
    tsconfigRaw: { compilerOptions: { alwaysStrict: false, jsx: 'react-jsx', jsxImportSource: 'preact' } },
    ...options,
  })
  return outputFiles[0].contents
}

/** The files of dist/ by path, and the manifest that names them. */
class Output {
  files = new Map()
  manifest = {}

  add(logical, path, contents) {
    this.files.set(path, contents)
    this.manifest[logical] = path
  }

  /** Adds a file with a hash of its contents in its name and returns that name. */
  asset(logical, contents) {
    const hash = createHash('sha256').update(contents).digest('hex').slice(0, 8)
    const [, stem, ext] = /^(.*)(\.\w+)$/.exec(logical)
    const name = `${stem}-${hash}${ext}`
    this.add(logical, 'assets/' + name, contents)
    return name
  }
}

/** Innermost first: each file names the hashed names of those that it loads. */
export async function widget(out) {
  const catalogues = checkLocales(join(here, 'widget/locales'))
  const locales = {}
  for (const [tag, catalogue] of Object.entries(catalogues)) {
    if (tag !== 'en') locales[tag] = out.asset(`locale-${tag}.json`, packed(catalogue, catalogues.en))
  }
  const plugins = [cssText]
  const composer = out.asset('composer.js', await bundle('widget/composer.ts', { plugins }))
  const live = out.asset('live.js', await bundle('widget/live.ts'))
  const define = { COMPOSER: JSON.stringify(composer), LIVE: JSON.stringify(live) }
  const main = out.asset('widget.js', await bundle('widget/widget.ts', { plugins, define }))
  const known = { WIDGET: JSON.stringify(main), LOCALES: JSON.stringify(locales) }
  out.add('embed.js', 'embed.js', await bundle('widget/loader.ts', { format: 'iife', define: known }))
}

/** A translation without its keys: the messages of each group in the order of English. */
function packed(catalogue, english) {
  return JSON.stringify(Object.keys(english).map(group => Object.keys(english[group]).map(key => catalogue[group][key])))
}

export async function desk(out) {
  if (!existsSync(join(here, 'desk/main.tsx'))) return
  const jsx = { jsx: 'automatic', jsxImportSource: 'preact' }
  const script = out.asset('desk.js', await bundle('desk/main.tsx', jsx))
  const style = out.asset('desk.css', await bundle('desk/desk.css'))
  out.add('desk.html', 'desk.html', page(script, style))
  out.add('licences.txt', 'licences.txt', licences(['preact', '@preact/signals', '@preact/signals-core']))
}

/** Nothing inline: the desk's policy allows scripts and styles of its own origin only. */
function page(script, style) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>Afterword</title>
<link rel="stylesheet" href="/assets/${style}">
<script type="module" src="/assets/${script}"></script>
</head>
<body>
<div id="desk"></div>
<noscript>The desk needs JavaScript.</noscript>
</body>
</html>
`
}

/** The licence texts of what is bundled, which have to travel with it. */
function licences(names) {
  return names.map(name => `${name}\n\n${readFileSync(join(here, 'node_modules', name, 'LICENSE'), 'utf8').trim()}\n`).join('\n\n')
}

/** Writes the files into a folder that then holds nothing else. */
export async function write(out, dir) {
  const manifest = Object.fromEntries(Object.entries(out.manifest).sort(([a], [b]) => (a < b ? -1 : 1)))
  out.files.set('manifest.json', JSON.stringify(manifest, null, 2) + '\n')
  await mkdir(join(dir, 'assets'), { recursive: true })
  const wanted = new Set(out.files.keys())
  for (const stale of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const path = join(stale.parentPath, stale.name).slice(dir.length + 1)
    if (stale.isFile() && !wanted.has(path)) await rm(join(dir, path))
  }
  for (const [path, contents] of out.files) await writeFile(join(dir, path), contents)
}

export { Output }

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const out = new Output()
  await widget(out)
  await desk(out)
  await write(out, join(here, 'dist'))
}
