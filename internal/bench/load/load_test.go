package load_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/bench/load"
)

// TestQuantiles compares with what sorting says: never less, and hardly more.
func TestQuantiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var h, half load.Histogram
		var all []time.Duration
		for range 1 + r.IntN(3000) {
			d := time.Duration(r.Uint64() >> (24 + r.IntN(39)))
			all = append(all, d)
			if r.IntN(2) == 0 {
				half.Record(d)
			} else {
				h.Record(d)
			}
		}
		h.Add(&half)
		slices.Sort(all)
		if h.Count() != len(all) || h.Max() != all[len(all)-1] {
			t.Fatalf("%d counted, the longest %v; want %d and %v", h.Count(), h.Max(), len(all), all[len(all)-1])
		}
		for _, q := range []float64{0, 0.1, 0.5, 0.9, 0.99, 1} {
			want := all[max(0, int(q*float64(len(all))+0.5)-1)]
			if got := h.Quantile(q); got < want || float64(got) > 1.017*float64(want)+1 {
				t.Fatalf("quantile %g of %d: %v, want %v", q, len(all), got, want)
			}
		}
	}
	if got := (&load.Histogram{}).Quantile(0.5); got != 0 {
		t.Errorf("the middle of nothing is %v", got)
	}
}

// server counts requests; /slow takes a while, /no refuses.
func server(t *testing.T) (addr string, count *atomic.Int64) {
	count = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/slow":
			time.Sleep(20 * time.Millisecond)
		case "/no":
			w.WriteHeader(http.StatusTeapot)
		case "/long":
			fmt.Fprint(w, strings.Repeat("x", 300_000))
			return
		case "/stream":
			fmt.Fprint(w, "retry: 2\n\nevent: ready\ndata: {}\n\n")
			w.(http.Flusher).Flush()
			fmt.Fprintf(w, ": still here\n\nid: 7\nevent: comment\ndata: %s\n\n", strings.Repeat("y", 5000))
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(body)+len(r.Header.Get("X-A"))))
		fmt.Fprint(w, r.Header.Get("X-A"), string(body))
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), count
}

func TestAsk(t *testing.T) {
	addr, _ := server(t)
	c, err := load.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request := load.Message{Method: "POST", Host: addr, Path: "/", Header: []string{"X-A: hello"}, Body: []byte(`{"a":1}`)}.Bytes()
	for range 3 { // on one connection
		status, body, err := c.Ask(request)
		if err != nil || status != 200 || string(body) != `hello{"a":1}` {
			t.Fatalf("%d %q %v", status, body, err)
		}
		if status, err := c.Send(load.Message{Method: "GET", Host: addr, Path: "/no"}.Bytes()); err != nil || status != 418 {
			t.Fatalf("%d %v", status, err)
		}
	}
	if _, err := c.Send(load.Message{Method: "GET", Host: addr, Path: "/long"}.Bytes()); err == nil {
		t.Error("an answer without a length was taken for an empty one")
	}
}

func TestClosedLoop(t *testing.T) {
	addr, count := server(t)
	request := load.Message{Method: "GET", Host: addr, Path: "/slow"}.Bytes()
	seen, err := load.Load{Addr: addr, Clients: 4, Time: 200 * time.Millisecond, Status: 200, Request: func(int, int) []byte { return request }}.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if seen.Done < 4 || int64(seen.Done) != count.Load() || seen.Waits.Count() != seen.Done {
		t.Errorf("%d done, %d waits, %d served", seen.Done, seen.Waits.Count(), count.Load())
	}
	if p50 := seen.Waits.Quantile(0.5); p50 < 20*time.Millisecond {
		t.Errorf("the middle is %v, and no answer takes less than 20ms", p50)
	}
	if most := 4 * (seen.Took.Seconds()/0.02 + 1); float64(seen.Done) > most {
		t.Errorf("%d done by four clients, who can do %.0f", seen.Done, most)
	}
}

func TestAsManyAsAsked(t *testing.T) {
	addr, count := server(t)
	var taken [7]atomic.Int64
	request := load.Message{Method: "GET", Host: addr, Path: "/"}.Bytes()
	seen, err := load.Load{Addr: addr, Clients: 3, Time: time.Hour, Most: 7, Status: 200, Request: func(_, n int) []byte {
		taken[n].Add(1)
		return request
	}}.Run(context.Background())
	if err != nil || seen.Done != 7 || count.Load() != 7 {
		t.Fatalf("%d done, %d served, %v", seen.Done, count.Load(), err)
	}
	for n := range taken {
		if taken[n].Load() != 1 {
			t.Errorf("request %d was sent %d times", n, taken[n].Load())
		}
	}
}

// TestPacedCountsTheQueue: with one connection and answers that take 20 ms, a
// request every 5 ms has to wait for those before it.
func TestPacedCountsTheQueue(t *testing.T) {
	addr, _ := server(t)
	request := load.Message{Method: "GET", Host: addr, Path: "/slow"}.Bytes()
	seen, err := load.Load{Addr: addr, Clients: 1, Time: 100 * time.Millisecond, Status: 200, Request: func(int, int) []byte { return request }}.Paced(context.Background(), 200)
	if err != nil {
		t.Fatal(err)
	}
	if seen.Done != 20 {
		t.Errorf("%d requests in 100 ms at 200 a second", seen.Done)
	}
	if longest := seen.Waits.Max(); longest < 300*time.Millisecond {
		t.Errorf("the last one waited %v; it was due after 95 ms, and 19 went before it", longest)
	}
}

func TestWrongAnswersAreErrors(t *testing.T) {
	addr, _ := server(t)
	request := load.Message{Method: "GET", Host: addr, Path: "/no"}.Bytes()
	_, err := load.Load{Addr: addr, Clients: 1, Time: time.Hour, Most: 2, Status: 200, Request: func(int, int) []byte { return request }}.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "2 of 2 requests failed: status 418 instead of 200") {
		t.Errorf("got %v", err)
	}
}

func TestStream(t *testing.T) {
	addr, _ := server(t)
	s, err := load.Listen(addr, load.Message{Method: "GET", Host: addr, Path: "/stream"}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, want := range []string{"ready", "comment"} {
		if got, err := s.Next(); err != nil || got != want {
			t.Fatalf("%q %v, want %q", got, err, want)
		}
	}
	if _, err := load.Listen(addr, load.Message{Method: "GET", Host: addr, Path: "/no"}.Bytes()); err == nil {
		t.Error("a refused stream was taken for an open one")
	}
}
