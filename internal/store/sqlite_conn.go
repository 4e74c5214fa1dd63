package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// sqliteConn is a connection to a file, with its prepared statements: their
// number is the number of statements in this package, so the cache needs no
// bound. Nothing is put off, and a file does not go away. It speaks to the
// driver itself: what database/sql does for a statement (locks, a context to
// watch, values turned about by reflection) cost a third of what SQLite did.
type sqliteConn struct {
	raw      *sqlite3.SQLiteConn
	prepared map[string]*sqliteStatement
	wrote    int // statements that may have changed something
}

// sqliteStatement is a prepared statement with room for what it takes and gives,
// so that a call allocates neither.
type sqliteStatement struct {
	*sqlite3.SQLiteStmt
	args []driver.NamedValue
	row  []driver.Value // nil = the number of columns is not known yet
}

func newSQLiteConn(ctx context.Context, c connector) (*sqliteConn, error) {
	raw, err := c.Connect(ctx)
	if err != nil {
		return nil, sqlite.wrap(err)
	}
	return &sqliteConn{raw: raw.(*sqlite3.SQLiteConn), prepared: map[string]*sqliteStatement{}}, nil
}

func (c *sqliteConn) close() {
	for _, stmt := range c.prepared {
		_ = stmt.Close()
	}
	_ = c.raw.Close()
}

func (c *sqliteConn) prepare(ctx context.Context, text string, args []any) (*sqliteStatement, error) {
	stmt := c.prepared[text]
	if stmt == nil {
		made, err := c.raw.PrepareContext(ctx, numbered(text))
		if err != nil {
			return nil, sqlite.wrap(err)
		}
		stmt = &sqliteStatement{SQLiteStmt: made.(*sqlite3.SQLiteStmt)}
		stmt.args = make([]driver.NamedValue, stmt.NumInput())
		c.prepared[text] = stmt
	}
	return stmt, stmt.take(args)
}

// take turns arguments into what the driver knows.
func (s *sqliteStatement) take(args []any) (err error) {
	if len(args) != len(s.args) {
		return fmt.Errorf("a statement has %d parameters and got %d", len(s.args), len(args))
	}
	for i, arg := range args {
		s.args[i].Ordinal = i + 1
		if s.args[i].Value, err = driver.DefaultParameterConverter.ConvertValue(arg); err != nil {
			return fmt.Errorf("parameter %d: %w", i+1, err)
		}
	}
	return nil
}

// numbered: the driver binds $N by order of appearance and ?N by number.
func numbered(statement string) string { return parameter.ReplaceAllString(statement, "?$1") }

func (c *sqliteConn) exec(ctx context.Context, text string, args ...any) (int64, error) {
	stmt, err := c.prepare(ctx, text, args)
	if err != nil {
		return 0, err
	}
	c.wrote++
	res, err := stmt.ExecContext(ctx, stmt.args)
	if err != nil {
		return 0, sqlite.wrap(err)
	}
	n, err := res.RowsAffected()
	return n, sqlite.wrap(err)
}

func (c *sqliteConn) each(ctx context.Context, text string, args []any, read func(scanner) error) error {
	stmt, err := c.prepare(ctx, text, args)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, stmt.args)
	if err != nil {
		return sqlite.wrap(err)
	}
	defer func() { _ = rows.Close() }()
	if stmt.row == nil {
		stmt.row = make([]driver.Value, len(rows.Columns()))
	}
	for {
		err := rows.Next(stmt.row)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = read(values(stmt.row))
		}
		if err != nil {
			return sqlite.wrap(err)
		}
	}
}

func (c *sqliteConn) script(ctx context.Context, statements string) error {
	_, err := c.raw.ExecContext(ctx, statements, nil)
	return sqlite.wrap(err)
}

func (c *sqliteConn) put(ctx context.Context, text string, args ...any) error {
	_, err := c.exec(ctx, text, args...)
	return err
}

func (c *sqliteConn) sure(ctx context.Context, text string, args ...any) (int64, error) {
	return c.exec(ctx, text, args...)
}

func (c *sqliteConn) leave(ctx context.Context) { _, _ = c.exec(ctx, "rollback") } // it has only read

func (c *sqliteConn) together(context.Context, []ask) ([]answer, error) {
	return nil, errors.New("a file is asked one thing after the other")
}

func (c *sqliteConn) mark() mark       { return mark{wrote: c.wrote} }
func (c *sqliteConn) back(m mark) bool { return c.wrote == m.wrote }

func (c *sqliteConn) far() bool                   { return false }
func (c *sqliteConn) rest(context.Context)        {}
func (c *sqliteConn) ready(context.Context) error { return nil }
func (c *sqliteConn) assume(bool)                 {}
func (c *sqliteConn) flush(context.Context) error { return nil }
func (c *sqliteConn) trouble() trouble            { return fine }
