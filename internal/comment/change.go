package comment

import (
	"time"

	"github.com/afterword-comments/afterword/moderation"
)

// change is one comment being changed within a transaction. Its methods keep
// what hangs together in step: the place in the thread, the counts of page,
// parent, author and status, and the events. save writes the row at the end.
type change struct {
	s    *Service
	tx   Tx
	at   time.Time
	page Page
	c    *Comment

	rules  *rules   // of the site; nil = not needed so far, see ruled
	covers []string // rows that the next event covers
}

// load reads a comment and its page for changing.
func (s *Service) load(tx Tx, site, id string, at time.Time) (*change, error) {
	c, err := tx.Comment(site, id)
	if err != nil {
		return nil, err
	}
	return s.changeOf(tx, c, at)
}

func (s *Service) changeOf(tx Tx, c Comment, at time.Time) (*change, error) {
	page, err := tx.Page(c.Site, c.PageID)
	return &change{s: s, tx: tx, at: at, page: page, c: &c}, err
}

// ruled gives the rules of the site. Whoever decides often sets them before, from
// what is kept.
func (ch *change) ruled() (*rules, error) {
	if ch.rules != nil {
		return ch.rules, nil
	}
	u := &rules{}
	if err := u.load(ch.tx, ch.c.Site, nil); err != nil {
		return nil, err
	}
	ch.rules = u
	return u, nil
}

// decide sets the status that the desk shows at once.
func (ch *change) decide(to Status) error {
	from := ch.c.Status
	if from == to {
		return nil
	}
	ch.c.Status = to
	if err := ch.tx.CountStatus(ch.c.Site, from, -1); err != nil {
		return err
	}
	return ch.tx.CountStatus(ch.c.Site, to, 1)
}

// act is something that becomes true for everybody.
type act struct {
	rev     Revision // that it is about
	to      Status
	event   string
	actor   Actor
	reasons []moderation.Evidence
	reason  string
	told    *Told // what the author is told, nil for nothing
}

// turn makes a status hold for everybody and appends the event. Only an
// approval makes a revision public; everything else takes the comment out of
// sight, save a fresh edit, which leaves the approved revision standing (see
// Service.Edit).
func (ch *change) turn(a act) error {
	c := ch.c
	before := c.standing()
	// A decision on a revision that was edited meanwhile says nothing of the
	// newer one, which goes on waiting.
	if a.rev.N == c.Revision {
		c.InForce = a.to
	}
	if a.to == Approved {
		c.Public = a.rev.N
	} else {
		c.Public = 0
	}
	if err := ch.replace(before == Approved); err != nil {
		return err
	}
	if err := ch.countAuthor(before, c.standing()); err != nil {
		return err
	}
	return ch.record(a, before)
}

// standing is the status that the public would name: approved while any
// revision is public.
func (c *Comment) standing() Status {
	if c.Public > 0 {
		return Approved
	}
	return c.InForce
}

// replace puts the comment into its thread, or takes it out.
func (ch *change) replace(wasPublic bool) error {
	c := ch.c
	isPublic := c.Public > 0
	if isPublic != wasPublic {
		by := -1
		if isPublic {
			by = 1
		}
		ch.page.Count += by
		if err := ch.tx.CountPage(c.Site, c.PageID, by); err != nil {
			return err
		}
	}
	wasShown := c.Shown
	c.Shown = isPublic || c.Replies > 0
	return ch.s.countReply(ch.tx, c, wasShown)
}

// countReply tells the ancestors that a reply came into sight or went out of
// it; one that is gone itself is kept in sight by its replies.
func (s *Service) countReply(tx Tx, c *Comment, wasShown bool) error {
	if c.Shown == wasShown || c.ParentID == "" {
		return nil
	}
	parent, err := tx.Comment(c.Site, c.ParentID)
	if err != nil {
		return err
	}
	if c.Shown {
		parent.Replies++
	} else {
		parent.Replies--
	}
	was := parent.Shown
	parent.Shown = parent.Public > 0 || parent.Replies > 0
	if err := tx.UpdateComment(&parent); err != nil {
		return err
	}
	return s.countReply(tx, &parent, was)
}

func (ch *change) countAuthor(from, to Status) error {
	approved := indicator(to == Approved) - indicator(from == Approved)
	rejected := indicator(to == Rejected || to == Spam) - indicator(from == Rejected || from == Spam)
	if approved == 0 && rejected == 0 {
		return nil
	}
	return ch.tx.CountAuthor(ch.c.Site, ch.c.AuthorID, approved, rejected)
}

func indicator(b bool) int {
	if b {
		return 1
	}
	return 0
}

// record appends the event of an act to the site's log.
func (ch *change) record(a act, before Status) error {
	c := ch.c
	c.Sequence++
	view := show(*c, a.rev, BodyHTML)
	if a.to != "" {
		view.Status = a.to
	}
	data := EventData{
		Comment: EventComment{view, a.rev.Source}, Page: showPage(ch.page),
		Actor: ActorView{a.actor.Kind, a.actor.Name}, Reasons: a.reasons, Reason: a.reason, Statement: a.told,
	}
	if before != "" {
		data.PreviousStatus = &before
	}
	if data.Reasons == nil {
		data.Reasons = []moderation.Evidence{}
	}
	return ch.append(Event{Type: a.event, Sequence: c.Sequence, Actor: a.actor, Previous: before, Data: &data}, &data)
}

// note appends an event that stays in the house.
func (ch *change) note(event string, actor Actor, data any) error {
	return ch.append(Event{Type: event, Actor: actor}, data)
}

func (ch *change) append(e Event, data any) (err error) {
	e.Site, e.PageID, e.CommentID, e.At = ch.c.Site, ch.c.PageID, ch.c.ID, ch.at
	e.Covers = ch.takeCovers()
	if e.Body, err = JSON(data); err != nil {
		return err
	}
	_, err = ch.s.Ledger.Append(ch.tx, e)
	return err
}

// save writes the comment's row.
func (ch *change) save() error { return ch.tx.UpdateComment(ch.c) }
