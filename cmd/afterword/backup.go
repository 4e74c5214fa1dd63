package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/store"
)

type backupCmd struct {
	File string `arg:"" help:"File to write, which must not exist; or a directory, in which the backup gets a name with the time."`
	Keep int    `help:"In a directory: keep so many backups of this database and delete the older ones." placeholder:"N"`
}

// Run writes a consistent copy. It leaves the database as it is: before an
// upgrade it is the copy of a database that is not upgraded yet.
func (c *backupCmd) Run(e *env) error {
	if err := e.onlyFiles(); err != nil {
		return err
	}
	db, err := e.database()
	if err != nil {
		return err
	}
	made, err := store.Backup(e.ctx, db, c.File, c.Keep)
	if made.Path == "" {
		return err
	}
	deleted := ""
	for _, path := range made.Removed {
		deleted += "Deleted " + path + ". "
	}
	return errors.Join(err, e.print(made, "Wrote %s and checked it: %s, %d comments, %d events. Its checksum is beside it. %s%s",
		made.Path, size(made.Bytes), made.Comments, made.Events, deleted, c.aboutKey(e, db)))
}

// aboutKey says where the other half of a backup is.
func (c *backupCmd) aboutKey(e *env, db string) string {
	key := app.KeyFile(db)
	if e.settings.SecretKey != "" {
		key = "AFTERWORD_SECRET_KEY"
	}
	return "Keep the installation key (" + key + ") too, safe and in another place: a backup without it cannot be used."
}

// onlyFiles refuses a database that has tools of its own.
func (e *env) onlyFiles() error {
	if store.IsServer(e.settings.DB) {
		return usageError{errors.New("a database on PostgreSQL is copied and restored with PostgreSQL's own tools, such as pg_dump and pg_restore; see docs/operating.md")}
	}
	return nil
}

func size(bytes int64) string {
	if bytes < 10e6 {
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
}

type restoreCmd struct {
	File string `arg:"" help:"Backup to restore." type:"existingfile"`
}

// Run replaces the database by a backup.
func (c *restoreCmd) Run(e *env) error {
	if err := e.onlyFiles(); err != nil {
		return err
	}
	done, err := store.Restore(e.ctx, c.File, e.settings.DB)
	if err != nil {
		return err
	}
	kept := "There was no database before."
	if done.Kept != "" {
		kept = "What was there is kept as " + done.Kept + "."
	}
	if _, err := os.Stat(app.KeyFile(done.DB)); errors.Is(err, os.ErrNotExist) && e.settings.SecretKey == "" {
		kept += " Before you start the service, put the installation key that belongs to the backup in " + filepath.Dir(done.DB) + " as afterword.key."
	}
	return e.print(done, "Restored %s from %s: %d comments, %d events. %s", done.DB, done.From, done.Comments, done.Events, kept)
}
