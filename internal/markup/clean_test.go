package markup

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

type cleanTest struct {
	name, text, want string
	err              error
}

func runClean(t *testing.T, clean func(string) (string, error), tests []cleanTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := clean(tt.text)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("of %q = %q, %v; want %q, %v", tt.text, got, err, tt.want, tt.err)
			}
		})
	}
}

func TestClean(t *testing.T) {
	runClean(t, Clean, []cleanTest{
		{"as it is", "a *b*\n\n\tc", "a *b*\n\n\tc", nil},
		{"line ends", "a\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\ne", nil},
		{"blanks at the ends", " \n\n  a  \n \t\n", "  a", nil},
		{"composed", "e\u0301 A\u030a", "é Å", nil},
		{"not UTF-8", "a\xc3", "", ErrInvalidUTF8},
		{"surrogate", "a\xed\xa0\x80", "", ErrInvalidUTF8},
		{"overlong", "a\xc0\xaf", "", ErrInvalidUTF8},
		{"NUL", "a\x00b", "", ErrControl},
		{"escape", "a\x1b[31m", "", ErrControl},
		{"form feed", "a\fb", "", ErrControl},
		{"delete", "a\x7f", "", ErrControl},
		{"C1", "a\u0085b", "", ErrControl},
		{"empty", "", "", ErrBlank},
		{"blanks", " \t\n\u00a0\u3000", "", ErrBlank},
		{"zero width", "\u200b\u200d\u2060\ufeff\u00ad", "", ErrBlank},
		{"fillers", "\u3164\u115f\u2800", "", ErrBlank},
		{"marks alone", "\u0301\ufe0f", "", ErrBlank},
		{"tags alone", "\U000e0041\U000e0042", "", ErrBlank},
		{"tags", "a\U000e0041b", "ab", nil},
		{"byte order mark", "\ufeffa", "a", nil},
		{"joiners stay", "👩\u200d🚀 می\u200cخواهم", "👩\u200d🚀 می\u200cخواهم", nil},
		{"override", "a\u202eb\u202cc\u202dd", "abcd", nil},
		{"isolate left open", "a\u2067b\nc", "ab\nc", nil},
		{"isolate closed on another line", "a\u2067b\nc\u2069", "ab\nc", nil},
		{"isolate closed", "a\u2067b\u2069c", "a\u2067b\u2069c", nil},
		{"embedding closed", "a\u202bb\u202cc", "a\u202bb\u202cc", nil},
		{"embedding closed by its isolate", "\u2066a\u202bb\u2069c", "\u2066ab\u2069c", nil},
		{"isolate is not closed by an embedding's end", "\u2066a\u202cb\u2069", "\u2066ab\u2069", nil},
		{"strays", "a\u202cb\u2069", "ab", nil},
		{"override around an isolate", "\u202ea\u2067b\u2069c\u202cd", "a\u2067b\u2069cd", nil},
		{"direction marks stay", "a\u200fb", "a\u200fb", nil},
		{"marks", "a" + strings.Repeat("\u0316", 9) + "b", "a" + strings.Repeat("\u0316", 4) + "b", nil},
		{"marks past joiners", "a" + strings.Repeat("\u0316\u200d\u00ad", 9), "a" + strings.Repeat("\u0316\u200d\u00ad", 4) + strings.Repeat("\u200d\u00ad", 5), nil},
		{"three marks", "ш\u0301\u0302\u0303", "ш\u0301\u0302\u0303", nil},
	})
}

func TestCleanLine(t *testing.T) {
	runClean(t, CleanLine, []cleanTest{
		{"as it is", "Jürgen O’Neil", "Jürgen O’Neil", nil},
		{"blanks", "  a \t\n b\r\n\u00a0\u3000c ", "a b c", nil},
		{"fillers are blanks", "a\u3164b\u2800", "a b", nil},
		{"composed", "Ju\u0308rgen", "Jürgen", nil},
		{"not UTF-8", "a\xff", "", ErrInvalidUTF8},
		{"control", "a\x07", "", ErrControl},
		{"C1", "a\u0090", "", ErrControl},
		{"empty", " \n", "", ErrBlank},
		{"zero width", "\u200b\u200d", "", ErrBlank},
		{"invisible within", "a\u200bd\u200dm\u200ci\u2060n\u00ad\ufeff\u034f", "admin", nil},
		{"direction", "\u202eadmin\u202c \u2067x\u2069\u200f\u061c", "admin x", nil},
		{"tags", "ad\U000e0041min", "admin", nil},
		{"stray variation", "a\ufe0fd\ufe00min\U000e0100", "admin", nil},
		{"variation of a symbol", "I ❤\ufe0f news", "I ❤\ufe0f news", nil},
		{"marks", "Z" + strings.Repeat("\u0316", 20) + "o", "Z" + strings.Repeat("\u0316", 4) + "o", nil},
		{"number sign of Arabic", "\u0600\u0661", "\u0600\u0661", nil},
	})
}

func checkClean(t *testing.T, text string) {
	t.Helper()
	for name, clean := range map[string]func(string) (string, error){"Clean": Clean, "CleanLine": CleanLine} {
		got, err := clean(text)
		if err != nil {
			if got != "" {
				t.Fatalf("%s(%q) = %q beside %v", name, text, got, err)
			}
			continue
		}
		again, err := clean(got)
		if err != nil || again != got {
			t.Fatalf("%s(%q) = %q, and of that %q, %v", name, text, got, again, err)
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) || strings.ContainsFunc(got, forbiddenControl) {
			t.Fatalf("%s(%q) = %q is not clean", name, text, got)
		}
		if name == "CleanLine" && (strings.ContainsAny(got, "\n\t") || strings.ContainsFunc(got, directional)) {
			t.Fatalf("CleanLine(%q) = %q is not a line", text, got)
		}
		if normalise(got) != got {
			t.Fatalf("%s(%q) = %q, which Render would change to %q", name, text, got, normalise(got))
		}
	}
}

func TestCleanTwiceIsCleanOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	odd := []rune("a é\u0301\u0316\u0327\u1161\u1100\u11a8\u200d\u200b\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\n\t \u00a0\u2000\u3164\ufe0f❤\u034f\u037e\u1fef漢\U000e0041\U000e0100\u17b4")
	for range 6000 {
		text := make([]rune, 1+random.IntN(60))
		for i := range text {
			text[i] = odd[random.IntN(len(odd))]
		}
		checkClean(t, string(text))
	}
	checkClean(t, "a"+strings.Repeat("\u0301\u0316", 100))
}

func FuzzClean(f *testing.F) {
	for _, payload := range payloads(f) {
		f.Add(payload)
	}
	f.Add("\u202ea\u2067b\u202c\u2069\n\u2066")
	f.Add("e" + strings.Repeat("\u0301", 40))
	f.Fuzz(checkClean)
}
