package moderation

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadingsAreNotShared finds words and makes sketches of many texts at once,
// large and small, and wants what each of them gives alone.
func TestReadingsAreNotShared(t *testing.T) {
	w := compile(t, ListBanned, "viagra", "casino", "idiot", "hit man")
	texts := make([]string, 64)
	hits, sketches, folded := make([][]hit, len(texts)), make([]Sketch, len(texts)), make([]string, len(texts))
	r := rand.New(rand.NewPCG(21, 22))
	for i := range texts {
		texts[i] = fmt.Sprint(i, strings.Repeat(" v1agra and c a s i n o, id*ot; h.i.t m.a.n", r.IntN(6)), prose(r, r.IntN(300)))
		hits[i], sketches[i], folded[i] = w.find(texts[i], place{}), NewSketch(texts[i]), Normalise(texts[i]).String()
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for n := range 4 * len(texts) {
				i := (n*7 + g) % len(texts)
				if diff := cmp.Diff(hits[i], w.find(texts[i], place{}), cmp.AllowUnexported(hit{})); diff != "" {
					t.Errorf("%q: %s", texts[i], diff)
				}
				if NewSketch(texts[i]) != sketches[i] || Normalise(texts[i]).String() != folded[i] {
					t.Errorf("%q is another text", texts[i])
				}
			}
		})
	}
	all.Wait()
}
