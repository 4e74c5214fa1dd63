-- When its owner last gave an endpoint another URL or made it active. A call that
-- began before says nothing about the endpoint as it is now.
alter table endpoints add column renewed_at bigint not null default 0;
