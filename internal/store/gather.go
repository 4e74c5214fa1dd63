package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Gather inserts deliveries of endpoints that gather events. One that is owed
// and not under lease will tell of this event too, for what it says is made when
// its call begins. Each endpoint's row is locked first, as a claim does.
func (s *Store) Gather(ctx context.Context, site string, deliveries []comment.Delivery) error {
	ordered := slices.SortedStableFunc(slices.Values(deliveries), func(a, b comment.Delivery) int { return strings.Compare(a.EndpointID, b.EndpointID) })
	return s.writer.apart(ctx, "gather", func(w *write) error {
		for _, d := range ordered {
			if err := w.wake(site, d.EndpointID, d.NextAt); err != nil {
				return err
			}
			if err := w.conn.put(w.ctx, insertGathered, site, d.ID, d.EndpointID, d.EventSeq, d.EventID, d.Type, micros(d.NextAt), micros(d.CreatedAt)); err != nil {
				return fmt.Errorf("delivery of events up to %s: %w", d.EventID, err)
			}
		}
		return nil
	})
}

const insertGathered = `insert into deliveries (site_id, delivery_id, endpoint_id, event_seq, event_id, type, comment_id, sequence, replay, state, next_at, created_at)
	select $1, $2, $3, $4, $5, $6, '', 0, 0, 'owed', $7, $8
		where exists (select 1 from endpoints where site_id = $1 and endpoint_id = $3)
			and not exists (select 1 from deliveries where site_id = $1 and endpoint_id = $3 and state = 'owed' and lease_token = '' and event_seq > 0)
	on conflict do nothing`

const moveCovered = "update endpoints set covered_seq = $3 where site_id = $1 and endpoint_id = $2 and covered_seq < $3"
