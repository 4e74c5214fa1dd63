// The shapes that the staff API speaks. Names follow the API exactly.

export type Status = 'pending' | 'approved' | 'rejected' | 'spam' | 'deleted';
export type Action = 'approve' | 'reject' | 'spam' | 'delete' | 'restore';
export type Role = 'viewer' | 'moderator' | 'admin' | 'owner';
/** `reported`: those with reports that nobody has decided about, whatever their status. */
export type Counts = Record<Status | 'reported', number>;

export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  roles: { site: string; role: Role }[];
  created_at: string;
  disabled: boolean;
}

export interface Grant {
  access_token: string;
  token_type: string;
  expires_in: number;
  user: User;
}

export interface Element {
  t: string;
  c?: Node[];
  href?: string;
  start?: number;
}
export type Node = string | Element;

export interface Span {
  start: number;
  end: number;
}

export interface Reason {
  check: string;
  code: string;
  sentence: string;
  hint: 'none' | 'hold' | 'approve' | 'review' | 'spam' | 'reject';
  spans?: Span[] | null;
  version?: number;
}

export interface Author {
  id: string;
  name: string;
  kind: 'guest' | 'reader' | 'staff';
  badge?: string;
  approved: number;
  rejected: number;
  first_seen_at: string | null;
  /** What a person has said of them. */
  standing: Standing;
  has_email: boolean;
}

export interface Page {
  key: string;
  url: string;
  title: string;
  open: boolean;
}

/** Comments of one site that say nearly the same. */
export interface Group {
  id: string;
  count: number;
  waiting: number;
  statuses: Partial<Counts>;
  authors: number;
  pages: number;
  first_at: string;
  last_at: string;
  as_of: string;
}

export interface PageEntry extends Page {
  count: number;
  created_at: string;
  premoderation: { until: string; since: string; by: string; reason: string } | null;
  spared_until: string | null;
}

export interface Comment {
  id: string;
  group: Group | null;
  /** The group that it is decided apart from; only here, not in the API. */
  apart?: string;
  diff?: { op: 'equal' | 'insert' | 'delete'; text: string }[];
  /** One line of the comment that is answered; null where it is none or gone. */
  parent: { id: string; author: string; text: string } | null;
  parent_id: string | null;
  site: string;
  page: Page;
  author: Author;
  status: Status;
  revision: number;
  public_revision: number;
  text: string;
  tree: Node[];
  created_at: string;
  edited_at: string | null;
  reasons: Reason[];
  risk: 'low' | 'medium' | 'high';
  /** `weight` is of the reports that nobody has decided about. */
  reports: { count: number; reasons: Record<string, number>; weight: number };
  held: { decision_id: string; action: Action; undo_until: string; by: string } | null;
  decided: { decision_id: string; action: Action; at: string; by: string; reason?: string | null } | null;
}

export interface Step {
  /** When it was added to the trace; absent where it was made with the others. */
  at?: string;
  check: string;
  version: number;
  took_us: number;
  error?: string | null;
  evidence: Reason[];
}

export interface Revision {
  revision: number;
  text: string;
  created_at: string;
  diff?: { op: 'equal' | 'insert' | 'delete'; text: string }[] | null;
  trace?: Step[] | null;
}

export interface LoggedDecision {
  decision_id: string;
  action: Action;
  from: Status;
  to: Status;
  revision: number;
  reason?: string | null;
  note?: string | null;
  by: { kind: string; name: string };
  at: string;
  state: 'held' | 'done' | 'undone';
  clause: StatementClause | null;
  statement: Statement | null;
  appeal: { id: string; state: AppealState; text: string; created_at: string; decided_at: string | null; answer: string } | null;
  second_look: { verdict: Verdict; at: string } | null;
}

export type AppealState = 'open' | 'upheld' | 'overturned';
export type Verdict = 'approve' | 'reject';

export interface StatementClause {
  id: string;
  number: string;
  title: string;
  text: string;
  language: string;
}

/** What an author was told of a decision. */
export interface Statement {
  message: string;
  reason: string;
  clause: StatementClause | null;
  automation: { detected: boolean; decided: boolean; checks: string[] };
  appeal_until: string | null;
}

export interface Clause extends StatementClause {
  active: boolean;
}

export interface Template {
  name: string;
  text: string;
}

