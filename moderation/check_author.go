package moderation

import (
	"context"
	"fmt"
)

// Codes of the check "author". The first two hold in ModeNew only; in the other
// modes they are left for the moderator to know.
const (
	CodeFirstComment   = "first_comment"   // nothing of this author was decided before
	CodeNewAuthor      = "new_author"      // fewer approved comments than the site asks for
	CodeRejectedBefore = "rejected_before" // none: a third or more of at least three were rejected
)

// authorCheck looks at the author's record on this site.
type authorCheck struct{}

func (authorCheck) Name() string { return "author" }
func (authorCheck) Version() int { return 1 }

func (authorCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	var found []Evidence
	if s.newcomer() {
		found = append(found, newcomerEvidence(s))
	}
	a := s.Author
	if decided := a.Approved + a.Rejected; a.Rejected > 0 && decided >= 3 && a.Rejected*3 >= decided {
		found = append(found, Evidence{
			Code: CodeRejectedBefore, Hint: HintNone,
			Sentence: fmt.Sprintf("Rejected before: %d of this author's %d decided comments.", a.Rejected, decided),
		})
	}
	return found, nil
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
