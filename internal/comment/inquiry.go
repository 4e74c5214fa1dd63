package comment

import (
	"context"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// The codes of evidence about checks that run elsewhere.
const (
	CodeCheckWaits  = "check_waits"
	CodeCheckSilent = "check_silent"
)

// asker is who wrote what is put to checks elsewhere.
type asker struct {
	commentID, parentID string
	email               string
	client              Client
}

// outsideStep begins the names of the steps of integrations in traces.
const outsideStep = "outside: "

func (one Integration) stepName() string { return outsideStep + one.Name }

// concerns reports whether an integration is asked about a comment.
func (one Integration) concerns(s *moderation.Subject) bool {
	if !one.Enabled || s.Author.Kind == moderation.KindStaff {
		return false
	}
	switch one.Only {
	case OnlyNewcomers:
		return s.Author.Approved < s.Site.TrustedAfter
	case OnlyLinks:
		return len(s.Links) > 0
	}
	return true
}

// consult asks the site's checks elsewhere about a comment that is about to be
// stored: those that are asked before have their say, which goes to the subject,
// and all leave an inquiry that is stored with the revision.
func (s *Service) consult(ctx context.Context, e *exam) []Inquiry {
	if s.Outside == nil || len(e.rules.integrations) == 0 {
		return nil
	}
	asked := e.Subject // what outlives its deadline goes on reading; the subject changes
	var inquiries []Inquiry
	var questions []Question
	for _, one := range e.rules.integrations {
		if !one.concerns(&e.Subject) {
			continue
		}
		i := Inquiry{
			Site: e.rules.Key, ID: s.NewID(), IntegrationID: one.ID, Revision: e.Revision,
			State: InquiryOwed, NextAt: e.Now, Deadline: e.Now.Add(one.Deadline), CreatedAt: e.Now,
		}
		if one.When == AskBefore {
			questions = append(questions, Question{
				Integration: one, Inquiry: i.ID, CommentID: e.by.commentID, ParentID: e.by.parentID,
				Subject: &asked, HTML: e.tree.HTML(), Email: e.by.email, Client: e.by.client,
			})
			i.State = InquiryAsked
			inquiries = append(inquiries, i)
			continue
		}
		e.Outside = append(e.Outside, waiting(one, i.Deadline))
		inquiries = append(inquiries, i)
	}
	if len(questions) == 0 {
		return inquiries
	}
	heard := s.Outside.Ask(ctx, questions)
	n := 0
	for k := range inquiries {
		if i := &inquiries[k]; i.State == InquiryAsked {
			i.hear(questions[n].Integration, heard[n], &e.Subject)
			n++
		}
	}
	return inquiries
}

// waiting is the step of a check whose answer is to come.
func waiting(one Integration, until time.Time) moderation.Step {
	return moderation.Step{Check: one.stepName(), Version: int(one.Version), Evidence: []moderation.Evidence{{
		Code: CodeCheckWaits, Hint: moderation.HintNone,
		Sentence: "Waits for the answer of " + one.Name + ", at most until " + until.UTC().Format("2006-01-02 15:04:05") + " UTC.",
	}}}
}

// answered reports whether evidence says that a check is waited for which has
// spoken since.
func answered(e moderation.Evidence, later moderation.Trace) bool {
	return e.Code == CodeCheckWaits && slices.ContainsFunc(later, func(s moderation.Step) bool { return s.Check == e.Check })
}

// hear takes the answer that came while the reader waited.
func (i *Inquiry) hear(one Integration, h Heard, subject *moderation.Subject) {
	i.Tries, i.Took, i.Error = 1, h.Step.Took, h.Step.Err
	if h.Later > 0 {
		i.Deadline = subject.Now.Add(h.Later)
		i.NextAt = i.Deadline
		subject.Outside = append(subject.Outside, waiting(one, i.Deadline))
		return
	}
	step := one.spoke(h)
	i.State, i.ClosedAt, i.Hint = InquiryAnswered, subject.Now, strongest(step)
	if h.Silent {
		i.State = InquirySilent
	}
	subject.Outside = append(subject.Outside, step)
}

// spoke is the step of a check that has answered, or has not.
func (one Integration) spoke(h Heard) moderation.Step {
	step := h.Step
	step.Check, step.Version = one.stepName(), int(one.Version)
	if h.Silent {
		step.Evidence = append(step.Evidence, one.silence())
	}
	return step
}

// silence is what it means that an integration does not answer.
func (one Integration) silence() moderation.Evidence {
	e := moderation.Evidence{Code: CodeCheckSilent}
	switch one.Silence {
	case SilenceReject:
		e.Hint, e.Sentence = moderation.HintReject, one.Name+" did not answer; this site then rejects."
	case SilencePublish:
		e.Hint, e.Sentence = moderation.HintNone, one.Name+" did not answer; this site then goes by its other checks."
	default:
		e.Hint, e.Sentence = moderation.HintReview, one.Name+" did not answer, so a person should look."
	}
	return e
}

func strongest(step moderation.Step) moderation.Hint {
	if reasons := (moderation.Trace{step}).Reasons(); len(reasons) > 0 {
		return reasons[0].Hint
	}
	return moderation.HintNone
}

// lane puts a new revision where its verdict says, once every check elsewhere
// has answered; until then it waits. free tells whether a machine may move it.
func (ch *change) lane(rev Revision, v moderation.Verdict, free bool) error {
	lane, open := v.Lane, false
	if !free {
		lane = ""
	}
	for _, i := range rev.Inquiries {
		i.CommentID, i.Lane = rev.CommentID, lane
		open = open || i.Open()
		if err := ch.tx.InsertInquiry(i); err != nil {
			return err
		}
	}
	if !free || open && v.Lane == moderation.LanePublish {
		return nil
	}
	return ch.automatic(rev, v)
}

// wakeOutside tells whoever makes the calls that some are owed.
func (s *Service) wakeOutside(rev Revision) {
	for _, i := range rev.Inquiries {
		if i.State == InquiryOwed {
			s.Outside.Wake()
			return
		}
	}
}

// Ending is how a question to an integration came to its end.
type Ending struct {
	Site    string
	Inquiry string // its id
	Heard   Heard
	// By callback: the comment and revision that the answer names. It has to
	// come before the deadline.
	Callback  bool
	CommentID string
	Revision  int
}

// End closes an inquiry, once: the answer becomes a step of the revision's trace,
// beside those that are there, and the comment moves if no person has decided
// about this revision.
func (s *Service) End(ctx context.Context, e Ending) error {
	held, err := s.rulesOf(ctx, e.Site)
	if err != nil {
		return err
	}
	again, err := s.afresh(ctx, held, e)
	if err != nil {
		return err
	}
	return s.Store.Write(ctx, Sites{e.Site}, func(tx Tx) error {
		before, err := tx.Inquiry(e.Site, e.Inquiry)
		if err != nil {
			return err
		}
		at := s.Now()
		if err := e.fits(before, at); err != nil {
			return err
		}
		ch, err := s.load(tx, e.Site, before.CommentID, at)
		if err != nil {
			return err
		}
		ch.rules = held
		if ch.c.Revision != before.Revision || ch.c.Status == Deleted {
			return e.moot(tx, before, at)
		}
		one, err := integrationOf(tx, before)
		if err != nil {
			return err
		}
		return ch.hear(one, before, e.Heard, again)
	})
}

// fits says why an answer does not count.
func (e Ending) fits(i Inquiry, at time.Time) error {
	switch {
	case e.Callback && (e.CommentID != i.CommentID || e.Revision != i.Revision):
		return fault.New(fault.Conflict, "wrong_comment", "This ticket is for another comment or another revision.")
	case e.Callback && i.State != InquiryAnswered && !at.Before(i.Deadline):
		return fault.New(fault.Gone, "ticket_expired", "The time for this answer is over.")
	case !i.Open():
		return fault.New(fault.Conflict, "already_answered", "This question has been closed already.")
	}
	return nil
}

// moot closes a question about a revision that is no longer the newest. Whoever
// answers it is told.
func (e Ending) moot(tx Tx, before Inquiry, at time.Time) error {
	if e.Callback {
		return fault.New(fault.Conflict, "stale_revision", "The comment was edited or deleted meanwhile.")
	}
	after := before
	after.State, after.ClosedAt = InquiryMoot, at
	return tx.MoveInquiry(after, before)
}

// integrationOf is what an inquiry went to. One that was removed since is as if
// it had never been asked.
func integrationOf(r Reader, i Inquiry) (Integration, error) {
	one, err := r.Integration(i.Site, i.IntegrationID)
	if fault.Is(err, "not_found") {
		return Integration{Site: i.Site, ID: i.IntegrationID, Name: "a check that was removed", Silence: SilencePublish}, nil
	}
	if !one.Enabled {
		one.Silence = SilencePublish
	}
	return one, err
}

func (ch *change) hear(one Integration, before Inquiry, h Heard, again moderation.Trace) error {
	c := ch.c
	rev, err := ch.tx.Revision(c.Site, c.ID, before.Revision)
	if err != nil {
		return err
	}
	rev.Trace = rev.Trace.Later(one.spoke(h), ch.at, rev.Source)
	step := rev.Trace[len(rev.Trace)-1]
	for _, found := range again {
		rev.Trace = rev.Trace.Later(found, ch.at, rev.Source)
	}
	if err := ch.askOnAnswer(&rev); err != nil {
		return err
	}
	if err := ch.setTrace(rev); err != nil {
		return err
	}
	after := before
	after.State, after.ClosedAt, after.Took, after.Error, after.Hint = InquiryAnswered, ch.at, step.Took, step.Err, strongest(step)
	if h.Silent {
		after.State = InquirySilent
	}
	if err := ch.tx.MoveInquiry(after, before); err != nil {
		return err
	}
	actor := Actor{Kind: ActorModel, ID: one.ID, Name: one.Name}
	note := map[string]any{"integration": one.ID, "inquiry": before.ID, "revision": rev.N, "state": after.State, "reasons": moderation.Trace{step}.Reasons()}
	if err := ch.note(CheckAnswered, actor, note); err != nil {
		return err
	}
	c.Text = rev
	if err := ch.reconsider(after, rev); err != nil {
		return err
	}
	return ch.save()
}

// reconsider decides about a revision again, now that its trace has grown. What a
// person has decided stays, and so does what waits for a person.
func (ch *change) reconsider(i Inquiry, rev Revision) error {
	c := ch.c
	st, err := ch.tx.Site(c.Site)
	if err != nil {
		return err
	}
	v := moderation.Decide(&moderation.Subject{Site: moderation.Site{Key: st.Key, Mode: st.Options.Moderation}}, rev.Trace)
	c.Risk = string(v.Risk)
	if i.Lane == "" || c.Status != Pending || c.InForce != Pending || c.Held != "" {
		return nil
	}
	if by, err := ch.decidedByPerson(rev.N); err != nil || by {
		return err
	}
	switch v.Lane {
	case moderation.LanePublish:
		if i.Lane != moderation.LanePublish {
			return nil
		}
		if more, err := ch.waits(rev.N); err != nil || more {
			return err
		}
	case moderation.LaneSpam, moderation.LaneRefuse:
		if c.Public > 0 { // nobody loses a public comment to a machine
			return nil
		}
	}
	return ch.automatic(rev, v)
}

func (ch *change) decidedByPerson(revision int) (bool, error) {
	decisions, err := ch.tx.Decisions(ch.c.Site, ch.c.ID)
	for _, d := range decisions {
		if d.Revision == revision && d.Actor.Kind == ActorModerator && d.State != DecisionUndone {
			return true, err
		}
	}
	return false, err
}

// waits reports whether an answer about a revision is still to come.
func (ch *change) waits(revision int) (bool, error) {
	all, err := ch.tx.Inquiries(ch.c.Site, ch.c.ID)
	for _, i := range all {
		if i.Revision == revision && i.Open() {
			return true, err
		}
	}
	return false, err
}
