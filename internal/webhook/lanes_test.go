package webhook

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Many endpoints at one service share sixteen calls, in turn; nobody elsewhere
// waits for them.
func TestOneHostHasSixteenCallsOverAllItsEndpoints(t *testing.T) {
	h := newHouse(t)
	step := make(chan struct{})
	var most atomic.Int32
	var perURL [6]atomic.Int32
	busy := newStand(t, func(_ http.ResponseWriter, g got, _ int) {
		for m := most.Load(); int32(g.open) > m && !most.CompareAndSwap(m, int32(g.open)); m = most.Load() {
		}
		<-step
	})
	count := busy.Config.Handler
	busy.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Path[1:])
		perURL[n].Add(1)
		count.ServeHTTP(w, r)
	})
	good := newStand(t, nil)
	for i := range perURL {
		h.add(fmt.Sprintf("%s/%d", busy.URL, i))
	}
	h.add(good.URL)
	for i := range 40 {
		h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
	}
	h.run()
	until(t, "the other host has everything", func() bool { return good.count() == 40 })
	until(t, "the busy host has its sixteen", func() bool { return busy.count() == perHost })
	for range 64 {
		step <- struct{}{}
	}
	until(t, "every endpoint has had a turn", func() bool { return busy.count() >= perHost+64 })
	for i := range perURL {
		if n := perURL[i].Load(); n < 2 {
			t.Errorf("endpoint %d was called %d times of %d", i, n, busy.count())
		}
	}
	close(step)
	until(t, "all is delivered", func() bool { return busy.count() == 6*40 })
	if n := most.Load(); n != perHost {
		t.Errorf("%d calls at a time at one host", n)
	}
}

// While a host is full nothing is asked of the store over and over: an idle
// sender looks about once a second.
func TestAFullHostIsWaitedForWithoutSpinning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		for i := range 5 {
			h.add(fmt.Sprintf("http://127.0.0.1/%d", i))
		}
		for i := range 20 {
			h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
		}
		h.spread()
		w := h.worker()
		q, dials := &counting{Queue: h.store}, atomic.Int32{}
		w.Queue, w.Grace = q, time.Millisecond
		w.Client.plain.DialContext = func(context.Context, string, string) (net.Conn, error) { // takes all, and says nothing
			dials.Add(1)
			ours, theirs := net.Pipe()
			go io.Copy(io.Discard, theirs)
			return ours, nil
		}
		stop := runWorker(t, w)
		defer stop()
		time.Sleep(time.Second)
		synctest.Wait()
		if n := dials.Load(); n != perHost {
			t.Fatalf("%d calls at the host, want %d", n, perHost)
		}
		before := q.claims.Load()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := q.claims.Load() - before; n < 9 || n > 15 {
			t.Errorf("%d claims in 10 s", n)
		}
	})
}

func TestTheStoppedLeaveNobodyWaitingForTheirHost(t *testing.T) {
	h := newHouse(t)
	hang := make(chan struct{})
	s := newStand(t, func(http.ResponseWriter, got, int) { <-hang })
	for i := range 3 {
		h.add(fmt.Sprintf("%s/%d", s.URL, i))
	}
	for i := range 10 {
		h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
	}
	h.spread()
	stop := runWorker(t, h.worker())
	until(t, "the host is full", func() bool { return s.count() == perHost })
	close(hang)
	stop()
	if next, ok, err := h.store.NextDelivery(t.Context()); err != nil || !ok || next.After(time.Now()) {
		t.Errorf("the next delivery is due at %v, %v, %v", next, ok, err)
	}
}

// A node that is killed forgets who waits for a full host; another one calls them
// long before a lease would have ended.
func TestWhoWaitsForAHostOutlivesTheNodeThatKnows(t *testing.T) {
	h := newHouse(t)
	for i := range 2 {
		h.add(fmt.Sprintf("http://127.0.0.1/%d", i))
	}
	h.happen("c1", comment.CommentApproved)
	h.spread()
	ask := claimAt(time.Now())
	ask.PerHost = 1
	calls, err := h.store.Claim(t.Context(), ask)
	if err != nil || len(calls) != 2 || calls[0].Held || !calls[1].Held {
		t.Fatalf("%+v, %v", calls, err)
	}
	ask.Now, ask.Token = ask.Now.Add(6*time.Second), "another node"
	again, err := h.store.Claim(t.Context(), ask)
	if err != nil || len(again) != 1 || again[0].Held || again[0].Endpoint.ID != calls[1].Endpoint.ID {
		t.Errorf("%+v, %v", again, err)
	}
}

// counting is a queue that counts the claims.
type counting struct {
	Queue
	claims atomic.Int32
}

