package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const replayColumns = "site_id, replay_id, endpoint_id, number, types, missed, after_seq, until_seq, events, sent, state, created_at, ended_at"

func scanReplay(s scanner) (v comment.Replay, err error) {
	var types string
	if err := s.Scan(&v.Site, &v.ID, &v.EndpointID, &v.Number, &types, &v.Missed, &v.After, &v.Until, &v.Events, &v.Sent, &v.State,
		instant{&v.CreatedAt}, instant{&v.EndedAt}); err != nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(types), &v.Types); err != nil {
		return v, fmt.Errorf("types of replay %s: %w", v.ID, err)
	}
	return v, nil
}

func (q *query) Replay(site, id string) (comment.Replay, error) {
	return one(q, scanReplay, "select "+replayColumns+" from replays where site_id = $1 and replay_id = $2", site, id)
}

func (q *query) FindReplay(id string) (comment.Replay, error) {
	return one(q, scanReplay, "select "+replayColumns+" from replays where replay_id = $1", id)
}

func (q *query) Replays(site, endpoint, before string, limit int) ([]comment.Replay, error) {
	if before == "" {
		before = lastID
	}
	return list(q, scanReplay, "select "+replayColumns+" from replays where site_id = $1 and endpoint_id = $2 and replay_id < $3 order by replay_id desc limit $4",
		site, endpoint, before, limit)
}

func (q *query) RunningReplays(limit int) ([]comment.Replay, error) {
	return list(q, scanReplay, "select "+replayColumns+" from replays where state = 'running' order by site_id, replay_id limit $1", limit)
}

func (w *write) InsertReplay(v comment.Replay) error {
	types, err := json.Marshal(v.Types)
	if err != nil {
		return err
	}
	return w.conn.put(w.ctx, "insert into replays ("+replayColumns+") values ("+places(1, 13)+")",
		v.Site, v.ID, v.EndpointID, v.Number, string(types), v.Missed, v.After, v.Until, v.Events, v.Sent, v.State, micros(v.CreatedAt), micros(v.EndedAt))
}

func (w *write) MoveReplay(v comment.Replay, after int64) error {
	n, err := w.conn.exec(w.ctx, `update replays set after_seq = $4, events = $5, sent = $6, state = $7, ended_at = $8
		where site_id = $1 and replay_id = $2 and after_seq = $3 and state = 'running'`,
		v.Site, v.ID, after, v.After, v.Events, v.Sent, v.State, micros(v.EndedAt))
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "conflict", "The replay has moved on or has ended.")
	}
	return err
}

// typesMost is the number of types that one statement asks for.
const typesMost = 32

// The public events of a stretch of the log. What an endpoint has missed has a
// delivery that failed (1), and none that is owed or has arrived (2).
var (
	past = " from events where site_id = $1 and seq > $2 and seq <= $3 and (sequence > 0 or comment_id = '') and type in (" + places(4, typesMost) + ")"

	missed = ` and (select max(case d.state when 'failed' then 1 else 2 end) from deliveries d
		where d.site_id = $1 and d.endpoint_id = $36 and d.event_id = events.event_id) = 1` // $36 is behind the types
)

// past gives the condition of a question about the past, and its arguments.
func (q *query) past(ask comment.PastQuery) (text string, args []any) {
	args = []any{ask.Site, ask.After, ask.Until}
	for i := range typesMost { // one statement for every number of types
		args = append(args, ask.Types[min(i, len(ask.Types)-1)])
	}
	if ask.Missed == "" {
		return past, args
	}
	return past + missed, append(args, ask.Missed)
}

func (q *query) PastEvents(ask comment.PastQuery, limit int) ([]comment.Event, error) {
	if len(ask.Types) == 0 {
		return nil, nil
	}
	text, args := q.past(ask)
	return list(q, func(s scanner) (e comment.Event, err error) {
		err = s.Scan(&e.Site, &e.Seq, &e.ID, &e.Type, &e.CommentID, &e.Sequence, instant{&e.At})
		return e, err
	}, "select site_id, seq, event_id, type, comment_id, sequence, at"+text+" order by seq limit "+fmt.Sprintf("$%d", len(args)+1), append(args, limit)...)
}

func (q *query) CountPast(ask comment.PastQuery) (comment.Past, error) {
	if len(ask.Types) == 0 {
		return comment.Past{}, nil
	}
	text, args := q.past(ask)
	return one(q, func(s scanner) (p comment.Past, err error) {
		err = s.Scan(&p.Events, instant{&p.FirstAt}, instant{&p.LastAt})
		return p, err
	}, "select count(*), coalesce(min(at), 0), coalesce(max(at), 0)"+text, args...)
}

func (q *query) FirstFailed(site, endpoint string, most int) (int64, error) {
	return one(q, scanInt, `select coalesce(min(event_seq), 0) from (
		select event_seq from deliveries where site_id = $1 and endpoint_id = $2 and state = 'failed' order by delivery_id desc limit $3) few
		where event_seq > 0`, site, endpoint, most)
}

func (q *query) GivenUp(site, endpoint string, since time.Time, most int) ([]comment.Delivery, error) {
	newest, err := list(q, scanDelivery, givenUp, site, endpoint, micros(since), most)
	slices.Reverse(newest)
	return newest, err
}

var givenUp = "select " + prefixed("d", deliveryColumns) + ` from deliveries d
	where d.site_id = $1 and d.endpoint_id = $2 and d.state = 'failed' and d.last_at > $3 and d.event_seq > 0
		and not exists (select 1 from deliveries o where o.site_id = d.site_id and o.endpoint_id = d.endpoint_id and o.event_id = d.event_id and o.state <> 'failed')
	order by d.delivery_id desc limit $4`
