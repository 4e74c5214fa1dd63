package comment

import (
	"context"
	"time"
)

// Store keeps everything. internal/store implements it for each engine; one
// suite (storetest) says what an implementation has to do.
type Store interface {
	// View runs fn on one consistent snapshot.
	View(ctx context.Context, fn func(Reader) error) error
	// ViewAfter is View for a use case that begins with asking what ask asks, and
	// does not mind whether all answers are of one moment. ask has no effect and
	// is answered as if there were nothing. Where every question is a way to a
	// server and back, those of many use cases are asked on one way.
	ViewAfter(ctx context.Context, ask func(Reader), fn func(Reader) error) error
	// Write runs fn as one transaction, all or nothing, and returns after its
	// commit is durable. No other transaction, on whichever node, writes to one
	// of the sites meanwhile; nil is for what belongs to the installation. fn
	// may run more than once and shares a commit with other calls, so it must
	// touch nothing but tx and variables of its own. An error of fn is returned
	// as it is. Full or unreachable storage is a fault of kind Unavailable.
	Write(ctx context.Context, sites Sites, fn func(Tx) error) error
	// WriteAfter is Write for a use case that begins with asking what ask asks;
	// see ViewAfter. It is answered as things are when fn runs.
	WriteAfter(ctx context.Context, sites Sites, ask func(Reader), fn func(Tx) error) error
	// Room is a fault of code storage_full while only the staff may write.
	Room() error
}

// Sites are the keys of the sites that a transaction writes to.
type Sites []string

// Reader is what can be read, within a View or a Write. A thing that does not
// exist is fault.Missing. Lists come in the order named, at most limit long.
type Reader interface {
	peopleReader
	outsideReader
	waveReader
	ruleReader

	Site(key string) (Site, error)
	Sites() ([]Site, error) // by key
	wordReader
	hostReader
	sweepReader
	Versions(site string) (map[List]int64, error) // of its lists; each grows with each change

	Page(site, id string) (Page, error)
	PageByKey(site, key string) (Page, error)
	PageByURL(site, url string) (Page, error) // the oldest with this address that has public comments, or else the oldest
	Pages(site string, before string, limit int) ([]Page, error)
	PagesByKey(site string, keys []string) (map[string]Page, error) // only keys that exist

	Comment(site, id string) (Comment, error)
	FindComment(id string) (Comment, error) // whatever the site; for staff, who then need a role on it
	Thread(q ThreadQuery) ([]Comment, error)
	// FirstReplies gives, by parent, what Thread gives of each from the start,
	// oldest first.
	FirstReplies(site, page string, parents []string, limit int) (map[string][]Comment, error)
	Revision(site, id string, revision int) (Revision, error)
	Revisions(site, id string) ([]Revision, error) // newest first
	Author(site, id string) (Author, error)

	// Queue lists for moderators, with the newest revisions. next is where to go
	// on, nil at the end; a search looks through a bounded number of comments at
	// a time, so it may come back with few, or none, and a next.
	Queue(q QueueQuery) (found []Comment, next *Place, err error)
	StatusCounts(sites []string) (map[Status]int, error)
	Siblings(c Comment, after bool, limit int) ([]Comment, error)
	Decisions(site, commentID string) ([]Decision, error) // newest first
	DecisionItems(decisionID string) ([]Decision, error)
	HeldDecision(site, commentID string) (Decision, error)
	DueDecisions(now time.Time, limit int) ([]Decision, error) // held and past their window
	NextDue() (time.Time, error)                               // when the next held decision is due
	Reports(site, commentID string) ([]Report, error)          // newest first

	auditReader
	clauseReader
	appealReader
	lookReader
	toldReader
	LogHead(site string) (seq int64, hash string, err error) // 0 and "" for an empty log
	LogSites() ([]string, error)
	Events(site string, after int64, limit int) ([]Event, error)
	EventSeq(site, id string) (int64, error)
	// PageEvents gives what may concern the readers of a page, without bodies.
	PageEvents(site, page string, after int64, limit int) ([]Event, error)
	Receipt(scope, key string) (Receipt, error)

	Endpoints(site string) ([]Endpoint, error) // by creation; with secrets and Owed
	Endpoint(site, id string) (Endpoint, error)
	FindEndpoint(id string) (Endpoint, error)
	Deliveries(q DeliveryQuery) ([]Delivery, error) // newest first
	Delivery(site, id string) (Delivery, error)
	FindDelivery(id string) (Delivery, error)
	Attempts(site, deliveryID string) ([]Attempt, error) // in order
	DeliveryBody(d Delivery) ([]byte, error)             // what is sent
	// OwedTimes is when the next delivery of an endpoint may be due, and when the
	// first of those that it is owed was made; zero = it is owed none.
	OwedTimes(site, endpoint string) (next, oldest time.Time, err error)

	Replay(site, id string) (Replay, error)
	FindReplay(id string) (Replay, error)
	Replays(site, endpoint, before string, limit int) ([]Replay, error) // newest first
	RunningReplays(limit int) ([]Replay, error)                         // by site and id
	// PastEvents gives events without bodies, in order. It looks through all of
	// the stretch that is asked about, so that is for the caller to bound.
	PastEvents(q PastQuery, limit int) ([]Event, error)
	CountPast(q PastQuery) (Past, error) // as PastEvents
	// FirstFailed is the number of the first event that was given up for an
	// endpoint, 0 for none; of very much, the newest part.
	FirstFailed(site, endpoint string, most int) (seq int64, err error)
	// GivenUp are the deliveries of events that were given up for an endpoint after
	// an instant and have no other that is owed or arrived, oldest first; of very
	// much, the newest part.
	GivenUp(site, endpoint string, since time.Time, most int) ([]Delivery, error)

	Account(id string) (Account, error)
	AccountByEmail(email string) (Account, error)
	Accounts() ([]Account, error)             // by e-mail
	StaffNames(site string) ([]string, error) // of those with a role there who are not disabled
	Session(id string) (Session, error)
	// Tokens is how long TakeToken would have to wait, 0 = not at all. It takes nothing.
	Tokens(key string, every time.Duration, burst int, now time.Time) (wait time.Duration, err error)
}

