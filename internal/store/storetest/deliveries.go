package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

var deliveryTests = map[string]func(*house){
	"endpoint":             testEndpoint,
	"secrets":              testSecrets,
	"removal of endpoints": testRemoveEndpoint,
	"delivery":             testDelivery,
	"deliveries in turn":   testDeliveries,
	"hurry":                testHurry,
	"gathered deliveries":  testGather,
	"behind":               testBehind,
	"hops":                 testHops,
	"renewed leases":       testRenew,
	"what is sent":         testDeliveryBody,
	"attempts":             testAttempts,
	"owed times":           testOwedTimes,
}

func newEndpoint(site, id string) comment.Endpoint {
	return comment.Endpoint{
		Site: site, ID: id, URL: "https://receiver.example/hook?a=“b”", Types: []string{comment.CommentApproved, comment.PageClosed},
		Status: comment.EndpointActive, CreatedAt: start, Secrets: []comment.Secret{},
		GateUntil: after(1), Failures: 3, LastSuccessAt: after(2), LastFailureAt: after(3), LastFailure: "status 500", RenewedAt: after(4),
		Mode: comment.ModeThin, APIVersion: "2026-11-02", Target: "slack", Settings: map[string]string{"a": "“b”"}, Headers: "sealed",
		CoveredSeq: 5, CallsMost: 2, BehindSince: after(5), Trips: 2, Asymmetric: true,
	}
}

func putEndpoint(e comment.Endpoint) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.PutEndpoint(e) }
}

func endpointsOf(h *house, site string) []comment.Endpoint {
	h.Helper()
	return get(h, func(r comment.Reader) ([]comment.Endpoint, error) { return r.Endpoints(site) })
}

func getEndpoint(h *house, site, id string) comment.Endpoint {
	h.Helper()
	return get(h, func(r comment.Reader) (comment.Endpoint, error) { return r.Endpoint(site, id) })
}

func testEndpoint(h *house) {
	h.newSites("daily", "weekly")
	first, second, foreign := newEndpoint("daily", "e1"), newEndpoint("daily", "e2"), newEndpoint("weekly", "e3")
	full(h, first, "Secrets", "Owed")
	h.write(all(putEndpoint(second), putEndpoint(first), putEndpoint(foreign)))
	same(h, "endpoint", getEndpoint(h, "daily", "e1"), first)
	same(h, "endpoint anywhere", get(h, func(r comment.Reader) (comment.Endpoint, error) { return r.FindEndpoint("e3") }), foreign)
	same(h, "endpoints", endpointsOf(h, "daily"), []comment.Endpoint{first, second})

	first.URL, first.Types, first.Status = "https://other.example/", []string{comment.CommentCreated}, comment.EndpointPaused
	first.GateUntil, first.Failures, first.LastFailure = time.Time{}, 0, ""
	first.LastSuccessAt, first.LastFailureAt, first.RenewedAt = after(8), time.Time{}, after(9)
	first.Mode, first.Target, first.Settings, first.Headers = comment.ModeFull, comment.TargetWebhook, map[string]string{}, ""
	first.CoveredSeq, first.CallsMost, first.BehindSince = 6, 8, time.Time{}
	first.Trips, first.Asymmetric = 0, false
	h.write(putEndpoint(first))
	same(h, "changed endpoint", getEndpoint(h, "daily", "e1"), first)
	foreign.Site = "daily"
	h.conflicts("an id on two sites", putEndpoint(foreign))
}

func testSecrets(h *house) {
	h.newSites("daily")
	now := time.Now().UTC().Truncate(time.Second)
	secret := func(id string, end time.Time) comment.Secret {
		return comment.Secret{ID: id, Sealed: "sealed " + id, CreatedAt: start, ExpiresAt: end}
	}
	put := func(s comment.Secret) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.PutSecret("daily", "e1", s) }
	}
	expired, leaving, current := secret("s1", now.Add(-time.Hour)), secret("s2", now.Add(time.Hour)), secret("s3", time.Time{})
	h.refused("a secret of no endpoint", put(current))
	h.write(all(putEndpoint(newEndpoint("daily", "e1")), putEndpoint(newEndpoint("daily", "e2")), put(current), put(expired), put(leaving)))
	same(h, "secrets, newest first", getEndpoint(h, "daily", "e1").Secrets, []comment.Secret{current, leaving})
	same(h, "secrets of another endpoint", getEndpoint(h, "daily", "e2").Secrets, []comment.Secret{})
	leaving.ExpiresAt = now.Add(2 * time.Hour)
	h.write(put(leaving))
	same(h, "secrets in the list", endpointsOf(h, "daily")[0].Secrets, []comment.Secret{current, leaving})
}

