package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/afterword-comments/afterword/internal/fault"
)

// pgConn is a connection to a server. It speaks to pgx itself and not through
// database/sql, because a round trip costs as much as the statement: what needs
// no answer travels with the next statement that does.
type pgConn struct {
	server *server
	config *pgx.ConnConfig
	raw    *pgx.Conn // nil = none
	used   time.Time
	queue  []statement // put, and not sent
	queued int         // number of statements of this transaction, sent or not
	sent   bool        // something of this transaction has been sent
	wrote  int         // number of its writes that have been sent
	alone  bool        // the server has warned that a commit did not wait for its standby
	bold   bool
	left   bool // a transaction that has only read is still open, and over
	stale  bool // another connection may lead to another server, which is better
	state  trouble
	err    error // behind the state
}

// statement is one to be sent.
type statement struct {
	text  string
	args  []any
	write bool
	ended func() // of a commit that others follow: it has happened
}

// queueFull is the number of statements that are sent whether or not there is
// one with an answer.
const queueFull = 500

// readOnly is the SQLSTATE of a server that has become a standby.
const readOnly = "25006"

// idleTime is how long a connection may rest before it is asked whether it is
// still alive.
const idleTime = time.Second

func (c *pgConn) ready(ctx context.Context) (err error) {
	c.reset()
	left := c.left
	if c.left = false; c.stale {
		c.drop()
	}
	if c.raw != nil && time.Since(c.used) > idleTime {
		c.deadline(min(askTime, c.server.answer))
		if c.raw.Ping(ctx) != nil {
			c.drop()
		}
	}
	if c.raw == nil {
		err = c.connect(ctx)
	}
	c.used = time.Now()
	if left && err == nil {
		c.queue = append(c.queue, statement{text: "rollback"})
	}
	return err
}

// leave lets the end of the transaction travel with the beginning of the next.
func (c *pgConn) leave(ctx context.Context) {
	if c.sent && c.state == fine && !c.server.pooled {
		c.queue, c.left = c.queue[:0], true
		return
	}
	_, _ = c.exec(ctx, "rollback") // it has only read
}

// rest ends it now, so that it keeps nothing from being cleared up.
func (c *pgConn) rest(ctx context.Context) {
	if c.left {
		c.left = false
		_, _ = c.exec(ctx, "rollback") // it has only read
	}
}

func (c *pgConn) connect(ctx context.Context) (err error) {
	config := c.config.Copy()
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { c.warned(n) }
	c.raw, err = c.server.connect(ctx, config)
	return err
}

// reset begins the account of a transaction.
func (c *pgConn) reset() {
	c.queue, c.queued, c.sent, c.wrote, c.state, c.err = c.queue[:0], 0, false, 0, fine, nil
}

func (c *pgConn) deadline(d time.Duration) {
	if c.server.answer == 0 {
		return
	}
	_ = c.raw.PgConn().Conn().SetDeadline(time.Now().Add(d)) // a closed one says so by itself
}

// drop closes the connection; the next transaction gets another one.
func (c *pgConn) drop() {
	if c.raw == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_ = c.raw.Close(ctx) // whatever it says, it is of no more use
	c.raw, c.stale = nil, false
}

func (c *pgConn) close() { c.drop() }

func (c *pgConn) assume(on bool)   { c.bold = on }
func (c *pgConn) trouble() trouble { return c.state }
func (c *pgConn) mark() mark       { return mark{c.queued, c.wrote} }

func (c *pgConn) back(m mark) bool {
	if c.state != fine || c.wrote != m.wrote {
		c.queue = c.queue[:0]
		return false
	}
	unsent := min(c.queued-m.queued, len(c.queue))
	c.queue = c.queue[:len(c.queue)-unsent]
	return true
}

func (c *pgConn) add(s statement) {
	c.queue = append(c.queue, s)
	c.queued++
}

func (c *pgConn) put(ctx context.Context, text string, args ...any) error {
	c.add(statement{text: text, args: args, write: true})
	if len(c.queue) < queueFull {
		return c.err
	}
	return c.flush(ctx)
}

// sure has the server fail where the guess is wrong, so that nothing that was
// sent along is carried out, and no commit.
func (c *pgConn) sure(ctx context.Context, text string, args ...any) (int64, error) {
	if !c.bold {
		return c.exec(ctx, text, args...)
	}
	return 1, c.put(ctx, "with guess as ("+text+" returning 1) select 1 / count(*) from guess", args...)
}

