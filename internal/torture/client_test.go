package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// client is one writer: a reader of the sites who comments, edits and votes,
// and a moderator who decides over this reader's comments. It does one thing at
// a time and asks again until it is answered, so it knows what it was promised.
type client struct {
	n     int
	addrs []string // of the nodes; each request takes any of them
	token string   // the moderator's
	rand  *rand.Rand
	http  *http.Client
	book  *book
	made  int
	own   []*promise // comments, oldest first
}

func newClient(n int, addrs []string, token string, seed uint64, b *book) *client {
	return &client{
		n: n, addrs: addrs, token: token, book: b, rand: rand.New(rand.NewPCG(seed, uint64(n)+2)),
		http: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 2}},
	}
}

// sites are what the clients write on: one whose decisions hold at once and one
// with an undo window.
var sites = []string{"now", "later"}

// run writes until ctx ends. What it has begun it brings to its end, for which
// the server has to come back.
func (c *client) run(ctx context.Context) error {
	defer c.http.CloseIdleConnections()
	for ctx.Err() == nil {
		if err := c.act(); err != nil {
			return fmt.Errorf("client %d: %w", c.n, err)
		}
	}
	return nil
}

func (c *client) act() error {
	if len(c.own) < 3 {
		return c.post()
	}
	switch n := c.rand.IntN(100); {
	case n < 30:
		return c.post()
	case n < 36:
		return c.postAgain()
	case n < 40:
		return c.postTwice()
	case n < 52:
		return c.edit(c.some())
	case n < 64:
		return c.vote()
	case n < 70:
		return c.race(c.some())
	default:
		return c.decide(c.some())
	}
}

// some is one of the client's comments, mostly a fresh one.
func (c *client) some() *promise {
	recent := c.own[max(0, len(c.own)-20):]
	return recent[c.rand.IntN(len(recent))]
}

// words makes a text that nobody else writes, in syllables: the check for
// repeats sees through digits and doubled letters.
func (c *client) words() string {
	c.made++
	number := fmt.Sprintf("%03d%06d", c.n, c.made)
	var name strings.Builder
	for _, digit := range number {
		name.WriteString([]string{"ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu"}[digit-'0'])
	}
	return "What " + name.String() + " said"
}

func (c *client) post() error { return c.submit(c.draft()) }

// draft is a comment that is not yet sent.
func (c *client) draft() *promise {
	p := &promise{site: sites[c.rand.IntN(len(sites))], text: c.words()}
	p.key = "post " + p.text
	page := fmt.Sprintf("page-%d", c.rand.IntN(5))
	body := map[string]any{
		"page":   map[string]string{"key": page, "url": "https://daily.example/" + page, "title": page},
		"author": map[string]string{"name": fmt.Sprintf("Reader %c", 'A'+c.n)}, "text": p.text,
	}
	p.page, p.body = page, body
	if parent := c.parentFor(p); parent != "" {
		body["parent_id"] = parent
	}
	return p
}

// submitted is what the API answers to a new comment.
type submitted struct {
	Comment struct {
		ID, Status string
		Revision   int
	}
	EditToken string `json:"edit_token"`
}

func (p *promise) submission() *request {
	return &request{method: "POST", path: "/api/v1/sites/" + p.site + "/comments", key: p.key, body: p.body, wants: 201}
}

func (c *client) submit(p *promise) error {
	var out submitted
	status, err := c.call(p.submission(), &out)
	if err != nil || status != 201 {
		return err
	}
	c.keep(p, out)
	return nil
}

// keep writes down a comment that has been acknowledged.
func (c *client) keep(p *promise, out submitted) {
	p.id, p.status, p.revision, p.edit = out.Comment.ID, out.Comment.Status, out.Comment.Revision, out.EditToken
	p.texts, p.again = map[int]string{1: p.text}, map[string]bool{}
	c.own = append(c.own, p)
	c.book.comment(p)
}

// twin is a second connection of the same reader, for what happens at once.
func (c *client) twin() *client {
	return &client{n: c.n, addrs: c.addrs, token: c.token, book: c.book, http: c.http, rand: rand.New(rand.NewPCG(c.rand.Uint64(), 0))}
}