func newDelivery(site, endpoint, id string) comment.Delivery {
	return comment.Delivery{
		Site: site, ID: id, EndpointID: endpoint, EventSeq: 4, EventID: "event of " + id, Type: comment.CommentApproved,
		CommentID: "c1", Sequence: 2, Replay: 1, State: comment.DeliveryOwed, Attempts: 3, NextAt: after(1),
		LeaseUntil: after(2), LeaseToken: "t1", CreatedAt: start, DeliveredAt: after(3),
		LastStatus: 500, LastClass: "status", LastMillis: 1234, LastAt: after(4),
	}
}

// What is owed to one endpoint is due, in the order in which it came to be owed,
// save what is being sent or owed no more.
func testHurry(h *house) {
	h.newSites("daily", "weekly")
	h.write(all(putEndpoint(newEndpoint("daily", "e1")), putEndpoint(newEndpoint("daily", "e2")), putEndpoint(newEndpoint("weekly", "e3"))))
	put := func(site, endpoint, id string, change func(*comment.Delivery)) {
		d := newDelivery(site, endpoint, id)
		d.LeaseToken, d.LeaseUntil, d.NextAt = "", time.Time{}, after(60)
		change(&d)
		h.write(putDelivery(d, nil))
	}
	put("daily", "e1", "later", func(*comment.Delivery) {})
	put("daily", "e1", "before", func(d *comment.Delivery) { d.NextAt = after(5) })
	put("daily", "e1", "newer", func(d *comment.Delivery) { d.CreatedAt = after(4) })
	put("daily", "e1", "not begun", func(d *comment.Delivery) { d.CreatedAt, d.NextAt = after(11), after(11) })
	put("daily", "e1", "caught up", func(d *comment.Delivery) { d.CreatedAt, d.NextAt = after(3), after(1) })
	put("daily", "e1", "leased", func(d *comment.Delivery) { d.LeaseToken = "t1" })
	put("daily", "e1", "failed", func(d *comment.Delivery) { d.State = comment.DeliveryFailed })
	put("daily", "e2", "other", func(*comment.Delivery) {})
	put("weekly", "e3", "foreign", func(*comment.Delivery) {})
	h.write(func(tx comment.Tx) error { return tx.HurryDeliveries("daily", "e1", after(10)) })
	for id, want := range map[string]time.Time{
		"later": start, "before": start, "newer": after(4), "not begun": after(10), "caught up": after(1), "leased": after(60), "failed": after(60), "other": after(60), "foreign": after(60),
	} {
		if d := get(h, func(r comment.Reader) (comment.Delivery, error) { return r.FindDelivery(id) }); !d.NextAt.Equal(want) {
			h.Errorf("%s is due at %s, want %s", id, d.NextAt, want)
		}
	}
}

// Who is sending renews its lease before it claims, however late it is; whoever has
// lost it renews nothing.
func testRenew(h *house) {
	h.newSites("daily")
	endpoint := newEndpoint("daily", "e1")
	endpoint.GateUntil, endpoint.CallsMost = time.Time{}, 8
	mine, lost := newDelivery("daily", "e1", "d1"), newDelivery("daily", "e1", "d2")
	lost.CommentID = "c2"
	h.write(all(putEndpoint(endpoint), putDelivery(mine, nil), putDelivery(lost, nil)))
	lost.LeaseToken = "t0"
	calls, err := h.store.Claim(h.Context(), comment.Claim{Now: after(60), Until: after(61), Token: "t2", Most: 9, PerEndpoint: 9, Renew: []comment.Delivery{mine, lost}})
	if err != nil || len(calls) != 1 || calls[0].Delivery.ID != "d2" {
		h.Fatalf("%+v, %v", calls, err)
	}
	mine.LeaseUntil, mine.NextAt = after(61), after(61)
	same(h, "renewed", get(h, func(r comment.Reader) (comment.Delivery, error) { return r.FindDelivery("d1") }), mine)
}

