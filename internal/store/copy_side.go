package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// side is one of the two databases of a copy, on one connection.
type side struct {
	db       *sql.DB
	conn     *sql.Conn
	lock     *Lock
	postgres bool
	version  int64 // of the schema
}

// openSide opens a database that nobody serves meanwhile.
func openSide(ctx context.Context, dsn string, target bool) (s *side, err error) {
	s = &side{postgres: IsServer(dsn)}
	if target {
		if err := bringUp(ctx, dsn); err != nil {
			return nil, err
		}
	}
	if s.postgres {
		s.db, err = sql.Open("pgx", dsn)
	} else {
		s.db, s.lock, err = openLocked(dsn)
	}
	if err != nil {
		return nil, err
	}
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if err := s.row(ctx, "select max(version) from schema_version", nil, &s.version); err != nil {
		return nil, errors.Join(errors.New("it is not a database of afterword"), err, s.close())
	}
	return s, nil
}

func openLocked(dsn string) (*sql.DB, *Lock, error) {
	path, err := FilePath(dsn)
	if err != nil {
		return nil, nil, err
	}
	lock, err := LockFile(path)
	if err != nil {
		return nil, nil, err
	}
	settings := url.Values{"mode": {"rw"}}
	for name, v := range sqliteSettings {
		settings[name] = v
	}
	return openFile(address(path, settings.Encode())), lock, nil
}

func (s *side) close() (err error) {
	if s.conn != nil {
		err = s.conn.Close()
	}
	err = errors.Join(err, s.db.Close())
	if s.lock != nil {
		err = errors.Join(err, s.lock.Release())
	}
	return err
}

func (s *side) text(statement string) string {
	if s.postgres {
		return statement
	}
	return numbered(statement)
}

func (s *side) exec(ctx context.Context, statement string, args ...any) error {
	_, err := s.conn.ExecContext(ctx, s.text(statement), args...)
	return err
}

func (s *side) row(ctx context.Context, statement string, args []any, dest ...any) error {
	return s.conn.QueryRowContext(ctx, s.text(statement), args...).Scan(dest...)
}

