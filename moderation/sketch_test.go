package moderation

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestTheSameText: what is the same after Normalise is the same to a sketch,
// however long, and what is not is not.
func TestTheSameText(t *testing.T) {
	same := []string{
		"Buy cheap pills here, friends!", "buy  CHEAP pills here friends", "Buy ch3ap pi11s here, fri\u200bends",
		"Ｂuy cheeeeap pills hеre -- friends",
	}
	for _, more := range []string{"", strings.Repeat(" and whoever buys before Friday receives twice as many without paying anything more", 3)} {
		want := NewSketch(same[0] + more)
		for _, text := range same {
			if got := NewSketch(text + more); got != want || !got.Comparable() {
				t.Errorf("%q is another text", text+more)
			}
		}
	}
	for _, text := range []string{"", "I agree", "Thank you, sir", "!!! ??? ... ---", "同意します"} {
		if s := NewSketch(text); s.Comparable() {
			t.Errorf("%q is long enough to be compared", text)
		}
	}
	if NewSketch("on page 100 of it") == NewSketch("on page 1000 of it") {
		t.Error("in a short text numbers count in full")
	}
	if s := NewSketch("これは日本語の文章です"); !s.Comparable() {
		t.Error("a sentence without spaces counts")
	}
}

func TestAddressesAndNamesSayNothing(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"see https://a.example/b?c=d now", "see   now"},
		{"see [this](http://a.example) now", "see [this]( ) now"},
		{"WWW.a.example", " "},
		{"@Peter you are right", "  you are right"},
		{"sh@me", "sh@me"},
		{"nothing here: at all.", "nothing here: at all."},
	} {
		if got := withoutAddresses(c.text); got != c.want {
			t.Errorf("%q became %q, want %q", c.text, got, c.want)
		}
	}
}

// FuzzSketch: no text breaks it, a text is always like itself, and shouting,
// spacing and invisible characters change nothing.
func FuzzSketch(f *testing.F) {
	for _, text := range []string{"", "v1agra and more of that", "\xff\xfe://", "www.", "@@@@ @", "://a", "これは日本語の文章です", strings.Repeat("e\u0301 ", 99)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := NewSketch(text)
		if s.Comparable() && !enough(&s, &s, s.agree(&s)) {
			t.Fatal("not like itself")
		}
		if again := NewSketch("\u200b" + text); again != s {
			t.Fatal("an invisible character makes it another text")
		}
	})
}

// TestAgree: values are compared eight at a time, and counted one by one.
func TestAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var a, b Sketch
		want := 0
		for i := range sketchSize {
			m, n := uint64(r.Uint32N(1<<8)), uint64(r.Uint32N(1<<8))
			switch r.IntN(4) {
			case 0:
				n = m
			case 1:
				n = m ^ 1<<r.IntN(8)
			}
			a.mins[i/perWord] |= m << (i % perWord * 8)
			b.mins[i/perWord] |= n << (i % perWord * 8)
			if m == n {
				want++
			}
		}
		if got := a.agree(&b); got != want {
			t.Fatalf("%d values agree, not %d", want, got)
		}
	}
}
