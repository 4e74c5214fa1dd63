package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/afterword-comments/afterword/internal/fault"
)

// cost is what one argon2id hash costs.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// costToday is what new hashes cost: the least of what OWASP advises for
// argon2id. Stored hashes name their own cost.
func costToday() cost { return cost{memory: 19 * 1024, passes: 2, threads: 1} }

const (
	saltSize   = 16
	digestSize = 32
)

// hash is a password's hash with all that is needed to check it.
type hash struct {
	cost   cost
	salt   []byte
	digest []byte
}

// newHash hashes a password. It takes a core for tens of milliseconds: callers
// hold a place (see Auth.enter).
func newHash(c cost, password string) hash {
	h := decoy(c)
	h.digest = h.of(password)
	return h
}

// decoy is a hash that no password has, to be checked at the cost of a real
// one.
func decoy(c cost) hash {
	h := hash{cost: c, salt: make([]byte, saltSize), digest: make([]byte, digestSize)}
	rand.Read(h.salt)
	rand.Read(h.digest)
	return h
}

func (h hash) of(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.cost.passes, h.cost.memory, h.cost.threads, uint32(len(h.digest)))
}

// matches does the same work whatever the answer.
func (h hash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.of(password), h.digest) == 1
}

// String is the PHC form, as it is stored.
func (h hash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, h.cost,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.digest))
}

func (c cost) String() string { return fmt.Sprintf("m=%d,t=%d,p=%d", c.memory, c.passes, c.threads) }

// parseHash reads a PHC string; ok is false where it is not one of ours.
func parseHash(phc string) (h hash, ok bool) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 {
		return hash{}, false
	}
	// What does not print back to the same string is refused below.
	_, _ = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.cost.memory, &h.cost.passes, &h.cost.threads)
	h.salt, _ = base64.RawStdEncoding.DecodeString(parts[4])
	h.digest, _ = base64.RawStdEncoding.DecodeString(parts[5])
	return h, h.String() == phc && h.cost.sane() && len(h.salt) >= 8 && len(h.digest) >= 16
}

// sane refuses what argon2 cannot do, and what only a damaged row can want.
func (c cost) sane() bool {
	return c.threads >= 1 && c.threads <= 8 && c.passes >= 1 && c.passes <= 16 &&
		c.memory >= 8*uint32(c.threads) && c.memory <= 256*1024
}

// check holds a password against a stored hash, or against the decoy where
// there is none, which takes as long. stale says that the stored hash has
// another cost than new ones get.
func (a *Auth) check(password, stored string) (match, stale bool) {
	h, ok := parseHash(stored)
	if !ok {
		h = a.decoy
	}
	return h.matches(password) && ok, h.cost != a.decoy.cost
}

// hashWait is how long a password waits for its place: the context of a
// request may well have no end of its own.
const hashWait = 10 * time.Second

// enter waits for a place to hash a password; leave gives it back.
func (a *Auth) enter(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	select {
	case a.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &fault.Error{
			Kind: fault.Unavailable, Code: "unavailable", RetryAfter: time.Second, Cause: ctx.Err(),
			Detail: "Too many people are signing in. Try again in a moment.",
		}
	}
}

func (a *Auth) leave() {
	<-a.hashing
	// A hash takes 19 MiB for a moment; kept by the runtime it would double what
	// the process holds at rest.
	debug.FreeOSMemory()
}

// hashed waits for a place and hashes a new password for storage.
func (a *Auth) hashed(ctx context.Context, password string) (string, error) {
	if err := a.enter(ctx); err != nil {
		return "", err
	}
	defer a.leave()
	return newHash(a.decoy.cost, password).String(), nil
}
