package comment

import (
	"context"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// ownLife is how long an author can look at a comment by its edit token.
const ownLife = 90 * 24 * time.Hour

func (s *Service) editToken(c Comment) string {
	return s.Ring.Sign("edit token", c.Site+"|"+c.ID)
}

// checkToken tells whether the token was made for this comment.
func (s *Service) checkToken(token, site, id string) error {
	payload, err := s.Ring.Open("edit token", token)
	if err != nil || payload != site+"|"+id {
		return fault.New(fault.Unauthorized, "unauthorized", "The edit token is not valid for this comment.")
	}
	return nil
}

// Own is a comment as its author gets it: whatever its status, in the newest
// revision. The token comes with the comment when it is posted.
func (s *Service) Own(ctx context.Context, site, id, token string) (out Submitted, err error) {
	if err := s.checkToken(token, site, id); err != nil {
		return out, err
	}
	err = s.Store.View(ctx, func(r Reader) error {
		st, err := r.Site(site)
		if err != nil {
			return err
		}
		c, err := r.Comment(site, id)
		if err != nil {
			return err
		}
		if s.Now().Sub(c.CreatedAt) > ownLife {
			return fault.Missing()
		}
		rev, err := r.Revision(site, id, c.Revision)
		if c.InForce == Deleted { // gone for its author too
			rev.Source, rev.Tree = "", nil
		}
		out = s.submitted(c, rev, st)
		if err != nil {
			return err
		}
		return s.toldOf(r, &out)
	})
	return out, err
}

// Above gives the comments that a comment answers, root first: where in the
// thread it stands.
func (s *Service) Above(ctx context.Context, c Comment, body Body) (views []View, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		views, err = ancestors(r, c, body)
		return err
	})
	return views, err
}

// Revising is an author's wish to change or delete a comment.
type Revising struct {
	Site, ID string
	Token    string // that came with the comment
	Text     string
	Client   Client
}

// Edit gives a comment a new text. It is examined like a new one; where the
// comment is public, the approved revision stays so until the new one is
// decided.
func (s *Service) Edit(ctx context.Context, in Revising) (out Submitted, err error) {
	if err := s.Store.Room(); err != nil {
		return out, err
	}
	at := s.Now()
	e, err := s.examOfEdit(ctx, in, at)
	if err != nil {
		return out, err
	}
	rev, verdict, err := s.examine(ctx, &e)
	if err != nil {
		return out, err
	}
	limit, err := s.feedbackBucket(ctx, in.Site, in.Client, at)
	if err != nil {
		return out, err
	}
	st := e.rules.Site
	var joined []string // the group of this comment
	err = s.Store.Write(ctx, Sites{in.Site}, func(tx Tx) error {
		if err := limit.spend(tx, st, at); err != nil {
			return err
		}
		ch, err := s.load(tx, in.Site, in.ID, at)
		if err != nil {
			return err
		}
		rev.CommentID, ch.rules = in.ID, e.rules
		ch.c.Group = e.Copies.ID
		if err := ch.edit(st, rev, verdict); err != nil {
			return err
		}
		if joined, err = s.join(tx, in.Site, e.Copies, at); err != nil {
			return err
		}
		if err := seeHosts(tx, &e.Subject, at); err != nil {
			return err
		}
		out = s.submitted(*ch.c, rev, st)
		return nil
	})
	if err == nil {
		s.wakeOutside(rev)
		s.Copies.Adopted(joined)
	}
	return out, err
}

// examOfEdit checks what is asked, and who asks, and makes ready what the checks
// examine.
func (s *Service) examOfEdit(ctx context.Context, in Revising, at time.Time) (e exam, err error) {
	source, err := cleanText(in.Text)
	if err != nil {
		return e, err
	}
	if err := s.checkToken(in.Token, in.Site, in.ID); err != nil {
		return e, err
	}
	held, err := s.rulesOf(ctx, in.Site)
	if err != nil {
		return e, err
	}
	e = newExam(held, moderation.Subject{Text: source, Now: at})
	e.by = asker{commentID: in.ID, client: in.Client}
	err = s.Store.View(ctx, func(r Reader) error {
		if err := checkOrigin(held.Site, in.Client.Origin); err != nil {
			return err
		}
		c, err := r.Comment(in.Site, in.ID)
		if err != nil {
			return err
		}
		return s.completeEdit(r, &e, c)
	})
	if err != nil {
		return e, err
	}
	return e, checkLength(source, held.Options)
}

func (s *Service) completeEdit(r Reader, e *exam, c Comment) error {
	if err := editable(c, e.rules.Site, e.Now); err != nil {
		return err
	}
	page, author, err := standOf(r, c)
	if err != nil {
		return err
	}
	met, err := s.admit(e.rules, author, e.by.client, e.Now)
	if err != nil {
		return err
	}
	e.Blocks = subjectBlocks(met)
	e.Revision, e.Reply = c.Revision+1, c.ParentID != ""
	e.by.parentID, e.by.email = c.ParentID, author.Email
	return s.complete(r, e, page, author)
}

