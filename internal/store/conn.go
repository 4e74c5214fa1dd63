package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/afterword-comments/afterword/internal/fault"
)

// conn is one connection to an engine. One goroutine uses it at a time, and
// reads an answer to its end before it asks the next question.
type conn interface {
	// ready makes sure, before a transaction, that there is a live connection.
	ready(ctx context.Context) error
	// exec runs a statement and returns the number of rows that it changed.
	exec(ctx context.Context, statement string, args ...any) (int64, error)
	// put runs a statement that is taken to succeed and whose answer nobody
	// needs. An engine behind a wire sends it together with the next one that
	// has an answer; its error is then trouble late.
	put(ctx context.Context, statement string, args ...any) error
	// sure is put for a statement that is taken to change one row, where
	// assume is on; it then returns 1. Otherwise it is exec.
	sure(ctx context.Context, statement string, args ...any) (int64, error)
	// assume turns the guesses of sure on or off.
	assume(on bool)
	source
	// together asks several things on one way there and back.
	together(ctx context.Context, asks []ask) ([]answer, error)
	// script runs the statements of a migration.
	script(ctx context.Context, statements string) error
	// mark names the point that has been reached. back takes back what was run
	// since, and reports whether it could, as nothing of it had taken effect.
	mark() mark
	back(mark) bool
	// flush sends what was put.
	flush(ctx context.Context) error
	// leave ends a transaction that has only read; an engine behind a wire may
	// put it off until rest is called or another one begins.
	leave(ctx context.Context)
	rest(ctx context.Context)
	// trouble is what stands in the way of the transaction.
	trouble() trouble
	close()
}

// source is where a statement that reads is answered.
type source interface {
	// each reads the rows of a statement.
	each(ctx context.Context, statement string, args []any, read func(scanner) error) error
	// far = a statement costs a way there and back.
	far() bool
}

// chain is a conn on which the next transaction can begin on the way of a commit.
type chain interface {
	// end commits, before what is asked next; ended is called when it has
	// happened. Where it has not, the error of that question and the trouble are
	// the commit's.
	end(ended func())
}

// mark is a point in the statements of a transaction.
type mark struct{ queued, wrote int }

// trouble tells what is left of a transaction after an error.
type trouble int

const (
	fine   trouble = iota
	failed         // the engine takes nothing before a rollback
	late           // a guess was wrong, perhaps about an earlier use case
	again          // the engine wants the whole transaction once more
	gone           // the connection is lost, and the transaction with it
	doubt          // it was lost in the middle of a commit
)

// scanner is a row to read columns from.
type scanner interface{ Scan(dest ...any) error }

// list reads every row of a statement.
func list[T any](q *query, read func(scanner) (T, error), text string, args ...any) ([]T, error) {
	all := []T{}
	err := q.each(text, args, func(s scanner) error {
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
	return i.ScanInt64(pgtype.Int8{Int64: us})
}

// ScanInt64 implements pgtype.Int64Scanner, which spares the way over any.
func (i instant) ScanInt64(v pgtype.Int8) error {
	*i.t = time.Time{}
	if v.Int64 != 0 {
		*i.t = time.UnixMicro(v.Int64).UTC()
	}
	return nil
}

func scanString(s scanner) (v string, err error) { err = s.Scan(&v); return v, err }
func scanInt(s scanner) (v int64, err error)     { err = s.Scan(&v); return v, err }
