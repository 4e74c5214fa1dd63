// Package comment is the domain: sites, pages, comments with their revisions,
// decisions and the log of events, and the Service whose verbs are the use
// cases. It decides; internal/store keeps, internal/web speaks. Every use case
// is one transaction that changes rows and appends to the site's log.
package comment

import (
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// Status is where a comment stands.
type Status string

// The statuses. Only an approved comment is public.
const (
	Pending  Status = "pending"
	Approved Status = "approved"
	Rejected Status = "rejected"
	Spam     Status = "spam"
	Deleted  Status = "deleted"
)

// Statuses lists them in the order of the desk's tabs.
var Statuses = []Status{Pending, Approved, Rejected, Spam, Deleted}

// Reported is counted beside the statuses: the comments with reports that nobody
// has decided about. It is the status of none.
const Reported Status = "reported"

// Page is one article that carries comments.
type Page struct {
	Site      string
	ID        string
	Key       string // the publisher's id, or the normalised address
	URL       string // normalised
	Title     string
	CreatedAt time.Time
	ClosedAt  time.Time // zero = open, save for the site's close_after
	Count     int       // public comments

	Premoderation Premoderation // the zero value = none
	// SparedUntil is how long no automation may put the page into premoderation.
	SparedUntil time.Time
}

// Open reports whether the page takes comments at this instant.
func (p Page) Open(o Options, now time.Time) bool {
	if !p.ClosedAt.IsZero() {
		return false
	}
	return o.CloseAfter == 0 || p.CreatedAt.IsZero() || now.Before(p.CreatedAt.Add(o.CloseAfter))
}

// Comment is one reader's contribution: its standing, and its newest revision
// by number. Texts are in Revisions.
type Comment struct {
	Site     string
	ID       string
	PageID   string
	ParentID string // "" = a root comment
	Depth    int    // 0 = a root comment

	AuthorID   string
	AuthorName string
	AuthorKind AuthorKind
	Badge      string

	// Status is as decided, shown in the desk at once. InForce is what holds
	// for everybody else: while a decision waits for its undo window to end,
	// InForce is still what it was before.
	Status  Status
	InForce Status
	// Revision is the newest; Public the one that readers see, 0 for none. An
	// edit that waits for a decision leaves Public on the approved one.
	Revision int
	Public   int

	VotesUp, VotesDown int
	Replies            int // public direct replies
	// Shown is whether the thread has a place for it: public itself, or gone
	// with public replies under it (a tombstone).
	Shown    bool
	Reports  int   // of the newest revision
	Reported int   // weight, in thousandths, of those that nobody has decided about
	Sequence int64 // of its last event
	Version  int64 // counts the changes of this row; compare-and-set
	Risk     string
	Group    string // of comments that say nearly the same, "" for none
	// Held is the id of the decision that waits for its undo window, "" for none.
	Held string

	CreatedAt time.Time
	EditedAt  time.Time // zero = never
	// DecidedAt and the names beside it are of the newest decision by anyone.
	DecidedAt time.Time
	DecidedBy string // the actor's id

	// Text is the newest revision, or in a Thread the public one; filled by lists.
	Text Revision
}

// AuthorKind says how far an author's name can be trusted.
type AuthorKind string

// The kinds of author.
const (
	KindGuest  AuthorKind = "guest"
	KindReader AuthorKind = "reader"
	KindStaff  AuthorKind = "staff"
)

// Revision is one text of a comment, rendered once, with what every check
// found in it.
type Revision struct {
	Site      string
	CommentID string
	N         int
	Source    string
	Tree      markup.Tree
	Trace     moderation.Trace
	Facts     string // what moderation.Facts.Remember kept, "" = nothing
	CreatedAt time.Time

	Inquiries []Inquiry // to checks elsewhere, to be stored with it; not read again
	// Stored is how Tree and Trace are written, where that has been made already.
	Stored *Texts
}

// ReasonCodes are the codes of everything that the checks found, each once. Of a
// rule they also are rule:ID and tag:TAG, and notified where moderators were told.
func (r Revision) ReasonCodes() []string {
	var codes []string
	add := func(code string) {
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	for _, e := range allReasons(r.Trace) {
		add(e.Code)
		for _, of := range [][2]string{{moderation.DataRule, "rule:"}, {moderation.DataTag, "tag:"}} {
			if value := e.Data[of[0]]; value != "" {
				add(of[1] + value)
			}
		}
		if e.Data[moderation.DataNotify] != "" {
			add("notified")
		}
	}
	return codes
}

// Author is what a site knows of somebody who writes.
type Author struct {
	Site      string
	ID        string
	Kind      AuthorKind
	Name      string // the latest
	Email     string // as given; never leaves the house
	Approved  int
	Rejected  int // rejected and spam
	FirstSeen time.Time

	Record       moderation.Record // of what people decided
	LastRejected time.Time         // by a person; zero = never, or not known any more
	Said         moderation.Said   // what a person has said of them
}

// Report is a reader's word to the moderators about one revision.
type Report struct {
	Site      string
	ID        string
	CommentID string
	Revision  int
	Reporter  string // keyed digest; one report a reader and revision
	Reason    string
	Note      string
	At        time.Time

	ReporterID string // of the token that came with it, "" = none; see Reporter
	Network    string // keyed digest, of this comment's alone; see weigh
	Weight     int    // in thousandths
	Outcome    ReportOutcome
}

// Receipt remembers the answer to a request with an idempotency key.
type Receipt struct {
	Scope  string
	Key    string
	Hash   string // of the request
	Status int
	Answer []byte
	At     time.Time
}

// ThreadQuery asks for public comments (and tombstones) under one parent.
type ThreadQuery struct {
	Site, Page, Parent string
	Sort               Sort
	After              *Place // nil = from the start
	Limit              int
}

// Sort is the order of a thread.
type Sort string

// The orders of a thread.
const (
	Oldest Sort = "oldest"
	Newest Sort = "newest"
	Top    Sort = "top"
)

// Place is where a list was left: the key of its last row.
type Place struct {
	Key int64 // microseconds, or the score
	ID  string
}

// QueueQuery asks for the moderators' list.
type QueueQuery struct {
	Sites  []string // those the asker may see
	Status Status   // "" = all
	Search string   // in text and author name
	Reason string   // code of a reason
	Group  string   // of comments that say nearly the same
	// Grouped leaves one of each group and status: the first in the order asked for.
	Grouped bool
	Author  string // id
	Page    string // id
	Newest  bool   // newest first; else oldest first
	// Reported asks for those with open reports, the heaviest first, and nothing
	// else but Sites, After and Limit counts.
	Reported bool
	After    *Place
	Limit    int
}

// DeliveryQuery asks for the deliveries of one endpoint.
type DeliveryQuery struct {
	Site, Endpoint string
	State          DeliveryState // "" = all
	Before         string        // id
	Limit          int
}
