package store

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// op is a use case that waits to be written, or is being written.
type op struct {
	ctx   context.Context
	key   string   // of those that may share a commit
	sites []string // whose heads of log the transaction locks, in order
	alone bool     // shares its commit with nobody
	ahead func(comment.Reader)
	fn    func(*write) error
	state atomic.Int32 // opWaiting, opBegun, opDropped
	err   error
	done  chan struct{}
}

const (
	opWaiting = iota
	opBegun
	opDropped // whoever asked has gone
)

// begin reports whether somebody still waits for the outcome.
func (o *op) begin() bool {
	return o.state.CompareAndSwap(opWaiting, opBegun) || o.state.Load() == opBegun
}

// keyOf is the key of use cases that write to the same sites.
func keyOf(sites []string) string { return strings.Join(sites, "\x00") }

// backlog holds the use cases that wait, by their keys. The keys take turns;
// one that is being worked on gets none.
type backlog struct {
	mu      sync.Mutex
	some    *sync.Cond
	waiting map[string]*line // a key that is being worked on is in it, too
	turns   []string
	size    int
	most    int
	closed  bool
}

// line holds the use cases of one key.
type line struct {
	ops  []*op
	news chan struct{} // closed by the next one that comes, where that is awaited
}

func newBacklog(most int) *backlog {
	b := &backlog{waiting: map[string]*line{}, most: most}
	b.some = sync.NewCond(&b.mu)
	return b
}

// add reports false if there is no room, or no more work is taken.
func (b *backlog) add(o *op) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.size >= b.most {
		return false
	}
	l := b.waiting[o.key]
	if l == nil {
		l = &line{}
		b.waiting[o.key] = l
		b.turn(o.key)
	}
	l.ops = append(l.ops, o)
	b.size++
	if l.news != nil {
		close(l.news)
		l.news = nil
	}
	return true
}

func (b *backlog) turn(key string) {
	b.turns = append(b.turns, key)
	b.some.Signal()
}

// next waits for work and takes the first use case of the key whose turn it is.
// It is nil when the backlog is closed and all is done.
func (b *backlog) next() *op {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.turns) == 0 {
		if b.closed {
			return nil
		}
		b.some.Wait()
	}
	key := b.turns[0]
	b.turns = b.turns[1:]
	return b.shift(key)
}

func (b *backlog) shift(key string) *op {
	l := b.waiting[key]
	if l == nil || len(l.ops) == 0 {
		return nil
	}
	o := l.ops[0]
	l.ops = l.ops[1:]
	b.size--
	return o
}

// more takes another use case of the key that is being worked on, nil if none
// waits.
func (b *backlog) more(key string) *op {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.shift(key)
}

// await is more, and waits for one to come until some time.
func (b *backlog) await(key string, until time.Time) *op {
	b.mu.Lock()
	o := b.shift(key)
	patience := time.Until(until)
	if o != nil || patience <= 0 {
		b.mu.Unlock()
		return o
	}
	news := make(chan struct{})
	b.waiting[key].news = news
	b.mu.Unlock()
	select {
	case <-news:
	case <-time.After(patience):
	}
	return b.more(key)
}

// other reports whether another key waits for its turn.
func (b *backlog) other() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.turns) > 0
}

// rest takes all use cases of the key that is being worked on.
func (b *backlog) rest(key string) []*op {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.waiting[key]
	ops := l.ops
	l.ops = nil
	b.size -= len(ops)
	return ops
}

// release ends the work on a key; if more has come, it gets another turn.
func (b *backlog) release(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting[key].ops) > 0 {
		b.turn(key)
		return
	}
	delete(b.waiting, key)
}

// of is the number of use cases that wait with the key that is being worked on.
func (b *backlog) of(key string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting[key].ops)
}

func (b *backlog) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.size
}

// close takes no more work. What is there will be done.
func (b *backlog) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.some.Broadcast()
}
