package moderation

import "context"

// CodePremoderated is the code of the check "page": people look at everything on
// this page first, for a while.
const CodePremoderated = "page_premoderated"

// pageCheck holds what is written on a page in premoderation, whatever the mode.
type pageCheck struct{}

func (pageCheck) Name() string { return "page" }
func (pageCheck) Version() int { return 1 }

func (pageCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	if !s.Now.Before(s.Page.PremoderatedUntil) {
		return nil, nil
	}
	sentence := "Comments on this page wait for a moderator until " + s.Page.PremoderatedUntil.UTC().Format("15:04") + " UTC."
	if s.Page.PremoderatedFor != "" {
		sentence += " " + s.Page.PremoderatedFor
	}
	return []Evidence{{Code: CodePremoderated, Hint: HintReview, Sentence: sentence}}, nil
}
