package comment_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/keyring"
	"github.com/afterword-comments/afterword/internal/store"
	"github.com/afterword-comments/afterword/moderation"
)

// clock stands still until it is told to move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// house is the domain on a real store, with a clock that stands still. It has
// the sites daily and weekly, without rate limits and undo window unless the
// test sets them.
type house struct {
	*comment.Service
	t     testing.TB
	path  string
	store *store.Store
	past  *sql.DB
	clock *clock
	texts int // so far, so that no two are the same
}

const (
	origin  = "https://daily.example"
	article = origin + "/story"
)

var (
	ada      = staff("ada", comment.Moderator, "daily")
	bob      = staff("bob", comment.Moderator, "daily")
	chief    = staff("chief", comment.Admin, "daily")
	watcher  = staff("watcher", comment.Viewer, "daily")
	stranger = staff("stranger", comment.Moderator, "weekly")
	owner    = staff("owner", comment.Owner, comment.AllSites)
)

func staff(name string, role comment.Role, site string) comment.Account {
	return comment.Account{ID: "account-" + name, Name: name, Email: name + "@staff.example", Grants: []comment.Grant{{Site: site, Role: role}}}
}

// newHouse opens a house; options are those of both sites, "name=value".
func newHouse(t testing.TB, options ...string) *house {
	t.Helper()
	return newHouseAt(t, filepath.Join(t.TempDir(), "afterword.db"), options...)
}

// newHouseAt is newHouse on a database of whichever engine.
func newHouseAt(t testing.TB, path string, options ...string) *house {
	t.Helper()
	h := &house{t: t, path: path, clock: &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	h.open()
	for _, key := range []string{"daily", "weekly"} {
		name := key
		_, err := h.AddSite(ctx(), key, comment.SiteChange{Name: &name, Origins: []string{"https://" + key + ".example"}}, comment.Actor{Kind: comment.ActorOperator})
		h.must(err)
		h.set(key, append([]string{"rate_limits=off", "undo_window=0s"}, options...)...)
	}
	return h
}

// open opens the store, again if it was open before.
func (h *house) open(checks ...moderation.Check) {
	h.t.Helper()
	if h.store != nil {
		h.must(h.store.Close())
	}
	ring, err := keyring.New([]byte("an installation key of 32 bytes!!"))
	h.must(err)
	h.store, err = store.Open(ctx(), h.path)
	h.must(err)
	opened := h.store
	h.t.Cleanup(func() {
		if h.store == opened {
			h.wantValid()
			h.must(opened.Close())
		}
	})
	h.Service = comment.NewService(h.store, ring, comment.NewLedger(ring, comment.NewID), moderation.New(checks...))
	h.Now = h.clock.Now
}

func ctx() context.Context { return context.Background() }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// set changes options of a site, "name=value".
func (h *house) set(site string, options ...string) {
	h.t.Helper()
	change := comment.SiteChange{Options: map[string]string{}}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		change.Options[name] = value
	}
	_, err := h.ChangeSite(ctx(), site, change, comment.Actor{Kind: comment.ActorOperator})
	h.must(err)
}

// post is a submission that is fine as it is.
func post(text string) comment.Submission {
	return comment.Submission{
		Site: "daily", Page: comment.PageRef{URL: article, Title: "Story"}, Name: "Rita", Email: "rita@reader.example", Text: text,
		Client: comment.Client{Origin: origin, IP: "203.0.113.77", Agent: "Browser/1"},
	}
}

func (h *house) submit(sub comment.Submission) comment.Submitted {
	h.t.Helper()
	out, err := h.Submit(ctx(), sub)
	h.must(err)
	return out
}

// say posts a text; reply answers a comment.
func (h *house) say(text string) comment.Submitted { h.t.Helper(); return h.submit(post(text)) }

func (h *house) reply(to, text string) comment.Submitted {
	h.t.Helper()
	sub := post(text)
	sub.ParentID = to
	return h.submit(sub)
}

// public posts a text and approves it.
func (h *house) public(text string) comment.Submitted {
	h.t.Helper()
	out := h.say(text)
	h.decide(ada, comment.Approve, out.Comment.ID)
	return out
}

func (h *house) publicReply(to, text string) comment.Submitted {
	h.t.Helper()
	out := h.reply(to, text)
	h.decide(ada, comment.Approve, out.Comment.ID)
	return out
}

