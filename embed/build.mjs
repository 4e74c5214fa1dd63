// Builds the widget and the desk into dist/, which is committed: building the
// program needs no npm. The same sources give the same bytes, so a rebuild that
// differs from the commit is an error.
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { bundle, here } from './bundle.mjs'
import { Output } from './output.mjs'
import { widget } from './widget.mjs'

/** The desk's parts that are fetched when they are first shown are files of their own. */
async function desk(out) {
  if (!existsSync(join(here, 'desk/main.tsx'))) return
  const about = { stage: 'desk' }
  const { files } = await bundle(['desk/main.tsx', 'desk/desk.css'], {
    splitting: true, entryNames: 'desk-[hash]', chunkNames: 'desk-[name]-[hash]', jsx: 'automatic', jsxImportSource: 'preact',
  })
  const entries = {}
  for (const { path, text } of files) {
    const name = basename(path)
    const logical = name.replace(/^desk-\w+(?=\.)/, 'desk')
    entries[logical] = { name, text }
    out.add(logical, 'assets/' + name, text, about)
  }
  out.add('desk.html', 'desk.html', page(entries['desk.js'], entries['desk.css']), about)
  out.add('licences.txt', 'licences.txt', licences(['preact', '@preact/signals', '@preact/signals-core']), about)
}

/** The icon as an address: it asks for nothing, and the desk's policy allows pictures of this kind. */
function icon() {
  const svg = readFileSync(join(here, 'desk/icon.svg'), 'utf8').trim().replaceAll('"', "'")
  return 'data:image/svg+xml,' + svg.replace(/[<>#%]/g, encodeURIComponent)
}

/**
 * Nothing inline: the desk's policy allows scripts and styles of its own origin
 * only. Its addresses are relative: the server may stand below any path.
 */
function page(script, style) {
  const needed = [...script.text.matchAll(/\bfrom"\.\/([^"]+)"/g)].map(([, name]) => name)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>Afterword</title>
<link rel="icon" href="${icon()}">
<link rel="stylesheet" href="../assets/${style.name}">
${needed.map(name => `<link rel="modulepreload" href="../assets/${name}">\n`).join('')}<script type="module" src="../assets/${script.name}"></script>
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

const out = new Output()
await widget(out)
await desk(out)
await out.write(join(here, process.argv[2] ?? 'dist'))
