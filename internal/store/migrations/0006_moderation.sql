-- What a site's comments are held against: how often each of its lists was changed.
create table list_versions (
  site_id text not null references sites,
  list    text not null,
  n       bigint not null,
  primary key (site_id, list)
);
insert into list_versions (site_id, list, n) select site_id, 'words', words_version from sites where words_version > 0;
alter table sites drop column words_version;

-- Words, legal terms, records of hosts.

-- People and blocks, reports.

-- Rules, and how precise each is.

-- Waves.

-- External checks.

-- Decisions: reasons, messages, appeals, second looks.
