package store

import (
	"fmt"
	"slices"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
)

func lines(site string, from, to int64, body int) (events []comment.Event) {
	for seq := from; seq <= to; seq++ {
		events = append(events, comment.Event{Site: site, Seq: seq, Body: make([]byte, body)})
	}
	return events
}

func seqs(events []comment.Event) (all []int64) {
	for _, e := range events {
		all = append(all, e.Seq)
	}
	return all
}

func TestTail(t *testing.T) {
	var l tail
	l.add(lines("daily", 5, 7, 10))
	l.add(lines("weekly", 1, 1, 10))
	l.add(lines("daily", 8, 9, 10))
	for _, c := range []struct {
		site  string
		after int64
		limit int
		want  []int64
	}{
		{"daily", 4, 10, []int64{5, 6, 7, 8, 9}},
		{"daily", 6, 2, []int64{7, 8}},
		{"daily", 8, 10, []int64{9}},
		{"daily", 9, 10, nil},  // there are no more here
		{"daily", 3, 10, nil},  // 4 is not here
		{"daily", 99, 10, nil}, // of another process
		{"weekly", 0, 10, []int64{1}},
		{"monthly", 0, 10, nil},
	} {
		if got := seqs(l.after(c.site, c.after, c.limit)); !slices.Equal(got, c.want) {
			t.Errorf("%s after %d: %v, want %v", c.site, c.after, got, c.want)
		}
	}
	given := l.after("daily", 4, 2)
	l.add(lines("daily", 12, 12, 10)) // 10 and 11 are of another process
	if got := seqs(l.after("daily", 4, 10)); got != nil {
		t.Errorf("over a gap: %v", got)
	}
	if got := seqs(l.after("daily", 11, 10)); !slices.Equal(got, []int64{12}) {
		t.Errorf("behind a gap: %v", got)
	}
	l.add(lines("daily", 11, 11, 10)) // told late
	if got := seqs(l.after("daily", 11, 10)); got != nil {
		t.Errorf("out of order: %v", got)
	}
	if got := seqs(given); !slices.Equal(got, []int64{5, 6}) {
		t.Errorf("what was given is %v now", got)
	}
}

func TestTailIsBounded(t *testing.T) {
	var l tail
	for seq := int64(1); seq <= 10_000; seq++ {
		l.add(lines("daily", seq, seq, 2000))
	}
	if n := len(l.after("daily", 9_900, 1000)); n != 100 || l.size > tailMost {
		t.Errorf("%d of the newest 100, %d bytes", n, l.size)
	}
	for i := range 20_000 {
		l.add(lines(fmt.Sprint("site-", i), 1, 1, 2000))
		if l.size > tailMost {
			t.Fatalf("%d bytes", l.size)
		}
	}
	if n := len(l.after("site-19999", 0, 10)); n > 1 {
		t.Errorf("%d events", n)
	}
}
