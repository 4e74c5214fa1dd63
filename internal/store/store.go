// Package store keeps everything in SQL: it hides the engine, the schema, the
// grouping of writes into shared commits, and the files. internal/comment says
// what a store has to do (comment.Store); plugin opens one and hands it to the
// domain and to the followers.
package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// Store is an open database. Its methods may be called from many goroutines.
type Store struct {
	dialect dialect
	path    string // of the SQLite file
	writeDB *sql.DB
	readDB  *sql.DB
	readers chan *conn
	views   int // connections that serve View
	closed  chan struct{}
	closing sync.Once
	writer  *writer
	signal  signal
	ballast ballast
	health  *health

	unexamined bool // by Open; Examine does it
}

// readers is the number of connections that serve View.
const readers = 4

// Open opens the database, creating it if it is not there, and brings its
// schema up to date. dsn is a file path or sqlite:PATH.
func Open(ctx context.Context, dsn string) (*Store, error) {
	s, err := openSQLite(ctx, dsn)
	if err != nil {
		return nil, err
	}
	s.readers, s.closed, s.health = make(chan *conn, readers), make(chan struct{}), newHealth()
	for ; s.views < readers; s.views++ {
		c, err := newConn(ctx, s.readDB, s.dialect)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.readers <- c
	}
	c, err := newConn(ctx, s.writeDB, s.dialect)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.writer = startWriter(c, &s.signal, &s.ballast, s.health)
	return s, nil
}

// Close waits for the views and the writes under way, then closes the files.
// What comes later is refused as Unavailable.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		close(s.closed)
		if s.writer != nil {
			s.writer.stop()
		}
		for range s.views {
			(<-s.readers).close()
		}
		err = errors.Join(s.readDB.Close(), s.writeDB.Close())
	})
	return err
}

// Path is the database file, "" where there is none.
func (s *Store) Path() string { return s.path }

// query answers comment.Reader on one connection, within one transaction.
type query struct {
	ctx  context.Context
	conn *conn
}

// write answers comment.Tx. It notes the events that it appends, for those who
// hear of them after the commit.
type write struct {
	query
	logged []comment.Event
}

var (
	_ comment.Store  = (*Store)(nil)
	_ comment.Reader = (*query)(nil)
	_ comment.Tx     = (*write)(nil)
)

// View runs fn on one snapshot. It waits for a free connection as long as ctx
// allows.
func (s *Store) View(ctx context.Context, fn func(comment.Reader) error) error {
	var c *conn
	select {
	case c = <-s.readers:
	case <-s.closed:
		return noReader(nil)
	case <-ctx.Done():
		return noReader(ctx.Err())
	}
	defer func() { s.readers <- c }()
	// The statements run to their end whatever becomes of the request: a
	// cancelled one would cost a goroutine a statement to watch for.
	steady := context.WithoutCancel(ctx)
	if _, err := c.exec(steady, "begin"); err != nil {
		return err
	}
	defer func() { _, _ = c.exec(steady, "rollback") }() // it has only read
	err := fn(&query{ctx: steady, conn: c})
	s.health.note(err)
	return err
}

func noReader(cause error) error {
	return &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Detail: "The service is busy. Try again in a moment.", RetryAfter: time.Second, Cause: cause}
}

// Write runs fn as one transaction; see comment.Store.
func (s *Store) Write(ctx context.Context, _ comment.Sites, fn func(comment.Tx) error) error {
	return s.writer.do(ctx, func(w *write) error { return fn(w) })
}

// Changed is closed at the next commit of this process that grows a log. Ask
// again for the one after.
func (s *Store) Changed() <-chan struct{} { return s.signal.next() }

// OnCommit makes tell hear of the events of each commit of this process, after
// the commit and before anybody who wrote is answered: it has to be quick. Set
// it before the first write.
func (s *Store) OnCommit(tell func([]comment.Event)) { s.signal.tell.Store(&tell) }

// signal wakes everybody who waits, once.
type signal struct {
	tell atomic.Pointer[func([]comment.Event)]
	mu   sync.Mutex
	ch   chan struct{}
}

func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

// fire is called after a commit that has appended these events.
func (s *signal) fire(events []comment.Event) {
	if len(events) == 0 {
		return
	}
	if tell := s.tell.Load(); tell != nil {
		(*tell)(events)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
