package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The header names of Standard Webhooks 1.0.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
	HeaderHops      = "x-afterword-hops" // ours: receivers hand it on with what they ask of us
)

// Tolerance is how far a timestamp may be from the receiver's clock. The
// specification names no number; this is what its libraries use.
const Tolerance = 5 * time.Minute

const (
	secretPrefix = "whsec_"
	secretBytes  = 36 // a multiple of 3, so that the base64 ends without "="
	secretLeast  = 24 // by the specification
)

// NewSecret makes a signing secret: the key, and the text that its owner gets.
func NewSecret() (text string, key []byte) {
	key = make([]byte, secretBytes)
	rand.Read(key)
	return FormatSecret(key), key
}

// FormatSecret writes a key as the text that ParseSecret reads.
func FormatSecret(key []byte) string {
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// ParseSecret reads a whsec_ text. The key is the decoded bytes, at least 24.
func ParseSecret(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(text), secretPrefix)
	if !ok {
		return nil, errors.New("the secret does not begin with " + secretPrefix)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, errors.New("the secret is not base64 after " + secretPrefix + "; was a character lost?")
	}
	if len(key) < secretLeast {
		return nil, fmt.Errorf("the secret has %d bytes; it needs at least %d", len(key), secretLeast)
	}
	return key, nil
}

// Sign makes the value of webhook-signature: one v1 signature for each key, in
// the order of the keys (newest first), with one space between.
func Sign(id string, at time.Time, body []byte, keys ...[]byte) string {
	var b strings.Builder
	for i, key := range keys {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("v1,")
		b.WriteString(signature(key, id, strconv.FormatInt(at.Unix(), 10), body))
	}
	return b.String()
}

func signature(key []byte, id, timestamp string, body []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + timestamp + "."))
	m.Write(body)
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// VerifyError says which part of a webhook is at fault, in words for the
// developer of a receiver.
type VerifyError struct {
	Part   string // "secret", or the name of the header
	Reason string
}

// Error is Part and Reason as one sentence.
func (e *VerifyError) Error() string { return e.Part + ": " + e.Reason }

// Verify checks a webhook as a receiver should: the three headers, the time
// within Tolerance of now, and any one signature over the body as received: v1 by
// a secret (whsec_…), v1a by a public key (whpk_…). Its error is a *VerifyError.
func Verify(key string, headers http.Header, body []byte, now time.Time) error {
	version, matches, err := matcher(key, headers, body)
	if err != nil {
		return &VerifyError{"secret", err.Error()}
	}
	for _, name := range []string{HeaderID, HeaderTimestamp, HeaderSignature} {
		if headers.Get(name) == "" {
			return &VerifyError{name, "the header is missing"}
		}
	}
	timestamp := headers.Get(HeaderTimestamp)
	if reason := checkTime(timestamp, now); reason != "" {
		return &VerifyError{HeaderTimestamp, reason}
	}
	if reason := checkSignatures(headers.Get(HeaderSignature), version, matches); reason != "" {
		return &VerifyError{HeaderSignature, reason}
	}
	return nil
}

// matcher says of which version the signatures by a key are, and how one is
// checked.
func matcher(key string, headers http.Header, body []byte) (version string, matches func(signature string) bool, err error) {
	id, timestamp := headers.Get(HeaderID), headers.Get(HeaderTimestamp)
	if strings.HasPrefix(strings.TrimSpace(key), publicPrefix) {
		public, err := parsePublicKey(key)
		return versionKeyPair, func(text string) bool {
			sig, err := base64.StdEncoding.DecodeString(text)
			return err == nil && ed25519.Verify(public, signed(id, timestamp, body), sig)
		}, err
	}
	secret, err := ParseSecret(key)
	return versionSecret, func(text string) bool {
		return hmac.Equal([]byte(text), []byte(signature(secret, id, timestamp, body)))
	}, err
}

func checkTime(timestamp string, now time.Time) string {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return "not a whole number of seconds since 1970"
	}
	at := time.Unix(seconds, 0)
	switch {
	case at.Before(now.Add(-Tolerance)):
		return fmt.Sprintf("older than %s; is this an old call, or is the clock of the receiver ahead?", Tolerance)
	case at.After(now.Add(Tolerance)):
		return fmt.Sprintf("more than %s in the future; is the clock of the receiver behind?", Tolerance)
	}
	return ""
}

// checkSignatures looks among the signatures of a header for one of the version
// that matches.
func checkSignatures(header, version string, matches func(string) bool) string {
	known := 0
	for _, token := range strings.Fields(header) {
		its, sig, ok := strings.Cut(token, ",")
		if !ok || its != version {
			continue
		}
		known++
		if matches(sig) {
			return ""
		}
	}
	if known == 0 {
		return "no signature of version " + version
	}
	return "no signature matches: another secret, or the body is not byte for byte the one that was sent (parsed and written again?)"
}
