package fill

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// table is a table as it is filled.
type table struct {
	name    string
	columns string
}

func (t *table) width() int { return strings.Count(t.columns, ",") + 1 }

// The tables, in an order that foreign keys allow. The columns are those that
// internal/store writes; what it leaves to a default is left here too.
var (
	pages    = &table{"pages", "site_id, page_id, page_key, url, title, created_at, closed_at, visible"}
	authors  = &table{"authors", "site_id, author_id, kind, name, email, approved, rejected, first_seen"}
	comments = &table{"comments", `site_id, comment_id, page_id, parent_id, depth, author_id, author_name, author_kind, badge,
		status, in_force, revision, public_revision, votes_up, votes_down, score, replies, shown,
		reports, sequence, version, risk, held, created_at, edited_at, decided_at, decided_by, reasons`}
	revisions = &table{"revisions", "site_id, comment_id, revision, source, tree, trace, created_at"}
	decisions = &table{"decisions", `site_id, comment_id, decision_id, revision, action, from_status, to_status, reason, note,
		actor_kind, actor_id, actor_name, at, effective_at, state`}
	votes  = &table{"votes", "site_id, comment_id, voter, value"}
	events = &table{"events", "site_id, seq, event_id, type, page_id, comment_id, sequence, actor_kind, actor_id, actor_name, previous, at, body, body_hash, prev, hash, actor_mac, covers"}

	tables = []*table{pages, authors, comments, revisions, decisions, votes, events}
)

// rowsOfStatement is how many rows one statement inserts.
const rowsOfStatement = 40

// bulk writes rows through one connection, a transaction for each batch.
type bulk struct {
	ctx  context.Context
	conn *sql.Conn
	full map[*table]*sql.Stmt // for rowsOfStatement rows
	copy bool                 // by PostgreSQL's copy protocol, which takes no statement
}

func newBulk(ctx context.Context, db *sql.DB, postgres bool) (*bulk, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &bulk{ctx: ctx, conn: conn, full: map[*table]*sql.Stmt{}, copy: postgres}, nil
}

func (b *bulk) close() error {
	for _, stmt := range b.full {
		stmt.Close()
	}
	return b.conn.Close()
}

func (b *bulk) exec(text string, args ...any) error {
	if _, err := b.conn.ExecContext(b.ctx, text, args...); err != nil {
		return fmt.Errorf("%.60s: %w", text, err)
	}
	return nil
}

// write writes a batch, one table after the other, so that what a row refers to
// is there before it.
func (b *bulk) write(rows []row) error {
	values := map[*table][]any{}
	for _, r := range rows {
		values[r.table] = append(values[r.table], r.values...)
	}
	if err := b.exec("begin"); err != nil {
		return err
	}
	for _, t := range tables {
		if err := b.insert(t, values[t]); err != nil {
			return fmt.Errorf("fill %s: %w", t.name, err)
		}
	}
	return b.exec("commit")
}

func (b *bulk) insert(t *table, values []any) error {
	if b.copy {
		return b.conn.Raw(func(driver any) error { return t.copyTo(b.ctx, driver.(*stdlib.Conn).Conn(), values) })
	}
	for some := range slices.Chunk(values, rowsOfStatement*t.width()) {
		n := len(some) / t.width()
		if n < rowsOfStatement {
			return b.exec(t.insert(n), some...)
		}
		stmt, err := b.statement(t)
		if err != nil {
			return err
		}
		if _, err := stmt.ExecContext(b.ctx, some...); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) copyTo(ctx context.Context, conn *pgx.Conn, values []any) error {
	width := t.width()
	_, err := conn.CopyFrom(ctx, pgx.Identifier{t.name}, strings.FieldsFunc(t.columns, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }),
		pgx.CopyFromSlice(len(values)/width, func(i int) ([]any, error) { return values[i*width : (i+1)*width], nil }))
	return err
}

func (b *bulk) statement(t *table) (*sql.Stmt, error) {
	if stmt := b.full[t]; stmt != nil {
		return stmt, nil
	}
	stmt, err := b.conn.PrepareContext(b.ctx, t.insert(rowsOfStatement))
	if err == nil {
		b.full[t] = stmt
	}
	return stmt, err
}

// insert is the statement for n rows.
func (t *table) insert(n int) string {
	var s strings.Builder
	s.WriteString("insert into " + t.name + " (" + t.columns + ") values ")
	for i := range n * t.width() {
		switch {
		case i == 0:
			s.WriteString("(")
		case i%t.width() == 0:
			s.WriteString("), (")
		default:
			s.WriteString(", ")
		}
		fmt.Fprintf(&s, "$%d", i+1)
	}
	return s.String() + ")"
}

// indexes takes the secondary indexes off the tables and returns the statements
// that make them again: sorting once is several times faster than keeping each
// in order row by row. Where there are comments already, they are left alone.
func (b *bulk) indexes() (again []string, err error) {
	var filled bool
	if err := b.conn.QueryRowContext(b.ctx, "select exists (select 1 from comments)").Scan(&filled); err != nil || filled {
		return nil, err
	}
	list := "select name, sql from sqlite_master where type = 'index' and sql is not null and tbl_name = $1"
	if b.copy {
		list = `select indexname, indexdef from pg_indexes where schemaname = current_schema() and tablename = $1
			and indexname not in (select conname from pg_constraint)`
	}
	for _, t := range tables {
		some, err := b.indexesOf(t, list)
		if err != nil {
			return again, err
		}
		again = append(again, some...)
	}
	return again, nil
}

func (b *bulk) indexesOf(t *table, list string) (again []string, err error) {
	rows, err := b.conn.QueryContext(b.ctx, list, t.name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var drop []string
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			return nil, err
		}
		drop, again = append(drop, "drop index "+name), append(again, statement)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, statement := range drop {
		if err := b.exec(statement); err != nil {
			return nil, err
		}
	}
	return again, nil
}
