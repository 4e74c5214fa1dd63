// The newspaper: a web server of another site than ours, whose articles carry
// the widget under the strictest policy that the widget promises to live with.
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

export interface Article {
  /** Its path below the site's; also its id unless `attributes` say otherwise. */
  name?: string
  lang?: string
  dir?: 'ltr' | 'rtl'
  /** The host page's own style sheet. It widens the policy by inline styles, which the widget must not need. */
  css?: string
  /** `strict` by default; `trusted` adds Trusted Types; `none` sends no policy. */
  policy?: 'strict' | 'trusted' | 'none'
  /** Of the script, without `data-`. */
  attributes?: Record<string, string>
  /** In place of the script tag; the loader is then loaded without `data-auto`. */
  body?: string
}

interface Answer {
  html: string
  policy: string
}

export class Host {
  private readonly pages = new Map<string, Answer>()
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Host> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const host = new Host(server)
    server.on('request', (request, response) => {
      const page = host.pages.get(new URL(request.url!, host.origin).pathname)
      const icon = request.url === '/favicon.ico'
      response.writeHead(page ? 200 : icon ? 204 : 404, {
        'Content-Type': 'text/html; charset=utf-8',
        ...(page?.policy && { 'Content-Security-Policy': page.policy }),
      })
      response.end(page?.html)
    })
    return host
  }

  get origin(): string {
    return `http://news.test:${(this.server.address() as AddressInfo).port}`
  }

  /** Puts any page under a path; gives its address. */
  put(path: string, html: string, policy = ''): string {
    this.pages.set(path, { html, policy })
    return this.origin + path
  }

  /** Prints an article of a site; gives its address. */
  print(base: string, site: string, article: Article): string {
    return this.put(`/${site}/${article.name ?? 'story'}`, page(base, site, article), policyOf(base, article))
  }

  async end() {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }
}

function policyOf(base: string, { policy = 'strict', css }: Article): string {
  if (policy === 'none') return ''
  const needed = `default-src 'none'; script-src ${base}; connect-src ${base}`
  const own = css ? "; style-src 'unsafe-inline'" : ''
  return needed + own + (policy === 'trusted' ? "; require-trusted-types-for 'script'" : '')
}

function page(base: string, site: string, { name = 'story', lang = 'en', dir = 'ltr', css, attributes, body }: Article): string {
  const data = Object.entries({ site, page: name, ...attributes }).map(([key, value]) => ` data-${key}="${value}"`).join('')
  const comments = body ?? `<script async src="${base}/embed.js"${data}></script>`
  const loader = body ? `<script async src="${base}/embed.js" data-site="${site}" data-auto="false"></script>` : ''
  return `<!doctype html>
<html lang="${lang}" dir="${dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The ferry stays, ${name}</title>
${css ? `<style>${css}</style>` : ''}${loader}
</head>
<body>
<main>
<h1>The ferry stays</h1>
<p>The last boat to the island leaves at ten to midnight for another year.</p>
${comments}
</main>
</body>
</html>`
}
