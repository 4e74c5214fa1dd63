package webhook

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// catchUpMost bounds the time that other writers wait for an endpoint that
// begins anew. While nothing succeeds the breaker lets through some hundred
// calls a day, ten for each delivery that is given up, so it is not reached
// before an endpoint is disabled.
const catchUpMost = 10000

// catchUp owes an endpoint that begins anew what was given up since its last
// success, in the transaction that lets it begin: so each comment's events come
// in order, the ones that were given up before those that have waited. It stands
// among the replays; where one is running already that is left to go on.
func (h *Hooks) catchUp(tx comment.Tx, e comment.Endpoint) error {
	if e.Target == comment.TargetRebuild { // gives nothing up, and tells of everything in one call
		return nil
	}
	missed, err := tx.GivenUp(e.Site, e.ID, e.LastSuccessAt, catchUpMost)
	if err != nil {
		return err
	}
	last, err := lastReplay(tx, e.Site, e.ID)
	if err != nil || last.State == comment.ReplayRunning {
		return err
	}
	now, again := h.Now().UTC().Truncate(time.Microsecond), []comment.Delivery{}
	known := map[string]bool{}
	for _, d := range missed {
		if !e.Wants(d.Type) || known[d.EventID] {
			continue
		}
		known[d.EventID] = true
		again = append(again, comment.Delivery{
			Site: d.Site, ID: h.NewID(), EndpointID: d.EndpointID,
			EventSeq: d.EventSeq, EventID: d.EventID, Type: d.Type, CommentID: d.CommentID, Sequence: d.Sequence,
			Replay: last.Number + replaysMost, State: comment.DeliveryOwed, NextAt: d.CreatedAt, CreatedAt: now,
		})
	}
	if len(again) == 0 {
		return nil
	}
	return h.insertAgain(tx, e, again, now)
}

// insertAgain owes deliveries as a replay that has come to its end.
func (h *Hooks) insertAgain(tx comment.Tx, e comment.Endpoint, again []comment.Delivery, now time.Time) error {
	head, _, err := tx.LogHead(e.Site)
	if err != nil {
		return err
	}
	if err := tx.InsertReplay(comment.Replay{
		Site: e.Site, ID: h.NewID(), EndpointID: e.ID, Number: again[0].Replay, Types: e.Types, Missed: true,
		After: head, Until: head, Events: len(again), Sent: len(again), State: comment.ReplayDone, CreatedAt: now, EndedAt: now,
	}); err != nil {
		return err
	}
	for _, d := range again {
		if err := tx.InsertDelivery(d, nil); err != nil {
			return err
		}
	}
	return nil
}
