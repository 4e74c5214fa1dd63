// Package raw goes to a database beside the store, through the same drivers:
// the benchmarks need it for the floor of the writes and for filling a database
// faster than by use cases. It is the one place outside internal/store that
// knows the engines. Statements take their parameters in order as $1, $2, …,
// which both engines understand.
package raw

import (
	"context"
	"database/sql"
	"net/url"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "github.com/mattn/go-sqlite3"    // the driver "sqlite3"
)

// Postgres reports whether the address is one of PostgreSQL's, and not of a
// SQLite file.
func Postgres(dsn string) bool { return strings.Contains(dsn, "://") }

// Open opens a database with the settings of the store's own writing
// connection: a commit is on the disk before it returns.
func Open(dsn string) (*sql.DB, error) {
	return open(dsn, "_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=on&_secure_delete=on&_cache_size=-8000")
}

// OpenBulk opens a database for filling it: SQLite then keeps no journal, so
// nobody else may have the file open, and a crash leaves it unusable.
func OpenBulk(dsn string) (*sql.DB, error) {
	return open(dsn, "_journal_mode=OFF&_synchronous=OFF&_locking_mode=EXCLUSIVE&_foreign_keys=off&_cache_size=-262144")
}

func open(dsn, settings string) (*sql.DB, error) {
	driver := "pgx"
	if !Postgres(dsn) {
		driver, dsn = "sqlite3", "file:"+strings.TrimPrefix(dsn, "sqlite:")+"?"+settings
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if driver == "sqlite3" {
		_, err = db.Exec("pragma wal_autocheckpoint = 8000; pragma temp_store = memory")
	}
	return db, err
}

// NewSchema makes a schema of its own in a PostgreSQL database and gives the
// address that leads into it; drop removes it with everything in it.
func NewSchema(ctx context.Context, dsn, name string) (inside string, drop func() error, err error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", nil, err
	}
	db, err := Open(dsn)
	if err != nil {
		return "", nil, err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `drop schema if exists "`+name+`" cascade`); err != nil {
		return "", nil, err
	}
	if _, err := db.ExecContext(ctx, `create schema "`+name+`"`); err != nil {
		return "", nil, err
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String(), func() error {
		db, err := Open(dsn)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.Exec(`drop schema if exists "` + name + `" cascade`)
		return err
	}, nil
}
