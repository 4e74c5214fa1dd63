package store

import (
	"context"
	"time"

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

// Standings tells how endpoints are doing, by id from beyond after. Ids of
// deliveries grow with time, so the first is the oldest.
func (s *Store) Standings(ctx context.Context, after string, limit int) (all []comment.Standing, err error) {
	err = s.View(ctx, func(r comment.Reader) error {
		all, err = list(r.(*query), func(s scanner) (e comment.Standing, err error) {
			err = s.Scan(&e.Site, &e.ID, &e.Status, instant{&e.BehindSince}, instant{&e.Oldest})
			return e, err
		}, standings, after, limit)
		return err
	})
	return all, err
}

const standings = `select e.site_id, e.endpoint_id, e.status, e.behind_since, coalesce((
		select d.created_at from deliveries d where d.site_id = e.site_id and d.endpoint_id = e.endpoint_id and d.state = 'owed' order by d.delivery_id limit 1), 0)
	from endpoints e where e.endpoint_id > $1 order by e.endpoint_id limit $2`

func (w *write) SetBehind(site, endpoint string, since time.Time) error {
	return w.conn.put(w.ctx, "update endpoints set behind_since = $3 where site_id = $1 and endpoint_id = $2", site, endpoint, micros(since))
}

func (w *write) NoteHops(site, subject string, hops int, at time.Time) error {
	if _, err := w.conn.exec(w.ctx, "delete from hops where site_id = $1 and at < $2", site, micros(at.Add(-comment.HopsRemembered))); err != nil {
		return err
	}
	_, err := w.conn.exec(w.ctx, `insert into hops (site_id, subject, hops, at) values ($1, $2, $3, $4)
		on conflict (site_id, subject) do update set hops = excluded.hops, at = excluded.at`, site, subject, hops, micros(at))
	return err
}