// maxRevisions bounds what one comment can make the store keep.
const maxRevisions = 10

func editable(c Comment, st Site, at time.Time) error {
	if c.Revision >= maxRevisions {
		return fault.New(fault.Conflict, "not_editable", "This comment has been changed too often.")
	}
	return authorsOwn(c, st, at)
}

// authorsOwn tells whether a comment is still its author's to change or delete.
// What was taken for spam is: to its author it looks as if it were waiting.
func authorsOwn(c Comment, st Site, at time.Time) error {
	switch {
	case c.InForce == Rejected || c.InForce == Deleted:
		return fault.New(fault.Conflict, "not_editable", "This comment cannot be changed any more.")
	case at.After(c.CreatedAt.Add(st.Options.EditWindow)):
		return fault.New(fault.Conflict, "edit_window_over", "The time for changing this comment is over.")
	}
	return nil
}

// edit stores the new revision. Only a publish lane decides at once; what a
// check would refuse waits for a moderator where an approved text is standing,
// so that nobody loses a public comment to a machine. What was taken for spam
// stays there, in its newest text.
func (ch *change) edit(st Site, rev Revision, v moderation.Verdict) error {
	c := ch.c
	if err := editable(*c, st, ch.at); err != nil {
		return err
	}
	if c.Revision+1 != rev.N {
		return fault.New(fault.Conflict, "conflict", "The comment has changed in the meantime.")
	}
	if err := ch.coverRevision(rev); err != nil {
		return err
	}
	if err := ch.tx.InsertRevision(rev); err != nil {
		return err
	}
	before, to := c.standing(), Pending
	waits := c.mustWait()
	if c.Status == Spam && c.InForce == Spam {
		to, waits = Spam, true
	}
	c.Revision, c.EditedAt, c.Text, c.Risk, c.InForce, c.Reports = rev.N, ch.at, rev, string(v.Risk), to, 0
	if err := ch.setReported(0); err != nil {
		return err
	}
	if err := ch.decide(to); err != nil {
		return err
	}
	if err := ch.countAuthor(before, c.standing()); err != nil {
		return err
	}
	author := Actor{Kind: ActorAuthor, ID: c.AuthorID, Name: c.AuthorName}
	if err := ch.record(act{rev: rev, to: to, event: CommentEdited, actor: author, reasons: rev.Trace.Reasons()}, before); err != nil {
		return err
	}
	if err := ch.notify(rev, rev.Trace); err != nil {
		return err
	}
	free := !waits && (v.Lane == moderation.LanePublish || c.Public == 0)
	if err := ch.lane(rev, v, free); err != nil {
		return err
	}
	return ch.save()
}

// mustWait tells whether an edit waits for a moderator whatever it says. While a
// decision on the text before is held, nobody slips away from it by an edit, and
// the older text cannot come after the newer one. What readers have reported
// cannot be edited away; nor, where one edit waits already, by a second one.
func (c *Comment) mustWait() bool {
	return c.Held != "" || c.Reports > 0 || c.Public > 0 && c.InForce == Pending
}

// Retract deletes a comment at its author's wish.
func (s *Service) Retract(ctx context.Context, in Revising) error {
	at := s.Now()
	if err := s.checkToken(in.Token, in.Site, in.ID); err != nil {
		return err
	}
	return s.Store.Write(ctx, Sites{in.Site}, func(tx Tx) error {
		st, err := tx.Site(in.Site)
		if err != nil {
			return err
		}
		if err := checkOrigin(st, in.Client.Origin); err != nil {
			return err
		}
		ch, err := s.load(tx, in.Site, in.ID, at)
		if err != nil {
			return err
		}
		if err := authorsOwn(*ch.c, st, at); err != nil {
			return err
		}
		return ch.retract()
	})
}

func (ch *change) retract() error {
	c := ch.c
	rev, err := ch.tx.Revision(c.Site, c.ID, c.Revision)
	if err != nil {
		return err
	}
	author := Actor{Kind: ActorAuthor, ID: c.AuthorID, Name: c.AuthorName}
	if c.Held != "" { // there is nothing left to decide
		if err := ch.release(author); err != nil {
			return err
		}
	}
	if err := ch.decide(Deleted); err != nil {
		return err
	}
	c.DecidedAt, c.DecidedBy = ch.at, c.AuthorID
	if err := ch.setReported(0); err != nil {
		return err
	}
	if err := ch.turn(act{rev: rev, to: Deleted, event: CommentDeleted, actor: author}); err != nil {
		return err
	}
	return ch.save()
}

// BearerOf gives the token of an Authorization header, "" if it has none.
func BearerOf(header string) string {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
