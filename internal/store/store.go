// Package store keeps everything in SQL: it hides the engine, the schema, the
// grouping of writes into shared commits, and the files. internal/comment says
// what a store has to do (comment.Store); plugin opens one and hands it to the
// domain and to the followers.
package store

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
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
	writers []conn
	readers chan conn
	views   int         // connections that serve View
	resting atomic.Bool // somebody is about to
	closed  chan struct{}
	closing sync.Once
	writer  *writer
	signal  signal
	ballast ballast
	health  *health
	server  *server // nil for a file
	node    string  // tells this process from others on the same database
	book    *headBook
	looks   looks

	unexamined bool // by Open; Examine does it
}

// Open opens the database, creating an SQLite file that is not there, and
// brings its schema up to date. dsn is a file path, sqlite:PATH or postgres://….
func Open(ctx context.Context, dsn string) (*Store, error) {
	s := &Store{closed: make(chan struct{}), health: newHealth(), node: rand.Text()[:8], book: newHeadBook()}
	open := s.openSQLite
	if IsServer(dsn) {
		open = s.openPostgres
	}
	if err := open(ctx, dsn); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// IsServer reports whether a --db setting names a PostgreSQL server, which
// many processes share, and not a file, which one process serves.
func IsServer(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// use gives the store its connections. It closes them.
func (s *Store) use(d dialect, writers, readers []conn) {
	s.dialect, s.views, s.readers = d, len(readers), make(chan conn, len(readers))
	for _, c := range readers {
		s.readers <- c
	}
	s.writers, s.writer = writers, newWriter(s)
	for _, c := range writers {
		s.writer.start(c)
	}
}

// Close waits for the views and the writes under way, then closes the
// database. What comes later is refused as Unavailable.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		close(s.closed)
		if s.writer != nil {
			s.writer.stop()
		}
		for range s.views {
			(<-s.readers).close()
		}
	})
	return err
}

// Path is the database file, "" where a server keeps the data.
func (s *Store) Path() string { return s.path }

// query answers comment.Reader, as a rule on one connection and within one
// transaction.
type query struct {
	ctx   context.Context
	conn  source
	ahead *ahead // nil = nothing was read ahead
}

// write answers comment.Tx, for one use case of a group.
type write struct {
	query
	conn    conn
	dialect dialect
	group   *group
	node    string
	heads   map[string]head // of the logs that this use case has appended to
	counts  map[counted]int
	logged  []comment.Event // for those who hear of them after the commit
}

var (
	_ comment.Store  = (*Store)(nil)
	_ comment.Reader = (*query)(nil)
	_ comment.Tx     = (*write)(nil)
)

// viewWait is how long a View waits for a connection.
const viewWait = 5 * time.Second

// View runs fn on one snapshot. It waits for a free connection as long as ctx
// allows, and no longer than viewWait.
func (s *Store) View(ctx context.Context, fn func(comment.Reader) error) error {
	return s.view(ctx, func(ctx context.Context, c conn) error { return fn(&query{ctx: ctx, conn: c}) })
}

func (s *Store) view(ctx context.Context, fn func(context.Context, conn) error) error {
	c, err := s.reader(ctx)
	if err != nil {
		return err
	}
	// The statements run to their end whatever becomes of the request: a
	// cancelled one would cost a goroutine a statement to watch for.
	steady := context.WithoutCancel(ctx)
	if err := c.ready(steady); err != nil {
		s.readers <- c
		return err
	}
	defer s.leave(steady, c)
	if err := s.dialect.view(steady, c); err != nil {
		return err
	}
	err = fn(steady, c)
	s.health.note(err)
	return err
}

// restTime is how long the connection of a View that is over may wait for the
// next one before it is put to rest.
const restTime = 20 * time.Millisecond

func (s *Store) leave(ctx context.Context, c conn) {
	c.leave(ctx)
	s.readers <- c
	if s.server != nil && s.resting.CompareAndSwap(false, true) {
		time.AfterFunc(restTime, func() {
			s.resting.Store(false)
			s.rest(ctx)
		})
	}
}

// rest puts the connections to rest that have nothing to do.
func (s *Store) rest(ctx context.Context) {
	for range s.views {
		select {
		case c := <-s.readers:
			c.rest(ctx)
			s.readers <- c
		default:
			return
		}
	}
}

func (s *Store) reader(ctx context.Context) (conn, error) {
	select {
	case c := <-s.readers:
		return c, nil
	default:
	}
	wait := time.NewTimer(viewWait)
	defer wait.Stop()
	select {
	case c := <-s.readers:
		return c, nil
	case <-wait.C:
		return nil, noReader(nil)
	case <-s.closed:
		return nil, noReader(nil)
	case <-ctx.Done():
		return nil, noReader(ctx.Err())
	}
}

func noReader(cause error) error {
	return &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Detail: "The service is busy. Try again in a moment.", RetryAfter: time.Second, Cause: cause}
}

// Write runs fn as one transaction; see comment.Store.
func (s *Store) Write(ctx context.Context, sites comment.Sites, fn func(comment.Tx) error) error {
	return s.WriteAfter(ctx, sites, nil, fn)
}

// WriteAfter is Write for a use case that says what it will ask first.
func (s *Store) WriteAfter(ctx context.Context, sites comment.Sites, ask func(comment.Reader), fn func(comment.Tx) error) error {
	return s.writer.do(ctx, sites, ask, func(w *write) error { return fn(w) })
}

// Changed is closed at the next commit that grows a log: of this process at
// once, of another node as soon as Watch has seen it. Ask again for the one
// after.
func (s *Store) Changed() <-chan struct{} { return s.signal.next() }

// OnCommit makes tell hear of the events of each commit of this process, after
// the commit and before anybody who wrote is answered: it has to be quick. Set
// it before the first write.
func (s *Store) OnCommit(tell func([]comment.Event)) { s.signal.tell.Store(&tell) }

// signal wakes everybody who waits, once.
type signal struct {
	tell atomic.Pointer[func([]comment.Event)]
	tail tail
	mine atomic.Bool // there was a commit of this process since it was last asked
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
	s.tail.add(events)
	if tell := s.tell.Load(); tell != nil {
		(*tell)(events)
	}
	s.mine.Store(true)
	s.wake()
}

// wake is fire for a commit of another process.
func (s *signal) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
