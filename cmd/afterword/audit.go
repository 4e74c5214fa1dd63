package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/keyring"
	"github.com/afterword-comments/afterword/internal/store"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check that no line of the log is missing or was changed, and that comments, decisions and so on are what it says."`
	Export auditExportCmd `cmd:"" help:"Write a site's log to a file that can be verified without the database."`
}

type auditVerifyCmd struct {
	File string `help:"Verify an exported log instead of the database; with the installation's key where there is one." placeholder:"FILE"`
}

// Run walks every log.
func (c *auditVerifyCmd) Run(e *env) error {
	if c.File != "" {
		return c.verifyFile(e)
	}
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
			if found.Bad > 0 {
				bad++
			}
			if err := e.printAudit(found, ""); err != nil {
				return err
			}
		}
		if bad > 0 {
			return fmt.Errorf("%d of %d logs are broken", bad, len(sites))
		}
		return nil
	})
}

func (e *env) printAudit(found comment.Audit, remark string) error {
	name := found.Site
	if name == "" {
		name = "(installation)"
	}
	if found.Bad > 0 {
		return e.print(found, "%s: broken at event %d: %s", name, found.Bad, found.What)
	}
	return e.print(found, "%s: %d events, whole; %d rows checked. Head %s%s", name, found.Events, found.Rows, found.Head, remark)
}

func (c *auditVerifyCmd) verifyFile(e *env) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	ledger, err := e.ledger()
	if err != nil {
		return err
	}
	found, err := comment.VerifyFile(f, ledger)
	if err != nil {
		return err
	}
	remark := ""
	if ledger == nil {
		remark = "\nThere is no installation key here, so the seals were not checked: give it as AFTERWORD_SECRET_KEY_FILE."
	}
	if err := e.printAudit(found, remark); err != nil {
		return err
	}
	if found.Bad > 0 {
		return fmt.Errorf("%s is broken", c.File)
	}
	return nil
}

// ledger is one with the installation's key, nil where there is none.
func (e *env) ledger() (*comment.Ledger, error) {
	var ring *keyring.Ring
	var err error
	if e.settings.SecretKey != "" {
		ring, err = keyring.Parse(e.settings.SecretKey)
	} else if file := app.KeyFile(e.settings.DB); !store.IsServer(e.settings.DB) {
		if _, missing := os.Stat(file); missing != nil {
			return nil, nil
		}
		ring, err = keyring.LoadOrCreate(file)
	} else {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return comment.NewLedger(ring, comment.NewID), nil
}

type auditExportCmd struct {
	Site  string    `help:"Key of the site; without it the installation's own log." placeholder:"KEY"`
	Since time.Time `help:"Only from this moment on, such as 2026-03-01T00:00:00Z." placeholder:"TIME"`
	File  string    `arg:"" help:"File to write; - is standard output." default:"-"`
}

// Run writes a log.
func (c *auditExportCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		if c.Site != "" {
			if _, err := a.Comments.SiteOf(e.ctx, c.Site); err != nil {
				return noSite(err, c.Site)
			}
		}
		var head comment.AuditFileHead
		err := e.writeTo(c.File, func(to io.Writer) (err error) {
			head, err = a.Comments.ExportAudit(e.ctx, c.Site, c.Since, to)
			return err
		})
		if err != nil || c.File == "-" {
			return err
		}
		return e.print(head, "Wrote %d events to %s.", head.Seq-head.After, c.File)
	})
}

func logs(ctx context.Context, a *app.App) (sites []string, err error) {
	err = a.Store.View(ctx, func(r comment.Reader) error {
		sites, err = r.LogSites()
		return err
	})
	return sites, err
}
