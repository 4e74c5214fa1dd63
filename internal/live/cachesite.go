package live

import (
	"context"

	"github.com/afterword-comments/afterword/internal/comment"
)

// siteCache is what the cache knows of one site of which it keeps, or is
// reading, something.
type siteCache struct {
	key     string
	entries map[*entry]bool
	pages   map[string]map[*entry]bool // by the id of a page that they show
	fills   map[string]*fill
	// renamed counts the events after which a name may mean another page; what is
	// unsettled and was read before the last one is not used again.
	renamed  uint64
	followed bool
	seq      int64          // up to here the log has been followed
	own      map[int64]bool // events after it that Committed has told already
}

// ownMost bounds what is remembered of this process's own commits.
const ownMost = 10000

// siteOf gives the state of a site, a new one if need be.
func (c *Cache) siteOf(key string) *siteCache {
	st := c.sites[key]
	if st == nil {
		st = &siteCache{
			key: key, entries: map[*entry]bool{}, pages: map[string]map[*entry]bool{},
			fills: map[string]*fill{}, own: map[int64]bool{},
		}
		c.sites[key] = st
	}
	return st
}

// leave forgets a site of which nothing is kept.
func (c *Cache) leave(st *siteCache) {
	if len(st.entries) == 0 && len(st.fills) == 0 && c.sites[st.key] == st {
		delete(c.sites, st.key)
	}
}

func (st *siteCache) add(e *entry) {
	st.entries[e] = true
	for _, id := range e.basis.Pages {
		if st.pages[id] == nil {
			st.pages[id] = map[*entry]bool{}
		}
		st.pages[id][e] = true
	}
}

func (st *siteCache) remove(e *entry) {
	delete(st.entries, e)
	for _, id := range e.basis.Pages {
		if delete(st.pages[id], e); len(st.pages[id]) == 0 {
			delete(st.pages, id)
		}
	}
}

// touch is what an event means to answers of its site.
type touch struct {
	reach   comment.Reach
	page    string
	renames bool
}

// concerns reports whether the touch makes another answer of what rests on b.
func (t touch) concerns(b comment.Basis) bool {
	if t.reach == comment.ReachSite || t.renames && b.Unsettled {
		return true
	}
	if t.reach == comment.ReachNothing || t.reach == comment.ReachVotes && !b.Votes {
		return false
	}
	for _, id := range b.Pages {
		if id == t.page {
			return true
		}
	}
	return false
}

// Committed forgets what the events of a commit touch. The store calls it after
// each commit of this process and before anybody who wrote is answered.
func (c *Cache) Committed(events []comment.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range events {
		st := c.sites[events[i].Site]
		if st == nil {
			continue
		}
		if st.followed && events[i].Seq > st.seq && len(st.own) < ownMost {
			st.own[events[i].Seq] = true
		}
		c.touch(st, &events[i])
	}
}

func (c *Cache) touch(st *siteCache, e *comment.Event) {
	t := touch{reach: e.Reach(), page: e.PageID, renames: e.Renames()}
	if t.renames || t.reach != comment.ReachNothing {
		c.apply(st, t)
	}
}

func (c *Cache) apply(st *siteCache, t touch) {
	for _, f := range st.fills {
		f.touched = append(f.touched, t)
	}
	if t.renames {
		st.renamed++
	}
	some := st.pages[t.page]
	if t.reach == comment.ReachSite {
		some = st.entries
	}
	for e := range some {
		if t.concerns(e.basis) {
			c.drop(e)
		}
	}
}

// KnownSite gives a site that is in memory, nil if it is not. It may not be
// changed.
func (c *Cache) KnownSite(key string) *comment.Site {
	var buf [64]byte
	st, _ := c.get(siteKey(buf[:0], key)).(*comment.Site)
	return st
}

// Site gives a site. It may not be changed.
func (c *Cache) Site(ctx context.Context, key string) (*comment.Site, error) {
	v, err := c.fill(ctx, key, string(siteKey(nil, key)), func() (made, error) {
		var st comment.Site
		err := c.log.View(ctx, func(r comment.Reader) (err error) {
			st, err = r.Site(key)
			return err
		})
		return made{&st, 1024, comment.Basis{Site: key}}, err
	})
	if err != nil {
		return nil, err
	}
	return v.(*comment.Site), nil
}

// siteKey is where a site is kept; every other key begins otherwise.
func siteKey(buf []byte, key string) []byte { return append(append(buf, "site "...), key...) }
