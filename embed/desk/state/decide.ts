// Decisions: shown at once, sent, and taken back while the window is open.
// A decision that the server refuses puts the row back with the reason.
import { signal } from '@preact/signals';
import * as api from '../api';
import { explain, t } from '../strings';
import type { Action, Comment, Decision, DecisionResult, Status } from '../types';
import * as queue from './queue';
import { amend } from './router';
import { alert, say, wide } from './ui';

interface Act {
  action: Action;
  comments: Comment[];
  /** What the server calls it, one name for each request that it took; empty until the server has answered. */
  decisions: string[];
  until: number | null;
  answered: Promise<void>;
}

export interface Why {
  reason?: string;
  clause?: string;
  message?: string;
  tell?: boolean;
  note?: string;
}

/** Newest last; also those whose rows have left, for the key that undoes. */
export const acts = signal<Act[]>([]);
/** Counts decisions that are settled, so that an open detail knows when to read again. */
export const settled = signal(0);

/** Items of one request: more of them, with a long note, would not fit into the 32 KiB that a body may have. */
const atMost = 300;
const outcome: Record<Action, Status> = {
  approve: 'approved',
  reject: 'rejected',
  spam: 'spam',
  delete: 'deleted',
  restore: 'pending',
};

/** What can be done to a comment, in the order of the buttons. One that was reported is approved once more to keep it. */
export function actionsFor({ status, reports }: Pick<Comment, 'status' | 'reports'>): Action[] {
  if (status === 'pending') return ['approve', 'reject', 'spam', 'delete'];
  if (status === 'approved' && reports.weight > 0) return ['approve', 'reject', 'spam', 'delete'];
  if (status === 'approved') return ['reject', 'spam', 'delete'];
  if (status === 'deleted') return ['restore'];
  return status === 'rejected' ? ['restore', 'approve', 'spam', 'delete'] : ['restore', 'approve', 'reject', 'delete'];
}

export function decide(action: Action, comments: Comment[], why: Why = {}) {
  const busy = new Set(acts.value.filter((act) => act.decisions.length === 0).flatMap((act) => act.comments.map((c) => c.id)));
  const fit = comments.filter((c) => actionsFor(c).includes(action) && !busy.has(c.id));
  if (fit.length > 0) decideThese(action, fit, why);
}

function decideThese(action: Action, comments: Comment[], why: Why) {
  const ids = comments.map((comment) => comment.id);
  const listed = ids.some((id) => queue.find(id)?.mark.kind === 'open');
  const next = queue.after(ids);
  queue.tidy();
  queue.mark(ids, (row) => ({
    ...row,
    mark: { kind: 'acted', action, until: null, sent: false, leaveAt: Infinity, decision: '', together: 1 },
  }));
  queue.select(ids, false);
  tally(comments, action, 1);
  if (listed) goTo(next, ids);
  const act: Act = { action, comments, decisions: [], until: null, answered: Promise.resolve() };
  acts.value = [...acts.value.slice(-19), act];
  act.answered = send(act, why);
}

function goTo(next: string, decided: string[]) {
  if (!wide.value && decided.includes(queue.openId.value)) {
    // The detail covers the list: it goes on to the next, or gives the list back.
    queue.setCurrent(next);
    return amend({ open: next || null, at: next || null });
  }
  if (!decided.includes(queue.current.value)) return;
  if (next) queue.focusOn(next);
  else {
    queue.current.value = '';
    document.getElementById('queue-title')?.focus();
  }
}

async function send(act: Act, why: Why) {
  const asked = act.comments.map((comment) => comment.id);
  const answers: Decision[] = [];
  const requests = apart(act.comments);
  try {
    for (let i = 0; i < requests.length; i++) {
      answers.push(await api.decide({ action: act.action, ...about(requests[i]!), ...why }));
    }
  } catch (problem) {
    fail(act, requests.slice(answers.length).flat(), problem);
  }
  take(act, answers);
  queue.keepCurrent(asked);
  await regroup(act);
  settled.value++;
}

/** What was decided apart from its group is out of the group's card, which may have been its own. */
async function regroup(act: Act) {
  for (const id of new Set(act.comments.flatMap(({ apart: from }) => from ?? []))) {
    await queue.readGroup(id).catch(() => undefined);
  }
}

/** The comments by request: cards of groups each in one of their own, all others together. */
function apart(comments: Comment[]): Comment[][] {
  const single = comments.filter((comment) => queue.weight(comment) === 1);
  const requests = comments.filter((comment) => queue.weight(comment) > 1).map((comment) => [comment]);
  for (let i = 0; i < single.length; i += atMost) requests.push(single.slice(i, i + atMost));
  return requests;
}

function about(comments: Comment[]): Pick<api.DecisionRequest, 'items' | 'group' | 'site' | 'as_of'> {
  const [{ group, site }] = comments as [Comment];
  if (group && queue.weight(comments[0]!) > 1) return { group: group.id, site, as_of: group.as_of };
  return { items: comments.map(({ id, revision, status }) => ({ id, revision, status })) };
}