// postTwice sends one submission to two nodes at once, as an impatient reader
// does: it makes one comment.
func (c *client) postTwice() error {
	p, twin := c.draft(), c.twin()
	var first, second submitted
	var g errgroup.Group
	var statuses [2]int
	g.Go(func() (err error) { statuses[0], err = c.call(p.submission(), &first); return err })
	g.Go(func() (err error) { statuses[1], err = twin.call(p.submission(), &second); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	if answers := p.body.(map[string]any)["parent_id"] != nil; answers && statuses == [2]int{422, 422} {
		return nil // its approval is held still, or was taken back: to the public it is not there
	}
	if statuses != [2]int{201, 201} || first.Comment.ID != second.Comment.ID {
		c.book.wrong("one submission sent twice at once is answered with %v: %s and %s", statuses, first.Comment.ID, second.Comment.ID)
	}
	c.keep(p, first)
	c.book.count(&c.book.replays)
	return nil
}

// parentFor is a public comment of the client's own on the same page, or "" as
// often as not.
func (c *client) parentFor(p *promise) string {
	if len(c.own) == 0 || c.rand.IntN(2) == 0 {
		return ""
	}
	q := c.some()
	if q.site != p.site || q.page != p.page || q.status != "approved" {
		return ""
	}
	return q.id
}

// postAgain sends an old submission once more, with its idempotency key: as a
// phone does that has lost the answer.
func (c *client) postAgain() error {
	p := c.some()
	var out submitted
	if _, err := c.call(p.submission(), &out); err != nil {
		return err
	}
	if out.Comment.ID != p.id {
		c.book.wrong("the same idempotency key made %s, then %s", p.id, out.Comment.ID)
	}
	c.book.count(&c.book.replays)
	return nil
}

func (c *client) edit(p *promise) error {
	text := c.words()
	var out struct {
		Comment struct {
			Status   string
			Revision int
		}
	}
	r := &request{method: "PATCH", path: "/api/v1/sites/" + p.site + "/comments/" + p.id, bearer: p.edit, body: map[string]string{"text": text}, wants: 200}
	status, err := c.call(r, &out)
	if err != nil {
		return err
	}
	if r.tries > 1 {
		p.again[text] = true
	}
	if status != 200 { // decided meanwhile, or edited too often
		return c.refresh(p)
	}
	was := p.status
	p.status, p.revision = out.Comment.Status, out.Comment.Revision
	c.book.edited(p, text)
	if was == "spam" { // which stays so, and its author is not told
		return c.refresh(p)
	}
	return nil
}

var targets = map[string]string{"approve": "approved", "reject": "rejected", "spam": "spam"}

// decide is a moderator's act on a comment, and perhaps a second thought.
func (c *client) decide(p *promise) error {
	action := []string{"approve", "approve", "reject", "spam"}[c.rand.IntN(4)]
	if targets[action] == p.status {
		action = map[string]string{"approve": "reject", "reject": "approve", "spam": "approve"}[action]
	}
	var out decided
	status, err := c.call(c.ruling(p, action), &out)
	if err != nil {
		return err
	}
	if status != 200 || !out.ok() {
		return c.refresh(p)
	}
	d := c.book.decided(p, out.DecisionID, targets[action])
	if out.UndoUntil == nil || c.rand.IntN(3) > 0 {
		return nil
	}
	return c.undo(p, d)
}

// decided is what the API answers to a decision or an undo.
type decided struct {
	DecisionID string  `json:"decision_id"`
	UndoUntil  *string `json:"undo_until"`
	Results    []struct {
		OK     bool
		Status string
	}
}

func (d decided) ok() bool { return len(d.Results) == 1 && d.Results[0].OK }

// ruling is the request for a decision upon what the client knows of p.
func (c *client) ruling(p *promise, action string) *request {
	c.made++
	return &request{
		method: "POST", path: "/api/v1/moderation/decisions", bearer: c.token, wants: 200, key: fmt.Sprintf("decide %d %d %s", c.n, c.made, action),
		body: map[string]any{"action": action, "items": []map[string]any{{"id": p.id, "revision": p.revision, "status": p.status}}},
	}
}

// race makes two different decisions upon one sight of a comment, at once and
// on any two nodes: one of them wins, the other is a conflict.
func (c *client) race(p *promise) error {
	var actions []string
	for _, action := range []string{"approve", "reject", "spam"} {
		if targets[action] != p.status {
			actions = append(actions, action)
		}
	}
	c.rand.Shuffle(len(actions), func(i, j int) { actions[i], actions[j] = actions[j], actions[i] })
	var outs [2]decided
	var g errgroup.Group
	for i, by := range []*client{c, c.twin()} {
		r := c.ruling(p, actions[i])
		g.Go(func() error { _, err := by.call(r, &outs[i]); return err })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if outs[0].ok() == outs[1].ok() {
		c.book.wrong("comment %s: of %s and %s at once, upon the same sight, both were answered %v", p.id, actions[0], actions[1], outs[0].ok())
		return c.refresh(p)
	}
	for i, out := range outs {
		if out.ok() {
			c.book.decided(p, out.DecisionID, targets[actions[i]])
		}
	}
	c.book.count(&c.book.races)
	return nil
}

func (c *client) undo(p *promise, d *decision) error {
	var out decided
	r := &request{method: "POST", path: "/api/v1/moderation/decisions/" + d.id + "/undo", bearer: c.token, wants: 200, body: struct{}{}}
	status, err := c.call(r, &out)
	if err != nil {
		return err
	}
	if status != 200 || !out.ok() {
		return c.refresh(p) // too late, or an earlier try was in time
	}
	c.book.undone(p, d, out.Results[0].Status)
	return nil
}

func (c *client) vote() error {
	p := c.book.anyApproved(c.rand)
	if p.id == "" {
		return c.post()
	}
	value := c.rand.IntN(3) - 1
	var out struct{ Value int }
	r := &request{method: "PUT", path: "/api/v1/sites/" + p.site + "/comments/" + p.id + "/vote", body: map[string]int{"value": value}, wants: 200}
	status, err := c.call(r, &out)
	switch {
	case err != nil:
		return err
	case status == 200:
		c.book.voted(p.id, c.n, value)
	case r.tries > 1: // not public any more; whether it was at the first try, nobody can tell
		c.book.unsure(p.id)
	}
	return nil
}

// refresh learns how a comment stands after an answer that leaves it open.
func (c *client) refresh(p *promise) error {
	var out struct {
		Status   string
		Revision int
	}
	status, err := c.call(&request{method: "GET", path: "/api/v1/moderation/comments/" + p.id, bearer: c.token, wants: 200}, &out)
	if err != nil {
		return err
	}
	if status != 200 {
		c.book.wrong("comment %s, which was acknowledged, is answered with %d", p.id, status)
		return nil
	}
	p.status, p.revision = out.Status, out.Revision
	return nil
}

// request is one thing to ask for until it is answered.
type request struct {
	method, path, bearer, key string
	body                      any
	wants                     int
	tries                     int
}

// final are the statuses that answer a request; any other one, and no answer at
// all, is a reason to ask again.
func final(status int) bool {
	switch status {
	case 200, 201, 403, 404, 409, 422:
		return true
	}
	return false
}

// call asks until it is answered. The server may be killed and started many
// times in between, but not for ever.
func (c *client) call(r *request, into any) (status int, err error) {
	body, err := json.Marshal(r.body)
	if err != nil {
		return 0, err
	}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		var answer []byte
		r.tries++
		if status, answer, err = c.once(r, body); err == nil && final(status) {
			if status == r.wants {
				err = json.Unmarshal(answer, into)
			}
			return status, err
		}
		if err == nil {
			err = fmt.Errorf("%s %s is answered with %d: %s", r.method, r.path, status, answer)
			if status < 500 {
				return status, err
			}
		}
		c.book.count(&c.book.retries)
		<-time.After(time.Duration(10+c.rand.IntN(20)) * time.Millisecond)
	}
	return 0, errors.Join(errors.New("no answer"), err)
}

func (c *client) once(r *request, body []byte) (int, []byte, error) {
	var content io.Reader
	if r.body != nil {
		content = bytes.NewReader(body)
	}
	req, err := http.NewRequest(r.method, "http://"+anyOf(c.addrs, c.rand)+r.path, content)
	if err != nil {
		return 0, nil, err
	}
	if r.body != nil {
		req.Header.Set("content-type", "application/json")
	}
	req.Header.Set("x-forwarded-for", fmt.Sprintf("10.%d.0.1", c.n)) // another network, so another voter
	if r.bearer != "" {
		req.Header.Set("authorization", "Bearer "+r.bearer)
	}
	if r.key != "" {
		req.Header.Set("idempotency-key", r.key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if res.StatusCode == http.StatusServiceUnavailable {
		c.book.count(&c.book.refused)
		if res.Header.Get("retry-after") == "" {
			c.book.wrong("%s %s is answered with 503 and no Retry-After: %s", r.method, r.path, answer)
		}
	}
	if res.StatusCode == http.StatusInternalServerError {
		c.book.wrong("%s %s is answered with 500: %s", r.method, r.path, answer)
	}
	return res.StatusCode, answer, err
}
