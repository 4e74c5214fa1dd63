package bench

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/afterword-comments/afterword/internal/bench/fill"
	"github.com/afterword-comments/afterword/internal/bench/load"
)

// readers is the number of connections that read at once.
const readers = 32

// reads measures what readers ask for most: the first page of a thread, and
// the counts beside the headlines.
func (h *house) reads(ctx context.Context) error {
	if err := h.serve(ctx); err != nil {
		return err
	}
	rates := map[string]float64{}
	for _, page := range h.threadKeys() {
		v, err := h.beside(ctx, "/comments?page="+url.QueryEscape(page))
		if err != nil {
			return fmt.Errorf("first page of %s: %w", page, err)
		}
		rates[page] = v.ratio
		bars := []Bar{atLeast("ratio", v.ratio, 0.8), atMost("p99 / floor's p99", v.p99Ratio(), 3)}
		if first := h.threadKeys()[0]; page != first && rates[first] > 0 {
			bars = append(bars, atLeast("rate / that of "+first, round(v.ratio/rates[first]), 0.95))
		}
		h.add(v.line("read-"+page, "first page of "+page+", 32 connections", "answers/s", "a bare fiber handler sending the same bytes", bars...))
	}
	query := url.Values{"page": h.countedPages()}
	v, err := h.beside(ctx, "/counts?"+query.Encode())
	if err != nil {
		return fmt.Errorf("counts: %w", err)
	}
	h.add(v.line("counts", fmt.Sprintf("counts of %d pages, 32 connections", len(query["page"])), "answers/s", "a bare fiber handler sending the same bytes",
		atLeast("ratio", v.ratio, 0.5)))
	return nil
}

// threadKeys are the pages that are read, by the size of their threads.
func (h *house) threadKeys() []string {
	if len(h.Pages) > 0 {
		return h.Pages
	}
	keys := make([]string, 0, len(h.Threads))
	for _, size := range slices.Sorted(slices.Values(h.Threads)) {
		keys = append(keys, fill.ThreadKey(size))
	}
	return keys
}

// countedPages are 20 pages, as on a front page.
func (h *house) countedPages() []string {
	keys := slices.Clone(h.threadKeys())
	for n := 1; len(keys) < 20; n++ {
		keys = append(keys, fmt.Sprint("page-", n))
	}
	return keys[:20]
}

// beside compares an address with a floor that sends the same bytes.
func (h *house) beside(ctx context.Context, path string) (v versus, err error) {
	body, err := h.fetch(h.get(path))
	if err != nil {
		return v, err
	}
	floor, err := h.launch(ctx, body, "bench", "floor", "--addr", "ADDR")
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, floor.stop()) }()
	if err := floor.ready("/"); err != nil {
		return v, err
	}
	traffic := func(addr string, request []byte) side {
		l := load.Load{Addr: addr, Clients: readers, Time: h.Time, Status: 200, Request: func(int, int) []byte { return request }}
		return l.Run
	}
	return compare(ctx, h.Rounds, traffic(h.Addr, h.get(path)), traffic(floor.addr, h.get(path)))
}

// fetch asks once.
func (h *house) fetch(request []byte) ([]byte, error) {
	c, err := load.Dial(h.Addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	status, body, err := c.Ask(request)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("status %d: %.300s", status, body)
	}
	return slices.Clone(body), err
}
