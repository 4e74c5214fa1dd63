// What the later chunks borrow from the widget's, so that no byte of it is
// loaded twice and the files stay independent of each other.
import { busy, emit, explain, say } from './app'
import { paint, place, remove, tally, update, vote } from './comment'
import { button, h, kept } from './dom'
import { draftKey } from './form'
import { fetchOne, forget, recall, recallOne, roots } from './thread'
import { elements } from './tree'
import { setCount, setOpen } from './view'

export const kit = {
  busy, emit, explain, say,
  paint, place, remove, tally, update, vote,
  button, h, kept, draftKey, elements,
  fetchOne, forget, recall, recallOne, roots, setCount, setOpen,
}

export type Kit = typeof kit
