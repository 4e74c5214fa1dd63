package store

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/store/storetest"
)

// TestSQLite runs the suite and then looks at the statements that it used: all
// that the package has, each served by an index.
func TestSQLite(t *testing.T) {
	var used statements
	t.Run("suite", func(t *testing.T) { storetest.Run(t, used.open) })
	t.Run("a command beside it", func(t *testing.T) {
		storetest.RunNodes(t, func(t *testing.T) (a, b storetest.Store) {
			path := filepath.Join(t.TempDir(), "test.db")
			return openAt(t, path), openAt(t, path)
		})
	})
	t.Run("statements", func(t *testing.T) {
		useSender(t, used.open(t).(*Store))
		all := used.texts()
		t.Run("are all used", func(t *testing.T) { checkAllUsed(t, all) })
		t.Run("are served by indexes", func(t *testing.T) { checkPlans(t, all) })
		t.Run("are served by PostgreSQL's", func(t *testing.T) { checkPostgresPlans(t, all) })
	})
}

// statements notes the connections of many stores. What they have prepared can
// be read when they are closed.
type statements struct {
	mu    sync.Mutex
	conns []*sqliteConn
}

func (u *statements) open(t *testing.T) storetest.Store {
	s := openAt(t, filepath.Join(t.TempDir(), "test.db"))
	u.mu.Lock()
	defer u.mu.Unlock()
	u.conns = append(u.conns, s.writers[0].(*sqliteConn))
	for range fileReaders {
		c := <-s.readers
		u.conns = append(u.conns, c.(*sqliteConn))
		s.readers <- c
	}
	return s
}

