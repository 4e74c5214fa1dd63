package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

func TestAnEventArrivesSignedAndWithTheBytesOfTheLog(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, secret := h.add(s.URL)
	h.run()
	h.happen("c1", comment.CommentCreated, comment.CommentApproved)
	until(t, "both arrived", func() bool { return s.count() == 2 })
	events := view(h, func(r comment.Reader) ([]comment.Event, error) { return r.Events(site, 1, 10) })
	for i, g := range s.all() {
		if err := Verify(secret, g.header, g.body, time.Now()); err != nil {
			t.Errorf("request %d: %v", i, err)
		}
		if !bytes.Equal(g.body, events[i].Body) {
			t.Errorf("request %d: body %q, in the log %q", i, g.body, events[i].Body)
		}
		want := map[string]string{
			"Content-Type": "application/json", "User-Agent": "Afterword/1.2.3", "Webhook-Id": events[i].ID,
			"X-Afterword-Event": events[i].Type, "X-Afterword-Attempt": "1",
		}
		for name, value := range want {
			if g.header.Get(name) != value {
				t.Errorf("request %d: %s is %q, want %q", i, name, g.header.Get(name), value)
			}
		}
		if at := time.Unix(seconds(g.header.Get(HeaderTimestamp)), 0); g.at.Sub(at).Abs() > 3*time.Second {
			t.Errorf("request %d: timestamp %s at %s", i, at, g.at)
		}
	}
	until(t, "both are recorded", func() bool { return h.endpoint(e.ID).Owed == 0 })
	for _, d := range h.deliveries(e.ID) {
		if d.State != comment.DeliveryDelivered || d.Attempts != 1 || d.LastStatus != 200 || d.LastClass != ClassOK || d.DeliveredAt.IsZero() || d.LeaseToken != "" {
			t.Errorf("delivery %+v", d)
		}
		if a := h.attempts(d.ID); len(a) != 1 || a[0].N != 1 || a[0].Class != ClassOK || a[0].At.IsZero() {
			t.Errorf("attempts %+v", a)
		}
	}
	if e := h.endpoint(e.ID); e.LastSuccessAt.IsZero() || e.Failures != 0 {
		t.Errorf("endpoint %+v", e)
	}
}

