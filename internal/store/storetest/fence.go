package storetest

import (
	"github.com/afterword-comments/afterword/internal/comment"
)

var fenceTests = map[string]func(*house){
	"two sites never meet":            testFence,
	"ids of another site are nothing": testForeignIDs,
}

// things are what a site consists of. Ids that are unique in the installation
// differ; all others are the same on every site.
type things struct {
	site     string
	comment  comment.Comment
	endpoint string
	delivery string
}

func newThings(site string) things {
	c := newComment(site)
	c.ParentID = ""
	return things{site, c, comment.NewID(), comment.NewID()}
}

func (t things) write(tx comment.Tx) error {
	e := newEvent(t.site, 1)
	d, again := newDecision("d1", t.comment.ID), newDelivery(t.site, t.endpoint, t.delivery)
	d.Site = t.site
	return all(
		putSite(newSite(t.site)), putPage(newPage(t.site, "p1")), putAuthor(newAuthor(t.site, "a1")),
		putWord(comment.Word{Site: t.site, ID: "w1", List: "banned", Kind: "word", Text: "x", CreatedAt: start, Since: start}),
		insert(t.comment), putDecision(d), appendEvent(e),
		func(tx comment.Tx) error { return tx.CountStatus(t.site, comment.Approved, 1) },
		func(tx comment.Tx) error { return tx.CountPage(t.site, "p1", 1) },
		func(tx comment.Tx) error { return tx.CountAuthor(t.site, "a1", 1, 1) },
		func(tx comment.Tx) error { _, err := tx.PutVote(t.site, t.comment.ID, "v1", 1); return err },
		func(tx comment.Tx) error {
			_, err := tx.InsertReport(comment.Report{Site: t.site, ID: "r1", CommentID: t.comment.ID, Revision: 1, Reporter: "x", Reason: "spam", At: start})
			return err
		},
		putIntegration(newIntegration(t.site, t.endpoint)), putInquiry(newInquiry(t.site, "q1")),
		putEndpoint(newEndpoint(t.site, t.endpoint)), putDelivery(again, []byte(t.site)),
		func(tx comment.Tx) error {
			return tx.PutSecret(t.site, t.endpoint, comment.Secret{ID: "s1", Sealed: t.site, CreatedAt: start})
		},
	)(tx)
}

// sight is all that can be read of a site.
type sight struct {
	Site         comment.Site
	Words        []comment.Word
	Versions     map[comment.List]int64
	Pages        []comment.Page
	ByKey, ByURL comment.Page
	PagesByKey   map[string]comment.Page
	Author       comment.Author
	Comment      comment.Comment
	Thread       []comment.Comment
	Siblings     []comment.Comment
	Queue, Found []comment.Comment
	Counts       map[comment.Status]int
	Revisions    []comment.Revision
	Decisions    []comment.Decision
	Reports      []comment.Report
	Events       []comment.Event
	PageEvents   []comment.Event
	Endpoints    []comment.Endpoint
	Integrations []comment.Integration
	Inquiries    []comment.Inquiry
	Recent       []comment.Inquiry
	Deliveries   []comment.Delivery
	Body         []byte
}

// must is for reads of what the test has just written.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (h *house) look(t things) sight {
	h.Helper()
	return get(h, func(r comment.Reader) (sight, error) {
		queue := func(search string) []comment.Comment {
			found, _, err := r.Queue(comment.QueueQuery{Sites: []string{t.site}, Search: search, Page: "p1", Author: "a1", Limit: 9})
			return must(found, err)
		}
		return sight{
			Site:         must(r.Site(t.site)),
			Words:        must(r.Words(t.site)),
			Versions:     must(r.Versions(t.site)),
			Pages:        must(r.Pages(t.site, "", 9)),
			ByKey:        must(r.PageByKey(t.site, "key of p1")),
			ByURL:        must(r.PageByURL(t.site, newPage(t.site, "p1").URL)),
			PagesByKey:   must(r.PagesByKey(t.site, []string{"key of p1"})),
			Author:       must(r.Author(t.site, "a1")),
			Comment:      must(r.Comment(t.site, t.comment.ID)),
			Thread:       must(r.Thread(comment.ThreadQuery{Site: t.site, Page: "p1", Sort: comment.Top, Limit: 9})),
			Siblings:     must(r.Siblings(comment.Comment{Site: t.site, PageID: "p1", ID: "0"}, true, 9)),
			Queue:        queue(""),
			Found:        queue("take two"),
			Counts:       must(r.StatusCounts([]string{t.site})),
			Revisions:    must(r.Revisions(t.site, t.comment.ID)),
			Decisions:    must(r.Decisions(t.site, t.comment.ID)),
			Reports:      must(r.Reports(t.site, t.comment.ID)),
			Events:       must(r.Events(t.site, 0, 9)),
			PageEvents:   must(r.PageEvents(t.site, "p1", 0, 9)),
			Endpoints:    must(r.Endpoints(t.site)),
			Integrations: must(r.Integrations(t.site)),
			Inquiries:    must(r.Inquiries(t.site, "c1")),
			Recent:       must(r.RecentInquiries(t.site, "i1", 9)),
			Deliveries:   must(r.Deliveries(comment.DeliveryQuery{Site: t.site, Endpoint: t.endpoint, Limit: 9})),
			Body:         must(r.DeliveryBody(comment.Delivery{Site: t.site, ID: t.delivery})),
		}, nil
	})
}