export interface Appeal {
  id: string;
  state: AppealState;
  text: string;
  created_at: string;
  comment: Comment;
  decision: LoggedDecision;
  assignee: { id: string; name: string } | null;
  may_decide: boolean;
  others: number;
  decided_at: string | null;
  decided_by: { id: string; name: string } | null;
  answer: string;
}

/** A text to be judged without knowing what was decided. */
export interface SecondLook {
  id: string;
  author: { name: string };
  page: { url: string; title: string };
  parent: Comment['parent'];
  tree: Node[];
  created_at: string;
}

export interface Figure {
  n: number;
  agreed: number;
  kappa: number | null;
  low: number | null;
  high: number | null;
}

export interface Agreement extends Record<'all' | 'people' | 'automation' | 'mine', Figure> {
  grounds: { clause: string; reason: string; n: number; agreed: number }[];
}

export interface Disagreement {
  id: string;
  comment_id: string;
  action: Action;
  reason: string;
  clause: string;
  automatic: boolean;
  verdict: Verdict;
  text: string;
}

export interface Detail extends Comment {
  /** What the checks came to, in one sentence. */
  why: string;
  revisions: Revision[];
  trace: Step[];
  history: { comments: Comment[]; approved: number; rejected: number };
  thread: { ancestors: Comment[]; siblings_before: Comment[]; siblings_after: Comment[]; replies: Comment[] };
  decisions: LoggedDecision[];
  report_list: { reason: string; note?: string | null; at: string; revision: number; weight: number; outcome: '' | 'agreed' | 'dismissed' }[];
}

export interface Queue {
  comments: Comment[];
  counts: Counts;
  next_cursor: string | null;
}

export interface DecisionResult {
  id: string;
  ok: boolean;
  status?: Status;
  code?: string;
  detail?: string;
  by?: string;
  action?: Action;
}

export interface Decision {
  decision_id: string;
  undo_until: string | null;
  results: DecisionResult[];
}

/** One event of the live queue. `by` and `action` are there when a person decided. */
export interface LiveEvent {
  type: string;
  site: string;
  id: string;
  status: Status;
  revision: number;
  by?: string;
  action?: Action;
  counts?: Counts;
}

export type OptionValue = string | number | boolean;
export type Options = Record<string, OptionValue>;

export interface Site {
  key: string;
  name: string;
  origins: string[];
  options: Options;
  created_at: string;
  role: Role;
}

export interface Word {
  id: string;
  list: 'banned' | 'suspect' | 'allowed' | 'legal';
  kind: 'word' | 'host';
  text: string;
  language: string | null;
  section: string | null;
  page: string | null;
  expires_at: string | null;
  exceptions: string[];
  note: string | null;
  added_by: string | null;
  created_at: string;
  /** Of a legal term: the search among what was public before. */
  sweep: { state: 'running' | 'done'; looked: number; found: number } | null;
  precision: Precision;
}

/** How right a rule or a word has been, by what people decided about what it matched. */
export interface Precision {
  hits: number;
  decided: number;
  right: number;
  share: number;
  at_least: number;
  failed: number;
  recent: { hits: number; decided: number; right: number };
  decayed: boolean;
}

/** What can be given for an entry; what is left out stays as it is, null takes away. */
export type WordGiven = Partial<Omit<Word, 'id' | 'added_by' | 'created_at' | 'sweep' | 'precision'>>;

export interface WordImported {
  dry_run: boolean;
  added: number;
  duplicates: number;
  refused: number;
  lines: { line: number; text: string; result: 'added' | 'duplicate' | 'refused'; code?: string; detail?: string }[];
}

export interface WordMatch {
  word: Word;
  effect: 'hold' | 'review' | 'reject';
  sentence: string;
  spans: Span[];
}

export interface Host {
  host: string;
  first_seen_at: string;
  approved: number;
  rejected: number;
}

export interface Endpoint {
  id: string;
  site: string;
  url: string;
  types: string[];
  status: 'active' | 'paused' | 'disabled' | 'gone';
  created_at: string;
  last_success_at: string | null;
  last_failure_at: string | null;
  last_failure: string | null;
  failures: number;
  owed: number;
  mode: 'full' | 'thin';
  target: string;
  settings: Record<string, string>;
  /** The names of its own headers; the values are not told. */
  headers: string[];
  /** Whether its calls carry a signature by the site's key pair as well. */
  asymmetric: boolean;
  /** Since when what it is owed is too old. */
  behind_since: string | null;
  secret?: string;
}

