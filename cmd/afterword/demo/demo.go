// Package demo is the sample newspaper of `afterword demo`: three articles of
// an invented town that carry comments the way a publisher's pages do, and the
// receiver that stands for the publisher's own systems. It hides the paper's
// text, looks and seed comments and the bounded log of received calls; the
// demo command calls it, nothing else does.
package demo

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"path"
	"time"

	"github.com/gofiber/fiber/v2"
)

//go:embed templates stories assets
var files embed.FS

// policy is as strict as a publisher's can be: the widget has to live under it,
// so the demo shows that it does.
const policy = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"

// Paper serves the sample newspaper at /demo/ and the receiver's log at
// /demo/webhooks. It is safe for use by many goroutines at once.
type Paper struct {
	site    string
	now     func() time.Time
	started time.Time
	pages   *template.Template
	stories []story
	inbox   inbox
}

// New makes the newspaper of one site, whose key its pages name to the widget.
// verify says whether a call to the receiver carries a good signature; its
// error is shown in the log and to the caller. The articles are dated shortly
// before now.
func New(site string, verify func(headers http.Header, body []byte) error, now func() time.Time) *Paper {
	return &Paper{
		site:    site,
		now:     now,
		started: now(),
		pages:   template.Must(template.ParseFS(files, "templates/*.html")),
		stories: stories(),
		inbox:   inbox{verify: verify, now: now},
	}
}

// Register adds the newspaper's routes under /demo.
func (p *Paper) Register(app fiber.Router) {
	paper := app.Group("/demo", guard)
	paper.Get("/", p.front)
	paper.Get("/style.css", asset("style.css"))
	paper.Get("/webhooks.js", asset("webhooks.js"))
	for _, picture := range []string{"icon.svg", "ferry.svg", "tide-gauge.svg", "library.svg", "sea-level.svg"} {
		paper.Get("/assets/"+picture, asset(picture))
	}
	paper.Get("/webhooks", p.webhooks)
	paper.Get("/webhooks/log", p.log)
	paper.Post("/webhooks/receive", p.receive)
	paper.Get("/:article", p.article)
}

// Articles lists the articles in the order of the front page.
func (p *Paper) Articles() []Article {
	list := make([]Article, len(p.stories))
	for i, s := range p.stories {
		list[i] = s.Article
	}
	return list
}

func guard(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentSecurityPolicy, policy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	return c.Next()
}

func asset(name string) fiber.Handler {
	content := read("assets/" + name)
	return func(c *fiber.Ctx) error {
		c.Type(path.Ext(name), "utf-8")
		c.Set(fiber.HeaderCacheControl, "public, max-age=300")
		return c.Send(content)
	}
}

// read returns an embedded file. A missing one is a mistake in this package.
func read(name string) []byte {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return content
}

// render sends one of the templates as a page that is always asked for anew,
// because it shows today's date.
func (p *Paper) render(c *fiber.Ctx, name string, data any) error {
	var page bytes.Buffer
	if err := p.pages.ExecuteTemplate(&page, name, data); err != nil {
		return err
	}
	c.Type("html", "utf-8")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return c.Send(page.Bytes())
}
