package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

// publish appends events of comments on pages, as {page, type, previous status}.
func (h *house) publish(events ...[3]string) {
	h.t.Helper()
	h.write(func(tx comment.Tx) error {
		sequence := h.sequence["c"]
		for _, e := range events {
			sequence++
			data := fmt.Sprintf(`{"comment":{"id":"c"},"page":{"key":%q,"url":"https://daily.example/%s","title":"Title of %s"}}`, e[0], e[0], e[0])
			if _, err := h.ledger.Append(tx, comment.Event{
				Site: site, Type: e[1], PageID: e[0], CommentID: "c", Sequence: sequence, Previous: comment.Status(e[2]), Actor: admin, At: time.Now(), Body: []byte(data),
			}); err != nil {
				return err
			}
		}
		h.sequence["c"] = sequence
		return nil
	})
}

func (h *house) addRebuild(url, every string) (comment.Endpoint, string) {
	h.t.Helper()
	e, secret, err := h.hooks.Add(context.Background(), site, Change{URL: url, Target: comment.TargetRebuild, Settings: map[string]string{"every": every}}, admin)
	if err != nil {
		h.t.Fatal(err)
	}
	return e, secret
}

func approved(page string) [3]string {
	return [3]string{page, comment.CommentApproved, string(comment.Pending)}
}

// told is what a rebuild call says.
type told struct {
	Type, Site, Since string
	Pages             []rebuildPage
	All               bool
	Events            int
}

