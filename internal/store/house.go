package store

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const clauseColumns = "site_id, clause_id, number, title, text, language, active, created_at, changed_at"

func scanClause(s scanner) (c comment.Clause, err error) {
	err = s.Scan(&c.Site, &c.ID, &c.Number, &c.Title, &c.Text, &c.Language, &c.Active, instant{&c.CreatedAt}, instant{&c.ChangedAt})
	return c, err
}

func (q *query) Clauses(site string) ([]comment.Clause, error) {
	return list(q, scanClause, "select "+clauseColumns+" from clauses where site_id = $1 order by clause_id", site)
}

func (q *query) Clause(site, id string) (comment.Clause, error) {
	return one(q, scanClause, "select "+clauseColumns+" from clauses where site_id = $1 and clause_id = $2", site, id)
}

func (w *write) PutClause(c comment.Clause) error {
	return w.conn.put(w.ctx, "insert into clauses ("+clauseColumns+") values ("+places(1, 9)+`)
		on conflict (site_id, clause_id) do update set number = excluded.number, title = excluded.title, text = excluded.text,
			language = excluded.language, active = excluded.active, changed_at = excluded.changed_at`,
		c.Site, c.ID, c.Number, c.Title, c.Text, c.Language, c.Active, micros(c.CreatedAt), micros(c.ChangedAt))
}

func scanTemplate(s scanner) (t comment.Template, err error) {
	err = s.Scan(&t.Site, &t.Name, &t.Text, instant{&t.ChangedAt})
	return t, err
}

func (q *query) Templates(site string) ([]comment.Template, error) {
	return list(q, scanTemplate, "select site_id, name, text, changed_at from templates where site_id = $1 order by name", site)
}

func (q *query) Template(site, name string) (comment.Template, error) {
	return one(q, scanTemplate, "select site_id, name, text, changed_at from templates where site_id = $1 and name = $2", site, name)
}

func (w *write) PutTemplate(t comment.Template) error {
	return w.conn.put(w.ctx, `insert into templates (site_id, name, text, changed_at) values ($1, $2, $3, $4)
		on conflict (site_id, name) do update set text = excluded.text, changed_at = excluded.changed_at`, t.Site, t.Name, t.Text, micros(t.ChangedAt))
}

func (w *write) RemoveTemplate(site, name string) error {
	n, err := w.conn.exec(w.ctx, "delete from templates where site_id = $1 and name = $2", site, name)
	if err == nil && n == 0 {
		err = fault.Missing()
	}
	return err
}

const appealColumns = `site_id, appeal_id, comment_id, decision_id, revision, text, state, assignee,
	created_at, decided_at, decided_by, answer, outcome_id, version`

func scanAppeal(s scanner) (a comment.Appeal, err error) {
	err = s.Scan(&a.Site, &a.ID, &a.CommentID, &a.DecisionID, &a.Revision, &a.Text, &a.State, &a.Assignee,
		instant{&a.CreatedAt}, instant{&a.DecidedAt}, &a.DecidedBy, &a.Answer, &a.OutcomeID, &a.Version)
	return a, err
}

func (q *query) Appeal(site, id string) (comment.Appeal, error) {
	return one(q, scanAppeal, "select "+appealColumns+" from appeals where site_id = $1 and appeal_id = $2", site, id)
}

func (q *query) AppealOf(site, commentID, decisionID string) (comment.Appeal, error) {
	return one(q, scanAppeal, "select "+appealColumns+" from appeals where site_id = $1 and comment_id = $2 and decision_id = $3", site, commentID, decisionID)
}

func (q *query) Appeals(site string, state comment.AppealOutcome, after string, limit int) ([]comment.Appeal, error) {
	if state == comment.AppealOpen {
		return list(q, scanAppeal, "select "+appealColumns+" from appeals where site_id = $1 and state = $2 and appeal_id > $3 order by appeal_id limit $4", site, state, after, limit)
	}
	if after == "" {
		after = lastID
	}
	return list(q, scanAppeal, "select "+appealColumns+" from appeals where site_id = $1 and state = $2 and appeal_id < $3 order by appeal_id desc limit $4", site, state, after, limit)
}

func (w *write) InsertAppeal(a comment.Appeal) error {
	return w.conn.put(w.ctx, "insert into appeals ("+appealColumns+") values ("+places(1, 14)+")",
		a.Site, a.ID, a.CommentID, a.DecisionID, a.Revision, a.Text, a.State, a.Assignee,
		micros(a.CreatedAt), micros(a.DecidedAt), a.DecidedBy, a.Answer, a.OutcomeID, a.Version)
}

