package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

// with adds settings to a database's address.
func with(dsn string, settings ...string) string { return dsn + "&" + strings.Join(settings, "&") }

// raise lets the server fail with a SQLSTATE.
func raise(tx comment.Tx, code string) error {
	w := tx.(*write)
	return w.conn.put(w.ctx, fmt.Sprintf("do $$ begin raise exception sqlstate '%s'; end $$", code))
}

// TestServerFaults: every kind of trouble that a server can be in is told as
// what it is, and leaves nothing behind.
func TestServerFaults(t *testing.T) {
	s := openDailyAt(t, pgtest.Database(t))
	for code, want := range map[string]struct {
		kind fault.Kind
		code string
		runs int // of the use case: boldly, then carefully
	}{
		"23505": {fault.Conflict, "conflict", 2},
		"22021": {fault.Malformed, "invalid_parameter", 2},
		"40001": {fault.Unavailable, "unavailable", retryMost + 1},
		"40P01": {fault.Unavailable, "unavailable", retryMost + 1},
		"55P03": {fault.Unavailable, "unavailable", 2},
		"57014": {fault.Unavailable, "unavailable", 2},
		"53100": {fault.Unavailable, "storage_full", 2},
		"53300": {fault.Unavailable, "unavailable", 2},
		"57P01": {fault.Unavailable, "unavailable", 2},
		"57P03": {fault.Unavailable, "unavailable", 2},
		"08006": {fault.Unavailable, "unavailable", 2},
		"25006": {fault.Unavailable, "storage_read_only", 2},
		"58030": {fault.Unavailable, "storage_failed", 2},
		"XX001": {fault.Unavailable, "storage_failed", 2},
		"23514": {fault.Internal, "internal", 2},
	} {
		runs := 0
		err := s.Write(t.Context(), comment.Sites{"daily"}, func(tx comment.Tx) error {
			runs++
			if err := putPage("p1")(tx); err != nil {
				return err
			}
			return raise(tx, code)
		})
		f := fault.Of(err)
		if err == nil || f.Kind != want.kind || f.Code != want.code || (f.Kind == fault.Unavailable) != (f.RetryAfter > 0) {
			t.Errorf("%s: got %v, kind %d, retry after %s", code, err, f.Kind, f.RetryAfter)
		}
		if runs != want.runs {
			t.Errorf("%s: the use case ran %d times, want %d", code, runs, want.runs)
		}
		if ids := pageIDs(t, s); len(ids) > 0 {
			t.Fatalf("%s: left behind: %v", code, ids)
		}
	}
}

// TestOthersAreNotHurt: a use case that fails at the server, in whatever way,
// takes none of those with it that share its commit.
func TestOthersAreNotHurt(t *testing.T) {
	s := openDailyAt(t, pgtest.Database(t))
	var out outcomes
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			id := fmt.Sprint(i)
			out.set(id, s.Write(context.Background(), comment.Sites{"daily"}, func(tx comment.Tx) error {
				if err := tx.CountStatus("daily", comment.Pending, 1); err != nil {
					return err
				}
				if err := putPage(id)(tx); err != nil {
					return err
				}
				switch i % 6 {
				case 0:
					return raise(tx, "23505")
				case 1:
					_ = raise(tx, "23514") // it does not mind
				case 2:
					_, err := tx.Page("daily", "none")
					return err
				case 3:
					return tx.CountStatus("daily", comment.Spam, -1) // a guess that is wrong
				}
				return nil
			}))
		})
	}
	all.Wait()
	consistent(t, s, &out)
	if ids := pageIDs(t, s); len(ids) != 20 {
		t.Errorf("%d pages, want 20", len(ids))
	}
}

// TestRetry: a group that the server throws out runs again, and once counts.
func TestRetry(t *testing.T) {
	s := openDailyAt(t, pgtest.Database(t))
	runs := 0
	err := s.Write(t.Context(), comment.Sites{"daily"}, func(tx comment.Tx) error {
		if err := tx.CountStatus("daily", comment.Pending, 1); err != nil {
			return err
		}
		if runs++; runs < 4 {
			return raise(tx, "40001")
		}
		return putPage("p1")(tx)
	})
	if err != nil || runs != 4 {
		t.Errorf("%d runs, %v", runs, err)
	}
	out := outcomes{errs: map[string]error{"p1": nil}}
	consistent(t, s, &out)
}

