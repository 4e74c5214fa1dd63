// h() is the only way in which the widget makes elements. There is no HTML
// sink and no style attribute, so the strictest host policy has nothing to refuse.

export type Child = Node | string | number | false | null | undefined
type Value = string | number | boolean | null | undefined | ((event: any) => void)
export type Attributes = Record<string, Value>

/** Makes an element. `p` sets class and part alike; functions become listeners (onclick, oninput). */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag)
  for (const name in attributes) {
    const value = attributes[name]
    if (typeof value === 'function') el.addEventListener(name.slice(2), value)
    else if (name === 'p') el.className = (el.part as unknown as string) = value as string
    else if (value || value === 0) el.setAttribute(name, value === true ? '' : (value as string))
  }
  el.append(...kept(children))
  return el
}

/** The children that are there: what append() takes. */
export function kept(children: Child[]): (Node | string)[] {
  return children.filter(c => c || c === 0) as (Node | string)[]
}

/** A quiet text button. */
export function button(label: Child, onclick: (event: MouseEvent) => void, more?: Attributes) {
  return h('button', { type: 'button', p: 'action', onclick, ...more }, label)
}
