package auth

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	digest "hash"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

type object map[string]any

// with is the object with some members replaced, or removed where nil.
func (o object) with(changes object) object {
	o = maps.Clone(o)
	for name, v := range changes {
		if v == nil {
			delete(o, name)
		} else {
			o[name] = v
		}
	}
	return o
}

func (o object) segment(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// forger writes tokens by hand, with and without the right key.
type forger struct {
	t              *testing.T
	key            []byte
	header, claims object
}

func (f forger) token(header, claims object) string {
	return f.signed(header.segment(f.t), claims.segment(f.t), sha256.New, f.key)
}

func (f forger) signed(header, claims string, h func() digest.Hash, key []byte) string {
	m := hmac.New(h, key)
	m.Write([]byte(header + "." + claims))
	return header + "." + claims + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// forgerAt knows everything about a session and holds the key.
func (o *office) forgerAt(in SignedIn) forger {
	now := o.now().Unix()
	return forger{
		t: o.t, key: o.Ring.Key(tokenPurpose),
		header: object{"alg": "HS256", "typ": "at+jwt", "kid": o.Ring.ID()},
		claims: object{
			"iss": "afterword", "aud": "dashboard", "sub": in.Account.ID, "sid": in.Session, "jti": "1",
			"iat": now, "nbf": now, "exp": now + 600,
		},
	}
}

// mutations are tokens that must not pass, most of them signed with the right
// key: only the check that each is about can refuse it.
func (f forger) mutations(o *office, in SignedIn, foreign SignedIn) map[string]string {
	now := o.now().Unix()
	all := map[string]string{"empty": "", "blank": " ", "dots": "..", "null": "null", "braces": "{}.{}.{}"}
	for name, change := range map[string]object{
		"no issuer": {"iss": nil}, "empty issuer": {"iss": ""}, "another issuer": {"iss": "somebody"}, "issuer in upper case": {"iss": "AFTERWORD"},
		"issuer list": {"iss": []string{"afterword"}}, "no audience": {"aud": nil}, "empty audience": {"aud": ""}, "another audience": {"aud": "widget"},
		"audiences": {"aud": []string{"widget", "dashboard"}}, "no audiences": {"aud": []string{}}, "audience number": {"aud": 1},
		"no subject": {"sub": nil}, "empty subject": {"sub": ""}, "unknown subject": {"sub": comment.NewID()}, "foreign subject": {"sub": foreign.Account.ID},
		"subject number": {"sub": 7}, "no session": {"sid": nil}, "unknown session": {"sid": comment.NewID()}, "foreign session": {"sid": foreign.Session},
		"session by pattern": {"sid": "%"}, "session list": {"sid": []string{in.Session}}, "no id": {"jti": nil}, "empty id": {"jti": ""},
		"no expiry": {"exp": nil}, "expired": {"iat": now - 700, "nbf": now - 700, "exp": now - 100}, "just expired": {"iat": now - 630, "nbf": now - 630, "exp": now - 30},
		"expiry zero": {"exp": 0}, "negative expiry": {"exp": -1}, "expiry text": {"exp": "tomorrow"}, "expiry quoted": {"exp": "9e18x"}, "expiry true": {"exp": true},
		"huge expiry": {"exp": 9e18}, "endless expiry": {"exp": 1e300}, "an hour": {"exp": now + 3600}, "a second too long": {"exp": now + 601},
		"a year": {"exp": now + 366*86400}, "no issue": {"iat": nil}, "issued later": {"iat": now + 31}, "expiry before issue": {"iat": now + 20, "exp": now + 10},
		"issued long ago": {"iat": now - 86400}, "issue text": {"iat": "now"}, "no start": {"nbf": nil}, "starts later": {"nbf": now + 31}, "starts in a year": {"nbf": now + 31e6},
	} {
		all[name] = f.token(f.header, f.claims.with(change))
	}
	for name, change := range map[string]object{
		"no type": {"typ": nil}, "jwt": {"typ": "JWT"}, "type in upper case": {"typ": "AT+JWT"}, "long type": {"typ": "application/at+jwt"}, "type number": {"typ": 1},
		"type list": {"typ": []string{"at+jwt"}}, "no key": {"kid": nil}, "empty key": {"kid": ""}, "unknown key": {"kid": "00000000"}, "key path": {"kid": "../../dev/null"},
		"key query": {"kid": "' union select 'x"}, "key number": {"kid": 1}, "crit": {"crit": []string{"exp"}}, "empty crit": {"crit": []string{}}, "crit b64": {"crit": []string{"b64"}, "b64": false},
		"unencoded": {"b64": false}, "jku": {"jku": "https://evil.example/keys"}, "jwk": {"jwk": object{"kty": "oct", "k": "AA"}}, "x5u": {"x5u": "https://evil.example"},
		"x5c": {"x5c": []string{"MIIB"}}, "zip": {"zip": "DEF"}, "cty": {"cty": "JWT"}, "no method": {"alg": nil}, "empty method": {"alg": ""}, "method number": {"alg": 256},
		"none": {"alg": "none"}, "None": {"alg": "None"}, "hs256": {"alg": "hs256"}, "HS384 named": {"alg": "HS384"}, "HS512 named": {"alg": "HS512"}, "RS256 named": {"alg": "RS256"},
		"ES256 named": {"alg": "ES256"}, "EdDSA named": {"alg": "EdDSA"}, "PS256 named": {"alg": "PS256"},
	} {
		all["header: "+name] = f.token(f.header.with(change), f.claims)
	}
	maps.Copy(all, f.otherKeys(o))
	maps.Copy(all, f.otherSpellings())
	return all
}

func (f forger) otherKeys(o *office) map[string]string {
	head, body := f.header.segment(f.t), f.claims.segment(f.t)
	method := func(name string) string { return f.header.with(object{"alg": name}).segment(f.t) }
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.t.Fatal(err)
	}
	rsaHead := method("RS256")
	sum := sha256.Sum256([]byte(rsaHead + "." + body))
	rsaSig, err := rsa.SignPKCS1v15(rand.Reader, rsaKey, crypto.SHA256, sum[:])
	if err != nil {
		f.t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return map[string]string{
		"no signature":            head + "." + body + ".",
		"none, unsigned":          method("none") + "." + body + ".",
		"none, old signature":     method("none") + "." + body + "." + strings.Split(f.token(f.header, f.claims), ".")[2],
		"signed with nothing":     f.signed(head, body, sha256.New, nil),
		"signed with one byte":    f.signed(head, body, sha256.New, []byte{0}),
		"signed with the kid":     f.signed(head, body, sha256.New, []byte(o.Ring.ID())),
		"signed with the purpose": f.signed(head, body, sha256.New, []byte(tokenPurpose)),
		"key of another purpose":  f.signed(head, body, sha256.New, o.Ring.Key("refresh")),
		"key of another house":    f.signed(head, body, sha256.New, testRing(f.t, 9).Key(tokenPurpose)),
		"key in hex":              f.signed(head, body, sha256.New, []byte(b64(f.key))),
		"HS384":                   f.signed(method("HS384"), body, sha512.New384, f.key),
		"HS512":                   f.signed(method("HS512"), body, sha512.New, f.key),
		"HS512 under HS256":       f.signed(head, body, sha512.New, f.key),
		"EdDSA":                   method("EdDSA") + "." + body + "." + b64(ed25519.Sign(edKey, []byte(method("EdDSA")+"."+body))),
		"RS256":                   rsaHead + "." + body + "." + b64(rsaSig),
		"zero signature":          head + "." + body + "." + b64(make([]byte, 32)),
		"long signature":          f.token(f.header, f.claims) + "AAAA",
	}
}

func (f forger) otherSpellings() map[string]string {
	good := f.token(f.header, f.claims)
	parts := strings.Split(good, ".")
	head, body, sig := parts[0], parts[1], parts[2]
	other := f.claims.with(object{"jti": "2"}).segment(f.t)
	sigBytes, _ := base64.RawURLEncoding.DecodeString(sig)
	last := sig[len(sig)-1]
	return map[string]string{
		"tampered claims":       head + "." + other + "." + sig,
		"tampered header":       f.header.with(object{"x": 1}).segment(f.t) + "." + body + "." + sig,
		"truncated":             good[:len(good)-1],
		"half":                  good[:len(good)/2],
		"without header":        body + "." + sig,
		"without claims":        head + "." + sig,
		"two parts":             head + "." + body,
		"four parts":            good + "." + sig,
		"trailing dot":          good + ".",
		"leading dot":           "." + good,
		"claims twice":          head + "." + body + "." + body + "." + sig,
		"token twice":           good + "." + good,
		"swapped":               body + "." + head + "." + sig,
		"header as claims":      f.signed(head, head, sha256.New, f.key),
		"padding":               good + "=",
		"loose bits":            good[:len(good)-1] + string(last+1),
		"standard base64":       head + "." + body + "." + base64.StdEncoding.EncodeToString(sigBytes),
		"line break":            good + "\n",
		"line break before":     "\r\n" + good,
		"line break within":     head + "." + body + "." + sig[:9] + "\n" + sig[9:],
		"signed line break":     f.signed(head+"\n", body, sha256.New, f.key),
		"space":                 good + " ",
		"bearer":                "Bearer " + good,
		"quoted":                `"` + good + `"`,
		"nul":                   good + "\x00",
		"full-width dot":        head + "．" + body + "．" + sig,
		"empty claims":          f.token(f.header, object{}),
		"claims are a list":     f.signed(head, base64.RawURLEncoding.EncodeToString([]byte("[]")), sha256.New, f.key),
		"claims are null":       f.signed(head, base64.RawURLEncoding.EncodeToString([]byte("null")), sha256.New, f.key),
		"claims are broken":     f.signed(head, base64.RawURLEncoding.EncodeToString([]byte(`{"iss":`)), sha256.New, f.key),
		"claims and more":       f.signed(head, base64.RawURLEncoding.EncodeToString([]byte(`{}{}`)), sha256.New, f.key),
		"header is null":        f.signed(base64.RawURLEncoding.EncodeToString([]byte("null")), body, sha256.New, f.key),
		"huge":                  f.token(f.header, f.claims.with(object{"x": strings.Repeat("x", tokenMost)})),
		"huge nonsense":         strings.Repeat("A", 1<<20),
		"a million dots":        strings.Repeat(".", 1<<20),
		"deep":                  f.signed(head, base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("[", 1000))), sha256.New, f.key),
		"encrypted (5 parts)":   head + "." + body + "." + body + "." + body + "." + sig,
		"json serialisation":    `{"protected":"` + head + `","payload":"` + body + `","signature":"` + sig + `"}`,
		"signature upside down": head + "." + body + "." + reversed(sig),
	}
}

