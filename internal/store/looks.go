package store

import (
	"context"
	"sync"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// The bounds of what looks share.
const (
	looksShare = 64 // use cases on one way to the server
	looksWays  = 2  // ways under way at once
	looksMost  = 4096
)

// looks lets use cases that look at things share their ways to a server. The
// next way begins when one has ended, with all who have come meanwhile: few wait
// for nobody, and many share.
type looks struct {
	mu      sync.Mutex
	waiting []*look
	ways    int
}

// look is what one use case asks.
type look struct {
	foreseen
	err  error
	done chan struct{}
}

// ViewAfter asks a server what ask asks together with others; see comment.Store.
// What fn asks besides is asked by itself.
func (s *Store) ViewAfter(ctx context.Context, ask func(comment.Reader), fn func(comment.Reader) error) error {
	if s.server == nil {
		return s.View(ctx, fn)
	}
	q := &query{ctx: context.WithoutCancel(ctx), conn: elsewhere{s}}
	l := &look{foreseen: foreseen{asks: q.asked(ask)}, done: make(chan struct{})}
	if err := s.answer(ctx, l); err != nil {
		return err
	}
	q.know(l.asks, l.answers)
	return fn(q)
}

// answer waits for the answers, as long as ctx allows.
func (s *Store) answer(ctx context.Context, l *look) error {
	if len(l.asks) == 0 {
		return nil
	}
	if !s.looks.add(l) {
		return noReader(nil)
	}
	if s.looks.another() {
		go s.goAndAsk()
	}
	select {
	case <-l.done:
		return l.err
	case <-ctx.Done():
		return noReader(ctx.Err())
	}
}

// goAndAsk goes to the server and back until nobody waits.
func (s *Store) goAndAsk() {
	for some := s.looks.next(); len(some) > 0; some = s.looks.next() {
		err := s.askFor(some)
		if len(some) > 1 && err != nil && fault.Of(err).Kind != fault.Unavailable { // one of them may have asked what cannot be answered
			for _, l := range some {
				l.err = s.askFor([]*look{l})
			}
		}
		for _, l := range some {
			close(l.done)
		}
	}
}

// askFor asks what some use cases ask, and gives each its answers.
func (s *Store) askFor(some []*look) error {
	var asks []ask
	for _, l := range some {
		asks = append(asks, l.asks...)
	}
	var answers []answer
	err := s.view(context.Background(), func(ctx context.Context, c conn) (err error) {
		answers, err = c.together(ctx, asks)
		return err
	})
	for _, l := range some {
		if l.err = err; err == nil {
			l.answers, answers = answers[:len(l.asks)], answers[len(l.asks):]
		}
	}
	return err
}

// add reports false if there is no room.
func (k *looks) add(l *look) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.waiting) >= looksMost {
		return false
	}
	k.waiting = append(k.waiting, l)
	return true
}

// another reports whether there should be another way.
func (k *looks) another() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ways == looksWays {
		return false
	}
	k.ways++
	return true
}

// next takes those who share a way; none ends it.
func (k *looks) next() []*look {
	k.mu.Lock()
	defer k.mu.Unlock()
	some := k.waiting[:min(len(k.waiting), looksShare)]
	k.waiting = k.waiting[len(some):]
	if len(some) == 0 {
		k.ways--
	}
	return some
}

// elsewhere answers on whatever connection is free.
type elsewhere struct{ s *Store }

func (e elsewhere) far() bool { return true }

func (e elsewhere) each(ctx context.Context, text string, args []any, read func(scanner) error) error {
	return e.s.view(ctx, func(ctx context.Context, c conn) error { return c.each(ctx, text, args, read) })
}
