package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/afterword-comments/afterword/internal/fault"
)

// BackupFile is a backup that has been made and checked.
type BackupFile struct {
	Path    string    `json:"path"`
	Bytes   int64     `json:"bytes"`
	SHA256  string    `json:"sha256"`
	MadeAt  time.Time `json:"made_at"`
	Removed []string  `json:"removed"` // paths of the older backups that made room
	Contents
}

// Contents is what was counted in a database.
type Contents struct {
	Schema   int   `json:"schema"`
	Sites    int64 `json:"sites"`
	Pages    int64 `json:"pages"`
	Comments int64 `json:"comments"`
	Events   int64 `json:"events"`
	Accounts int64 `json:"accounts"`
}

// Backup writes a consistent copy of a SQLite file, also while it is being
// served, and changes nothing in it. to is a file that must not exist, or a
// directory in which the copy gets a name with the time; there, keep > 0 leaves
// so many of the database's backups and deletes the older ones. The copy has
// its name when it is complete, has been checked as a whole, is on the disk and
// has its checksum beside it (to.sha256, for sha256sum -c).
func Backup(ctx context.Context, dsn, to string, keep int) (made BackupFile, err error) {
	from, err := FilePath(dsn)
	if err != nil {
		return made, err
	}
	to, stem, err := backupPlace(from, to, keep)
	if err != nil {
		return made, err
	}
	p, err := claimPart(to + ".part")
	if err != nil {
		return made, err
	}
	defer p.drop()
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return made, errors.Join(fmt.Errorf("%s exists; a backup does not overwrite", to), err)
	}
	if err := copyPages(ctx, from, "rw", p.path); err != nil {
		return made, fmt.Errorf("copy %s to %s: %w", from, to, err)
	}
	if made.Contents, err = inspect(ctx, p.path, "quick_check(1)"); err != nil {
		return made, fmt.Errorf("the copy is not sound, so there is no backup: %w", err)
	}
	if made.SHA256, made.Bytes, err = sum(ctx, p.path); err != nil {
		return made, err
	}
	if err := p.publish(to, made.SHA256); err != nil {
		return made, err
	}
	made.Path, made.MadeAt = to, time.Now().UTC().Truncate(time.Second)
	remember(from, to)
	made.Removed, err = prune(filepath.Dir(to), stem, keep, to)
	return made, err
}

// backupPlace is the file to be written, and for a directory what the names of
// this database's backups begin with.
func backupPlace(from, to string, keep int) (path, stem string, err error) {
	path, err = filepath.Abs(to)
	if err != nil {
		return "", "", err
	}
	info, err := os.Stat(path)
	switch {
	case keep < 0:
		return "", "", fault.Input("keep", "invalid", "At least one backup is kept; --keep takes a number from 1.")
	case strings.ContainsAny(path, "\n\r\x00"):
		return "", "", fault.Input("file", "invalid", "The name of a backup must not have line breaks.")
	case to == "":
		return "", "", fault.Input("file", "invalid", "The backup has no name; give a file or a directory.")
	case path == from+noteSuffix:
		return "", "", fault.Input("file", "invalid", "The service keeps a note under the name "+path+"; choose another one for the backup.")
	case err == nil && info.IsDir():
		stem := stemOf(from)
		return filepath.Join(path, stem+time.Now().UTC().Format(backupStamp)), stem, clearParts(path, stem)
	case strings.HasSuffix(to, string(filepath.Separator)):
		return "", "", fmt.Errorf("there is no directory %s to put a backup in", to)
	case keep > 0:
		return "", "", fault.Input("keep", "invalid", "--keep needs a directory to keep backups in, and "+to+" is none.")
	}
	return path, "", nil
}

// part is a file that is being made under a name of its own.
type part struct {
	path string
	lock *flock.Flock
}

