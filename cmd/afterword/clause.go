package main

import (
	"errors"
	"strings"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/web"
)

type clauseCmd struct {
	Add  clauseAddCmd  `cmd:"" help:"Add a house rule."`
	Set  clauseSetCmd  `cmd:"" help:"Change a house rule. What was decided by it keeps its words."`
	List clauseListCmd `cmd:"" help:"List the house rules."`
}

// clauseFlags are what can be given of a house rule.
type clauseFlags struct {
	Title    *string `help:"Its title."`
	Text     *string `help:"Its text, plain."`
	Language *string `help:"Its language, such as en or de; default: that of the site." placeholder:"TAG"`
}

type clauseAddCmd struct {
	Site   string `help:"Key of the site." required:"" placeholder:"KEY"`
	Number string `arg:"" help:"Number as people cite it, such as 3.1."`
	clauseFlags
}

// Run adds a house rule.
func (c *clauseAddCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		clause, err := a.Comments.AddClause(e.ctx, c.Site, comment.ClauseChange{Number: &c.Number, Title: c.Title, Text: c.Text, Language: c.Language}, operator)
		if err != nil {
			return noSite(err, c.Site)
		}
		return e.print(comment.ShowClause(clause), "Added house rule %s, %s: %s", clause.Number, clause.Title, clause.ID)
	})
}

type clauseSetCmd struct {
	Site    string  `help:"Key of the site." required:"" placeholder:"KEY"`
	ID      string  `arg:"" help:"Id of the house rule." name:"id"`
	Number  *string `help:"New number."`
	Active  bool    `help:"Decisions may name it again." xor:"active"`
	Retired bool    `help:"Decisions may not name it any more." xor:"active"`
	clauseFlags
}

// Run changes a house rule.
func (c *clauseSetCmd) Run(e *env) error {
	change := comment.ClauseChange{Number: c.Number, Title: c.Title, Text: c.Text, Language: c.Language}
	if c.Active || c.Retired {
		change.Active = &c.Active
	}
	if change == (comment.ClauseChange{}) {
		return usageError{errors.New("there is nothing to change; give --number, --title, --text, --language, --active or --retired")}
	}
	return e.administer(func(a *app.App) error {
		clause, err := a.Comments.ChangeClause(e.ctx, c.Site, c.ID, change, operator)
		if err != nil {
			return missing(err, "house rule "+c.ID+" on the site "+c.Site, "clause list --site KEY")
		}
		return e.print(comment.ShowClause(clause), "Changed house rule %s, %s.", clause.Number, clause.Title)
	})
}

type clauseListCmd struct {
	Site string `help:"Key of the site." required:"" placeholder:"KEY"`
}

// Run lists the house rules.
func (c *clauseListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		all, err := a.Comments.Clauses(e.ctx, c.Site)
		if err != nil {
			return noSite(err, c.Site)
		}
		for _, clause := range all {
			state := ""
			if !clause.Active {
				state = "  (not active)"
			}
			if err := e.print(comment.ShowClause(clause), "%s  %s  %s  %s%s", clause.ID, clause.Number, clause.Language, clause.Title, state); err != nil {
				return err
			}
		}
		return nil
	})
}

type templateCmd struct {
	Set     templateSetCmd     `cmd:"" help:"Make or change a template of messages to authors."`
	Preview templatePreviewCmd `cmd:"" help:"Show what an author would be told; keeps and sends nothing."`
	Remove  templateRemoveCmd  `cmd:"" help:"Delete a template; the next more general one takes its place."`
	List    templateListCmd    `cmd:"" help:"List the templates."`
}

type templateSetCmd struct {
	Site string `help:"Key of the site." required:"" placeholder:"KEY"`
	Name string `arg:"" help:"A reason such as off_topic, the id of a house rule, or default."`
	File string `arg:"" help:"File with the text; - is standard input." default:"-"`
}

// maxTemplateFile is the most bytes of a file with a template, far beyond the
// longest one that is taken.
const maxTemplateFile = 1 << 20

// Run makes or changes a template.
func (c *templateSetCmd) Run(e *env) error {
	text, err := e.readFile(c.File, maxTemplateFile)
	if err != nil {
		return err
	}
	return e.administer(func(a *app.App) error {
		t, err := a.Comments.PutTemplate(e.ctx, comment.Template{Site: c.Site, Name: c.Name, Text: strings.TrimSpace(string(text))}, operator)
		if err != nil {
			return missing(err, "site "+c.Site+", or no house rule "+c.Name+" on it", "clause list --site KEY")
		}
		return e.print(web.ShowTemplate(t), "Set the template %s.", t.Name)
	})
}

type templatePreviewCmd struct {
	Site    string `help:"Key of the site." required:"" placeholder:"KEY"`
	Comment string `help:"Id of the comment; without it, made-up values stand for the fields." placeholder:"ID"`
	Clause  string `help:"The house rule that the decision names, by id or number."`
	Reason  string `help:"The reason that it names, such as off_topic."`
	File    string `arg:"" optional:"" help:"File with a text to try, - is standard input; without it, the template that applies."`
}

// Run shows what an author would be told.
func (c *templatePreviewCmd) Run(e *env) error {
	trial := comment.Trial{Site: c.Site, Comment: c.Comment, Clause: c.Clause, Reason: c.Reason}
	if c.File != "" {
		text, err := e.readFile(c.File, maxTemplateFile)
		if err != nil {
			return err
		}
		trial.Text = strings.TrimSpace(string(text))
	}
	return e.administer(func(a *app.App) error {
		if _, err := a.Comments.SiteOf(e.ctx, c.Site); err != nil {
			return noSite(err, c.Site)
		}
		out, err := a.Comments.TryMessage(e.ctx, trial)
		if err != nil {
			return missing(err, "comment "+c.Comment+" on the site "+c.Site, "comment list --site "+c.Site)
		}
		return e.print(out, "%s", out.Message)
	})
}

type templateRemoveCmd struct {
	Site string `help:"Key of the site." required:"" placeholder:"KEY"`
	Name string `arg:"" help:"Name of the template."`
}

// Run deletes a template.
func (c *templateRemoveCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		if err := a.Comments.RemoveTemplate(e.ctx, c.Site, c.Name, operator); err != nil {
			return missing(err, "template "+c.Name+" on the site "+c.Site, "template list --site KEY")
		}
		return e.print(map[string]string{"name": c.Name}, "Deleted the template %s.", c.Name)
	})
}

type templateListCmd struct {
	Site string `help:"Key of the site." required:"" placeholder:"KEY"`
}

// Run lists the templates.
func (c *templateListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		all, err := a.Comments.Templates(e.ctx, c.Site)
		if err != nil {
			return noSite(err, c.Site)
		}
		return each(all, func(t comment.Template) error {
			return e.print(web.ShowTemplate(t), "%s\n    %s", t.Name, strings.ReplaceAll(t.Text, "\n", "\n    "))
		})
	})
}
