package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/keyring"
	"github.com/afterword-comments/afterword/internal/store"
)

const site = "daily"

var admin = comment.Actor{Kind: comment.ActorModerator, ID: "a1", Name: "Ada"}

// house is everything that sends webhooks, on a real store.
type house struct {
	t        testing.TB
	path     string
	store    *store.Store
	ring     *keyring.Ring
	ledger   *comment.Ledger
	hooks    *Hooks
	wake     Wake
	schedule Schedule
	grace    time.Duration
	sequence map[string]int64
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return newHouseAt(t, filepath.Join(t.TempDir(), "afterword.db"))
}

// newHouseAt is a house on another database.
func newHouseAt(t testing.TB, db string) *house {
	t.Helper()
	ring, err := keyring.New([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, path: db, ring: ring, schedule: DefaultSchedule(), grace: 5 * time.Second, sequence: map[string]int64{}}
	h.ledger = comment.NewLedger(ring, comment.NewID)
	h.open()
	h.write(func(tx comment.Tx) error {
		return tx.PutSite(comment.Site{Key: site, Name: "Daily", Origins: []string{"https://daily.example"}, Options: comment.DefaultOptions(), CreatedAt: time.Now()})
	})
	return h
}

func (h *house) open() {
	h.t.Helper()
	s, err := store.Open(h.t.Context(), h.path)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { s.Close() })
	h.store, h.wake = s, NewWake()
	h.hooks = &Hooks{Store: s, Ledger: h.ledger, Ring: h.ring, Guard: mustGuard(h.t, "127.0.0.0/8,::1"), Wake: h.wake, Now: time.Now, NewID: comment.NewID}
}

func (h *house) write(fn func(comment.Tx) error) {
	h.t.Helper()
	if err := h.store.Write(context.Background(), nil, fn); err != nil {
		h.t.Fatal(err)
	}
}

func view[T any](h *house, fn func(comment.Reader) (T, error)) (v T) {
	h.t.Helper()
	if err := h.store.View(context.Background(), func(r comment.Reader) (err error) { v, err = fn(r); return err }); err != nil {
		h.t.Fatal(err)
	}
	return v
}

func (h *house) endpoint(id string) comment.Endpoint {
	h.t.Helper()
	return view(h, func(r comment.Reader) (comment.Endpoint, error) { return r.Endpoint(site, id) })
}

func (h *house) delivery(id string) comment.Delivery {
	h.t.Helper()
	return view(h, func(r comment.Reader) (comment.Delivery, error) { return r.Delivery(site, id) })
}

func (h *house) deliveries(endpoint string) []comment.Delivery {
	h.t.Helper()
	return view(h, func(r comment.Reader) ([]comment.Delivery, error) {
		return r.Deliveries(comment.DeliveryQuery{Site: site, Endpoint: endpoint, Limit: 10000})
	})
}

func (h *house) attempts(delivery string) []comment.Attempt {
	h.t.Helper()
	return view(h, func(r comment.Reader) ([]comment.Attempt, error) { return r.Attempts(site, delivery) })
}

// add makes an endpoint that asks for every type of a comment's life.
func (h *house) add(url string, types ...string) (comment.Endpoint, string) {
	h.t.Helper()
	if types == nil {
		types = []string{comment.CommentCreated, comment.CommentApproved, comment.CommentEdited, comment.CommentDeleted}
	}
	e, secret, err := h.hooks.Add(context.Background(), site, Change{URL: url, Types: types}, admin)
	if err != nil {
		h.t.Fatal(err)
	}
	return e, secret
}

// happen appends events of one comment to the log, in one transaction.
func (h *house) happen(commentID string, types ...string) {
	h.t.Helper()
	h.write(func(tx comment.Tx) error {
		sequence := h.sequence[commentID]
		for _, eventType := range types {
			sequence++
			data := json.RawMessage(fmt.Sprintf(`{"comment":{"id":%q,"text":"\u2028 ü"}}`, commentID))
			if _, err := h.ledger.Append(tx, comment.Event{Site: site, Type: eventType, CommentID: commentID, Sequence: sequence, Actor: admin, At: time.Now(), Body: data}); err != nil {
				return err
			}
		}
		h.sequence[commentID] = sequence
		return nil
	})
}

