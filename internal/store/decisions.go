package store

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const decisionColumns = `site_id, decision_id, comment_id, revision, action, from_status, to_status, reason, note,
	actor_kind, actor_id, actor_name, at, effective_at, state, clause, statement`

func scanDecision(s scanner) (d comment.Decision, err error) {
	err = s.Scan(&d.Site, &d.ID, &d.CommentID, &d.Revision, &d.Action, &d.From, &d.To, &d.Reason, &d.Note,
		&d.Actor.Kind, &d.Actor.ID, &d.Actor.Name, instant{&d.At}, instant{&d.EffectiveAt}, &d.State, &d.Clause, &d.Statement)
	return d, err
}

func (q *query) Decisions(site, commentID string) ([]comment.Decision, error) {
	return list(q, scanDecision, "select "+decisionColumns+" from decisions where site_id = $1 and comment_id = $2 order by at desc, decision_id desc limit 200", site, commentID)
}

func (q *query) DecisionItems(id string) ([]comment.Decision, error) {
	return list(q, scanDecision, "select "+decisionColumns+" from decisions where decision_id = $1", id)
}

func (q *query) HeldDecision(site, commentID string) (comment.Decision, error) {
	return one(q, scanDecision, "select "+decisionColumns+" from decisions where site_id = $1 and comment_id = $2 and state = 'held'", site, commentID)
}

func (q *query) DueDecisions(now time.Time, limit int) ([]comment.Decision, error) {
	return list(q, scanDecision, "select "+decisionColumns+" from decisions where state = 'held' and effective_at <= $1 order by effective_at limit $2", micros(now), limit)
}

func (q *query) NextDue() (due time.Time, err error) {
	return one(q, func(s scanner) (t time.Time, err error) { err = s.Scan(instant{&t}); return t, err },
		"select effective_at from decisions where state = 'held' order by effective_at limit 1")
}

func (w *write) InsertDecision(d comment.Decision) error {
	return w.conn.put(w.ctx, "insert into decisions ("+decisionColumns+") values ("+places(1, 17)+")",
		d.Site, d.ID, d.CommentID, d.Revision, d.Action, d.From, d.To, d.Reason, d.Note,
		d.Actor.Kind, d.Actor.ID, d.Actor.Name, micros(d.At), micros(d.EffectiveAt), d.State, d.Clause, d.Statement)
}

func (w *write) SetDecisionState(d comment.Decision, to comment.DecisionState) error {
	n, err := w.conn.sure(w.ctx, "update decisions set state = $4 where site_id = $1 and comment_id = $2 and decision_id = $3 and state = 'held'", d.Site, d.CommentID, d.ID, to)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "conflict", "The decision has already taken effect or was undone.")
	}
	return err
}
