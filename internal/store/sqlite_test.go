package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

func TestFilePath(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dsn, want := range map[string]string{
		"a.db": here + "/a.db", "sqlite:a.db": here + "/a.db", "/x/a b?.db": "/x/a b?.db", "sqlite:/x/y.db": "/x/y.db",
		"": "", "sqlite:": "", "postgres://u:secret@h/d": "", "mysql://h": "", "file:a.db": "", "sqlite:file:a.db?mode=ro": "", ":memory:": "", "./file:a.db": here + "/file:a.db",
	} {
		got, err := FilePath(dsn)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v; want %q", dsn, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error shows the address: %v", dsn, err)
		}
	}
}

// The settings are asked of the engine, on both handles: a parameter that the
// driver does not know is silently nothing.
func TestSettingsAreInForce(t *testing.T) {
	s := openDaily(t)
	settings := map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1", "busy_timeout": "5000",
		"trusted_schema": "0", "cell_size_check": "1", "journal_size_limit": "67108864", "temp_store": "2",
	}
	check := func(handle string, c conn, cache, queryOnly string) {
		settings["cache_size"] = cache
		for name, want := range settings {
			if got := column(t, c, "pragma "+name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s is %v, want %s", handle, name, got, want)
			}
		}
		if got := column(t, c, "pragma query_only"); got[0] != queryOnly {
			t.Errorf("%s: query_only is %s, want %s", handle, got[0], queryOnly)
		}
	}
	err := s.writer.do(t.Context(), nil, nil, func(w *write) error { check("writer", w.conn, "-8000", "0"); return nil })
	if err != nil {
		t.Fatal(err)
	}
	for range fileReaders {
		c := <-s.readers
		check("reader", c, "-2000", "1")
		s.readers <- c
	}
}

func TestTablesAreStrict(t *testing.T) {
	s := openDaily(t)
	err := s.View(t.Context(), func(r comment.Reader) error {
		c := r.(*query).conn
		tables := "select name from pragma_table_list where schema = 'main' and type = 'table' and name not like 'sqlite_%'"
		if lax := column(t, c, tables+" and not strict"); len(lax) > 0 {
			t.Errorf("tables that take any type: %v", lax)
		}
		if all := column(t, c, tables); len(all) < 20 {
			t.Errorf("only %d tables", len(all))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	err = s.writer.do(t.Context(), nil, nil, func(w *write) error {
		_, err := w.conn.exec(w.ctx, "update sites set created_at = 'yesterday'")
		return err
	})
	if err == nil {
		t.Error("a word was taken for an instant")
	}
}

func TestFilesArePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	lock, err := LockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	s := openAt(t, path)
	if _, err := Backup(t.Context(), s.Path(), path+".backup", 0); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock", ".backup"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%q: %v, %v; want mode 0600", suffix, info.Mode(), err)
		}
	}
}

func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestStrangePaths(t *testing.T) {
	for _, name := range []string{"a b.db", "what?.db", "100%.db", "%41.db", "a&b=c#d.db", "naïve 新聞.db", "o'clock \".db", "mode=memory?mode=memory"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name+" in")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path, backup := filepath.Join(dir, name), filepath.Join(dir, "backup of "+name)
			s := openAt(t, "sqlite:"+path)
			mustWrite(t, s, func(tx comment.Tx) error { return tx.PutSite(comment.Site{Key: "daily", Name: "Daily"}) })
			if err := errors.Join(backUp(t, s, backup), s.Close()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{name, "backup of " + name, "backup of " + name + ".sha256", name + ".last-backup"}, filesIn(t, dir), sorted); diff != "" {
				t.Error(diff)
			}
			other := filepath.Join(dir, "other "+name)
			if _, err := Restore(t.Context(), backup, other); err != nil {
				t.Fatal(err)
			}
			mustWrite(t, openAt(t, other), putPage("p1")) // the site is there
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		make  func(path string) error
		wants []string
	}{
		{"not a database", func(path string) error {
			return os.WriteFile(path, bytes.Repeat([]byte("Dear diary, "), 1000), 0o600)
		}, []string{"damaged", "afterword restore"}},
		{"a directory", func(path string) error { return os.Mkdir(path, 0o700) }, []string{"cannot be opened for writing", "--db"}},
		{"a newer schema", func(path string) error {
			s, err := Open(context.Background(), path)
			if err != nil {
				return err
			}
			return errors.Join(s.writer.do(context.Background(), nil, nil, func(w *write) error {
				_, err := w.conn.exec(w.ctx, "insert into schema_version (version, name, applied_at) values (9999, 'future', 0)")
				return err
			}), s.Close())
		}, []string{"schema 9999", "newer afterword"}},
		{"a missing directory", func(string) error { return nil }, []string{"no such file or directory", "--db"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "test.db")
			if tt.name == "a missing directory" {
				path = filepath.Join(t.TempDir(), "none", "test.db")
			}
			if err := tt.make(path); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), path)
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			for _, want := range append(tt.wants, path) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
		})
	}
}