func TestFanOutTakesWhatIsPublicAndAskedForAndNotFromBefore(t *testing.T) {
	h := newHouse(t)
	h.happen("old", comment.CommentApproved)
	approved, _ := h.add("https://one.example/", comment.CommentApproved)
	all, _ := h.add("https://two.example/", comment.PublicTypes...)
	gone, _ := h.add("https://three.example/", comment.CommentApproved)
	h.happen("new", comment.CommentCreated, comment.CommentApproved)
	h.write(func(tx comment.Tx) error {
		for _, e := range []comment.Event{
			{Type: comment.CommentEdited, CommentID: "new"}, // only the house sees it: no number
			{Type: comment.CommentVoted, CommentID: "new"},
			{Type: comment.PageClosed, PageID: "p1"},
		} {
			e.Site, e.Actor, e.At = site, admin, time.Now()
			if _, err := h.ledger.Append(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err := h.hooks.Remove(t.Context(), site, gone.ID, admin); err != nil {
		t.Fatal(err)
	}
	h.spread()
	types := func(id string) (types []string) {
		for _, d := range h.deliveries(id) {
			types = append(types, d.Type)
		}
		slices.Sort(types)
		return types
	}
	if diff := cmp.Diff([]string{comment.CommentApproved}, types(approved.ID)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{comment.CommentApproved, comment.CommentCreated, comment.PageClosed}, types(all.ID)); diff != "" {
		t.Error(diff)
	}
	if got := types(gone.ID); got != nil {
		t.Errorf("a removed endpoint is owed %v", got)
	}
}

func TestFanningOutTwiceOwesOnce(t *testing.T) {
	h := newHouse(t)
	e, _ := h.add("https://one.example/")
	h.happen("c1", comment.CommentCreated, comment.CommentApproved)
	events := view(h, func(r comment.Reader) ([]comment.Event, error) { return r.Events(site, 0, 10) })
	for range 3 {
		if err := h.fanOut().Handle(t.Context(), site, events); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(h.deliveries(e.ID)); n != 2 {
		t.Errorf("%d deliveries, want 2", n)
	}
	// An endpoint that is removed between the look and the insert is owed nothing.
	late := h.fanOut().delivery(comment.Endpoint{ID: comment.NewID()}, events[0])
	if err := h.store.FanOut(t.Context(), site, []comment.Delivery{late}); err != nil {
		t.Fatal(err)
	}
	if n := len(h.deliveries(late.EndpointID)); n != 0 {
		t.Errorf("%d deliveries of an endpoint that is not there", n)
	}
}

// Whatever fails, one comment's events come in order and one at a time; other
// comments do not wait for it.
func TestOrderWithinACommentUnderFailures(t *testing.T) {
	h := newHouse(t)
	h.schedule = slices.Repeat(Schedule{2 * time.Millisecond}, 40)
	var mu sync.Mutex
	lastOK := map[string]int64{}
	s := newStand(t, func(w http.ResponseWriter, g got, n int) {
		if rand.IntN(10) < 4 && seconds(g.header.Get("x-afterword-attempt")) < 4 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if g.envelope.Sequence != lastOK[g.comment]+1 {
			t.Errorf("comment %s: number %d after %d", g.comment, g.envelope.Sequence, lastOK[g.comment])
		}
		lastOK[g.comment] = g.envelope.Sequence
	})
	e, _ := h.add(s.URL)
	h.run()
	for round := range 6 {
		for c := range 12 {
			h.happen("c"+strconv.Itoa(c), []string{comment.CommentCreated, comment.CommentApproved, comment.CommentEdited, comment.CommentApproved}[round%4])
		}
	}
	until(t, "all are delivered", func() bool {
		all := h.deliveries(e.ID) // once: they still become more
		return len(all) == 72 && !slices.ContainsFunc(all, func(d comment.Delivery) bool { return d.State != comment.DeliveryDelivered })
	})
	for c := range 12 {
		if id := "c" + strconv.Itoa(c); lastOK[id] != 6 || s.laneMost(id) != 1 {
			t.Errorf("%s ended at %d with %d at a time", id, lastOK[id], s.laneMost(id))
		}
	}
}

func TestAPoisonedDeliveryNoLongerBlocksItsComment(t *testing.T) {
	h := newHouse(t)
	h.schedule = append(slices.Repeat(Schedule{time.Millisecond}, 3), time.Hour)
	s := newStand(t, func(w http.ResponseWriter, g got, _ int) {
		if g.comment == "bad" && g.envelope.Sequence == 1 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	e, _ := h.add(s.URL)
	h.happen("bad", comment.CommentCreated, comment.CommentApproved, comment.CommentEdited)
	h.happen("good", comment.CommentCreated)
	h.run()
	until(t, "the lane has moved on", func() bool { return len(s.sequences("bad")) >= 6 })
	if diff := cmp.Diff([]int64{1, 1, 1, 1, 2, 3}, s.sequences("bad")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{1}, s.sequences("good")); diff != "" {
		t.Error(diff)
	}
	until(t, "only the straggler is owed", func() bool { return h.endpoint(e.ID).Owed == 1 })
}

func TestTheScheduleIsFollowedAndEnds(t *testing.T) {
	h := newHouse(t)
	h.schedule = Schedule{30 * time.Millisecond, 60 * time.Millisecond, 90 * time.Millisecond}
	s := newStand(t, func(w http.ResponseWriter, _ got, _ int) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, "out of order\x00")
	})
	e, _ := h.add(s.URL)
	h.run()
	h.happen("c1", comment.CommentApproved)
	until(t, "the delivery has failed", func() bool {
		d := h.deliveries(e.ID)
		return len(d) == 1 && d[0].State == comment.DeliveryFailed
	})
	seen := s.all()
	if len(seen) != 4 {
		t.Fatalf("%d attempts, want 4", len(seen))
	}
	signatures := map[string]bool{}
	for i, g := range seen {
		if i > 0 {
			if waited, least := g.at.Sub(seen[i-1].at), h.schedule[i-1]*8/10; waited < least {
				t.Errorf("attempt %d came after %s, want at least %s", i+1, waited, least)
			}
			if g.header.Get(HeaderID) != seen[0].header.Get(HeaderID) || !bytes.Equal(g.body, seen[0].body) {
				t.Errorf("attempt %d has another id or body", i+1)
			}
		}
		if got := g.header.Get("x-afterword-attempt"); got != strconv.Itoa(i+1) {
			t.Errorf("attempt %d calls itself %s", i+1, got)
		}
		signatures[g.header.Get(HeaderSignature)+g.header.Get(HeaderTimestamp)] = true
	}
	d := h.deliveries(e.ID)[0]
	attempts := h.attempts(d.ID)
	if len(attempts) != 4 || attempts[3].N != 4 || attempts[3].Status != 500 || attempts[3].Class != ClassStatus || attempts[3].Response != "out of order " {
		t.Errorf("attempts %+v", attempts)
	}
	if got := h.endpoint(e.ID); got.Failures != 4 || got.LastFailure != "status 500" || got.LastFailureAt.IsZero() || got.Owed != 0 {
		t.Errorf("endpoint %+v", got)
	}
}

func TestRetryAfterGatesTheEndpoint(t *testing.T) {
	h := newHouse(t)
	h.schedule = slices.Repeat(Schedule{time.Millisecond}, 20)
	for _, tt := range []struct {
		name   string
		status int
		header func() string
		gate   time.Duration // at least; 0 = none
	}{
		{"429 seconds", 429, func() string { return "100" }, 90 * time.Second},
		{"503 date", 503, func() string { return time.Now().Add(2 * time.Minute).UTC().Format(http.TimeFormat) }, 90 * time.Second},
		{"429 much too long", 429, func() string { return "999999999" }, 23 * time.Hour},
		{"429 past", 429, func() string { return time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat) }, 0},
		{"429 garbage", 429, func() string { return "1e9" }, 0},
		{"429 nothing", 429, func() string { return "" }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStand(t, func(w http.ResponseWriter, g got, n int) {
				if n == 1 {
					w.Header().Set("retry-after", tt.header())
					w.WriteHeader(tt.status)
				}
			})
			e, _ := h.add(s.URL)
			h.happen(t.Name()+"1", comment.CommentApproved)
			h.happen(t.Name()+"2", comment.CommentApproved)
			stop := h.run()
			defer stop()
			if tt.gate == 0 {
				until(t, "both arrived in the end", func() bool { return h.endpoint(e.ID).Owed == 0 })
				return
			}
			until(t, "the gate is closed", func() bool { return h.endpoint(e.ID).GateUntil.After(time.Now().Add(tt.gate)) })
			until(t, "the rest is quiet", func() bool {
				return !slices.ContainsFunc(h.deliveries(e.ID), func(d comment.Delivery) bool { return d.LeaseToken != "" })
			})
			before := s.count()
			h.happen(t.Name()+"3", comment.CommentApproved)
			until(t, "it is owed", func() bool { return len(h.deliveries(e.ID)) == 3 })
			if calls, err := h.store.Claim(t.Context(), claimAt(time.Now())); err != nil || len(calls) > 0 {
				t.Errorf("behind a closed gate %d calls were claimed, %v", len(calls), err)
			}
			if limit := time.Now().Add(24*time.Hour + time.Minute); h.endpoint(e.ID).GateUntil.After(limit) {
				t.Errorf("the gate is closed until %s", h.endpoint(e.ID).GateUntil)
			}
			if s.count() != before {
				t.Errorf("%d calls behind a closed gate", s.count()-before)
			}
			stop()
			h.hooks.Remove(t.Context(), site, e.ID, admin)
		})
	}
}

func claimAt(now time.Time) comment.Claim {
	return comment.Claim{Now: now, Until: now.Add(leaseTime), Token: comment.NewID(), Most: perProcess, PerEndpoint: perEndpoint}
}

// With a status that does not speak for the whole endpoint, Retry-After moves
// the delivery and leaves the gate open.
func TestRetryAfterOfAnotherStatusMovesTheDeliveryOnly(t *testing.T) {
	h := newHouse(t)
	s := newStand(t, func(w http.ResponseWriter, _ got, _ int) {
		w.Header().Set("retry-after", "3600")
		w.WriteHeader(http.StatusBadGateway)
	})
	e, _ := h.add(s.URL)
	h.run()
	h.happen("c1", comment.CommentApproved)
	until(t, "it has failed once", func() bool { d := h.deliveries(e.ID); return len(d) == 1 && d[0].Attempts == 1 })
	if d := h.deliveries(e.ID)[0]; time.Until(d.NextAt) < 59*time.Minute || !h.endpoint(e.ID).GateUntil.IsZero() {
		t.Errorf("next at %s, gate until %s", d.NextAt, h.endpoint(e.ID).GateUntil)
	}
}

func TestGoneRetiresTheEndpointAndKeepsWhatItIsOwed(t *testing.T) {
	h := newHouse(t)
	var answer atomic.Int32
	answer.Store(http.StatusGone)
	s := newStand(t, func(w http.ResponseWriter, _ got, _ int) { w.WriteHeader(int(answer.Load())) })
	watcher := newStand(t, nil)
	h.add(watcher.URL, comment.EndpointOff)
	e, _ := h.add(s.URL)
	h.run()
	h.happen("c1", comment.CommentApproved)
	until(t, "the endpoint is gone", func() bool { return h.endpoint(e.ID).Status == comment.EndpointGone })
	h.happen("c2", comment.CommentApproved)
	until(t, "both are owed", func() bool { return h.endpoint(e.ID).Owed == 2 })
	until(t, "the other endpoint hears of it", func() bool { return watcher.count() == 1 })
	if s.count() != 1 {
		t.Errorf("%d requests to a receiver that is gone, want 1", s.count())
	}
	if g := watcher.all()[0]; g.envelope.Type != comment.EndpointOff || !bytes.Contains(g.body, []byte(e.ID)) || !bytes.Contains(g.body, []byte("410")) {
		t.Errorf("the notice is %s", g.body)
	}
	answer.Store(http.StatusOK)
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Status: comment.EndpointActive}, admin); err != nil {
		t.Fatal(err)
	}
	until(t, "both arrive after all", func() bool { return h.endpoint(e.ID).Owed == 0 })
}

// A 410 that was on its way when the owner renewed the endpoint is about what it
// was before.
func TestAnEndpointThatWasRenewedIsNotRetired(t *testing.T) {
	for name, renew := range map[string]func(h *house, e comment.Endpoint, to string) error{
		"made active again": func(h *house, e comment.Endpoint, _ string) error {
			_, err := h.hooks.Change(h.t.Context(), site, e.ID, Change{Status: comment.EndpointPaused}, admin)
			_, aerr := h.hooks.Change(h.t.Context(), site, e.ID, Change{Status: comment.EndpointActive}, admin)
			return errors.Join(err, aerr)
		},
		"another URL": func(h *house, e comment.Endpoint, to string) error {
			_, err := h.hooks.Change(h.t.Context(), site, e.ID, Change{URL: to}, admin)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			entered, release := make(chan struct{}), make(chan struct{})
			s := newStand(t, func(w http.ResponseWriter, _ got, n int) {
				if n == 1 {
					close(entered)
					<-release
					w.WriteHeader(http.StatusGone)
				}
			})
			e, _ := h.add(s.URL)
			h.run()
			h.happen("c1", comment.CommentApproved)
			<-entered
			if err := renew(h, e, s.URL+"/new"); err != nil {
				t.Error(err)
			}
			close(release)
			until(t, "it arrives", func() bool { return h.endpoint(e.ID).Owed == 0 })
			if got := h.endpoint(e.ID); got.Status != comment.EndpointActive || s.count() != 2 {
				t.Errorf("%d calls, endpoint %+v", s.count(), got)
			}
		})
	}
}