// ruling is a decision by somebody who sees each comment as it is now.
func (h *house) ruling(by comment.Account, action comment.Action, ids ...string) comment.Ruling {
	h.t.Helper()
	r := comment.Ruling{By: by, Action: action, Received: h.clock.Now()}
	for _, id := range ids {
		c := h.row(id)
		r.Items = append(r.Items, comment.Item{ID: id, Revision: c.Revision, Status: c.Status})
	}
	return r
}

// try carries out a decision whatever comes of it; decide expects success.
func (h *house) try(by comment.Account, action comment.Action, ids ...string) comment.Ruled {
	h.t.Helper()
	out, err := h.Decide(ctx(), h.ruling(by, action, ids...))
	h.must(err)
	return out
}

func (h *house) decide(by comment.Account, action comment.Action, ids ...string) comment.Ruled {
	h.t.Helper()
	out := h.try(by, action, ids...)
	for _, r := range out.Results {
		if !r.OK {
			h.t.Fatalf("%s of %s: %s %s", action, r.ID, r.Code, r.Detail)
		}
	}
	return out
}

func (h *house) edit(s comment.Submitted, text string) comment.Submitted {
	h.t.Helper()
	out, err := h.Edit(ctx(), revising(s, text))
	h.must(err)
	return out
}

func revising(s comment.Submitted, text string) comment.Revising {
	return comment.Revising{Site: s.Comment.Site, ID: s.Comment.ID, Token: s.EditToken, Text: text, Client: comment.Client{Origin: "https://" + s.Comment.Site + ".example"}}
}

func (h *house) retract(s comment.Submitted) {
	h.t.Helper()
	h.must(h.Retract(ctx(), revising(s, "")))
}

// settle lets whatever is due take effect, as the Settler does.
func (h *house) settle() {
	h.t.Helper()
	for range 1000 {
		next, err := h.Settle(ctx(), 500)
		h.must(err)
		if next.IsZero() || next.After(h.clock.Now()) {
			return
		}
	}
	h.t.Fatal("Settle finds no end")
}

func view[T any](h *house, fn func(comment.Reader) (T, error)) (v T) {
	h.t.Helper()
	h.must(h.store.View(ctx(), func(r comment.Reader) (err error) { v, err = fn(r); return err }))
	return v
}

func (h *house) row(id string) comment.Comment {
	h.t.Helper()
	return view(h, func(r comment.Reader) (comment.Comment, error) { return r.FindComment(id) })
}

func (h *house) log(site string) []comment.Event {
	h.t.Helper()
	return view(h, func(r comment.Reader) ([]comment.Event, error) { return r.Events(site, 0, 1_000_000) })
}

// events are the public ones of a comment.
func (h *house) events(id string) (events []comment.Event) {
	h.t.Helper()
	for _, e := range h.log(h.row(id).Site) {
		if e.CommentID == id && e.Public() {
			events = append(events, e)
		}
	}
	return events
}

func types(events []comment.Event) string {
	var all []string
	for _, e := range events {
		all = append(all, strings.TrimPrefix(e.Type, "comment."))
	}
	return strings.Join(all, " ")
}

// wantEvents compares the types of a comment's public events, in order.
func (h *house) wantEvents(id, want string) {
	h.t.Helper()
	if got := types(h.events(id)); got != want {
		h.t.Errorf("events of the comment are %q, want %q", got, want)
	}
}

