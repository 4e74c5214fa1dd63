package store

import (
	"context"
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// The grouping of writes: one commit carries up to groupMost use cases, and
// takes no further one after groupTime.
const (
	groupMost  = 256
	groupTime  = 4 * time.Millisecond
	queueMost  = 4096             // use cases that may wait; the next gets 503
	lockedTime = 15 * time.Second // that another process may hold the file
	busyTime   = 5 * time.Second  // of it, in one try
)

// writer runs all writes of this process, one after the other, on the one
// writing connection. Use cases that arrive while a commit is under way share
// the next one, each under a savepoint of its own: one that fails is rolled
// back alone. Everybody is answered after the commit.
type writer struct {
	conn    *conn
	signal  *signal
	ballast *ballast
	health  *health
	ops     chan *op
	stopped chan struct{}

	patience time.Duration // with another process that holds the file, before the last try
}

type op struct {
	ctx  context.Context
	fn   func(*write) error
	err  error
	done chan struct{}
}

func startWriter(c *conn, s *signal, b *ballast, h *health) *writer {
	w := &writer{
		conn: c, signal: s, ballast: b, health: h, ops: make(chan *op, queueMost), stopped: make(chan struct{}),
		patience: lockedTime - busyTime,
	}
	go w.run()
	return w
}

func busy(cause error) error {
	return &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Detail: "The service has more to write than it can keep up with. Try again in a moment.", RetryAfter: time.Second, Cause: cause}
}

// do queues fn and waits for its commit. Once fn has begun, its outcome is
// waited for even if ctx ends: an answer must not contradict the database.
func (w *writer) do(ctx context.Context, fn func(*write) error) error {
	if err := w.health.known(); err != nil {
		return err
	}
	o := &op{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case w.ops <- o:
	default:
		return busy(nil)
	}
	select {
	case <-o.done:
		return o.err
	case <-w.stopped:
	}
	select {
	case <-o.done: // in the last commit: both channels were ready
		return o.err
	default:
		return busy(nil)
	}
}

// stop lets the queued writes finish.
func (w *writer) stop() {
	o := &op{ctx: context.Background(), done: make(chan struct{})} // fn nil = the end
	w.ops <- o
	<-w.stopped
	w.conn.close()
}

func (w *writer) run() {
	defer close(w.stopped)
	for o := range w.ops {
		if o.fn == nil || w.group(o) {
			return
		}
	}
}

// group commits o and whatever else is waiting; it reports whether the writer
// has been asked to stop.
func (w *writer) group(o *op) (stop bool) {
	var ran []*op
	defer func() {
		for _, o := range ran {
			if fault.Is(o.err, "storage_full") {
				w.ballast.sink()
			}
			w.health.note(o.err)
			close(o.done)
		}
	}()
	if err := w.begin(); err != nil {
		ran, stop = w.waiting(o)
		failAll(ran, err)
		return stop
	}
	end := time.Now().Add(groupTime)
	var logged []comment.Event
	for o != nil {
		ran = append(ran, o)
		events, broken := w.runOne(o)
		logged = append(logged, events...)
		if broken != nil {
			w.rollback()
			failAll(ran, broken)
			return false
		}
		o = nil
		if len(ran) < groupMost && time.Now().Before(end) {
			select {
			case o = <-w.ops:
				stop = o.fn == nil
			default:
			}
		}
		if stop {
			break
		}
	}
	if _, err := w.conn.exec(context.Background(), "commit"); err != nil {
		w.rollback()
		failAll(ran, err)
		return stop
	}
	w.signal.fire(logged)
	return stop
}

// waiting takes everybody out of the queue: who came after o has waited as long
// for the same thing, or will be told to try again.
func (w *writer) waiting(o *op) (all []*op, stop bool) {
	all = []*op{o}
	for {
		select {
		case o := <-w.ops:
			if o.fn == nil {
				return all, true
			}
			all = append(all, o)
		default:
			return all, false
		}
	}
}

// begin takes the write lock, waiting while another process has it.
func (w *writer) begin() error {
	for end := time.Now().Add(w.patience); ; {
		_, err := w.conn.exec(context.Background(), "begin immediate")
		if err == nil || !fault.Is(err, "storage_locked") || time.Now().After(end) {
			return err
		}
	}
}

// rollback gives up the transaction. The engine may have done so already, which
// is as well.
func (w *writer) rollback() { _, _ = w.conn.exec(context.Background(), "rollback") }

// runOne runs a use case under a savepoint and gives the events that it
// appended. broken is an error after which the
// whole transaction is gone.
func (w *writer) runOne(o *op) (logged []comment.Event, broken error) {
	if o.err = o.ctx.Err(); o.err != nil {
		o.err = busy(o.err)
		return nil, nil
	}
	if _, err := w.conn.exec(context.Background(), "savepoint use_case"); err != nil {
		return nil, err
	}
	tx := &write{query: query{ctx: context.Background(), conn: w.conn}}
	o.err = safely(o.fn, tx)
	if o.err != nil {
		if _, err := w.conn.exec(context.Background(), "rollback to use_case"); err != nil {
			return nil, o.err // what broke it says more than that it is broken
		}
		tx.logged = nil
	}
	_, broken = w.conn.exec(context.Background(), "release use_case")
	return tx.logged, broken
}

// safely turns a panic of a use case into its error, so that it cannot take
// the other use cases of the commit with it.
func safely(fn func(*write) error, tx *write) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a use case panicked: %v", p)
		}
	}()
	return fn(tx)
}

// failAll answers everybody of a commit that did not happen. Those whose own
// use case had failed keep their own error.
func failAll(ran []*op, err error) {
	for _, o := range ran {
		if o.err == nil {
			o.err = err
		}
	}
}
