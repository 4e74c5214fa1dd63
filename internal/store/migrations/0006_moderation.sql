-- What a site's comments are held against: how often each of its lists was changed.
create table list_versions (
  site_id text not null, -- '*' for what holds on every site
  list    text not null,
  n       bigint not null,
  primary key (site_id, list)
);
insert into list_versions (site_id, list, n) select site_id, 'words', words_version from sites where words_version > 0;
alter table sites drop column words_version;

-- Words, legal terms, records of hosts.

-- An entry counts on the whole site, in a section or on a page (its key or its
-- address), and for hosts that are linked where kind is host. since is when what
-- it matches was last changed.
alter table words rename to words_before;
create table words (
  site_id    text not null references sites,
  word_id    text not null,
  list       text not null check (list in ('banned', 'suspect', 'allowed', 'legal')),
  kind       text not null check (kind in ('word', 'host')),
  text       text not null check (octet_length(text) <= 400),
  language   text not null check (octet_length(language) <= 40),
  section    text not null check (octet_length(section) <= 200),
  page       text not null check (octet_length(page) <= 2048),
  expires_at bigint not null,
  exceptions text not null,
  note       text not null check (octet_length(note) <= 2000),
  by_kind    text not null,
  by_id      text not null,
  by_name    text not null,
  created_at bigint not null,
  since      bigint not null,
  primary key (site_id, word_id)
);
insert into words (site_id, word_id, list, kind, text, language, section, page, expires_at, exceptions, note, by_kind, by_id, by_name, created_at, since)
  select site_id, word_id, list, 'word', text, '', '', '', 0, '[]', '', 'moderator', '', '', created_at, created_at from words_before;
drop table words_before;
create index words_in_order on words (site_id, list, text, word_id);
create unique index words_once on words (site_id, list, kind, text, language, section, page);

-- How far the search for what a legal term holds has come: through the pages that
-- it is for, or through the whole site, and then once more through what came while
-- other nodes may not have known it.
create table sweeps (
  site_id  text not null,
  word_id  text not null,
  since    bigint not null,
  stage    text not null check (stage in ('pages', 'site', 'late', 'done')),
  page_id  text not null,
  after_id text not null,
  looked   bigint not null default 0,
  found    bigint not null default 0,
  primary key (site_id, word_id),
  foreign key (site_id, word_id) references words on delete cascade
);
create index sweeps_running on sweeps (site_id, word_id) where stage <> 'done';

-- What became of the comments that link to a host, as people decided.
create table hosts (
  site_id    text not null references sites,
  host       text not null check (octet_length(host) between 1 and 400),
  first_seen bigint not null,
  approved   bigint not null default 0 check (approved >= 0),
  rejected   bigint not null default 0 check (rejected >= 0),
  primary key (site_id, host)
);
create index hosts_by_rejected on hosts (site_id, rejected, host);

-- A legal term takes a public comment back: readers notice that too.
drop index events_by_page;
create index events_by_page on events (site_id, page_id, seq)
  where type in ('comment.approved', 'comment.rejected', 'comment.marked_spam', 'comment.deleted', 'comment.restored', 'comment.erased', 'page.closed', 'page.opened');

-- People and blocks, reports.
-- good and bad are what people decided about an author's comments, in millionths
-- and as of counted_at; see moderation.Record. The rest is the newest of standings.
alter table authors add column good bigint not null default 0;
alter table authors add column bad bigint not null default 0;
alter table authors add column counted_at bigint not null default 0;
alter table authors add column last_rejected_at bigint not null default 0;
alter table authors add column standing text not null default '' check (standing in ('', 'trusted', 'premoderated', 'muted', 'suspended', 'banned'));
alter table authors add column standing_until bigint not null default 0;
alter table authors add column standing_reason text not null default '';
alter table authors add column standing_by text not null default '';
alter table authors add column standing_at bigint not null default 0;
create index authors_by_standing on authors (site_id, standing, author_id) where standing <> '';
create index authors_by_email on authors (site_id, email, author_id) where email <> '';

create table standings (
  site_id     text not null,
  author_id   text not null,
  standing_id text not null,
  standing    text not null,
  until_at    bigint not null,
  reason      text not null check (octet_length(reason) <= 200),
  note        text not null check (octet_length(note) <= 4000),
  actor_kind  text not null,
  actor_id    text not null,
  actor_name  text not null,
  at          bigint not null,
  primary key (site_id, author_id, standing_id),
  foreign key (site_id, author_id) references authors
);

