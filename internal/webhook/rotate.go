package webhook

import (
	"context"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// DefaultOverlap is how long a rotated secret stays in force unless its owner
// says otherwise.
const DefaultOverlap = 24 * time.Hour

const (
	sealPurpose = "webhook secret"
	oldSecrets  = 3 // that may be in force beside the newest
	overlapMost = 7 * 24 * time.Hour
)

func (h *Hooks) newSecret(now time.Time) (comment.Secret, string) {
	text, key := NewSecret()
	id := h.NewID()
	return comment.Secret{ID: id, Sealed: h.Ring.Seal(sealPurpose, id, key), CreatedAt: now}, text
}

// Rotate makes a new secret. The older ones stay in force for overlap, from 0
// (a secret that has leaked) to 7 days; DefaultOverlap is the usual one.
func (h *Hooks) Rotate(ctx context.Context, site, id string, overlap time.Duration, actor comment.Actor) (e comment.Endpoint, text string, err error) {
	if overlap < 0 || overlap > overlapMost {
		return e, "", fault.Input("overlap", "invalid", "The overlap is from 0s to 7d.")
	}
	now := h.Now()
	secret, text := h.newSecret(now)
	err = h.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		if e, err = tx.Endpoint(site, id); err != nil {
			return err
		}
		e.Secrets = append([]comment.Secret{secret}, retired(e.Secrets, now, overlap)...)
		for _, s := range e.Secrets {
			if err := tx.PutSecret(site, id, s); err != nil {
				return err
			}
		}
		e.Secrets = slices.DeleteFunc(e.Secrets, func(s comment.Secret) bool { return expired(s, now) })
		return h.log(tx, comment.EndpointChanged, e, note{actor: actor, Act: "rotated"})
	})
	return e, text, err
}

// retired gives old secrets, newest first, their end: after the overlap, or
// now for those that are too many.
func retired(secrets []comment.Secret, now time.Time, overlap time.Duration) []comment.Secret {
	secrets = slices.Clone(secrets)
	for i := range secrets {
		end := now.Add(overlap)
		if i >= oldSecrets {
			end = now
		}
		if s := &secrets[i]; s.ExpiresAt.IsZero() || s.ExpiresAt.After(end) {
			s.ExpiresAt = end
		}
	}
	return secrets
}

func expired(s comment.Secret, now time.Time) bool {
	return !s.ExpiresAt.IsZero() && !s.ExpiresAt.After(now)
}
