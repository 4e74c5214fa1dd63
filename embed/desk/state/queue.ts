// The queue: the comments of one status and filter, as rows that keep their
// place. A row that was decided becomes a line and leaves later; nothing is
// inserted or removed under what is being read.
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import * as api from '../api';
import { serverNow } from '../http';
import { hold, inView, release } from '../parts/still';
import { explain, t } from '../strings';
import type { Action, Comment, Counts, Status } from '../types';
import { amend, param, remember } from './router';
import { say, wide } from './ui';

export type Mark =
  | { kind: 'open'; trouble?: string; newer?: boolean }
  | { kind: 'acted'; action: Action; until: number | null; sent: boolean; leaveAt: number; decision: string; together: number }
  | { kind: 'other'; status: Status; by: string; late: boolean; folded: boolean; leaveAt: number };

export interface Row {
  comment: Comment;
  mark: Mark;
}

export const statuses: Status[] = ['pending', 'approved', 'rejected', 'spam', 'deleted'];
export const lineStays = 8000;

export const site = param('site');
export const status = computed(() => statusParam.value || 'pending');
export const q = param('q');
export const reason = param('reason');
export const author = param('author');
export const page = param('page');
/** The list of what readers have reported, which has an order of its own. */
export const reported = computed(() => statusParam.value === 'reported');
export const sort = computed(() => sortParam.value || (status.value === 'pending' ? 'oldest' : 'newest'));
export const openId = param('open');
const statusParam = param('status');
const sortParam = param('sort');

export const rows = signal<Row[]>([]);
export const counts = signal<Counts | null>(null);
export const cursor = signal<string | null>(null);
export const phase = signal<'loading' | 'ready' | 'failed'>('loading');
export const trouble = signal('');
/** Ids that belong here but came after the list was read. */
export const waiting = signal<ReadonlySet<string>>(new Set());
export const current = signal('');
export const selected = signal<ReadonlySet<string>>(new Set());

export const openRows = computed(() => rows.value.filter((row) => row.mark.kind === 'open'));
export const chosen = computed(() => openRows.value.filter((row) => selected.value.has(row.comment.id)));
export const isFiltered = computed(() => Boolean(q.value || reason.value || author.value || page.value));

export const find = (id: string) => rows.value.find((row) => row.comment.id === id);

export function mark(ids: readonly string[], next: (row: Row) => Row) {
  rows.value = rows.value.map((row) => (ids.includes(row.comment.id) ? next(row) : row));
}

const asked = (): api.QueueQuery => ({
  site: site.value,
  status: status.value,
  q: q.value,
  reason: reason.value,
  author: author.value,
  page: page.value,
  sort: sort.value,
  ...(reported.value && { reported: 'true' }),
  grouped: 'true',
});

let loading = new AbortController();
let readAt = 0;
let news = 0;

/** The numbers as the live stream has told them. */
export function told(tally: Counts) {
  news++;
  counts.value = tally;
}

/** Asks for a list. Its numbers count unless the stream has told others meanwhile: the answer may be older. */
async function list(query: api.QueueQuery, signal?: AbortSignal) {
  const before = news;
  const found = await api.listComments(query, signal);
  return { ...found, counts: news === before || !counts.value ? found.counts : counts.value };
}

/** Reads the list anew. The old one stays, greyed, until the answer is there. */
export async function load(): Promise<void> {
  loading.abort();
  loading = new AbortController();
  const { signal: mine } = loading;
  phase.value = 'loading';
  try {
    const found = await list(asked(), mine);
    if (mine.aborted) return;
    batch(() => begin(found.comments, found.counts, found.next_cursor));
  } catch (problem) {
    if (mine.aborted) return;
    trouble.value = explain(problem);
    phase.value = 'failed';
  }
}