// TestCutOff: connections that the server has ended are replaced; a transaction
// that had begun on one begins again.
func TestCutOff(t *testing.T) {
	dsn := pgtest.Database(t)
	s, other := openDailyAt(t, dsn), openAt(t, dsn)
	cut := func() {
		t.Helper()
		err := other.View(context.Background(), func(r comment.Reader) error {
			_, err := list(r.(*query), func(s scanner) (ok bool, err error) { err = s.Scan(&ok); return ok, err },
				"select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	cut()
	mustWrite(t, s, putPage("idle"))
	runs := 0
	err := s.Write(t.Context(), comment.Sites{"daily"}, func(tx comment.Tx) error {
		if _, err := tx.Site("daily"); err != nil { // so that the transaction is under way
			return err
		}
		if runs++; runs == 1 {
			cut()
		}
		return putPage("under way")(tx)
	})
	if err == nil && runs < 2 {
		t.Error("the connection was not cut")
	}
	if f := fault.Of(err); err != nil && f.Kind != fault.Unavailable {
		t.Error(err)
	}
	cut()
	got := pageIDs(t, s)
	if want := map[string]bool{"idle": true, "under way": err == nil}; !got["idle"] || err == nil && !cmp.Equal(got, want) {
		t.Errorf("pages %v after %v", got, err)
	}
}

// TestALossThatIsNotMinded: a use case may go on after a question that had no
// answer; what is told is that the server is gone.
func TestALossThatIsNotMinded(t *testing.T) {
	server := pgtest.Start(t, true)
	s := openDailyAt(t, server.Database(t))
	runs := 0
	err := s.Write(t.Context(), comment.Sites{"daily"}, func(tx comment.Tx) error {
		runs++
		server.Kill()
		_, _ = tx.Site("daily")
		return nil
	})
	if f := fault.Of(err); f.Kind != fault.Unavailable || runs != 1 {
		t.Errorf("got %v after %d runs", err, runs)
	}
	server.Again(t)
	until(t, "the server to answer", func() bool { return s.Write(t.Context(), comment.Sites{"daily"}, putPage("after")) == nil })
}

// TestALossWhileCounting: what a use case has counted is not added to an answer
// that there is not.
func TestALossWhileCounting(t *testing.T) {
	server := pgtest.Start(t, true)
	s := openDailyAt(t, server.Database(t))
	var asked error
	err := s.Write(t.Context(), comment.Sites{"daily"}, func(tx comment.Tx) error {
		if err := tx.CountStatus("daily", comment.Pending, 1); err != nil {
			return err
		}
		server.Kill()
		_, asked = tx.StatusCounts([]string{"daily"})
		return asked
	})
	if asked == nil || fault.Of(err).Kind != fault.Unavailable {
		t.Errorf("asked: %v; in all: %v", asked, err)
	}
}

// TestACommitInDoubt: where the connection is lost in the middle of a commit
// nobody is told that it happened, and nobody is told that it did not.
func TestACommitInDoubt(t *testing.T) {
	dsn := pgtest.Database(t)
	openDailyAt(t, dsn)
	for name, tt := range map[string]struct {
		cut     pgtest.Cut
		written bool
	}{"deaf": {pgtest.CutAsked, false}, "mute": {pgtest.CutAnswered, true}} {
		p := pgtest.NewProxy(t, dsn)
		s := openAt(t, p.Address)
		id, runs := "page "+name, 0
		err := s.Write(t.Context(), comment.Sites{"daily"}, func(tx comment.Tx) error {
			runs++
			_, err := tx.Site("daily") // so that the rest is one commit
			p.Cut(tt.cut)
			if err != nil {
				return err
			}
			return putPage(id)(tx)
		})
		if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter <= 0 || !strings.Contains(f.Detail, "Idempotency-Key") {
			t.Errorf("%s: got %v", name, err)
		}
		if runs != 1 {
			t.Errorf("%s: the use case ran %d times", name, runs)
		}
		until(t, "the server to be done", func() bool { return pageIDs(t, s)[id] == tt.written })
		mustWrite(t, s, putPage("after "+name))
	}
}

// TestTheServerGoesAndComes: while it is gone everybody is told at once; when it
// is back all goes on, and nothing that was acknowledged is lost.
func TestTheServerGoesAndComes(t *testing.T) {
	server := pgtest.Start(t, true)
	s := openDailyAt(t, server.Database(t))
	var out outcomes
	var stop atomic.Bool
	var all sync.WaitGroup
	var refused atomic.Int64
	for worker := range 8 {
		all.Go(func() {
			for i := 0; !stop.Load(); i++ {
				id := fmt.Sprint(worker, "-", i)
				began := time.Now()
				err := s.Write(context.Background(), comment.Sites{"daily"}, putPage(id))
				if took := time.Since(began); took > 8*time.Second {
					t.Errorf("answered after %s", took)
				}
				if f := fault.Of(err); err != nil {
					refused.Add(1)
					if f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
						t.Errorf("got %v", err)
					}
				}
				out.set(id, err)
			}
		})
	}
	acknowledged := func() (n int) {
		out.mu.Lock()
		defer out.mu.Unlock()
		for _, err := range out.errs {
			if err == nil {
				n++
			}
		}
		return n
	}
	for range 2 {
		before := acknowledged()
		until(t, "writes", func() bool { return acknowledged() > before+20 })
		server.Kill()
		gone := refused.Load()
		until(t, "writes to be refused", func() bool { return refused.Load() > gone+8 })
		if err := s.View(t.Context(), func(r comment.Reader) error { _, err := r.Site("daily"); return err }); fault.Of(err).Kind != fault.Unavailable {
			t.Errorf("view: %v", err)
		}
		server.Again(t)
	}
	before := acknowledged()
	until(t, "writes", func() bool { return acknowledged() > before+20 })
	stop.Store(true)
	all.Wait()
	there := pageIDs(t, s)
	for id, err := range out.errs {
		if err == nil && !there[id] {
			t.Errorf("page %s was acknowledged and is lost", id)
		}
	}
}

// TestAPausedServer: a server that says nothing keeps nobody waiting for long.
func TestAPausedServer(t *testing.T) {
	server := pgtest.Start(t, false)
	s := openDailyAt(t, server.Database(t))
	s.server.answer = 300 * time.Millisecond
	if err := server.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if err := s.Write(context.Background(), comment.Sites{"daily"}, putPage(fmt.Sprint(i))); fault.Of(err).Kind != fault.Unavailable {
				t.Errorf("write: %v", err)
			}
		})
		all.Go(func() {
			err := s.View(context.Background(), func(r comment.Reader) error { _, err := r.Site("daily"); return err })
			if fault.Of(err).Kind != fault.Unavailable {
				t.Errorf("view: %v", err)
			}
		})
	}
	all.Wait()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("told after %s", took)
	}
	if err := server.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	until(t, "the server", func() bool {
		return s.Write(context.Background(), comment.Sites{"daily"}, putPage("after")) == nil
	})
}

