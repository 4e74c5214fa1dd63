package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// The grouping of writes: one commit carries up to groupMost use cases, and
// takes no further one after groupTime.
const (
	groupMost  = 256
	groupTime  = 20 * time.Millisecond
	queueMost  = 4096             // use cases that may wait; the next gets 503
	lockedTime = 15 * time.Second // that another process may hold the file
	busyTime   = 5 * time.Second  // of it, in one try
)

// How often a group is begun again that the engine has thrown out, and for how
// long.
const (
	retryMost = 5
	retryTime = 4 * time.Second
)

// writer runs the writes of this process. Use cases that write to the same
// sites run one after the other; those that arrive while a commit is under way
// share the next one, each all-or-nothing. Everybody is answered after the
// commit. An SQLite file has one worker and one key for all; on PostgreSQL the
// workers write to different sites side by side, and the locked heads of log
// keep other nodes off them.
type writer struct {
	dialect dialect
	node    string
	signal  *signal
	ballast *ballast
	health  *health
	backlog *backlog
	turns   *turns
	working sync.WaitGroup

	checkpoints *checkpointer // nil where the engine sees to it
}

func newWriter(s *Store) *writer {
	return &writer{dialect: s.dialect, node: s.node, signal: &s.signal, ballast: &s.ballast, health: s.health, backlog: newBacklog(queueMost), turns: newTurns()}
}

// start lets a worker write on a connection, which it closes at the end.
func (w *writer) start(c conn) {
	w.working.Go(func() {
		defer c.close()
		k := &worker{writer: w, conn: c}
		for o := w.backlog.next(); o != nil; o = w.backlog.next() {
			for g := k.newGroup(o); g != nil; g = g.next {
				k.group(g)
			}
			w.backlog.release(o.key)
		}
	})
}

// stop lets the queued writes finish.
func (w *writer) stop() {
	w.backlog.close()
	w.working.Wait()
	if w.checkpoints != nil {
		w.checkpoints.stop()
	}
}

func busy(cause error) error {
	return &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Detail: "The service has more to write than it can keep up with. Try again in a moment.", RetryAfter: time.Second, Cause: cause}
}

// do queues a use case that writes to sites, and reads what ahead says first,
// and waits for its commit.
func (w *writer) do(ctx context.Context, sites comment.Sites, ahead func(comment.Reader), fn func(*write) error) error {
	o := &op{ctx: ctx, ahead: ahead, fn: fn}
	if !w.dialect.oneWriter {
		o.sites = slices.Compact(slices.Sorted(slices.Values(sites)))
		if len(o.sites) == 0 {
			o.sites = []string{""}
		}
		o.key = keyOf(o.sites)
	}
	return w.run(o)
}

// apart queues one that locks what it needs by itself. Where transactions run
// side by side it shares its commit with nobody: it would keep what it locks,
// and two that lock the same in another order would wait for each other.
func (w *writer) apart(ctx context.Context, key string, fn func(*write) error) error {
	o := &op{ctx: ctx, fn: fn}
	if !w.dialect.oneWriter {
		o.key, o.alone = "\x00"+key, true
	}
	return w.run(o)
}

// run waits for the outcome of a use case once it has begun, even if ctx ends:
// an answer must not contradict the database.
func (w *writer) run(o *op) error {
	if err := w.health.known(); err != nil {
		return err
	}
	o.done = make(chan struct{})
	if !w.backlog.add(o) {
		return busy(nil)
	}
	patience := time.NewTimer(w.dialect.patience)
	defer patience.Stop()
	var cause error
	select {
	case <-o.done:
		return o.err
	case <-o.ctx.Done():
		cause = o.ctx.Err()
	case <-patience.C:
	}
	if o.state.CompareAndSwap(opWaiting, opDropped) {
		return busy(cause)
	}
	<-o.done
	return o.err
}

// worker runs groups on one connection.
type worker struct {
	*writer
	conn  conn
	last  string // key that it worked on
	usual int    // use cases of that key that have shared a commit of late
}

// A commit costs nearly the same for one use case and for many, and where many
// come, their next ones are on the way when one ends: it pays to wait a little
// for them. Beyond gatherMost it pays no more: while this group is brought to
// the disk the rest is prepared. One that comes alone does not wait.
const (
	gatherTime = 2 * time.Millisecond
	gatherMost = 16
	shareLeast = 8
)

