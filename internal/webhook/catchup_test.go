package webhook

import (
	"fmt"
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

// clock is a time that only tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// slowly runs a sender by a clock that is moved by hand.
func (h *house) slowly(c *clock) (stop func()) {
	h.hooks.Now = c.Now
	w := h.worker()
	w.Now = c.Now
	return h.goOn(w.Run)
}

// spreadAt is spread by a clock.
func (h *house) spreadAt(c *clock) {
	h.t.Helper()
	f := h.fanOut()
	f.Now = c.Now
	h.spreadWith(f)
}

// goodOrder says what has arrived of each comment, in order of arrival.
type goodOrder struct {
	mu   sync.Mutex
	seen map[string][]int64
	n    int
}

func (o *goodOrder) note(g got) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen == nil {
		o.seen = map[string][]int64{}
	}
	o.seen[g.comment] = append(o.seen[g.comment], g.envelope.Sequence)
	o.n++
}

func (o *goodOrder) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.n
}

// check wants the events of n comments, each once and in order.
func (o *goodOrder) check(t *testing.T, n, each int) {
	t.Helper()
	want := make([]int64, each)
	for i := range want {
		want[i] = int64(i) + 1
	}
	bad := 0
	for i := range n {
		if got := o.seen["c"+strconv.Itoa(i)]; !slices.Equal(got, want) {
			if bad++; bad < 5 {
				t.Errorf("comment %d: %v", i, got)
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d of %d comments are not whole or not in order", bad, n)
	}
}

// patient is a receiver that fails until it is well, and notes what comes then.
type patient struct {
	*stand
	well    atomic.Bool
	arrived goodOrder
}

func newPatient(t *testing.T) *patient {
	p := &patient{}
	p.stand = newStand(t, func(w http.ResponseWriter, g got, _ int) {
		if !p.well.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		p.arrived.note(g)
	})
	return p
}

// An endpoint is down for six days, given up on the fifth, and owed 10,000
// events; made active, it gets them all, each comment's in order.
func TestSixDaysAreCaughtUp(t *testing.T) {
	const comments, each = 2500, 4
	h, c := newHouse(t), &clock{now: morning}
	h.hooks.Now = c.Now
	s := newPatient(t)
	e, _ := h.add(s.URL, comment.CommentCreated, comment.CommentApproved, comment.CommentEdited)
	h.slowly(c)
	const day = 24 * time.Hour
	types := []string{comment.CommentCreated, comment.CommentApproved, comment.CommentEdited, comment.CommentApproved}
	for i := range 12 { // half a day each
		h.write(func(tx comment.Tx) error {
			for n := i * comments * each / 12; n < (i+1)*comments*each/12; n++ {
				id := n % comments
				data := fmt.Appendf(nil, `{"comment":{"id":"c%d"}}`, id)
				at := morning.Add(time.Duration(n) * 6 * day / (comments * each))
				ev := comment.Event{Site: site, Type: types[n/comments], CommentID: "c" + strconv.Itoa(id), Sequence: int64(n/comments) + 1, Actor: admin, At: at, Body: data}
				if _, err := h.ledger.Append(tx, ev); err != nil {
					return err
				}
			}
			return nil
		})
		c.advance(day / 2)
		h.spreadAt(c)
		for range 3 { // what a breaker lets through
			before := s.count()
			h.wake.Up()
			if h.endpoint(e.ID).Status == comment.EndpointActive {
				until(t, "it was called", func() bool { return s.count() > before || h.endpoint(e.ID).GateUntil.After(c.Now()) })
			}
			c.advance(time.Hour)
		}
	}
	was := h.endpoint(e.ID)
	if err := h.hooks.Retire(t.Context(), was, comment.EndpointDisabled, "no call has succeeded for five days"); err != nil {
		t.Fatal(err)
	}
	until(t, "no call is under way", func() bool {
		return !slices.ContainsFunc(h.deliveries(e.ID), func(d comment.Delivery) bool { return d.LeaseToken != "" })
	})
	was = h.endpoint(e.ID)
	if was.Status != comment.EndpointDisabled || was.Owed != comments*each || was.Failures == 0 {
		t.Fatalf("after six days: %s, owed %d, %d failures", was.Status, was.Owed, was.Failures)
	}
	calls := s.count()
	h.wake.Up()
	s.well.Store(true)
	begin := time.Now()
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Status: comment.EndpointActive}, admin); err != nil {
		t.Fatal(err)
	}
	clicked := time.Since(begin)
	for n := 500; n <= comments*each; n += 500 { // each within the patience of a test
		until(t, "more of it has come", func() bool { return s.arrived.count() >= n })
	}
	until(t, "all of it is recorded", func() bool { return h.endpoint(e.ID).Owed == 0 })
	t.Logf("%d calls in six days; the change took %s, the 10,000 came within %s", calls, clicked, time.Since(begin))
	s.arrived.check(t, comments, each)
	if clicked > 2*time.Second {
		t.Errorf("the change took %s", clicked)
	}
}

