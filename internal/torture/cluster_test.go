package torture

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// nodes are those that serve from the beginning; one more comes and goes.
const nodes = 3

// TestCluster kills, pauses, stops and adds nodes on one PostgreSQL server, and
// restarts the server, while clients write through any of them.
func TestCluster(t *testing.T) {
	beside(t)
	server := newPostgres(t)
	tm := newTorment(t, onPostgres(t, server.dsn()))
	tm.in.grow(nodes)
	spare := tm.in.add()
	defer tm.turnClock()()
	tm.run(func(ctx context.Context, tm *torment) {
		g, ctx := errgroup.WithContext(ctx)
		for range 2 {
			r := rand.New(rand.NewPCG(tm.rand.Uint64(), 0))
			g.Go(func() error { harass(ctx, tm, r, spare); return nil })
		}
		g.Go(func() error { restart(ctx, tm, server); return nil })
		_ = g.Wait() // they tell the test
		for _, n := range tm.in.nodes[:nodes] {
			n.ready()
		}
	})
	tm.end()
	if *long { // a short run on a busy machine has too little for every planted fault; TestTorture plants them too
		t.Run("the checker sees", func(t *testing.T) { seesFaults(t, tm) })
	}
}

// end stops the nodes and judges.
func (tm *torment) end() {
	tm.t.Helper()
	for _, n := range tm.in.nodes {
		if n.cmd != nil {
			n.stop()
		}
	}
	tm.judge()
}

// note writes down a fault that has ended.
func (tm *torment) note(what string, from time.Time) {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	tm.done = append(tm.done, killing{what: what, from: from, to: time.Now()})
}

// hurt is the number of kills and pauses so far.
func (tm *torment) hurt() (n int) {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	for _, k := range tm.done {
		if k.what == "kill" || k.what == "pause" {
			n++
		}
	}
	return n
}

// harass does harm to one node after the other. Another harasser may be at
// work on another one.
func harass(ctx context.Context, tm *torment, r *rand.Rand, spare *node) {
	for tm.hurt() < *kills && ctx.Err() == nil {
		n := tm.in.nodes[r.IntN(nodes)]
		what := r.IntN(100)
		if what >= 95 {
			n = spare
		}
		if !n.mu.TryLock() {
			<-time.After(5 * time.Millisecond)
			continue
		}
		tm.harm(n, what, r)
		n.mu.Unlock()
		tm.answers(ctx, r.IntN(25))
	}
}

func (tm *torment) harm(n *node, what int, r *rand.Rand) {
	if n.cmd != nil && what >= 50 {
		n.ready() // only a kill may come before
	}
	from := time.Now()
	switch {
	case what < 50:
		n.kill()
		<-time.After(time.Duration(r.IntN(200)) * time.Millisecond)
		n.start()
		if r.IntN(5) > 0 { // sometimes it is killed before it is ready
			n.ready()
		}
		tm.note("kill", from)
	case what < 90:
		n.freeze()
		<-time.After(pause(r))
		n.thaw()
		tm.note("pause", from)
	case what < 95:
		n.stop()
		n.start()
		tm.note("stop", from)
	default:
		n.start()
		n.ready()
		<-time.After(time.Duration(r.IntN(1000)) * time.Millisecond)
		n.stop()
		tm.note("one more node", from)
	}
}

// pause is how long a node stands still: in the long run, now and then for
// longer than a lease lasts.
func pause(r *rand.Rand) time.Duration {
	switch {
	case !*long:
		return 200*time.Millisecond + time.Duration(r.IntN(800))*time.Millisecond
	case r.IntN(20) == 0:
		return leaseTime + time.Second
	}
	return 200*time.Millisecond + time.Duration(r.IntN(2800))*time.Millisecond
}

// restart restarts the database server now and then: in good order, and at
// once, so that it has to recover.
func restart(ctx context.Context, tm *torment, server *postgres) {
	times := max(2, *kills/40)
	for n := range times {
		how := []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT}[n%2]
		for tm.hurt() < *kills*(2*n+1)/(2*times) && ctx.Err() == nil {
			<-time.After(10 * time.Millisecond)
		}
		from := time.Now()
		server.stop(how)
		<-time.After(200 * time.Millisecond)
		server.start()
		tm.note("database restart", from)
		tm.answers(ctx, 5)
	}
}

// leaseTime is how long a delivery may be in flight in these tests. The
// program's own leases outlive the slowest call, which takes longer than the
// whole test; nothing here takes more than a moment.
const leaseTime = 8 * time.Second

// turnClock lets leases end after leaseTime, as if the rest of their time had
// gone by: what a killed node has claimed is claimed by another, and a node
// that was paused for longer wakes up without its lease.
func (tm *torment) turnClock() (stop func()) {
	tm.t.Helper()
	const theirs, late = 45 * time.Second, 3 * time.Second
	tm.lease = leaseTime
	db, err := tm.in.open()
	if err != nil {
		tm.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		for tick := time.NewTicker(200 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
			turn(ctx, db, time.Now(), theirs-leaseTime, late)
		}
	}()
	return func() {
		cancel()
		<-over
		if err := db.Close(); err != nil {
			tm.t.Error(err)
		}
	}
}

// turn ends leases with less than left to go, and what waits for them: no retry
// is as late.
func turn(ctx context.Context, db *sql.DB, now time.Time, left, late time.Duration) {
	// The server may be down, which is no matter.
	_, _ = db.ExecContext(ctx, `update deliveries set lease_until = case when lease_token = '' then lease_until else $1 end, next_at = $1
		where state = 'owed' and next_at > $2 and next_at < $3`, now.UnixMicro(), now.Add(late).UnixMicro(), now.Add(left).UnixMicro())
}
