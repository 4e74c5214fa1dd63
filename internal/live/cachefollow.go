package live

import (
	"context"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

const (
	// lookTime is how often the log is looked at when nobody says that it has
	// grown: the commits of other processes show here within it.
	lookTime = 200 * time.Millisecond
	// restTime is between two looks at the log, so that a busy one costs no more
	// than a quiet one.
	restTime = 50 * time.Millisecond
	// catchUpMost is how many events of a site are looked at one by one; beyond,
	// everything of the site is forgotten.
	catchUpMost = 5000
)

// follow sees to it that the site's log is followed from a point before the
// reading that is about to begin.
func (c *Cache) follow(ctx context.Context, st *siteCache) error {
	c.mu.Lock()
	followed := st.followed
	c.mu.Unlock()
	if followed {
		return nil
	}
	var head int64
	err := c.log.View(ctx, func(r comment.Reader) (err error) {
		head, _, err = r.LogHead(st.key)
		return err
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !st.followed { // else somebody was faster, and what they saw is seen by the reading too
		st.followed, st.seq = true, head
	}
	return nil
}

// Run follows the logs of the sites of which something is kept, until ctx ends.
// While the log cannot be read nothing is forgotten, and readers are answered
// from what is kept.
func (c *Cache) Run(ctx context.Context) error {
	tick := time.NewTicker(lookTime)
	defer tick.Stop()
	rest := time.NewTimer(restTime)
	defer rest.Stop()
	for {
		changed := c.log.Changed() // before reading, so that nothing falls between
		// What cannot be read now is read at the next tick.
		_ = c.look(ctx)
		rest.Reset(restTime)
		select {
		case <-ctx.Done():
			return nil
		case <-rest.C:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-tick.C:
		}
	}
}

// look finds the sites whose logs have grown and reads on in them.
func (c *Cache) look(ctx context.Context) error {
	at := c.positions()
	if len(at) == 0 {
		return nil
	}
	heads, err := c.log.Heads(ctx)
	if err != nil {
		return err
	}
	for _, head := range heads {
		if p, ok := at[head.Site]; ok {
			if err := c.catchUp(ctx, p, head.Seq); err != nil {
				return err
			}
		}
	}
	return nil
}

// position is how far the log of a site had been followed at some moment.
type position struct {
	st  *siteCache
	seq int64
}

func (c *Cache) positions() map[string]position {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := make(map[string]position, len(c.sites))
	for key, st := range c.sites {
		if st.followed {
			at[key] = position{st, st.seq}
		}
	}
	return at
}

// catchUp reads on in a site's log up to its head.
func (c *Cache) catchUp(ctx context.Context, p position, head int64) error {
	st := p.st
	if head < p.seq || head > p.seq+catchUpMost { // another log, or too much to read
		c.forget(st, head)
	}
	for {
		after, more := c.advance(st, head)
		if !more {
			return nil
		}
		var events []comment.Event
		err := c.log.View(ctx, func(r comment.Reader) (err error) {
			events, err = r.Events(st.key, after, batch)
			return err
		})
		if err != nil || len(events) == 0 {
			return err
		}
		c.heard(st, after, events)
	}
}

// advance moves past the events that this process has told itself, and says
// whether there are others before head.
func (c *Cache) advance(st *siteCache, head int64) (after int64, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for st.own[st.seq+1] {
		st.seq++
		delete(st.own, st.seq)
	}
	return st.seq, st.seq < head
}

// forget drops everything of a site and goes on from head.
func (c *Cache) forget(st *siteCache, head int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st.seq = head
	clear(st.own)
	c.apply(st, touch{reach: comment.ReachSite})
}

// heard forgets what the events after a number touch, save those that this
// process has told itself. It does nothing if the place has moved meanwhile.
func (c *Cache) heard(st *siteCache, after int64, events []comment.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if st.seq != after {
		return
	}
	for i := range events {
		st.seq = events[i].Seq
		if st.own[st.seq] {
			delete(st.own, st.seq)
			continue
		}
		c.touch(st, &events[i])
	}
}
