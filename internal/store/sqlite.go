package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/afterword-comments/afterword/internal/fault"
)

// sqliteSettings hold for every connection. Foreign keys are on, erased bytes
// are overwritten, and a commit is on the disk before it is acknowledged.
var sqliteSettings = url.Values{
	"_journal_mode":  {"WAL"},
	"_synchronous":   {"FULL"},
	"_busy_timeout":  {fmt.Sprint(busyTime.Milliseconds())},
	"_foreign_keys":  {"on"},
	"_mutex":         {"no"}, // one goroutine at a time uses a connection anyway
	"_secure_delete": {"on"},
	"_cache_size":    {"-8000"}, // KiB, negative by SQLite's convention
}

// sqlitePragmas are the settings that the driver has no parameter for.
var sqlitePragmas = []string{
	"pragma trusted_schema = off",
	"pragma cell_size_check = on",
	"pragma journal_size_limit = 67108864",
	"pragma wal_autocheckpoint = 16000", // 64 MiB: the pages that every post changes are copied once for many
	"pragma temp_store = memory",
}

// openFile opens a file for what needs no speed.
func openFile(dsn string, extra ...string) *sql.DB { return sql.OpenDB(sqliteConnector(dsn, extra...)) }

func sqliteConnector(dsn string, extra ...string) connector {
	d := &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		for _, p := range append(sqlitePragmas[:len(sqlitePragmas):len(sqlitePragmas)], extra...) {
			if _, err := c.Exec(p, nil); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
		return nil
	}}
	return connector{dsn, d}
}

// address names a file to SQLite, whatever characters are in its path.
func address(path, settings string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + settings
}

// FilePath is the file that a --db setting names.
func FilePath(dsn string) (string, error) {
	path := strings.TrimPrefix(dsn, "sqlite:")
	switch {
	case strings.Contains(dsn, "://"):
		scheme, _, _ := strings.Cut(dsn, "://")
		return "", fmt.Errorf("the database address %s:// is not supported; give a file path or sqlite:PATH", scheme)
	case path == "":
		return "", errors.New("the database has no path; give one such as afterword.db")
	case strings.HasPrefix(path, "file:"), path == ":memory:":
		return "", fmt.Errorf("the database is %s; give the path of a file, without anything before or after it", path)
	}
	return filepath.Abs(path)
}

// fileReaders is the number of connections to a file that serve View. Each
// forgets its pages when another connection commits, so that a large cache holds
// memory and is empty all the same: what is read often is in the system's.
const (
	fileReaders = 4
	readerCache = "pragma cache_size = -2000" // KiB, negative by SQLite's convention
)

func (s *Store) openSQLite(ctx context.Context, dsn string) (err error) {
	if s.path, err = FilePath(dsn); err != nil {
		return err
	}
	if err := createPrivately(s.path); err != nil {
		return err
	}
	at := address(s.path, sqliteSettings.Encode())
	if err := s.prepareFile(ctx, sqliteConnector(at)); err != nil {
		return describeOpen(s.path, err)
	}
	writer, err := newSQLiteConn(ctx, sqliteConnector(at))
	if err != nil {
		return err
	}
	var readers []conn
	for range fileReaders {
		c, cerr := newSQLiteConn(ctx, sqliteConnector(at, "pragma query_only = on", readerCache))
		if cerr != nil {
			err = cerr
			break
		}
		readers = append(readers, c)
	}
	s.use(sqlite, []conn{writer}, readers) // which Close closes
	if err != nil {
		return err
	}
	mover, err := newSQLiteConn(ctx, sqliteConnector(at))
	if err == nil {
		s.writer.checkpoints = newCheckpointer(mover, s.health)
	}
	return err
}

// sqliteBegin takes the write lock, which is one on all there is. While another
// process has it, it tries for so long, and then once more.
func sqliteBegin(patience time.Duration) func(context.Context, conn, []string, []ask) (map[string]head, []answer, error) {
	return func(ctx context.Context, c conn, _ []string, _ []ask) (map[string]head, []answer, error) {
		for end := time.Now().Add(patience); ; {
			err := c.put(ctx, "begin immediate")
			if err == nil || !fault.Is(err, "storage_locked") || time.Now().After(end) {
				return map[string]head{}, nil, err
			}
		}
	}
}

// prepareFile checks the file and brings its schema up to date.
func (s *Store) prepareFile(ctx context.Context, file connector) error {
	c, err := newSQLiteConn(ctx, file)
	if err != nil {
		return err
	}
	defer c.close()
	if err := s.checkAtStart(&query{ctx: ctx, conn: c}); err != nil {
		return err
	}
	return migrate(ctx, c, sqlite)
}

func describeOpen(path string, err error) error {
	if fault.Is(err, "storage_corrupt") {
		backup, known := "FILE", "a backup"
		if newest := newestBackup(path); newest != "" {
			backup, known = newest, "the newest backup"
		}
		return fmt.Errorf("the database %s is damaged (%w); restore %s with `afterword restore %s --db %s`", path, err, known, backup, path)
	}
	return fmt.Errorf("open the database %s: %w", path, err)
}

// createPrivately makes the file with mode 0600 where there is none; SQLite
// gives its journal files the mode of the database.
func createPrivately(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("the database %s cannot be opened for writing: %w; choose another file with --db", path, reasonOf(err))
	}
	return f.Close()
}

// reasonOf is an error about a file without its path.
func reasonOf(err error) error {
	if e := new(os.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// sqliteFault tells what the caller can do about an engine's error.
func sqliteFault(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return nil
	}
	f := &fault.Error{Kind: fault.Unavailable, RetryAfter: 5 * time.Second, Cause: err}
	switch e.Code {
	case sqlite3.ErrFull:
		f.Code, f.Detail = "storage_full", "The disk of the service is full: it can be read, but nothing can be written. Nothing was changed."
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		f.Code, f.Detail, f.RetryAfter = "storage_locked", "Another program is writing to the database. Try again in a moment.", time.Second
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrCantOpen:
		f.Code, f.Detail = "storage_read_only", "The database of the service cannot be written. Nothing was changed."
	case sqlite3.ErrIoErr:
		f.Code, f.Detail = "storage_failed", "The disk of the service failed. Nothing was changed."
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		f.Kind, f.Code, f.Detail = fault.Internal, "storage_corrupt", "The database of the service is damaged."
	case sqlite3.ErrConstraint:
		if e.ExtendedCode == sqlite3.ErrConstraintUnique || e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey {
			return &fault.Error{Kind: fault.Conflict, Code: "conflict", Detail: "That exists already.", Cause: err}
		}
		return nil
	default:
		return nil
	}
	return f
}
