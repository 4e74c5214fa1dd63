package comment

import (
	"context"
	"time"
)

// Settler lets decisions take effect when their undo window ends. One runs on
// each node; which of them is faster does not matter.
type Settler struct {
	Service *Service
	// Changed is closed when a log has grown, as by a decision just made.
	Changed func() <-chan struct{}
	OnError func(error) // hears of what will be tried again
}

const (
	settleMost = 500
	settlePoll = time.Second           // also catches decisions of other processes
	settleRest = 20 * time.Millisecond // between looks while the log grows
)

// Run settles until ctx is cancelled.
func (s *Settler) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		changed := s.Changed() // before the look, so that nothing falls between
		next, err := s.Service.Settle(ctx, settleMost)
		if err != nil && ctx.Err() == nil {
			s.OnError(err)
		}
		wait := settlePoll
		if err == nil && !next.IsZero() {
			wait = min(wait, max(0, next.Sub(s.Service.Now())))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-changed:
			time.Sleep(min(settleRest, wait))
		}
		timer.Stop()
	}
	return nil
}
