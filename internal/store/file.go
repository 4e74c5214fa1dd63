package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	sqlite3 "github.com/mattn/go-sqlite3"
)

// ErrRunning is what the second instance on one file gets.
var ErrRunning = errors.New("another afterword is serving this database; stop it, or choose another file with --db")

// Lock keeps a second instance off a SQLite file. Administrative commands do
// not take it: they may write beside a running instance.
type Lock struct{ file *flock.Flock }

// LockFile takes the lock of a database file, or fails with ErrRunning.
func LockFile(path string) (*Lock, error) {
	l := flock.New(path+".lock", flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !ok {
		return nil, ErrRunning
	}
	return &Lock{l}, nil
}

// Release gives the lock back. The lock file stays: removing it would let two
// processes hold locks on two files of one name.
func (l *Lock) Release() error { return l.file.Unlock() }

// backupStep is the number of pages that a backup copies before it lets
// writers go on.
const backupStep = 1024

// Backup writes a consistent copy of the database to a file, while it is being
// served. The copy appears under its name when it is complete and has been
// opened and checked.
func (s *Store) Backup(ctx context.Context, to string) (err error) {
	if _, err := os.Stat(to); err == nil {
		return fmt.Errorf("%s exists; a backup does not overwrite", to)
	}
	temp := to + ".part"
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	defer os.Remove(temp)
	if err := createPrivately(temp); err != nil {
		return err
	}
	if err := copyPages(ctx, s.path, temp); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	if err := checkFile(ctx, temp); err != nil {
		return fmt.Errorf("the copy is not sound: %w", err)
	}
	if err := syncFile(temp); err != nil {
		return err
	}
	if err := os.Rename(temp, to); err != nil {
		return err
	}
	return syncFile(filepath.Dir(to))
}

// Restore puts a backup in the place of the database. It refuses while an
// instance runs, and keeps what was there under a new name.
func Restore(ctx context.Context, from, dsn string) (err error) {
	path, err := FilePath(dsn)
	if err != nil {
		return err
	}
	lock, err := LockFile(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if err := checkFile(ctx, from); err != nil {
		return fmt.Errorf("%s is not a sound backup: %w", from, err)
	}
	temp := path + ".restoring"
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	defer os.Remove(temp)
	if err := createPrivately(temp); err != nil {
		return err
	}
	if err := copyPages(ctx, from, temp); err != nil {
		return fmt.Errorf("copy the backup: %w", err)
	}
	if err := syncFile(temp); err != nil {
		return err
	}
	if err := setAside(path); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}

// setAside keeps a database that is being replaced, with the journal that
// belongs to it.
func setAside(path string) error {
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.before-restore-%d", path, n)
		if _, err := os.Stat(aside); err == nil {
			continue
		}
		for _, suffix := range []string{"-wal", "-shm", ""} {
			if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		return nil
	}
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// copyPages copies one SQLite file onto another through SQLite's online backup.
// The copy needs no journal beside it.
func copyPages(ctx context.Context, from, to string) error {
	src, dst := sqliteConnector(address(from, "mode=ro")), sqliteConnector(address(to, "mode=rw"))
	defer src.Close()
	defer dst.Close()
	return withDriver(ctx, dst, func(d *sqlite3.SQLiteConn) error {
		return withDriver(ctx, src, func(s *sqlite3.SQLiteConn) error { return copyAll(ctx, d, s) })
	})
}

// copyAll copies within one read transaction: without it, every commit of a
// writer would make the copy start again.
func copyAll(ctx context.Context, d, s *sqlite3.SQLiteConn) error {
	if _, err := s.Exec("begin; select count(*) from sqlite_schema", nil); err != nil {
		return err
	}
	b, err := d.Backup("main", s, "main")
	if err != nil {
		return err
	}
	for done := false; !done && err == nil; {
		if err = ctx.Err(); err == nil {
			done, err = b.Step(backupStep)
		}
	}
	if err = errors.Join(err, b.Finish()); err != nil {
		return err
	}
	_, err = d.Exec("pragma journal_mode = delete", nil)
	return err
}

func withDriver(ctx context.Context, db *sql.DB, fn func(*sqlite3.SQLiteConn) error) error {
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Raw(func(raw any) error { return fn(raw.(*sqlite3.SQLiteConn)) })
}

// checkFile opens a database and lets SQLite check all of it.
func checkFile(ctx context.Context, path string) error {
	db := sqliteConnector(address(path, "mode=ro"))
	defer db.Close()
	var answer string
	if err := db.QueryRowContext(ctx, "pragma integrity_check(1)").Scan(&answer); err != nil {
		return err
	}
	if answer != "ok" {
		return errors.New(answer)
	}
	var version int
	if err := db.QueryRowContext(ctx, "select coalesce(max(version), 0) from schema_version").Scan(&version); err != nil {
		return errors.New("it is not a database of afterword")
	}
	if version > SchemaVersion() {
		return fmt.Errorf("it has schema %d, this binary knows %d", version, SchemaVersion())
	}
	return nil
}