// group is what shares a commit. It is run boldly at first: what is put is
// taken to succeed and is sent when there is need to; a use case that fails is
// no trouble while nothing of it has been written. If it comes out otherwise
// the group begins again, carefully: each use case under a savepoint, and sent
// to its end before the next.
type group struct {
	ops     []*op
	end     time.Time // of taking more
	patient time.Time // how long it waits for those that usually come
	most    int       // use cases that it takes
	careful bool
	begun   bool   // at least once
	next    *group // begins on the way of this one's commit, or after it
	opening *error // of its beginning on that way; nil = it has not begun
	chained int    // groups before it that did so, one after the other
	heads   map[string]head
	counts  map[counted]int
	logged  []comment.Event

	foreseen []foreseen      // of the first ops
	touched  map[string]bool // asks of which something has been written since
	stale    bool            // of all of them
}

func (w *worker) newGroup(first *op) *group {
	now := time.Now()
	if first.key != w.last {
		w.last, w.usual = first.key, 0
	}
	return &group{ops: []*op{first}, end: now.Add(groupTime), patient: now.Add(gatherTime), most: w.share(first.key)}
}

// group runs the use cases of a group and whatever else waits with their key, and
// answers.
func (w *worker) group(g *group) {
	begun := time.Now()
	for try := 1; ; try++ {
		trouble, err := w.attempt(g)
		if err == nil {
			w.signal.fire(g.logged)
			w.wrote(len(g.ops))
			break
		}
		if !w.another(g, trouble, try) || time.Since(begun) > retryTime {
			if !g.begun { // who came later would wait as long for the same thing
				g.ops = append(g.ops, w.backlog.rest(g.ops[0].key)...)
			}
			failAll(g.ops, err)
			break
		}
	}
	w.usual = max(len(g.ops), w.usual*7/8)
	for _, o := range g.ops {
		if fault.Is(o.err, "storage_full") {
			w.ballast.sink()
		}
		w.health.note(o.err)
		close(o.done)
	}
}

func (w *worker) wrote(n int) {
	if w.checkpoints != nil {
		w.checkpoints.wrote(n)
	}
}

// share is how many use cases a group takes. A server is another process: while
// it writes one half of those that come, the next ones of the others are prepared.
// A file is written by this process, which has no time for that.
func (w *worker) share(key string) int {
	if !w.conn.far() {
		return groupMost
	}
	return min(max(shareLeast, (w.backlog.of(key)+1)/2), groupMost)
}

// another reports whether there is sense in another attempt, and waits a little
// where nodes stand in each other's way.
func (w *worker) another(g *group, t trouble, try int) bool {
	g.end = time.Time{} // the same ones, and nobody else
	g.logged = nil
	switch {
	case t == late && !g.careful:
		g.careful = true
		return true
	case (t == again || t == gone) && try <= retryMost:
		time.Sleep(time.Duration(1+rand.IntN(10<<try)) * time.Millisecond)
		return true
	}
	return false
}

// attempt runs the group as one transaction.
func (w *worker) attempt(g *group) (t trouble, err error) {
	for _, o := range g.ops {
		o.err = nil // of the attempt before
	}
	if err := w.open(g); err != nil {
		return w.giveUp(err)
	}
	g.begun = true
	for i := 0; i < len(g.ops); i++ {
		if err := w.runOne(g, i); err != nil {
			return w.giveUp(err)
		}
		if i == len(g.ops)-1 {
			w.take(g)
		}
	}
	if err := w.commit(g); err != nil {
		return w.giveUp(err)
	}
	return fine, nil
}

// take adds one more use case to the group, if there is one and it may.
func (w *worker) take(g *group) bool {
	now := time.Now()
	if g.ops[0].alone || len(g.ops) >= g.most || now.After(g.end) {
		return false
	}
	until := now
	if len(g.ops) < min(w.usual, gatherMost) {
		until = g.patient
	}
	o := w.backlog.await(g.ops[0].key, until)
	if o != nil {
		g.ops = append(g.ops, o)
	}
	return o != nil
}

// open begins the transaction, unless it has been begun.
func (w *worker) open(g *group) error {
	if opening := g.opening; opening != nil {
		g.opening = nil
		return *opening
	}
	if err := w.conn.ready(context.Background()); err != nil {
		return err
	}
	return w.begin(g)
}

// begin begins the transaction. What the use cases that are there will ask first
// is asked along, for all of them at once.
func (w *worker) begin(g *group) error {
	ctx := context.Background()
	w.conn.assume(!g.careful)
	g.foreseen, g.touched, g.stale, g.counts = nil, map[string]bool{}, false, map[counted]int{}
	var asks []ask
	if w.conn.far() && !g.careful && !g.ops[0].alone {
		asks = w.foresee(g)
	}
	heads, answers, err := w.dialect.begin(ctx, w.conn, g.ops[0].sites, asks)
	g.heads = heads
	if err == nil && w.conn.far() {
		w.turns.found(heads)
	}
	g.answered(answers)
	return err
}

