package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

var writeTests = map[string]func(*house){
	"a failed use case leaves nothing":     testRollback,
	"a failed use case hurts no other":     testFailureBesideOthers,
	"a panic is the use case's own":        testPanic,
	"a use case sees what it wrote":        testOwnWrites,
	"a view sees nothing half done":        testUncommitted,
	"a view is one snapshot":               testSnapshot,
	"a view returns its error":             testViewError,
	"what is acknowledged can be read":     testAcknowledged,
	"changes of one row follow each other": testCounter,
	"a new store has room":                 testRoom,
	"what is asked ahead":                  testAhead,
	"what is asked ahead by many":          testAheadTogether,
	"many look at once":                    testLookTogether,
}

var errSorry = errors.New("sorry")

// state reads what testRollback's use case would change.
func (h *house) state(c comment.Comment) string {
	h.Helper()
	return get(h, func(r comment.Reader) (string, error) {
		_, noReceipt := r.Receipt("s", "k")
		_, noSession := r.Session("s1")
		return fmt.Sprint(
			must(r.Site("daily")), must(r.Words("daily")), must(r.Versions("daily")), must(r.Page("daily", "p1")),
			must(r.Author("daily", "a1")), must(r.Comment("daily", c.ID)), must(r.Revisions("daily", c.ID)),
			must(r.StatusCounts([]string{"daily"})), must(r.Decisions("daily", c.ID)), must(r.Reports("daily", c.ID)),
			must(r.Events("daily", 0, 99)), must(r.LogSites()), must(r.Endpoints("daily")),
			must(r.Deliveries(comment.DeliveryQuery{Site: "daily", Endpoint: "e1", Limit: 9})),
			must(r.Accounts()), must(r.Tokens("b", every, 1, start)), noReceipt, noSession), nil
	})
}

// everything uses every verb that writes.
func everything(c comment.Comment) []func(comment.Tx) error {
	site, page, author := newSite("daily"), newPage("daily", "p1"), newAuthor("daily", "a1")
	site.Name, page.Title, author.Name = "changed", "changed", "changed"
	reply := newComment("daily")
	return []func(comment.Tx) error{
		putSite(site), putPage(page), putAuthor(author), insert(reply),
		putWord(comment.Word{Site: "daily", ID: "w2", List: "banned", Kind: "word", Text: "x", CreatedAt: start}),
		func(tx comment.Tx) error { return tx.RemoveWord("daily", "w1") },
		func(tx comment.Tx) error { return tx.CountPage("daily", "p1", 1) },
		func(tx comment.Tx) error { return tx.UpdateComment(&c) },
		func(tx comment.Tx) error { return tx.InsertRevision(newRevision("daily", c.ID, 3)) },
		func(tx comment.Tx) error { return tx.CountAuthor("daily", "a1", 1, 1) },
		func(tx comment.Tx) error { return tx.CountStatus("daily", comment.Pending, 1) },
		putDecision(newDecision("d2", c.ID)),
		setState(newDecision("d1", c.ID), comment.DecisionDone),
		func(tx comment.Tx) error { _, err := tx.PutVote("daily", c.ID, "v1", 1); return err },
		func(tx comment.Tx) error {
			_, err := tx.InsertReport(comment.Report{Site: "daily", ID: "r1", CommentID: c.ID, Revision: 1, Reporter: "x", Reason: "spam", At: start})
			return err
		},
		appendEvent(newEvent("daily", 1)),
		putReceipt(comment.Receipt{Scope: "s", Key: "k", Answer: []byte{}, At: start}),
		func(tx comment.Tx) error { _, err := tx.TakeToken("b", every, 1, start); return err },
		func(tx comment.Tx) error { _, err := tx.Salt("2026-03-29"); return err },
		putEndpoint(newEndpoint("daily", "e2")),
		func(tx comment.Tx) error { return tx.RemoveEndpoint("daily", "e1") },
		func(tx comment.Tx) error {
			return tx.PutSecret("daily", "e2", comment.Secret{ID: "s1", Sealed: "x", CreatedAt: start})
		},
		putDelivery(newDelivery("daily", "e1", "x2"), nil),
		putAccount(newAccount("u2")), putSession(newSession("s1", "u1")),
		func(tx comment.Tx) error { return tx.EndSessions("u1", after(9)) },
		func(tx comment.Tx) error { _, err := tx.Prune(after(1), 9); return err },
	}
}

func testRollback(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.post(c)
	h.write(all(
		putWord(comment.Word{Site: "daily", ID: "w1", List: "banned", Kind: "word", Text: "y", CreatedAt: start}),
		putEndpoint(newEndpoint("daily", "e1")), putDelivery(newDelivery("daily", "e1", "x1"), nil),
		putAccount(newAccount("u1")), putDecision(newDecision("d1", c.ID)),
	))
	before := h.state(c)
	err := h.try(func(tx comment.Tx) error {
		if err := all(everything(c)...)(tx); err != nil {
			return err
		}
		return errSorry
	})
	if err != errSorry { //nolint:errorlint // the very error, not one like it
		h.Errorf("got %v, want the use case's own error", err)
	}
	same(h, "state after a use case that failed", h.state(c), before)
	h.write(all(everything(c)...)) // and it would have changed something
	if h.state(c) == before {
		h.Error("the use case changes nothing, so the test shows nothing")
	}
}

