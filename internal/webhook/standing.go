package webhook

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const (
	behindAfter   = 15 * time.Minute // an endpoint that is owed something older has fallen behind
	standingTime  = 15 * time.Second
	standingsRead = 500 // at a time
)

// Standings looks every 15 seconds at how the endpoints of all sites are doing:
// it tells a site when one has fallen behind, and keeps the figures that
// monitoring reads. It writes only where that has changed, so that of several
// nodes one does. Where the clock has been put back, it makes due what would
// wait until it is as late again.
type Standings struct {
	Queue   Queue
	Hooks   *Hooks
	Now     func() time.Time
	OnError func(error)

	mu     sync.Mutex
	states map[string]float64
	oldest time.Duration
	looked time.Time
}

// Run looks until ctx is cancelled.
func (s *Standings) Run(ctx context.Context) error {
	tick := time.NewTicker(standingTime)
	defer tick.Stop()
	for {
		if err := s.look(ctx); err != nil && ctx.Err() == nil && s.OnError != nil {
			s.OnError(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Standings) look(ctx context.Context) error {
	states := map[string]float64{}
	for _, status := range []comment.EndpointStatus{comment.EndpointActive, comment.EndpointPaused, comment.EndpointDisabled, comment.EndpointGone} {
		states[string(status)] = 0
	}
	now, oldest := s.Now(), time.Duration(0)
	back := now.Before(s.looked)
	for after := ""; ; {
		some, err := s.Queue.Standings(ctx, after, standingsRead)
		if err != nil {
			return err
		}
		for _, e := range some {
			after = e.ID
			states[string(e.Status)]++
			age := time.Duration(0)
			if !e.Oldest.IsZero() && e.Status == comment.EndpointActive { // the others wait for their owner
				age = now.Sub(e.Oldest)
			}
			oldest = max(oldest, age)
			if err := s.judge(ctx, e, age > behindAfter, now); err != nil {
				return err
			}
			if back && !e.Oldest.IsZero() {
				if err := s.Hooks.hurry(ctx, e, now); err != nil {
					return err
				}
			}
		}
		if len(some) < standingsRead {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states, s.oldest, s.looked = states, oldest, now
	return nil
}

func (s *Standings) judge(ctx context.Context, e comment.Standing, behind bool, now time.Time) error {
	switch {
	case behind && e.BehindSince.IsZero():
		return s.Hooks.setBehind(ctx, e, now)
	case !behind && !e.BehindSince.IsZero() && e.Status == comment.EndpointActive:
		return s.Hooks.setBehind(ctx, e, time.Time{})
	}
	return nil
}

// States is the number of endpoints in each state.
func (s *Standings) States() map[string]float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.states)
}

// OldestSeconds is the age of the oldest event that an active endpoint is owed.
func (s *Standings) OldestSeconds() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.oldest.Seconds()
}

// setBehind notes that an endpoint has fallen behind, which the site's log is told
// once, or (zero) that it has caught up.
func (h *Hooks) setBehind(ctx context.Context, at comment.Standing, since time.Time) error {
	return h.Store.Write(ctx, comment.Sites{at.Site}, func(tx comment.Tx) error {
		e, err := tx.Endpoint(at.Site, at.ID)
		if fault.Is(err, "not_found") {
			return nil
		}
		if err != nil || e.BehindSince.IsZero() == since.IsZero() { // another node was faster
			return err
		}
		if err := tx.SetBehind(at.Site, at.ID, since); err != nil || since.IsZero() {
			return err
		}
		return h.log(tx, comment.EndpointBehind, e, note{actor: comment.Actor{Kind: comment.ActorSystem}, Reason: "what it is owed is older than 15 minutes"})
	})
}

// hurry makes due what an endpoint is owed.
func (h *Hooks) hurry(ctx context.Context, at comment.Standing, now time.Time) error {
	err := h.Store.Write(ctx, comment.Sites{at.Site}, func(tx comment.Tx) error {
		return tx.HurryDeliveries(at.Site, at.ID, now)
	})
	h.Wake.Up()
	return err
}

// Tally counts what the Worker does. The zero Tally is ready.
type Tally struct {
	mu       sync.Mutex
	attempts map[string]float64 // by class
	outcomes map[string]float64 // of deliveries, by state
}

func (t *Tally) add(o comment.Outcome) {
	if t == nil || o.Attempt.N == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.attempts == nil {
		t.attempts, t.outcomes = map[string]float64{}, map[string]float64{}
	}
	t.attempts[o.Attempt.Class]++
	if o.Delivery.State != comment.DeliveryOwed {
		t.outcomes[string(o.Delivery.State)]++
	}
}

// Attempts is the number of calls by the class of their outcome.
func (t *Tally) Attempts() map[string]float64 { return t.read(&t.attempts) }

// Outcomes is the number of deliveries that have come to their end, by state.
func (t *Tally) Outcomes() map[string]float64 { return t.read(&t.outcomes) }

func (t *Tally) read(counts *map[string]float64) map[string]float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(*counts)
}
