// Package follow is the one loop that follows the log: it hides the durable
// cursor, the wake-up, the batches and the retries. Whoever acts on what has
// happened (webhook, live, notify) gives a Follower its Handle and runs it as
// a worker.
package follow

import (
	"cmp"
	"context"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Log is what a Follower needs of the store.
type Log interface {
	// Behind lists sites whose log is ahead of the follower's durable cursor,
	// each with that cursor, at most limit of them.
	Behind(ctx context.Context, follower string, limit int) ([]comment.Position, error)
	// EventsAfter reads a site's log in order, at most limit events, and perhaps fewer
	// than there are.
	EventsAfter(ctx context.Context, site string, after int64, limit int) ([]comment.Event, error)
	// Advance moves the follower's cursor on one site forward, never back.
	Advance(ctx context.Context, follower, site string, to int64) error
	// Changed is closed at the next commit of this process that appends to a
	// log. It is asked again for the commit after that.
	Changed() <-chan struct{}
}

// Follower hands every event of every site, in the order of the site's log, to
// Handle. An event may come again after a crash, so Handle must bear repetition.
type Follower struct {
	Name string // of the cursor; two followers with one name share their progress
	Log  Log
	// Handle deals with consecutive events of one site. After an error the
	// same events, perhaps with newer ones behind them, come again.
	Handle  func(ctx context.Context, site string, events []comment.Event) error
	Poll    time.Duration // between looks for commits of other processes; 0 = 500 ms
	Batch   int           // most events in one call of Handle; 0 = 100
	Rest    time.Duration // between a look that has found something and the next; 0 = 20 ms
	OnError func(error)   // hears of what will be tried again; may be nil
}

// The waits between tries, and the most sites in one look.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 10 * time.Second
	sitesMost  = 1000
)

// restTime is the usual Rest, so that a
// log to which much is appended is read in batches, and its cursor moved once
// for each.
const restTime = 20 * time.Millisecond

// Run follows until ctx is cancelled, then returns nil.
func (f *Follower) Run(ctx context.Context) error {
	w := walk{Follower: *f, pauses: map[string]pause{}}
	w.Poll = cmp.Or(w.Poll, 500*time.Millisecond)
	w.Batch = cmp.Or(w.Batch, 100)
	w.Rest = cmp.Or(w.Rest, restTime)
	for ctx.Err() == nil {
		changed := w.Log.Changed() // before the look, so that no commit falls between
		found, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			w.report(err)
			wait(ctx, w.log.next(), nil)
		case found == enough: // there is more
			w.log = pause{}
		case found == some:
			w.log = pause{}
			wait(ctx, w.Rest, nil)
		default:
			w.log = pause{}
			wait(ctx, w.untilNext(), changed)
		}
	}
	return nil
}

// walk is one Run: the follower and what it has to leave alone for a while.
type walk struct {
	Follower
	log    pause            // after errors of the log itself
	pauses map[string]pause // by site, after errors of Handle
}

// pause is the back-off after failures in a row.
type pause struct {
	last  time.Duration
	until time.Time
}

func (p *pause) next() time.Duration {
	p.last = min(max(2*p.last, firstPause), lastPause)
	p.until = time.Now().Add(p.last)
	return p.last
}

// find is what a look has found.
type find int

const (
	nothing find = iota
	some
	enough // a whole batch of a site, or more sites than one look takes
)

// look gives every site that is behind one batch.
func (w *walk) look(ctx context.Context) (found find, err error) {
	// Sites that pause stay in the list: ask for so many more.
	behind, err := w.Log.Behind(ctx, w.Name, sitesMost+len(w.pauses))
	if err != nil {
		return nothing, err
	}
	if len(behind) >= sitesMost {
		found = enough
	}
	paused := map[string]pause{} // those that are no longer behind drop out
	for _, at := range behind {
		p := w.pauses[at.Site]
		if time.Now().Before(p.until) {
			paused[at.Site] = p
			continue
		}
		moved, err := w.step(ctx, at)
		if ctx.Err() != nil {
			return nothing, nil
		}
		if err != nil {
			w.report(err)
			p.next()
			paused[at.Site] = p
		}
		found = max(found, moved)
	}
	w.pauses = paused
	return found, nil
}

// step takes a site one batch further.
func (w *walk) step(ctx context.Context, at comment.Position) (find, error) {
	events, err := w.Log.EventsAfter(ctx, at.Site, at.Seq, w.Batch)
	if err != nil || len(events) == 0 {
		return nothing, err
	}
	if err := w.Handle(ctx, at.Site, events); err != nil {
		return nothing, err
	}
	found := some
	if len(events) == w.Batch {
		found = enough
	}
	return found, w.Log.Advance(ctx, w.Name, at.Site, events[len(events)-1].Seq)
}

func (w *walk) report(err error) {
	if w.OnError != nil {
		w.OnError(err)
	}
}

// untilNext is the time to the next poll, or to the end of the shortest pause.
func (w *walk) untilNext() time.Duration {
	least := w.Poll
	for _, p := range w.pauses {
		least = min(least, max(0, time.Until(p.until)))
	}
	return least
}

func wait(ctx context.Context, d time.Duration, changed <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-changed:
	}
}
