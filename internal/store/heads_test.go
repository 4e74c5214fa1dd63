package store

import (
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// After the database's clock has been put back, what is appended is found at once
// again, and not only when everything is looked at.
func TestHeadsAreFoundAfterTheClockWasPutBack(t *testing.T) {
	s := openDaily(t)
	head := func() int64 {
		heads, err := s.Heads(t.Context())
		if err != nil || len(heads) != 1 {
			t.Fatalf("%v, %v", heads, err)
		}
		return heads[0].Seq
	}
	appendTo := func() {
		mustWrite(t, s, func(tx comment.Tx) error {
			seq, hash, err := tx.LogHead("daily")
			if err != nil {
				return err
			}
			return tx.AppendEvent(comment.Event{Site: "daily", Seq: seq + 1, ID: comment.NewID(), Type: comment.CommentApproved, At: time.Now(), Body: []byte("{}"), Prev: hash, Hash: hash})
		})
	}
	appendTo()
	err := s.writer.apart(t.Context(), "an hour ahead", func(w *write) error {
		return w.conn.put(w.ctx, "update log_heads set changed_at = changed_at + 3600000000")
	})
	if err != nil || head() != 1 {
		t.Fatal("the head is not there", err)
	}
	appendTo()
	s.book.whole = time.Time{}
	if n := head(); n != 2 {
		t.Fatalf("%d, though everything was looked at", n)
	}
	appendTo()
	if n := head(); n != 3 {
		t.Errorf("%d, want 3", n)
	}
}
