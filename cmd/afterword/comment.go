package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

type commentCmd struct {
	List   commentListCmd   `cmd:"" help:"List comments as moderators see them; those that wait, unless told otherwise."`
	Show   commentShowCmd   `cmd:"" help:"Show all about one comment: checks, revisions, decisions, reports."`
	Decide commentDecideCmd `cmd:"" help:"Decide about comments, in the name of an account."`
	Undo   commentUndoCmd   `cmd:"" help:"Take a decision back while its undo window is open."`
}

// everything is what the command line may see.
var everything = comment.Account{Grants: []comment.Grant{{Site: comment.AllSites, Role: comment.Owner}}}

type commentListCmd struct {
	Site     string `help:"Only of this site." placeholder:"KEY"`
	Status   string `help:"pending, approved, rejected, spam, deleted or all." default:"pending" enum:"pending,approved,rejected,spam,deleted,all"`
	Query    string `help:"Only those with this in their text or their author's name." name:"q" placeholder:"TEXT"`
	Reason   string `help:"Only those with this reason, such as banned_word, rule:ID or tag:WORD." placeholder:"CODE"`
	Author   string `help:"Only of the author with this id." placeholder:"ID"`
	Page     string `help:"Only on this page, by its key or address; needs --site."`
	Group    string `help:"Only the members of this group of near copies." placeholder:"ID"`
	Newest   bool   `help:"The newest first."`
	Reported bool   `help:"Those with open reports in place of all that, the heaviest first."`
	Limit    int    `help:"How many." default:"100"`
}

// Run lists comments, each with the revision that a decision names.
func (c *commentListCmd) Run(e *env) error {
	if c.Page != "" && c.Site == "" {
		return usageError{errors.New("--page needs --site")}
	}
	ask := comment.QueueAsk{
		By: everything, Site: c.Site, Status: comment.Status(c.Status), Search: c.Query, Reason: c.Reason, Author: c.Author,
		Page: c.Page, Group: c.Group, Newest: c.Newest, Reported: c.Reported,
	}
	if c.Status == "all" {
		ask.Status = ""
	}
	return e.administer(func(a *app.App) error {
		for left := min(max(c.Limit, 1), 10_000); left > 0; left -= ask.Limit {
			ask.Limit = min(left, comment.MaxLimit)
			out, err := a.Comments.Queue(e.ctx, ask)
			if err != nil {
				return noSite(err, c.Site)
			}
			for _, one := range out.Comments {
				if err := e.print(one, "%s", commentText(one)); err != nil {
					return err
				}
			}
			if out.NextCursor == nil {
				return nil
			}
			ask.Cursor = *out.NextCursor
		}
		return nil
	})
}

// commentText is a comment for the terminal.
func commentText(v comment.DeskView) string {
	text := fmt.Sprintf("%s@%d  %s  %s  %s on %s\n    %s", v.ID, v.Revision, v.Status, v.CreatedAt, v.Author.Name, v.Page.URL, indented(v.Text))
	for _, found := range v.Reasons {
		text += fmt.Sprintf("\n    → %s: %s", found.Code, found.Sentence)
	}
	return text
}

func indented(text string) string { return strings.ReplaceAll(text, "\n", "\n    ") }

type commentShowCmd struct {
	ID string `arg:"" help:"Id of the comment."`
}

// Run shows a comment.
func (c *commentShowCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		out, err := a.Comments.Detail(e.ctx, everything, c.ID)
		if err != nil {
			return missing(err, "comment "+c.ID, "comment list")
		}
		if err := e.print(out, "%s", commentText(out.DeskView)); err != nil || e.json {
			return err
		}
		for _, d := range out.Decisions {
			if err := e.print(nil, "    %s  %s by %s  %s %s", d.At, d.Action, d.By.Name, d.Reason, d.Note); err != nil {
				return err
			}
		}
		return nil
	})
}