// What an endpoint is owed does not wait out its old plan when the owner says
// that the receiver is well again, or is somewhere else.
func TestARenewedEndpointIsCalledAtOnce(t *testing.T) {
	h := newHouse(t)
	h.schedule = Schedule{time.Hour, time.Hour, time.Hour}
	var well atomic.Bool
	s := newStand(t, func(w http.ResponseWriter, _ got, _ int) {
		if !well.Load() {
			w.Header().Set("retry-after", "7200")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	e, _ := h.add(s.URL)
	h.run()
	failed := func(attempts int) func() bool {
		return func() bool {
			d := h.deliveries(e.ID)
			return len(d) == 1 && d[0].Attempts == attempts && d[0].LeaseToken == ""
		}
	}
	h.happen("c1", comment.CommentApproved)
	until(t, "it has failed", failed(1))
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Types: []string{comment.CommentApproved}, URL: s.URL, Status: comment.EndpointActive}, admin); err != nil {
		t.Fatal(err)
	}
	if d := h.deliveries(e.ID)[0]; time.Until(d.NextAt) < 30*time.Minute {
		t.Error("a change that renews nothing makes it due")
	}
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{URL: s.URL + "/elsewhere"}, admin); err != nil {
		t.Fatal(err)
	}
	until(t, "it has failed there too", failed(2))
	well.Store(true)
	for _, status := range []comment.EndpointStatus{comment.EndpointPaused, comment.EndpointActive} {
		if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Status: status}, admin); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "it arrives", func() bool { return h.endpoint(e.ID).Owed == 0 })
}

