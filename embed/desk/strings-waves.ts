// The words of what happens to many comments, or to a page, at once.
import { many } from './strings';
import type { PageEntry } from './types';

export const tw = {
  all: (n: number) => `all ${n.toLocaleString('en')}`,
  group: {
    label: 'Comments that say nearly the same',
    count: (n: number) => `${n >= 1000 ? 'The newest ' : ''}${many(n, 'comment', 'comments')} that say nearly the same`,
    of: (authors: number, pages: number) => `${many(authors, 'author', 'authors')}, ${many(pages, 'page', 'pages')}`,
    decided: (rejected: number, approved: number) =>
      [rejected > 0 ? `${rejected} turned down before` : '', approved > 0 ? `${approved} approved before` : '']
        .filter(Boolean)
        .join(', '),
    since: 'since',
    last: 'the last',
    show: (n: number) => `Show all ${n}`,
    hide: 'Hide them',
    first: 'The first of them',
    same: 'The same text',
    more: (n: number) => `and ${n} more, which a decision on all of them covers too`,
    alone: (name: string) => `Decide on the comment by ${name} alone`,
    failed: 'They could not be read.',
  },
  premoderated: {
    label: 'Pages in premoderation',
    waits: 'Every comment on this page waits for a moderator until',
    by: (name: string) => `Begun by ${name}.`,
    end: 'End now',
    prolong: '30 minutes more',
    of: (what: string, page: string) => `${what}: ${page}`,
    more: (n: number) => many(n, 'more page', 'more pages'),
  },
  pages: {
    title: 'Pages',
    intro: 'In premoderation every comment on a page waits for a moderator, whatever the site’s settings. It ends by itself.',
    page: 'Page',
    public: 'Public',
    state: 'State',
    open: 'Takes comments',
    closed: 'Closed',
    close: 'Close',
    reopen: 'Open',
    until: 'Premoderated until',
    spared: 'No automation begins premoderation before',
    begin: 'Premoderate',
    howLong: (page: string) => `How long: ${page}`,
    times: [
      ['30m', 'for 30 minutes'],
      ['2h', 'for 2 hours'],
      ['1d', 'for a day'],
      ['7d', 'for a week'],
    ] as [string, string][],
    reason: 'Give a reason',
    reasonOf: (page: string) => `Reason, optional: ${page}`,
    reasonHint: 'Reason, for colleagues',
    spare: 'End, and none for a day',
    none: 'No comments anywhere yet',
    noneHint: 'A page is listed here with its first comment.',
  },
};

export const nameOfPage = (page: Pick<PageEntry, 'title' | 'url' | 'key'>) => page.title || page.url || page.key;
