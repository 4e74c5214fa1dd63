package main

import (
	"context"
	"fmt"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
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

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check that no line of the log is missing or was changed."`
}

type auditVerifyCmd struct{}

// Run walks every log.
func (c *auditVerifyCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		bad := 0
		sites, err := logs(e.ctx, a)
		if err != nil {
			return err
		}
		for _, site := range sites {
			var found comment.Audit
			if err := a.Store.View(e.ctx, func(r comment.Reader) (err error) {
				found, err = a.Ledger.Verify(r, site)
				return err
			}); err != nil {
				return err
			}
			name := site
			if name == "" {
				name = "(installation)"
			}
			if found.Bad > 0 {
				bad++
				if err := e.print(found, "%s: broken at event %d: %s", name, found.Bad, found.What); err != nil {
					return err
				}
				continue
			}
			if err := e.print(found, "%s: %d events, whole. Head %s", name, found.Events, found.Head); err != nil {
				return err
			}
		}
		if bad > 0 {
			return fmt.Errorf("%d of %d logs are broken", bad, len(sites))
		}
		return nil
	})
}

func logs(ctx context.Context, a *app.App) (sites []string, err error) {
	err = a.Store.View(ctx, func(r comment.Reader) error {
		sites, err = r.LogSites()
		return err
	})
	return sites, err
}

type versionCmd struct{}

// Run prints the version.
func (c *versionCmd) Run(e *env) error {
	v := versionOf()
	return e.print(v, "afterword %s %s %s", v.Version, v.Commit, v.Go)
}
