-- The whole schema. Types are PostgreSQL's; for SQLite the migrator writes
-- bigint, boolean and bytea as its own types and makes every table STRICT.
-- Instants are microseconds since 1970 in UTC, 0 = never. '' = none.
-- site_id leads every key: the tenant fence, and what a cluster spreads by.

create table sites (
  site_id       text primary key check (octet_length(site_id) between 1 and 40),
  name          text not null check (octet_length(name) <= 200),
  origins       text not null,
  options       text not null,
  words_version bigint not null default 0,
  created_at    bigint not null
);

create table words (
  site_id    text not null references sites,
  word_id    text not null,
  list       text not null check (list in ('banned', 'suspect', 'allowed')),
  text       text not null check (octet_length(text) <= 400),
  created_at bigint not null,
  primary key (site_id, word_id)
);
create unique index words_by_text on words (site_id, list, text);

create table pages (
  site_id    text not null references sites,
  page_id    text not null,
  page_key   text not null check (octet_length(page_key) <= 2048),
  url        text not null check (octet_length(url) <= 2048),
  title      text not null check (octet_length(title) <= 1200),
  created_at bigint not null,
  closed_at  bigint not null default 0,
  visible    bigint not null default 0 check (visible >= 0),
  primary key (site_id, page_id)
);
create unique index pages_by_key on pages (site_id, page_key);
create index pages_by_url on pages (site_id, url, page_id);

create table authors (
  site_id    text not null references sites,
  author_id  text not null,
  kind       text not null check (kind in ('guest', 'reader', 'staff')),
  name       text not null check (octet_length(name) <= 240),
  email      text not null check (octet_length(email) <= 254),
  approved   bigint not null default 0,
  rejected   bigint not null default 0,
  first_seen bigint not null,
  primary key (site_id, author_id)
);

create table comments (
  site_id         text not null,
  comment_id      text not null,
  page_id         text not null,
  parent_id       text not null,
  depth           integer not null,
  author_id       text not null,
  author_name     text not null check (octet_length(author_name) <= 240),
  author_kind     text not null,
  badge           text not null default '',
  status          text not null check (status in ('pending', 'approved', 'rejected', 'spam', 'deleted')),
  in_force        text not null check (in_force in ('pending', 'approved', 'rejected', 'spam', 'deleted')),
  revision        integer not null check (revision >= 1),
  public_revision integer not null check (public_revision between 0 and revision),
  votes_up        bigint not null default 0 check (votes_up >= 0),
  votes_down      bigint not null default 0 check (votes_down >= 0),
  score           bigint not null default 0,
  replies         bigint not null default 0 check (replies >= 0),
  shown           boolean not null default false,
  reports         bigint not null default 0,
  sequence        bigint not null,
  version         bigint not null,
  risk            text not null,
  reasons         text not null,
  held            text not null default '',
  created_at      bigint not null,
  edited_at       bigint not null default 0,
  decided_at      bigint not null default 0,
  decided_by      text not null default '',
  primary key (site_id, comment_id),
  foreign key (site_id, page_id) references pages,
  foreign key (site_id, author_id) references authors
);
create unique index comments_by_id on comments (comment_id);
create index comments_by_thread on comments (site_id, page_id, parent_id, comment_id) where shown;
create index comments_by_score on comments (site_id, page_id, parent_id, score, comment_id) where shown;
create index comments_by_parent on comments (site_id, page_id, parent_id, comment_id);
create index comments_by_status on comments (site_id, status, comment_id);
create index comments_by_site on comments (site_id, comment_id, status);
create index comments_by_author on comments (site_id, author_id, comment_id);
create index comments_by_page on comments (site_id, page_id, comment_id);

create table revisions (
  site_id     text not null,
  comment_id  text not null,
  revision    integer not null,
  source      text not null check (octet_length(source) <= 81920),
  tree        text not null,
  fingerprint text not null,
  trace       text not null,
  created_at  bigint not null,
  primary key (site_id, comment_id, revision),
  foreign key (site_id, comment_id) references comments
);
create index revisions_by_fingerprint on revisions (site_id, fingerprint, created_at) where fingerprint <> '';

create table status_counts (
  site_id text not null,
  status  text not null,
  n       bigint not null check (n >= 0),
  primary key (site_id, status)
);

create table decisions (
  site_id      text not null,
  comment_id   text not null,
  decision_id  text not null,
  revision     integer not null,
  action       text not null,
  from_status  text not null,
  to_status    text not null,
  reason       text not null check (octet_length(reason) <= 200),
  note         text not null check (octet_length(note) <= 4000),
  actor_kind   text not null,
  actor_id     text not null,
  actor_name   text not null,
  at           bigint not null,
  effective_at bigint not null,
  state        text not null check (state in ('held', 'done', 'undone')),
  primary key (site_id, comment_id, decision_id),
  foreign key (site_id, comment_id) references comments
);
create index decisions_by_id on decisions (decision_id);
create index decisions_due on decisions (effective_at) where state = 'held';

create table votes (
  site_id    text not null,
  comment_id text not null,
  voter      text not null,
  value      integer not null check (value in (-1, 1)),
  primary key (site_id, comment_id, voter),
  foreign key (site_id, comment_id) references comments
);

create table reports (
  site_id    text not null,
  comment_id text not null,
  report_id  text not null,
  revision   integer not null,
  reporter   text not null,
  reason     text not null,
  note       text not null check (octet_length(note) <= 4000),
  at         bigint not null,
  primary key (site_id, comment_id, report_id),
  foreign key (site_id, comment_id) references comments
);
create unique index reports_by_reporter on reports (site_id, comment_id, revision, reporter);