/** What can be given for an endpoint; what is left out stays as it is. */
export interface EndpointChange {
  url?: string;
  types?: string[];
  status?: 'active' | 'paused';
  mode?: Endpoint['mode'];
  target?: string;
  settings?: Record<string, string>;
  headers?: Record<string, string>;
  asymmetric?: boolean;
}

export interface Hour {
  at: string;
  delivered: number;
  failed: number;
  p50_ms: number | null;
  p95_ms: number | null;
}

export interface EndpointHealth extends Omit<Hour, 'at'> {
  since: string | null;
  retrying: number;
  owed: number;
  next_attempt_at: string | null;
  oldest_owed_at: string | null;
  hours: Hour[];
}

/** What a replay would send. */
export interface ReplayCount {
  events: number;
  /** There is more of the log than was counted. */
  more: boolean;
  first_at: string | null;
  last_at: string | null;
}

export interface Replay {
  id: string;
  state: 'running' | 'done' | 'cancelled';
  events: number;
  sent: number;
}

export interface Delivery {
  id: string;
  endpoint_id: string;
  event_id: string;
  type: string;
  comment_id: string | null;
  sequence: number;
  replay: number;
  state: 'owed' | 'delivered' | 'failed' | 'cancelled';
  attempts: number;
  next_attempt_at: string | null;
  created_at: string;
  delivered_at: string | null;
  last: { status: number | null; class: string; ms: number; at: string } | null;
}

export interface Attempt {
  n: number;
  at: string;
  ms: number;
  status: number | null;
  class: string;
  detail: string;
  response: string;
}

export interface DeliveryDetail extends Delivery {
  body: string;
  attempts_list: Attempt[];
}

export type Standing = 'none' | 'trusted' | 'premoderated' | 'muted' | 'suspended' | 'banned';

export interface Said {
  standing: Standing;
  until: string | null;
  reason: string;
  by: string;
  at: string | null;
}

export interface Person {
  id: string;
  site: string;
  name: string;
  kind: Author['kind'];
  /** Masked; empty where none was given. */
  email: string;
  approved: number;
  rejected: number;
  first_seen_at: string;
  last_rejected_at: string | null;
  record: { good: number; bad: number; share: number; at_least: number };
  standing: Said;
}

export interface PersonDetail extends Person {
  history: (Said & { note: string })[];
  blocks: Block[];
  comments: Comment[];
}

export interface PersonChange {
  standing: Standing;
  until?: string;
  reason?: string;
  note?: string;
  block_email?: boolean;
  everywhere?: boolean;
  reject_waiting?: boolean;
}

export interface AuditEntry {
  seq: number;
  id: string;
  type: string;
  comment_id?: string;
  actor: { kind: string; id?: string };
  at: string;
  body_hash: string;
  hash: string;
}

export interface AuditPage {
  site: string;
  entries: AuditEntry[];
  next_cursor: string | null;
}

export interface BlockTerms {
  kind: 'email' | 'domain' | 'address' | 'name' | 'name_part';
  effect: 'review' | 'reject' | 'refuse';
  reason?: string;
  until?: string;
}

export interface Block extends Required<Omit<BlockTerms, 'until'>> {
  id: string;
  /** '*' is every site. */
  site: string;
  value: string;
  until: string | null;
  ended: boolean;
  by: string;
  created_at: string;
  hits: number;
  last_hit_at: string | null;
}

export type CheckKind = 'http' | 'akismet' | 'perspective' | 'openai' | 'chat' | 'coral';

/** A check that runs elsewhere. */
export interface Check {
  id: string;
  kind: CheckKind;
  name: string;
  url: string;
  settings: Record<string, string>;
  when: string;
  only: string;
  silence: string;
  most: string;
  send: string[];
  sends: string[];
  deadline: string;
  enabled: boolean;
  has_secret: boolean;
  secret?: string;
}

export type CheckChange = Partial<Pick<Check, 'kind' | 'name' | 'url' | 'settings' | 'when' | 'only' | 'silence' | 'most' | 'send' | 'deadline' | 'enabled' | 'secret'>>;

export interface CheckTrial {
  request: string;
  status: number | null;
  response: string;
  ms: number;
  evidence: Reason[];
  later: string | null;
  error: string | null;
}

export interface CheckHealth {
  asked: number;
  waiting: number;
  silent: number;
  p50_ms: number | null;
  p95_ms: number | null;
  since: string | null;
  flagged: number;
  judged: number;
  agreed: number;
  missed: number;
  breaker: string;
  breaker_until: string | null;
}