func TestEveryForgedTokenGetsTheSameAnswer(t *testing.T) {
	o := openOffice(t)
	in := o.signIn(ownerEmail, home)
	mo := o.add("mo@example.org", comment.Moderator, "daily")
	foreign := o.signIn(mo.Email, home)
	f := o.forgerAt(in)
	for name, control := range map[string]string{
		"as minted": in.Access, "by hand": f.token(f.header, f.claims), "at the edge of the leeway": f.token(f.header, f.claims.with(object{
			"iat": o.now().Unix() + 30, "nbf": o.now().Unix() + 30, "exp": o.now().Unix() + 40,
		})),
		"barely alive": f.token(f.header, f.claims.with(object{"iat": o.now().Unix() - 600, "exp": o.now().Unix() - 29})),
	} {
		if _, err := o.Identify(t.Context(), control); err != nil {
			t.Fatalf("the control, a token %s, is refused: %v", name, err)
		}
	}
	mutations := f.mutations(o, in, foreign)
	if len(mutations) < 40 {
		t.Fatalf("only %d mutations", len(mutations))
	}
	for name, token := range mutations {
		who, err := o.Identify(t.Context(), token)
		if err == nil {
			t.Errorf("%s: accepted: %.200s", name, token)
			continue
		}
		wantsNobody(t, err)
		if diff := cmp.Diff(Identity{}, who); diff != "" {
			t.Errorf("%s: a refusal tells who it was: %s", name, diff)
		}
	}
	t.Logf("%d mutations", len(mutations))
}

