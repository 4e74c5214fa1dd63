package webhook

import (
	"context"
	"encoding/json"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// Retire stops an active endpoint from being called, and tells the site's
// other endpoints with endpoint.disabled. What it is owed waits. e is the
// endpoint as it was when the call began that is the reason: if its owner has
// renewed it since, it stays.
func (h *Hooks) Retire(ctx context.Context, e comment.Endpoint, to comment.EndpointStatus, reason string) error {
	return h.Store.Write(ctx, comment.Sites{e.Site}, func(tx comment.Tx) error {
		now, err := tx.Endpoint(e.Site, e.ID)
		if fault.Is(err, "not_found") {
			return nil
		}
		if err != nil || now.Status != comment.EndpointActive || !now.RenewedAt.Equal(e.RenewedAt) {
			return err
		}
		now.Status = to
		if err := tx.PutEndpoint(now); err != nil {
			return err
		}
		return h.log(tx, comment.EndpointOff, now, note{actor: comment.Actor{Kind: comment.ActorSystem}, Reason: reason})
	})
}

// note is what the log says about an endpoint besides the endpoint itself.
type note struct {
	actor    comment.Actor
	Act      string
	Delivery string
	Replay   string
	Reason   string
}

func (h *Hooks) log(tx comment.Tx, eventType string, e comment.Endpoint, n note) error {
	_, err := h.Ledger.Append(tx, comment.Event{
		Site: e.Site, Type: eventType, Actor: n.actor, At: h.Now(), Body: describe(e, n),
	})
	return err
}

// describe is the data of an envelope about an endpoint. Secrets are not in it, nor
// the part of a URL that is one.
func describe(e comment.Endpoint, n note) []byte {
	type endpoint struct {
		ID     string                 `json:"id"`
		URL    string                 `json:"url"`
		Types  []string               `json:"types,omitempty"`
		Status comment.EndpointStatus `json:"status,omitempty"`
	}
	shown := endpoint{ID: e.ID, URL: ShownURL(e)}
	if n != (note{}) {
		shown.Types, shown.Status = e.Types, e.Status
	}
	data, err := json.Marshal(struct {
		Endpoint endpoint `json:"endpoint"`
		Act      string   `json:"act,omitempty"`
		Delivery string   `json:"delivery_id,omitempty"`
		Replay   string   `json:"replay_id,omitempty"`
		Reason   string   `json:"reason,omitempty"`
	}{shown, n.Act, n.Delivery, n.Replay, n.Reason})
	if err != nil { // only a type that JSON does not know, and there is none
		panic(err)
	}
	return data
}
