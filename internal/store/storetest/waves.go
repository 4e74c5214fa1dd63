package storetest

import (
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

var waveTests = map[string]func(*house){
	"newest texts of all sites": testNewestTexts,
	"groups":                    testGroups,
	"cards of groups":           testGrouped,
	"premoderation":             testPremoderation,
}

func testNewestTexts(h *house) {
	h.newSites("daily", "weekly")
	first, second, third := newComment("daily"), newComment("weekly"), newComment("daily")
	second.InForce, third.InForce, third.Group = comment.Rejected, comment.Spam, ""
	h.post(first, second, third)
	rejected := newDecision("d1", second.ID)
	rejected.Site, rejected.Revision, rejected.To, rejected.State = "weekly", 2, comment.Rejected, comment.DecisionDone
	older := newDecision("d2", third.ID) // on the text before
	older.Revision, older.To, older.State = 1, comment.Spam, comment.DecisionDone
	h.write(all(putDecision(rejected), putDecision(older)))
	text := func(c comment.Comment, human bool) comment.Text {
		return comment.Text{
			Site: c.Site, CommentID: c.ID, PageID: c.PageID, AuthorID: c.AuthorID, Status: c.InForce, Human: human, Group: c.Group,
			Source: c.Text.Source, At: c.CreatedAt,
		}
	}
	want := []comment.Text{text(third, false), text(second, true), text(first, false)}
	full(h, want[1])
	texts := func(before string, limit int) []comment.Text {
		return get(h, func(r comment.Reader) ([]comment.Text, error) { return r.NewestTexts(before, limit) })
	}
	same(h, "newest texts", texts("", 9), want)
	same(h, "from one on", texts(third.ID, 1), want[1:2])
}

// members posts pending comments of a group, a minute apart.
func (h *house) members(site, group string, n int) (all []comment.Comment) {
	for i := range n {
		c := newComment(site)
		c.Group, c.Status, c.CreatedAt = group, comment.Pending, after(i)
		all = append(all, c)
	}
	h.post(all...)
	return all
}

func testGroups(h *house) {
	h.newSites("daily", "weekly")
	h.write(all(putPage(newPage("daily", "p2")), putAuthor(newAuthor("daily", "a2"))))
	ours := h.members("daily", "g1", 3)
	h.members("weekly", "g1", 1)
	h.members("daily", "g2", 1)
	other := newComment("daily")
	other.Group, other.PageID, other.AuthorID, other.CreatedAt = "g1", "p2", "a2", after(9)
	h.post(other)
	tally := func(most int) comment.GroupTally {
		return get(h, func(r comment.Reader) (comment.GroupTally, error) { return r.Group("daily", "g1", most) })
	}
	want := comment.GroupTally{
		Count: 4, Authors: 2, Pages: 2, Statuses: map[comment.Status]int{comment.Pending: 3, comment.Approved: 1}, First: start, Last: after(9),
	}
	same(h, "all of a group", tally(9), want)
	want = comment.GroupTally{Count: 1, Authors: 1, Pages: 1, Statuses: map[comment.Status]int{comment.Approved: 1}, First: after(9), Last: after(9)}
	same(h, "the newest of a group", tally(1), want)
	waiting := func(after string, limit int) (ids []string) {
		for _, c := range get(h, func(r comment.Reader) ([]comment.Comment, error) { return r.GroupWaiting("daily", "g1", after, limit) }) {
			ids = append(ids, c.ID)
		}
		return ids
	}
	same(h, "those that wait", waiting("", 9), []string{ours[0].ID, ours[1].ID, ours[2].ID})
	same(h, "one that waits, from one on", waiting(ours[0].ID, 1), []string{ours[1].ID})
}

func testGrouped(h *house) {
	h.newSites("daily")
	alone := newComment("daily")
	alone.Group, alone.Status = "", comment.Pending
	h.post(alone)
	one, two := h.members("daily", "g1", 5), h.members("daily", "g2", 2)
	decided := newComment("daily")
	decided.Status = comment.Rejected
	h.post(decided)
	for _, newest := range []bool{false, true} {
		want := []string{alone.ID, one[0].ID, two[0].ID}
		if newest {
			want = []string{two[1].ID, one[4].ID, alone.ID}
		}
		for _, status := range []comment.Status{comment.Pending, ""} {
			got := []string{}
			for _, c := range walkQueue(h, comment.QueueQuery{Sites: []string{"daily"}, Status: status, Grouped: true, Newest: newest, Limit: 2}, func() {}) {
				if c.ID != decided.ID || status != "" {
					got = append(got, c.ID)
				}
			}
			same(h, fmt.Sprint("cards, newest first = ", newest, " status ", status), got, want)
		}
		members := walkQueue(h, comment.QueueQuery{Sites: []string{"daily"}, Group: "g1", Newest: newest, Limit: 4}, func() {})
		same(h, "members of a group", len(members), 6)
		members = walkQueue(h, comment.QueueQuery{Sites: []string{"daily"}, Group: "g1", Status: comment.Pending, Newest: newest, Limit: 4}, func() {})
		same(h, "members that wait", len(members), 5)
	}
}

func testPremoderation(h *house) {
	h.newSites("daily", "weekly")
	set := func(site, id string, until time.Time) func(comment.Tx) error {
		p := newPage(site, id)
		p.Premoderation.Until = until
		return all(putPage(p), func(tx comment.Tx) error { return tx.SetPremoderation(p) })
	}
	h.write(all(set("daily", "p1", time.Time{}), set("daily", "p2", after(30)), set("daily", "p3", after(10)), set("weekly", "p1", after(20))))
	ids := func(what string, read func(comment.Reader) ([]comment.Page, error), want ...string) {
		h.Helper()
		got := []string{}
		for _, p := range get(h, read) {
			got = append(got, p.Site+" "+p.ID)
		}
		same(h, what, got, want)
	}
	ids("of a site", func(r comment.Reader) ([]comment.Page, error) { return r.PremoderatedPages("daily", "", 9) }, "daily p2", "daily p3")
	ids("from one on", func(r comment.Reader) ([]comment.Page, error) { return r.PremoderatedPages("daily", "p2", 9) }, "daily p3")
	ids("that are over", func(r comment.Reader) ([]comment.Page, error) { return r.EndedPremoderations(after(20), 9) }, "daily p3", "weekly p1")
	ids("the first that is over", func(r comment.Reader) ([]comment.Page, error) { return r.EndedPremoderations(after(20), 1) }, "daily p3")
	next := func(r comment.Reader) (time.Time, error) { return r.NextPremoderationEnd() }
	same(h, "the next end", get(h, next), after(10))
	h.write(all(set("daily", "p2", time.Time{}), set("daily", "p3", time.Time{}), set("weekly", "p1", time.Time{})))
	absent(h, "the next end", next)
	got := get(h, func(r comment.Reader) (comment.Page, error) { return r.Page("daily", "p2") })
	want := newPage("daily", "p2")
	want.Premoderation.Until = time.Time{}
	same(h, "a page", got, want)
}