func (h *house) worker() *Worker {
	return &Worker{
		Queue: h.store, Client: testClient(h.t, nil), Hooks: h.hooks, Ring: h.ring, Schedule: h.schedule,
		Wake: h.wake, Now: time.Now, Grace: h.grace, OnError: func(err error) { h.t.Log("worker:", err) },
	}
}

func (h *house) fanOut() *FanOut {
	return &FanOut{Queue: h.store, Wake: h.wake, Now: time.Now, NewID: comment.NewID}
}

// spread turns everything in the log into deliveries, once.
func (h *house) spread() {
	h.t.Helper()
	h.spreadWith(h.fanOut())
}

func (h *house) spreadWith(f *FanOut) {
	h.t.Helper()
	behind, err := h.store.Behind(context.Background(), "webhook", 10)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, at := range behind {
		events, err := h.store.EventsAfter(context.Background(), at.Site, at.Seq, 100000)
		if err == nil {
			err = f.Handle(context.Background(), at.Site, events)
		}
		if err == nil {
			err = h.store.Advance(context.Background(), "webhook", at.Site, events[len(events)-1].Seq)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// run starts the follower and a worker; the function it returns stops them and
// waits.
func (h *house) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	follower := h.fanOut().Follower(h.store, func(err error) { h.t.Log("fan-out:", err) })
	for _, run := range []func(context.Context) error{follower.Run, h.worker().Run} {
		group.Go(func() {
			if err := run(ctx); err != nil {
				h.t.Errorf("a worker ended with %v", err)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); group.Wait() })
	h.t.Cleanup(stop)
	return stop
}

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// got is one request that a receiver saw.
type got struct {
	header   http.Header
	body     []byte
	envelope comment.Envelope
	comment  string
	at       time.Time
	open     int // requests being answered, this one included
}

// stand is a programmable receiver that records everything.
type stand struct {
	*httptest.Server
	mu    sync.Mutex
	seen  []got
	lanes map[string]int // requests being answered, by comment
	most  map[string]int
	open  int
}

// newStand answers as answer says; nil = 200.
func newStand(t testing.TB, answer func(w http.ResponseWriter, g got, n int)) *stand {
	t.Helper()
	s := &stand{lanes: map[string]int{}, most: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g := got{header: r.Header, at: time.Now()}
		g.body, _ = io.ReadAll(r.Body)
		if err := json.Unmarshal(g.body, &g.envelope); err != nil {
			t.Errorf("body %q: %v", g.body, err)
		}
		var data struct{ Comment struct{ ID string } }
		json.Unmarshal(g.envelope.Data, &data)
		g.comment = data.Comment.ID
		n := s.enter(&g)
		defer s.leave(g)
		if answer != nil {
			answer(w, g, n)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *stand) enter(g *got) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	g.open = s.open
	s.lanes[g.comment]++
	s.most[g.comment] = max(s.most[g.comment], s.lanes[g.comment])
	s.seen = append(s.seen, *g)
	return len(s.seen)
}

func (s *stand) leave(g got) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.lanes[g.comment]--
}

func (s *stand) all() []got {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]got(nil), s.seen...)
}

func (s *stand) count() int { return len(s.all()) }

// sequences lists, for one comment, the sequence numbers in order of arrival.
func (s *stand) sequences(commentID string) (all []int64) {
	for _, g := range s.all() {
		if g.comment == commentID {
			all = append(all, g.envelope.Sequence)
		}
	}
	return all
}

func (s *stand) laneMost(commentID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most[commentID]
}

func isFault(t testing.TB, err error, code string) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("error %v, want a fault %s", err, code)
	}
}

func seconds(header string) int64 {
	n, _ := strconv.ParseInt(header, 10, 64)
	return n
}
