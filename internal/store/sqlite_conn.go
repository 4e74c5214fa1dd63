package store

import (
	"context"
	"database/sql"
	"errors"
)

// sqliteConn is a connection to a file, with its prepared statements: their
// number is the number of statements in this package, so the cache needs no
// bound. Nothing is put off, and a file does not go away.
type sqliteConn struct {
	raw      *sql.Conn
	prepared map[string]*sql.Stmt
}

func newSQLiteConn(ctx context.Context, db *sql.DB) (*sqliteConn, error) {
	raw, err := db.Conn(ctx)
	if err != nil {
		return nil, sqlite.wrap(err)
	}
	return &sqliteConn{raw: raw, prepared: map[string]*sql.Stmt{}}, nil
}

func (c *sqliteConn) close() {
	for _, stmt := range c.prepared {
		stmt.Close()
	}
	c.raw.Close()
}

func (c *sqliteConn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := c.prepared[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := c.raw.PrepareContext(ctx, numbered(text))
	if err != nil {
		return nil, sqlite.wrap(err)
	}
	c.prepared[text] = stmt
	return stmt, nil
}

// numbered: the driver binds $N by order of appearance and ?N by number.
func numbered(statement string) string { return parameter.ReplaceAllString(statement, "?$1") }

func (c *sqliteConn) exec(ctx context.Context, text string, args ...any) (int64, error) {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return 0, err
	}
	res, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, sqlite.wrap(err)
	}
	n, err := res.RowsAffected()
	return n, sqlite.wrap(err)
}

func (c *sqliteConn) each(ctx context.Context, text string, args []any, read func(scanner) error) error {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return sqlite.wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return sqlite.wrap(err)
		}
	}
	return sqlite.wrap(rows.Err())
}

func (c *sqliteConn) script(ctx context.Context, statements string) error {
	_, err := c.raw.ExecContext(ctx, statements)
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

func (c *sqliteConn) far() bool                   { return false }
func (c *sqliteConn) rest(context.Context)        {}
func (c *sqliteConn) ready(context.Context) error { return nil }
func (c *sqliteConn) assume(bool)                 {}
func (c *sqliteConn) mark() mark                  { return mark{} }
func (c *sqliteConn) back(mark) bool              { return false }
func (c *sqliteConn) flush(context.Context) error { return nil }
func (c *sqliteConn) trouble() trouble            { return fine }
