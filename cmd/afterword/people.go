package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/web"
)

type peopleCmd struct {
	List peopleListCmd `cmd:"" help:"List authors of a site."`
	Show peopleShowCmd `cmd:"" help:"Show one author: record, history, newest comments."`
	Set  peopleSetCmd  `cmd:"" help:"Say something of an author: none, trusted, premoderated, muted, suspended or banned."`
}

type peopleListCmd struct {
	Site     string `help:"Key of the site." required:""`
	Name     string `help:"Only names with this in them." placeholder:"TEXT"`
	Email    string `help:"Only those who gave exactly this e-mail address." placeholder:"ADDRESS"`
	Standing string `help:"Only those with this standing; any = with one."`
	Limit    int    `help:"How many." default:"100"`
}

// Run lists authors.
func (c *peopleListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		left, after := min(max(c.Limit, 1), 10000), ""
		for left > 0 {
			found, last, err := a.Comments.People(e.ctx, comment.PeopleAsk{
				Site: c.Site, Name: c.Name, Email: strings.ToLower(c.Email), Standing: c.Standing, After: after, Limit: min(left, 500),
			})
			if err != nil {
				return noSite(err, c.Site)
			}
			err = each(found, func(p comment.Author) error { return e.printPerson(web.ShowPerson(p, time.Now()), nil) })
			if err != nil || last == "" {
				return err
			}
			left, after = left-len(found), last
		}
		return nil
	})
}

// printPerson prints a line of an author; as JSON whole, where there is more.
func (e *env) printPerson(p web.Person, whole any) error {
	if whole == nil {
		whole = p
	}
	standing := p.Standing.Standing
	if p.Standing.Until != nil {
		standing += " until " + *p.Standing.Until
	}
	return e.print(whole, "%s  %s  %s  %s  %d of %d approved", p.ID, p.Name, p.Email, standing, p.Approved, p.Approved+p.Rejected)
}

type peopleShowCmd struct {
	ID   string `arg:"" help:"Id of the author."`
	Site string `help:"Key of the site." required:""`
}

// Run shows an author.
func (c *peopleShowCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error { return c.show(e, a) })
}

func (c *peopleShowCmd) show(e *env, a *app.App) error {
	p, err := a.Comments.Person(e.ctx, c.Site, c.ID)
	if err != nil {
		return c.missing(e.ctx, a, err)
	}
	view := web.ShowPersonDetail(p, time.Now())
	if err := e.printPerson(view.Person, view); err != nil || e.json {
		return err
	}
	for _, said := range view.History {
		if _, err := fmt.Fprintf(e.out, "    %s  %s  by %s  %s %s\n", *said.At, said.Standing, said.By, said.Reason, said.Note); err != nil {
			return err
		}
	}
	return nil
}

// missing says which of the two is not there.
func (c *peopleShowCmd) missing(ctx context.Context, a *app.App, err error) error {
	if _, ofSite := a.Comments.SiteOf(ctx, c.Site); ofSite != nil {
		return noSite(ofSite, c.Site)
	}
	return missing(err, "author "+c.ID, "people list --site "+c.Site)
}

type peopleSetCmd struct {
	peopleShowCmd
	Standing   string `arg:"" help:"none, trusted, premoderated, muted, suspended or banned."`
	Until      string `help:"When it ends: a time such as 2026-03-01T09:30:00Z, or how long, such as 7d." placeholder:"TIME"`
	Reason     string `help:"Why, for colleagues."`
	Note       string `help:"What else they should know."`
	BlockEmail bool   `help:"With suspended and banned: turn away the e-mail address too."`
	Everywhere bool   `help:"The address on every site."`

	RejectWaiting bool   `help:"Reject what of theirs is waiting too, as one decision; needs --by."`
	By            string `help:"E-mail address of the account in whose name that is decided." placeholder:"EMAIL"`
}

