package webhook

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/keyring"
)

// Signatures by a key pair (v1a of Standard Webhooks), for receivers that are not
// to share a secret, such as a plugin that many publishers install: they need the
// site's public key only. v1 is always sent beside it, for few libraries know v1a.

const (
	publicPrefix   = "whpk_"
	pairPurpose    = "webhook key pair"
	versionSecret  = "v1"
	versionKeyPair = "v1a"
)

// keyPair is a site's. It follows from the installation's key, so that nothing
// needs storing, and changes with it.
func keyPair(installation []byte, site string) ed25519.PrivateKey {
	m := hmac.New(sha256.New, installation)
	m.Write([]byte(site))
	return ed25519.NewKeyFromSeed(m.Sum(nil))
}

// signByPair makes one v1a signature.
func signByPair(key ed25519.PrivateKey, id string, at time.Time, body []byte) string {
	return versionKeyPair + "," + base64.StdEncoding.EncodeToString(ed25519.Sign(key, signed(id, strconv.FormatInt(at.Unix(), 10), body)))
}

// signed is what a signature covers.
func signed(id, timestamp string, body []byte) []byte {
	return append([]byte(id+"."+timestamp+"."), body...)
}

func parsePublicKey(text string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(strings.TrimSpace(text), publicPrefix))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, errors.New("the public key is not " + publicPrefix + " and the base64 of 32 bytes; was a character lost?")
	}
	return key, nil
}

// PublicKey is one of a site's, as it is published.
type PublicKey struct {
	ID      string `json:"id"`         // of the installation key that it follows from
	Text    string `json:"public_key"` // whpk_ and base64
	Current bool   `json:"current"`    // signs now; the others did before the installation's key was changed
}

// PublicKeys lists a site's public keys, the current one first.
func (h *Hooks) PublicKeys(ctx context.Context, site string) (keys []PublicKey, err error) {
	err = h.Store.View(ctx, func(r comment.Reader) error {
		_, err := r.Site(site)
		return err
	})
	if err != nil {
		return nil, err
	}
	return publicKeys(h.Ring, site), nil
}

func publicKeys(ring *keyring.Ring, site string) (keys []PublicKey) {
	roots := ring.Keys(pairPurpose)
	for _, id := range slices.Sorted(maps.Keys(roots)) {
		public := keyPair(roots[id], site).Public().(ed25519.PublicKey)
		key := PublicKey{ID: id, Text: publicPrefix + base64.StdEncoding.EncodeToString(public), Current: id == ring.ID()}
		if key.Current {
			keys = slices.Insert(keys, 0, key)
		} else {
			keys = append(keys, key)
		}
	}
	return keys
}