function begin(comments: Comment[], tally: Counts, next: string | null) {
  release();
  readAt = serverNow();
  rows.value = comments.map(fresh);
  counts.value = tally;
  cursor.value = next;
  phase.value = 'ready';
  waiting.value = new Set();
  const ids = new Set(comments.map((comment) => comment.id));
  const query = new URLSearchParams(location.search);
  const at = query.get('at') ?? '';
  current.value = ids.has(at) ? at : (comments[0]?.id ?? '');
  selected.value = new Set((query.get('sel') ?? '').split(',').filter((id) => ids.has(id)));
}

const fresh = (comment: Comment): Row => ({ comment, mark: { kind: 'open' } });

export const loadingMore = signal(false);

export async function loadMore(): Promise<void> {
  if (!cursor.value || loadingMore.value) return;
  const { signal: mine } = loading;
  loadingMore.value = true;
  try {
    const found = await api.listComments({ ...asked(), cursor: cursor.value }, mine);
    if (mine.aborted) return;
    cursor.value = found.next_cursor;
    const added = insert(found.comments);
    say(t.queue.moreLoaded(added.length));
  } catch (problem) {
    if (!mine.aborted) trouble.value = explain(problem);
  } finally {
    loadingMore.value = false;
  }
}

function insert(comments: Comment[]): Comment[] {
  const known = new Set(rows.value.map((row) => row.comment.id));
  // A later copy of what is here already joins its card.
  const cards = new Map(openRows.value.flatMap(({ comment: { id, group } }) => (group ? [[group.id, id]] : [])));
  for (const { group } of comments) if (group && cards.has(group.id)) regroup(cards.get(group.id)!, group);
  const added = comments.filter(({ id, group }) => !known.has(id) && !(group && cards.has(group.id)));
  const way = sort.value === 'oldest' ? 1 : -1;
  const order = (a: Row, b: Row) => way * (a.comment.id < b.comment.id ? -1 : 1);
  const grown = [...rows.value, ...added.map(fresh)];
  // Ids are time-ordered, so they give the list's order; a search may rank otherwise.
  rows.value = isFiltered.value || reported.value ? grown : grown.sort(order);
  if (!current.value && added[0]) current.value = added[0].id;
  return added;
}

const regroup = (id: string, group: Comment['group']) =>
  mark([id], (row) => ({ ...row, comment: { ...row.comment, group } }));

/** After some of a group were decided alone: its card is of those that are left. */
export async function readGroup(id: string): Promise<void> {
  const { comments } = await api.listComments({ ...asked(), grouped: undefined, group: id, limit: 1 });
  const card = openRows.value.find(({ comment }) => comment.group?.id === id);
  if (card) regroup(card.comment.id, comments[0]?.group ?? null);
  else insert(comments);
}

/** How many comments a row stands for. */
export const weight = ({ status: of, group }: Comment) => (of === 'pending' && group ? Math.max(1, group.waiting) : 1);

/** Brings in what waits behind the "new" bar and goes to the first of it. */
export async function showWaiting(): Promise<void> {
  const ids = waiting.value;
  const limit = Math.min(100, ids.size + 10);
  try {
    const found = await api.listComments({ ...asked(), sort: 'newest', limit });
    waiting.value = new Set();
    const added = insert(found.comments.filter((comment) => ids.has(comment.id)));
    const first = sort.value === 'oldest' ? added.at(-1) : added[0];
    say(t.queue.newShown(added.length));
    if (first) requestAnimationFrame(() => focusOn(first.id));
  } catch (problem) {
    trouble.value = explain(problem);
  }
}

/** After a gap in the live stream: finds what came meanwhile, without touching the rows. */
export async function look(): Promise<void> {
  const found = await list({ ...asked(), sort: 'newest', limit: 100 });
  counts.value = found.counts;
  const known = new Set(rows.value.map((row) => row.comment.id));
  const came = found.comments.filter((c) => !known.has(c.id) && Date.parse(c.created_at) > readAt);
  if (came.length > 0) waiting.value = new Set([...waiting.value, ...came.map((comment) => comment.id)]);
}

