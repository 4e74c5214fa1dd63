// Turns the tree of a comment's body into elements. What is not on the list
// becomes its text, so a newer server can never make this client unsafe.
import { h } from './dom'
import type { Tree } from './types'

const tags = new Set('p br em strong del code pre blockquote ul ol li a'.split(' '))

/** The elements of a body, ready to append. */
export function elements(tree: Tree[] = []): (Node | string)[] {
  return tree.flatMap(node => (typeof node === 'string' ? node : element(node)))
}

function element({ t, c, href, start }: Exclude<Tree, string>): (Node | string)[] {
  const inner = elements(c)
  if (!tags.has(t) || (t === 'a' && !/^(https?|mailto):/i.test(href ?? ''))) return inner
  const link = t === 'a' && { href: href!, rel: 'nofollow ugc noopener noreferrer', target: '_blank' }
  return [h(t as 'p', link || { start }, ...inner)]
}