func TestPausedEndpointsAreNotCalled(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, _ := h.add(s.URL)
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Status: comment.EndpointPaused}, admin); err != nil {
		t.Fatal(err)
	}
	h.run()
	h.happen("c1", comment.CommentApproved)
	until(t, "it is owed", func() bool { return h.endpoint(e.ID).Owed == 1 })
	if calls, err := h.store.Claim(t.Context(), claimAt(time.Now())); err != nil || len(calls) > 0 || s.count() > 0 {
		t.Errorf("%d calls claimed, %d made, %v", len(calls), s.count(), err)
	}
	if _, ok, err := h.store.NextDelivery(t.Context()); ok || err != nil {
		t.Errorf("NextDelivery sees what waits for its owner: %v, %v", ok, err)
	}
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Status: comment.EndpointActive}, admin); err != nil {
		t.Fatal(err)
	}
	until(t, "it arrives", func() bool { return s.count() == 1 })
}

// One receiver that never answers takes its own lanes, and nobody else's.
func TestAHangingEndpointDelaysNoOther(t *testing.T) {
	h := newHouse(t)
	released := make(chan struct{})
	hang := newStand(t, func(w http.ResponseWriter, _ got, _ int) { <-released })
	good := newStand(t, nil)
	e, _ := h.add(hang.URL)
	h.add(good.URL)
	h.run()
	for i := range 60 {
		h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
	}
	until(t, "the good one has everything", func() bool { return good.count() == 60 })
	until(t, "the hanging one has its eight", func() bool { return hang.count() == perEndpoint })
	if got := h.endpoint(e.ID).Owed; got != 60 {
		t.Errorf("the hanging one is owed %d, want 60", got)
	}
	close(released)
	until(t, "it catches up", func() bool { return hang.count() == 60 && h.endpoint(e.ID).Owed == 0 })
	for _, g := range hang.all() {
		if g.open > perEndpoint {
			t.Fatalf("%d calls at a time", g.open)
		}
	}
}

