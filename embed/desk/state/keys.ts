// The keyboard. Keys act on the selection or the current row; they are ignored
// in fields, in dialogs, with modifiers, and while they are held down.
import type { Action, Comment } from '../types';
import { act } from './act';
import { actionsFor, undoLast } from './decide';
import { detail } from './detail';
import { help, rejecting } from './dialogs';
import * as queue from './queue';
import { amend, screen } from './router';
import { mayModerate } from './sites';
import { keysOn, wide } from './ui';

/** The key printed on an action's button. */
export const keyOf: Record<Action, string> = { approve: 'a', reject: 'r', spam: 's', delete: 'D', restore: 'e' };

export function listen(): () => void {
  const stop = new AbortController();
  addEventListener('keydown', press, { signal: stop.signal });
  return () => stop.abort();
}

function press(event: KeyboardEvent) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.querySelector('dialog[open]')) return;
  if (event.key === 'Escape') return escape(event);
  if (event.repeat && !moves[event.key]) return;
  if (inField(event.target)) return;
  if (event.key === 'Enter') return enter(event);
  if (!keysOn.value && event.key.length === 1) return;
  const act = everywhere[event.key] ?? (screen.value === '' ? inQueue(event.key) : undefined);
  if (!act) return;
  event.preventDefault();
  act();
}

const moves: Record<string, () => void> = {
  j: () => queue.move(1),
  k: () => queue.move(-1),
  ArrowDown: () => queue.move(1),
  ArrowUp: () => queue.move(-1),
};

const everywhere: Record<string, () => void> = {
  '?': () => (help.value = true),
  u: () => void undoLast(),
};

const queueKeys: Record<string, () => void> = {
  ...moves,
  x: () => queue.current.value && queue.toggle(queue.current.value),
  '/': () => document.getElementById('search')?.focus(),
  R: () => onTarget('reject', (comments) => (rejecting.value = comments)),
};

function inQueue(key: string): (() => void) | undefined {
  const action = (Object.keys(keyOf) as Action[]).find((name) => keyOf[name] === key);
  if (action) return () => onTarget(action, (comments) => act(action, comments));
  // Below the width of three panes the detail covers the list.
  if (moves[key] && !wide.value && queue.openId.value) return undefined;
  return queueKeys[key];
}

/** What keys act on: the detail where it has the focus or covers the list, else the selection, else the current row. */
function target(): Comment[] {
  const open = queue.openId.value;
  const inDetail = open && document.activeElement?.closest('.detail');
  if (inDetail || (open && !wide.value)) return detail.value?.id === open ? [detail.value] : [];
  if (queue.chosen.value.length > 0) return queue.chosen.value.map((row) => row.comment);
  const row = queue.find(queue.current.value);
  return row?.mark.kind === 'open' ? [row.comment] : [];
}

function onTarget(action: Action, run: (comments: Comment[]) => void) {
  const comments = target();
  const fits = (comment: Comment) => mayModerate(comment.site) && actionsFor(comment).includes(action);
  if (comments.length > 0 && comments.every(fits)) run(comments);
}

function enter(event: KeyboardEvent) {
  const on = event.target instanceof Element ? event.target : null;
  const free = !on || on === document.body || on.matches('article.row, h1');
  if (!free || screen.value !== '' || !queue.current.value) return;
  event.preventDefault();
  openDetail(queue.current.value);
}

export function openDetail(id: string) {
  queue.setCurrent(id);
  amend({ open: id, at: id }, false);
}

export function closeDetail() {
  const id = queue.openId.value;
  amend({ open: null });
  if (queue.find(id)) requestAnimationFrame(() => queue.focusOn(id));
}

function escape(event: KeyboardEvent) {
  if (inField(event.target) && event.target instanceof HTMLElement) return event.target.blur();
  if (screen.value !== '') return;
  if (queue.openId.value) return closeDetail();
  if (queue.selected.value.size > 0) queue.select([...queue.selected.value], false);
}

function inField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && ['checkbox', 'radio', 'button'].includes(target.type)) return false;
  return target.isContentEditable || target.matches('input, textarea, select');
}
