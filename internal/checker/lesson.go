package checker

import (
	"context"
	"encoding/json"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/follow"
	"github.com/afterword-comments/afterword/moderation"
	"github.com/afterword-comments/afterword/moderation/external"
)

// followerName is that of the cursor in the logs.
const followerName = "checks"

// lessonTries is how often a service is told of a decision before it is given up:
// about half a day.
const lessonTries = 12

// Follower follows what people decide on the sites that have checks elsewhere.
func (c *Checks) Follower() *follow.Follower {
	return &follow.Follower{Name: followerName, Log: log{c.Store}, Handle: c.handle, OnError: c.OnError}
}

// log is the log of the sites with checks; nothing of it is urgent.
type log struct{ Store }

func (l log) Behind(ctx context.Context, follower string, limit int) ([]comment.Position, error) {
	return l.CheckedBehind(ctx, follower, limit)
}

func (log) Changed() <-chan struct{} { return nil }

// handle notes with every question what people decided about its revision, and
// what its integration is to be told of that.
func (c *Checks) handle(ctx context.Context, site string, events []comment.Event) error {
	for _, e := range events {
		status, ok := decided(e)
		if !ok {
			continue
		}
		var body struct {
			Data struct{ Comment struct{ Revision int } }
		}
		if err := json.Unmarshal(e.Body, &body); err != nil {
			continue // erased since
		}
		if err := c.note(ctx, e, body.Data.Comment.Revision, status); err != nil {
			return err
		}
	}
	return nil
}

// decided tells a person's decision from other events.
func decided(e comment.Event) (comment.Status, bool) {
	if e.Actor.Kind != comment.ActorModerator {
		return "", false
	}
	switch e.Type {
	case comment.CommentApproved:
		return comment.Approved, true
	case comment.CommentRejected:
		return comment.Rejected, true
	case comment.CommentMarkedSpam:
		return comment.Spam, true
	}
	return "", false
}

func (c *Checks) note(ctx context.Context, e comment.Event, revision int, status comment.Status) error {
	var inquiries []comment.Inquiry
	var checks []comment.Integration
	err := c.Store.View(ctx, func(r comment.Reader) (err error) {
		if inquiries, err = r.Inquiries(e.Site, e.CommentID); err != nil || len(inquiries) == 0 {
			return err
		}
		checks, err = r.Integrations(e.Site)
		return err
	})
	if err != nil || len(inquiries) == 0 {
		return err
	}
	return c.Store.Write(ctx, comment.Sites{e.Site}, func(tx comment.Tx) error {
		for _, i := range inquiries {
			if i.Revision != revision || i.Decided == status && i.Lesson == "" {
				continue
			}
			i.Decided, i.Lesson, i.LessonTries, i.LessonAt = status, "", 0, time.Time{}
			if c.learns(checks, i) {
				i.Lesson, i.LessonAt = status, c.Now()
			}
			if err := tx.SetLesson(i); err != nil {
				return err
			}
		}
		return nil
	})
}

// learns reports whether the integration of an inquiry is to be told.
func (c *Checks) learns(checks []comment.Integration, i comment.Inquiry) bool {
	for _, one := range checks {
		if one.ID != i.IntegrationID || !one.Enabled || i.State != comment.InquiryAnswered {
			continue
		}
		l, err := c.line(one)
		return err == nil && l.check.Learns(lessonOf(i))
	}
	return false
}

func lessonOf(i comment.Inquiry) external.Lesson {
	return external.Lesson{Status: string(i.Decided), Flagged: flagged(i)}
}

func flagged(i comment.Inquiry) bool {
	return i.State == comment.InquiryAnswered && i.Hint != "" && i.Hint != moderation.HintNone
}

func (w *work) lessons(ctx context.Context) error {
	due, err := w.Comments.DueLessons(ctx, workMost)
	for _, i := range due {
		w.begin("lesson "+i.ID, func() {
			if err := w.teach(ctx, i); err != nil && ctx.Err() == nil {
				w.report(err)
			}
		})
	}
	return err
}

// teach tells an integration of a decision, at least once, and gives up after
// many tries, which the site's log is told.
func (c *Checks) teach(ctx context.Context, i comment.Inquiry) error {
	i.LessonTries++
	i.LessonAt = c.Now().Add(leaseTime)
	if err := c.Comments.Lesson(ctx, i); err != nil { // also for the other nodes
		return err
	}
	failed := c.tell(ctx, i)
	switch {
	case ctx.Err() != nil:
		ctx, i.LessonTries, i.LessonAt = context.WithoutCancel(ctx), i.LessonTries-1, c.Now()
	case failed == nil:
		i.Lesson = ""
	case i.LessonTries >= lessonTries:
		i.Lesson = ""
		return c.Store.Write(ctx, comment.Sites{i.Site}, func(tx comment.Tx) error {
			if err := tx.SetLesson(i); err != nil {
				return err
			}
			return c.house(tx, i.Site, comment.CheckUntaught, comment.Actor{Kind: comment.ActorSystem},
				map[string]any{"id": i.IntegrationID, "comment": i.CommentID, "decision": i.Decided, "reason": failed.Error()})
		})
	default:
		i.LessonAt = c.Now().Add(min(firstRetry<<(2*min(i.LessonTries, 10)), 2*time.Hour))
	}
	return c.Comments.Lesson(ctx, i)
}

func (c *Checks) tell(ctx context.Context, i comment.Inquiry) error {
	q, err := c.Comments.Recall(ctx, i)
	if fault.Is(err, "not_found") || err == nil && !q.Integration.Enabled {
		return nil // there is nobody to tell, or nothing to tell of
	}
	if err != nil {
		return err
	}
	l, err := c.line(q.Integration)
	if err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return l.check.Teach(call, c.question(q), lessonOf(i))
}
