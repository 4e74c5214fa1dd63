package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
)

var threadTests = map[string]func(*house){
	"thread in every order":             testThreadOrders,
	"thread while others write":         testThreadGrows,
	"thread shows the public revision":  testThreadText,
	"thread of one parent and one page": testThreadPlace,
	"first replies of many":             testFirstReplies,
	"siblings":                          testSiblings,
}

// newReply is a root comment that is shown, with a score.
func newReply(up, down int) comment.Comment {
	c := newComment("daily")
	c.ParentID, c.VotesUp, c.VotesDown = "", up, down
	c.Revision, c.Public = 1, 1
	c.Text = newRevision(c.Site, c.ID, 1)
	return c
}

func idsOf(list []comment.Comment) []string {
	ids := []string{}
	for _, c := range list {
		ids = append(ids, c.ID)
	}
	return ids
}

// threadOrder is the order of a sort, told without SQL.
func threadOrder(sort comment.Sort) func(a, b comment.Comment) int {
	oldest := func(a, b comment.Comment) int { return strings.Compare(a.ID, b.ID) }
	switch sort {
	case comment.Oldest:
		return oldest
	case comment.Newest:
		return func(a, b comment.Comment) int { return oldest(b, a) }
	default:
		return func(a, b comment.Comment) int {
			if score := (b.VotesUp - b.VotesDown) - (a.VotesUp - a.VotesDown); score != 0 {
				return score
			}
			return oldest(b, a)
		}
	}
}

// walkThread reads a thread page by page; between is called after each page.
func walkThread(h *house, q comment.ThreadQuery, between func()) []string {
	h.Helper()
	var ids []string
	for {
		page := get(h, func(r comment.Reader) ([]comment.Comment, error) { return r.Thread(q) })
		if len(page) > q.Limit {
			h.Fatalf("%d comments, asked for %d", len(page), q.Limit)
		}
		if len(page) == 0 {
			return ids
		}
		ids = append(ids, idsOf(page)...)
		last := page[len(page)-1]
		q.After = &comment.Place{Key: int64(last.VotesUp - last.VotesDown), ID: last.ID}
		between()
	}
}

var scores = []int{0, 3, -2, 3, 0, 0, 1, -2, 3, 0, 1, 1, 5} // with ties and below nothing

func (h *house) postThread() []comment.Comment {
	h.newSites("daily")
	var all []comment.Comment
	for _, score := range scores {
		all = append(all, newReply(max(0, score), max(0, -score)))
	}
	h.post(all...)
	return all
}

func testThreadOrders(h *house) {
	thread := h.postThread()
	for _, sort := range []comment.Sort{comment.Oldest, comment.Newest, comment.Top} {
		slices.SortFunc(thread, threadOrder(sort))
		for _, limit := range []int{1, 2, 3, len(thread), 50} {
			q := comment.ThreadQuery{Site: "daily", Page: "p1", Sort: sort, Limit: limit}
			same(h, fmt.Sprintf("%s by %d", sort, limit), walkThread(h, q, func() {}), idsOf(thread))
		}
	}
}

// testThreadGrows writes a comment after each page that is read: those that
// were there before come once each, and in order.
func testThreadGrows(h *house) {
	thread := h.postThread()
	there := map[string]bool{}
	for _, c := range thread {
		there[c.ID] = true
	}
	for _, sort := range []comment.Sort{comment.Oldest, comment.Newest, comment.Top} {
		slices.SortFunc(thread, threadOrder(sort))
		written := 0
		seen := walkThread(h, comment.ThreadQuery{Site: "daily", Page: "p1", Sort: sort, Limit: 3}, func() {
			if written++; written <= 2*len(scores) { // or the oldest first would never end
				h.post(newReply(written%4, 0))
			}
		})
		old := slices.DeleteFunc(slices.Clone(seen), func(id string) bool { return !there[id] })
		same(h, string(sort), old, idsOf(thread))
		slices.Sort(seen)
		if twice := len(seen) - len(slices.Compact(seen)); twice > 0 {
			h.Errorf("%s: %d comments came twice", sort, twice)
		}
	}
}

func testThreadText(h *house) {
	h.newSites("daily")
	edited, gone := newReply(0, 0), newReply(0, 0) // an edit that waits, and a tombstone
	first := edited.Text
	edited.Revision, edited.Text = 2, newRevision("daily", edited.ID, 2)
	gone.Status, gone.InForce, gone.Public = comment.Deleted, comment.Deleted, 0
	h.post(edited, gone)
	h.write(func(tx comment.Tx) error { return tx.InsertRevision(first) })
	got := get(h, func(r comment.Reader) ([]comment.Comment, error) {
		return r.Thread(comment.ThreadQuery{Site: "daily", Page: "p1", Sort: comment.Oldest, Limit: 9})
	})
	if len(got) != 2 {
		h.Fatalf("%d comments, want 2", len(got))
	}
	for i, want := range []comment.Comment{edited, gone} {
		same(h, "standing", bare(got[i]), bare(want))
		if got[i].Text.N != 1 {
			h.Errorf("comment %d shows revision %d, want 1", i, got[i].Text.N)
		}
	}
	same(h, "tree", got[0].Text.Tree, first.Tree)
	if got[0].Text.Source != "" {
		h.Error("readers' lists carry the source")
	}
}

