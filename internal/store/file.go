package store

import (
	"context"
	"errors"
	"fmt"
	"os"

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

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// copyPages copies one SQLite file onto another through SQLite's online backup.
// The copy needs no journal beside it. mode "ro" leaves the source untouched,
// but may leave an empty journal beside it; "rw" tidies up, as its own process
// would.
func copyPages(ctx context.Context, from, mode, to string) error {
	dst, err := newSQLiteConn(ctx, sqliteConnector(address(to, "mode=rw")))
	if err != nil {
		return err
	}
	defer dst.close()
	src, err := newSQLiteConn(ctx, sqliteConnector(address(from, "mode="+mode)))
	if err != nil {
		return err
	}
	defer src.close()
	return copyAll(ctx, dst.raw, src.raw)
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
	if ferr := b.Finish(); err == nil { // else it says the same
		err = ferr
	}
	if err != nil {
		return err
	}
	_, err = d.Exec("pragma journal_mode = delete", nil)
	return err
}
