package webhook

import (
	"context"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// List gives a site's endpoints, oldest first.
func (h *Hooks) List(ctx context.Context, site string) (all []comment.Endpoint, err error) {
	err = h.Store.View(ctx, func(r comment.Reader) error {
		if _, err := r.Site(site); err != nil {
			return err
		}
		all, err = r.Endpoints(site)
		return err
	})
	return all, err
}

// Get gives one endpoint.
func (h *Hooks) Get(ctx context.Context, site, id string) (e comment.Endpoint, err error) {
	err = h.Store.View(ctx, func(r comment.Reader) error {
		e, err = r.Endpoint(site, id)
		return err
	})
	return e, err
}

// Find gives an endpoint by its id alone, for commands.
func (h *Hooks) Find(ctx context.Context, id string) (e comment.Endpoint, err error) {
	err = h.Store.View(ctx, func(r comment.Reader) error {
		e, err = r.FindEndpoint(id)
		return err
	})
	return e, err
}

// FindDelivery gives a delivery by its id alone, for commands.
func (h *Hooks) FindDelivery(ctx context.Context, id string) (d comment.Delivery, err error) {
	err = h.Store.View(ctx, func(r comment.Reader) error {
		d, err = r.FindDelivery(id)
		return err
	})
	return d, err
}

// Delivery gives one delivery with what is sent and every attempt. What a
// target that gathers events is sent is made at the call: its event is given.
func (h *Hooks) Delivery(ctx context.Context, site, id string) (d comment.Delivery, body []byte, attempts []comment.Attempt, err error) {
	err = h.Store.View(ctx, func(r comment.Reader) error {
		if d, err = r.Delivery(site, id); err != nil {
			return err
		}
		if body, err = r.DeliveryBody(d); err != nil {
			return err
		}
		e, err := r.Endpoint(site, d.EndpointID)
		if err == nil {
			body, err = render(e, body)
		}
		if err != nil && !fault.Is(err, "not_found") { // a removed one had the event
			return err
		}
		attempts, err = r.Attempts(site, id)
		return err
	})
	return d, body, attempts, err
}
