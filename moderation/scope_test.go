package moderation

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEntriesCountWhereTheyAreFor: scope, language and time are looked at when an
// entry matches, so one compiled list does for all of them.
func TestEntriesCountWhereTheyAreFor(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	words, err := CompileWords([]Word{
		{ID: "everywhere", List: ListBanned, Text: "alpha"},
		{ID: "section", List: ListBanned, Text: "bravo", Scope: Scope{Section: "sport"}},
		{ID: "key", List: ListBanned, Text: "charlie", Scope: Scope{Page: "story-1"}},
		{ID: "address", List: ListBanned, Text: "delta", Scope: Scope{Page: "https://daily.example/sport/final"}},
		{ID: "german", List: ListBanned, Text: "echo", Language: "de-AT"},
		{ID: "expiring", List: ListBanned, Text: "foxtrot", ExpiresAt: noon},
		{ID: "allowed", List: ListAllowed, Text: "alpha beta", Scope: Scope{Section: "sport"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	final := Page{Key: "story-1", URL: "https://daily.example/sport/final", Section: "sport"}
	for _, c := range []struct {
		name string
		at   place
		want []string
	}{
		{"nowhere", place{now: noon}, []string{"everywhere"}},
		{"another section", place{page: Page{Section: "politics"}, now: noon}, []string{"everywhere"}},
		{"that page", place{page: final, now: noon}, []string{"section", "key", "address"}},
		{"by its address alone", place{page: Page{Key: "x", URL: final.URL}, now: noon}, []string{"everywhere", "address"}},
		{"a German site", place{language: "DE", now: noon}, []string{"everywhere", "german"}},
		{"an English site", place{language: "en", now: noon}, []string{"everywhere"}},
		{"just before the end", place{now: noon.Add(-time.Microsecond)}, []string{"everywhere", "expiring"}},
	} {
		got := []string{}
		for _, h := range words.find("alpha beta, bravo, charlie, delta, echo, foxtrot", c.at) {
			got = append(got, words.entries[h.entry].ID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestExceptionsOfOneEntry(t *testing.T) {
	words, err := CompileWords([]Word{
		{ID: "1", List: ListBanned, Text: "dick", Except: []string{"Dick Tracy", "moby dick"}},
		{ID: "2", List: ListSuspect, Text: "moby"},
		{ID: "3", List: ListLegal, Text: "tracy"},
		{ID: "4", List: ListAllowed, Text: "dick tracy"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, h := range words.find("Moby D1ck and Dick Tracy; you dick", place{}) {
		got = append(got, words.entries[h.entry].ID)
	}
	// The exception is of one entry alone, and no allowed entry lets a legal term by.
	slices.Sort(got)
	if diff := cmp.Diff([]string{"1", "2", "3"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLegalTermsHaveAPersonLook(t *testing.T) {
	words, err := CompileWords([]Word{{ID: "l", List: ListLegal, Text: "jane roe"}})
	if err != nil {
		t.Fatal(err)
	}
	s := clean()
	s.Words, s.Site.Mode = words, ModeOff
	s.Text, s.Plain = "It was J4ne Roe.", "It was J4ne Roe."
	trace := New().Examine(t.Context(), s)
	if v := Decide(s, trace); v.Lane != LaneQueue {
		t.Errorf("in mode off: %+v", v)
	}
	want := []Evidence{{
		Check: "words", Version: 3, Code: CodeLegalTerm, Hint: HintReview, Spans: []Span{{7, 15}},
		Sentence: "Contains the legal term “jane roe”, written “J4ne Roe”.",
		Data:     map[string]string{"word_id": "l", "word": "jane roe", "written": "J4ne Roe"},
	}}
	if diff := cmp.Diff(want, MatchWords(s)); diff != "" {
		t.Error(diff)
	}
}
