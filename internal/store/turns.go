package store

import (
	"sync"
	"time"
)

// A node that begins its next transaction on the way of a commit has the site's
// lock again before another node has heard that it is free.
const (
	chainMost  = 8           // groups that do so one after the other
	sharedTime = time.Second // that a site is taken to be written to by several nodes
)

// turns knows to which sites other nodes write too: for those no group begins on
// the way of a commit.
type turns struct {
	mu     sync.Mutex
	left   map[string]int64     // number of the newest event of a site, as this node left it
	shared map[string]time.Time // until when
}

func newTurns() *turns { return &turns{left: map[string]int64{}, shared: map[string]time.Time{}} }

// found takes note of the heads as they were found.
func (t *turns) found(heads map[string]head) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for site, h := range heads {
		if left, known := t.left[site]; known && left != h.seq {
			t.shared[site] = time.Now().Add(sharedTime)
		}
		t.left[site] = h.seq
	}
}

// leave takes note of them as they have been committed.
func (t *turns) leave(heads map[string]head) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for site, h := range heads {
		t.left[site] = h.seq
	}
}

// alone reports whether nobody else has written to these sites of late.
func (t *turns) alone(heads map[string]head) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for site := range heads {
		if time.Now().Before(t.shared[site]) {
			return false
		}
	}
	return true
}
