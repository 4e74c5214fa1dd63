package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/webhook"
)

// Replay is a replay as the API shows it.
type Replay struct {
	ID         string              `json:"id"`
	EndpointID string              `json:"endpoint_id"`
	Number     int                 `json:"number"` // its deliveries carry it
	Types      []string            `json:"types"`
	Broken     bool                `json:"broken"`
	Events     int                 `json:"events"`
	Sent       int                 `json:"sent"`
	State      comment.ReplayState `json:"state"`
	CreatedAt  string              `json:"created_at"`
	EndedAt    *string             `json:"ended_at"`
}

// ShowReplay makes the view of a replay.
func ShowReplay(v comment.Replay) Replay {
	return Replay{
		ID: v.ID, EndpointID: v.EndpointID, Number: v.Number, Types: v.Types, Broken: v.Missed, Events: v.Events, Sent: v.Sent,
		State: v.State, CreatedAt: comment.Timestamp(v.CreatedAt), EndedAt: comment.OptionalTime(v.EndedAt),
	}
}

// Preview is what a replay would send, as the API shows it.
type Preview struct {
	Events  int     `json:"events"`
	More    bool    `json:"more"`
	FirstAt *string `json:"first_at"`
	LastAt  *string `json:"last_at"`
}

// ShowPreview makes the view of a preview.
func ShowPreview(p webhook.Preview) Preview {
	return Preview{Events: p.Events, More: p.More, FirstAt: comment.OptionalTime(p.FirstAt), LastAt: comment.OptionalTime(p.LastAt)}
}

// replayInput says what to send again.
type replayInput struct {
	Since  *string  `json:"since"`
	Until  *string  `json:"until"`
	Types  []string `json:"types" validate:"max=50"`
	Broken bool     `json:"broken"`
	DryRun bool     `json:"dry_run"`
}

func (in replayInput) ask() (a webhook.ReplayAsk, err error) {
	a = webhook.ReplayAsk{Types: in.Types, Missed: in.Broken}
	if a.Since, err = instantOf("since", in.Since); err != nil {
		return a, err
	}
	a.Until, err = instantOf("until", in.Until)
	return a, err
}

// instantOf reads an instant that may be left out; nil is the zero one.
func instantOf(name string, text *string) (time.Time, error) {
	if text == nil {
		return time.Time{}, nil
	}
	if *text == "" {
		return time.Time{}, fault.Input(name, "invalid", "Give a time such as 2026-03-01T09:30:00Z, or leave the field out.")
	}
	return comment.ParseTime(name, *text)
}

func (s *Server) replay(c *fiber.Ctx) error {
	in, err := decode[replayInput](c)
	if err != nil {
		return err
	}
	ask, err := in.ask()
	if err != nil {
		return err
	}
	site, id := param(c, "site"), param(c, "id")
	if in.DryRun {
		p, err := s.Hooks.PreviewReplay(c.UserContext(), site, id, ask)
		if err != nil {
			return err
		}
		return send(c, fiber.StatusOK, ShowPreview(p))
	}
	return s.create(c, fiber.StatusAccepted, func() (any, error) {
		v, err := s.Hooks.StartReplay(c.UserContext(), site, id, ask, actor(c))
		return ShowReplay(v), err
	})
}

func (s *Server) replays(c *fiber.Ctx) error {
	site, id := param(c, "site"), param(c, "id")
	return longList[comment.Replay, Replay]{
		name: "replays", of: []string{site, id}, show: ShowReplay,
		read: func(before string, limit int) (found []comment.Replay, last string, err error) {
			found, err = s.Hooks.Replays(c.UserContext(), site, id, before, limit+1)
			if len(found) > limit {
				found, last = found[:limit], found[limit-1].ID
			}
			return found, last, err
		},
	}.send(s, c)
}

func (s *Server) cancelReplay(c *fiber.Ctx) error {
	if err := emptyBody(c); err != nil {
		return err
	}
	v, err := s.Hooks.CancelReplay(c.UserContext(), param(c, "site"), param(c, "id"), param(c, "replay"), actor(c))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowReplay(v))
}
