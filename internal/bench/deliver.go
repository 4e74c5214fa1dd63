package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/bench/load"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/webhook"
)

const (
	deliverSingly = 100
	deliverMany   = 10000
	deliverBulk   = 400         // decided with one click; the contract allows 500, a request 32 KiB
	deliverTime   = time.Minute // for all of them to arrive
)

// deliveries measures webhooks: from a moderator's approval to the receiver, and
// how many a second when many are owed. The floor of the latter is the same body
// posted to the same receiver by the benchmark's own client.
func (h *house) deliveries(ctx context.Context) (err error) {
	if err := h.serve(ctx); err != nil {
		return err
	}
	waiting, err := h.pending(ctx, deliverSingly+deliverMany)
	if err != nil {
		return err
	}
	r, err := newReceiver()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.server.Close()) }()
	remove, err := h.subscribe(ctx, "http://"+r.addr+"/hook")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if err := h.deliverSingly(r, waiting[:deliverSingly]); err != nil {
		return err
	}
	return h.deliverMany(ctx, r, waiting[deliverSingly:])
}

// subscribe makes an endpoint, as the command does: beside the server, which
// would ask for a password.
func (h *house) subscribe(ctx context.Context, url string) (remove func() error, err error) {
	a, err := h.openApp(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	endpoint, _, err := a.Hooks.Add(ctx, h.Site, webhook.Change{URL: url, Types: []string{comment.CommentApproved}}, operator)
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return func() error { return errors.Join(a.Hooks.Remove(ctx, h.Site, endpoint.ID, operator), a.Close()) }, nil
}

func (h *house) deliverSingly(r *receiver, items []item) error {
	c, err := load.Dial(h.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	var waits load.Histogram
	for _, one := range items {
		sent := time.Now()
		if status, err := c.Send(h.ask("POST", "/moderation/decisions", decision{"approve", []item{one}})); err != nil || status != 200 {
			return fmt.Errorf("approve: status %d %w", status, err)
		}
		at, err := r.wait(one.ID)
		if err != nil {
			return err
		}
		waits.Record(at.Sub(sent))
	}
	h.add(Line{ID: "webhook", Title: "approval until the webhook has arrived", Unit: "ms", It: measureOf(nil, &waits)})
	return nil
}

func (h *house) deliverMany(ctx context.Context, r *receiver, items []item) error {
	began := time.Now()
	var clicks load.Histogram
	for some := range slices.Chunk(items, deliverBulk) {
		sent := time.Now()
		if _, err := h.fetch(h.ask("POST", "/moderation/decisions", decision{"approve", some})); err != nil {
			return err
		}
		clicks.Record(time.Since(sent))
	}
	click := measureOf(nil, &clicks)
	h.add(Line{
		ID: "bulk-click", Title: fmt.Sprintf("answer to the approval of %d at a time, %d in all", deliverBulk, len(items)), Unit: "ms",
		It: click, Bars: []Bar{atMost("ms", click.MaxMS, 1000)},
	})
	var last time.Time
	for _, one := range items {
		at, err := r.wait(one.ID)
		if err != nil {
			return err
		}
		if at.After(last) {
			last = at
		}
	}
	rate := float64(len(items)) / last.Sub(began).Seconds()
	request := load.Message{Method: "POST", Host: r.addr, Path: "/floor", Body: r.example}.Bytes()
	floor, err := load.Load{Addr: r.addr, Clients: 16, Time: h.Time, Status: 200, Request: func(int, int) []byte { return request }}.Run(ctx)
	if err != nil {
		return err
	}
	under := measureOf([]float64{floor.Rate()}, &floor.Waits)
	h.add(Line{ID: "deliveries", Title: fmt.Sprintf("deliveries, %d approved in bulk", len(items)), Unit: "deliveries/s", It: Measure{Rate: round(rate)},
		Floor: &under, Under: "the same body posted by the bare client, 16 connections", Ratio: round(rate / floor.Rate())})
	return nil
}

// receiver takes webhooks and notes when each came.
type receiver struct {
	addr    string
	server  *http.Server
	mu      sync.Mutex
	came    map[string]time.Time // by comment
	example []byte
}

func newReceiver() (*receiver, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{addr: ln.Addr().String(), came: map[string]time.Time{}}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go r.server.Serve(ln) //nolint:errcheck // it ends when the server is closed
	return r, nil
}

// commentID stands before the comment's id in every body.
var commentID = []byte(`"data":{"comment":{"id":"`)

// ServeHTTP notes a webhook.
func (r *receiver) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	now := time.Now()
	body, err := io.ReadAll(req.Body)
	at := bytes.Index(body, commentID)
	if err != nil || at < 0 || req.URL.Path != "/hook" {
		return
	}
	at += len(commentID)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.came[string(body[at:at+36])] = now
	r.example = body
}

// wait waits for the webhook of a comment.
func (r *receiver) wait(id string) (time.Time, error) {
	for end := time.Now().Add(deliverTime); time.Now().Before(end); time.Sleep(200 * time.Microsecond) {
		r.mu.Lock()
		at, ok := r.came[id]
		r.mu.Unlock()
		if ok {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("no webhook of comment %s within %v", id, deliverTime)
}