// TestAServerThatOnlyReads, as a standby does: reads go on, and when it can be
// written to again, or another can, so it is.
func TestAServerThatOnlyReads(t *testing.T) {
	server := pgtest.Start(t, false)
	s := openDailyAt(t, server.Database(t))
	mustWrite(t, s, putPage("p1"))
	set := func(value string) {
		server.Do(t, "alter system set default_transaction_read_only = "+value)
		server.Do(t, "select pg_reload_conf()")
	}
	set("on")
	until(t, "the setting", func() bool {
		err := s.Write(t.Context(), comment.Sites{"daily"}, putPage("p2"))
		return fault.Is(err, "storage_read_only") && fault.Of(err).Kind == fault.Unavailable
	})
	if !pageIDs(t, s)["p1"] {
		t.Error("nothing can be read")
	}
	set("off")
	until(t, "the setting", func() bool { return s.Write(t.Context(), comment.Sites{"daily"}, putPage("p3")) == nil })
}

// TestTimeouts: somebody else's lock and a statement without an end cost what
// the settings say.
func TestTimeouts(t *testing.T) {
	dsn := pgtest.Database(t)
	s, other := openDailyAt(t, with(dsn, "lock_timeout=100", "statement_timeout=300")), openAt(t, dsn)
	mustWrite(t, other, func(comment.Tx) error {
		return other.Write(context.Background(), comment.Sites{"daily"}, func(tx comment.Tx) error {
			err := s.Write(context.Background(), comment.Sites{"daily"}, putPage("p1"))
			if fault.Of(err).Kind != fault.Unavailable {
				t.Errorf("a lock: %v", err)
			}
			return nil
		})
	})
	err := s.View(t.Context(), func(r comment.Reader) error {
		_, err := list(r.(*query), scanString, "select pg_sleep(20)::text")
		return err
	})
	if fault.Of(err).Kind != fault.Unavailable {
		t.Errorf("a slow statement: %v", err)
	}
	mustWrite(t, s, putPage("p1"))
}

