package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/markup"
)

// openBench is a store with a page and an author.
func openBench(b *testing.B) *Store {
	b.Helper()
	return fillBench(b, openDaily(b))
}

func fillBench(b *testing.B, s *Store) *Store {
	b.Helper()
	mustWrite(b, s, putPage("p1"))
	mustWrite(b, s, func(tx comment.Tx) error {
		if err := tx.CountStatus("daily", comment.Approved, 1); err != nil {
			return err
		}
		return tx.PutAuthor(comment.Author{Site: "daily", ID: "a1", Kind: comment.KindGuest, Name: "Zoë"})
	})
	return s
}

func benchComment(n int) comment.Comment {
	id := comment.NewID()
	source := "I have read this **three times** now, and still: https://daily.example/ says otherwise. Who is right?"
	return comment.Comment{
		Site: "daily", ID: id, PageID: "p1", AuthorID: "a1", AuthorName: "Zoë", AuthorKind: comment.KindGuest,
		Status: comment.Approved, InForce: comment.Approved, Revision: 1, Public: 1, Version: 1, Shown: true,
		VotesUp: n % 17, CreatedAt: time.Now(),
		Text: comment.Revision{Site: "daily", CommentID: id, N: 1, Source: source, Tree: markup.Render(source), CreatedAt: time.Now()},
	}
}

func benchEvent(seq int64, c comment.Comment) comment.Event {
	return comment.Event{
		Site: "daily", Seq: seq, ID: comment.NewID(), Type: comment.CommentCreated, PageID: "p1", CommentID: c.ID, Sequence: 1,
		At: c.CreatedAt, Body: []byte(c.Text.Source), BodyHash: c.ID, Prev: c.ID, Hash: c.ID,
	}
}

// post is the heart of a reader's post: five statements.
func post(tx comment.Tx, c comment.Comment) error {
	if err := tx.InsertComment(c); err != nil {
		return err
	}
	if err := tx.InsertRevision(c.Text); err != nil {
		return err
	}
	if err := tx.CountStatus(c.Site, c.Status, 1); err != nil {
		return err
	}
	seq, _, err := tx.LogHead(c.Site)
	if err != nil {
		return err
	}
	return tx.AppendEvent(benchEvent(seq+1, c))
}

// BenchmarkWrite posts comments durably from 1, 16 and 64 sides at once, beside
// the same rows through the bare driver: a transaction for each post, and one
// for 64 of them.
func BenchmarkWrite(b *testing.B) {
	for _, sides := range []int{1, 16, 64} {
		b.Run(fmt.Sprint("store/", sides), func(b *testing.B) { writeFromSides(b, openBench(b), sides) })
	}
	for _, group := range []int{1, 64} {
		b.Run(fmt.Sprint("driver/", group), func(b *testing.B) { writeByDriver(b, group) })
	}
}

func writeFromSides(b *testing.B, s *Store, sides int) {
	b.Helper()
	var taken atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for range sides {
		all.Go(func() {
			for taken.Add(1) <= int64(b.N) {
				if err := s.Write(context.Background(), comment.Sites{"daily"}, func(tx comment.Tx) error { return post(tx, benchComment(0)) }); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// rawPost is post without this package: the same rows through prepared
// statements.
type rawPost struct {
	statements []*sql.Stmt
	seq        int64
}

var rawStatements = []string{
	insertComment,
	"insert into revisions (" + revisionColumns + ") values (" + places(1, 8) + ")",
	"update status_counts set n = n + 1 where site_id = $1 and status = $2",
	"insert into log_heads (site_id, seq, hash) values ($1, $2, $3) on conflict (site_id) do update set seq = excluded.seq, hash = excluded.hash",
	"insert into events (" + eventColumns + ") values (" + places(1, 18) + ")",
}

func newRawPost(b *testing.B, db *sql.DB) *rawPost {
	p := &rawPost{}
	for _, text := range rawStatements {
		stmt, err := db.Prepare(numbered(text))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { stmt.Close() })
		p.statements = append(p.statements, stmt)
	}
	return p
}

// rawArgs are those of rawStatements, for a new post.
func rawArgs(seq int64, tree string) [][]any {
	c := benchComment(0)
	e := benchEvent(seq, c)
	return [][]any{
		commentArgs(c),
		{c.Site, c.ID, 1, c.Text.Source, tree, "", "[]", micros(c.Text.CreatedAt)},
		{c.Site, string(c.Status)},
		{e.Site, e.Seq, e.Hash},
		{e.Site, e.Seq, e.ID, e.Type, e.PageID, e.CommentID, e.Sequence, "", "", "", "", micros(e.At), e.Body, e.BodyHash, e.Prev, e.Hash, "", ""},
	}
}

func (p *rawPost) post(b *testing.B, tx *sql.Tx, tree string) {
	p.seq++
	for i, args := range rawArgs(p.seq, tree) {
		if _, err := tx.Stmt(p.statements[i]).Exec(args...); err != nil {
			b.Fatal(err)
		}
	}
}

func writeByDriver(b *testing.B, group int) {
	path := openBench(b).Path()
	db := openFile(address(path, sqliteSettings.Encode()))
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	raw := newRawPost(b, db)
	tree, err := comment.JSON(benchComment(0).Text.Tree)
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for n := 0; n < b.N; {
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for range min(group, b.N-n) {
			raw.post(b, tx, string(tree))
			n++
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkThread reads the first page of a thread, which has to cost the same
// however long the thread is, beside the same statement through the bare
// driver.
func BenchmarkThread(b *testing.B) {
	for _, size := range []int{100, 100_000} {
		s := openBench(b)
		for n := 0; n < size; {
			mustWrite(b, s, func(tx comment.Tx) error {
				for range min(2000, size-n) {
					if err := post(tx, benchComment(n)); err != nil {
						return err
					}
					n++
				}
				return nil
			})
		}
		for _, sort := range []comment.Sort{comment.Oldest, comment.Newest, comment.Top} {
			b.Run(fmt.Sprintf("store/%s/%d", sort, size), func(b *testing.B) { readThread(b, s, sort) })
		}
		b.Run(fmt.Sprintf("driver/oldest/%d", size), func(b *testing.B) { readByDriver(b, s.Path(), threadOldest) })
		b.Run(fmt.Sprintf("driver/top/%d", size), func(b *testing.B) { readByDriver(b, s.Path(), threadTop) })
	}
}

const benchPage = 26 // a page of 25, and one more to know whether there is another

func readThread(b *testing.B, s *Store, sort comment.Sort) {
	for b.Loop() {
		err := s.View(context.Background(), func(r comment.Reader) error {
			found, err := r.Thread(comment.ThreadQuery{Site: "daily", Page: "p1", Sort: sort, Limit: benchPage})
			if err == nil && len(found) != benchPage {
				err = fmt.Errorf("%d comments", len(found))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func readByDriver(b *testing.B, path, statement string) {
	db := openFile(address(path, sqliteSettings.Encode()))
	b.Cleanup(func() { db.Close() })
	stmt, err := db.Prepare(numbered(statement))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { stmt.Close() })
	for b.Loop() {
		if n := countRows(b, stmt); n != benchPage {
			b.Fatalf("%d comments", n)
		}
	}
}

func countRows(b *testing.B, stmt *sql.Stmt) (n int) {
	rows, err := stmt.Query("daily", "p1", "", benchPage)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	values, dest := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for ; rows.Next(); n++ {
		if err := rows.Scan(dest...); err != nil {
			b.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return n
}
