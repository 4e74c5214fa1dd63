// Package checker runs the checks elsewhere that sites have set up: it hides
// their secrets, the calls with their breakers and deadlines, the questions that
// are asked later, the answers that come by callback, and what the services are
// told of people's decisions. The domain (internal/comment) says what an answer
// means; moderation/external speaks to each kind of service. internal/app builds
// one Checks and hands it to the domain, to web and to the commands.
package checker

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/keyring"
)

// Guard says which addresses may be called; see internal/webhook.
type Guard interface {
	CheckURL(ctx context.Context, raw string) (string, error)
}

// Store is what is needed of the store besides the domain's verbs.
type Store interface {
	comment.Store
	CheckedBehind(ctx context.Context, follower string, limit int) ([]comment.Position, error)
	EventsAfter(ctx context.Context, site string, after int64, limit int) ([]comment.Event, error)
	Advance(ctx context.Context, follower, site string, to int64) error
}

// Checks are the checks elsewhere of all sites. Its errors are faults.
type Checks struct {
	Store    Store
	Comments *comment.Service
	Ledger   *comment.Ledger
	Ring     *keyring.Ring
	Guard    Guard
	HTTP     *http.Client // goes where the Guard permits and nowhere else
	Now      func() time.Time
	NewID    func() string
	OnError  func(error) // hears of what will be tried again; may be nil

	mu       sync.Mutex
	lines    map[string]*line   // by integration
	outcomes map[string]float64 // of callbacks
	calls    sync.WaitGroup     // that readers wait for, or no longer
	wake     chan struct{}
}

// New makes Checks; the caller sets the fields before the first use.
func New() *Checks {
	return &Checks{lines: map[string]*line{}, outcomes: map[string]float64{}, wake: make(chan struct{}, 1)}
}

// Wake tells the worker of this process that calls are owed.
func (c *Checks) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Close waits for the calls that are under way, which have at most a deadline of
// two seconds left.
func (c *Checks) Close() { c.calls.Wait() }

func (c *Checks) report(err error) {
	if c.OnError != nil {
		c.OnError(err)
	}
}
