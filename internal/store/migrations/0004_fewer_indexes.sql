-- A comment that is posted lies somewhere else in each of these indexes, so each
-- costs a page of the journal. comments_by_site served nothing; root comments are
-- found by their page; and readers notice only some types of event.
drop index comments_by_site;
drop index comments_by_parent;
create index comments_by_parent on comments (site_id, page_id, parent_id, comment_id) where parent_id <> '';
drop index events_by_page;
create index events_by_page on events (site_id, page_id, seq)
  where type in ('comment.approved', 'comment.rejected', 'comment.marked_spam', 'comment.deleted', 'comment.erased', 'page.closed', 'page.opened');