func (c *counting) Claim(ctx context.Context, ask comment.Claim) ([]comment.Call, error) {
	c.claims.Add(1)
	return c.Queue.Claim(ctx, ask)
}

// runWorker runs a worker alone; the function it returns stops it and waits.
func runWorker(t testing.TB, w *Worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// The breaker as the receiver sees it: five failures, then single probes with
// growing pauses, and after the first success one call more with each.
func TestTheBreakerProbesAndTheRampRises(t *testing.T) {
	h := newHouse(t)
	h.schedule = Schedule{20 * time.Millisecond, time.Hour}
	var fixed atomic.Bool
	step := make(chan struct{})
	s := newStand(t, func(w http.ResponseWriter, _ got, _ int) {
		if !fixed.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		<-step
	})
	e, _ := h.add(s.URL)
	for i := range 100 {
		h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
	}
	h.run()
	until(t, "it has been probed three times", func() bool { return h.endpoint(e.ID).Trips >= 4 })
	fixed.Store(true)
	open := func() int { s.mu.Lock(); defer s.mu.Unlock(); return s.open }
	until(t, "the probe is there", func() bool { return open() == 1 })
	probes := s.all()
	probes = probes[len(probes)-h.endpoint(e.ID).Trips:] // of the first failures, some were under way together
	for i, g := range probes {
		if g.open != 1 {
			t.Errorf("%d calls at a time while it was being probed", g.open)
		}
		if least := h.schedule.Breaker().First << i; i > 0 && g.at.Sub(probes[i-1].at) < least {
			t.Errorf("probe %d came after %v, before %v", i, g.at.Sub(probes[i-1].at), least)
		}
	}
	for _, want := range []int{2, 4, 8} {
		for range want / 2 {
			step <- struct{}{}
		}
		until(t, fmt.Sprint(want, " calls are under way"), func() bool { return open() == want })
		if most := h.endpoint(e.ID).CallsMost; most != want {
			t.Errorf("%d calls at most, want %d", most, want)
		}
	}
	close(step)
	until(t, "all is delivered", func() bool { return h.endpoint(e.ID).Owed <= 8 })
	if e := h.endpoint(e.ID); e.Trips != 0 || e.Failures != 0 || e.CallsMost != comment.CallsMost {
		t.Errorf("%d trips, %d failures, %d calls", e.Trips, e.Failures, e.CallsMost)
	}
}

// What the breaker knows is in the row: another process does not begin anew.
func TestTheBreakerSurvivesARestart(t *testing.T) {
	h := newHouse(t)
	s := newStand(t, func(w http.ResponseWriter, _ got, _ int) { w.WriteHeader(http.StatusInternalServerError) })
	e, _ := h.add(s.URL)
	for i := range 30 {
		h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
	}
	stop := h.run()
	until(t, "the gate is closed", func() bool { return h.endpoint(e.ID).Trips == 1 })
	stop()
	h.store.Close()
	h.open()
	before, was := s.count(), h.endpoint(e.ID)
	if left := time.Until(was.GateUntil); left < 20*time.Second || left > 30*time.Second {
		t.Errorf("closed for %v more", left)
	}
	h.run()
	h.happen("fresh", comment.CommentApproved)
	until(t, "it is owed", func() bool { return h.endpoint(e.ID).Owed == 31 })
	h.wake.Up()
	if calls, err := h.store.Claim(t.Context(), claimAt(time.Now())); err != nil || len(calls) > 0 || s.count() != before {
		t.Errorf("%d claimed, %d requests after the restart, %v", len(calls), s.count()-before, err)
	}
}

// Failures of calls that began before the owner gave another URL say nothing
// about the new one.
func TestCallsToTheOldURLDoNotCloseTheNewOnesGate(t *testing.T) {
	h := newHouse(t)
	h.schedule = Schedule{10 * time.Millisecond, 10 * time.Millisecond}
	hang := make(chan struct{})
	old := newStand(t, func(w http.ResponseWriter, _ got, _ int) { <-hang; w.WriteHeader(http.StatusInternalServerError) })
	fresh := newStand(t, nil)
	e, _ := h.add(old.URL)
	for i := range 8 {
		h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
	}
	h.run()
	until(t, "eight are in flight", func() bool { return old.count() == perEndpoint })
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{URL: fresh.URL}, admin); err != nil {
		t.Fatal(err)
	}
	close(hang)
	until(t, "the new URL has everything", func() bool { return fresh.count() == 8 && h.endpoint(e.ID).Owed == 0 })
	if n := old.count(); n != 8 {
		t.Errorf("the old URL was called %d times", n)
	}
	if e := h.endpoint(e.ID); e.Trips != 0 || !e.LastFailureAt.IsZero() {
		t.Errorf("%d trips, last failure at %v", e.Trips, e.LastFailureAt)
	}
}
