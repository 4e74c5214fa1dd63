package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

// wholeMost is the size of a file that is checked as a whole before it is
// served: that takes a tenth of a second. Of a larger one the beginning is
// looked at, and the rest while it is being served.
const wholeMost = 64 << 20

// health knows whether the database has been found damaged. Damage stays until
// the process ends: what is written to a damaged file makes it worse.
type health struct {
	once   sync.Once
	found  chan struct{} // closed when damage is known
	damage *fault.Error  // to be read after that
}

func newHealth() *health { return &health{found: make(chan struct{})} }

// note takes an error that somebody got, and remembers the first that tells of
// damage.
func (h *health) note(err error) {
	if err == nil || !fault.Is(err, "storage_corrupt") {
		return
	}
	h.once.Do(func() {
		h.damage = &fault.Error{Kind: fault.Unavailable, Code: "storage_corrupt", RetryAfter: time.Minute, Cause: err,
			Detail: "The database of the service is damaged, and nothing is written to it any more. Nothing was changed."}
		close(h.found)
	})
}

// known is the fault for whoever wants to write to a damaged database.
func (h *health) known() error {
	select {
	case <-h.found:
		return h.damage
	default:
		return nil
	}
}

// Sound is a fault once the database is known to be damaged. From then on every
// write is refused with it.
func (s *Store) Sound() error { return s.health.known() }

// Examine goes through what Open has not looked at, a table at a time and at
// half speed, and then waits: for damage that comes to light in use, or for the
// end of ctx. Damage is returned once, with the way out; nil is the end of ctx.
func (s *Store) Examine(ctx context.Context) error {
	if s.unexamined {
		err := s.examineTables(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if s.health.note(err); err != nil && s.Sound() == nil {
			return fmt.Errorf("check the database %s: %w", s.path, err)
		}
	}
	select {
	case <-ctx.Done():
		return nil
	case <-s.health.found:
		return describeOpen(s.path, s.health.damage.Cause)
	}
}

func (s *Store) examineTables(ctx context.Context) error {
	c, err := newSQLiteConn(ctx, sqliteConnector(address(s.path, "mode=ro&_busy_timeout=5000"), "pragma query_only = on"))
	if err != nil {
		return err
	}
	defer c.close()
	q := &query{ctx: ctx, conn: c}
	tables, err := list(q, scanString, tableNames)
	for i := 0; i < len(tables) && err == nil; i++ {
		began := time.Now()
		if err = quickCheck(q, "("+quoted(tables[i])+")"); err == nil {
			err = pause(ctx, time.Since(began))
		}
	}
	return err
}

const tableNames = "select name from sqlite_schema where type = 'table' order by rootpage"

func quoted(name string) string { return "'" + strings.ReplaceAll(name, "'", "''") + "'" }

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// quickCheck lets SQLite check all, or a table with its indexes.
func quickCheck(q *query, of string) error {
	answers, err := list(q, scanString, "pragma quick_check"+of)
	if err == nil && (len(answers) != 1 || answers[0] != "ok") {
		err = corrupt(strings.Join(answers[:min(len(answers), 3)], "; "))
	}
	return err
}

func corrupt(detail string) error { return fault.New(fault.Internal, "storage_corrupt", detail) }

// checkAtStart looks at the file before it is served: at all of it if it is
// small, or if the machine went down while it was open; else at its schema and
// at both ends of each table, and Examine looks at the rest. (SQLite itself
// finds a file that is too short.)
func (s *Store) checkAtStart(q *query) error {
	file, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	wal, err := os.Stat(s.path + "-wal")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	wentDown := err == nil && wal.Size() > 0 && wal.ModTime().Before(booted())
	if file.Size() <= wholeMost || wentDown {
		return quickCheck(q, "(1)")
	}
	s.unexamined = true
	return glance(q)
}

// booted is when this machine was started; where it does not tell, now. SQLite
// removes the write-ahead log when the last process closes the database. One
// that is there and older than this was open when the machine went down: only
// then can a page have been lost. A process that was killed leaves its pages to
// the kernel.
func booted() time.Time {
	text, err := os.ReadFile("/proc/uptime")
	up, _, _ := strings.Cut(string(text), " ")
	seconds, perr := strconv.ParseFloat(up, 64)
	if err != nil || perr != nil {
		return time.Now()
	}
	return time.Now().Add(-time.Duration(seconds * float64(time.Second)))
}

// glance reads the schema and the first and the last row of each table.
func glance(q *query) error {
	tables, err := list(q, scanString, tableNames)
	for i := 0; i < len(tables) && err == nil; i++ {
		_, err = list(q, scanInt, `select rowid from (select rowid from "`+tables[i]+`" order by rowid limit 1)
			union all select rowid from (select rowid from "`+tables[i]+`" order by rowid desc limit 1)`)
	}
	return err
}
