package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
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

// settings are the server's, for the sessions of one kind of connection.
type settings map[string]string

// A node that stands still in the middle of a write holds up the others that
// write to the site: the server cuts it off soon. A View may take its time.
var (
	writerSettings = settings{"statement_timeout": "5s", "lock_timeout": "4s", "idle_in_transaction_session_timeout": "3s"}
	readerSettings = settings{"statement_timeout": "5s", "lock_timeout": "4s", "idle_in_transaction_session_timeout": "15s"}
	changeSettings = settings{"statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}
)

// planSettings hold the server to the plans that the statements are written
// for: each is planned once, and goes along an index, in its order, from row to
// row. Left to itself it would take a table that is small at the time for one
// to be walked through, and collect and sort a page of a thread that has grown
// to a million comments.
var planSettings = settings{
	"plan_cache_mode": "force_generic_plan", "jit": "off", "enable_seqscan": "off", "enable_bitmapscan": "off",
	"enable_sort": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
}

// local is the statement that sets them for one transaction.
func (s settings) local() string {
	var calls []string
	for _, name := range slices.Sorted(maps.Keys(s)) {
		calls = append(calls, fmt.Sprintf("set_config('%s', '%s', true)", name, s[name]))
	}
	return "select " + strings.Join(calls, ", ")
}

// server is how to reach a PostgreSQL server.
type server struct {
	config  *pgx.ConnConfig // of connections that read
	writing *pgx.ConnConfig // of those that write
	pooled  bool            // behind a pooler: no state outlives a transaction
	answer  time.Duration   // within which the server answers; 0 = whenever, for a migration

	mu   sync.Mutex
	shun time.Time // until then nobody tries to connect
	why  error
}

func newServer(dsn string) (*server, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, badAddress(dsn, err)
	}
	s := &server{config: config, answer: answerTime}
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
	s.writing = config.Copy()
	if !s.pooled {
		writerSettings.add(s.writing)
		readerSettings.add(s.config)
		planSettings.add(s.writing)
		planSettings.add(s.config)
	}
	return s, nil
}

// add adds what the operator has not set.
func (s settings) add(config *pgx.ConnConfig) {
	for name, value := range s {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
}

// CheckServer says whether a --db setting that names a server can be read,
// without connecting.
func CheckServer(dsn string) error {
	_, err := newServer(dsn)
	return err
}

// connect makes a connection. Where that has just failed it fails at once: a
// server that is gone must not keep everybody waiting.
func (s *server) connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	if err := s.shunned(); err != nil {
		return nil, err
	}
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

// start begins a transaction; where sessions are a pooler's, the settings are
// for it alone.
func (s *server) start(ctx context.Context, c conn, how string, with settings) error {
	if err := c.put(ctx, how); err != nil || !s.pooled {
		return err
	}
	if err := c.put(ctx, with.local()); err != nil {
		return err
	}
	return c.put(ctx, planSettings.local())
}

// begin locks one site's head of log after the other; in that order everywhere,
// so that no two transactions wait for each other. A site that is about to be
// made has none: its name is locked.
func (s *server) begin(ctx context.Context, c conn, sites []string, first []ask) (map[string]head, []answer, error) {
	if err := s.start(ctx, c, "begin", writerSettings); err != nil {
		return nil, nil, err
	}
	heads := map[string]head{}
	asks := make([]ask, 0, len(sites)+len(first))
	for _, site := range sites {
		asks = append(asks, ask{lockHead, []any{site}})
	}
	if len(sites) == 0 {
		return heads, nil, nil
	}
	answers, err := c.together(ctx, append(asks, first...))
	if err != nil {
		return nil, nil, err
	}
	for i, site := range sites {
		if err := answers[i](headOf(heads, site)); err != nil {
			return nil, nil, err
		}
	}
	if len(heads) == len(sites) {
		return heads, answers[len(sites):], nil
	}
	return heads, nil, lockNames(ctx, c, sites, heads)
}

const lockHead = "select seq, hash from log_heads where site_id = $1 for update"

func headOf(heads map[string]head, site string) func(scanner) error {
	return func(s scanner) error {
		var h head
		err := s.Scan(&h.seq, &h.hash)
		heads[site] = h
		return err
	}
}

// lockNames locks the names of sites without a head, which others may have made
// by the time.
func lockNames(ctx context.Context, c conn, sites []string, heads map[string]head) error {
	for _, site := range sites {
		if _, ok := heads[site]; ok {
			continue
		}
		if _, err := c.exec(ctx, "select pg_advisory_xact_lock(hashtextextended($1, 0))", site); err != nil {
			return err
		}
		if err := c.each(ctx, lockHead, []any{site}, headOf(heads, site)); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) view(ctx context.Context, c conn) error {
	return s.start(ctx, c, "begin isolation level repeatable read read only", readerSettings)
}

// schemaLock is the number of the advisory lock that migrations hold: "after"
// in ASCII.
const schemaLock = 0x6166746572

func (s *server) change(ctx context.Context, c conn) error {
	if err := c.put(ctx, "begin"); err != nil {
		return err
	}
	if err := c.put(ctx, changeSettings.local()); err != nil {
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
		if strings.Contains(err.Error(), "unsupported startup parameter") {
			return fmt.Errorf("open the database %s: a pooler stands before it; add default_query_exec_mode=exec to the address", Masked(dsn))
		}
		return fmt.Errorf("open the database %s: %w", Masked(dsn), &oneLine{err})
	}
	connections := func(n int, config *pgx.ConnConfig) (all []conn) {
		for range n {
			all = append(all, &pgConn{server: to, config: config})
		}
		return all
	}
	s.use(d, connections(serverWriters, to.writing), connections(serverReaders, to.config))
	return nil
}

func prepareServer(ctx context.Context, to *server, d dialect) error {
	c := &pgConn{server: &server{pooled: to.pooled}, config: to.config}
	defer c.close()
	if err := c.ready(ctx); err != nil {
		return err
	}
	return migrate(ctx, c, d)
}
