package comment

import (
	"context"
	"slices"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// Recall is the question of an inquiry, made anew from what is stored. One about
// a comment that is gone or has changed is a fault of code not_found.
func (s *Service) Recall(ctx context.Context, i Inquiry) (q Question, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		c, err := r.Comment(i.Site, i.CommentID)
		if err != nil {
			return err
		}
		if i.Open() && (c.Revision != i.Revision || c.Status == Deleted) {
			return fault.Missing()
		}
		if q.Integration, err = r.Integration(i.Site, i.IntegrationID); err != nil {
			return err
		}
		rev, err := r.Revision(i.Site, i.CommentID, i.Revision)
		if err != nil {
			return err
		}
		q.Inquiry, q.CommentID, q.ParentID = i.ID, c.ID, c.ParentID
		q.HTML = rev.Tree.HTML()
		q.Subject, q.Email, err = subjectOf(r, c, rev)
		return err
	})
	return q, err
}

// subjectOf is what a check needs of a revision that is stored.
func subjectOf(r Reader, c Comment, rev Revision) (subject *moderation.Subject, email string, err error) {
	st, err := r.Site(c.Site)
	if err != nil {
		return nil, "", err
	}
	page, err := r.Page(c.Site, c.PageID)
	if err != nil {
		return nil, "", err
	}
	a, err := r.Author(c.Site, c.AuthorID)
	if err != nil {
		return nil, "", err
	}
	return &moderation.Subject{
		Site: moderation.Site{Key: st.Key, Mode: st.Options.Moderation, Language: st.Options.Language, TrustedAfter: st.Options.TrustedAfter},
		Page: moderation.Page{Key: page.Key, URL: page.URL, Title: page.Title, Section: moderation.SectionOf(page.URL), CreatedAt: page.CreatedAt},
		Author: moderation.Author{
			ID: a.ID, Name: a.Name, Kind: string(a.Kind), Approved: a.Approved, Rejected: a.Rejected, FirstSeen: a.FirstSeen,
		},
		Text: rev.Source, Plain: rev.Tree.Plain(), Links: rev.Tree.Links(), Revision: rev.N, Now: rev.CreatedAt,
	}, a.Email, nil
}

// afresh examines a comment again that would be published but for its open
// questions: what the site forbids by now, such as a legal term that was added
// while it waited, counts. It gives only steps with something new against it.
func (s *Service) afresh(ctx context.Context, held *rules, e Ending) (again moderation.Trace, err error) {
	var rev Revision
	var x exam
	at := s.Now()
	err = s.Store.View(ctx, func(r Reader) error {
		i, err := r.Inquiry(e.Site, e.Inquiry)
		if err != nil || i.Lane != moderation.LanePublish {
			return err
		}
		c, err := r.Comment(i.Site, i.CommentID)
		if err != nil {
			return err
		}
		page, author, err := standOf(r, c)
		if err != nil {
			return err
		}
		if rev, err = r.Revision(i.Site, i.CommentID, i.Revision); err != nil {
			return err
		}
		x = newExam(held, moderation.Subject{Text: rev.Source, Revision: rev.N, Now: at})
		err = s.complete(r, &x, page, author)
		x.Rules = nil // they are asked with the answer; see askOnAnswer
		x.Blocks = subjectBlocks(held.blocks.meeting(s, writer{name: author.Name, email: author.Email}, at))
		return err
	})
	if err != nil || rev.N == 0 {
		return nil, err
	}
	known := allReasons(rev.Trace)
	for _, step := range s.Pipeline.Examine(ctx, &x.Subject) {
		step.Evidence = slices.DeleteFunc(step.Evidence, func(e moderation.Evidence) bool {
			return e.Hint == moderation.HintNone || e.Hint == moderation.HintApprove ||
				slices.ContainsFunc(known, func(k moderation.Evidence) bool { return k.Code == e.Code && k.Hint == e.Hint })
		})
		if len(step.Evidence) > 0 {
			again = append(again, step)
		}
	}
	return again, nil
}

// DueInquiries gives the inquiries of all sites with something to do.
func (s *Service) DueInquiries(ctx context.Context, limit int) (due []Inquiry, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		due, err = r.DueInquiries(s.Now(), limit)
		return err
	})
	return due, err
}

// DueLessons gives the inquiries whose integrations are to be told of a
// decision.
func (s *Service) DueLessons(ctx context.Context, limit int) (due []Inquiry, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		due, err = r.DueLessons(s.Now(), limit)
		return err
	})
	return due, err
}

// Move writes how far an inquiry has come that is still as before; else it is a
// conflict, as another node was faster.
func (s *Service) Move(ctx context.Context, after, before Inquiry) error {
	return s.Store.Write(ctx, Sites{before.Site}, func(tx Tx) error { return tx.MoveInquiry(after, before) })
}

// Lesson writes what is owed of a decision after a try to tell it.
func (s *Service) Lesson(ctx context.Context, i Inquiry) error {
	return s.Store.Write(ctx, Sites{i.Site}, func(tx Tx) error { return tx.SetLesson(i) })
}

// ForgetRules makes this process read a site's rules anew; it is called after
// one of the site's lists was changed from outside this package.
func (s *Service) ForgetRules(site string) { s.rules.forget(site) }
