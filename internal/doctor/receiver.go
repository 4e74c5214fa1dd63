package doctor

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/webhook"
)

// refuseEvery: one call in so many is answered with 500, so that what is tried
// again is tried too.
const refuseEvery = 25

// receiver takes webhooks as an integrator's program would: it verifies them,
// and takes each webhook-id once.
type receiver struct {
	url    string
	secret string
	server *http.Server

	mu     sync.Mutex
	counts Counts
	taken  map[string]bool            // by webhook-id
	types  map[string]map[string]bool // of the events of a comment
	latest map[string]int64           // sequence of a comment
}

func newReceiver() (*receiver, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{
		url: "http://" + ln.Addr().String() + "/hook", taken: map[string]bool{}, types: map[string]map[string]bool{}, latest: map[string]int64{},
	}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go r.server.Serve(ln) //nolint:errcheck // it ends when the server is closed
	return r, nil
}

func (r *receiver) close() { _ = r.server.Close() }

// ServeHTTP takes a webhook.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Calls++
	switch {
	case err != nil:
		w.WriteHeader(http.StatusBadRequest) // cut off: it comes again
	case webhook.Verify(r.secret, req.Header, body, time.Now()) != nil:
		r.counts.BadSignature++
		w.WriteHeader(http.StatusUnauthorized)
	case r.counts.Calls%refuseEvery == 0:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		r.take(req.Header.Get(webhook.HeaderID), body)
	}
}

func (r *receiver) take(id string, body []byte) {
	var e struct {
		Type     string `json:"type"`
		Sequence int64  `json:"sequence"`
		Data     struct {
			Comment struct {
				ID string `json:"id"`
			} `json:"comment"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &e) != nil { // it was signed by the program
		r.counts.BadSignature++
		return
	}
	if r.taken[id] {
		r.counts.Duplicates++
		return
	}
	r.taken[id] = true
	r.counts.Events++
	of := e.Data.Comment.ID
	if e.Sequence < r.latest[of] {
		r.counts.OutOfOrder++
	}
	r.latest[of] = max(r.latest[of], e.Sequence)
	if r.types[of] == nil {
		r.types[of] = map[string]bool{}
	}
	r.types[of][e.Type] = true
}

// lost is the number of events of acknowledged comments that have not come: each
// has been created and, on this site, approved.
func (r *receiver) lost(said []string) (n int) {
	for _, id := range said {
		for _, kind := range []string{comment.CommentCreated, comment.CommentApproved} {
			if !r.types[id][kind] {
				n++
			}
		}
	}
	return n
}

// wait waits until nothing is missing.
func (r *receiver) wait(ctx context.Context, said []string, most time.Duration) {
	for end := time.Now().Add(most); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
		if r.count(said).Lost == 0 {
			return
		}
	}
}

func (r *receiver) count(said []string) Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.counts
	c.Acknowledged, c.Lost = len(said), r.lost(said)
	return c
}