// Tx is what can be written, besides being read. Each method returns
// fault "conflict" where its compare-and-set or a unique key loses.
type Tx interface {
	Reader
	peopleWriter
	outsideTx
	waveTx
	ruleWriter

	PutSite(s Site) error
	wordWriter
	hostWriter
	sweepWriter
	Revise(site string, list List) error // counts the list's version up
	// PutPage inserts a page or changes what is said of it, save its count.
	PutPage(p Page) error
	CountPage(site, id string, by int) error

	InsertComment(c Comment) error
	// UpdateComment writes c where the stored Version is still c.Version, and
	// counts Version up.
	UpdateComment(c *Comment) error
	InsertRevision(r Revision) error
	// PutAuthor inserts an author or changes name and e-mail, not the counts.
	PutAuthor(a Author) error
	CountAuthor(site, id string, approved, rejected int) error
	CountStatus(site string, status Status, by int) error

	InsertDecision(d Decision) error
	// SetDecisionState moves a held decision on; it is a conflict if it is not held.
	SetDecisionState(d Decision, to DecisionState) error
	// PutVote stores a reader's vote and returns the value it replaces; 0 removes.
	PutVote(site, commentID, voter string, value int) (before int, err error)
	// InsertReport reports false if this reader has reported the revision before.
	InsertReport(r Report) (bool, error)

	clauseWriter
	appealWriter
	lookWriter
	AppendEvent(e Event) error // moves the log's head to e; a conflict unless e.Seq is the next
	PutReceipt(r Receipt) error
	// TakeToken takes a token out of a bucket that refills at one token per
	// every and holds burst; when there is none it returns how long to wait.
	TakeToken(key string, every time.Duration, burst int, now time.Time) (wait time.Duration, err error)
	// Salt is the random key of the day, made at its first use; older ones are
	// destroyed.
	Salt(day string) ([]byte, error)

	PutEndpoint(e Endpoint) error
	RemoveEndpoint(site, id string) error // with its secrets; what it was owed is cancelled
	// NoteHops notes over how many receivers of webhooks what happens to a comment or
	// page came about; what is older than HopsRemembered is forgotten.
	NoteHops(site, subject string, hops int, at time.Time) error
	// SetBehind notes since when an endpoint has been behind; zero = it is not.
	SetBehind(site, endpoint string, since time.Time) error
	// HurryDeliveries makes what an endpoint is owed due at an instant at the
	// latest, in the order in which it came to be owed, save what is being sent;
	// of very much, the first part.
	HurryDeliveries(site, endpoint string, at time.Time) error
	PutSecret(endpointSite, endpointID string, s Secret) error
	InsertDelivery(d Delivery, body []byte) error // body only where no event of the log has it (a ping)
	InsertReplay(r Replay) error
	// MoveReplay writes how far a running replay has come, or how it ended; it is
	// a conflict unless it runs and stands at after.
	MoveReplay(r Replay, after int64) error

	PutAccount(a Account) error // with its grants
	PutSession(s Session) error
	EndSessions(accountID string, at time.Time) error
	// Prune deletes what has outlived its use (receipts, buckets, sessions,
	// salts) and returns the number of rows, at most limit of each.
	Prune(now time.Time, limit int) (int, error)
}
