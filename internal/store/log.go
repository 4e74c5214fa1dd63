package store

import (
	"context"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const eventColumns = "site_id, seq, event_id, type, page_id, comment_id, sequence, actor_kind, actor_id, actor_name, previous, at, body, body_hash, prev, hash"

func scanEvent(s scanner) (e comment.Event, err error) {
	err = s.Scan(&e.Site, &e.Seq, &e.ID, &e.Type, &e.PageID, &e.CommentID, &e.Sequence, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name, &e.Previous,
		instant{&e.At}, &e.Body, &e.BodyHash, &e.Prev, &e.Hash)
	return e, err
}

func (q *query) LogHead(site string) (seq int64, hash string, err error) {
	err = q.conn.each(q.ctx, "select seq, hash from log_heads where site_id = $1", []any{site}, func(s scanner) error { return s.Scan(&seq, &hash) })
	return seq, hash, err
}

func (q *query) LogSites() ([]string, error) {
	return list(q, scanString, "select site_id from log_heads where seq > 0 order by site_id")
}

func (q *query) Events(site string, after int64, limit int) ([]comment.Event, error) {
	return list(q, scanEvent, "select "+eventColumns+" from events where site_id = $1 and seq > $2 order by seq limit $3", site, after, limit)
}

func (q *query) EventSeq(site, id string) (int64, error) {
	return one(q, scanInt, "select seq from events where event_id = $1 and site_id = $2", id, site)
}

// pageEvents leaves the bodies where they are: a stream that is caught up needs
// to know what happened, and a body may be long.
const pageEvents = `select site_id, seq, event_id, type, page_id, comment_id, sequence, actor_kind, actor_id, actor_name, previous, at, '', '', '', ''
	from events where site_id = $1 and page_id = $2 and page_id <> '' and seq > $3
		and type in ('comment.approved', 'comment.rejected', 'comment.marked_spam', 'comment.deleted', 'comment.erased', 'page.closed', 'page.opened')
	order by seq limit $4`

func (q *query) PageEvents(site, page string, after int64, limit int) ([]comment.Event, error) {
	return list(q, scanEvent, pageEvents, site, page, after, limit)
}

// head is the end of a site's log.
type head struct {
	seq   int64
	hash  string
	moved bool // beyond what is stored
}

// LogHead of a transaction that writes knows the end of the logs on which it
// holds the lock.
func (w *write) LogHead(site string) (seq int64, hash string, err error) {
	if h, ok := w.head(site); ok {
		return h.seq, h.hash, nil
	}
	seq, hash, err = w.query.LogHead(site)
	if err == nil && w.dialect.oneWriter {
		w.group.heads[site] = head{seq: seq, hash: hash}
	}
	return seq, hash, err
}

func (w *write) head(site string) (head, bool) {
	if h, ok := w.heads[site]; ok {
		return h, true
	}
	h, ok := w.group.heads[site]
	return h, ok
}

const (
	moveHead = `insert into log_heads (site_id, seq, hash) values ($1, $2, $3)
		on conflict (site_id) do update set seq = excluded.seq, hash = excluded.hash`
	nextHead  = "update log_heads set seq = $2, hash = $3 where site_id = $1 and seq = $2 - 1"
	firstHead = "insert into log_heads (site_id, seq, hash) values ($1, 1, $2) on conflict do nothing"
)

// AppendEvent inserts the event. The site's counter row, whose lock makes the
// order of commits the order of the log, is moved at the end of the group; one
// that is not locked yet is moved at once, if it stands where it should, and
// is locked from then on.
func (w *write) AppendEvent(e comment.Event) (err error) {
	h, locked := w.head(e.Site)
	ok := h.seq == e.Seq-1
	if !locked {
		ok, err = w.moveOn(e)
	}
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.Conflict, "conflict", "The log has moved on.")
	}
	if w.heads == nil {
		w.heads = map[string]head{}
	}
	w.heads[e.Site] = head{e.Seq, e.Hash, locked}
	w.logged = append(w.logged, e)
	return w.conn.put(w.ctx, "insert into events ("+eventColumns+") values ("+places(1, 16)+")",
		e.Site, e.Seq, e.ID, e.Type, e.PageID, e.CommentID, e.Sequence, e.Actor.Kind, e.Actor.ID, e.Actor.Name, e.Previous,
		micros(e.At), e.Body, e.BodyHash, e.Prev, e.Hash)
}

func (w *write) moveOn(e comment.Event) (bool, error) {
	n, err := w.conn.exec(w.ctx, nextHead, e.Site, e.Seq, e.Hash)
	if err == nil && n == 0 && e.Seq == 1 {
		n, err = w.conn.exec(w.ctx, firstHead, e.Site, e.Hash)
	}
	return n > 0, err
}

// keep passes on to the group what the use case has done.
func (w *write) keep() {
	for site, h := range w.heads {
		w.group.heads[site] = h
	}
	w.group.logged = append(w.group.logged, w.logged...)
}

// Behind lists the sites whose log is ahead of the follower's cursor.
func (s *Store) Behind(ctx context.Context, follower string, limit int) (sites []comment.Position, err error) {
	err = s.View(ctx, func(r comment.Reader) error {
		sites, err = list(r.(*query), func(s scanner) (p comment.Position, err error) { err = s.Scan(&p.Site, &p.Seq); return p, err },
			`select h.site_id, coalesce(c.seq, 0) from log_heads h
				left join cursors c on c.site_id = h.site_id and c.follower = $1
				where h.seq > coalesce(c.seq, 0) limit $2`, follower, limit)
		return err
	})
	return sites, err
}

// EventsAfter reads on in a site's log.
func (s *Store) EventsAfter(ctx context.Context, site string, after int64, limit int) (events []comment.Event, err error) {
	err = s.View(ctx, func(r comment.Reader) error {
		events, err = r.Events(site, after, limit)
		return err
	})
	return events, err
}

// Advance moves a follower's cursor, never back.
func (s *Store) Advance(ctx context.Context, follower, site string, to int64) error {
	return s.writer.apart(ctx, "advance", func(w *write) error {
		_, err := w.conn.exec(w.ctx, `insert into cursors (site_id, follower, seq) values ($1, $2, $3)
			on conflict (site_id, follower) do update set seq = excluded.seq where excluded.seq > cursors.seq`, site, follower, to)
		return err
	})
}

// Heads gives the number of the newest event of every site.
func (s *Store) Heads(ctx context.Context) (heads []comment.Position, err error) {
	err = s.View(ctx, func(r comment.Reader) error {
		heads, err = list(r.(*query), func(s scanner) (p comment.Position, err error) { err = s.Scan(&p.Site, &p.Seq); return p, err },
			"select site_id, seq from log_heads where seq > 0")
		return err
	})
	return heads, err
}
