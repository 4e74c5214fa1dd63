package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

//go:embed appeal.html
var appealHTML string

//go:embed appeal.css
var appealCSS string

var appealTemplate = template.Must(template.New("appeal").Parse(appealHTML))

// appealPolicy allows the page its one style, by its digest, and its one form.
var appealPolicy = func() string {
	sum := sha256.Sum256([]byte(appealCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// appealPageData is what the page shows.
type appealPageData struct {
	Words   map[string]string
	Lang    string // of the words
	Content string // language of the site
	Style   template.CSS
	comment.Appealed
	Decided, Until, Made, Answered string
	Open                           bool
	Problem                        string // with what was sent
	Draft                          string
	Missing                        bool
}

// appealPage shows a decision to whoever has its link, and takes the appeal: without
// scripts, and telling nobody where the link was followed from.
func (s *Server) appealPage(c *fiber.Ctx) error {
	out, err := s.Comments.AppealedBy(c.UserContext(), param(c, "token"))
	if err != nil {
		return s.sendAppealPage(c, comment.Appealed{}, err, "")
	}
	return s.sendAppealPage(c, out, nil, "")
}

func (s *Server) appealForm(c *fiber.Ctx) error {
	kind, _, _ := strings.Cut(c.Get(fiber.HeaderContentType), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), fiber.MIMEApplicationForm) {
		return fault.New(fault.Unsupported, "unsupported_media_type", "Send the form as application/x-www-form-urlencoded.")
	}
	form, err := url.ParseQuery(string(c.Request().Body()))
	if err != nil {
		return fault.New(fault.Malformed, "malformed_form", "The form cannot be read.")
	}
	text := strings.ReplaceAll(form.Get("text"), "\r\n", "\n")
	_, err = s.Comments.Appeal(c.UserContext(), param(c, "token"), text, s.client(c))
	if err == nil {
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.Redirect(strings.Clone(c.Path()), fiber.StatusSeeOther)
	}
	out, readErr := s.Comments.AppealedBy(c.UserContext(), param(c, "token"))
	if readErr != nil {
		err = readErr
	}
	return s.sendAppealPage(c, out, err, text)
}

func (s *Server) sendAppealPage(c *fiber.Ctx, a comment.Appealed, problem error, draft string) error {
	status := fiber.StatusOK
	lang, words := appealWords(a.Site.Options.Language)
	data := appealPageData{Words: words, Lang: lang, Content: a.Site.Options.Language, Style: template.CSS(appealCSS), Appealed: a, Draft: draft}
	if problem != nil {
		f := fault.Of(problem)
		if f.Kind == fault.Internal {
			return problem
		}
		status = statusOf[f.Kind]
		data.Missing = f.Kind == fault.NotFound
		data.Problem = words[f.Code]
		if data.Problem == "" {
			data.Problem = words["problem"]
		}
	}
	data.Open = a.Open(s.Comments.Now())
	data.Decided = dayOf(a.Told.Facts.DecidedAt)
	if ap := a.Told.Appeal; ap != nil {
		data.Until = dayOf(ap.Until)
		if ap.MadeAt != nil {
			data.Made = dayOf(*ap.MadeAt)
		}
		if ap.DecidedAt != nil {
			data.Answered = dayOf(*ap.DecidedAt)
		}
	}
	var b bytes.Buffer
	if err := appealTemplate.Execute(&b, data); err != nil {
		return err
	}
	for name, value := range map[string]string{
		fiber.HeaderContentSecurityPolicy: appealPolicy, fiber.HeaderReferrerPolicy: "no-referrer", fiber.HeaderCacheControl: "no-store",
		fiber.HeaderXFrameOptions: "DENY", fiber.HeaderXContentTypeOptions: "nosniff", "X-Robots-Tag": "noindex",
		fiber.HeaderContentType: fiber.MIMETextHTMLCharsetUTF8,
	} {
		c.Set(name, value)
	}
	return c.Status(status).Send(b.Bytes())
}

// dayOf is the day of a timestamp, which is what an author needs to know.
func dayOf(timestamp string) string {
	t, err := time.Parse(time.RFC3339, timestamp)
	if err != nil {
		return ""
	}
	return t.Format("2006-01-02")
}
