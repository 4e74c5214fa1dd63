package moderation

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Codes of the check "author". The first two hold in ModeNew only; in the other
// modes they are left for the moderator to know.
const (
	CodeFirstComment   = "first_comment"   // nothing of this author was decided before
	CodeNewAuthor      = "new_author"      // fewer approved comments than the site asks for
	CodeRejectedBefore = "rejected_before" // none: a third or more of at least three were rejected
	CodeAuthorRecord   = "author_record"   // none: what was decided before, where there is enough to tell
)

// authorCheck looks at the author's record on this site.
type authorCheck struct{}

func (authorCheck) Name() string { return "author" }
func (authorCheck) Version() int { return 2 }

func (authorCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	var found []Evidence
	if s.newcomer() {
		found = append(found, newcomerEvidence(s))
	}
	a := s.Author
	decided := a.Approved + a.Rejected
	if decided < 3 {
		return found, nil
	}
	e := Evidence{Code: CodeAuthorRecord, Hint: HintNone, Sentence: recordSentence(s), Data: recordData(s)}
	if a.Rejected > 0 && a.Rejected*3 >= decided {
		e.Code = CodeRejectedBefore
	}
	return append(found, e), nil
}

// recordSentence is such as "41 of 42 approved, last rejected 8 months ago."
func recordSentence(s *Subject) string {
	a := s.Author
	sentence := fmt.Sprintf("%d of %d approved", a.Approved, a.Approved+a.Rejected)
	if !a.LastRejected.IsZero() {
		sentence += ", last rejected " + ago(s.Now.Sub(a.LastRejected))
	}
	return sentence + "."
}

func recordData(s *Subject) map[string]string {
	r := s.Author.Record.On(s.Now)
	if r.At.IsZero() {
		return nil
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }
	return map[string]string{"good": number(r.Good), "bad": number(r.Bad), "at_least": number(r.AtLeast())}
}

// ago says how long ago something was, as roughly as people do.
func ago(d time.Duration) string {
	days := int(d / (24 * time.Hour))
	for _, unit := range []struct {
		days int
		name string
	}{{365, "year"}, {30, "month"}, {1, "day"}} {
		if days >= unit.days {
			return count(days/unit.days, unit.name) + " ago"
		}
	}
	return "today"
}

func newcomerEvidence(s *Subject) Evidence {
	e := Evidence{
		Code: CodeNewAuthor, Hint: HintNone,
		Sentence: fmt.Sprintf("The author has %s; the site trusts after %d.",
			count(s.Author.Approved, "approved comment"), s.Site.TrustedAfter),
	}
	if s.Author.Approved+s.Author.Rejected == 0 {
		e.Code, e.Sentence = CodeFirstComment, "The author has no decided comment on this site yet."
	}
	if s.Site.Mode.holdsNewcomers() {
		e.Hint = HintHold
	}
	return e
}
