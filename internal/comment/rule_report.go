package comment

import (
	"strconv"

	"github.com/afterword-comments/afterword/moderation"
)

// dataReport marks evidence that was found when readers reported, with the number
// of the event that tells of it.
const dataReport = "event"

// reportSeq is that number, 0 for what was found when the revision was written.
func reportSeq(e moderation.Evidence) int64 {
	n, err := strconv.ParseInt(e.Data[dataReport], 10, 64)
	if err != nil || e.Check != "rules" {
		return 0
	}
	return n
}

// askOnReport asks the rules about readers' reports again, now that there is one
// more. What they find is added to the trace; what a person has decided about this
// revision stands.
func (ch *change) askOnReport(rev Revision) error {
	held, err := ch.ruled()
	if err != nil {
		return err
	}
	if !held.rules.AboutReports() || rev.N != ch.c.Revision {
		return nil
	}
	subject, facts, err := ch.factsOf(held.Site, rev)
	if err != nil {
		return err
	}
	step := held.rules.OnReports(facts, rev.Trace, ch.at)
	if step == nil {
		return nil
	}
	if err := ch.appliedAll(step, rev.N); err != nil {
		return err
	}
	rev.Trace = append(rev.Trace[:len(rev.Trace):len(rev.Trace)], *step)
	ch.c.Text = rev
	if err := ch.setTrace(rev); err != nil {
		return err
	}
	if err := ch.note(CommentReexamined, Actor{Kind: ActorSystem}, map[string]any{"check": step.Check, "revision": rev.N}); err != nil {
		return err
	}
	if err := ch.notify(rev, moderation.Trace{*step}); err != nil {
		return err
	}
	return ch.act(&subject, rev, *step)
}

// askOnAnswer asks the rules again, now that a check elsewhere has answered late, and
// adds what they find to the revision's trace, which is yet to be stored.
func (ch *change) askOnAnswer(rev *Revision) error {
	_, facts, err := ch.factsOf(ch.rules.Site, *rev)
	if err != nil {
		return err
	}
	step := ch.rules.rules.OnAnswer(facts, rev.Trace, ch.at)
	if step == nil {
		return nil
	}
	if err := ch.appliedAll(step, rev.N); err != nil {
		return err
	}
	rev.Trace = rev.Trace.Later(*step, ch.at, rev.Source)
	return ch.notify(*rev, moderation.Trace{*step})
}

// factsOf is what rules may know of a stored revision: what was known of its author
// when it was written, and what its trace and its reports say by now.
func (ch *change) factsOf(st Site, rev Revision) (moderation.Subject, *moderation.Facts, error) {
	subject := ruleSubject(st, ch.page, rev)
	author, err := ch.tx.Author(ch.c.Site, ch.c.AuthorID)
	if err != nil {
		return subject, nil, err
	}
	subject.Author = moderation.Author{Name: ch.c.AuthorName, Kind: string(ch.c.AuthorKind), FirstSeen: author.FirstSeen}
	subject.Reply = ch.c.ParentID != ""
	facts := moderation.FactsOf(&subject, rev.Trace)
	facts.Recall([]byte(rev.Facts))
	facts.Reports.Count, facts.Reports.Weighted = ch.c.Reports, float64(ch.c.Reported)/1000
	return subject, facts, nil
}

// ruleSubject is a revision as checks saw it, save for what is of its author.
func ruleSubject(st Site, page Page, rev Revision) moderation.Subject {
	return moderation.Subject{
		Site: moderation.Site{Key: st.Key, Mode: st.Options.Moderation, TrustedAfter: st.Options.TrustedAfter},
		Page: moderation.Page{Key: page.Key, URL: page.URL, Title: page.Title, Section: moderation.SectionOf(page.URL), CreatedAt: page.CreatedAt},
		Text: rev.Source, Plain: rev.Tree.Plain(), Links: rev.Tree.Links(), Revision: rev.N, Now: rev.CreatedAt,
	}
}

func (ch *change) appliedAll(step *moderation.Step, revision int) error {
	for i := range step.Evidence {
		if err := ch.applied(&step.Evidence[i], revision); err != nil {
			return err
		}
	}
	return nil
}

// applied tells the log of a rule that matched on a report, and the evidence which
// event that was.
func (ch *change) applied(e *moderation.Evidence, revision int) error {
	if e.Code != moderation.CodeRule {
		return nil
	}
	body, err := JSON(showMatch(*e, revision))
	if err != nil {
		return err
	}
	event, err := ch.s.Ledger.Append(ch.tx, Event{
		Site: ch.c.Site, Type: RuleApplied, PageID: ch.c.PageID, CommentID: ch.c.ID, Actor: ruleActor(*e), At: ch.at, Body: body,
	})
	e.Data[dataReport] = strconv.FormatInt(event.Seq, 10)
	return err
}

// act does what a rule says of a comment that readers have reported: it goes back
// to the moderators, or out. A person's decision about this revision stands.
func (ch *change) act(subject *moderation.Subject, rev Revision, step moderation.Step) error {
	found := moderation.Trace{step}
	verdict := moderation.Decide(subject, found)
	reasons := found.Reasons()
	if len(reasons) == 0 || verdict.Lane == moderation.LanePublish || verdict.Lane == moderation.LaneQueue && ch.c.Status == Pending {
		return nil
	}
	human, err := ch.humanDecided(rev.N)
	if err != nil || human {
		return err
	}
	action := map[moderation.Lane]Action{moderation.LaneQueue: Restore, moderation.LaneSpam: MarkSpam, moderation.LaneRefuse: Reject}[verdict.Lane]
	d := Decision{
		Site: ch.c.Site, ID: ch.s.NewID(), CommentID: ch.c.ID, Revision: rev.N, Action: action,
		From: ch.c.Status, To: outcomes[action].Status, Note: verdict.Sentence, Actor: automaton(found),
		At: ch.at, EffectiveAt: ch.at, State: DecisionDone,
	}
	if err := ch.insertDecision(d); err != nil {
		return err
	}
	if err := ch.decide(d.To); err != nil {
		return err
	}
	return ch.turn(act{rev: rev, to: d.To, event: outcomes[action].Event, actor: d.Actor, reasons: rev.Trace.Reasons()})
}

// humanDecided reports whether a person has decided about a revision, or is about
// to: a decision in its undo window counts.
func (ch *change) humanDecided(revision int) (bool, error) {
	if ch.c.Held != "" {
		return true, nil
	}
	all, err := ch.tx.Decisions(ch.c.Site, ch.c.ID)
	for _, d := range all {
		if d.Revision == revision && d.Actor.Kind == ActorModerator && d.State != DecisionUndone {
			return true, err
		}
	}
	return false, err
}
