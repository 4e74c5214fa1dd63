package main

import (
	"bufio"
	"cmp"
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/checker"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/web"
	"github.com/afterword-comments/afterword/moderation"
)

type checkCmd struct {
	Add    checkAddCmd    `cmd:"" help:"Add a check that runs elsewhere."`
	List   checkListCmd   `cmd:"" help:"List the checks of a site."`
	Set    checkSetCmd    `cmd:"" help:"Change a check, or switch it on or off."`
	Test   checkTestCmd   `cmd:"" help:"Put a text to a check and show what goes over the line."`
	Health checkHealthCmd `cmd:"" help:"How a check has been doing."`
	Remove checkRemoveCmd `cmd:"" help:"Delete a check; what waits for it goes by the others."`
}

// checkFields are the parts of a check that add and set have in common.
type checkFields struct {
	Name        string   `help:"Name for people."`
	URL         string   `help:"Address of the service." name:"url"`
	SecretStdin bool     `help:"Read the key or signing secret from the standard input." name:"secret-stdin"`
	Set         []string `help:"A setting of the kind, as name=value; may be repeated. See docs/moderation.md." sep:"none" placeholder:"NAME=VALUE"`
	When        string   `help:"before (the reader waits) or after (the comment waits)." enum:"before,after," default:""`
	Only        string   `help:"Asked about all comments, of newcomers only, or with links only." enum:"all,newcomers,links," default:""`
	Silence     string   `help:"What its silence means: hold, publish or reject." enum:"hold,publish,reject," default:""`
	Most        string   `help:"The strongest thing that its answer may do." enum:"hold,review,spam,reject," default:""`
	Send        []string `help:"What goes out beyond the usual: email, ip, or none." placeholder:"FIELD"`
	Deadline    string   `help:"Time for an answer, such as 1s (before) or 10m (after)."`
}

func (f checkFields) change(e *env) (checker.Change, error) {
	change := checker.Change{
		Name: f.Name, URL: f.URL, When: comment.When(f.When), Only: comment.Only(f.Only),
		Silence: comment.Silence(f.Silence), Most: moderation.Hint(f.Most), Send: f.Send, Deadline: f.Deadline,
	}
	if len(f.Send) == 1 && f.Send[0] == "none" {
		change.Send = []string{}
	}
	if f.SecretStdin {
		line, err := bufio.NewReader(e.in).ReadString('\n')
		if change.Secret = strings.TrimSpace(line); change.Secret == "" {
			return change, usageError{fmt.Errorf("no secret on the standard input (%w)", cmp.Or(err, errEmptyLine))}
		}
	}
	settings, err := pairs(f.Set)
	if len(settings) > 0 {
		change.Settings = settings
	}
	return change, err
}

var errEmptyLine = fmt.Errorf("the first line is empty")

type checkAddCmd struct {
	Site string `help:"Key of the site." required:""`
	Kind string `help:"http (your own program), akismet, perspective, openai, chat or coral." required:""`
	checkFields
	Disabled bool `help:"Add it switched off."`
}

// Run adds a check.
func (c *checkAddCmd) Run(e *env) error {
	change, err := c.change(e)
	if err != nil {
		return err
	}
	enabled := !c.Disabled
	change.Kind, change.Enabled = c.Kind, &enabled
	return e.administer(func(a *app.App) error {
		i, secret, err := a.Checks.Add(e.ctx, c.Site, change, operator)
		if err != nil {
			return noSite(err, c.Site)
		}
		text := "Added the check " + i.ID + "."
		if secret != "" {
			text += " Secret, shown only now: " + secret
		}
		return e.print(web.ShowCheck(i, secret), "%s", text)
	})
}

type checkListCmd struct {
	Site string `help:"Key of the site." required:""`
}

// Run lists checks.
func (c *checkListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		all, err := a.Checks.List(e.ctx, c.Site)
		if err != nil {
			return noSite(err, c.Site)
		}
		return each(all, func(i comment.Integration) error {
			return e.print(web.ShowCheck(i, ""), "%s", checkLine(i))
		})
	})
}

