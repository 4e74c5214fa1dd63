package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const integrationColumns = "site_id, integration_id, kind, name, url, settings, secret, asked, only_for, silence, most, sends, deadline, enabled, version, created_at"

func scanIntegration(s scanner) (i comment.Integration, err error) {
	var settings, sends string
	var deadline int64
	if err := s.Scan(&i.Site, &i.ID, &i.Kind, &i.Name, &i.URL, &settings, &i.Secret, &i.When, &i.Only, &i.Silence, &i.Most, &sends,
		&deadline, &i.Enabled, &i.Version, instant{&i.CreatedAt}); err != nil {
		return i, err
	}
	i.Deadline = time.Duration(deadline) * time.Microsecond
	if err := json.Unmarshal([]byte(settings), &i.Settings); err != nil {
		return i, fmt.Errorf("settings of check %s: %w", i.ID, err)
	}
	if err := json.Unmarshal([]byte(sends), &i.Send); err != nil {
		return i, fmt.Errorf("fields of check %s: %w", i.ID, err)
	}
	return i, nil
}

func (q *query) Integrations(site string) ([]comment.Integration, error) {
	return list(q, scanIntegration, "select "+integrationColumns+" from integrations where site_id = $1 order by integration_id", site)
}

func (q *query) Integration(site, id string) (comment.Integration, error) {
	return one(q, scanIntegration, "select "+integrationColumns+" from integrations where site_id = $1 and integration_id = $2", site, id)
}

func (q *query) FindIntegration(id string) (comment.Integration, error) {
	return one(q, scanIntegration, "select "+integrationColumns+" from integrations where integration_id = $1", id)
}

func (w *write) PutIntegration(i comment.Integration) error {
	settings, _ := json.Marshal(i.Settings)
	sends, _ := json.Marshal(i.Send)
	if err := w.conn.put(w.ctx, "insert into integrations ("+integrationColumns+") values ("+places(1, 16)+`)
		on conflict (site_id, integration_id) do update set name = excluded.name, url = excluded.url, settings = excluded.settings,
			secret = excluded.secret, asked = excluded.asked, only_for = excluded.only_for, silence = excluded.silence, most = excluded.most,
			sends = excluded.sends, deadline = excluded.deadline, enabled = excluded.enabled, version = excluded.version`,
		i.Site, i.ID, i.Kind, i.Name, i.URL, string(settings), i.Secret, i.When, i.Only, i.Silence, i.Most, string(sends),
		i.Deadline.Microseconds(), i.Enabled, i.Version, micros(i.CreatedAt)); err != nil {
		return err
	}
	return w.Revise(i.Site, comment.ListIntegrations)
}

func (w *write) RemoveIntegration(site, id string) error {
	n, err := w.conn.exec(w.ctx, "delete from integrations where site_id = $1 and integration_id = $2", site, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Missing()
	}
	return w.Revise(site, comment.ListIntegrations)
}

const inquiryColumns = `site_id, inquiry_id, integration_id, comment_id, revision, lane, state, tries, next_at, deadline, created_at, closed_at,
	took, hint, error, decided, lesson, lesson_tries, lesson_at`

func scanInquiry(s scanner) (i comment.Inquiry, err error) {
	var took int64
	err = s.Scan(&i.Site, &i.ID, &i.IntegrationID, &i.CommentID, &i.Revision, &i.Lane, &i.State, &i.Tries, instant{&i.NextAt}, instant{&i.Deadline},
		instant{&i.CreatedAt}, instant{&i.ClosedAt}, &took, &i.Hint, &i.Error, &i.Decided, &i.Lesson, &i.LessonTries, instant{&i.LessonAt})
	i.Took = time.Duration(took) * time.Microsecond
	return i, err
}

func (q *query) Inquiry(site, id string) (comment.Inquiry, error) {
	return one(q, scanInquiry, "select "+inquiryColumns+" from inquiries where site_id = $1 and inquiry_id = $2", site, id)
}

func (q *query) Inquiries(site, commentID string) ([]comment.Inquiry, error) {
	return list(q, scanInquiry, "select "+inquiryColumns+" from inquiries where site_id = $1 and comment_id = $2 order by inquiry_id", site, commentID)
}

