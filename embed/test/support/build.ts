// Builds the program once for the whole run, with the front end that is in
// dist/ now.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

export default function build() {
  const dir = mkdtempSync(join(tmpdir(), 'afterword-browser-'))
  const binary = join(dir, 'afterword')
  execFileSync('go', ['build', '-o', binary, './cmd/afterword'], { cwd: repository, stdio: 'inherit' })
  process.env.AFTERWORD_UNDER_TEST = binary
  return () => rmSync(dir, { recursive: true, force: true })
}
