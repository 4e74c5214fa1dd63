package demo

import (
	"net/url"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
)

// page is what every template may use.
type page struct {
	Title, Headline, About string
	Canonical              string
	Site                   string
	Today                  time.Time
	Skin                   skin
	Skins                  []link

	Stories   []story   // front page
	Story     story     // article
	Published time.Time // article
	Related   []story   // article
	Receiver  string    // webhooks
	Kept      int       // webhooks
}

type link struct{ Name, Href string }

// To is the address of another page of the paper in the same skin.
func (p page) To(path string) string { return p.Skin.at(path) }

// skin is how a page is dressed, for those who want to see the widget follow:
// the query's theme, dir and lang. Nothing but known values gets in.
type skin struct {
	Theme, Dir, Lang string
}

func skinOf(c *fiber.Ctx) skin {
	s := skin{
		Theme: known(c.Query("theme"), "light", "dark"),
		Dir:   known(c.Query("dir"), "ltr", "rtl"),
		Lang:  known(c.Query("lang"), "en", "de", "fr", "es", "pt", "pl", "uk", "ar", "he", "zh", "ja"),
	}
	if s.Lang == "" {
		s.Lang = "en"
	}
	return s
}

// known returns the value that was asked for if it is one of the values, else
// nothing.
func known(asked string, values ...string) string {
	if i := slices.Index(values, asked); i >= 0 {
		return values[i]
	}
	return ""
}

func (s skin) at(path string) string {
	query := url.Values{}
	set := func(name, value, normal string) {
		if value != normal {
			query.Set(name, value)
		}
	}
	set("theme", s.Theme, "")
	set("dir", s.Dir, "")
	set("lang", s.Lang, "en")
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

func (p *Paper) page(c *fiber.Ctx, path, headline string) page {
	worn := skinOf(c)
	return page{
		Title:     headline + " · The Merrowick Packet",
		Headline:  headline,
		Canonical: c.BaseURL() + path,
		Site:      p.site,
		Today:     p.now(),
		Skin:      worn,
		Skins: []link{
			{"as your system likes it", skin{Lang: "en"}.at(path)},
			{"light", skin{Theme: "light", Dir: worn.Dir, Lang: worn.Lang}.at(path)},
			{"dark", skin{Theme: "dark", Dir: worn.Dir, Lang: worn.Lang}.at(path)},
			{"from right to left", skin{Theme: worn.Theme, Dir: "rtl", Lang: worn.Lang}.at(path)},
			{"with its comments in German", skin{Theme: worn.Theme, Dir: worn.Dir, Lang: "de"}.at(path)},
		},
	}
}

func (p *Paper) front(c *fiber.Ctx) error {
	shown := p.page(c, "/demo/", "The Merrowick Packet")
	shown.Title = shown.Headline
	shown.About = "News from Merrowick and Skelding: a newspaper that exists to show how comments work."
	shown.Stories = p.stories
	return p.render(c, "front.html", shown)
}

func (p *Paper) article(c *fiber.Ctx) error {
	slug := c.Params("article")
	at := slices.IndexFunc(p.stories, func(s story) bool { return s.Slug == slug })
	if at < 0 {
		return p.missing(c)
	}
	s := p.stories[at]
	shown := p.page(c, s.Path, s.Title)
	shown.About = s.Standfirst
	shown.Story = s
	shown.Published = p.started.Add(-s.age)
	shown.Related = slices.Delete(slices.Clone(p.stories), at, at+1)
	return p.render(c, "article.html", shown)
}

func (p *Paper) missing(c *fiber.Ctx) error {
	c.Status(fiber.StatusNotFound)
	shown := p.page(c, "/demo/", "There is no such page")
	shown.About = "Not in this edition."
	return p.render(c, "missing.html", shown)
}

func (p *Paper) webhooks(c *fiber.Ctx) error {
	shown := p.page(c, "/demo/webhooks", "What the publisher’s systems receive")
	shown.About = "The calls that the demonstration’s webhook receiver has seen."
	shown.Receiver = c.BaseURL() + "/demo/webhooks/receive"
	shown.Kept = maxCalls
	return p.render(c, "webhooks.html", shown)
}
