package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/live"
)

const (
	heartbeat = 15 * time.Second
	flushTime = 20 * time.Second // that a client may take to read what it is sent
	// backlogMost is how many events a stream is caught up with; one that was
	// away for longer starts again.
	backlogMost = 500
	// streamsMost is how many streams one network, or one account, may have
	// open at a time.
	streamsMost = 20
	// streamLife is the longest that a stream lasts. A client that is still
	// there comes back, to whichever node then has room.
	streamLife = time.Hour
	// comeBack is the time over which clients come back when all streams end at
	// once.
	comeBack = 10 * time.Second
)

// eventStream writes server-sent events. It has nothing of the request, which
// fiber uses again as soon as the handler has returned.
type eventStream struct {
	w    *bufio.Writer
	conn net.Conn
}

// send writes one event; id 0 leaves the id away.
func (e eventStream) send(id int64, name string, data any) error {
	body, err := comment.JSON(data)
	if err != nil {
		return err
	}
	if id > 0 {
		fmt.Fprintf(e.w, "id: %d\n", id)
	}
	fmt.Fprintf(e.w, "event: %s\ndata: %s\n\n", name, body)
	return e.flush()
}

// retry tells the client when to come back after the end.
func (e eventStream) retry(after time.Duration) error {
	fmt.Fprintf(e.w, "retry: %d\n\n", after.Milliseconds())
	return e.flush()
}

func (e eventStream) flush() error {
	// The server's write timeout is for whole answers; this one has no end.
	_ = e.conn.SetWriteDeadline(time.Now().Add(flushTime))
	return e.w.Flush()
}

// watch is what a stream shows.
type watch interface {
	begin(e eventStream) error                   // says hello, and what was missed
	may() error                                  // whether the client may go on
	pass(e eventStream, ev *comment.Event) error // what one event means
}

// open takes a place among the streams.
func (s *Server) open(by live.Holder, from map[string]int64, wants func(comment.Event) bool) (*live.Stream, error) {
	sub, err := s.Hub.Subscribe(by, from, wants)
	switch {
	case errors.Is(err, live.ErrHeld):
		return nil, fault.Wait("Too many live connections are open from where you are. The page works without.", heartbeat)
	case err != nil:
		return nil, &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Detail: "Too many live connections are open. The page works without.", RetryAfter: 30 * time.Second, Cause: err}
	}
	return sub, nil
}

// life is how long a stream may last: not the same for all, so that those who
// came together do not come back together.
func (s *Server) life() time.Duration {
	most := streamLife
	if s.StreamLife > 0 {
		most = s.StreamLife
	}
	return most - rand.N(most/4+1)
}

// serve starts the stream of a subscription, which w writes until its life ends.
func (s *Server) serve(c *fiber.Ctx, sub *live.Stream, life time.Duration, w watch) error {
	c.Set(fiber.HeaderContentType, "text/event-stream; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no")
	if c.Method() == fiber.MethodHead { // nobody would read it
		sub.Close()
		return nil
	}
	conn := c.Context().Conn()
	c.Context().SetBodyStreamWriter(func(bw *bufio.Writer) {
		defer sub.Close()
		e := eventStream{bw, conn}
		if e.retry(2*time.Second) == nil && w.begin(e) == nil {
			s.loop(e, sub, life, w)
		}
	})
	return nil
}

// loop passes a subscription on until the client goes or falls behind, the
// stream's life ends or the server stops.
func (s *Server) loop(e eventStream, sub *live.Stream, life time.Duration, w watch) {
	tick, end := time.NewTicker(heartbeat), time.NewTimer(life)
	defer tick.Stop()
	defer end.Stop()
	for {
		select {
		case ev, ok := <-sub.Events():
			if !ok {
				if sub.Lost() {
					_ = e.send(0, "reset", struct{}{})
				}
				return
			}
			if w.pass(e, ev) != nil {
				return
			}
		case <-tick.C:
			if w.may() != nil {
				return
			}
			fmt.Fprint(e.w, ": still here\n\n")
			if e.flush() != nil {
				return
			}
		case <-end.C:
			return
		case <-s.Stopping:
			_ = e.retry(time.Second + rand.N(comeBack))
			return
		}
	}
}

// stream is the readers' view of one page as it changes.
func (s *Server) stream(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	site, ref := param(c, "site"), v.Get("page")
	st, _, err := s.Comments.PageOf(c.UserContext(), site, ref)
	if err != nil {
		return err
	}
	if !st.Options.Live {
		return c.SendStatus(fiber.StatusNoContent) // tells EventSource not to come back
	}
	head, err := s.Comments.LogHead(c.UserContext(), site)
	if err != nil {
		return err
	}
	after := head
	if last := c.Get("Last-Event-ID"); last != "" {
		if after, err = strconv.ParseInt(strings.Clone(last), 10, 64); err != nil || after < 0 {
			return parameter("Last-Event-ID is the id of the last event of this stream.")
		}
	}
	var by live.Holder
	if st.Options.RateLimits {
		by = live.Holder{Key: "network " + comment.Network(s.clientIP(c)), Most: streamsMost}
	}
	sub, err := s.open(by, map[string]int64{site: head}, func(e comment.Event) bool { return e.PageID != "" })
	if err != nil {
		return err
	}
	return s.serve(c, sub, s.life(), &pageWatch{s: s, site: site, ref: ref, last: after})
}

