package storetest

import (
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
)

var wordTests = map[string]func(*house){
	"words":               testWords,
	"words in pages":      testWordPage,
	"hosts":               testHosts,
	"hosts in pages":      testHostPage,
	"sweeps":              testSweeps,
	"comments passing by": testPassing,
	"pages with a name":   testPagesNamed,
}

func newWord(site, id string) comment.Word {
	return comment.Word{
		Site: site, ID: id, List: "legal", Kind: "host", Text: "text of " + id, Language: "de-AT", Section: "sport", Page: "https://daily.example/p1",
		ExpiresAt: after(1), Exceptions: []string{"an “exception”", "two"}, Note: "a note", AddedBy: comment.Actor{Kind: comment.ActorModerator, ID: "u1", Name: "Zoë"},
		CreatedAt: start, Since: after(2),
	}
}

func putWord(w comment.Word) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.PutWord(w) }
}

func testWords(h *house) {
	h.newSites("daily", "weekly")
	w := newWord("daily", "w1")
	full(h, w)
	plain := comment.Word{Site: "daily", ID: "w2", List: "banned", Kind: "word", Text: "a", CreatedAt: start, Since: start}
	other := newWord("weekly", "w1")
	h.write(all(putWord(w), putWord(plain), putWord(other)))
	words := func(site string) []comment.Word {
		return get(h, func(r comment.Reader) ([]comment.Word, error) { return r.Words(site) })
	}
	same(h, "words by list and text", words("daily"), []comment.Word{plain, w})
	same(h, "a word", get(h, func(r comment.Reader) (comment.Word, error) { return r.Word("daily", "w1") }), w)
	same(h, "number of words", get(h, func(r comment.Reader) (int, error) { return r.CountWords("daily") }), 2)

	twin := plain
	twin.ID = "w3"
	h.conflicts("a text twice in one list", putWord(twin))
	twin.Section = "sport"
	h.write(putWord(twin)) // for another scope it is another entry
	twin.ID, twin.Page, twin.Text = "w2", strings.Repeat("p", 2048), strings.Repeat("x", 400)
	h.conflicts("an id twice", putWord(twin))
	twin.ID = "w4"
	h.write(putWord(twin)) // as long as it may be
	h.refused("a list that is none", putWord(comment.Word{Site: "daily", ID: "w5", List: "hated", Kind: "word", Text: "x", CreatedAt: start, Since: start}))

	changed := newWord("daily", "w2")
	changed.Text = "changed"
	h.write(func(tx comment.Tx) error { return tx.ChangeWord(changed) })
	same(h, "a word changed", get(h, func(r comment.Reader) (comment.Word, error) { return r.Word("daily", "w2") }), changed)
	h.write(func(tx comment.Tx) error { return tx.RemoveWord("daily", "w1") })
	absent(h, "a word that was removed", func(r comment.Reader) (comment.Word, error) { return r.Word("daily", "w1") })
	same(h, "words of another site", words("weekly"), []comment.Word{other})
	for what, fn := range map[string]func(comment.Tx) error{
		"removing a word twice": func(tx comment.Tx) error { return tx.RemoveWord("daily", "w1") },
		"changing what is gone": func(tx comment.Tx) error { return tx.ChangeWord(w) },
	} {
		if err := h.try(fn); !isMissing(err) {
			h.Errorf("%s: %v", what, err)
		}
	}
}

