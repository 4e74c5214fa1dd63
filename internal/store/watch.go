package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// How this node hears of the commits of others. Looking is enough; being called
// makes it quicker.
const (
	lookTime   = 250 * time.Millisecond // between looks, or twenty times what one takes
	callRest   = 10 * time.Millisecond  // between calls to the others, and between looks when called
	listenTime = 30 * time.Second       // after which a silent connection is asked whether it lives
	againTime  = time.Second            // before listening or calling is tried again
	channel    = "afterword"
)

// Watch wakes whoever waits for Changed when another node has committed, until
// ctx ends. For a file there is nothing to do: an administrative command's
// commits are seen by those who look for them.
func (s *Store) Watch(ctx context.Context) error {
	if s.server == nil {
		<-ctx.Done()
		return nil
	}
	called := make(chan struct{}, 1)
	var all sync.WaitGroup
	if !s.server.pooled { // a pooler's sessions do not last
		all.Go(func() { s.listen(ctx, called) })
	}
	all.Go(func() { s.call(ctx) })
	s.look(ctx, called)
	all.Wait()
	return nil
}

// look looks for what others have committed.
func (s *Store) look(ctx context.Context, called <-chan struct{}) {
	for ctx.Err() == nil {
		began := time.Now()
		// A look that fails is repeated; whoever reads will tell of the trouble.
		_ = s.withHeads(ctx, func(*headBook, *query) error { return nil })
		wait(ctx, callRest, nil)
		wait(ctx, max(lookTime, 20*time.Since(began)), called)
	}
}

func wait(ctx context.Context, d time.Duration, called <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-called:
	}
}

// listen keeps a connection on which other nodes call.
func (s *Store) listen(ctx context.Context, called chan<- struct{}) {
	for ; ctx.Err() == nil; wait(ctx, againTime, nil) {
		c, err := s.server.connect(ctx, s.server.config)
		if err != nil {
			continue
		}
		if _, err := c.Exec(ctx, "listen "+channel); err == nil {
			nudge(called) // for what was missed before
			s.hear(ctx, c, called)
		}
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		_ = c.Close(closing) // whatever it says, it is of no more use
		cancel()
	}
}

// hear returns when the connection is lost.
func (s *Store) hear(ctx context.Context, c *pgx.Conn, called chan<- struct{}) {
	for ctx.Err() == nil {
		quiet, cancel := context.WithTimeout(ctx, listenTime)
		n, err := c.WaitForNotification(quiet)
		silent := err != nil && quiet.Err() != nil
		cancel()
		switch {
		case err == nil && n.Payload != s.node:
			nudge(called)
		case silent:
			alive, cancel := context.WithTimeout(ctx, askTime)
			err = c.Ping(alive)
			cancel()
			if err != nil {
				return
			}
		case err != nil:
			return
		}
	}
}

func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// call tells the other nodes that this one has committed: after the commit, and
// once for many, since a notification within it would hold a lock on the whole
// database. Nobody waits for it to reach the disk.
func (s *Store) call(ctx context.Context) {
	c := &pgConn{server: s.server, config: s.server.config}
	defer c.close()
	text := fmt.Sprintf("select set_config('synchronous_commit', 'off', true), pg_notify('%s', $1)", channel)
	for ctx.Err() == nil {
		grown := s.signal.next()
		select {
		case <-ctx.Done():
			return
		case <-grown:
		}
		wait(ctx, callRest, nil)
		if !s.signal.mine.Swap(false) {
			continue
		}
		if c.ready(ctx) != nil {
			wait(ctx, againTime, nil)
			continue
		}
		_, _ = c.exec(ctx, text, s.node) // the others look by themselves
	}
}
