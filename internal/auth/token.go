package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// Limits of access tokens.
const (
	accessMost  = 10 * time.Minute     // life of a browser's token
	scriptLeast = time.Minute          // life of a script's token
	scriptMost  = 366 * 24 * time.Hour //
	tokenMost   = 4096                 // bytes
	leeway      = 30 * time.Second     // for clocks of nodes that differ
)

// What the tokens say besides who they are for.
const (
	tokenPurpose = "staff access token"
	tokenType    = "at+jwt"
	audience     = "dashboard"
)

// claims are those of RFC 9068, with the session.
type claims struct {
	jwt.RegisteredClaims
	SID string `json:"sid"`
}

// Identity is whom a bearer token stands for, as the store has it now.
type Identity struct {
	Account     comment.Account
	SessionID   string
	ExpiresAt   time.Time // of the token; a stream that it opened ends then
	Kind        comment.SessionKind
	ConfirmedAt time.Time // when the password was last given
}

// Identify tells who sends a bearer token (without the word Bearer). The
// session and the account are looked up each time, so an ended session and a
// changed role count at once. Every refusal is the same fault, unauthorized; a
// store that cannot answer is Unavailable.
func (a *Auth) Identify(ctx context.Context, bearer string) (Identity, error) {
	c, err := a.parse(bearer)
	if err != nil {
		return Identity{}, unauthorized()
	}
	id := Identity{SessionID: c.SID, ExpiresAt: c.ExpiresAt.UTC()}
	err = a.Store.View(ctx, func(r comment.Reader) error {
		s, err := r.Session(c.SID)
		if err != nil {
			return err
		}
		if s.AccountID != c.Subject || !alive(s, a.now()) || c.life() > lifeMost(s.Kind) {
			return unauthorized()
		}
		id.Kind, id.ConfirmedAt = s.Kind, s.ConfirmedAt
		id.Account, err = r.Account(s.AccountID)
		return err
	})
	if err != nil {
		return Identity{}, unlessMissing(err, unauthorized())
	}
	if id.Account.Disabled {
		return Identity{}, unauthorized()
	}
	return id, nil
}

func lifeMost(kind comment.SessionKind) time.Duration {
	if kind == comment.SessionScript {
		return scriptMost
	}
	return accessMost
}

// parse checks all of a token that can be checked without the store. The
// library accepts what it is not told to refuse, so it is told everything.
func (a *Auth) parse(token string) (claims, error) {
	// Its decoder skips line breaks: the same token would have many spellings.
	if len(token) > tokenMost || strings.ContainsAny(token, "\r\n") {
		return claims{}, errors.New("not the form of a token")
	}
	if a.Issuer == "" {
		return claims{}, errors.New("without an issuer of its own auth would take any")
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(a.Issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway), jwt.WithStrictDecoding(), jwt.WithTimeFunc(a.now),
	)
	var c claims
	if _, err := parser.ParseWithClaims(token, &c, a.tokenKey); err != nil {
		return claims{}, err // c is filled even so
	}
	if !c.complete() {
		return claims{}, errors.New("claims are missing")
	}
	return c, nil
}

// tokenKey finds the key of a token whose header is exactly as mint writes it:
// no crit, no jku, nothing that wants to be understood.
func (a *Auth) tokenKey(t *jwt.Token) (any, error) {
	kid, _ := t.Header["kid"].(string)
	key, ok := a.Ring.Keys(tokenPurpose)[kid]
	if !ok || len(t.Header) != 3 || t.Header["typ"] != tokenType {
		return nil, errors.New("not a header of ours")
	}
	return key, nil
}

func (c claims) complete() bool {
	return c.IssuedAt != nil && len(c.Audience) == 1 && c.Subject != "" && c.SID != "" && c.ID != "" && c.life() > 0
}

func (c claims) life() time.Duration { return c.ExpiresAt.Sub(c.IssuedAt.Time) }

// mint makes the access token of a session. It lives no longer than the
// session does; tokens count in seconds.
func (a *Auth) mint(s comment.Session, now time.Time, life time.Duration) (token string, expires time.Time, err error) {
	issued := now.Truncate(time.Second)
	expires = issued.Add(life).Truncate(time.Second)
	if s.ExpiresAt.Before(expires) {
		expires = s.ExpiresAt.Truncate(time.Second)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{SID: s.ID, RegisteredClaims: jwt.RegisteredClaims{
		Issuer: a.Issuer, Audience: jwt.ClaimStrings{audience}, Subject: s.AccountID, ID: a.NewID(),
		IssuedAt: jwt.NewNumericDate(issued), NotBefore: jwt.NewNumericDate(issued), ExpiresAt: jwt.NewNumericDate(expires),
	}})
	t.Header["typ"], t.Header["kid"] = tokenType, a.Ring.ID()
	token, err = t.SignedString(a.Ring.Key(tokenPurpose))
	return token, expires, err
}

// ScriptToken makes a bearer token for a program that works in the name of an
// account, for one minute to 366 days. It is a session of its own and ends
// with the account's others.
func (a *Auth) ScriptToken(ctx context.Context, email string, ttl time.Duration, by comment.Actor) (token string, expires time.Time, err error) {
	if ttl < scriptLeast || ttl > scriptMost {
		return "", time.Time{}, fault.Input("ttl", "out_of_range", "A token may live from one minute to 366 days.")
	}
	now := a.now()
	s := comment.Session{
		ID: a.NewID(), Kind: comment.SessionScript, RotatedAt: now, CreatedAt: now, UsedAt: now,
		ExpiresAt: now.Truncate(time.Second).Add(ttl).Truncate(time.Second),
	}
	err = a.Store.Write(ctx, nil, func(tx comment.Tx) error {
		account, err := tx.AccountByEmail(normalEmail(email))
		if err != nil {
			return err
		}
		if account.Disabled {
			return fault.New(fault.Conflict, "account_disabled", "This account is disabled. Enable it first.")
		}
		s.AccountID = account.ID
		note := note{Account: account.ID, Changed: []string{"script_token"}, Session: s.ID}
		if err := a.log(tx, note, by, now); err != nil {
			return err
		}
		return tx.PutSession(s)
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return a.mint(s, now, ttl)
}
