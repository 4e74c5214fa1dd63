package store

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema. A shipped one is never edited.
type migration struct {
	number int
	name   string
	sql    string
}

func migrations() ([]migration, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, e := range entries {
		text, err := migrationFiles.ReadFile("migrations/" + e.Name())
		if err != nil {
			return nil, err
		}
		number, err := strconv.Atoi(strings.SplitN(e.Name(), "_", 2)[0])
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number", e.Name())
		}
		all = append(all, migration{number, e.Name(), string(text)})
	}
	slices.SortFunc(all, func(a, b migration) int { return a.number - b.number })
	return all, nil
}

const versionTable = `create table if not exists schema_version (
  version    bigint primary key,
  name       text not null,
  applied_at bigint not null
);`

// migrate applies the steps that are missing, each in one transaction with its
// version row. A database that is newer than this binary is refused.
func migrate(ctx context.Context, c *conn) error {
	all, err := migrations()
	if err != nil {
		return err
	}
	if _, err := c.exec(ctx, c.dialect.ddl(versionTable)); err != nil {
		return fmt.Errorf("prepare the schema: %w", err)
	}
	for _, m := range all {
		if err := apply(ctx, c, m); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
	}
	version, err := one(&query{ctx, c}, scanInt, "select max(version) from schema_version")
	if err != nil {
		return err
	}
	if newest := all[len(all)-1].number; int(version) > newest {
		return fmt.Errorf("the database has schema %d, this binary knows %d; run the newer afterword, or restore a backup made before the upgrade", version, newest)
	}
	return nil
}

func apply(ctx context.Context, c *conn, m migration) (err error) {
	if _, err := c.raw.ExecContext(ctx, "begin immediate"); err != nil {
		return c.dialect.wrap(err)
	}
	defer func() {
		if err != nil {
			_, _ = c.raw.ExecContext(ctx, "rollback") // what failed says more
		}
	}()
	_, err = one(&query{ctx, c}, scanInt, "select version from schema_version where version = $1", m.number)
	if err == nil || !fault.Is(err, "not_found") {
		_, _ = c.raw.ExecContext(ctx, "rollback")
		return err
	}
	if _, err := c.raw.ExecContext(ctx, c.dialect.ddl(m.sql)); err != nil {
		return c.dialect.wrap(err)
	}
	if _, err := c.exec(ctx, "insert into schema_version (version, name, applied_at) values ($1, $2, $3)", m.number, m.name, time.Now().UnixMicro()); err != nil {
		return err
	}
	_, err = c.raw.ExecContext(ctx, "commit")
	return c.dialect.wrap(err)
}

// SchemaVersion is the newest migration that this binary knows.
func SchemaVersion() int {
	all, err := migrations()
	if err != nil || len(all) == 0 {
		return 0
	}
	return all[len(all)-1].number
}
