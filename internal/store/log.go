package store

import (
	"context"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const eventColumns = "site_id, seq, event_id, type, page_id, comment_id, sequence, actor_kind, actor_id, actor_name, previous, at, body, body_hash, prev, hash, actor_mac, covers"

func scanEvent(s scanner) (e comment.Event, err error) {
	err = s.Scan(&e.Site, &e.Seq, &e.ID, &e.Type, &e.PageID, &e.CommentID, &e.Sequence, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name, &e.Previous,
		instant{&e.At}, &e.Body, &e.BodyHash, &e.Prev, &e.Hash, &e.ActorMAC, &e.Covers)
	return e, err
}

func (q *query) LogHead(site string) (seq int64, hash string, err error) {
	err = q.each("select seq, hash from log_heads where site_id = $1", []any{site}, func(s scanner) error { return s.Scan(&seq, &hash) })
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
const pageEvents = `select site_id, seq, event_id, type, page_id, comment_id, sequence, actor_kind, actor_id, actor_name, previous, at, '', '', '', '', '', ''
	from events where site_id = $1 and page_id = $2 and page_id <> '' and seq > $3
		and type in ('comment.approved', 'comment.rejected', 'comment.marked_spam', 'comment.deleted', 'comment.restored', 'comment.erased', 'page.closed', 'page.opened')
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

// The statements that move a head; clock is the database's, so that all nodes
// agree on what is new.
func moveHead(clock string) string {
	return "insert into log_heads (site_id, seq, hash, node, changed_at) values ($1, $2, $3, $4, " + clock + `)
		on conflict (site_id) do update set seq = excluded.seq, hash = excluded.hash, node = excluded.node, changed_at = excluded.changed_at`
}

func nextHead(clock string) string {
	return "update log_heads set seq = $2, hash = $3, node = $4, changed_at = " + clock + " where site_id = $1 and seq = $2 - 1"
}

func firstHead(clock string) string {
	return "insert into log_heads (site_id, seq, hash, node, changed_at) values ($1, 1, $2, $3, " + clock + ") on conflict do nothing"
}

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
	return w.conn.put(w.ctx, "insert into events ("+eventColumns+") values ("+places(1, 18)+")",
		e.Site, e.Seq, e.ID, e.Type, e.PageID, e.CommentID, e.Sequence, e.Actor.Kind, e.Actor.ID, e.Actor.Name, e.Previous,
		micros(e.At), e.Body, e.BodyHash, e.Prev, e.Hash, e.ActorMAC, e.Covers)
}

func (w *write) moveOn(e comment.Event) (bool, error) {
	n, err := w.conn.exec(w.ctx, nextHead(w.dialect.clock), e.Site, e.Seq, e.Hash, w.node)
	if err == nil && n == 0 && e.Seq == 1 {
		n, err = w.conn.exec(w.ctx, firstHead(w.dialect.clock), e.Site, e.Hash, w.node)
	}
	return n > 0, err
}

// keep passes on to the group what the use case has done.
func (w *write) keep() {
	for site, h := range w.heads {
		w.group.heads[site] = h
	}
	for c, by := range w.counts {
		w.group.counts[c] += by
	}
	w.group.logged = append(w.group.logged, w.logged...)
}

// EventsAfter reads on in a site's log. It may give fewer events than there are; they
// are not to be written to.
func (s *Store) EventsAfter(ctx context.Context, site string, after int64, limit int) (events []comment.Event, err error) {
	if events = s.signal.tail.after(site, after, limit); len(events) > 0 {
		return events, nil
	}
	err = s.View(ctx, func(r comment.Reader) error {
		events, err = r.Events(site, after, limit)
		return err
	})
	return events, err
}

// Advance moves a follower's cursor, never back.
func (s *Store) Advance(ctx context.Context, follower, site string, to int64) error {
	return s.writer.apart(ctx, "advance", func(w *write) error { return w.Follow(follower, site, to) })
}

// Follow is Advance for a follower that writes what it makes of the events in the
// same transaction, so that each counts once.
func (w *write) Follow(follower, site string, to int64) error {
	return w.conn.put(w.ctx, `insert into cursors (site_id, follower, seq) values ($1, $2, $3)
		on conflict (site_id, follower) do update set seq = excluded.seq where excluded.seq > cursors.seq`, site, follower, to)
}

func (q *query) Followed(follower, site string) (seq int64, err error) {
	err = q.each("select seq from cursors where site_id = $1 and follower = $2", []any{site, follower}, func(s scanner) error { return s.Scan(&seq) })
	return seq, err
}
