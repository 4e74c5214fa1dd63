package store

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema. A shipped one is never edited. What only
// one engine does stands beside it, in NNNN_name.engine.sql.
type migration struct {
	number int
	name   string
	sql    string
	only   map[string]string // by engine
}

func migrations() ([]migration, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	steps := map[string]*migration{}
	for _, e := range entries {
		text, err := migrationFiles.ReadFile("migrations/" + e.Name())
		if err != nil {
			return nil, err
		}
		name, engine, _ := strings.Cut(strings.TrimSuffix(e.Name(), ".sql"), ".")
		number, err := strconv.Atoi(strings.SplitN(name, "_", 2)[0])
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number", e.Name())
		}
		if steps[name] == nil {
			steps[name] = &migration{number: number, name: name + ".sql", only: map[string]string{}}
		}
		if engine == "" {
			steps[name].sql = string(text)
		} else {
			steps[name].only[engine] = string(text)
		}
	}
	all := make([]migration, 0, len(steps))
	for _, m := range steps {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b migration) int { return a.number - b.number })
	return all, nil
}

const versionTable = `create table if not exists schema_version (
  version    bigint primary key,
  name       text not null,
  applied_at bigint not null
);
`

// migrate applies the steps that are missing, each in one transaction with its
// version row. A database that is newer than this binary is refused.
func migrate(ctx context.Context, c conn, d dialect) error {
	all, err := migrations()
	if err != nil {
		return err
	}
	version, err := schemaVersion(ctx, c, d)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	newest := all[len(all)-1].number
	for _, m := range all {
		if m.number <= version {
			continue
		}
		if err := apply(ctx, c, d, m); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
	}
	if version > newest {
		return fmt.Errorf("the database has schema %d, this binary knows %d; run the newer afterword, or restore a backup made before the upgrade", version, newest)
	}
	begun, err := one(&query{ctx: ctx, conn: c}, scanInt, d.tables, "copy_state")
	if err == nil && begun > 0 {
		err = errUnfinished
	}
	return err
}

// schemaVersion is 0 for a database that is empty.
func schemaVersion(ctx context.Context, c conn, d dialect) (int, error) {
	q := &query{ctx: ctx, conn: c}
	tables, err := one(q, scanInt, d.tables, "schema_version")
	if err != nil || tables == 0 {
		return 0, err
	}
	version, err := one(q, scanInt, "select coalesce(max(version), 0) from schema_version")
	return int(version), err
}

// apply does nothing where another process has been faster.
func apply(ctx context.Context, c conn, d dialect, m migration) (err error) {
	if err := d.change(ctx, c); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, _ = c.exec(ctx, "rollback") // what failed says more
		}
	}()
	version, err := schemaVersion(ctx, c, d)
	if err != nil {
		return err
	}
	if version < m.number {
		if err := c.script(ctx, d.ddl(versionTable+m.sql)+m.only[d.name]); err != nil {
			return err
		}
		if err := c.put(ctx, "insert into schema_version (version, name, applied_at) values ($1, $2, $3)", m.number, m.name, time.Now().UnixMicro()); err != nil {
			return err
		}
	}
	_, err = c.exec(ctx, "commit")
	return err
}

// SchemaVersion is the newest migration that this binary knows.
func SchemaVersion() int {
	all, err := migrations()
	if err != nil || len(all) == 0 {
		return 0
	}
	return all[len(all)-1].number
}