func testWordPage(h *house) {
	h.newSites("daily", "weekly")
	h.write(func(tx comment.Tx) error {
		for i := range 30 {
			w := comment.Word{Site: "daily", ID: fmt.Sprintf("w%02d", i), List: []string{"banned", "suspect"}[i%2], Kind: []string{"word", "host", "word"}[i%3], Text: fmt.Sprintf("Ente %02d", i/2)}
			if err := tx.PutWord(w); err != nil {
				return err
			}
		}
		return tx.PutWord(comment.Word{Site: "weekly", ID: "x", List: "banned", Kind: "word", Text: "Ente"})
	})
	walk := func(q comment.WordQuery) (ids []string) {
		q.Site = "daily"
		for range 100 {
			var last *comment.WordPlace
			found := get(h, func(r comment.Reader) (found []comment.Word, err error) {
				found, last, err = r.WordPage(q)
				return found, err
			})
			if len(found) > q.Limit {
				h.Fatalf("%d of at most %d", len(found), q.Limit)
			}
			for _, w := range found {
				ids = append(ids, w.ID)
			}
			if last == nil {
				return ids
			}
			q.After = *last
		}
		h.Fatal("the list has no end")
		return nil
	}
	every := walk(comment.WordQuery{Limit: 100})
	same(h, "all", len(every), 30)
	same(h, "all in pages", walk(comment.WordQuery{Limit: 7}), every)
	same(h, "one list", walk(comment.WordQuery{Limit: 4, List: "suspect"}), every[15:])
	same(h, "a kind", len(walk(comment.WordQuery{Limit: 4, Kind: "host"})), 10)
	same(h, "a search", walk(comment.WordQuery{Limit: 1, Search: "ENTE 03"}), []string{"w06", "w07"})
	same(h, "a search in disguise", walk(comment.WordQuery{Limit: 5, Search: "3nte 14", List: "banned"}), []string{"w28"})
	same(h, "a search for nothing", walk(comment.WordQuery{Limit: 5, Search: "gans"}), nil)
}

func testHosts(h *house) {
	h.newSites("daily", "weekly")
	see := func(site, host string, minutes int) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.SeeHost(site, host, after(minutes)) }
	}
	count := func(host string, approved, rejected int) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.CountHost("daily", host, approved, rejected) }
	}
	h.write(all(see("daily", "a.example", 1), see("daily", "a.example", 2), see("daily", "b.example", 3), see("weekly", "a.example", 4)))
	h.write(all(count("a.example", 2, 1), count("a.example", -1, 3), count("b.example", -1, -1), count("c.example", 1, 1)))
	hosts := func(names ...string) map[string]comment.Host {
		found := map[string]comment.Host{}
		for _, one := range get(h, func(r comment.Reader) ([]comment.Host, error) { return r.Hosts("daily", names) }) {
			found[one.Name] = one
		}
		return found
	}
	a := comment.Host{Site: "daily", Name: "a.example", FirstSeen: after(1), Approved: 1, Rejected: 4}
	full(h, a)
	same(h, "records", hosts("a.example", "b.example", "c.example"), map[string]comment.Host{
		"a.example": a, "b.example": {Site: "daily", Name: "b.example", FirstSeen: after(3)},
	})
	same(h, "no names", len(hosts()), 0)
}

func testHostPage(h *house) {
	h.newSites("daily", "weekly")
	h.write(func(tx comment.Tx) error {
		for i, host := range []string{"ab.example", "abc.example", "b.example", "bc.example"} {
			if err := tx.SeeHost("daily", host, start); err != nil {
				return err
			}
			if err := tx.CountHost("daily", host, 0, i/2); err != nil {
				return err
			}
		}
		return tx.SeeHost("weekly", "a.example", start)
	})
	page := func(q comment.HostQuery) (names []string) {
		q.Site = "daily"
		for _, one := range get(h, func(r comment.Reader) ([]comment.Host, error) { return r.HostPage(q) }) {
			names = append(names, one.Name)
		}
		return names
	}
	same(h, "most rejected first", page(comment.HostQuery{Limit: 3}), []string{"bc.example", "b.example", "abc.example"})
	same(h, "the rest of them", page(comment.HostQuery{Limit: 3, After: comment.Place{Key: 0, ID: "abc.example"}}), []string{"ab.example"})
	same(h, "by name", page(comment.HostQuery{Limit: 2, ByName: true}), []string{"ab.example", "abc.example"})
	same(h, "by name, the rest", page(comment.HostQuery{Limit: 9, ByName: true, After: comment.Place{ID: "abc.example"}}), []string{"b.example", "bc.example"})
	same(h, "by a part of the name", page(comment.HostQuery{Limit: 9, ByName: true, Prefix: "ab"}), []string{"ab.example", "abc.example"})
}

