package main

import (
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/web"
)

type siteCmd struct {
	Add  siteAddCmd  `cmd:"" help:"Add a site."`
	Set  siteSetCmd  `cmd:"" help:"Change a site's options, name or origins."`
	List siteListCmd `cmd:"" help:"List the sites."`
}

type siteAddCmd struct {
	Key    string   `arg:"" help:"Short key, such as daily."`
	Name   string   `help:"Name for people." required:""`
	Origin []string `help:"Exact origin of the site's pages, such as https://www.example.org; may be repeated." required:"" sep:"none"`
	Set    []string `help:"An option, as name=value; may be repeated." sep:"none" placeholder:"OPTION=VALUE"`
}

// Run adds a site.
func (c *siteAddCmd) Run(e *env) error {
	options, err := pairs(c.Set)
	if err != nil {
		return err
	}
	return e.setUp(func(a *app.App) error {
		st, err := a.Comments.AddSite(e.ctx, c.Key, comment.SiteChange{Name: &c.Name, Origins: c.Origin, Options: options}, operator)
		if err != nil {
			return err
		}
		return e.print(web.ShowSite(st, ""), "Added the site %s. Put this where the comments of an article should stand:\n<script async src=\"https://YOUR-ADDRESS/embed.js\" data-site=\"%s\"></script>", st.Key, st.Key)
	})
}

type siteSetCmd struct {
	Key     string   `arg:"" help:"Key of the site."`
	Options []string `arg:"" optional:"" help:"Options, as name=value." name:"option=value"`
	Name    *string  `help:"New name."`
	Origin  []string `help:"New origins, in place of all; may be repeated." sep:"none"`
}

// Run changes a site.
func (c *siteSetCmd) Run(e *env) error {
	options, err := pairs(c.Options)
	if err != nil {
		return err
	}
	return e.administer(func(a *app.App) error {
		st, err := a.Comments.ChangeSite(e.ctx, c.Key, comment.SiteChange{Name: c.Name, Origins: c.Origin, Options: options}, operator)
		if err != nil {
			return noSite(err, c.Key)
		}
		return e.print(web.ShowSite(st, ""), "Changed the site %s: %s", st.Key, optionLine(st))
	})
}

type siteListCmd struct{}

// Run lists the sites.
func (c *siteListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		all, err := a.Comments.SitesOf(e.ctx, everything)
		if err != nil {
			return err
		}
		return each(all, func(st comment.Site) error {
			return e.print(web.ShowSite(st, ""), "%s  %s  %s\n    %s", st.Key, st.Name, strings.Join(st.Origins, " "), optionLine(st))
		})
	})
}

func optionLine(st comment.Site) string {
	values := st.Options.Map()
	var parts []string
	for _, name := range comment.OptionNames() {
		parts = append(parts, fmt.Sprintf("%s=%v", name, values[name]))
	}
	return strings.Join(parts, " ")
}

// pairs reads name=value arguments.
func pairs(list []string) (map[string]string, error) {
	all := map[string]string{}
	for _, p := range list {
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, usageError{fmt.Errorf("%q is not of the form option=value", p)}
		}
		all[name] = value
	}
	return all, nil
}