// Any one character changed is another token.
func TestATokenHasOneSpelling(t *testing.T) {
	o := openOffice(t)
	token := o.signIn(ownerEmail, home).Access
	for i := range len(token) {
		for _, c := range []byte("Aa_-.\n") {
			changed := token[:i] + string(c) + token[i+1:]
			if _, err := o.parse(changed); err == nil && changed != token {
				t.Fatalf("%q passes for %q", changed, token)
			}
		}
	}
}

func TestAnUnsetIssuerOpensNothing(t *testing.T) {
	o := openOffice(t)
	o.Issuer = ""
	_, err := o.Identify(t.Context(), o.signIn(ownerEmail, home).Access)
	wantsNobody(t, err)
}

func TestAccessTokensSurviveANewKey(t *testing.T) {
	o := openOffice(t)
	in := o.signIn(ownerEmail, home)
	o.Ring = testRing(t, 2, 1)
	if _, err := o.Identify(t.Context(), in.Access); err != nil {
		t.Error(err)
	}
	fresh := o.refresh(in.Refresh)
	o.Ring = testRing(t, 2) // the old key is retired
	if _, err := o.Identify(t.Context(), fresh.Access); err != nil {
		t.Error(err)
	}
	_, err := o.Identify(t.Context(), in.Access)
	wantsNobody(t, err)
}

