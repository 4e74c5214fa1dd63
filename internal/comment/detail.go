package comment

import (
	"context"
	"slices"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// Detail is all that a moderator can know of one comment.
type Detail struct {
	DeskView
	Why        string            `json:"why"`       // what the checks came to, in one sentence
	Revisions  []RevisionView    `json:"revisions"` // newest first
	Trace      []moderation.Step `json:"trace"`
	History    History           `json:"history"`
	Thread     ThreadContext     `json:"thread"`
	Decisions  []DecisionView    `json:"decisions"`   // newest first
	ReportList []ReportView      `json:"report_list"` // newest first
}

// RevisionView is one text of a comment, and how it differs from the one before.
type RevisionView struct {
	Revision  int               `json:"revision"`
	Text      string            `json:"text"`
	HTML      string            `json:"html"`
	CreatedAt string            `json:"created_at"`
	Diff      []Edit            `json:"diff"`
	Trace     []moderation.Step `json:"trace"`
}

// History is what else the author wrote on the site.
type History struct {
	Comments []DeskView `json:"comments"` // newest first
	Approved int        `json:"approved"`
	Rejected int        `json:"rejected"`
}

// ThreadContext is what stands around the comment, whatever its status.
type ThreadContext struct {
	Ancestors      []DeskView `json:"ancestors"` // root first
	SiblingsBefore []DeskView `json:"siblings_before"`
	SiblingsAfter  []DeskView `json:"siblings_after"`
	Replies        []DeskView `json:"replies"`
}

// DecisionView is one decision of a comment's history.
type DecisionView struct {
	DecisionID string        `json:"decision_id"`
	Action     Action        `json:"action"`
	From       Status        `json:"from"`
	To         Status        `json:"to"`
	Revision   int           `json:"revision"`
	Reason     string        `json:"reason"`
	Note       string        `json:"note"`
	By         ActorView     `json:"by"`
	At         string        `json:"at"`
	State      DecisionState `json:"state"`
	// Clause and Statement are what the author was told, null for nothing.
	Clause    *StatementClause `json:"clause"`
	Statement *Statement       `json:"statement"`
	Appeal    *AppealLine      `json:"appeal"`
	// SecondLook is what somebody else thought of the same text; null = nobody was asked.
	SecondLook *LookLine `json:"second_look"`
}

// AppealLine is an appeal in the history of a comment.
type AppealLine struct {
	ID        string        `json:"id"`
	State     AppealOutcome `json:"state"`
	Text      string        `json:"text"`
	CreatedAt string        `json:"created_at"`
	DecidedAt *string       `json:"decided_at"`
	Answer    string        `json:"answer"`
}

// LookLine is a second look in the history of a comment.
type LookLine struct {
	Verdict Action `json:"verdict"`
	At      string `json:"at"`
}

// ReportView is one reader's report.
type ReportView struct {
	Reason string `json:"reason"`
	Note   string `json:"note"`
	At     string `json:"at"`

	Revision int           `json:"revision"`
	Weight   float64       `json:"weight"`
	Outcome  ReportOutcome `json:"outcome"` // "" = nobody has decided about it
}

// How much of the surroundings a detail shows.
const (
	historyMost  = 10
	siblingsMost = 3
	repliesMost  = 20
)

// Detail gives one comment with everything around it.
func (s *Service) Detail(ctx context.Context, by Account, id string) (out Detail, err error) {
	if !IsID(id) {
		return out, fault.Missing()
	}
	err = s.Store.View(ctx, func(r Reader) error {
		c, err := r.FindComment(id)
		if err == nil && by.RoleOn(c.Site) == "" {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		d := deskReader{s: s, r: r}
		if err := d.revisions(&c, &out); err != nil {
			return err
		}
		if out.DeskView, err = d.view(c); err != nil {
			return err
		}
		if err := d.history(c, &out); err != nil {
			return err
		}
		if err := d.context(c, &out); err != nil {
			return err
		}
		if err := d.past(c, &out); err != nil {
			return err
		}
		st, err := r.Site(c.Site)
		subject := moderation.Subject{Site: moderation.Site{Mode: st.Options.Moderation}}
		out.Why = moderation.Decide(&subject, c.Text.Trace).Sentence
		return err
	})
	out.compare() // no connection waits for it
	return out, err
}

// compare says how each revision differs from the one before.
func (d *Detail) compare() {
	for i := range len(d.Revisions) - 1 {
		d.Revisions[i].Diff = Diff(d.Revisions[i+1].Text, d.Revisions[i].Text)
	}
}

func (d *deskReader) revisions(c *Comment, out *Detail) error {
	all, err := d.r.Revisions(c.Site, c.ID)
	if err != nil {
		return err
	}
	for _, rev := range all {
		out.Revisions = append(out.Revisions, RevisionView{rev.N, rev.Source, rev.Tree.HTML(), Timestamp(rev.CreatedAt), []Edit{}, steps(rev.Trace)})
	}
	if len(all) > 0 {
		c.Text = all[0]
		out.Trace = steps(all[0].Trace)
	}
	return nil
}

func steps(t moderation.Trace) []moderation.Step {
	if t == nil {
		return []moderation.Step{}
	}
	return t
}

func (d *deskReader) history(c Comment, out *Detail) error {
	a, err := d.r.Author(c.Site, c.AuthorID)
	if err != nil {
		return err
	}
	out.History.Approved, out.History.Rejected = a.Approved, a.Rejected
	found, _, err := d.r.Queue(QueueQuery{Sites: []string{c.Site}, Author: c.AuthorID, Newest: true, Limit: historyMost + 1})
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(o Comment) bool { return o.ID == c.ID })
	out.History.Comments, err = d.views(found[:min(len(found), historyMost)])
	return err
}

func (d *deskReader) context(c Comment, out *Detail) error {
	out.Thread.Ancestors = []DeskView{}
	for up := c; up.ParentID != ""; {
		p, err := d.withNewest(up.Site, up.ParentID)
		if err != nil {
			return err
		}
		v, err := d.view(p)
		if err != nil {
			return err
		}
		out.Thread.Ancestors = append([]DeskView{v}, out.Thread.Ancestors...)
		up = p
	}
	before, err := d.r.Siblings(c, false, siblingsMost)
	if err != nil {
		return err
	}
	slices.Reverse(before)
	after, err := d.r.Siblings(c, true, siblingsMost)
	if err != nil {
		return err
	}
	replies, err := d.r.Siblings(Comment{Site: c.Site, PageID: c.PageID, ParentID: c.ID}, true, repliesMost)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		from []Comment
		to   *[]DeskView
	}{{before, &out.Thread.SiblingsBefore}, {after, &out.Thread.SiblingsAfter}, {replies, &out.Thread.Replies}} {
		if *part.to, err = d.views(part.from); err != nil {
			return err
		}
	}
	return nil
}

