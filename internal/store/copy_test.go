package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

// filledFile is a closed database with rows of every kind that copying could
// get wrong: several batches, flags, bytes, nulls, letters of all sorts.
func filledFile(t *testing.T, comments int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "from.db")
	s := openAt(t, path)
	now := time.Now()
	mustWrite(t, s, func(tx comment.Tx) error {
		return errors.Join(
			tx.PutSite(comment.Site{Key: "daily", Name: "Täglich — 日報 'quoted' \\ \"", Origins: []string{"https://daily.example"}}),
			tx.PutAuthor(comment.Author{Site: "daily", ID: "a1", Kind: comment.KindGuest, Name: "Zoë \U0001F4A1"}),
			tx.PutAccount(comment.Account{ID: "s1", Email: "ada@staff.example", Disabled: true, Grants: []comment.Grant{{Site: "daily", Role: comment.Admin}}}),
			tx.PutReceipt(comment.Receipt{Scope: "x", Key: "k", Hash: "h", Status: 201, Answer: []byte{0, 1, 0xff, '\n', '\\'}, At: now}),
			tx.PutEndpoint(comment.Endpoint{Site: "daily", ID: "e1", URL: "https://hook.example", Types: []string{"comment.approved"}, Status: comment.EndpointActive}),
			tx.InsertDelivery(comment.Delivery{Site: "daily", ID: "d1", EndpointID: "e1", EventID: "v1", State: comment.DeliveryOwed}, []byte("{}")),
			tx.InsertDelivery(comment.Delivery{Site: "daily", ID: "d2", EndpointID: "e1", EventID: "v2", State: comment.DeliveryOwed}, nil),
			tx.InsertReplay(comment.Replay{Site: "daily", ID: "r1", EndpointID: "e1", Number: 1000, Types: []string{"comment.approved"}, Missed: true, State: comment.ReplayRunning}),
		)
	})
	mustWrite(t, s, putPage("p1"))
	mustWrite(t, s, func(tx comment.Tx) error { return tx.CountStatus("daily", comment.Approved, 1) })
	mustWrite(t, s, func(tx comment.Tx) error {
		for n := range comments {
			if err := post(tx, benchComment(n)); err != nil {
				return err
			}
		}
		return nil
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCopyThereAndBack: what has gone to PostgreSQL and come back is what it
// was, and PostgreSQL's copy is a store that works on.
func TestCopyThereAndBack(t *testing.T) {
	const comments = 2*copyBatch + 7
	from, server := filledFile(t, comments), pgtest.Database(t)
	seen := map[string]int{}
	there, err := Copying{From: from, To: server, Progress: func(at CopiedTable) { seen[at.Table]++ }}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if seen["replays"] == 0 {
		t.Error("replays were left behind")
	}
	if seen["comments"] != 3 {
		t.Errorf("the comments came in %d batches", seen["comments"])
	}
	s := openAt(t, server)
	mustWrite(t, s, func(tx comment.Tx) error {
		if seq, _, err := tx.LogHead("daily"); err != nil || seq != comments {
			t.Errorf("the log's head is %d, %v", seq, err)
		}
		return nil
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	back, err := Copying{From: server, To: filepath.Join(t.TempDir(), "back.db")}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(there, back); diff != "" {
		t.Error(diff)
	}
}

// TestCopyGoesOn: an interrupted copy is no database to be served, and goes on
// where it stopped.
func TestCopyGoesOn(t *testing.T) {
	const comments = 2*copyBatch + 7
	from, server := filledFile(t, comments), pgtest.Database(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Copying{From: from, To: server, Progress: func(at CopiedTable) {
		if at.Table == "comments" {
			cancel()
		}
	}}.Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the interrupted copy: %v", err)
	}
	if _, err := Open(t.Context(), server); !errors.Is(err, errUnfinished) {
		t.Errorf("half a copy was opened: %v", err)
	}
	least := int64(-1)
	done, err := Copying{From: from, To: server, Progress: func(at CopiedTable) {
		if at.Table == "comments" && least < 0 {
			least = at.Rows
		}
	}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if least <= copyBatch {
		t.Errorf("the comments began anew, with %d", least)
	}
	for _, at := range done {
		if at.Table == "comments" && at.Rows != comments {
			t.Errorf("%d comments", at.Rows)
		}
	}
	openAt(t, server)
}

// TestCopyRefuses: nothing is written over, and nothing copied that may change
// under the copy.
func TestCopyRefuses(t *testing.T) {
	refused := func(c Copying, because string) {
		t.Helper()
		if _, err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), because) {
			t.Errorf("wanted %q, got %v", because, err)
		}
	}
	from, server := filledFile(t, 3), pgtest.Database(t)
	refused(Copying{From: from, To: from + "2"}, "afterword backup")
	refused(Copying{From: server, To: server}, "pg_dump")
	refused(Copying{From: filepath.Join(t.TempDir(), "none.db"), To: server}, "the source")

	lock, err := LockFile(from)
	if err != nil {
		t.Fatal(err)
	}
	refused(Copying{From: from, To: server}, "another afterword is serving")
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}

	// Begun, and the source is written to: the rest would not fit.
	ctx, cancel := context.WithCancel(t.Context())
	_, _ = Copying{From: from, To: server, Progress: func(CopiedTable) { cancel() }}.Run(ctx)
	s := openAt(t, from)
	mustWrite(t, s, func(tx comment.Tx) error { return post(tx, benchComment(0)) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	refused(Copying{From: from, To: server}, "--restart")
	if _, err := (Copying{From: from, To: server, Restart: true}).Run(t.Context()); err != nil {
		t.Errorf("anew: %v", err)
	}
	refused(Copying{From: from, To: server}, "not empty")
	refused(Copying{From: from, To: server, Restart: true}, "not empty")
}

// TestCopyNoticesDamage: a row that is not as it was is found.
func TestCopyNoticesDamage(t *testing.T) {
	from, server := filledFile(t, 9), pgtest.Database(t)
	change := func(at CopiedTable) {
		if at.Table != "revisions" {
			return
		}
		s, err := openSide(t.Context(), server, false)
		if err == nil {
			err = errors.Join(s.exec(t.Context(), "update comments set votes_up = votes_up + 1"), s.close())
		}
		if err != nil {
			t.Error(err)
		}
	}
	_, err := Copying{From: from, To: server, Progress: change}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the copy of comments differs") {
		t.Errorf("the damage: %v", err)
	}
}

// TestRowSum: the sum does not depend on the order of rows, and does on what is
// in which column.
func TestRowSum(t *testing.T) {
	sum := func(rows ...[]any) string {
		var s rowSum
		for _, r := range rows {
			s.add(r)
		}
		return fmt.Sprint(s.String())
	}
	a, b := []any{"x", int64(1), nil}, []any{"y", int64(2), []byte("z")}
	if sum(a, b) != sum(b, a) {
		t.Error("the order matters")
	}
	for _, other := range [][]any{{"x", "1", nil}, {"x1", int64(1), nil}, {"x", int64(1), "<nil>"}, {"x", int64(1), []byte{}}, {"x", true, nil}} {
		if sum(a) == sum(other) {
			t.Errorf("%v and %v are the same", a, other)
		}
	}
}