// claimPart makes path this process's own until it is published or dropped. What a
// process that was killed has left there is taken over.
func claimPart(path string) (*part, error) {
	for {
		l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
		ok, err := l.TryLock()
		if err != nil {
			return nil, fmt.Errorf("%s cannot be written: %w", path, reasonOf(err))
		}
		if !ok {
			return nil, fmt.Errorf("another process is writing %s", path)
		}
		mine, err := l.Stat()
		there, serr := os.Stat(path)
		if err == nil && serr == nil && os.SameFile(mine, there) {
			p := &part{path, l}
			return p, p.empty()
		}
		_ = l.Close() // who had it before has given it its name, or thrown it away
	}
}

// empty takes away what is in the part, and the journals of what was there.
func (p *part) empty() error {
	for _, suffix := range journals {
		if err := os.Remove(p.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, p.lock.Close())
		}
	}
	return os.Truncate(p.path, 0)
}

// journals are the endings of what SQLite keeps beside a database.
var journals = []string{"-wal", "-shm", "-journal"}

// drop gives the part up, unless it has been published.
func (p *part) drop() {
	if p.lock == nil {
		return
	}
	for _, suffix := range append(journals[:len(journals):len(journals)], "") {
		os.Remove(p.path + suffix)
	}
	_ = p.lock.Close()
}

// publish puts the checksum in its place, then the part under its name: there
// is no moment at which a backup has its name and is not complete.
func (p *part) publish(to, hash string) error {
	err := syncFile(p.path)
	if err == nil {
		err = os.WriteFile(to+sumSuffix, []byte(hash+"  "+filepath.Base(to)+"\n"), 0o600)
	}
	if err == nil {
		err = syncFile(to + sumSuffix)
	}
	if err == nil {
		err = os.Rename(p.path, to)
	}
	if err != nil {
		os.Remove(to + sumSuffix)
		return err
	}
	err = errors.Join(syncFile(filepath.Dir(to)), p.lock.Close())
	p.lock = nil // the name of the part is free, and may be another's by now
	return err
}

// sumSuffix is the ending of the file with a backup's checksum.
const sumSuffix = ".sha256"

// sum reads a file to its end.
func sum(ctx context.Context, path string) (hash string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	for err == nil {
		var n int64
		n, err = io.CopyN(h, f, 8<<20)
		size += n
		if err == nil {
			err = ctx.Err()
		}
	}
	if !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// checkSum compares a file with the checksum beside it; known = there is one.
func checkSum(ctx context.Context, path string) (known bool, err error) {
	text, err := os.ReadFile(path + sumSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	want, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if raw, err := hex.DecodeString(want); err != nil || len(raw) != sha256.Size {
		return false, fmt.Errorf("%s%s is not a checksum as sha256sum writes it", path, sumSuffix)
	}
	got, _, err := sum(ctx, path)
	if err == nil && got != strings.ToLower(want) {
		err = fmt.Errorf("%s is not what its checksum %s%s was made of: it was changed or damaged since; take another backup", path, filepath.Base(path), sumSuffix)
	}
	return true, err
}

// inspect opens a database, lets SQLite check it, and counts. check is a pragma.
func inspect(ctx context.Context, path, check string) (c Contents, err error) {
	db := openFile(address(path, "mode=ro"), "pragma cache_size = -65536")
	defer db.Close()
	db.SetMaxOpenConns(1)
	if check != "" {
		var answer string
		if err := db.QueryRowContext(ctx, "pragma "+check).Scan(&answer); err != nil {
			return c, err
		}
		if answer != "ok" {
			return c, errors.New(answer)
		}
	}
	if err := db.QueryRowContext(ctx, "select coalesce(max(version), 0) from schema_version").Scan(&c.Schema); err != nil {
		return c, errors.Join(errors.New("it is not a database of afterword"), ctx.Err())
	}
	if c.Schema > SchemaVersion() {
		return c, fmt.Errorf("it has schema %d, this binary knows %d", c.Schema, SchemaVersion())
	}
	return c, c.count(ctx, db)
}

func (c *Contents) count(ctx context.Context, db *sql.DB) error {
	return db.QueryRowContext(ctx, `select (select count(*) from sites), (select count(*) from pages), (select count(*) from comments),
		(select count(*) from events), (select count(*) from accounts)`).Scan(&c.Sites, &c.Pages, &c.Comments, &c.Events, &c.Accounts)
}
