package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// The target rebuild is for static sites: one call tells of everything that
// readers would notice since the last call that succeeded. It is made of the log
// when the call begins, and Endpoint.CoveredSeq moves with the record of its
// success; so whatever is cut off in between is told again, and an event that
// comes while a call is under way leads to another.

// The time between two calls.
const (
	paceDefault = 30 * time.Second
	paceLeast   = 5 * time.Second
	paceMost    = time.Hour
)

// Beyond these a call says that everything has changed.
const (
	rebuildPages  = 1000
	rebuildEvents = 20000 // of the log that are read for one call
	rebuildBatch  = 500
)

// rebuildTypes are what a rebuild endpoint gets unless it asks for others: all
// that changes what a page shows.
var rebuildTypes = []string{
	comment.CommentApproved, comment.CommentRejected, comment.CommentMarkedSpam, comment.CommentDeleted, comment.CommentRestored, comment.CommentErased,
}

func isPace(s string) bool {
	d, err := comment.ParsePeriod(s)
	return err == nil && d >= paceLeast && d <= paceMost
}

// pace is the least time between two calls of an endpoint; 0 = there is none.
func pace(e comment.Endpoint) time.Duration {
	if e.Target != comment.TargetRebuild {
		return 0
	}
	d, err := comment.ParsePeriod(e.Settings["every"])
	if err != nil {
		return paceDefault
	}
	return d
}

// gathers tells the delivery of all that has changed from a test and from one
// that somebody has sent again.
func gathers(e comment.Endpoint, d comment.Delivery) bool {
	return e.Target == comment.TargetRebuild && d.EventSeq > 0 && d.Replay == 0
}

// next is the first moment of the next call to e. A last call that is still far
// away was by a clock that has been put back since, and says nothing.
func next(e comment.Endpoint, now time.Time) (first time.Time) {
	for _, last := range []time.Time{e.LastSuccessAt, e.LastFailureAt} {
		at := last.Add(pace(e))
		if at.After(first) && !last.After(now.Add(pace(e))) {
			first = at
		}
	}
	return first
}

// concerns reports whether an event is told to the endpoint: its place in the log
// says whether it is from before, for clocks go back.
func concerns(e comment.Endpoint, ev comment.Event) bool {
	return isPublic(ev) && e.Wants(ev.Type) && ev.Seq > e.CoveredSeq &&
		(e.Target != comment.TargetRebuild || ev.Reach() >= comment.ReachPage)
}

// gather makes of the delivery of an event that of all events up to it, due when
// the next call may be made.
func gather(to comment.Endpoint, d comment.Delivery) comment.Delivery {
	d.CommentID, d.Sequence = "", 0
	if at := next(to, d.NextAt); at.After(d.NextAt) {
		d.NextAt = at
	}
	return d
}

// rebuild is what a rebuild endpoint is sent.
type rebuild struct {
	Type   string        `json:"type"`
	Site   string        `json:"site"`
	Pages  []rebuildPage `json:"pages"` // null with All
	All    bool          `json:"all,omitempty"`
	Events int           `json:"events"`
	Since  string        `json:"since"` // when the first of the events happened
}

type rebuildPage struct {
	Key   string `json:"key"`
	URL   string `json:"url"`
	Title string `json:"title"`
}

// gathering is a rebuild in the making.
type gathering struct {
	rebuild
	at     map[string]int // where in Pages, by key
	last   string         // id of the last event that it tells of
	covers int64          // up to where the log has been read
}

// gather makes the body of a call to a rebuild endpoint. It has none if there is
// nothing to tell that has not been told. Its webhook-id is the last event's, so
// that a call that tells of more is not taken for a repetition.
func (s *sending) gather(ctx context.Context, call comment.Call) (_ comment.Call, err error) {
	d := &call.Delivery
	g := gathering{rebuild: rebuild{Type: comment.TargetRebuild, Site: d.Site, Pages: []rebuildPage{}, Since: comment.Timestamp(d.CreatedAt)}}
	call.Body = nil
	if d.Type != comment.EndpointPing {
		err = s.Hooks.Store.View(ctx, func(r comment.Reader) error { return g.read(r, call.Endpoint) })
		call.Covers = g.covers
	}
	switch {
	case err != nil:
		return call, err
	case d.Type == comment.EndpointPing:
	case g.Events > 0:
		d.EventID, d.Type = g.last, comment.TargetRebuild
	case d.Replay > 0: // somebody wants a build, whatever has happened
		g.Pages, g.All, d.Type = nil, true, comment.TargetRebuild
	default:
		return call, nil
	}
	call.Body, err = comment.JSON(g.rebuild)
	return call, err
}

// nothingToTell ends a delivery whose event another call has told of.
func (s *sending) nothingToTell(call comment.Call) result {
	d := call.Delivery
	d.State, d.DeliveredAt = comment.DeliveryDelivered, s.Now()
	return result{Outcome: comment.Outcome{Delivery: d, Covers: call.Covers}, endpoint: call.Endpoint}
}

// read goes through the log from where the endpoint was told of last.
func (g *gathering) read(r comment.Reader, e comment.Endpoint) error {
	g.at, g.covers = map[string]int{}, e.CoveredSeq
	for range rebuildEvents / rebuildBatch {
		events, err := r.Events(e.Site, g.covers, rebuildBatch)
		if err != nil {
			return err
		}
		for _, ev := range events {
			g.covers = ev.Seq
			if !concerns(e, ev) {
				continue
			}
			if err := g.add(ev); err != nil {
				return err
			}
		}
		if len(events) < rebuildBatch {
			return nil
		}
	}
	return g.skip(r, e.Site)
}

// add notes the page of an event.
func (g *gathering) add(ev comment.Event) error {
	var told event
	if err := json.Unmarshal(ev.Body, &told); err != nil {
		return fmt.Errorf("body of event %s: %w", ev.ID, err)
	}
	if g.Events == 0 {
		g.Since = comment.Timestamp(ev.At)
	}
	g.Events, g.last = g.Events+1, ev.ID
	page := rebuildPage{Key: told.Data.Page.Key, URL: told.Data.Page.URL, Title: told.Data.Page.Title}
	at, known := g.at[page.Key]
	switch {
	case g.All:
	case known:
		g.Pages[at] = page
	case len(g.Pages) == rebuildPages:
		g.Pages, g.All = nil, true
	default:
		g.at[page.Key] = len(g.Pages)
		g.Pages = append(g.Pages, page)
	}
	return nil
}

// skip takes the rest of a log that is too long to be read as one change of
// everything.
func (g *gathering) skip(r comment.Reader, site string) error {
	head, _, err := r.LogHead(site)
	if err != nil || head == g.covers {
		return err
	}
	events, err := r.Events(site, head-1, 1)
	if err != nil || len(events) == 0 {
		return err
	}
	if g.Events == 0 {
		g.Since = comment.Timestamp(events[0].At)
	}
	g.Pages, g.All, g.Events, g.last, g.covers = nil, true, g.Events+1, events[0].ID, head
	return nil
}
