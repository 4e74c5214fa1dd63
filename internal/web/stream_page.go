package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/live"
)

// stream is the readers' view of one page as it changes.
func (s *Server) stream(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	site, ref := param(c, "site"), v.Get("page")
	begun, err := s.Comments.Watch(c.UserContext(), site, ref)
	if err != nil {
		return err
	}
	if !begun.Site.Options.Live {
		return c.SendStatus(fiber.StatusNoContent) // tells EventSource not to come back
	}
	after := begun.Head
	if last := c.Get("Last-Event-ID"); last != "" {
		if after, err = strconv.ParseInt(strings.Clone(last), 10, 64); err != nil || after < 0 {
			return parameter("Last-Event-ID is the id of the last event of this stream.")
		}
	}
	var by live.Holder
	if begun.Site.Options.RateLimits {
		by = live.Holder{Key: "network " + comment.Network(s.clientIP(c)), Most: streamsMost}
	}
	page := begun.Page.ID
	sub, err := s.open(by, map[string]int64{site: begun.Head}, func(e comment.Event) bool {
		return (page == "" || e.PageID == page) && comment.TellsReaders(e)
	})
	if err != nil {
		return err
	}
	return s.serve(c, sub, s.life(), &pageWatch{s: s, site: site, ref: ref, page: page, count: begun.Page.Count, head: begun.Head, last: after})
}

// pageWatch is one reader's stream of one page.
type pageWatch struct {
	s     *Server
	site  string
	ref   string
	page  string // "" until somebody comments
	count int    // at the beginning
	head  int64  // of the log, then
	last  int64  // number of the last event that was passed on
}

// may: readers need no leave.
func (w *pageWatch) may() error { return nil }

// begin says hello, and passes on what the stream has missed before its
// subscription began.
func (w *pageWatch) begin(ctx context.Context, to []byte) ([]byte, error) {
	to, err := appendEvent(to, 0, "ready", map[string]int{"count": w.count})
	if err != nil || w.page == "" || w.last >= w.head {
		return to, err
	}
	missed, err := w.s.Comments.PageEvents(ctx, comment.Page{Site: w.site, ID: w.page}, w.last, backlogMost+1)
	if err != nil {
		return nil, err
	}
	if len(missed) > backlogMost {
		w.last = missed[len(missed)-1].Seq
		return appendEvent(to, w.last, "reset", struct{}{})
	}
	for i := range missed {
		w.last = missed[i].Seq
		frame, err := w.tell(ctx, missed[i])
		if err != nil {
			return nil, err
		}
		to = append(to, frame...)
	}
	return to, nil
}

// pass gives all streams of a page the same bytes.
func (w *pageWatch) pass(e *live.Event) ([]byte, error) {
	if e.Seq <= w.last {
		return nil, nil
	}
	if w.page == "" {
		if err := w.find(e); err != nil {
			return nil, err
		}
	}
	if e.PageID != w.page {
		return nil, nil
	}
	w.last = e.Seq
	return e.Share("news", func() ([]byte, error) { return w.tell(context.Background(), e.Event) })
}

// find looks whether an event has made the page.
func (w *pageWatch) find(e *live.Event) error {
	id, err := e.Share("page "+w.ref, func() ([]byte, error) {
		_, page, err := w.s.Comments.PageOf(context.Background(), w.site, w.ref)
		return []byte(page.ID), err
	})
	w.page = string(id)
	return err
}

// pageEvent is what readers are told: that something changed, and where.
// Whether it can be seen is asked of the store, so that a stream cannot show
// what has been taken back meanwhile.
type pageEvent struct {
	Type     string  `json:"type"`
	ID       string  `json:"id"`
	ParentID *string `json:"parent_id"`
	Revision int     `json:"revision"`
	Count    int     `json:"count"`
	Visible  bool    `json:"visible"`
}

// tell makes of an event what readers are sent, nil if it does not concern them.
func (w *pageWatch) tell(ctx context.Context, e comment.Event) ([]byte, error) {
	if e.Type == comment.PageClosed || e.Type == comment.PageOpened {
		return appendEvent(nil, e.Seq, "page", map[string]bool{"open": e.Type == comment.PageOpened})
	}
	news, err := w.s.Comments.News(ctx, e)
	if err != nil || news == nil {
		return nil, err
	}
	out := pageEvent{Type: e.Type, ID: e.CommentID, Revision: news.Revision, Count: news.Count, Visible: news.Visible}
	out.ParentID = comment.OptionalText(news.ParentID)
	return appendEvent(nil, e.Seq, "comment", out)
}
