// The words of an open comment, which are loaded with it.
import { statusNames } from './strings';
import type { Status } from './types';

export const td = {
  title: 'Comment',
  back: 'Back to the queue',
  failed: 'This comment could not be read.',
  revisions: 'Revisions',
  revision: (n: number) => `Revision ${n}`,
  onlyOne: 'Not edited.',
  trace: 'Checks',
  traceHint: 'Every check that looked at the latest revision.',
  nothing: 'found nothing',
  crashed: (why: string) => `failed: ${why}`,
  author: 'Author',
  outcomes: { '': 'open', agreed: 'agreed', dismissed: 'dismissed' },
  weight: (n: number) => `weight ${n.toLocaleString('en', { maximumFractionDigits: 2 })}`,
  firstSeen: 'First seen',
  noHistory: 'No other comments.',
  thread: 'In the thread',
  pageWide: 'All comments on this page',
  noThread: 'No other comments around it.',
  here: 'This comment',
  decisions: 'Decisions',
  noDecisions: 'No decision yet.',
  states: { held: 'waiting for its undo window', done: '', undone: 'undone' },
  reports: 'Reports',
  noReports: 'No reports.',
  took: (us: number) => (us < 1000 ? `${us} µs` : `${(us / 1000).toFixed(1)} ms`),
  moves: (from: Status, to: Status) => `${statusNames[from]} → ${statusNames[to]}`,
};
