package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/web"
	"github.com/afterword-comments/afterword/moderation"
)

type ruleCmd struct {
	Add      ruleAddCmd      `cmd:"" help:"Add a rule; without --mode it rehearses."`
	List     ruleListCmd     `cmd:"" help:"List a site's rules in their order, with how precise each has been."`
	Set      ruleSetCmd      `cmd:"" help:"Change a rule; that makes a new version of it."`
	Remove   ruleRemoveCmd   `cmd:"" help:"Delete a rule."`
	Order    ruleOrderCmd    `cmd:"" help:"Put the rules into an order, the first to be asked first."`
	Check    ruleCheckCmd    `cmd:"" help:"Say what is wrong with a condition, or which facts it asks for."`
	Facts    ruleFactsCmd    `cmd:"" help:"List the facts that conditions are made of."`
	Rehearse ruleRehearseCmd `cmd:"" help:"Try a rule on comments that people have decided about."`
	Import   ruleImportCmd   `cmd:"" help:"Take over rules from a file that export wrote."`
	Export   ruleExportCmd   `cmd:"" help:"Write a site's rules as JSON."`
}

// ruleFlags are what may be said of a rule.
type ruleFlags struct {
	When     *string `help:"Condition, such as 'links.count > 2 and author.approved < 1'."`
	Action   *string `help:"hold, review, approve, spam, reject or none."`
	Reason   *string `help:"Sentence that moderators are shown."`
	Tag      *string `help:"Tag to put on the comment."`
	Notify   *bool   `help:"Tell moderators of each match." negatable:""`
	Priority *int    `help:"From 1, which comes first, to 1000."`
	Mode     *string `help:"rehearsing, active or off."`
	Expires  *string `help:"End, such as 2026-12-31T00:00:00Z; empty for never."`
	Owner    *string `help:"Who answers for it."`
	Override string  `help:"Why the rule may spam or reject although it has not shown enough precision." placeholder:"REASON"`
}

func (f ruleFlags) change(name *string) (comment.RuleChange, error) {
	in := web.RuleInput{
		Name: name, When: f.When, Reason: f.Reason, Tag: f.Tag, Notify: f.Notify, Priority: f.Priority, ExpiresAt: f.Expires, Owner: f.Owner,
		Override: f.Override != "", OverrideReason: f.Override,
	}
	if f.Action != nil {
		action := moderation.Hint(*f.Action)
		in.Action = &action
	}
	if f.Mode != nil {
		mode := moderation.RuleMode(*f.Mode)
		in.Mode = &mode
	}
	return in.Change()
}

// showRules prints rules as the API gives them.
func (e *env) showRules(a *app.App, list []comment.Rule, text func(web.RuleView) string) error {
	precise, err := a.Comments.RulePrecision(e.ctx, list)
	if err != nil {
		return err
	}
	return each(list, func(r comment.Rule) error {
		v := web.ShowRule(r, precise)
		return e.print(v, "%s", text(v))
	})
}

type ruleAddCmd struct {
	Site string `help:"Key of the site." required:""`
	Name string `help:"Name." required:""`
	ruleFlags
}

// Run adds a rule.
func (c *ruleAddCmd) Run(e *env) error {
	change, err := c.change(&c.Name)
	if err != nil {
		return err
	}
	return e.administer(func(a *app.App) error {
		r, err := a.Comments.AddRule(e.ctx, c.Site, change, operator)
		if err != nil {
			return noSite(err, c.Site)
		}
		return e.showRules(a, []comment.Rule{r}, func(v web.RuleView) string {
			return fmt.Sprintf("Added %s, %s. To see what it would have done: afterword rule rehearse %s --site %s", v.ID, v.Mode, v.ID, c.Site)
		})
	})
}

type ruleListCmd struct {
	Site string `help:"Key of the site." required:""`
}

// Run lists rules.
func (c *ruleListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error { return e.listRules(a, c.Site) })
}

func (e *env) listRules(a *app.App, site string) error {
	list, err := a.Comments.RulesOf(e.ctx, site)
	if err != nil {
		return noSite(err, site)
	}
	return e.showRules(a, list, func(v web.RuleView) string {
		return fmt.Sprintf("%s  %d  %s  %s  %s  hits %d, right %d of %d\n    %s", v.ID, v.Priority, v.Mode, v.Action, v.Name, v.Precision.Hits, v.Precision.Right, v.Precision.Decided, v.When)
	})
}

// withRule finds a rule by its id or its name.
func (e *env) withRule(site, ref string, do func(*app.App, comment.Rule) error) error {
	return e.administer(func(a *app.App) error {
		if _, err := a.Comments.SiteOf(e.ctx, site); err != nil {
			return noSite(err, site)
		}
		r, err := a.Comments.FindRule(e.ctx, site, ref)
		if err != nil {
			return missing(err, "rule "+ref, "rule list --site "+site)
		}
		return do(a, r)
	})
}

type ruleSetCmd struct {
	Rule string  `arg:"" help:"Id or name of the rule."`
	Site string  `help:"Key of the site." required:""`
	Name *string `help:"New name."`
	ruleFlags
}

