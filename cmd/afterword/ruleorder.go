package main

import (
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/web"
)

type ruleOrderCmd struct {
	Site  string   `help:"Key of the site." required:""`
	Rules []string `arg:"" help:"Every rule of the site once, by id or name, the first to be asked first." name:"rule"`
}

// Run orders the rules, and lists them.
func (c *ruleOrderCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		if _, err := a.Comments.SiteOf(e.ctx, c.Site); err != nil {
			return noSite(err, c.Site)
		}
		ids := make([]string, len(c.Rules))
		for i, ref := range c.Rules {
			r, err := a.Comments.FindRule(e.ctx, c.Site, ref)
			if err != nil {
				return missing(err, "rule "+ref, "rule list --site "+c.Site)
			}
			ids[i] = r.ID
		}
		if err := a.Comments.OrderRules(e.ctx, c.Site, ids, operator); err != nil {
			return err
		}
		return e.listRules(a, c.Site)
	})
}

type ruleCheckCmd struct {
	When string `arg:"" help:"Condition, such as 'links.count > 2 and author.approved < 1'."`
}

// Run reads a condition; it needs no database.
func (c *ruleCheckCmd) Run(e *env) error {
	out, err := web.CheckWhen(c.When, nil)
	if err != nil {
		return err
	}
	return e.print(out, "It can be a rule's condition. It asks for %s.", strings.Join(out.Facts, ", "))
}

type ruleFactsCmd struct{}

// Run lists the facts; it needs no database.
func (c *ruleFactsCmd) Run(e *env) error {
	for _, f := range web.ShowFacts() {
		if err := e.print(f, "%s", fmt.Sprintf("%-22s %-8s %s", f.Name, f.Type, f.Sentence)); err != nil {
			return err
		}
	}
	return nil
}
