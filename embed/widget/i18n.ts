// Plurals, numbers and times of one language. Formatters are made once: they
// cost more than everything else that a comment needs.
import type { Child } from './dom'

export type Message = string | { other: string; [category: string]: string }

const units = [['day', 864e5], ['hour', 36e5], ['minute', 6e4], ['second', 1e3]] as const

/** What a language does; `wanted` may be a closer tag of it, as de-AT is of de. */
export function words(wanted: string) {
  const lang = wanted.startsWith(LANG) ? valid(wanted) : LANG
  const plural = new Intl.PluralRules(lang)
  const number = new Intl.NumberFormat(lang)
  const relative = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' })
  const full = new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeStyle: 'short' })
  const day = new Intl.DateTimeFormat(lang, { dateStyle: 'medium' })

  /** The message in pieces, so that a value may be an element. */
  function rich(message: Message, values: Record<string, Child>): Child[] {
    const text = typeof message === 'string' ? message : (message[plural.select(values.n as number)] ?? message.other)
    return text.split(/\{(\w+)\}/).map((part, at) => {
      const value = at % 2 ? values[part] : part
      return typeof value === 'number' ? number.format(value) : value
    })
  }
  return {
    lang,
    rich,
    t: (message: Message, values: Record<string, Child>) => rich(message, values).join(''),
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
    return LANG
  }
}

export type Words = ReturnType<typeof words>
