package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// smallDisk is a file system of its own, of so many MB.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", size)); err != nil {
		t.Skip("only root can mount a small disk; TestAFullDisk limits the file instead:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// stuff takes all that is left of a disk.
func stuff(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 20; size > 0; size /= 2 {
		chunk := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(chunk)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func openSmall(t *testing.T, dir string) *Store {
	s := openAt(t, filepath.Join(dir, "test.db"))
	mustWrite(t, s, func(tx comment.Tx) error { return tx.PutSite(comment.Site{Key: "daily", Name: "Daily"}) })
	return s
}

func TestADiskThatIsReallyFull(t *testing.T) {
	dir := smallDisk(t, 8)
	s := openSmall(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "stuff"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	var out outcomes
	fillUp(t, s, &out)
	consistent(t, s, &out)
	if err := os.Remove(filepath.Join(dir, "stuff")); err != nil {
		t.Fatal(err)
	}
	id := "after"
	err := s.Write(context.Background(), nil, func(tx comment.Tx) error {
		if err := tx.CountStatus("daily", comment.Pending, 1); err != nil {
			return err
		}
		return putPage(id)(tx)
	})
	out.set(id, err)
	if err != nil {
		t.Errorf("there is room again: %v", err)
	}
	consistent(t, s, &out)
}

// With ballast the staff goes on when the disk is full, and everybody when
// there is room again.
func TestBallast(t *testing.T) {
	dir := smallDisk(t, 80)
	s := openSmall(t, dir)
	s.KeepBallast()
	if err := s.Room(); err != nil {
		t.Errorf("at first: %v", err)
	}
	stuff(t, filepath.Join(dir, "stuff"))
	var out outcomes
	fillUp(t, s, &out)
	if err := s.Room(); !fault.Is(err, "storage_full") {
		t.Errorf("when the disk is full: %v", err)
	}
	mustWrite(t, s, putPage("by the staff"))
	s.TakeBallast()
	if err := s.Room(); err == nil {
		t.Error("there is room on a full disk")
	}
	if err := os.Remove(filepath.Join(dir, "stuff")); err != nil {
		t.Fatal(err)
	}
	s.TakeBallast()
	if err := s.Room(); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
	if info, err := os.Stat(s.ballast.path); err != nil || info.Size() != ballastSize {
		t.Errorf("ballast: %v, %v", info, err)
	}
}