// testFirstReplies asks for the replies to more parents than any statement takes,
// and wants what Thread gives of each.
func testFirstReplies(h *house) {
	h.newSites("daily", "weekly")
	h.write(putPage(newPage("daily", "p2")))
	var all []comment.Comment
	var parents []string
	for i := range 30 {
		root := newReply(0, 0)
		all, parents = append(all, root), append(parents, root.ID)
		for n := range i % 5 {
			reply := newReply(n, 0)
			reply.ParentID, reply.Depth, reply.Shown = root.ID, 1, n != 2
			if n == 3 {
				reply.PageID = "p2"
			}
			all = append(all, reply)
		}
	}
	h.post(all...)
	for _, limit := range []int{1, 2, 9} {
		want := map[string][]comment.Comment{}
		for _, parent := range parents {
			found := get(h, func(r comment.Reader) ([]comment.Comment, error) {
				return r.Thread(comment.ThreadQuery{Site: "daily", Page: "p1", Parent: parent, Sort: comment.Oldest, Limit: limit})
			})
			if len(found) > 0 {
				want[parent] = found
			}
		}
		same(h, fmt.Sprint("replies by ", limit), get(h, func(r comment.Reader) (map[string][]comment.Comment, error) {
			return r.FirstReplies("daily", "p1", parents, limit)
		}), want)
		if len(want) < 20 {
			h.Errorf("only %d parents have replies", len(want))
		}
	}
	same(h, "of another site", get(h, func(r comment.Reader) (map[string][]comment.Comment, error) {
		return r.FirstReplies("weekly", "p1", parents, 9)
	}), map[string][]comment.Comment{})
}

func testThreadPlace(h *house) {
	h.newSites("daily", "weekly")
	h.write(putPage(newPage("daily", "p2")))
	root := newReply(0, 0)
	reply, hidden, elsewhere, foreign := newReply(0, 0), newReply(0, 0), newReply(0, 0), newReply(0, 0)
	reply.ParentID, hidden.Shown, elsewhere.PageID = root.ID, false, "p2"
	foreign.Site, foreign.Text.Site = "weekly", "weekly"
	h.post(root, reply, hidden, elsewhere, foreign)
	for _, sort := range []comment.Sort{comment.Oldest, comment.Newest, comment.Top} {
		thread := func(site, page, parent string) []string {
			q := comment.ThreadQuery{Site: site, Page: page, Parent: parent, Sort: sort, Limit: 2}
			return walkThread(h, q, func() {})
		}
		same(h, "roots", thread("daily", "p1", ""), []string{root.ID})
		same(h, "replies", thread("daily", "p1", root.ID), []string{reply.ID})
		same(h, "another page", thread("daily", "p2", ""), []string{elsewhere.ID})
		same(h, "another site", thread("weekly", "p1", ""), []string{foreign.ID})
		same(h, "replies of another site's comment", thread("weekly", "p1", root.ID), []string(nil))
	}
}

func testSiblings(h *house) {
	h.newSites("daily")
	var row []comment.Comment
	for i := range 7 {
		c := newReply(0, 0)
		c.Status, c.Shown = comment.Statuses[i%5], i%2 == 0
		row = append(row, c)
	}
	h.post(row...)
	var replies []comment.Comment
	for range 3 {
		reply := newReply(0, 0)
		reply.ParentID = row[3].ID
		replies = append(replies, reply)
	}
	h.post(replies...)
	ids := idsOf(row)
	siblings := func(after bool, limit int) []comment.Comment {
		return get(h, func(r comment.Reader) ([]comment.Comment, error) { return r.Siblings(row[3], after, limit) })
	}
	same(h, "before, nearest first", idsOf(siblings(false, 9)), []string{ids[2], ids[1], ids[0]})
	same(h, "after, nearest first", idsOf(siblings(true, 9)), []string{ids[4], ids[5], ids[6]})
	same(h, "the next one before", idsOf(siblings(false, 1)), []string{ids[2]})
	same(h, "the next one after", siblings(true, 1), []comment.Comment{row[4]}) // with its text
	answers := func(of comment.Comment, after bool) []string {
		return idsOf(get(h, func(r comment.Reader) ([]comment.Comment, error) { return r.Siblings(of, after, 2) }))
	}
	said := idsOf(replies)
	same(h, "beside an answer", append(answers(replies[1], false), answers(replies[1], true)...), []string{said[0], said[2]})
	same(h, "the first answers", answers(comment.Comment{Site: "daily", PageID: row[3].PageID, ParentID: row[3].ID}, true), said[:2])
}
