package app

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
	"github.com/afterword-comments/afterword/internal/webhook"
)

var testKey = base64.StdEncoding.EncodeToString([]byte("0123456789abcdefghijklmnopqrstuv"))

// node opens one of an installation's nodes.
func node(t *testing.T, dsn string) *App {
	t.Helper()
	a, err := Open(t.Context(), Settings{DB: dsn, SecretKey: testKey, WebhookAllow: "127.0.0.0/8", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// running is a node whose workers run.
func running(t *testing.T, dsn string) *App {
	t.Helper()
	a := node(t, dsn)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return a
}

func addDaily(t *testing.T, a *App) {
	t.Helper()
	name := "Daily"
	_, err := a.Comments.AddSite(t.Context(), "daily", comment.SiteChange{
		Name: &name, Origins: []string{"https://daily.example"}, Options: map[string]string{"undo_window": "0s", "rate_limits": "off"},
	}, comment.Actor{})
	if err != nil {
		t.Fatal(err)
	}
}

func submission(n int) comment.Submission {
	return comment.Submission{
		Site: "daily", Page: comment.PageRef{URL: "https://daily.example/a"}, Name: "Zoë", Text: fmt.Sprint("The ", n, "th thought."),
		Client: comment.Client{IP: "192.0.2.1"},
	}
}

// receiver counts, by comment, the approvals that webhooks tell of.
type receiver struct {
	*httptest.Server
	mu  sync.Mutex
	got map[string]int
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{got: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		var e struct {
			Data struct{ Comment struct{ ID string } }
		}
		if body, err := io.ReadAll(req.Body); err != nil || json.Unmarshal(body, &e) != nil {
			t.Errorf("body %q, %v", body, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got[e.Data.Comment.ID]++
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) comments() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

// TestTwoNodes goes the whole way of a comment over two nodes: posted on one,
// approved on the other, told once to whoever listens.
func TestTwoNodes(t *testing.T) {
	dsn := pgtest.Database(t)
	a, b := running(t, dsn), running(t, dsn)
	addDaily(t, a)
	r := newReceiver(t)
	if _, _, err := a.Hooks.Add(t.Context(), "daily", webhook.Change{URL: r.URL}, comment.Actor{}); err != nil {
		t.Fatal(err)
	}
	const n = 20
	owner := comment.Account{ID: "u1", Grants: []comment.Grant{{Site: comment.AllSites, Role: comment.Owner}}}
	var all sync.WaitGroup
	for i := range n {
		post, decide := a, b
		if i%2 == 0 {
			post, decide = b, a
		}
		all.Go(func() {
			out, err := post.Comments.Submit(context.Background(), submission(i))
			if err != nil {
				t.Error(err)
				return
			}
			ruled, err := decide.Comments.Decide(context.Background(), comment.Ruling{
				By: owner, Action: comment.Approve, Items: []comment.Item{{ID: out.Comment.ID, Revision: 1}}, Received: time.Now(),
			})
			if err != nil || !ruled.Results[0].OK {
				t.Errorf("decided %+v, %v", ruled, err)
			}
		})
	}
	all.Wait()
	for end := time.Now().Add(30 * time.Second); r.comments() < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("told of %d comments, want %d", r.comments(), n)
		}
	}
	for id, k := range r.got {
		if k != 1 {
			t.Errorf("comment %s was told %d times", id, k)
		}
	}
	err := b.Store.View(t.Context(), func(rd comment.Reader) error {
		found, err := b.Ledger.Verify(rd, "daily")
		if found.Bad != 0 || found.Events < 2*n {
			t.Errorf("the log: %+v", found)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestACommitInDoubt: the connection to the database is lost in the middle of a
// commit. The client, who is told to try again, does so with the same key, and
// there is one comment.
func TestACommitInDoubt(t *testing.T) {
	for name, cut := range map[string]pgtest.Cut{"before it arrives": pgtest.CutAsked, "before it is confirmed": pgtest.CutAnswered} {
		t.Run(name, func(t *testing.T) {
			p := pgtest.NewProxy(t, pgtest.Database(t))
			a := node(t, p.Address)
			addDaily(t, a)
			if _, err := a.Comments.Submit(t.Context(), submission(1)); err != nil { // the day's salt is there
				t.Fatal(err)
			}
			sub := submission(2)
			cuts := cut
			sub.Once = comment.Once{Scope: "s", Key: "k", Hash: "h", Answer: func(any) (int, []byte, error) {
				p.Cut(cuts) // this is the last thing before the commit
				cuts = pgtest.CutNever
				return 201, []byte("the answer"), nil
			}}
			_, err := a.Comments.Submit(t.Context(), sub)
			if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
				t.Fatalf("got %v, want Unavailable", err)
			}
			var repeated *comment.Repeated
			if _, err = a.Comments.Submit(t.Context(), sub); err != nil && !errors.As(err, &repeated) {
				t.Fatal(err)
			}
			if written := cut == pgtest.CutAnswered; (repeated != nil) != written {
				t.Errorf("repeated %v, want %v", repeated, written)
			}
			if got := pending(t, a); got != 2 {
				t.Errorf("%d comments, want 2", got)
			}
		})
	}
}

func pending(t *testing.T, a *App) (n int) {
	t.Helper()
	err := a.Store.View(t.Context(), func(r comment.Reader) error {
		counts, err := r.StatusCounts([]string{"daily"})
		n = counts[comment.Pending]
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestANodeNeedsItsKey: the nodes of an installation have one key, and none of
// them makes it up.
func TestANodeNeedsItsKey(t *testing.T) {
	a, err := Open(t.Context(), Settings{DB: "postgres://u:secret@127.0.0.1:1/a"})
	if err == nil || !strings.Contains(err.Error(), "AFTERWORD_SECRET_KEY") || strings.Contains(err.Error(), "secret@") {
		t.Errorf("got %v, %v", a, err)
	}
}
