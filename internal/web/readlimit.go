package web

import (
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// The limit on reading: so many requests a second from one network, with as
// many in store for a burst. It is kept in memory: what it protects is this
// process.
const (
	readsEvery   = time.Second / 100
	readsBurst   = 200
	networksMost = 50000
)

// readLimit is a bounded set of token buckets; see store's for the algorithm.
type readLimit struct {
	mu  sync.Mutex
	tat map[string]time.Time
}

// wait takes a token of the network's bucket, or says how long until there is
// one.
func (l *readLimit) wait(network string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	tat := l.tat[network]
	if tat.Before(now) {
		tat = now
	}
	if wait := tat.Add(readsEvery).Sub(now) - readsEvery*readsBurst; wait > 0 {
		return wait
	}
	if l.tat == nil || len(l.tat) >= networksMost {
		l.forget(now)
	}
	l.tat[network] = tat.Add(readsEvery)
	return 0
}

// forget drops the buckets that are full again, and all of them where that
// does not help: a flood must not fill the memory.
func (l *readLimit) forget(now time.Time) {
	kept := map[string]time.Time{}
	for network, tat := range l.tat {
		if tat.After(now) && len(kept) < networksMost/2 {
			kept[network] = tat
		}
	}
	l.tat = kept
}

// limitReads slows down who reads too fast, unless the site has its limits off.
func (s *Server) limitReads(c *fiber.Ctx) error {
	wait := s.reads.wait(comment.Network(s.clientIP(c)), s.Now())
	if wait <= 0 {
		return c.Next()
	}
	site, err := s.Comments.SiteOf(c.Context(), param(c, "site"))
	if err != nil {
		return err
	}
	if !site.Options.RateLimits {
		return c.Next()
	}
	return fault.Wait("That was a bit fast. Try again in a moment.", wait)
}
