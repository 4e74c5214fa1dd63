package store

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// asNobody runs fn with the rights of somebody who owns nothing, where the
// tests run as root, whom no file mode stops.
func asNobody(t *testing.T, fn func()) {
	t.Helper()
	if os.Getuid() != 0 {
		fn()
		return
	}
	runtime.LockOSThread() // the rights are the thread's
	defer runtime.UnlockOSThread()
	const nobody = 65534
	setfsuid := func(uid int) {
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, uintptr(uid), 0, 0) // returns no error, but the former one
	}
	setfsuid(nobody)
	defer setfsuid(0)
	fn()
}

func TestUnwritable(t *testing.T) {
	for _, tt := range []struct {
		name             string
		dirMode, dbMode  os.FileMode
		exists, readable bool
	}{
		{"directory", 0o555, 0, false, false},
		{"file", 0o777, 0o444, true, true},
		{"unreadable file", 0o777, 0, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "afterword") // that of the test is the test's alone
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(dir, 0o700); os.RemoveAll(dir) })
			path := filepath.Join(dir, "test.db")
			if tt.exists {
				if err := openAt(t, path).Close(); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, tt.dbMode); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chmod(dir, tt.dirMode); err != nil {
				t.Fatal(err)
			}
			asNobody(t, func() {
				s, err := Open(t.Context(), path)
				if err == nil {
					s.Close()
					t.Fatal("opened")
				}
				for _, want := range []string{path, "cannot be opened for writing", "permission denied", "--db"} {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("the error does not say %q: %v", want, err)
					}
				}
			})
		})
	}
}

// A read-only backup in a place where nothing can be written can be restored.
func TestRestoreFromAReadOnlyPlace(t *testing.T) {
	_, backup := backedUp(t)
	dir, err := os.MkdirTemp("", "afterword")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o700); os.RemoveAll(dir) })
	from, to := filepath.Join(dir, "backup.db"), filepath.Join(dir, "to")
	copyFiles(t, backup, from, "")
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{from: 0o444, to: 0o777, dir: 0o555} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(to, "test.db")
	asNobody(t, func() {
		if _, err := Restore(t.Context(), from, path); err != nil {
			t.Fatal(err)
		}
	})
	if ids := pageIDs(t, openAt(t, path)); len(ids) != 1 {
		t.Errorf("pages %v", ids)
	}
}
