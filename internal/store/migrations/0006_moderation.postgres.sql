-- Indexes that are made make PostgreSQL forget what it has learned of tables that are
-- empty; see 0004. So it learns again, after the last one.
do $$
begin
  if not exists (select 1 from sites) then
    insert into sites (site_id, name, origins, options, created_at) select 's' || n, '', '[]', '{}', 0 from generate_series(0, 199) n;
    insert into pages (site_id, page_id, page_key, url, title, created_at)
      select 's' || n % 200, 'p' || n, 'p' || n, 'p' || n, '', 0 from generate_series(0, 999) n;
    insert into authors (site_id, author_id, kind, name, email, first_seen)
      select 's' || n % 200, 'a' || n, 'guest', '', '', 0 from generate_series(0, 999) n;
    insert into comments (site_id, comment_id, page_id, parent_id, depth, author_id, author_name, author_kind, status, in_force, revision, public_revision, shown, sequence, version, risk, reasons, created_at)
      select 's' || n % 200, 'c' || n, 'p' || n % 1000, case when n % 3 = 0 then 'c' || n / 3 else '' end, 0, 'a' || n % 1000, '', 'guest',
        case when n % 10 = 0 then 'pending' else 'approved' end, 'approved', 1, 1, true, 1, 1, '', '', n
        from generate_series(0, 1999) n;
    insert into revisions (site_id, comment_id, revision, source, tree, trace, created_at)
      select 's' || n % 200, 'c' || n, 1, '', '[]', '[]', n from generate_series(0, 1999) n;
    insert into deliveries (site_id, delivery_id, endpoint_id, event_seq, event_id, type, comment_id, sequence, state, next_at, created_at)
      select 's' || n % 200, 'd' || n, 'e' || n % 400, n, 'v' || n, '', 'c' || n, 1, case when n % 10 = 0 then 'owed' else 'delivered' end, n, n
        from generate_series(0, 1999) n;
    analyze pages; analyze authors; analyze comments; analyze revisions; analyze deliveries;
    delete from deliveries;
    delete from revisions;
    delete from comments;
    delete from authors;
    delete from pages;
    delete from sites;
  end if;
end $$;
