package webhook

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// catchUpMost bounds the time that other writers wait for an endpoint that
// begins anew; the Replayer goes on with the rest.
const catchUpMost = 10000

// catchUp owes an endpoint that begins anew what was given up since its last
// success, in the transaction that lets it begin: so each comment's events come
// in order, the ones that were given up before those that have waited. It is a
// replay like any other; one that is running already is left to go on.
func (h *Hooks) catchUp(tx comment.Tx, e comment.Endpoint) error {
	if e.Target == comment.TargetRebuild { // gives nothing up, and tells of everything in one call
		return nil
	}
	first, err := tx.FirstFailed(e.Site, e.ID, e.LastSuccessAt, catchUpMost)
	if err != nil || first == 0 {
		return err
	}
	last, err := lastReplay(tx, e.Site, e.ID)
	if err != nil || last.State == comment.ReplayRunning {
		return err
	}
	v := comment.Replay{
		Site: e.Site, ID: h.NewID(), EndpointID: e.ID, Number: last.Number + replaysMost, Types: e.Types, Missed: true,
		After: first - 1, State: comment.ReplayRunning, CreatedAt: h.Now(),
	}
	if v.Until, _, err = tx.LogHead(e.Site); err != nil {
		return err
	}
	if err := tx.InsertReplay(v); err != nil {
		return err
	}
	for range catchUpMost / stepLines {
		if v, err = h.stepReplay(tx, v, stepLines, func(e comment.Event) time.Time { return e.At }); err != nil || v.State != comment.ReplayRunning {
			return err
		}
	}
	return nil
}
