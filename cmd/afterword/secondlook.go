package main

import (
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
)

type lookCmd struct {
	List          lookListCmd          `cmd:"" help:"List the texts that an account may judge, oldest first: without the decision, the findings and the author's record."`
	Judge         lookJudgeCmd         `cmd:"" help:"Say whether readers should see a text; that changes nothing but the figures."`
	Agreement     lookAgreementCmd     `cmd:"" help:"Tell how often second looks agree with decisions."`
	Disagreements lookDisagreementsCmd `cmd:"" help:"List where they differ, newest first."`
}

// lookArgs say whose look it is: nobody is shown what they have decided about.
type lookArgs struct {
	Site string `help:"Key of the site." required:"" placeholder:"KEY"`
	By   string `help:"E-mail address of the account that looks." required:"" placeholder:"EMAIL"`
}

type lookListCmd struct{ lookArgs }

// Run lists what waits for a second look.
func (c *lookListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		by, err := e.moderatorOf(a, c.Site, c.By)
		if err != nil {
			return err
		}
		for after, more := "", true; more; more = after != "" {
			var some []comment.LookView
			if some, after, err = a.Comments.SecondLooks(e.ctx, by, c.Site, after, comment.MaxLimit); err != nil {
				return err
			}
			for _, l := range some {
				if err := e.print(l, "%s  %s  %s on %s\n    %s", l.ID, l.CreatedAt, l.Author.Name, l.Page.URL, indented(l.Text)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

type lookJudgeCmd struct {
	lookArgs
	ID      string `arg:"" help:"Id of the second look." name:"id"`
	Verdict string `arg:"" help:"approve: readers should see the text; reject: they should not." enum:"approve,reject"`
}

// Run gives a verdict.
func (c *lookJudgeCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		by, err := e.moderatorOf(a, c.Site, c.By)
		if err != nil {
			return err
		}
		out, err := a.Comments.Judge(e.ctx, by, c.Site, c.ID, comment.Action(c.Verdict))
		if err != nil {
			return missing(err, "second look "+c.ID+" on the site "+c.Site, "second-look list --site KEY --by EMAIL")
		}
		return e.print(out, "Noted: %s.", out.Verdict)
	})
}

type lookAgreementCmd struct {
	Site string `help:"Key of the site." required:"" placeholder:"KEY"`
	By   string `help:"E-mail address of an account, for the figures of its own decisions too." placeholder:"EMAIL"`
}

// Run tells the figures.
func (c *lookAgreementCmd) Run(e *env) error {
	return e.administer(func(a *app.App) (err error) {
		var by comment.Account
		if c.By != "" {
			if by, err = e.moderatorOf(a, c.Site, c.By); err != nil {
				return err
			}
		}
		out, err := a.Comments.Agreement(e.ctx, by, c.Site)
		if err != nil {
			return noSite(err, c.Site)
		}
		if err := e.print(out, "Since %s\n  all         %s\n  people      %s\n  automation  %s",
			out.Since, figureText(out.All), figureText(out.People), figureText(out.Automation)); err != nil || e.json {
			return err
		}
		if c.By != "" {
			if err := e.print(nil, "  %s  %s", c.By, figureText(out.Mine)); err != nil {
				return err
			}
		}
		for _, g := range out.Grounds {
			if err := e.print(nil, "  for %s: %d of %d agreed", strings.TrimSpace(g.Clause+" "+g.Reason), g.Agreed, g.N); err != nil {
				return err
			}
		}
		return nil
	})
}

// figureText is a figure of agreement for the terminal.
func figureText(f comment.AgreementFigure) string {
	text := fmt.Sprintf("%d of %d agreed", f.Agreed, f.N)
	if f.Kappa != nil && f.Low != nil && f.High != nil {
		text += fmt.Sprintf(", kappa %.2f (%.2f to %.2f)", *f.Kappa, *f.Low, *f.High)
	}
	return text
}

type lookDisagreementsCmd struct {
	Site  string `help:"Key of the site." required:"" placeholder:"KEY"`
	Limit int    `help:"How many." default:"100"`
}

// Run lists decisions that a second look would have made otherwise.
func (c *lookDisagreementsCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		all, err := a.Comments.Disagreements(e.ctx, c.Site, min(max(c.Limit, 1), 10_000))
		if err != nil {
			return noSite(err, c.Site)
		}
		for _, d := range all {
			if err := e.print(d, "%s  comment %s: decided %s, looked at again %s\n    %s", d.LookedAt, d.CommentID, d.Action, d.Verdict, indented(d.Text)); err != nil {
				return err
			}
		}
		return nil
	})
}
