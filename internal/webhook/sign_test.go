package webhook

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The vectors that the libraries of Standard Webhooks and Svix's server test
// against.
var vectors = []struct {
	name, secret, id, body, signature string
	at                                int64
}{
	{"A", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", `{"test": 2432232314}`,
		"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", 1614265330},
	{"B", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", `{"email":"test@example.com","username":"test_user"}`,
		"v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=", 1649367553},
}

func headers(id string, at int64, signature string) http.Header {
	h := http.Header{}
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, strconv.FormatInt(at, 10))
	h.Set(HeaderSignature, signature)
	return h
}

func mustParse(t *testing.T, secret string) []byte {
	t.Helper()
	key, err := ParseSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestSignMakesThePublishedVectors(t *testing.T) {
	for _, v := range vectors {
		at := time.Unix(v.at, 0)
		if got := Sign(v.id, at, []byte(v.body), mustParse(t, v.secret)); got != v.signature {
			t.Errorf("%s: Sign = %s, want %s", v.name, got, v.signature)
		}
		if err := Verify(v.secret, headers(v.id, v.at, v.signature), []byte(v.body), at); err != nil {
			t.Errorf("%s: Verify = %v", v.name, err)
		}
	}
}

// bodies are those that trip receivers up: separators that JavaScript treats
// as line ends, emoji, NUL, bytes that are not UTF-8, a large text.
var bodies = []string{
	"", "{}", "{\"text\":\"a\u2028b\u2029c\"}", `{"text":"👩‍👩‍👧 ok"}`, "{\"text\":\"\x00\"}", "\xff\xfe\x80", strings.Repeat("x", 64<<10), " {} \n",
}

func TestTheOfficialLibraryVerifiesWhatSignMakes(t *testing.T) {
	oldText, oldKey := NewSecret()
	newText, newKey := NewSecret()
	now := time.Now()
	for _, body := range bodies {
		h := headers("0190-id", now.Unix(), Sign("0190-id", now, []byte(body), newKey, oldKey))
		for _, secret := range []string{oldText, newText} {
			library, err := standard.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := library.Verify([]byte(body), h); err != nil {
				t.Errorf("body %.20q: the library says %v", body, err)
			}
			if err := Verify(secret, h, []byte(body), now); err != nil {
				t.Errorf("body %.20q: Verify says %v", body, err)
			}
			if err := library.Verify([]byte(body+"!"), h); err == nil {
				t.Errorf("body %.20q: the library took another body", body)
			}
		}
	}
}

func TestVerifyTakesWhatTheOfficialLibrarySigns(t *testing.T) {
	text, _ := NewSecret()
	library, err := standard.NewWebhook(text)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, body := range bodies {
		signature, err := library.Sign("msg", now, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := Verify(text, headers("msg", now.Unix(), signature), []byte(body), now); err != nil {
			t.Errorf("body %.20q: %v", body, err)
		}
	}
}

func TestTheHeaderIsOfTheFormThatEveryLibraryReads(t *testing.T) {
	_, a := NewSecret()
	_, b := NewSecret()
	header := Sign("id", time.Unix(1, 0), nil, a, b)
	tokens := strings.Split(header, " ")
	if len(tokens) != 2 {
		t.Fatalf("%q has %d tokens, want 2 with one space between", header, len(tokens))
	}
	for _, token := range tokens {
		if strings.Count(token, ",") != 1 || len(token) != len("v1,")+44 {
			t.Errorf("token %q: want v1, one comma and 44 characters", token)
		}
	}
	if tokens[0] != Sign("id", time.Unix(1, 0), nil, a) {
		t.Error("the newest secret does not sign first")
	}
}

func TestVerifySaysWhichPartFails(t *testing.T) {
	v := vectors[0]
	at := time.Unix(v.at, 0)
	other := Sign(v.id, at, []byte("other"), mustParse(t, v.secret))
	right := headers(v.id, v.at, v.signature)
	without := func(name string) http.Header {
		h := right.Clone()
		h.Del(name)
		return h
	}
	tests := []struct {
		name   string
		secret string
		h      http.Header
		body   string
		now    time.Time
		part   string // "" = it passes
		reason string
	}{
		{name: "right"},
		{name: "right in the middle of wrong ones", h: headers(v.id, v.at, other+" "+v.signature+" v1,AAAA")},
		{name: "beside versions yet unknown", h: headers(v.id, v.at, "v1a,AAAA v9,x "+v.signature)},
		{name: "five minutes late", now: at.Add(Tolerance)},
		{name: "no id", h: without(HeaderID), part: HeaderID, reason: "missing"},
		{name: "no timestamp", h: without(HeaderTimestamp), part: HeaderTimestamp, reason: "missing"},
		{name: "no signature", h: without(HeaderSignature), part: HeaderSignature, reason: "missing"},
		{name: "empty signature", h: headers(v.id, v.at, "v1,"), part: HeaderSignature, reason: "no signature matches"},
		{name: "cut signature", h: headers(v.id, v.at, v.signature[:12]), part: HeaderSignature, reason: "no signature matches"},
		{name: "other version with the right bytes", h: headers(v.id, v.at, "v2"+v.signature[2:]), part: HeaderSignature, reason: "version v1"},
		{name: "no version", h: headers(v.id, v.at, v.signature[3:]), part: HeaderSignature, reason: "version v1"},
		{name: "other id", h: headers("x", v.at, v.signature), part: HeaderSignature, reason: "no signature matches"},
		{name: "other time", h: headers(v.id, v.at+1, v.signature), part: HeaderSignature, reason: "no signature matches"},
		{name: "body written again", body: `{"test":2432232314}`, part: HeaderSignature, reason: "byte for byte"},
		{name: "too old", now: at.Add(Tolerance + time.Second), part: HeaderTimestamp, reason: "older"},
		{name: "too new", now: at.Add(-Tolerance - time.Second), part: HeaderTimestamp, reason: "future"},
		{name: "a date", h: func() http.Header { h := right.Clone(); h.Set(HeaderTimestamp, "2021-02-25"); return h }(), part: HeaderTimestamp, reason: "seconds"},
		{name: "empty secret", secret: "whsec_", part: "secret", reason: "24"},
		{name: "other secret", secret: vectors[1].secret, part: HeaderSignature, reason: "another secret"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.h == nil {
				tt.h = right
			}
			if tt.now.IsZero() {
				tt.now = at
			}
			err := Verify(orText(tt.secret, v.secret), tt.h, []byte(orText(tt.body, v.body)), tt.now)
			if tt.part == "" {
				if err != nil {
					t.Fatalf("Verify = %v, want nil", err)
				}
				return
			}
			var got *VerifyError
			if !errors.As(err, &got) || got.Part != tt.part || !strings.Contains(got.Reason, tt.reason) {
				t.Fatalf("Verify = %v, want part %s with %q", err, tt.part, tt.reason)
			}
		})
	}
}

func orText(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func TestSecrets(t *testing.T) {
	text, key := NewSecret()
	if len(key) != 36 || len(text) != len("whsec_")+48 || strings.HasSuffix(text, "=") {
		t.Fatalf("NewSecret = %q with %d bytes", text, len(key))
	}
	if again, _ := NewSecret(); again == text {
		t.Fatal("two secrets are the same")
	}
	if got := mustParse(t, text); string(got) != string(key) || FormatSecret(got) != text {
		t.Fatal("a secret does not survive its text")
	}
	short := base64.StdEncoding.EncodeToString(make([]byte, 23))
	for _, bad := range []string{"", "whsec_", "whsec_" + short, "whsec_!!!!", text[6:], "whsk_" + text[6:], text[:len(text)-1], "whsec_" + strings.ReplaceAll(text[6:], "A", "*") + "*"} {
		if _, err := ParseSecret(bad); err == nil {
			t.Errorf("ParseSecret(%q) took it", bad)
		}
	}
	if _, err := ParseSecret("whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 24))); err != nil {
		t.Errorf("24 bytes: %v", err)
	}
}

func FuzzVerifyNeverTakesAnotherBody(f *testing.F) {
	f.Add("id", []byte("body"), []byte("other"))
	text, key := NewSecret()
	at := time.Unix(1700000000, 0)
	f.Fuzz(func(t *testing.T, id string, body, other []byte) {
		h := headers(id, at.Unix(), Sign(id, at, body, key))
		if err := Verify(text, h, other, at); (err == nil) != (string(body) == string(other) && id != "") {
			t.Errorf("id %q body %q checked against %q: %v", id, body, other, err)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	_, key := NewSecret()
	body := []byte(strings.Repeat("x", 1400))
	at := time.Now()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		Sign("0190a0a0-0000-7000-8000-000000000000", at, body, key)
	}
}
