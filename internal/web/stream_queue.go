package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/live"
)

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
		return e.CommentID != "" && e.Type != comment.CommentVoted || e.Type == comment.PagePremoderated || e.Type == comment.PageReleased
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

func (w *queueWatch) begin(ctx context.Context, to []byte) ([]byte, error) {
	counts, err := w.s.Comments.CountsFor(ctx, w.who, w.site)
	if err != nil {
		return nil, err
	}
	return appendEvent(to, 0, "ready", map[string]any{"counts": counts})
}

// may looks the session up again, so that ending it ends the stream.
func (w *queueWatch) may() error {
	_, err := w.s.Auth.Identify(context.Background(), w.bearer)
	return err
}

func (w *queueWatch) pass(e *live.Event) ([]byte, error) {
	who, err := w.s.Auth.Identify(context.Background(), w.bearer)
	if err != nil {
		return nil, err
	}
	if who.Account.RoleOn(e.Site) == "" {
		return nil, nil
	}
	if e.CommentID == "" {
		return appendEvent(nil, 0, "page", map[string]string{"type": e.Type, "site": e.Site})
	}
	c, counts, err := w.s.Comments.QueueNews(context.Background(), who.Account, w.site, e.Event)
	if err != nil {
		return nil, err
	}
	out := queueEvent{Type: e.Type, Site: e.Site, ID: c.ID, Status: c.Status, Revision: c.Revision, Counts: counts}
	if e.Actor.Kind == comment.ActorModerator {
		out.By = e.Actor.Name
		out.Action = comment.ActionOf(e.Event)
	}
	if e.Type == comment.RuleNotified {
		out.By = e.Actor.Name
	}
	return appendEvent(nil, 0, "comment", out)
}
