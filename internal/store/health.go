package store

import "time"

// OwedTimes looks at two ends of indexes, however much is owed.
func (q *query) OwedTimes(site, endpoint string) (next, oldest time.Time, err error) {
	instantOf := func(s scanner) (t time.Time, err error) { err = s.Scan(instant{&t}); return t, err }
	next, err = one(q, instantOf, nextOwed, site, endpoint)
	if err != nil || next.IsZero() {
		return next, oldest, err
	}
	oldest, err = one(q, instantOf, oldestOwed, site, endpoint)
	return next, oldest, err
}

const (
	nextOwed   = "select coalesce(min(next_at), 0) from deliveries where site_id = $1 and endpoint_id = $2 and state = 'owed'"
	oldestOwed = "select created_at from deliveries where site_id = $1 and endpoint_id = $2 and state = 'owed' order by delivery_id limit 1"
)
