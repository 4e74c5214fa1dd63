// The widget on a page, as its readers find it.
import type { Locator, Page } from '@playwright/test'

export class Widget {
  readonly root: Locator
  readonly field: Locator
  readonly heading: Locator
  readonly status: Locator

  constructor(readonly page: Page, root?: Locator) {
    this.root = root ?? page.locator('afterword-comments')
    this.field = this.root.getByLabel('New comment:')
    this.heading = this.root.getByRole('heading', { level: 2 })
    this.status = this.root.getByRole('status')
  }

  static async open(page: Page, url: string): Promise<Widget> {
    await page.goto(url)
    const widget = new Widget(page)
    await widget.heading.waitFor()
    return widget
  }

  /** The comment that says this. */
  comment(text: string): Locator {
    return this.root.getByRole('article').filter({ hasText: text })
  }

  get comments(): Locator {
    return this.root.getByRole('article')
  }

  button(name: string | RegExp): Locator {
    return this.root.getByRole('button', { name, exact: typeof name === 'string' })
  }

  async write(text: string, name = 'Ben Okoro') {
    await this.field.fill(text)
    await this.root.getByLabel('Name').fill(name)
    await this.button('Post comment').click()
  }
}
