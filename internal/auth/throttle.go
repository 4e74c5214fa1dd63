package auth

import (
	"context"
	"encoding/base64"
	"net/netip"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// gate is one bucket of failures that an attempt has to find not exhausted.
type gate struct {
	key    string
	every  time.Duration // one failure is forgiven per every
	burst  int
	exempt string // whoever has this pass need not mind the gate; "" = everybody has to
}

// passLife is how long a network counts as familiar after a sign-in from it.
const passLife = 30 * 24 * time.Hour

// signInGates are the throttles of guessing: 5 failures in 15 minutes for an
// account from a network, 20 in 15 minutes for a network, 50 an hour for an
// account from everywhere. The last one would let strangers lock a moderator
// out, so it does not hold for networks that the account has signed in from.
// An unknown account is throttled like any other, or the throttle would tell.
func (a *Auth) signInGates(email, clientIP string) []gate {
	network := networkOf(clientIP)
	return []gate{
		{key: a.bucket("account and network", email, network), every: 3 * time.Minute, burst: 5},
		{key: a.bucket("network", network), every: 45 * time.Second, burst: 20},
		{key: a.bucket("account", email), every: 72 * time.Second, burst: 50, exempt: a.passKey(email, clientIP)},
	}
}

// passKey names the mark of a familiar network. It is stored as a bucket of
// one token that a sign-in takes: while the token is out, the pass holds.
func (a *Auth) passKey(email, clientIP string) string {
	return a.bucket("familiar", email, networkOf(clientIP))
}

// bucket makes a key that tells nobody the address or the e-mail in it.
func (a *Auth) bucket(parts ...string) string {
	return "sign-in:" + base64.RawURLEncoding.EncodeToString(a.Ring.MAC("sign-in throttle", parts...))
}

// networkOf is what counts as one origin of attempts: an IPv4 address, or the
// /64 that an IPv6 customer has at least.
func networkOf(clientIP string) string {
	ip, err := netip.ParseAddr(clientIP)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil { // only for more bits than the address has
		return "unknown"
	}
	return prefix.String()
}

// closed gives the gates that the attempt has to mind, and how long until all
// of them are open; it takes nothing from them.
func closed(r comment.Reader, gates []gate, now time.Time) (minded []gate, wait time.Duration, err error) {
	for _, g := range gates {
		if g.exempt != "" {
			pass, err := r.Tokens(g.exempt, passLife, 1, now)
			if err != nil {
				return nil, 0, err
			}
			if pass > 0 {
				continue
			}
		}
		w, err := r.Tokens(g.key, g.every, g.burst, now)
		if err != nil {
			return nil, 0, err
		}
		minded, wait = append(minded, g), max(wait, w)
	}
	return minded, wait, nil
}

// penalise counts a failed attempt at its gates and gives the answer to it.
// Where attempts at the same time have exhausted a gate meanwhile, the answer
// is to wait: it must not tell what a forbidden guess was worth.
func (a *Auth) penalise(ctx context.Context, gates []gate, now time.Time) error {
	var wait time.Duration
	err := a.Store.Write(ctx, nil, func(tx comment.Tx) error {
		wait = 0
		for _, g := range gates {
			w, err := tx.TakeToken(g.key, g.every, g.burst, now)
			if err != nil {
				return err
			}
			wait = max(wait, w)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case wait > 0:
		return tooMany(wait)
	}
	return badCredentials()
}

func tooMany(wait time.Duration) *fault.Error {
	return fault.Wait("Too many attempts have failed. Wait a little, then try again.", wait)
}

// badCredentials is the one answer to an unknown e-mail address, a wrong
// password and a disabled account.
func badCredentials() *fault.Error {
	return fault.New(fault.Unauthorized, "invalid_credentials", "The e-mail address or the password is wrong.")
}