/** Takes up what the server did: however many requests it was, it is one outcome with one undo. */
function take(act: Act, answers: Decision[]) {
  const results = answers.flatMap((answer) => answer.results);
  const done = results.filter((result) => result.ok).map((result) => result.id);
  const lost = results.filter((result) => !result.ok);
  act.decisions = answers.map((answer) => answer.decision_id);
  act.until = firstEnd(answers);
  const until = act.until;
  queue.mark(done, (row) => ({
    ...row,
    mark: {
      kind: 'acted',
      action: act.action,
      until,
      sent: true,
      leaveAt: until ?? Date.now() + queue.lineStays / 2,
      decision: act.decisions.at(-1) ?? '',
      together: done.length,
    },
  }));
  for (const result of lost) lose(act, result);
  act.comments = act.comments.filter((comment) => done.includes(comment.id));
  if (done.length === 0) drop(act);
  else acts.value = [...acts.value];
  if (results.length > 0) say(t.said.decided(act.action, done.length, lost.length, until !== null));
}

/** Until when all of it can be undone; null when some of it cannot. */
function firstEnd(answers: Decision[]): number | null {
  const ends = answers.map(({ undo_until: end }) => (end ? queue.localTime(Date.parse(end)) : null));
  return ends.includes(null) || ends.length === 0 ? null : Math.min(...(ends as number[]));
}

function lose(act: Act, result: DecisionResult) {
  const comment = act.comments.find((c) => c.id === result.id);
  if (comment) tally([comment], act.action, -1);
  if (result.code === 'conflict' && result.status && result.status !== comment?.status) {
    queue.decidedElsewhere(result.id, result.status, result.by ?? '', true);
    return;
  }
  const stale = result.code === 'conflict';
  const trouble = stale ? t.row.stale : result.detail || t.problems.generic;
  queue.mark([result.id], (row) => ({ ...row, mark: { kind: 'open', trouble, newer: stale } }));
}

function fail(act: Act, undone: Comment[], problem: unknown) {
  const trouble = t.row.failed(act.action, explain(problem));
  tally(undone, act.action, -1);
  queue.mark(
    undone.map((comment) => comment.id),
    (row) => ({ ...row, mark: { kind: 'open', trouble } }),
  );
  alert(trouble);
}

const drop = (act: Act) => (acts.value = acts.value.filter((other) => other !== act));

/** Takes back the newest act that still can be; tells when there is none. */
export async function undoLast() {
  const last = acts.value.findLast((act) => act.decisions.length === 0 || (act.until ?? 0) > Date.now());
  if (!last) return say(t.said.nothingToUndo);
  await last.answered;
  const decision = last.decisions.at(-1);
  if (decision && last.until) await undo(decision);
}

/** Takes back a decision, with the others that were made in the same act. */
export async function undo(decision: string) {
  const act = acts.value.find((other) => other.decisions.includes(decision));
  const back: string[] = [];
  // Before the call: the stream may bring the true counts sooner than the answer comes.
  if (act) tally(act.comments, act.action, -1);
  try {
    for (const one of act?.decisions ?? [decision]) {
      const { results } = await api.undo(one);
      back.push(...results.filter((result) => result.ok).map((result) => result.id));
      if (act) act.decisions = act.decisions.filter((other) => other !== one);
    }
    if (act) drop(act);
    bringBack(act, back);
    if (act) await regroup(act);
    say(t.said.undone(back.length));
  } catch (problem) {
    if (act) keep(act, back);
    alert(t.said.undoFailed(explain(problem)));
  }
  settled.value++;
}

/** An act that could not be undone, or only in part: what is left of it stands, and can be undone by itself. */
function keep(act: Act, back: string[]) {
  if (back.length > 0) bringBack(act, back);
  act.comments = act.comments.filter((comment) => !back.includes(comment.id));
  tally(act.comments, act.action, 1);
}

function bringBack(act: Act | undefined, ids: string[]) {
  queue.tidy();
  const first = ids.find((id) => queue.find(id));
  if (!first || !act) return void queue.load();
  queue.mark(ids, (row) => ({ ...row, mark: { kind: 'open' } }));
  requestAnimationFrame(() => queue.focusOn(first));
}

// The tabs' numbers follow at once; the live stream brings the true ones.
function tally(comments: Comment[], action: Action, sign: 1 | -1) {
  if (!queue.counts.value) return;
  const next = { ...queue.counts.value };
  for (const comment of comments) {
    const by = sign * queue.weight(comment);
    next[comment.status] = Math.max(0, next[comment.status] - by);
    next[outcome[action]] += by;
    if (comment.reports.weight > 0 && action !== 'restore') next.reported = Math.max(0, next.reported - sign);
  }
  queue.counts.value = next;
}

/** Reads a comment that its author has changed since, and shows it in place. */
export async function renew(id: string) {
  try {
    const now = await api.readComment(id);
    queue.mark([id], (row) => ({ comment: { ...row.comment, ...now }, mark: { kind: 'open' } }));
  } catch (problem) {
    queue.mark([id], (row) => ({ ...row, mark: { kind: 'open', trouble: explain(problem), newer: true } }));
  }
}
