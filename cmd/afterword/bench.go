package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/bench"
	"github.com/afterword-comments/afterword/internal/bench/fill"
	"github.com/afterword-comments/afterword/internal/comment"
)

type benchCmd struct {
	Run      benchRunCmd      `cmd:"" default:"withargs" help:"Measure a running server, or this machine with one of its own."`
	Generate benchGenerateCmd `cmd:"" help:"Fill a database with a made-up month of comments."`
	Floor    benchFloorCmd    `cmd:"" hidden:"" help:"Serve the bytes of standard input at every address."`
}

type benchRunCmd struct {
	Site     string        `help:"Key of a site of the running server." placeholder:"KEY"`
	Origin   string        `help:"One of that site's origins." placeholder:"URL"`
	Page     []string      `help:"Pages to read there." placeholder:"KEY"`
	Token    string        `help:"A moderator's token there." placeholder:"TOKEN" env:"AFTERWORD_BENCH_TOKEN"`
	Only     []string      `help:"Scenarios, in place of all." placeholder:"NAME,…"`
	Comments int           `help:"Comments in the database of its own." default:"1010100" placeholder:"N"`
	Pages    int           `help:"Pages in it." default:"10000" placeholder:"N"`
	Thread   []int         `help:"Single threads in it." default:"100,10000,1000000" placeholder:"N,…"`
	Rounds   int           `help:"Rounds of each comparison." default:"5" placeholder:"N"`
	Time     time.Duration `help:"Of each side of a round." default:"2s"`
	Streams  int           `help:"Event streams to hold open." default:"5000" placeholder:"N"`
	Soak     time.Duration `help:"How long to keep the server busy and watch its memory; default: not at all."`
	Most     time.Duration `help:"The longest that all may take, the soak aside." default:"10m"`
	Out      string        `help:"File for the results as JSON." placeholder:"FILE"`
	Docs     string        `help:"Folder with a performance.md: write results, charts and table there." placeholder:"DIR"`
	Accept   string        `help:"File for the ratios, as those that are accepted from now on." placeholder:"FILE"`
	Against  string        `help:"File with accepted ratios: fail where more than a fifth of one is lost." placeholder:"FILE"`
}

// Run measures and prints each line as it comes. With --addr it measures the
// server that runs there; without, one that it starts itself, on --db or on a
// temporary database.
func (c *benchRunCmd) Run(e *env, parsed *kong.Context) error {
	// Not os.Executable: what was started may be a link, and goes by its name.
	program, err := exec.LookPath(os.Args[0])
	if err != nil {
		return err
	}
	debug.SetMemoryLimit(math.MaxInt64) // the clients are not the service
	s := bench.Settings{
		Program: program, SecretKey: e.settings.SecretKey, Version: versionOf().Version, Site: c.Site, Origin: c.Origin, Pages: c.Page, Token: c.Token,
		Only: c.Only, Comments: c.Comments, PagesNum: c.Pages, Threads: c.Thread, Rounds: c.Rounds, Time: c.Time, Streams: c.Streams, Soak: c.Soak,
		Say: func(line string) { fmt.Fprintln(e.err, line) },
	}
	if given(parsed, "db") {
		s.DB = e.settings.DB
	}
	if given(parsed, "addr") {
		if s.Addr, err = plainAddr(e.settings.Addr); err != nil {
			return err
		}
		if s.Site == "" || s.Origin == "" {
			return usageError{errors.New("name a site of the running server with --site, and one of its origins with --origin")}
		}
	}
	if err := bench.Known(c.Only, s.Addr); err != nil {
		return usageError{err}
	}
	ctx, cancel := context.WithTimeout(e.ctx, c.Most+c.Soak)
	defer cancel()
	if c.Against != "" {
		accepted, err := bench.ReadRatios(c.Against)
		if err != nil {
			return usageError{err}
		}
		return bench.Guard(ctx, s, accepted)
	}
	report, err := bench.Run(ctx, s)
	if report == nil {
		return err
	}
	return errors.Join(err, c.keep(e, report))
}

// keep writes the results wherever they are wanted.
func (c *benchRunCmd) keep(e *env, report *bench.Report) (err error) {
	if c.Out != "" {
		err = report.Write(c.Out)
	}
	if c.Docs != "" {
		err = errors.Join(err, report.Publish(c.Docs))
	}
	if c.Accept != "" {
		err = errors.Join(err, report.Ratios().Write(c.Accept))
	}
	if e.json {
		err = errors.Join(err, json.NewEncoder(e.out).Encode(report))
	}
	return err
}

// given tells whether a flag is on the command line.
func given(parsed *kong.Context, flag string) bool {
	return slices.ContainsFunc(parsed.Path, func(p *kong.Path) bool { return p.Flag != nil && p.Flag.Name == flag })
}

// plainAddr is the HOST:PORT of a server, which may be given as a URL.
func plainAddr(s string) (string, error) {
	if strings.HasPrefix(s, "https://") {
		return "", usageError{errors.New("bench speaks plain HTTP: give the address behind the TLS proxy")}
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "http://"), "/")
	if _, _, err := net.SplitHostPort(s); err != nil {
		return "", usageError{fmt.Errorf("--addr %s: give HOST:PORT", s)}
	}
	return s, nil
}

type benchFloorCmd struct{}

// Run serves until a signal comes.
func (c *benchFloorCmd) Run(e *env) error {
	return bench.Floor(e.ctx, e.settings.Addr, e.in)
}

type benchGenerateCmd struct {
	Site     string `help:"Key of the site; it must be new." default:"bench"`
	Comments int    `help:"Comments in all." default:"100000" placeholder:"N"`
	Pages    int    `help:"Pages in all." default:"1000" placeholder:"N"`
	Thread   []int  `help:"Size of a single thread, on the page thread-SIZE; may be repeated." placeholder:"N"`
	Seed     uint64 `help:"The same seed makes the same comments." default:"1" placeholder:"N"`
}

// Run fills the database.
func (c *benchGenerateCmd) Run(e *env) error {
	debug.SetMemoryLimit(math.MaxInt64)
	o := fill.Order{Site: c.Site, Origin: bench.Origin, Comments: c.Comments, Pages: c.Pages, Threads: c.Thread, MaxDepth: comment.DefaultOptions().MaxDepth, Seed: c.Seed}
	var ledger *comment.Ledger
	if err := e.setUp(func(a *app.App) error {
		ledger = a.Ledger
		fresh, err := bench.AddSite(e.ctx, a, c.Site, "all")
		if err == nil && !fresh {
			err = usageError{fmt.Errorf("there is a site %s already; name another with --site", c.Site)}
		}
		return err
	}); err != nil {
		return err
	}
	shown := time.Now()
	done, err := fill.Fill(e.ctx, e.settings.DB, ledger, o, func(n int) {
		if !e.json && time.Since(shown) > time.Second {
			shown = time.Now()
			fmt.Fprintf(e.err, "\r%3d %% %d comments", 100*n/c.Comments, n)
		}
	})
	if err != nil {
		return err
	}
	return e.print(done, "\r%s", done)
}
