package moderation

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// benchWords makes a list of the size that large sites keep.
func benchWords(n int) []Word {
	r := rand.New(rand.NewPCG(3, 4))
	words := make([]Word, n)
	for i := range words {
		var b strings.Builder
		for range 3 + r.IntN(8) {
			b.WriteByte("etaoinshrdlucmfwypvbgkqjxz"[min(r.IntN(26), r.IntN(26))])
		}
		words[i] = Word{ID: fmt.Sprint(i), List: ListBanned, Text: b.String() + "q"}
	}
	return words
}

// benchTexts are 2,000 code points each, honest and hostile.
func benchTexts() map[string]string {
	cut := func(s string) string { return string([]rune(strings.Repeat(s, 2000))[:2000]) }
	return map[string]string{
		"prose":    cut("The minister said on Tuesday that the plan was sound; few in the hall agreed with her. "),
		"cyrillic": cut("Министр сказал во вторник, что план хорош; мало кто в зале с ним согласился. "),
		"spaced":   cut("e t a o i n "),
		"stars":    cut("e*t*a o*s "),
		"run":      cut("a"),
		"leet":     cut("4@$1|0!5"),
		"marks":    cut("e\u0336\u0301\u0302"),
		"markup":   cut("[a.b](http://c"),
		"alike":    cut("Тhе mіnіstеr sаіd оn Тuеsdаy thаt thе рlаn wаs sоund; "),
		"width":    cut("Ｔｈｅ　ｍｉｎｉｓｔｅｒ　𝐬𝐚𝐢𝐝 𝐨𝐧 𝐓𝐮𝐞𝐬𝐝𝐚𝐲 "),
		"hidden":   cut("a\u200b\u2060\ufeffb\u034f "),
		"arabic":   cut("قال الوزير يوم الثلاثاء إن الخطة سليمة "),
		"chinese":  cut("部长周二表示，该计划是合理的；大厅里很少有人同意她的意见。"),
		"korean":   cut("장관은 화요일에 계획이 타당하다고 말했다 "),
	}
}

func BenchmarkExamine(b *testing.B) {
	words, err := CompileWords(benchWords(5000))
	if err != nil {
		b.Fatal(err)
	}
	p := New()
	for name, text := range benchTexts() {
		b.Run(name, func(b *testing.B) {
			s := clean()
			s.Text, s.Plain, s.Words = text, text, words
			b.ReportAllocs()
			for b.Loop() {
				p.Examine(b.Context(), s)
			}
		})
	}
}

func BenchmarkCompileWords(b *testing.B) {
	for _, n := range []int{5000, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			list := benchWords(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := CompileWords(list); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMatchFiftyThousand(b *testing.B) {
	words, err := CompileWords(benchWords(50_000))
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range benchTexts() {
		b.Run(name, func(b *testing.B) {
			s := clean()
			s.Text, s.Plain, s.Words = text, text, words
			b.ReportAllocs()
			for b.Loop() {
				MatchWords(s)
			}
		})
	}
}

// TestExamineAllocatesLittle keeps what one comment may cost bounded, whatever
// it says: allocations must not grow with the text.
func TestExamineAllocatesLittle(t *testing.T) {
	words, err := CompileWords(benchWords(5000))
	if err != nil {
		t.Fatal(err)
	}
	const most = 200
	for name, text := range benchTexts() {
		s := clean()
		s.Text, s.Plain, s.Words = text, text, words
		if got := testing.AllocsPerRun(5, func() { New().Examine(t.Context(), s) }); got > most {
			t.Errorf("%s: %.0f allocations, want at most %d", name, got, most)
		}
	}
}
