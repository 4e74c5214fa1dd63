// Reads the catalogues and refuses any that a reader would notice as unfinished:
// a key too few or too many, a plural form that the language needs, a value
// that is not filled in.
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'

const values = text => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort().join(' ')
const forms = message => (typeof message === 'string' ? { other: message } : message)

/** The catalogues of a folder by language tag; throws with every fault found. */
export function checkLocales(dir) {
  const all = {}
  for (const file of readdirSync(dir).sort()) {
    if (file.endsWith('.json')) all[basename(file, '.json')] = JSON.parse(readFileSync(join(dir, file), 'utf8'))
  }
  const faults = Object.entries(all).flatMap(([tag, catalogue]) => compare(tag, catalogue, all.en))
  if (faults.length) throw new Error('locales:\n  ' + faults.join('\n  '))
  return all
}

function compare(tag, has, wants) {
  const faults = []
  for (const key of new Set([...Object.keys(wants), ...Object.keys(has)])) {
    const at = `${tag}: ${key}`
    if (!(key in has)) faults.push(`${at} is missing`)
    else if (!(key in wants)) faults.push(`${at} is not known to en`)
    else faults.push(...message(at, tag, has[key], wants[key]))
  }
  return faults
}

function message(at, tag, has, wants) {
  const faults = []
  const needed = typeof wants === 'string' ? ['other'] : new Intl.PluralRules(tag).resolvedOptions().pluralCategories
  for (const form of needed) if (!forms(has)[form]) faults.push(`${at} lacks the form ${form}`)
  for (const text of Object.values(forms(has))) {
    if (values(text) !== values(forms(wants).other)) faults.push(`${at} has other values than en: ${text}`)
  }
  return faults
}

/**
 * The build's replacements for TEXT.key: the words of one language. Throws when
 * there is a message that the sources never say.
 */
export function messages(catalogue, sources) {
  const said = new Set([...sources.matchAll(/\bTEXT\.(\w+)/g)].map(([, key]) => key))
  const unsaid = Object.keys(catalogue).filter(key => !said.has(key))
  if (unsaid.length) throw new Error('locales: nothing says ' + unsaid.join(', '))
  return Object.fromEntries(Object.entries(catalogue).map(([key, message]) => [`TEXT.${key}`, simplest(message)]))
}

/** Forms that are all the same need not be told apart. */
function simplest(message) {
  const [text, ...others] = new Set(Object.values(forms(message)))
  return others.length ? message : text
}
