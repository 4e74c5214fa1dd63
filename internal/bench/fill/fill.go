// Package fill makes a database that looks as if a newspaper had used it for a
// month: pages, threads with answers, authors, votes, edits, a queue, and the
// log of it all with a chain that `afterword audit verify` accepts. It hides how
// that is done at tens of thousands of comments a second. internal/bench and
// `afterword bench generate` call it.
package fill

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/afterword-comments/afterword/internal/bench/raw"
	"github.com/afterword-comments/afterword/internal/comment"
)

// Done is what was generated.
type Done struct {
	Comments int                    `json:"comments"`
	Pages    int                    `json:"pages"`
	Authors  int                    `json:"authors"`
	Events   int64                  `json:"events"` // of the site's log
	ByStatus map[comment.Status]int `json:"by_status"`
	Took     time.Duration          `json:"-"`
}

// Fill writes what o asks for into the database, for a site that is there and
// has no pages. On SQLite nobody else may have the file open. progress is told
// the number of comments written so far.
func Fill(ctx context.Context, dsn string, ledger *comment.Ledger, o Order, progress func(int)) (done Done, err error) {
	if err := o.check(); err != nil {
		return done, err
	}
	began := time.Now()
	db, err := raw.OpenBulk(dsn)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	b, err := newBulk(ctx, db, raw.Postgres(dsn))
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	f := &filler{bulk: b, writer: newWriter(newPlan(o), began), ledger: ledger, progress: progress}
	if err := f.run(); err != nil {
		return done, err
	}
	done = f.done()
	done.Took = time.Since(began)
	return done, nil
}

// filler makes the rows on all cores and writes them from one.
type filler struct {
	*bulk
	*writer
	ledger   *comment.Ledger
	progress func(int)
	log      log
	people   int
}

// batch is how many comments are written together.
const batch = 1000

func (f *filler) run() error {
	if err := f.bulk.conn.QueryRowContext(f.ctx, "select coalesce(max(seq), 0), coalesce(max(hash), '') from log_heads where site_id = $1", f.Site).
		Scan(&f.log.seq, &f.log.hash); err != nil {
		return err
	}
	again, err := f.indexes()
	if err != nil {
		return err
	}
	if err := f.ground(); err != nil {
		return err
	}
	if err := f.comments(); err != nil {
		return err
	}
	if err := f.finish(); err != nil {
		return err
	}
	if !f.copy {
		if err := f.exec("pragma threads = 2"); err != nil { // for sorting
			return err
		}
	}
	for _, statement := range again {
		if err := f.exec(statement); err != nil {
			return err
		}
	}
	if !f.copy {
		// What was skipped for speed is made up for: from here on the file is
		// like any other.
		return f.exec("pragma journal_mode = wal")
	}
	return f.exec("analyze")
}

// ground writes what comments refer to.
func (f *filler) ground() error {
	var rows []row
	for n := range f.Pages {
		rows = append(rows, f.pageRow(n))
	}
	used := make([]bool, len(f.approved))
	for _, n := range f.author {
		used[n] = true
	}
	for n := range used {
		if used[n] {
			rows = append(rows, f.authorRow(n))
			f.people++
		}
	}
	return f.write(rows)
}

// comments makes batches on all cores and writes them in order.
func (f *filler) comments() error {
	g, ctx := errgroup.WithContext(f.ctx)
	ready := make(chan chan []made, runtime.NumCPU())
	g.Go(func() error {
		defer close(ready)
		for from := 0; from < f.Comments; from += batch {
			c := make(chan []made, 1)
			g.Go(func() error { c <- f.some(from, min(from+batch, f.Comments)); return nil })
			select {
			case ready <- c:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	g.Go(func() error {
		written := 0
		for c := range ready {
			all := <-c
			if err := f.append(all); err != nil {
				return err
			}
			written += len(all)
			f.progress(written)
		}
		return ctx.Err()
	})
	return g.Wait()
}

func (f *filler) some(from, to int) []made {
	all := make([]made, 0, to-from)
	for i := from; i < to; i++ {
		all = append(all, f.one(i))
	}
	return all
}

// append puts the events of a batch into the log and writes all its rows.
func (f *filler) append(all []made) error {
	rows := make([]row, 0, 7*len(all))
	for _, m := range all {
		rows = append(rows, m.rows...)
		for _, e := range m.events {
			logged, err := f.ledger.Append(&f.log, e)
			if err != nil {
				return err
			}
			rows = append(rows, eventRow(logged))
		}
	}
	return f.write(rows)
}

func eventRow(e comment.Event) row {
	return row{events, []any{
		e.Site, e.Seq, e.ID, e.Type, e.PageID, e.CommentID, e.Sequence, string(e.Actor.Kind), e.Actor.ID, e.Actor.Name, string(e.Previous),
		e.At.UnixMicro(), e.Body, e.BodyHash, e.Prev, e.Hash, e.ActorMAC, e.Covers,
	}}
}

// log is all of a transaction that the ledger needs: it remembers the head.
type log struct {
	comment.Tx
	seq  int64
	hash string
}

// LogHead implements comment.Reader.
func (l *log) LogHead(string) (int64, string, error) { return l.seq, l.hash, nil }

// AppendEvent implements comment.Tx.
func (l *log) AppendEvent(e comment.Event) error {
	l.seq, l.hash = e.Seq, e.Hash
	return nil
}

// finish writes the farewells and the counters.
func (f *filler) finish() error {
	var gone []made
	for i, s := range f.status {
		if s == deleted {
			gone = append(gone, made{events: []comment.Event{f.farewell(i)}})
		}
	}
	if err := f.append(gone); err != nil {
		return err
	}
	for s, n := range f.counts {
		if err := f.exec("insert into status_counts (site_id, status, n) values ($1, $2, $3)", f.Site, string(statusNames[s]), n); err != nil {
			return err
		}
	}
	if err := f.exec("delete from log_heads where site_id = $1", f.Site); err != nil {
		return err
	}
	return f.exec("insert into log_heads (site_id, seq, hash) values ($1, $2, $3)", f.Site, f.log.seq, f.log.hash)
}

func (f *filler) done() Done {
	d := Done{Comments: f.Comments, Pages: f.Pages, Authors: f.people, Events: f.log.seq, ByStatus: map[comment.Status]int{}}
	for s, n := range f.counts {
		d.ByStatus[statusNames[s]] = n
	}
	return d
}

// String says in one line what was generated.
func (d Done) String() string {
	return fmt.Sprintf("%d comments of %d authors on %d pages, %d events, in %.1f s (%.0f comments/s)",
		d.Comments, d.Authors, d.Pages, d.Events, d.Took.Seconds(), float64(d.Comments)/d.Took.Seconds())
}
