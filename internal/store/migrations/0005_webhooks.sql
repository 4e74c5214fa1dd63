-- What an endpoint is sent, and how: mode full or thin, the version of the
-- payload that it was made with, the target whose shape the payload takes (webhook
-- = Standard Webhooks) with that target's settings as JSON, and headers of its own
-- as sealed JSON.
alter table endpoints add column mode text not null default 'full' check (mode in ('full', 'thin'));
alter table endpoints add column api_version text not null default '2026-11-01';
alter table endpoints add column target text not null default 'webhook';
alter table endpoints add column settings text not null default '{}';
alter table endpoints add column headers text not null default '';

-- Calls that it may have at once: fewer while it recovers.
alter table endpoints add column calls_most bigint not null default 8;
-- How often in a row its gate was closed because calls failed.
alter table endpoints add column trips bigint not null default 0;
-- Whether its calls carry a signature by the site's own key pair as well.
alter table endpoints add column v1a boolean not null default false;
-- When the site was told that it has fallen behind; 0 = it has not.
alter table endpoints add column behind_since bigint not null default 0;
-- Up to where a target that gathers events (rebuild) has been told of them.
alter table endpoints add column covered_seq bigint not null default 0;

-- Events of the past that are sent to an endpoint again, a few at a time behind
-- what is due to it.
create table replays (
  site_id     text not null,
  replay_id   text not null,
  endpoint_id text not null,
  number      bigint not null,    -- of the endpoint's replays: its deliveries carry it
  types       text not null,      -- JSON
  missed      boolean not null,   -- only what was given up and has not arrived since
  after_seq   bigint not null,    -- the last event that has been looked at
  until_seq   bigint not null,
  events      bigint not null,    -- that there were to send when it began
  sent        bigint not null default 0, -- of them, made into deliveries
  state       text not null check (state in ('running', 'done', 'cancelled')),
  created_at  bigint not null,
  ended_at    bigint not null default 0,
  primary key (site_id, replay_id),
  foreign key (site_id, endpoint_id) references endpoints on delete cascade
);
create unique index replays_by_id on replays (replay_id);
create index replays_by_endpoint on replays (site_id, endpoint_id, replay_id);
create index replays_running on replays (site_id, replay_id) where state = 'running';

-- Over how many receivers of webhooks what happens to a comment or page came
-- about: few rows, and for an hour.
create table hops (
  site_id text not null,
  subject text not null,
  hops    integer not null,
  at      bigint not null,
  primary key (site_id, subject)
);