// Run says something of an author.
func (c *peopleSetCmd) Run(e *env) error {
	until, err := endOf(c.Until)
	if err != nil {
		return err
	}
	if c.RejectWaiting != (c.By != "") {
		return usageError{errors.New("--reject-waiting is a decision, which somebody makes: give it together with --by EMAIL")}
	}
	return e.administer(func(a *app.App) error {
		var by comment.Account
		if c.RejectWaiting {
			var err error
			if by, err = e.moderatorOf(a, c.Site, c.By); err != nil {
				return err
			}
		}
		_, err := a.Comments.SetStanding(e.ctx, comment.StandingChange{
			Site: c.Site, Author: c.ID, Standing: c.Standing, Until: until, Reason: c.Reason, Note: c.Note,
			BlockEmail: c.BlockEmail, Everywhere: c.Everywhere, Owner: true, By: operator,
		})
		if err != nil {
			return c.missing(e.ctx, a, err)
		}
		out := web.PersonChanged{}
		if c.RejectWaiting {
			if out.Decision, err = a.Comments.RejectWaiting(e.ctx, by, c.Site, c.ID, c.Reason); err != nil {
				return err
			}
		}
		return c.changed(e, a, out)
	})
}

// changed prints the author as it is now, and what was decided.
func (c *peopleSetCmd) changed(e *env, a *app.App, out web.PersonChanged) error {
	p, err := a.Comments.Person(e.ctx, c.Site, c.ID)
	if err != nil {
		return err
	}
	out.Person = web.ShowPersonDetail(p, time.Now())
	if err := e.printPerson(out.Person.Person, out); err != nil || e.json || !c.RejectWaiting {
		return err
	}
	if out.Decision == nil {
		return e.print(nil, "    Nothing of theirs was waiting.")
	}
	return e.printRuled(*out.Decision)
}

// endOf reads when something ends: an instant, or how long it is to last.
func endOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	lasts, err := comment.ParsePeriod(text)
	if err != nil {
		return time.Time{}, usageError{fmt.Errorf("--until %q is neither a time such as 2026-03-01T09:30:00Z nor a period such as 7d", text)}
	}
	return time.Now().UTC().Add(lasts).Truncate(time.Microsecond), nil
}

type blockCmd struct {
	Add    blockAddCmd    `cmd:"" help:"Add a block, or change the one of the same kind and value."`
	Import blockImportCmd `cmd:"" help:"Add the entries of a file, one a line."`
	Change blockChangeCmd `cmd:"" help:"Change the effect, the reason or the end of a block."`
	List   blockListCmd   `cmd:"" help:"List blocks, newest first."`
	Remove blockRemoveCmd `cmd:"" help:"Take a block away."`
}

// blockSite says whose blocks are meant.
type blockSite struct {
	Site       string `help:"Key of the site." xor:"site" required:""`
	Everywhere bool   `help:"The blocks of every site." xor:"site" required:""`
}

func (c blockSite) key() string {
	if c.Everywhere {
		return comment.AllSites
	}
	return c.Site
}

// blockTerms are what is said of a block.
type blockTerms struct {
	Effect string `help:"review (it waits), reject (stored as rejected) or refuse (not taken at all)." default:"review"`
	Reason string `help:"Why, for colleagues."`
	Until  string `help:"When it ends: a time such as 2026-03-01T09:30:00Z, or how long, such as 30d." placeholder:"TIME"`
}

type blockAddCmd struct {
	Kind  string `arg:"" help:"email, domain, address, name or name_part."`
	Value string `arg:"" help:"An e-mail address, a domain, an address or range such as 203.0.113.0/24, or a name."`
	blockSite
	blockTerms
}

// Run adds a block.
func (c *blockAddCmd) Run(e *env) error {
	until, err := endOf(c.Until)
	if err != nil {
		return err
	}
	return e.administer(func(a *app.App) error {
		b, err := a.Comments.AddBlock(e.ctx, comment.Block{
			Site: c.key(), Kind: comment.BlockKind(c.Kind), Value: c.Value, Effect: comment.BlockEffect(c.Effect), Reason: c.Reason, Until: until,
		}, operator)
		if err != nil {
			return noSite(err, c.Site)
		}
		return e.printBlock(b)
	})
}

func (e *env) printBlock(b comment.Block) error {
	v := web.ShowBlock(b, time.Now())
	until := "for good"
	if v.Until != nil {
		until = "until " + *v.Until
	}
	return e.print(v, "%s  %s  %s  %s  %s  %s  met %d times  %s", v.ID, v.Site, v.Kind, v.Value, v.Effect, until, v.Hits, v.Reason)
}

