package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// The sender's side of the deliveries. A claimed delivery is not due before its
// lease ends, and one that waits for an earlier delivery of its comment is not
// due before that one is: "due" alone says what a claim has to look at, however
// much is owed.

// poisoned is the number of failed attempts after which a delivery no longer
// holds up the later ones of its comment.
const poisoned = 4

// A claim looks at few rows more than it may take, a few times over: enough to
// get past deliveries that wait, not enough to keep other writers waiting.
const (
	claimSpare  = 8
	claimRounds = 16
)

// heldTime is how long an endpoint whose host has all the calls it may have is
// left alone by all nodes: the one that was refused remembers it, unless it is
// killed.
const heldTime = 5 * time.Second

// Receivers lists the endpoints of a site without their secrets.
func (s *Store) Receivers(ctx context.Context, site string) (all []comment.Endpoint, err error) {
	err = s.View(ctx, func(r comment.Reader) error {
		all, err = list(r.(*query), scanEndpoint, "select "+endpointColumns+" from endpoints where site_id = $1 order by endpoint_id", site)
		return err
	})
	return all, err
}

// FanOut inserts deliveries, save those that are there already and those whose
// endpoint has been removed.
func (s *Store) FanOut(ctx context.Context, site string, deliveries []comment.Delivery) error {
	ordered := slices.SortedStableFunc(slices.Values(deliveries), func(a, b comment.Delivery) int { return strings.Compare(a.EndpointID, b.EndpointID) })
	return s.writer.apart(ctx, "fan out", func(w *write) error {
		for i, d := range ordered {
			if i == 0 || d.EndpointID != ordered[i-1].EndpointID {
				if err := w.wake(site, d.EndpointID, d.NextAt); err != nil {
					return err
				}
			}
			if err := w.conn.put(w.ctx, insertOwed, site, d.ID, d.EndpointID, d.EventSeq, d.EventID, d.Type,
				d.CommentID, d.Sequence, d.Replay, micros(d.NextAt), micros(d.CreatedAt)); err != nil {
				return fmt.Errorf("delivery of event %s: %w", d.EventID, err)
			}
		}
		return nil
	})
}

const insertOwed = `insert into deliveries (site_id, delivery_id, endpoint_id, event_seq, event_id, type, comment_id, sequence, replay, state, next_at, created_at)
	select $1, $2, $3, $4, $5, $6, $7, $8, $9, 'owed', $10, $11
		where exists (select 1 from endpoints where site_id = $1 and endpoint_id = $3)
	on conflict do nothing`

// wake makes a claim look at an endpoint from an instant on. Whoever changes
// what an endpoint is owed does this first: it locks the endpoint's row, so
// that no claim between the two puts the endpoint off.
func (w *write) wake(site, endpoint string, at time.Time) error {
	return w.conn.put(w.ctx, wakeEndpoint, site, endpoint, micros(at))
}

const wakeEndpoint = "update endpoints set due_at = case when due_at > $3 then $3 else due_at end where site_id = $1 and endpoint_id = $2"

// Claim leases deliveries that are due. Endpoints that have waited longest come
// first and share what there is, so that none starves another. Their rows are
// locked, and passed over where another node has them, so two nodes never
// claim of one endpoint at a time.
func (s *Store) Claim(ctx context.Context, ask comment.Claim) (calls []comment.Call, err error) {
	err = s.writer.apart(ctx, "claim", func(w *write) (err error) {
		calls = nil
		t, err := w.newTurn(ask)
		for more := true; more && len(calls) == 0 && err == nil && t.rounds < claimRounds; t.rounds++ {
			calls, more, err = w.claim(t)
		}
		return err
	})
	return calls, err
}

// turn is one Claim.
type turn struct {
	comment.Claim
	rounds int
	hosts  map[string]int  // calls in flight, those claimed just now included
	first  map[string]bool // endpoints that have waited for their host
}