// Run changes a rule.
func (c *ruleSetCmd) Run(e *env) error {
	change, err := c.change(c.Name)
	if err != nil {
		return err
	}
	return e.withRule(c.Site, c.Rule, func(a *app.App, r comment.Rule) error {
		r, err := a.Comments.ChangeRule(e.ctx, c.Site, r.ID, change, operator)
		if err != nil {
			return err
		}
		return e.showRules(a, []comment.Rule{r}, func(v web.RuleView) string {
			return fmt.Sprintf("Changed %s: version %d, %s, %s.", v.Name, v.Version, v.Mode, v.Action)
		})
	})
}

type ruleRemoveCmd struct {
	Rule string `arg:"" help:"Id or name of the rule."`
	Site string `help:"Key of the site." required:""`
}

// Run deletes a rule.
func (c *ruleRemoveCmd) Run(e *env) error {
	return e.withRule(c.Site, c.Rule, func(a *app.App, r comment.Rule) error {
		if err := a.Comments.RemoveRule(e.ctx, c.Site, r.ID, operator); err != nil {
			return err
		}
		return e.print(map[string]string{"id": r.ID}, "Removed %s.", r.Name)
	})
}

type ruleRehearseCmd struct {
	Rule   string `arg:"" optional:"" help:"Id or name of a rule; or give --when and --action."`
	Site   string `help:"Key of the site." required:""`
	When   string `help:"Condition."`
	Action string `help:"hold, review, approve, spam, reject or none." enum:"hold,review,approve,spam,reject,none," default:""`
	N      int    `help:"How many comments, the newest that people decided about." default:"1000" name:"n"`
	Since  string `help:"Only those decided since, such as 2026-01-01T00:00:00Z."`
}

// Run tries a rule on the past.
func (c *ruleRehearseCmd) Run(e *env) error {
	if c.Rule == "" && (c.When == "" || c.Action == "") {
		return usageError{fmt.Errorf("name a rule, or give --when and --action")}
	}
	ask := comment.Rehearsing{Site: c.Site, Comments: c.N, Rule: moderation.Rule{When: c.When, Action: moderation.Hint(c.Action)}}
	var err error
	if ask.Since, err = comment.ParseTime("since", c.Since); err != nil {
		return err
	}
	if c.Rule == "" {
		return e.administer(func(a *app.App) error { return e.rehearse(a, ask) })
	}
	return e.withRule(c.Site, c.Rule, func(a *app.App, r comment.Rule) error {
		ask.Rule = r.Rule
		if c.When != "" {
			ask.Rule.When = c.When
		}
		if c.Action != "" {
			ask.Rule.Action = moderation.Hint(c.Action)
		}
		return e.rehearse(a, ask)
	})
}

func (e *env) rehearse(a *app.App, ask comment.Rehearsing) error {
	out, err := a.Comments.Rehearse(e.ctx, ask)
	if err != nil {
		return noSite(err, ask.Site)
	}
	return e.print(out, "Of %d comments that people decided, it would have hit %d: moderators approved %d and rejected %d of them.\nRight in %.1f %% of its hits, at least %.1f %%; it would have caught %d of %d.",
		out.Looked, out.Hits.All, out.Hits.Approved, out.Hits.Rejected, 100*out.Precision.Share, 100*out.Precision.AtLeast, out.Caught.Part, out.Caught.Of)
}

type ruleExportCmd struct {
	Site string `help:"Key of the site." required:""`
}

// Run writes the rules in the form that import and the API take.
func (c *ruleExportCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		list, err := a.Comments.RulesOf(e.ctx, c.Site)
		if err != nil {
			return noSite(err, c.Site)
		}
		text := json.NewEncoder(e.out)
		if !e.json {
			text.SetIndent("", "  ")
		}
		return text.Encode(web.ExportRules(list))
	})
}

type ruleImportCmd struct {
	File string `arg:"" help:"File that export wrote; - for standard input."`
	Site string `help:"Key of the site." required:""`
}

// Run takes over rules.
func (c *ruleImportCmd) Run(e *env) error {
	in := e.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	given, err := readRules(in)
	if err != nil {
		return usageError{fmt.Errorf("%s is not a file of rules: %w", c.File, err)}
	}
	return e.administer(func(a *app.App) error { return e.importRules(a, c.Site, given) })
}

func (e *env) importRules(a *app.App, site string, given []fileRule) error {
	changes := make([]comment.RuleChange, len(given))
	for i, one := range given {
		changes[i] = one.change
	}
	if _, err := a.Comments.SiteOf(e.ctx, site); err != nil {
		return noSite(err, site)
	}
	results, err := a.Comments.ImportRules(e.ctx, site, changes, operator)
	refused := 0
	for i, r := range results {
		text := r.Name + ": " + r.Change
		if !r.OK {
			refused++
			text = fmt.Sprintf("line %d: %s: refused. %s", given[i].line, r.Name, r.Detail)
		}
		if err := e.print(r, "%s", text); err != nil {
			return err
		}
	}
	if err == nil && refused > 0 {
		err = fault.New(fault.Conflict, "refused", fmt.Sprintf("%d of %d rules were refused; see above", refused, len(results)))
	}
	return err
}
