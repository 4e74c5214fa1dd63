package torture

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
)

// book is what the clients were promised: everything in it has been answered
// with success before it was written down.
type book struct {
	mu        sync.Mutex
	comments  []*promise
	decisions []*decision
	edits     int
	votes     map[string]map[int]int // by comment, by client
	doubtful  map[string]bool        // comments with a vote of which nobody knows
	replays   int                    // submissions that were sent again after their answer
	retries   int                    // requests that were sent again for want of an answer
	refused   int                    // of them, those that were answered 503
	races     int                    // pairs of decisions that were made at once
	renewals  int                    // sessions that were taken on, on any node
	wrongs    []string               // answers that contradict earlier ones
}

// promise is a comment that was acknowledged. The client that wrote it alone
// changes it.
type promise struct {
	site, page, id, key, text string
	edit                      string // the token
	body                      any    // of the submission
	status                    string // as last answered
	revision                  int
	texts                     map[int]string  // acknowledged, by revision
	again                     map[string]bool // texts of edits that were sent more than once
}

// later reports whether the comment may have gone on to this revision after its
// last answer. An edit has no idempotency key: one that is sent again while a node
// stands still for longer than the client waits may be made once more when that
// node goes on.
func (p *promise) later(revision string, stored map[string][]string) bool {
	newest, err := strconv.Atoi(revision)
	for n := p.revision + 1; n <= newest; n++ {
		if row := stored[fmt.Sprint(p.id, " ", n)]; len(row) != 1 || !p.again[row[0]] {
			return false
		}
	}
	return err == nil && newest > p.revision
}

// decision is one that was acknowledged.
type decision struct {
	comment *promise
	id, to  string
	before  string // status that the decision was made upon
	seen    int    // revision
	undone  bool
}

func newBook() *book { return &book{votes: map[string]map[int]int{}, doubtful: map[string]bool{}} }

func (b *book) comment(p *promise) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.comments = append(b.comments, p)
}

func (b *book) edited(p *promise, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.texts[p.revision] = text
	b.edits++
}

func (b *book) decided(p *promise, id, to string) *decision {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := &decision{comment: p, id: id, to: to, before: p.status, seen: p.revision}
	p.status = to
	b.decisions = append(b.decisions, d)
	return d
}

func (b *book) undone(p *promise, d *decision, status string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d.undone, p.status = true, status
}

func (b *book) voted(comment string, client, value int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.votes[comment] == nil {
		b.votes[comment] = map[int]int{}
	}
	b.votes[comment][client] = value
}

func (b *book) unsure(comment string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.doubtful[comment] = true
}

// anyApproved is where a comment is that may be voted on, no matter whose.
func (b *book) anyApproved(r *rand.Rand) (at struct{ site, id string }) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range 10 {
		if len(b.decisions) == 0 {
			return at
		}
		recent := b.decisions[max(0, len(b.decisions)-50):]
		if d := recent[r.IntN(len(recent))]; d.to == "approved" && !d.undone {
			at.site, at.id = d.comment.site, d.comment.id
			return at
		}
	}
	return at
}

func (b *book) count(n *int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*n++
}

func (b *book) wrong(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrongs = append(b.wrongs, fmt.Sprintf(format, args...))
}

// answers is the number of promises so far.
func (b *book) answers() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.comments) + len(b.decisions) + b.edits
}

func (b *book) undos() (n int) {
	for _, d := range b.decisions {
		if d.undone {
			n++
		}
	}
	return n
}
