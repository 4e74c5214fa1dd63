package live

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// CacheLog is what the cache follows to hear of other processes.
type CacheLog interface {
	Log
	// Heads gives the number of the newest event of every site.
	Heads(ctx context.Context) ([]comment.Position, error)
}

// Bounds of what is kept, in bytes. Answers under names that are no page's key
// have a small part of their own, so that whoever asks for thousands of
// addresses that nobody has commented on pushes no real page out. Both together
// and 5,000 streams, of some 22 KiB each, are about what the command lets Go hold
// (see its memoryLimit).
const (
	cacheMost     = 40 << 20
	unsettledMost = 8 << 20
	entryCost     = 768 // of an entry beside what it holds, as measured
	formCost      = 128 // of an encoding beside its body
)

// Cache keeps finished answers to readers, and the sites that they are of, until
// an event touches what they rest on. It is right under concurrent writes: what
// was read before a commit is neither kept nor given to anybody who asks after
// the commit was acknowledged. This process's own commits are heard of before
// they are acknowledged (Committed), those of others through the log (Run).
type Cache struct {
	log CacheLog
	Now func() time.Time

	mu        sync.Mutex
	entries   map[string]*entry
	sites     map[string]*siteCache
	settled   shelf
	unsettled shelf
	hits      uint64
	misses    uint64

	compressors compressors
}

// NewCache makes an empty cache over a log.
func NewCache(log CacheLog) *Cache {
	return &Cache{
		log: log, Now: time.Now, entries: map[string]*entry{}, sites: map[string]*siteCache{},
		settled: shelf{most: cacheMost}, unsettled: shelf{most: unsettledMost},
	}
}

// entry is something that is kept.
type entry struct {
	key   string
	value any
	basis comment.Basis
	size  int
	site  *siteCache
	as    uint64 // what site.renamed was when it was kept
	shelf *shelf
	place *list.Element
}

// shelf is a bounded part of the cache, least recently used last.
type shelf struct {
	most, bytes int
	order       list.List
}

// made is what a reading made.
type made struct {
	value any
	size  int
	basis comment.Basis
}

// get gives what is kept under a key, nil if there is nothing.
func (c *Cache) get(key []byte) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[string(key)]
	if e == nil || c.outlived(e) {
		return nil
	}
	c.hits++
	e.shelf.order.MoveToFront(e.place)
	return e.value
}

// outlived drops an entry that time, or a page made since, has made another one.
func (c *Cache) outlived(e *entry) bool {
	over := e.basis.Unsettled && e.as != e.site.renamed || !e.basis.Until.IsZero() && !c.Now().Before(e.basis.Until)
	if over {
		c.drop(e)
	}
	return over
}

// fill is one reading under way. Everybody who asks for the same key meanwhile
// waits for it.
type fill struct {
	done    chan struct{}
	touched []touch // since it began, in order
	made    made
	err     error
}

// errUnread is the outcome of a reading that panicked.
var errUnread = errors.New("an answer could not be read")

// hurt reports whether one of the touches concerns what was read.
func (f *fill) hurt(touches []touch) bool {
	for _, t := range touches {
		if t.concerns(f.made.basis) {
			return true
		}
	}
	return false
}

// fill gives what is kept under a key of a site, and reads it if there is
// nothing: once, however many ask. Who comes while a reading is under way gets
// its outcome, unless a commit has touched that meanwhile and before they came.
func (c *Cache) fill(ctx context.Context, site, key string, read func() (made, error)) (any, error) {
	for {
		c.mu.Lock()
		if e := c.entries[key]; e != nil && !c.outlived(e) {
			c.hits++
			c.mu.Unlock()
			return e.value, nil
		}
		st := c.siteOf(site)
		f := st.fills[key]
		if f == nil {
			c.misses++
			f = &fill{done: make(chan struct{}), err: errUnread}
			st.fills[key] = f
			c.mu.Unlock()
			return c.lead(ctx, st, key, f, read)
		}
		before := len(f.touched)
		c.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if f.err != nil {
			return nil, f.err
		}
		if !f.hurt(f.touched[:before]) {
			return f.made.value, nil
		}
	}
}

// lead reads, for everybody who waits.
func (c *Cache) lead(ctx context.Context, st *siteCache, key string, f *fill, read func() (made, error)) (any, error) {
	defer c.finish(st, key, f)
	if f.err = c.follow(ctx, st); f.err != nil {
		return nil, f.err
	}
	err := errUnread
	defer func() { f.err = err }()
	f.made, err = read()
	return f.made.value, err
}

// finish keeps what was read, unless it has been touched meanwhile.
func (c *Cache) finish(st *siteCache, key string, f *fill) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(st.fills, key)
	if f.err == nil && !f.hurt(f.touched) {
		c.keep(st, key, f.made)
	}
	c.leave(st)
	close(f.done)
}

func (c *Cache) keep(st *siteCache, key string, m made) {
	e := &entry{key: key, value: m.value, basis: m.basis, size: entryCost + 2*len(key) + 40*len(m.basis.Pages) + m.size, site: st, as: st.renamed, shelf: &c.settled}
	if m.basis.Unsettled {
		e.shelf = &c.unsettled
	}
	if a, ok := m.value.(*Answer); ok {
		a.entry = e
	}
	c.entries[key] = e
	st.add(e)
	e.place = e.shelf.order.PushFront(e)
	e.shelf.bytes += e.size
	c.trim(e.shelf)
}

// grow counts what an entry holds beside what it began with; nil is none that
// is kept.
func (c *Cache) grow(e *entry, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e == nil || c.entries[e.key] != e {
		return
	}
	e.size += by
	e.shelf.bytes += by
	c.trim(e.shelf)
}

func (c *Cache) trim(s *shelf) {
	for s.bytes > s.most {
		c.drop(s.order.Back().Value.(*entry))
	}
}

func (c *Cache) drop(e *entry) {
	delete(c.entries, e.key)
	e.shelf.order.Remove(e.place)
	e.shelf.bytes -= e.size
	e.site.remove(e)
	c.leave(e.site)
}

// CacheStats are figures for the operator.
type CacheStats struct {
	Hits, Misses   uint64 // since the start
	Entries, Bytes int
}

// Stats gives the figures of the moment.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return CacheStats{c.hits, c.misses, len(c.entries), c.settled.bytes + c.unsettled.bytes}
}
