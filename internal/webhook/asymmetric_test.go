package webhook

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/keyring"
)

// The vector of Svix's server for signatures by a key pair.
func TestThePublishedVectorOfAKeyPair(t *testing.T) {
	const (
		private   = "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
		public    = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
		id        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
		body      = `{"test": 2432232314}`
		signature = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
	)
	at := time.Unix(1614265330, 0)
	key, err := base64.StdEncoding.DecodeString(private)
	if err != nil {
		t.Fatal(err)
	}
	if got := signByPair(ed25519.PrivateKey(key), id, at, []byte(body)); got != signature {
		t.Errorf("signed %s, want %s", got, signature)
	}
	good := map[string]string{
		"alone": signature, "beside v1": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= " + signature, "after a wrong one": "v1a,AAAA " + signature,
	}
	for name, value := range good {
		if err := Verify(public, headers(id, at.Unix(), value), []byte(body), at); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := map[string]struct{ key, signature, body string }{
		"another body":    {public, signature, body + " "},
		"as v1":           {public, strings.Replace(signature, "v1a", "v1", 1), body},
		"as v2":           {public, strings.Replace(signature, "v1a", "v2", 1), body},
		"cut":             {public, signature[:20], body},
		"v1 only":         {public, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", body},
		"another key":     {"whpk_" + base64.StdEncoding.EncodeToString(make([]byte, 32)), signature, body},
		"prefix alone":    {"whpk_", signature, body},
		"a short key":     {"whpk_AAAA", signature, body},
		"the private key": {"whpk_" + private, signature, body},
	}
	for name, tt := range bad {
		if err := Verify(tt.key, headers(id, at.Unix(), tt.signature), []byte(tt.body), at); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if err := Verify(public, headers(id, at.Unix(), signature), []byte(body), at.Add(6*time.Minute)); err == nil {
		t.Error("an old call was accepted")
	}
}

// Who asked for it gets v1 first and v1a last, and the published key verifies it;
// who did not gets v1 alone.
func TestAnEndpointGetsTheSecondSignatureIfItAsks(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	plain, secret := h.add(s.URL+"/plain", comment.CommentApproved)
	both, bothSecret, err := h.hooks.Add(t.Context(), site, Change{URL: s.URL + "/both", Asymmetric: new(true)}, admin)
	if err != nil || !both.Asymmetric || plain.Asymmetric {
		t.Fatalf("%v; %v, %v", err, both.Asymmetric, plain.Asymmetric)
	}
	h.run()
	h.happen("c1", comment.CommentApproved)
	until(t, "both have it", func() bool { return s.count() == 2 })
	keys, err := h.hooks.PublicKeys(t.Context(), site)
	if err != nil || len(keys) != 1 || !keys[0].Current {
		t.Fatalf("keys %v, %v", keys, err)
	}
	for _, g := range s.all() {
		value := g.header.Get(HeaderSignature)
		switch n := len(strings.Split(value, " ")); {
		case n == 1:
			verifies(t, secret, g)
		case n == 2 && strings.HasPrefix(value, "v1,"):
			verifies(t, bothSecret, g)
			verifies(t, keys[0].Text, g)
		default:
			t.Errorf("signature %q", value)
		}
	}
	if e, err := h.hooks.Change(t.Context(), site, both.ID, Change{Asymmetric: new(false)}, admin); err != nil || e.Asymmetric {
		t.Errorf("switched off: %v, %v", e.Asymmetric, err)
	}
	if _, err := h.hooks.PublicKeys(t.Context(), "nowhere"); err == nil {
		t.Error("a site that is not there has keys")
	}
}

func verifies(t *testing.T, key string, g got) {
	t.Helper()
	if err := Verify(key, http.Header(g.header), g.body, time.Now()); err != nil {
		t.Errorf("%.5s: %v", key, err)
	}
}

func TestKeyPairsFollowTheInstallationKeyAndTheSite(t *testing.T) {
	older, newer := []byte("0123456789abcdef0123456789abcdef"), []byte("fedcba9876543210fedcba9876543210")
	one, err := keyring.New(older)
	if err != nil {
		t.Fatal(err)
	}
	two, err := keyring.New(newer, older)
	if err != nil {
		t.Fatal(err)
	}
	before, after := publicKeys(one, site), publicKeys(two, site)
	old := before[0]
	old.Current = false
	if len(after) != 2 || after[0].ID != two.ID() || !after[0].Current {
		t.Fatalf("after the change: %v", after)
	}
	if diff := cmp.Diff(old, after[1]); diff != "" {
		t.Error(diff)
	}
	if publicKeys(one, "weekly")[0].Text == before[0].Text {
		t.Error("two sites share a key pair")
	}
}
