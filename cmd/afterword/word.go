package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/web"
)

type wordCmd struct {
	Add    wordAddCmd    `cmd:"" help:"Add an entry to a list."`
	List   wordListCmd   `cmd:"" help:"List the entries."`
	Change wordChangeCmd `cmd:"" help:"Change an entry."`
	Remove wordRemoveCmd `cmd:"" help:"Take an entry off its list."`
	Import wordImportCmd `cmd:"" help:"Add many entries from a file; tells line by line what is refused and why."`
	Export wordExportCmd `cmd:"" help:"Write the entries to a file, as import reads them."`
	Test   wordTestCmd   `cmd:"" help:"Tell what the lists would find in a text."`
}

// wordFlags are where and until when an entry counts.
type wordFlags struct {
	Host     bool   `help:"The entry is a host that comments link to, with all hosts below it."`
	Language string `help:"Only where the site has this language, such as de." placeholder:"TAG"`
	Section  string `help:"Only on pages in this section: the first folder of their address." placeholder:"FOLDER"`
	Page     string `help:"Only on this page, by its key or address."`
	Until    string `help:"Until this time, such as 2026-03-01T09:30:00Z, or to the end of a day such as 2026-03-01." placeholder:"T"`
	Note     string `help:"A note for colleagues, such as the reason of a legal term."`
}

func (f wordFlags) word(site, list string) (comment.Word, error) {
	until, err := comment.ParseInstant("until", f.Until)
	w := comment.Word{Site: site, List: list, Language: f.Language, Section: f.Section, Page: f.Page, ExpiresAt: until, Note: f.Note}
	if f.Host {
		w.Kind = comment.KindHost
	}
	return w, err
}

type wordAddCmd struct {
	Site   string   `help:"Key of the site." required:""`
	List   string   `help:"banned (refused), suspect (held), allowed (exempt from those), or legal (held whatever the mode, and searched for among what is public)." required:"" enum:"banned,suspect,allowed,legal"`
	Text   string   `arg:"" help:"Word, phrase or host."`
	Except []string `help:"A phrase in which the entry is innocent; may be repeated." sep:"none" placeholder:"PHRASE"`
	wordFlags
}

// Run adds an entry.
func (c *wordAddCmd) Run(e *env) error {
	w, err := c.word(c.Site, c.List)
	if err != nil {
		return err
	}
	w.Text, w.Exceptions = c.Text, c.Except
	return e.administer(func(a *app.App) error {
		if w, err = a.Comments.AddWord(e.ctx, w, operator); err != nil {
			return noSite(err, c.Site)
		}
		return e.printWord(a, w, "Added %s to the %s list as %s.", w.Text, w.List, w.ID)
	})
}

func (e *env) printWord(a *app.App, w comment.Word, text string, args ...any) error {
	listed, err := a.Comments.WordOf(e.ctx, w.Site, w.ID)
	if err != nil {
		return err
	}
	return e.print(web.ShowWord(listed), text, args...)
}

type wordListCmd struct {
	Site  string `help:"Key of the site." required:""`
	List  string `help:"Only of this list." enum:"banned,suspect,allowed,legal," default:""`
	Query string `help:"Only entries that contain this." name:"q" placeholder:"TEXT"`
	Hosts bool   `help:"Only hosts."`
}

// Run lists entries.
func (c *wordListCmd) Run(e *env) error {
	q := comment.WordQuery{Site: c.Site, List: c.List, Search: c.Query, Limit: 1000}
	if c.Hosts {
		q.Kind = comment.KindHost
	}
	return e.administer(func(a *app.App) error {
		for {
			found, last, err := a.Comments.WordsOf(e.ctx, q)
			if err != nil {
				return noSite(err, c.Site)
			}
			err = each(found, func(w comment.ListedWord) error {
				return e.print(web.ShowWord(w), "%s  %s  %s%s", w.ID, w.List, w.Text, where(w.Word))
			})
			if err != nil || last == nil {
				return err
			}
			q.After = *last
		}
	})
}

// where says where and until when an entry counts, for the terminal.
func where(w comment.Word) string {
	var parts []string
	for _, p := range []struct{ name, value string }{
		{"language", w.Language}, {"section", w.Section}, {"page", w.Page}, {"except", strings.Join(w.Exceptions, "; ")}, {"note", w.Note},
	} {
		if p.value != "" {
			parts = append(parts, p.name+" "+p.value)
		}
	}
	if !w.ExpiresAt.IsZero() {
		parts = append(parts, "until "+w.ExpiresAt.Format(time.RFC3339))
	}
	if len(parts) == 0 {
		return ""
	}
	return "  (" + strings.Join(parts, ", ") + ")"
}

type wordChangeCmd struct {
	ID       string   `arg:"" help:"Id of the entry."`
	Site     string   `help:"Key of the site." required:""`
	List     *string  `help:"Another list."`
	Text     *string  `help:"Another text."`
	Language *string  `help:"Another language, \"\" for any."`
	Section  *string  `help:"Another section, \"\" for every."`
	Page     *string  `help:"Another page, \"\" for every."`
	Until    *string  `help:"Another end, \"\" for none."`
	Note     *string  `help:"Another note."`
	Except   []string `help:"Exceptions in place of all; may be repeated." sep:"none" placeholder:"PHRASE"`
}

