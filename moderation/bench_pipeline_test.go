package moderation

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkPipeline takes comments of 2,000 characters the whole way that needs no
// database: sketch, search and insertion in an index of 100,000 comments, every
// check with 5,000 words, 50 rules, and the decision. A comment alone with its
// words is the baseline. p99-us is in microseconds; it is to be under 2,000.
func BenchmarkPipeline(b *testing.B) {
	words, err := CompileWords(benchWords(5000))
	if err != nil {
		b.Fatal(err)
	}
	rules := rulesOfASite(b)
	copies, _ := filled(b)
	p := New()
	for name, text := range benchTexts() {
		subject := func(i int) *Subject {
			s := clean()
			s.Text, s.Plain, s.Words = fmt.Sprintf("%d %s", i, text), text, words
			s.Links = []string{"https://one.example/a", "https://two.example/b"}
			return s
		}
		b.Run("words alone/"+name, func(b *testing.B) {
			p99(b, func(i int) { MatchWords(subject(i)) })
		})
		b.Run("all/"+name, func(b *testing.B) {
			p99(b, func(i int) {
				s := subject(i)
				s.Rules = rules
				c := copied(benchSize+i, s.Text)
				s.Copies = copies.Place(c)
				Decide(s, p.Examine(b.Context(), s))
			})
		})
	}
}

// p99 times each turn by itself.
func p99(b *testing.B, turn func(i int)) {
	b.ReportAllocs()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		turn(i)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-us")
}