// end commits with the next statement that has an answer: the next transaction
// begins on the same way. ended is called if the commit has happened.
func (c *pgConn) end(ended func()) {
	c.alone = false
	c.add(statement{"commit", nil, true, ended})
}

func (c *pgConn) exec(ctx context.Context, text string, args ...any) (n int64, err error) {
	if strings.HasPrefix(text, "rollback") {
		return 0, c.rollback(ctx, text)
	}
	c.add(statement{text: text, args: args, write: true})
	c.alone = false
	err = c.send(ctx, text == "commit", 1, func(r pgx.BatchResults) error {
		tag, err := r.Exec()
		if err == nil && text == "commit" {
			err = c.committed(tag)
		}
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

// committed looks at what a server says that it did for a commit.
func (c *pgConn) committed(tag pgconn.CommandTag) error {
	switch {
	case tag.String() != "COMMIT":
		return fault.New(fault.Internal, "internal", "The transaction was not committed: "+tag.String())
	case c.alone:
		return errAlone
	}
	return nil
}

// errAlone is a commit whose wait for the standby was interrupted: the server
// calls it a success, but a failover may lose it.
var errAlone = errors.New("the standby may not have the commit")

// warned notes warning 01000, which a COMMIT carries for that reason alone. It
// is called while an answer is read, by whoever reads it.
func (c *pgConn) warned(n *pgconn.Notice) { c.alone = c.alone || n.Code == "01000" }

func (c *pgConn) each(ctx context.Context, text string, args []any, read func(scanner) error) error {
	c.add(statement{text: text, args: args})
	return c.send(ctx, false, 1, func(r pgx.BatchResults) error {
		rows, err := r.Query()
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := read(rows); err != nil {
				return &readError{err}
			}
		}
		return rows.Err()
	})
}

func (c *pgConn) far() bool { return true }

func (c *pgConn) together(ctx context.Context, asks []ask) (answers []answer, err error) {
	all := questions(asks)
	for _, q := range all {
		c.add(statement{text: q.text, args: q.args})
	}
	err = c.send(ctx, false, len(all), func(r pgx.BatchResults) error {
		answers = make([]answer, len(asks))
		for _, q := range all {
			if err := c.hear(r, q, answers); err != nil {
				return err
			}
		}
		return nil
	})
	return answers, err
}

// hear reads the rows of a question and keeps them for those who have asked.
func (c *pgConn) hear(r pgx.BatchResults, q question, answers []answer) error {
	rows, err := r.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	types, fields := c.raw.TypeMap(), slices.Clone(rows.FieldDescriptions())
	kept := make([][]keptRow, len(q.of))
	for rows.Next() {
		row := keptRow{types: types, fields: fields}
		for _, value := range rows.RawValues() {
			row.values = append(row.values, bytes.Clone(value))
		}
		whose := 0
		if len(q.of) > 1 {
			if whose, row, err = row.first(); err != nil {
				return fmt.Errorf("whose row of %d questions: %w", len(kept), err)
			}
		}
		kept[whose] = append(kept[whose], row)
	}
	for i, n := range q.of {
		answers[n] = func(read func(scanner) error) error {
			for _, row := range kept[i] {
				if err := read(row); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return rows.Err()
}

// keptRow is a row that was read ahead.
type keptRow struct {
	types  *pgtype.Map
	fields []pgconn.FieldDescription
	values [][]byte
}

// first takes the first column off, which says whose the row is.
func (r keptRow) first() (whose int, rest keptRow, err error) {
	err = pgx.ScanRow(r.types, r.fields[:1], r.values[:1], &whose)
	return whose - 1, keptRow{r.types, r.fields[1:], r.values[1:]}, err
}

// Scan implements scanner.
func (r keptRow) Scan(dest ...any) error { return pgx.ScanRow(r.types, r.fields, r.values, dest...) }

// readError is an error of whoever reads rows, and none of the connection.
type readError struct{ error }

func (e *readError) Unwrap() error { return e.error }

func (c *pgConn) flush(ctx context.Context) error {
	if len(c.queue) == 0 {
		return c.err
	}
	return c.send(ctx, false, 0, func(pgx.BatchResults) error { return nil })
}

// rollback clears what trouble there was. Where nothing has been sent there is
// nothing to take back.
func (c *pgConn) rollback(ctx context.Context, text string) error {
	c.queue = c.queue[:0]
	if c.raw == nil || !c.sent {
		return c.err
	}
	c.state, c.err = fine, nil
	c.deadline(c.server.answer)
	// Not as a prepared statement: after an error pgx forgets those that it had
	// sent along, and cannot prepare them again before the transaction has ended.
	_, err := c.raw.PgConn().Exec(ctx, text).ReadAll()
	if err != nil {
		c.drop()
	}
	return c.failed(err, true)
}

func (c *pgConn) script(ctx context.Context, statements string) error {
	if err := c.flush(ctx); err != nil {
		return err
	}
	_, err := c.raw.PgConn().Exec(ctx, statements).ReadAll()
	return c.failed(err, false)
}

// send sends what is in the queue in one go, and lets hear have the results of
// the last heard statements. ends = it ends the transaction; so does a commit
// that is among them, until it has been answered.
func (c *pgConn) send(ctx context.Context, ends bool, heard int, hear func(pgx.BatchResults) error) error {
	if c.err != nil {
		return c.err
	}
	all := c.queue
	c.queue = c.queue[:0]
	if c.bold {
		all = append(merged(all[:len(all)-heard]), all[len(all)-heard:]...)
	}
	first := !c.sent
	ends = ends || slices.ContainsFunc(all, func(s statement) bool { return s.ended != nil })
	err := c.batch(ctx, all, heard, hear)
	if first && !ends && c.lost(err) {
		// Nobody has seen anything of this transaction yet.
		c.drop()
		if err = c.connect(ctx); err == nil {
			err = c.batch(ctx, all, heard, hear)
		}
	}
	var after *afterCommit
	return c.failed(err, ends && !errors.As(err, &after))
}

// afterCommit is an error of what was sent after a commit that has happened.
type afterCommit struct{ error }

func (e *afterCommit) Unwrap() error { return e.error }

func (c *pgConn) batch(ctx context.Context, all []statement, heard int, hear func(pgx.BatchResults) error) (err error) {
	if c.raw == nil {
		return errNoConnection
	}
	b := &pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, len(all))}
	for _, s := range all {
		b.Queue(s.text, s.args...)
		if s.write {
			c.wrote++
		}
	}
	c.sent = true
	c.deadline(c.server.answer)
	results := c.raw.SendBatch(ctx, b)
	ended := false
	defer func() {
		if closed := results.Close(); err == nil {
			err = closed
		}
		if ended && err != nil {
			err = &afterCommit{err}
		}
	}()
	for _, s := range all[:len(all)-heard] {
		tag, err := results.Exec()
		switch {
		case s.ended != nil && err == nil:
			if err = c.committed(tag); err != nil {
				return err
			}
			ended = true
			s.ended()
		case s.ended != nil:
			return err
		case err != nil:
			return &lateError{err}
		}
	}
	return hear(results)
}

// lateError is the error of a statement whose answer nobody has waited for.
type lateError struct{ error }

func (e *lateError) Unwrap() error { return e.error }

var errNoConnection = errors.New("there is no connection")

// lost reports whether an error has cost the connection.
func (c *pgConn) lost(err error) bool {
	var e *pgconn.PgError
	var network net.Error
	switch {
	case err == nil:
		return false
	case c.raw == nil || c.raw.IsClosed() || errors.As(err, &network):
		return true
	}
	return errors.As(err, &e) && (e.Severity == "FATAL" || e.Severity == "PANIC")
}

// failed notes what an error means for the transaction.
func (c *pgConn) failed(err error, ends bool) error {
	if err == nil {
		return nil
	}
	var behind *lateError
	var read *readError
	var e *pgconn.PgError
	c.state = failed
	switch {
	case errors.Is(err, errAlone):
		c.state = doubt
	case c.lost(err):
		c.drop()
		c.state = gone
		if ends {
			c.state = doubt
		}
	case errors.As(err, &read):
		c.state = fine
		return read.error
	case errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01"):
		c.state = again
	case errors.As(err, &behind):
		c.state = late
	}
	c.stale = c.stale || e != nil && e.Code == readOnly
	switch f := postgresFault(err); {
	case c.state == doubt:
		err = inDoubt(err)
	case f != nil:
		err = f
	case c.state == gone:
		err = unreachable(err)
	}
	c.err = err
	return err
}
