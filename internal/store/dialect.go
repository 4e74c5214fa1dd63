package store

import (
	"context"
	"regexp"
	"time"
)

// dialect is what differs between the engines. Statements are written once, in
// PostgreSQL's $1 form and in the SQL that the engines share.
type dialect struct {
	name string
	// ddl rewrites a migration.
	ddl func(statements string) string
	// fault says what kind of trouble an engine's error is; nil = not the engine's.
	fault func(error) error
	// begin begins a transaction that writes. It locks the sites' heads of log,
	// in their order, and returns those that are there. What is to be asked first
	// under the locks is asked along; no answers = it was not.
	begin func(ctx context.Context, c conn, sites []string, first []ask) (map[string]head, []answer, error)
	// view begins one that reads from a snapshot.
	view func(ctx context.Context, c conn) error
	// change begins one that changes the schema, and keeps other nodes from it.
	change func(ctx context.Context, c conn) error
	clock  string // the database's own time, in microseconds
	tables string // counts the tables that have the name $1
	// oneWriter: a transaction that writes is the only one, whatever it locks.
	oneWriter bool
	skip      string        // after a select: lock its rows, pass over those locked by others
	patience  time.Duration // that a use case waits for its turn
}

var (
	parameter = regexp.MustCompile(`\$(\d+)`)
	tableEnd  = regexp.MustCompile(`(?m)^\);`)
	engineInt = regexp.MustCompile(`\b(bigint|boolean)\b`)
	engineBin = regexp.MustCompile(`\bbytea\b`)
	textType  = regexp.MustCompile(`(?m)^(  \w+ +)text\b`)
)

var sqlite = dialect{
	name: "sqlite",
	ddl: func(s string) string {
		s = engineInt.ReplaceAllString(s, "integer")
		s = engineBin.ReplaceAllString(s, "blob")
		return tableEnd.ReplaceAllString(s, ") strict;")
	},
	fault:     sqliteFault,
	begin:     sqliteBegin(lockedTime - busyTime),
	view:      func(ctx context.Context, c conn) error { return c.put(ctx, "begin") },
	change:    func(ctx context.Context, c conn) error { return c.put(ctx, "begin immediate") },
	tables:    "select count(*) from sqlite_schema where type = 'table' and name = $1",
	clock:     "cast(unixepoch('subsec') * 1000000 as integer)",
	oneWriter: true,
	patience:  lockedTime + busyTime,
}

// postgres compares texts byte by byte, as SQLite does and whatever the
// database's own collation is: ids and cursors are in that order.
func postgres(s *server) dialect {
	return dialect{
		name:     "postgres",
		ddl:      func(s string) string { return textType.ReplaceAllString(s, `${1}text collate "C"`) },
		fault:    postgresFault,
		begin:    s.begin,
		view:     s.view,
		change:   s.change,
		tables:   "select count(*) from pg_catalog.pg_class where oid = to_regclass($1) and relkind in ('r', 'p')",
		clock:    "cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)",
		skip:     " for update skip locked",
		patience: 5 * time.Second,
	}
}

func (d dialect) wrap(err error) error {
	if err == nil {
		return nil
	}
	if f := d.fault(err); f != nil {
		return f
	}
	return err
}
