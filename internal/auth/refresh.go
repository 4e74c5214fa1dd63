package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// link is a refresh token: one link of its session's chain. Each link's
// secret is made from the one before with a key of the ring, so the successor
// of a token can be given again without having been stored, and a token that
// was spent long ago can be told from one that never was.
type link struct {
	session string
	secret  string // 256 bits, base64url
}

// chainMost is how many links back a spent token is recognised: the refreshes
// of seven days at one every five minutes.
const chainMost = 2048

// replayGrace is how long the token that was just replaced still gets its
// successor: two tabs of a browser may refresh at once.
const replayGrace = 10 * time.Second

func (l link) String() string { return l.session + "." + l.secret }

// hash is what is stored of a token.
func (l link) hash() string {
	sum := sha256.Sum256([]byte(l.String()))
	return hex.EncodeToString(sum[:])
}

func (l link) next(key []byte) link {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(l.String()))
	return link{l.session, base64.RawURLEncoding.EncodeToString(m.Sum(nil))}
}

func parseLink(token string) (link, bool) {
	session, secret, ok := strings.Cut(token, ".")
	return link{session, secret}, ok && len(session) <= 64 && len(secret) == 43
}

// standing is what a refresh token is to its session.
type standing uint8

const (
	foreign  standing = iota // was never given out
	current                  // the one to use
	replaced                 // its successor is the current one
	spent                    // older still
)

func (l link) standing(s comment.Session, key []byte) standing {
	switch hash := l.hash(); {
	case hmac.Equal([]byte(hash), []byte(s.RefreshHash)):
		return current
	case hmac.Equal([]byte(hash), []byte(s.PreviousHash)):
		return replaced
	}
	for range chainMost {
		l = l.next(key)
		if hmac.Equal([]byte(l.hash()), []byte(s.RefreshHash)) {
			return spent
		}
	}
	return foreign
}

func (a *Auth) chainKey() []byte { return a.Ring.Key("refresh") }

// Refresh gives the next refresh token and a fresh access token for a refresh
// token. The token before the current one gets the same successor for ten
// seconds; any later use of a spent token ends the session, since it is in two
// hands. Whatever is wrong, the fault is unauthorized.
func (a *Auth) Refresh(ctx context.Context, token string) (SignedIn, error) {
	l, err := a.known(ctx, token)
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	var refused error
	err = a.Store.Write(ctx, nil, func(tx comment.Tx) (err error) {
		out, refused, err = a.rotate(tx, l)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	return out, refused
}

// known finds out, without waiting for the writer, whether the token was ever
// given out for a session that goes on: strangers' guesses cost no write.
func (a *Auth) known(ctx context.Context, token string) (link, error) {
	l, ok := parseLink(token)
	if !ok {
		return link{}, unauthorized()
	}
	var s comment.Session
	err := a.Store.View(ctx, func(r comment.Reader) (err error) {
		s, err = r.Session(l.session)
		return err
	})
	if err != nil {
		return link{}, unlessMissing(err, unauthorized())
	}
	if !alive(s, a.now()) || l.standing(s, a.chainKey()) == foreign {
		return link{}, unauthorized()
	}
	return l, nil
}

// rotate moves the session on by one link. refused is an answer for the caller
// that lets the transaction commit, as the end of a stolen session must.
func (a *Auth) rotate(tx comment.Tx, l link) (out SignedIn, refused, err error) {
	now, key := a.now(), a.chainKey()
	s, err := tx.Session(l.session)
	if err != nil {
		return SignedIn{}, nil, unlessMissing(err, unauthorized())
	}
	account, err := tx.Account(s.AccountID)
	if err != nil {
		return SignedIn{}, nil, unlessMissing(err, unauthorized())
	}
	if !alive(s, now) || now.Sub(s.UsedAt) >= sessionIdle || account.Disabled {
		return SignedIn{}, unauthorized(), nil
	}
	next := l.next(key)
	switch at := l.standing(s, key); {
	case at == current:
		s.PreviousHash, s.RefreshHash = s.RefreshHash, next.hash()
		s.RotatedAt, s.UsedAt = now, now
		if err := tx.PutSession(s); err != nil {
			return SignedIn{}, nil, err
		}
	case at == replaced && now.Sub(s.RotatedAt).Abs() <= replayGrace && next.hash() == s.RefreshHash:
	case at == foreign:
		return SignedIn{}, unauthorized(), nil
	default:
		return SignedIn{}, unauthorized(), a.endStolen(tx, s, now)
	}
	out, err = a.signedIn(account, s, next)
	return out, nil, err
}

// endStolen ends a session whose token turned up in two hands.
func (a *Auth) endStolen(tx comment.Tx, s comment.Session, now time.Time) error {
	note := note{Account: s.AccountID, Changed: []string{"session_stolen"}, Session: s.ID}
	if err := a.log(tx, note, system, now); err != nil {
		return err
	}
	s.RevokedAt = now
	return tx.PutSession(s)
}

func alive(s comment.Session, now time.Time) bool {
	return s.RevokedAt.IsZero() && now.Before(s.ExpiresAt)
}

// SignOut ends the session of a refresh token, current or spent. A token that
// means nothing is no error: the caller is signed out either way.
func (a *Auth) SignOut(ctx context.Context, refreshToken string) error {
	l, err := a.known(ctx, refreshToken)
	if err != nil {
		if fault.Is(err, "unauthorized") {
			return nil
		}
		return err
	}
	return a.Store.Write(ctx, nil, func(tx comment.Tx) error {
		s, err := tx.Session(l.session)
		if err != nil || !s.RevokedAt.IsZero() {
			return unlessMissing(err, nil)
		}
		s.RevokedAt = a.now()
		return tx.PutSession(s)
	})
}
