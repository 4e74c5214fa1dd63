package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/bench/load"
	"github.com/afterword-comments/afterword/internal/bench/raw"
)

// laterRate is how many later pages are asked for in a second.
const laterRate = 200

// later measures what no cache can have: pages further down a long thread, each
// asked for once. The requests come at a fixed rate, so a wait counts from when
// the request was due.
func (h *house) later(ctx context.Context) error {
	if err := h.serve(ctx); err != nil {
		return err
	}
	keys := h.threadKeys()
	page := keys[len(keys)-1]
	d := time.Duration(h.Rounds) * h.Time
	paths, err := h.pagesBelow(page, int(laterRate*d.Seconds())+1)
	if err != nil {
		return err
	}
	body, err := h.fetch(h.get(paths[0]))
	if err != nil {
		return err
	}
	floor, err := h.launch(ctx, body, "bench", "floor", "--addr", "ADDR")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, floor.stop()) }()
	if err := floor.ready("/"); err != nil {
		return err
	}
	if err := h.warm(); err != nil {
		return err
	}
	requests := make([][]byte, len(paths))
	for i, path := range paths {
		requests[i] = h.get(path)
	}
	taken := 0
	paced := func(addr string, advance bool) side {
		return func(ctx context.Context) (*load.Sample, error) {
			first := taken
			l := load.Load{Addr: addr, Clients: readers, Time: h.Time, Status: 200, Request: func(_, n int) []byte { return requests[(first+n)%len(requests)] }}
			seen, err := l.Paced(ctx, laterRate)
			if advance {
				taken += int(laterRate * h.Time.Seconds())
			}
			return seen, err
		}
	}
	v, err := compare(ctx, h.Rounds, paced(h.Addr, true), paced(floor.addr, false))
	if err != nil {
		return err
	}
	line := v.line("later", fmt.Sprintf("later pages of %s, %d/s", page, laterRate), "answers/s", "a bare fiber handler at the same pace", atMost("p99 ms", v.it.P99MS, 10))
	line.Ratio, line.Best = 0, 0 // both keep the pace
	h.add(line)
	return nil
}

// warm reads the database's file once, so that it is in memory as far as there
// is room for it: what is measured is the service and not the disk.
func (h *house) warm() error {
	if h.foreign || raw.Postgres(h.DB) {
		return nil
	}
	f, err := os.Open(strings.TrimPrefix(h.DB, "sqlite:"))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, f)
	return err
}

// listed is what of a list of comments is looked at.
type listed struct {
	Comments []struct {
		ID         string `json:"id"`
		ReplyCount int    `json:"reply_count"`
	} `json:"comments"`
	NextCursor *string `json:"next_cursor"`
}

// laterLengths is how many lengths of page are asked for at one place: other
// lengths are other addresses, and going down a thread takes time.
const laterLengths = 10

// pagesBelow gives n addresses of later pages and of pages of replies, no two
// alike. It goes down the thread in pages of 100, in every order, and down the
// replies of its first comment.
func (h *house) pagesBelow(page string, n int) (paths []string, err error) {
	lists := make([]string, 0, 4)
	for _, sort := range []string{"oldest", "newest", "top"} {
		lists = append(lists, "/comments?page="+url.QueryEscape(page)+"&sort="+sort)
	}
	first, err := h.list(lists[0])
	if err != nil {
		return nil, err
	}
	if len(first.Comments) == 0 {
		return nil, fmt.Errorf("the page %s has no comments", page)
	}
	lists = append(lists, "/comments/"+first.Comments[0].ID+"/replies?sort=oldest")
	var below []string
	for _, list := range lists {
		cursor := ""
		for range n/len(lists)/laterLengths + 1 {
			found, err := h.list(list + "&limit=100" + cursor)
			if err != nil {
				return nil, err
			}
			if found.NextCursor == nil {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(*found.NextCursor)
			below = append(below, list+cursor)
		}
	}
	for limit := 25; len(below) > 0 && limit > 5; limit-- { // a short thread has few places
		for _, path := range below {
			if paths = append(paths, fmt.Sprintf("%s&limit=%d", path, limit)); len(paths) == n {
				return spread(paths), nil
			}
		}
	}
	return nil, fmt.Errorf("the page %s has only %d later pages; choose a longer thread", page, len(below))
}

func (h *house) list(path string) (found listed, err error) {
	body, err := h.fetch(h.get(path))
	if err == nil {
		err = json.Unmarshal(body, &found)
	}
	return found, err
}

// spread puts neighbours far from each other.
func spread(all []string) []string {
	const stride = 7919 // a prime, so every place comes once
	if len(all)%stride == 0 {
		return all
	}
	out := make([]string, len(all))
	for i := range all {
		out[i] = all[i*stride%len(all)]
	}
	return out
}
