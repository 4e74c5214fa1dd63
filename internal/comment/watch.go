package comment

import (
	"context"
	"encoding/json"

	"github.com/afterword-comments/afterword/internal/fault"
)

// News is what readers are told of an event: what the comment is now.
type News struct {
	ParentID string
	Revision int
	Count    int // of the page
	Visible  bool
}

// News tells what an event means to readers, nil if nothing: what never was
// public does not concern them.
func (s *Service) News(ctx context.Context, e Event) (*News, error) {
	if !concernsReaders(e) {
		return nil, nil
	}
	var news *News
	err := s.Store.View(ctx, func(r Reader) error {
		c, err := r.Comment(e.Site, e.CommentID)
		if err != nil {
			return err
		}
		page, err := r.Page(e.Site, e.PageID)
		news = &News{ParentID: c.ParentID, Revision: max(c.Public, 1), Count: page.Count, Visible: c.Public > 0}
		return err
	})
	return news, err
}

func concernsReaders(e Event) bool {
	switch e.Type {
	case CommentApproved:
		return true
	case CommentRejected, CommentMarkedSpam, CommentDeleted, CommentErased:
		var body struct {
			Data struct {
				PreviousStatus *Status `json:"previous_status"`
			} `json:"data"`
		}
		err := json.Unmarshal(e.Body, &body)
		return err == nil && body.Data.PreviousStatus != nil && *body.Data.PreviousStatus == Approved
	}
	return false
}

// QueueNews tells what an event means to a moderator: the comment as it is
// now, and the counts of the sites that the account sees.
func (s *Service) QueueNews(ctx context.Context, by Account, site string, e Event) (c Comment, counts map[Status]int, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		if c, err = r.Comment(e.Site, e.CommentID); err != nil {
			return err
		}
		sites, err := visibleSites(r, by, site)
		if err != nil {
			return err
		}
		counts, err = r.StatusCounts(sites)
		return err
	})
	return c, counts, err
}

// ActionOf is the action of a moderator's event, "" if it is none.
func ActionOf(e Event) string {
	for action, o := range outcomes {
		if o.Event == e.Type {
			return string(action)
		}
	}
	if e.Type != DecisionRecorded && e.Type != DecisionReversed {
		return ""
	}
	var body struct {
		Data noteOfDecision `json:"data"`
	}
	if json.Unmarshal(e.Body, &body) != nil {
		return ""
	}
	return string(body.Data.Action)
}

// LogHead is the number of a site's newest event.
func (s *Service) LogHead(ctx context.Context, site string) (seq int64, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		seq, _, err = r.LogHead(site)
		return err
	})
	return seq, err
}

// HeadsFor gives the log heads of the sites that an account sees.
func (s *Service) HeadsFor(ctx context.Context, by Account, site string) (heads map[string]int64, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		sites, err := visibleSites(r, by, site)
		heads = make(map[string]int64, len(sites))
		for _, key := range sites {
			if err == nil {
				heads[key], _, err = r.LogHead(key)
			}
		}
		return err
	})
	return heads, err
}

// PageEvents reads on in the events of one page.
func (s *Service) PageEvents(ctx context.Context, p Page, after int64, limit int) (events []Event, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		events, err = r.PageEvents(p.Site, p.ID, after, limit)
		return err
	})
	return events, err
}

