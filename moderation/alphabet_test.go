package moderation

import (
	"slices"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// TestFoldingAheadChangesNothing folds every code point with and without what is
// known of it ahead, where it may touch its neighbours and where not.
func TestFoldingAheadChangesNothing(t *testing.T) {
	for r := range unicode.MaxRune + 1 {
		if r > 0x20000 && r%97 != 0 { // nothing is known of those
			continue
		}
		text := "a" + string(r) + "b " + string(r) + "\u0301п"
		byHand := &folder{}
		for at, c := range []rune(text) {
			byHand.add(c, string(c), int32(at))
		}
		byHand.settleSigns()
		if got := fold(text); !slices.Equal(got.out, byHand.out) || got.hidden != byHand.hidden {
			t.Fatalf("%U: %s", r, cmp.Diff(byHand, got, cmp.AllowUnexported(folder{}, element{})))
		}
		if want := unicode.In(r, unspacedScripts...); unspaced(r) != want {
			t.Fatalf("%U: unspaced is %v", r, !want)
		}
	}
}
