// The comment that a reply answers, for its quote line. Taken from the list
// where it is there, else from the readers' API, which needs no rights.
import { signal } from '@preact/signals';
import { exchange } from '../http';
import { plain } from '../parts/tree';
import type { Comment, Node } from '../types';
import { find } from './queue';

export interface Quote {
  name: string;
  text: string;
}

type Public = { comment: { author: { name: string }; tree: Node[] } };

/** null: it is not public, so there is nothing to quote. */
const quotes = signal<ReadonlyMap<string, Quote | null>>(new Map());
const line: string[] = [];
const asked = new Set<string>();
let busy = false;

/** The quote of a reply's parent; undefined while it is being read. */
export function quoteOf(comment: Comment): Quote | null | undefined {
  if (!comment.parent_id) return null;
  const near = find(comment.parent_id)?.comment;
  if (near) return { name: near.author.name, text: near.text };
  return quotes.value.get(comment.parent_id);
}

export function askFor(comment: Comment) {
  const id = comment.parent_id;
  if (!id || asked.has(id) || find(id)) return;
  asked.add(id);
  line.push(`sites/${encodeURIComponent(comment.site)}/comments/${encodeURIComponent(id)}?body=tree`);
  void work();
}

// One at a time: these are the least urgent requests of the page.
async function work() {
  if (busy) return;
  busy = true;
  for (let path = line.shift(); path; path = line.shift()) {
    const id = decodeURIComponent(path.split('/').at(-1)?.split('?')[0] ?? '');
    const found = await exchange<Public>('GET', path).catch(() => null);
    const quote = found && { name: found.comment.author.name, text: plain(found.comment.tree) };
    quotes.value = new Map(quotes.value).set(id, quote);
  }
  busy = false;
}
