package store

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
)

// role makes this test binary another process on the same file.
const role = "AFTERWORD_STORE_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "open":
		s, err := Open(context.Background(), os.Args[1])
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "backup":
		if _, err := Backup(context.Background(), os.Args[1], os.Args[2], 0); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "restore":
		if _, err := Restore(context.Background(), os.Args[2], os.Args[1]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "write":
		fmt.Println(writeUntilKilled(os.Args[1]))
		os.Exit(1)
	}
}

// process is the test binary in a role, on a database.
func process(t *testing.T, as string, paths ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], paths...)
	cmd.Env = append(os.Environ(), role+"="+as)
	return cmd
}

// writeUntilKilled writes pages and prints the id of each when it has been
// acknowledged.
func writeUntilKilled(path string) error {
	s, err := Open(context.Background(), path)
	if err != nil {
		return err
	}
	errs := make(chan error)
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprint("w", worker, "-", i)
				if err := s.Write(context.Background(), nil, putPage(id)); err != nil {
					errs <- err
				}
				fmt.Println(id)
			}
		}()
	}
	return <-errs
}

func putPage(id string) func(comment.Tx) error {
	return func(tx comment.Tx) error {
		return tx.PutPage(comment.Page{Site: "daily", ID: id, Key: id, URL: "https://daily.example/" + id})
	}
}

func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// openDaily opens a new store with the site daily.
func openDaily(t testing.TB) *Store {
	t.Helper()
	return openDailyAt(t, t.TempDir()+"/test.db")
}

func openDailyAt(t testing.TB, dsn string) *Store {
	t.Helper()
	s := openAt(t, dsn)
	mustWrite(t, s, func(tx comment.Tx) error { return tx.PutSite(comment.Site{Key: "daily", Name: "Daily"}) })
	return s
}

func mustWrite(t testing.TB, s *Store, fn func(comment.Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), nil, fn); err != nil {
		t.Fatal(err)
	}
}

// pageIDs lists the pages that a store has.
func pageIDs(t testing.TB, s *Store) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	err := s.View(context.Background(), func(r comment.Reader) error {
		pages, err := r.Pages("daily", "", 1<<30)
		for _, p := range pages {
			ids[p.ID] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// column reads the first column of an answer of the engine itself.
func column(t testing.TB, c source, statement string) []string {
	t.Helper()
	all, err := list(&query{ctx: context.Background(), conn: c}, func(s scanner) (v string, err error) {
		err = s.Scan((*anything)(&v))
		return v, err
	}, statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return all
}

// anything is a value of any type, told as text.
type anything string

// Scan implements sql.Scanner.
func (a *anything) Scan(v any) error {
	*a = anything(fmt.Sprint(v))
	return nil
}