// body is what a webhook carries, as an integrator reads it.
type body struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	Site      string `json:"site"`
	Sequence  int64  `json:"sequence"`
	Data      struct {
		Comment struct {
			ID         string  `json:"id"`
			ParentID   *string `json:"parent_id"`
			Status     string  `json:"status"`
			Revision   int     `json:"revision"`
			HTML       string  `json:"html"`
			Text       string  `json:"text"`
			CreatedAt  string  `json:"created_at"`
			EditedAt   *string `json:"edited_at"`
			ReplyCount int     `json:"reply_count"`
			Author     struct {
				Name string `json:"name"`
				Kind string `json:"kind"`
			} `json:"author"`
		} `json:"comment"`
		Page struct {
			Key   string `json:"key"`
			URL   string `json:"url"`
			Title string `json:"title"`
		} `json:"page"`
		PreviousStatus *string `json:"previous_status"`
		Actor          struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"actor"`
		Reasons []moderation.Evidence `json:"reasons"`
		Reason  string                `json:"reason"`
	} `json:"data"`
}

func bodyOf(t testing.TB, e comment.Event) (b body) {
	t.Helper()
	if err := json.Unmarshal(e.Body, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// thread reads all of a page's thread, as a reader who follows every cursor.
func (h *house) thread(ask comment.Ask) (roots []comment.View) {
	h.t.Helper()
	if ask.Site == "" {
		ask.Site, ask.Page = "daily", article
	}
	for range 10_000 {
		out, err := h.Thread(ctx(), ask)
		h.must(err)
		roots = append(roots, out.Comments...)
		if out.NextCursor == nil {
			return roots
		}
		ask.Cursor = *out.NextCursor
	}
	h.t.Fatal("the thread has no end")
	return nil
}

// replies completes the replies to a comment over every cursor.
func (h *house) replies(site string, v comment.View) []comment.View {
	h.t.Helper()
	all, cursor := v.Replies.Comments, v.Replies.NextCursor
	for cursor != nil {
		out, err := h.Replies(ctx(), comment.Ask{Site: site, Parent: v.ID, Cursor: *cursor, Limit: 3})
		h.must(err)
		all, cursor = append(all, out.Comments...), out.NextCursor
	}
	return all
}

func ids(views []comment.View) (all []string) {
	for _, v := range views {
		all = append(all, v.ID)
	}
	return all
}

func (h *house) author(id string) comment.Author {
	h.t.Helper()
	c := h.row(id)
	return view(h, func(r comment.Reader) (comment.Author, error) { return r.Author(c.Site, c.AuthorID) })
}

func (h *house) pageCount(ref string) int {
	h.t.Helper()
	counts, err := h.Counts(ctx(), "daily", []string{ref})
	h.must(err)
	return counts.Counts[ref]
}

// wantFault checks an error's code, and its field if one is named: "code" or
// "field:code".
func wantFault(t testing.TB, err error, want string) {
	t.Helper()
	got := "no error"
	var f *fault.Error
	if errors.As(err, &f) {
		got = f.Code
		if len(f.Fields) == 1 {
			got = f.Fields[0].Name + ":" + f.Fields[0].Code
		}
	} else if err != nil {
		got = "no fault: " + err.Error()
	}
	if got != want {
		t.Errorf("the error is %q, want %q", got, want)
	}
}

// raw reads the database past the store.
func (h *house) raw() *sql.DB {
	h.t.Helper()
	if h.past == nil {
		db, err := sql.Open("sqlite3", "file:"+h.path+"?mode=ro")
		h.must(err)
		h.t.Cleanup(func() { db.Close() })
		h.past = db
	}
	return h.past
}

// wantSoundLog checks a site's log: gapless, linked, and within each comment
// numbered from 1 without gaps.
func (h *house) wantSoundLog(site string) {
	h.t.Helper()
	audit := view(h, func(r comment.Reader) (comment.Audit, error) { return h.Ledger.Verify(r, site) })
	events := h.log(site)
	if audit.Bad != 0 || audit.Events != int64(len(events)) {
		h.t.Fatalf("the log of %s is not sound: %+v of %d events", site, audit, len(events))
	}
	last := map[string]int64{}
	for i, e := range events {
		if e.Seq != int64(i+1) {
			h.t.Fatalf("event %d of %s has the number %d", i+1, site, e.Seq)
		}
		if counted := e.Public() && e.CommentID != ""; counted != (e.Sequence > 0) {
			h.t.Fatalf("%s has the sequence %d", e.Type, e.Sequence)
		}
		if e.Sequence > 0 {
			if last[e.CommentID]++; e.Sequence != last[e.CommentID] {
				h.t.Fatalf("comment %s: %s has the sequence %d, want %d", e.CommentID, e.Type, e.Sequence, last[e.CommentID])
			}
		}
	}
}

// wantNowhere checks that a text is in no body of the log.
func (h *house) wantNowhere(secrets ...string) {
	h.t.Helper()
	for _, site := range []string{"daily", "weekly"} {
		for _, e := range h.log(site) {
			for _, secret := range secrets {
				if bytes.Contains(e.Body, []byte(secret)) {
					h.t.Errorf("%q is in the body of %s", secret, e.Type)
				}
			}
		}
	}
}
