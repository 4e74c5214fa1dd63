package external

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Tolerance is how far the time of a signed call may be from the reader's clock.
const Tolerance = 5 * time.Minute

const secretPrefix = "whsec_"

// NewSecret makes a signing secret, whsec_ and base64 of 36 random bytes.
func NewSecret() string {
	key := make([]byte, 36)
	rand.Read(key)
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// CheckSecret says what is wrong with a signing secret that was given.
func CheckSecret(secret string) error {
	_, err := keyOf(secret)
	return err
}

func keyOf(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < 24 || len(key) > 256 {
		return nil, errors.New("a signing secret is whsec_ and the base64 of at least 24 bytes")
	}
	return key, nil
}

// Sign signs a body as Standard Webhooks 1.0 has it and returns the three
// headers. It serves both sides: the question, and the later answer of a checker
// that is written in Go.
func Sign(secret, id string, at time.Time, body []byte) (http.Header, error) {
	key, err := keyOf(secret)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	stamp := strconv.FormatInt(at.Unix(), 10)
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", stamp)
	h.Set("webhook-signature", "v1,"+signature(key, id, stamp, body))
	return h, nil
}

func signature(key []byte, id, stamp string, body []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + stamp + "."))
	m.Write(body)
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// Verify reports whether a body was signed with the secret, no longer ago than
// Tolerance. Header names are those of Sign.
func Verify(secret string, h http.Header, body []byte, now time.Time) error {
	key, err := keyOf(secret)
	if err != nil {
		return err
	}
	id, stamp := h.Get("webhook-id"), h.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || id == "" {
		return errors.New("the headers webhook-id and webhook-timestamp are required")
	}
	if off := now.Sub(time.Unix(seconds, 0)); off > Tolerance || off < -Tolerance {
		return errors.New("the webhook-timestamp is more than five minutes off")
	}
	want := "v1," + signature(key, id, stamp, body)
	for _, got := range strings.Fields(h.Get("webhook-signature")) {
		if hmac.Equal([]byte(got), []byte(want)) {
			return nil
		}
	}
	return errors.New("no webhook-signature is by the secret of this check over this body")
}

// coralSignature is what Coral puts into X-Coral-Signature.
func coralSignature(secret string, body []byte) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}
