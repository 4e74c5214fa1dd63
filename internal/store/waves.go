package store

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// newestTexts goes along comments_by_id, over all sites.
const newestTexts = `select c.site_id, c.comment_id, c.page_id, c.author_id, c.in_force, c.group_id, c.created_at, r.source,
		exists (select 1 from decisions d where d.site_id = c.site_id and d.comment_id = c.comment_id and d.revision = c.revision
			and d.state = 'done' and d.actor_kind = 'moderator' and d.to_status = c.in_force)
	from comments c join revisions r on r.site_id = c.site_id and r.comment_id = c.comment_id and r.revision = c.revision
	where c.comment_id < $1 order by c.comment_id desc limit $2`

func (q *query) NewestTexts(before string, limit int) ([]comment.Text, error) {
	if before == "" {
		before = lastID
	}
	return list(q, func(s scanner) (t comment.Text, err error) {
		err = s.Scan(&t.Site, &t.CommentID, &t.PageID, &t.AuthorID, &t.Status, &t.Group, instant{&t.At}, &t.Source, &t.Human)
		return t, err
	}, newestTexts, before, limit)
}

// Group looks at the newest members only, so that it costs the same for a wave of
// a thousand and of a million.
func (q *query) Group(site, group string, most int) (g comment.GroupTally, err error) {
	g.Statuses = map[comment.Status]int{}
	authors, pages := map[string]bool{}, map[string]bool{}
	err = q.each(`select status, author_id, page_id, created_at from comments
		where site_id = $1 and group_id = $2 and group_id <> '' order by comment_id desc limit $3`, []any{site, group, most}, func(s scanner) error {
		var status comment.Status
		var author, page string
		err := s.Scan(&status, &author, &page, instant{&g.First})
		g.Count++
		g.Statuses[status]++
		authors[author], pages[page] = true, true
		if g.Count == 1 {
			g.Last = g.First
		}
		return err
	})
	g.Authors, g.Pages = len(authors), len(pages)
	return g, err
}

func (q *query) GroupWaiting(site, group, after string, limit int) ([]comment.Comment, error) {
	return list(q, scanComment, "select "+commentColumns+` from comments c
		where c.site_id = $1 and c.group_id = $2 and c.group_id <> '' and c.status = 'pending' and c.comment_id > $3 order by c.comment_id limit $4`,
		site, group, after, limit)
}

func (q *query) PremoderatedPages(site, after string, limit int) ([]comment.Page, error) {
	return list(q, scanPage, "select "+pageColumns+" from pages where site_id = $1 and page_id > $2 and premod_until > 0 order by page_id limit $3", site, after, limit)
}

func (q *query) EndedPremoderations(now time.Time, limit int) ([]comment.Page, error) {
	return list(q, scanPage, "select "+pageColumns+" from pages where premod_until > 0 and premod_until <= $1 order by premod_until limit $2", micros(now), limit)
}

func (q *query) NextPremoderationEnd() (end time.Time, err error) {
	return one(q, func(s scanner) (t time.Time, err error) { err = s.Scan(instant{&t}); return t, err },
		"select premod_until from pages where premod_until > 0 order by premod_until limit 1")
}

func (w *write) SetPremoderation(p comment.Page) error {
	return w.conn.put(w.ctx, `update pages set premod_until = $3, premod_since = $4, premod_by = $5, premod_for = $6, spared_until = $7
		where site_id = $1 and page_id = $2`, p.Site, p.ID,
		micros(p.Premoderation.Until), micros(p.Premoderation.Since), p.Premoderation.By, p.Premoderation.For, micros(p.SparedUntil))
}