-- value is what is compared: of an e-mail address a keyed digest.
create table blocks (
  site_id     text not null, -- '*' for all sites
  block_id    text not null,
  kind        text not null check (kind in ('email', 'domain', 'address', 'name', 'name_part')),
  value       text not null,
  shown       text not null,
  effect      text not null check (effect in ('review', 'reject', 'refuse')),
  reason      text not null check (octet_length(reason) <= 200),
  until_at    bigint not null,
  author_id   text not null,
  actor_name  text not null,
  created_at  bigint not null,
  hits        bigint not null default 0,
  last_hit_at bigint not null default 0,
  primary key (site_id, block_id)
);
create unique index blocks_by_value on blocks (site_id, kind, value);
create index blocks_by_author on blocks (site_id, author_id) where author_id <> '';

-- reported is the weight, in thousandths, of the reports that nobody has decided about.
alter table comments add column reported bigint not null default 0;
update comments set reported = reports * 1000 where reports > 0 and status = 'approved';
insert into status_counts (site_id, status, n) select site_id, 'reported', count(*) from comments where reported > 0 group by site_id;
create index comments_by_reports on comments (site_id, reported, comment_id) where reported > 0;
alter table reports add column reporter_id text not null default '';
alter table reports add column network text not null default '';
alter table reports add column weight bigint not null default 1000;
alter table reports add column outcome text not null default '' check (outcome in ('', 'agreed', 'dismissed'));

create table reporters (
  site_id     text not null,
  reporter_id text not null,
  agreed      bigint not null, -- in millionths as of counted_at, as good of authors
  dismissed   bigint not null,
  counted_at  bigint not null,
  decided     bigint not null,
  seen_at     bigint not null,
  primary key (site_id, reporter_id)
);
create index reporters_by_age on reporters (seen_at);

-- Rules, and how precise each is.

-- What a rule could know of a revision and nothing else tells later, as JSON.
alter table revisions add column facts text not null default '';

-- Rules as they are and as they were: evidence names the version.
create table rules (
  site_id    text not null references sites,
  rule_id    text not null,
  version    integer not null,
  name       text not null check (octet_length(name) <= 320),
  body       text not null,
  created_at bigint not null,
  changed_at bigint not null,
  primary key (site_id, rule_id)
);
create unique index rules_by_name on rules (site_id, name);
create table rule_versions (
  site_id    text not null,
  rule_id    text not null,
  version    integer not null,
  body       text not null,
  actor_kind text not null,
  actor_id   text not null,
  actor_name text not null,
  at         bigint not null,
  primary key (site_id, rule_id, version)
);

-- What a person has said last of each revision; seq is that of the event. A
-- follower of the log keeps it, and the tallies with it.
create table verdicts (
  site_id    text not null,
  comment_id text not null,
  revision   integer not null,
  verdict    text not null check (verdict in ('approved', 'rejected', 'spam', 'restored')),
  seq        bigint not null,
  at         bigint not null,
  primary key (site_id, comment_id, revision),
  foreign key (site_id, comment_id) references comments
);
create unique index verdicts_by_seq on verdicts (site_id, seq);

-- How often rules and words have matched, and what people said of those
-- revisions, by when these were written: in stretches of 30 days since 1970.
create table tallies (
  site_id  text not null,
  kind     text not null check (kind in ('rule', 'word')),
  id       text not null,
  period   integer not null,
  hits     bigint not null,
  approved bigint not null,
  rejected bigint not null,
  failed   bigint not null,
  primary key (site_id, kind, id, period)
);

-- Waves: comments that say nearly the same are a group, which has the id of its
-- first comment. What the text is compared with is in memory.
alter table comments add column group_id text not null default '';
create index comments_by_group on comments (site_id, group_id, comment_id) where group_id <> '';
create index comments_by_group_status on comments (site_id, group_id, status, comment_id) where group_id <> '';
drop index revisions_by_fingerprint;
alter table revisions drop column fingerprint;
-- A page in premoderation: people look first, until an instant. spared_until is
-- how long no automation may begin it.
alter table pages add column premod_until bigint not null default 0;
alter table pages add column premod_since bigint not null default 0;
alter table pages add column premod_by text not null default '' check (octet_length(premod_by) <= 240);
alter table pages add column premod_for text not null default '' check (octet_length(premod_for) <= 400);
alter table pages add column spared_until bigint not null default 0;
create index pages_premoderated on pages (site_id, page_id) where premod_until > 0;
create index pages_premod_ends on pages (premod_until) where premod_until > 0;

-- External checks. An integration is one that a site has set up; its secret (the
-- key that signs, or that the service asks for) is sealed.
create table integrations (
  site_id        text not null references sites,
  integration_id text not null,
  kind           text not null,
  name           text not null,
  url            text not null,
  settings       text not null,    -- JSON, by kind
  secret         text not null,    -- sealed; '' = none
  asked          text not null check (asked in ('before', 'after')),
  only_for       text not null,
  silence        text not null check (silence in ('hold', 'publish', 'reject')),
  most           text not null,    -- the strongest hint that its answer may carry
  sends          text not null,    -- JSON: what may go out beyond the usual
  deadline       bigint not null,  -- microseconds
  enabled        boolean not null,
  version        bigint not null,  -- counts the changes
  created_at     bigint not null,
  primary key (site_id, integration_id),
  unique (site_id, name)
);
create unique index integrations_by_id on integrations (integration_id);

