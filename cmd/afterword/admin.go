package main

import (
	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/store"
)

type migrateCmd struct{}

// Run brings the schema up to date.
func (c *migrateCmd) Run(e *env) error {
	return e.setUp(func(a *app.App) error {
		db := a.Store.Path()
		if db == "" {
			db = store.Masked(e.settings.DB)
		}
		return e.print(map[string]any{"db": db, "schema": store.SchemaVersion()}, "%s has schema %d.", db, store.SchemaVersion())
	})
}

type versionCmd struct{}

// Run prints the version.
func (c *versionCmd) Run(e *env) error {
	v := versionOf()
	return e.print(v, "afterword %s %s %s", v.Version, v.Commit, v.Go)
}