func (g got) rebuild(t testing.TB) (r told) {
	t.Helper()
	if err := json.Unmarshal(g.body, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r told) keys() (keys []string) {
	for _, p := range r.Pages {
		keys = append(keys, p.Key)
	}
	return keys
}

// turn claims what is due at an instant and makes the calls.
func (h *house) turn(w *Worker, at time.Time) (calls int) {
	h.t.Helper()
	w.Now = func() time.Time { return at }
	s := &sending{Worker: w, inFlight: map[lease]comment.Delivery{}, hosts: newHosts()}
	claimed, err := h.store.Claim(h.t.Context(), comment.Claim{Now: at, Until: at.Add(leaseTime), Token: fmt.Sprint("t", at.UnixNano()), Most: 10, PerEndpoint: perEndpoint, PerHost: perHost})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, call := range claimed {
		s.inFlight[leaseOf(call.Delivery)] = call.Delivery
		s.hosts.begin(call.Endpoint)
		s.ended = append(s.ended, s.send(h.t.Context(), call))
	}
	s.record(h.t.Context())
	if len(s.ended) > 0 {
		h.t.Fatal("the outcomes were not recorded")
	}
	return len(claimed)
}

// A burst is one call that names each page once, and the next one waits.
func TestARebuildTellsOfABurstAtOnce(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	h.publish(approved("before"))
	e, secret := h.addRebuild(s.URL, "30s")
	since := time.Now()
	h.publish(approved("a"), approved("b"), approved("a"), [3]string{"b", comment.CommentRejected, string(comment.Approved)},
		[3]string{"unseen", comment.CommentRejected, string(comment.Pending)}, [3]string{"unseen", comment.CommentCreated, ""})
	h.spread()
	h.publish(approved("c"))
	h.spread()
	if owed := h.deliveries(e.ID); len(owed) != 1 || owed[0].CommentID != "" {
		t.Fatalf("owed %+v", owed)
	}
	w, at := h.worker(), time.Now()
	h.turn(w, at)
	first := s.all()[0].rebuild(t)
	if diff := cmp.Diff([]rebuildPage{
		{"a", "https://daily.example/a", "Title of a"}, {"b", "https://daily.example/b", "Title of b"}, {"c", "https://daily.example/c", "Title of c"},
	}, first.Pages); diff != "" || first.Events != 5 || first.Type != "rebuild" || first.Site != site || first.Since < comment.Timestamp(since) {
		t.Errorf("%+v %s", first, diff)
	}
	if err := Verify(secret, s.all()[0].header, s.all()[0].body, at); err != nil || s.all()[0].header.Get("x-afterword-event") != "rebuild" {
		t.Errorf("%v, %v", err, s.all()[0].header)
	}

	h.publish(approved("d"))
	h.spread()
	if h.turn(w, at.Add(29*time.Second)); s.count() != 1 {
		t.Error("called again within 30 s")
	}
	if h.turn(w, at.Add(31*time.Second)); s.count() != 2 {
		t.Fatal("not called after 30 s")
	}
	if diff := cmp.Diff([]string{"d"}, s.all()[1].rebuild(t).keys()); diff != "" {
		t.Error(diff)
	}
	if a, b := s.all()[0].header.Get(HeaderID), s.all()[1].header.Get(HeaderID); a == b {
		t.Error("two calls with the same id")
	}
}

// What a failed call would have told of is told by the next, which waits too.
func TestAFailedRebuildIsToldAgain(t *testing.T) {
	h := newHouse(t)
	s := newStand(t, func(w http.ResponseWriter, _ got, n int) {
		if n == 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	h.schedule = Schedule{0, time.Millisecond, time.Millisecond}
	h.addRebuild(s.URL, "1m")
	h.publish(approved("a"))
	h.spread()
	w, at := h.worker(), time.Now()
	h.turn(w, at)
	h.publish(approved("b"))
	h.spread()
	if h.turn(w, at.Add(59*time.Second)); s.count() != 1 {
		t.Error("called again within a minute")
	}
	h.turn(w, at.Add(2*time.Minute))
	if diff := cmp.Diff([]string{"a", "b"}, s.all()[1].rebuild(t).keys()); diff != "" {
		t.Error(diff)
	}
}

// What a build hook has to be told is not given up when the schedule ends; its
// test is.
func TestARebuildIsNotGivenUp(t *testing.T) {
	h := newHouse(t)
	s := newStand(t, func(w http.ResponseWriter, _ got, n int) {
		if n < 7 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	h.schedule = Schedule{time.Second, time.Second}
	e, _ := h.addRebuild(s.URL, "5s")
	if _, err := h.hooks.Test(t.Context(), site, e.ID, admin); err != nil {
		t.Fatal(err)
	}
	h.publish(approved("a"))
	h.spread()
	w, at := h.worker(), time.Now()
	for n := range 12 {
		h.turn(w, at.Add(time.Duration(n)*time.Hour))
	}
	states := map[string]comment.DeliveryState{}
	for _, d := range h.deliveries(e.ID) {
		states[d.Type] = d.State
	}
	want := map[string]comment.DeliveryState{comment.EndpointPing: comment.DeliveryFailed, comment.CommentApproved: comment.DeliveryDelivered}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	all := s.all()
	if diff := cmp.Diff([]string{"a"}, all[len(all)-1].rebuild(t).keys()); diff != "" {
		t.Error(diff)
	}
}

// An event that comes while a call is under way leads to another call, whether
// that call succeeds or the process dies with it.
func TestWhatComesWhileARebuildIsCalledIsNotLost(t *testing.T) {
	for _, dies := range []bool{false, true} {
		t.Run(fmt.Sprint("dies ", dies), func(t *testing.T) {
			h := newHouse(t)
			s := newStand(t, func(_ http.ResponseWriter, _ got, n int) {
				if n == 1 { // after the body was made
					h.publish(approved("b"))
					h.spread()
				}
			})
			e, _ := h.addRebuild(s.URL, "5s")
			h.publish(approved("a"))
			h.spread()
			w, at := h.worker(), time.Now()
			if dies {
				calls, err := h.store.Claim(t.Context(), claimAt(at))
				if err != nil || len(calls) != 1 {
					t.Fatal(calls, err)
				}
				(&sending{Worker: w}).send(t.Context(), calls[0])
				h.store.Close() // the call has succeeded, and nobody will ever say so
				h.open()
				w = h.worker()
				if err := w.Queue.ReleaseLeases(t.Context()); err != nil {
					t.Fatal(err)
				}
			} else {
				h.turn(w, at)
				if h.turn(w, at.Add(time.Second)); s.count() != 1 {
					t.Error("called again at once")
				}
			}
			for n := range 5 {
				h.turn(w, at.Add(time.Duration(n+1)*time.Minute))
			}
			want := [][]string{{"a"}, {"b"}}
			if dies {
				want = [][]string{{"a"}, {"a", "b"}}
			}
			var got [][]string
			for _, g := range s.all() {
				got = append(got, g.rebuild(t).keys())
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if e := h.endpoint(e.ID); e.Owed != 0 {
				t.Errorf("%d owed", e.Owed)
			}
		})
	}
}

// Whatever is killed when: after the last call every page that changed has been
// told of by a call that succeeded, and no two calls were closer than the pace.
func TestNoPageIsLostToARebuild(t *testing.T) {
	h := newHouse(t)
	succeeded, pages := map[string]bool{}, map[string]bool{}
	s := newStand(t, func(w http.ResponseWriter, g got, n int) {
		if n%3 == 0 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		for _, key := range g.rebuild(t).keys() {
			succeeded[key] = true
		}
	})
	h.schedule = slices.Repeat(Schedule{0}, 100)
	h.addRebuild(s.URL, "10s")
	w, at, last := h.worker(), time.Now(), time.Time{}
	for n := range 60 {
		key := fmt.Sprint("p", n)
		if n < 40 {
			pages[key] = true
			h.publish(approved(key))
			h.spread()
		}
		at = at.Add(time.Duration(n%7) * time.Second)
		if n%5 == 4 { // dies between the call and its record
			calls, err := h.store.Claim(t.Context(), claimAt(at))
			if err != nil {
				t.Fatal(err)
			}
			w.Now = func() time.Time { return at }
			for _, call := range calls {
				(&sending{Worker: w}).send(t.Context(), call)
			}
			if err := h.store.ReleaseLeases(t.Context()); err != nil {
				t.Fatal(err)
			}
			last = time.Time{} // whoever dies forgets when it called
			continue
		}
		before := s.count()
		h.turn(w, at)
		if s.count() > before {
			if !last.IsZero() && at.Sub(last) < 10*time.Second {
				t.Errorf("two calls within %s", at.Sub(last))
			}
			last = at
		}
	}
	for n := range 10 {
		h.turn(w, at.Add(time.Duration(n+1)*time.Minute))
	}
	if diff := cmp.Diff(pages, succeeded); diff != "" {
		t.Error(diff)
	}
}

// A long log, or very many pages, are a change of everything.
func TestARebuildOfEverything(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, _ := h.addRebuild(s.URL, "5s")
	var many [][3]string
	for n := range rebuildPages + 1 {
		many = append(many, approved(fmt.Sprint("p", n)))
	}
	h.publish(many...)
	h.spread()
	w, at := h.worker(), time.Now()
	h.turn(w, at)
	if r := s.all()[0].rebuild(t); !r.All || r.Pages != nil || r.Events != len(many) {
		t.Errorf("%d pages, all %v, %d events", len(r.Pages), r.All, r.Events)
	}
	g := gathering{}
	h.write(func(tx comment.Tx) error {
		g.covers = h.endpoint(e.ID).CoveredSeq - 10
		return g.skip(tx, site)
	})
	if head := h.logged(); !g.All || g.last == "" || g.covers < int64(len(many)) || len(head) == 0 {
		t.Errorf("%+v", g)
	}
}

// A test and a redelivery call even if there is nothing new.
func TestATestAndARedeliveryRebuild(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, _ := h.addRebuild(s.URL, "5s")
	if _, err := h.hooks.Test(t.Context(), site, e.ID, admin); err != nil {
		t.Fatal(err)
	}
	h.publish(approved("a"))
	h.spread()
	w, at := h.worker(), time.Now()
	for n := range 4 {
		h.turn(w, at.Add(time.Duration(n)*time.Minute))
	}
	for _, d := range h.deliveries(e.ID) {
		if d.EventSeq > 0 {
			if _, err := h.hooks.Redeliver(t.Context(), site, d.ID, admin); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.turn(w, at.Add(10*time.Minute))
	all := s.all()
	if len(all) != 3 {
		t.Fatalf("%d calls", len(all))
	}
	if r := all[0].rebuild(t); len(r.Pages) != 0 || r.Pages == nil || r.Events != 0 || r.All || all[0].header.Get("x-afterword-event") != comment.EndpointPing {
		t.Errorf("the test: %+v", r)
	}
	if diff := cmp.Diff([]string{"a"}, all[1].rebuild(t).keys()); diff != "" {
		t.Error(diff)
	}
	if r := all[2].rebuild(t); !r.All || r.Pages != nil {
		t.Errorf("the redelivery: %+v", r)
	}
}

// An endpoint that becomes a rebuild hook is not told of the past.
func TestAnEndpointBecomesARebuildHook(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, _ := h.add(s.URL, comment.CommentApproved)
	h.publish(approved("old"))
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Target: comment.TargetRebuild}, admin); err != nil {
		t.Fatal(err)
	}
	h.publish(approved("new"))
	h.spread()
	h.turn(h.worker(), time.Now())
	if s.count() != 1 {
		t.Fatalf("%d calls", s.count())
	}
	if diff := cmp.Diff([]string{"new"}, s.all()[0].rebuild(t).keys()); diff != "" {
		t.Error(diff)
	}
}
