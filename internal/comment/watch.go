package comment

import (
	"context"
	"encoding/json"
)

// News is what readers are told of an event: what the comment is now.
type News struct {
	ParentID string
	Revision int
	Count    int // of the page
	Visible  bool
}

// Watch is what a reader's stream of a page begins with.
type Watch struct {
	Site Site
	Page Page  // its ID is "" if nobody has commented there yet
	Head int64 // of the site's log, when the page was so
}

// Watch reads a page as it is, and the place in the log from which it is
// followed on without a gap.
func (s *Service) Watch(ctx context.Context, site, ref string) (w Watch, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		if w.Site, err = r.Site(site); err != nil {
			return err
		}
		if w.Page, err = findPage(r, w.Site, ref); err != nil {
			return err
		}
		w.Head, _, err = r.LogHead(site)
		return err
	})
	return w, err
}

// TellsReaders reports whether readers of its page are told of an event.
func TellsReaders(e Event) bool {
	return e.Type == PageClosed || e.Type == PageOpened || concernsReaders(e)
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
	case CommentRejected, CommentMarkedSpam, CommentDeleted, CommentRestored, CommentErased:
		return e.Previous == Approved
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
