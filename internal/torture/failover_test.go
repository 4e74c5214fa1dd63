package torture

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// TestFailover kills the primary again and again and promotes the standby,
// while clients write and readers read.
func TestFailover(t *testing.T) {
	beside(t)
	servers := newPair(t)
	tm := newTorment(t, onPostgres(t, servers.dsn()))
	tm.in.grow(nodes)
	defer tm.turnClock()()
	quiet(tm)
	readers := &audience{addrs: tm.in.addrs(), path: "/api/v1/sites/now/comments?page=quiet"}
	var outages []time.Duration
	tm.run(func(ctx context.Context, tm *torment) {
		tm.answers(ctx, 50)
		reading, stop := context.WithCancel(ctx)
		var g errgroup.Group
		g.Go(func() error { readers.run(reading); return nil })
		for range *failovers {
			tm.answers(ctx, tm.rand.IntN(100))
			from := time.Now()
			servers.failover()
			servers.rebuild()
			tm.answers(ctx, 1)
			outages = append(outages, time.Since(from))
			tm.note("failover", from)
		}
		tm.answers(ctx, 50)
		stop()
		_ = g.Wait()
	})
	tm.end()
	slices.Sort(outages)
	t.Logf("%d failovers: no write for %s in the middle, %s at worst (the rebuilding of a standby in it); %d reads meanwhile, %d without an answer, slowest %s",
		len(outages), outages[len(outages)/2].Round(time.Millisecond), outages[len(outages)-1].Round(time.Millisecond), readers.asked, len(readers.failed), readers.slowest.Round(time.Millisecond))
	for i, failure := range readers.failed {
		if i < 10 {
			t.Errorf("a thread was not served: %s", failure)
		}
	}
}

// quiet makes a thread of one comment to which nobody writes any more.
func quiet(tm *torment) {
	tm.t.Helper()
	c := newClient(*clients+1, tm.in.addrs(), tm.token, tm.seed, tm.book)
	p := c.draft()
	p.site, p.page = "now", "quiet"
	p.body.(map[string]any)["page"] = map[string]string{"key": "quiet", "url": "https://daily.example/quiet", "title": "Quiet"}
	if err := c.submit(p); err != nil {
		tm.t.Fatal(err)
	}
	var out decided
	if _, err := c.call(c.ruling(p, "approve"), &out); err != nil || !out.ok() {
		tm.t.Fatal(err, out)
	}
	tm.book.decided(p, out.DecisionID, "approved")
}

// audience asks every node for a thread all the time: it has to be served
// whether or not there is a database.
type audience struct {
	addrs []string
	path  string

	mu      sync.Mutex
	asked   int
	failed  []string
	slowest time.Duration
}

func (a *audience) run(ctx context.Context) {
	var g errgroup.Group
	for _, addr := range a.addrs {
		g.Go(func() error {
			client := &http.Client{Timeout: 5 * time.Second}
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				a.ask(client, addr)
				<-time.After(20 * time.Millisecond)
			}
			return nil
		})
	}
	_ = g.Wait()
}

func (a *audience) ask(client *http.Client, addr string) {
	began := time.Now()
	res, err := client.Get("http://" + addr + a.path)
	status := 0
	if err == nil {
		status = res.StatusCode
		res.Body.Close()
	}
	took := time.Since(began)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	a.slowest = max(a.slowest, took)
	if status != http.StatusOK {
		a.failed = append(a.failed, fmt.Sprintf("%s after %s: %d %v", addr, took.Round(time.Millisecond), status, err))
	}
}
