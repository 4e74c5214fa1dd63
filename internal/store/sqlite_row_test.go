package store

import (
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

func TestARowIsReadAsWhatItIs(t *testing.T) {
	s := openDaily(t)
	var (
		text, also string
		status     comment.Status
		n          int64
		small      int
		yes, no    bool
		blob       []byte
		none       = []byte("left over")
		at         time.Time
	)
	row := `select 'a', '', 'spam', 1 << 40, 7, 3, 0, x'00ff', null, 1000001`
	err := s.borrow(t).each(t.Context(), row, nil, func(s scanner) error {
		return s.Scan(&text, &also, &status, &n, &small, &yes, &no, &blob, &none, instant{&at})
	})
	if err != nil {
		t.Fatal(err)
	}
	if text != "a" || also != "" || status != comment.Spam || n != 1<<40 || small != 7 || !yes || no || string(blob) != "\x00\xff" || none != nil || at.UnixMicro() != 1000001 {
		t.Error(text, also, status, n, small, yes, no, blob, none, at)
	}
}

func TestWhatDoesNotFitIsAnError(t *testing.T) {
	c := openDaily(t).borrow(t)
	for row, dest := range map[string]any{"select 1": new(string), "select 'a'": new(int64), "select null": new(comment.Status), "select 1.5": new(int), "select 2, 3": new(int)} {
		err := c.each(t.Context(), row, nil, func(s scanner) error { return s.Scan(dest) })
		if err == nil || !strings.Contains(err.Error(), "fit") && !strings.Contains(err.Error(), "columns") {
			t.Errorf("%s into %T: %v", row, dest, err)
		}
	}
	if _, err := c.exec(t.Context(), "select $1", 1, 2); err == nil {
		t.Error("one argument too many was taken")
	}
	if _, err := c.exec(t.Context(), "select $1", struct{}{}); err == nil {
		t.Error("a struct was taken for a value")
	}
}

// borrow takes a connection that reads.
func (s *Store) borrow(t *testing.T) conn {
	c := <-s.readers
	t.Cleanup(func() { s.readers <- c })
	return c
}
