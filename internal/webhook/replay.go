package webhook

import (
	"context"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// How much of a log and of what has failed is looked through at once.
const (
	countMost  = 100000 // lines of the log, for the number of a preview
	failedMost = 100000 // deliveries, for the beginning of what was missed
	stepLines  = 2000   // lines of the log, in one transaction
	disorder   = 500    // lines by which events of one instant may be out of order
)

// ReplayAsk says what to send again. Since or Missed is required.
type ReplayAsk struct {
	Since  time.Time // from the first event that is not before it; zero = from the first
	Until  time.Time // to the last event that is before it; zero = to the newest
	Types  []string  // none = what the endpoint asks for
	Missed bool      // only what was given up and has not arrived since
}

// Preview is what a replay would send. More = there is more of the log than
// what was counted.
type Preview struct {
	comment.Past
	More bool
}

// PreviewReplay counts what StartReplay would send, and sends nothing.
func (h *Hooks) PreviewReplay(ctx context.Context, site, id string, ask ReplayAsk) (p Preview, err error) {
	_, p, err = h.plan(ctx, site, id, ask)
	return p, err
}

// StartReplay begins to send events of the past to an endpoint again; the
// Replayer goes on with it. One replay of an endpoint runs at a time.
func (h *Hooks) StartReplay(ctx context.Context, site, id string, ask ReplayAsk, actor comment.Actor) (comment.Replay, error) {
	v, p, err := h.plan(ctx, site, id, ask)
	if err != nil {
		return v, err
	}
	v.ID, v.Events, v.State, v.CreatedAt = h.NewID(), p.Events, comment.ReplayRunning, h.Now().UTC().Truncate(time.Microsecond)
	if p.Events == 0 && !p.More {
		v.State, v.EndedAt = comment.ReplayDone, v.CreatedAt
	}
	return v, h.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		e, err := tx.Endpoint(site, id)
		if err != nil {
			return err
		}
		last, err := lastReplay(tx, site, id)
		if err != nil {
			return err
		}
		if last.State == comment.ReplayRunning {
			return fault.New(fault.Conflict, "replay_running", "A replay of this endpoint is running; cancel it, or wait for its end.")
		}
		v.Number = last.Number + replaysMost
		if err := tx.InsertReplay(v); err != nil {
			return err
		}
		return h.log(tx, comment.EndpointChanged, e, note{actor: actor, Act: "replayed", Replay: v.ID})
	})
}

// lastReplay is the newest replay of an endpoint, the zero value before the first.
func lastReplay(r comment.Reader, site, endpoint string) (comment.Replay, error) {
	last, err := r.Replays(site, endpoint, "", 1)
	return slices.Concat(last, []comment.Replay{{}})[0], err
}

// plan says which stretch of the log a replay goes over, and what it will send.
func (h *Hooks) plan(ctx context.Context, site, id string, ask ReplayAsk) (v comment.Replay, p Preview, err error) {
	if ask.Since.IsZero() && !ask.Missed {
		return v, p, fault.Input("since", "required", "Say since when events are to be sent again, or ask for what was missed.")
	}
	if !ask.Until.IsZero() && !ask.Until.After(ask.Since) {
		return v, p, fault.Input("until", "invalid", "The end of what is to be sent again is not after its beginning.")
	}
	if ask.Types, err = CheckTypes(ask.Types); err != nil {
		return v, p, err
	}
	return v, p, h.Store.View(ctx, func(r comment.Reader) error {
		e, err := r.Endpoint(site, id)
		if err != nil {
			return err
		}
		if e.Target == comment.TargetRebuild {
			return fault.New(fault.Conflict, "nothing_to_replay", "A build hook is told what has changed since its last call, so there is no past to send. Send one of its deliveries again to build everything.")
		}
		v = comment.Replay{Site: site, EndpointID: id, Types: ask.Types, Missed: ask.Missed}
		if len(v.Types) == 0 {
			v.Types = e.Types
		}
		if v.After, v.Until, err = stretch(r, e, ask); err != nil {
			return err
		}
		counted := min(v.Until, v.After+countMost)
		p.More = counted < v.Until
		p.Past, err = r.CountPast(past(v, counted))
		return err
	})
}

// past asks for what a replay sends, up to a line of the log.
func past(v comment.Replay, until int64) comment.PastQuery {
	q := comment.PastQuery{Site: v.Site, After: v.After, Until: until, Types: v.Types}
	if v.Missed {
		q.Missed = v.EndpointID
	}
	return q
}

