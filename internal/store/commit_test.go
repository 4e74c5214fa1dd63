package store

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

// appendEvents appends events of a page to the log of daily.
func appendEvents(tx comment.Tx, page string, n int) error {
	for range n {
		seq, head, err := tx.LogHead("daily")
		if err != nil {
			return err
		}
		hash := fmt.Sprint(seq + 1)
		err = tx.AppendEvent(comment.Event{Site: "daily", Seq: seq + 1, ID: comment.NewID(), Type: comment.CommentVoted, PageID: page, Body: []byte("{}"), Prev: head, Hash: hash})
		if err != nil {
			return err
		}
	}
	return nil
}

// TestCommitsAreToldBeforeTheyAreAcknowledged: whoever keeps something in
// memory hears of every event that was committed, in order, before the one who
// wrote it hears that it was; and of none that was not.
func TestCommitsAreToldBeforeTheyAreAcknowledged(t *testing.T) {
	s := openDaily(t)
	var told []string
	s.OnCommit(func(events []comment.Event) {
		for _, e := range events {
			told = append(told, fmt.Sprint(e.Seq, e.PageID))
		}
	})
	write := func(page string, n int, wrong error) {
		t.Helper()
		err := s.Write(context.Background(), nil, func(tx comment.Tx) error {
			if err := appendEvents(tx, page, n); err != nil {
				return err
			}
			return wrong
		})
		if !errors.Is(err, wrong) {
			t.Fatal(err)
		}
	}
	write("a", 2, nil)
	if diff := cmp.Diff([]string{"1a", "2a"}, told); diff != "" {
		t.Error(diff)
	}
	write("b", 3, errors.New("the use case fails"))
	write("c", 1, nil)
	write("d", 0, nil)
	if diff := cmp.Diff([]string{"1a", "2a", "3c"}, told); diff != "" {
		t.Error(diff)
	}
	heads, err := s.Heads(context.Background())
	if diff := cmp.Diff([]comment.Position{{Site: "daily", Seq: 3}}, heads); err != nil || diff != "" {
		t.Error(err, diff)
	}
}
