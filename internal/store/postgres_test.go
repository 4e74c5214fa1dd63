package store

import (
	"strings"
	"testing"

	"github.com/afterword-comments/afterword/internal/store/storetest"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

// TestPostgres runs the suite on PostgreSQL, on one node and on two.
func TestPostgres(t *testing.T) {
	t.Run("one", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Store { return openAt(t, pgtest.Database(t)) })
	})
	t.Run("two", func(t *testing.T) {
		storetest.RunNodes(t, func(t *testing.T) (a, b storetest.Store) {
			dsn := pgtest.Database(t)
			return openAt(t, dsn), openAt(t, dsn)
		})
	})
}

// TestBehindAPooler runs the suite through pgbouncer, which hands a session to
// somebody else after each transaction.
func TestBehindAPooler(t *testing.T) {
	through := pgtest.Bouncer(t)
	storetest.Run(t, func(t *testing.T) storetest.Store { return openAt(t, through(pgtest.Database(t))) })
	t.Run("its setting is asked for", func(t *testing.T) {
		address, _, _ := strings.Cut(through(pgtest.Database(t)), "&")
		if s, err := Open(t.Context(), address); err == nil || !strings.Contains(err.Error(), "default_query_exec_mode=exec") {
			t.Errorf("got %v, %v", s, err)
		}
	})
}
