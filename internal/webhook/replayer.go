package webhook

import (
	"cmp"
	"context"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// The rate of a replay: ten deliveries a second.
const (
	replayBatch = 5
	replayEvery = 500 * time.Millisecond
)

const (
	replaysAtOnce  = 1000 // running ones that are looked at
	replayPatience = 10   // times longer than usual after an error
	replayRounds   = 20   // steps over lines without an event to send, in one turn
)

// Replayer brings running replays on, a few events at a time behind what else
// their endpoints are due. One runs on each node: whoever sees a replay move
// lets it rest, so that several nodes are no faster than one, and another goes
// on where one has died.
type Replayer struct {
	Hooks   *Hooks
	Batch   int           // deliveries of a replay at a time; 0 = 5
	Every   time.Duration // between them; 0 = 500 ms
	OnError func(error)   // hears of what will be tried again

	seen map[string]sighting // by replay
}

// sighting is where a replay was last seen to stand, and since when.
type sighting struct {
	after int64
	since time.Time
}

// Run goes on until ctx is cancelled, then returns nil.
func (p *Replayer) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		wait := cmp.Or(p.Every, replayEvery)
		if err := p.look(ctx); err != nil && ctx.Err() == nil {
			p.OnError(err)
			wait *= replayPatience
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// look gives each running replay that has rested long enough its turn.
func (p *Replayer) look(ctx context.Context) error {
	now, seen := time.Now(), map[string]sighting{}
	running, err := p.running(ctx)
	for _, v := range running {
		s, known := p.seen[v.ID]
		if !known || s.after != v.After {
			s = sighting{v.After, now}
		} else if now.Sub(s.since) >= cmp.Or(p.Every, replayEvery) {
			moved, terr := p.turn(ctx, v)
			if terr != nil {
				err = terr
			}
			s = sighting{moved.After, now}
		}
		seen[v.ID] = s
	}
	p.seen = seen
	return err
}

func (p *Replayer) running(ctx context.Context) (all []comment.Replay, err error) {
	err = p.Hooks.Store.View(ctx, func(r comment.Reader) error {
		all, err = r.RunningReplays(replaysAtOnce)
		return err
	})
	return all, err
}

// turn brings a replay to its next events.
func (p *Replayer) turn(ctx context.Context, v comment.Replay) (comment.Replay, error) {
	for range replayRounds {
		sent := v.Sent
		moved, err := p.step(ctx, v)
		if fault.Is(err, "conflict") || fault.Is(err, "not_found") { // another node took the step, or it was cancelled
			return v, nil
		}
		if err != nil || moved.After == v.After || moved.Sent > sent || moved.State != comment.ReplayRunning {
			return moved, err
		}
		v = moved
	}
	return v, nil
}

// step moves v, or leaves it where it is while something else is due.
func (p *Replayer) step(ctx context.Context, v comment.Replay) (moved comment.Replay, err error) {
	clear := false
	err = p.Hooks.Store.View(ctx, func(r comment.Reader) error {
		clear, err = p.clear(r, v)
		return err
	})
	if err != nil || !clear {
		return v, err
	}
	err = p.Hooks.Store.Write(ctx, comment.Sites{v.Site}, func(tx comment.Tx) error {
		moved, err = p.Hooks.stepReplay(tx, v, cmp.Or(p.Batch, replayBatch))
		return err
	})
	if err != nil {
		return v, err
	}
	p.Hooks.Wake.Up()
	return moved, nil
}

// clear reports whether the endpoint can be sent more than it is owed: it is
// called, and nothing is due.
func (p *Replayer) clear(r comment.Reader, v comment.Replay) (bool, error) {
	now := p.Hooks.Now()
	next, _, err := r.OwedTimes(v.Site, v.EndpointID)
	if err != nil || !next.IsZero() && !next.After(now) {
		return false, err
	}
	e, err := r.Endpoint(v.Site, v.EndpointID)
	return err == nil && e.Status == comment.EndpointActive && !e.GateUntil.After(now), err
}
