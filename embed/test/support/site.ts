// One publisher's site on the service: its articles, its comments, its staff.
// Every test has one of its own, so tests cannot see each other.
import { randomUUID } from 'node:crypto'
import type { Article, Host } from './host'
import type { Inbox, Receiver } from './receiver'
import type { Service } from './service'

export interface Posted {
  id: string
  revision: number
  status: string
  text: string
  token: string
}

export interface Person {
  name: string
  email: string
  password: string
}

interface Writing {
  name?: string
  /** Name of the article. */
  on?: string
  parent?: Posted
  title?: string
}

type Action = 'approve' | 'reject' | 'spam' | 'delete' | 'restore'

export class Site {
  private constructor(readonly service: Service, readonly host: Host, readonly key: string) {}

  static async add(service: Service, host: Host, options: Record<string, string>): Promise<Site> {
    const key = 's' + randomUUID().slice(0, 8)
    const set = Object.entries({ rate_limits: 'off', ...options }).flatMap(([name, value]) => ['--set', `${name}=${value}`])
    await service.cli(['site', 'add', key, '--name', `Paper ${key}`, '--origin', host.origin, ...set])
    return new Site(service, host, key)
  }

  /** The address of an article with the widget. */
  article(article: Article = {}): string {
    return this.host.print(this.service.base, this.key, article)
  }

  /** Writes a comment through the API, as another reader would. */
  async post(text: string, { name = 'Ann Lee', on = 'story', parent, title = 'The ferry stays' }: Writing = {}): Promise<Posted> {
    const { comment, edit_token } = await this.service.api<{ comment: Posted; edit_token: string }>('POST', `sites/${this.key}/comments`, {
      page: { key: on, url: `${this.host.origin}/${this.key}/${on}`, title },
      author: { name },
      text,
      ...(parent && { parent_id: parent.id }),
    })
    return { ...comment, text, token: edit_token }
  }

  /** Decides in the owner's name; every comment must take the decision. */
  async decide(action: Action, ...comments: Posted[]) {
    const items = comments.map(({ id, revision }) => ({ id, revision }))
    const { results } = await this.service.api<{ results: { ok: boolean }[] }>('POST', 'moderation/decisions', { action, items })
    if (!results.every(({ ok }) => ok)) throw new Error(`${action} was refused: ${JSON.stringify(results)}`)
  }

  /** Writes a comment that is public, on a site whose undo window is 0. */
  async publish(text: string, writing: Writing = {}): Promise<Posted> {
    const posted = await this.post(text, writing)
    if (posted.status !== 'approved') await this.decide('approve', posted)
    return { ...posted, status: 'approved' }
  }

  /** The texts that every reader sees under an article, oldest first, replies left out. */
  async visible(on = 'story'): Promise<string[]> {
    const { comments } = await this.service.api<{ comments: { html: string }[] }>('GET', `sites/${this.key}/comments?page=${on}&limit=100`)
    return comments.map(({ html }) => html)
  }

  async close(on = 'story') {
    await this.service.api('PATCH', `sites/${this.key}/pages?page=${on}`, { open: false })
  }

  /** Gives somebody an account for this site alone. */
  async hire(name: string, role = 'moderator'): Promise<Person> {
    const email = `${name.toLowerCase()}@${this.key}.test`
    const password = 'a ferry at ten to midnight'
    await this.service.cli(['user', 'add', email, '--role', role, '--site', this.key, '--name', name, '--password-stdin'], password)
    return { name, email, password }
  }

  /** Adds a webhook endpoint that goes to an inbox of the receiver. */
  async send(receiver: Receiver, types = ''): Promise<Inbox> {
    const inbox = receiver.inbox(this.key)
    const only = types ? ['--types', types] : []
    const made = await this.service.cli<{ secret: string }>(['webhook', 'add', '--site', this.key, '--url', inbox.url, ...only])
    inbox.secret = made.secret
    return inbox
  }
}
