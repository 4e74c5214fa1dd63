// One labelled field with a place for what is wrong with it.
import type { App } from './app'

export interface Field {
  box: HTMLElement
  input: HTMLInputElement | HTMLTextAreaElement
  /** Says what is wrong with the field; empty when nothing is. */
  fail(text: string): void
}

/** Adds the place for an error to a field and clears it when the reader types. */
export function guard({ h }: App, input: Field['input']): Omit<Field, 'box'> & { error: HTMLElement } {
  const id = input.id + '-error'
  const error = h('p', { p: 'error', id })
  const fail = (text: string) => {
    error.textContent = text
    input.ariaInvalid = text && 'true'
  }
  input.setAttribute('aria-describedby', id)
  input.addEventListener('input', () => fail(''))
  return { input, error, fail }
}

/** A line of input with its label above it. */
export function line(app: App, id: string, label: string, attributes: Record<string, string>): Field {
  const { h } = app
  const { error, input, fail } = guard(app, h('input', { id, p: 'input', dir: 'auto', ...attributes }))
  return { input, fail, box: h('div', { p: 'field' }, h('label', { for: id }, label), input, error) }
}

/** A field that people neither see nor reach, and that only a machine fills. */
export function trap(app: App): HTMLInputElement {
  const { h } = app
  return h('input', { name: 'homepage', tabindex: -1, autocomplete: 'off', 'aria-hidden': 'true', p: 'trap' })
}