func (q *query) RecentInquiries(site, integration string, limit int) ([]comment.Inquiry, error) {
	return list(q, scanInquiry, "select "+inquiryColumns+" from inquiries where site_id = $1 and integration_id = $2 order by inquiry_id desc limit $3", site, integration, limit)
}

func (q *query) DueInquiries(now time.Time, limit int) ([]comment.Inquiry, error) {
	return list(q, scanInquiry, "select "+inquiryColumns+" from inquiries where closed_at = 0 and next_at <= $1 order by next_at limit $2", micros(now), limit)
}

func (q *query) DueLessons(now time.Time, limit int) ([]comment.Inquiry, error) {
	return list(q, scanInquiry, "select "+inquiryColumns+" from inquiries where lesson <> '' and lesson_at <= $1 order by lesson_at limit $2", micros(now), limit)
}

func (w *write) InsertInquiry(i comment.Inquiry) error {
	return w.conn.put(w.ctx, "insert into inquiries ("+inquiryColumns+") values ("+places(1, 19)+")",
		i.Site, i.ID, i.IntegrationID, i.CommentID, i.Revision, string(i.Lane), i.State, i.Tries, micros(i.NextAt), micros(i.Deadline),
		micros(i.CreatedAt), micros(i.ClosedAt), i.Took.Microseconds(), string(i.Hint), i.Error, i.Decided, i.Lesson, i.LessonTries, micros(i.LessonAt))
}

func (w *write) MoveInquiry(i, before comment.Inquiry) error {
	n, err := w.conn.sure(w.ctx, `update inquiries set state = $5, tries = $6, next_at = $7, deadline = $8, closed_at = $9, took = $10, hint = $11, error = $12
		where site_id = $1 and inquiry_id = $2 and state = $3 and tries = $4`,
		i.Site, i.ID, before.State, before.Tries, i.State, i.Tries, micros(i.NextAt), micros(i.Deadline), micros(i.ClosedAt),
		i.Took.Microseconds(), string(i.Hint), i.Error)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "conflict", "The question has moved on meanwhile.")
	}
	return err
}

func (w *write) HurryInquiries(site, integration string, at time.Time) error {
	return w.conn.put(w.ctx, "update inquiries set next_at = $3, deadline = $3 where site_id = $1 and integration_id = $2 and closed_at = 0", site, integration, micros(at))
}

func (w *write) SetLesson(i comment.Inquiry) error {
	return w.conn.put(w.ctx, "update inquiries set decided = $3, lesson = $4, lesson_tries = $5, lesson_at = $6 where site_id = $1 and inquiry_id = $2",
		i.Site, i.ID, i.Decided, i.Lesson, i.LessonTries, micros(i.LessonAt))
}

func (w *write) SetTrace(r comment.Revision) error {
	trace, err := r.Trace.MarshalJSON()
	if err != nil {
		return fmt.Errorf("trace of comment %s: %w", r.CommentID, err)
	}
	return w.conn.put(w.ctx, "update revisions set trace = $4 where site_id = $1 and comment_id = $2 and revision = $3", r.Site, r.CommentID, r.N, string(trace))
}

// CheckedBehind lists the sites with checks elsewhere whose log is ahead of a
// follower's cursor, at most limit of them: the logs of all others need not be
// followed.
func (s *Store) CheckedBehind(ctx context.Context, follower string, limit int) (sites []comment.Position, err error) {
	err = s.View(ctx, func(r comment.Reader) error {
		sites, err = list(r.(*query), func(s scanner) (p comment.Position, err error) {
			err = s.Scan(&p.Site, &p.Seq)
			return p, err
		}, checkedBehind, follower, limit)
		return err
	})
	return sites, err
}

const checkedBehind = `select few.site_id, coalesce((select c.seq from cursors c where c.site_id = few.site_id and c.follower = $1), 0)
	from (select distinct site_id from integrations) few join log_heads h on h.site_id = few.site_id
	where h.seq > coalesce((select c.seq from cursors c where c.site_id = few.site_id and c.follower = $1), 0) limit $2`
