// What this browser remembers: drafts, the name, own comments, votes. Every
// access may fail (private mode, full, forbidden), and none of that is an error.

/** A comment that was written here, with the token that lets its author see and change it. */
export interface Own {
  id: string
  token: string
  page: string
  until: string
}

export interface Draft {
  text: string
  /** The last attempt to send it, so that a retry is the same request to the server. */
  sent?: { said: string; key: string; took: number }
}

interface Tables {
  own: Own
  drafts: Draft
  votes: { value: number }
  name: { value: string }
  /** What the site's moderators thought of this reader's reports is kept under a random number; this is the number. */
  reporter: { value: string }
}

const month = 30 * 864e5

/** The memory of one site: small tables of entries, each forgotten after 30 days. */
export function memory(site: string) {
  const key = (table: string) => `afterword ${site} ${table}`
  function all<T extends keyof Tables>(table: T): Record<string, Tables[T]> {
    try {
      const entries = Object.entries<Tables[T] & { at: number }>(JSON.parse(localStorage.getItem(key(table))!))
      return Object.fromEntries(entries.filter(([, { at }]) => Date.now() - at < month))
    } catch {
      return {}
    }
  }
  /** Keeps an entry, or forgets it when there is none. */
  function keep<T extends keyof Tables>(table: T, id: string, entry?: Tables[T] | undefined) {
    try {
      const value = { ...all(table), [id]: entry && { ...entry, at: Date.now() } }
      localStorage.setItem(key(table), JSON.stringify(value))
    } catch {
      // Nothing to keep it in: the page works without.
    }
  }
  return { all, keep }
}

export type Memory = ReturnType<typeof memory>
