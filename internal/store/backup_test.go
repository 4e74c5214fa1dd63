package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

func TestABackupTellsWhatIsInIt(t *testing.T) {
	s := openDaily(t)
	mustWrite(t, s, putPage("p1"))
	mustWrite(t, s, putPage("p2"))
	to := filepath.Join(t.TempDir(), "backup.db")
	made, err := Backup(t.Context(), s.Path(), to, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil {
		t.Fatal(err)
	}
	want := BackupFile{
		Path: to, Bytes: info.Size(), SHA256: made.SHA256, MadeAt: made.MadeAt, Removed: []string{},
		Contents: Contents{Schema: SchemaVersion(), Sites: 1, Pages: 2},
	}
	if diff := cmp.Diff(want, made); diff != "" || time.Since(made.MadeAt) > time.Minute {
		t.Errorf("%s, made at %s", diff, made.MadeAt)
	}
	checker := exec.Command("sha256sum", "--strict", "-c", "backup.db.sha256")
	checker.Dir = filepath.Dir(to)
	if out, err := checker.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// A database that nobody serves is copied as it is, and left as it is: not
// migrated, and nothing beside it but the note.
func TestABackupChangesNothing(t *testing.T) {
	s := openDaily(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := backUp(t, s, filepath.Join(t.TempDir(), "backup.db")); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(s.Path()); err != nil || string(after) != string(before) {
		t.Errorf("the database has changed (%v)", err)
	}
	if diff := cmp.Diff([]string{"test.db", "test.db.last-backup"}, filesIn(t, filepath.Dir(s.Path()))); diff != "" {
		t.Error(diff)
	}
}

func TestWhereABackupGoes(t *testing.T) {
	s := openDaily(t)
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("in here", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"plain.db", "./what?a#b%20c.db", "//" + dir + "/twice.db", "in here/../file:x.db", "in here", "in here/"} {
		made, err := Backup(t.Context(), s.Path(), to, 0)
		if err != nil {
			t.Errorf("%s: %v", to, err)
			continue
		}
		if want := filepath.Clean(filepath.Join(dir, strings.TrimPrefix(to, "//"+dir))); made.Path != want && filepath.Dir(made.Path) != want {
			t.Errorf("%s went to %s", to, made.Path)
		}
		if _, err := Restore(t.Context(), made.Path, filepath.Join(t.TempDir(), "test.db")); err != nil {
			t.Errorf("%s: %v", to, err)
		}
		os.Remove(made.Path) // or the second one in the directory would meet the first
	}
	for to, why := range map[string]string{
		"none/": "there is no directory none/", "none/backup.db": "no such file or directory", "line\nbreak": "line breaks", "": "has no name",
		s.Path(): "a backup does not overwrite", s.Path() + noteSuffix: "choose another",
	} {
		if _, err := Backup(t.Context(), s.Path(), to, 0); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", to, err, why)
		}
	}
	for to, keep := range map[string]int{"file.db": 3, "in here": -1} {
		if _, err := Backup(t.Context(), s.Path(), to, keep); fault.Of(err).Kind != fault.Invalid {
			t.Errorf("%s with keep %d: %v", to, keep, err)
		}
	}
	if _, err := Backup(t.Context(), "postgres://host/db", "pg.db", 0); err == nil {
		t.Error("PostgreSQL was copied as a file")
	}
}

func TestKeepDeletesOnlyOldBackupsOfThisDatabase(t *testing.T) {
	s := openDaily(t)
	dir := t.TempDir()
	put := func(names ...string) {
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	foreign := []string{
		"afterword-20200101T000000Z.db", "test-2020.db", "test-20200101T000000Z.db.gz", "test-20200101T000000Z.sql",
		"my-test-20200101T000000Z.db", "test.db", "test-20200101T000000Zxdb", "Test-20200101T000000Z.db", "notes.txt",
	}
	put(foreign...)
	put("test-20200101T000000Z.db", "test-20200101T000000Z.db.sha256", "test-20210101T000000Z.db", "test-20220101T000000Z.db", "test-20220101T000000Z.db.sha256",
		"test-20190101T000000Z.db.part", "test-20190101T000000Z.db.part-journal", "test-20180101T000000Z.db.part")
	if err := os.Mkdir(filepath.Join(dir, "test-20170101T000000Z.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("notes.txt", filepath.Join(dir, "test-20160101T000000Z.db")); err != nil {
		t.Fatal(err)
	}
	foreign = append(foreign, "test-20170101T000000Z.db", "test-20160101T000000Z.db")
	busy, err := claimPart(filepath.Join(dir, "test-20180101T000000Z.db.part")) // by a backup that is being made
	if err != nil {
		t.Fatal(err)
	}
	made, err := Backup(t.Context(), s.Path(), dir, 2)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(dir, "test-20200101T000000Z.db"), filepath.Join(dir, "test-20210101T000000Z.db")}, made.Removed); diff != "" {
		t.Errorf("removed (-want +got): %s", diff)
	}
	name := filepath.Base(made.Path)
	want := append(foreign, "test-20180101T000000Z.db.part", "test-20220101T000000Z.db", "test-20220101T000000Z.db.sha256", name, name+sumSuffix)
	if diff := cmp.Diff(want, filesIn(t, dir), sorted); diff != "" {
		t.Errorf("files (-want +got): %s", diff)
	}
	busy.drop()
}

// The clock may have been wrong when the others were made.
func TestKeepNeverDeletesWhatWasJustMade(t *testing.T) {
	s := openDaily(t)
	dir := t.TempDir()
	for year := 2990; year < 2995; year++ {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("test-%d0101T000000Z.db", year)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made, err := Backup(t.Context(), s.Path(), dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Base(made.Path), filepath.Base(made.Path) + sumSuffix}, filesIn(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// Of backups to one place at one time one is made, and it is whole.
func TestBackupsAtOnce(t *testing.T) {
	s := openDaily(t)
	grow(t, s)
	dir := t.TempDir()
	to := filepath.Join(dir, "backup.db")
	var all sync.WaitGroup
	made := make(chan error, 8)
	for range cap(made) {
		all.Go(func() { made <- backUp(t, s, to) })
	}
	all.Wait()
	close(made)
	good := 0
	for err := range made {
		if err == nil {
			good++
		} else if !strings.Contains(err.Error(), "does not overwrite") && !strings.Contains(err.Error(), "another process is writing") {
			t.Error(err)
		}
	}
	if good != 1 {
		t.Errorf("%d backups of one name", good)
	}
	if diff := cmp.Diff([]string{"backup.db", "backup.db.sha256"}, filesIn(t, dir)); diff != "" {
		t.Error(diff)
	}
	if known, err := checkSum(t.Context(), to); !known || err != nil {
		t.Errorf("checksum: %v, %v", known, err)
	}
}

// killAt runs the test binary in a role until a file appears, and kills it.
func killAt(t *testing.T, appears, role string, paths ...string) {
	t.Helper()
	cmd := process(t, role, paths...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if _, err := os.Lstat(appears); err == nil {
			_ = cmd.Process.Kill()
			<-ended
			return
		}
		select {
		case <-ended:
			return
		default:
		}
	}
}

func TestAKilledBackup(t *testing.T) {
	s := openDaily(t)
	grow(t, s)
	for _, at := range []string{".part", ".part-journal", sumSuffix, ""} {
		dir := t.TempDir()
		to := filepath.Join(dir, "backup.db")
		killAt(t, to+at, "backup", s.Path(), to)
		if _, err := os.Stat(to); err == nil {
			if known, err := checkSum(t.Context(), to); !known || err != nil {
				t.Errorf("at %q: the backup has its name, and its checksum says %v, %v", at, known, err)
			}
			os.Remove(to)
		}
		if err := backUp(t, s, to); err != nil {
			t.Errorf("at %q: the next one: %v", at, err)
		}
		if diff := cmp.Diff([]string{"backup.db", "backup.db.sha256"}, filesIn(t, dir)); diff != "" {
			t.Errorf("at %q: %s", at, diff)
		}
	}
}

// Whenever a restore is killed, what is there is the old database or the new
// one, whole.
func TestAKilledRestore(t *testing.T) {
	s, backup := backedUp(t)
	old, restored := map[string]bool{"p1": true, "p2": true}, map[string]bool{"p1": true}
	for _, at := range []string{".restoring", ".restoring-journal", ".before-restore-1"} {
		path := filepath.Join(t.TempDir(), "killed.db")
		copyFiles(t, s.Path(), path, "", "-wal")
		killAt(t, path+at, "restore", path, backup)
		after := openAt(t, path)
		if got := pageIDs(t, after); !cmp.Equal(got, old) && !cmp.Equal(got, restored) {
			t.Errorf("at %s: %v", at, got)
		}
		if err := after.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(t.Context(), backup, path); err != nil {
			t.Errorf("at %s: the next one: %v", at, err)
		}
		if got := pageIDs(t, openAt(t, path)); !cmp.Equal(got, restored) {
			t.Errorf("at %s: after the next one %v", at, got)
		}
	}
}

func TestRestoreLooksAtTheChecksum(t *testing.T) {
	s, backup := backedUp(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	restore := func(why string) {
		t.Helper()
		if _, err := Restore(t.Context(), backup, s.Path()); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("got %v, want %q", err, why)
		}
		there := openAt(t, s.Path())
		if ids := pageIDs(t, there); len(ids) != 2 {
			t.Errorf("pages %v", ids)
		}
		if err := there.Close(); err != nil {
			t.Fatal(err)
		}
	}
	sound, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	changed := append([]byte(nil), sound...)
	changed[len(changed)-1] ^= 1 // which SQLite would not notice
	write := func(path string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(backup, changed)
	restore("backup.db is not what its checksum backup.db.sha256 was made of")
	write(backup, sound)
	write(backup+sumSuffix, []byte("no checksum"))
	restore("is not a checksum as sha256sum writes it")
	os.Remove(backup + sumSuffix)
	done, err := Restore(t.Context(), backup, s.Path())
	if err != nil {
		t.Fatal(err)
	}
	want := Restored{DB: s.Path(), From: backup, Kept: s.Path() + ".before-restore-1", Contents: Contents{Schema: SchemaVersion(), Sites: 1, Pages: 1}}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Error(diff)
	}
}

// A journal without its database would be read into the backup.
func TestRestoreBesideAJournal(t *testing.T) {
	s, backup := backedUp(t)
	path := filepath.Join(t.TempDir(), "lost.db")
	copyFiles(t, s.Path(), path, "-wal")
	if done, err := Restore(t.Context(), backup, path); err != nil || done.Kept != "" {
		t.Fatalf("%+v, %v", done, err)
	}
	if ids := pageIDs(t, openAt(t, path)); !cmp.Equal(ids, map[string]bool{"p1": true}) {
		t.Errorf("pages %v", ids)
	}
}

func TestRestoreOverWhatIsNoDatabase(t *testing.T) {
	_, backup := backedUp(t)
	path := filepath.Join(t.TempDir(), "test.db")
	for _, suffix := range []string{"", "-wal"} {
		if err := os.WriteFile(path+suffix, []byte(strings.Repeat("rubbish", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	done, err := Restore(t.Context(), backup, path)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(done.Kept); err != nil || !strings.HasPrefix(string(kept), "rubbish") {
		t.Errorf("kept %.10q, %v", kept, err)
	}
	if ids := pageIDs(t, openAt(t, path)); len(ids) != 1 {
		t.Errorf("pages %v", ids)
	}
}

func TestRestoreBesideAnotherProgram(t *testing.T) {
	s, backup := backedUp(t) // s is open, and holds no lock as commands hold none
	if _, err := Restore(t.Context(), backup, s.Path()); err == nil || !strings.Contains(err.Error(), "another program has") {
		t.Errorf("got %v", err)
	}
	mustWrite(t, s, putPage("p3"))
	if ids := pageIDs(t, s); len(ids) != 3 {
		t.Errorf("pages %v", ids)
	}
}

func TestTheNewestBackupIsNamed(t *testing.T) {
	s := openDaily(t)
	one, dir := filepath.Join(t.TempDir(), "one.db"), t.TempDir()
	if got := newestBackup(s.Path()); got != "" {
		t.Errorf("before any: %q", got)
	}
	if err := backUp(t, s, one); err != nil || newestBackup(s.Path()) != one {
		t.Errorf("got %q, %v", newestBackup(s.Path()), err)
	}
	made, err := Backup(t.Context(), s.Path(), dir, 0)
	if err != nil || newestBackup(s.Path()) != made.Path {
		t.Errorf("got %q, %v", newestBackup(s.Path()), err)
	}
	err = describeOpen(s.Path(), corrupt("a page"))
	if want := "restore the newest backup with `afterword restore " + made.Path + " --db " + s.Path() + "`"; !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
	os.Remove(made.Path)
	if got := newestBackup(s.Path()); got != "" {
		t.Errorf("one that is gone: %q", got)
	}
}

func TestABackupOnAFullDisk(t *testing.T) {
	s := openDaily(t)
	grow(t, s)
	dir := smallDisk(t, 8)
	to := filepath.Join(dir, "backup.db")
	if err := backUp(t, s, to); err == nil || !strings.HasSuffix(err.Error(), ": database or disk is full") || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), to) {
		t.Errorf("got %v", err)
	}
	if left := filesIn(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestACancelledBackup(t *testing.T) {
	s := openDaily(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := sum(ctx, s.Path()); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("sum: %v", err)
	}
	dir := t.TempDir()
	if _, err := Backup(ctx, s.Path(), dir, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left := filesIn(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	mustWrite(t, s, func(tx comment.Tx) error { return nil })
}