func testFailureBesideOthers(h *house) {
	h.newSites("daily")
	var all sync.WaitGroup
	const n = 64
	for i := range n {
		all.Go(func() {
			err := h.try(func(tx comment.Tx) error {
				p := newPage("daily", fmt.Sprint("q", i))
				if err := tx.PutPage(p); err != nil {
					return err
				}
				if err := tx.CountStatus("daily", comment.Pending, 1); err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					return errSorry
				case 2:
					p.ID += " again"
					return tx.PutPage(p) // the engine refuses the key
				}
				return nil
			})
			if failed := i%4 == 1 || i%4 == 2; (err != nil) != failed {
				h.Errorf("use case %d: %v", i, err)
			}
		})
	}
	all.Wait()
	pages := get(h, func(r comment.Reader) ([]comment.Page, error) { return r.Pages("daily", "", 1000) })
	counts := get(h, func(r comment.Reader) (map[comment.Status]int, error) { return r.StatusCounts([]string{"daily"}) })
	if len(pages) != n/2+1 || counts[comment.Pending] != n/2 {
		h.Errorf("%d pages, %d counted; want %d and %d", len(pages)-1, counts[comment.Pending], n/2, n/2)
	}
}

func testPanic(h *house) {
	h.newSites("daily")
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			err := h.try(func(tx comment.Tx) error {
				err := tx.CountStatus("daily", comment.Pending, 1)
				if i%2 == 0 {
					panic("a bug")
				}
				return err
			})
			if (err != nil) != (i%2 == 0) {
				h.Errorf("use case %d: %v", i, err)
			}
		})
	}
	all.Wait()
	counts := get(h, func(r comment.Reader) (map[comment.Status]int, error) { return r.StatusCounts([]string{"daily"}) })
	if counts[comment.Pending] != 16 {
		h.Errorf("%d counted, want 16", counts[comment.Pending])
	}
}

func testOwnWrites(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.write(func(tx comment.Tx) error {
		if err := all(insert(c), appendEvent(newEvent("daily", 1)))(tx); err != nil {
			return err
		}
		stored, err := tx.Comment("daily", c.ID)
		same(h, "comment", stored, bare(c))
		events, err2 := tx.Events("daily", 0, 9)
		same(h, "events", len(events), 1)
		found, _, err3 := tx.Queue(comment.QueueQuery{Sites: []string{"daily"}, Limit: 9})
		same(h, "queue", idsOf(found), []string{c.ID})
		return errors.Join(err, err2, err3)
	})
}

func testUncommitted(h *house) {
	h.newSites("daily")
	h.write(func(tx comment.Tx) error {
		if err := tx.PutPage(newPage("daily", "p2")); err != nil {
			return err
		}
		absent(h, "page of a use case under way", func(r comment.Reader) (comment.Page, error) { return r.Page("daily", "p2") })
		return nil
	})
	get(h, func(r comment.Reader) (comment.Page, error) { return r.Page("daily", "p2") })
}

func testSnapshot(h *house) {
	h.newSites("daily")
	err := h.store.View(h.Context(), func(r comment.Reader) error {
		before, err := r.Pages("daily", "", 9)
		h.write(putPage(newPage("daily", "p2")))
		h.write(func(tx comment.Tx) error { return tx.CountPage("daily", "p1", 5) })
		after, err2 := r.Pages("daily", "", 9)
		same(h, "pages within one view", after, before)
		return errors.Join(err, err2)
	})
	if err != nil {
		h.Error(err)
	}
	if n := len(get(h, func(r comment.Reader) ([]comment.Page, error) { return r.Pages("daily", "", 9) })); n != 2 {
		h.Errorf("%d pages in the next view, want 2", n)
	}
}

func testRoom(h *house) {
	if err := h.store.Room(); err != nil {
		h.Error(err)
	}
}

func testViewError(h *house) {
	if err := h.store.View(h.Context(), func(comment.Reader) error { return errSorry }); err != errSorry { //nolint:errorlint // the very error
		h.Errorf("got %v", err)
	}
}

func testAcknowledged(h *house) {
	h.newSites("daily")
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 10 {
				id := fmt.Sprint("q", worker, "-", i)
				if err := h.try(putPage(newPage("daily", id))); err != nil {
					h.Error(err)
				}
				err := h.store.View(h.Context(), func(r comment.Reader) error {
					_, err := r.Page("daily", id)
					return err
				})
				if err != nil {
					h.Errorf("page %s was acknowledged, then: %v", id, err)
				}
			}
		})
	}
	all.Wait()
}

