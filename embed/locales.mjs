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

function compare(tag, catalogue, model) {
  const faults = []
  for (const group of new Set([...Object.keys(model), ...Object.keys(catalogue)])) {
    const [has, wants] = [catalogue[group] ?? {}, model[group] ?? {}]
    for (const key of new Set([...Object.keys(wants), ...Object.keys(has)])) {
      const at = `${tag}: ${group}.${key}`
      if (!(key in has)) faults.push(`${at} is missing`)
      else if (!(key in wants)) faults.push(`${at} is not known to en`)
      else faults.push(...message(at, tag, has[key], wants[key]))
    }
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
