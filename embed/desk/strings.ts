// Every English word of the desk, in one place so that it can be translated.
import { Problem } from './http';
import type { Action, Role, Status } from './types';

const plurals = new Intl.PluralRules('en');
export const many = (n: number, one: string, other: string) =>
  `${n.toLocaleString('en')} ${plurals.select(n) === 'one' ? one : other}`;

const done: Record<Action, string> = {
  approve: 'Approved',
  reject: 'Rejected',
  spam: 'Marked as spam',
  delete: 'Deleted',
  restore: 'Restored',
};
const verb: Record<Action, string> = {
  approve: 'Approve',
  reject: 'Reject',
  spam: 'Spam',
  delete: 'Delete',
  restore: 'Restore',
};
const infinitive: Record<Action, string> = {
  approve: 'approve',
  reject: 'reject',
  spam: 'mark as spam',
  delete: 'delete',
  restore: 'restore',
};
export const statusNames: Record<Status, string> = {
  pending: 'Pending',
  approved: 'Approved',
  rejected: 'Rejected',
  spam: 'Spam',
  deleted: 'Deleted',
};
const became: Record<Status, string> = {
  pending: 'Put back to pending',
  approved: 'Approved',
  rejected: 'Rejected',
  spam: 'Marked as spam',
  deleted: 'Deleted',
};

/** How what decided without a person is called. */
const automatic: Record<string, string> = { pipeline: 'the checks', reports: 'readers’ reports' };

