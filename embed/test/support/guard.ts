// What no page may do in any test: fail in the console, break its content
// policy, open a dialog of the browser's, or speak to a host that is not ours.
import type { BrowserContext } from '@playwright/test'

export class Guard {
  private readonly found: string[] = []
  private readonly allowed: RegExp[] = []

  constructor(private readonly origins: () => string[]) {}

  /** Messages that the test provokes: matched against the text with the address in brackets. */
  allow(...patterns: RegExp[]) {
    this.allowed.push(...patterns)
  }

  get troubles(): string[] {
    return this.found.filter(text => !this.allowed.some(pattern => pattern.test(text)))
  }

  async watch(context: BrowserContext) {
    context.on('console', message => {
      if (message.type() === 'error') this.found.push(`console: ${message.text()} (${message.location().url})`)
    })
    context.on('weberror', error => this.found.push(`error: ${error.error().stack}`))
    context.on('dialog', dialog => {
      this.found.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    context.on('request', request => {
      const { protocol, origin } = new URL(request.url())
      if (/^(https?|wss?):$/.test(protocol) && !this.origins().includes(origin)) this.found.push(`request: ${request.url()}`)
    })
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', event => {
        console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`)
      })
    })
  }
}