// Whatever page of the file is destroyed, it is noticed before anything is
// served.
func TestADestroyedPageIsNoticed(t *testing.T) {
	s := openDaily(t)
	for i := range 20 {
		mustWrite(t, s, putPage(fmt.Sprint(i)))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	const pageSize = 4096
	for at := 0; at < len(sound); at += pageSize {
		damaged := bytes.Clone(sound)
		rand.Read(damaged[at : at+pageSize])
		path := filepath.Join(t.TempDir(), "damaged.db")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), path)
		if err == nil {
			s.Close()
			t.Errorf("page %d is garbage, and the database was opened", at/pageSize+1)
			continue
		}
		if !fault.Is(err, "storage_corrupt") || !strings.Contains(err.Error(), "afterword restore FILE --db "+path) {
			t.Errorf("page %d: %v", at/pageSize+1, err)
		}
	}
}

func TestMigrateTwice(t *testing.T) {
	s := openDaily(t)
	versions := func(s *Store) (all []string) {
		err := s.View(t.Context(), func(r comment.Reader) error {
			all = column(t, r.(*query).conn, "select version || ' ' || name || ' ' || applied_at from schema_version order by version")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := versions(s)
	if len(before) != SchemaVersion() {
		t.Errorf("versions %v, want %d", before, SchemaVersion())
	}
	mustWrite(t, s, putPage("p1"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := openAt(t, s.Path())
	if diff := cmp.Diff(before, versions(again)); diff != "" {
		t.Error(diff)
	}
	if !pageIDs(t, again)["p1"] {
		t.Error("the second migration lost a page")
	}
}

func TestAFailedMigrationLeavesNothing(t *testing.T) {
	s := openDaily(t)
	err := s.View(t.Context(), func(comment.Reader) error {
		c, err := newSQLiteConn(t.Context(), sqliteConnector(address(s.Path(), "")))
		if err != nil {
			return err
		}
		defer c.close()
		err = apply(t.Context(), c, sqlite, migration{number: 99, name: "0099_bad.sql", sql: "create table good (id bigint\n);\ncreate table sites (id bigint\n);"})
		if err == nil {
			t.Error("a table was made twice")
		}
		if left := column(t, c, "select name from sqlite_schema where name = 'good' union all select name from schema_version where version = 99"); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, s, putPage("p1")) // nobody holds a lock
}

func TestProcessesMigrateAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	ended := make(chan error)
	const n = 6
	for range n {
		cmd := process(t, "open", path)
		go func() {
			out, err := cmd.CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, out)
			}
			ended <- err
		}()
	}
	for range n {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	mustWrite(t, openAt(t, path), func(tx comment.Tx) error { return tx.PutSite(comment.Site{Key: "daily", Name: "Daily"}) })
}

func TestErrorsOfTheEngine(t *testing.T) {
	for code, want := range map[sqlite3.ErrNo]struct {
		kind fault.Kind
		code string
	}{
		sqlite3.ErrFull: {fault.Unavailable, "storage_full"}, sqlite3.ErrIoErr: {fault.Unavailable, "storage_failed"},
		sqlite3.ErrBusy: {fault.Unavailable, "storage_locked"}, sqlite3.ErrLocked: {fault.Unavailable, "storage_locked"},
		sqlite3.ErrReadonly: {fault.Unavailable, "storage_read_only"}, sqlite3.ErrPerm: {fault.Unavailable, "storage_read_only"},
		sqlite3.ErrCantOpen: {fault.Unavailable, "storage_read_only"},
		sqlite3.ErrCorrupt:  {fault.Internal, "storage_corrupt"}, sqlite3.ErrNotADB: {fault.Internal, "storage_corrupt"},
	} {
		cause := sqlite3.Error{Code: code}
		f := fault.Of(sqlite.wrap(fmt.Errorf("step: %w", cause)))
		if f.Kind != want.kind || f.Code != want.code || !errors.Is(f, cause) {
			t.Errorf("%v: got %v", cause, f)
		}
		if f.Kind == fault.Unavailable && f.RetryAfter <= 0 {
			t.Errorf("%v: no time to wait", cause)
		}
		if strings.Contains(f.Detail, cause.Error()) {
			t.Errorf("%v: the public sentence shows the cause: %s", cause, f.Detail)
		}
	}
	for _, err := range []error{errors.New("other"), sqlite3.Error{Code: sqlite3.ErrMisuse}, sqlite3.Error{Code: sqlite3.ErrConstraint, ExtendedCode: sqlite3.ErrConstraintCheck}} {
		if got := sqlite.wrap(err); !errors.Is(got, err) || fault.Of(got).Kind != fault.Internal {
			t.Errorf("%v became %v", err, got)
		}
	}
	if sqlite.wrap(nil) != nil {
		t.Error("no error became one")
	}
}
