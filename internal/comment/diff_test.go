package comment_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

func TestDiffShowsWhatChanged(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after string
		want          []comment.Edit
	}{
		"same":        {"a b", "a b", []comment.Edit{{Op: "equal", Text: "a b"}}},
		"nothing":     {"", "", nil},
		"from empty":  {"", "a", []comment.Edit{{Op: "insert", Text: "a"}}},
		"to empty":    {"a b", "", []comment.Edit{{Op: "delete", Text: "a b"}}},
		"one word":    {"I like cats.", "I like dogs.", []comment.Edit{{Op: "equal", Text: "I like "}, {Op: "delete", Text: "cats"}, {Op: "insert", Text: "dogs"}, {Op: "equal", Text: "."}}},
		"word put in": {"I like cats", "I really like cats", []comment.Edit{{Op: "equal", Text: "I "}, {Op: "insert", Text: "really "}, {Op: "equal", Text: "like cats"}}},
		"word out":    {"a b c", "a c", []comment.Edit{{Op: "equal", Text: "a "}, {Op: "delete", Text: "b "}, {Op: "equal", Text: "c"}}},
		"accents":     {"über Öl", "über öl", []comment.Edit{{Op: "equal", Text: "über "}, {Op: "delete", Text: "Öl"}, {Op: "insert", Text: "öl"}}},
	} {
		if diff := cmp.Diff(tt.want, comment.Diff(tt.before, tt.after)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// wantDiff checks what every difference must be: without the insertions it is
// the text before, without the deletions the text after.
func wantDiff(t *testing.T, before, after string) {
	t.Helper()
	var was, is strings.Builder
	last := ""
	for _, e := range comment.Diff(before, after) {
		if e.Text == "" || e.Op == last {
			t.Fatalf("a stretch is empty, or two of %q follow each other", e.Op)
		}
		last = e.Op
		switch e.Op {
		case "equal":
			was.WriteString(e.Text)
			is.WriteString(e.Text)
		case "delete":
			was.WriteString(e.Text)
		case "insert":
			is.WriteString(e.Text)
		default:
			t.Fatalf("the operation %q", e.Op)
		}
	}
	if was.String() != before || is.String() != after {
		t.Fatalf("the difference of %q and %q leads from %q to %q", before, after, was.String(), is.String())
	}
}

func TestDiffLeadsFromOneTextToTheOther(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	vocabulary := strings.Split("a b c the cat, ü é日本語 \n\n ** [x](y) 1.5 👍🏽 .", " ")
	text := func() string {
		var parts []string
		for range random.IntN(30) {
			parts = append(parts, vocabulary[random.IntN(len(vocabulary))])
		}
		return strings.Join(parts, []string{" ", "", "\n"}[random.IntN(3)])
	}
	for range 2000 {
		wantDiff(t, text(), text())
	}
}

// A difference of long texts must not cost a moderator's patience, nor the
// server's memory.
func TestDiffOfLongTextsIsBounded(t *testing.T) {
	before := strings.Repeat("a b ", 5000)
	after := "start " + strings.Repeat("b a ", 5000) + " end"
	wantDiff(t, before, after)
	if got := comment.Diff(before, after); len(got) > 4 {
		t.Errorf("the difference has %d stretches", len(got))
	}
	// What both ends have in common costs nothing and is kept.
	got := comment.Diff(before+"x", before+"y")
	if i := slices.IndexFunc(got, func(e comment.Edit) bool { return e.Op == "equal" }); i != 0 || len(got) != 3 || got[0].Text != before {
		t.Errorf("the common start is not shown as equal: %d stretches", len(got))
	}
}

func FuzzDiff(f *testing.F) {
	f.Add("I like cats.", "I like dogs.")
	f.Add("", "a")
	f.Add("\xff a", "a \xff")
	f.Fuzz(func(t *testing.T, before, after string) { wantDiff(t, before, after) })
}
