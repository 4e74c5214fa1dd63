// The moderators' desk, as they work with it.
import { expect, type Locator, type Page } from '@playwright/test'
import type { Person } from './site'

export class Desk {
  readonly list: Locator
  readonly status: Locator

  constructor(readonly page: Page) {
    this.list = page.getByRole('region', { name: 'Comments', exact: true })
    this.status = page.getByRole('status')
  }

  /** Opens an address of the desk and signs in there. */
  static async signIn(page: Page, url: string, person: Person): Promise<Desk> {
    await page.goto(url)
    await fillIn(page, person)
    await expect(page.getByRole('navigation', { name: 'Main' })).toBeAttached()
    return new Desk(page)
  }

  /** The comment, or the line that is left of it, that says this. */
  row(text: string): Locator {
    return this.list.getByRole('article').filter({ hasText: text })
  }

  get rows(): Locator {
    return this.list.getByRole('article')
  }

  /** The row that keys act on. */
  get current(): Locator {
    return this.list.locator('article[aria-current=true]')
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' })
  }

  tab(name: string): Locator {
    return this.page.getByRole('navigation', { name: 'Status' }).getByRole('link', { name })
  }

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key)
  }
}

export async function fillIn(page: Page, { email, password }: Pick<Person, 'email' | 'password'>) {
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