func (w *write) UpdateAppeal(a *comment.Appeal) error {
	n, err := w.conn.sure(w.ctx, `update appeals set version = version + 1, state = $4, assignee = $5, decided_at = $6, decided_by = $7, answer = $8, outcome_id = $9
		where site_id = $1 and appeal_id = $2 and version = $3`, a.Site, a.ID, a.Version, a.State, a.Assignee, micros(a.DecidedAt), a.DecidedBy, a.Answer, a.OutcomeID)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "conflict", "Somebody else has changed this appeal meanwhile.")
	}
	a.Version++
	return nil
}

const lookColumns = `site_id, look_id, comment_id, decision_id, revision, action, reason, clause, decided_by, drawn_at,
	verdict, looked_by, looked_at`

func scanLook(s scanner) (l comment.SecondLook, err error) {
	err = s.Scan(&l.Site, &l.ID, &l.CommentID, &l.DecisionID, &l.Revision, &l.Action, &l.Reason, &l.Clause, &l.DecidedBy, instant{&l.DrawnAt},
		&l.Verdict, &l.LookedBy, instant{&l.LookedAt})
	return l, err
}

func (q *query) SecondLook(site, id string) (comment.SecondLook, error) {
	return one(q, scanLook, "select "+lookColumns+" from second_looks where site_id = $1 and look_id = $2", site, id)
}

func (q *query) OpenLooks(site, after string, limit int) ([]comment.SecondLook, error) {
	return list(q, scanLook, "select "+lookColumns+" from second_looks where site_id = $1 and verdict = '' and look_id > $2 order by look_id limit $3", site, after, limit)
}

func (q *query) DoneLooks(site string, since time.Time, limit int) ([]comment.SecondLook, error) {
	return list(q, scanLook, "select "+lookColumns+" from second_looks where site_id = $1 and verdict <> '' and looked_at >= $2 order by looked_at desc limit $3", site, micros(since), limit)
}

func (q *query) LooksOf(site, commentID string) ([]comment.SecondLook, error) {
	return list(q, scanLook, "select "+lookColumns+" from second_looks where site_id = $1 and comment_id = $2 limit 100", site, commentID)
}

func (w *write) InsertLook(l comment.SecondLook) error {
	return w.conn.put(w.ctx, "insert into second_looks ("+lookColumns+") values ("+places(1, 13)+")",
		l.Site, l.ID, l.CommentID, l.DecisionID, l.Revision, l.Action, l.Reason, l.Clause, l.DecidedBy, micros(l.DrawnAt),
		l.Verdict, l.LookedBy, micros(l.LookedAt))
}

func (w *write) JudgeLook(l comment.SecondLook) error {
	n, err := w.conn.sure(w.ctx, "update second_looks set verdict = $3, looked_by = $4, looked_at = $5 where site_id = $1 and look_id = $2 and verdict = ''",
		l.Site, l.ID, l.Verdict, l.LookedBy, micros(l.LookedAt))
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "conflict", "Somebody else has looked already.")
	}
	return err
}

// StoredRevision leaves tree and trace as the texts that they are.
func (q *query) StoredRevision(site, id string, n int) (comment.Revision, error) {
	return one(q, func(s scanner) (r comment.Revision, err error) {
		r.Stored = &comment.Texts{}
		err = s.Scan(&r.Site, &r.CommentID, &r.N, &r.Source, &r.Stored.Tree, &r.Stored.Trace, instant{&r.CreatedAt}, &r.Facts)
		return r, err
	}, "select "+revisionColumns+" from revisions where site_id = $1 and comment_id = $2 and revision = $3", site, id, n)
}

func (q *query) Decision(site, commentID, id string) (comment.Decision, error) {
	return one(q, scanDecision, "select "+decisionColumns+" from decisions where site_id = $1 and comment_id = $2 and decision_id = $3", site, commentID, id)
}

func (q *query) ToldDecisions(site string, after [2]string, since time.Time, limit int) ([]comment.Decision, error) {
	return list(q, scanDecision, "select "+decisionColumns+` from decisions
		where site_id = $1 and statement <> '' and (decision_id, comment_id) > ($2, $3) and at >= $4 order by decision_id, comment_id limit $5`,
		site, after[0], after[1], micros(since), limit)
}