func TestWhoeverLostItsLeaseChangesNothing(t *testing.T) {
	h := newHouse(t)
	e, _ := h.add("https://one.example/")
	h.happen("c1", comment.CommentApproved)
	h.spread()
	now := time.Now()
	first, err := h.store.Claim(t.Context(), claimAt(now))
	if err != nil || len(first) != 1 {
		t.Fatalf("%d calls, %v", len(first), err)
	}
	if again, err := h.store.Claim(t.Context(), claimAt(now.Add(leaseTime-time.Second))); err != nil || len(again) != 0 {
		t.Fatalf("%d calls within the lease, %v", len(again), err)
	}
	second, err := h.store.Claim(t.Context(), claimAt(now.Add(leaseTime+time.Second)))
	if err != nil || len(second) != 1 {
		t.Fatalf("%d calls after the lease, %v", len(second), err)
	}
	before := h.delivery(first[0].Delivery.ID)
	s := &sending{Worker: h.worker()}
	late := s.judge(first[0], Answer{Status: 500, Class: ClassStatus}, now)
	if err := h.store.Record(t.Context(), []comment.Outcome{late.Outcome}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, h.delivery(before.ID)); diff != "" {
		t.Errorf("the late finisher changed the delivery: %s", diff)
	}
	if n := len(h.attempts(before.ID)); n != 0 || h.endpoint(e.ID).Failures != 0 {
		t.Errorf("the late finisher left %d attempts and %d failures", n, h.endpoint(e.ID).Failures)
	}
	right := s.judge(second[0], Answer{Status: 204, Class: ClassOK}, now)
	for range 2 { // the second time it has no lease either
		if err := h.store.Record(t.Context(), []comment.Outcome{right.Outcome}); err != nil {
			t.Fatal(err)
		}
	}
	if d := h.delivery(before.ID); d.State != comment.DeliveryDelivered || d.Attempts != 1 || len(h.attempts(d.ID)) != 1 {
		t.Errorf("delivery %+v", d)
	}
}

