package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

var siteTests = map[string]func(*house){
	"site":                     testSite,
	"site with every option":   testOptions,
	"versions of the lists":    testVersions,
	"page":                     testPage,
	"page by address":          testPageByURL,
	"pages in turn":            testPages,
	"count of a page":          testCountPage,
	"pages by their keys":      testPagesByKey,
	"page keys are unique":     testPageKeys,
	"author":                   testAuthor,
	"counts of an author":      testCountAuthor,
	"counts of the statuses":   testStatusCounts,
	"rows of unknown sites":    testUnknownSite,
	"what does not exist":      testMissing,
	"empty lists":              testEmptyLists,
	"instants before the year": testOldInstant,
}

func putSite(s comment.Site) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.PutSite(s) }
}

func testSite(h *house) {
	daily, weekly := newSite("daily"), newSite("weekly")
	full(h, daily)
	h.write(all(putSite(weekly), putSite(daily)))
	same(h, "site", get(h, func(r comment.Reader) (comment.Site, error) { return r.Site("daily") }), daily)

	changed := daily
	changed.Name, changed.Origins = "Daily “News”", []string{"https://news.example"}
	changed.Options.UndoWindow, changed.CreatedAt = time.Minute, after(9)
	h.write(putSite(changed))
	changed.CreatedAt = daily.CreatedAt // when it was made does not change
	same(h, "sites by key", get(h, comment.Reader.Sites), []comment.Site{changed, weekly})
}

func testOptions(h *house) {
	s := newSite("daily")
	s.Options = comment.Options{
		Moderation: moderation.ModeFlagged, TrustedAfter: 9, UndoWindow: 0, EditWindow: 90 * time.Second,
		RateLimits: false, CloseAfter: 30 * 24 * time.Hour, Votes: false, Guests: false, Live: false,
		MaxDepth: 7, MaxLength: 20000, MaxLinks: 0, Language: "pt-BR", SurgeHold: time.Hour,
		ReasonsRequired: true, AppealWindow: 30 * 24 * time.Hour, SecondLook: 7,
	}
	value, usual := reflect.ValueOf(s.Options), reflect.ValueOf(comment.DefaultOptions())
	for i := range value.NumField() {
		if value.Field(i).Equal(usual.Field(i)) {
			h.Fatalf("the example leaves option %s at its default", value.Type().Field(i).Name)
		}
	}
	h.write(putSite(s))
	same(h, "options", get(h, func(r comment.Reader) (comment.Site, error) { return r.Site("daily") }), s)
}

func testVersions(h *house) {
	h.newSites("daily", "weekly")
	version := func(site string) int64 {
		return get(h, func(r comment.Reader) (map[comment.List]int64, error) { return r.Versions(site) })[comment.ListWords]
	}
	last := version("daily")
	grows := func(what string, fn func(comment.Tx) error) {
		h.Helper()
		h.write(fn)
		now := version("daily")
		if now <= last {
			h.Errorf("%s: version %d after %d", what, now, last)
		}
		last = now
	}
	revise := func(tx comment.Tx) error { return tx.Revise("daily", comment.ListWords) }
	grows("a first change", revise)
	grows("another", revise)
	h.write(putSite(newSite("daily")))
	if now := version("daily"); now != last {
		h.Errorf("version %d after nothing has changed at %d", now, last)
	}
	if v := version("weekly"); v != 0 {
		h.Errorf("version %d of another site", v)
	}
}

func putPage(p comment.Page) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.PutPage(p) }
}

func testPage(h *house) {
	h.write(putSite(newSite("daily")))
	p := newPage("daily", "p1")
	full(h, p)
	h.write(putPage(p))
	page := func(r comment.Reader) (comment.Page, error) { return r.Page("daily", "p1") }
	same(h, "page", get(h, page), p)
	same(h, "page by key", get(h, func(r comment.Reader) (comment.Page, error) { return r.PageByKey("daily", p.Key) }), p)

	changed := p
	changed.URL, changed.Title, changed.ClosedAt, changed.Count = "https://daily.example/moved", "", time.Time{}, 99
	h.write(putPage(changed))
	changed.Count = p.Count // has its own verb
	same(h, "changed page", get(h, page), changed)
}

