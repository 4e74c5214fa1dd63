package webhook

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/keyring"
)

// endpointsMost is the number of endpoints that a site may have.
const endpointsMost = 100

// Hooks is what people do with endpoints; the API and the commands call it.
// Each verb is one transaction with its line in the site's log. Its errors are
// faults.
type Hooks struct {
	Store  comment.Store
	Ledger *comment.Ledger
	Ring   *keyring.Ring
	Guard  *Guard
	Wake   Wake // nil in commands, beside which a server may run
	Now    func() time.Time
	NewID  func() string
}

// Add makes an endpoint and its first secret, which is given here and never
// again. No types means comment.approved.
func (h *Hooks) Add(ctx context.Context, site, url string, types []string, actor comment.Actor) (comment.Endpoint, string, error) {
	if len(types) == 0 {
		types = []string{comment.CommentApproved}
	}
	types, err := checkTypes(types)
	if err != nil {
		return comment.Endpoint{}, "", err
	}
	if url, err = h.Guard.CheckURL(ctx, url); err != nil {
		return comment.Endpoint{}, "", err
	}
	now := h.Now()
	e := comment.Endpoint{Site: site, ID: h.NewID(), URL: url, Types: types, Status: comment.EndpointActive, CreatedAt: now}
	secret, text := h.newSecret(now)
	e.Secrets = []comment.Secret{secret}
	return e, text, h.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		if _, err := tx.Site(site); err != nil {
			return err
		}
		others, err := tx.Endpoints(site)
		if err != nil {
			return err
		}
		if len(others) >= endpointsMost {
			return fault.New(fault.Conflict, "too_many_endpoints", "A site has at most "+strconv.Itoa(endpointsMost)+" endpoints; remove one that is no longer used.")
		}
		if err := tx.PutEndpoint(e); err != nil {
			return err
		}
		if err := tx.PutSecret(site, e.ID, secret); err != nil {
			return err
		}
		return h.log(tx, comment.EndpointAdded, e, note{actor: actor})
	})
}

// checkTypes gives the types sorted and each once.
func checkTypes(types []string) ([]string, error) {
	types = slices.Clone(types)
	slices.Sort(types)
	for _, t := range types {
		if !slices.Contains(comment.PublicTypes, t) {
			return nil, fault.Input("types", "unknown_type", "There is no event type "+strconv.Quote(t)+"; the types are "+strings.Join(comment.PublicTypes, ", ")+".")
		}
	}
	return slices.Compact(types), nil
}

// Change is what an owner may change of an endpoint; zero values leave things
// as they are.
type Change struct {
	URL    string
	Types  []string
	Status comment.EndpointStatus // active or paused
}

// Change changes an endpoint. Calls under way still go to the old URL, and what
// they say about the endpoint no longer counts. Making it active, or giving it
// another URL, forgets its failures and its gate, and what it is owed is due.
func (h *Hooks) Change(ctx context.Context, site, id string, change Change, actor comment.Actor) (e comment.Endpoint, err error) {
	if change, err = h.check(ctx, change); err != nil {
		return e, err
	}
	err = h.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		if e, err = tx.Endpoint(site, id); err != nil {
			return err
		}
		now := h.Now()
		anew := change.apply(&e, now)
		if err := tx.PutEndpoint(e); err != nil {
			return err
		}
		if anew {
			if err := tx.HurryDeliveries(site, id, now); err != nil {
				return err
			}
		}
		return h.log(tx, comment.EndpointChanged, e, note{actor: actor, Act: "changed"})
	})
	h.Wake.Up()
	return e, err
}

func (h *Hooks) check(ctx context.Context, c Change) (_ Change, err error) {
	if c.Status != "" && c.Status != comment.EndpointActive && c.Status != comment.EndpointPaused {
		return c, fault.Input("status", "invalid", "The status can be set to active or paused.")
	}
	if c.Types, err = checkTypes(c.Types); err != nil {
		return c, err
	}
	if c.URL != "" {
		c.URL, err = h.Guard.CheckURL(ctx, c.URL)
	}
	return c, err
}

// apply reports whether the endpoint begins anew: what was learnt about the
// receiver before need not hold any more.
func (c Change) apply(e *comment.Endpoint, now time.Time) (anew bool) {
	anew = c.URL != "" && c.URL != e.URL || c.Status == comment.EndpointActive && e.Status != comment.EndpointActive
	if c.URL != "" {
		e.URL = c.URL
	}
	if len(c.Types) > 0 {
		e.Types = c.Types
	}
	if c.Status != "" {
		e.Status = c.Status
	}
	if anew {
		e.Failures, e.GateUntil, e.RenewedAt = 0, time.Time{}, now.UTC().Truncate(time.Microsecond)
	}
	return anew
}

// Remove deletes an endpoint with its secrets, and cancels what it is owed.
func (h *Hooks) Remove(ctx context.Context, site, id string, actor comment.Actor) error {
	return h.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		e, err := tx.Endpoint(site, id)
		if err != nil {
			return err
		}
		if err := tx.RemoveEndpoint(site, id); err != nil {
			return err
		}
		return h.log(tx, comment.EndpointRemoved, e, note{actor: actor})
	})
}
