package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afterword-comments/afterword/internal/comment"
)

var sorted = cmpopts.SortSlices(func(a, b string) bool { return a < b })

func TestOneInstanceAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	first, err := LockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockFile(path); !errors.Is(err, ErrRunning) {
		t.Errorf("second lock: %v, want ErrRunning", err)
	}
	if err := first.Release(); err != nil {
		t.Error(err)
	}
	third, err := LockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := third.Release(); err != nil {
		t.Error(err)
	}
}

// putBulk puts a page that takes some 10 KB of the file.
func putBulk(id string) func(comment.Tx) error {
	return func(tx comment.Tx) error {
		long := strings.Repeat("x", 2000)
		return tx.PutPage(comment.Page{Site: "daily", ID: id, Key: id + long, URL: id + long})
	}
}

// grow fills a store with about 16 MB: several steps of a backup.
func grow(t testing.TB, s *Store) {
	t.Helper()
	mustWrite(t, s, func(tx comment.Tx) error {
		for i := range 1600 {
			if err := putBulk(fmt.Sprint("bulk ", i))(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// backUp makes a backup of an open database.
func backUp(t *testing.T, s *Store, to string) error {
	t.Helper()
	_, err := Backup(t.Context(), s.Path(), to, 0)
	return err
}

func TestBackupWhileWriting(t *testing.T) {
	s := openDaily(t)
	grow(t, s)
	ctx, stop := context.WithCancel(t.Context())
	var all, begun sync.WaitGroup
	begun.Add(16)
	var before outcomes // acknowledged before the backup began
	started := make(chan struct{})
	for writer := range 16 {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				id := fmt.Sprint(writer, "-", i)
				err := s.Write(context.Background(), nil, func(tx comment.Tx) error {
					if err := putPage(id)(tx); err != nil {
						return err
					}
					return tx.CountStatus("daily", comment.Pending, 1)
				})
				if err != nil {
					t.Error(err)
				}
				select {
				case <-started:
				default:
					before.set(id, err)
				}
				if i == 3 {
					begun.Done()
				}
			}
		})
	}
	begun.Wait()
	before.mu.Lock()
	acknowledged := len(before.errs)
	close(started)
	before.mu.Unlock()
	to := filepath.Join(t.TempDir(), "backup.db")
	if _, err := Backup(t.Context(), s.Path(), to, 0); err != nil {
		t.Fatal(err)
	}
	stop()
	all.Wait()
	if diff := cmp.Diff([]string{"backup.db", "backup.db.sha256"}, filesIn(t, filepath.Dir(to))); diff != "" {
		t.Errorf("files (-want +got): %s", diff)
	}
	backup := openAt(t, to)
	there := pageIDs(t, backup)
	for id := range before.errs {
		if !there[id] {
			t.Fatalf("page %s was acknowledged before the backup, and is not in it", id)
		}
	}
	var counted map[comment.Status]int
	err := backup.View(t.Context(), func(r comment.Reader) (err error) {
		counted, err = r.StatusCounts([]string{"daily"})
		return err
	})
	if err != nil || counted[comment.Pending] != len(there)-1600 || acknowledged == 0 {
		t.Errorf("%d pages, %d counted, %d before; %v: the copy is of no one instant", len(there)-1600, counted[comment.Pending], acknowledged, err)
	}
}

func TestBackupDoesNotOverwrite(t *testing.T) {
	s := openDaily(t)
	to := filepath.Join(t.TempDir(), "backup.db")
	if err := os.WriteFile(to, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Backup(t.Context(), s.Path(), to, 0); err == nil || !strings.Contains(err.Error(), to) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadFile(to); string(left) != "precious" {
		t.Errorf("the file is %q now, %v", left, err)
	}
}

func TestAnInterruptedBackupLeavesNothing(t *testing.T) {
	s := openDaily(t)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Backup(ctx, s.Path(), filepath.Join(dir, "backup.db"), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := Backup(t.Context(), s.Path(), filepath.Join(dir, "none", "backup.db"), 0); err == nil {
		t.Error("a backup in a directory that is none")
	}
	if left := filesIn(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	// What a killed backup has left is not in the way of the next.
	if err := os.WriteFile(filepath.Join(dir, "backup.db.part"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Backup(t.Context(), s.Path(), filepath.Join(dir, "backup.db"), 0); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"backup.db", "backup.db.sha256"}, filesIn(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// backedUp is a store with page p1 in its backup and page p2 written later.
func backedUp(t *testing.T) (s *Store, backup string) {
	s = openDaily(t)
	mustWrite(t, s, putPage("p1"))
	backup = filepath.Join(t.TempDir(), "backup.db")
	if _, err := Backup(t.Context(), s.Path(), backup, 0); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, s, putPage("p2"))
	return s, backup
}

func TestRestoreKeepsWhatWasThere(t *testing.T) {
	s, backup := backedUp(t)
	path := filepath.Join(t.TempDir(), "killed.db") // as a killed process leaves it
	copyFiles(t, s.Path(), path, "", "-wal")
	if _, err := Restore(t.Context(), backup, path); err != nil {
		t.Fatal(err)
	}
	aside := path + ".before-restore-1"
	if diff := cmp.Diff(map[string]bool{"p1": true, "p2": true}, pageIDs(t, openAt(t, aside))); diff != "" {
		t.Errorf("set aside: %s", diff)
	}
	restored := openAt(t, path)
	if diff := cmp.Diff(map[string]bool{"p1": true}, pageIDs(t, restored)); diff != "" {
		t.Errorf("restored: %s", diff)
	}
	mustWrite(t, restored, putPage("p3"))
	if err := restored.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), backup, path); err != nil { // again, with another name aside
		t.Fatal(err)
	}
	if ids := pageIDs(t, openAt(t, path+".before-restore-2")); !ids["p3"] {
		t.Errorf("set aside the second time: %v", ids)
	}
	if left := pageIDs(t, openAt(t, backup)); len(left) != 1 {
		t.Errorf("the backup has %v now", left)
	}
}

// A backup may be restored onto nothing, from a read-only place, and with a
// journal beside it.
func TestRestoreOfOtherKinds(t *testing.T) {
	s, backup := backedUp(t)
	t.Run("onto nothing", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "new.db")
		if _, err := Restore(t.Context(), backup, path); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"new.db", "new.db.lock"}, filesIn(t, filepath.Dir(path)), sorted); diff != "" {
			t.Error(diff)
		}
		if ids := pageIDs(t, openAt(t, path)); len(ids) != 1 {
			t.Errorf("pages %v", ids)
		}
	})
	t.Run("with a journal", func(t *testing.T) {
		from, path := filepath.Join(t.TempDir(), "copy.db"), filepath.Join(t.TempDir(), "new.db")
		copyFiles(t, s.Path(), from, "", "-wal")
		if _, err := Restore(t.Context(), from, path); err != nil {
			t.Fatal(err)
		}
		if ids := pageIDs(t, openAt(t, path)); !ids["p2"] {
			t.Errorf("what was in the journal is lost: %v", ids)
		}
	})
}

func TestRestoreRefuses(t *testing.T) {
	s, backup := backedUp(t)
	nonsense := filepath.Join(t.TempDir(), "nonsense.db")
	if err := os.WriteFile(nonsense, []byte(strings.Repeat("nonsense", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	db := openFile(address(foreign, ""))
	if _, err := db.ExecContext(t.Context(), "create table t (a)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	newer := filepath.Join(t.TempDir(), "newer.db")
	copyFiles(t, backup, newer, "")
	db = openFile(address(newer, ""))
	if _, err := db.ExecContext(t.Context(), "insert into schema_version (version, name, applied_at) values (9999, 'x', 0)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for from, why := range map[string]string{nonsense: "not a sound backup", foreign: "not a database of afterword", newer: "schema 9999", nonsense + ".none": "not a sound backup"} {
		if _, err := Restore(t.Context(), from, s.Path()); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: got %v, want %q", from, err, why)
		}
	}
	lock, err := LockFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), backup, s.Path()); !errors.Is(err, ErrRunning) {
		t.Errorf("beside a running instance: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"test.db", "test.db.lock", "test.db.last-backup"}, filesIn(t, filepath.Dir(s.Path())), sorted); diff != "" {
		t.Errorf("files: %s", diff)
	}
	if ids := pageIDs(t, openAt(t, s.Path())); len(ids) != 2 {
		t.Errorf("pages %v", ids)
	}
}

func copyFiles(t *testing.T, from, to string, suffixes ...string) {
	t.Helper()
	for _, suffix := range suffixes {
		data, err := os.ReadFile(from + suffix)
		if err == nil {
			err = os.WriteFile(to+suffix, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAClosedStoreIsOneFile(t *testing.T) {
	s := openDaily(t)
	mustWrite(t, s, putPage("p1"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"test.db"}, filesIn(t, filepath.Dir(s.Path()))); diff != "" {
		t.Error(diff)
	}
}

// The database and its journal as they lie on the disk after an acknowledged
// write hold it: what a power cut would leave.
func TestTheJournalHoldsWhatWasAcknowledged(t *testing.T) {
	s := openDaily(t)
	for i := range 50 {
		mustWrite(t, s, putPage(fmt.Sprint(i)))
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	copyFiles(t, s.Path(), path, "", "-wal")
	if diff := cmp.Diff(pageIDs(t, s), pageIDs(t, openAt(t, path))); diff != "" {
		t.Error(diff)
	}
}

func TestAKilledProcessLosesNothing(t *testing.T) {
	s := openDaily(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]bool{}
	for round := range 3 {
		path := s.Path()
		cmd := process(t, "write", path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for n := 0; ; n++ {
			id, err := lines.ReadString('\n')
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Error(err)
				}
				break
			}
			acknowledged[strings.TrimSpace(id)] = true
			if n == 200 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // killed
		again := openAt(t, path)
		there := pageIDs(t, again)
		for id := range acknowledged {
			if !there[id] {
				t.Fatalf("round %d: page %s was acknowledged, and is lost", round, id)
			}
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(acknowledged) < 200 {
		t.Errorf("only %d writes before the process ended", len(acknowledged))
	}
}
