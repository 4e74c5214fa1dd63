package store

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/afterword-comments/afterword/internal/store/storetest"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

// migrated is a database with the schema.
func migrated(t *testing.T) string {
	t.Helper()
	return pgtest.Filled(t, "store", func(address string) error {
		s, err := Open(context.Background(), address)
		if err != nil {
			return err
		}
		return s.Close()
	})
}

// TestPostgres runs the suite on PostgreSQL, on one node and on two.
func TestPostgres(t *testing.T) {
	t.Run("one", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Store { return openAt(t, migrated(t)) })
	})
	t.Run("two", func(t *testing.T) {
		storetest.RunNodes(t, func(t *testing.T) (a, b storetest.Store) {
			dsn := migrated(t)
			return openAt(t, dsn), openAt(t, dsn)
		})
	})
}

// TestBehindAPooler runs the suite through pgbouncer, which hands a session to
// somebody else after each transaction.
func TestBehindAPooler(t *testing.T) {
	through := pgtest.Bouncer(t)
	storetest.Run(t, func(t *testing.T) storetest.Store { return openAt(t, through(migrated(t))) })
	t.Run("its setting is asked for", func(t *testing.T) {
		address, _, _ := strings.Cut(through(pgtest.Database(t)), "&")
		if s, err := Open(t.Context(), address); err == nil || !strings.Contains(err.Error(), "default_query_exec_mode=exec") {
			t.Errorf("got %v, %v", s, err)
		}
	})
}

// walked are what PostgreSQL may go through as a whole: what the installation's
// staff has made, and what there is one of for each site.
var walked = []string{"sites", "accounts", "grants", "log_heads", "cursors", "words", "salts", "schema_version", "endpoints", "integrations"}

// checkPostgresPlans prepares all statements on PostgreSQL and looks for walks
// and sorts.
func checkPostgresPlans(t *testing.T, used []string) {
	s := openDailyAt(t, pgtest.Database(t))
	walk := regexp.MustCompile(`Seq Scan on (\w+)`)
	for _, text := range used {
		if verb, _, _ := strings.Cut(text, " "); !slices.Contains([]string{"select", "insert", "update", "delete"}, verb) || strings.Contains(text, "sqlite_schema") {
			continue
		}
		text = strings.ReplaceAll(text, sqlite.clock, s.dialect.clock)
		lines := postgresPlan(t, s, text)
		for _, line := range lines {
			m := walk.FindStringSubmatch(line)
			if m != nil && !slices.Contains(walked, m[1]) || strings.Contains(line, "Sort") && !containsAny(text, goodSorts) && !containsAny(text, smallSorts) {
				t.Errorf("%s\n\t%s", text, strings.Join(lines, "\n\t"))
				break
			}
		}
	}
}

// smallSorts sort what is bounded: a site's words, an account's sites, the page
// of a list.
var smallSorts = []string{"from words where", "from grants where", "from sites", "from accounts"}

func postgresPlan(t *testing.T, s *Store, text string) (lines []string) {
	t.Helper()
	err := s.view(t.Context(), func(ctx context.Context, c conn) (err error) {
		if err := c.flush(ctx); err != nil {
			return err
		}
		if err := c.script(ctx, "prepare plan_of as "+text); err != nil {
			return err
		}
		nulls := strings.TrimSuffix(strings.Repeat("null, ", highest(text)), ", ")
		if nulls != "" {
			nulls = "(" + nulls + ")"
		}
		lines, err = list(&query{ctx: ctx, conn: c}, scanString, "explain execute plan_of"+nulls)
		if err == nil {
			err = c.script(ctx, "deallocate plan_of")
		}
		return err
	})
	if err != nil {
		t.Errorf("%v: %s", err, text)
	}
	return lines
}

// TestAFreshDatabaseGoesByKeys: a migration that makes an index makes PostgreSQL
// forget what it was taught of empty tables, and then it may look for one comment
// by going through all of a site.
func TestAFreshDatabaseGoesByKeys(t *testing.T) {
	s := openDailyAt(t, pgtest.Database(t))
	for text, want := range map[string]string{ // the index, as a regular expression
		selectComment:        "comments_(pkey|by_id)",
		updateComment:        "comments_(pkey|by_id)",
		updateCommentReasons: "comments_(pkey|by_id)",
		"select " + revisionColumns + " from revisions where site_id = $1 and comment_id = $2 and revision = $3": "revisions_pkey",
		"update pages set visible = visible + $3 where site_id = $1 and page_id = $2":                            "pages_pkey",
	} {
		if lines := strings.Join(postgresPlan(t, s, text), "\n"); !regexp.MustCompile(want).MatchString(lines) {
			t.Errorf("%s\nwant %s, got\n%s", text, want, lines)
		}
	}
}
