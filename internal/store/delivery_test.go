package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

func openDeliveries(t testing.TB, endpoints ...string) *Store {
	t.Helper()
	s, err := Open(context.Background(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	err = s.Write(context.Background(), nil, func(tx comment.Tx) error {
		if err := tx.PutSite(comment.Site{Key: "daily", Name: "Daily", Origins: []string{"https://d.example"}, CreatedAt: time.Now()}); err != nil {
			return err
		}
		for _, id := range endpoints {
			e := comment.Endpoint{Site: "daily", ID: id, URL: "https://r.example/", Types: []string{comment.CommentApproved}, Status: comment.EndpointActive, CreatedAt: time.Now()}
			if err := tx.PutEndpoint(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// owe makes n deliveries to one endpoint, lanes of them in turn to each comment.
func owe(t testing.TB, s *Store, endpoint string, n, comments int) {
	t.Helper()
	now := time.Now()
	var owed []comment.Delivery
	for i := range n {
		owed = append(owed, comment.Delivery{
			ID: comment.NewID(), EndpointID: endpoint, EventSeq: int64(i + 1), EventID: fmt.Sprint(endpoint, "-", i), Type: comment.CommentApproved,
			CommentID: fmt.Sprint("c", i%comments), Sequence: int64(i/comments + 1), NextAt: now, CreatedAt: now,
		})
	}
	if err := s.FanOut(t.Context(), "daily", owed); err != nil {
		t.Fatal(err)
	}
}

func claim(t testing.TB, s *Store, now time.Time, most int) []comment.Call {
	t.Helper()
	calls, err := s.Claim(t.Context(), comment.Claim{Now: now, Until: now.Add(45 * time.Second), Token: comment.NewID(), Most: most, PerEndpoint: 8})
	if err != nil {
		t.Fatal(err)
	}
	return calls
}

func TestEveryStatementOfTheSenderUsesItsIndex(t *testing.T) {
	s := openDeliveries(t)
	for name, tt := range map[string]struct{ statement, index string }{
		"due endpoints":     {dueEndpoints, "endpoints_due (due_at<?)"},
		"put off":           {putOffToNext, "deliveries_due"},
		"next":              {nextDelivery, "endpoints_due"},
		"due":               {dueDeliveries, "deliveries_due"},
		"held up":           {dueDeliveries, "deliveries_open"},
		"leased":            {leasedCalls, "deliveries_leased"},
		"waiting in a lane": {waitingInLane, "deliveries_open"},
		"all leases":        {allLeases, "deliveries_leased"},
	} {
		var plan []string
		err := s.View(t.Context(), func(r comment.Reader) (err error) {
			plan, err = list(r.(*query), func(s scanner) (line string, err error) {
				var ignored any
				return line, s.Scan(&ignored, &ignored, &ignored, &line)
			}, "explain query plan "+tt.statement, make([]any, highest(tt.statement))...)
			return err
		})
		text := strings.Join(plan, "\n")
		if err != nil || !strings.Contains(text, tt.index) {
			t.Errorf("%s: want index %s, %v\n%s", name, tt.index, err, text)
		}
		for _, line := range plan {
			whole := strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "endpoints_due") && !strings.Contains(line, "deliveries_leased")
			if whole || strings.Contains(line, "TEMP B-TREE") && name == "due" {
				t.Errorf("%s reads more than it needs: %s", name, line)
			}
		}
	}
}

// highest is the number of the last parameter of a statement.
func highest(statement string) int {
	for n := 120; n > 0; n-- {
		if strings.Contains(statement, fmt.Sprint("$", n)) {
			return n
		}
	}
	return 0
}

func TestAClaimSharesBetweenEndpoints(t *testing.T) {
	s := openDeliveries(t, "e1", "e2", "e3", "e4")
	owe(t, s, "e1", 100, 100)
	for _, id := range []string{"e2", "e3", "e4"} {
		owe(t, s, id, 3, 3)
	}
	got := map[string]int{}
	for _, c := range claim(t, s, time.Now(), 12) {
		got[c.Endpoint.ID]++
	}
	if got["e1"] != 3 || got["e2"] != 3 || got["e3"] != 3 || got["e4"] != 3 {
		t.Errorf("12 calls shared as %v", got)
	}
	for range 3 {
		for _, c := range claim(t, s, time.Now(), 64) {
			got[c.Endpoint.ID]++
		}
	}
	if got["e1"] != 8 {
		t.Errorf("%d calls under lease at one endpoint, want 8", got["e1"])
	}
}

func TestAClaimTakesTheFirstOfEachComment(t *testing.T) {
	s := openDeliveries(t, "e1")
	owe(t, s, "e1", 30, 3) // ten events of each of three comments
	calls := claim(t, s, time.Now(), 64)
	got := map[string]int64{}
	for _, c := range calls {
		got[c.Delivery.CommentID] = c.Delivery.Sequence
	}
	if len(calls) != 3 || got["c0"] != 1 || got["c1"] != 1 || got["c2"] != 1 {
		t.Errorf("%d calls: %v", len(calls), got)
	}
	if more := claim(t, s, time.Now(), 64); len(more) != 0 {
		t.Errorf("%d further calls of comments that have one", len(more))
	}
}

func TestEventsOfNoCommentDoNotWaitForEachOther(t *testing.T) {
	s := openDeliveries(t, "e1")
	var owed []comment.Delivery
	for i := range 5 {
		owed = append(owed, comment.Delivery{ID: comment.NewID(), EndpointID: "e1", EventSeq: int64(i + 1), EventID: fmt.Sprint(i), Type: comment.PageClosed, NextAt: time.Now(), CreatedAt: time.Now()})
	}
	if err := s.FanOut(t.Context(), "daily", owed); err != nil {
		t.Fatal(err)
	}
	if calls := claim(t, s, time.Now(), 64); len(calls) != 5 {
		t.Errorf("%d calls, want 5", len(calls))
	}
}

// The whole lane is delivered in order however the claims fall, each delivery
// once, with every second one failing first.
func TestALaneIsWorkedOffInOrder(t *testing.T) {
	s := openDeliveries(t, "e1")
	owe(t, s, "e1", 20, 1)
	now := time.Now()
	var order []int64
	for len(order) < 20 {
		calls := claim(t, s, now, 64)
		if len(calls) != 1 {
			t.Fatalf("%d calls after %v", len(calls), order)
		}
		d := calls[0].Delivery
		d.Attempts++
		d.LastAt, d.State, d.DeliveredAt = now, comment.DeliveryDelivered, now
		if d.Sequence%2 == 0 && d.Attempts == 1 {
			d.State, d.DeliveredAt, d.NextAt = comment.DeliveryOwed, time.Time{}, now.Add(time.Minute)
		} else {
			order = append(order, d.Sequence)
		}
		if err := s.Record(t.Context(), []comment.Outcome{{Delivery: d, Attempt: comment.Attempt{N: d.Attempts, At: now}}}); err != nil {
			t.Fatal(err)
		}
		if d.State == comment.DeliveryOwed {
			if early := claim(t, s, now, 64); len(early) != 0 {
				t.Fatalf("number %d is claimed while %d waits for its retry", early[0].Delivery.Sequence, d.Sequence)
			}
			if next, ok, err := s.NextDelivery(t.Context()); !ok || err != nil || next.After(d.NextAt) {
				t.Fatalf("next at %s, %v, %v; want %s", next, ok, err, d.NextAt)
			}
			now = now.Add(time.Minute + time.Second)
		}
	}
	for i, n := range order {
		if n != int64(i+1) {
			t.Fatalf("order %v", order)
		}
	}
}

// BenchmarkClaim claims and records the deliveries of one endpoint while another
// is owed nothing, or 20 000 that wait for retries and for one another.
func BenchmarkClaim(b *testing.B) {
	for _, backlog := range []int{0, 20000} {
		b.Run(fmt.Sprint(backlog), func(b *testing.B) { claimBehind(b, backlog) })
	}
}

func claimBehind(b *testing.B, backlog int) {
	s := openDeliveries(b, "down", "up")
	owe(b, s, "down", backlog, max(1, backlog/2))
	now := time.Now()
	for { // every first one has failed and waits for an hour
		next, ok, err := s.NextDelivery(b.Context())
		if err != nil || !ok || next.After(now) {
			break
		}
		calls := claim(b, s, now, 64)
		var failed []comment.Outcome
		for _, c := range calls {
			d := c.Delivery
			d.Attempts, d.NextAt, d.LastAt = 1, now.Add(time.Hour), now
			failed = append(failed, comment.Outcome{Delivery: d})
		}
		if err := s.Record(b.Context(), failed); err != nil {
			b.Fatal(err)
		}
	}
	owe(b, s, "up", b.N, b.N)
	b.ResetTimer()
	for n := 0; n < b.N; {
		calls := claim(b, s, time.Now(), 64)
		var done []comment.Outcome
		for _, c := range calls {
			d := c.Delivery
			d.State, d.DeliveredAt, d.LastAt = comment.DeliveryDelivered, now, now
			done = append(done, comment.Outcome{Delivery: d, Attempt: comment.Attempt{N: 1, At: now}})
		}
		if err := s.Record(b.Context(), done); err != nil {
			b.Fatal(err)
		}
		n += len(calls)
	}
}