// Run changes an entry.
func (c *wordChangeCmd) Run(e *env) error {
	change := comment.WordChange{
		List: c.List, Text: c.Text, Language: c.Language, Section: c.Section, Page: c.Page, Note: c.Note, Exceptions: c.Except,
	}
	if c.Until != nil {
		at, err := comment.ParseInstant("until", *c.Until)
		if err != nil {
			return err
		}
		change.ExpiresAt = &at
	}
	return e.administer(func(a *app.App) error {
		w, err := a.Comments.ChangeWord(e.ctx, c.Site, c.ID, change, operator)
		if err != nil {
			return missing(err, "entry "+c.ID+" of site "+c.Site, "word list --site "+c.Site)
		}
		return e.printWord(a, w, "Changed %s.", w.ID)
	})
}

type wordRemoveCmd struct {
	ID   string `arg:"" help:"Id of the entry."`
	Site string `help:"Key of the site." required:""`
}

// Run takes an entry off its list.
func (c *wordRemoveCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		if err := a.Comments.RemoveWord(e.ctx, c.Site, c.ID, operator); err != nil {
			return missing(err, "entry "+c.ID+" of site "+c.Site, "word list --site "+c.Site)
		}
		return e.print(map[string]string{"id": c.ID}, "Removed %s.", c.ID)
	})
}

type wordImportCmd struct {
	File   string `arg:"" help:"File; - for standard input."`
	Site   string `help:"Key of the site." required:""`
	List   string `help:"The list of lines that name none." enum:"banned,suspect,allowed,legal," default:""`
	Format string `help:"text (an entry a line), csv (the first line names the columns) or json. Default: by the file's name." enum:"text,csv,json," default:""`
	DryRun bool   `help:"Only tell what would be added and what refused."`
	wordFlags
}

// maxWordFile is the most bytes of an import.
const maxWordFile = 32 << 20

// Run imports entries.
func (c *wordImportCmd) Run(e *env) error {
	usual, err := c.word("", c.List)
	if err != nil {
		return err
	}
	text, err := e.readFile(c.File, maxWordFile)
	if err != nil {
		return err
	}
	format := c.Format
	if name := strings.TrimPrefix(filepath.Ext(c.File), "."); format == "" && (name == "csv" || name == "json") {
		format = name
	}
	return e.administer(func(a *app.App) error {
		out, err := a.Comments.ImportWords(e.ctx, comment.WordImport{
			Site: c.Site, Format: format, Text: string(text), Usual: usual, DryRun: c.DryRun,
		}, operator)
		if err != nil {
			return noSite(err, c.Site)
		}
		if !e.json {
			for _, line := range out.Lines {
				if line.Result != "added" {
					fmt.Fprintf(e.out, "line %d: %s: %s %s\n", line.Line, line.Result, line.Text, line.Detail)
				}
			}
		}
		verb := "Added"
		if c.DryRun {
			verb = "Would add"
		}
		return e.print(out, "%s %d, %d were there already, %d refused.", verb, out.Added, out.Duplicates, out.Refused)
	})
}

// readFile reads a file of at most so many bytes, or standard input.
func (e *env) readFile(name string, most int64) ([]byte, error) {
	in := e.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s is larger than %d MiB; import it in parts", name, most>>20)
	}
	return text, err
}

type wordExportCmd struct {
	File   string `arg:"" optional:"" help:"File to write; without it, standard output."`
	Site   string `help:"Key of the site." required:""`
	List   string `help:"Only this list." enum:"banned,suspect,allowed,legal," default:""`
	Format string `help:"csv, json, or text for the entries alone." enum:"csv,json,text" default:"csv"`
}

// Run exports entries.
func (c *wordExportCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		out, err := a.Comments.ExportWords(e.ctx, c.Site, c.List, c.Format)
		if err != nil {
			return noSite(err, c.Site)
		}
		if c.File == "" {
			_, err := e.out.Write(out)
			return err
		}
		f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		if _, err := f.Write(out); err != nil {
			return errors.Join(err, f.Close())
		}
		if err := f.Close(); err != nil {
			return err
		}
		return e.print(map[string]any{"file": c.File, "bytes": len(out)}, "Wrote %s.", c.File)
	})
}

type wordTestCmd struct {
	Text string `arg:"" help:"The text."`
	Site string `help:"Key of the site." required:""`
	Page string `help:"As if it stood on this page, by key or address."`
}

// Run tells what a text would match.
func (c *wordTestCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		found, err := a.Comments.TestWords(e.ctx, comment.WordTest{Site: c.Site, Text: c.Text, Page: c.Page})
		if err != nil {
			return noSite(err, c.Site)
		}
		for _, m := range web.ShowMatches(found) {
			if err := e.print(m, "%s  %s", m.Effect, m.Sentence); err != nil {
				return err
			}
		}
		if len(found) == 0 && !e.json {
			return e.print(nil, "No entry matches.")
		}
		return nil
	})
}

type hostCmd struct {
	List hostListCmd `cmd:"" help:"List hosts, the most often rejected first."`
}

type hostListCmd struct {
	Site  string `help:"Key of the site." required:""`
	Query string `help:"Only hosts whose name begins with this, by name." name:"q" placeholder:"TEXT"`
	Limit int    `help:"How many." default:"100"`
}

// Run lists hosts.
func (c *hostListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		hosts, err := a.Comments.HostsOf(e.ctx, comment.HostQuery{Site: c.Site, ByName: c.Query != "", Prefix: strings.ToLower(c.Query), Limit: min(max(c.Limit, 1), 10_000)})
		if err != nil {
			return noSite(err, c.Site)
		}
		return each(hosts, func(h comment.Host) error {
			return e.print(web.ShowHost(h), "%s  approved %d, rejected %d, since %s", h.Name, h.Approved, h.Rejected, h.FirstSeen.Format(time.DateOnly))
		})
	})
}