// newTurn makes due the endpoints whose turn it is at their host, before all
// others, and renews the asker's leases.
func (w *write) newTurn(ask comment.Claim) (*turn, error) {
	t := &turn{Claim: ask, hosts: maps.Clone(ask.Hosts), first: map[string]bool{}}
	if t.hosts == nil {
		t.hosts = map[string]int{}
	}
	for _, e := range ask.First {
		t.first[e.ID] = true
		if err := w.conn.put(w.ctx, putOff, e.Site, e.ID, 0); err != nil {
			return nil, err
		}
	}
	for _, d := range ask.Renew {
		if err := w.conn.put(w.ctx, renewLease, d.Site, d.ID, d.LeaseToken, micros(ask.Until)); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// renewLease leaves alone what another has claimed since.
const renewLease = "update deliveries set lease_until = $4, next_at = $4 where site_id = $1 and delivery_id = $2 and lease_token = $3 and state = 'owed'"

// hostRoom is the number of calls that the endpoint's host may still get. Where
// several wait for it, each gets one.
func (t *turn) hostRoom(e comment.Endpoint) int {
	switch {
	case t.PerHost == 0:
		return t.Most
	case t.first[e.ID]:
		return min(1, t.PerHost-t.hosts[e.Host()])
	}
	return t.PerHost - t.hosts[e.Host()]
}

// claim looks at the endpoints that are due, and puts each off to when it is due
// again; more = there was one.
func (w *write) claim(t *turn) (calls []comment.Call, more bool, err error) {
	ready, err := list(&w.query, scanEndpoint, dueEndpoints+w.dialect.skip, micros(t.Now), t.Most)
	if err != nil || len(ready) == 0 {
		return nil, false, err
	}
	share := (t.Most + len(ready) - 1) / len(ready)
	left := t.Most
	for _, e := range ready {
		got, err := w.claimFor(e, t, min(share, left))
		if err != nil {
			return nil, false, fmt.Errorf("claim for endpoint %s: %w", e.ID, err)
		}
		if calls = append(calls, got...); len(got) > 0 && !got[0].Held {
			left -= len(got)
			t.hosts[e.Host()] += len(got)
		}
	}
	return calls, true, nil
}

// due_at is when there may be something to claim of an endpoint: never later
// than that, and served by the index endpoints_due however many there are.
var dueEndpoints = "select " + endpointColumns + " from endpoints where status = 'active' and due_at <= $1 order by due_at, endpoint_id limit $2"

const (
	putOff = "update endpoints set due_at = $3 where site_id = $1 and endpoint_id = $2"
	// putOffToNext: the index deliveries_due answers it with one look.
	putOffToNext = `update endpoints set due_at = coalesce((
		select min(d.next_at) from deliveries d where d.site_id = $1 and d.endpoint_id = $2 and d.state = 'owed'), $3)
		where site_id = $1 and endpoint_id = $2`
)

// notDue is the due_at of an endpoint that is owed nothing.
const notDue = 1 << 62

// claims are those of one endpoint within a Claim.
type claims struct {
	ask      *turn
	endpoint comment.Endpoint
	most     int
	busy     map[string]bool // comments with a delivery claimed just now
	calls    []comment.Call
}

// claimFor claims of one endpoint. One that has all the calls it may have is
// put off until a lease ends at the latest; the end of a call wakes it. One whose
// host has is put off for heldTime, and who asks has to remember it.
func (w *write) claimFor(e comment.Endpoint, ask *turn, most int) ([]comment.Call, error) {
	if e.GateUntil.After(ask.Now) {
		return nil, w.conn.put(w.ctx, putOff, e.Site, e.ID, micros(e.GateUntil))
	}
	if most <= 0 {
		return nil, nil
	}
	room, err := w.room(e, ask)
	if err != nil {
		return nil, err
	}
	if room <= 0 {
		return nil, w.conn.put(w.ctx, putOff, e.Site, e.ID, micros(ask.Until))
	}
	if room = min(room, ask.hostRoom(e)); room <= 0 {
		return []comment.Call{{Endpoint: e, Held: true}}, w.conn.put(w.ctx, putOff, e.Site, e.ID, micros(ask.Now.Add(heldTime)))
	}
	if e.Secrets, err = w.secretsOf(e, ask.Now); err != nil {
		return nil, err
	}
	c := &claims{ask: ask, endpoint: e, most: min(most, room), busy: map[string]bool{}}
	more := true
	for round := 0; more && round < claimRounds; round++ {
		if more, err = w.claimRound(c); err != nil {
			return nil, err
		}
	}
	return c.calls, w.conn.put(w.ctx, putOffToNext, e.Site, e.ID, int64(notDue))
}

// room is the number of calls that the endpoint may get beside those under way.
func (w *write) room(e comment.Endpoint, ask *turn) (int, error) {
	leased, err := one(&w.query, scanInt, leasedCalls, e.Site, e.ID, micros(ask.Now))
	most := min(ask.PerEndpoint, e.CallsMost)
	if e.Target == comment.TargetRebuild { // which is told of everything in one call
		most = 1
	}
	return most - int(leased), err
}

const leasedCalls = "select count(*) from deliveries where site_id = $1 and endpoint_id = $2 and lease_token <> '' and lease_until > $3"

func (q *query) secretsOf(e comment.Endpoint, now time.Time) ([]comment.Secret, error) {
	return list(q, func(s scanner) (v comment.Secret, err error) {
		err = s.Scan(&v.ID, &v.Sealed, instant{&v.CreatedAt}, instant{&v.ExpiresAt})
		return v, err
	}, "select secret_id, sealed, created_at, expires_at from secrets where site_id = $1 and endpoint_id = $2 and (expires_at = 0 or expires_at > $3) order by secret_id desc",
		e.Site, e.ID, micros(now))
}

// dueDeliveries finds with deliveries_due what is due, and with
// deliveries_open what holds it up: a delivery of the same comment that is
// under lease, or an earlier one that is not poisoned. The "+ 0" here and below
// keeps the planner from walking deliveries_due instead.
var dueDeliveries = "select " + prefixed("d", deliveryColumns) + `, coalesce(v.body, d.body), coalesce((
		select max(b.next_at + 0) from deliveries b
			where b.site_id = d.site_id and b.endpoint_id = d.endpoint_id and b.comment_id = d.comment_id and b.state = 'owed'
				and d.comment_id <> '' and b.delivery_id <> d.delivery_id
				and (b.lease_until > $3 or (b.event_seq < d.event_seq and b.attempts < ` + fmt.Sprint(poisoned) + `))), 0), coalesce((
		select h.hops from hops h where h.site_id = d.site_id and h.subject = coalesce(nullif(d.comment_id, ''), v.page_id) and h.at > $5), 0)
	from deliveries d left join events v on v.site_id = d.site_id and v.seq = d.event_seq
	where d.site_id = $1 and d.endpoint_id = $2 and d.state = 'owed' and d.next_at <= $3
	order by d.next_at, d.event_seq limit $4`

func prefixed(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// candidate is a delivery that is due, and until when another one of its
// comment holds it up (zero = none does).
type candidate struct {
	comment.Delivery
	body []byte
	held time.Time
	hops int
}

func scanCandidate(s scanner) (c candidate, err error) {
	err = s.Scan(append(deliveryDest(&c.Delivery), &c.body, instant{&c.held}, &c.hops)...)
	return c, err
}

// claimRound looks at the first deliveries that are due; more = there may be
// others behind them.
func (w *write) claimRound(c *claims) (more bool, err error) {
	due, err := list(&w.query, scanCandidate, dueDeliveries, c.endpoint.Site, c.endpoint.ID, micros(c.ask.Now), c.most-len(c.calls)+claimSpare,
		micros(c.ask.Now.Add(-comment.HopsRemembered)))
	for i := 0; err == nil && i < len(due) && len(c.calls) < c.most; i++ {
		err = w.claimOne(c, due[i])
	}
	return len(due) > 0 && len(c.calls) < c.most, err
}

// claimOne leases d, or puts it off until what holds it up is due. Either way
// it is no longer due, so that the next look finds the ones behind it.
func (w *write) claimOne(c *claims, d candidate) error {
	free := d.held.IsZero() && !c.busy[d.CommentID]
	switch {
	case free:
		d.LeaseToken, d.LeaseUntil, d.NextAt = c.ask.Token, c.ask.Until, c.ask.Until
		c.busy[d.CommentID] = d.CommentID != ""
		c.calls = append(c.calls, comment.Call{Delivery: d.Delivery, Endpoint: c.endpoint, Body: d.body, Hops: d.hops})
	case d.held.After(c.ask.Now):
		d.LeaseToken, d.LeaseUntil, d.NextAt = "", time.Time{}, d.held
	default: // by one that is about to be claimed, or has just been
		d.LeaseToken, d.LeaseUntil, d.NextAt = "", time.Time{}, c.ask.Until
	}
	return w.conn.put(w.ctx, "update deliveries set lease_token = $3, lease_until = $4, next_at = $5 where site_id = $1 and delivery_id = $2",
		d.Site, d.ID, d.LeaseToken, micros(d.LeaseUntil), micros(d.NextAt))
}

// Record stores outcomes. One whose lease is not its own any more, or whose
// delivery has been cancelled, changes nothing.
func (s *Store) Record(ctx context.Context, outcomes []comment.Outcome) error {
	ordered := slices.SortedStableFunc(slices.Values(outcomes), func(a, b comment.Outcome) int {
		return cmp.Or(strings.Compare(a.Delivery.Site, b.Delivery.Site), strings.Compare(a.Delivery.EndpointID, b.Delivery.EndpointID))
	})
	return s.writer.apart(ctx, "record", func(w *write) error {
		for _, o := range ordered {
			if err := w.record(o); err != nil {
				return fmt.Errorf("outcome of delivery %s: %w", o.Delivery.ID, err)
			}
		}
		return nil
	})
}

func (w *write) record(o comment.Outcome) error {
	d := o.Delivery
	if err := w.wake(d.Site, d.EndpointID, d.LastAt); err != nil {
		return err
	}
	n, err := w.conn.sure(w.ctx, `update deliveries set state = $4, attempts = $5, next_at = $6, lease_until = 0, lease_token = '',
			delivered_at = $7, last_status = $8, last_class = $9, last_ms = $10, last_at = $11
		where site_id = $1 and delivery_id = $2 and lease_token = $3 and state = 'owed'`,
		d.Site, d.ID, d.LeaseToken, d.State, d.Attempts, micros(d.NextAt),
		micros(d.DeliveredAt), d.LastStatus, d.LastClass, d.LastMillis, micros(d.LastAt))
	if err != nil || n == 0 {
		return err
	}
	if o.Covers > 0 {
		if err := w.conn.put(w.ctx, moveCovered, d.Site, d.EndpointID, o.Covers); err != nil {
			return err
		}
	}
	if o.Attempt.N > 0 {
		err = errors.Join(w.insertAttempt(d, o.Attempt), w.judgeEndpoint(d, o))
	}
	if err == nil && d.CommentID != "" && (d.State != comment.DeliveryOwed || d.Attempts >= poisoned) {
		err = w.freeLane(d)
	}
	return err
}

func (w *write) insertAttempt(d comment.Delivery, a comment.Attempt) error {
	return w.conn.put(w.ctx, "insert into attempts (site_id, delivery_id, n, at, ms, status, class, detail, response) values ("+places(1, 9)+")",
		d.Site, d.ID, a.N, micros(a.At), a.Millis, a.Status, a.Class, a.Detail, a.Response)
}

// judgeEndpoint notes what an attempt says about the endpoint. One that began
// before its owner renewed it says nothing any more.
func (w *write) judgeEndpoint(d comment.Delivery, o comment.Outcome) error {
	if d.State == comment.DeliveryDelivered {
		return w.conn.put(w.ctx, succeeded, d.Site, d.EndpointID, micros(d.DeliveredAt), micros(o.Attempt.At), comment.CallsMost)
	}
	e, err := one(&w.query, func(s scanner) (e comment.Endpoint, err error) {
		err = s.Scan(&e.Failures, &e.Trips, &e.CallsMost, instant{&e.GateUntil})
		return e, err
	}, "select failures, trips, calls_most, gate_until from endpoints where site_id = $1 and endpoint_id = $2 and renewed_at <= $3",
		d.Site, d.EndpointID, micros(o.Attempt.At))
	if fault.Is(err, "not_found") {
		return nil
	}
	if err != nil {
		return err
	}
	if e.Failed(o.Attempt, o.Breaker); e.GateUntil.Before(o.Gate) {
		e.GateUntil = o.Gate
	}
	last := o.Attempt.Class
	if o.Attempt.Status > 0 {
		last = fmt.Sprint(last, " ", o.Attempt.Status)
	}
	return w.conn.put(w.ctx, `update endpoints set failures = $3, trips = $4, calls_most = $5, gate_until = $6, last_failure_at = $7, last_failure = $8
		where site_id = $1 and endpoint_id = $2`,
		d.Site, d.EndpointID, e.Failures, e.Trips, e.CallsMost, micros(e.GateUntil), micros(d.LastAt), last)
}

const succeeded = `update endpoints set failures = 0, trips = 0, last_success_at = $3, calls_most = case when calls_most < $5 then calls_most + 1 else $5 end
	where site_id = $1 and endpoint_id = $2 and renewed_at <= $4`

// freeLane makes due what had to wait for d: what was put off to the end of its
// lease, or has never been tried.
func (w *write) freeLane(d comment.Delivery) error {
	return w.conn.put(w.ctx, waitingInLane, d.Site, d.EndpointID, d.CommentID, micros(d.LastAt), micros(d.LeaseUntil))
}

const waitingInLane = `update deliveries set next_at = $4
	where site_id = $1 and endpoint_id = $2 and comment_id = $3 and state = 'owed' and (attempts = 0 or next_at + 0 = $5) and lease_token = '' and next_at + 0 > $4`

// NextDelivery is when the next delivery of an active endpoint may be due, and
// never later; false = none is owed.
func (s *Store) NextDelivery(ctx context.Context) (next time.Time, ok bool, err error) {
	err = s.View(ctx, func(r comment.Reader) error {
		due, err := one(r.(*query), scanInt, nextDelivery)
		if fault.Is(err, "not_found") {
			return nil
		}
		next, ok = time.UnixMicro(due).UTC(), due < notDue
		return err
	})
	return next, ok, err
}

const nextDelivery = "select due_at from endpoints where status = 'active' order by due_at, endpoint_id limit 1"

// ReleaseLeases makes due what a former process was sending when it ended. A
// file has one sender, so every lease in it is such a one; on a server they may
// be other nodes', and end by themselves.
func (s *Store) ReleaseLeases(ctx context.Context) error {
	if !s.dialect.oneWriter {
		return nil
	}
	return s.writer.apart(ctx, "release", func(w *write) error {
		if err := w.conn.put(w.ctx, "update endpoints set due_at = 0"); err != nil {
			return err
		}
		return w.conn.put(w.ctx, allLeases)
	})
}

const allLeases = "update deliveries set lease_token = '', lease_until = 0, next_at = created_at where lease_token <> ''"