type blockImportCmd struct {
	File string `arg:"" help:"File with one entry a line; - for standard input."`
	Kind string `help:"email, domain, address, name or name_part." required:""`
	blockSite
	blockTerms
}

// importChunk is the number of entries of one transaction.
const importChunk = 1000

// Run adds the entries of a file. Those that cannot be taken are named, and keep
// no other out.
func (c *blockImportCmd) Run(e *env) error {
	until, err := endOf(c.Until)
	if err != nil {
		return err
	}
	values, err := linesOf(e, c.File)
	if err != nil {
		return err
	}
	total := comment.BlocksImported{Refused: []comment.RefusedBlock{}}
	err = e.administer(func(a *app.App) error {
		line := 0
		for some := range slices.Chunk(values, importChunk) {
			out, err := a.Comments.ImportBlocks(e.ctx, comment.BlockImport{
				Site: c.key(), Kind: comment.BlockKind(c.Kind), Effect: comment.BlockEffect(c.Effect), Reason: c.Reason, Until: until, Values: some,
			}, operator)
			if err != nil {
				return noSite(err, c.Site)
			}
			for _, r := range out.Refused {
				r.Line += line
				total.Refused = append(total.Refused, r)
			}
			total.Added, total.Known, line = total.Added+out.Added, total.Known+out.Known, line+len(some)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := e.print(total, "Added %d; %d stood there already; %d could not be taken.", total.Added, total.Known, len(total.Refused)); err != nil || e.json {
		return err
	}
	for _, r := range total.Refused {
		fmt.Fprintf(e.err, "line %d: %q: %s\n", r.Line, r.Value, r.Detail)
	}
	return nil
}

// importBytes is the largest file of an import.
const importBytes = 32 << 20

func linesOf(e *env, file string) ([]string, error) {
	in := e.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, importBytes+1))
	if err == nil && len(text) > importBytes {
		err = errors.New("the file is larger than 32 MiB; import it in parts")
	}
	return strings.Split(string(text), "\n"), err
}

type blockListCmd struct {
	blockSite
	Meeting string `help:"Only the blocks that this e-mail address, network address or name would meet." placeholder:"VALUE"`
}

// Run lists blocks.
func (c *blockListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		if c.Meeting != "" {
			met, err := a.Comments.BlocksMeeting(e.ctx, c.key(), c.Meeting)
			if err != nil {
				return noSite(err, c.Site)
			}
			return each(met, e.printBlock)
		}
		for before := ""; ; {
			page, last, err := a.Comments.BlocksPage(e.ctx, c.key(), before, 500)
			if err != nil {
				return noSite(err, c.Site)
			}
			if err := each(page, e.printBlock); err != nil || last == "" {
				return err
			}
			before = last
		}
	})
}

type blockChangeCmd struct {
	ID string `arg:"" help:"Id of the block."`
	blockSite
	Effect *string `help:"review, reject or refuse."`
	Reason *string `help:"Why, for colleagues; \"\" for none."`
	Until  *string `help:"When it ends: a time such as 2026-03-01T09:30:00Z, or how long from now on, such as 30d; \"\" for never." placeholder:"TIME"`
}

// Run changes a block. What it looks at stays: that would be another block.
func (c *blockChangeCmd) Run(e *env) error {
	change := comment.BlockChange{Effect: c.Effect, Reason: c.Reason}
	if c.Until != nil {
		until, err := endOf(*c.Until)
		if err != nil {
			return err
		}
		change.Until = &until
	}
	if change == (comment.BlockChange{}) {
		return usageError{errors.New("there is nothing to change; give --effect, --reason or --until")}
	}
	return e.administer(func(a *app.App) error {
		b, err := a.Comments.ChangeBlock(e.ctx, c.key(), c.ID, change, operator)
		if err != nil {
			return missing(err, "block "+c.ID, "block list")
		}
		return e.printBlock(b)
	})
}

type blockRemoveCmd struct {
	ID string `arg:"" help:"Id of the block."`
	blockSite
}

// Run takes a block away.
func (c *blockRemoveCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		if err := a.Comments.RemoveBlock(e.ctx, c.key(), c.ID, operator); err != nil {
			return missing(err, "block "+c.ID, "block list")
		}
		return e.print(map[string]string{"id": c.ID}, "Removed %s.", c.ID)
	})
}