// stretch is from behind one number of the log up to another.
func stretch(r comment.Reader, e comment.Endpoint, ask ReplayAsk) (after, until int64, err error) {
	if until, _, err = r.LogHead(e.Site); err != nil {
		return 0, 0, err
	}
	head := until
	if !ask.Until.IsZero() {
		if until, err = lastBefore(r, e.Site, head, ask.Until); err != nil {
			return 0, 0, err
		}
	}
	if !ask.Since.IsZero() {
		first, err := firstSince(r, e.Site, head, ask.Since)
		if err != nil {
			return 0, 0, err
		}
		after = first - 1
	}
	if ask.Missed {
		first, err := r.FirstFailed(e.Site, e.ID, failedMost)
		if err != nil {
			return 0, 0, err
		}
		if first == 0 {
			first = head + 1
		}
		after = max(after, first-1)
	}
	return min(after, until), until, nil
}

// firstSince is the number of the first event that is not before an instant,
// behind the log's end for none. Writers who wait for each other append in
// another order than they came, so it looks at those before as well.
func firstSince(r comment.Reader, site string, head int64, at time.Time) (int64, error) {
	n, err := turn(r, site, head, at)
	if err != nil {
		return 0, err
	}
	before, err := r.Events(site, max(0, n-1-disorder), disorder)
	for _, e := range before {
		if e.Seq < n && !e.At.Before(at) {
			return e.Seq, nil
		}
	}
	return n, err
}

// lastBefore is the number of the last event that is before an instant, 0 for
// none.
func lastBefore(r comment.Reader, site string, head int64, at time.Time) (int64, error) {
	n, err := turn(r, site, head, at)
	if err != nil {
		return 0, err
	}
	behind, err := r.Events(site, n-1, disorder)
	for _, e := range slices.Backward(behind) {
		if e.Seq <= head && e.At.Before(at) {
			return e.Seq, nil
		}
	}
	return n - 1, err
}

// turn halves the log until it has found a number before which an event is
// before the instant, and at which one is not.
func turn(r comment.Reader, site string, head int64, at time.Time) (int64, error) {
	low, high := int64(1), head+1
	for low < high {
		middle := low + (high-low)/2
		found, err := r.Events(site, middle-1, 1)
		if err != nil {
			return 0, err
		}
		if len(found) > 0 && found[0].At.Before(at) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// CancelReplay ends a running replay. What it has sent is sent.
func (h *Hooks) CancelReplay(ctx context.Context, site, endpoint, id string, actor comment.Actor) (v comment.Replay, err error) {
	return v, h.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		e, err := tx.Endpoint(site, endpoint)
		if err != nil {
			return err
		}
		if v, err = tx.Replay(site, id); err != nil {
			return err
		}
		if v.EndpointID != endpoint {
			return fault.Missing()
		}
		if v.State != comment.ReplayRunning {
			return fault.New(fault.Conflict, "replay_ended", "The replay has ended already.")
		}
		v.State, v.EndedAt = comment.ReplayCancelled, h.Now().UTC().Truncate(time.Microsecond)
		if err := tx.MoveReplay(v, v.After); err != nil {
			return err
		}
		return h.log(tx, comment.EndpointChanged, e, note{actor: actor, Act: "replay cancelled", Replay: v.ID})
	})
}

// Replays lists the replays of an endpoint, newest first; before is the id to go
// on from.
func (h *Hooks) Replays(ctx context.Context, site, endpoint, before string, limit int) (all []comment.Replay, err error) {
	return all, h.Store.View(ctx, func(r comment.Reader) error {
		if _, err := r.Endpoint(site, endpoint); err != nil {
			return err
		}
		all, err = r.Replays(site, endpoint, before, limit)
		return err
	})
}

// FindReplay gives a replay by its id alone, for commands.
func (h *Hooks) FindReplay(ctx context.Context, id string) (v comment.Replay, err error) {
	return v, h.Store.View(ctx, func(r comment.Reader) error {
		v, err = r.FindReplay(id)
		return err
	})
}

// stepReplay owes the endpoint the next events of a replay, at most most, and
// moves it on, in the transaction of its caller: neither is without the other,
// and of two who take the same step one is refused.
func (h *Hooks) stepReplay(tx comment.Tx, v comment.Replay, most int) (comment.Replay, error) {
	was, now := v.After, h.Now().UTC().Truncate(time.Microsecond)
	to := min(v.Until, was+stepLines)
	events, err := tx.PastEvents(past(v, to), most)
	if err != nil {
		return v, err
	}
	v.After = to
	if len(events) == most {
		v.After = events[most-1].Seq
	}
	v.Sent += len(events)
	v.Events = max(v.Events, v.Sent)
	if v.After >= v.Until {
		v.State, v.EndedAt = comment.ReplayDone, now
	}
	if err := tx.MoveReplay(v, was); err != nil {
		return v, err
	}
	for _, e := range events {
		if err := tx.InsertDelivery(comment.Delivery{
			Site: v.Site, ID: h.NewID(), EndpointID: v.EndpointID,
			EventSeq: e.Seq, EventID: e.ID, Type: e.Type, CommentID: e.CommentID, Sequence: e.Sequence,
			Replay: v.Number, State: comment.DeliveryOwed, NextAt: now, CreatedAt: now,
		}, nil); err != nil {
			return v, err
		}
	}
	return v, nil
}
