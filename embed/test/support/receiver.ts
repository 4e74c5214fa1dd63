// The publisher's system that webhooks go to. It keeps the raw bytes and checks
// them with the Standard Webhooks library, not with code of ours.
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

export interface Call {
  headers: Record<string, string>
  body: Buffer
}

export interface Event {
  id: string
  type: string
  site: string
  sequence: number
  data: { comment: { id: string; text: string; status: string } }
}

/** What the receiver answers on one path, and what came in there. */
export class Inbox {
  readonly calls: Call[] = []
  secret = ''
  answer = { status: 204, body: '' }
  constructor(readonly url: string) {}

  /** The events in the order of their arrival; throws at the first whose signature is wrong. */
  events(): Event[] {
    return this.calls.map(({ body, headers }) => new Webhook(this.secret).verify(body, headers) as Event)
  }
}

export class Receiver {
  private readonly inboxes = new Map<string, Inbox>()
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const receiver = new Receiver(server)
    server.on('request', async (request, response) => {
      const inbox = receiver.inboxes.get(request.url!)
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      inbox?.calls.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks) })
      response.writeHead(inbox?.answer.status ?? 404, { 'Content-Type': 'text/html' })
      response.end(inbox?.answer.body)
    })
    return receiver
  }

  /** A new inbox under a path. */
  inbox(path: string): Inbox {
    const inbox = new Inbox(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${path}`)
    this.inboxes.set('/' + path, inbox)
    return inbox
  }

  async end() {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }
}
