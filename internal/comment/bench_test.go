package comment_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
)

// BenchmarkSubmit posts through the whole use case, without HTTP: cleaning,
// rendering, every check and the durable commit, from 16 and 64 sides at once.
func BenchmarkSubmit(b *testing.B) {
	for _, sides := range []int{16, 64} {
		b.Run(fmt.Sprint(sides), func(b *testing.B) {
			h := newHouse(b)
			h.Now = comment.NewService(nil, nil, nil, nil).Now
			var taken atomic.Int64
			var all sync.WaitGroup
			b.ResetTimer()
			for range sides {
				all.Go(func() {
					for n := taken.Add(1); n <= int64(b.N); n = taken.Add(1) {
						sub := post(fmt.Sprintf("On %s: %s", spell(n), strings.Repeat("the council has *not* answered yet. ", 8)))
						sub.Name, sub.Email = fmt.Sprint("Reader ", n%1000), fmt.Sprintf("r%d@reader.example", n%1000)
						if _, err := h.Submit(ctx(), sub); err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
		})
	}
}

// spell writes a number in words, so that no two texts are repeats.
func spell(n int64) string {
	words := strings.Fields("oak elm ash fir yew bay fig box may sorb")
	var b strings.Builder
	for _, digit := range fmt.Sprint(n) {
		b.WriteString(words[digit-'0'] + " ")
	}
	return b.String()
}
