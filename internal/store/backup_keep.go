package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// backupStamp ends the names of backups in a directory; they sort by time.
const backupStamp = "20060102T150405Z.db"

// stemOf is what the names of a database's backups begin with.
func stemOf(db string) string {
	base := filepath.Base(db)
	return strings.TrimSuffix(base, filepath.Ext(base)) + "-"
}

// backupsIn lists the backups of a database in a directory, oldest first, by
// the ending that is added to their names: "" for those that are complete.
// Whatever has another name or is no ordinary file is none.
func backupsIn(dir, stem, ending string) ([]string, error) {
	made := regexp.MustCompile(`^` + regexp.QuoteMeta(stem) + `\d{8}T\d{6}Z\.db` + regexp.QuoteMeta(ending) + `$`)
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if e.Type().IsRegular() && made.MatchString(e.Name()) {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	return found, nil
}

// prune deletes all but the newest backups of a database, and never the one
// that was just made, whatever the clock said. A checksum goes first: what a
// crash leaves is then found again the next time.
func prune(dir, stem string, keep int, made string) (removed []string, err error) {
	removed = []string{}
	if stem == "" || keep == 0 {
		return removed, nil
	}
	all, err := backupsIn(dir, stem, "")
	if err != nil {
		return removed, fmt.Errorf("the backup %s is made, but the older ones cannot be listed: %w", made, err)
	}
	older := slices.DeleteFunc(all, func(path string) bool { return path == made })
	for _, path := range older[:max(0, len(older)-(keep-1))] {
		for _, path := range []string{path + sumSuffix, path} {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return removed, fmt.Errorf("the backup %s is made, but an older one cannot be deleted: %w", made, err)
			}
		}
		removed = append(removed, path)
	}
	return removed, nil
}

// clearParts deletes what backups that were killed have left in a directory.
func clearParts(dir, stem string) error {
	left, err := backupsIn(dir, stem, ".part")
	for _, path := range left {
		if p, err := claimPart(path); err == nil { // else it is being written
			p.drop()
		}
	}
	return err
}

// noteSuffix is the ending of a file beside the database that names the last
// backup: when the database is damaged it cannot be asked.
const noteSuffix = ".last-backup"

// remember notes a backup for newestBackup. The note is only a help, so that it
// cannot be written is no error.
func remember(db, backup string) { _ = os.WriteFile(db+noteSuffix, []byte(backup+"\n"), 0o600) }

// newestBackup is the newest backup that is known of a database; "" = none.
func newestBackup(db string) string {
	text, err := os.ReadFile(db + noteSuffix)
	last := strings.TrimSuffix(string(text), "\n")
	if err != nil || !filepath.IsAbs(last) {
		return ""
	}
	others, err := backupsIn(filepath.Dir(last), stemOf(db), "")
	if err == nil && slices.Contains(others, last) {
		return others[len(others)-1]
	}
	if _, err := os.Stat(last); err != nil {
		return ""
	}
	return last
}