func testPageByURL(h *house) {
	h.newSites("daily", "weekly")
	oldest, old, young, other := newPage("daily", "p2"), newPage("daily", "p3"), newPage("daily", "p4"), newPage("weekly", "p0")
	for _, p := range []*comment.Page{&oldest, &old, &young, &other} {
		p.URL, p.Count = "https://daily.example/same", 0
	}
	other.Count = 1
	h.write(all(putPage(young), putPage(old), putPage(oldest), putPage(other)))
	byURL := func(r comment.Reader) (comment.Page, error) { return r.PageByURL("daily", oldest.URL) }
	same(h, "oldest page with the address", get(h, byURL), oldest)
	count := func(p *comment.Page, by int) {
		p.Count += by
		h.write(func(tx comment.Tx) error { return tx.CountPage(p.Site, p.ID, by) })
	}
	count(&young, 7)
	same(h, "the one that has public comments", get(h, byURL), young)
	count(&old, 1)
	same(h, "the oldest one that has", get(h, byURL), old)
	count(&old, -1)
	same(h, "the only one left that has", get(h, byURL), young)
}

func testPages(h *house) {
	h.write(all(putSite(newSite("daily")), putSite(newSite("weekly")), putPage(newPage("weekly", "p00"))))
	var want []string
	for range 10 {
		p := newPage("daily", comment.NewID())
		want = append([]string{p.ID}, want...)
		h.write(putPage(p))
	}
	for _, limit := range []int{1, 3, 10, 50} {
		var got []string
		before := ""
		for {
			some := get(h, func(r comment.Reader) ([]comment.Page, error) { return r.Pages("daily", before, limit) })
			if len(some) > limit {
				h.Fatalf("%d pages, asked for %d", len(some), limit)
			}
			if len(some) == 0 {
				break
			}
			for _, p := range some {
				got = append(got, p.ID)
			}
			before = got[len(got)-1]
		}
		same(h, fmt.Sprint("pages by ", limit), got, want)
	}
}

func testCountPage(h *house) {
	h.newSites("daily")
	count := func(by int) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.CountPage("daily", "p1", by) }
	}
	h.write(all(count(4), count(-2)))
	if p := get(h, func(r comment.Reader) (comment.Page, error) { return r.Page("daily", "p1") }); p.Count != 5 {
		h.Errorf("count %d, want 5", p.Count)
	}
	h.refused("a count below nothing", count(-6))
}

func testPagesByKey(h *house) {
	h.newSites("daily", "weekly")
	want := map[string]comment.Page{}
	var keys []string
	h.write(func(tx comment.Tx) error {
		for i := range 230 { // more than any statement takes at a time
			p := newPage("daily", fmt.Sprint("q", i))
			p.Count = i
			keys, want[p.Key] = append(keys, p.Key, "unknown "+p.Key, p.Key), p
			if err := tx.PutPage(p); err != nil {
				return err
			}
		}
		return tx.PutPage(newPage("weekly", "only there"))
	})
	keys = append(keys, "key of only there")
	pages := func(keys []string) map[string]comment.Page {
		return get(h, func(r comment.Reader) (map[string]comment.Page, error) { return r.PagesByKey("daily", keys) })
	}
	same(h, "pages", pages(keys), want)
	same(h, "none of none", pages(nil), map[string]comment.Page{})
	same(h, "one page", pages([]string{"key of q7"}), map[string]comment.Page{"key of q7": want["key of q7"]})
}

func testPageKeys(h *house) {
	h.newSites("daily", "weekly") // both have p1 with the same key
	p := newPage("daily", "p2")
	p.Key = "key of p1"
	h.conflicts("a key twice", putPage(p))
}

func putAuthor(a comment.Author) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.PutAuthor(a) }
}

