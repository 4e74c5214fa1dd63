package comment_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// manyWords is a list as people keep it, an entry a line.
func manyWords(n int) string {
	var b strings.Builder
	for i := range n {
		word := ""
		for k := i + 1; k > 0; k /= 20 {
			word += string("bcdfghjklmnpqrstvwxz"[k%20]) + string("aeiou"[k%5])
		}
		fmt.Fprintf(&b, "zq%s\n", word)
	}
	return b.String()
}

// TestFiftyThousandEntries: a site may have so many, no more, and its comments do
// not wait for them longer than it takes to read them once.
func TestFiftyThousandEntries(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		h.say("Before the list.")
		began := time.Now()
		out, err := h.ImportWords(ctx(), comment.WordImport{Site: "daily", Text: manyWords(50_001), Usual: comment.Word{List: "banned"}}, lawyer)
		h.must(err)
		t.Logf("imported in %s", time.Since(began))
		if last := out.Lines[50_000]; out.Added != 50_000 || out.Refused != 1 || last.Code != "too_many" {
			t.Fatalf("%d added, %d refused, %+v", out.Added, out.Refused, last)
		}
		_, err = h.AddWord(ctx(), comment.Word{Site: "daily", List: "banned", Text: "one more"}, lawyer)
		wantFault(t, err, "text:too_many")
		began = time.Now()
		var wg sync.WaitGroup
		for i := range 8 { // all need the new list, which is compiled once
			wg.Go(func() {
				if s, err := h.Submit(ctx(), post(fmt.Sprintf("Number %d, honestly.", i))); err != nil || s.Comment.Status != comment.Approved {
					t.Errorf("an honest comment is %s, %v", s.Comment.Status, err)
				}
			})
		}
		wg.Wait()
		t.Logf("the first comments took %s", time.Since(began))
		began = time.Now()
		lines := strings.Fields(manyWords(50_000))
		h.wantStatus("with an entry", h.say("This "+lines[49_999]+" is banned."), comment.Rejected)
		t.Logf("the next one took %s", time.Since(began))
		began = time.Now()
		page, last, err := h.WordsOf(ctx(), comment.WordQuery{Site: "daily", Limit: 100})
		h.must(err)
		t.Logf("a page of the list took %s", time.Since(began))
		if len(page) != 100 || last == nil {
			t.Errorf("%d entries, next %v", len(page), last)
		}
		h.wantSoundLog("daily")
	}, "moderation=off")
}

// The log says of an import what was added, and who did it.
func TestAnImportIsInTheLog(t *testing.T) {
	h := newHouse(t)
	_, err := h.ImportWords(ctx(), comment.WordImport{Site: "daily", Text: manyWords(1200), Usual: comment.Word{List: "suspect"}}, lawyer)
	h.must(err)
	var events []comment.Event
	for _, e := range h.log("daily") {
		if e.Type == comment.WordsImported {
			events = append(events, e)
		}
	}
	all := bodiesOf(events, comment.WordsImported)
	if len(events) != 3 || strings.Count(all, `"text":"zq`) != 1200 || events[0].Actor != lawyer {
		t.Errorf("%d events with %d entries by %+v", len(events), strings.Count(all, `"text":"zq`), events[0].Actor)
	}
}

