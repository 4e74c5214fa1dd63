package webhook

import (
	"cmp"
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/keyring"
)

// The measures of the sender. The lease outlives the longest call by far, and is
// renewed where the clock was put forward meanwhile, so that only a process that
// has stopped loses one.
const (
	perProcess  = 256 // calls in flight; over TLS each takes 74 KB, both ends counted
	perHost     = 16  // of them at one host, over all its endpoints: many sites post to the same few services
	perEndpoint = 8   // calls in flight at one endpoint, over all processes
	leaseTime   = 45 * time.Second
	leaseLeast  = 15 * time.Second // of it that a call in flight has left
	pollTime    = time.Second
	defaultStop = 20 * time.Second
)

// Worker sends what is owed. All its fields but Wake, Grace, Tally and OnError
// are required.
type Worker struct {
	Queue    Queue
	Client   *Client
	Hooks    *Hooks // retires endpoints
	Ring     *keyring.Ring
	Schedule Schedule
	Wake     Wake
	Now      func() time.Time
	Grace    time.Duration // for the calls in flight when stopping; 0 = 20 s
	Tally    *Tally        // nil = nobody counts
	OnError  func(error)   // hears of what will be tried again
}

// Run sends until ctx is cancelled. It then claims nothing more, lets the calls
// in flight end within Grace, records them, and returns nil.
func (w *Worker) Run(ctx context.Context) error {
	steady := context.WithoutCancel(ctx) // what has begun is brought to its end
	calls, cut := context.WithCancel(steady)
	defer cut()
	s := &sending{Worker: w, calls: calls, done: make(chan result, perProcess), inFlight: map[lease]comment.Delivery{}, hosts: newHosts()}
	if err := w.Queue.ReleaseLeases(ctx); err != nil && ctx.Err() == nil {
		s.report(err) // they end by themselves
	}
	for ctx.Err() == nil {
		s.record(steady)
		s.wait(ctx, s.claim(ctx))
	}
	s.drain(steady, cut)
	s.group.Wait()
	return nil
}

// sending is one Run. Its fields belong to the goroutine of Run; the calls
// answer through done, which has room for all of them.
type sending struct {
	*Worker
	calls    context.Context // of the HTTP calls
	group    sync.WaitGroup
	done     chan result
	inFlight map[lease]comment.Delivery // claimed and not yet recorded
	ended    []result                   // to be recorded
	hosts    *hosts
}

// lease tells calls apart: after a lease was lost there can be two for a delivery.
type lease struct{ delivery, token string }

func leaseOf(d comment.Delivery) lease { return lease{d.ID, d.LeaseToken} }

// result is an outcome, and what it means for the endpoint.
type result struct {
	comment.Outcome
	endpoint comment.Endpoint
	retire   comment.EndpointStatus // "" = the endpoint stays
	reason   string
}

func (s *sending) report(err error) {
	if s.OnError != nil {
		s.OnError(err)
	}
}

// claim starts as many calls as are due and fit, and returns how long to wait
// at most before it is worth trying again.
func (s *sending) claim(ctx context.Context) time.Duration {
	free := perProcess - len(s.inFlight)
	if free == 0 {
		return pollTime
	}
	now, first := s.Now(), s.hosts.next(free)
	ask := comment.Claim{
		Now: now, Until: now.Add(leaseTime), Token: rand.Text(), Most: free, PerEndpoint: perEndpoint,
		PerHost: perHost, Hosts: s.hosts.inFlight, First: first, Renew: s.ending(now),
	}
	calls, err := s.Queue.Claim(ctx, ask)
	if err != nil {
		for _, e := range first {
			s.hosts.hold(e)
		}
		if ctx.Err() == nil {
			s.report(err)
		}
		return pollTime
	}
	for _, d := range ask.Renew {
		d.LeaseUntil = ask.Until
		s.inFlight[leaseOf(d)] = d
	}
	for _, call := range calls {
		s.begin(call)
	}
	if len(calls) > 0 || len(first) > 0 { // what those have left is for whoever waits behind them
		return 0
	}
	return s.untilNext(ctx, now)
}

// ending are the calls in flight whose leases have little left, though no call
// lasts that long: the clock was put forward, or this process was held up.
func (s *sending) ending(now time.Time) (soon []comment.Delivery) {
	for _, d := range s.inFlight {
		if d.LeaseUntil.Before(now.Add(leaseLeast)) {
			soon = append(soon, d)
		}
	}
	return soon
}

func (s *sending) begin(call comment.Call) {
	if call.Held {
		s.hosts.hold(call.Endpoint)
		return
	}
	s.inFlight[leaseOf(call.Delivery)] = call.Delivery
	s.hosts.begin(call.Endpoint)
	s.group.Go(func() { s.done <- s.send(s.calls, call) })
}

// untilNext: what is due already was left by the claim for a reason (too many
// in flight at the endpoint), so the end of a call will tell, or the poll.
func (s *sending) untilNext(ctx context.Context, now time.Time) time.Duration {
	next, ok, err := s.Queue.NextDelivery(ctx)
	if err != nil || !ok || !next.After(now) {
		return pollTime
	}
	return min(next.Sub(now), pollTime)
}

// wait returns when there may be something to do.
func (s *sending) wait(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-s.Wake:
	case r := <-s.done:
		s.ended = append(s.ended, r)
	}
	s.collect()
}

// collect takes what else has ended, so that one commit can carry it all.
func (s *sending) collect() {
	for {
		select {
		case r := <-s.done:
			s.ended = append(s.ended, r)
		default:
			return
		}
	}
}

// record stores the outcomes of the calls that have ended. After an error they
// are kept for the next try. An endpoint is retired first: were the process to
// die between the two, the delivery would still be owed, but not called.
func (s *sending) record(ctx context.Context) {
	if len(s.ended) == 0 {
		return
	}
	outcomes := make([]comment.Outcome, len(s.ended))
	for i, r := range s.ended {
		outcomes[i] = r.Outcome
		outcomes[i].Delivery.LeaseUntil = s.inFlight[leaseOf(r.Delivery)].LeaseUntil
		if r.retire == "" {
			continue
		}
		if err := s.Hooks.Retire(ctx, r.endpoint, r.retire, r.reason); err != nil {
			s.report(err)
			return
		}
	}
	if err := s.Queue.Record(ctx, outcomes); err != nil {
		s.report(err)
		return
	}
	for _, r := range s.ended {
		delete(s.inFlight, leaseOf(r.Delivery))
		s.hosts.end(r.endpoint)
		s.Tally.add(r.Outcome)
	}
	s.ended = nil
}

// drain waits for the calls in flight and records each as it ends. When the
// grace is over it cuts them off and gives their leases back.
func (s *sending) drain(ctx context.Context, cut func()) {
	grace := time.NewTimer(cmp.Or(s.Grace, defaultStop))
	defer grace.Stop()
	if waiting := s.hosts.all(); len(waiting) > 0 { // for the other nodes, which know nothing of our calls
		if _, err := s.Queue.Claim(ctx, comment.Claim{Now: s.Now(), First: waiting}); err != nil {
			s.report(err) // they are due again when a lease would have ended
		}
	}
	for s.record(ctx); len(s.inFlight) > len(s.ended); s.record(ctx) {
		select {
		case r := <-s.done:
			s.ended = append(s.ended, r)
		case <-grace.C:
			cut()
		}
		s.collect()
	}
}
