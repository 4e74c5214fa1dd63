package main

import (
	"fmt"
	"io"
	"time"

	"github.com/afterword-comments/afterword/internal/store"
)

type copyCmd struct {
	From    string `help:"Database to copy: sqlite:PATH or postgres://…; it must not be served meanwhile." required:"" placeholder:"DB"`
	To      string `help:"Empty database to copy into, of the other engine." required:"" placeholder:"DB"`
	Restart bool   `help:"Begin anew where an earlier copy into this target was interrupted."`
}

// Run copies and verifies.
func (c *copyCmd) Run(e *env) error {
	p := &progress{out: e.err, began: time.Now()}
	tables, err := store.Copying{From: c.From, To: c.To, Restart: c.Restart, Progress: p.show}.Run(e.ctx)
	p.end()
	if err != nil {
		return err
	}
	var rows int64
	for _, t := range tables {
		rows += t.Rows
	}
	return e.print(map[string]any{"tables": tables, "rows": rows, "seconds": time.Since(p.began).Seconds()},
		"Copied %d rows of %d tables; counts and checksums agree. The new installation needs the installation key of the old one (AFTERWORD_SECRET_KEY or AFTERWORD_SECRET_KEY_FILE); with it, run `afterword audit verify` there.", rows, len(tables))
}

// progress shows how far a copy is, a line for each table.
type progress struct {
	out   io.Writer
	began time.Time
	at    store.CopiedTable
	shown time.Time
}

// progressTime is how often the line is written again.
const progressTime = 500 * time.Millisecond

func (p *progress) show(t store.CopiedTable) {
	if t.Of == 0 {
		return
	}
	if t.Table == p.at.Table && t.Rows < t.Of && time.Since(p.shown) < progressTime {
		return
	}
	if p.at.Table != "" && t.Table != p.at.Table {
		fmt.Fprintln(p.out)
	}
	p.at, p.shown = t, time.Now()
	fmt.Fprintf(p.out, "\r%-16s %d of %d (%d %%)", t.Table, t.Rows, t.Of, 100*t.Rows/t.Of)
}

func (p *progress) end() {
	if p.at.Table != "" {
		fmt.Fprintln(p.out)
	}
}
