package bench

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/bench/load"
)

// A busy day: so many requests of readers a second, and so many comments.
const (
	mixedReads = 1000
	mixedPosts = 100
)

// mixed measures what waits are like on a busy day: readers who mostly look at
// first pages, now and then at later ones and at counts, while comments come in,
// all at a steady rate.
func (h *house) mixed(ctx context.Context) error {
	if err := h.serve(ctx); err != nil {
		return err
	}
	requests, err := h.reading()
	if err != nil {
		return err
	}
	reads, posts, err := h.busy(ctx, requests, time.Duration(h.Rounds)*h.Time)
	if err != nil {
		return err
	}
	h.add(Line{ID: "mixed-read", Title: fmt.Sprintf("mixed: %d/s are read", mixedReads), Unit: "answers/s", It: measureOf([]float64{reads.Rate()}, &reads.Waits)})
	h.add(Line{ID: "mixed-write", Title: fmt.Sprintf("mixed: meanwhile %d/s are posted", mixedPosts), Unit: "comments/s", It: measureOf([]float64{posts.Rate()}, &posts.Waits)})
	return nil
}

// reading is a hundred requests of readers.
func (h *house) reading() ([][]byte, error) {
	keys := h.threadKeys()
	below, err := h.pagesBelow(keys[len(keys)-1], 15)
	if err != nil {
		return nil, err
	}
	counts := "/counts?" + url.Values{"page": h.countedPages()}.Encode()
	var all [][]byte
	for n := range 100 {
		path := "/comments?page=" + url.QueryEscape(keys[n%len(keys)])
		switch {
		case n%20 == 7:
			path = fmt.Sprint("/comments?page=page-", n)
		case n%7 == 3:
			path = below[n%len(below)]
		case n%10 == 1:
			path = counts
		}
		all = append(all, h.get(path))
	}
	return all, nil
}

// busy reads and posts at a steady rate.
func (h *house) busy(ctx context.Context, requests [][]byte, d time.Duration) (reads, posts *load.Sample, err error) {
	var both sync.WaitGroup
	var readErr, postErr error
	both.Go(func() {
		l := load.Load{Addr: h.Addr, Clients: readers, Time: d, Status: 200, Request: func(_, n int) []byte { return requests[n%len(requests)] }}
		reads, readErr = l.Paced(ctx, mixedReads)
	})
	both.Go(func() { posts, postErr = newPoster(h.Addr, h.Site, h.Origin).load(16, d).Paced(ctx, mixedPosts) })
	both.Wait()
	return reads, posts, errors.Join(readErr, postErr)
}

// memory says what the server has held in memory while it was measured.
func (h *house) memory(ctx context.Context) error {
	if h.server == nil {
		return nil // nothing of the other scenarios has run
	}
	_, peak := h.server.memory()
	h.add(Line{ID: "peak", Title: "resident memory at most, under all of it", Unit: "MiB", Value: mib(peak), Bars: []Bar{atMost("MiB", mib(peak), 256)}})
	return nil
}

// soak keeps the server busy for long and looks whether its memory grows.
func (h *house) soak(ctx context.Context) error {
	if h.Soak == 0 {
		return nil
	}
	if err := h.serve(ctx); err != nil {
		return err
	}
	requests, err := h.reading()
	if err != nil {
		return err
	}
	const parts = 20
	var held []float64
	for range parts {
		if _, _, err := h.busy(ctx, requests, h.Soak/parts); err != nil {
			return err
		}
		held = append(held, mib(h.resident()))
	}
	early, late := median(held[parts/4:parts/2]), median(held[3*parts/4:])
	growth := round(late / early)
	h.add(Line{ID: "soak", Title: fmt.Sprintf("memory after a soak of %v / in its second quarter", h.Soak), Unit: "", Value: growth, Bars: []Bar{atMost("growth", growth, 1.1)}})
	h.add(Line{ID: "soak-memory", Title: "resident memory at the end of the soak", Unit: "MiB", Value: late, Bars: []Bar{atMost("MiB", late, 256)}})
	return nil
}
