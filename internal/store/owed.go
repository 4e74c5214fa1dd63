package store

import (
	"context"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Owed counts the deliveries that wait, over all sites; counting stops at
// 100,000.
func (s *Store) Owed(ctx context.Context) (n int64, err error) {
	err = s.View(ctx, func(r comment.Reader) error {
		n, err = one(r.(*query), scanInt, "select count(*) from (select 1 from deliveries where state = 'owed' limit 100000) few")
		return err
	})
	return n, err
}
