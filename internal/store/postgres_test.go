package store

import (
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