func TestADeletedEndpointCancelsWhatIsInFlight(t *testing.T) {
	h := newHouse(t)
	e, _ := h.add("https://one.example/")
	h.happen("c1", comment.CommentApproved)
	h.spread()
	calls, err := h.store.Claim(t.Context(), claimAt(time.Now()))
	if err != nil || len(calls) != 1 {
		t.Fatalf("%d calls, %v", len(calls), err)
	}
	if err := h.hooks.Remove(t.Context(), site, e.ID, admin); err != nil {
		t.Fatal(err)
	}
	s := &sending{Worker: h.worker()}
	if err := h.store.Record(t.Context(), []comment.Outcome{s.judge(calls[0], Answer{Class: ClassOK, Status: 200}, time.Now()).Outcome}); err != nil {
		t.Fatal(err)
	}
	if d := h.delivery(calls[0].Delivery.ID); d.State != comment.DeliveryCancelled {
		t.Errorf("state %s", d.State)
	}
}

// A graceful stop lets the calls in flight end and records them: after the
// restart nothing is sent twice and nothing is missing.
func TestAGracefulStopRepeatsNothing(t *testing.T) {
	h := newHouse(t)
	entered, release := make(chan struct{}, 100), make(chan struct{})
	s := newStand(t, func(http.ResponseWriter, got, int) {
		entered <- struct{}{}
		<-release
	})
	e, _ := h.add(s.URL)
	for i := range 30 {
		h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
	}
	stop := h.run()
	for range perEndpoint {
		<-entered
	}
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Fatal("stopped with calls in flight")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	<-stopped
	if s.count() != perEndpoint {
		t.Errorf("%d calls, want %d: it went on claiming", s.count(), perEndpoint)
	}
	for _, d := range h.deliveries(e.ID) {
		if d.LeaseToken != "" {
			t.Errorf("delivery %s is still under lease", d.ID)
		}
	}
	h.store.Close()
	h.open()
	h.run()
	until(t, "the rest arrived", func() bool { return h.endpoint(e.ID).Owed == 0 })
	ids := map[string]bool{}
	for _, g := range s.all() {
		ids[g.header.Get(HeaderID)] = true
	}
	if len(ids) != 30 || s.count() != 30 {
		t.Errorf("%d requests with %d ids, want 30 and 30", s.count(), len(ids))
	}
}

// When the grace is over the calls are cut off; the deliveries are due again
// at once and count no failure.
func TestAStopBeyondItsGraceGivesTheLeasesBack(t *testing.T) {
	h := newHouse(t)
	h.grace = 30 * time.Millisecond
	entered, release := make(chan struct{}, 8), make(chan struct{})
	s := newStand(t, func(http.ResponseWriter, got, int) { entered <- struct{}{}; <-release })
	t.Cleanup(func() { close(release) })
	e, _ := h.add(s.URL)
	h.happen("c1", comment.CommentApproved)
	stop := h.run()
	<-entered
	stop()
	d := h.deliveries(e.ID)[0]
	if d.LeaseToken != "" || d.Attempts != 0 || d.NextAt.After(time.Now()) || d.State != comment.DeliveryOwed || h.endpoint(e.ID).Failures != 0 {
		t.Errorf("delivery %+v", d)
	}
}

// After a crash the leases of the dead process are not waited for.
func TestARestartAfterACrashSendsAtOnce(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, _ := h.add(s.URL)
	h.happen("c1", comment.CommentCreated, comment.CommentApproved)
	h.spread()
	if calls, err := h.store.Claim(t.Context(), claimAt(time.Now())); err != nil || len(calls) != 1 {
		t.Fatalf("%d calls, %v", len(calls), err)
	}
	h.store.Close() // the process dies with the lease in the file
	h.open()
	h.run()
	until(t, "both arrived", func() bool { return h.endpoint(e.ID).Owed == 0 })
	if diff := cmp.Diff([]int64{1, 2}, s.sequences("c1")); diff != "" {
		t.Error(diff)
	}
}