// testCounter reads, adds and writes from many sides: none of the additions is
// lost, as compare-and-set refuses the ones that came too late.
func testCounter(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	c.Reports = 0
	h.post(c)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for done := 0; done < 5; {
				err := h.try(func(tx comment.Tx) error {
					now, err := tx.Comment("daily", c.ID)
					if err != nil {
						return err
					}
					now.Reports++
					return tx.UpdateComment(&now)
				})
				switch {
				case err == nil:
					done++
				case !isConflict(err):
					h.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if got := getComment(h, c); got.Reports != 40 || got.Version != 41 {
		h.Errorf("%d reports in version %d, want 40 in 41", got.Reports, got.Version)
	}
}

// testAhead asks ahead, for what is there and for what is not, and is answered
// as without it.
func testAhead(h *house) {
	h.newSites("daily")
	h.write(putReceipt(comment.Receipt{Scope: "s", Key: "k", Hash: "sum", Answer: []byte("a"), At: start}))
	ask := func(r comment.Reader) {
		_, _ = r.PageByKey("daily", "key of p1")
		_, _ = r.PageByKey("daily", "none")
		_, _ = r.Author("daily", "a1")
		_, _ = r.Receipt("s", "k")
		_, _ = r.Tokens("b", every, 1, start)
	}
	check := func(r comment.Reader) error {
		page, err := r.PageByKey("daily", "key of p1")
		same(h, "page", page, newPage("daily", "p1"))
		author, err2 := r.Author("daily", "a1")
		same(h, "author", author, newAuthor("daily", "a1"))
		receipt, err3 := r.Receipt("s", "k")
		same(h, "receipt", string(receipt.Answer), "a")
		if _, err := r.PageByKey("daily", "none"); !isMissing(err) {
			h.Errorf("a page that is not there: %v", err)
		}
		wait, err4 := r.Tokens("b", every, 1, start)
		same(h, "wait", wait, 0)
		site, err5 := r.Site("daily") // was not asked ahead
		same(h, "site", site.Name, newSite("daily").Name)
		return errors.Join(err, err2, err3, err4, err5)
	}
	if err := h.store.ViewAfter(h.Context(), ask, check); err != nil {
		h.Error(err)
	}
	if err := h.store.WriteAfter(h.Context(), comment.Sites{"daily"}, ask, func(tx comment.Tx) error { return check(tx) }); err != nil {
		h.Error(err)
	}
}

// testLookTogether has many look at once: each gets its own answers, also beside
// one that asks what an engine cannot answer.
func testLookTogether(h *house) {
	h.newSites("daily")
	for i := range 20 {
		h.write(putReceipt(comment.Receipt{Scope: "s", Key: fmt.Sprint(i), Hash: "sum", Answer: []byte(fmt.Sprint("answer ", i)), At: start}))
	}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			var receipt comment.Receipt
			look := func(r comment.Reader) (err error) {
				if i%25 == 0 {
					_, err = r.PageByKey("daily", "\x00\xff")
					return err
				}
				receipt, err = r.Receipt("s", fmt.Sprint(i%20))
				return err
			}
			err := h.store.ViewAfter(h.Context(), func(r comment.Reader) { _ = look(r) }, look)
			if i%25 != 0 && (err != nil || string(receipt.Answer) != fmt.Sprint("answer ", i%20)) {
				h.Errorf("%d: %q, %v", i, receipt.Answer, err)
			}
			if i%25 == 0 && err == nil {
				h.Errorf("%d: a page that cannot be was found", i)
			}
		})
	}
	all.Wait()
	gone, cancel := context.WithCancel(h.Context())
	cancel()
	err := h.store.ViewAfter(gone, func(r comment.Reader) { _, _ = r.Site("daily") }, func(comment.Reader) error { return nil })
	if err != nil && !fault.Is(err, "unavailable") {
		h.Error(err)
	}
}

// testAheadTogether posts from many sides to one page that nobody has made, some
// with the same key: what was read ahead of the others' writes must not mislead.
func testAheadTogether(h *house) {
	h.newSites("daily")
	var all sync.WaitGroup
	const n, keys = 64, 8
	for i := range n {
		all.Go(func() {
			key := fmt.Sprint("k", i%keys)
			ask := func(r comment.Reader) {
				_, _ = r.Receipt("s", key)
				_, _ = r.PageByKey("daily", "shared")
			}
			err := h.store.WriteAfter(h.Context(), comment.Sites{"daily"}, ask, func(tx comment.Tx) error {
				if _, err := tx.Receipt("s", key); err == nil {
					return errSorry // it has been answered
				} else if !isMissing(err) {
					return err
				}
				page, err := tx.PageByKey("daily", "shared")
				if isMissing(err) {
					page = newPage("daily", comment.NewID())
					page.Key, page.Count = "shared", 0
					err = tx.PutPage(page)
				}
				if err != nil {
					return err
				}
				if err := tx.CountPage("daily", page.ID, 1); err != nil {
					return err
				}
				return tx.PutReceipt(comment.Receipt{Scope: "s", Key: key, Answer: []byte{}, At: start})
			})
			if err != nil && !errors.Is(err, errSorry) {
				h.Error(err)
			}
		})
	}
	all.Wait()
	page := get(h, func(r comment.Reader) (comment.Page, error) { return r.PageByKey("daily", "shared") })
	same(h, "posts", page.Count, keys)
}
