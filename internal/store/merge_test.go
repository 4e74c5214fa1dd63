package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

// TestInsertsAreMerged: a server takes what several use cases insert in one
// statement for each table, whatever was put between.
func TestInsertsAreMerged(t *testing.T) {
	s := openDailyAt(t, pgtest.Database(t))
	const n = 5
	var sent []string
	err := s.Write(t.Context(), comment.Sites{"daily"}, func(tx comment.Tx) error {
		w := tx.(*write)
		if w.group.careful {
			t.Error("the group had to begin again")
		}
		c := w.conn.(witness).conn.(*pgConn)
		put(t, tx, n)
		sent = nil
		for _, s := range merged(c.queue) {
			verb, _, _ := strings.Cut(s.text, " (")
			sent = append(sent, verb)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"insert into pages", "insert into authors", "insert into comments", "insert into revisions", "insert into decisions",
		"insert into events", "insert into receipts",
	}
	buckets := slices.Repeat([]string{"with guess as"}, n) // each with a guess of its own
	if want = append(want, buckets...); !slices.Equal(sent, want) {
		t.Errorf("sent %q\nwant %q", sent, want)
	}
	err = s.View(t.Context(), func(r comment.Reader) error {
		for i := range n {
			c, err := r.Comment("daily", fmt.Sprint("c", i))
			if err != nil || c.AuthorName != fmt.Sprint("Ann ", i) || !c.Shown {
				t.Errorf("comment %d: %+v, %v", i, c, err)
			}
			receipt, err := r.Receipt("s", fmt.Sprint("k", i))
			if err != nil || string(receipt.Answer) != fmt.Sprint("answer ", i) {
				t.Errorf("receipt %d: %+v, %v", i, receipt, err)
			}
		}
		events, err := r.Events("daily", 0, 99)
		if len(events) != n {
			t.Errorf("%d events, %v", len(events), err)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// put puts n comments, each with all that belongs to it.
func put(t *testing.T, tx comment.Tx, n int) {
	at := time.UnixMicro(1)
	for i := range n {
		page, author, id := fmt.Sprint("p", i), fmt.Sprint("a", i), fmt.Sprint("c", i)
		_, err := tx.TakeToken("b"+id, time.Second, 5, at)
		for _, err := range []error{
			err,
			tx.PutPage(comment.Page{Site: "daily", ID: page, Key: page}),
			tx.PutAuthor(comment.Author{Site: "daily", ID: author, Kind: comment.KindGuest, Name: "Ann"}),
			tx.InsertComment(comment.Comment{
				Site: "daily", ID: id, PageID: page, AuthorID: author, AuthorName: fmt.Sprint("Ann ", i), AuthorKind: comment.KindGuest,
				Status: comment.Pending, InForce: comment.Pending, Shown: true, Revision: 1, Version: 1, CreatedAt: at,
			}),
			tx.InsertRevision(comment.Revision{Site: "daily", CommentID: id, N: 1, Source: "text", CreatedAt: at}),
			tx.InsertDecision(comment.Decision{Site: "daily", ID: "d" + id, CommentID: id, Revision: 1, Action: comment.Approve, State: comment.DecisionDone}),
			tx.AppendEvent(comment.Event{Site: "daily", Seq: int64(i) + 1, ID: "e" + id, Type: comment.CommentCreated, CommentID: id, Body: []byte("{}")}),
			tx.PutReceipt(comment.Receipt{Scope: "s", Key: fmt.Sprint("k", i), Answer: []byte(fmt.Sprint("answer ", i))}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTheSameRowTwiceInAGroup: an author's first two comments come together, and
// so do two answers of the same key. The group need not begin again.
func TestTheSameRowTwiceInAGroup(t *testing.T) {
	s := openDailyAt(t, pgtest.Database(t))
	begun := 0
	mustWrite(t, s, func(tx comment.Tx) error {
		begun++
		for _, name := range []string{"Ann", "Anne"} {
			err := errors.Join(
				tx.PutAuthor(comment.Author{Site: "daily", ID: "a", Kind: comment.KindGuest, Name: name}),
				tx.PutReceipt(comment.Receipt{Scope: "s", Key: "k", Answer: []byte(name)}),
			)
			if err != nil {
				return err
			}
		}
		return nil
	})
	err := s.View(t.Context(), func(r comment.Reader) error {
		a, err := r.Author("daily", "a")
		receipt, errReceipt := r.Receipt("s", "k")
		if a.Name != "Anne" || string(receipt.Answer) != "Anne" {
			t.Errorf("%+v, %q", a, receipt.Answer)
		}
		return errors.Join(err, errReceipt)
	})
	if err != nil || begun != 1 {
		t.Errorf("begun %d times, %v", begun, err)
	}
}

// TestOrderOfMergedInserts: nothing is sent before what it may depend on.
func TestOrderOfMergedInserts(t *testing.T) {
	insert := func(table string, id int) statement {
		return statement{"insert into " + table + " (site_id, id) values ($1, $2) on conflict do nothing", []any{"daily", id}, true, nil}
	}
	other := func(text string) statement { return statement{text: text, write: true} }
	for name, test := range map[string]struct {
		all  []statement
		want string
	}{
		"others refer to it":          {[]statement{insert("revisions", 1), insert("comments", 1)}, "comments/1 revisions/1"},
		"put together":                {[]statement{insert("comments", 1), insert("events", 1), insert("comments", 2)}, "comments/2 events/1"},
		"the same row again":          {[]statement{insert("authors", 1), insert("authors", 1), insert("authors", 2)}, "authors/1 authors/2"},
		"beside what is steady":       {[]statement{insert("events", 1), other("update log_heads set x"), insert("events", 2)}, "events/2 update"},
		"not across what it may hit":  {[]statement{insert("authors", 1), other("update authors set email"), insert("authors", 2)}, "authors/1 update authors/1"},
		"not across a deletion":       {[]statement{insert("receipts", 1), other("delete from receipts"), insert("receipts", 2)}, "receipts/1 delete receipts/1"},
		"with an unknown kind, apart": {[]statement{{insert("events", 1).text, []any{1.5, 1}, true, nil}, {insert("events", 2).text, []any{2.5, 2}, true, nil}}, "events/1 events/1"},
	} {
		var got []string
		for _, s := range merged(test.all) {
			words := strings.Fields(s.text)
			if words[0] != "insert" {
				got = append(got, words[0])
				continue
			}
			rows := 1
			if ids, ok := s.args[1].([]int64); ok {
				rows = len(ids)
			}
			got = append(got, fmt.Sprintf("%s/%d", words[2], rows))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestQuestionsTogether: what is asked with the same text goes along the same
// plan as one alone, and everybody gets their own rows.
func TestQuestionsTogether(t *testing.T) {
	s := openDailyAt(t, pgtest.Database(t))
	mustWrite(t, s, func(tx comment.Tx) error { put(t, tx, 3); return nil })
	ask := func(r comment.Reader) {
		for _, id := range []string{"0", "2", "9", "1", "0"} {
			_, _ = r.PageByKey("daily", "p"+id)
			_, _ = r.Author("daily", "a"+id)
			_, _ = r.Revisions("daily", "c"+id)
			_, _ = r.Page("daily", "g"+id)
		}
		_, _ = r.Sites()
	}
	asks := (&query{ctx: t.Context()}).asked(ask)
	all := questions(asks)
	if len(all) != 5 {
		t.Errorf("%d statements for %d asks", len(all), len(asks))
	}
	for _, q := range all {
		for _, line := range postgresPlan(t, s, q.text) {
			if strings.Contains(line, "Seq Scan on") && !strings.Contains(line, "on sites") || strings.Contains(line, "Sort") && !strings.Contains(q.text, "from sites") {
				t.Errorf("%s\n\t%s", q.text, line)
			}
		}
	}
	err := s.ViewAfter(t.Context(), ask, func(r comment.Reader) error {
		for _, id := range []string{"0", "1", "2"} {
			if p, err := r.PageByKey("daily", "p"+id); err != nil || p.ID != "p"+id {
				t.Errorf("page %s: %+v, %v", id, p, err)
			}
			if all, err := r.Revisions("daily", "c"+id); err != nil || len(all) != 1 || all[0].CommentID != "c"+id {
				t.Errorf("revisions %s: %+v, %v", id, all, err)
			}
		}
		_, err := r.PageByKey("daily", "p9")
		return err
	})
	if !fault.Is(err, "not_found") {
		t.Errorf("a page that is not there: %v", err)
	}
}
