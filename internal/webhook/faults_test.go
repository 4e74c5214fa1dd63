package webhook

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

// An installation's clock that jumps an hour ahead and back again loses nothing,
// keeps the order and calls nobody twice: a lease that seems to have ended is not
// this process's to break as long as it works.
func TestTheClockJumps(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	var jump time.Duration
	e, _ := h.add(s.URL)
	total := 0
	for _, jump = range []time.Duration{0, time.Hour, -time.Hour, 0} {
		w := h.worker()
		w.Now = func() time.Time { return time.Now().Add(jump) }
		f := h.fanOut()
		f.Now = w.Now
		for i := range 10 {
			h.happen("c"+strconv.Itoa(i), comment.CommentEdited, comment.CommentApproved)
		}
		total += 20
		h.spread()
		stop := runWorker(t, w)
		if jump < 0 { // what is due only by the clock of before waits until it is right again
			stop()
			continue
		}
		until(t, "all is delivered", func() bool { return s.count() == total })
		stop()
	}
	for i := range 10 {
		if diff := cmp.Diff([]int64{1, 2, 3, 4, 5, 6, 7, 8}, s.sequences("c"+strconv.Itoa(i))); diff != "" {
			t.Errorf("comment %d: %s", i, diff)
		}
	}
	if e := h.endpoint(e.ID); e.Owed != 0 || e.Status != comment.EndpointActive {
		t.Errorf("owed %d, %s", e.Owed, e.Status)
	}
}

// The clock is put forward or back by an hour while calls are in flight. None of
// them is made again meanwhile, whatever their leases say, an endpoint that is well
// goes on, and in the end everything has come once and in order.
func TestTheClockJumpsWithCallsInFlight(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			const comments, each = 20, 2
			h, c := newHouse(t), &clock{now: morning}
			h.hooks.Now = c.Now
			hang := make(chan struct{})
			var arrived goodOrder
			slow := newStand(t, func(_ http.ResponseWriter, g got, _ int) { <-hang; arrived.note(g) })
			answer := sync.OnceFunc(func() { close(hang) })
			defer answer()
			good := newStand(t, nil)
			e, _ := h.add(slow.URL, comment.CommentCreated, comment.CommentApproved)
			h.add(good.URL, comment.CommentEdited)
			standings := &Standings{Queue: h.store, Hooks: h.hooks, Now: c.Now}
			look := func() {
				if err := standings.look(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			look()
			for i := range comments {
				h.happenAt(c.Now(), "c"+strconv.Itoa(i), comment.CommentCreated, comment.CommentApproved)
			}
			h.spreadAt(c)
			stop := h.slowly(c)
			until(t, "eight are in flight", func() bool { return slow.count() == perEndpoint })
			for n := range 3 {
				if n == 0 {
					c.advance(jump)
				}
				c.advance(time.Second)
				h.happenAt(c.Now(), "other", comment.CommentEdited)
				h.spreadAt(c)
				h.wake.Up()
				until(t, "the well one goes on", func() bool { return good.count() == n+1 })
			}
			if n := slow.count(); n != perEndpoint {
				t.Errorf("%d calls though %d are in flight", n, perEndpoint)
			}
			look()
			answer()
			until(t, "all has come", func() bool { return arrived.count() >= comments*each })
			until(t, "all is recorded", func() bool { return h.endpoint(e.ID).Owed == 0 })
			stop()
			arrived.check(t, comments, each)
		})
	}
}

// Secrets are rotated again and again while events flow: whoever knows any secret
// that was in force at the time verifies every call.
func TestRotationUnderTraffic(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, secret := h.add(s.URL)
	secrets := []string{secret}
	h.run()
	for i := range 30 {
		h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
		if i%10 == 5 {
			_, next, err := h.hooks.Rotate(t.Context(), site, e.ID, time.Hour, admin)
			if err != nil {
				t.Fatal(err)
			}
			secrets = append(secrets, next)
		}
	}
	until(t, "all has come", func() bool { return s.count() == 30 })
	for i, g := range s.all() {
		if err := Verify(secrets[0], g.header, g.body, time.Now()); err != nil {
			t.Errorf("call %d: the first secret, which is in force throughout: %v", i, err)
		}
	}
	h.happen("last", comment.CommentApproved)
	until(t, "the last has come", func() bool { return s.count() == 31 })
	for i, known := range secrets {
		if g := s.all()[30]; Verify(known, g.header, g.body, time.Now()) != nil {
			t.Errorf("secret %d does not verify the last call", i)
		}
	}
}

// Ten thousand events at once for one site: the other site's next event does not
// wait for them.
func TestAFloodForOneEndpointDelaysNoOther(t *testing.T) {
	h := newHouse(t)
	slow := newStand(t, func(http.ResponseWriter, got, int) { time.Sleep(2 * time.Millisecond) })
	quick := newStand(t, nil)
	h.add(slow.URL, comment.CommentApproved)
	h.add(quick.URL, comment.CommentEdited)
	h.run()
	for from := 0; from < 10_000; from += 500 {
		h.write(func(tx comment.Tx) error {
			for i := from; i < from+500; i++ {
				id := "c" + strconv.Itoa(i)
				_, err := h.ledger.Append(tx, comment.Event{Site: site, Type: comment.CommentApproved, CommentID: id, Sequence: 1, Actor: admin, At: time.Now(),
					Body: fmt.Appendf(nil, `{"comment":{"id":%q}}`, id)})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	until(t, "the flood has begun to arrive", func() bool { return slow.count() > 100 })
	h.happen("quick", comment.CommentEdited)
	until(t, "the other one has come", func() bool { return quick.count() == 1 })
	if n := slow.count(); n >= 10_000 {
		t.Errorf("the other one came after all %d", n)
	}
}

// After a stop nothing is left of the worker: no goroutine, no connection, with
// receivers that answer, hang, and are not there.
func TestNothingIsLeftAfterAStop(t *testing.T) {
	h := newHouse(t)
	hang := make(chan struct{})
	good := newStand(t, nil)
	bad := newStand(t, func(http.ResponseWriter, got, int) { <-hang })
	h.add(good.URL)
	h.add(bad.URL)
	h.add("http://127.0.0.1:1/")
	h.spread()
	before, open := runtime.NumGoroutine(), descriptors(t)
	for round := range 3 {
		for i := range 10 {
			h.happen(fmt.Sprint("c", round, "-", i), comment.CommentApproved)
		}
		h.spread()
		w := h.worker()
		w.Grace = 10 * time.Millisecond
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		until(t, "the good one has all", func() bool { return good.count() == 10*(round+1) })
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		w.Client.Close()
	}
	close(hang)
	until(t, "the goroutines have ended", func() bool { return runtime.NumGoroutine() <= before+2 })
	until(t, "the descriptors are closed", func() bool { return descriptors(t) <= open+2 })
}

// descriptors counts what this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
