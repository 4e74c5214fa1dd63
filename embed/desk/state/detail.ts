// The open comment with everything that is known of it. Follows `open` in the
// address; read again when the comment changes.
import { effect, signal } from '@preact/signals';
import * as api from '../api';
import { explain } from '../strings';
import type { Detail } from '../types';
import { settled } from './decide';
import { openId } from './queue';

export const detail = signal<Detail | null>(null);
export const trouble = signal('');

let loading = new AbortController();
let timer = 0;

export async function load(id: string): Promise<void> {
  loading.abort();
  loading = new AbortController();
  const { signal: mine } = loading;
  trouble.value = '';
  if (detail.peek()?.id !== id) detail.value = null;
  if (!id) return;
  try {
    const found = await api.readComment(id, mine);
    if (!mine.aborted) detail.value = found;
  } catch (problem) {
    if (!mine.aborted) trouble.value = explain(problem);
  }
}

/** The comment changed somewhere; an open detail reads it again. */
export function touched(id: string) {
  if (id === openId.peek()) later(id, 300);
}

// Walking through the list quickly must not ask for each comment on the way.
function later(id: string, ms: number) {
  clearTimeout(timer);
  timer = window.setTimeout(() => void load(id), ms);
}

export function follow() {
  effect(() => later(openId.value, 60));
  effect(() => {
    if (settled.value > 0) touched(openId.peek());
  });
}