// pageWatch is one reader's stream of one page.
type pageWatch struct {
	s    *Server
	site string
	ref  string
	page comment.Page // its ID is "" until somebody comments
	last int64        // number of the last event that was passed on
}

// may: readers need no leave.
func (w *pageWatch) may() error { return nil }

// begin says hello, and passes on what the stream has missed. The page is
// read again now that the stream is subscribed, so that nothing can fall
// between the two.
func (w *pageWatch) begin(e eventStream) error {
	_, page, err := w.s.Comments.PageOf(context.Background(), w.site, w.ref)
	if err != nil {
		return err
	}
	w.page = page
	if err := e.send(0, "ready", map[string]int{"count": w.page.Count}); err != nil {
		return err
	}
	if w.page.ID == "" {
		return nil
	}
	missed, err := w.s.Comments.PageEvents(context.Background(), w.page, w.last, backlogMost+1)
	if err != nil {
		return err
	}
	if len(missed) > backlogMost {
		w.last = missed[len(missed)-1].Seq
		return e.send(w.last, "reset", struct{}{})
	}
	for i := range missed {
		if err := w.pass(e, &missed[i]); err != nil {
			return err
		}
	}
	return nil
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

func (w *pageWatch) pass(e eventStream, ev *comment.Event) error {
	if ev.Seq <= w.last {
		return nil
	}
	if w.page.ID == "" { // the first comment has made the page
		_, page, err := w.s.Comments.PageOf(context.Background(), w.site, w.ref)
		if err != nil || page.ID == "" {
			return err
		}
		w.page = page
	}
	if ev.PageID != w.page.ID {
		return nil
	}
	w.last = ev.Seq
	if ev.Type == comment.PageClosed || ev.Type == comment.PageOpened {
		return e.send(ev.Seq, "page", map[string]bool{"open": ev.Type == comment.PageOpened})
	}
	news, err := w.s.Comments.News(context.Background(), *ev)
	if err != nil || news == nil {
		return err
	}
	out := pageEvent{Type: ev.Type, ID: ev.CommentID, Revision: news.Revision, Count: news.Count, Visible: news.Visible}
	if news.ParentID != "" {
		out.ParentID = &news.ParentID
	}
	return e.send(ev.Seq, "comment", out)
}

// queueEvent is what moderators are told.
type queueEvent struct {
	Type     string                 `json:"type"`
	Site     string                 `json:"site"`
	ID       string                 `json:"id"`
	Status   comment.Status         `json:"status"`
	Revision int                    `json:"revision"`
	By       string                 `json:"by,omitempty"`
	Action   string                 `json:"action,omitempty"`
	Counts   map[comment.Status]int `json:"counts"`
}

// queueStream is the moderators' view of the queue as it changes. It ends with
// the token that opened it, with its session and with its account, and shows
// what the account may see at the moment.
func (s *Server) queueStream(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	who, site := identity(c), v.Get("site")
	heads, err := s.Comments.HeadsFor(c.UserContext(), who.Account, site)
	if err != nil {
		return err
	}
	sub, err := s.open(live.Holder{Key: "account " + who.Account.ID, Most: streamsMost}, heads, func(e comment.Event) bool {
		return e.CommentID != "" && e.Type != comment.CommentVoted
	})
	if err != nil {
		return err
	}
	w := &queueWatch{s: s, who: who.Account, bearer: comment.BearerOf(strings.Clone(c.Get(fiber.HeaderAuthorization))), site: site}
	return s.serve(c, sub, min(s.life(), max(0, who.ExpiresAt.Sub(s.Now()))), w)
}

// queueWatch is one moderator's stream of the queue.
type queueWatch struct {
	s      *Server
	who    comment.Account // when the stream began
	bearer string
	site   string // "" = all that the account may see
}

func (w *queueWatch) begin(e eventStream) error {
	counts, err := w.s.Comments.CountsFor(context.Background(), w.who, w.site)
	if err != nil {
		return err
	}
	return e.send(0, "ready", map[string]any{"counts": counts})
}

// may looks the session up again, so that ending it ends the stream.
func (w *queueWatch) may() error {
	_, err := w.s.Auth.Identify(context.Background(), w.bearer)
	return err
}

func (w *queueWatch) pass(e eventStream, ev *comment.Event) error {
	who, err := w.s.Auth.Identify(context.Background(), w.bearer)
	if err != nil {
		return err
	}
	if who.Account.RoleOn(ev.Site) == "" {
		return nil
	}
	c, counts, err := w.s.Comments.QueueNews(context.Background(), who.Account, w.site, *ev)
	if err != nil {
		return err
	}
	out := queueEvent{Type: ev.Type, Site: ev.Site, ID: c.ID, Status: c.Status, Revision: c.Revision, Counts: counts}
	if ev.Actor.Kind == comment.ActorModerator {
		out.By = ev.Actor.Name
		out.Action = comment.ActionOf(*ev)
	}
	return e.send(0, "comment", out)
}
