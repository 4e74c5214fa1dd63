package comment

import (
	"context"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// rules are what a site asks of every comment. They change rarely and are
// needed for each, so they are kept, compiled.
type rules struct {
	Site
	versions     map[List]int64
	words        *moderation.Words
	blocks       *blockSet
	rules        *moderation.Rules
	integrations []Integration
	house        *houseRules
	staff        map[string]bool // names of the staff, folded
	read         time.Time       // zero = something has changed since
}

// rulesAge is how long rules are kept: another process may have changed them.
// This process's own changes are seen at once.
const rulesAge = time.Second

// rulesMost bounds the number of sites whose rules are kept.
const rulesMost = 10000

// rulesCache holds the rules of each site.
type rulesCache struct {
	mu     sync.Mutex
	bySite map[string]*rules
	forgot int // grows with each forget: what was being read meanwhile is not kept
	// reading is what is being read, by site: a long list is compiled once for all
	// who need it.
	reading map[string]*rulesReading
}

// rulesReading is rules on their way.
type rulesReading struct {
	forgot int
	done   chan struct{}
	rules  *rules
	err    error
}

// read loads the rules of a site, once for all who ask meanwhile; who asks after a
// forget gets nothing that began before it.
func (c *rulesCache) read(site string, forgot int, load func() (*rules, error)) (*rules, error) {
	c.mu.Lock()
	if on := c.reading[site]; on != nil && on.forgot == forgot {
		c.mu.Unlock()
		<-on.done
		return on.rules, on.err
	}
	mine := &rulesReading{forgot: forgot, done: make(chan struct{})}
	if c.reading == nil {
		c.reading = map[string]*rulesReading{}
	}
	c.reading[site] = mine
	c.mu.Unlock()
	defer close(mine.done)
	mine.rules, mine.err = load()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reading[site] == mine {
		delete(c.reading, site)
	}
	return mine.rules, mine.err
}

func (c *rulesCache) kept(site string) (held *rules, forgot int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bySite[site], c.forgot
}

func (c *rulesCache) keep(site string, r *rules, forgot int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgot != forgot {
		return
	}
	if c.bySite == nil || len(c.bySite) >= rulesMost {
		c.bySite = map[string]*rules{}
	}
	c.bySite[site] = r
}

// forget is called after a site's rules were changed and before that is
// acknowledged. Lists that have not changed stay compiled for the next reading.
func (c *rulesCache) forget(site string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgot++
	c.outdate(site)
}

// forgetAll is forget for a change that concerns every site.
func (c *rulesCache) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgot++
	for site := range c.bySite {
		c.outdate(site)
	}
}

func (c *rulesCache) outdate(site string) {
	if held := c.bySite[site]; held != nil {
		old := *held
		old.read = time.Time{}
		c.bySite[site] = &old
	}
}

// rulesOf gives the rules of a site. While the database is away the last ones
// known go on.
func (s *Service) rulesOf(ctx context.Context, site string) (*rules, error) {
	held, forgot := s.rules.kept(site)
	if held != nil && time.Since(held.read) < rulesAge {
		return held, nil
	}
	ctx = context.WithoutCancel(ctx) // others may wait for it too
	return s.rules.read(site, forgot, func() (*rules, error) {
		fresh := &rules{read: time.Now()}
		err := s.Store.View(ctx, func(r Reader) error { return fresh.load(r, site, held) })
		if err != nil {
			if held != nil && !held.read.IsZero() && fault.Of(err).Kind == fault.Unavailable {
				return held, nil
			}
			return nil, err
		}
		s.rules.keep(site, fresh, forgot)
		return fresh, nil
	})
}

// rulesOfAll gives the rules of some sites by their keys.
func (s *Service) rulesOfAll(ctx context.Context, sites Sites) (map[string]*rules, error) {
	all := make(map[string]*rules, len(sites))
	for _, site := range sites {
		u, err := s.rulesOf(ctx, site)
		if err != nil {
			return nil, err
		}
		all[site] = u
	}
	return all, nil
}

// changeRules runs fn as one transaction that changes the rules of a site.
func (s *Service) changeRules(ctx context.Context, site string, fn func(Tx) error) error {
	defer s.rules.forget(site)
	return s.Store.Write(ctx, Sites{site}, fn)
}

// viewOf runs fn over one state of the store, in which there is the site.
func (s *Service) viewOf(ctx context.Context, site string, fn func(Reader) error) error {
	return s.Store.View(ctx, func(r Reader) error {
		if _, err := r.Site(site); err != nil {
			return err
		}
		return fn(r)
	})
}

// SiteOf gives a site by its key; what another process has changed shows
// within a second.
func (s *Service) SiteOf(ctx context.Context, key string) (Site, error) {
	r, err := s.rulesOf(ctx, key)
	if err != nil {
		return Site{}, err
	}
	return r.Site, nil
}

// load reads the rules; lists that have not changed are taken over from before.
func (u *rules) load(r Reader, site string, before *rules) (err error) {
	if u.Site, err = r.Site(site); err != nil {
		return err
	}
	names, err := r.StaffNames(site)
	if err != nil {
		return err
	}
	u.staff = make(map[string]bool, len(names))
	for _, name := range names {
		u.staff[moderation.Normalise(name).String()] = true
	}
	if u.versions, err = r.Versions(site); err != nil {
		return err
	}
	if err := u.loadBlocks(r, before); err != nil {
		return err
	}
	if err := u.loadRules(r, before); err != nil {
		return err
	}
	if err := u.loadHouse(r, before); err != nil {
		return err
	}
	if err := u.loadIntegrations(r, before); err != nil {
		return err
	}
	return u.loadWords(r, before)
}

// same reports whether a list is still as it was read before.
func (u *rules) same(list List, before *rules) bool {
	return before != nil && before.versions[list] == u.versions[list]
}

func (u *rules) loadIntegrations(r Reader, before *rules) (err error) {
	if u.same(ListIntegrations, before) {
		u.integrations = before.integrations
		return nil
	}
	u.integrations, err = r.Integrations(u.Key)
	return err
}

func (u *rules) loadWords(r Reader, before *rules) error {
	if u.same(ListWords, before) {
		u.words = before.words
		return nil
	}
	list, err := r.Words(u.Key)
	if err != nil {
		return err
	}
	entries := make([]moderation.Word, len(list))
	for i, w := range list {
		entries[i] = w.compiled()
	}
	u.words, err = moderation.CompileWords(entries)
	return err
}

// checkName refuses a reader's name that looks like a staff member's: when
// case, look-alike letters, spacing and invisible characters are taken away.
func (u *rules) checkName(name string) error {
	if len(u.staff) > 0 && u.staff[moderation.Normalise(name).String()] {
		return fault.Input("author.name", "reserved", "This name belongs to the staff. Choose another one.")
	}
	return nil
}
