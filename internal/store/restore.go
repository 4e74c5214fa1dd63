package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/afterword-comments/afterword/internal/fault"
)

// Restored is what came of a Restore.
type Restored struct {
	DB   string `json:"db"`
	From string `json:"from"`
	Kept string `json:"kept"` // where the database that was there is now; "" = there was none
	Contents
}

// Restore puts a backup in the place of a SQLite file. It refuses while an
// instance runs, and a backup that is not what the checksum beside it says, or
// that SQLite finds damaged; and it keeps what was there under a new name. If
// it is interrupted there is either the old database or the new one, whole.
func Restore(ctx context.Context, from, dsn string) (done Restored, err error) {
	path, err := FilePath(dsn)
	if err != nil {
		return done, err
	}
	if from, err = filepath.Abs(from); err != nil {
		return done, err
	}
	lock, err := LockFile(path)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	done = Restored{DB: path, From: from}
	if done.Contents, err = sound(ctx, from); err != nil {
		return done, err
	}
	p, err := claimPart(path + ".restoring")
	if err != nil {
		return done, err
	}
	defer p.drop()
	if err := copyPages(ctx, from, "ro", p.path); err != nil {
		return done, fmt.Errorf("copy %s to %s: %w", from, path, err)
	}
	if err := syncFile(p.path); err != nil {
		return done, err
	}
	if done.Kept, err = setAside(ctx, path); err != nil {
		return done, err
	}
	if err := os.Rename(p.path, path); err != nil {
		return done, err
	}
	return done, syncFile(filepath.Dir(path))
}

// sound checks a backup before anything is touched. One that is still what its
// checksum says was checked when it was made.
func sound(ctx context.Context, from string) (Contents, error) {
	known, err := checkSum(ctx, from)
	if err != nil {
		return Contents{}, err
	}
	check := "quick_check(1)"
	if known {
		check = ""
	}
	c, err := inspect(ctx, from, check)
	if err != nil {
		return c, fmt.Errorf("%s is not a sound backup: %w", from, err)
	}
	return c, nil
}

// setAside gives the database a second name, so that the first can be taken
// from it in one step. Before that its journal is brought into it: a database
// is one thing only while it is one file.
func setAside(ctx context.Context, path string) (aside string, err error) {
	if err := unite(ctx, path); fault.Is(err, "storage_locked") {
		return "", fmt.Errorf("another program has %s open; stop it: %w", path, err)
	}
	for n := 1; ; n++ {
		aside = fmt.Sprintf("%s.before-restore-%d", path, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	// A database that is so damaged that its journal cannot be brought into it
	// is kept in pieces. A journal must not stay: it would be read into the
	// backup that comes.
	for _, suffix := range journals {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	if err := double(path, aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
		return "", err
	}
	return aside, syncFile(filepath.Dir(path))
}

// unite makes a database one file.
func unite(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db := openFile(address(path, "mode=rw&_busy_timeout=1000"))
	defer db.Close()
	db.SetMaxOpenConns(1)
	var mode string
	return sqlite.wrap(db.QueryRowContext(ctx, "pragma journal_mode = delete").Scan(&mode))
}

// double gives a file a second name, or where the file system has no links
// makes a copy of it.
func double(path, name string) error {
	err := os.Link(path, name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Sync(), to.Close())
}
