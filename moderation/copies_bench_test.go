package moderation

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
)

const benchSize = 100_000

// prose is a text of words that occur about as often as those of a language do.
func prose(r *rand.Rand, words int) string {
	zipf := rand.NewZipf(r, 1.1, 8, 40_000)
	var b strings.Builder
	for range words {
		n := zipf.Uint64()
		for range 2 + n%7 {
			b.WriteByte("etaoinshrdlucmfwypvbgk"[n%22])
			n = n*2862933555777941757 + 3037000493
			n ^= n >> 29
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// filled is an index of benchSize comments; every hundredth is a paraphrase of
// one advertisement.
func filled(tb testing.TB) (x *Copies, r *rand.Rand) {
	tb.Helper()
	r = rand.New(rand.NewPCG(5, 6))
	x = NewCopies(benchSize, 30*24*time.Hour)
	p := paraphraser{r}
	for i := range benchSize {
		text := prose(r, 10+r.IntN(50))
		if i%100 == 0 {
			text = p.of(adverts["job"])
		}
		x.Place(copied(i, text))
	}
	return x, r
}

func copied(i int, text string) Copied {
	return Copied{
		ID: fmt.Sprintf("0198c0de-0000-7000-8000-%012x", i), Site: "daily", Author: fmt.Sprint("a", i%5000), Page: fmt.Sprint("p", i%700),
		Sketch: NewSketch(text), At: time.Unix(int64(i), 0),
	}
}

// BenchmarkCopies measures a comment's way through the full index: its sketch,
// and the search with the insertion, which is one step.
func BenchmarkCopies(b *testing.B) {
	x, r := filled(b)
	p := paraphraser{r}
	for _, bench := range []struct {
		name string
		text func() string
	}{
		{"unlike any", func() string { return prose(r, 40) }},
		{"one of a wave", func() string { return p.of(adverts["job"]) }},
		{"the same again", func() string {
			return "This very text is posted again and again by a machine that knows no other one to post."
		}},
		{"2000 characters", func() string { return prose(r, 330) }},
	} {
		texts := make([]Copied, 2000)
		for i := range texts {
			texts[i] = copied(benchSize+i, bench.text())
		}
		b.Run("place/"+bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				x.Place(texts[i%len(texts)])
			}
		})
	}
	for _, words := range []int{40, 330} {
		text := prose(r, words)
		b.Run(fmt.Sprintf("sketch/%d words", words), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				NewSketch(text)
			}
		})
	}
}

// BenchmarkCopiesMemory tells what a full index holds.
func BenchmarkCopiesMemory(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		x, _ := filled(b)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
		runtime.KeepAlive(x)
	}
}