func (u *statements) texts() []string {
	all := map[string]bool{}
	for _, c := range u.conns {
		for text := range c.prepared {
			all[text] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// useSender runs what is not part of comment.Store.
func useSender(t *testing.T, s *Store) {
	now := time.Now()
	d := comment.Delivery{ID: "d1", EndpointID: "e1", EventSeq: 1, EventID: "x", CommentID: "c1", NextAt: now, CreatedAt: now}
	steps := []func() error{
		func() error {
			return s.Write(t.Context(), nil, func(tx comment.Tx) error {
				if err := tx.PutSite(comment.Site{Key: "daily", Name: "Daily"}); err != nil {
					return err
				}
				return tx.PutEndpoint(comment.Endpoint{Site: "daily", ID: "e1", Status: comment.EndpointActive})
			})
		},
		func() error { return s.FanOut(t.Context(), "daily", []comment.Delivery{d}) },
		func() error { _, err := s.Receivers(t.Context(), "daily"); return err },
		func() error { _, err := s.Owed(t.Context()); return err },
		func() error { _, err := s.Standings(t.Context(), "", 9); return err },
		func() error { _, err := s.Heads(t.Context()); return err },
		func() error { _, _, err := s.NextDelivery(t.Context()); return err },
		func() error { // it has all the calls it may have
			_, err := s.Claim(t.Context(), comment.Claim{Now: now, Until: now, Token: "t", Most: 9})
			return err
		},
		func() error {
			calls, err := s.Claim(t.Context(), comment.Claim{Now: now, Until: now.Add(time.Minute), Token: "t", Most: 9, PerEndpoint: 9})
			if err != nil || len(calls) != 1 {
				t.Fatalf("%d calls, %v", len(calls), err)
			}
			d = calls[0].Delivery
			d.State, d.Attempts, d.DeliveredAt = comment.DeliveryDelivered, 1, now
			return s.Record(t.Context(), []comment.Outcome{{Delivery: d, Attempt: comment.Attempt{N: 1, At: now}}})
		},
		func() error { return s.ReleaseLeases(t.Context()) },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
}

// sqlText tells a piece of a statement from other texts.
var sqlText = regexp.MustCompile(`\$\d|^(select|insert into|update|delete from) [a-z]|^ *(from|where|join|order by) [a-z]`)

// checkAllUsed holds every text of SQL in the package's source against what was
// prepared: a statement that no test runs could be wrong unseen. What only one engine
// is asked has tests of its own.
func checkAllUsed(t *testing.T, used []string) {
	pieces := 0
	for _, file := range sourceFiles(t, "migrate.go", "file.go", "backup.go", "copy.go", "copy_side.go", "damage.go", "dialect.go", "postgres.go", "watch.go", "merge.go", "sqlite_conn.go") {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !sqlText.MatchString(text) {
				return true
			}
			pieces++
			if !slices.ContainsFunc(used, func(s string) bool { return strings.Contains(s, text) }) {
				t.Errorf("%s: no test has run %q", file, text)
			}
			return true
		})
	}
	if pieces < 80 {
		t.Errorf("only %d pieces of SQL found in the source", pieces)
	}
}

func sourceFiles(t *testing.T, but ...string) []string {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !slices.Contains(but, name) {
			files = append(files, name)
		}
	}
	return files
}

// Walks that do not grow with what readers write: over what the installation's
// staff has made, and over partial indexes up to a limit.
var goodScans = []string{
	"SCAN CONSTANT ROW", "SCAN few", "SCAN ready", "SCAN called", // subqueries
	"SCAN sites ", "SCAN accounts", "SCAN log_heads", "SCAN cursors", "SCAN endpoints USING COVERING INDEX endpoints_due", "SCAN endpoints",
	"SCAN deliveries USING INDEX deliveries_leased", "SCAN deliveries USING COVERING INDEX deliveries_due",
	"SCAN decisions USING COVERING INDEX decisions_due", "SCAN replays USING INDEX replays_running", "SCAN integrations",
	"SCAN sweeps USING INDEX sweeps_running",
}

// goodSorts are the statements that may sort: the decisions on one comment,
// endpoints, staff.
var goodSorts = []string{"order by at desc, decision_id desc", "from accounts where not disabled order by name"}

// servedBy names the index, and how far it narrows, for the pieces of all
// statements that list or look up what readers write.
var servedBy = []struct{ piece, index string }{
	{"c.shown  order by c.comment_id limit", "comments_by_thread (site_id=? AND page_id=? AND parent_id=?)"},
	{"c.shown  order by c.comment_id desc limit", "comments_by_thread (site_id=? AND page_id=? AND parent_id=?)"},
	{"c.shown and c.comment_id > $5", "comments_by_thread (site_id=? AND page_id=? AND parent_id=? AND comment_id>?)"},
	{"c.shown and c.comment_id < $5", "comments_by_thread (site_id=? AND page_id=? AND parent_id=? AND comment_id<?)"},
	{"c.shown  order by c.score desc", "comments_by_score (site_id=? AND page_id=? AND parent_id=?)"},
	{"(c.score, c.comment_id) < ($6, $5)", "comments_by_score (site_id=? AND page_id=? AND parent_id=? AND (score,comment_id)<(?,?))"},
	{"c.parent_id <> '' and c.comment_id < $4", "comments_by_parent (site_id=? AND page_id=? AND parent_id=? AND comment_id<?)"},
	{"c.parent_id <> '' and c.comment_id > $4", "comments_by_parent (site_id=? AND page_id=? AND parent_id=? AND comment_id>?)"},
	{"select c.comment_id, c.parent_id from comments c where c.site_id = $1 and c.page_id = $2 and c.comment_id < $3", "comments_by_page (site_id=? AND page_id=? AND comment_id<?)"},
	{"select c.comment_id, c.parent_id from comments c where c.site_id = $1 and c.page_id = $2 and c.comment_id > $3", "comments_by_page (site_id=? AND page_id=? AND comment_id>?)"},
	{"c.comment_id > $2 order by", "sqlite_autoindex_comments_1 (site_id=? AND comment_id>?)"},
	{"c.comment_id < $2 order by", "sqlite_autoindex_comments_1 (site_id=? AND comment_id<?)"},
	{"c.comment_id > $2 and c.status = 'pending' order by", "comments_by_status (site_id=? AND status=? AND comment_id>?)"},
	{"c.comment_id < $2 and c.status = 'pending' order by", "comments_by_status (site_id=? AND status=? AND comment_id<?)"},
	{"c.comment_id > $2 and c.author_id = $3 order by", "comments_by_author (site_id=? AND author_id=? AND comment_id>?)"},
	{"c.comment_id < $2 and c.author_id = $3 order by", "comments_by_author (site_id=? AND author_id=? AND comment_id<?)"},
	{"c.comment_id > $2 and c.status = 'pending' and c.author_id = $3 order by", "comments_by_author (site_id=? AND author_id=? AND comment_id>?)"},
	{"c.comment_id > $2 and c.page_id = $3 order by", "comments_by_page (site_id=? AND page_id=? AND comment_id>?)"},
	{"c.comment_id < $2 and c.page_id = $3 order by", "comments_by_page (site_id=? AND page_id=? AND comment_id<?)"},
	{"c.comment_id > $2 and c.status = 'pending' and c.page_id = $3 order by", "comments_by_page (site_id=? AND page_id=? AND comment_id>?)"},
	{"c.comment_id > $2 and c.group_id = $3", "comments_by_group (site_id=? AND group_id=? AND comment_id>?)"},
	{"select status, author_id, page_id, created_at from comments", "comments_by_group (site_id=? AND group_id=?)"},
	{"c.status = 'pending' and c.comment_id > $3", "comments_by_group_status (site_id=? AND group_id=? AND status=? AND comment_id>?)"},
	{"g.group_id <> '' and g.status = c.status and g.comment_id <", "comments_by_group_status (site_id=? AND group_id=? AND status=? AND comment_id<?)"},
	{"where c.comment_id < $1 order by c.comment_id desc", "comments_by_id (comment_id<?)"},
	{"premod_until > 0 order by page_id", "pages_premoderated (site_id=? AND page_id>?)"},
	{"premod_until <= $1", "pages_premod_ends (premod_until>? AND premod_until<?)"},
	{"from comments c where c.comment_id = $1", "comments_by_id (comment_id=?)"},
	{"order by revision desc", "sqlite_autoindex_revisions_1 (site_id=? AND comment_id=?)"},
	{"from pages where site_id = $1 and page_id < $2", "sqlite_autoindex_pages_1 (site_id=? AND page_id<?)"},
	{"from pages where site_id = $1 and page_key = $2", "pages_by_key (site_id=? AND page_key=?)"},
	{"page_key in (", "pages_by_key (site_id=? AND page_key=?)"},
	{"from pages where site_id = $1 and url = $2", "pages_by_url (site_id=? AND url=?"},
	{"from decisions where decision_id = $1", "decisions_by_id (decision_id=?)"},
	{"state = 'held' and effective_at <= $1", "decisions_due (effective_at<?)"},
	{"state = 'held' order by effective_at limit 1", "decisions_due"},
	{"from inquiries where site_id = $1 and comment_id = $2", "inquiries_by_comment (site_id=? AND comment_id=?)"},
	{"from inquiries where site_id = $1 and integration_id = $2", "inquiries_by_integration (site_id=? AND integration_id=?)"},
	{"from inquiries where closed_at = 0", "inquiries_due (next_at<?)"},
	{"from inquiries where lesson", "inquiries_lessons (lesson_at<?)"},
	{"delete from inquiries", "inquiries_by_age (closed_at>? AND closed_at<?)"},
	{"update inquiries set next_at", "inquiries_by_integration (site_id=? AND integration_id=?)"},
	{"statement <> '' and (decision_id, comment_id) >", "decisions_told (site_id=? AND (decision_id,comment_id)>(?,?))"},
	{"from appeals where site_id = $1 and state = $2 and appeal_id >", "appeals_by_state (site_id=? AND state=? AND appeal_id>?)"},
	{"from appeals where site_id = $1 and state = $2 and appeal_id <", "appeals_by_state (site_id=? AND state=? AND appeal_id<?)"},
	{"from appeals where site_id = $1 and comment_id = $2", "appeals_by_decision (site_id=? AND comment_id=? AND decision_id=?)"},
	{"from second_looks where site_id = $1 and verdict = ''", "second_looks_open (site_id=? AND look_id>?)"},
	{"from second_looks where site_id = $1 and verdict <> ''", "second_looks_done (site_id=? AND looked_at>?)"},
	{"from second_looks where site_id = $1 and comment_id = $2", "second_looks_by_comment (site_id=? AND comment_id=?)"},
	{"from decisions where site_id = $1 and comment_id = $2 order by", "sqlite_autoindex_decisions_1 (site_id=? AND comment_id=?)"},
	{"from reports where", "sqlite_autoindex_reports_1 (site_id=? AND comment_id=?)"},
	{"from events where site_id = $1 and seq > $2 order by", "sqlite_autoindex_events_1 (site_id=? AND seq>?)"},
	{"from events where site_id = $1 and seq > $2 and seq <= $3", "sqlite_autoindex_events_1 (site_id=? AND seq>? AND seq<?)"},
	{"from deliveries d\n\t\twhere d.site_id = $1 and d.endpoint_id = $36", "deliveries_by_event (site_id=? AND endpoint_id=? AND event_id=?)"},
	{"state = 'failed' order by delivery_id desc", "deliveries_by_state (site_id=? AND endpoint_id=? AND state=?)"},
	{"from replays where site_id = $1 and endpoint_id = $2", "replays_by_endpoint (site_id=? AND endpoint_id=? AND replay_id<?)"},
	{"from events where site_id = $1 and page_id = $2", "events_by_page (site_id=? AND page_id=? AND seq>?)"},
	{"from events where event_id = $1", "events_by_id (event_id=?)"},
	{"and delivery_id < $3 order by", "deliveries_by_endpoint (site_id=? AND endpoint_id=? AND delivery_id<?)"},
	{"and delivery_id < $3 and state = $5", "deliveries_by_state (site_id=? AND endpoint_id=? AND state=? AND delivery_id<?)"},
	{"from deliveries where delivery_id = $1", "deliveries_by_id (delivery_id=?)"},
	{"state = 'owed' limit 100000", "deliveries_"},
	{"from receipts where scope = $1", "sqlite_autoindex_receipts_1 (scope=? AND key=?)"},
	{"delete from receipts", "receipts_by_age (at<?)"},
	{"delete from buckets", "buckets_by_age (tat<?)"},
	{"delete from sessions", "sessions_by_age (expires_at<?)"},
	{"from words where site_id = $1 and (list, text, word_id) > ($2, $3, $4) order by", "words_in_order (site_id=? AND (list,text,word_id)>(?,?,?))"},
	{"and list = $5 order by", "words_in_order (site_id=? AND list=?"},
	{"from words where site_id = $1 order by", "words_in_order (site_id=?)"},
	{"from hosts where site_id = $1 and host in (", "sqlite_autoindex_hosts_1 (site_id=? AND host=?)"},
	{"from hosts where site_id = $1 and host > $2", "sqlite_autoindex_hosts_1 (site_id=? AND host>? AND host<?)"},
	{"from hosts where site_id = $1 and (rejected, host) <", "hosts_by_rejected (site_id=? AND (rejected,host)<(?,?))"},
	{"where c.site_id = $1 and c.comment_id > $2 and c.page_id = $3 order by c.comment_id limit", "comments_by_page (site_id=? AND page_id=? AND comment_id>?)"},
	{"where c.site_id = $1 and c.comment_id > $2 order by c.comment_id limit", "sqlite_autoindex_comments_1 (site_id=? AND comment_id>?)"},
	{"from pages where site_id = $1 and url = $2 and page_id > $3", "pages_by_url (site_id=? AND url=? AND page_id>?)"},
	{"from sweeps where site_id = $1", "sqlite_autoindex_sweeps_1 (site_id=?"},
	{"update sessions set revoked_at", "sessions_by_account (account_id=?)"},
}

func checkPlans(t *testing.T, used []string) {
	s := openDaily(t)
	plans := map[string][]string{}
	for _, text := range used {
		if verb, _, _ := strings.Cut(text, " "); slices.Contains([]string{"select", "insert", "update", "delete"}, verb) {
			plans[text] = plan(t, s, text)
		}
	}
	for text, lines := range plans {
		for _, line := range lines {
			scan := strings.HasPrefix(line, "SCAN") && !hasPrefix(line, goodScans)
			sort := strings.Contains(line, "TEMP B-TREE") && !containsAny(text, goodSorts)
			if scan || sort || strings.Contains(line, "AUTOMATIC") {
				t.Errorf("%s\n\t%s", text, line)
			}
		}
	}
	for _, want := range servedBy {
		found := false
		for text, lines := range plans {
			if !strings.Contains(text, want.piece) {
				continue
			}
			found = true
			if !strings.Contains(strings.Join(lines, "\n"), "INDEX "+want.index) {
				t.Errorf("%s\nwant the index %s, got\n\t%s", text, want.index, strings.Join(lines, "\n\t"))
			}
		}
		if !found {
			t.Errorf("no statement has %q", want.piece)
		}
	}
}

func hasPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

func containsAny(s string, pieces []string) bool {
	return slices.ContainsFunc(pieces, func(p string) bool { return strings.Contains(s, p) })
}

// plan is how SQLite goes about a statement.
func plan(t testing.TB, s *Store, statement string) []string {
	t.Helper()
	params := 0
	for _, p := range parameter.FindAllStringSubmatch(statement, -1) {
		n, err := strconv.Atoi(p[1])
		if err != nil {
			t.Fatal(err)
		}
		params = max(params, n)
	}
	var lines []string
	err := s.View(context.Background(), func(r comment.Reader) (err error) {
		lines, err = list(r.(*query), func(s scanner) (line string, err error) {
			var unused int
			err = s.Scan(&unused, &unused, &unused, &line)
			return line, err
		}, "explain query plan "+statement, make([]any, params)...)
		return err
	})
	if err != nil {
		t.Fatalf("%v: %s", err, statement)
	}
	return lines
}