export const t = {
  product: 'Afterword',
  desk: 'Afterword desk',
  skip: 'Skip to content',
  status: statusNames,
  verb,
  done,
  roles: { viewer: 'Viewer', moderator: 'Moderator', admin: 'Admin', owner: 'Owner' } satisfies Record<Role, string>,
  notice: { label: 'Note of a rule', matched: 'A comment matches the rule', see: 'See the comment', dismiss: 'Close this note' },
  nav: {
    label: 'Main',
    queue: 'Queue',
    people: 'People',
    words: 'Words',
    links: 'Links',
    pages: 'Pages',
    rules: 'Rules',
    webhooks: 'Webhooks',
    checks: 'Checks',
    decisions: 'Decisions',
    settings: 'Settings',
    users: 'Users',
    account: 'Account',
    keys: 'Keys',
    signOut: 'Sign out',
    theme: { auto: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' },
  },
  common: {
    retry: 'Retry',
    cancel: 'Cancel',
    close: 'Close',
    save: 'Save',
    discard: 'Discard',
    add: 'Add',
    copy: 'Copy',
    copied: 'Copied',
    loading: 'Loading',
    more: 'Load more',
    site: 'Site',
    allSites: 'All sites',
    optional: 'optional',
    unsaved: 'Changes not saved yet',
    saved: 'Saved.',
    notFound: 'There is no such page in the desk.',
    toQueue: 'Go to the queue',
    noSites: 'No site yet. Add one on the server: afterword site add KEY --name NAME --origin URL',
    offline: 'You are offline. What you see may be old; decisions are not sent until you are connected again.',
    forbidden: (role: string) => `This page needs the role ${role}.`,
  },
  signIn: {
    title: 'Sign in to the desk',
    ended: 'Your session has ended',
    endedHint: 'Sign in again to go on. Nothing on this page is lost.',
    email: 'E-mail',
    password: 'Password',
    submit: 'Sign in',
    busy: 'Signing in…',
    wrong: 'E-mail and password do not match an account.',
    wait: (when: string) => `Too many attempts. Try again ${when}.`,
    unreachable: 'The server does not answer.',
    confirm: 'Your password, please',
    confirmHint: 'Changes to accounts and secrets ask for it again after some minutes.',
    confirmSubmit: 'Go on',
  },
  queue: {
    title: 'Queue',
    statuses: 'Status',
    filters: 'Filters',
    search: 'Search comments',
    reason: 'Held because',
    anyReason: 'Any reason',
    sort: 'Order',
    reported: 'Reported',
    noReports: 'No open reports.',
    oldest: 'Oldest first',
    newest: 'Newest first',
    ofAuthor: 'By one author',
    ofPage: 'On one page',
    clear: 'Clear filters',
    list: 'Comments',
    empty: 'Nothing to review.',
    emptyHint: 'All are decided. New comments announce themselves here; there is no need to reload.',
    none: (of: string) => (of ? `No ${of.toLowerCase()} comments.` : 'No comments.'),
    noMatch: 'No comment matches these filters.',
    failed: 'The list could not be read.',
    fresh: (n: number) => `${many(n, 'new comment', 'new comments')}`,
    newShown: (n: number) => `${many(n, 'new comment', 'new comments')} shown.`,
    moreLoaded: (n: number) => `${many(n, 'more comment', 'more comments')} loaded.`,
    selectAll: (n: number) => `Select all ${n} on this page`,
    selected: (n: number) => `${n} selected`,
    lastAct: 'Last decision',
    bulk: 'Selected comments',
    clearSelection: 'Clear',
    confirmBulk: (verbText: string, n: number) => `${verbText} ${n} comments?`,
    confirmBulkHint: 'They are decided together; one undo takes all of them back.',
  },
  row: {
    by: (name: string, when: string) => `Comment by ${name}, ${when}`,
    anonymous: 'No name',
    first: 'No decided comment yet',
    record: (approved: number, rejected: number) => `${approved} approved, ${rejected} rejected`,
    replyTo: 'In reply to',
    replyGone: 'In reply to a comment that is gone',
    on: 'on',
    why: 'Why it is here',
    showSource: 'Show the source text',
    showRendered: 'Show as readers see it',
    unfold: 'Show all',
    fold: 'Show less',
    select: (name: string) => `Select comment by ${name}`,
    details: 'Details',
    reports: (n: number) => many(n, 'report', 'reports'),
    risk: { low: 'Low risk', medium: 'Medium risk', high: 'High risk' },
    edited: (revision: number) => `Edited, revision ${revision}`,
    public: (revision: number) => `Revision ${revision} is public`,
    newer: 'The author has changed this comment.',
    showNewer: 'Show the new text',
    stale: 'Not decided: the author has changed this comment since.',
    failed: (action: Action, why: string) => `Could not ${infinitive[action]}. ${why}`,
    sending: 'saving…',
    atOnce: 'took effect at once',
    undo: 'Undo',
    undoAll: (n: number) => `Undo all ${n}`,
    other: (to: Status, by: string) => (by ? `${became[to]} by ${by}` : became[to]),
    late: (to: Status, by: string) => `${by || 'Somebody'} was faster: ${became[to].toLowerCase()}. Yours changed nothing.`,
    held: (action: Action, by: string) => `${done[action]} by ${by}, takes effect in a moment.`,
    decided: (action: Action, by: string, when: string) =>
      by === 'legal term' ? `Put back into the queue by a legal term, ${when}` : `${done[action]} by ${automatic[by] ?? by}, ${when}`,
    withReason: 'Reason…',
    rejectWith: 'Reject with a',
    actions: 'Actions',
    siteWide: 'All comments of this author',
    weight: (n: number) => `weight ${n.toLocaleString('en', { maximumFractionDigits: 2 })}`,
  },
  reasons: {
    title: 'Reject with a reason',
    legend: 'Reason',
    note: 'Note for the log',
    noteHint: 'Seen by the staff only.',
    list: {
      off_topic: 'Off-topic',
      insult: 'Insult',
      hate: 'Hate',
      spam: 'Spam or advertising',
      personal_data: 'Personal data',
      legal: 'Legal',
      other: 'Other',
    } as Record<string, string>,
  },
  said: {
    decided: (action: Action, n: number, lost: number, undoable: boolean) =>
      [
        n === 1 ? `${done[action]}.` : `${done[action]}: ${n}.`,
        lost ? `${many(lost, 'comment was', 'comments were')} changed by others first.` : '',
        n && !undoable ? 'It took effect at once.' : '',
      ].join(' '),
    undone: (n: number) => (n === 1 ? 'Undone. Nothing was published or sent.' : `Undone: ${n} comments.`),
    nothingToUndo: 'Nothing to undo.',
    undoFailed: (why: string) => `Could not undo. ${why}`,
  },
  keys: {
    title: 'Keys',
    on: 'Single-letter keys',
    onHint: 'They are ignored in fields and dialogs.',
    list: [
      ['j ↓', 'Next comment'],
      ['k ↑', 'Previous comment'],
      ['a', 'Approve'],
      ['r', 'Reject'],
      ['Shift R', 'Reject with a reason'],
      ['s', 'Spam'],
      ['Shift D', 'Delete'],
      ['e', 'Restore'],
      ['u', 'Undo the last decision'],
      ['x', 'Select'],
      ['Enter', 'Details'],
      ['/', 'Search'],
      ['Esc', 'Close, then clear the selection'],
      ['?', 'This list'],
    ] as [string, string][],
  },
  problems: {
    generic: 'Something went wrong on the server. Try again in a moment.',
    offline: 'No connection to the server.',
    forbidden: 'Your role does not allow this.',
    rate: (when: string) => `Too many requests. Try again ${when}.`,
    inSeconds: (n: number) => (n < 90 ? `in ${many(n, 'second', 'seconds')}` : `in ${many(Math.ceil(n / 60), 'minute', 'minutes')}`),
    window: 'The undo window is over; it has taken effect.',
  },
};

/** One plain sentence for a failure. */
export function explain(problem: unknown): string {
  if (!(problem instanceof Problem)) return t.problems.generic;
  if (problem.status === 0) return t.problems.offline;
  if (problem.status === 429) return t.problems.rate(t.problems.inSeconds(problem.retryAfter ?? 60));
  if (problem.code === 'undo_window_over') return t.problems.window;
  const fields = problem.fields.map((field) => field.detail).filter(Boolean);
  if (fields.length > 0) return fields.join(' ');
  return problem.detail || (problem.status === 403 ? t.problems.forbidden : t.problems.generic);
}
