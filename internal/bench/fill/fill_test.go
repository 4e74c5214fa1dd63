package fill

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/bench/raw"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

const testSite = "bench"

// filled is a database with a generated site.
func filled(t testing.TB, dsn string, o Order) (done Done) {
	t.Helper()
	a := opened(t, dsn)
	name := "Benchmark"
	if _, err := a.Comments.AddSite(context.Background(), testSite, comment.SiteChange{Name: &name, Origins: []string{"https://news.example"}}, comment.Actor{}); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	o.Site, o.Origin, o.MaxDepth = testSite, "https://news.example", comment.DefaultOptions().MaxDepth
	done, err := Fill(context.Background(), dsn, a.Ledger, o, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func opened(t testing.TB, dsn string) *app.App {
	t.Helper()
	a, err := app.Open(context.Background(), app.Settings{DB: dsn, SecretKey: "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestFill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { fillIn(t, filepath.Join(t.TempDir(), "afterword.db")) })
	t.Run("postgresql", func(t *testing.T) { fillIn(t, pgtest.Database(t)) })
}

// fillIn looks at a generated database as the product does, and counts its rows
// once more.
func fillIn(t *testing.T, dsn string) {
	done := filled(t, dsn, Order{Comments: 4000, Pages: 30, Threads: []int{100, 1000}, Seed: 7})
	a := opened(t, dsn)
	t.Cleanup(func() { a.Close() })

	t.Run("the chain is whole", func(t *testing.T) {
		err := a.Store.View(context.Background(), func(r comment.Reader) error {
			found, err := a.Ledger.Verify(r, testSite)
			if err == nil && (found.Bad > 0 || found.Events != done.Events || found.Events < 2*4000-200) {
				err = fmt.Errorf("%+v, generated %d", found, done.Events)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("threads are there", func(t *testing.T) {
		for _, size := range []int{100, 1000} {
			page, err := a.Comments.Thread(context.Background(), comment.Ask{Site: testSite, Page: ThreadKey(size), Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			if page.Count < size*9/10 || page.Count > size || len(page.Comments) < 25 {
				t.Errorf("thread of %d: %d public, %d on the first page", size, page.Count, len(page.Comments))
			}
			if got := page.Comments[0].ReplyCount; got < size/100 {
				t.Errorf("thread of %d: the first comment has %d replies", size, got)
			}
		}
	})
	t.Run("the queue is there", func(t *testing.T) {
		err := a.Store.View(context.Background(), func(r comment.Reader) error {
			found, _, err := r.Queue(comment.QueueQuery{Sites: []string{testSite}, Status: comment.Pending, Limit: 100})
			if err == nil && len(found) != done.ByStatus[comment.Pending] {
				err = fmt.Errorf("%d in the queue, generated %v", len(found), done.ByStatus)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	db, err := raw.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	t.Run("counters match rows", func(t *testing.T) { counters(t, db) })
	if !raw.Postgres(dsn) { // which has looked at each row
		t.Run("what is referred to is there", func(t *testing.T) {
			var bad int
			if scan(t, db, &bad, "select count(*) from pragma_foreign_key_check"); bad != 0 {
				t.Errorf("%d rows refer to nothing", bad)
			}
		})
	}
	t.Run("indexes are back", func(t *testing.T) {
		var fresh, here int
		count, empty := "select count(*) from sqlite_master where type = 'index'", filepath.Join(t.TempDir(), "afterword.db")
		if raw.Postgres(dsn) {
			count, empty = "select count(*) from pg_indexes where schemaname = current_schema()", pgtest.Database(t)
		}
		if err := opened(t, empty).Close(); err != nil {
			t.Fatal(err)
		}
		other, err := raw.Open(empty)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		scan(t, other, &fresh, count)
		scan(t, db, &here, count)
		if fresh != here || fresh < 20 {
			t.Errorf("%d indexes, a new database has %d", here, fresh)
		}
	})
	t.Run("trees are what the text renders to", func(t *testing.T) { trees(t, db) })
}

func scan(t *testing.T, db *sql.DB, into *int, query string) {
	t.Helper()
	if err := db.QueryRow(query).Scan(into); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// counters are the counts that the product keeps beside the rows. Each query
// counts the rows that do not fit.
func counters(t *testing.T, db *sql.DB) {
	for what, query := range map[string]string{
		"visible":          `select count(*) from pages p where visible <> (select count(*) from comments c where c.site_id = p.site_id and c.page_id = p.page_id and c.public_revision > 0)`,
		"replies":          `select count(*) from comments p where replies <> (select count(*) from comments c where c.site_id = p.site_id and c.page_id = p.page_id and c.parent_id = p.comment_id and c.shown)`,
		"shown":            `select count(*) from comments where shown <> (public_revision > 0 or replies > 0)`,
		"status counts":    `select count(*) from status_counts s where n <> (select count(*) from comments c where c.site_id = s.site_id and c.status = s.status)`,
		"authors":          `select count(*) from authors a where approved <> (select count(*) from comments c where c.site_id = a.site_id and c.author_id = a.author_id and c.status = 'approved')`,
		"rejected":         `select count(*) from authors a where rejected <> (select count(*) from comments c where c.site_id = a.site_id and c.author_id = a.author_id and c.status in ('rejected', 'spam'))`,
		"votes up":         `select count(*) from comments c where votes_up <> (select count(*) from votes v where v.site_id = c.site_id and v.comment_id = c.comment_id and value = 1)`,
		"votes down":       `select count(*) from comments c where votes_down <> (select count(*) from votes v where v.site_id = c.site_id and v.comment_id = c.comment_id and value = -1)`,
		"sequence":         `select count(*) from comments c where sequence <> (select max(sequence) from events e where e.site_id = c.site_id and e.comment_id = c.comment_id and e.sequence > 0)`,
		"revisions":        `select count(*) from comments c where revision <> (select count(*) from revisions r where r.site_id = c.site_id and r.comment_id = c.comment_id)`,
		"depth":            `select count(*) from comments c join comments p on p.comment_id = c.parent_id where c.depth <> p.depth + 1 or c.page_id <> p.page_id or c.comment_id < p.comment_id`,
		"answered":         `select count(*) from comments c join comments p on p.comment_id = c.parent_id where p.status not in ('approved', 'deleted')`,
		"comments unheard": `select 4000 - count(*) from comments`,
	} {
		var bad int
		if scan(t, db, &bad, query); bad != 0 {
			t.Errorf("%s: %d rows do not fit", what, bad)
		}
	}
}

func trees(t *testing.T, db *sql.DB) {
	rows, err := db.Query("select source, tree from revisions order by comment_id limit 500")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var source, tree string
		if err := rows.Scan(&source, &tree); err != nil {
			t.Fatal(err)
		}
		want, _ := json.Marshal(markup.Render(source))
		if diff := cmp.Diff(string(want), tree); diff != "" {
			t.Fatalf("%q:\n%s", source, diff)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkFill is the speed of the generator.
func BenchmarkFill(b *testing.B) {
	done := filled(b, filepath.Join(b.TempDir(), "afterword.db"), Order{Comments: max(b.N, 100), Pages: max(2, b.N/100), Threads: []int{50}, Seed: 1})
	b.ReportMetric(float64(done.Comments)/done.Took.Seconds(), "comments/s")
}

func TestOrderThatCannotBe(t *testing.T) {
	for _, o := range []Order{
		{Comments: 0, Pages: 1},
		{Comments: 10, Pages: 0},
		{Comments: 10, Pages: 5, Threads: []int{11}},
		{Comments: 10, Pages: 5, Threads: []int{-1}},
		{Comments: 10, Pages: 1, Threads: []int{5}},
	} {
		if o.check() == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
