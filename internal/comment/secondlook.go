package comment

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
)

// SecondLook is a decision that was drawn for somebody else to judge the same text,
// without being told what was decided. It changes nothing by itself.
type SecondLook struct {
	Site       string
	ID         string
	CommentID  string
	DecisionID string
	Revision   int
	Action     Action // of the first decision
	Reason     string
	Clause     string
	DecidedBy  string // account of who decided first, "" = automation
	DrawnAt    time.Time
	Verdict    Action // Approve or Reject; "" = not yet
	LookedBy   string
	LookedAt   time.Time
}

type lookReader interface {
	SecondLook(site, id string) (SecondLook, error)
	OpenLooks(site, after string, limit int) ([]SecondLook, error) // oldest first
	// DoneLooks lists those with a verdict since an instant, newest first.
	DoneLooks(site string, since time.Time, limit int) ([]SecondLook, error)
	LooksOf(site, commentID string) ([]SecondLook, error)
}

type lookWriter interface {
	InsertLook(l SecondLook) error
	// JudgeLook writes the verdict; it is a conflict if there is one.
	JudgeLook(l SecondLook) error
}

func (l SecondLook) covered() covered {
	return covered{parts: []string{
		l.Site, l.ID, l.CommentID, l.DecisionID, number(l.Revision), string(l.Action), l.Reason, l.Clause, l.DecidedBy,
		instantText(l.DrawnAt), string(l.Verdict), l.LookedBy, instantText(l.LookedAt),
	}}
}

// drawn reports whether a decision is in the sample of so many per cent. It follows
// from the decision's id and the installation's key: nobody can foresee it, and
// anybody with the key can check it.
func (s *Service) drawn(d Decision, percent int) bool {
	sum := s.Ring.MAC("second look", d.Site, d.ID, d.CommentID)
	return binary.BigEndian.Uint64(sum)%10000 < uint64(percent)*100
}

// draw puts a decision that takes effect into the sample, if it is drawn.
func (ch *change) draw(d Decision) error {
	rules, err := ch.ruled()
	if err != nil || d.Action == Restore || !ch.s.drawn(d, rules.Options.SecondLook) {
		return err
	}
	l := SecondLook{
		Site: d.Site, ID: ch.s.NewID(), CommentID: d.CommentID, DecisionID: d.ID, Revision: d.Revision,
		Action: d.Action, Reason: d.Reason, Clause: d.Clause, DrawnAt: ch.at,
	}
	if d.Actor.Kind == ActorModerator {
		l.DecidedBy = d.Actor.ID
	}
	ch.cover("look/"+l.ID, l.covered())
	return ch.tx.InsertLook(l)
}

// LookView is what somebody is shown who looks for the second time: the text and
// where it stands, and nothing of what the first one or the checks thought.
type LookView struct {
	ID        string      `json:"id"`
	Site      string      `json:"site"`
	Author    AuthorView  `json:"author"`
	Page      PageView    `json:"page"`
	Parent    *ParentView `json:"parent"`
	Text      string      `json:"text"`
	Tree      markup.Tree `json:"tree"`
	CreatedAt string      `json:"created_at"`
}

// looksAhead is how many of the sample are looked through for one that an account
// may judge.
const looksAhead = 500

