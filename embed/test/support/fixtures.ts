// What a test is given. One service, one newspaper and one receiver of webhooks
// a worker; one site a test; and browsers that are watched.
import { expect, test as base, type BrowserContextOptions, type Page } from '@playwright/test'
import { Desk } from './desk'
import { Guard } from './guard'
import { Host, type Article } from './host'
import { Receiver } from './receiver'
import { Service } from './service'
import { Site, type Person } from './site'
import { Widget } from './widget'

interface Worker {
  service: Service
  host: Host
  receiver: Receiver
}

interface Test {
  /** Options of the test's site, beside switched off rate limits. */
  options: Record<string, string>
  site: Site
  guard: Guard
  /** Opens a browser with a profile of its own. */
  browse: (options?: BrowserContextOptions) => Promise<Page>
  /** Opens an article in a browser of its own. */
  read: (article?: Article, options?: BrowserContextOptions) => Promise<Widget>
  /** Signs somebody in, in a browser of its own. */
  moderate: (person: Person, path?: string, options?: BrowserContextOptions) => Promise<Desk>
}

export const test = base.extend<Test, Worker>({
  service: [async ({}, use) => {
    const service = await Service.start()
    await use(service)
    await service.end()
  }, { scope: 'worker' }],
  host: [async ({}, use) => {
    const host = await Host.start()
    await use(host)
    await host.end()
  }, { scope: 'worker' }],
  receiver: [async ({}, use) => {
    const receiver = await Receiver.start()
    await use(receiver)
    await receiver.end()
  }, { scope: 'worker' }],

  options: [{ undo_window: '0s' }, { option: true }],
  site: async ({ service, host, options }, use) => {
    await use(await Site.add(service, host, options))
  },
  guard: async ({ service, host }, use) => {
    const guard = new Guard(() => [service.base, host.origin])
    await use(guard)
    expect(guard.troubles).toEqual([])
  },
  browse: async ({ browser, guard }, use) => {
    await use(async options => {
      const context = await browser.newContext(options)
      await guard.watch(context)
      return context.newPage()
    })
    for (const context of browser.contexts()) await context.close()
  },
  read: async ({ browse, site }, use) => {
    await use(async (article, options) => Widget.open(await browse(options), site.article(article)))
  },
  moderate: async ({ browse, service }, use) => {
    await use(async (person, path = '/admin/', options) => Desk.signIn(await browse(options), service.base + path, person))
  },
})

export { expect, Desk, Widget }
