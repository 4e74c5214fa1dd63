package comment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
)

// Event is one line of a site's append-only log. Webhooks, live streams and
// the audit trail follow it; nothing that happened is anywhere else first.
type Event struct {
	Site      string // "" = the installation's own log (accounts, sites)
	Seq       int64  // 1, 2, 3… without gaps within the site
	ID        string // the webhook-id header
	Type      string
	PageID    string // "" where the event is of no page
	CommentID string // "" where the event is of no comment
	Sequence  int64  // 1, 2, 3… within the comment; 0 for what only the house sees
	Previous  Status // what the public would have named before; "" where the event changes no status
	Actor     Actor
	At        time.Time
	Body      []byte // what webhooks send, byte for byte
	BodyHash  string // SHA-256 of Body, hex
	Prev      string // chain value of the event before, "" for the first
	Hash      string // chain value of this event
	ActorMAC  string // keyed digest of Actor.Name; "" in a line of the time before there was one
	Covers    string // the rows that were written with it, each with a keyed digest; see cover.go

	Data *EventData // what Body tells of a comment, in the process that has just appended it; nil in an event that was read
}

// The types of event that integrators may receive.
const (
	CommentCreated    = "comment.created"
	CommentApproved   = "comment.approved"
	CommentRejected   = "comment.rejected"
	CommentMarkedSpam = "comment.marked_spam"
	CommentEdited     = "comment.edited"
	CommentDeleted    = "comment.deleted"
	CommentRestored   = "comment.restored"
	CommentErased     = "comment.erased"
	CommentReported   = "comment.reported"
	PageClosed        = "page.closed"
	PageOpened        = "page.opened"
	EndpointPing      = "endpoint.ping"
	EndpointOff       = "endpoint.disabled"
)

// PublicTypes lists every type that an endpoint may ask for.
var PublicTypes = []string{
	CommentCreated, CommentApproved, CommentRejected, CommentMarkedSpam, CommentEdited,
	CommentDeleted, CommentRestored, CommentErased, CommentReported, PageClosed, PageOpened,
	EndpointPing, EndpointOff,
}

// The types that stay in the house: the desk's stream and the audit trail
// follow them, webhooks never carry them.
const (
	DecisionRecorded = "decision.made"
	DecisionReversed = "decision.undone"
	CommentVoted     = "comment.voted"
	SiteChanged      = "site.changed"
	WordAdded        = "word.added"
	WordChanged      = "word.changed"
	WordRemoved      = "word.removed"
	WordsImported    = "word.imported"
	RuleAdded        = "rule.added"
	RuleChanged      = "rule.changed"
	RuleRemoved      = "rule.removed"
	RuleNotified     = "rule.notified" // a rule that is to tell moderators matched
	RuleApplied      = "rule.applied"  // a rule matched only when readers had reported
	EndpointAdded    = "endpoint.added"
	EndpointChanged  = "endpoint.changed"
	EndpointRemoved  = "endpoint.removed"
	EndpointBehind   = "endpoint.behind"
	CheckAnswered    = "check.answered"
	CheckAdded       = "check.added"
	CheckChanged     = "check.changed"
	CheckRemoved     = "check.removed"
	CheckUntaught    = "check.feedback_dropped"
	AccountChanged   = "account.changed"
	PersonChanged    = "person.changed"
	BlockAdded       = "block.added"
	BlocksAdded      = "blocks.added" // by an import
	BlockChanged     = "block.changed"
	BlockRemoved     = "block.removed"
	PagePremoderated = "page.premoderated" // begun or prolonged
	PageReleased     = "page.released"

	ClauseAdded     = "clause.added"
	ClauseChanged   = "clause.changed"
	TemplateChanged = "template.changed"
	TemplateRemoved = "template.removed"
	AppealMade      = "appeal.made"
	AppealAssigned  = "appeal.assigned"
	AppealDecided   = "appeal.decided"
	SecondLookMade  = "second_look.made"

	CommentGrouped    = "comment.grouped"    // others say nearly the same as this one
	CommentReexamined = "comment.reexamined" // its evidence has grown, and it waits as it did
)

// Actor is who caused an event. ID stays in the house; Name and Kind may be
// shown to integrators.
type Actor struct {
	Kind ActorKind
	ID   string
	Name string
}

// ActorKind is what caused an event.
type ActorKind string

// The kinds of actor.
const (
	ActorModerator ActorKind = "moderator"
	ActorRule      ActorKind = "rule"
	ActorModel     ActorKind = "model"
	ActorAuthor    ActorKind = "author"
	ActorImport    ActorKind = "import"
	ActorReader    ActorKind = "reader"
	ActorOperator  ActorKind = "operator" // the command line
	ActorSystem    ActorKind = "system"
)

// Envelope is the body of a webhook, in the order in which it is written.
type Envelope struct {
	EnvelopeHead
	Data json.RawMessage `json:"data"`
}

// EnvelopeHead is what comes before the data.
type EnvelopeHead struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	Site      string `json:"site"`
	Sequence  int64  `json:"sequence"`
}

// envelop is the JSON of an Envelope, without going over the data once more.
func envelop(head EnvelopeHead, data []byte) ([]byte, error) {
	body, err := JSON(head)
	if err != nil {
		return nil, err
	}
	body = append(body[:len(body)-1], `,"data":`...)
	return append(append(body, data...), '}'), nil
}

// Seal links the event to the one before it: Prev, BodyHash and Hash. The
// chain is keyed, so that whoever can write the database but does not hold the
// installation's key cannot forge it.
func (e *Event) Seal(prev string, key []byte) {
	sum := sha256.Sum256(e.Body)
	e.BodyHash = hex.EncodeToString(sum[:])
	e.Prev = prev
	e.Hash = e.chain(key)
}

// Verify reports whether the event is what Seal made of it; that its body is not
// is reported apart, as the chain goes on all the same.
func (e *Event) Verify(prev string, key []byte) (linked, body bool) {
	sum := sha256.Sum256(e.Body)
	linked = e.Prev == prev && hmac.Equal([]byte(e.Hash), []byte(e.chain(key)))
	return linked, e.BodyHash == hex.EncodeToString(sum[:])
}

// chain covers everything that says what happened, and who did it by the id.
// The actor's name is in it by a digest only: it is a person's, and an erasure has
// to be able to take it away without breaking the chain.
func (e *Event) chain(key []byte) string {
	parts := []string{
		e.Prev, e.Site, strconv.FormatInt(e.Seq, 10), e.ID, e.Type, e.PageID, e.CommentID,
		strconv.FormatInt(e.Sequence, 10), string(e.Actor.Kind), e.Actor.ID, string(e.Previous),
		strconv.FormatInt(e.At.UnixMicro(), 10), e.BodyHash,
	}
	if e.ActorMAC != "" {
		parts = append(parts, e.ActorMAC, e.Covers)
	}
	return hex.EncodeToString(mac(key, parts...))
}
