package web

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

// ask reads what every list of readers takes.
func ask(c *fiber.Ctx) (a comment.Ask, err error) {
	v, limit, err := paging(c)
	if err != nil {
		return a, err
	}
	a = comment.Ask{Site: param(c, "site"), Page: v.Get("page"), Parent: param(c, "id"), Limit: limit, Cursor: v.Get("cursor")}
	if a.Body, err = bodyOf(v); err != nil {
		return a, err
	}
	sort, err := oneOf(v, "sort", "oldest", "newest", "top")
	a.Sort = comment.Sort(sort)
	return a, err
}

func (s *Server) thread(c *fiber.Ctx) error {
	if isFirst(c) {
		return s.answerKept(c, "thread ", readThread)
	}
	a, err := ask(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), requestTime)
	defer cancel()
	out, err := s.Comments.Thread(ctx, a)
	if err != nil {
		return err
	}
	return sendCached(c, out)
}

func (s *Server) replies(c *fiber.Ctx) error {
	a, err := ask(c)
	if err != nil {
		return err
	}
	out, err := s.Comments.Replies(c.UserContext(), a)
	if err != nil {
		return err
	}
	return sendCached(c, out)
}

// ownComment is a comment as its author gets it.
type ownComment struct {
	Comment   comment.View   `json:"comment"`
	Ancestors []comment.View `json:"ancestors,omitempty"` // where it is asked for by its id
	Text      *string        `json:"text,omitempty"`      // the source, likewise
	EditToken string         `json:"edit_token,omitempty"`
	EditUntil string         `json:"edit_until"`
	// Statement is why it is not shown, where its author is told.
	Statement *comment.Told `json:"statement,omitempty"`
}

func showOwn(sub comment.Submitted, body comment.Body) ownComment {
	return ownComment{Comment: sub.View(body), EditToken: sub.EditToken, EditUntil: comment.Timestamp(sub.EditUntil), Statement: sub.Statement}
}

// single gives a public comment to anyone, and any comment to its author.
func (s *Server) single(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	body, err := bodyOf(v)
	if err != nil {
		return err
	}
	if token := comment.BearerOf(c.Get(fiber.HeaderAuthorization)); token != "" {
		own, err := s.Comments.Own(c.UserContext(), param(c, "site"), param(c, "id"), token)
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderCacheControl, "no-store")
		c.Set("X-Robots-Tag", "noindex")
		out := showOwn(own, body)
		out.Text, out.EditToken = &own.Revision.Source, ""
		if out.Ancestors, err = s.Comments.Above(c.UserContext(), own.Comment, body); err != nil {
			return err
		}
		return send(c, fiber.StatusOK, out)
	}
	out, err := s.Comments.Single(c.UserContext(), param(c, "site"), param(c, "id"), body)
	if err != nil {
		return err
	}
	c.Vary(fiber.HeaderAuthorization)
	return sendCached(c, out)
}

type submission struct {
	Page struct {
		Key   string `json:"key"`
		URL   string `json:"url"`
		Title string `json:"title"`
	} `json:"page"`
	ParentID *string `json:"parent_id"`
	Author   struct {
		Name  string `json:"name"`
		Email string `json:"email"`
	} `json:"author"`
	Text string `json:"text"`
	Form *struct {
		Trap     string `json:"trap" validate:"max=1000"`
		FilledMS int64  `json:"filled_ms"`
	} `json:"form"`
}

func (s *Server) submit(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	body, err := bodyOf(v)
	if err != nil {
		return err
	}
	in, err := decode[submission](c)
	if err != nil {
		return err
	}
	shape := func(result any) any { return showOwn(result.(comment.Submitted), body) }
	sub := comment.Submission{
		Site: param(c, "site"), Page: comment.PageRef(in.Page), Token: comment.BearerOf(c.Get(fiber.HeaderAuthorization)), Name: in.Author.Name, Email: in.Author.Email, Text: in.Text, Client: s.client(c),
	}
	if in.ParentID != nil {
		sub.ParentID = *in.ParentID
	}
	if in.Form != nil {
		sub.Form = moderation.Form{Known: true, Trap: in.Form.Trap, Filled: time.Duration(in.Form.FilledMS) * time.Millisecond}
	}
	if sub.Once, err = onceOf(c, "submit "+sub.Site, jsonAnswer(fiber.StatusCreated, shape)); err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	out, err := s.Comments.Submit(c.UserContext(), sub)
	if err != nil {
		return answered(c, err)
	}
	return send(c, fiber.StatusCreated, shape(out))
}

func (s *Server) edit(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	body, err := bodyOf(v)
	if err != nil {
		return err
	}
	in, err := decode[struct {
		Text string `json:"text"`
	}](c)
	if err != nil {
		return err
	}
	out, err := s.Comments.Edit(c.UserContext(), comment.Revising{
		Site: param(c, "site"), ID: param(c, "id"), Token: comment.BearerOf(c.Get(fiber.HeaderAuthorization)), Text: in.Text, Client: s.client(c),
	})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	answer := showOwn(out, body)
	answer.EditToken = ""
	return send(c, fiber.StatusOK, answer)
}

func (s *Server) retract(c *fiber.Ctx) error {
	return done(c, s.Comments.Retract(c.UserContext(), comment.Revising{
		Site: param(c, "site"), ID: param(c, "id"), Token: comment.BearerOf(c.Get(fiber.HeaderAuthorization)), Client: s.client(c),
	}))
}

func (s *Server) vote(c *fiber.Ctx) error {
	in, err := decode[struct {
		Value *int `json:"value" validate:"required"`
	}](c)
	if err != nil {
		return err
	}
	votes, err := s.Comments.Vote(c.UserContext(), comment.Ballot{Site: param(c, "site"), ID: param(c, "id"), Value: *in.Value, Client: s.client(c)})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return send(c, fiber.StatusOK, struct {
		Votes comment.Votes `json:"votes"`
		Value int           `json:"value"`
	}{votes, *in.Value})
}

func (s *Server) report(c *fiber.Ctx) error {
	in, err := decode[struct {
		Reason   string `json:"reason" validate:"required"`
		Note     string `json:"note"`
		Reporter string `json:"reporter" validate:"max=1024"`
	}](c)
	if err != nil {
		return err
	}
	p := comment.Complaint{Site: param(c, "site"), ID: param(c, "id"), Reason: in.Reason, Note: in.Note, Reporter: in.Reporter, Client: s.client(c)}
	if p.Once, err = onceOf(c, "report "+p.Site, jsonAnswer(fiber.StatusCreated, func(v any) any { return v })); err != nil {
		return err
	}
	out, err := s.Comments.Report(c.UserContext(), p)
	if err != nil {
		return answered(c, err)
	}
	return send(c, fiber.StatusCreated, out)
}

func (s *Server) preview(c *fiber.Ctx) error {
	in, err := decode[struct {
		Text string `json:"text"`
	}](c)
	if err != nil {
		return err
	}
	tree, err := s.Comments.Preview(c.UserContext(), param(c, "site"), in.Text, s.client(c))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, map[string]any{"html": tree.HTML(), "tree": tree})
}

func (s *Server) counts(c *fiber.Ctx) error { return s.answerKept(c, "counts ", readCounts) }
