package moderation

import (
	"context"
	"fmt"
	"strconv"
)

// Codes of the check "copies".
const (
	CodeNearDuplicate     = "near_duplicate"     // hold: nearly the same text as other comments
	CodeRejectedDuplicate = "rejected_duplicate" // spam: people turned nearly the same text down twice
)

// turnedTwice is how many human rejections of nearly the same text a new copy
// inherits; one could be a slip or about the place.
const turnedTwice = 2

// copiesCheck judges a text by what became of those that say nearly the same.
// What automations did to them counts for nothing, or a mistake would feed on
// itself.
type copiesCheck struct{}

func (copiesCheck) Name() string { return "copies" }
func (copiesCheck) Version() int { return 1 }

func (copiesCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	g := s.Copies
	if g.Count == 0 {
		return nil, nil
	}
	e := Evidence{
		Code: CodeNearDuplicate, Hint: HintHold, Sentence: g.sentence(),
		Data: map[string]string{
			"group": g.ID, "count": strconv.Itoa(g.Count), "authors": strconv.Itoa(g.Authors),
			"pages": strconv.Itoa(g.Pages), "rejected": strconv.Itoa(g.Rejected),
		},
	}
	if g.Turned >= turnedTwice && g.Accepted == 0 {
		e.Code, e.Hint = CodeRejectedDuplicate, HintSpam
		e.Sentence = fmt.Sprintf("Moderators turned nearly the same text down %d times. %s", g.Turned, e.Sentence)
	}
	return []Evidence{e}, nil
}

func (g *Group) sentence() string {
	latest := ""
	if g.Count > membersMost {
		latest = fmt.Sprintf(", the latest %d", membersMost)
	}
	rejected := ""
	if g.Rejected > 0 {
		rejected = fmt.Sprintf(", %d rejected", g.Rejected)
	}
	return fmt.Sprintf("Nearly the same text as %s%s of %s on %s%s.",
		count(g.Count, "comment"), latest, count(g.Authors, "author"), count(g.Pages, "page"), rejected)
}

// count writes "1 page" or "3 pages".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