// Events whose schedule was used up while the endpoint was down come before
// those that have waited, and those that were tried before those that were not.
func TestWhatWasGivenUpComesBackInOrder(t *testing.T) {
	const comments, each = 5, 6
	h, c := newHouse(t), &clock{now: morning}
	h.schedule = Schedule{time.Second, time.Hour, time.Hour, time.Hour, time.Hour}
	h.hooks.Now = c.Now
	s := newPatient(t)
	e, _ := h.add(s.URL, comment.CommentCreated, comment.CommentEdited)
	h.slowly(c)
	types := []string{comment.CommentCreated, comment.CommentEdited, comment.CommentEdited, comment.CommentEdited, comment.CommentEdited, comment.CommentEdited}
	for i := range each {
		for n := range comments {
			h.happenAt(c.Now(), "c"+strconv.Itoa(n), types[i])
		}
		h.spreadAt(c)
		for range 25 {
			c.advance(10 * time.Minute)
			h.wake.Up()
			until(t, "nothing is due that may be sent", func() bool {
				now, e := c.Now(), h.endpoint(e.ID)
				return e.GateUntil.After(now) || !slices.ContainsFunc(h.deliveries(e.ID), func(d comment.Delivery) bool {
					return d.State == comment.DeliveryOwed && !d.NextAt.After(now)
				})
			})
		}
	}
	states := map[comment.DeliveryState]int{}
	tried := 0
	for _, d := range h.deliveries(e.ID) {
		states[d.State]++
		if d.State == comment.DeliveryOwed && d.Attempts > 0 {
			tried++
		}
	}
	if states[comment.DeliveryFailed] == 0 || states[comment.DeliveryOwed] == 0 || tried == 0 {
		t.Fatalf("the outage is not what it should be: %v, %d tried", states, tried)
	}
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Status: comment.EndpointPaused}, admin); err != nil {
		t.Fatal(err)
	}
	s.well.Store(true)
	c.advance(time.Minute)
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Status: comment.EndpointActive}, admin); err != nil {
		t.Fatal(err)
	}
	until(t, "all of it has come", func() bool { return s.arrived.count() == comments*each && h.endpoint(e.ID).Owed == 0 })
	t.Logf("%v, %d of the owed tried", states, tried)
	s.arrived.check(t, comments, each)
	all, err := h.hooks.Replays(t.Context(), site, e.ID, "", 9)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	want := comment.Replay{Number: 1000, Missed: true, State: comment.ReplayDone, Events: states[comment.DeliveryFailed], Sent: states[comment.DeliveryFailed]}
	got := comment.Replay{Number: all[0].Number, Missed: all[0].Missed, State: all[0].State, Events: all[0].Events, Sent: all[0].Sent}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// However much else stands in the log between what was given up, all of it comes
// before what has waited.
func TestWhatWasGivenUpFarApartComesBackInOrder(t *testing.T) {
	h, c := newHouse(t), &clock{now: morning}
	h.hooks.Now = c.Now
	var arrived goodOrder
	s := newStand(t, func(_ http.ResponseWriter, g got, _ int) { arrived.note(g) })
	e, _ := h.add(s.URL, comment.CommentReported)
	for range 2 {
		h.happenAt(c.Now(), "c0", comment.CommentReported)
		h.spreadAt(c)
		c.advance(time.Minute)
		h.settleAs(comment.DeliveryFailed, ClassTimeout)
		for range 11 { // what the endpoint does not ask for
			h.happenAt(c.Now(), "other", slices.Repeat([]string{comment.CommentEdited}, 1000)...)
		}
	}
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Status: comment.EndpointPaused}, admin); err != nil {
		t.Fatal(err)
	}
	h.happenAt(c.Now(), "c0", comment.CommentReported)
	h.spreadAt(c)
	if was := h.endpoint(e.ID); was.Owed != 1 || len(h.deliveries(e.ID)) != 3 {
		t.Fatalf("owed %d of %d", was.Owed, len(h.deliveries(e.ID)))
	}
	c.advance(time.Minute)
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Status: comment.EndpointActive}, admin); err != nil {
		t.Fatal(err)
	}
	h.slowly(c)
	until(t, "all of it has come", func() bool { return arrived.count() == 3 && h.endpoint(e.ID).Owed == 0 })
	arrived.check(t, 1, 3)
}
