package moderation

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestNormalise(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		" -- ":                         "",
		"Hello, World!":                "hello world",
		"Ｆｕｌｌ Ｗｉｄｔｈ":                   "full width",
		"naïve Ångström":               "naive angstrom",
		"v1agra costs $100":            "viagra costs 100",
		"s3lf":                         "self",
		"рaypal":                       "paypal",
		"see рау here":                 "see pay here",
		"Привет, ёлка":                 "привет елка",
		"вот и сор":                    "вот и сор",
		"Αθήνα και νερό":               "αθηνα και νερο",
		"f.r.e.e m o n e y now":        "freemoney now",
		"e.g. this":                    "e g this",
		"soooo good":                   "soo good",
		"10000 on 11.11.2011":          "10000 on 11 11 2011",
		"the A55, 90s, 4th":            "the a55 90s ath",
		"ze\u200bro w\u00adidth":       "zero width",
		"Straße, Æther, ﬁsh":           "strasse aether fish",
		"が ガ ｶﾞ は":                     "か\u3099 カ\u3099 カ\u3099 は",
		"हिन्दी":                       "हिन्दी",
		"שָׁלוֹם":                      "שלום",
		"x\u0336y\u0336z\u0336w\u0336": "xyzw",
	} {
		if got := Normalise(text).String(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestNormaliseSpans(t *testing.T) {
	f := Normalise("Ä  v\u200b1aaaa s-p-y")
	want := []Span{{0, 1}, {1, 3}, {3, 4}, {5, 6}, {6, 7}, {7, 10}, {10, 11}, {11, 12}, {13, 14}, {15, 16}}
	if diff := cmp.Diff(want, f.Spans); diff != "" {
		t.Errorf("%q: %s", f, diff)
	}
	if got := f.Span(2, 6); got != (Span{3, 10}) || f.Hidden != 1 {
		t.Errorf("span %v, hidden %d", got, f.Hidden)
	}
}

// FuzzNormalise checks that spans lie in the text, in order, one for each rune.
func FuzzNormalise(f *testing.F) {
	for _, text := range []string{"", "v1agra", "s p a m", "\xff\xfe", "ﷺ", "a\u0301\u0301", "!!a!b", "ａ\u200bｂ", "　", "ǆ㎏½"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := Normalise(text)
		if len(n.Runes) != len(n.Spans) {
			t.Fatalf("%d runes, %d spans", len(n.Runes), len(n.Spans))
		}
		length, last := utf8.RuneCountInString(text), Span{}
		for i, s := range n.Spans {
			if s.Start < last.Start || s.End < last.End || s.Start >= s.End || s.End > length {
				t.Fatalf("span %d %v after %v in a text of %d", i, s, last, length)
			}
			last = s
		}
		if s := n.String(); strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") || strings.Contains(s, "  ") {
			t.Fatalf("stray spaces in %q", s)
		}
	})
}
