package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
)

var queueTests = map[string]func(*house){
	"queue with every filter":      testQueueFilters,
	"queue while others write":     testQueueGrows,
	"queue shows what is newest":   testQueueText,
	"search folds":                 testSearchFolds,
	"search reads on":              testLongSearch,
	"reasons belong to a revision": testReasons,
}

// walkQueue reads the queue page by page until there is no next.
func walkQueue(h *house, q comment.QueueQuery, between func()) []comment.Comment {
	h.Helper()
	all := []comment.Comment{}
	for pages := 0; ; pages++ {
		var next *comment.Place
		page := get(h, func(r comment.Reader) (found []comment.Comment, err error) {
			found, next, err = r.Queue(q)
			return found, err
		})
		if len(page) > q.Limit || pages > 1000 {
			h.Fatalf("page %d has %d comments, asked for %d", pages, len(page), q.Limit)
		}
		all = append(all, page...)
		if next == nil {
			return all
		}
		q.After = next
		between()
	}
}

// example is a queue of many kinds of comment on two sites.
func (h *house) example() []comment.Comment {
	h.newSites("daily", "weekly")
	for _, site := range []string{"daily", "weekly"} {
		h.write(all(putPage(newPage(site, "p2")), putAuthor(newAuthor(site, "a2"))))
	}
	dice := rand.New(rand.NewPCG(1, 2))
	var list []comment.Comment
	for range 60 {
		c := newComment([]string{"daily", "weekly"}[dice.IntN(2)])
		c.Status = comment.Statuses[dice.IntN(3)]
		c.PageID = []string{"p1", "p2"}[dice.IntN(2)]
		c.AuthorID = []string{"a1", "a2"}[dice.IntN(2)]
		c = withReasons(c, [][]string{{}, {"link"}, {"many_links", "caps"}, {"caps"}}[dice.IntN(4)]...)
		c.AuthorName = []string{"Anna", "Bert"}[dice.IntN(2)]
		c.Text.Source = []string{"I like cheese", "the moon", "a cheesy moon"}[dice.IntN(3)]
		list = append(list, c)
	}
	h.post(list...)
	return list
}

// wanted says, without SQL, whether a queue shows a comment.
func wanted(q comment.QueueQuery, c comment.Comment) bool {
	text := strings.ToLower(c.AuthorName + "\n" + c.Text.Source)
	return slices.Contains(q.Sites, c.Site) &&
		(q.Status == "" || q.Status == c.Status) && (q.Author == "" || q.Author == c.AuthorID) && (q.Page == "" || q.Page == c.PageID) &&
		(q.Reason == "" || slices.Contains(c.Text.ReasonCodes(), q.Reason)) && strings.Contains(text, q.Search)
}

func testQueueFilters(h *house) {
	list := h.example()
	slices.SortFunc(list, func(a, b comment.Comment) int { return strings.Compare(a.ID, b.ID) })
	dice := rand.New(rand.NewPCG(3, 4))
	pick := func(of ...string) string { return of[dice.IntN(len(of))] }
	for range 120 {
		q := comment.QueueQuery{
			Sites:  [][]string{{"daily"}, {"weekly"}, {"daily", "weekly"}, {"weekly", "nowhere", "daily"}, {}}[dice.IntN(5)],
			Status: comment.Status(pick("", "", "", "pending", "pending", "approved", "deleted", "unheard_of")), Author: pick("", "", "a1"), Page: pick("", "", "p2"),
			Reason: pick("", "", "link", "caps", "lin"), Search: pick("", "", "cheese", "anna", "moon"),
			Newest: dice.IntN(2) == 0, Limit: []int{1, 2, 7, 60}[dice.IntN(4)],
		}
		want := slices.DeleteFunc(slices.Clone(list), func(c comment.Comment) bool { return !wanted(q, c) })
		if q.Newest {
			slices.Reverse(want)
		}
		same(h, fmt.Sprintf("%+v", q), walkQueue(h, q, func() {}), want)
	}
}