func testSweeps(h *house) {
	h.newSites("daily", "weekly")
	v := comment.Sweep{Site: "daily", WordID: "w1", Since: after(2), Stage: comment.SweepPages, PageID: "p1", After: "c1", Looked: 4, Found: 2}
	full(h, v)
	put := func(v comment.Sweep) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.PutSweep(v) }
	}
	h.refused("a sweep of no word", put(v))
	h.write(all(putWord(newWord("daily", "w1")), putWord(newWord("daily", "w2")), putWord(newWord("weekly", "w1")), put(v)))
	sweeps := func() []comment.Sweep {
		return get(h, func(r comment.Reader) ([]comment.Sweep, error) { return r.Sweeps("daily") })
	}
	same(h, "sweeps", sweeps(), []comment.Sweep{v})
	running := func() []comment.Sweep {
		return get(h, func(r comment.Reader) ([]comment.Sweep, error) { return r.RunningSweeps(9) })
	}
	moved := v
	moved.After, moved.Looked, moved.Found = "c9", 9, 3
	move := func(to, from comment.Sweep) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.MoveSweep(to, from) }
	}
	h.write(move(moved, v))
	same(h, "moved", running(), []comment.Sweep{moved})
	h.conflicts("moving from where it is no more", move(moved, v))
	anew := v
	anew.Since, anew.After = after(5), ""
	h.write(put(anew))
	h.conflicts("moving what was begun anew", move(moved, moved))
	done := anew
	done.Stage = comment.SweepDone
	h.write(move(done, anew))
	same(h, "none runs", len(running()), 0)
	h.write(all(put(v), func(tx comment.Tx) error { return tx.RemoveSweep("daily", "w1") }))
	same(h, "removed", len(sweeps()), 0)
	h.write(all(put(v), func(tx comment.Tx) error { return tx.RemoveWord("daily", "w1") }))
	same(h, "gone with its word", len(sweeps()), 0)
}

func testPassing(h *house) {
	h.newSites("daily", "weekly")
	h.write(func(tx comment.Tx) error { return tx.PutPage(newPage("daily", "p2")) })
	make := func(site, page string, public int, held string) comment.Comment {
		c := newComment(site)
		c.PageID, c.Public, c.Held = page, public, held
		h.post(c)
		h.write(func(tx comment.Tx) error { return tx.InsertRevision(newRevision(site, c.ID, 1)) })
		return c
	}
	public, hidden := make("daily", "p1", 1, ""), make("daily", "p1", 0, "")
	both, elsewhere := make("daily", "p1", 1, "d1"), make("daily", "p2", 2, "")
	make("weekly", "p1", 1, "")
	line := func(c comment.Comment, revision int) comment.Passing {
		p := comment.Passing{ID: c.ID, PageID: c.PageID, Author: c.AuthorName, Revision: revision}
		if revision > 0 {
			p.Source = c.Text.Source
		}
		return p
	}
	passing := func(page, after string, limit int) map[comment.Passing]bool {
		found := map[comment.Passing]bool{}
		for _, p := range get(h, func(r comment.Reader) ([]comment.Passing, error) { return r.Passing("daily", page, after, limit) }) {
			found[p] = true
		}
		return found
	}
	set := func(lines ...comment.Passing) map[comment.Passing]bool {
		found := map[comment.Passing]bool{}
		for _, p := range lines {
			found[p] = true
		}
		return found
	}
	same(h, "of a page", passing("p1", "", 9), set(line(public, 1), line(hidden, 0), line(both, 1), line(both, 2)))
	same(h, "of the site", passing("", hidden.ID, 9), set(line(both, 1), line(both, 2), line(elsewhere, 2)))
	same(h, "some", passing("p1", "", 2), set(line(public, 1), line(hidden, 0)))
}

func testPagesNamed(h *house) {
	h.newSites("daily", "weekly")
	for _, id := range []string{"p2", "p3"} {
		p := newPage("daily", id)
		p.URL = "https://daily.example/same"
		h.write(func(tx comment.Tx) error { return tx.PutPage(p) })
	}
	named := func(after string) (ids []string) {
		for _, p := range get(h, func(r comment.Reader) ([]comment.Page, error) {
			return r.PagesNamed("daily", "https://daily.example/same", after, 1)
		}) {
			ids = append(ids, p.ID)
		}
		return ids
	}
	same(h, "first", named(""), []string{"p2"})
	same(h, "next", named("p2"), []string{"p3"})
	same(h, "none", len(named("p3")), 0)
}
