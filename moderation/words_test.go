package moderation

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func compile(t testing.TB, list string, texts ...string) *Words {
	t.Helper()
	var words []Word
	for i, text := range texts {
		words = append(words, Word{ID: fmt.Sprint(i), List: list, Text: text})
	}
	w, err := CompileWords(words)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// cuts returns what the hits cut out of the text.
func cuts(text string, hits []hit) []string {
	runes := []rune(text)
	out := []string{}
	for _, h := range hits {
		out = append(out, string(runes[h.span.Start:h.span.End]))
	}
	return out
}

func TestFindDisguises(t *testing.T) {
	w := compile(t, ListBanned, "viagra", "ass", "shit", "asshole", "kill yourself", "buy followers",
		"сука", "дурак", "faggot", "idiot", "b00b tube", "4chan", "1488", "傻瓜", "straße", "μαλάκα", "scam", "sex", "kkk")
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"plain", "buy viagra now", []string{"viagra"}},
		{"case", "ViAgRA!", []string{"ViAgRA"}},
		{"full width", "ｖｉａｇｒａ", []string{"ｖｉａｇｒａ"}},
		{"mathematical", "𝓋𝒾𝒶ℊ𝓇𝒶 𝐬𝐡𝐢𝐭", []string{"𝓋𝒾𝒶ℊ𝓇𝒶", "𝐬𝐡𝐢𝐭"}},
		{"circled", "ⓢⓗⓘⓣ 🅢🅗🅘🅣", []string{"ⓢⓗⓘⓣ", "🅢🅗🅘🅣"}},
		{"accents", "vïágrà ṡḧïẗ", []string{"vïágrà", "ṡḧïẗ"}},
		{"Cyrillic rings", "s\u0489h\u0489i\u0489t\u0489 ok", []string{"s\u0489h\u0489i\u0489t\u0489"}},
		{"marks of other scripts", "s\u0903h\u3099i\u0f39t\u0e38 ok", []string{"s\u0903h\u3099i\u0f39t\u0e38"}},
		{"stacked marks", "s\u0336h\u0336i\u0336t\u0336 ok", []string{"s\u0336h\u0336i\u0336t\u0336"}},
		{"zero width", "vi\u200bag\u200dra", []string{"vi\u200bag\u200dra"}},
		{"soft hyphen", "vi\u00adagra", []string{"vi\u00adagra"}},
		{"cyrillic letters", "vіаgrа", []string{"vіаgrа"}},
		{"greek letters", "νiαgrα", []string{"νiαgrα"}},
		{"wholly cyrillic in english", "what a ѕсаm, this ѕех thing", []string{"ѕсаm", "ѕех"}},
		{"latin in russian", "ты cукa и дyрaк", []string{"cукa", "дyрaк"}},
		{"leet", "v1agra @ss $hit 1d10t @$$", []string{"v1agra", "@ss", "$hit", "1d10t", "@$$"}},
		{"all leet but a letter", "455h0l3", []string{"455h0l3"}},
		{"pipe", "v|agra sh!t", []string{"v|agra", "sh!t"}},
		{"mention", "@asshole", []string{"asshole"}},
		{"dots", "s.h.i.t", []string{"s.h.i.t"}},
		{"spaces", "you s h i t", []string{"s h i t"}},
		{"spaces after an apostrophe", "that's s h i t", []string{"s h i t"}},
		{"hyphens and leet", "v-1-a-g-r-@ here", []string{"v-1-a-g-r-@"}},
		{"spaced phrase", "k i l l  y o u r s e l f", []string{"k i l l  y o u r s e l f"}},
		{"under a row of letters", "a s h i t x", []string{"s h i t"}},
		{"stretched", "viaaagra shiiiiit aaassssss faaaaagggot", []string{"viaaagra", "shiiiiit", "aaassssss", "faaaaagggot"}},
		{"phrase", "Kill, yourself", []string{"Kill, yourself"}},
		{"phrase over lines", "BUY...\n\n fоllowers", []string{"BUY...\n\n fоllowers"}},
		{"star", "sh*t and *sh*t* and f*ggot", []string{"sh*t", "sh*t", "f*ggot"}},
		{"two stars", "a**hole", []string{"a**hole"}},
		{"digits at the end", "viagra100", []string{"viagra100"[:6]}},
		{"digits of the entry", "on 4chan, b00b tube", []string{"4chan", "b00b tube"}},
		{"number", "1488", []string{"1488"}},
		{"no spaces between words", "你这个傻瓜啊", []string{"傻瓜"}},
		{"sharp s", "STRASSE straße", []string{"STRASSE", "straße"}},
		{"greek", "ΜΑΛΑΚΑ μαλακα", []string{"ΜΑΛΑΚΑ", "μαλακα"}},
		{"trade mark", "viagra™", []string{"viagra"}},
		{"possessive", "viagra's", []string{"viagra"}},
		{"letters thrice", "KKK k.k.k", []string{"KKK", "k.k.k"}},
		{"glued to punctuation", "wow!shit(viagra)", []string{"shit", "viagra"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, cuts(c.text, w.find(c.text, place{}))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// innocent holds honest sentences around the letters of the entries below.
var innocent = []string{
	"Scunthorpe United drew at Penistone.", "The cockpit crew saw a peacock.", "First class passengers assassinated the mood.",
	"An assassin passed the embassy and assumed nothing.", "She is an analyst in therapy; the therapist canalised it.",
	"Arsenal, Sussex, Essex and Middlesex.", "The Dickensian shiitake dish.", "Hancock hit a shuttlecock.",
	"Grape, drape, scrape and therapeutic.", "A title for a titular titan: Titus.", "The A55 and the B55 are closed.",
	"Room 455, 80085 visitors, 1990s.", "It cost $55 or 455 €.", "He has a lass, a mass and brass grass.",
	"As shown, as she said.", "The pen is mightier.", "Let us hope it is so. Sex, said nobody's Essex.",
	"A. S. Byatt and S. H. Foot", "Coop or copper? The raccoon's cocoon.", "Их сор и нос, вот и всё.", "Это хор, рис и сок.",
	"Мы были там вчера. сор", "Ναι, και το νερό.", "ουρά και νους", "The scampi was scant, a scamper.", "Swanking and cranking.",
	"a a a a b b c", "I, II, III, IV", "U.S.A. and U.K. and e.g. this", "It is a s t o n i s h i n g.", "Shih Tzu",
	"basement, bassoon, bassline, cassette, compass, harass-free", "Matsushita and Fuchsia", "snigger, niggle and Niger",
	"therapist the rapids", "5ths, 7th, 55th, 90210", "C++ and a+b", "info@example.com", "class=\"as\" as_sumption",
}

func TestFindLeavesInnocentSentencesAlone(t *testing.T) {
	w := compile(t, ListBanned, "cunt", "cock", "penis", "anal", "arse", "dick", "shit", "rape", "tit", "tits", "boobs",
		"rapist", "the rapist", "scam", "wank", "cum", "nigger", "coon", "cop", "coc", "hoc", "cok", "puc", "xop", "vai",
		"nai", "kai", "boob", "ss", "fuck", "hit man", "is so gay", "cyka", "ass", "sexy", "sss")
	for _, text := range innocent {
		if got := cuts(text, w.find(text, place{})); len(got) != 0 {
			t.Errorf("%q: found %q", text, got)
		}
	}
}

func TestDoubledLettersPartHonestWords(t *testing.T) {
	w := compile(t, ListBanned, "cop", "as", "rapper")
	for _, text := range []string{"coop", "ass", "raper", "copp"} {
		if got := cuts(text, w.find(text, place{})); len(got) != 0 {
			t.Errorf("%q: found %q", text, got)
		}
	}
}

func TestAllowedEntriesExempt(t *testing.T) {
	w, err := CompileWords([]Word{
		{ID: "1", List: ListBanned, Text: "cock"}, {ID: "2", List: ListSuspect, Text: "robin"}, {ID: "3", List: ListAllowed, Text: "cock robin"}, {ID: "4", List: ListAllowed, Text: "robin"},
	})
	if err != nil {
		t.Fatal(err)
	}
	text := "Cock Robin! A cock, robin... no: a robin and a cock."
	want := []hit{{0, Span{47, 51}}}
	if diff := cmp.Diff(want, w.find(text, place{}), cmp.AllowUnexported(hit{})); diff != "" {
		t.Error(diff)
	}
}

func TestMarkupInsideWords(t *testing.T) {
	s := &Subject{Text: "oh sh**i**t, d*i*ck", Plain: "oh shit, dick", Words: compile(t, ListBanned, "shit", "dick")}
	got, err := wordsCheck{}.Examine(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Span{{3, 11}, {13, 19}} {
		if len(got) != 2 || !slices.Contains(got[i].Spans, want) {
			t.Fatalf("got %+v, want span %v", got, want)
		}
	}
	both := &Subject{Text: "shit, sh**i**t", Plain: "shit, shit", Words: compile(t, ListBanned, "shit")}
	if got := MatchWords(both); len(got) != 1 || !slices.Equal(got[0].Spans, []Span{{0, 4}, {6, 14}}) {
		t.Errorf("in the open and hidden: %+v", got)
	}
}

func TestCheckWord(t *testing.T) {
	for text, code := range map[string]string{
		"": "no_letters", " - ": "no_letters", "\u200b": "no_letters", "a": "too_short", "a.": "too_short",
		strings.Repeat("ab", 51): "too_long", "idiot*": "wildcard", "\xff\xfe": "encoding",
		"a[bc-d]e": "regular_expression", "(vi|ci)agra": "regular_expression", `\bsex\b`: "regular_expression", "/buy/i": "regular_expression",
		"cas[i1]no": "regular_expression", "colou?r": "regular_expression", "casino|poker": "regular_expression", "sh|t": "", "why not?": "", "sh[i]t": "",
		"lost \uFFFD letter": "encoding", "C++ (2nd)": "", "[sic] a/b": "", "e.g. this": "",
		"ok": "", "88": "", "傻": "", "kill yourself": "", "s.h.i.t": "", "$$$hit": "",
	} {
		err := CheckWord(text)
		var we *WordError
		if got := ""; errors.As(err, &we) {
			if got = we.Code; got != code {
				t.Errorf("%q: code %q, want %q", text, got, code)
			}
		} else if code != "" || err != nil {
			t.Errorf("%q: %v, want %q", text, err, code)
		}
	}
}

// What would not be taken today may stand on a list since yesterday.
func TestOldEntriesStillCompile(t *testing.T) {
	if got := compile(t, ListBanned, "(frob|grob)", "lost \uFFFD letter", "frob").find("a frob", place{}); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}

func TestCompileWordsNamesTheEntryAtFault(t *testing.T) {
	for _, w := range []Word{{ID: "w7", List: "naughty", Text: "fine"}, {ID: "w7", List: ListBanned, Text: "!"}} {
		if _, err := CompileWords([]Word{w}); err == nil || !strings.Contains(err.Error(), "w7") {
			t.Errorf("%v: %v", w, err)
		}
	}
	empty, err := CompileWords(nil)
	if err != nil || len(empty.find("anything at all", place{})) != 0 {
		t.Errorf("an empty list: %v", err)
	}
}

// disguises are the attacks of the property test; each changes a word so that a
// person still reads it.
var disguises = map[string]func(r *rand.Rand, w string) string{
	"case":  each(0.5, func(_ *rand.Rand, c rune) string { return strings.ToUpper(string(c)) }),
	"width": each(1, func(_ *rand.Rand, c rune) string { return string(c + 0xFEE0) }),
	"math":  each(1, func(_ *rand.Rand, c rune) string { return string(0x1D41A + c - 'a') }),
	"zero width": each(0.6, func(r *rand.Rand, c rune) string {
		return string(c) + string([]rune{0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD}[r.IntN(6)])
	}),
	"marks": each(0.7, func(r *rand.Rand, c rune) string { return string(c) + string(0x300+rune(r.IntN(0x30))) }),
	"leet":  each(0.5, swap(map[rune]string{'a': "4@", 'e': "3", 'i': "1|", 'o': "0", 's': "5$", 't': "7", 'b': "8", 'g': "9", 'l': "1"})),
	"alike": each(0.6, swap(map[rune]string{'a': "аα", 'e': "е", 'i': "іι", 'o': "оο", 'c': "с", 'p': "рρ", 's': "ѕ", 'x': "х", 'y': "у", 'n': "пη", 't': "т", 'k': "к", 'h': "һ", 'm': "м"})),
	"dots":  between("."), "spaces": between(" "), "dashes": between("-"), "underlines": between("_"),
	"stretch": func(r *rand.Rand, w string) string {
		i := 1 + r.IntN(len(w)-2)
		return w[:i] + strings.Repeat(w[i:i+1], 2+r.IntN(6)) + w[i:]
	},
	"star": func(r *rand.Rand, w string) string { i := 1 + r.IntN(len(w)-2); return w[:i] + "*" + w[i+1:] },
}

func each(share float64, change func(*rand.Rand, rune) string) func(*rand.Rand, string) string {
	return func(r *rand.Rand, w string) string {
		var b strings.Builder
		for i, c := range w {
			if last := i == len(w)-1; !last && r.Float64() < share || share == 1 {
				b.WriteString(change(r, c))
			} else {
				b.WriteRune(c)
			}
		}
		return b.String()
	}
}

func swap(table map[rune]string) func(*rand.Rand, rune) string {
	return func(r *rand.Rand, c rune) string {
		if to := []rune(table[c]); len(to) > 0 {
			return string(to[r.IntN(len(to))])
		}
		return string(c)
	}
}

func between(sep string) func(*rand.Rand, string) string {
	return func(_ *rand.Rand, w string) string { return strings.Join(strings.Split(w, ""), sep) }
}

func TestGeneratedDisguisesAreFound(t *testing.T) {
	words := []string{"viagra", "casino", "idiot", "moron", "bastard", "scammer", "cocaine", "asshole", "bitch", "wanker",
		"nazi", "slut", "traitor", "parasite", "faggot", "shithead", "porn", "escort", "bitcoin", "vermin"}
	w := compile(t, ListBanned, words...)
	r := rand.New(rand.NewPCG(1, 2))
	names := make([]string, 0, len(disguises))
	for name := range disguises {
		names = append(names, name)
	}
	slices.Sort(names)
	const runs = 1000
	found, missed := 0, map[string]int{}
	for range runs {
		entry, name := r.IntN(len(words)), names[r.IntN(len(names))]
		written := disguises[name](r, words[entry])
		before, after := "Well, honestly, you are a ", " and everybody here knows it."
		hits := w.find(before+written+after, place{})
		start := len([]rune(before))
		want := hit{entry, Span{start, start + len([]rune(written))}}
		if slices.Contains(hits, want) {
			found++
		} else if missed[name]++; missed[name] < 4 {
			t.Logf("%s: missed %q, hits %v", name, written, hits)
		}
	}
	t.Logf("found %d of %d, missed %v", found, runs, missed)
	if found*100 < runs*95 {
		t.Errorf("found %d of %d disguises, want 95 %%", found, runs)
	}
}

// carriers are honest words with the letters of listed ones inside.
var carriers = strings.Fields(`assassin assume classic compass embassy passenger grass brass cassette harass bassoon massive
	Scunthorpe cockpit peacock Hancock shuttlecock cocktail cockatoo Penistone peninsula penicillin analyst canal analogue banal
	arsenal coarse parsec rehearse Dickens predicament dictionary verdict shiitake Matsushita scrape grape drape therapist titan
	title titular constitution partition booby raccoon cocoon tycoon scamper scampi swank cranking cucumber document circumstance
	accumulate snigger Niger niggardly magnifico Fukuoka sextant Sussex Essex Middlesex sextet unisex snuff stifled idiotic idiom
	idiosyncrasy moronic oxymoron bastardise porngate shipshape whoresome hoarse bitching obituary sluice saltwater nazify denazify`)

// TestHonestSentencesAreLeftAlone makes 5,000 sentences of words that carry the
// letters of the entries; at most 0.1 % of them may be hit.
func TestHonestSentencesAreLeftAlone(t *testing.T) {
	w := compile(t, ListBanned, "ass", "cock", "penis", "anal", "arse", "dick", "shit", "rape", "rapist", "tit", "boob", "coon", "scam",
		"wank", "cum", "nigger", "fag", "sex", "nuff", "idiot", "moron", "bastard", "porn", "hore", "bitch", "slut", "nazi", "hit man", "kill all")
	around := strings.Fields("The a one my our that old new great small was is has seen near with for under 1 22 1990s and or then, but; his (her) their – of A55")
	r := rand.New(rand.NewPCG(7, 8))
	const sentences = 5000
	hit := 0
	for range sentences {
		var b strings.Builder
		for range 6 + r.IntN(8) {
			list := around
			if r.IntN(2) == 0 {
				list = carriers
			}
			word := list[r.IntN(len(list))]
			if r.IntN(12) == 0 {
				word = strings.ToUpper(word)
			}
			b.WriteString(word + " ")
		}
		if found := cuts(b.String(), w.find(b.String(), place{})); len(found) > 0 {
			if hit++; hit < 6 {
				t.Logf("%q: found %q", b.String(), found)
			}
		}
	}
	t.Logf("hit %d of %d", hit, sentences)
	if hit*1000 > sentences {
		t.Errorf("hit %d of %d honest sentences, at most 0.1 %% are allowed", hit, sentences)
	}
}

// FuzzWords lets anything be an entry: what CheckWord takes compiles, whatever it is
// matched with, and its key does not change by spelling the text as its key.
func FuzzWords(f *testing.F) {
	for _, entry := range []string{"buy now", "s.h.i.t", "\xff", "$$$hit", "傻", "a\u0300\u0300b", "(a|b)", "ﷺ ab", "１２", "сука ass"} {
		f.Add(entry, "so buy n0w you s-h-i-t")
	}
	f.Fuzz(func(t *testing.T, entry, text string) {
		if err := CheckWord(entry); err != nil {
			var bad *WordError
			if !errors.As(err, &bad) || bad.Code == "" || bad.Sentence == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		w, err := CompileWords([]Word{{ID: "1", List: ListBanned, Text: entry, Except: []string{entry + " indeed"}[:min(1, max(0, 90-len(entry)))]}, {ID: "2", List: ListLegal, Text: entry}})
		if err != nil {
			t.Fatal(err)
		}
		length := utf8.RuneCountInString(text)
		for _, h := range w.find(text, place{}) {
			if h.span.Start < 0 || h.span.Start >= h.span.End || h.span.End > length {
				t.Errorf("hit %v in a text of %d", h, length)
			}
		}
	})
}
