package store

import (
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const sweepColumns = "site_id, word_id, since, stage, page_id, after_id, looked, found"

func scanSweep(s scanner) (v comment.Sweep, err error) {
	err = s.Scan(&v.Site, &v.WordID, instant{&v.Since}, &v.Stage, &v.PageID, &v.After, &v.Looked, &v.Found)
	return v, err
}

func (q *query) Sweeps(site string) ([]comment.Sweep, error) {
	return list(q, scanSweep, "select "+sweepColumns+" from sweeps where site_id = $1", site)
}

func (q *query) RunningSweeps(limit int) ([]comment.Sweep, error) {
	return list(q, scanSweep, "select "+sweepColumns+" from sweeps where stage <> 'done' order by site_id, word_id limit $1", limit)
}

// The comments that a sweep goes by: those that readers see or are about to, with
// the texts that they see or are about to see.
var (
	passing = `select c.comment_id, c.page_id, c.author_name, coalesce(r.revision, 0), coalesce(r.source, '') from comments c
		left join revisions r on (c.public_revision > 0 or c.held <> '') and r.site_id = c.site_id and r.comment_id = c.comment_id
			and (r.revision = c.public_revision or c.held <> '' and r.revision = c.revision)
		where c.site_id = $1 and c.comment_id > $2`
	passingOfPage = passing + " and c.page_id = $3 order by c.comment_id limit $4"
	passingOfSite = passing + " order by c.comment_id limit $3"
)

func scanPassing(s scanner) (p comment.Passing, err error) {
	err = s.Scan(&p.ID, &p.PageID, &p.Author, &p.Revision, &p.Source)
	return p, err
}

func (q *query) Passing(site, page, after string, limit int) ([]comment.Passing, error) {
	if page == "" {
		return list(q, scanPassing, passingOfSite, site, after, limit)
	}
	return list(q, scanPassing, passingOfPage, site, after, page, limit)
}

func (q *query) PagesNamed(site, ref, after string, limit int) ([]comment.Page, error) {
	return list(q, scanPage, "select "+pageColumns+" from pages where site_id = $1 and url = $2 and page_id > $3 order by page_id limit $4", site, ref, after, limit)
}

func (w *write) PutSweep(v comment.Sweep) error {
	return w.conn.put(w.ctx, "insert into sweeps ("+sweepColumns+") values ("+places(1, 8)+`)
		on conflict (site_id, word_id) do update set since = excluded.since, stage = excluded.stage, page_id = excluded.page_id, after_id = excluded.after_id,
			looked = excluded.looked, found = excluded.found`,
		v.Site, v.WordID, micros(v.Since), v.Stage, v.PageID, v.After, v.Looked, v.Found)
}

func (w *write) MoveSweep(v, from comment.Sweep) error {
	n, err := w.conn.sure(w.ctx, `update sweeps set stage = $3, page_id = $4, after_id = $5, looked = $6, found = $7
		where site_id = $1 and word_id = $2 and since = $8 and stage = $9 and page_id = $10 and after_id = $11`,
		v.Site, v.WordID, v.Stage, v.PageID, v.After, v.Looked, v.Found, micros(from.Since), from.Stage, from.PageID, from.After)
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "conflict", "The sweep has moved on or has ended.")
	}
	return err
}

func (w *write) RemoveSweep(site, word string) error {
	return w.conn.put(w.ctx, "delete from sweeps where site_id = $1 and word_id = $2", site, word)
}
