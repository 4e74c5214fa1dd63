package web

import (
	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
)

func (s *Server) appeals(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	state, err := oneOf(v, "state", "open", "upheld", "overturned")
	if err != nil {
		return err
	}
	site := param(c, "site")
	return longList[comment.AppealView, comment.AppealView]{
		name: "appeals", of: []string{site, state},
		read: func(after string, limit int) ([]comment.AppealView, string, error) {
			return s.Comments.Appeals(c.UserContext(), comment.AppealAsk{By: identity(c).Account, Site: site, State: comment.AppealOutcome(state), After: after, Limit: limit})
		},
		show: func(a comment.AppealView) comment.AppealView { return a },
	}.send(s, c)
}

func (s *Server) assignAppeal(c *fiber.Ctx) error {
	in, err := decode[struct {
		Assignee *string `json:"assignee"`
	}](c)
	if err != nil {
		return err
	}
	as := comment.Assignment{By: identity(c).Account, Site: param(c, "site"), ID: param(c, "id")}
	if in.Assignee != nil {
		as.To = *in.Assignee
	}
	out, err := s.Comments.AssignAppeal(c.UserContext(), as)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}

func (s *Server) decideAppeal(c *fiber.Ctx) error {
	in, err := decode[struct {
		Outcome string `json:"outcome" validate:"required,oneof=upheld overturned"`
		Answer  string `json:"answer" validate:"required"`
		Restore bool   `json:"restore"`
	}](c)
	if err != nil {
		return err
	}
	out, err := s.Comments.DecideAppeal(c.UserContext(), comment.AppealRuling{
		By: identity(c).Account, Site: param(c, "site"), ID: param(c, "id"),
		Outcome: comment.AppealOutcome(in.Outcome), Answer: in.Answer, Restore: in.Restore,
	})
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}

// appealed gives whoever has the link of an appeal the decision that it is about.
func (s *Server) appealed(c *fiber.Ctx) error {
	out, err := s.Comments.AppealedBy(c.UserContext(), param(c, "token"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, s.showAppealed(out))
}

func (s *Server) appeal(c *fiber.Ctx) error {
	in, err := decode[struct {
		Text string `json:"text" validate:"required"`
	}](c)
	if err != nil {
		return err
	}
	out, err := s.Comments.Appeal(c.UserContext(), param(c, "token"), in.Text, s.client(c))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusCreated, s.showAppealed(out))
}

// appealedView is a decision as whoever may appeal it sees it.
type appealedView struct {
	Site      string       `json:"site"`
	Text      string       `json:"text"`
	Statement comment.Told `json:"statement"`
	Open      bool         `json:"open"` // it can be appealed now
}

func (s *Server) showAppealed(a comment.Appealed) appealedView {
	return appealedView{a.Site.Key, a.Text, a.Told, a.Open(s.Comments.Now())}
}
