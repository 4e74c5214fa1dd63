package web

import (
	"net/netip"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/fault"
)

// rate is how fast a bucket fills, and how much it holds for a burst.
type rate struct {
	every time.Duration
	burst int
}

// The limits on what costs much without writing: readers' requests of any kind by
// network, searches by account (each looks through a long stretch of the queue).
// What writes has closer limits of its own. They are kept in memory: what they
// protect is this process.
var (
	requestRate = rate{time.Second / 100, 200}
	searchRate  = rate{time.Second / 2, 20}
)

// bucketsMost bounds the memory of one limit.
const bucketsMost = 50000

// requestLimit is a bounded set of token buckets; see store's for the algorithm.
type requestLimit[K comparable] struct {
	mu  sync.Mutex
	tat map[K]time.Time
}

// wait takes a token of the bucket, or says how long until there is one.
func (l *requestLimit[K]) wait(key K, r rate, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	tat := l.tat[key]
	if tat.Before(now) {
		tat = now
	}
	if wait := tat.Add(r.every).Sub(now) - r.every*time.Duration(r.burst); wait > 0 {
		return wait
	}
	if l.tat == nil || len(l.tat) >= bucketsMost {
		l.forget(now)
	}
	l.tat[key] = tat.Add(r.every)
	return 0
}

// forget drops the buckets that are full again, and all of them where that
// does not help: a flood must not fill the memory.
func (l *requestLimit[K]) forget(now time.Time) {
	kept := map[K]time.Time{}
	for key, tat := range l.tat {
		if tat.After(now) && len(kept) < bucketsMost/2 {
			kept[key] = tat
		}
	}
	l.tat = kept
}

func tooFast(wait time.Duration) error {
	return fault.Wait("That was a bit fast. Try again in a moment.", wait)
}

// limitRequests slows down who asks too fast, unless the site has its limits off.
func (s *Server) limitRequests(c *fiber.Ctx) error {
	wait := s.requests.wait(networkOf(s.clientAddr(c)), requestRate, received(c))
	if wait <= 0 {
		return c.Next()
	}
	site, err := s.siteOf(c)
	if err != nil {
		return err
	}
	if !site.Options.RateLimits {
		return c.Next()
	}
	return tooFast(wait)
}

// networkOf is comment.Network without the text: all of an IPv4 address, the /64
// of an IPv6 one.
func networkOf(ip netip.Addr) netip.Addr {
	if !ip.Is6() {
		return ip
	}
	p, _ := ip.Prefix(64)
	return p.Addr()
}
