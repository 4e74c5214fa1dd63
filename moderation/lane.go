package moderation

// Lane is where a comment goes after all checks have spoken.
type Lane string

// The lanes. Nothing is ever lost: LaneSpam and LaneRefuse store the comment
// with its reasons, and a person can still approve it.
const (
	LanePublish Lane = "publish" // approved at once
	LaneQueue   Lane = "queue"   // pending until a person decides
	LaneSpam    Lane = "spam"    // stored as spam
	LaneRefuse  Lane = "refuse"  // stored as rejected
)

// Risk is how urgently a person should look, in words because a number would
// promise more precision than there is.
type Risk string

// The risks that a Verdict names.
const (
	RiskLow    Risk = "low"    // waits by policy alone, or not at all
	RiskMedium Risk = "medium" // a check flagged the content
	RiskHigh   Risk = "high"   // refused, spam, or flagged in several ways
)

// manyFlags is the number of flags that together make a high risk.
const manyFlags = 3

// Verdict is the outcome for one revision.
type Verdict struct {
	Lane     Lane
	Sentence string // the cause, in one sentence for the moderator
	Risk     Risk
}

// Decide makes the one lane decision: the strongest hint wins, and the site's
// mode says whether a hint to hold has any force. So what a person has said of
// such comments (approve) outranks what a check merely suspects (hold) and the
// site's mode, and gives way to what people have forbidden (review, spam,
// reject). It depends on nothing but its arguments, so a stored trace can be
// decided again.
func Decide(s *Subject, t Trace) Verdict {
	v := Verdict{LanePublish, "No check found a reason to hold this comment.", risk(t)}
	if s.Site.Mode.holdsAll() {
		v.Lane, v.Sentence = LaneQueue, reviewsAll
	}
	reasons := t.Reasons()
	if len(reasons) == 0 {
		return v
	}
	strongest := reasons[0]
	switch strongest.Hint {
	case HintReject:
		v.Lane, v.Sentence = LaneRefuse, strongest.Sentence
	case HintSpam:
		v.Lane, v.Sentence = LaneSpam, strongest.Sentence
	case HintReview:
		v.Lane, v.Sentence = LaneQueue, strongest.Sentence
	case HintApprove:
		v.Lane, v.Sentence = LanePublish, strongest.Sentence
	case HintHold:
		if s.Site.Mode.holds() {
			v.Lane, v.Sentence = LaneQueue, heldBecause(reasons)
		} else {
			v.Sentence = "The site publishes without review."
		}
	}
	return v
}

// heldBecause prefers a reason in the comment itself to the site's policy,
// which the moderator knows anyway.
func heldBecause(reasons []Evidence) string {
	for _, e := range reasons {
		if !policy(e) {
			return e.Sentence
		}
	}
	return reasons[0].Sentence
}

func risk(t Trace) Risk {
	flags := 0
	for _, e := range t.Reasons() {
		if e.Hint.strength() > HintReview.strength() {
			return RiskHigh
		}
		if e.Hint.against() && !policy(e) {
			flags++
		}
	}
	switch {
	case flags >= manyFlags:
		return RiskHigh
	case flags > 0:
		return RiskMedium
	}
	return RiskLow
}

// Policy reports whether the evidence holds a comment for what the site is, and not
// for what the comment says.
func (e Evidence) Policy() bool { return policy(e) }

// policy reports whether evidence holds a comment for what the site is, not for
// what the comment says.
func policy(e Evidence) bool {
	switch e.Code {
	case CodeReviewsAll, CodeFirstComment, CodeNewAuthor, CodeNewcomerLink, CodePremoderated:
		return true
	}
	return false
}