func testAuthor(h *house) {
	h.write(putSite(newSite("daily")))
	a := newAuthor("daily", "a1")
	full(h, a, "Record", "LastRejected", "Said") // see testPeople
	h.write(putAuthor(a))
	author := func(r comment.Reader) (comment.Author, error) { return r.Author("daily", "a1") }
	same(h, "author", get(h, author), a)

	again := a
	again.Name, again.Email, again.Approved, again.Rejected, again.FirstSeen = "Chloé", "", 0, 0, after(5)
	h.write(putAuthor(again))
	a.Name, a.Email = again.Name, again.Email
	same(h, "changed author", get(h, author), a)
}

func testCountAuthor(h *house) {
	h.newSites("daily", "weekly")
	count := func(approved, rejected int) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.CountAuthor("daily", "a1", approved, rejected) }
	}
	counts := func(site string) [2]int {
		a := get(h, func(r comment.Reader) (comment.Author, error) { return r.Author(site, "a1") })
		return [2]int{a.Approved, a.Rejected}
	}
	h.write(all(count(1, 2), count(-2, 0)))
	same(h, "counts", counts("daily"), [2]int{4, 4})
	h.write(count(-9, -9))
	same(h, "counts do not go below nothing", counts("daily"), [2]int{0, 0})
	same(h, "counts of another site", counts("weekly"), [2]int{5, 2})
}

func testStatusCounts(h *house) {
	h.newSites("daily", "weekly")
	count := func(site string, s comment.Status, by int) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.CountStatus(site, s, by) }
	}
	h.write(all(
		count("daily", comment.Pending, 3), count("daily", comment.Pending, -1), count("daily", comment.Approved, 1),
		count("weekly", comment.Pending, 10), count("weekly", comment.Spam, 1), count("weekly", comment.Spam, -1),
	))
	counts := func(sites ...string) map[comment.Status]int {
		return get(h, func(r comment.Reader) (map[comment.Status]int, error) { return r.StatusCounts(sites) })
	}
	none := map[comment.Status]int{comment.Pending: 0, comment.Approved: 0, comment.Rejected: 0, comment.Spam: 0, comment.Deleted: 0, comment.Reported: 0}
	want := func(pending, approved int) map[comment.Status]int {
		m := map[comment.Status]int{comment.Rejected: 0, comment.Spam: 0, comment.Deleted: 0, comment.Reported: 0}
		m[comment.Pending], m[comment.Approved] = pending, approved
		return m
	}
	same(h, "one site", counts("daily"), want(2, 1))
	same(h, "two sites", counts("daily", "weekly"), want(12, 1))
	same(h, "no site", counts(), none)
	h.refused("a count below nothing", count("daily", comment.Approved, -2))
	h.refused("a count below nothing, where nothing was counted", count("daily", comment.Deleted, -1))
}

// testUnknownSite checks that nothing hangs in the air.
func testUnknownSite(h *house) {
	h.refused("a page", putPage(newPage("nowhere", "p1")))
	h.refused("an author", putAuthor(newAuthor("nowhere", "a1")))
	h.refused("a word", putWord(comment.Word{Site: "nowhere", ID: "w1", List: "banned", Text: "x", CreatedAt: start}))
	h.refused("an endpoint", func(tx comment.Tx) error { return tx.PutEndpoint(newEndpoint("nowhere", "e1")) })
	h.refused("a comment", insert(newComment("nowhere")))
	h.newSites("daily")
	c := newComment("daily")
	c.PageID = "p9"
	h.refused("a comment of an unknown page", insert(c))
	c = newComment("daily")
	c.AuthorID = "a9"
	h.refused("a comment of an unknown author", insert(c))
	h.refused("a revision of no comment", func(tx comment.Tx) error { return tx.InsertRevision(newRevision("daily", "c9", 1)) })
	h.refused("a vote for no comment", func(tx comment.Tx) error { _, err := tx.PutVote("daily", "c9", "v1", 1); return err })
}

