package moderation

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestResolve(t *testing.T) {
	for source, want := range map[string]string{
		"c&#97;sino &#x43;&Amp; &amp;amp;": "casino C&Amp; &amp;", `\*a\* \\ \é \`: `*a* \ \é \`, `\&#97;`: "&#97;",
		"&notice; &not; &semi; &#59; &;&": "&notice; ¬ ; ; &;&", "&#97": "&#97", "&bne;é": "=\u20e5é",
		"&" + strings.Repeat("x", 99) + ";": "&" + strings.Repeat("x", 99) + ";",
	} {
		if diff := cmp.Diff(want, resolve(source).text); diff != "" {
			t.Errorf("%q: %s", source, diff)
		}
	}
}

func TestWordsBehindReferencesAndEscapes(t *testing.T) {
	w, err := CompileWords([]Word{
		{ID: "c", List: ListBanned, Text: "casino"}, {ID: "h", List: ListBanned, Text: "ass"}, {ID: "r", List: ListAllowed, Text: "casino royale"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, plain string
		want        []string
	}{
		{"Öl: c&#97;sino!", "Öl: casino!", []string{"c&#97;sino"}},
		{`c\_a\_s\_i\_n\_o`, "c_a_s_i_n_o", []string{`c\_a\_s\_i\_n\_o`}},
		{"casino and &#99;&#x61;sino", "casino and casino", []string{"casino", "&#99;&#x61;sino"}},
		{"c**&#97;**sino", "casino", []string{"c**&#97;**sino"}},
		{"the class of a**s**s", "the class of ass", []string{"a**s**s"}},
		{"c&#97;sino royale, **casino**", "casino royale, casino", []string{"casino"}},
		{"`c&#97;sino`", "c&#97;sino", []string{}},
	} {
		got := []string{}
		for _, e := range MatchWords(&Subject{Text: c.text, Plain: c.plain, Words: w}) {
			for _, s := range e.Spans {
				got = append(got, string([]rune(c.text)[s.Start:s.End]))
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q: %s", c.text, diff)
		}
	}
}

func FuzzResolve(f *testing.F) {
	for _, source := range []string{"c&#97;sino", `\*\\`, "&bne;", "&#0;&#xD800;&#1114112;", "\xff&\xff;", "&amp", "&lt;&;&#;&#x;"} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		r := resolve(source)
		n, end := utf8.RuneCountInString(source), 0
		if utf8.RuneCountInString(r.text) != len(r.spans) {
			t.Fatalf("%d spans for %q", len(r.spans), r.text)
		}
		for i, s := range r.spans {
			next := s.Start == end || i > 0 && s == r.spans[i-1] // one reference may be two characters
			if !next || s.End <= s.Start || s.End > n {
				t.Fatalf("%v after %d in a text of %d", s, end, n)
			}
			end = s.End
		}
		if end != n {
			t.Fatalf("%d of %d are told", end, n)
		}
	})
}
