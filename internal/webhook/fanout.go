package webhook

import (
	"context"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/follow"
)

// Queue is what webhook needs of the store besides the domain's verbs: the
// deliveries that are owed, and who is sending them.
type Queue interface {
	// Receivers lists the endpoints of a site, whatever their status, without
	// secrets.
	Receivers(ctx context.Context, site string) ([]comment.Endpoint, error)
	// FanOut inserts deliveries, save those that are there already and those
	// whose endpoint is gone from the table.
	FanOut(ctx context.Context, site string, deliveries []comment.Delivery) error
	// Gather inserts deliveries of endpoints that gather events, save those whose
	// endpoint is owed one already of which no call has begun.
	Gather(ctx context.Context, site string, deliveries []comment.Delivery) error
	// Claim leases deliveries that are due, of active endpoints whose gate is
	// open, and never two of one comment to one endpoint at a time.
	Claim(ctx context.Context, ask comment.Claim) ([]comment.Call, error)
	// Record stores outcomes in one commit. One whose lease has been lost
	// changes nothing.
	Record(ctx context.Context, outcomes []comment.Outcome) error
	// NextDelivery is when the next delivery can be claimed; false = none is owed.
	NextDelivery(ctx context.Context) (time.Time, bool, error)
	// Standings lists how endpoints of all sites are doing, by id from beyond after.
	Standings(ctx context.Context, after string, limit int) ([]comment.Standing, error)
	// ReleaseLeases gives back what a former process of this store held.
	ReleaseLeases(ctx context.Context) error
}

// Wake tells the worker of this process that something is due. A nil Wake
// does nothing; the worker then notices within a second.
type Wake chan struct{}

// NewWake makes a Wake for one worker and those who make work for it.
func NewWake() Wake { return make(Wake, 1) }

// Up wakes the worker, without ever waiting for it.
func (w Wake) Up() {
	select {
	case w <- struct{}{}:
	default:
	}
}

// FanOut turns events into deliveries. It makes them twice if it must, and the
// queue keeps the first.
type FanOut struct {
	Queue Queue
	Wake  Wake
	Now   func() time.Time
	NewID func() string
}

// Follower is the follower of the log to be run with this fan-out.
func (f *FanOut) Follower(log follow.Log, onError func(error)) *follow.Follower {
	return &follow.Follower{Name: "webhook", Log: log, Handle: f.Handle, OnError: onError}
}

// Handle inserts what the endpoints of a site are owed for these events.
func (f *FanOut) Handle(ctx context.Context, site string, events []comment.Event) error {
	public := slices.DeleteFunc(slices.Clone(events), func(e comment.Event) bool { return !isPublic(e) })
	if len(public) == 0 {
		return nil
	}
	endpoints, err := f.Queue.Receivers(ctx, site)
	if err != nil {
		return err
	}
	var owed, gathered []comment.Delivery
	for _, endpoint := range endpoints {
		due := f.due(endpoint, public)
		if endpoint.Target == comment.TargetRebuild && len(due) > 0 {
			gathered = append(gathered, gather(endpoint, due[len(due)-1]))
			continue
		}
		owed = append(owed, due...)
	}
	if len(owed) > 0 {
		err = f.Queue.FanOut(ctx, site, owed)
	}
	if err == nil && len(gathered) > 0 {
		err = f.Queue.Gather(ctx, site, gathered)
	}
	if len(owed)+len(gathered) > 0 {
		f.Wake.Up()
	}
	return err
}

// due are the deliveries of those events that are told to the endpoint.
func (f *FanOut) due(to comment.Endpoint, events []comment.Event) (owed []comment.Delivery) {
	for _, e := range events {
		if concerns(to, e) {
			owed = append(owed, f.delivery(to, e))
		}
	}
	return owed
}

// isPublic tells the events for integrators from those of the house. An event
// of a comment is public only with a number among the comment's events.
func isPublic(e comment.Event) bool {
	return slices.Contains(comment.PublicTypes, e.Type) && (e.Sequence > 0 || e.CommentID == "")
}

func (f *FanOut) delivery(to comment.Endpoint, e comment.Event) comment.Delivery {
	now := f.Now()
	return comment.Delivery{
		Site: e.Site, ID: f.NewID(), EndpointID: to.ID,
		EventSeq: e.Seq, EventID: e.ID, Type: e.Type, CommentID: e.CommentID, Sequence: e.Sequence,
		State: comment.DeliveryOwed, NextAt: now, CreatedAt: now,
	}
}