// each hands every row to read, which may keep it.
func (s *side) each(ctx context.Context, statement string, args []any, width int, read func([]any)) error {
	rows, err := s.conn.QueryContext(ctx, s.text(statement), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row, dest := make([]any, width), make([]any, width)
		for i := range row {
			dest[i] = &row[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		read(row)
	}
	return rows.Err()
}

func (s *side) has(ctx context.Context, table string) (bool, error) {
	statement := "select count(*) from sqlite_schema where type = 'table' and name = $1"
	if s.postgres {
		statement = "select count(*) from information_schema.tables where table_schema = current_schema() and table_name = $1"
	}
	var n int64
	err := s.row(ctx, statement, []any{table}, &n)
	return n > 0, err
}

// head is a digest of the newest event of every log: whatever changes a
// database that matters changes it.
func (s *side) head(ctx context.Context) (string, error) {
	var sum rowSum
	err := s.each(ctx, "select site_id, seq, hash from log_heads where seq > 0", nil, 3, sum.add)
	return sum.String(), err
}

// catalogue reads from the SQLite side what there is to copy: tables in the
// order in which they were made, which satisfies the foreign keys; and from the
// PostgreSQL side which columns are boolean.
func catalogue(ctx context.Context, from, to *side) (tables []copyTable, err error) {
	lite, pg := from, to
	if from.postgres {
		lite, pg = to, from
	}
	err = lite.each(ctx, "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by rowid", nil, 1, func(row []any) {
		if name := fmt.Sprint(row[0]); name != "schema_version" && name != "copy_state" {
			tables = append(tables, copyTable{name: name, flags: map[int]bool{}})
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range tables {
		t := &tables[i]
		key := map[int64]int{}
		err = lite.each(ctx, "select name, pk from pragma_table_info($1) order by cid", []any{t.name}, 2, func(row []any) {
			if pk := row[1].(int64); pk > 0 {
				key[pk] = len(t.columns)
			}
			t.columns = append(t.columns, fmt.Sprint(row[0]))
		})
		for pk := int64(1); pk <= int64(len(key)); pk++ {
			t.key = append(t.key, key[pk])
		}
		if err == nil {
			err = pg.each(ctx, "select column_name from information_schema.columns where table_schema = current_schema() and table_name = $1 and data_type = 'boolean'", []any{t.name}, 1, func(row []any) {
				t.flags[slices.Index(t.columns, fmt.Sprint(row[0]))] = true
			})
		}
		if err != nil {
			return nil, fmt.Errorf("columns of %s: %w", t.name, err)
		}
	}
	return tables, nil
}

// begin empties the target and notes what is copied into it.
func (s *side) begin(ctx context.Context, tables []copyTable, head string) error {
	return s.within(ctx, func() error {
		if err := s.exec(ctx, copyState); err != nil {
			return err
		}
		for _, t := range slices.Backward(tables) {
			if err := s.exec(ctx, "delete from "+t.name); err != nil {
				return err
			}
		}
		if err := s.exec(ctx, "delete from copy_state"); err != nil {
			return err
		}
		return s.exec(ctx, "insert into copy_state (table_name, last_key, copied, sum) values ('', $1, 0, '')", head)
	})
}

// within runs fn in a transaction of the connection.
func (s *side) within(ctx context.Context, fn func() error) error {
	if err := s.exec(ctx, "begin"); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		err = s.exec(ctx, "commit")
	}
	if err != nil {
		return errors.Join(err, s.exec(context.WithoutCancel(ctx), "rollback"))
	}
	return nil
}

// progress is how far the copy of a table had come.
func (s *side) progress(ctx context.Context, t copyTable, copied *int64) (last string, sum rowSum, err error) {
	var text string
	err = s.row(ctx, "select last_key, copied, sum from copy_state where table_name = $1", []any{t.name}, &last, copied, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", sum, s.exec(ctx, "insert into copy_state (table_name, last_key, copied, sum) values ($1, '', 0, '')", t.name)
	}
	if err == nil && text != "" {
		err = sum.read(text)
	}
	return last, sum, err
}

// batch reads the rows behind last.
func (s *side) batch(ctx context.Context, t copyTable, last string) (rows [][]any, err error) {
	condition, args := "", []any{}
	if last != "" {
		if args, err = keyArgs(last); err != nil {
			return nil, err
		}
		condition = " where (" + t.keyList() + ") > (" + places(1, len(t.key)) + ")"
	}
	statement := fmt.Sprintf("select %s from %s%s order by %s limit %d", t.list(), t.name, condition, t.keyList(), copyBatch)
	err = s.each(ctx, statement, args, len(t.columns), func(row []any) { rows = append(rows, t.canonical(row)) })
	return rows, err
}

// copyStep is the step that a batch takes.
type copyStep struct {
	before, last string
	copied       int64
	sum          string
}

// errTwoCopies is what the slower of two copies into one target gets.
var errTwoCopies = errors.New("another copy into this target is under way")

// put writes a batch and notes it, in one transaction.
func (s *side) put(ctx context.Context, t copyTable, rows [][]any, step copyStep) error {
	return s.within(ctx, func() error {
		res, err := s.conn.ExecContext(ctx, s.text("update copy_state set last_key = $2, copied = $3, sum = $4 where table_name = $1 and last_key = $5"),
			t.name, step.last, step.copied, step.sum, step.before)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(errTwoCopies, err)
		}
		if s.postgres {
			return s.conn.Raw(func(raw any) error {
				_, err := raw.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(rows))
				return err
			})
		}
		stmt, err := s.conn.PrepareContext(ctx, s.text("insert into "+t.name+" ("+t.list()+") values ("+places(1, len(t.columns))+")"))
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, row := range rows {
			if _, err := stmt.ExecContext(ctx, row...); err != nil {
				return err
			}
		}
		return nil
	})
}

// rowSum adds up the SHA-256 values of rows, so that their order is no matter.
type rowSum [4]uint64

// add counts a row in; values of different types or bounds never run together.
func (s *rowSum) add(row []any) {
	h := sha256.New()
	for _, v := range row {
		switch v := v.(type) {
		case []byte:
			fmt.Fprintf(h, "b%d:", len(v))
			h.Write(v)
		case string:
			fmt.Fprintf(h, "s%d:%s", len(v), v)
		default:
			fmt.Fprintf(h, "%v;", v)
		}
	}
	sum := h.Sum(nil)
	for i := range s {
		s[i] += binary.LittleEndian.Uint64(sum[8*i:])
	}
}

func (s *rowSum) String() string {
	var b [32]byte
	for i, v := range s {
		binary.LittleEndian.PutUint64(b[8*i:], v)
	}
	return hex.EncodeToString(b[:])
}

func (s *rowSum) read(text string) error {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 32 {
		return errors.New("the copy's own notes are damaged; begin anew with --restart")
	}
	for i := range s {
		s[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return nil
}