func TestARollbackSendsNothing(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, _ := h.add(s.URL)
	h.run()
	broken := fmt.Errorf("changed my mind")
	err := h.store.Write(t.Context(), nil, func(tx comment.Tx) error {
		if _, err := h.ledger.Append(tx, comment.Event{Site: site, Type: comment.CommentApproved, CommentID: "never", Sequence: 1, At: time.Now()}); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	h.happen("c1", comment.CommentApproved)
	until(t, "the other one arrived", func() bool { return h.endpoint(e.ID).Owed == 0 && s.count() > 0 })
	if n := len(s.sequences("never")); n > 0 || s.count() != 1 {
		t.Errorf("%d requests, %d of what never happened", s.count(), n)
	}
}

func TestAnEndpointIsDisabledOnlyAfterDaysOfFailure(t *testing.T) {
	h := newHouse(t)
	s := &sending{Worker: h.worker()}
	now := time.Now()
	long := now.Add(-6 * 24 * time.Hour)
	for _, tt := range []struct {
		name     string
		endpoint comment.Endpoint
		attempts int
		want     comment.EndpointStatus
	}{
		{"six days, many failures, over a day", comment.Endpoint{CreatedAt: long, Failures: 9}, 8, comment.EndpointDisabled},
		{"few failures", comment.Endpoint{CreatedAt: long, Failures: 8}, 8, ""},
		{"a success since", comment.Endpoint{CreatedAt: long, LastSuccessAt: now.Add(-4 * 24 * time.Hour), Failures: 50}, 8, ""},
		{"new", comment.Endpoint{CreatedAt: now.Add(-time.Hour), Failures: 50}, 8, ""},
		{"all failures just now", comment.Endpoint{CreatedAt: long, Failures: 50}, 0, ""},
	} {
		call := comment.Call{Endpoint: tt.endpoint, Delivery: comment.Delivery{Attempts: tt.attempts}}
		if got := s.judge(call, failure(ClassTimeout), now).retire; got != tt.want {
			t.Errorf("%s: retired as %q, want %q", tt.name, got, tt.want)
		}
	}
	e, _ := h.add("https://one.example/")
	if err := h.hooks.Retire(t.Context(), e, comment.EndpointDisabled, "no call has succeeded for five days"); err != nil {
		t.Fatal(err)
	}
	if got := h.endpoint(e.ID).Status; got != comment.EndpointDisabled {
		t.Errorf("status %s", got)
	}
}

// A comment whose later event waits for hours behind a failed one must not
// make claims dearer, and goes on as soon as the first one has arrived.
func TestWhatWaitsBehindAFailureIsNotDue(t *testing.T) {
	h := newHouse(t)
	h.schedule = Schedule{time.Hour}
	var fixed atomic.Bool
	s := newStand(t, func(w http.ResponseWriter, g got, _ int) {
		if !fixed.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	e, _ := h.add(s.URL)
	h.run()
	h.happen("c1", comment.CommentCreated)
	until(t, "the first has failed", func() bool { d := h.deliveries(e.ID); return len(d) == 1 && d[0].Attempts == 1 })
	fixed.Store(true)
	h.happen("c1", comment.CommentApproved)
	until(t, "the second waits", func() bool {
		d := h.deliveries(e.ID)
		return len(d) == 2 && time.Until(d[0].NextAt) > 40*time.Minute
	})
	// The owner sends the first one again: it does not wait behind itself, and
	// the second one still waits for the first to be settled.
	first := h.deliveries(e.ID)[1]
	if _, err := h.hooks.Redeliver(t.Context(), site, first.ID, admin); err != nil {
		t.Fatal(err)
	}
	until(t, "the replay arrived", func() bool { return s.count() == 2 })
	if diff := cmp.Diff([]int64{1, 1}, s.sequences("c1")); diff != "" {
		t.Error(diff)
	}
}

func TestDrainAndStopUnderASlowStore(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, _ := h.add(s.URL)
	for i := range 20 {
		h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
	}
	h.spread()
	w := h.worker()
	q := &flaky{Queue: h.store, failures: 3}
	w.Queue = q
	var reported int
	w.OnError = func(error) { reported++ }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.Run(ctx) }()
	until(t, "all are delivered", func() bool { return h.endpoint(e.ID).Owed == 0 })
	cancel()
	if err := <-ended; err != nil || reported != 3 {
		t.Errorf("Run = %v with %d errors reported, want 3", err, reported)
	}
	if s.count() != 20 {
		t.Errorf("%d requests, want 20: a failed record made duplicates", s.count())
	}
}

// flaky is a queue that fails to record a few times.
type flaky struct {
	Queue
	failures int
}

func (f *flaky) Record(ctx context.Context, outcomes []comment.Outcome) error {
	if f.failures > 0 {
		f.failures--
		return fmt.Errorf("the disk is full")
	}
	return f.Queue.Record(ctx, outcomes)
}
