package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// premoderatedPages lists the pages of a site that are in premoderation now.
func (s *Server) premoderatedPages(c *fiber.Ctx) error {
	site := param(c, "site")
	return longList[comment.PageEntry, comment.PageEntry]{
		name: "pages", of: []string{site, "premoderated"},
		read: func(after string, limit int) ([]comment.PageEntry, string, error) {
			return s.Comments.PagesInPremoderation(c.UserContext(), site, after, limit)
		},
		show: func(p comment.PageEntry) comment.PageEntry { return p },
	}.send(s, c)
}

// changePage opens or closes a page, or begins or ends its premoderation.
func (s *Server) changePage(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	in, err := decode[struct {
		Open        *bool   `json:"open"`
		Premoderate *string `json:"premoderate"`
		Release     *string `json:"release"`
		Reason      string  `json:"reason"`
	}](c)
	if err != nil {
		return err
	}
	site, page, by := param(c, "site"), v.Get("page"), actor(c)
	switch {
	case in.Open != nil && in.Premoderate == nil && in.Release == nil && in.Reason == "":
		if _, err = s.Comments.OpenPage(c.UserContext(), comment.Opening{Site: site, Page: page, Open: *in.Open, By: by}); err != nil {
			return err
		}
	case in.Open == nil && (in.Premoderate == nil) != (in.Release == nil) && (in.Release == nil || in.Reason == ""):
		p := comment.Premoderating{Site: site, Page: page, Reason: in.Reason, By: by}
		if p.For, err = periodOf("premoderate", in.Premoderate); err != nil {
			return err
		}
		if p.Spare, err = periodOf("release", in.Release); err != nil {
			return err
		}
		if in.Premoderate != nil && p.For == 0 {
			return fault.Input("premoderate", "invalid", "Premoderation lasts from 1m to 30d; release ends it.")
		}
		if _, err := s.Comments.Premoderate(c.UserContext(), p); err != nil {
			return err
		}
	default:
		return fault.Input("open", "required", "Give one of open, premoderate (with a reason or without) and release.")
	}
	out, err := s.Comments.PageState(c.UserContext(), site, page)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}

// periodOf reads a period that may be left out.
func periodOf(name string, text *string) (time.Duration, error) {
	if text == nil {
		return 0, nil
	}
	d, err := comment.ParsePeriod(*text)
	if err != nil || d < 0 {
		return 0, fault.Input(name, "invalid", "Give a time such as 30m, 2h or 7d.")
	}
	return d, nil
}