func testMissing(h *house) {
	h.newSites("daily")
	absent(h, "site", func(r comment.Reader) (comment.Site, error) { return r.Site("nowhere") })
	absent(h, "page", func(r comment.Reader) (comment.Page, error) { return r.Page("daily", "x") })
	absent(h, "page by key", func(r comment.Reader) (comment.Page, error) { return r.PageByKey("daily", "x") })
	absent(h, "page by address", func(r comment.Reader) (comment.Page, error) { return r.PageByURL("daily", "x") })
	absent(h, "comment", func(r comment.Reader) (comment.Comment, error) { return r.Comment("daily", "x") })
	absent(h, "comment anywhere", func(r comment.Reader) (comment.Comment, error) { return r.FindComment("x") })
	absent(h, "revision", func(r comment.Reader) (comment.Revision, error) { return r.Revision("daily", "x", 1) })
	absent(h, "author", func(r comment.Reader) (comment.Author, error) { return r.Author("daily", "x") })
	absent(h, "held decision", func(r comment.Reader) (comment.Decision, error) { return r.HeldDecision("daily", "x") })
	absent(h, "next due", comment.Reader.NextDue)
	absent(h, "receipt", func(r comment.Reader) (comment.Receipt, error) { return r.Receipt("x", "y") })
	absent(h, "endpoint", func(r comment.Reader) (comment.Endpoint, error) { return r.Endpoint("daily", "x") })
	absent(h, "endpoint anywhere", func(r comment.Reader) (comment.Endpoint, error) { return r.FindEndpoint("x") })
	absent(h, "delivery", func(r comment.Reader) (comment.Delivery, error) { return r.Delivery("daily", "x") })
	absent(h, "delivery anywhere", func(r comment.Reader) (comment.Delivery, error) { return r.FindDelivery("x") })
	absent(h, "body", func(r comment.Reader) ([]byte, error) {
		return r.DeliveryBody(comment.Delivery{Site: "daily", ID: "x"})
	})
	absent(h, "account", func(r comment.Reader) (comment.Account, error) { return r.Account("x") })
	absent(h, "account by e-mail", func(r comment.Reader) (comment.Account, error) { return r.AccountByEmail("x") })
	absent(h, "session", func(r comment.Reader) (comment.Session, error) { return r.Session("x") })
}

func testEmptyLists(h *house) {
	h.newSites("daily")
	err := h.store.View(h.Context(), func(r comment.Reader) error {
		none := func(n int, err error) error {
			if err == nil && n != 0 {
				err = fmt.Errorf("%d rows in an empty store", n)
			}
			return err
		}
		queue, next, err := r.Queue(comment.QueueQuery{Sites: []string{"daily"}, Limit: 5})
		seq, hash, err2 := r.LogHead("daily")
		if next != nil || seq != 0 || hash != "" {
			h.Errorf("empty queue goes on at %v, empty log at %d %q", next, seq, hash)
		}
		return errors.Join(none(len(queue), err), err2,
			none(size(r.Words("daily"))), none(size(r.Pages("nowhere", "", 5))), none(size(r.Revisions("daily", "x"))),
			none(size(r.Thread(comment.ThreadQuery{Site: "daily", Page: "p1", Sort: comment.Top, Limit: 5}))),
			none(size(r.Decisions("daily", "x"))), none(size(r.DecisionItems("x"))),
			none(size(r.DueDecisions(start, 5))), none(size(r.Reports("daily", "x"))), none(size(r.LogSites())),
			none(size(r.Siblings(newComment("daily"), true, 5))),
			none(size(r.Events("daily", 0, 5))), none(size(r.PageEvents("daily", "p1", 0, 5))), none(size(r.Endpoints("daily"))),
			none(size(r.Deliveries(comment.DeliveryQuery{Site: "daily", Endpoint: "x", Limit: 5}))), none(size(r.Attempts("daily", "x"))),
			none(size(r.Accounts())), none(size(r.StaffNames("daily"))),
		)
	})
	if err != nil {
		h.Error(err)
	}
}

func size[T any](list []T, err error) (int, error) { return len(list), err }

// testOldInstant imports a page from before 1970.
func testOldInstant(h *house) {
	h.newSites("daily")
	p := newPage("daily", "p2")
	p.CreatedAt = time.Date(1901, time.January, 2, 3, 4, 5, 6000, time.UTC)
	h.write(putPage(p))
	same(h, "page", get(h, func(r comment.Reader) (comment.Page, error) { return r.Page("daily", "p2") }), p)
}