// commit adds what the group has counted, and moves the heads of the logs to
// where it has brought them.
func (w *worker) commit(g *group) error {
	ctx := context.Background()
	for c, by := range g.counts {
		if err := count(ctx, w.conn, c, by); err != nil {
			if w.conn.trouble() == fine { // it is the fault of one of them
				err = errors.Join(errTooBold, err)
			}
			return err
		}
	}
	for site, h := range g.heads {
		if !h.moved {
			continue
		}
		if err := w.conn.put(ctx, moveHead(w.dialect.clock), site, h.seq, h.hash, w.node); err != nil {
			return err
		}
	}
	if c, ok := w.conn.(chain); ok && !g.careful && w.follow(g) {
		return w.commitAndBegin(g, c)
	}
	_, err := w.conn.exec(ctx, "commit")
	if err == nil && w.conn.far() {
		w.turns.leave(g.heads)
	}
	return err
}

// followLeast is how many use cases have to wait for the next group to begin
// before this one is answered: fewer would not be worth a commit.
const followLeast = 4

// follow makes the group that begins on the way of g's commit, if there is
// reason to: use cases of the same key wait, and those of no other key do.
func (w *worker) follow(g *group) bool {
	key := g.ops[0].key
	if g.next != nil { // of an attempt before
		return true
	}
	if g.ops[0].alone || w.backlog.of(key) < followLeast || w.backlog.other() || g.chained >= chainMost || !w.turns.alone(g.heads) {
		return false
	}
	g.next = w.newGroup(w.backlog.more(key))
	g.next.patient, g.next.chained = time.Time{}, g.chained+1
	return true
}

// commitAndBegin is told what has become of the commit by the answer to the
// first question of the next group.
func (w *worker) commitAndBegin(g *group, c chain) error {
	ended := false
	c.end(func() {
		ended = true
		w.turns.leave(g.heads)
	})
	err := w.begin(g.next)
	if !ended {
		return err
	}
	g.next.opening, g.next.most = &err, len(g.next.ops)
	return nil
}

// giveUp ends a transaction that cannot be brought to its end. The engine may
// have done so already, which is as well.
func (w *worker) giveUp(err error) (trouble, error) {
	t := w.conn.trouble()
	if errors.Is(err, errTooBold) {
		t = late
	}
	_, _ = w.conn.exec(context.Background(), "rollback")
	return t, err
}

// runOne runs a use case. An error is one after which the whole transaction is
// gone.
func (w *worker) runOne(g *group, i int) error {
	o := g.ops[i]
	if !o.begin() {
		return nil
	}
	if o.err = o.ctx.Err(); o.err != nil {
		o.err = busy(o.err)
		return nil
	}
	ctx := context.Background()
	start := w.conn.mark()
	if g.careful {
		if err := w.conn.put(ctx, "savepoint use_case"); err != nil {
			return err
		}
	}
	tx := &write{query: query{ctx: ctx, conn: w.conn}, conn: w.conn, dialect: w.dialect, node: w.node, group: g}
	if len(g.foreseen) > 0 {
		tx.conn = witness{w.conn, g}
	}
	tx.look(o, i)
	o.err = safely(o.fn, tx)
	if o.err == nil && g.careful {
		o.err = w.conn.flush(ctx)
	}
	if o.err != nil || w.conn.trouble() != fine {
		return w.undo(g, o, start)
	}
	tx.keep()
	return w.release(g)
}

func (w *worker) release(g *group) error {
	if !g.careful {
		return nil
	}
	return w.conn.put(context.Background(), "release use_case")
}

// errTooBold ends an attempt that has to be repeated carefully.
var errTooBold = errors.New("a use case failed after it had written")

// undo takes back a use case that has failed.
func (w *worker) undo(g *group, o *op, start mark) error {
	if o.err == nil { // it did not mind an error, but the engine does
		o.err = cmp.Or(w.conn.flush(context.Background()), errTooBold)
	}
	switch t := w.conn.trouble(); {
	case t == again || t == gone:
		return o.err
	case w.conn.back(start):
		return nil
	case !g.careful && len(g.ops) == 1 && t != late:
		return o.err // it had the transaction to itself
	case !g.careful:
		return errTooBold
	}
	if _, err := w.conn.exec(context.Background(), "rollback to use_case"); err != nil {
		return o.err // what broke it says more than that it is broken
	}
	return w.release(g)
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