/** Makes a row the current one; the third pane, where open, follows it. */
export function setCurrent(id: string) {
  if (current.value === id) return;
  current.value = id;
  remember({ at: id });
  if (openId.value && wide.value) amend({ open: id, at: id });
}

export function focusOn(id: string) {
  setCurrent(id);
  const element = document.getElementById(`row-${id}`);
  element?.focus({ preventScroll: true });
  // After the decided row has shrunk to its line.
  requestAnimationFrame(() => requestAnimationFrame(() => element?.scrollIntoView({ block: 'nearest' })));
}

/** Rows that have come back, refused: one of them is the current row if there is no other. */
export function keepCurrent(ids: readonly string[]) {
  const here = (id: string) => find(id)?.mark.kind === 'open';
  if (here(current.value)) return;
  const id = ids.find(here);
  if (!id) return;
  setCurrent(id);
  // When it is drawn; whoever is typing elsewhere goes on typing.
  requestAnimationFrame(() => document.activeElement?.matches('body, #queue-title') && focusOn(id));
}

export function move(by: 1 | -1) {
  const list = openRows.value;
  const at = list.findIndex((row) => row.comment.id === current.value);
  const next = at < 0 ? list[0] : list[at + by];
  if (!next) return;
  tidy();
  focusOn(next.comment.id);
}

/** The row to go to once `ids` are decided: the next open one, else the one before. */
export function after(ids: readonly string[]): string {
  const all = rows.value;
  const last = all.findLastIndex((row) => ids.includes(row.comment.id));
  const free = (row: Row) => row.mark.kind === 'open' && !ids.includes(row.comment.id);
  return (all.slice(last + 1).find(free) ?? all.slice(0, Math.max(last, 0)).findLast(free))?.comment.id ?? '';
}

export function select(ids: readonly string[], on: boolean) {
  const next = new Set(selected.value);
  for (const id of ids) {
    if (on) next.add(id);
    else next.delete(id);
  }
  selected.value = next;
  remember({ sel: [...next].join(',') || null });
}

export function toggle(id: string) {
  select([id], !selected.value.has(id));
}

/** The moderator has acted, so things may move now: spare room closes and others' decisions fold. */
export function tidy() {
  release();
  const folds = (row: Row) => row.mark.kind === 'other' && !row.mark.folded;
  if (!rows.value.some(folds)) return;
  const leaveAt = Date.now() + lineStays;
  rows.value = rows.value.map((row) =>
    row.mark.kind === 'other' && !row.mark.folded ? { ...row, mark: { ...row.mark, folded: true, leaveAt } } : row,
  );
}

/** Somebody else decided: a line in place; in view it keeps its height until the moderator moves on. */
export function decidedElsewhere(id: string, to: Status, by: string, late = false) {
  const folded = !inView(id);
  if (folded) hold(current.value);
  const leaveAt = folded ? Date.now() + lineStays : Infinity;
  mark([id], (row) => ({ ...row, mark: { kind: 'other', status: to, by, late, folded, leaveAt } }));
  if (selected.value.has(id)) select([id], false);
}

function sweep() {
  const now = Date.now();
  const busy = document.activeElement?.closest('[data-line]')?.id;
  const leaves = ({ mark: m, comment }: Row) =>
    m.kind !== 'open' && m.leaveAt <= now && busy !== `row-${comment.id}`;
  if (!rows.value.some(leaves)) return;
  hold(current.value);
  rows.value = rows.value.filter((row) => !leaves(row));
}

/** When a line may go, on this machine's clock. */
export const localTime = (server: number) => server - serverNow() + Date.now();

/** Follows the filters for as long as the desk is open. */
export function follow() {
  effect(() => {
    void [site.value, status.value, q.value, reason.value, author.value, page.value, sort.value];
    // The call looks whether somebody is signed in, which is no reason to read the list again.
    void untracked(load);
  });
  effect(() => {
    if (openRows.value.length < 5 && cursor.value && phase.value === 'ready') queueMicrotask(() => void loadMore());
  });
  setInterval(sweep, 400);
}
