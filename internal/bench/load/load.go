package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Load is traffic against one address: so many connections, each of which
// sends the next request when it has the answer to the one before.
type Load struct {
	Addr    string
	Clients int
	Time    time.Duration
	Most    int // requests in all; 0 = as many as go into Time
	Status  int // that every answer must have
	// Request gives the n-th request of all to one of the clients. It is called
	// between two requests of a connection, so it should have its answer at hand.
	Request func(client, n int) []byte
}

// Sample is what a load has seen.
type Sample struct {
	Done    int // answers with the right status
	Failed  int
	Took    time.Duration
	Waits   Histogram
	Problem error // the first of the failures
}

// Rate is the number of right answers in a second.
func (s *Sample) Rate() float64 { return float64(s.Done) / s.Took.Seconds() }

// Add counts what another sample has seen, one after the other.
func (s *Sample) Add(other *Sample) {
	s.Done += other.Done
	s.Failed += other.Failed
	s.Took += other.Took
	s.Waits.Add(&other.Waits)
	if s.Problem == nil {
		s.Problem = other.Problem
	}
}

func (s *Sample) fail(err error) {
	s.Failed++
	if s.Problem == nil {
		s.Problem = err
	}
}

// err is what makes a sample worthless: answers that were not what was asked.
func (s *Sample) err() error {
	if s.Failed > 0 {
		return fmt.Errorf("%d of %d requests failed: %w", s.Failed, s.Failed+s.Done, s.Problem)
	}
	return nil
}

// Run is the closed loop: it says how much the server can take.
func (l Load) Run(ctx context.Context) (*Sample, error) {
	return l.each(ctx, func(began time.Time, n int) (due time.Time, more bool) {
		now := time.Now()
		return now, now.Sub(began) < l.Time
	})
}

// Paced is the open loop: requests go out at a fixed rate, and a wait counts
// from when the request was due, so that one that stood in a queue behind a
// slow one counts the queue too.
func (l Load) Paced(ctx context.Context, rate float64) (*Sample, error) {
	every := time.Duration(float64(time.Second) / rate)
	return l.each(ctx, func(began time.Time, n int) (due time.Time, more bool) {
		due = began.Add(time.Duration(n) * every)
		time.Sleep(time.Until(due))
		return due, due.Sub(began) < l.Time
	})
}

// each runs the clients, each on a connection that is open before the clock
// runs, and adds up what they have seen. next says when the n-th request is due.
func (l Load) each(ctx context.Context, next func(began time.Time, n int) (time.Time, bool)) (*Sample, error) {
	conns, err := Connect(l.Addr, l.Clients)
	if err != nil {
		return nil, err
	}
	defer HangUp(conns)
	seen := make([]Sample, l.Clients)
	var taken atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for client, c := range conns {
		all.Go(func() {
			for ctx.Err() == nil {
				n := int(taken.Add(1)) - 1
				if l.Most > 0 && n >= l.Most {
					return
				}
				request := l.Request(client, n)
				due, more := next(began, n)
				if !more || !l.one(c, request, due, &seen[client]) {
					return
				}
			}
		})
	}
	all.Wait()
	total := &Sample{}
	for i := range seen {
		total.Add(&seen[i])
	}
	total.Took = time.Since(began)
	return total, errors.Join(ctx.Err(), total.err())
}

// one sends a request; it reports whether the connection can go on.
func (l Load) one(c *Conn, request []byte, due time.Time, s *Sample) bool {
	status, err := c.Send(request)
	switch {
	case err != nil:
		s.fail(err)
		return false
	case status != l.Status:
		s.fail(fmt.Errorf("status %d instead of %d", status, l.Status))
		return true
	}
	s.Waits.Record(time.Since(due))
	s.Done++
	return true
}

// Connect opens so many connections.
func Connect(addr string, clients int) ([]*Conn, error) {
	all := make([]*Conn, 0, clients)
	for range clients {
		c, err := Dial(addr)
		if err != nil {
			HangUp(all)
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// HangUp closes connections.
func HangUp(all []*Conn) {
	for _, c := range all {
		c.Close()
	}
}