// testFence looks at a site before and after another one with the same names
// is filled, changed and emptied: nothing of it is to be seen.
func testFence(h *house) {
	daily, weekly := newThings("daily"), newThings("weekly")
	h.write(daily.write)
	before := h.look(daily)
	full(h, before)
	h.write(weekly.write)
	same(h, "a site beside another", h.look(daily), before)
	h.write(all(
		func(tx comment.Tx) error { return tx.RemoveWord("weekly", "w1") },
		func(tx comment.Tx) error { return tx.RemoveEndpoint("weekly", weekly.endpoint) },
		func(tx comment.Tx) error { return tx.CountPage("weekly", "p1", 7) },
		func(tx comment.Tx) error { return tx.CountAuthor("weekly", "a1", 7, 7) },
		func(tx comment.Tx) error { return tx.CountStatus("weekly", comment.Approved, 7) },
		func(tx comment.Tx) error { _, err := tx.PutVote("weekly", weekly.comment.ID, "v1", 0); return err },
		setState(comment.Decision{Site: "weekly", ID: "d1", CommentID: weekly.comment.ID}, comment.DecisionUndone),
		appendEvent(newEvent("weekly", 2)),
	))
	h.advance("webhook", "weekly", 2)
	same(h, "a site beside one that changes", h.look(daily), before)
	same(h, "followers", h.behind("webhook", 9), map[string]int64{"daily": 0})
	h.write(func(tx comment.Tx) error {
		if vote, err := tx.PutVote("daily", daily.comment.ID, "v1", 1); err != nil || vote != 1 {
			h.Errorf("vote %d, %v", vote, err)
		}
		return nil
	})
}

// testForeignIDs asks one site for what is another's.
func testForeignIDs(h *house) {
	daily, weekly := newThings("daily"), newThings("weekly")
	h.write(all(daily.write, weekly.write))
	absent(h, "comment", func(r comment.Reader) (comment.Comment, error) { return r.Comment("daily", weekly.comment.ID) })
	absent(h, "revision", func(r comment.Reader) (comment.Revision, error) { return r.Revision("daily", weekly.comment.ID, 2) })
	absent(h, "held decision", func(r comment.Reader) (comment.Decision, error) { return r.HeldDecision("daily", weekly.comment.ID) })
	absent(h, "endpoint", func(r comment.Reader) (comment.Endpoint, error) { return r.Endpoint("daily", weekly.endpoint) })
	absent(h, "delivery", func(r comment.Reader) (comment.Delivery, error) { return r.Delivery("daily", weekly.delivery) })
	absent(h, "body", func(r comment.Reader) ([]byte, error) {
		return r.DeliveryBody(comment.Delivery{Site: "daily", ID: weekly.delivery})
	})
	lists := get(h, func(r comment.Reader) (int, error) {
		return len(must(r.Revisions("daily", weekly.comment.ID))) + len(must(r.Decisions("daily", weekly.comment.ID))) +
			len(must(r.Reports("daily", weekly.comment.ID))) + len(must(r.Attempts("daily", weekly.delivery))) +
			len(must(r.Deliveries(comment.DeliveryQuery{Site: "daily", Endpoint: weekly.endpoint, Limit: 9}))), nil
	})
	same(h, "rows of another site's ids", lists, 0)
	stolen := weekly.comment
	stolen.Site = "daily"
	h.conflicts("a change of another site's comment", func(tx comment.Tx) error { c := stolen; return tx.UpdateComment(&c) })
	if err := h.try(func(tx comment.Tx) error { return tx.RemoveEndpoint("daily", weekly.endpoint) }); !isMissing(err) {
		h.Errorf("removing another site's endpoint: %v", err)
	}
	h.refused("a vote for another site's comment", func(tx comment.Tx) error {
		_, err := tx.PutVote("daily", weekly.comment.ID, "v1", 1)
		return err
	})
	h.refused("a comment on a page that only another site has", func(tx comment.Tx) error {
		if err := tx.PutPage(newPage("weekly", "p9")); err != nil {
			return err
		}
		c := newComment("daily")
		c.PageID = "p9"
		return tx.InsertComment(c)
	})
}
