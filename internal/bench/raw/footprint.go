package raw

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Footprint is what accepted comments have left in the database: the rows that
// were inserted for each. The floor of the writes inserts the same rows again,
// under new ids, and moves the same counters. It is made of many comments, since
// rows of one page and one author lie side by side in every index, and those of
// a site's readers do not.
type Footprint struct {
	site     string
	seq      int64 // of the site's log
	comments []left
	next     int
}

// left is what one comment has left.
type left struct {
	inserts              []insertion
	status, page, author string
}

type insertion struct {
	columns []string
	values  []any
	again   string // the statement that inserts it
}

// rowTables are the tables that have rows of a comment, in an order that
// foreign keys allow.
var rowTables = []string{"comments", "revisions", "decisions", "events"}

// Learn reads the footprint of comments.
func Learn(ctx context.Context, db *sql.DB, site string, ids []string) (*Footprint, error) {
	f := &Footprint{site: site}
	for _, id := range ids {
		var c left
		for _, table := range rowTables {
			found, err := rowsOf(ctx, db, table, site, id)
			if err != nil {
				return nil, fmt.Errorf("rows of %s: %w", table, err)
			}
			c.inserts = append(c.inserts, found...)
		}
		if len(c.inserts) == 0 {
			return nil, errors.New("a comment has left no rows")
		}
		row := c.inserts[0]
		c.status, c.page, c.author = row.text("status"), row.text("page_id"), row.text("author_id")
		f.comments = append(f.comments, c)
	}
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
	places := make([]string, len(columns))
	for i := range places {
		places[i] = fmt.Sprint("$", i+1)
	}
	again := "insert into " + table + " (" + strings.Join(columns, ", ") + ") values (" + strings.Join(places, ", ") + ")"
	for rows.Next() {
		one := insertion{columns: columns, values: make([]any, len(columns)), again: again}
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

// statement is one statement of the floor.
type statement struct {
	text string
	args []any
}

// group gives the statements of some more comments, as few as there can be: the
// head of the log is moved once.
func (f *Footprint) group(size int) (all []statement) {
	for range size {
		c := f.comments[f.next%len(f.comments)]
		f.next++
		id := comment.NewID()
		for _, row := range c.inserts {
			all = append(all, f.again(row, id))
		}
		all = append(all, statement{"update status_counts set n = n + 1 where site_id = $1 and status = $2", []any{f.site, c.status}})
		if c.status == string(comment.Approved) {
			all = append(all,
				statement{"update pages set visible = visible + 1 where site_id = $1 and page_id = $2", []any{f.site, c.page}},
				statement{"update authors set approved = approved + 1 where site_id = $1 and author_id = $2", []any{f.site, c.author}},
			)
		}
	}
	return append(all, statement{"update log_heads set seq = $1, hash = $2 where site_id = $3", []any{f.seq, strings.Repeat("0", 64), f.site}})
}

// again inserts a row once more, under a new id.
func (f *Footprint) again(row insertion, id string) statement {
	args := slices.Clone(row.values)
	for i, name := range row.columns {
		switch name {
		case "comment_id":
			args[i] = id
		case "event_id", "decision_id":
			args[i] = comment.NewID()
		case "seq":
			f.seq++
			args[i] = f.seq
		case "created_at", "at":
			args[i] = time.Now().UnixMicro()
		}
	}
	return statement{row.again, args}
}

// Write inserts comments for a time, so many to a transaction; it gives the
// number of comments and how long it took. On SQLite each row is a call of a
// prepared statement; on PostgreSQL a transaction's statements travel together,
// as they do from the product, so that no round trip slows the floor down.
func (f *Footprint) Write(ctx context.Context, db *sql.DB, group int, most time.Duration) (written int, took time.Duration, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	write := sendGroup
	if _, ok := db.Driver().(*stdlib.Driver); !ok {
		p := prepared{}
		defer p.close()
		write = p.writeGroup
	}
	began := time.Now()
	for time.Since(began) < most {
		if err := write(ctx, conn, f.group(group)); err != nil {
			return written, 0, err
		}
		written += group
	}
	return written, time.Since(began), nil
}

// prepared are statements of a connection by their texts.
type prepared map[string]*sql.Stmt

func (p prepared) close() {
	for _, stmt := range p {
		stmt.Close()
	}
}

func (p prepared) writeGroup(ctx context.Context, conn *sql.Conn, all []statement) error {
	for _, s := range slices.Concat([]statement{{text: "begin immediate"}}, all, []statement{{text: "commit"}}) {
		if p[s.text] == nil {
			stmt, err := conn.PrepareContext(ctx, s.text)
			if err != nil {
				return fmt.Errorf("%s: %w", s.text, err)
			}
			p[s.text] = stmt
		}
		if _, err := p[s.text].ExecContext(ctx, s.args...); err != nil {
			return fmt.Errorf("%s: %w", s.text, err) // the connection ends with the floor
		}
	}
	return nil
}

func sendGroup(ctx context.Context, conn *sql.Conn, all []statement) error {
	var batch pgx.Batch
	batch.Queue("begin")
	for _, s := range all {
		batch.Queue(s.text, s.args...)
	}
	batch.Queue("commit")
	return conn.Raw(func(driver any) error { return driver.(*stdlib.Conn).Conn().SendBatch(ctx, &batch).Close() })
}
