package comment

import (
	"context"
	"encoding/json"

	"github.com/afterword-comments/afterword/internal/fault"
)

// feedBatches bounds what one page of the feed looks through: votes and other
// events of the house may stand between two that integrators see.
const feedBatches = 50

// PublicEvents gives the bodies of a site's events that integrators may see,
// in the order of the log. after is where to begin: a cursor, or the id of the
// last event that the integrator has, which is what it can always say. next is
// "" where there is no more for now. A page looks through a bounded part of the
// log, so it may come back with few, or none, and a next.
func (s *Service) PublicEvents(ctx context.Context, site string, limit int, after string) (bodies []json.RawMessage, next string, err error) {
	bodies = []json.RawMessage{}
	err = s.viewOf(ctx, site, func(r Reader) error {
		seq, err := s.eventsAfter(r, site, after)
		if err != nil {
			return err
		}
		for range feedBatches {
			events, err := r.Events(site, seq, MaxLimit+1)
			if err != nil || len(events) == 0 {
				return err
			}
			for _, e := range events {
				if e.fed() && len(bodies) == limit {
					next = Cursors{s.Ring}.Write(&Place{Key: seq}, "events", site)
					return nil
				}
				seq = e.Seq
				if e.fed() {
					bodies = append(bodies, e.Body)
				}
			}
		}
		next = Cursors{s.Ring}.Write(&Place{Key: seq}, "events", site)
		return nil
	})
	return bodies, next, err
}

// fed reports whether the feed has the event: all that webhooks may carry, and
// that a page went into premoderation or came out.
func (e Event) fed() bool {
	return e.Public() || e.Type == PagePremoderated || e.Type == PageReleased
}

// eventsAfter is the number of the event that after names, 0 for the start.
func (s *Service) eventsAfter(r Reader, site, after string) (int64, error) {
	if IsID(after) {
		seq, err := r.EventSeq(site, after)
		if fault.Is(err, "not_found") {
			err = badCursor()
		}
		return seq, err
	}
	place, err := Cursors{s.Ring}.Read(after, "events", site)
	if err != nil || place == nil {
		return 0, err
	}
	return place.Key, nil
}

// Public reports whether integrators may see the event.
func (e Event) Public() bool {
	for _, t := range PublicTypes {
		if t == e.Type {
			return true
		}
	}
	return false
}
