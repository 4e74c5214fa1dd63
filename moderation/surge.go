package moderation

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// A page surges when what comes in within surgeWindow is at least surgeLeast
// comments and surgeTimes what the page is used to, and so much would come about
// by chance less than once in a million such windows (Poisson). Newcomers and
// rejections are held against their usual share in the same way (binomial), from
// as many comments or decidedLeast decisions on.
const (
	surgeWindow  = 5 * time.Minute
	surgeLeast   = 20
	surgeTimes   = 4
	chance       = 1e-6
	decidedLeast = 10
	// decidedSlots of surgeWindow each are looked at for rejections: half an hour.
	decidedSlots = 6

	// A page's curve forgets at a rate of one in slotMemory windows: it follows
	// the hours of a day. Until it has seen windows of its own, the site's stands
	// for priorSlots of them.
	slotMemory = 24
	priorSlots = 6
	// postMemory is over how many comments a site's figures are taken.
	postMemory = 300

	// learning is how long nothing is said of a site of which nothing was known.
	learning = time.Hour

	// pagesMost bounds the pages whose curves are kept.
	pagesMost = 20_000
	pageIdle  = 6 * time.Hour
)

// Surges holds, for the pages of an installation on which something happens, how
// much is usual there. It is safe for use by many goroutines at once. A clock that
// goes backwards makes time stand still here.
type Surges struct {
	mu    sync.Mutex
	pages map[[2]string]*pageCurve
	sites map[string]*siteCurve
}

// Surge is how a page stands against its own curve.
type Surge struct {
	Count int     // comments in the last five minutes
	Usual float64 // as many as are to be expected
	Times float64 // how many times as many as usual there are, 0 = about as many
	Why   string  // the reason in a sentence, "" = the page is calm
}

// siteCurve is what a comment of the site usually finds: how busy its page is,
// and how many are by newcomers or rejected.
type siteCurve struct {
	since                     time.Time
	busy, newcomers, rejected float64
}

type pageCurve struct {
	minutes   [5]minuteCount
	decided   [decidedSlots]decidedCount
	last      time.Time
	slot      int64   // the window that is being counted
	inSlot    int     // comments in it
	usual     float64 // comments in a window
	slots     float64 // windows that usual rests on
	newcomers float64 // their usual share
}

type minuteCount struct {
	minute           int64
	posts, newcomers int
}

type decidedCount struct {
	slot            int64
	total, rejected int
}

// NewSurges makes a Surges that has seen nothing.
func NewSurges() *Surges {
	return &Surges{pages: map[[2]string]*pageCurve{}, sites: map[string]*siteCurve{}}
}

// Post counts a comment.
func (s *Surges) Post(site, page string, at time.Time, newcomer bool) {
	share := 0.0
	if newcomer {
		share = 1
	}
	s.post(site, page, at, share)
}

// Restore counts a comment of which it is not known whether a newcomer wrote it.
func (s *Surges) Restore(site, page string, at time.Time) { s.post(site, page, at, -1) }

func (s *Surges) post(site, page string, at time.Time, share float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, st := s.page(site, page, at), s.site(site, at)
	p.advance(at)
	p.inSlot++
	m := &p.minutes[p.minute()%5]
	if m.minute != p.minute() {
		*m = minuteCount{minute: p.minute()}
	}
	m.posts++
	posts, _ := p.window()
	// The site does not learn from a page that surges, the page itself does: what
	// goes on for an hour is usual there, and nowhere else.
	if at.Sub(st.since) < learning || posts < surgeLeast || float64(posts) < surgeTimes*p.expected(st) {
		blend(&st.busy, float64(posts), postMemory)
	}
	if share < 0 {
		return
	}
	m.newcomers += int(share)
	blend(&st.newcomers, share, postMemory)
	blend(&p.newcomers, share, postMemory)
}

// Decided counts an approval or a rejection, by whomever.
func (s *Surges) Decided(site, page string, at time.Time, rejected bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, st := s.page(site, page, at), s.site(site, at)
	p.advance(at)
	d := &p.decided[p.slot%decidedSlots]
	if d.slot != p.slot {
		*d = decidedCount{slot: p.slot}
	}
	d.total++
	share := 0.0
	if rejected {
		d.rejected++
		share = 1
	}
	blend(&st.rejected, share, postMemory)
}