// TestNoConnectionLeft: a server that takes no more connections is one that
// cannot be reached.
func TestNoConnectionLeft(t *testing.T) {
	server := pgtest.Start(t, false)
	dsn := server.Database(t)
	openDailyAt(t, dsn).Close()
	server.Do(t, "create role few login connection limit 2")
	server.Do(t, "grant pg_read_all_data, pg_write_all_data to few")
	s := openAt(t, strings.Replace(dsn, "postgres@", "few@", 1))
	until(t, "what the migrations were read with to be gone from the server", func() bool {
		err := s.View(t.Context(), func(comment.Reader) error {
			return s.Write(t.Context(), nil, putPage("p1"))
		})
		if err != nil && fault.Of(err).Kind != fault.Unavailable {
			t.Fatal(err)
		}
		return err == nil
	})
	err := s.View(t.Context(), func(r comment.Reader) error {
		_, err := r.Site("daily")
		if err != nil {
			return err
		}
		return s.View(t.Context(), func(r comment.Reader) error { _, err := r.Site("daily"); return err })
	})
	if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
		t.Errorf("got %v", err)
	}
}

func TestMasked(t *testing.T) {
	for dsn, want := range map[string]string{
		"afterword.db":                  "afterword.db",
		"sqlite:a@b:c":                  "sqlite:a@b:c",
		"postgres://db.example/a":       "postgres://db.example/a",
		"postgres://u@db.example/a":     "postgres://u:********@db.example/a",
		"postgres://u:secret@h1:1,h2/a": "postgres://u:********@h1:1,h2/a",
		"postgresql://u:se:cr@et@h/a":   "postgresql://u:********@h/a",
		"postgres:///a?user=u&password=secret&sslpassword=secret&host=/run": "postgres:///a?user=u&password=********&sslpassword=********&host=/run",
	} {
		if got := Masked(dsn); got != want {
			t.Errorf("%s is shown as %s, want %s", dsn, got, want)
		}
	}
}

// TestErrorsKeepThePassword, in whatever way an address is wrong.
func TestErrorsKeepThePassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://u:se%cret@127.0.0.1:1/a", "postgres://u:secret@127.0.0.1:1/a", "postgres://u:secret@127.0.0.1:x/a",
		"postgres://u:secret@[::1/a", "postgres://u:secret@h/a?sslmode=maybe", "postgres://h/a?password=secret&port=x",
		"postgres://u:secret@h:1/a?connect_timeout=secret", "postgres://u:sec ret@h:1/a?x=%zz",
	} {
		s, err := Open(t.Context(), dsn)
		if err == nil {
			t.Fatalf("%s was opened: %v", dsn, s)
		}
		text := err.Error()
		if slices.ContainsFunc([]string{"secret", "se%cret", "sec ret"}, func(p string) bool { return strings.Contains(text, p) }) || strings.Contains(text, "\n") {
			t.Errorf("%s: %q", dsn, text)
		}
	}
}

// TestNodesCallEachOther: a commit on one node wakes the others soon, also where
// nobody can be called and they have to look.
func TestNodesCallEachOther(t *testing.T) {
	through := pgtest.Bouncer(t)
	for name, address := range map[string]func(string) string{"called": func(dsn string) string { return dsn }, "looking": through} {
		t.Run(name, func(t *testing.T) {
			dsn := address(pgtest.Database(t))
			a, b := openDailyAt(t, dsn), openAt(t, dsn)
			for _, s := range []*Store{a, b} {
				ctx, cancel := context.WithCancel(context.Background())
				ended := make(chan error)
				go func() { ended <- s.Watch(ctx) }()
				t.Cleanup(func() {
					cancel()
					if err := <-ended; err != nil {
						t.Error(err)
					}
				})
			}
			for seq := range int64(5) {
				changed := b.Changed()
				mustWrite(t, a, func(tx comment.Tx) error { return appendEvents(tx, "p1", 1) })
				select {
				case <-changed:
				case <-time.After(10 * time.Second):
					t.Fatalf("nobody was woken by event %d", seq+1)
				}
			}
		})
	}
}