// Files as other systems and programs write them.
func TestImportsFromElsewhere(t *testing.T) {
	h := newHouse(t)
	for name, tt := range map[string]struct {
		format, text string
		added        int
		fault        string
	}{
		"Windows":           {"text", "\ufeffone\r\ntwo\r\n", 2, "no error"},
		"a Mac of old":      {"text", "one\rtwo\rthree", 3, "no error"},
		"a table of both":   {"csv", "text,note\rone,\"a\rb\"\rtwo,\r", 2, "no error"},
		"UTF-16":            {"text", "\xff\xfeo\x00n\x00e\x00\n\x00", 0, "text:encoding"},
		"UTF-16, no mark":   {"csv", "\x00t\x00e\x00x\x00t\x00\n", 0, "text:encoding"},
		"a spreadsheet":     {"text", "PK\x03\x04\x00\x00", 0, "text:encoding"},
		"one line of bytes": {"text", strings.Repeat("word\n", 200) + "a\x00b\nlast one\n", 2, "no error"},
		"ended long ago":    {"csv", "text,expires_at\none,2001-01-01\n", 1, "no error"},
	} {
		t.Run(name, func(t *testing.T) {
			in := comment.WordImport{Site: "daily", Format: tt.format, Text: tt.text, Usual: comment.Word{List: "banned"}, DryRun: true}
			out, err := h.ImportWords(ctx(), in, lawyer)
			wantFault(t, err, tt.fault)
			if out.Added != tt.added {
				t.Errorf("%+v", out)
			}
		})
	}
	out, err := h.ImportWords(ctx(), comment.WordImport{Site: "daily", Text: "\x1b[31mred*", Usual: comment.Word{List: "banned"}}, lawyer)
	h.must(err)
	if out.Refused != 1 || strings.Contains(out.Lines[0].Text, "\x1b") {
		t.Errorf("%q would colour a terminal", out.Lines[0].Text)
	}
	_, err = h.AddWord(ctx(), comment.Word{Site: "daily", List: "banned", Text: "over", ExpiresAt: h.clock.Now()}, lawyer)
	wantFault(t, err, "expires_at:invalid")
}

// FuzzImport: whatever a file has in it, each line is told of, and what is said to be
// added can be compiled.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		"one\ntwo\n", "text,list\na b,banned\n\"x\ny\",\n", "text\n\"", `[{"text":"ab","list":"legal","expires_at":"2026-01-01"}]`, `[null,1,{"text":[]}]`,
		"\xef\xbb\xbftext,expires_at\nab,9999-99-99", "a\x00b\r\nc\td\r", "text,text\n", "[[[[",
	} {
		for _, format := range []string{"text", "csv", "json"} {
			f.Add(format, seed)
		}
	}
	h := newHouse(f)
	f.Fuzz(func(t *testing.T, format, text string) {
		out, err := h.ImportWords(ctx(), comment.WordImport{Site: "daily", Format: format, Text: text, Usual: comment.Word{List: "banned"}, DryRun: true}, lawyer)
		if err != nil {
			return
		}
		if n := out.Added + out.Duplicates + out.Refused; n != len(out.Lines) {
			t.Errorf("%d lines, %d told of", n, len(out.Lines))
		}
		for _, l := range out.Lines {
			if (l.Result == "added") != (l.Code == "") || l.Result != "added" && l.Detail == "" {
				t.Errorf("%+v", l)
			}
		}
	})
}

// Two people add the same entry at the same time: one of them is told.
func TestTheSameEntryTwiceAtOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		errs := make(chan error)
		for range 4 {
			go func() {
				_, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: "banned", Text: "frob"}, lawyer)
				errs <- err
			}()
		}
		failed := 0
		for range 4 {
			if err := <-errs; err != nil {
				wantFault(t, err, "conflict")
				failed++
			}
		}
		words, err := h.AllWords(ctx(), "daily")
		h.must(err)
		if failed != 3 || len(words) != 1 {
			t.Errorf("%d failed, %d entries", failed, len(words))
		}
	})
}

