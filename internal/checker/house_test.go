package checker

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/keyring"
	"github.com/afterword-comments/afterword/internal/store"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
	"github.com/afterword-comments/afterword/internal/webhook"
	"github.com/afterword-comments/afterword/moderation"
	"github.com/afterword-comments/afterword/moderation/external"
)

const (
	site   = "daily"
	origin = "https://daily.example"
)

var (
	admin = comment.Actor{Kind: comment.ActorModerator, ID: "u0", Name: "Grace"}
	ada   = comment.Account{ID: "u1", Name: "Ada", Grants: []comment.Grant{{Site: site, Role: comment.Moderator}}}
)

// clock goes on only when it is told to.
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

// node is one process of an installation.
type node struct {
	*Checks
	t     testing.TB
	store *store.Store
}

// house is an installation on a real store with the site daily, which publishes
// what no check holds.
type house struct {
	*node
	clock *clock
	dsn   string
}

// engines runs a test on both engines.
func engines(t *testing.T, test func(*testing.T, *house)) {
	t.Run("SQLite", func(t *testing.T) { test(t, newHouse(t, filepath.Join(t.TempDir(), "a.db"))) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, newHouse(t, pgtest.Database(t))) })
}

func newHouse(t testing.TB, dsn string) *house {
	t.Helper()
	h := &house{clock: &clock{at: time.Now().UTC().Truncate(time.Microsecond)}, dsn: dsn}
	h.node = h.start(t)
	name := "Daily"
	_, err := h.Comments.AddSite(t.Context(), site, comment.SiteChange{
		Name: &name, Origins: []string{origin}, Options: map[string]string{"moderation": "flagged", "undo_window": "0s", "rate_limits": "off"},
	}, admin)
	h.must(err)
	return h
}