-- The log. Its rows are never changed or deleted, save that an erasure may
-- rewrite a body; body_hash and the chain stay.
create table events (
  site_id    text not null,
  seq        bigint not null,
  event_id   text not null,
  type       text not null,
  page_id    text not null,
  comment_id text not null,
  sequence   bigint not null,
  actor_kind text not null,
  actor_id   text not null,
  actor_name text not null,
  previous   text not null,
  at         bigint not null,
  body       bytea not null,
  body_hash  text not null,
  prev       text not null,
  hash       text not null,
  primary key (site_id, seq)
);
create unique index events_by_id on events (event_id);
create unique index events_by_comment on events (site_id, comment_id, sequence) where sequence > 0;
create index events_by_page on events (site_id, page_id, seq) where page_id <> '';

create table log_heads (
  site_id text primary key,
  seq     bigint not null,
  hash    text not null
);

create table cursors (
  site_id  text not null,
  follower text not null,
  seq      bigint not null,
  primary key (site_id, follower)
);

create table receipts (
  scope  text not null,
  key    text not null,
  hash   text not null,
  status integer not null,
  answer bytea not null,
  at     bigint not null,
  primary key (scope, key)
);
create index receipts_by_age on receipts (at);

-- Token buckets: tat is the theoretical arrival time of the generic cell rate
-- algorithm, which is all the state that a bucket has.
create table buckets (
  bucket text primary key,
  tat    bigint not null
);
create index buckets_by_age on buckets (tat);

create table salts (
  day  text primary key,
  salt bytea not null
);

create table endpoints (
  site_id         text not null references sites,
  endpoint_id     text not null,
  url             text not null check (octet_length(url) <= 2048),
  types           text not null,
  status          text not null check (status in ('active', 'paused', 'disabled', 'gone')),
  created_at      bigint not null,
  gate_until      bigint not null default 0,
  failures        bigint not null default 0,
  last_success_at bigint not null default 0,
  last_failure_at bigint not null default 0,
  last_failure    text not null default '',
  primary key (site_id, endpoint_id)
);
create unique index endpoints_by_id on endpoints (endpoint_id);
create index endpoints_called on endpoints (site_id, endpoint_id) where status = 'active';

create table secrets (
  site_id     text not null,
  endpoint_id text not null,
  secret_id   text not null,
  sealed      text not null,
  created_at  bigint not null,
  expires_at  bigint not null default 0,
  primary key (site_id, endpoint_id, secret_id),
  foreign key (site_id, endpoint_id) references endpoints on delete cascade
);

create table deliveries (
  site_id      text not null,
  delivery_id  text not null,
  endpoint_id  text not null,
  event_seq    bigint not null,
  event_id     text not null,
  type         text not null,
  comment_id   text not null,
  sequence     bigint not null,
  replay       integer not null default 0,
  state        text not null check (state in ('owed', 'delivered', 'failed', 'cancelled')),
  attempts     integer not null default 0,
  next_at      bigint not null,
  lease_until  bigint not null default 0,
  lease_token  text not null default '',
  created_at   bigint not null,
  delivered_at bigint not null default 0,
  last_status  integer not null default 0,
  last_class   text not null default '',
  last_ms      bigint not null default 0,
  last_at      bigint not null default 0,
  body         bytea, -- only where no event of the log carries it
  primary key (site_id, delivery_id)
);
create unique index deliveries_by_id on deliveries (delivery_id);
create unique index deliveries_by_event on deliveries (site_id, endpoint_id, event_id, replay);
create index deliveries_by_endpoint on deliveries (site_id, endpoint_id, delivery_id);
create index deliveries_by_state on deliveries (site_id, endpoint_id, state, delivery_id);
create index deliveries_due on deliveries (site_id, endpoint_id, next_at, event_seq) where state = 'owed';
create index deliveries_open on deliveries (site_id, endpoint_id, comment_id, event_seq) where state = 'owed';
create index deliveries_leased on deliveries (site_id, endpoint_id) where lease_token <> '';

create table attempts (
  site_id     text not null,
  delivery_id text not null,
  n           integer not null,
  at          bigint not null,
  ms          bigint not null,
  status      integer not null,
  class       text not null,
  detail      text not null,
  response    text not null check (octet_length(response) <= 65536),
  primary key (site_id, delivery_id, n),
  foreign key (site_id, delivery_id) references deliveries
);

create table accounts (
  account_id text primary key,
  email      text not null unique check (octet_length(email) <= 254),
  name       text not null check (octet_length(name) <= 240),
  password   text not null,
  created_at bigint not null,
  disabled   boolean not null default false
);

create table grants (
  account_id text not null references accounts,
  site_id    text not null,
  role       text not null check (role in ('viewer', 'moderator', 'admin', 'owner')),
  primary key (account_id, site_id)
);

create index grants_by_site on grants (site_id, account_id);

create table sessions (
  session_id    text primary key,
  account_id    text not null references accounts,
  kind          text not null check (kind in ('desk', 'script')),
  refresh_hash  text not null,
  previous_hash text not null,
  rotated_at    bigint not null,
  created_at    bigint not null,
  used_at       bigint not null,
  confirmed_at  bigint not null,
  expires_at    bigint not null,
  revoked_at    bigint not null default 0
);
create index sessions_by_account on sessions (account_id);
create index sessions_by_age on sessions (expires_at);
