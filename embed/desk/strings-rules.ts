// The words of the rules page, which is loaded only when it is opened.
import { many } from './strings';
import type { Precision } from './types';
import type { RuleAction, RuleMode, Share } from './types-rules';

const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });
export const share = (n: number) => percent.format(n);

export const actions: Record<RuleAction, [string, string]> = {
  none: ['Only tag or notify', 'The comment goes its way.'],
  hold: ['Hold', 'The comment waits for a moderator, unless the site publishes without review.'],
  review: ['Hold always', 'The comment waits for a moderator, whatever the site’s mode.'],
  approve: ['Approve', 'The comment is published at once, unless something forbids it.'],
  spam: ['Mark as spam', 'Nobody looks at it first, so the rule has to have shown that it is right.'],
  reject: ['Reject', 'Nobody looks at it first, so the rule has to have shown that it is right.'],
};

export const modes: Record<RuleMode, [string, string]> = {
  rehearsing: ['Rehearsing', 'Shows on each comment what it would do, and does nothing.'],
  active: ['Active', 'Acts on each new comment, each edit, and where it asks for reports on each report.'],
  off: ['Off', 'Is not asked.'],
};

export const operators: Record<string, string> = {
  eq: 'is', ne: 'is not', lt: 'is less than', le: 'is at most', gt: 'is more than', ge: 'is at least',
  is: 'is', is_not: 'is not', contains: 'contains', contains_not: 'does not contain', starts: 'starts with', ends: 'ends with',
  matches: 'matches the pattern', has: 'has', has_not: 'does not have', yes: 'yes', no: 'no',
};

export const operatorsOf: Record<string, string[]> = {
  number: ['gt', 'ge', 'lt', 'le', 'eq', 'ne'],
  text: ['contains', 'contains_not', 'is', 'is_not', 'starts', 'ends', 'matches'],
  list: ['has', 'has_not'],
  boolean: ['yes', 'no'],
  scores: ['gt', 'ge', 'lt', 'le', 'eq', 'ne'],
};

const ofDecided = (p: Precision | Share) => ('decided' in p ? [p.right, p.decided] : [p.part, p.of]) as [number, number];

export const tr = {
  title: 'Rules',
  intro:
    'A rule is a condition and what is done where it holds. Rules are asked after all checks, from the top: the first that decides has its way, and the others are shown beside it. What a person has decided, no rule takes back.',
  add: 'Add a rule',
  empty: 'No rule yet. A new rule can be tried on the comments that you have decided about.',
  all: 'All rules',
  up: (name: string) => `Move ${name} up`,
  down: (name: string) => `Move ${name} down`,
  moved: 'The order has changed.',
  edit: 'Edit',
  look: 'Look',
  turnOff: 'Turn off',
  turnedOff: (name: string) => `${name} is off.`,
  comments: 'Comments that wait',
  remove: 'Delete',
  removeTitle: (name: string) => `Delete the rule ${name}?`,
  removed: 'The rule is deleted.',
  ends: 'Ends',
  ended: 'Ended',
  tagged: (tag: string) => `Tags: ${tag}`,
  notifies: 'Notifies',
  overridden: (why: string) => `Acts although it has not shown enough precision: ${why}`,
  decayed: 'It used to be right more often: think of turning it off.',
  figures: { hits: 'Matches', recent: 'In the last months', right: 'Right, of those decided by people', failed: 'Could not be worked out' },
  rightOf: (p: Precision | Share) => {
    const [part, of] = ofDecided(p);
    return of === 0 ? 'none decided yet' : `${share(p.share)} (${part.toLocaleString('en')} of ${of.toLocaleString('en')}), at least ${share(p.at_least)}`;
  },
  form: {
    addTitle: 'New rule',
    editTitle: 'Edit the rule',
    lookTitle: 'The rule',
    readOnly: 'An administrator can change it. You can try changes here without saving them.',
    name: 'Name',
    condition: 'Condition',
    asForm: 'As a form',
    asText: 'As text',
    noForm: 'This condition is written as text: it has more than a form can say.',
    match: 'The comment matches when',
    matches: { all: 'all of these hold', any: 'any of these holds' },
    fact: 'Fact',
    is: 'Comparison',
    value: 'Value',
    score: 'Name of the score',
    addTerm: 'Add a line',
    removeTerm: (n: number) => `Remove line ${n}`,
    text: 'Condition as text',
    textHint: 'For example: links.count > 2 and author.approved < 1',
    facts: 'All facts and operators',
    factsHint:
      'Numbers: == != < <= > >= + - *. Texts in quotes: contains, startsWith, endsWith, matches, in. Join with and, or, not. Lists: "x" in checks; any(links.hosts, # endsWith ".example"). Scores: scores["toxicity"] > 0.8.',
    action: 'What it does',
    reason: 'Reason for moderators',
    reasonHint: 'Shown on each comment that matches, such as: Newcomers with many links wait.',
    tag: 'Tag',
    tagHint: 'Small letters, digits and hyphens; comments can be filtered by it. Empty: none.',
    notify: 'Tell moderators who are at the desk about each match',
    priority: 'Priority',
    priorityHint: 'From 1, which is asked first, to 1000.',
    mode: 'State',
    expires: 'Ends on',
    expiresHint: 'Empty: never. The rule stops by itself at the beginning of that day, UTC.',
    override: 'Why it should act all the same',
    overrideHint: 'Kept with the rule and in the audit trail.',
    overrideSave: 'Save all the same',
    save: 'Save rule',
    saved: 'The rule is saved.',
    cancel: 'Cancel',
    versions: 'Earlier versions',
    version: (n: number) => `Version ${n}`,
  },
  rehearsal: {
    title: 'Rehearsal',
    hint: 'Tries the rule on comments that people have decided about, with what was known of each at the time. Nothing is changed.',
    n: 'Newest decided comments',
    run: 'Rehearse',
    running: 'Rehearsing…',
    nothing: 'No comment has been decided by a person yet, so there is nothing to try the rule on.',
    verdict: (hits: number, of: number) => `It would have matched ${many(hits, 'comment', 'comments')} of ${of.toLocaleString('en')}.`,
    split: (approved: number, rejected: number) =>
      `People approved ${approved.toLocaleString('en')} of them and rejected ${rejected.toLocaleString('en')}.`,
    precision: 'Right',
    caught: 'Caught, of all that people decided so',
    caughtOf: (c: Share) => (c.of === 0 ? 'there were none' : `${share(c.share)} (${c.part.toLocaleString('en')} of ${c.of.toLocaleString('en')})`),
    required: (n: number) => `This action needs at least ${share(n)}.`,
    passes: 'Shown',
    fails: 'Not shown yet',
    since: 'The oldest was decided on',
    incomplete: 'Time was up before all of them were looked at.',
    unknown: (fact: string, n: number) => `${fact} was not recorded for ${many(n, 'comment', 'comments')}; it counted as empty.`,
    failed: (n: number) => `It could not be worked out on ${many(n, 'comment', 'comments')}.`,
    right: 'Rightly matched',
    wrong: 'Wrongly matched',
    none: 'None.',
    verdicts: { approved: 'approved', rejected: 'rejected', spam: 'spam' },
    clashes: 'Contradicts other rules',
    clash: (name: string, action: string, n: number) => `“${name}” (${action}) matches ${many(n, 'comment', 'comments')} of these too.`,
    itFirst: (name: string) => `“${name}” comes first, so its action counts.`,
    thisFirst: 'This rule comes first, so its action counts.',
    took: (ms: number) => `Took ${ms.toLocaleString('en')} ms.`,
  },
};
