package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root makes an installation key that depends on n only.
func root(n byte) []byte {
	key := make([]byte, MinKey)
	for i := range key {
		key[i] = n + byte(i)*7
	}
	return key
}

func ring(t *testing.T, roots ...[]byte) *Ring {
	t.Helper()
	r, err := New(roots...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNewRefusesWeakKeys(t *testing.T) {
	for name, roots := range map[string][][]byte{
		"none":          nil,
		"empty":         {{}},
		"short":         {root(1)[:MinKey-1]},
		"zeros":         {make([]byte, MinKey)},
		"one letter":    {bytes.Repeat([]byte("x"), 64)},
		"second short":  {root(1), root(2)[:8]},
		"second zeroed": {root(1), make([]byte, MinKey)},
	} {
		if r, err := New(roots...); err == nil {
			t.Errorf("%s: New made a ring with id %s", name, r.ID())
		}
	}
}

func TestNewKeepsItsOwnCopy(t *testing.T) {
	key := root(1)
	r := ring(t, key)
	before := r.Key("x")
	clear(key)
	if !bytes.Equal(before, r.Key("x")) {
		t.Fatal("changing the caller's slice changed the ring")
	}
}

func TestParse(t *testing.T) {
	one, two := base64.StdEncoding.EncodeToString(root(1)), base64.StdEncoding.EncodeToString(root(2))
	for setting, want := range map[string]int{
		one: 1, " " + one + "\n": 1, one + "," + two: 2, one + " , " + two + "\n": 2,
	} {
		r, err := Parse(setting)
		if err != nil {
			t.Fatalf("Parse(%q): %v", setting, err)
		}
		if got := r.Keys("x"); len(got) != want || r.ID() != ring(t, root(1)).ID() {
			t.Errorf("Parse(%q) has %d keys, id %s", setting, len(got), r.ID())
		}
	}
	for _, setting := range []string{
		"", "not base64!", one + ",", "," + one, one[:20], strings.TrimRight(one, "="),
		hex.EncodeToString(root(1))[:32], base64.StdEncoding.EncodeToString(make([]byte, 32)),
	} {
		if _, err := Parse(setting); err == nil {
			t.Errorf("Parse(%q) was accepted", setting)
		} else if len(setting) > 8 && strings.Contains(err.Error(), setting) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

// What is derived is stored (hashes, sealed secrets, the log's chain), so it
// must never change. The values were computed apart, from RFC 5869.
func TestDerivationIsPinned(t *testing.T) {
	r := ring(t, root(1))
	got := map[string]string{
		"id":   r.ID(),
		"key":  hex.EncodeToString(r.Key("audit chain")),
		"mac":  hex.EncodeToString(r.MAC("author", "daily", "jo@example.org")),
		"sign": r.Sign("edit token", "daily/1"),
	}
	want := map[string]string{
		"id":   "fb3be1d4",
		"key":  "5386e92d66d5233823d3a572a31267ada58582b2ca635423434c774aeb20e9dc",
		"mac":  "911158423ac487087f9b2c35f9c0e2c5babb4998fb8608ab9c726fcc1bf9ae0d",
		"sign": "fb3be1d4.ZGFpbHkvMQ.FahafevhQsUygxZ8gtMBoZ3JAfMdc1aC9DJJDJ_ocZ8",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func TestPurposesAndRootsHaveKeysOfTheirOwn(t *testing.T) {
	seen := map[string]string{}
	for _, n := range []byte{1, 2, 3} {
		r := ring(t, root(n))
		for _, purpose := range []string{"", "a", "b", "A", "a ", "staff access token"} {
			key := r.Key(purpose)
			if len(key) != 32 {
				t.Fatalf("a key of %d bytes", len(key))
			}
			name := r.ID() + "/" + purpose
			if other, taken := seen[string(key)]; taken {
				t.Errorf("%s and %s share a key", name, other)
			}
			seen[string(key)] = name
		}
	}
}

func TestKeysFollowRotation(t *testing.T) {
	old, both := ring(t, root(1)), ring(t, root(2), root(1))
	keys := both.Keys("x")
	if len(keys) != 2 || !bytes.Equal(keys[old.ID()], old.Key("x")) || !bytes.Equal(keys[both.ID()], both.Key("x")) {
		t.Fatal("Keys must hold the old and the new key by id")
	}
	if both.ID() == old.ID() || both.ID() != ring(t, root(2)).ID() {
		t.Fatal("the first key names the ring")
	}
}

func TestMACTellsListsApart(t *testing.T) {
	r := ring(t, root(1))
	seen := map[string][]string{}
	for _, parts := range [][]string{
		nil, {""}, {"", ""}, {"a", "b"}, {"ab"}, {"ab", ""}, {"", "ab"}, {"a", "b", ""}, {"1:a1:b"}, {"a1:b"}, {"1:a", "1:b"},
	} {
		sum := string(r.MAC("x", parts...))
		if len(sum) != 32 {
			t.Fatalf("a digest of %d bytes", len(sum))
		}
		if other, taken := seen[sum]; taken {
			t.Errorf("%q and %q collide", parts, other)
		}
		seen[sum] = parts
	}
	if bytes.Equal(r.MAC("x", "a"), r.MAC("y", "a")) {
		t.Error("two purposes give one digest")
	}
}

func TestSignAndOpen(t *testing.T) {
	old, both := ring(t, root(1)), ring(t, root(2), root(1))
	for _, payload := range []string{"", "a", "daily/018f", "Grüße\x00\n", strings.Repeat("x", 700)} {
		token := old.Sign("edit", payload)
		if strings.ContainsAny(token, "+/=&? ") || len(token) > MaxToken {
			t.Errorf("%q is not URL-safe or too long", token)
		}
		for name, r := range map[string]*Ring{"itself": old, "its successor": both} {
			if got, err := r.Open("edit", token); err != nil || got != payload {
				t.Errorf("%s opens %q as %q, %v", name, payload, got, err)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	r := ring(t, root(1))
	token := r.Sign("edit", "daily/1234")
	id, rest, _ := strings.Cut(token, ".")
	body, sig, _ := strings.Cut(rest, ".")
	other := ring(t, root(2))
	forged := map[string]string{
		"empty": "", "dots": "..", "two parts": id + "." + body, "four parts": token + ".x",
		"no signature": id + "." + body + ".", "no id": "." + rest,
		"another ring":    other.Sign("edit", "daily/1234"),
		"another purpose": r.Sign("edit ", "daily/1234"),
		"borrowed id":     id + other.Sign("edit", "daily/1234")[len(id):],
		"another payload": id + "." + base64.RawURLEncoding.EncodeToString([]byte("daily/1235")) + "." + sig,
		"padding":         token + "=", "line break": token + "\n", "line break within": id + "." + body[:3] + "\r\n" + body[3:] + "." + sig,
		"leading space": " " + token, "upper-case id": strings.ToUpper(id) + "." + rest + "x",
		"truncated": token[:len(token)-1], "too long": r.Sign("edit", strings.Repeat("x", MaxToken)),
		"loose bits": token[:len(token)-1] + string(token[len(token)-1]+1),
	}
	for name, token := range forged {
		if got, err := r.Open("edit", token); !errors.Is(err, ErrForged) || got != "" {
			t.Errorf("%s: Open gave %q, %v", name, got, err)
		}
	}
	for i := range len(token) { // any one character changed
		for _, c := range []byte("Aa0-_.") {
			changed := token[:i] + string(c) + token[i+1:]
			if _, err := r.Open("edit", changed); changed != token && err == nil {
				t.Errorf("%q was accepted for %q", changed, token)
			}
		}
	}
}

func TestSealAndUnseal(t *testing.T) {
	old, both := ring(t, root(1)), ring(t, root(2), root(1))
	sealed := old.Seal("webhook secret", "daily/7", []byte("whsec_abc"))
	if sealed == old.Seal("webhook secret", "daily/7", []byte("whsec_abc")) {
		t.Error("a nonce was used twice")
	}
	if strings.Contains(sealed, "whsec") {
		t.Error("the secret is readable")
	}
	for name, r := range map[string]*Ring{"itself": old, "its successor": both} {
		if got, err := r.Unseal("webhook secret", "daily/7", sealed); err != nil || string(got) != "whsec_abc" {
			t.Errorf("%s unseals %q, %v", name, got, err)
		}
	}
	_, text, _ := strings.Cut(sealed, ":")
	for name, try := range map[string]struct {
		r                    *Ring
		purpose, row, sealed string
	}{
		"another ring":    {ring(t, root(3)), "webhook secret", "daily/7", sealed},
		"another purpose": {old, "totp", "daily/7", sealed},
		"another row":     {old, "webhook secret", "daily/8", sealed},
		"no id":           {old, "webhook secret", "daily/7", text},
		"borrowed id":     {both, "webhook secret", "daily/7", both.ID() + ":" + text},
		"empty":           {old, "webhook secret", "daily/7", ""},
		"only an id":      {old, "webhook secret", "daily/7", old.ID() + ":"},
		"short":           {old, "webhook secret", "daily/7", sealed[:len(old.ID())+9]},
		"truncated":       {old, "webhook secret", "daily/7", sealed[:len(sealed)-4]},
	} {
		if got, err := try.r.Unseal(try.purpose, try.row, try.sealed); !errors.Is(err, ErrForged) || got != nil {
			t.Errorf("%s: Unseal gave %q, %v", name, got, err)
		}
	}
}

func TestLoadOrCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "afterword.key")
	first, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key file: %v, %v", info.Mode(), err)
	}
	second, err := LoadOrCreate(path)
	if err != nil || !bytes.Equal(first.Key("x"), second.Key("x")) {
		t.Fatalf("the second start has another key (%v)", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("%d files were left", len(entries))
	}
}

func TestLoadOrCreateAgreesWhenAllStartAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "afterword.key")
	rings := make([]*Ring, 16)
	var all sync.WaitGroup
	for i := range rings {
		all.Go(func() {
			r, err := LoadOrCreate(path)
			if err != nil {
				t.Error(err)
			}
			rings[i] = r
		})
	}
	all.Wait()
	for _, r := range rings {
		if r == nil || r.ID() != rings[0].ID() {
			t.Fatal("two processes ended up with different keys")
		}
	}
}

func TestLoadOrCreateNeverReplacesAFile(t *testing.T) {
	dir := t.TempDir()
	damaged := filepath.Join(dir, "damaged.key")
	if err := os.WriteFile(damaged, []byte("half a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"damaged file": damaged, "a directory": dir, "no directory": filepath.Join(dir, "absent", "afterword.key"),
	} {
		if _, err := LoadOrCreate(path); err == nil {
			t.Errorf("%s: a ring was made", name)
		}
	}
	if text, _ := os.ReadFile(damaged); string(text) != "half a k" {
		t.Error("the damaged file was overwritten")
	}
}

func FuzzOpen(f *testing.F) {
	r, err := New(root(1))
	if err != nil {
		f.Fatal(err)
	}
	token := r.Sign("edit", "daily/1")
	f.Add(token)
	f.Add(token + ".")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		if payload, err := r.Open("edit", text); err == nil && r.Sign("edit", payload) != text {
			t.Fatalf("%q opens, but Sign writes another", text)
		}
	})
}