// Look tells how a page stands.
func (s *Surges) Look(site, page string, now time.Time) Surge {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, st := s.pages[[2]string{site, page}], s.site(site, now)
	if p == nil || now.Sub(st.since) < learning {
		return Surge{}
	}
	p.advance(now)
	posts, newcomers := p.window()
	out := Surge{Count: posts, Usual: p.expected(st)}
	if times := float64(posts) / out.Usual; posts >= surgeLeast && times >= 2 {
		out.Times = times
	}
	share := (p.newcomers + st.newcomers) / 2
	decided, rejected := p.verdicts()
	switch {
	case posts >= surgeLeast && out.Times >= surgeTimes && poissonTail(posts, out.Usual) < chance:
		out.Why = fmt.Sprintf("%d comments within five minutes, where about %.0f are usual.", posts, out.Usual)
	case posts >= surgeLeast && out.Times >= 2 && float64(newcomers) >= 2*share*float64(posts) && binomialTail(newcomers, posts, share) < chance:
		out.Why = fmt.Sprintf("%d of %d comments within five minutes are by newcomers, where %.0f %% are usual.", newcomers, posts, 100*share)
	case decided >= decidedLeast && rejected*2 >= decided && binomialTail(rejected, decided, max(0.05, st.rejected)) < chance:
		out.Why = fmt.Sprintf("%d of the last %d decisions were rejections, where %.0f %% are usual.", rejected, decided, 100*st.rejected)
	}
	return out
}

// blend moves a mean towards a new value.
func blend(mean *float64, value, memory float64) { *mean += (value - *mean) / memory }

func (s *Surges) site(site string, at time.Time) *siteCurve {
	st := s.sites[site]
	if st == nil {
		st = &siteCurve{since: at, busy: 1, newcomers: 0.5, rejected: 0.1}
		s.sites[site] = st
	}
	return st
}

func (s *Surges) page(site, page string, at time.Time) *pageCurve {
	key := [2]string{site, page}
	p := s.pages[key]
	if p == nil {
		if len(s.pages) >= pagesMost {
			s.thin(at)
		}
		p = &pageCurve{last: at, slot: slotOf(at), newcomers: s.site(site, at).newcomers}
		s.pages[key] = p
	}
	return p
}

// thin forgets the pages on which nothing happens any more, and if that makes no
// room all of them: curves grow again.
func (s *Surges) thin(now time.Time) {
	for key, p := range s.pages {
		if now.Sub(p.last) > pageIdle {
			delete(s.pages, key)
		}
	}
	if len(s.pages) >= pagesMost {
		clear(s.pages)
	}
}

func slotOf(t time.Time) int64 { return t.Unix() / int64(surgeWindow/time.Second) }

func (p *pageCurve) minute() int64 { return p.last.Unix() / 60 }

// advance moves the page's time on, never back.
func (p *pageCurve) advance(now time.Time) {
	if !now.After(p.last) {
		return
	}
	p.last = now
	gone := slotOf(now) - p.slot
	if gone <= 0 {
		return
	}
	// The window that is over counts as it was, those after it as empty.
	weight := min(p.slots+1, slotMemory)
	blend(&p.usual, float64(p.inSlot), weight)
	p.usual *= math.Pow(1-1.0/slotMemory, float64(gone-1))
	p.slots = min(p.slots+float64(gone), slotMemory)
	p.slot, p.inSlot = slotOf(now), 0
}

// expected is how many comments in a window are usual.
func (p *pageCurve) expected(st *siteCurve) float64 {
	return max(1, (p.slots*p.usual+priorSlots*st.busy)/(p.slots+priorSlots))
}

// window counts the last five minutes.
func (p *pageCurve) window() (posts, newcomers int) {
	for _, m := range p.minutes {
		if p.minute()-m.minute < 5 {
			posts += m.posts
			newcomers += m.newcomers
		}
	}
	return posts, newcomers
}

func (p *pageCurve) verdicts() (total, rejected int) {
	for _, d := range p.decided {
		if p.slot-d.slot < decidedSlots {
			total += d.total
			rejected += d.rejected
		}
	}
	return total, rejected
}

// poissonTail is the probability of at least n where mean are expected.
func poissonTail(n int, mean float64) (sum float64) {
	for k := n; k < n+200; k++ {
		lg, _ := math.Lgamma(float64(k) + 1)
		sum += math.Exp(float64(k)*math.Log(mean) - mean - lg)
	}
	return sum
}

// binomialTail is the probability of at least k of n at a share of p.
func binomialTail(k, n int, p float64) (sum float64) {
	if p <= 0 || p >= 1 {
		return p
	}
	all, _ := math.Lgamma(float64(n) + 1)
	for ; k <= n; k++ {
		a, _ := math.Lgamma(float64(k) + 1)
		b, _ := math.Lgamma(float64(n-k) + 1)
		sum += math.Exp(all - a - b + float64(k)*math.Log(p) + float64(n-k)*math.Log(1-p))
	}
	return sum
}
