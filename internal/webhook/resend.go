package webhook

import (
	"context"
	"encoding/json"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// replaysMost is how often one delivery can be sent again. Replays are numbered
// in steps of it, so that there is room for the redeliveries of each.
const replaysMost = 1000

// Test owes the endpoint an endpoint.ping, whatever types it asked for.
func (h *Hooks) Test(ctx context.Context, site, id string, actor comment.Actor) (d comment.Delivery, err error) {
	now := h.Now()
	d = comment.Delivery{
		Site: site, ID: h.NewID(), EndpointID: id, EventID: h.NewID(), Type: comment.EndpointPing,
		State: comment.DeliveryOwed, NextAt: now, CreatedAt: now,
	}
	err = h.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		e, err := tx.Endpoint(site, id)
		if err != nil {
			return err
		}
		body, err := json.Marshal(comment.Envelope{
			EnvelopeHead: comment.EnvelopeHead{ID: d.EventID, Type: d.Type, Timestamp: comment.Timestamp(now), Site: site},
			Data:         describe(e, note{}),
		})
		if err != nil {
			return err
		}
		if err := tx.InsertDelivery(d, body); err != nil {
			return err
		}
		return h.log(tx, comment.EndpointChanged, e, note{actor: actor, Act: "tested", Delivery: d.ID})
	})
	h.Wake.Up()
	return d, err
}

// Redeliver owes a delivery's event to its endpoint once more, at once and with
// the same webhook-id, whatever became of the delivery.
func (h *Hooks) Redeliver(ctx context.Context, site, deliveryID string, actor comment.Actor) (d comment.Delivery, err error) {
	conflict := true
	for n := 1; conflict && n < replaysMost; n++ {
		d, err = h.redeliver(ctx, site, deliveryID, n, actor)
		conflict = fault.Is(err, "conflict") // that replay exists: somebody has asked before
	}
	h.Wake.Up()
	return d, err
}

// redeliver makes the replay that is further steps beyond that of the delivery.
func (h *Hooks) redeliver(ctx context.Context, site, deliveryID string, further int, actor comment.Actor) (d comment.Delivery, err error) {
	err = h.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		old, err := tx.Delivery(site, deliveryID)
		if err != nil {
			return err
		}
		if (old.Replay+further)/replaysMost != old.Replay/replaysMost { // that number is a replay's
			return fault.New(fault.Conflict, "sent_too_often", "The delivery has been sent again a thousand times; send its event with a replay.")
		}
		e, err := tx.Endpoint(site, old.EndpointID)
		if err != nil {
			return err
		}
		var body []byte
		if old.EventSeq == 0 { // no event of the log carries it
			if body, err = tx.DeliveryBody(old); err != nil {
				return err
			}
		}
		now := h.Now()
		d = comment.Delivery{
			Site: site, ID: h.NewID(), EndpointID: old.EndpointID,
			EventSeq: old.EventSeq, EventID: old.EventID, Type: old.Type, CommentID: old.CommentID, Sequence: old.Sequence,
			Replay: old.Replay + further, State: comment.DeliveryOwed, NextAt: now, CreatedAt: now,
		}
		if err := tx.InsertDelivery(d, body); err != nil {
			return err
		}
		return h.log(tx, comment.EndpointChanged, e, note{actor: actor, Act: "redelivered", Delivery: d.ID})
	})
	return d, err
}