// A call tells over how many receivers its event came about, for an hour.
func testHops(h *house) {
	h.newSites("daily", "weekly")
	endpoint := newEndpoint("daily", "e1")
	endpoint.GateUntil, endpoint.Failures, endpoint.CallsMost = time.Time{}, 0, 8
	page := newEvent("daily", 1)
	page.CommentID, page.PageID, page.Type = "", "p1", comment.PageClosed
	ofPage, ofComment, other := newDelivery("daily", "e1", "d1"), newDelivery("daily", "e1", "d2"), newDelivery("daily", "e1", "d3")
	ofPage.EventSeq, ofPage.CommentID, other.CommentID = 1, "", "c2"
	for _, d := range []*comment.Delivery{&ofPage, &ofComment, &other} {
		d.LeaseUntil, d.LeaseToken = time.Time{}, ""
	}
	h.write(all(putEndpoint(endpoint), appendEvent(page), putDelivery(ofPage, nil), putDelivery(ofComment, nil), putDelivery(other, nil)))
	note := func(site, subject string, hops int, at time.Time) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.NoteHops(site, subject, hops, at) }
	}
	h.write(all(note("daily", "c1", 1, after(20)), note("daily", "c1", 2, after(20)), note("daily", "p1", 3, after(20)), note("weekly", "c2", 3, after(20))))
	got := map[string]int{}
	calls, err := h.store.Claim(h.Context(), comment.Claim{Now: after(30), Until: after(31), Token: "t", Most: 9, PerEndpoint: 9})
	for _, call := range calls {
		got[call.Delivery.ID] = call.Hops
	}
	same(h, "hops", got, map[string]int{"d1": 3, "d2": 2, "d3": 0})
	later := after(32).Add(comment.HopsRemembered)
	if err == nil {
		calls, err = h.store.Claim(h.Context(), comment.Claim{Now: later, Until: later.Add(time.Minute), Token: "t2", Most: 9, PerEndpoint: 9})
	}
	for _, call := range calls {
		if call.Hops != 0 {
			h.Errorf("%s after an hour: %d hops", call.Delivery.ID, call.Hops)
		}
	}
	same(h, "calls", len(calls), 3)
	h.write(note("daily", "c9", 1, later)) // forgets the others
	if err != nil {
		h.Fatal(err)
	}
}

func testBehind(h *house) {
	h.newSites("daily", "weekly")
	calm := newEndpoint("daily", "e1")
	h.write(all(putEndpoint(calm), putEndpoint(newEndpoint("weekly", "e2"))))
	h.write(func(tx comment.Tx) error { return tx.SetBehind("daily", "e1", after(70)) })
	calm.BehindSince = after(70)
	same(h, "behind", getEndpoint(h, "daily", "e1"), calm)
	same(h, "another", getEndpoint(h, "weekly", "e2").BehindSince, after(5))
	h.write(func(tx comment.Tx) error { return tx.SetBehind("daily", "e1", time.Time{}) })
	same(h, "caught up", getEndpoint(h, "daily", "e1").BehindSince, time.Time{})
}

func putDelivery(d comment.Delivery, body []byte) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.InsertDelivery(d, body) }
}

func testDelivery(h *house) {
	h.newSites("daily")
	d := newDelivery("daily", "e1", "d1")
	full(h, d)
	h.write(all(putEndpoint(newEndpoint("daily", "e1")), putDelivery(d, nil)))
	same(h, "delivery", get(h, func(r comment.Reader) (comment.Delivery, error) { return r.Delivery("daily", "d1") }), d)
	same(h, "delivery anywhere", get(h, func(r comment.Reader) (comment.Delivery, error) { return r.FindDelivery("d1") }), d)
	h.conflicts("an id twice", putDelivery(d, nil))
	again := d
	again.ID = "d2"
	h.conflicts("an event twice", putDelivery(again, nil))
	again.Replay++
	h.write(putDelivery(again, nil))
}

