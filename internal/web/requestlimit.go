package web

import (
	"net/netip"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/fault"
)

// The limit on readers' requests of any kind: so many a second from one network,
// with some in store for a burst. What writes has closer limits of its own. It is
// kept in memory: what it protects is this process.
const (
	requestsEvery = time.Second / 100
	requestsBurst = 200
	networksMost  = 50000
)

// requestLimit is a bounded set of token buckets; see store's for the algorithm.
type requestLimit struct {
	mu  sync.Mutex
	tat map[netip.Addr]time.Time
}

// wait takes a token of the network's bucket, or says how long until there is
// one.
func (l *requestLimit) wait(network netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	tat := l.tat[network]
	if tat.Before(now) {
		tat = now
	}
	if wait := tat.Add(requestsEvery).Sub(now) - requestsEvery*requestsBurst; wait > 0 {
		return wait
	}
	if l.tat == nil || len(l.tat) >= networksMost {
		l.forget(now)
	}
	l.tat[network] = tat.Add(requestsEvery)
	return 0
}

// forget drops the buckets that are full again, and all of them where that
// does not help: a flood must not fill the memory.
func (l *requestLimit) forget(now time.Time) {
	kept := map[netip.Addr]time.Time{}
	for network, tat := range l.tat {
		if tat.After(now) && len(kept) < networksMost/2 {
			kept[network] = tat
		}
	}
	l.tat = kept
}

// limitRequests slows down who asks too fast, unless the site has its limits off.
func (s *Server) limitRequests(c *fiber.Ctx) error {
	wait := s.requests.wait(networkOf(s.clientAddr(c)), received(c))
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
	return fault.Wait("That was a bit fast. Try again in a moment.", wait)
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
