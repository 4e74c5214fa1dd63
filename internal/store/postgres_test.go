package store

import (
	"testing"

	"github.com/afterword-comments/afterword/internal/store/storetest"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

// TestPostgres runs the suite on PostgreSQL.
func TestPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return openAt(t, pgtest.Database(t)) })
}
