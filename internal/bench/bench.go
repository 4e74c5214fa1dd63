// Package bench measures Afterword over HTTP, each thing beside the least that
// the machine needs for it: a bare fiber handler that sends the same bytes, or
// the bare driver that writes the same rows. It hides clients, clocks, child
// processes and statistics. `afterword bench` calls it, and through it make bench
// and make bench-ratios.
//
// Servers and floors run as processes of their own, from the same program. What
// is compared runs in turns, and what counts is the ratio of neighbours in time,
// because machines are shared and get faster and slower by the minute.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/bench/load"
)

// Settings say what to measure. Either Addr names a server that runs, or Program
// is started on DB, or on a new database that is filled first.
type Settings struct {
	Program string // that `PROGRAM serve` and `PROGRAM bench floor` start
	Version string
	Addr    string // HOST:PORT of a running server; "" = start one
	DB      string // "" = a temporary SQLite file

	SecretKey string // of the installation on DB; a SQLite file has it beside it

	Site   string // key; of a running server, or of what Program has filled
	Origin string // one of the site's
	Token  string // of a moderator; "" = nothing that needs one is measured
	Pages  []string

	Comments int   // to generate
	PagesNum int   // to generate
	Threads  []int // to generate, and to read
	Only     []string
	Rounds   int
	Time     time.Duration // of one side of a round
	Streams  int
	Soak     time.Duration // 0 = no soak
	Say      func(string)  // told of each line, and what is being done
}

// scenario measures one group of things.
type scenario struct {
	name string
	own  bool // needs servers of its own, so it cannot be done on a running one
	run  func(*house, context.Context) error
}

var scenarios = []scenario{
	{"start", true, (*house).starts},
	{"write", true, (*house).writes},
	{"read", false, (*house).reads},
	{"later", false, (*house).later},
	{"queue", false, (*house).queue},
	{"deliveries", true, (*house).deliveries},
	{"mixed", false, (*house).mixed},
	{"streams", false, (*house).watches},
	{"memory", true, (*house).memory},
	{"soak", true, (*house).soak},
}

// Known says which of these are no scenarios, if any, or none for a server that
// is running anyway at addr.
func Known(only []string, addr string) error {
	names := make([]string, len(scenarios))
	for i, s := range scenarios {
		names[i] = s.name
	}
	for _, name := range only {
		i := slices.Index(names, name)
		if i < 0 {
			return fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(names, ", "))
		}
		if scenarios[i].own && addr != "" {
			return fmt.Errorf("the scenario %q starts servers of its own; leave --addr out", name)
		}
	}
	return nil
}

// Run measures. What was measured before an error is in the report.
func Run(ctx context.Context, s Settings) (report *Report, err error) {
	if err := Known(s.Only, s.Addr); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "afterword-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	h := &house{Settings: s, dir: dir, foreign: s.Addr != "", report: &Report{Version: s.Version, Date: today()}}
	if !h.foreign {
		h.report.Data = Data{Comments: s.Comments, Pages: s.PagesNum, Threads: s.Threads}
		h.Site, h.Origin = HeldSite, Origin
		if h.DB == "" {
			h.DB = h.file("afterword.db")
		}
	}
	defer func() { err = errors.Join(err, h.close()) }()
	h.report.Machine = machine(ctx, h.DB)
	before := busy()
	defer func() { h.report.Machine.Load = before + " before, " + busy() + " after" }()
	for _, sc := range scenarios {
		if !h.wanted(sc) {
			continue
		}
		h.scenario = sc.name
		s.Say("· " + sc.name)
		if err := sc.run(h, ctx); err != nil {
			return h.report, fmt.Errorf("%s: %w", sc.name, err)
		}
	}
	return h.report, nil
}

// house is what is measured, and what was found.
type house struct {
	Settings
	dir     string
	foreign bool     // the server is somebody else's
	filled  bool     // the database has its data
	server  *process // nil = not started, or somebody else's
	report  *Report

	scenario string // that is running
}

func (h *house) wanted(sc scenario) bool {
	if len(h.Only) > 0 && !slices.Contains(h.Only, sc.name) {
		return false
	}
	return !sc.own || !h.foreign
}

func (h *house) add(l Line) {
	l.scenario = h.scenario
	h.report.Lines = append(h.report.Lines, l)
	h.Say(l.String())
}

func (h *house) file(name string) string { return filepath.Join(h.dir, name) }

func (h *house) close() error {
	if h.server == nil {
		return nil
	}
	return h.server.stop()
}

// get is a reader's request of the site.
func (h *house) get(path string) []byte {
	return load.Message{Method: "GET", Host: h.Addr, Path: "/api/v1/sites/" + h.Site + path, Header: []string{"Origin: " + h.Origin}}.Bytes()
}