func (d *deskReader) withNewest(site, id string) (Comment, error) {
	c, err := d.r.Comment(site, id)
	if err != nil {
		return c, err
	}
	c.Text, err = d.r.Revision(site, id, c.Revision)
	return c, err
}

func (d *deskReader) past(c Comment, out *Detail) error {
	decisions, err := d.r.Decisions(c.Site, c.ID)
	if err != nil {
		return err
	}
	looks, err := d.r.LooksOf(c.Site, c.ID)
	if err != nil {
		return err
	}
	out.Decisions, out.ReportList = []DecisionView{}, []ReportView{}
	for _, dec := range decisions {
		v, err := d.decision(dec, looks)
		if err != nil {
			return err
		}
		if v.Appeal, err = d.appealLine(dec); err != nil {
			return err
		}
		out.Decisions = append(out.Decisions, v)
	}
	reports, err := d.r.Reports(c.Site, c.ID)
	for _, rep := range reports {
		out.ReportList = append(out.ReportList, ReportView{rep.Reason, rep.Note, Timestamp(rep.At), rep.Revision, float64(rep.Weight) / 1000, rep.Outcome})
	}
	return err
}

// decision makes the view of a decision. A second look is told once it is made.
func (d *deskReader) decision(dec Decision, looks []SecondLook) (DecisionView, error) {
	v := DecisionView{
		DecisionID: dec.ID, Action: dec.Action, From: dec.From, To: dec.To, Revision: dec.Revision, Reason: dec.Reason, Note: dec.Note,
		By: ActorView{dec.Actor.Kind, dec.Actor.Name}, At: Timestamp(dec.At), State: dec.State,
	}
	told, err := d.s.told(dec, nil)
	if err != nil {
		return v, err
	}
	if told != nil {
		v.Statement, v.Clause = &told.Statement, told.Clause
	} else if dec.Clause != "" {
		c, err := d.r.Clause(dec.Site, dec.Clause)
		if err != nil {
			return v, err
		}
		v.Clause = &StatementClause{c.ID, c.Number, c.Title, c.Text, c.Language}
	}
	for _, l := range looks {
		if l.DecisionID == dec.ID && l.Verdict != "" {
			v.SecondLook = &LookLine{l.Verdict, Timestamp(l.LookedAt)}
		}
	}
	return v, nil
}

func (d *deskReader) appealLine(dec Decision) (*AppealLine, error) {
	if dec.Statement == "" {
		return nil, nil
	}
	a, err := d.r.AppealOf(dec.Site, dec.CommentID, dec.ID)
	if fault.Is(err, "not_found") {
		return nil, nil
	}
	return &AppealLine{a.ID, a.State, a.Text, Timestamp(a.CreatedAt), OptionalTime(a.DecidedAt), a.Answer}, err
}
