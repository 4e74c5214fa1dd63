package comment

import "time"

// Basis is what an answer to readers rests on. Whoever keeps the answer may do
// so until an event touches its basis.
type Basis struct {
	Site  string
	Pages []string // ids of the pages that it shows something of
	// Unsettled: another page, or one that does not exist yet, may come to be what
	// was asked for. See Event.Renames.
	Unsettled bool
	Votes     bool      // it shows the votes of these pages too
	Until     time.Time // when time alone makes it another one; zero = never
}

// Reach is how far readers notice an event.
type Reach uint8

// The reaches, from nothing to everything.
const (
	ReachNothing Reach = iota // what readers see stays as it is
	ReachVotes                // the votes on a comment of the page
	ReachPage                 // the thread of the page and its count
	ReachSite                 // every answer of the site
)

// Reach tells what readers may notice of the event. What it does not know it
// takes for something that they notice.
func (e Event) Reach() Reach {
	switch e.Type {
	case CommentCreated, CommentEdited, CommentReported, DecisionRecorded, DecisionReversed,
		WordAdded, WordChanged, WordRemoved, WordsImported, EndpointAdded, EndpointChanged, EndpointRemoved, EndpointBehind, EndpointPing, EndpointOff, AccountChanged,
		PersonChanged, BlockAdded, BlocksAdded, BlockChanged, BlockRemoved,
		CheckAnswered, CheckAdded, CheckChanged, CheckRemoved, CheckUntaught, PagePremoderated, PageReleased,
		ClauseAdded, ClauseChanged, TemplateChanged, TemplateRemoved, AppealMade, AppealAssigned, AppealDecided, SecondLookMade,
		RuleAdded, RuleChanged, RuleRemoved, RuleNotified, RuleApplied, CommentGrouped, CommentReexamined:
		return ReachNothing // a new revision, or a new comment, is seen when it is approved
	case CommentRejected, CommentMarkedSpam, CommentDeleted, CommentRestored:
		if e.Previous != Approved {
			return ReachNothing
		}
	case CommentVoted:
		return ReachVotes
	}
	if e.PageID == "" {
		return ReachSite
	}
	return ReachPage
}

// Renames reports whether a name may mean another page after the event: one was
// made or corrected, or has its first public comment (see findPage).
func (e Event) Renames() bool {
	switch e.Type {
	case CommentCreated:
		return true
	case CommentRejected, CommentMarkedSpam, CommentDeleted, CommentRestored, CommentErased, CommentVoted, PageClosed, PageOpened:
		return false // what these take away or change belongs to a page that was found before
	}
	return e.Reach() >= ReachPage
}

// restOn notes that an answer shows something of a page that was found under
// the name ref.
func (b *Basis) restOn(p Page, ref string) {
	if p.ID != "" {
		b.Pages = append(b.Pages, p.ID)
	}
	// A key is taken for good. Every other name may come to mean another page;
	// so may an address that is a key, until that page has public comments.
	if p.ID == "" || p.Key != ref || p.Count == 0 && namedPage(p.Site, ref).URL != "" {
		b.Unsettled = true
	}
}

// closesAt is when a page that is open closes by its age, zero for never.
func (p Page) closesAt(o Options, now time.Time) time.Time {
	if o.CloseAfter == 0 || p.CreatedAt.IsZero() || !p.Open(o, now) {
		return time.Time{}
	}
	return p.CreatedAt.Add(o.CloseAfter)
}