func testRemoveEndpoint(h *house) {
	h.newSites("daily")
	owed, done, other := newDelivery("daily", "e1", "d1"), newDelivery("daily", "e1", "d2"), newDelivery("daily", "e2", "d3")
	done.State = comment.DeliveryDelivered
	remove := func(tx comment.Tx) error { return tx.RemoveEndpoint("daily", "e1") }
	h.write(all(
		putEndpoint(newEndpoint("daily", "e1")), putEndpoint(newEndpoint("daily", "e2")),
		func(tx comment.Tx) error {
			return tx.PutSecret("daily", "e1", comment.Secret{ID: "s1", Sealed: "x", CreatedAt: start})
		},
		putDelivery(owed, nil), putDelivery(done, nil), putDelivery(other, nil),
	))
	if e := getEndpoint(h, "daily", "e1"); e.Owed != 1 {
		h.Errorf("%d deliveries owed, want 1", e.Owed)
	}
	h.write(remove)
	absent(h, "removed endpoint", func(r comment.Reader) (comment.Endpoint, error) { return r.Endpoint("daily", "e1") })
	for id, want := range map[string]comment.DeliveryState{"d1": comment.DeliveryCancelled, "d2": comment.DeliveryDelivered, "d3": comment.DeliveryOwed} {
		if d := get(h, func(r comment.Reader) (comment.Delivery, error) { return r.Delivery("daily", id) }); d.State != want {
			h.Errorf("delivery %s is %s, want %s", id, d.State, want)
		}
	}
	if err := h.try(remove); !isMissing(err) {
		h.Errorf("removing an endpoint twice: %v", err)
	}
	h.write(putEndpoint(newEndpoint("daily", "e1")))
	same(h, "secrets of a new endpoint", getEndpoint(h, "daily", "e1").Secrets, []comment.Secret{})
	same(h, "endpoints", len(endpointsOf(h, "daily")), 2)
}

func testDeliveries(h *house) {
	h.newSites("daily")
	h.write(all(putEndpoint(newEndpoint("daily", "e1")), putEndpoint(newEndpoint("daily", "e2")), putDelivery(newDelivery("daily", "e2", "x"), nil)))
	states := []comment.DeliveryState{comment.DeliveryOwed, comment.DeliveryDelivered, comment.DeliveryFailed}
	ids := map[comment.DeliveryState][]string{}
	for i := range 14 {
		d := newDelivery("daily", "e1", comment.NewID())
		d.State = states[i%3]
		for _, state := range []comment.DeliveryState{d.State, ""} {
			ids[state] = slices.Insert(ids[state], 0, d.ID)
		}
		h.write(putDelivery(d, nil))
	}
	for state, want := range ids {
		for _, limit := range []int{1, 3, 99} {
			q := comment.DeliveryQuery{Site: "daily", Endpoint: "e1", State: state, Limit: limit}
			var got []string
			for some := h.deliveries(q); len(some) > 0; some = h.deliveries(q) {
				for _, d := range some {
					got = append(got, d.ID)
				}
				q.Before = got[len(got)-1]
			}
			same(h, fmt.Sprintf("%q by %d", state, limit), got, want)
		}
	}
	first := h.deliveries(comment.DeliveryQuery{Site: "daily", Endpoint: "e1", Limit: 3})
	h.write(putDelivery(newDelivery("daily", "e1", comment.NewID()), nil)) // while the list is read
	rest := h.deliveries(comment.DeliveryQuery{Site: "daily", Endpoint: "e1", Before: first[2].ID, Limit: 99})
	same(h, "the rest", rest[0].ID, ids[""][3])
}

func (h *house) deliveries(q comment.DeliveryQuery) []comment.Delivery {
	h.Helper()
	some := get(h, func(r comment.Reader) ([]comment.Delivery, error) { return r.Deliveries(q) })
	if len(some) > q.Limit {
		h.Fatalf("%d deliveries, asked for %d", len(some), q.Limit)
	}
	return some
}

func testDeliveryBody(h *house) {
	h.newSites("daily")
	e := newEvent("daily", 1)
	ofEvent, ping := newDelivery("daily", "e1", "d1"), newDelivery("daily", "e1", "d2")
	ofEvent.EventSeq, ping.EventSeq = 1, 0
	h.write(all(putEndpoint(newEndpoint("daily", "e1")), appendEvent(e), putDelivery(ofEvent, nil), putDelivery(ping, []byte("ping \x00\xff"))))
	body := func(d comment.Delivery) string {
		return string(get(h, func(r comment.Reader) ([]byte, error) { return r.DeliveryBody(d) }))
	}
	same(h, "body of an event", body(ofEvent), string(e.Body))
	same(h, "body of a ping", body(ping), "ping \x00\xff")
}

