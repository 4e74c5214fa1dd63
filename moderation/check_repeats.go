package moderation

import (
	"context"
	"fmt"
)

// Codes of the check "repeats".
const (
	CodeRepeatedText     = "repeated_text"     // hold: the same text was posted before
	CodeRepeatedRejected = "repeated_rejected" // spam: people turned the same text down twice
)

// rejectedTwice is how many human rejections of the same text a new copy
// inherits; one could be a slip or about the place.
const rejectedTwice = 2

// repeatsCheck judges a text by what became of its earlier copies.
type repeatsCheck struct{}

func (repeatsCheck) Name() string { return "repeats" }
func (repeatsCheck) Version() int { return 1 }

func (repeatsCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	if len(s.Repeats) == 0 {
		return nil, nil
	}
	pages, own, down, byPeople := map[string]bool{}, 0, 0, 0
	for _, r := range s.Repeats {
		pages[r.PageKey] = true
		if r.SameAuthor {
			own++
		}
		if r.Status == "rejected" || r.Status == "spam" {
			down++
			if r.Human {
				byPeople++
			}
		}
	}
	e := Evidence{
		Code: CodeRepeatedText, Hint: HintHold,
		Sentence: fmt.Sprintf("Same text as %s on %s: %d by the same author, %d rejected or spam.",
			count(len(s.Repeats), "earlier comment"), count(len(pages), "page"), own, down),
	}
	if byPeople >= rejectedTwice {
		e.Code, e.Hint = CodeRepeatedRejected, HintSpam
		e.Sentence = fmt.Sprintf("Moderators turned the same text down %d times, on %s.",
			byPeople, count(len(pages), "page"))
	}
	return []Evidence{e}, nil
}

// count writes "1 page" or "3 pages".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
