package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// large makes a closed database that is too large to be checked at the start.
func large(t *testing.T) (path string) {
	t.Helper()
	s := openDaily(t)
	mustWrite(t, s, putPage("p1"))
	mustWrite(t, s, func(tx comment.Tx) error {
		_, err := tx.(*write).conn.exec(t.Context(), `insert into receipts (scope, key, hash, status, answer, at)
			with recursive n(i) as (select 1 union all select i + 1 from n where i < 25000) select 'x', i, '', 0, zeroblob(3000), 0 from n`)
		return err
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(s.Path()); err != nil || info.Size() <= wholeMost {
		t.Fatalf("the file is not large: %v, %v", info, err)
	}
	return s.Path()
}

// spoil overwrites a page in the middle of a file.
func spoil(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	page := make([]byte, 4096)
	rand.Read(page)
	if _, err := f.WriteAt(page, info.Size()/2/4096*4096); err != nil {
		t.Fatal(err)
	}
}

func TestALargeFileIsExaminedWhileItIsServed(t *testing.T) {
	path := large(t)
	s := openAt(t, path)
	if err := s.examineTables(t.Context()); err != nil || !s.unexamined {
		t.Errorf("a sound one: %v, unexamined %v", err, s.unexamined)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	spoil(t, path)
	s = openAt(t, path)
	if err := s.Sound(); err != nil {
		t.Errorf("before it was looked at: %v", err)
	}
	err := s.Examine(t.Context())
	if !fault.Is(err, "storage_corrupt") || !strings.Contains(err.Error(), "afterword restore FILE --db "+path) {
		t.Errorf("Examine = %v", err)
	}
	refused := s.Write(t.Context(), nil, putPage("p2"))
	for _, err := range []error{s.Sound(), refused} {
		if f := fault.Of(err); f.Kind != fault.Unavailable || f.Code != "storage_corrupt" || f.RetryAfter <= 0 {
			t.Errorf("got %v", err)
		}
	}
	if ids := pageIDs(t, s); !ids["p1"] || ids["p2"] {
		t.Errorf("pages %v", ids)
	}
}

func TestDamageThatIsMetInUse(t *testing.T) {
	path := large(t)
	spoil(t, path)
	s := openAt(t, path)
	found := make(chan error, 1)
	s.unexamined = false // nobody looks for it
	go func() { found <- s.Examine(t.Context()) }()
	err := s.View(t.Context(), func(r comment.Reader) error {
		_, err := list(r.(*query), scanInt, "select sum(length(answer)) from receipts")
		return err
	})
	if !fault.Is(err, "storage_corrupt") {
		t.Fatalf("the page can be read: %v", err)
	}
	if err := <-found; !fault.Is(err, "storage_corrupt") {
		t.Errorf("Examine = %v", err)
	}
	if err := s.Write(t.Context(), nil, putPage("p2")); !fault.Is(err, "storage_corrupt") {
		t.Errorf("Write = %v", err)
	}
}

func TestExamineEndsWithItsContext(t *testing.T) {
	s := openDaily(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, s.unexamined = range []bool{false, true} {
		if err := s.Examine(ctx); err != nil || s.Sound() != nil {
			t.Errorf("Examine = %v, Sound = %v", err, s.Sound())
		}
	}
}

func TestATruncatedFileIsNotServed(t *testing.T) {
	path := large(t)
	if err := os.Truncate(path, wholeMost+4096); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); !fault.Is(err, "storage_corrupt") {
		t.Errorf("Open = %v", err)
	}
}

// A file that was open when the machine went down is checked as a whole before
// it is served, whatever that takes; one whose process was killed is not.
func TestAfterTheMachineWentDown(t *testing.T) {
	sound := large(t)
	s := openAt(t, sound)
	mustWrite(t, s, putPage("p2"))
	path := filepath.Join(t.TempDir(), "left.db")
	copyFiles(t, sound, path, "", "-wal")
	spoil(t, path)
	if left := openAt(t, path); !left.unexamined || !pageIDs(t, left)["p2"] {
		t.Error("the file of a killed process was checked as a whole, or is not what it was")
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(path + suffix)
	}
	copyFiles(t, sound, path, "", "-wal")
	spoil(t, path)
	before := booted().Add(-time.Hour)
	if err := os.Chtimes(path+"-wal", before, before); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); !fault.Is(err, "storage_corrupt") {
		t.Errorf("Open = %v", err)
	}
}

// While another process holds the file, everybody who writes is told so in good
// time, however many they are; reading goes on, and so does writing afterwards.
func TestAFileThatStaysLocked(t *testing.T) {
	s := openDaily(t)
	const patience = 300 * time.Millisecond
	s.writer.dialect.begin = sqliteBegin(patience)
	if _, err := s.writers[0].exec(t.Context(), "pragma busy_timeout = 50"); err != nil {
		t.Fatal(err)
	}
	other, err := newSQLiteConn(t.Context(), sqliteConnector(address(s.Path(), "")))
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if _, err := other.exec(t.Context(), "begin immediate"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			err := s.Write(t.Context(), nil, putPage(fmt.Sprint(i)))
			if f := fault.Of(err); f.Kind != fault.Unavailable || f.Code != "storage_locked" || f.RetryAfter <= 0 {
				t.Errorf("got %v", err)
			}
		})
	}
	if ids := pageIDs(t, s); len(ids) != 0 {
		t.Errorf("pages %v", ids)
	}
	all.Wait()
	if took := time.Since(began); took < patience || took > 10*patience {
		t.Errorf("told after %s", took)
	}
	if _, err := other.exec(t.Context(), "commit"); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, s, putPage("after"))
	if ids := pageIDs(t, s); len(ids) != 1 || !ids["after"] {
		t.Errorf("pages %v", ids)
	}
}
