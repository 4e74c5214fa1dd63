package moderation

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// stream is a site's comments on a clock of its own.
type stream struct {
	*Surges
	*rand.Rand
	now     time.Time
	reasons []string // of the surges, in order
}

func newStream() *stream {
	return &stream{Surges: NewSurges(), Rand: rand.New(rand.NewPCG(8, 9)), now: time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)}
}

// flow lets comments come in for a while, so many in five minutes on average.
func (s *stream) flow(page string, rate float64, newcomers float64, d time.Duration) {
	for end := s.now.Add(d); ; {
		s.now = s.now.Add(time.Duration(s.ExpFloat64() / rate * float64(surgeWindow)))
		if s.now.After(end) {
			s.now = end
			return
		}
		s.Post("daily", page, s.now, s.Float64() < newcomers)
		if why := s.Look("daily", page, s.now).Why; why != "" {
			s.reasons = append(s.reasons, why)
		}
	}
}

func TestAQuietDayHasNoSurge(t *testing.T) {
	for _, rate := range []float64{0.1, 1, 5, 20, 60} {
		s := newStream()
		for _, page := range []string{"a", "b", "c"} {
			s.flow(page, rate, 0.6, 12*time.Hour)
		}
		// On a site with busy pages a new article is busy from the start.
		s.flow("new", rate, 0.6, time.Hour)
		if len(s.reasons) > 0 {
			t.Errorf("at %g in five minutes: %q", rate, s.reasons)
		}
	}
}

func TestAPageLeavesItsCurve(t *testing.T) {
	s := newStream()
	s.flow("a", 3, 0.4, 6*time.Hour)
	s.flow("a", 40, 0.4, 5*time.Minute)
	if len(s.reasons) == 0 || !strings.Contains(s.reasons[0], "where about 3 are usual") {
		t.Fatalf("reasons: %q", s.reasons)
	}
	if times := s.Look("daily", "a", s.now).Times; times < 4 {
		t.Errorf("%g times as many as usual", times)
	}
	s.now = s.now.Add(10 * time.Minute)
	if look := s.Look("daily", "a", s.now); look.Why != "" || look.Times != 0 {
		t.Errorf("ten quiet minutes later: %+v", look)
	}
	// What goes on becomes what is usual.
	s.flow("a", 40, 0.4, 8*time.Hour)
	s.reasons = nil
	if s.flow("a", 40, 0.4, 2*time.Hour); len(s.reasons) > 0 {
		t.Errorf("after eight hours: %q", s.reasons)
	}
}

func TestNewcomersAndRejections(t *testing.T) {
	s := newStream()
	s.flow("a", 8, 0.1, 6*time.Hour)
	s.flow("a", 25, 0.9, 6*time.Minute)
	if len(s.reasons) == 0 || !strings.Contains(s.reasons[0], "by newcomers") {
		t.Errorf("newcomers: %q", s.reasons)
	}
	s = newStream()
	s.Look("daily", "a", s.now)
	for i := range 400 {
		s.now = s.now.Add(time.Minute)
		s.Decided("daily", "a", s.now, i%20 == 0)
	}
	if why := s.Look("daily", "a", s.now).Why; why != "" {
		t.Errorf("one in twenty: %s", why)
	}
	for range 9 {
		s.now = s.now.Add(time.Minute)
		s.Decided("daily", "b", s.now, true)
	}
	if why := s.Look("daily", "b", s.now).Why; why != "" {
		t.Errorf("too few to say: %s", why)
	}
	s.Decided("daily", "b", s.now, true)
	if why := s.Look("daily", "b", s.now).Why; !strings.Contains(why, "10 of the last 10 decisions were rejections") {
		t.Errorf("ten of ten: %q", why)
	}
	s.now = s.now.Add(31 * time.Minute)
	if why := s.Look("daily", "b", s.now).Why; why != "" {
		t.Errorf("half an hour later: %s", why)
	}
}

func TestAClockThatGoesBackwards(t *testing.T) {
	s := newStream()
	s.flow("a", 3, 0.4, time.Hour)
	s.now = s.now.Add(-24 * time.Hour)
	s.flow("a", 3, 0.4, time.Hour)
	s.now = s.now.Add(24 * time.Hour)
	s.reasons = nil
	if s.flow("a", 3, 0.4, time.Hour); len(s.reasons) > 0 {
		t.Errorf("reasons: %q", s.reasons)
	}
}

func TestPagesAreBounded(t *testing.T) {
	s := NewSurges()
	at := time.Unix(1e9, 0)
	for i := range pagesMost + 100 {
		s.Post("daily", strings.Repeat("p", 1+i%7)+string(rune('0'+i%10))+time.Duration(i).String(), at, false)
	}
	if len(s.pages) > pagesMost {
		t.Errorf("%d pages", len(s.pages))
	}
}

func TestTails(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"poisson 3, at least 3", poissonTail(3, 3), 0.5768},
		{"poisson 2, at least 10", poissonTail(10, 2), 4.65e-5},
		{"binomial 10, 0.5, at least 5", binomialTail(5, 10, 0.5), 0.6230},
		{"binomial 10, 0.05, at least 5", binomialTail(5, 10, 0.05), 6.37e-5},
	} {
		if math.Abs(c.got-c.want) > c.want/100 {
			t.Errorf("%s: %g, want %g", c.name, c.got, c.want)
		}
	}
}
