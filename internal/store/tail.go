package store

import (
	"sync"

	"github.com/afterword-comments/afterword/internal/comment"
)

// tail keeps the newest events of this process in memory, so that those who follow the
// logs need not read what has just been written. What another process has written is
// not in it.
type tail struct {
	mu    sync.Mutex
	sites map[string][]comment.Event // without gaps, up to the newest
	size  int
}

// tailMost bounds it, in bytes.
const tailMost = 4 << 20

// sizeOf is about what an event takes, with the data that its body was made of.
func sizeOf(e *comment.Event) int { return 512 + 2*len(e.Body) }

// add takes the events of a commit.
func (t *tail) add(events []comment.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sites == nil {
		t.sites = map[string][]comment.Event{}
	}
	for _, e := range events {
		if of := t.sites[e.Site]; len(of) > 0 && of[len(of)-1].Seq != e.Seq-1 { // another process wrote between
			t.drop(e.Site, len(of))
		}
		t.sites[e.Site] = append(t.sites[e.Site], e)
		if t.size += sizeOf(&e); t.size > tailMost {
			t.drop(e.Site, (len(t.sites[e.Site])+1)/2)
		}
	}
	if t.size > tailMost { // of many sites
		clear(t.sites)
		t.size = 0
	}
}

// drop forgets the oldest n of a site. What has been given out stays as it is.
func (t *tail) drop(site string, n int) {
	of := t.sites[site]
	for i := range of[:n] {
		t.size -= sizeOf(&of[i])
	}
	if n == len(of) {
		delete(t.sites, site)
		return
	}
	t.sites[site] = append([]comment.Event(nil), of[n:]...)
}

// after gives the events that follow one, nil if they are not all here.
func (t *tail) after(site string, seq int64, limit int) []comment.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.sites[site]
	if len(of) == 0 || seq+1 < of[0].Seq || seq >= of[len(of)-1].Seq {
		return nil
	}
	from := int(seq + 1 - of[0].Seq)
	to := min(from+limit, len(of))
	return of[from:to:to]
}