// SecondLooks lists what an account may judge, oldest first: never what it has
// decided about itself.
func (s *Service) SecondLooks(ctx context.Context, by Account, site, after string, limit int) (out []LookView, last string, err error) {
	out = []LookView{}
	err = s.viewOf(ctx, site, func(r Reader) error {
		all, err := r.OpenLooks(site, after, looksAhead)
		if err != nil {
			return err
		}
		d := deskReader{s: s, r: r}
		for i, l := range all {
			if len(out) == limit || i == looksAhead-1 {
				last = all[i-1].ID
				break
			}
			deciders, err := decidersOf(r, l.Site, l.CommentID, l.Revision)
			if err != nil {
				return err
			}
			if deciders[by.ID] {
				continue
			}
			v, err := d.look(l)
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return nil
	})
	return out, last, err
}

func (d *deskReader) look(l SecondLook) (v LookView, err error) {
	c, err := d.r.Comment(l.Site, l.CommentID)
	if err != nil {
		return v, err
	}
	rev, err := d.r.Revision(l.Site, l.CommentID, l.Revision)
	if err != nil {
		return v, err
	}
	v = LookView{ID: l.ID, Site: l.Site, Author: AuthorView{c.AuthorName, c.AuthorKind, c.Badge}, Text: rev.Source, Tree: rev.Tree, CreatedAt: Timestamp(rev.CreatedAt)}
	if v.Tree == nil {
		v.Tree = markup.Tree{}
	}
	page, err := d.r.Page(c.Site, c.PageID)
	if err != nil {
		return v, err
	}
	v.Page = showPage(page)
	v.Parent, err = d.parent(c)
	return v, err
}

// SecondVerdict is what became of a second look. It does not say what was decided first.
type SecondVerdict struct {
	ID      string `json:"id"`
	Verdict Action `json:"verdict"`
}

// Judge gives a second look's verdict: whether the text should be shown.
func (s *Service) Judge(ctx context.Context, by Account, site, id string, verdict Action) (out SecondVerdict, err error) {
	if verdict != Approve && verdict != Reject {
		return out, fault.Input("verdict", "invalid", "The verdict is approve or reject.")
	}
	if !IsID(id) {
		return out, fault.Missing()
	}
	err = s.Store.Write(ctx, Sites{site}, func(tx Tx) error {
		l, err := tx.SecondLook(site, id)
		if err != nil {
			return err
		}
		deciders, err := decidersOf(tx, l.Site, l.CommentID, l.Revision)
		if err != nil {
			return err
		}
		if deciders[by.ID] {
			return fault.New(fault.Forbidden, "own_decision", "You have decided about this comment yourself. Somebody else has to look.")
		}
		ch, err := s.load(tx, l.Site, l.CommentID, s.Now())
		if err != nil {
			return err
		}
		l.Verdict, l.LookedBy, l.LookedAt = verdict, by.ID, ch.at
		if err := tx.JudgeLook(l); err != nil {
			return err
		}
		out = SecondVerdict{l.ID, l.Verdict}
		ch.cover("look/"+l.ID, l.covered())
		return ch.note(SecondLookMade, moderator(by), map[string]any{"look_id": l.ID, "verdict": l.Verdict})
	})
	return out, err
}

// Disagreement is a decision that a second look would have made otherwise.
type Disagreement struct {
	ID         string `json:"id"`
	CommentID  string `json:"comment_id"`
	DecisionID string `json:"decision_id"`
	Action     Action `json:"action"` // first
	Reason     string `json:"reason"`
	Clause     string `json:"clause"` // id
	Automatic  bool   `json:"automatic"`
	Verdict    Action `json:"verdict"` // second
	Text       string `json:"text"`
	LookedAt   string `json:"looked_at"`
}

// doneMost bounds the second looks that the figures are of.
const doneMost = 5000

// agreementPeriod is how far back the figures go.
const agreementPeriod = 180 * 24 * time.Hour

// Disagreements lists the newest, without names.
func (s *Service) Disagreements(ctx context.Context, site string, limit int) (out []Disagreement, err error) {
	out = []Disagreement{}
	err = s.viewOf(ctx, site, func(r Reader) error {
		all, err := r.DoneLooks(site, s.Now().Add(-agreementPeriod), doneMost)
		if err != nil {
			return err
		}
		for _, l := range all {
			if l.agrees() || len(out) == limit {
				continue
			}
			rev, err := r.Revision(l.Site, l.CommentID, l.Revision)
			if err != nil {
				return err
			}
			out = append(out, Disagreement{
				l.ID, l.CommentID, l.DecisionID, l.Action, l.Reason, l.Clause, l.DecidedBy == "", l.Verdict,
				cut(rev.Tree.Plain(), parentChars), Timestamp(l.LookedAt),
			})
		}
		return nil
	})
	return out, err
}

// agrees reports whether both would have shown the text, or both not.
func (l SecondLook) agrees() bool { return (l.Action == Approve) == (l.Verdict == Approve) }