func testAttempts(h *house) {
	h.newSites("daily")
	endpoint := newEndpoint("daily", "e1")
	endpoint.GateUntil, endpoint.Failures, endpoint.RenewedAt = time.Time{}, 0, time.Time{}
	d := newDelivery("daily", "e1", "d1")
	d.LeaseUntil, d.LeaseToken, d.Attempts = time.Time{}, "", 0
	h.write(all(putEndpoint(endpoint), putDelivery(d, []byte("body"))))
	var want []comment.Attempt
	for n := 1; n <= 3; n++ {
		now := after(60 * n)
		calls, err := h.store.Claim(h.Context(), comment.Claim{Now: now, Until: now.Add(time.Minute), Token: fmt.Sprint("t", n), Most: 5, PerEndpoint: 5})
		if err != nil || len(calls) != 1 {
			h.Fatalf("attempt %d: %d calls, %v", n, len(calls), err)
		}
		o := comment.Outcome{Delivery: calls[0].Delivery, Attempt: comment.Attempt{
			N: n, At: now, Millis: 12, Status: 503, Class: "status", Detail: "It said “no”.", Response: "<busy>",
		}}
		o.Delivery.Attempts = n
		o.Delivery.NextAt = now.Add(time.Minute)
		full(h, o.Attempt)
		if err := h.store.Record(h.Context(), []comment.Outcome{o}); err != nil {
			h.Fatal(err)
		}
		want = append(want, o.Attempt)
	}
	same(h, "attempts in order", get(h, func(r comment.Reader) ([]comment.Attempt, error) { return r.Attempts("daily", "d1") }), want)
}

// An endpoint that gathers events is owed one delivery of which no call has
// begun, and one call at a time; a call that succeeds moves what is covered,
// never back.
func testGather(h *house) {
	h.newSites("daily")
	endpoint := newEndpoint("daily", "e1")
	endpoint.Target, endpoint.GateUntil, endpoint.Failures, endpoint.CoveredSeq, endpoint.Secrets = comment.TargetRebuild, time.Time{}, 0, 5, nil
	h.write(putEndpoint(endpoint))
	h.write(putDelivery(comment.Delivery{Site: "daily", ID: "ping", EndpointID: "e1", EventID: "ping", Type: comment.EndpointPing, State: comment.DeliveryOwed, NextAt: after(900), CreatedAt: start}, []byte("ping")))
	gather := func(id string, seq int64) {
		h.Helper()
		d := comment.Delivery{Site: "daily", ID: id, EndpointID: "e1", EventSeq: seq, EventID: "event of " + id, Type: comment.CommentApproved, State: comment.DeliveryOwed, NextAt: start, CreatedAt: start}
		gone := d
		gone.ID, gone.EndpointID = id+" of nobody", "e9"
		if err := h.store.Gather(h.Context(), "daily", []comment.Delivery{d, gone}); err != nil {
			h.Fatal(err)
		}
	}
	claim := func(now time.Time) []comment.Call {
		h.Helper()
		calls, err := h.store.Claim(h.Context(), comment.Claim{Now: now, Until: now.Add(time.Minute), Token: "t", Most: 5, PerEndpoint: 5})
		if err != nil {
			h.Fatal(err)
		}
		return calls
	}
	ids := func() (ids []string) {
		h.Helper()
		for _, d := range h.deliveries(comment.DeliveryQuery{Site: "daily", Endpoint: "e1", Limit: 10}) {
			ids = append(ids, d.ID)
		}
		return ids
	}
	gather("d1", 6)
	gather("d2", 7)
	same(h, "owed before the call", ids(), []string{"ping", "d1"})
	first := claim(start)
	if len(first) != 1 || first[0].Endpoint.CoveredSeq != 5 {
		h.Fatalf("calls %+v", first)
	}
	gather("d3", 8)
	gather("d4", 9)
	same(h, "owed while it is called", ids(), []string{"ping", "d3", "d1"})
	same(h, "calls beside it", len(claim(start)), 0)
	record := func(call comment.Call, covers int64) {
		h.Helper()
		o := comment.Outcome{Delivery: call.Delivery, Covers: covers}
		o.Delivery.State = comment.DeliveryDelivered
		if err := h.store.Record(h.Context(), []comment.Outcome{o}); err != nil {
			h.Fatal(err)
		}
	}
	record(first[0], 7)
	same(h, "covered", getEndpoint(h, "daily", "e1").CoveredSeq, 7)
	record(first[0], 9) // its lease is over
	same(h, "covered after a late outcome", getEndpoint(h, "daily", "e1").CoveredSeq, 7)
	second := claim(after(1))
	if len(second) != 1 || second[0].Delivery.ID != "d3" {
		h.Fatalf("calls %+v", second)
	}
	record(second[0], 6)
	same(h, "covered after an older outcome", getEndpoint(h, "daily", "e1").CoveredSeq, 7)
	h.write(putEndpoint(endpoint)) // as somebody had read it before
	same(h, "covered after a change", getEndpoint(h, "daily", "e1").CoveredSeq, 7)
}
