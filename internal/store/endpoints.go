package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const endpointColumns = `site_id, endpoint_id, url, types, status, created_at, gate_until, failures, last_success_at, last_failure_at, last_failure, renewed_at,
	mode, api_version, target, settings, headers, calls_most, behind_since, covered_seq, trips, v1a`

func scanEndpoint(s scanner) (e comment.Endpoint, err error) {
	var types, settings string
	if err := s.Scan(&e.Site, &e.ID, &e.URL, &types, &e.Status, instant{&e.CreatedAt}, instant{&e.GateUntil}, &e.Failures,
		instant{&e.LastSuccessAt}, instant{&e.LastFailureAt}, &e.LastFailure, instant{&e.RenewedAt},
		&e.Mode, &e.APIVersion, &e.Target, &settings, &e.Headers, &e.CallsMost, instant{&e.BehindSince}, &e.CoveredSeq, &e.Trips, &e.Asymmetric); err != nil {
		return e, err
	}
	if err := json.Unmarshal([]byte(types), &e.Types); err != nil {
		return e, fmt.Errorf("types of endpoint %s: %w", e.ID, err)
	}
	if err := json.Unmarshal([]byte(settings), &e.Settings); err != nil {
		return e, fmt.Errorf("settings of endpoint %s: %w", e.ID, err)
	}
	return e, nil
}

// complete adds the secrets and the number of owed deliveries.
func (q *query) complete(e comment.Endpoint, err error) (comment.Endpoint, error) {
	if err != nil {
		return e, err
	}
	e.Secrets, err = list(q, func(s scanner) (v comment.Secret, err error) {
		err = s.Scan(&v.ID, &v.Sealed, instant{&v.CreatedAt}, instant{&v.ExpiresAt})
		return v, err
	}, "select secret_id, sealed, created_at, expires_at from secrets where site_id = $1 and endpoint_id = $2 and (expires_at = 0 or expires_at > $3) order by secret_id desc",
		e.Site, e.ID, time.Now().UnixMicro())
	if err != nil {
		return e, err
	}
	// Counting stops where nobody would read on: an endpoint that is owed a
	// million events must not make its page slow.
	owed, err := one(q, scanInt, "select count(*) from (select 1 from deliveries where site_id = $1 and endpoint_id = $2 and state = 'owed' limit 100000) few", e.Site, e.ID)
	e.Owed = int(owed)
	return e, err
}

func (q *query) Endpoints(site string) ([]comment.Endpoint, error) {
	all, err := list(q, scanEndpoint, "select "+endpointColumns+" from endpoints where site_id = $1 order by endpoint_id", site)
	for i := range all {
		if err == nil {
			all[i], err = q.complete(all[i], nil)
		}
	}
	return all, err
}

func (q *query) Endpoint(site, id string) (comment.Endpoint, error) {
	return q.complete(one(q, scanEndpoint, "select "+endpointColumns+" from endpoints where site_id = $1 and endpoint_id = $2", site, id))
}

func (q *query) FindEndpoint(id string) (comment.Endpoint, error) {
	return q.complete(one(q, scanEndpoint, "select "+endpointColumns+" from endpoints where endpoint_id = $1", id))
}

func (w *write) PutEndpoint(e comment.Endpoint) error {
	types, err := json.Marshal(e.Types)
	if err != nil {
		return err
	}
	settings := []byte("{}")
	if len(e.Settings) > 0 {
		if settings, err = json.Marshal(e.Settings); err != nil {
			return err
		}
	}
	return w.conn.put(w.ctx, "insert into endpoints ("+endpointColumns+") values ("+places(1, 22)+`)
		on conflict (site_id, endpoint_id) do update set url = excluded.url, types = excluded.types, status = excluded.status,
			gate_until = excluded.gate_until, failures = excluded.failures, last_success_at = excluded.last_success_at,
			last_failure_at = excluded.last_failure_at, last_failure = excluded.last_failure, renewed_at = excluded.renewed_at,
			mode = excluded.mode, api_version = excluded.api_version, target = excluded.target, settings = excluded.settings,
			headers = excluded.headers, calls_most = excluded.calls_most, behind_since = excluded.behind_since,
			covered_seq = case when excluded.covered_seq > endpoints.covered_seq then excluded.covered_seq else endpoints.covered_seq end,
			trips = excluded.trips, v1a = excluded.v1a, due_at = 0`,
		e.Site, e.ID, e.URL, string(types), e.Status, micros(e.CreatedAt), micros(e.GateUntil), e.Failures,
		micros(e.LastSuccessAt), micros(e.LastFailureAt), e.LastFailure, micros(e.RenewedAt),
		cmp.Or(e.Mode, comment.ModeFull), cmp.Or(e.APIVersion, comment.APIVersion), cmp.Or(e.Target, comment.TargetWebhook), string(settings),
		e.Headers, cmp.Or(e.CallsMost, comment.CallsMost), micros(e.BehindSince), e.CoveredSeq, e.Trips, e.Asymmetric)
}

func (w *write) RemoveEndpoint(site, id string) error {
	n, err := w.conn.exec(w.ctx, "delete from endpoints where site_id = $1 and endpoint_id = $2", site, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Missing()
	}
	return w.conn.put(w.ctx, "update deliveries set state = 'cancelled' where site_id = $1 and endpoint_id = $2 and state = 'owed'", site, id)
}