type commentDecideCmd struct {
	Action  string   `arg:"" help:"approve, reject, spam, delete or restore." enum:"approve,reject,spam,delete,restore"`
	Items   []string `arg:"" optional:"" help:"Comments with the revision that was looked at, as ID@REVISION; at most 500." name:"id@revision"`
	Group   string   `help:"In place of comments, all that wait of this group of near copies." placeholder:"ID"`
	Site    string   `help:"Of the group, only what this site has; default: every site where the account may decide." placeholder:"KEY"`
	AsOf    string   `help:"Of the group, only what was posted and edited until then: as_of of the group, as comment list --json prints it." placeholder:"TIME"`
	By      string   `help:"E-mail address of the account that decides." required:"" placeholder:"EMAIL"`
	Reason  string   `help:"Why: a word such as off_topic, or a line."`
	Clause  string   `help:"The house rule, by id or number."`
	Message string   `help:"What the author is told, in place of the template."`
	Tell    *bool    `help:"Tell the author, or not; default: of a rejection." negatable:""`
	Note    string   `help:"A note for colleagues."`
}

// Run decides. Each comment is decided by itself: one that was edited since is left
// alone and named.
func (c *commentDecideCmd) Run(e *env) error {
	if (c.Group == "") == (len(c.Items) == 0) || c.AsOf != "" && c.Group == "" {
		return usageError{errors.New("name the comments as ID@REVISION, or a group by --group ID with --as-of TIME")}
	}
	items, err := itemsOf(c.Items)
	if err != nil {
		return err
	}
	r, err := comment.Ruling{
		Action: comment.Action(c.Action), Items: items, Site: c.Site, Reason: c.Reason, Clause: c.Clause, Message: c.Message, Tell: c.Tell, Note: c.Note,
	}.RulingOverGroup(c.Group, c.AsOf)
	if err != nil {
		return err
	}
	return e.administer(func(a *app.App) error {
		if r.By, err = e.accountOf(a, c.By); err != nil {
			return err
		}
		r.Received = a.Comments.Now()
		out, err := a.Comments.Decide(e.ctx, r)
		if err != nil {
			return missing(err, "group "+c.Group, "comment list --json")
		}
		return e.printRuled(out)
	})
}

func itemsOf(list []string) (items []comment.Item, err error) {
	for _, text := range list {
		id, revision, _ := strings.Cut(text, "@")
		n, err := strconv.Atoi(revision)
		if err != nil || n < 1 {
			return nil, usageError{fmt.Errorf("%q is not of the form ID@REVISION, as afterword comment list prints it", text)}
		}
		items = append(items, comment.Item{ID: id, Revision: n})
	}
	return items, nil
}

// printRuled prints what became of a decision; that something was not decided is a
// failure.
func (e *env) printRuled(out comment.Ruled) error {
	text := "Decision " + out.DecisionID
	if out.UndoUntil != nil {
		text += ", can be undone until " + *out.UndoUntil
	}
	text, failed := resultText(text, out.Results)
	if err := e.print(out, "%s", text); err != nil {
		return err
	}
	return notAll(failed, len(out.Results))
}

func resultText(text string, results []comment.ItemResult) (string, int) {
	failed := 0
	for _, r := range results {
		if r.OK {
			text += fmt.Sprintf("\n    %s  %s", r.ID, r.Status)
			continue
		}
		failed++
		text += fmt.Sprintf("\n    %s  %s %s", r.ID, r.Code, r.Detail)
	}
	return text, failed
}

func notAll(failed, of int) error {
	if failed == 0 {
		return nil
	}
	return fault.New(fault.Conflict, "refused", fmt.Sprintf("%d of %d comments were left as they are; see above", failed, of))
}

type commentUndoCmd struct {
	Decision string `arg:"" help:"Id of the decision."`
	By       string `help:"E-mail address of the account that takes it back: whoever made it, or an admin." required:"" placeholder:"EMAIL"`
}

// Run undoes a decision.
func (c *commentUndoCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		by, err := e.accountOf(a, c.By)
		if err != nil {
			return err
		}
		out, err := a.Comments.Undo(e.ctx, by, c.Decision)
		if err != nil {
			return missing(err, "decision "+c.Decision, "comment show ID")
		}
		text, failed := resultText("Undone: "+out.DecisionID, out.Results)
		if err := e.print(map[string]any{"decision_id": out.DecisionID, "results": out.Results}, "%s", text); err != nil {
			return err
		}
		return notAll(failed, len(out.Results))
	})
}
