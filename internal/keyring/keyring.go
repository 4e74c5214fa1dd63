// Package keyring holds the one installation key and everything that is made
// from it: a key of its own for every purpose (HKDF, RFC 5869), sealed secrets
// (AES-256-GCM) and signed tokens. plugin builds one Ring and hands it to the
// domain, to auth and to webhook; none of them sees the installation key.
package keyring

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// MinKey is the fewest bytes that an installation key may have.
const MinKey = 32

// MaxToken is the length in bytes beyond which Open refuses a token unread; a
// payload of 700 bytes fits.
const MaxToken = 1024

// ErrForged is what a token or a sealed secret gets that this ring did not
// make, or that was changed since.
var ErrForged = errors.New("not made with this key")

// Ring derives keys. The first key signs and seals; the others, older ones,
// only verify and open, so that a key can be rotated without a flag day.
type Ring struct {
	keys []rootKey
}

type rootKey struct {
	id   string
	root []byte
	made *sync.Map // keys derived so far, by purpose: there are a dozen
}

// New makes a ring of installation keys, newest first.
func New(roots ...[]byte) (*Ring, error) {
	if len(roots) == 0 {
		return nil, errors.New("no installation key")
	}
	r := &Ring{}
	for _, root := range roots {
		if len(root) < MinKey {
			return nil, fmt.Errorf("the installation key has %d bytes; it needs at least %d random ones", len(root), MinKey)
		}
		if strings.Count(string(root), string(root[:1])) == len(root) {
			return nil, errors.New("the installation key repeats one byte; make a random one, for example with: openssl rand -base64 32")
		}
		sum := sha256.Sum256(append([]byte("afterword key id\x00"), root...))
		r.keys = append(r.keys, rootKey{id: hex.EncodeToString(sum[:4]), root: bytes.Clone(root), made: new(sync.Map)})
	}
	return r, nil
}

// Parse reads the AFTERWORD_SECRET_KEY setting: base64 of at least 32 bytes;
// several, newest first, with commas between while a key is rotated.
func Parse(setting string) (*Ring, error) {
	var roots [][]byte
	for _, part := range strings.Split(strings.TrimSpace(setting), ",") {
		root, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err != nil {
			return nil, errors.New("the installation key is not base64; make one with: openssl rand -base64 32")
		}
		roots = append(roots, root)
	}
	return New(roots...)
}

// LoadOrCreate reads the key file, or makes it with a fresh key, mode 0600.
// Of two processes that start at once, both end up with the same key.
func LoadOrCreate(path string) (*Ring, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("create the installation key: %w", err)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the installation key: %w", err)
	}
	return Parse(string(text))
}

// create links a finished file into place, so that nobody reads half a key,
// and never over another: what was sealed with it could not be opened again.
func create(path string) error {
	fresh := make([]byte, MinKey)
	rand.Read(fresh)
	temp, err := os.CreateTemp(filepath.Dir(path), ".afterword-key-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(base64.StdEncoding.EncodeToString(fresh) + "\n")
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the file's name as durable as its content: a database that
// outlives the key which sealed its secrets is worth little.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Key derives the 32-byte key of one purpose from the newest installation key.
func (r *Ring) Key(purpose string) []byte { return derive(r.keys[0], purpose) }

// Keys derives the keys of one purpose from all installation keys, by key id.
func (r *Ring) Keys(purpose string) map[string][]byte {
	keys := make(map[string][]byte, len(r.keys))
	for _, k := range r.keys {
		keys[k.id] = derive(k, purpose)
	}
	return keys
}

// ID names the newest installation key; tokens and sealed secrets carry it.
func (r *Ring) ID() string { return r.keys[0].id }

func derive(k rootKey, purpose string) []byte {
	if key, ok := k.made.Load(purpose); ok {
		return key.([]byte)
	}
	key, err := hkdf.Key(sha256.New, k.root, []byte("afterword"), purpose, 32)
	if err != nil { // only an output length out of range, which 32 is not
		panic(err)
	}
	k.made.Store(purpose, key)
	return key
}

// MAC is a keyed digest of the parts under a purpose, 32 bytes. Parts are
// length-prefixed, so that no two lists of parts collide.
func (r *Ring) MAC(purpose string, parts ...string) []byte { return mac(r.Key(purpose), parts) }

func mac(key []byte, parts []string) []byte {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		m.Write(append(strconv.AppendInt(nil, int64(len(p)), 10), ':'))
		m.Write([]byte(p))
	}
	return m.Sum(nil)
}

// Sign makes a URL-safe token that carries payload in the clear.
func (r *Ring) Sign(purpose, payload string) string { return sign(r.keys[0], purpose, payload) }

func sign(k rootKey, purpose, payload string) string {
	sig := mac(derive(k, purpose), []string{payload})
	return k.id + "." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// Open gives the payload of a token that Sign made for the same purpose. The
// token has to be the very bytes that Sign writes: base64 has other spellings
// of the same payload, and one token must not be two.
func (r *Ring) Open(purpose, token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(token) > MaxToken || len(parts) != 3 {
		return "", ErrForged
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", ErrForged
	}
	for _, k := range r.keys {
		if k.id == parts[0] && hmac.Equal([]byte(token), []byte(sign(k, purpose, string(payload)))) {
			return string(payload), nil
		}
	}
	return "", ErrForged
}

// Seal encrypts a secret for storage. The row's id is bound to it, so that a
// sealed value copied to another row does not open there.
func (r *Ring) Seal(purpose, row string, secret []byte) string {
	k := r.keys[0]
	gcm := gcmOf(derive(k, purpose))
	nonce := make([]byte, gcm.NonceSize())
	rand.Read(nonce)
	return k.id + ":" + base64.RawStdEncoding.EncodeToString(gcm.Seal(nonce, nonce, secret, []byte(row)))
}

// Unseal decrypts what Seal made for the same purpose and row.
func (r *Ring) Unseal(purpose, row, sealed string) ([]byte, error) {
	id, text, ok := strings.Cut(sealed, ":")
	raw, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if !ok || err != nil {
		return nil, ErrForged
	}
	for _, k := range r.keys {
		gcm := gcmOf(derive(k, purpose))
		if k.id != id || len(raw) < gcm.NonceSize() {
			continue
		}
		secret, err := gcm.Open(nil, raw[:gcm.NonceSize()], raw[gcm.NonceSize():], []byte(row))
		if err != nil {
			return nil, ErrForged
		}
		return secret, nil
	}
	return nil, ErrForged
}

func gcmOf(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil { // only a key of another length than 32
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}
