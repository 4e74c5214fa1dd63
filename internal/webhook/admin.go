package webhook

import (
	"cmp"
	"context"
	"errors"
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
// again. What is not given is as usual: comment.approved alone, in full, as
// Standard Webhooks.
func (h *Hooks) Add(ctx context.Context, site string, given Change, actor comment.Actor) (comment.Endpoint, string, error) {
	if len(given.Types) == 0 {
		given.Types = []string{comment.CommentApproved}
		if given.Target == comment.TargetRebuild {
			given.Types = rebuildTypes
		}
	}
	if given.URL == "" {
		return comment.Endpoint{}, "", fault.Input("url", "required", "Give the address of the receiver.")
	}
	now := h.Now()
	e := comment.Endpoint{
		Site: site, ID: h.NewID(), Status: comment.EndpointActive, CreatedAt: now,
		Mode: comment.ModeFull, APIVersion: comment.APIVersion, Target: comment.TargetWebhook, CallsMost: comment.CallsMost,
	}
	given, err := h.check(ctx, e, given)
	if err != nil {
		return comment.Endpoint{}, "", err
	}
	if _, err := h.apply(given, &e, now); err != nil {
		return comment.Endpoint{}, "", err
	}
	e.RenewedAt = time.Time{}
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
		if e.CoveredSeq, _, err = tx.LogHead(site); err != nil {
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

// CheckTypes gives the types of events sorted and each once. Its error is a fault
// of the field "types".
func CheckTypes(types []string) ([]string, error) {
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
	URL        string
	Types      []string
	Status     comment.EndpointStatus // active or paused
	Mode       comment.EndpointMode
	APIVersion string
	Target     string
	Settings   map[string]string // of the target; nil leaves them
	Headers    map[string]string // all of its own; nil leaves them, empty takes them away
	Asymmetric *bool             // whether calls carry a signature by the site's key pair too; nil leaves it
}

// Change changes an endpoint. Calls under way still go to the old URL, and what
// they say about the endpoint no longer counts. Making it active, or giving it
// another URL, forgets its failures and its gate; what it is owed is due, in the
// order of the log, and so is what was given up since its last success.
func (h *Hooks) Change(ctx context.Context, site, id string, change Change, actor comment.Actor) (e comment.Endpoint, err error) {
	if e, err = h.Get(ctx, site, id); err != nil {
		return e, err
	}
	if change, err = h.check(ctx, e, change); err != nil {
		return e, err
	}
	err = h.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		if e, err = tx.Endpoint(site, id); err != nil {
			return err
		}
		now := h.Now()
		if change.Target == comment.TargetRebuild && e.Target != comment.TargetRebuild {
			if e.CoveredSeq, _, err = tx.LogHead(site); err != nil {
				return err
			}
		}
		anew, err := h.apply(change, &e, now)
		if err != nil {
			return err
		}
		if err := tx.PutEndpoint(e); err != nil {
			return err
		}
		if anew {
			if err := errors.Join(tx.HurryDeliveries(site, id, now), h.catchUp(tx, e)); err != nil {
				return err
			}
		}
		return h.log(tx, comment.EndpointChanged, e, note{actor: actor, Act: "changed"})
	})
	h.Wake.Up()
	return e, err
}

// check looks at what is given for an endpoint, and gives it in the form that is
// stored.
func (h *Hooks) check(ctx context.Context, e comment.Endpoint, c Change) (_ Change, err error) {
	if c.Mode != "" && c.Mode != comment.ModeFull && c.Mode != comment.ModeThin {
		return c, fault.Input("mode", "invalid", "The mode is full or thin.")
	}
	if c.APIVersion != "" && c.APIVersion != comment.APIVersion {
		return c, fault.Input("api_version", "unknown_version", "The only version of the payload is "+comment.APIVersion+".")
	}
	if c.URL == ShownURL(e) { // as it was shown: it stays
		c.URL = ""
	}
	if c.Target, c.Settings, err = checkTarget(e, c); err != nil {
		return c, err
	}
	if c.Status != "" && c.Status != comment.EndpointActive && c.Status != comment.EndpointPaused {
		return c, fault.Input("status", "invalid", "The status can be set to active or paused.")
	}
	if c.Types, err = CheckTypes(c.Types); err != nil {
		return c, err
	}
	if c.URL != "" {
		c.URL, err = h.Guard.CheckURL(ctx, c.URL)
	}
	return c, err
}

// apply reports whether the endpoint begins anew: what was learnt about the
// receiver before need not hold any more.
func (h *Hooks) apply(c Change, e *comment.Endpoint, now time.Time) (anew bool, err error) {
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
	if c.Headers != nil {
		if e.Headers, err = h.sealHeaders(e.ID, c.Headers); err != nil {
			return false, err
		}
	}
	if c.Asymmetric != nil {
		e.Asymmetric = *c.Asymmetric
	}
	if c.Settings != nil {
		e.Settings = c.Settings
	}
	e.Mode, e.APIVersion, e.Target = cmp.Or(c.Mode, e.Mode), cmp.Or(c.APIVersion, e.APIVersion), cmp.Or(c.Target, e.Target)
	if anew {
		e.Failures, e.GateUntil, e.Trips, e.CallsMost, e.RenewedAt = 0, time.Time{}, 0, comment.CallsMost, now.UTC().Truncate(time.Microsecond)
	}
	return anew, nil
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
