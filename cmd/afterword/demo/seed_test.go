package demo

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/afterword-comments/afterword/moderation"
	"github.com/google/go-cmp/cmp"
)

func TestSeedsFormThreads(t *testing.T) {
	paper, _ := opened(t)
	articles := paper.Articles()
	statuses, perArticle := map[string]int{}, map[string]int{}
	seeds := Seeds()
	for i, s := range seeds {
		statuses[s.Want]++
		perArticle[s.Article]++
		if s.Name == "" || strings.TrimSpace(s.Text) == "" {
			t.Errorf("seed %d is empty", i)
		}
		if s.Email != "" && !strings.HasSuffix(s.Email, ".example") {
			t.Errorf("seed %d: %s might be somebody's", i, s.Email)
		}
		if !slices.ContainsFunc(articles, func(a Article) bool { return a.Key == s.Article }) {
			t.Errorf("seed %d is on %q", i, s.Article)
		}
		if s.Parent >= i || s.Parent >= 0 && seeds[s.Parent].Article != s.Article {
			t.Errorf("seed %d answers %d", i, s.Parent)
		}
	}
	for _, want := range []string{"approved", "pending", "rejected", "spam", "deleted"} {
		if statuses[want] == 0 {
			t.Errorf("no seed is %s", want)
		}
		delete(statuses, want)
	}
	if len(statuses) > 0 {
		t.Errorf("unknown statuses: %v", statuses)
	}
	if len(perArticle) != 2 {
		t.Errorf("%d articles have comments, the third is to have none", len(perArticle))
	}
}

func TestSeedsShowWhatCommentsCanBe(t *testing.T) {
	seeds := Seeds()
	has := func(what string, found func(Seed) bool) {
		t.Helper()
		if !slices.ContainsFunc(seeds, found) {
			t.Errorf("no seed %s", what)
		}
	}
	approved := func(s Seed) bool { return s.Want == "approved" }
	has("has a link", func(s Seed) bool { return approved(s) && strings.Contains(s.Text, "](https://") })
	has("has a list, a quotation and emphasis", func(s Seed) bool {
		return approved(s) && strings.Contains(s.Text, "\n- ") && strings.Contains(s.Text, "\n> ") && strings.Contains(s.Text, "*was*")
	})
	has("is German", func(s Seed) bool { return approved(s) && strings.Contains(s.Text, "müssten") })
	has("runs from right to left", func(s Seed) bool {
		return approved(s) && strings.ContainsFunc(s.Text, func(r rune) bool { return unicode.Is(unicode.Arabic, r) })
	})
	has("is a reply to a reply", func(s Seed) bool { return s.Parent >= 0 && seeds[s.Parent].Parent >= 0 })
	has("answers a deleted one", func(s Seed) bool { return s.Parent >= 0 && seeds[s.Parent].Want == "deleted" })
}

// With the lists, a site that holds only what is flagged does by itself what
// each seed is there to show.
func TestWordsCatchWhatTheyAreFor(t *testing.T) {
	var list []moderation.Word
	for _, w := range Words() {
		list = append(list, moderation.Word{ID: w.Text, List: w.List, Text: w.Text})
	}
	words, err := moderation.CompileWords(list)
	if err != nil {
		t.Fatal(err)
	}
	lanes := map[string]int{}
	for _, s := range Seeds() {
		subject := &moderation.Subject{
			Site: moderation.Site{Mode: moderation.ModeFlagged, MaxLinks: -1},
			Text: s.Text, Plain: s.Text, Words: words, Revision: 1,
		}
		verdict := moderation.Decide(subject, moderation.New().Examine(t.Context(), subject))
		lanes[s.Want+" "+string(verdict.Lane)]++
	}
	want := map[string]int{
		"approved publish": 11, "deleted publish": 1, "spam publish": 1,
		"pending publish": 1, "pending queue": 1, "rejected refuse": 1,
	}
	if diff := cmp.Diff(want, lanes); diff != "" {
		t.Error(diff)
	}
}
