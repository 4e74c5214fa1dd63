// The words for taking rules along to another site.
import { many } from './strings';
import type { RuleImported } from './types-rules';

export const tm = {
  export: 'Export',
  import: 'Import',
  title: 'Import rules',
  hint: 'Takes a file that Export wrote, here or on another site. A rule whose name this site has is changed, the others are added. Each is checked by itself, and one that is refused keeps no other out.',
  unproven: 'A rule that rejects or marks as spam has to show on this site that it is right; until then it is taken only if it rehearses.',
  file: 'File',
  text: 'Or paste it',
  start: 'Import',
  cancel: 'Cancel',
  nothing: 'There is nothing to import.',
  notJson: (why: string) => `This is not JSON: ${why}`,
  notRules: 'This is not a file of rules: it has no list named rules.',
  placed: (rule: number, key: string, why: string) => `Rule ${rule} of the file${key ? `, at ${key}` : ''}: ${why}`,
  progress: (part: number, of: number) => `Part ${part} of ${of} …`,
  report: 'What became of each',
  rule: 'Rule',
  outcome: 'Outcome',
  outcomes: { added: 'Added', changed: 'Changed', same: 'Was the same already', '': 'Refused' } satisfies Record<RuleImported['change'], string>,
  before: (n: number) => `${many(n, 'rule was', 'rules were')} looked at before this:`,
  done: (taken: number, refused: number) =>
    `${many(taken, 'rule', 'rules')} taken${refused ? `, ${refused.toLocaleString('en')} refused` : ''}.`,
};