func checkLine(i comment.Integration) string {
	state := "on"
	if !i.Enabled {
		state = "off"
	}
	return fmt.Sprintf("%s  %s  %s  %s  %s  asked %s, silence: %s, at most: %s", i.ID, state, i.Kind, i.Name, i.URL, i.When, i.Silence, i.Most)
}

type checkSetCmd struct {
	ID string `arg:"" help:"Id of the check."`
	checkFields
	Enabled  bool `help:"Switch it on." xor:"state"`
	Disabled bool `help:"Switch it off; nothing waits for it any more." xor:"state"`
}

// Run changes a check. Settings that are not named stay.
func (c *checkSetCmd) Run(e *env) error {
	change, err := c.change(e)
	if err != nil {
		return err
	}
	if c.Enabled || c.Disabled {
		change.Enabled = &c.Enabled
	}
	return e.withCheck(c.ID, func(a *app.App, i comment.Integration) error {
		for name, value := range i.Settings {
			if _, given := change.Settings[name]; change.Settings != nil && !given {
				change.Settings[name] = value
			}
		}
		i, err := a.Checks.Change(e.ctx, i.Site, i.ID, change, operator)
		if err != nil {
			return err
		}
		return e.print(web.ShowCheck(i, ""), "Changed: %s", checkLine(i))
	})
}

func (e *env) withCheck(id string, do func(*app.App, comment.Integration) error) error {
	return e.administer(func(a *app.App) error {
		i, err := a.Checks.Find(e.ctx, id)
		if err != nil {
			return missing(err, "check "+id, "check list --site KEY")
		}
		return do(a, i)
	})
}

type checkTestCmd struct {
	ID   string `arg:"" help:"Id of the check."`
	Text string `help:"The text." required:""`
}

// Run tries a check; nothing is stored.
func (c *checkTestCmd) Run(e *env) error {
	return e.withCheck(c.ID, func(a *app.App, i comment.Integration) error {
		t, err := a.Checks.Try(e.ctx, i.Site, i.ID, c.Text)
		if err != nil {
			return err
		}
		v := web.ShowTrial(t)
		if err := e.print(v, "%s\n\n→ %d in %d ms\n%s", v.Request, t.Status, v.MS, v.Response); err != nil || e.json {
			return err
		}
		for _, found := range v.Evidence {
			if err := e.print(nil, "%s: %s (%s)", found.Hint, found.Sentence, found.Code); err != nil {
				return err
			}
		}
		if v.Error != nil {
			return fmt.Errorf("no opinion: %s", *v.Error)
		}
		return nil
	})
}

type checkHealthCmd struct {
	ID string `arg:"" help:"Id of the check."`
}

// Run shows how a check has been doing.
func (c *checkHealthCmd) Run(e *env) error {
	return e.withCheck(c.ID, func(a *app.App, i comment.Integration) error {
		h, err := a.Checks.Health(e.ctx, i.Site, i.ID)
		if err != nil {
			return err
		}
		return e.print(web.ShowCheckHealth(h), "asked %d, silent %d, waiting %d; p50 %s, p95 %s; spoke against %d, of %d decided since people rejected %d",
			h.Asked, h.Silent, h.Waiting, h.P50, h.P95, h.Flagged, h.Judged, h.Agreed)
	})
}

type checkRemoveCmd struct {
	ID string `arg:"" help:"Id of the check."`
}

// Run deletes a check.
func (c *checkRemoveCmd) Run(e *env) error {
	return e.withCheck(c.ID, func(a *app.App, i comment.Integration) error {
		if err := a.Checks.Remove(e.ctx, i.Site, i.ID, operator); err != nil {
			return err
		}
		return e.print(map[string]string{"id": i.ID}, "Removed %s. What waits for it goes by the other checks.", i.ID)
	})
}
