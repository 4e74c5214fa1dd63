package follow

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

// memory is a log in memory, with the promises of the real one.
type memory struct {
	mu      sync.Mutex
	heads   map[string]int64
	cursors map[string]int64
	changed chan struct{}
	broken  error // what Behind answers
	looks   int
}

func newMemory() *memory {
	return &memory{heads: map[string]int64{}, cursors: map[string]int64{}, changed: make(chan struct{})}
}

// commit appends n events to a site's log; quietly as another process would.
func (m *memory) commit(site string, n int64, quietly bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heads[site] += n
	if !quietly {
		close(m.changed)
		m.changed = make(chan struct{})
	}
}

func (m *memory) Behind(_ context.Context, _ string, limit int) ([]comment.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looks++
	var all []comment.Position
	for site, head := range m.heads {
		if at := m.cursors[site]; at < head && len(all) < limit {
			all = append(all, comment.Position{Site: site, Seq: at})
		}
	}
	return all, m.broken
}

func (m *memory) EventsAfter(_ context.Context, site string, after int64, limit int) ([]comment.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []comment.Event
	for seq := after + 1; seq <= m.heads[site] && len(all) < limit; seq++ {
		all = append(all, comment.Event{Site: site, Seq: seq})
	}
	return all, nil
}

func (m *memory) Advance(_ context.Context, _, site string, to int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cursors[site] = max(m.cursors[site], to)
	return nil
}

func (m *memory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

func (m *memory) at(site string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cursors[site]
}

// seen records what Handle got.
type seen struct {
	mu  sync.Mutex
	seq map[string][]int64
}

func (s *seen) handle(_ context.Context, site string, events []comment.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		s.seq[site] = append(s.seq[site], e.Seq)
	}
	return nil
}

func start(t *testing.T, f *Follower) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v after cancel, want nil", err)
		}
	})
}

func upTo(n int64) []int64 {
	var all []int64
	for i := int64(1); i <= n; i++ {
		all = append(all, i)
	}
	return all
}

func TestFollowsEverySiteInOrderFromItsCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, got := newMemory(), &seen{seq: map[string][]int64{}}
		log.commit("daily", 250, false)
		log.commit("weekly", 5, false)
		log.cursors["weekly"] = 3
		start(t, &Follower{Name: "x", Log: log, Handle: got.handle})
		synctest.Wait()
		log.commit("daily", 10, false)
		time.Sleep(restTime)
		synctest.Wait()
		want := map[string][]int64{"daily": upTo(260), "weekly": {4, 5}}
		if diff := cmp.Diff(want, got.seq); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWakesAtOnceForThisProcessAndByPollForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemory()
		start(t, &Follower{Name: "x", Log: log, Handle: func(context.Context, string, []comment.Event) error { return nil }})
		synctest.Wait()
		log.commit("daily", 1, false)
		synctest.Wait() // without any time passing
		if log.at("daily") != 1 {
			t.Fatal("a commit of this process was not followed at once")
		}
		time.Sleep(restTime)
		synctest.Wait()
		log.commit("daily", 1, true)
		time.Sleep(499 * time.Millisecond)
		synctest.Wait()
		before := log.at("daily")
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if after := log.at("daily"); before != 1 || after != 2 {
			t.Fatalf("cursor %d before the poll and %d after, want 1 and 2", before, after)
		}
	})
}

func TestAFailingSiteBacksOffAloneAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, got := newMemory(), &seen{seq: map[string][]int64{}}
		var tries []time.Duration
		begin := time.Now()
		bad := errors.New("bad")
		reported := 0
		start(t, &Follower{
			Name: "x", Log: log, OnError: func(err error) {
				if errors.Is(err, bad) {
					reported++
				}
			},
			Handle: func(ctx context.Context, site string, events []comment.Event) error {
				if site == "bad" && time.Since(begin) < time.Minute {
					tries = append(tries, time.Since(begin))
					return bad
				}
				return got.handle(ctx, site, events)
			},
		})
		log.commit("bad", 3, false)
		for range 60 {
			log.commit("good", 1, false) // wakes must not shorten the pause
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if n := log.at("good"); n != 60 {
			t.Errorf("the other site is at %d, want 60", n)
		}
		want := []time.Duration{0, 100, 300, 700, 1500, 3100, 6300, 12700, 22700, 32700, 42700, 52700}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if diff := cmp.Diff(want, tries); diff != "" {
			t.Errorf("times of the tries: %s", diff)
		}
		if reported != len(tries) {
			t.Errorf("%d errors reported of %d", reported, len(tries))
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff(upTo(3), got.seq["bad"]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestABrokenLogIsAskedWithBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemory()
		log.broken = errors.New("no database")
		start(t, &Follower{Name: "x", Log: log, Handle: func(context.Context, string, []comment.Event) error { return nil }})
		time.Sleep(time.Minute)
		synctest.Wait()
		if log.looks < 8 || log.looks > 13 {
			t.Errorf("%d looks in a minute", log.looks)
		}
	})
}

// A site that another process has brought up to date must not leave a pause
// behind that makes the loop spin. In synctest a spinning loop would hang.
func TestAPauseEndsWithItsSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemory()
		log.commit("daily", 1, false)
		start(t, &Follower{Name: "x", Log: log, Handle: func(context.Context, string, []comment.Event) error { return errors.New("no") }})
		synctest.Wait()
		if err := log.Advance(t.Context(), "x", "daily", 1); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if log.looks > 25 {
			t.Errorf("%d looks in ten idle seconds", log.looks)
		}
	})
}

func TestACancelledHandleIsNotAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemory()
		log.commit("daily", 1, false)
		ctx, cancel := context.WithCancel(t.Context())
		var reported []error
		f := &Follower{Name: "x", Log: log, OnError: func(err error) { reported = append(reported, err) },
			Handle: func(ctx context.Context, _ string, _ []comment.Event) error { <-ctx.Done(); return ctx.Err() }}
		ended := make(chan error)
		go func() { ended <- f.Run(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil || len(reported) > 0 || log.at("daily") != 0 {
			t.Errorf("Run = %v, reported %v, cursor %d", err, reported, log.at("daily"))
		}
	})
}

func TestPauseDoublesToItsLimit(t *testing.T) {
	var p pause
	var waits []time.Duration
	for range 9 {
		waits = append(waits, p.next())
	}
	if !slices.IsSorted(waits) || waits[0] != firstPause || waits[1] != 2*firstPause || waits[8] != lastPause {
		t.Errorf("waits %v", waits)
	}
}
