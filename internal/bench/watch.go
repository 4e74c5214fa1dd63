package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/afterword-comments/afterword/internal/bench/load"
)

const (
	watchRounds = 8 // comments that the streams are told of
	watchMost   = 10 * time.Second
)

// watches measures event streams: how long it takes until everybody on a page
// has been told of a new comment, and what an open stream costs.
func (h *house) watches(ctx context.Context) (err error) {
	if err := h.serve(ctx); err != nil {
		return err
	}
	const page = "watched"
	poster := newPoster(h.Addr, h.Site, h.Origin)
	c, err := load.Dial(h.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, _, err := h.publish(c, poster.post(0, page)); err != nil {
		return err
	}
	time.Sleep(restTime)
	before := h.resident()
	audience, err := h.gather(page)
	defer func() { audience.leave() }()
	if err != nil {
		return err
	}
	time.Sleep(restTime)
	held := h.resident()
	var all load.Histogram
	var last []float64
	for n := range watchRounds {
		begun := time.Now()
		_, sent, err := h.publish(c, poster.post(n+1, page))
		if err != nil {
			return err
		}
		took, err := audience.told(n+1, sent, &all)
		if err != nil { // told too late is told badly, and no reason to stop
			h.Say("  " + err.Error())
			last = append(last, ms(watchMost))
			all.Record(watchMost)
			break
		}
		last = append(last, ms(took))
		time.Sleep(time.Until(begun.Add(time.Second)))
	}
	held = max(held, h.resident()) - before // quiet or busy
	each := float64(held) / float64(h.Streams) / 1024
	everybody := median(last)
	line := Line{ID: "streams", Title: fmt.Sprintf("%d streams told of a comment, the last one", h.Streams), Unit: "ms", Value: everybody, It: measureOf(nil, &all),
		Bars: []Bar{atMost("ms until the last, at worst", all.Max().Seconds()*1000, 1000)}}
	h.add(line)
	if h.server != nil {
		h.add(Line{ID: "stream-memory", Title: "memory of an open stream", Unit: "KiB", Value: round(each), Bars: []Bar{atMost("KiB", each, 40)}})
	}
	return nil
}

// resident is the server's memory, 0 where it is somebody else's.
func (h *house) resident() int64 {
	if h.server == nil {
		return 0
	}
	now, _ := h.server.memory()
	return now
}

// audience is many open streams of one page.
type audience struct {
	streams []*load.Stream
	heard   atomic.Int64 // events, of all streams together
	lost    atomic.Int64 // streams that have ended
	mu      sync.Mutex
	came    []time.Time // of the events of this round
	readers sync.WaitGroup
}

// gather opens the streams, from a few sides at a time.
func (h *house) gather(page string) (*audience, error) {
	a := &audience{}
	request := h.get("/stream?page=" + page)
	var mu sync.Mutex
	var problem error
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for {
				mu.Lock()
				more := len(a.streams) < h.Streams && problem == nil
				if more {
					a.streams = append(a.streams, nil)
				}
				at := len(a.streams) - 1
				mu.Unlock()
				if !more {
					return
				}
				s, err := load.Listen(h.Addr, request)
				mu.Lock()
				a.streams[at], problem = s, errors.Join(problem, err)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for _, s := range a.streams {
		if s != nil {
			a.readers.Go(func() { a.listen(s) })
		}
	}
	return a, problem
}

func (a *audience) listen(s *load.Stream) {
	for {
		name, err := s.Next()
		if err != nil {
			a.lost.Add(1)
			return
		}
		if name != "comment" {
			continue
		}
		now := time.Now()
		a.mu.Lock()
		a.came = append(a.came, now)
		a.mu.Unlock()
		a.heard.Add(1)
	}
}

// told waits until every stream has heard of so many comments, and says how
// long it was until the last one had.
func (a *audience) told(comments int, sent time.Time, waits *load.Histogram) (last time.Duration, err error) {
	want := int64(comments) * int64(len(a.streams))
	for a.heard.Load() < want {
		if time.Since(sent) > watchMost || a.lost.Load() > 0 {
			return 0, fmt.Errorf("%d of %d streams were told within %v; %d have ended", a.heard.Load()-want+int64(len(a.streams)), len(a.streams), watchMost, a.lost.Load())
		}
		time.Sleep(time.Millisecond)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, at := range a.came {
		waits.Record(at.Sub(sent))
		last = max(last, at.Sub(sent))
	}
	a.came = a.came[:0]
	return last, nil
}

func (a *audience) leave() {
	for _, s := range a.streams {
		if s != nil {
			s.Close()
		}
	}
	a.readers.Wait()
}
