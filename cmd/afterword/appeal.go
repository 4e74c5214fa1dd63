package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/web"
)

type appealCmd struct {
	List   appealListCmd   `cmd:"" help:"List the appeals of a site."`
	Assign appealAssignCmd `cmd:"" help:"Give an appeal to the account that is to decide about it, or to nobody."`
	Decide appealDecideCmd `cmd:"" help:"Decide about an appeal, in the name of an account that had no part in the decision."`
}

type appealListCmd struct {
	Site  string `help:"Key of the site." required:"" placeholder:"KEY"`
	State string `help:"open, upheld or overturned." default:"open" enum:"open,upheld,overturned"`
}

// Run lists the appeals.
func (c *appealListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		ask := comment.AppealAsk{Site: c.Site, State: comment.AppealOutcome(c.State), Limit: comment.MaxLimit}
		for {
			some, last, err := a.Comments.Appeals(e.ctx, ask)
			if err != nil {
				return noSite(err, c.Site)
			}
			err = each(some, func(one comment.AppealView) error {
				return e.print(one, "%s  %s  %s of comment %s by %s\n    %s", one.ID, one.CreatedAt, one.Decision.Action, one.Comment.ID, one.Decision.By.Name, one.Text)
			})
			if ask.After = last; err != nil || last == "" {
				return err
			}
		}
	})
}

type appealDecideCmd struct {
	Site    string `help:"Key of the site." required:"" placeholder:"KEY"`
	ID      string `arg:"" help:"Id of the appeal." name:"id"`
	Outcome string `arg:"" help:"upheld: the decision stands; overturned: the comment is approved." enum:"upheld,overturned"`
	Answer  string `help:"What the author is answered." required:""`
	By      string `help:"E-mail address of the account that decides." required:"" placeholder:"EMAIL"`
	Restore bool   `help:"Overturned: put the comment back into the queue instead of approving it."`
}

// Run decides about an appeal.
func (c *appealDecideCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		by, err := e.moderatorOf(a, c.Site, c.By)
		if err != nil {
			return err
		}
		out, err := a.Comments.DecideAppeal(e.ctx, comment.AppealRuling{
			By: by, Site: c.Site, ID: c.ID, Outcome: comment.AppealOutcome(c.Outcome), Answer: c.Answer, Restore: c.Restore,
		})
		if err != nil {
			return missing(err, "appeal "+c.ID+" on the site "+c.Site, "appeal list --site KEY")
		}
		return e.print(out, "The appeal %s is %s.", out.ID, out.State)
	})
}

// moderatorOf is the account in whose name something is decided on a site. What
// people decide, the command line decides in somebody's name only: who has decided
// before counts.
func (e *env) moderatorOf(a *app.App, site, email string) (comment.Account, error) {
	if _, err := a.Comments.SiteOf(e.ctx, site); err != nil {
		return comment.Account{}, noSite(err, site)
	}
	by, err := e.accountOf(a, email)
	if err != nil {
		return by, err
	}
	if !by.RoleOn(site).Includes(comment.Moderator) {
		return by, fmt.Errorf("the account %s may not moderate the site %s; to give it a role: afterword user set", email, site)
	}
	return by, nil
}

// accountOf is an account that may act.
func (e *env) accountOf(a *app.App, email string) (comment.Account, error) {
	by, err := a.Auth.AccountByEmail(e.ctx, email)
	if err != nil {
		return by, noAccount(err, email)
	}
	if by.Disabled {
		return by, fmt.Errorf("the account %s is disabled; to enable it: afterword user set %s --enable", email, email)
	}
	return by, nil
}

type appealAssignCmd struct {
	Site string `help:"Key of the site." required:"" placeholder:"KEY"`
	ID   string `arg:"" help:"Id of the appeal." name:"id"`
	To   string `arg:"" optional:"" help:"E-mail address of the account; without it, nobody has the appeal."`
	By   string `help:"E-mail address of the account in whose name; default: the one that is to decide." placeholder:"EMAIL"`
}

// Run gives an appeal to somebody.
func (c *appealAssignCmd) Run(e *env) error {
	if c.To == "" && c.By == "" {
		return usageError{errors.New("say who is to decide, or with --by EMAIL in whose name the appeal is given to nobody")}
	}
	return e.administer(func(a *app.App) error {
		as := comment.Assignment{Site: c.Site, ID: c.ID}
		if c.To != "" {
			to, err := e.moderatorOf(a, c.Site, c.To)
			if err != nil {
				return err
			}
			as.By, as.To = to, to.ID
		}
		if c.By != "" {
			var err error
			if as.By, err = e.moderatorOf(a, c.Site, c.By); err != nil {
				return err
			}
		}
		out, err := a.Comments.AssignAppeal(e.ctx, as)
		if err != nil {
			return missing(err, "appeal "+c.ID+" on the site "+c.Site, "appeal list --site KEY")
		}
		text := "The appeal %s waits for anybody."
		if c.To != "" {
			text = "The appeal %s is for " + c.To + "."
		}
		return e.print(out, text, out.ID)
	})
}

type decisionCmd struct {
	Export decisionExportCmd `cmd:"" help:"Write the statements of reasons that authors were given, in the terms of the Digital Services Act."`
}

type decisionExportCmd struct {
	Site   string    `help:"Key of the site." required:"" placeholder:"KEY"`
	Since  time.Time `help:"Only from this moment on, such as 2026-03-01T00:00:00Z." placeholder:"TIME"`
	Format string    `help:"jsonl or csv." default:"jsonl" enum:"jsonl,csv"`
	File   string    `arg:"" help:"File to write; - is standard output." default:"-"`
}

// Run writes the export.
func (c *decisionExportCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		return e.writeTo(c.File, func(to io.Writer) error {
			for after, first := "", true; first || after != ""; first = false {
				lines, last, err := a.Comments.ExportDecisions(e.ctx, c.Site, c.Since, after, comment.ExportMost)
				if err != nil {
					return noSite(err, c.Site)
				}
				body, _, err := web.WriteStatements(lines, c.Format, first)
				if err != nil {
					return err
				}
				if _, err := to.Write(body); err != nil {
					return err
				}
				after = last
			}
			return nil
		})
	})
}

// writeTo lets write fill a new file, "-" for standard output. A file that is there
// already is left alone; one that could not be finished is taken away.
func (e *env) writeTo(name string, write func(io.Writer) error) error {
	if name == "-" {
		return write(e.out)
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = write(f)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		os.Remove(name)
	}
	return err
}
