-- Many nodes on one database. A site's head of log is there from its birth, and
-- '' is the installation's: a transaction that writes to a site locks its head,
-- whatever else it does. node appended the newest event, at changed_at.
alter table log_heads add column node text not null default '';
alter table log_heads add column changed_at bigint not null default 0;
insert into log_heads (site_id, seq, hash) select site_id, 0, '' from sites where site_id not in (select site_id from log_heads);
insert into log_heads (site_id, seq, hash) select '', 0, '' where not exists (select 1 from log_heads where site_id = '');

-- Nothing can be claimed of an endpoint before due_at.
alter table endpoints add column due_at bigint not null default 0;
drop index endpoints_called;
create index endpoints_due on endpoints (due_at, endpoint_id) where status = 'active';
