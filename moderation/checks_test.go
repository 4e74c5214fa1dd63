package moderation

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// ones is where a sentence speaks of one thing as of many.
var ones = regexp.MustCompile(`\b1 ([a-z]+ )?[a-z]+s\b`)

// found lists code and hint of a check's evidence for a changed clean subject.
func found(t *testing.T, c Check, change func(s *Subject)) []string {
	t.Helper()
	s := clean()
	change(s)
	evidence, err := c.Examine(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range evidence {
		if !strings.HasSuffix(e.Sentence, ".") {
			t.Errorf("%s: %q is no sentence", e.Code, e.Sentence)
		}
		if ones.MatchString(e.Sentence) {
			t.Errorf("%s: %q counts one as many", e.Code, e.Sentence)
		}
		out = append(out, e.Code+" "+string(e.Hint))
	}
	return out
}

type checkCase struct {
	name   string
	change func(s *Subject)
	want   []string
}

func runCases(t *testing.T, c Check, cases []checkCase) {
	t.Helper()
	for _, k := range cases {
		if diff := cmp.Diff(k.want, found(t, c, k.change)); diff != "" {
			t.Errorf("%s: %s", k.name, diff)
		}
	}
}

func TestForm(t *testing.T) {
	runCases(t, formCheck{}, []checkCase{
		{"calm", func(*Subject) {}, []string{}},
		{"trap", func(s *Subject) { s.Form.Trap = " " }, []string{"trap_filled spam"}},
		{"fast", func(s *Subject) { s.Form.Filled = 1999 * time.Millisecond }, []string{"filled_fast hold"}},
		{"impossible", func(s *Subject) { s.Form.Filled = -time.Hour }, []string{"filled_fast hold"}},
		{"just slow enough", func(s *Subject) { s.Form.Filled = fastest }, []string{}},
		{"time unknown", func(s *Subject) { s.Form.Filled = 0 }, []string{}},
		{"fast edit", func(s *Subject) { s.Form.Filled, s.Revision = time.Second, 2 }, []string{}},
		{"form unknown", func(s *Subject) { s.Form = Form{Trap: "x", Filled: 1} }, []string{}},
	})
}

func TestLength(t *testing.T) {
	text := func(text string) func(s *Subject) { return func(s *Subject) { s.Text, s.Plain = text, text } }
	runCases(t, lengthCheck{}, []checkCase{
		{"calm", func(*Subject) {}, []string{}},
		{"empty", text("…"), []string{"too_short none"}},
		{"one emoji", text("👍"), []string{}},
		{"at the limit", text(strings.Repeat("é ", 2500)), []string{}},
		{"over the limit", text(strings.Repeat("é ", 2500) + "é"), []string{"too_long hold"}},
		{"no limit", func(s *Subject) { s.Site.MaxLength = 0; s.Text = strings.Repeat("é ", 9999) }, []string{}},
		{"shouting", text("THIS IS AN OUTRAGE, SAYS me"), []string{"shouting none"}},
		{"acronyms", text("NATO, UNESCO, OSCE"), []string{}},
		{"no capitals in the script", text("これは長い日本語の文章です。これは長い日本語の文章です。"), []string{}},
		{"stacked", text("h\u0300\u0301\u0302\u0303\u0304i all"), []string{"stacked_marks hold"}},
		{"vocalised Hebrew and Arabic", text("בְּרֵאשִׁ֖ית مُحَمَّدٌ"), []string{}},
		{"stressed", text("за́мок, ế, ǖ̂"), []string{}},
	})
	got := stacks("ab\u0300\u0301\u0302\u0303\u0304c")
	if diff := cmp.Diff([]Span{{1, 7}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLinks(t *testing.T) {
	links := func(hrefs ...string) func(s *Subject) { return func(s *Subject) { s.Links = hrefs } }
	misled := func(text, href string) func(s *Subject) {
		return func(s *Subject) { s.Text, s.Links = "See [**"+text+"**]("+href+") now", []string{href} }
	}
	newcomer := func(mode Mode) func(s *Subject) {
		return func(s *Subject) {
			s.Site.Mode, s.Author.Approved, s.Links = mode, 0, []string{"https://example.com"}
		}
	}
	runCases(t, linksCheck{}, []checkCase{
		{"none", links(), []string{}},
		{"at the limit", links("https://a.example/", "mailto:me@example.com"), []string{}},
		{"over it", links("https://a.example/", "https://b.example", "https://c.example"), []string{"too_many_links hold"}},
		{"no limit", func(s *Subject) { s.Site.MaxLinks = -1; s.Links = make([]string, 99) }, []string{}},
		{"newcomer, mode new", newcomer(ModeNew), []string{"newcomer_link hold"}},
		{"newcomer, mode flagged", newcomer(ModeFlagged), []string{"newcomer_link none"}},
		{"shortener", links("https://bit.ly/x"), []string{"shortener hold"}},
		{"no shortener", links("https://orbit.ly/x"), []string{}},
		{"number", links("http://192.0.2.7:80/"), []string{"numeric_host hold"}},
		{"number, version 6", links("http://[2001:db8::1]/"), []string{"numeric_host hold"}},
		{"user", links("https://paypal.com@evil.example/"), []string{"link_user hold"}},
		{"mixed script", links("https://pаypal.com/"), []string{"lookalike_host hold"}},
		{"foreign throughout", links("https://аррӏе.com/"), []string{"lookalike_host hold"}},
		{"the same in punycode", links("https://xn--80ak6aa92e.com/"), []string{"lookalike_host hold"}},
		{"umlaut", links("https://xn--mnchen-3ya.de/"), []string{"international_host none"}},
		{"honest Russian", links("https://сор.рф/", "https://xn--e1afmkfd.xn--p1ai/"),
			[]string{"international_host none", "international_host none"}},
		{"honest Greek", links("https://ελλάδα.com/"), []string{"international_host none"}},
		{"broken punycode", links("https://xn--99999999.com/"), []string{}},
		{"misleading", misled("paypal.com", "https://evil.example/"), []string{"misleading_link hold"}},
		{"misleading address", misled("https://www.bank.com/login", "https://evil.example/x"), []string{"misleading_link hold"}},
		{"subdomain", misled("www.bank.com", "https://online.bank.com/"), []string{}},
		{"plain words", misled("my bank, e.g. this", "https://evil.example/"), []string{}},
		{"in code, not a link", func(s *Subject) {
			s.Text, s.Links = "`[bank.com](https://evil.example/)` https://a.example", []string{"https://a.example"}
		}, []string{}},
	})
}

func TestLinkSpans(t *testing.T) {
	s := clean()
	s.Text = "Größe: [bank.com](https://bit.ly/x) ok"
	s.Links = []string{"https://bit.ly/x"}
	evidence, err := linksCheck{}.Examine(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]Span{}
	for _, e := range evidence {
		got[e.Code] = e.Spans
	}
	want := map[string][]Span{CodeShortener: {{7, 35}}, CodeMisleadingLink: {{7, 35}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The vectors are from RFC 3492, section 7.1, in lower case.
func TestPunycode(t *testing.T) {
	for encoded, want := range map[string]string{
		"ihqwcrb4cv8a8dqg056pqjye":       "他们为什么不说中文",
		"proprostnemluvesky-uyb24dma41a": "pročprostěnemluvíčesky",
		"2-u9tlzr9756bt3uc0v":            "ひとつ屋根の下2",
		"de-jg4avhby1noc0d":              "パフィーdeルンバ",
	} {
		if got, ok := punycode(encoded); !ok || got != want {
			t.Errorf("%s: %q, %v, want %q", encoded, got, ok, want)
		}
	}
	for _, broken := range []string{"99999999", "mnchen-3y_", "mnchen-3z", strings.Repeat("a", 64)} {
		if got, ok := punycode(broken); ok {
			t.Errorf("%s: decoded as %q", broken, got)
		}
	}
}

func TestCopies(t *testing.T) {
	of := func(g Group) func(s *Subject) { return func(s *Subject) { s.Copies = g } }
	runCases(t, copiesCheck{}, []checkCase{
		{"none", of(Group{}), []string{}},
		{"one approved", of(Group{Count: 1, Authors: 1, Pages: 1, Accepted: 1}), []string{"near_duplicate hold"}},
		{"one turned down by a person, two by machines", of(Group{Count: 3, Rejected: 3, Turned: 1}), []string{"near_duplicate hold"}},
		{"many turned down by machines", of(Group{Count: 90, Rejected: 90}), []string{"near_duplicate hold"}},
		{"two turned down by people", of(Group{Count: 2, Rejected: 2, Turned: 2}), []string{"rejected_duplicate spam"}},
		{"people do not agree", of(Group{Count: 3, Rejected: 2, Turned: 2, Accepted: 1}), []string{"near_duplicate hold"}},
	})
	s := clean()
	s.Copies = Group{ID: "g", Count: 7, Authors: 7, Pages: 4, Rejected: 5}
	found, _ := copiesCheck{}.Examine(t.Context(), s)
	want := []Evidence{{
		Code: CodeNearDuplicate, Hint: HintHold, Sentence: "Nearly the same text as 7 comments of 7 authors on 4 pages, 5 rejected.",
		Data: map[string]string{"group": "g", "count": "7", "authors": "7", "pages": "4", "rejected": "5"},
	}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

func TestPage(t *testing.T) {
	until := func(left time.Duration) func(s *Subject) {
		return func(s *Subject) { s.Page.PremoderatedUntil = s.Now.Add(left) }
	}
	runCases(t, pageCheck{}, []checkCase{
		{"never", func(*Subject) {}, []string{}},
		{"now", until(time.Minute), []string{"page_premoderated review"}},
		{"over", until(0), []string{}},
	})
}

func TestAuthor(t *testing.T) {
	record := func(mode Mode, approved, rejected int) func(s *Subject) {
		return func(s *Subject) { s.Site.Mode, s.Author.Approved, s.Author.Rejected = mode, approved, rejected }
	}
	runCases(t, authorCheck{}, []checkCase{
		{"trusted", record(ModeNew, 2, 0), []string{}},
		{"first, new", record(ModeNew, 0, 0), []string{"first_comment hold"}},
		{"first, all", record(ModeAll, 0, 0), []string{"first_comment none"}},
		{"first, flagged", record(ModeFlagged, 0, 0), []string{"first_comment none"}},
		{"first, off", record(ModeOff, 0, 0), []string{"first_comment none"}},
		{"second, new", record(ModeNew, 1, 0), []string{"new_author hold"}},
		{"often rejected", record(ModeNew, 4, 2), []string{"rejected_before none"}},
		{"seldom rejected", record(ModeNew, 5, 2), []string{"author_record none"}},
	})
}

func TestWords(t *testing.T) {
	words, err := CompileWords([]Word{
		{ID: "b1", List: ListBanned, Text: "vermin"}, {ID: "s1", List: ListSuspect, Text: "liar"}, {ID: "a1", List: ListAllowed, Text: "liar liar"},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := clean()
	s.Words = words
	s.Author.Name = "V3rmin, the vermin"
	s.Text = "Größe: L1ar, verm1n and VERMIN."
	s.Plain = s.Text
	evidence, err := wordsCheck{}.Examine(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	want := []Evidence{{
		Code: CodeSuspectWord, Hint: HintHold, Spans: []Span{{7, 11}},
		Sentence: "Contains the suspect word “liar”, written “L1ar”.",
		Data:     map[string]string{"word_id": "s1", "word": "liar", "written": "L1ar"},
	}, {
		Code: CodeBannedWord, Hint: HintReject, Spans: []Span{{13, 19}, {24, 30}},
		Sentence: "Contains the banned word “vermin”, written “verm1n”.",
		Data:     map[string]string{"word_id": "b1", "word": "vermin", "written": "verm1n"},
	}, {
		Code: CodeBannedWord, Hint: HintReject,
		Sentence: "The author's name contains the banned word “vermin”.",
		Data:     map[string]string{"word_id": "b1", "word": "vermin", "where": "name"},
	}}
	if diff := cmp.Diff(want, evidence); diff != "" {
		t.Error(diff)
	}
}

func TestAFloodOfSuspectWordsHidesNoBannedOne(t *testing.T) {
	list := []Word{{ID: "b", List: ListBanned, Text: "vermin"}}
	var text strings.Builder
	for i := range 4 * maxFindings {
		word := strings.Repeat(string(rune('a'+i%26)), 1+i/26%2) + strings.Repeat("xy", 1+i/52)
		list = append(list, Word{ID: "s", List: ListSuspect, Text: word})
		text.WriteString(word + " ")
	}
	words, err := CompileWords(list)
	if err != nil {
		t.Fatal(err)
	}
	s := clean()
	s.Words, s.Text = words, text.String()+"vermin"
	s.Plain = s.Text
	trace := New().Examine(t.Context(), s)
	if v := Decide(s, trace); v.Lane != LaneRefuse {
		t.Errorf("%+v", v)
	}
	if n := len(stepOf(t, trace, "words").Evidence); n != maxFindings {
		t.Errorf("%d findings", n)
	}
}

// FuzzExamine checks the promises of a trace on any text.
func FuzzExamine(f *testing.F) {
	for _, text := range []string{
		"", "v1agra", "s.h.i.t", "\xff*\xff", "sh**i**t a*b*c", "[a.b](http://c.d) http://xn--80ak6aa92e.com", "ﷺ ㎏ ½ ﬃ",
		"a\u0300\u0300\u0300\u0300\u0300", "s * * t", "!!!1!|@$$", strings.Repeat("a ", 40), "КУКУ cукa", "🅢🅗🅘🅣",
	} {
		f.Add(text, text)
	}
	words := compile(f, ListBanned, "shit", "viagra", "ass", "a b", "kill yourself", "сука", "ffi", "kg", "傻", "aaa")
	p := New()
	f.Fuzz(func(t *testing.T, text, plain string) {
		s := clean()
		s.Text, s.Plain, s.Words = text, plain, words
		s.Links = strings.Fields(text)
		trace := p.Examine(t.Context(), s)
		length := utf8.RuneCountInString(text)
		for _, step := range trace {
			if step.Err != "" {
				t.Errorf("%s failed: %s", step.Check, step.Err)
			}
			for _, e := range step.Evidence {
				if slices.ContainsFunc(e.Spans, func(s Span) bool { return s.Start < 0 || s.Start >= s.End || s.End > length }) {
					t.Errorf("%s: spans %v in a text of %d", e.Code, e.Spans, length)
				}
			}
		}
		for _, h := range words.find(text, place{}) {
			if h.span.Start < 0 || h.span.Start >= h.span.End || h.span.End > length {
				t.Errorf("hit %v in a text of %d", h, length)
			}
		}
	})
}
