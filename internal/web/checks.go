package web

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/checker"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
	"github.com/afterword-comments/afterword/moderation/external"
)

// Check is a check elsewhere as the API shows it.
type Check struct {
	ID        string            `json:"id"`
	Site      string            `json:"site"`
	Kind      string            `json:"kind"`
	Name      string            `json:"name"`
	URL       string            `json:"url"`
	Settings  map[string]string `json:"settings"`
	When      comment.When      `json:"when"`
	Only      comment.Only      `json:"only"`
	Silence   comment.Silence   `json:"silence"`
	Most      moderation.Hint   `json:"most"`
	Send      []string          `json:"send"`  // what goes out because the owner said so
	Sends     []string          `json:"sends"` // what goes out always, for people
	Deadline  string            `json:"deadline"`
	Enabled   bool              `json:"enabled"`
	HasSecret bool              `json:"has_secret"`
	CreatedAt string            `json:"created_at"`
	Secret    string            `json:"secret,omitempty"` // only where it was made, once
}

// ShowCheck makes the view of a check elsewhere.
func ShowCheck(i comment.Integration, secret string) Check {
	v := Check{
		ID: i.ID, Site: i.Site, Kind: i.Kind, Name: i.Name, URL: i.URL, Settings: i.Settings, When: i.When, Only: i.Only,
		Silence: i.Silence, Most: i.Most, Send: i.Send, Sends: external.Sends(i.Kind), Deadline: comment.FormatPeriod(i.Deadline),
		Enabled: i.Enabled, HasSecret: i.Secret != "", CreatedAt: comment.Timestamp(i.CreatedAt), Secret: secret,
	}
	if v.Settings == nil {
		v.Settings = map[string]string{}
	}
	if v.Send == nil {
		v.Send = []string{}
	}
	return v
}

func (s *Server) checkList(c *fiber.Ctx) error {
	site := param(c, "site")
	all, err := s.Checks.List(c.UserContext(), site)
	if err != nil {
		return err
	}
	return shortList[comment.Integration, Check]{
		name: "checks", of: site, all: all,
		key:  func(i comment.Integration) string { return i.ID },
		show: func(i comment.Integration) Check { return ShowCheck(i, "") },
	}.send(s, c)
}

// checkInput is what may be given of a check elsewhere.
type checkInput struct {
	Kind     string            `json:"kind"`
	Name     string            `json:"name"`
	URL      string            `json:"url"`
	Secret   string            `json:"secret"`
	Settings map[string]string `json:"settings"`
	When     comment.When      `json:"when"`
	Only     comment.Only      `json:"only"`
	Silence  comment.Silence   `json:"silence"`
	Most     moderation.Hint   `json:"most"`
	Send     []string          `json:"send" validate:"max=5"`
	Deadline string            `json:"deadline"`
	Enabled  *bool             `json:"enabled"`
}

func (s *Server) addCheck(c *fiber.Ctx) error {
	in, err := decode[checkInput](c)
	if err != nil {
		return err
	}
	return s.create(c, fiber.StatusCreated, func() (any, error) {
		i, secret, err := s.Checks.Add(c.UserContext(), param(c, "site"), checker.Change(in), actor(c))
		return ShowCheck(i, secret), err
	})
}

func (s *Server) check(c *fiber.Ctx) error {
	i, err := s.Checks.Get(c.UserContext(), param(c, "site"), param(c, "id"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowCheck(i, ""))
}

func (s *Server) changeCheck(c *fiber.Ctx) error {
	in, err := decode[checkInput](c)
	if err != nil {
		return err
	}
	if in.URL != "" || in.Secret != "" || in.Send != nil { // as a new one, it reads what readers write
		if err := s.Auth.Fresh(identity(c)); err != nil {
			return err
		}
	}
	i, err := s.Checks.Change(c.UserContext(), param(c, "site"), param(c, "id"), checker.Change(in), actor(c))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowCheck(i, ""))
}

func (s *Server) removeCheck(c *fiber.Ctx) error {
	return done(c, s.Checks.Remove(c.UserContext(), param(c, "site"), param(c, "id"), actor(c)))
}

