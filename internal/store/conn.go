package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

// conn is one connection with its prepared statements: their number is the
// number of statements in this package, so the cache needs no bound. One
// goroutine uses a conn at a time.
type conn struct {
	raw      *sql.Conn
	dialect  dialect
	prepared map[string]*sql.Stmt
}

func newConn(ctx context.Context, db *sql.DB, d dialect) (*conn, error) {
	raw, err := db.Conn(ctx)
	if err != nil {
		return nil, d.wrap(err)
	}
	return &conn{raw: raw, dialect: d, prepared: map[string]*sql.Stmt{}}, nil
}

func (c *conn) close() {
	for _, stmt := range c.prepared {
		stmt.Close()
	}
	c.raw.Close()
}

func (c *conn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := c.prepared[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := c.raw.PrepareContext(ctx, c.dialect.bind(text))
	if err != nil {
		return nil, c.dialect.wrap(err)
	}
	c.prepared[text] = stmt
	return stmt, nil
}

// exec runs a statement and returns the number of rows that it changed.
func (c *conn) exec(ctx context.Context, text string, args ...any) (int64, error) {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return 0, err
	}
	res, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, c.dialect.wrap(err)
	}
	n, err := res.RowsAffected()
	return n, c.dialect.wrap(err)
}

// scanner is a row to read columns from.
type scanner interface{ Scan(dest ...any) error }

func (c *conn) each(ctx context.Context, text string, args []any, read func(scanner) error) error {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return c.dialect.wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return c.dialect.wrap(err)
		}
	}
	return c.dialect.wrap(rows.Err())
}

// list reads every row of a statement.
func list[T any](q *query, read func(scanner) (T, error), text string, args ...any) ([]T, error) {
	all := []T{}
	err := q.conn.each(q.ctx, text, args, func(s scanner) error {
		one, err := read(s)
		all = append(all, one)
		return err
	})
	return all, err
}

// one reads the first row of a statement; none is fault.Missing.
func one[T any](q *query, read func(scanner) (T, error), text string, args ...any) (T, error) {
	all, err := list(q, read, text, args...)
	if err != nil || len(all) == 0 {
		var none T
		if err == nil {
			err = fault.Missing()
		}
		return none, err
	}
	return all[0], nil
}

// micros writes an instant; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// instant reads what micros wrote.
type instant struct{ t *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(v any) error {
	us, _ := v.(int64)
	*i.t = time.Time{}
	if us != 0 {
		*i.t = time.UnixMicro(us).UTC()
	}
	return nil
}

func scanString(s scanner) (v string, err error) { err = s.Scan(&v); return v, err }
func scanInt(s scanner) (v int64, err error)     { err = s.Scan(&v); return v, err }