// Entries that folding makes equal are one, however they come.
func TestAnEntryInAnotherSpelling(t *testing.T) {
	h := newHouse(t)
	add := func(list, section, text string) (comment.Word, error) {
		return h.AddWord(ctx(), comment.Word{Site: "daily", List: list, Section: section, Text: text}, lawyer)
	}
	refused := func(what string, err error) {
		t.Helper()
		if f := fault.Of(err); f.Code != "conflict" || f.Detail != "The banned list has this entry already, written “casino”." {
			t.Errorf("%s: %v", what, err)
		}
	}
	casino, err := add("banned", "", "casino")
	h.must(err)
	for _, text := range []string{"casino", "CASINO", "cásino", "casino!", "саsіnо"} {
		_, err := add("banned", "", text)
		refused(text, err)
	}
	for _, other := range [][3]string{{"suspect", "", "CASINO"}, {"banned", "sport", "CASINO"}, {"banned", "", "casinos"}} {
		_, err := add(other[0], other[1], other[2])
		h.must(err)
	}
	bingo, err := add("banned", "", "bingo")
	h.must(err)
	change := func(id, text string) error {
		_, err := h.ChangeWord(ctx(), "daily", id, comment.WordChange{Text: &text}, lawyer)
		return err
	}
	refused("changed into it", change(bingo.ID, "Casino"))
	h.must(change(casino.ID, "CASINO"))
	h.must(change(casino.ID, "casino"))
	out, err := h.ImportWords(ctx(), comment.WordImport{Site: "daily", Usual: comment.Word{List: "banned"}, Text: "Casino\nlotto\nLOTTO"}, lawyer)
	h.must(err)
	if out.Added != 1 || out.Duplicates != 2 || out.Lines[0].Detail != "The banned list has this entry already, written “casino”." ||
		out.Lines[2].Detail != "The banned list has this entry already, written “lotto”." {
		t.Errorf("%+v", out)
	}

	// What stands twice since long ago can be changed, and stays apart from others.
	old := casino
	old.ID, old.Text = "old", "Casino"
	h.must(h.Store.Write(ctx(), comment.Sites{"daily"}, func(tx comment.Tx) error { return tx.PutWord(old) }))
	note := "why"
	_, err = h.ChangeWord(ctx(), "daily", casino.ID, comment.WordChange{Note: &note}, lawyer)
	h.must(err)
}

func TestSpellingsOfAnEntryAtOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		var wg sync.WaitGroup
		for _, text := range []string{"frob", "FROB", "fröb", "f-rob", "Frob"} {
			wg.Go(func() {
				if _, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: "banned", Text: text}, lawyer); err != nil {
					wantFault(t, err, "conflict")
				}
			})
			wg.Go(func() {
				in := comment.WordImport{Site: "daily", Text: text, Usual: comment.Word{List: "banned"}}
				if _, err := h.ImportWords(ctx(), in, lawyer); err != nil {
					wantFault(t, err, "conflict")
				}
			})
		}
		wg.Wait()
		words, err := h.AllWords(ctx(), "daily")
		h.must(err)
		if len(words) != 2 { // f-rob is a phrase
			t.Errorf("%d entries: %+v", len(words), words)
		}
	})
}

// A change of what an entry matches is its changer's; a change of its end is not.
func TestAChangedEntry(t *testing.T) {
	h := newHouse(t, "moderation=off")
	w, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: "banned", Text: "frob"}, lawyer)
	h.must(err)
	h.clock.pass(time.Minute)
	other := comment.Actor{Kind: comment.ActorModerator, ID: "account-chief", Name: "chief"}
	until := h.clock.Now().Add(time.Hour)
	same, err := h.ChangeWord(ctx(), "daily", w.ID, comment.WordChange{ExpiresAt: &until}, other)
	h.must(err)
	w.ExpiresAt = until
	if diff := cmp.Diff(w, same); diff != "" {
		t.Error(diff)
	}
	legal := moderation.ListLegal
	changed, err := h.ChangeWord(ctx(), "daily", w.ID, comment.WordChange{List: &legal}, other)
	h.must(err)
	if changed.AddedBy != other || !changed.Since.Equal(h.clock.Now()) {
		t.Errorf("%+v", changed)
	}
	h.wantStatus("a frob on the legal list", h.say("It is a frob."), comment.Pending)
	banned := moderation.ListBanned
	_, err = h.ChangeWord(ctx(), "daily", w.ID, comment.WordChange{List: &banned}, other)
	h.must(err)
	if listed, err := h.WordOf(ctx(), "daily", w.ID); err != nil || listed.Sweep != nil {
		t.Errorf("a sweep of a banned word: %+v, %v", listed.Sweep, err)
	}
	h.wantStatus("a frob on the banned list", h.say("It is a frob again."), comment.Rejected)
}
