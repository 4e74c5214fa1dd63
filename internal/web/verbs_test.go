package web_test

import (
	"fmt"
	"net/url"
	"sync"
	"time"
)

// The addresses that most tests use.
const (
	daily    = "/api/v1/sites/daily"
	comments = daily + "/comments"
	queue    = "/api/v1/moderation/comments"
	ruling   = "/api/v1/moderation/decisions"
	article  = origin + "/a"
)

// view is a comment as the tests look at it.
type view struct {
	ID         string
	ParentID   *string `json:"parent_id"`
	Author     struct{ Name, Kind string }
	Status     string
	Revision   int
	HTML       *string
	Tree       any
	EditedAt   *string `json:"edited_at"`
	Votes      struct{ Up, Down int }
	ReplyCount int `json:"reply_count"`
	Replies    replies
}

type replies struct {
	Comments   []view
	NextCursor *string `json:"next_cursor"`
}

type threadPage struct {
	Page struct {
		Key, URL string
		Open     bool
	}
	Count      int
	Comments   []view
	NextCursor *string `json:"next_cursor"`
}

type posted struct {
	Comment   view
	Text      string
	EditToken string `json:"edit_token"`
	EditUntil string `json:"edit_until"`
}

// draft is the body of a new comment.
type draft struct {
	Page struct {
		Key   string `json:"key,omitempty"`
		URL   string `json:"url"`
		Title string `json:"title,omitempty"`
	} `json:"page"`
	ParentID string `json:"parent_id,omitempty"`
	Author   struct {
		Name  string `json:"name"`
		Email string `json:"email,omitempty"`
	} `json:"author"`
	Text string `json:"text"`
}

func write(text string, changes ...func(*draft)) draft {
	var d draft
	d.Page.URL, d.Author.Name, d.Text = article, "Ada", text
	for _, c := range changes {
		c(&d)
	}
	return d
}

func answering(id string) func(*draft) { return func(d *draft) { d.ParentID = id } }

func on(url string) func(*draft) { return func(d *draft) { d.Page.URL = url } }

func by(name string) func(*draft) { return func(d *draft) { d.Author.Name = name } }

// comment posts a comment on the article.
func (h *house) comment(text string, changes ...func(*draft)) posted {
	h.t.Helper()
	return into[posted](h.post(comments, write(text, changes...)).want(201))
}

// public posts a comment and approves it.
func (h *house) public(token, text string, changes ...func(*draft)) posted {
	h.t.Helper()
	p := h.comment(text, changes...)
	h.decide(token, "approve", p.Comment)
	return p
}

// item is a comment in a decision.
type item struct {
	ID       string `json:"id"`
	Revision int    `json:"revision"`
	Status   string `json:"status,omitempty"`
}

type itemResult struct {
	ID, Status, Code, By, Action, Detail string
	OK                                   bool
}

type ruled struct {
	DecisionID string  `json:"decision_id"`
	UndoUntil  *string `json:"undo_until"`
	Results    []itemResult
}

// decision is the body of a decision.
func decision(action string, items ...item) map[string]any {
	return map[string]any{"action": action, "items": items}
}

// decide carries out a decision, every item of which has to succeed.
func (h *house) decide(token, action string, list ...view) ruled {
	h.t.Helper()
	items := make([]item, len(list))
	for i, v := range list {
		items[i] = item{ID: v.ID, Revision: v.Revision}
	}
	out := into[ruled](h.post(ruling, decision(action, items...), as(token)).want(200))
	for _, r := range out.Results {
		if !r.OK {
			h.t.Fatalf("%s: %+v", action, r)
		}
	}
	return out
}

// thread reads the article's thread; query begins with & or is empty.
func (h *house) thread(query string) threadPage {
	h.t.Helper()
	return into[threadPage](h.get(comments + "?page=" + url.QueryEscape(article) + query).want(200))
}

// deskView is a comment as moderators see it.
type deskView struct {
	view
	Text    string
	Held    *struct{ By string }
	Decided *struct{ Action, By string }
	Reports struct {
		Count   int
		Reasons map[string]int
	}
	Reasons        []struct{ Check, Code, Hint string }
	Site           string
	PublicRevision int `json:"public_revision"`
}

// desk reads one comment in the desk.
func (h *house) desk(token, id string) deskView {
	h.t.Helper()
	return into[deskView](h.get(queue+"/"+id, as(token)).want(200))
}

// event is a line of the log as integrators see it.
type event struct {
	ID, Type, Site string
	Sequence       int
	Data           struct {
		Comment struct {
			ID, Status, Text string
			Revision         int
		}
		PreviousStatus *string `json:"previous_status"`
		Actor          struct{ Kind, Name string }
		Reason         string
	}
}

// log reads the types of all public events of one comment, "" for all.
func (h *house) log(token, id string) (types []string) {
	h.t.Helper()
	type page struct {
		Events     []event
		NextCursor *string `json:"next_cursor"`
	}
	after := ""
	for {
		p := into[page](h.get(daily+"/events?limit=100&after="+after, as(token)).want(200))
		for _, e := range p.Events {
			if id == "" || e.Data.Comment.ID == id {
				types = append(types, e.Type)
			}
		}
		if p.NextCursor == nil {
			return types
		}
		after = *p.NextCursor
	}
}

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now().UTC().Truncate(time.Second)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *clock) build(p *plan) { p.now = c.now }

// together runs n things at once.
func together(n int, do func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; do(i) })
	}
	close(start)
	wg.Wait()
}

// reader makes a request another reader's, in a house that is behind("127.0.0.1").
func reader(n int) change { return header("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n)) }
