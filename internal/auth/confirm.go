package auth

import (
	"context"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// confirmedFor is how long a password that was given counts for what asks for
// it again: roles, accounts, where webhooks go and their secrets.
const confirmedFor = 5 * time.Minute

// Fresh says whether the person behind a browser's session has given the
// password lately; if not, the fault confirm_required asks for it. A script's
// token was made by somebody with the database in hand, and has no password to
// give.
func (a *Auth) Fresh(who Identity) error {
	if who.Kind == comment.SessionScript || a.now().Sub(who.ConfirmedAt) < confirmedFor {
		return nil
	}
	return fault.New(fault.Forbidden, "confirm_required", "Give your password again to do this.")
}

// Confirm takes the password again, for the next minutes. Five wrong ones in
// 15 minutes are the most.
func (a *Auth) Confirm(ctx context.Context, who Identity, password string) error {
	gates := []gate{{key: a.bucket("confirm", who.Account.ID), every: 3 * time.Minute, burst: 5}}
	p, err := a.prove(ctx, who.Account.Email, password, gates)
	if fault.Is(err, "invalid_credentials") {
		return fault.Input("password", "wrong", "The password is wrong.")
	}
	if err != nil {
		return err
	}
	return a.Store.Write(ctx, nil, func(tx comment.Tx) error {
		if _, err := p.holds(tx); err != nil {
			return err
		}
		s, err := tx.Session(who.SessionID)
		if err != nil {
			return unlessMissing(err, unauthorized())
		}
		if !alive(s, a.now()) {
			return unauthorized()
		}
		s.ConfirmedAt = a.now()
		return tx.PutSession(s)
	})
}
