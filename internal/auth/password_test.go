package auth

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/afterword-comments/afterword/internal/fault"
)

func TestAcceptPassword(t *testing.T) {
	for password, code := range map[string]string{
		"seven green kettles":          "",
		"ящерица под мостом":           "",
		"😀😃😄😁😆😅🤣😂🙂🙃🫠😉":                 "",
		" leading and trailing ":       "",
		"line\nbreaks\tand\x00nul":     "",
		strings.Repeat("ab1", 42):      "",
		strings.Repeat("語", 128) + "":  "",
		"":                             "too_short",
		"elevenchars":                  "too_short",
		"😀😃😄😁😆😅🤣😂🙂🙃🫠":                  "too_short",
		strings.Repeat("e\u0301", 11):  "too_short", // 22 code points as typed, 11 letters
		strings.Repeat("ab1", 43):      "too_long",
		strings.Repeat("x", 1<<20):     "unreadable",
		"broken \xff\xfe bytes here":   "unreadable",
		"password1234":                 "common",
		"PassWord1234":                 "common",
		"qwertyuiop[]":                 "common",
		"aaaaaaaaaaaa":                 "common",
		"correcthorsebatterystaple":    "common",
		"johanna.weber@example.org":    "guessable",
		"JOHANNA.WEBER@EXAMPLE.ORG":    "guessable",
		"johanna.weber":                "guessable",
		"johanna.weber!2026":           "guessable",
		"2026-Johanna.Weber-1":         "guessable",
		"johanna.weberjohanna.weber":   "guessable",
		"Afterword-2031!!":             "guessable",
		"afterword-afterword":          "guessable",
		"johanna.weber likes kettles":  "",
		"afterword is what we run":     "",
		"the comments of others, 1974": "",
	} {
		_, err := acceptPassword(password, "johanna.weber@example.org")
		var f *fault.Error
		switch {
		case code == "" && err != nil:
			t.Errorf("%.40q: %v", password, err)
		case code != "" && (!errors.As(err, &f) || f.Kind != fault.Invalid || f.Fields[0].Name != "password" || f.Fields[0].Code != code):
			t.Errorf("%.40q: %v, want %s", password, err, code)
		case err != nil && len(password) > 4 && strings.Contains(err.Error(), password):
			t.Errorf("%.40q stands in its own error", password)
		}
	}
}

func TestAcceptPasswordNormalises(t *testing.T) {
	composed, err1 := acceptPassword("Zoë's größter Käfer", "jo@example.org")
	decomposed, err2 := acceptPassword(norm.NFD.String("Zoë's größter Käfer"), "jo@example.org")
	if err1 != nil || err2 != nil || composed != decomposed {
		t.Fatalf("%q (%v) and %q (%v)", composed, err1, decomposed, err2)
	}
}

func TestGeneratedPasswords(t *testing.T) {
	if bits := math.Log2(float64(len(readable))) * generatedLength; bits < 100 {
		t.Fatalf("%.1f bits", bits)
	}
	if strings.ContainsAny(readable, "0O1lI") {
		t.Error("the alphabet has letters that look alike")
	}
	seen, letters := map[string]bool{}, map[rune]int{}
	for range 2000 {
		p := generatePassword()
		if _, err := acceptPassword(p, "jo@example.org"); err != nil || len(p) != generatedLength || seen[p] {
			t.Fatalf("%q (%v)", p, err)
		}
		seen[p] = true
		for _, r := range p {
			letters[r]++
		}
	}
	for _, r := range readable { // 714 each on average, with a deviation of 26
		if n := letters[r]; n < 714-7*26 || n > 714+7*26 {
			t.Errorf("%c came up %d times", r, n)
		}
	}
}

func TestHash(t *testing.T) {
	h := newHash(costToday(), password)
	phc := h.String()
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatal(phc)
	}
	if again := newHash(costToday(), password).String(); again == phc {
		t.Error("two hashes share a salt")
	}
	read, ok := parseHash(phc)
	if !ok || !read.matches(password) || read.matches(wrong) || read.matches("") {
		t.Error("the hash does not know its password")
	}
}

// A test vector of the reference implementation: "password", "somesalt".
func TestHashIsArgon2id(t *testing.T) {
	h, ok := parseHash("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	if !ok || !h.matches("password") || h.matches("Password") {
		t.Fatal("not argon2id")
	}
}

func TestParseHashRefuses(t *testing.T) {
	good := decoy(costToday()).String()
	if _, ok := parseHash(good); !ok {
		t.Fatal("the control is refused")
	}
	for name, phc := range map[string]string{
		"empty": "", "plain text": password, "bcrypt": "$2y$10$abcdefghijklmnopqrstuv",
		"argon2i":          strings.Replace(good, "argon2id", "argon2i", 1),
		"old version":      strings.Replace(good, "v=19", "v=16", 1),
		"no memory":        strings.Replace(good, "m=19456", "m=0", 1),
		"all the memory":   strings.Replace(good, "m=19456", "m=4294967295", 1),
		"no passes":        strings.Replace(good, "t=2", "t=0", 1),
		"endless passes":   strings.Replace(good, "t=2", "t=99999", 1),
		"no threads":       strings.Replace(good, "p=1", "p=0", 1),
		"too many threads": strings.Replace(good, "p=1", "p=200", 1),
		"overflow":         strings.Replace(good, "p=1", "p=257", 1),
		"other order":      strings.Replace(good, "m=19456,t=2", "t=2,m=19456", 1),
		"leading zero":     strings.Replace(good, "t=2", "t=02", 1),
		"trailing":         good + "$", "space": good + " ", "padding": good + "=", "line break": good + "\n",
		"no digest": good[:strings.LastIndex(good, "$")+1], "short digest": good[:len(good)-30],
	} {
		if _, ok := parseHash(phc); ok {
			t.Errorf("%s: %q was accepted", name, phc)
		}
	}
}

func TestCheckWorksWithoutAHash(t *testing.T) {
	a := New(nil, testRing(t, 1), nil)
	for _, stored := range []string{"", "garbage", a.decoy.String()} {
		if match, _ := a.check(password, stored); match {
			t.Errorf("%q matches", stored)
		}
	}
	weak := newHash(cost{memory: 64, passes: 1, threads: 1}, password)
	if match, stale := a.check(password, weak.String()); !match || !stale {
		t.Errorf("a weak hash: match %v, stale %v", match, stale)
	}
	if match, stale := a.check(password, newHash(costToday(), password).String()); !match || stale {
		t.Errorf("a hash of today: match %v, stale %v", match, stale)
	}
}

// An unknown user must cost what a known one costs, or the clock tells who
// works here.
func TestNobodyTakesAsLongAsSomebody(t *testing.T) {
	a := New(nil, testRing(t, 1), nil)
	stored := newHash(costToday(), password).String()
	took := func(stored string) time.Duration {
		start := time.Now()
		a.check(wrong, stored)
		return time.Since(start)
	}
	// A busy machine makes it slower, never quicker: the best of many, in turns.
	somebody, nobody := time.Hour, time.Hour
	apart := true
	for try := 0; try < 40 && (apart || try < 5); try++ {
		somebody, nobody = min(somebody, took(stored)), min(nobody, took(""))
		apart = nobody < somebody/2 || somebody < nobody/2
	}
	if apart {
		t.Errorf("a known user takes %v, an unknown one %v", somebody, nobody)
	}
}
