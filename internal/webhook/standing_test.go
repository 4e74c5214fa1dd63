package webhook

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

func (h *house) standings(now time.Time) *Standings {
	return &Standings{Queue: h.store, Hooks: h.hooks, Now: func() time.Time { return now }}
}

// The log is told once that an endpoint has fallen behind, and once more only
// after it had caught up.
func TestAnEndpointThatFallsBehindIsToldOnce(t *testing.T) {
	h := newHouse(t)
	e, _ := h.add("https://one.example/")
	paused, _ := h.add("https://two.example/")
	h.add("https://three.example/", comment.PageClosed)
	if _, err := h.hooks.Change(t.Context(), site, paused.ID, Change{Status: comment.EndpointPaused}, admin); err != nil {
		t.Fatal(err)
	}
	h.happen("c1", comment.CommentApproved)
	h.spread()
	told := func() (n int) {
		events, err := h.store.EventsAfter(t.Context(), site, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			if event.Type == comment.EndpointBehind {
				n++
			}
		}
		return n
	}
	start := time.Now()
	for i, tt := range []struct {
		after  time.Duration
		told   int
		behind bool
		do     func()
	}{
		{14 * time.Minute, 0, false, func() {}},
		{16 * time.Minute, 1, true, func() {}},
		{time.Hour, 1, true, func() {}},
		{time.Hour, 1, false, func() { deliverAll(t, h) }},
		{time.Hour, 1, false, func() { h.happen("c2", comment.CommentApproved); h.spread() }},
	} {
		tt.do()
		if i == 4 { // it is as old as it is: an hour, by the clock of the look
			tt.told, tt.behind = 2, true
		}
		if err := h.standings(start.Add(tt.after)).look(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := h.endpoint(e.ID); told() != tt.told || got.BehindSince.IsZero() == tt.behind {
			t.Errorf("look %d: told %d times, behind since %v", i, told(), got.BehindSince)
		}
	}
	if !h.endpoint(paused.ID).BehindSince.IsZero() {
		t.Error("a paused endpoint waits for its owner, and is not behind")
	}
	s := h.standings(start.Add(time.Hour))
	if err := s.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]float64{"active": 2, "paused": 1, "disabled": 0, "gone": 0}, s.States()); diff != "" {
		t.Error(diff)
	}
	if age := s.OldestSeconds(); age < 3500 || age > 3600 {
		t.Errorf("the oldest is %v s old", age)
	}
}

// deliverAll records what is due as delivered.
func deliverAll(t *testing.T, h *house) {
	t.Helper()
	calls, err := h.store.Claim(t.Context(), claimAt(time.Now()))
	if err != nil || len(calls) == 0 {
		t.Fatalf("%d calls, %v", len(calls), err)
	}
	for _, call := range calls {
		d := call.Delivery
		d.State, d.Attempts, d.LastAt, d.DeliveredAt = comment.DeliveryDelivered, 1, time.Now(), time.Now()
		if err := h.store.Record(t.Context(), []comment.Outcome{{Delivery: d, Attempt: comment.Attempt{N: 1, At: d.LastAt, Class: ClassOK}}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheTallyCountsByClass(t *testing.T) {
	h := newHouse(t)
	h.schedule = Schedule{time.Millisecond}
	s := newStand(t, func(w http.ResponseWriter, g got, _ int) {
		if g.comment == "c2" {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	h.add(s.URL)
	w := h.worker()
	w.Tally = &Tally{}
	h.happen("c1", comment.CommentApproved)
	h.happen("c2", comment.CommentApproved)
	h.spread()
	runWorker(t, w)
	until(t, "both have ended", func() bool { o := w.Tally.Outcomes(); return o["delivered"]+o["failed"] == 2 })
	if diff := cmp.Diff(map[string]float64{"ok": 1, "status": 2}, w.Tally.Attempts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]float64{"delivered": 1, "failed": 1}, w.Tally.Outcomes()); diff != "" {
		t.Error(diff)
	}
}
