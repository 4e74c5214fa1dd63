package torture

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// receiver is somebody's webhook receiver. It takes its time now and then,
// fails now and then, and keeps what it has accepted.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	rand     *rand.Rand
	moody    bool
	verifier map[string]*standardwebhooks.Webhook // by path
	accepted []delivery
	refused  int      // calls that were answered 500
	bad      []string // calls that no receiver should get
	came     chan delivery
}

// delivery is one call that was answered 200.
type delivery struct {
	path, id, typ, comment string
	sequence               int64
	body                   string
	at                     time.Time // of its arrival
}

func newReceiver(t testing.TB, seed uint64) *receiver {
	r := &receiver{rand: rand.New(rand.NewPCG(seed, 1)), verifier: map[string]*standardwebhooks.Webhook{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// expect makes the receiver verify what comes to a path.
func (r *receiver) expect(t testing.TB, path, secret string) {
	t.Helper()
	v, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.verifier[path] = v
}

// mood is how a call is dealt with.
func (r *receiver) mood() (delay time.Duration, fail bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.moody {
		return 0, false
	}
	return time.Duration(r.rand.IntN(15)) * time.Millisecond, r.rand.IntN(100) < 3
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // killed in the middle of it
	}
	delay, fail := r.mood()
	<-time.After(delay)
	r.mu.Lock()
	defer r.mu.Unlock()
	if fail {
		r.refused++
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	d := delivery{path: req.URL.Path, id: req.Header.Get("webhook-id"), body: string(body), at: at}
	var e struct {
		ID, Type string
		Sequence int64
		Data     struct{ Comment struct{ ID string } }
	}
	v := r.verifier[d.path]
	switch {
	case v == nil:
		r.bad = append(r.bad, "to "+d.path)
	case v.Verify(body, req.Header) != nil:
		r.bad = append(r.bad, d.id+": "+v.Verify(body, req.Header).Error())
	case json.Unmarshal(body, &e) != nil || e.ID != d.id:
		r.bad = append(r.bad, d.id+": the body is not that of its id: "+d.body)
	default:
		d.typ, d.sequence, d.comment = e.Type, e.Sequence, e.Data.Comment.ID
		r.accepted = append(r.accepted, d)
		if r.came != nil {
			r.came <- d
		}
	}
}

// all is what was accepted, in order, and what was wrong.
func (r *receiver) all() (accepted []delivery, bad []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]delivery(nil), r.accepted...), append([]string(nil), r.bad...)
}