// PublicEvents gives the bodies of a site's events that integrators may see,
// in the order of the log. after is where to begin: a cursor, or the id of the
// last event that the integrator has, which is what it can always say. next is
// "" where there is no more for now.
func (s *Service) PublicEvents(ctx context.Context, site string, limit int, after string) (bodies []json.RawMessage, next string, err error) {
	bodies = []json.RawMessage{}
	err = s.Store.View(ctx, func(r Reader) error {
		if _, err := r.Site(site); err != nil {
			return err
		}
		seq, err := s.eventsAfter(r, site, after)
		if err != nil {
			return err
		}
		for {
			events, err := r.Events(site, seq, limit+1)
			if err != nil || len(events) == 0 {
				return err
			}
			for _, e := range events {
				if e.Public() && len(bodies) == limit {
					next = Cursors{s.Ring}.Write(&Place{Key: seq}, "events", site)
					return nil
				}
				seq = e.Seq
				if e.Public() {
					bodies = append(bodies, e.Body)
				}
			}
		}
	})
	return bodies, next, err
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

// AuditEntry is one line of the log as auditors read it. It names people by
// their ids only.
type AuditEntry struct {
	Seq       int64  `json:"seq"`
	ID        string `json:"id"`
	Type      string `json:"type"`
	CommentID string `json:"comment_id,omitempty"`
	Actor     struct {
		Kind ActorKind `json:"kind"`
		ID   string    `json:"id,omitempty"`
	} `json:"actor"`
	At       string `json:"at"`
	BodyHash string `json:"body_hash"`
	Hash     string `json:"hash"`
}

// AuditPage is a page of the audit trail, newest first.
type AuditPage struct {
	Site       string       `json:"site"`
	Entries    []AuditEntry `json:"entries"`
	NextCursor *string      `json:"next_cursor"`
}

// AuditLog gives a page of a site's log, newest first; "" is the log of the
// installation.
func (s *Service) AuditLog(ctx context.Context, site string, limit int, cursor string) (out AuditPage, err error) {
	cursors, list := Cursors{s.Ring}, []string{"audit", site}
	place, err := cursors.Read(cursor, list...)
	if err != nil {
		return out, err
	}
	out = AuditPage{Site: site, Entries: []AuditEntry{}}
	err = s.Store.View(ctx, func(r Reader) error {
		upTo, _, err := r.LogHead(site)
		if err != nil {
			return err
		}
		if place != nil {
			upTo = min(upTo, place.Key)
		}
		from := max(0, upTo-int64(limit))
		events, err := r.Events(site, from, int(upTo-from))
		for i := len(events) - 1; i >= 0; i-- {
			out.Entries = append(out.Entries, auditEntry(events[i]))
		}
		if from > 0 {
			out.NextCursor = OptionalText(cursors.Write(&Place{Key: from}, list...))
		}
		return err
	})
	return out, err
}

func auditEntry(e Event) AuditEntry {
	a := AuditEntry{Seq: e.Seq, ID: e.ID, Type: e.Type, CommentID: e.CommentID, At: Timestamp(e.At), BodyHash: e.BodyHash, Hash: e.Hash}
	a.Actor.Kind, a.Actor.ID = e.Actor.Kind, e.Actor.ID
	return a
}

// WordsOf lists a site's word lists.
func (s *Service) WordsOf(ctx context.Context, site string) (words []Word, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		if _, err := r.Site(site); err != nil {
			return err
		}
		words, err = r.Words(site)
		return err
	})
	return words, err
}

// PageList is a page of a site's pages, newest first.
type PageList struct {
	Pages      []PageEntry `json:"pages"`
	NextCursor *string     `json:"next_cursor"`
}

// PageEntry is a page in that list.
type PageEntry struct {
	PageView
	Count     int    `json:"count"`
	CreatedAt string `json:"created_at"`
}

// Pages lists a site's pages, newest first.
func (s *Service) Pages(ctx context.Context, site string, limit int, cursor string) (out PageList, err error) {
	cursors, list := Cursors{s.Ring}, []string{"pages", site}
	place, err := cursors.Read(cursor, list...)
	if err != nil {
		return out, err
	}
	before := ""
	if place != nil {
		before = place.ID
	}
	out.Pages = []PageEntry{}
	err = s.Store.View(ctx, func(r Reader) error {
		st, err := r.Site(site)
		if err != nil {
			return err
		}
		pages, err := r.Pages(site, before, limit+1)
		var next *Place
		if len(pages) > limit {
			pages = pages[:limit]
			next = &Place{ID: pages[limit-1].ID}
		}
		for _, p := range pages {
			out.Pages = append(out.Pages, PageEntry{showPageState(p, st.Options, s.Now()), p.Count, Timestamp(p.CreatedAt)})
		}
		out.NextCursor = OptionalText(cursors.Write(next, list...))
		return err
	})
	return out, err
}