// CheckTrial is what came of a text that was put to a check to try it.
type CheckTrial struct {
	Request  string                `json:"request"`
	Status   *int                  `json:"status"` // null = no answer
	Response string                `json:"response"`
	MS       int64                 `json:"ms"`
	Evidence []moderation.Evidence `json:"evidence"`
	Later    *string               `json:"later"` // the answer would come within that time
	Error    *string               `json:"error"` // why there is no opinion
}

// ShowTrial makes the view of a trial.
func ShowTrial(t checker.Trial) CheckTrial {
	v := CheckTrial{Request: t.Request, Response: t.Response, MS: t.Took.Milliseconds(), Evidence: t.Evidence, Error: comment.OptionalText(t.Err)}
	if v.Evidence == nil {
		v.Evidence = []moderation.Evidence{}
	}
	for n := range v.Evidence {
		if v.Evidence[n].Spans == nil {
			v.Evidence[n].Spans = []moderation.Span{}
		}
	}
	if t.Status != 0 {
		v.Status = &t.Status
	}
	if t.Later > 0 {
		v.Later = comment.OptionalText(comment.FormatPeriod(t.Later))
	}
	return v
}

func (s *Server) testCheck(c *fiber.Ctx) error {
	in, err := decode[struct {
		Text string `json:"text" validate:"required"`
	}](c)
	if err != nil {
		return err
	}
	if wait := s.checks.wait(identity(c).Account.ID, checkRate, received(c)); wait > 0 {
		return tooFast(wait)
	}
	t, err := s.Checks.Try(c.UserContext(), param(c, "site"), param(c, "id"), in.Text)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowTrial(t))
}

// CheckHealth is how a check elsewhere has been doing over its newest questions.
type CheckHealth struct {
	Asked        int     `json:"asked"`
	Waiting      int     `json:"waiting"`
	Silent       int     `json:"silent"`
	P50          *int64  `json:"p50_ms"`
	P95          *int64  `json:"p95_ms"`
	Since        *string `json:"since"`
	Flagged      int     `json:"flagged"`
	Judged       int     `json:"judged"`
	Agreed       int     `json:"agreed"`
	Missed       int     `json:"missed"`
	Breaker      string  `json:"breaker"`
	BreakerUntil *string `json:"breaker_until"`
}

// ShowCheckHealth makes the view of a check's figures.
func ShowCheckHealth(h checker.Health) CheckHealth {
	v := CheckHealth{
		Asked: h.Asked, Waiting: h.Waiting, Silent: h.Silent, Since: comment.OptionalTime(h.Since), Flagged: h.Flagged,
		Judged: h.Judged, Agreed: h.Agreed, Missed: h.Missed, Breaker: h.Breaker, BreakerUntil: comment.OptionalTime(h.Until),
	}
	if h.P50 > 0 {
		p50, p95 := h.P50.Milliseconds(), h.P95.Milliseconds()
		v.P50, v.P95 = &p50, &p95
	}
	return v
}

func (s *Server) checkHealth(c *fiber.Ctx) error {
	h, err := s.Checks.Health(c.UserContext(), param(c, "site"), param(c, "id"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowCheckHealth(h))
}

// checkAnswer takes a later answer. Who may give it says the ticket and the
// signature over the body.
func (s *Server) checkAnswer(c *fiber.Ctx) error {
	header := http.Header{}
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		header.Set(name, c.Get(name))
	}
	body := c.Request().Body()
	if len(body) > MaxBody {
		return ofFiber[http.StatusRequestEntityTooLarge]
	}
	ticket, err := s.Checks.Open(c.UserContext(), param(c, "ticket"), header, body)
	if err != nil {
		return err
	}
	in, err := decode[struct {
		Comment  string            `json:"comment" validate:"required"`
		Revision int               `json:"revision" validate:"required"`
		Hint     moderation.Hint   `json:"hint"`
		Code     string            `json:"code"`
		Sentence string            `json:"sentence"`
		Spans    []moderation.Span `json:"spans"`
		Score    *float64          `json:"score"`
		Data     map[string]string `json:"data"`
	}](c)
	if err != nil {
		return err
	}
	answer := external.Answer{Hint: in.Hint, Code: in.Code, Sentence: in.Sentence, Spans: in.Spans, Score: in.Score, Data: in.Data}
	return done(c, s.Checks.Answer(c.UserContext(), ticket, checker.Reply{CommentID: in.Comment, Revision: in.Revision, Answer: answer}))
}
