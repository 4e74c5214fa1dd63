package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/afterword-comments/afterword/internal/fault"
)

// The connections of one process to a server.
const (
	serverWriters = 4
	serverReaders = 8
)

// How long things may take. The server ends what is too slow; the connection is
// given up a little later, for a server that does not even do that.
const (
	connectTime = 3 * time.Second
	askTime     = 2 * time.Second // for a resting connection to show that it lives
	answerTime  = 6 * time.Second
	shunTime    = 250 * time.Millisecond // after an attempt to connect that failed
)

// serverSettings hold in every session.
var serverSettings = map[string]string{
	"statement_timeout":                   "5s",
	"lock_timeout":                        "4s",
	"idle_in_transaction_session_timeout": "5s",
}

// sessionless are the settings for one transaction, for sessions that a
// pooler hands to somebody else after it.
const sessionless = "select set_config('statement_timeout', '5s', true), set_config('lock_timeout', '4s', true), set_config('idle_in_transaction_session_timeout', '5s', true)"

// server is how to reach a PostgreSQL server.
type server struct {
	config  *pgx.ConnConfig
	pooled  bool // behind a pooler: no state outlives a transaction
	patient bool // for a migration, which may take long

	mu   sync.Mutex
	shun time.Time // until then nobody tries to connect
	why  error
}

func newServer(dsn string) (*server, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, badAddress(dsn, err)
	}
	s := &server{config: config}
	switch config.DefaultQueryExecMode {
	case pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol:
		s.pooled = true
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "afterword"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTime
	}
	for name, value := range serverSettings {
		if !s.pooled && config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	return s, nil
}

// CheckServer says whether a --db setting that names a server can be read,
// without connecting.
func CheckServer(dsn string) error {
	_, err := newServer(dsn)
	return err
}

// connect makes a connection. Where that has just failed it fails at once: a
// server that is gone must not keep everybody waiting. warned hears of the
// server's warnings.
func (s *server) connect(ctx context.Context, warned func(*pgconn.Notice)) (*pgx.Conn, error) {
	if err := s.shunned(); err != nil {
		return nil, err
	}
	config := s.config.Copy()
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { warned(n) }
	raw, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		return raw, nil
	}
	f := postgresFault(err)
	if f == nil {
		f = unreachable(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shun, s.why = time.Now().Add(shunTime), f
	return nil, f
}

func (s *server) shunned() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.shun) {
		return s.why
	}
	return nil
}

func (s *server) settle(ctx context.Context, c conn) error {
	if !s.pooled {
		return nil
	}
	return c.put(ctx, sessionless)
}

// begin locks one site's head of log after the other; in that order everywhere,
// so that no two transactions wait for each other. A site that is about to be
// made has none: its name is locked.
func (s *server) begin(ctx context.Context, c conn, sites []string) (map[string]head, error) {
	if err := errors.Join(c.put(ctx, "begin"), s.settle(ctx, c)); err != nil {
		return nil, err
	}
	heads := map[string]head{}
	for _, site := range sites {
		h, err := lockHead(ctx, c, site)
		if fault.Is(err, "not_found") {
			if _, err = c.exec(ctx, "select pg_advisory_xact_lock(hashtextextended($1, 0))", site); err == nil {
				h, err = lockHead(ctx, c, site)
			}
		}
		if err == nil {
			heads[site] = h
		} else if !fault.Is(err, "not_found") {
			return nil, err
		}
	}
	return heads, nil
}

func lockHead(ctx context.Context, c conn, site string) (head, error) {
	return one(&query{ctx, c}, func(s scanner) (h head, err error) { err = s.Scan(&h.seq, &h.hash); return h, err },
		"select seq, hash from log_heads where site_id = $1 for update", site)
}

func (s *server) view(ctx context.Context, c conn) error {
	return errors.Join(c.put(ctx, "begin isolation level repeatable read read only"), s.settle(ctx, c))
}

// schemaLock is the number of the advisory lock that migrations hold: "after"
// in ASCII.
const schemaLock = 0x6166746572

func (s *server) change(ctx context.Context, c conn) error {
	if err := c.put(ctx, "begin"); err != nil {
		return err
	}
	if err := c.put(ctx, "select set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)"); err != nil {
		return err
	}
	_, err := c.exec(ctx, fmt.Sprint("select pg_advisory_xact_lock(", schemaLock, ")"))
	return err
}

func (s *Store) openPostgres(ctx context.Context, dsn string) error {
	to, err := newServer(dsn)
	if err != nil {
		return err
	}
	s.server = to
	d := postgres(to)
	if err := prepareServer(ctx, to, d); err != nil {
		return fmt.Errorf("open the database %s: %w", Masked(dsn), &oneLine{err})
	}
	connections := func(n int) (all []conn) {
		for range n {
			all = append(all, &pgConn{server: to})
		}
		return all
	}
	s.use(d, connections(serverWriters), connections(serverReaders))
	return nil
}

func prepareServer(ctx context.Context, to *server, d dialect) error {
	c := &pgConn{server: &server{config: to.config, pooled: to.pooled, patient: true}}
	defer c.close()
	if err := c.ready(ctx); err != nil {
		return err
	}
	return migrate(ctx, c, d)
}