func TestScriptToken(t *testing.T) {
	o := openOffice(t)
	mo := o.add("mo@example.org", comment.Moderator, "daily")
	logged := len(o.events())
	for _, ttl := range []time.Duration{time.Minute, time.Hour, 366 * 24 * time.Hour, 90*time.Second + 7*time.Millisecond} {
		token, until, err := o.ScriptToken(t.Context(), " MO@example.org", ttl, operator)
		o.must(err)
		if until.After(o.now().Add(ttl)) || until.Before(o.now().Add(ttl-time.Second)) {
			t.Errorf("%v: until %v", ttl, until)
		}
		who, err := o.Identify(t.Context(), token)
		if err != nil || who.Account.ID != mo.ID || !who.ExpiresAt.Equal(until) {
			t.Errorf("%v: %+v, %v", ttl, who, err)
		}
		back := o.now()
		o.pass(until.Sub(back) - time.Microsecond)
		if _, err := o.Identify(t.Context(), token); err != nil {
			t.Errorf("%v: dead before its time: %v", ttl, err)
		}
		o.pass(time.Microsecond)
		_, err = o.Identify(t.Context(), token)
		wantsNobody(t, err)
	}
	if got := len(o.events()) - logged; got != 4 {
		t.Errorf("%d events for 4 tokens", got)
	}
}

func TestScriptTokenRefuses(t *testing.T) {
	o := openOffice(t)
	gone := o.add("gone@example.org", comment.Moderator, "daily")
	o.change(gone.ID, Change{Disabled: ptr(true)})
	for _, ttl := range []time.Duration{-time.Hour, 0, time.Minute - 1, 366*24*time.Hour + 1} {
		_, _, err := o.ScriptToken(t.Context(), ownerEmail, ttl, operator)
		wantsField(t, err, "ttl", "out_of_range")
	}
	_, _, err := o.ScriptToken(t.Context(), "nobody@example.org", time.Hour, operator)
	wants(t, err, "not_found")
	_, _, err = o.ScriptToken(t.Context(), gone.Email, time.Hour, operator)
	wants(t, err, "account_disabled")
}

func TestScriptTokensEndWithTheAccountsSessions(t *testing.T) {
	o := openOffice(t)
	mo := o.add("mo@example.org", comment.Moderator, "daily")
	token, _, err := o.ScriptToken(t.Context(), mo.Email, time.Hour, operator)
	o.must(err)
	o.change(mo.ID, Change{Role: ptr(comment.Viewer)})
	_, err = o.Identify(t.Context(), token)
	wantsNobody(t, err)
}

func FuzzParse(f *testing.F) {
	a := New(nil, testRing(f, 1), nil)
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	a.Now = func() time.Time { return now }
	a.NewID = func() string { return "1" } // every process of the fuzzer mints the same token
	token, _, err := a.mint(comment.Session{ID: "s", AccountID: "a", ExpiresAt: now.Add(time.Hour)}, now, accessMost)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := a.parse(token); err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add(token + ".")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := a.parse(text); err == nil && text != token {
			t.Fatalf("%q was accepted", text)
		}
	})
}