-- A question about one revision to one integration: written with the revision,
-- and until it is closed a ticket that the answer has to show. Rows outlive
-- their integration, so that no comment waits for what is gone.
create table inquiries (
  site_id        text not null references sites,
  inquiry_id     text not null,
  integration_id text not null,
  comment_id     text not null,
  revision       integer not null,
  lane           text not null,    -- of the comment but for this; '' = a person decides, whatever it says
  state          text not null check (state in ('owed', 'asked', 'answered', 'silent', 'moot')),
  tries          integer not null,
  next_at        bigint not null,  -- when there is something to do: a call, or the deadline
  deadline       bigint not null,
  created_at     bigint not null,
  closed_at      bigint not null,  -- 0 = open
  took           bigint not null,  -- microseconds of the last call
  hint           text not null,    -- the strongest of the answer
  error          text not null,
  decided        text not null,    -- status that a person has given the revision; '' = none
  lesson         text not null,    -- such a status of which the service is to be told; '' = none
  lesson_tries   integer not null,
  lesson_at      bigint not null,
  primary key (site_id, inquiry_id)
);
create index inquiries_by_comment on inquiries (site_id, comment_id, inquiry_id);
create index inquiries_by_integration on inquiries (site_id, integration_id, inquiry_id);
create index inquiries_due on inquiries (next_at) where closed_at = 0;
create index inquiries_lessons on inquiries (lesson_at) where lesson <> '';
create index inquiries_by_age on inquiries (closed_at) where closed_at > 0;

-- Decisions: reasons, messages, appeals, second looks.
-- A site's house rules, which decisions name, and the templates of the messages
-- to authors: a template is for a reason, for a clause (its id) or the default.
create table clauses (
  site_id    text not null references sites,
  clause_id  text not null,
  number     text not null check (octet_length(number) <= 80),
  title      text not null check (octet_length(title) <= 800),
  text       text not null check (octet_length(text) <= 16000),
  language   text not null,
  active     boolean not null,
  created_at bigint not null,
  changed_at bigint not null,
  primary key (site_id, clause_id)
);
create table templates (
  site_id    text not null references sites,
  name       text not null,
  text       text not null check (octet_length(text) <= 16000),
  changed_at bigint not null,
  primary key (site_id, name)
);

-- clause is the one that a decision names, statement the statement of reasons
-- that the author is given, JSON; '' = the author is told nothing.
alter table decisions add column clause text not null default '';
alter table decisions add column statement text not null default '';
create index decisions_told on decisions (site_id, decision_id, comment_id) where statement <> '';

create table appeals (
  site_id     text not null,
  appeal_id   text not null,
  comment_id  text not null,
  decision_id text not null,
  revision    integer not null,
  text        text not null check (octet_length(text) <= 16000),
  state       text not null check (state in ('open', 'upheld', 'overturned')),
  assignee    text not null default '',
  created_at  bigint not null,
  decided_at  bigint not null default 0,
  decided_by  text not null default '',
  answer      text not null default '' check (octet_length(answer) <= 16000),
  outcome_id  text not null default '', -- the decision that overturned the first
  version     bigint not null,
  primary key (site_id, appeal_id),
  foreign key (site_id, comment_id) references comments
);
create unique index appeals_by_decision on appeals (site_id, comment_id, decision_id);
create index appeals_by_state on appeals (site_id, state, appeal_id);

-- A decision that somebody else is asked about without being told of it.
create table second_looks (
  site_id     text not null,
  look_id     text not null,
  comment_id  text not null,
  decision_id text not null,
  revision    integer not null,
  action      text not null,
  reason      text not null,
  clause      text not null,
  decided_by  text not null, -- account of who decided first, '' = automation
  drawn_at    bigint not null,
  verdict     text not null default '' check (verdict in ('', 'approve', 'reject')),
  looked_by   text not null default '',
  looked_at   bigint not null default 0,
  primary key (site_id, look_id),
  foreign key (site_id, comment_id) references comments
);
create index second_looks_by_comment on second_looks (site_id, comment_id);
create index second_looks_open on second_looks (site_id, look_id) where verdict = '';
create index second_looks_done on second_looks (site_id, looked_at) where verdict <> '';

-- Keyed digests that the chain covers: of the actor's name, which an erasure may
-- take away, and of the rows that were written with the event. A line without the
-- first is of the time before there were any.
alter table events add column actor_mac text not null default '';
alter table events add column covers text not null default '';
