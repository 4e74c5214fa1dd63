package comment

import (
	"context"
	"time"

	"github.com/afterword-comments/afterword/moderation"
)

// Integration is a check that runs elsewhere and that a site has set up.
type Integration struct {
	Site      string
	ID        string
	Kind      string // http, akismet, perspective, openai, chat or coral
	Name      string // unique on the site
	URL       string
	Settings  map[string]string // by kind
	Secret    string            // sealed; "" = none
	When      When
	Only      Only
	Silence   Silence
	Most      moderation.Hint // the strongest hint that its answer may carry
	Send      []string        // what goes out beyond the usual: email, ip
	Deadline  time.Duration   // for an answer
	Enabled   bool
	Version   int64 // counts the changes
	CreatedAt time.Time
}

// When says at what point a check elsewhere is asked.
type When string

// The points.
const (
	AskBefore When = "before" // while the reader waits
	AskAfter  When = "after"  // once the comment is stored; it waits where it would have been published
)

// Only says about which comments a check elsewhere is asked.
type Only string

// The conditions.
const (
	OnlyAll       Only = "all"
	OnlyNewcomers Only = "newcomers"
	OnlyLinks     Only = "links"
)

// Silence says what becomes of a comment about which a check has nothing said by
// its deadline.
type Silence string

// The policies. SilencePublish overrides nothing that another check has found.
const (
	SilenceHold    Silence = "hold"
	SilencePublish Silence = "publish"
	SilenceReject  Silence = "reject"
)

// Inquiry is a question about one revision that was put to an integration, or is
// to be. While it is open it is the ticket that a later answer has to show.
type Inquiry struct {
	Site          string
	ID            string
	IntegrationID string
	CommentID     string
	Revision      int
	// Lane is where the comment would have gone but for this question; "" = it
	// waits for a person whatever the answer is.
	Lane                moderation.Lane
	State               InquiryState
	Tries               int
	NextAt              time.Time // when there is something to do: a call, or the deadline
	Deadline            time.Time
	CreatedAt, ClosedAt time.Time
	Took                time.Duration   // of the last call
	Hint                moderation.Hint // the strongest of the answer
	Error               string          // of the last call

	Decided Status // that a person has given the revision
	// Lesson is such a status of which the integration is still to be told.
	Lesson      Status
	LessonTries int
	LessonAt    time.Time
}

// InquiryState is how far a question has come.
type InquiryState string

// The states. The first two are open.
const (
	InquiryOwed     InquiryState = "owed"  // a call is to be made
	InquiryAsked    InquiryState = "asked" // the answer is to come
	InquiryAnswered InquiryState = "answered"
	InquirySilent   InquiryState = "silent" // there was no answer, or none that could be read
	InquiryMoot     InquiryState = "moot"   // the revision is no longer the newest
)

// Open reports whether an answer would still count.
func (i Inquiry) Open() bool { return i.State == InquiryOwed || i.State == InquiryAsked }

// Question is what an integration is asked.
type Question struct {
	Integration Integration
	Inquiry     string // its id
	CommentID   string
	ParentID    string
	Subject     *moderation.Subject
	HTML        string
	Email       string
	Client      Client // of the reader; zero except while the reader waits
}

// Heard is what came of a question.
type Heard struct {
	Step   moderation.Step
	Later  time.Duration // over 0: the answer is to come within that time
	Silent bool          // there was no answer; Step.Err says why
}

// Outside asks the checks that run elsewhere.
type Outside interface {
	// Ask puts all questions at once, and answers each, in their order, no later
	// than the longest of the integrations' deadlines.
	Ask(ctx context.Context, questions []Question) []Heard
	// Wake hears that calls are owed.
	Wake()
}

// outsideReader is what is read of checks that run elsewhere.
type outsideReader interface {
	Integrations(site string) ([]Integration, error) // by id
	Integration(site, id string) (Integration, error)
	FindIntegration(id string) (Integration, error)
	Inquiry(site, id string) (Inquiry, error)
	Inquiries(site, commentID string) ([]Inquiry, error) // by id
	// RecentInquiries gives the newest questions to an integration, newest first.
	RecentInquiries(site, integration string, limit int) ([]Inquiry, error)
	// DueInquiries gives open ones of all sites with something to do, and
	// DueLessons those whose integration is to be told of a decision.
	DueInquiries(now time.Time, limit int) ([]Inquiry, error)
	DueLessons(now time.Time, limit int) ([]Inquiry, error)
}

// outsideTx is what is written of them.
type outsideTx interface {
	PutIntegration(i Integration) error
	RemoveIntegration(site, id string) error // its inquiries stay
	InsertInquiry(i Inquiry) error
	// MoveInquiry writes how far a question has come; it is a conflict unless it
	// is still in the state and at the try of before.
	MoveInquiry(i, before Inquiry) error
	// HurryInquiries ends the open questions to an integration at an instant.
	HurryInquiries(site, integration string, at time.Time) error
	// SetLesson writes what a person has decided and what is owed of it.
	SetLesson(i Inquiry) error
	SetTrace(r Revision) error
}
