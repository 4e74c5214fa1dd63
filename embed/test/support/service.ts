// A running `afterword serve` on a database of its own, and its command line.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Webhooks go to this machine, and are tried again soon. */
const settings = { AFTERWORD_WEBHOOK_ALLOW: '127.0.0.0/8', AFTERWORD_WEBHOOK_SCHEDULE: '1s,1s,1s' }

/** Runs the program and gives what it printed. */
export function program(args: string[], env: Record<string, string> = {}): ChildProcess {
  const binary = process.env.AFTERWORD_UNDER_TEST
  if (!binary) throw new Error('the program has not been built')
  return spawn(binary, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
}

/** What a stream says, as it comes in, and a way to wait until it has said something. */
export function listenTo(child: ChildProcess) {
  let said = ''
  const hear = (chunk: Buffer) => {
    said += chunk
    child.emit('said')
  }
  child.stdout!.on('data', hear)
  child.stderr!.on('data', hear)
  return {
    all: () => said,
    async until(pattern: RegExp): Promise<RegExpMatchArray> {
      for (;;) {
        const match = said.match(pattern)
        if (match) return match
        if (child.exitCode !== null) throw new Error(`the program ended with ${child.exitCode}:\n${said}`)
        await Promise.race([once(child, 'said'), once(child, 'exit')])
      }
    },
  }
}

/** Asks a process to stop and waits until it has; how it ended is its exit code. */
export async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  return child.exitCode
}

export class Service {
  private child!: ChildProcess
  private log!: ReturnType<typeof listenTo>
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  base = ''
  /** A bearer token of an owner. */
  token = ''

  private constructor(private readonly dir: string) {}

  static async start(): Promise<Service> {
    const service = new Service(await mkdtemp(join(tmpdir(), 'afterword-service-')))
    await service.run('127.0.0.1:0')
    await service.cli(['user', 'add', 'owner@example.test', '--role', 'owner', '--name', 'The owner'])
    service.token = (await service.cli<{ token: string }>(['token', 'create', '--user', 'owner@example.test', '--ttl', '1h'])).token
    return service
  }

  private async run(addr: string) {
    this.child = program(['serve', '--db', this.db, '--addr', addr], settings)
    this.log = listenTo(this.child)
    const [, at] = await this.log.until(/"msg":"serving","addr":"([^"]+)"/)
    this.base = 'http://' + at
  }

  private get db(): string {
    return join(this.dir, 'afterword.db')
  }

  /** Runs an administrative command beside the server and gives the object that it prints. */
  async cli<T>(args: string[], input = ''): Promise<T> {
    const child = program(['--json', '--db', this.db, ...args], settings)
    const out = listenTo(child)
    child.stdin!.on('error', () => {}) // most commands end without reading it
    child.stdin!.end(input)
    await once(child, 'close')
    if (child.exitCode !== 0) throw new Error(`afterword ${args.join(' ')} ended with ${child.exitCode}: ${out.all()}`)
    return JSON.parse(out.all().trim().split('\n').at(-1)!)
  }

  /** A call of the API, as its owner unless another token is given; a refusal throws. */
  async api<T>(method: string, path: string, body?: unknown, token = this.token): Promise<T> {
    const headers = { Authorization: `Bearer ${token}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) }
    const answer = await fetch(`${this.base}/api/v1/${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T)
  }

  /** The server goes; its database stays. */
  async pause() {
    const code = await stop(this.child)
    if (code !== 0) throw new Error(`afterword serve ended with ${code}:\n${this.log.all().slice(-4000)}`)
  }

  /** The server comes back where it was. */
  async resume() {
    await this.run(new URL(this.base).host)
  }

  async end() {
    await this.pause()
    await rm(this.dir, { recursive: true, force: true })
  }
}
