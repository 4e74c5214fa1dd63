package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// copyBatch is the number of rows that a copy moves in one transaction.
const copyBatch = 2000

// Copying moves an installation from one engine to the other: every row as it
// is, so that log numbers, the audit chain, ids and sessions stay.
type Copying struct {
	From, To string // database addresses; one of a SQLite file, one of PostgreSQL
	// Restart empties a target in which a copy was begun. Otherwise a copy goes
	// on where the one before was interrupted.
	Restart  bool
	Progress func(CopiedTable) // after every batch; may be nil
}

// CopiedTable is how far a table has come.
type CopiedTable struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Of    int64  `json:"of"`
	Sum   string `json:"sum"` // of the rows' SHA-256 values, whatever their order
}

// ErrCopyChanged is what a copy gets whose source was written to since it began.
var ErrCopyChanged = errors.New("the source has been written to since the copy began; begin anew with --restart")

// Run copies, compares every table of the target with the source by count and
// by checksum, and returns the tables. The source must not be served meanwhile.
// An interrupted copy loses at most the batch under way.
func (c Copying) Run(ctx context.Context) (done []CopiedTable, err error) {
	from, to, err := c.sides(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, from.close(), to.close()) }()
	tables, err := catalogue(ctx, from, to)
	if err != nil {
		return nil, err
	}
	head, err := from.head(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.begin(ctx, to, tables, head); err != nil {
		return nil, err
	}
	for _, t := range tables {
		one, err := c.copyTable(ctx, from, to, t)
		if err != nil {
			return done, fmt.Errorf("copy %s: %w", t.name, err)
		}
		done = append(done, one)
	}
	if err := c.compare(ctx, from, to, tables, done, head); err != nil {
		return done, err
	}
	return done, to.exec(ctx, "drop table copy_state")
}

func (c Copying) sides(ctx context.Context) (from, to *side, err error) {
	if IsServer(c.From) == IsServer(c.To) {
		return nil, nil, errors.New("a copy goes from a SQLite file to PostgreSQL or back; for a second file use `afterword backup`, for a second PostgreSQL pg_dump")
	}
	if from, err = openSide(ctx, c.From, false); err != nil {
		return nil, nil, fmt.Errorf("the source: %w", err)
	}
	if to, err = openSide(ctx, c.To, true); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("the target: %w", err), from.close())
	}
	if from.version != to.version {
		err := fmt.Errorf("the source has schema %d, the target %d; run `afterword migrate` on the source first", from.version, to.version)
		return nil, nil, errors.Join(err, from.close(), to.close())
	}
	return from, to, nil
}

// bringUp brings the schema of a target up to date.
func bringUp(ctx context.Context, dsn string) error {
	s, err := Open(ctx, dsn)
	if errors.Is(err, errUnfinished) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Close()
}

const copyState = `create table if not exists copy_state (
  table_name text primary key,
  last_key   text not null,
  copied     bigint not null,
  sum        text not null
)`

// begin finds a copy to go on with, or makes the target ready for a new one.
func (c Copying) begin(ctx context.Context, to *side, tables []copyTable, head string) error {
	begun, err := to.has(ctx, "copy_state")
	if err != nil {
		return err
	}
	if begun && !c.Restart {
		var was string
		if err := to.row(ctx, "select last_key from copy_state where table_name = ''", nil, &was); err != nil {
			return err
		}
		if was != head {
			return ErrCopyChanged
		}
		return nil
	}
	if !begun {
		for _, t := range []string{"sites", "accounts", "events"} {
			var n int64
			if err := to.row(ctx, "select count(*) from "+t, nil, &n); err != nil {
				return err
			}
			if n > 0 {
				return errors.New("the target is not empty; a copy writes into a fresh database")
			}
		}
	}
	return to.begin(ctx, tables, head)
}

// copyTable moves the rows that are missing, in the order of the primary key.
func (c Copying) copyTable(ctx context.Context, from, to *side, t copyTable) (CopiedTable, error) {
	at := CopiedTable{Table: t.name}
	last, sum, err := to.progress(ctx, t, &at.Rows)
	if err != nil {
		return at, err
	}
	if err := from.row(ctx, "select count(*) from "+t.name, nil, &at.Of); err != nil {
		return at, err
	}
	for {
		rows, err := from.batch(ctx, t, last)
		if err != nil {
			return at, err
		}
		if len(rows) > 0 {
			for _, row := range rows {
				sum.add(row)
			}
			before := last
			last = t.keyOf(rows[len(rows)-1])
			at.Rows += int64(len(rows))
			if err := to.put(ctx, t, rows, copyStep{before: before, last: last, copied: at.Rows, sum: sum.String()}); err != nil {
				return at, err
			}
		}
		at.Sum = sum.String()
		if c.Progress != nil {
			c.Progress(at)
		}
		if len(rows) < copyBatch {
			return at, nil
		}
	}
}

// compare reads the target again, whole, and the counts and the log's heads of
// the source.
func (c Copying) compare(ctx context.Context, from, to *side, tables []copyTable, done []CopiedTable, head string) error {
	for i, t := range tables {
		found, sum := int64(0), rowSum{}
		err := to.each(ctx, "select "+t.list()+" from "+t.name, nil, len(t.columns), func(row []any) {
			found++
			sum.add(t.canonical(row))
		})
		if err != nil {
			return fmt.Errorf("compare %s: %w", t.name, err)
		}
		var of int64
		if err := from.row(ctx, "select count(*) from "+t.name, nil, &of); err != nil {
			return err
		}
		if found != of || found != done[i].Rows || sum.String() != done[i].Sum {
			return fmt.Errorf("the copy of %s differs: %d rows there, %d here; begin anew with --restart", t.name, found, of)
		}
	}
	now, err := from.head(ctx)
	if err == nil && now != head {
		err = ErrCopyChanged
	}
	return err
}

// errUnfinished is what opening a database gets in which a copy was begun and
// not finished.
var errUnfinished = errors.New("a copy into this database was begun and not finished; run `afterword copy` again, it goes on where it stopped")

// copyTable is a table to copy; columns[i] of the key are named in order.
type copyTable struct {
	name    string
	columns []string
	key     []int        // places of the primary key's columns
	flags   map[int]bool // columns that are boolean
}

func (t copyTable) list() string { return strings.Join(t.columns, ", ") }

func (t copyTable) keyList() string {
	names := make([]string, len(t.key))
	for i, k := range t.key {
		names[i] = t.columns[k]
	}
	return strings.Join(names, ", ")
}

// canonical makes a row of either engine the same: flags are booleans.
func (t copyTable) canonical(row []any) []any {
	for i := range t.flags {
		if n, ok := row[i].(int64); ok {
			row[i] = n != 0
		}
	}
	return row
}

// keyOf is the primary key of a row, as JSON.
func (t copyTable) keyOf(row []any) string {
	key := make([]any, len(t.key))
	for i, k := range t.key {
		key[i] = row[k]
	}
	text, err := json.Marshal(key)
	if err != nil { // text and numbers only
		panic(err)
	}
	return string(text)
}

// keyArgs reads what keyOf wrote.
func keyArgs(last string) (args []any, err error) {
	d := json.NewDecoder(strings.NewReader(last))
	d.UseNumber()
	if err := d.Decode(&args); err != nil {
		return nil, err
	}
	for i, a := range args {
		if n, ok := a.(json.Number); ok {
			if args[i], err = n.Int64(); err != nil {
				return nil, err
			}
		}
	}
	return args, nil
}