func (w *write) HurryDeliveries(site, endpoint string, at time.Time) error {
	if err := w.wake(site, endpoint, at); err != nil {
		return err
	}
	if err := w.conn.put(w.ctx, hurry, site, endpoint, micros(at), hurryMost); err != nil {
		return err
	}
	return w.conn.put(w.ctx, inOrder, site, endpoint, micros(at), hurryMost)
}

// hurryMost bounds the time that other writers wait for a change of an endpoint
// that is owed a million events.
const hurryMost = 10000

// What is owed becomes due when it came to be owed: what has been tried comes
// before what is newer and has not.
const (
	hurry = `update deliveries set next_at = case when created_at < $3 then created_at else $3 end where site_id = $1 and lease_token = '' and delivery_id in (
	select delivery_id from deliveries where site_id = $1 and endpoint_id = $2 and state = 'owed' and next_at > $3 order by next_at limit $4)`
	inOrder = `update deliveries set next_at = created_at where site_id = $1 and lease_token = '' and created_at < next_at and delivery_id in (
	select delivery_id from deliveries where site_id = $1 and endpoint_id = $2 and state = 'owed' and next_at <= $3 order by next_at limit $4)`
)

func (w *write) PutSecret(site, endpoint string, v comment.Secret) error {
	return w.conn.put(w.ctx, `insert into secrets (site_id, endpoint_id, secret_id, sealed, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)
		on conflict (site_id, endpoint_id, secret_id) do update set expires_at = excluded.expires_at`,
		site, endpoint, v.ID, v.Sealed, micros(v.CreatedAt), micros(v.ExpiresAt))
}

const deliveryColumns = `site_id, delivery_id, endpoint_id, event_seq, event_id, type, comment_id, sequence, replay, state, attempts,
	next_at, lease_until, lease_token, created_at, delivered_at, last_status, last_class, last_ms, last_at`

func deliveryDest(d *comment.Delivery) []any {
	return []any{&d.Site, &d.ID, &d.EndpointID, &d.EventSeq, &d.EventID, &d.Type, &d.CommentID, &d.Sequence, &d.Replay, &d.State, &d.Attempts,
		instant{&d.NextAt}, instant{&d.LeaseUntil}, &d.LeaseToken, instant{&d.CreatedAt}, instant{&d.DeliveredAt},
		&d.LastStatus, &d.LastClass, &d.LastMillis, instant{&d.LastAt}}
}

func scanDelivery(s scanner) (d comment.Delivery, err error) {
	err = s.Scan(deliveryDest(&d)...)
	return d, err
}

func (q *query) Deliveries(ask comment.DeliveryQuery) ([]comment.Delivery, error) {
	if ask.Before == "" {
		ask.Before = lastID
	}
	const (
		from  = " from deliveries where site_id = $1 and endpoint_id = $2 and delivery_id < $3"
		order = " order by delivery_id desc limit $4"
	)
	if ask.State == "" {
		return list(q, scanDelivery, "select "+deliveryColumns+from+order, ask.Site, ask.Endpoint, ask.Before, ask.Limit)
	}
	return list(q, scanDelivery, "select "+deliveryColumns+from+" and state = $5"+order, ask.Site, ask.Endpoint, ask.Before, ask.Limit, string(ask.State))
}

func (q *query) Delivery(site, id string) (comment.Delivery, error) {
	return one(q, scanDelivery, "select "+deliveryColumns+" from deliveries where site_id = $1 and delivery_id = $2", site, id)
}

func (q *query) FindDelivery(id string) (comment.Delivery, error) {
	return one(q, scanDelivery, "select "+deliveryColumns+" from deliveries where delivery_id = $1", id)
}

func (q *query) Attempts(site, deliveryID string) ([]comment.Attempt, error) {
	return list(q, func(s scanner) (a comment.Attempt, err error) {
		err = s.Scan(&a.N, instant{&a.At}, &a.Millis, &a.Status, &a.Class, &a.Detail, &a.Response)
		return a, err
	}, "select n, at, ms, status, class, detail, response from attempts where site_id = $1 and delivery_id = $2 order by n", site, deliveryID)
}

func (q *query) DeliveryBody(d comment.Delivery) ([]byte, error) {
	return one(q, func(s scanner) (b []byte, err error) { err = s.Scan(&b); return b, err },
		`select coalesce(e.body, d.body) from deliveries d left join events e on e.site_id = d.site_id and e.seq = d.event_seq
			where d.site_id = $1 and d.delivery_id = $2`, d.Site, d.ID)
}

func (w *write) InsertDelivery(d comment.Delivery, body []byte) error {
	if err := w.wake(d.Site, d.EndpointID, d.NextAt); err != nil {
		return err
	}
	return w.conn.put(w.ctx, "insert into deliveries ("+deliveryColumns+", body) values ("+places(1, 21)+")",
		d.Site, d.ID, d.EndpointID, d.EventSeq, d.EventID, d.Type, d.CommentID, d.Sequence, d.Replay, d.State, d.Attempts,
		micros(d.NextAt), micros(d.LeaseUntil), d.LeaseToken, micros(d.CreatedAt), micros(d.DeliveredAt), d.LastStatus, d.LastClass, d.LastMillis, micros(d.LastAt), body)
}
