// What ends up in dist/: the files by path, and a manifest that says of each
// what it is and when a reader loads it. The budget in embed_test.go reads that.
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Eight digits that change with the contents. */
export function digest(...contents) {
  const hash = createHash('sha256')
  for (const part of contents) hash.update(part)
  return hash.digest('hex').slice(0, 8)
}

export class Output {
  files = new Map()
  manifest = {}

  /** Adds a file; about is its stage and, where there are several of it, its language. */
  add(logical, path, contents, about) {
    this.files.set(path, contents)
    this.manifest[logical] = { path, ...about }
  }

  /** Adds a file to be kept for ever and returns its name: the logical one with the mark of its contents. */
  asset(logical, contents, about, mark = digest(contents)) {
    const name = logical.replace(/\.\w+$/, ext => `-${mark}${ext}`)
    this.add(logical, 'assets/' + name, contents, about)
    return name
  }

  /** Writes the files into a folder that then holds nothing else. */
  async write(dir) {
    const sorted = Object.entries(this.manifest).sort(([a], [b]) => (a < b ? -1 : 1))
    const lines = sorted.map(([logical, entry]) => `  ${JSON.stringify(logical)}: ${JSON.stringify(entry)}`)
    const files = new Map(this.files).set('manifest.json', `{\n${lines.join(',\n')}\n}\n`)
    await mkdir(join(dir, 'assets'), { recursive: true })
    for (const found of readdirSync(dir, { recursive: true, withFileTypes: true })) {
      const path = join(found.parentPath, found.name).slice(dir.length + 1)
      if (found.isFile() && !files.has(path)) await rm(join(dir, path))
    }
    for (const [path, contents] of files) await writeFile(join(dir, path), contents)
  }
}
