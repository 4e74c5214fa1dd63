// The one way in which the widget and the desk are bundled.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { minify } from 'terser'

export const here = dirname(fileURLToPath(import.meta.url))

const settings = {
  absWorkingDir: here,
  outdir: '/',
  bundle: true,
  minify: true,
  write: false,
  charset: 'utf8',
  legalComments: 'none',
  format: 'esm',
  logLevel: 'warning',
  target: 'es2022',
  // Modules and classes are strict anyway; the loader pays for each byte.
  tsconfigRaw: { compilerOptions: { alwaysStrict: false, jsx: 'react-jsx', jsxImportSource: 'preact' } },
}

/** The files that the entries become, those of the entries themselves in their order; and the names that were made short. */
export async function bundle(entryPoints, options) {
  const { outputFiles, mangleCache } = await esbuild.build({ ...settings, entryPoints, ...options })
  return { files: outputFiles, mangleCache }
}

/** A stylesheet, minified. */
export async function minified(css) {
  const { code } = await esbuild.transform(css, { loader: 'css', minify: true, target: settings.target })
  return code.trim()
}

/** A bundle made smaller still: what is used once is put where it is used. */
export async function tightened(code, module) {
  const { code: tight } = await minify(code, { module, ecma: 2022, compress: { passes: 2, hoist_funs: true } })
  return tight
}
