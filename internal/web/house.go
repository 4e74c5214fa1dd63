package web

import (
	"bytes"
	"encoding/csv"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
)

func (s *Server) clauses(c *fiber.Ctx) error {
	site := param(c, "site")
	all, err := s.Comments.Clauses(c.UserContext(), site)
	if err != nil {
		return err
	}
	order := make(map[string]string, len(all))
	for i, clause := range all {
		order[clause.ID] = strconv.Itoa(1000 + i)
	}
	return shortList[comment.Clause, comment.ClauseView]{
		name: "clauses", of: site, all: all,
		key:  func(c comment.Clause) string { return order[c.ID] },
		show: comment.ShowClause,
	}.send(s, c)
}

type clauseInput struct {
	Number   *string `json:"number"`
	Title    *string `json:"title"`
	Text     *string `json:"text"`
	Language *string `json:"language"`
	Active   *bool   `json:"active"`
}

func (s *Server) addClause(c *fiber.Ctx) error {
	in, err := decode[clauseInput](c)
	if err != nil {
		return err
	}
	return s.create(c, fiber.StatusCreated, func() (any, error) {
		clause, err := s.Comments.AddClause(c.UserContext(), param(c, "site"), comment.ClauseChange(in), actor(c))
		return comment.ShowClause(clause), err
	})
}

func (s *Server) changeClause(c *fiber.Ctx) error {
	in, err := decode[clauseInput](c)
	if err != nil {
		return err
	}
	clause, err := s.Comments.ChangeClause(c.UserContext(), param(c, "site"), param(c, "id"), comment.ClauseChange(in), actor(c))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, comment.ShowClause(clause))
}

// TemplateView is a template as the API shows it.
type TemplateView struct {
	Name      string `json:"name"`
	Text      string `json:"text"`
	ChangedAt string `json:"changed_at"`
}

// ShowTemplate makes the view of a template.
func ShowTemplate(t comment.Template) TemplateView {
	return TemplateView{t.Name, t.Text, comment.Timestamp(t.ChangedAt)}
}

func (s *Server) templates(c *fiber.Ctx) error {
	site := param(c, "site")
	all, err := s.Comments.Templates(c.UserContext(), site)
	if err != nil {
		return err
	}
	return shortList[comment.Template, TemplateView]{
		name: "templates", of: site, all: all,
		key: func(t comment.Template) string { return t.Name }, show: ShowTemplate,
	}.send(s, c)
}

func (s *Server) putTemplate(c *fiber.Ctx) error {
	in, err := decode[struct {
		Text string `json:"text" validate:"required"`
	}](c)
	if err != nil {
		return err
	}
	t, err := s.Comments.PutTemplate(c.UserContext(), comment.Template{Site: param(c, "site"), Name: param(c, "id"), Text: in.Text}, actor(c))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowTemplate(t))
}

func (s *Server) removeTemplate(c *fiber.Ctx) error {
	return done(c, s.Comments.RemoveTemplate(c.UserContext(), param(c, "site"), param(c, "id"), actor(c)))
}

func (s *Server) previewMessage(c *fiber.Ctx) error {
	in, err := decode[struct {
		CommentID string `json:"comment_id" validate:"max=64"`
		Clause    string `json:"clause" validate:"max=64"`
		Reason    string `json:"reason" validate:"max=200"`
		Text      string `json:"text"`
	}](c)
	if err != nil {
		return err
	}
	out, err := s.Comments.TryMessage(c.UserContext(), comment.Trial{
		Site: param(c, "site"), Comment: in.CommentID, Clause: in.Clause, Reason: in.Reason, Text: in.Text,
	})
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}

func (s *Server) secondLooks(c *fiber.Ctx) error {
	site := param(c, "site")
	return longList[comment.LookView, comment.LookView]{
		name: "second_looks", of: []string{site, identity(c).Account.ID},
		read: func(after string, limit int) ([]comment.LookView, string, error) {
			return s.Comments.SecondLooks(c.UserContext(), identity(c).Account, site, after, limit)
		},
		show: func(l comment.LookView) comment.LookView { return l },
	}.send(s, c)
}

func (s *Server) judge(c *fiber.Ctx) error {
	in, err := decode[struct {
		Verdict string `json:"verdict" validate:"required,oneof=approve reject"`
	}](c)
	if err != nil {
		return err
	}
	out, err := s.Comments.Judge(c.UserContext(), identity(c).Account, param(c, "site"), param(c, "id"), comment.Action(in.Verdict))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}

func (s *Server) agreement(c *fiber.Ctx) error {
	out, err := s.Comments.Agreement(c.UserContext(), identity(c).Account, param(c, "site"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}

func (s *Server) disagreements(c *fiber.Ctx) error {
	_, limit, err := paging(c)
	if err != nil {
		return err
	}
	out, err := s.Comments.Disagreements(c.UserContext(), param(c, "site"), limit)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, map[string]any{"disagreements": out})
}

// exportDecisions gives a page of lines. Where to go on is in the header Link, so
// that the lines are nothing but lines.
func (s *Server) exportDecisions(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	since, err := timeOf(v, "since")
	if err != nil {
		return err
	}
	format, err := oneOf(v, "format", "jsonl", "csv")
	if err != nil {
		return err
	}
	site := param(c, "site")
	list := []string{"decisions", site, v.Get("since")}
	after, err := s.after(v, list)
	if err != nil {
		return err
	}
	lines, last, err := s.Comments.ExportDecisions(c.UserContext(), site, since, after, comment.ExportMost)
	if err != nil {
		return err
	}
	if next := s.next(last, list); next != "" {
		v.Set("cursor", next)
		c.Set(fiber.HeaderLink, "<?"+url.Values(v).Encode()+`>; rel="next"`)
	}
	body, kind, err := WriteStatements(lines, format, after == "")
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, kind)
	return c.Send(body)
}

// WriteStatements writes lines of an export as jsonl or csv, the latter with a line of
// names where it is the first page.
func WriteStatements(lines []comment.StatementRow, format string, first bool) (body []byte, kind string, err error) {
	var b bytes.Buffer
	if format == "csv" {
		w := csv.NewWriter(&b)
		if first {
			_ = w.Write(comment.StatementColumns)
		}
		for _, line := range lines {
			_ = w.Write(line.Columns())
		}
		w.Flush()
		return b.Bytes(), "text/csv; charset=utf-8", w.Error()
	}
	for _, line := range lines {
		text, err := comment.JSON(line)
		if err != nil {
			return nil, "", err
		}
		b.Write(append(text, '\n'))
	}
	return b.Bytes(), "application/jsonl; charset=utf-8", nil
}
