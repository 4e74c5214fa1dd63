package store

import (
	"context"
	"sync"
	"sync/atomic"
)

// checkpointAfter is the number of use cases after which what they have written
// is moved from the journal into the file: about a quarter of what SQLite lets
// the journal hold before it does so within a commit (wal_autocheckpoint).
const checkpointAfter = 500

// checkpointer moves what has been committed from a file's journal into the file
// while commits go on, so that the one that fills the journal has little left to
// move: all the writers wait for it. It has a connection of its own.
type checkpointer struct {
	conn    conn
	health  *health
	pending atomic.Int64 // use cases written since it last began
	due     chan struct{}
	working sync.WaitGroup
}

func newCheckpointer(c conn, h *health) *checkpointer {
	p := &checkpointer{conn: c, health: h, due: make(chan struct{}, 1)}
	p.working.Go(func() {
		for range p.due {
			p.pending.Store(0)
			p.run()
		}
		p.conn.close()
	})
	return p
}

// wrote tells of use cases that have been committed. It never waits.
func (p *checkpointer) wrote(n int) {
	if p.pending.Add(int64(n)) < checkpointAfter {
		return
	}
	select {
	case p.due <- struct{}{}:
	default: // it is at it
	}
}

// run waits for nobody and keeps nobody waiting. What it cannot do is done at
// the end of a later commit, which reports what is wrong; damage is told at once.
func (p *checkpointer) run() {
	p.health.note(p.conn.each(context.Background(), "pragma wal_checkpoint(passive)", nil, func(scanner) error { return nil }))
}

// stop ends it; nothing is written any more.
func (p *checkpointer) stop() {
	close(p.due)
	p.working.Wait()
}
