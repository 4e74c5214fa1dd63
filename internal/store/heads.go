package store

import (
	"context"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// The book of heads is looked up again where something has changed lately, by
// the database's clock, and as a whole now and then: for a commit that took
// longer than headSlack to become visible.
const (
	headSlack = 10 * time.Second
	wholeTime = 10 * time.Second
)

// overdue is how long an event waits for the followers of the node that
// appended it before those of other nodes take it up.
const overdue = 250 * time.Millisecond

// headBook is what this process knows of the logs' ends and of its followers'
// cursors, so that asking what is new costs the same for ten sites and for ten
// thousand.
type headBook struct {
	turn    chan struct{} // held by whoever looks
	heads   map[string]knownHead
	newest  int64 // when the last one that is known was moved
	whole   time.Time
	cursors map[string]map[string]cursor // by follower and site
}

type knownHead struct {
	seq  int64
	mine bool // this node has appended the newest event
}

// cursor is a follower's, as it was found.
type cursor struct {
	seq  int64
	late time.Time // since when something behind it has been waiting; zero = nothing is
}

func newHeadBook() *headBook {
	return &headBook{turn: make(chan struct{}, 1), heads: map[string]knownHead{}, cursors: map[string]map[string]cursor{}}
}

// withHeads runs fn on the book, brought up to date.
func (s *Store) withHeads(ctx context.Context, fn func(*headBook, *query) error) error {
	b := s.book
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return noReader(ctx.Err())
	}
	defer func() { <-b.turn }()
	foreign := false
	err := s.View(ctx, func(r comment.Reader) (err error) {
		q := r.(*query)
		if foreign, err = b.look(q, s.node); err != nil {
			return err
		}
		return fn(b, q)
	})
	if foreign {
		s.signal.wake()
	}
	return err
}

// look reads what has changed; foreign = by another node.
func (b *headBook) look(q *query, node string) (foreign bool, err error) {
	now, since, newest := time.Now(), b.newest-headSlack.Microseconds(), int64(0)
	whole := now.Sub(b.whole) > wholeTime
	if whole {
		since = 0
	}
	err = q.each(changedHeads, []any{since}, func(s scanner) error {
		var site, by string
		var seq, at int64
		if err := s.Scan(&site, &seq, &by, &at); err != nil {
			return err
		}
		if seq != b.heads[site].seq {
			foreign, newest = foreign || by != node, max(newest, at)
		}
		b.heads[site] = knownHead{seq, by == node}
		return nil
	})
	if newest > 0 { // earlier than before where the clock has been put back
		b.newest = newest
	}
	if err == nil && whole {
		b.whole = now
	}
	return foreign, err
}

const changedHeads = "select site_id, seq, node, changed_at from log_heads where changed_at >= $1 and seq > 0"

// Heads gives the number of the newest event of every site.
func (s *Store) Heads(ctx context.Context) (heads []comment.Position, err error) {
	err = s.withHeads(ctx, func(b *headBook, _ *query) error {
		heads = make([]comment.Position, 0, len(b.heads))
		for site, h := range b.heads {
			heads = append(heads, comment.Position{Site: site, Seq: h.seq})
		}
		return nil
	})
	return heads, err
}

// Behind lists the sites whose log is ahead of the follower's cursor. Where
// several nodes follow, one leaves what another has appended to that one's
// follower, unless it is late with it.
func (s *Store) Behind(ctx context.Context, follower string, limit int) (sites []comment.Position, err error) {
	err = s.withHeads(ctx, func(b *headBook, q *query) error {
		known, err := b.follower(q, follower)
		if err != nil {
			return err
		}
		var ahead []string
		for site, h := range b.heads {
			if h.seq > known[site].seq {
				ahead = append(ahead, site)
			}
		}
		now := time.Now()
		for len(ahead) > 0 && len(sites) < limit {
			some := ahead[:min(len(ahead), keysMost)]
			ahead = ahead[len(some):]
			if err := b.catchUp(q, follower, some, now); err != nil {
				return err
			}
			for _, site := range some {
				at, h := known[site], b.heads[site]
				if at.late.IsZero() || len(sites) == limit {
					continue
				}
				if h.mine || s.dialect.oneWriter || now.Sub(at.late) >= overdue {
					sites = append(sites, comment.Position{Site: site, Seq: at.seq})
				}
			}
		}
		return nil
	})
	return sites, err
}

// follower gives the cursors that are known of a follower, all of them read
// when it is first asked for.
func (b *headBook) follower(q *query, name string) (map[string]cursor, error) {
	if known := b.cursors[name]; known != nil {
		return known, nil
	}
	known := map[string]cursor{}
	err := q.each("select site_id, seq from cursors where follower = $1", []any{name}, func(s scanner) error {
		var site string
		var at cursor
		err := s.Scan(&site, &at.seq)
		known[site] = at
		return err
	})
	if err == nil {
		b.cursors[name] = known
	}
	return known, err
}

// catchUp reads the cursors on some sites again: a follower on another node may
// have moved them.
func (b *headBook) catchUp(q *query, follower string, sites []string, now time.Time) error {
	known := b.cursors[follower]
	moved := map[string]int64{}
	args := []any{follower}
	for i := range keysMost { // one statement for every number of sites
		args = append(args, sites[min(i, len(sites)-1)])
	}
	err := q.each(cursorsOn, args, func(s scanner) error {
		var site string
		var seq int64
		err := s.Scan(&site, &seq)
		moved[site] = seq
		return err
	})
	for _, site := range sites {
		was, at := known[site], cursor{seq: moved[site], late: now}
		if at.seq == was.seq && !was.late.IsZero() {
			at.late = was.late
		}
		if at.seq >= b.heads[site].seq {
			at.late = time.Time{}
		}
		known[site] = at
	}
	return err
}

var cursorsOn = "select site_id, seq from cursors where follower = $1 and site_id in (" + places(2, keysMost) + ")"
