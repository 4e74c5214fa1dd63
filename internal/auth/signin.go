package auth

import (
	"context"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// The life of a browser's session.
const (
	sessionIdle = 12 * time.Hour     // without a refresh
	sessionMost = 7 * 24 * time.Hour // however busy
)

// SignedIn is what a browser gets to work with.
type SignedIn struct {
	Account      comment.Account
	Session      string        // its id, as in Identity
	Access       string        // the bearer token of requests
	ExpiresIn    time.Duration // of Access, from now
	Refresh      string        // for the cookie; the next Refresh replaces it
	RefreshUntil time.Time     // when the session ends if it is left alone
}

// SignIn opens a session for a password. An unknown address, a wrong password
// and a disabled account are the same fault, invalid_credentials, after the
// same work; after too many failures it is TooMany, before any work.
func (a *Auth) SignIn(ctx context.Context, email, password, clientIP string) (SignedIn, error) {
	email = normalEmail(email)
	proven, err := a.prove(ctx, email, password, a.signInGates(email, clientIP))
	if err != nil {
		return SignedIn{}, err
	}
	return a.begin(ctx, proven, a.passKey(email, clientIP))
}

// proof is an account whose password was shown.
type proof struct {
	account comment.Account
	rehash  string // the same password at today's cost, "" where it has that already
}

// prove holds a password against the account's. The place to hash is taken
// first and kept until a failure is counted, so that of many guesses at once
// only as many as there are places can pass the gates before they close.
func (a *Auth) prove(ctx context.Context, email, password string, gates []gate) (proof, error) {
	if err := a.enter(ctx); err != nil {
		return proof{}, err
	}
	defer a.leave()
	now := a.now()
	account, gates, err := a.admit(ctx, email, gates)
	if err != nil {
		return proof{}, err
	}
	password = normalPassword(password)
	match, stale := a.check(password, account.Password)
	if !match || account.Disabled {
		return proof{}, a.penalise(ctx, gates, now)
	}
	p := proof{account: account}
	if stale {
		p.rehash = newHash(a.decoy.cost, password).String()
	}
	return p, nil
}

// admit reads the account (the zero one where there is none) and the gates
// that the attempt has to mind.
func (a *Auth) admit(ctx context.Context, email string, gates []gate) (account comment.Account, minded []gate, err error) {
	err = a.Store.View(ctx, func(r comment.Reader) error {
		var wait time.Duration
		var err error
		if minded, wait, err = closed(r, gates, a.now()); err != nil {
			return err
		}
		if wait > 0 {
			return tooMany(wait)
		}
		account, err = r.AccountByEmail(email)
		return unlessMissing(err, nil)
	})
	return account, minded, err
}

// begin opens the session. The password was checked outside the transaction,
// so the account has to be still the one that was proven.
func (a *Auth) begin(ctx context.Context, p proof, pass string) (SignedIn, error) {
	now := a.now()
	first := link{session: a.NewID(), secret: randomSecret()}
	session := comment.Session{
		ID: first.session, AccountID: p.account.ID, Kind: comment.SessionDesk, RefreshHash: first.hash(),
		RotatedAt: now, CreatedAt: now, UsedAt: now, ConfirmedAt: now, ExpiresAt: now.Add(sessionMost),
	}
	err := a.Store.Write(ctx, nil, func(tx comment.Tx) error {
		if err := a.confirm(tx, p, now); err != nil {
			return err
		}
		if _, err := tx.TakeToken(pass, passLife, 1, now); err != nil {
			return err
		}
		return tx.PutSession(session)
	})
	if err != nil {
		return SignedIn{}, err
	}
	return a.signedIn(p.account, session, first)
}

// confirm makes sure of the proof and stores the stronger hash where there is
// one. That changes an account, so it is logged, and logged first (see change).
func (a *Auth) confirm(tx comment.Tx, p proof, now time.Time) error {
	if p.rehash == "" {
		_, err := p.holds(tx)
		return err
	}
	note := note{Account: p.account.ID, Changed: []string{"password_cost"}}
	if err := a.log(tx, note, system, now); err != nil {
		return err
	}
	account, err := p.holds(tx)
	if err != nil {
		return err
	}
	account.Password = p.rehash
	return tx.PutAccount(account)
}

// holds gives the account as it is now, unless it was disabled or given
// another password since the proof.
func (p proof) holds(r comment.Reader) (comment.Account, error) {
	account, err := r.Account(p.account.ID)
	if err != nil {
		return comment.Account{}, unlessMissing(err, badCredentials())
	}
	if account.Disabled || account.Password != p.account.Password {
		return comment.Account{}, badCredentials()
	}
	return account, nil
}

// signedIn mints the access token and gathers what the browser gets.
func (a *Auth) signedIn(account comment.Account, s comment.Session, l link) (SignedIn, error) {
	now := a.now()
	access, expires, err := a.mint(s, now, accessMost)
	if err != nil {
		return SignedIn{}, err
	}
	until := s.UsedAt.Add(sessionIdle)
	if s.ExpiresAt.Before(until) {
		until = s.ExpiresAt
	}
	return SignedIn{
		Account: account, Session: s.ID, Access: access, ExpiresIn: expires.Sub(now.Truncate(time.Second)),
		Refresh: l.String(), RefreshUntil: until,
	}, nil
}
