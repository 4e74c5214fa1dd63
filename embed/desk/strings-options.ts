// The site options as the settings page explains them. An option that the
// server knows and this table does not is shown by its name as plain text.

export type OptionKind = 'choice' | 'switch' | 'number' | 'text';

export interface OptionText {
  kind: OptionKind;
  label: string;
  hint: string;
  choices?: [string, string][];
}

export const options: Record<string, OptionText> = {
  moderation: {
    kind: 'choice',
    label: 'Hold for moderation',
    hint: 'Which comments wait for a moderator before readers see them.',
    choices: [
      ['all', 'Hold every comment'],
      ['new', 'Hold authors who are not trusted yet'],
      ['flagged', 'Hold only what a check flags'],
      ['off', 'Publish at once'],
    ],
  },
  trusted_after: {
    kind: 'number',
    label: 'Trusted after',
    hint: 'Approved comments after which an author counts as trusted.',
  },
  undo_window: {
    kind: 'text',
    label: 'Undo window',
    hint: '0s to 60s. A decision leaves the desk only when this time is over; until then it can be undone.',
  },
  reasons_required: {
    kind: 'switch',
    label: 'Rejections need a reason',
    hint: 'A rejection without a reason or a house rule is refused.',
  },
  appeal_window: {
    kind: 'text',
    label: 'Appeals',
    hint: 'How long authors can ask for another look, such as 14d, or never.',
  },
  second_look: {
    kind: 'text',
    label: 'Second look',
    hint: 'Share of the decisions that somebody else judges too, from 1% to 20%, or off.',
  },
  edit_window: {
    kind: 'text',
    label: 'Edit window',
    hint: 'How long authors may change their comment, such as 5m. 0s: not at all.',
  },
  close_after: {
    kind: 'text',
    label: 'Close pages after',
    hint: 'Age at which a page takes no more comments, such as 30d, or never.',
  },
  votes: { kind: 'switch', label: 'Votes', hint: 'Readers may vote comments up and down.' },
  guests: { kind: 'switch', label: 'Guests', hint: 'Readers may comment without signing in.' },
  live: { kind: 'switch', label: 'Live updates', hint: 'Open pages show new comments by themselves.' },
  rate_limits: { kind: 'switch', label: 'Rate limits', hint: 'Slows down who writes very much in a short time.' },
  surge: {
    kind: 'switch',
    label: 'Watch for surges',
    hint: 'A page on which unusually much goes on is put into premoderation for a while. Needs the rate limits to be on.',
  },
  surge_hold: { kind: 'text', label: 'Premoderation after a surge', hint: '5m to 1d, such as 30m. It goes on while the surge does.' },
  max_depth: { kind: 'number', label: 'Depth of replies', hint: 'Deeper replies are shown at this level.' },
  max_length: { kind: 'number', label: 'Longest comment', hint: 'In characters.' },
  max_links: { kind: 'number', label: 'Most links', hint: 'A comment with more is held.' },
  report_hold: {
    kind: 'number',
    label: 'Look again after reports',
    hint: 'Weight of readers’ reports that takes a comment out of sight until a moderator has looked. A newcomer’s report weighs 1. 0: never.',
  },
  rule_precision: {
    kind: 'number',
    label: 'Precision of rules',
    hint: 'Percent of its past matches in which a rule has to have been right before it may reject or mark as spam by itself.',
  },
  language: { kind: 'text', label: 'Language', hint: 'Language tag of the widget’s words, such as en or de.' },
};

export const optionGroups: [string, string[]][] = [
  ['Moderation', ['moderation', 'trusted_after', 'max_links', 'report_hold', 'rule_precision', 'surge', 'surge_hold']],
  ['Decisions', ['undo_window', 'reasons_required', 'appeal_window', 'second_look']],
  ['Readers', ['edit_window', 'close_after', 'votes', 'guests', 'live', 'rate_limits']],
  ['Comments', ['max_depth', 'max_length', 'language']],
];

export const otherGroup = 'More';