// start opens another node on the same database.
func (h *house) start(t testing.TB) *node {
	t.Helper()
	s, err := store.Open(t.Context(), h.dsn)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.New([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	guard, err := webhook.NewGuard("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	client := webhook.NewClient(guard, "test", nil)
	n := &node{Checks: New(), t: t, store: s}
	ledger := comment.NewLedger(ring, comment.NewID)
	n.Store, n.Ring, n.Guard, n.Ledger = s, ring, guard, ledger
	n.HTTP, n.Now, n.NewID = client.HTTP(30*time.Second), h.clock.Now, comment.NewID
	n.Comments = comment.NewService(s, ring, ledger, moderation.New())
	n.Comments.Now, n.Comments.Outside = h.clock.Now, n.Checks
	t.Cleanup(func() {
		n.Close()
		client.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func (n *node) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// add sets up a check at a service.
func (n *node) add(url string, change Change) (comment.Integration, string) {
	n.t.Helper()
	change.URL = url
	if change.Kind == "" {
		change.Kind = "http"
	}
	if change.Name == "" {
		change.Name = "Gate"
	}
	i, secret, err := n.Add(context.Background(), site, change, admin)
	n.must(err)
	return i, secret
}

func (n *node) say(text string) comment.Submitted {
	n.t.Helper()
	out, err := n.Comments.Submit(context.Background(), comment.Submission{
		Site: site, Page: comment.PageRef{URL: origin + "/a"}, Name: "Rita", Email: "rita@reader.example", Text: text,
		Client: comment.Client{Origin: origin, IP: "192.0.2.7", Agent: "Browser/1"},
	})
	n.must(err)
	return out
}

func view[T any](n *node, fn func(comment.Reader) (T, error)) (v T) {
	n.t.Helper()
	n.must(n.store.View(context.Background(), func(r comment.Reader) (err error) { v, err = fn(r); return err }))
	return v
}

func (n *node) row(s comment.Submitted) comment.Comment {
	n.t.Helper()
	return view(n, func(r comment.Reader) (comment.Comment, error) { return r.Comment(site, s.Comment.ID) })
}

func (n *node) wantStatus(s comment.Submitted, want comment.Status) {
	n.t.Helper()
	if got := n.row(s).Status; got != want {
		n.t.Errorf("the comment is %s, want %s", got, want)
	}
}

// wantDecider compares who has decided last about a comment.
func (n *node) wantDecider(s comment.Submitted, want comment.Actor) {
	n.t.Helper()
	all := view(n, func(r comment.Reader) ([]comment.Decision, error) { return r.Decisions(site, s.Comment.ID) })
	if len(all) == 0 || all[0].Actor != want {
		n.t.Errorf("decided: %+v, want by %+v", all, want)
	}
}

func (n *node) inquiries(s comment.Submitted) []comment.Inquiry {
	n.t.Helper()
	return view(n, func(r comment.Reader) ([]comment.Inquiry, error) { return r.Inquiries(site, s.Comment.ID) })
}

// step gives the newest step of the check in the newest revision's trace.
func (n *node) step(s comment.Submitted) moderation.Step {
	n.t.Helper()
	c := n.row(s)
	rev := view(n, func(r comment.Reader) (comment.Revision, error) { return r.Revision(site, c.ID, c.Revision) })
	var last moderation.Step
	for _, step := range rev.Trace {
		if step.Check == "outside: Gate" {
			last = step
		}
	}
	return last
}

// wantReasons compares what a moderator is told of a comment.
func (n *node) wantReasons(s comment.Submitted, want ...string) {
	n.t.Helper()
	d, err := n.Comments.Detail(context.Background(), ada, s.Comment.ID)
	n.must(err)
	var got []string
	for _, e := range d.Reasons {
		got = append(got, e.Code)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		n.t.Errorf("reasons: %s", diff)
	}
}

// work does what the worker does, once, and waits for it.
func (n *node) work() {
	n.t.Helper()
	w := &work{Checks: n.Checks, done: make(chan string, 2*workMost), hands: map[string]bool{}}
	n.must(w.inquiries(context.Background()))
	n.must(w.lessons(context.Background()))
	w.calls.Wait()
}

func (n *node) decide(s comment.Submitted, action comment.Action) {
	n.t.Helper()
	c := n.row(s)
	out, err := n.Comments.Decide(context.Background(), comment.Ruling{By: ada, Action: action, Items: []comment.Item{{ID: c.ID, Revision: c.Revision, Status: c.Status}}, Received: n.Now()})
	n.must(err)
	if !out.Results[0].OK {
		n.t.Fatalf("%+v", out.Results[0])
	}
}

// follow does what the follower does with all that is in the log.
func (n *node) follow() {
	n.t.Helper()
	events := view(n, func(r comment.Reader) ([]comment.Event, error) { return r.Events(site, 0, 10000) })
	n.must(n.handle(context.Background(), site, events))
}

// asked is a question as a service reads it.
type asked struct {
	Type     string
	ID       string
	Callback string
	Comment  struct {
		ID       string
		Revision int
		Text     string
	}
	Author   map[string]any
	Decision *struct {
		Status  string
		Flagged bool
	}
}

// service is a program of the newsroom's that can be told what to answer.
type service struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []asked
	answer http.HandlerFunc
}

func newService(t testing.TB, answer http.HandlerFunc) *service {
	s := &service{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var a asked
		if body, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(body, &a) != nil {
			a.Type = string(body)
		}
		s.mu.Lock()
		s.asked = append(s.asked, a)
		answer := s.answer
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *service) says(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *service) questions() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]asked(nil), s.asked...)
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// callback gives a later answer, as a program of the newsroom's would.
func (n *node) callback(secret string, a asked, reply Reply) error {
	n.t.Helper()
	body := []byte(`{"the":"body"}`)
	header, err := external.Sign(secret, a.ID, n.Now(), body)
	n.must(err)
	ticket, err := n.Open(context.Background(), a.Callback[len("/api/v1/checks/"):], header, body)
	if err != nil {
		return err
	}
	return n.Answer(context.Background(), ticket, reply)
}
