package fill

import (
	"fmt"
	"slices"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Order says what to generate.
type Order struct {
	Site     string
	Origin   string // of the pages' addresses
	Comments int    // in all
	Pages    int    // in all
	Threads  []int  // sizes of single threads; their pages have the keys thread-SIZE
	MaxDepth int    // of replies, as the site allows
	Seed     uint64 // the same order with the same seed makes the same comments
}

// ThreadKey is the key of the page that has a thread of this size; all other
// pages are page-1, page-2, ….
func ThreadKey(size int) string { return fmt.Sprint("thread-", size) }

func (o Order) check() error {
	sum := 0
	for _, n := range o.Threads {
		if n < 1 {
			return fmt.Errorf("a thread of %d comments is none", n)
		}
		sum += n
	}
	switch {
	case o.Comments < 1 || o.Comments > 100_000_000:
		return fmt.Errorf("%d comments: give a number from 1 to 100 million", o.Comments)
	case sum > o.Comments:
		return fmt.Errorf("the threads have %d comments, which is more than %d in all", sum, o.Comments)
	case o.Pages < len(o.Threads) || o.Pages < len(o.Threads)+1 && sum < o.Comments:
		return fmt.Errorf("%d pages are too few", o.Pages)
	}
	return nil
}

func (o Order) pageKey(n int) string {
	if n < len(o.Threads) {
		return ThreadKey(o.Threads[n])
	}
	return fmt.Sprint("page-", n-len(o.Threads)+1)
}

// none is a comment without a parent.
const none = -1

// plan is the shape of all threads, made before anything is written, because a
// comment's row carries the number of its replies: some 20 bytes a comment.
type plan struct {
	Order
	page    []int32 // of each comment, in the order in which they are posted
	parent  []int32 // the comment that is answered, or none
	depth   []uint8
	status  []status
	replies []int32 // direct ones that have a place in the thread
	author  []int32

	visible            []int // public comments of each page
	approved, rejected []int // of each author
	counts             [deleted + 1]int
}

type status uint8

const (
	approved status = iota
	pending
	rejected
	spam
	deleted // by its author, after it was approved
)

var statusNames = [...]comment.Status{comment.Approved, comment.Pending, comment.Rejected, comment.Spam, comment.Deleted}

// The kinds of thing that have random numbers of their own.
const (
	kindPlan = iota
	kindText
	kindPage
	kindAuthor
	kindComment
	kindDigest
)

func newPlan(o Order) *plan {
	p := &plan{
		Order: o, parent: make([]int32, o.Comments), depth: make([]uint8, o.Comments), status: make([]status, o.Comments),
		replies: make([]int32, o.Comments), author: make([]int32, o.Comments), visible: make([]int, o.Pages),
	}
	authors := max(20, o.Comments/12)
	p.approved, p.rejected = make([]int, authors), make([]int, authors)
	r := of(o.Seed, kindPlan, 0)
	p.spread(r)
	p.answer(r)
	p.count()
	return p
}

// spread gives every comment a page. What the threads leave over goes to the
// other pages, to few of them much and to many of them little; then all is
// shuffled, so that every page is busy all the time, which spreads a thread's
// rows as widely as can be.
func (p *plan) spread(r *random) {
	p.page = make([]int32, 0, p.Comments)
	for n, size := range p.Threads {
		p.page = append(p.page, slices.Repeat([]int32{int32(n)}, size)...)
	}
	for others := p.Pages - len(p.Threads); len(p.page) < p.Comments; {
		u := r.share()
		p.page = append(p.page, int32(len(p.Threads)+int(u*u*float64(others))))
	}
	for i := len(p.page) - 1; i > 0; i-- {
		j := r.below(i + 1)
		p.page[i], p.page[j] = p.page[j], p.page[i]
	}
}

// recent are the comments of a page that get answers: its first one, and some
// of the latest.
type recent struct {
	first int32
	last  [16]int32
	n     int
}

// answer decides on each comment's status, and whom it answers: every other
// one begins a conversation, some answer the first of all, and the rest one of
// the latest.
func (p *plan) answer(r *random) {
	pages := make([]recent, p.Pages)
	for i := range p.page {
		at := &pages[p.page[i]]
		p.parent[i] = at.parent(r)
		if up := p.parent[i]; up != none {
			if int(p.depth[up]) >= p.MaxDepth { // no deeper: beside the one it answers
				p.parent[i] = p.parent[up]
			}
			if up := p.parent[i]; up != none {
				p.depth[i] = p.depth[up] + 1
			}
		}
		u := r.share()
		p.author[i] = int32(u * u * u * float64(len(p.approved)))
		p.status[i] = statusOf(r.share())
		if s := p.status[i]; s == approved || s == deleted {
			at.remember(int32(i))
		}
	}
}

func statusOf(u float64) status {
	switch {
	case u < 0.01:
		return pending
	case u < 0.025:
		return rejected
	case u < 0.042:
		return spam
	case u < 0.047:
		return deleted
	}
	return approved
}

func (t *recent) parent(r *random) int32 {
	switch u := r.share(); {
	case t.n == 0 || u < 0.5:
		return none
	case u < 0.53:
		return t.first
	}
	return t.last[r.below(min(t.n, len(t.last)))]
}

func (t *recent) remember(i int32) {
	if t.n == 0 {
		t.first = i
	}
	t.last[t.n%len(t.last)] = i
	t.n++
}

// count makes the counters. An answer comes after what it answers, so going
// backwards a comment's replies are known when it is its turn.
func (p *plan) count() {
	for i := p.Comments - 1; i >= 0; i-- {
		s := p.status[i]
		p.counts[s]++
		switch s {
		case approved:
			p.visible[p.page[i]]++
			p.approved[p.author[i]]++
		case rejected, spam:
			p.rejected[p.author[i]]++
		}
		if up := p.parent[i]; up != none && p.shown(i) {
			p.replies[up]++
		}
	}
}

// shown tells whether a comment has a place in its thread.
func (p *plan) shown(i int) bool { return p.status[i] == approved || p.replies[i] > 0 }
