package web

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// Site is a site as the API shows it.
type Site struct {
	Key       string         `json:"key"`
	Name      string         `json:"name"`
	Origins   []string       `json:"origins"`
	Options   map[string]any `json:"options"`
	CreatedAt string         `json:"created_at"`
	Role      comment.Role   `json:"role,omitempty"` // of the asker
}

// ShowSite makes the view of a site.
func ShowSite(s comment.Site, role comment.Role) Site {
	return Site{s.Key, s.Name, s.Origins, s.Options.Map(), comment.Timestamp(s.CreatedAt), role}
}

func (s *Server) sites(c *fiber.Ctx) error {
	who := identity(c).Account
	all, err := s.Comments.SitesOf(c.UserContext(), who)
	if err != nil {
		return err
	}
	return shortList[comment.Site, Site]{
		name: "sites", of: who.ID, all: all,
		key:  func(st comment.Site) string { return st.Key },
		show: func(st comment.Site) Site { return ShowSite(st, who.RoleOn(st.Key)) },
	}.send(s, c)
}

func (s *Server) site(c *fiber.Ctx) error {
	st, err := s.Comments.SiteOf(c.UserContext(), param(c, "site"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowSite(st, identity(c).Account.RoleOn(st.Key)))
}

func (s *Server) addSite(c *fiber.Ctx) error {
	in, err := decode[struct {
		Key     string         `json:"key" validate:"required"`
		Name    string         `json:"name" validate:"required"`
		Origins []string       `json:"origins" validate:"required"`
		Options map[string]any `json:"options"`
	}](c)
	if err != nil {
		return err
	}
	options, err := optionTexts(in.Options)
	if err != nil {
		return err
	}
	return s.create(c, fiber.StatusCreated, func() (any, error) {
		st, err := s.Comments.AddSite(c.UserContext(), in.Key, comment.SiteChange{Name: &in.Name, Origins: in.Origins, Options: options}, actor(c))
		return ShowSite(st, comment.Owner), err
	})
}

func (s *Server) changeSite(c *fiber.Ctx) error {
	in, err := decode[struct {
		Name    *string        `json:"name"`
		Origins []string       `json:"origins"`
		Options map[string]any `json:"options"`
	}](c)
	if err != nil {
		return err
	}
	options, err := optionTexts(in.Options)
	if err != nil {
		return err
	}
	st, err := s.Comments.ChangeSite(c.UserContext(), param(c, "site"), comment.SiteChange{Name: in.Name, Origins: in.Origins, Options: options}, actor(c))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowSite(st, identity(c).Account.RoleOn(st.Key)))
}

func (s *Server) options(c *fiber.Ctx) error {
	st, err := s.Comments.SiteOf(c.UserContext(), param(c, "site"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, st.Options.Map())
}

func (s *Server) changeOptions(c *fiber.Ctx) error {
	in, err := decode[optionMap](c)
	if err != nil {
		return err
	}
	options, err := optionTexts(in.Options)
	if err != nil {
		return err
	}
	st, err := s.Comments.ChangeSite(c.UserContext(), param(c, "site"), comment.SiteChange{Options: options}, actor(c))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, st.Options.Map())
}

// optionMap is an object of options, whatever their names.
type optionMap struct {
	Options map[string]any `json:",embed"`
}

// optionTexts gives options as the text that `site set` takes: the API allows
// numbers as numbers and switches as booleans too.
func optionTexts(in map[string]any) (map[string]string, error) {
	texts := make(map[string]string, len(in))
	for name, v := range in {
		switch v := v.(type) {
		case string:
			texts[name] = v
		case bool:
			texts[name] = map[bool]string{true: "on", false: "off"}[v]
		case float64:
			texts[name] = strconv.FormatFloat(v, 'f', -1, 64)
		default:
			return nil, fault.Input(name, "invalid", fmt.Sprintf("The option %s is text, a number or a boolean.", name))
		}
	}
	return texts, nil
}

func (s *Server) pages(c *fiber.Ctx) error {
	v, limit, err := paging(c)
	if err != nil {
		return err
	}
	if premoderated, err := oneOf(v, "premoderated", "false", "true"); err != nil {
		return err
	} else if premoderated == "true" {
		return s.premoderatedPages(c)
	}
	out, err := s.Comments.Pages(c.UserContext(), param(c, "site"), limit, v.Get("cursor"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}

// events gives the log as webhooks carry it: the same bytes.
func (s *Server) events(c *fiber.Ctx) error {
	v, limit, err := paging(c)
	if err != nil {
		return err
	}
	bodies, next, err := s.Comments.PublicEvents(c.UserContext(), param(c, "site"), limit, v.Get("after"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowEvents(bodies, next))
}

// Events is a page of the log as integrators pull it.
type Events struct {
	Events     []json.RawMessage `json:"events"`
	NextCursor *string           `json:"next_cursor"`
}

// ShowEvents makes the view of a page of the log.
func ShowEvents(bodies []json.RawMessage, next string) Events {
	return Events{bodies, comment.OptionalText(next)}
}

// audit gives the log as auditors read it: who did what and when, with the
// links of the chain. Without a site it is the installation's own log.
func (s *Server) audit(c *fiber.Ctx) error {
	v, limit, err := paging(c)
	if err != nil {
		return err
	}
	site := v.Get("site")
	who, needs := identity(c).Account, comment.Admin
	if site == "" {
		needs = comment.Owner
	}
	has := who.RoleOn(site)
	if site != "" && has == "" {
		return fault.Missing()
	}
	if !has.Includes(needs) {
		return fault.New(fault.Forbidden, "forbidden", "This needs the role "+string(needs)+".")
	}
	if site != "" {
		if _, err := s.Comments.SiteOf(c.UserContext(), site); err != nil {
			return err
		}
	}
	out, err := s.Comments.AuditLog(c.UserContext(), site, limit, v.Get("cursor"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}
