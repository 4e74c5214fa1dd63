package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/bench/load"
)

// errNoToken is why what only moderators may do is not measured.
var errNoToken = errors.New("this needs a moderator's token: --token")

// ask is a moderator's request; body may be nil.
func (h *house) ask(method, path string, body any) []byte {
	m := load.Message{Method: method, Host: h.Addr, Path: "/api/v1" + path, Header: []string{"Authorization: Bearer " + h.Token}}
	if body != nil {
		m.Body, _ = json.Marshal(body)
	}
	return m.Bytes()
}

// call asks and reads the answer.
func (h *house) call(into any, method, path string, body any) error {
	answer, err := h.fetch(h.ask(method, path, body))
	if err == nil && into != nil {
		err = json.Unmarshal(answer, into)
	}
	return err
}

// item is a comment as a decision names it.
type item struct {
	ID       string `json:"id"`
	Revision int    `json:"revision"`
}

type decision struct {
	Action string `json:"action"`
	Items  []item `json:"items"`
}

// bulkMost is the most that one decision takes here; the contract allows 500.
const bulkMost = 100

// queue measures the desk: a page of the queue, and decisions one by one and in
// bulk.
func (h *house) queue(ctx context.Context) error {
	if err := h.serve(ctx); err != nil {
		return err
	}
	if h.Token == "" {
		return errNoToken
	}
	if err := h.queuePage(ctx); err != nil {
		return err
	}
	single, bulk := 1000, 2000
	waiting, err := h.pending(ctx, single+bulk)
	if err != nil {
		return err
	}
	single = min(single, len(waiting)/3)
	requests := make([][]byte, 0, single)
	for _, one := range waiting[:single] {
		requests = append(requests, h.ask("POST", "/moderation/decisions", decision{"approve", []item{one}}))
	}
	if err := h.decisions(ctx, "decide", "decisions, one each, 8 clients", requests, 1, 8); err != nil {
		return err
	}
	requests = requests[:0]
	for rest := waiting[single:]; len(rest) >= bulkMost; rest = rest[bulkMost:] {
		requests = append(requests, h.ask("POST", "/moderation/decisions", decision{"approve", rest[:bulkMost]}))
	}
	return h.decisions(ctx, "decide-bulk", fmt.Sprintf("decisions, %d each, 2 clients", bulkMost), requests, bulkMost, 2)
}

func (h *house) queuePage(ctx context.Context) error {
	request := h.ask("GET", "/moderation/comments?site="+h.Site+"&status=pending", nil)
	l := load.Load{Addr: h.Addr, Clients: 4, Time: time.Duration(h.Rounds) * h.Time, Status: 200, Request: func(int, int) []byte { return request }}
	seen, err := l.Run(ctx)
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	var page struct{ Counts map[string]int }
	if err := h.call(&page, "GET", "/moderation/comments?site="+h.Site+"&status=pending&limit=1", nil); err != nil {
		return err
	}
	h.add(Line{ID: "queue", Title: fmt.Sprintf("a page of the queue, %d waiting, 4 clients", page.Counts["pending"]), Unit: "answers/s",
		It: measureOf([]float64{seen.Rate()}, &seen.Waits)})
	return nil
}

func (h *house) decisions(ctx context.Context, id, title string, requests [][]byte, each, clients int) error {
	l := load.Load{Addr: h.Addr, Clients: clients, Time: time.Hour, Most: len(requests), Status: 200, Request: func(_, n int) []byte { return requests[min(n, len(requests)-1)] }}
	seen, err := l.Run(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", title, err)
	}
	h.add(Line{ID: id, Title: title, Unit: "decisions/s", It: measureOf([]float64{float64(each) * seen.Rate()}, &seen.Waits)})
	return nil
}

// pending makes comments that wait for a decision, and gives the newest ones
// that do.
func (h *house) pending(ctx context.Context, n int) (waiting []item, err error) {
	l := newPoster(h.Addr, h.Site, h.Origin).load(32, time.Hour)
	l.Most = n
	if _, err := l.Run(ctx); err != nil {
		return nil, err
	}
	var page struct {
		Comments   []item  `json:"comments"`
		NextCursor *string `json:"next_cursor"`
	}
	path := "/moderation/comments?status=pending&sort=newest&limit=100&site=" + h.Site
	for next := path; len(waiting) < n; next = path + "&cursor=" + *page.NextCursor {
		page.NextCursor = nil
		if err := h.call(&page, "GET", next, nil); err != nil {
			return nil, err
		}
		waiting = append(waiting, page.Comments...)
		if page.NextCursor == nil {
			break
		}
	}
	if len(waiting) < 3*bulkMost {
		return nil, fmt.Errorf("only %d comments wait for a decision; the site has to review every comment", len(waiting))
	}
	return waiting[:min(n, len(waiting))], nil
}

// publish makes a comment that readers see; it reports when the request was sent
// that made it so.
func (h *house) publish(c *load.Conn, post []byte) (id string, sent time.Time, err error) {
	sent = time.Now()
	status, body, err := c.Ask(post)
	if err != nil || status != 201 {
		return "", sent, fmt.Errorf("post: status %d %w", status, err)
	}
	var answer struct {
		Comment struct {
			item
			Status string `json:"status"`
		} `json:"comment"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", sent, err
	}
	made := answer.Comment
	if made.Status == "approved" {
		return made.ID, sent, nil
	}
	if h.Token == "" {
		return "", sent, errNoToken
	}
	sent = time.Now()
	if status, err = c.Send(h.ask("POST", "/moderation/decisions", decision{"approve", []item{made.item}})); err == nil && status != 200 {
		err = fmt.Errorf("approve: status %d", status)
	}
	return made.ID, sent, err
}
