package torture

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkApprovalToWebhook measures, on the loopback, from sending a
// moderator's approval (undo window 0) to the arrival of its webhook: request,
// durable commit, the log's follower, claim, signature, call. Beside it stands
// the bare call to the same receiver, which is the least that any sender needs.
func BenchmarkApprovalToWebhook(b *testing.B) {
	in := onSQLite(b)
	hook := newReceiver(b, 1)
	hook.came = make(chan delivery, 100)
	token := furnish(b, in, hook)
	in.grow(1)
	c := newClient(0, in.addrs(), token, 1, newBook())

	b.Run("bare call", func(b *testing.B) {
		measure(b, nil, func(int) time.Duration {
			sent := time.Now()
			res, err := c.http.Post(hook.URL+"/bare", "application/json", strings.NewReader(strings.Repeat("x", 800)))
			if err != nil {
				b.Fatal(err)
			}
			defer res.Body.Close()
			return time.Since(sent)
		})
	})
	b.Run("approval", func(b *testing.B) {
		var waiting []*promise
		measure(b, func(n int) { waiting = write(b, c, hook, n) }, func(i int) time.Duration {
			sent := time.Now()
			approve(b, c, waiting[i])
			for d := range hook.came {
				if d.typ == "comment.approved" && d.comment == waiting[i].id {
					return d.at.Sub(sent)
				}
			}
			return 0
		})
	})
}

// measure reports the middle and the worst hundredth of a duration.
func measure(b *testing.B, prepare func(n int), once func(i int) time.Duration) {
	if prepare != nil {
		prepare(b.N)
	}
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	for i := range b.N {
		took[i] = once(i)
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// write posts comments that wait for a decision, and lets their own webhooks
// pass.
func write(b *testing.B, c *client, hook *receiver, n int) (waiting []*promise) {
	for len(waiting) < n {
		before := len(c.own)
		if err := c.post(); err != nil {
			b.Fatal(err)
		}
		p := c.own[before]
		if (<-hook.came).comment != p.id {
			b.Fatal("a webhook of another comment")
		}
		if p.site == "now" {
			waiting = append(waiting, p)
		}
	}
	return waiting
}

func approve(b *testing.B, c *client, p *promise) {
	c.made++
	var out decided
	status, err := c.call(&request{
		method: "POST", path: "/api/v1/moderation/decisions", bearer: c.token, wants: 200, key: fmt.Sprint("approve ", c.made),
		body: map[string]any{"action": "approve", "items": []map[string]any{{"id": p.id, "revision": p.revision}}},
	}, &out)
	if err != nil || status != 200 || !out.Results[0].OK {
		b.Fatalf("approve: %d %v %v", status, out, err)
	}
}
