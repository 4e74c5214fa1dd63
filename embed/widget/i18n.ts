// Words, plurals and times of one language. Formatters are made once: they
// cost more than everything else that a comment needs.
import type { Child } from './dom'
import { read } from './locales/en.json'
import type en from './locales/en.json'

export type Key = keyof (typeof en)['read'] | keyof (typeof en)['write']
export type Message = string | { other: string; [category: string]: string }
/** A translation as it is built: the messages of `read` and `write` in the order of English. */
export type Translation = [Message[], Message[]]

const units = [['day', 864e5], ['hour', 36e5], ['minute', 6e4], ['second', 1e3]] as const

export function words(wanted: string, found?: Translation | null) {
  const lang = found || /^en/.test(wanted) ? valid(wanted) : 'en'
  const messages: Record<string, Message> = {}
  const plural = new Intl.PluralRules(lang)
  const number = new Intl.NumberFormat(lang)
  const relative = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' })
  const full = new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeStyle: 'short' })
  const day = new Intl.DateTimeFormat(lang, { dateStyle: 'medium' })

  /** The message in pieces, so that a value may be an element. */
  function rich(key: Key, values: Record<string, Child> = {}): Child[] {
    const message = messages[key]!
    const text = typeof message === 'string' ? message : (message[plural.select(values.n as number)] ?? message.other)
    return text.split(/\{(\w+)\}/).map((part, at) => {
      const value = at % 2 ? values[part] : part
      return typeof value === 'number' ? number.format(value) : value
    })
  }
  function add(english: Record<string, Message>, group: 0 | 1) {
    Object.keys(english).forEach((key, at) => (messages[key] = found?.[group][at] ?? english[key]!))
  }
  add(read, 0)
  return {
    lang,
    rich,
    /** Adds the words of a chunk. */
    add,
    t: (key: Key, values?: Record<string, Child>) => rich(key, values).join(''),
    number: (n: number) => number.format(n),
    full: (iso: string) => full.format(new Date(iso)),
    /** "5 minutes ago" or "in 30 seconds"; a date when it is more than four weeks back. */
    ago(iso: string | number): string {
      const away = +new Date(iso) - Date.now()
      const [unit, size] = units.find(u => Math.abs(away) >= u[1]) ?? units[3]
      if (away < -28 * 864e5) return day.format(new Date(iso))
      return unit === 'second' && away < 0 ? relative.format(0, unit) : relative.format(Math.trunc(away / size), unit)
    },
  }
}

/** The tag, if Intl takes it. */
function valid(tag: string): string {
  try {
    return new Intl.Locale(tag).baseName
  } catch {
    return 'en'
  }
}

export type Words = ReturnType<typeof words>
