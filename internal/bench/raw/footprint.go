package raw

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Footprint is what one accepted comment has left in the database: the rows
// that were inserted for it. The floor of the writes inserts the same rows
// again, under new ids, and moves the same counters.
type Footprint struct {
	site, status string
	page, author string
	public       bool
	inserts      []insertion
	seq          int64
}

type insertion struct {
	table   string
	columns []string
	values  []any
}

// rowTables are the tables that have rows of a comment, in an order that
// foreign keys allow.
var rowTables = []string{"comments", "revisions", "decisions", "events"}

// Learn reads the footprint of a comment.
func Learn(ctx context.Context, db *sql.DB, site, id string) (*Footprint, error) {
	f := &Footprint{site: site}
	for _, table := range rowTables {
		found, err := rowsOf(ctx, db, table, site, id)
		if err != nil {
			return nil, fmt.Errorf("rows of %s: %w", table, err)
		}
		f.inserts = append(f.inserts, found...)
	}
	if len(f.inserts) == 0 {
		return nil, errors.New("the comment has left no rows")
	}
	c := f.inserts[0]
	f.status, f.page, f.author = c.text("status"), c.text("page_id"), c.text("author_id")
	f.public = f.status == string(comment.Approved)
	err := db.QueryRowContext(ctx, "select seq from log_heads where site_id = $1", site).Scan(&f.seq)
	return f, err
}

func (i insertion) text(column string) string {
	for n, name := range i.columns {
		if name == column {
			return fmt.Sprint(i.values[n])
		}
	}
	return ""
}

func rowsOf(ctx context.Context, db *sql.DB, table, site, id string) (found []insertion, err error) {
	rows, err := db.QueryContext(ctx, "select * from "+table+" where site_id = $1 and comment_id = $2", site, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		one := insertion{table: table, columns: columns, values: make([]any, len(columns))}
		into := make([]any, len(columns))
		for i := range into {
			into[i] = &one.values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, rows.Err()
}

// statement is one statement of the floor and how its parameters are made.
type statement struct {
	text string
	args func() []any
	stmt *sql.Stmt
}

// statements are those of one more comment, as few as there can be.
func (f *Footprint) statements() []*statement {
	var id string
	var all []*statement
	for _, row := range f.inserts {
		all = append(all, f.again(row, &id))
	}
	all = append(all,
		&statement{text: "update status_counts set n = n + 1 where site_id = $1 and status = $2", args: func() []any { return []any{f.site, f.status} }},
		&statement{text: "update log_heads set seq = $1, hash = $2 where site_id = $3", args: func() []any { return []any{f.seq, strings.Repeat("0", 64), f.site} }},
	)
	if f.public {
		all = append(all,
			&statement{text: "update pages set visible = visible + 1 where site_id = $1 and page_id = $2", args: func() []any { return []any{f.site, f.page} }},
			&statement{text: "update authors set approved = approved + 1 where site_id = $1 and author_id = $2", args: func() []any { return []any{f.site, f.author} }},
		)
	}
	return all
}

// again inserts a row once more, under a new id.
func (f *Footprint) again(row insertion, id *string) *statement {
	places := make([]string, len(row.columns))
	for i := range places {
		places[i] = fmt.Sprint("$", i+1)
	}
	text := "insert into " + row.table + " (" + strings.Join(row.columns, ", ") + ") values (" + strings.Join(places, ", ") + ")"
	return &statement{text: text, args: func() []any {
		if row.table == "comments" {
			*id = comment.NewID()
		}
		args := make([]any, len(row.values))
		copy(args, row.values)
		for i, name := range row.columns {
			switch name {
			case "comment_id":
				args[i] = *id
			case "event_id", "decision_id":
				args[i] = comment.NewID()
			case "seq":
				f.seq++
				args[i] = f.seq
			case "created_at", "at":
				args[i] = time.Now().UnixMicro()
			}
		}
		return args
	}}
}

// Write inserts comments for a time, so many to a transaction; it gives the
// number of comments and how long it took. On SQLite each row is a call of a
// prepared statement; on PostgreSQL a transaction's statements travel together,
// as they do from the product, so that no round trip slows the floor down.
func (f *Footprint) Write(ctx context.Context, db *sql.DB, group int, most time.Duration) (written int, took time.Duration, err error) {
	all := f.statements()
	write := func() error { return writeGroup(ctx, db, all, group) }
	if _, ok := db.Driver().(*stdlib.Driver); ok {
		write = func() error { return sendGroup(ctx, db, all, group) }
	} else {
		for _, s := range all {
			if s.stmt, err = db.PrepareContext(ctx, s.text); err != nil {
				return 0, 0, fmt.Errorf("%s: %w", s.text, err)
			}
			defer s.stmt.Close()
		}
	}
	began := time.Now()
	for time.Since(began) < most {
		if err := write(); err != nil {
			return written, 0, err
		}
		written += group
	}
	return written, time.Since(began), nil
}

func writeGroup(ctx context.Context, db *sql.DB, all []*statement, group int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for range group {
		for _, s := range all {
			if _, err := tx.StmtContext(ctx, s.stmt).ExecContext(ctx, s.args()...); err != nil {
				return errors.Join(fmt.Errorf("%s: %w", s.text, err), tx.Rollback())
			}
		}
	}
	return tx.Commit()
}

func sendGroup(ctx context.Context, db *sql.DB, all []*statement, group int) error {
	var batch pgx.Batch
	batch.Queue("begin")
	for range group {
		for _, s := range all {
			batch.Queue(s.text, s.args()...)
		}
	}
	batch.Queue("commit")
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error { return driver.(*stdlib.Conn).Conn().SendBatch(ctx, &batch).Close() })
}
