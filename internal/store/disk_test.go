package store

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// limit lets the file of a store grow by some pages and no further, as a full
// disk would; 0 takes the limit away.
func limit(t *testing.T, s *Store, pages int) {
	t.Helper()
	most := 1 << 30
	err := s.writer.do(context.Background(), nil, nil, func(w *write) error {
		if pages > 0 {
			now, err := strconv.Atoi(column(t, w.conn, "pragma page_count")[0])
			if err != nil {
				return err
			}
			most = now + pages
		}
		if got := column(t, w.conn, fmt.Sprint("pragma max_page_count = ", most))[0]; got != fmt.Sprint(most) {
			return fmt.Errorf("the limit is %s, want %d", got, most)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fillUp writes from many sides until each has been refused.
func fillUp(t *testing.T, s *Store, out *outcomes) {
	t.Helper()
	var all sync.WaitGroup
	round := len(out.errs)
	for writer := range 8 {
		all.Go(func() {
			for i := range 5000 {
				if s.Room() != nil {
					return // as the service does: only the staff may write
				}
				id := fmt.Sprint(round, "-", writer, "-", i)
				err := s.Write(context.Background(), nil, func(tx comment.Tx) error {
					if err := tx.CountStatus("daily", comment.Pending, 1); err != nil {
						return err
					}
					return putBulk(id)(tx)
				})
				out.set(id, err)
				if f := fault.Of(err); err != nil && (f.Code != "storage_full" || f.Kind != fault.Unavailable || f.RetryAfter <= 0) {
					t.Errorf("got %v, want storage_full", err)
				}
				if err != nil {
					return
				}
			}
			t.Error("the disk does not fill")
		})
	}
	all.Wait()
}

// consistent checks that every page that was written has been counted, and
// nothing else.
func consistent(t *testing.T, s *Store, out *outcomes) {
	t.Helper()
	there := pageIDs(t, s)
	out.match(t, there)
	err := s.View(context.Background(), func(r comment.Reader) error {
		counts, err := r.StatusCounts([]string{"daily"})
		if counts[comment.Pending] != len(there) {
			t.Errorf("%d pages, %d counted", len(there), counts[comment.Pending])
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAFullDisk(t *testing.T) {
	s := openDaily(t)
	var out outcomes
	for round := range 2 {
		limit(t, s, 50)
		fillUp(t, s, &out)
		consistent(t, s, &out) // and reads go on
		limit(t, s, 0)
		id := fmt.Sprint("after ", round)
		mustWrite(t, s, func(tx comment.Tx) error { return tx.CountStatus("daily", comment.Pending, 1) })
		mustWrite(t, s, putBulk(id))
		out.set(id, nil)
	}
	path := s.Path()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	consistent(t, openAt(t, path), &out)
}

// The file may become unwritable while it is served.
func TestAReadOnlyDisk(t *testing.T) {
	s := openDaily(t)
	mustWrite(t, s, putPage("p1"))
	set := func(value string) { // beside the writer, which has nothing to do
		if _, err := s.writers[0].exec(t.Context(), "pragma query_only = "+value); err != nil {
			t.Fatal(err)
		}
	}
	set("on")
	err := s.Write(t.Context(), nil, putPage("p2"))
	if f := fault.Of(err); f.Kind != fault.Unavailable || f.Code != "storage_read_only" {
		t.Errorf("got %v", err)
	}
	if ids := pageIDs(t, s); len(ids) != 1 || !ids["p1"] {
		t.Errorf("pages %v", ids)
	}
	set("off")
	mustWrite(t, s, putPage("p3"))
}