func testQueueGrows(h *house) {
	list := h.example()
	there := map[string]bool{}
	for _, c := range list {
		there[c.ID] = true
	}
	for _, newest := range []bool{false, true} {
		for _, search := range []string{"", "e"} {
			written := 0
			q := comment.QueueQuery{Sites: []string{"daily", "weekly"}, Search: search, Newest: newest, Limit: 4}
			seen := idsOf(walkQueue(h, q, func() {
				if written++; written < 30 {
					h.post(newComment([]string{"daily", "weekly"}[written%2]))
				}
			}))
			want := slices.DeleteFunc(slices.Clone(list), func(c comment.Comment) bool { return !wanted(q, c) })
			if newest {
				slices.Reverse(want)
			}
			old := slices.DeleteFunc(slices.Clone(seen), func(id string) bool { return !there[id] })
			same(h, fmt.Sprintf("newest %v, search %q", newest, search), old, idsOf(want))
			slices.Sort(seen)
			if len(slices.Compact(slices.Clone(seen))) != len(seen) {
				h.Errorf("newest %v, search %q: some comments came twice", newest, search)
			}
		}
	}
}

func testQueueText(h *house) {
	h.newSites("daily")
	c := newComment("daily") // revision 2 of which 1 is public
	h.post(c)
	h.write(func(tx comment.Tx) error {
		first := newRevision("daily", c.ID, 1)
		first.Source = "the words of old"
		return tx.InsertRevision(first)
	})
	for _, search := range []string{"", "take two"} {
		found := walkQueue(h, comment.QueueQuery{Sites: []string{"daily"}, Search: search, Limit: 5}, func() {})
		same(h, "queue with its texts", found, []comment.Comment{c})
	}
	if found := walkQueue(h, comment.QueueQuery{Sites: []string{"daily"}, Search: "words of old", Limit: 5}, func() {}); len(found) > 0 {
		h.Error("the search finds what has been edited away")
	}
}

func testSearchFolds(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	c.AuthorName, c.Text.Source = "Zoë Ångström", "Das CAFÉ an der Straße hat 100% 'Rabatt'_"
	h.post(c)
	for search, want := range map[string]int{
		"café": 1, "cafe": 1, "CAFÉ AN": 1, "c a f é": 1, "zoe": 1, "ÅNGSTRÖM": 1, "100%": 1, "'rabatt'": 1,
		"tee": 0, "cafx": 0, "a%t": 0, "c_fe": 0, "' or 1=1 --": 0,
	} {
		found := walkQueue(h, comment.QueueQuery{Sites: []string{"daily"}, Search: search, Limit: 5}, func() {})
		if len(found) != want {
			h.Errorf("search for %q finds %d, want %d", search, len(found), want)
		}
	}
}

// testLongSearch has more comments than one page of a search looks through,
// first on one site, then on another: nothing is lost where the looking stops.
func testLongSearch(h *house) {
	h.newSites("daily", "weekly")
	const each = 5500
	var want []string
	h.write(func(tx comment.Tx) error {
		want = nil
		for i := range 2 * each {
			c := newComment([]string{"weekly", "daily"}[i/each])
			c.Text = comment.Revision{Site: c.Site, CommentID: c.ID, N: c.Revision, Source: "hay", CreatedAt: start}
			if i%each%1000 == 300 { // the last ones beyond the first stretch
				c.Text.Source = "a needle"
				want = append(want, c.ID)
			}
			if err := insert(c)(tx); err != nil {
				return err
			}
		}
		return nil
	})
	for _, newest := range []bool{false, true} {
		for _, sites := range [][]string{{"daily", "weekly"}, {"weekly", "daily"}} {
			rests := 0
			q := comment.QueueQuery{Sites: sites, Search: "needle", Newest: newest, Limit: 50}
			found := idsOf(walkQueue(h, q, func() { rests++ }))
			same(h, fmt.Sprintf("newest %v of %v", newest, sites), found, want)
			if rests == 0 {
				h.Error("the search did not rest")
			}
		}
		slices.Reverse(want)
	}
}

func testReasons(h *house) {
	h.newSites("daily")
	c := withReasons(newComment("daily"), "old_reason")
	h.post(c)
	byReason := func(code string) int {
		return len(walkQueue(h, comment.QueueQuery{Sites: []string{"daily"}, Reason: code, Limit: 5}, func() {}))
	}
	h.write(func(tx comment.Tx) error { // a change without the text leaves the reasons alone
		changed := bare(c)
		err := tx.UpdateComment(&changed)
		c.Version = changed.Version
		return err
	})
	if byReason("old_reason") != 1 {
		h.Error("a change of the standing has changed the reasons")
	}
	c.Revision++
	c = withReasons(c, "new_reason")
	c.Text.N = c.Revision
	h.write(func(tx comment.Tx) error {
		if err := tx.UpdateComment(&c); err != nil {
			return err
		}
		return tx.InsertRevision(c.Text)
	})
	if byReason("old_reason") != 0 || byReason("new_reason") != 1 {
		h.Error("the reasons are not those of the newest revision")
	}
}
