package webhook

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// BenchmarkDrain sends what 20 endpoints are owed to a receiver in this process.
func BenchmarkDrain(b *testing.B) {
	h := newHouse(b)
	var count atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { count.Add(1) }))
	defer s.Close()
	const endpoints = 20
	for range endpoints {
		h.add(s.URL, comment.CommentApproved)
	}
	for i := range (b.N + endpoints - 1) / endpoints {
		h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
	}
	h.spread()
	total := int64((b.N + endpoints - 1) / endpoints * endpoints)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	b.ResetTimer()
	go func() { ended <- h.worker().Run(ctx) }()
	for count.Load() < total {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-ended
	b.StopTimer()
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "deliveries/s")
}

// BenchmarkApprovalToReceiver is the time from a commit to the receiver, one
// event at a time.
func BenchmarkApprovalToReceiver(b *testing.B) {
	h := newHouse(b)
	arrived := make(chan time.Time, 1)
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived <- time.Now() }))
	defer s.Close()
	h.add(s.URL, comment.CommentApproved)
	h.run()
	var waits []time.Duration
	for i := 0; b.Loop(); i++ {
		h.happen("c"+strconv.Itoa(i), comment.CommentApproved)
		start := time.Now()
		waits = append(waits, (<-arrived).Sub(start))
	}
	slices.Sort(waits)
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
}
