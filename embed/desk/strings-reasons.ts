// What the checks found, in two or three words each. The code is stable and the
// sentence is the check's own; a check that is not in this list is named by its code.
export const words = (name: string) => name.replaceAll(/[_.-]/g, ' ');

const named: Record<string, string> = {
  banned_word: 'Banned word',
  suspect_word: 'Suspect word',
  legal_term: 'Legal term',
  banned_host: 'Banned host',
  suspect_host: 'Suspect host',
  rejected_host: 'Host often rejected',
  new_host: 'New host',
  mostly_link: 'Hardly more than links',
  first_comment: 'First comment here',
  new_author: 'Not yet trusted',
  rejected_before: 'Often rejected',
  author_record: 'Known author',
  author_trusted: 'Trusted author',
  author_premoderated: 'To be seen first',
  author_muted: 'Muted author',
  author_banned: 'Author turned away',
  blocked_email: 'Blocked e-mail',
  blocked_domain: 'Blocked e-mail domain',
  blocked_address: 'Blocked network',
  blocked_name: 'Blocked name',
  reported: 'Reported by readers',
  trap_filled: 'Looks automated',
  filled_fast: 'Sent very fast',
  too_short: 'Hardly any text',
  too_long: 'Too long',
  shouting: 'All capitals',
  stacked_marks: 'Unreadable letters',
  too_many_links: 'Many links',
  newcomer_link: 'Link by a newcomer',
  lookalike_host: 'Deceptive link',
  international_host: 'Link in another script',
  shortener: 'Shortened link',
  numeric_host: 'Link to a bare address',
  link_user: 'Disguised link',
  misleading_link: 'Misleading link',
  reviews_all: 'Site holds every comment',
  near_duplicate: 'Nearly the same text',
  rejected_duplicate: 'Turned down before',
  page_premoderated: 'Page in premoderation',
  check_failed: 'A check failed',
  check_waits: 'Waits for an answer',
  check_silent: 'No answer',
  scores: 'Scores',
  outside: 'Check elsewhere',
  rule: 'Rule',
  rule_failed: 'Rule passed over',
};

const checks: Record<string, string> = {
  form: 'Form',
  length: 'Length',
  words: 'Word lists',
  links: 'Links',
  legal_sweep: 'Legal terms, later',
  copies: 'Copies',
  page: 'Page',
  author: 'Author',
  people: 'What people said',
  blocks: 'Blocks',
  mode: 'Site rule',
  rules: 'Rules',
};

/** Steps of checks that run elsewhere carry the name that they were given. */
const outside = 'outside: ';

const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export const labelOf = (code: string) => named[code] ?? sentenceCase(words(code));
export const checkName = (check: string) =>
  checks[check] ?? (check.startsWith(outside) ? `${check.slice(outside.length)} (elsewhere)` : sentenceCase(words(check)));

/** Codes whose label says all that their sentence does. */
export const sayAll = new Set(['reviews_all', 'first_comment', 'too_short', 'shouting', 'newcomer_link']);
