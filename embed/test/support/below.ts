// The service as a host application mounts it: below a path of an address that
// serves other things too.
import { createServer, request as call, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

export class Below {
  private constructor(private readonly server: Server, private readonly path: string) {}

  /** Passes on what lies below `path`, without it, to the service at `base`; refuses all else. */
  static async start(base: string, path: string): Promise<Below> {
    const { hostname, port } = new URL(base)
    const server = createServer((request, response) => {
      if (!request.url!.startsWith(path + '/')) return void response.writeHead(410).end()
      const { method, headers } = request
      const onward = call({ hostname, port, method, headers, path: request.url!.slice(path.length) }, answer => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      })
      onward.on('error', () => response.destroy())
      response.on('close', () => onward.destroy())
      request.pipe(onward)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Below(server, path)
  }

  /** `http://127.0.0.1:PORT/PATH`, without a slash at the end. */
  get base(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${this.path}`
  }

  async end() {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }
}
