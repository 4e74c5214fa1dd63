package webhook

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// text makes a body of about 1.4 KB, as a comment of some length has.
var text = strings.Repeat("A sentence of a comment, and another. ", 32)

// pour appends one event of each comment, as many in a transaction as a busy
// server groups.
func (h *house) pour(from, to int) {
	for ; from < to; from += 32 {
		h.write(func(tx comment.Tx) error {
			for i := from; i < min(from+32, to); i++ {
				id := "c" + strconv.Itoa(i)
				event := comment.Event{Site: site, Type: comment.CommentApproved, CommentID: id, Sequence: 1, Actor: admin, At: time.Now(),
					Body: fmt.Appendf(nil, `{"comment":{"id":%q,"text":%q,"at":"%d"}}`, id, text, time.Now().UnixNano())}
				if _, err := h.ledger.Append(tx, event); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// counter answers and counts, and notes how long each event was under way.
type counter struct {
	*httptest.Server
	n     atomic.Int64
	mu    sync.Mutex
	waits []time.Duration
}

func newCounter(b testing.TB) *counter {
	c := &counter{}
	c.Server = everywhere(b, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if _, after, ok := strings.Cut(string(body), `"at":"`); ok && len(after) > 19 {
			at, _ := strconv.ParseInt(after[:19], 10, 64)
			c.mu.Lock()
			c.waits = append(c.waits, time.Since(time.Unix(0, at)))
			c.mu.Unlock()
		}
		c.n.Add(1)
	})
	return c
}

// everywhere serves on all addresses of the loopback, so that one process can be
// many hosts.
func everywhere(b testing.TB, handler http.HandlerFunc) *httptest.Server {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		b.Fatal(err)
	}
	s := httptest.NewUnstartedServer(handler)
	s.Listener.Close()
	s.Listener = l
	s.Start()
	b.Cleanup(s.Close)
	return s
}

// hostURL names a server of everywhere as the n-th host.
func hostURL(s *httptest.Server, n int) string {
	return fmt.Sprintf("http://127.0.0.%d:%d/", n, s.Listener.Addr().(*net.TCPAddr).Port)
}

func (c *counter) quantile(q float64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.waits)
	return c.waits[int(q*float64(len(c.waits)-1))]
}

// bare posts bodies to 20 hosts, eight at a time to each, with net/http and nothing
// else, and gives how many a second: the floor of Drain.
func bare(b *testing.B, c *counter, each int) float64 {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: perEndpoint}}
	defer client.CloseIdleConnections()
	body := strings.Repeat("x", len(text)+400) // about what an event has
	var all sync.WaitGroup
	began := time.Now()
	for i := range 20 * perEndpoint {
		url := hostURL(c.Server, i%20+1)
		all.Go(func() {
			for range each / perEndpoint {
				answer, err := client.Post(url, "application/json", strings.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		})
	}
	all.Wait()
	return float64(20*each) / time.Since(began).Seconds()
}

// BenchmarkDrain: what 20 endpoints are owed, worked off, beside bare posts to
// the same receivers.
func BenchmarkDrain(b *testing.B) {
	h, c := newHouse(b), newCounter(b)
	for i := range 20 {
		h.add(hostURL(c.Server, i+1), comment.CommentApproved)
	}
	rounds := max(b.N/20, 200)
	floor := bare(b, newCounter(b), rounds)
	h.pour(0, rounds)
	h.spread()
	b.ResetTimer()
	began := time.Now()
	stop := runWorker(b, h.worker())
	until(b, "all is delivered", func() bool { return c.n.Load() == int64(rounds*20) })
	drained := float64(rounds*20) / time.Since(began).Seconds()
	b.ReportMetric(drained, "deliveries/s")
	b.ReportMetric(floor, "bare/s")
	b.ReportMetric(drained/floor, "ratio")
	stop()
}

// BenchmarkFanOut: events appended and turned into 20 deliveries each.
func BenchmarkFanOut(b *testing.B) {
	h := newHouse(b)
	for i := range 20 {
		h.add(fmt.Sprintf("https://r%d.example/", i), comment.CommentApproved)
	}
	n := max(b.N, 2000)
	b.ResetTimer()
	began := time.Now()
	h.pour(0, n)
	appended := time.Since(began)
	h.spread()
	b.ReportMetric(float64(n)/appended.Seconds(), "appended/s")
	b.ReportMetric(float64(n)/time.Since(began).Seconds(), "fanned-out/s")
}

// BenchmarkHanging: 20 endpoints on a steady stream of events, with and without
// one that hangs. The other 19 should not notice.
func BenchmarkHanging(b *testing.B) {
	for _, hangs := range []bool{false, true} {
		b.Run(fmt.Sprint("hanging=", hangs), func(b *testing.B) {
			h, c := newHouse(b), newCounter(b)
			released := make(chan struct{})
			hang := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
			b.Cleanup(hang.Close)
			b.Cleanup(func() { close(released) })
			for i := range 19 {
				h.add(hostURL(c.Server, i+1), comment.CommentApproved)
			}
			healthy := 19
			if hangs {
				h.add(hang.URL, comment.CommentApproved)
			} else {
				h.add(hostURL(c.Server, 20), comment.CommentApproved)
				healthy = 20
			}
			stop := h.run()
			const events = 400
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for i := range events {
				h.pour(i, i+1)
				<-tick.C
			}
			until(b, "the healthy ones have all", func() bool { return c.n.Load() == int64(healthy*events) })
			b.ReportMetric(float64(c.quantile(.5).Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(c.quantile(.99).Microseconds())/1000, "p99-ms")
			h.grace = time.Millisecond
			go stop()
		})
	}
}

// BenchmarkMemory: the worker beside a million owed events that nobody takes.
func BenchmarkMemory(b *testing.B) {
	h := newHouse(b)
	released := make(chan struct{})
	var open atomic.Int32
	hang := everywhere(b, func(http.ResponseWriter, *http.Request) { open.Add(1); <-released })
	b.Cleanup(func() { close(released) })
	for i := range 20 {
		h.add(hostURL(hang, i+1), comment.CommentApproved)
	}
	h.grace = time.Millisecond
	before := inUse()
	h.pour(0, 50_000)
	h.spread()
	stop := h.run()
	until(b, "160 calls hang", func() bool { return open.Load() >= 160 })
	b.ReportMetric(float64(inUse()-before)/(1<<20), "MiB")
	stop()
}

// inUse is what the heap and the stacks hold after a collection.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
