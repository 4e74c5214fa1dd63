package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
)

type pageCmd struct {
	List        pageListCmd        `cmd:"" help:"List a site's pages."`
	Premoderate pagePremoderateCmd `cmd:"" help:"Let people look at every comment on a page first, for a while."`
	Release     pageReleaseCmd     `cmd:"" help:"End the premoderation of a page."`
	Close       pageCloseCmd       `cmd:"" help:"Take no more comments on a page; what is there stays."`
	Open        pageOpenCmd        `cmd:"" help:"Take comments on a page again."`
}

type pageListCmd struct {
	Site         string `help:"Key of the site." required:""`
	Premoderated bool   `help:"Only those in premoderation."`
}

// Run lists the pages, newest first.
func (c *pageListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		read := func(at string) ([]comment.PageEntry, string, error) {
			out, err := a.Comments.Pages(e.ctx, c.Site, comment.MaxLimit, at)
			if err != nil || out.NextCursor == nil {
				return out.Pages, "", err
			}
			return out.Pages, *out.NextCursor, nil
		}
		if c.Premoderated {
			read = func(at string) ([]comment.PageEntry, string, error) {
				return a.Comments.PagesInPremoderation(e.ctx, c.Site, at, comment.MaxLimit)
			}
		}
		for at := ""; ; {
			pages, next, err := read(at)
			if err != nil {
				return noSite(err, c.Site)
			}
			err = each(pages, func(p comment.PageEntry) error {
				return e.print(p, "%s  %s  %d public%s", p.Key, p.Title, p.Count, closedText(p)+premoderationText(p))
			})
			if at = next; err != nil || at == "" {
				return err
			}
		}
	})
}

func closedText(p comment.PageEntry) string {
	if p.Open == nil || *p.Open {
		return ""
	}
	return "  closed"
}

func premoderationText(p comment.PageEntry) string {
	if p.Premoderation == nil {
		return ""
	}
	text := "\n    premoderated until " + p.Premoderation.Until
	if p.Premoderation.By != "" {
		text += " by " + p.Premoderation.By
	}
	if p.Premoderation.Reason != "" {
		text += ": " + p.Premoderation.Reason
	}
	return text
}

type pageArgs struct {
	Site string `help:"Key of the site." required:""`
	Page string `arg:"" help:"Key or address of the page."`
}

type pagePremoderateCmd struct {
	pageArgs
	For    string `help:"How long from now on, such as 30m, 2h or 7d." default:"30m"`
	Reason string `help:"Why, in a line for moderators."`
}

// Run begins or prolongs the premoderation of a page.
func (c *pagePremoderateCmd) Run(e *env) error {
	d, err := period("--for", c.For)
	if err != nil {
		return err
	}
	if d == 0 {
		return usageError{errors.New("--for is 1m to 30d; to end it: afterword page release")}
	}
	return c.run(e, comment.Premoderating{For: d, Reason: c.Reason}, "Comments on %s wait for a moderator.%s")
}

type pageReleaseCmd struct {
	pageArgs
	Spare string `help:"How long no automation may begin it again, such as 24h." default:"0s"`
}

// Run ends the premoderation of a page.
func (c *pageReleaseCmd) Run(e *env) error {
	d, err := period("--spare", c.Spare)
	if err != nil {
		return err
	}
	return c.run(e, comment.Premoderating{Spare: d}, "%s is not in premoderation.%s")
}

func (c *pageArgs) run(e *env, p comment.Premoderating, text string) error {
	return e.administer(func(a *app.App) error {
		p.Site, p.Page, p.By = c.Site, c.Page, operator
		out, err := a.Comments.Premoderate(e.ctx, p)
		if err != nil {
			return missing(err, "page "+c.Page+" on a site "+c.Site, "page list --site "+c.Site)
		}
		return e.print(out, text, out.Key, premoderationText(out))
	})
}

func period(flag, text string) (time.Duration, error) {
	d, err := comment.ParsePeriod(text)
	if err != nil || d < 0 {
		return 0, usageError{fmt.Errorf("%s is a time such as 30m, 2h or 7d, not %q", flag, text)}
	}
	return d, nil
}

type pageCloseCmd struct{ pageArgs }

// Run closes a page for comments.
func (c *pageCloseCmd) Run(e *env) error { return c.open(e, false, "%s takes no more comments.") }

type pageOpenCmd struct{ pageArgs }

// Run opens a page for comments.
func (c *pageOpenCmd) Run(e *env) error { return c.open(e, true, "%s takes comments.") }

func (c *pageArgs) open(e *env, open bool, text string) error {
	return e.administer(func(a *app.App) error {
		none := func(err error) error {
			return missing(err, "page "+c.Page+" on a site "+c.Site, "page list --site "+c.Site)
		}
		if _, err := a.Comments.OpenPage(e.ctx, comment.Opening{Site: c.Site, Page: c.Page, Open: open, By: operator}); err != nil {
			return none(err)
		}
		out, err := a.Comments.PageState(e.ctx, c.Site, c.Page)
		if err != nil {
			return none(err)
		}
		return e.print(out, text, out.Key)
	})
}
