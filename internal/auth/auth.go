// Package auth knows who works here: staff accounts and their passwords, the
// sessions that a sign-in opens, and the access tokens that stand for them. It
// hides argon2id, JWT, the chain of refresh tokens and the throttle of guesses.
// internal/web asks it who a request is from; the commands make accounts and
// script tokens with it. What a role may do is decided by those who ask.
package auth

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/keyring"
)

// Auth answers for the staff of one installation. Set the plain fields before
// the first call; the methods may be called from many goroutines.
type Auth struct {
	Store  comment.Store
	Ring   *keyring.Ring
	Ledger *comment.Ledger
	Now    func() time.Time
	NewID  func() string
	Issuer string // the iss claim of access tokens

	hashing chan struct{} // a place for each password that is being hashed
	decoy   hash          // what an unknown user's password is held against; costs what new hashes do
}

// hashers is how many passwords are hashed at once: each takes 19 MiB and a
// core, so more would let a flood of sign-ins starve the readers.
const hashers = 2

// New makes an Auth with the clock of the machine, UUID v7 ids and the issuer
// "afterword".
func New(store comment.Store, ring *keyring.Ring, ledger *comment.Ledger) *Auth {
	return &Auth{
		Store: store, Ring: ring, Ledger: ledger,
		Now:     time.Now,
		NewID:   comment.NewID,
		Issuer:  "afterword",
		hashing: make(chan struct{}, hashers),
		decoy:   decoy(costToday()),
	}
}

// now is the instant of a use case, as exact as the store keeps it.
func (a *Auth) now() time.Time { return a.Now().UTC().Truncate(time.Microsecond) }

// unauthorized is the one answer to every token that does not identify
// anybody, so that a forger learns nothing from it.
func unauthorized() *fault.Error {
	return fault.New(fault.Unauthorized, "unauthorized", "Sign in to go on.")
}

// unlessMissing turns "there is no such row" into instead and leaves other
// errors, such as an unreachable database, as they are.
func unlessMissing(err error, instead error) error {
	if fault.Is(err, "not_found") {
		return instead
	}
	return err
}

// randomSecret is 256 random bits, base64url.
func randomSecret() string {
	secret := make([]byte, 32)
	rand.Read(secret)
	return base64.RawURLEncoding.EncodeToString(secret)
}
