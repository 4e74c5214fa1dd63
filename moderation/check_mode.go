package moderation

import "context"

// CodeReviewsAll is the code of the check "mode": the site holds everything.
const CodeReviewsAll = "reviews_all"

const reviewsAll = "The site reviews every comment before it appears."

// modeCheck leaves the site's policy in the trace, so that the trace alone
// explains why a harmless comment waited.
type modeCheck struct{}

func (modeCheck) Name() string { return "mode" }
func (modeCheck) Version() int { return 1 }

func (modeCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	if !s.Site.Mode.holdsAll() {
		return nil, nil
	}
	return []Evidence{{Code: CodeReviewsAll, Hint: HintHold, Sentence: reviewsAll}}, nil
}
