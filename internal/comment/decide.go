package comment

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

// maxItems is the most comments that one decision may be over.
const maxItems = 500

// raceMargin is how close behind a colleague's a decision may come before it
// is taken for one made in ignorance of it, unless it says what it saw.
const raceMargin = time.Second

// Ruling is a moderator's decision over some comments.
type Ruling struct {
	By       Account
	Action   Action
	Items    []Item
	Group    string    // in place of Items: all that wait of the group
	Site     string    // of the group, only what this site has; "" = every site where By may decide
	AsOf     time.Time // of the group, only what was written until then; zero = until Received
	Reason   string
	Clause   string // id or number of a house rule, "" for none
	Message  string // to the author, in the place of the template that applies
	Tell     *bool  // whether the author is told; nil = of a rejection, and where there is a message
	Note     string
	Received time.Time // when the request came in
	Once     Once
}

// Item is one comment of a ruling, as the moderator saw it.
type Item struct {
	ID       string
	Revision int
	Status   Status // that the moderator saw; "" = not said
}

// Ruled is what became of a ruling.
type Ruled struct {
	DecisionID string       `json:"decision_id"`
	UndoUntil  *string      `json:"undo_until"`
	Results    []ItemResult `json:"results"`
}

// ItemResult is what became of one item. A conflict names what was found instead,
// and who was faster.
type ItemResult struct {
	ID     string `json:"id"`
	OK     bool   `json:"ok"`
	Status Status `json:"status,omitempty"`
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
	By     string `json:"by,omitempty"`
	Action Action `json:"action,omitempty"`
}

// Decide carries out a ruling, each comment on its own: one that has changed
// meanwhile is a conflict and changes nothing. What is decided is durable when
// Decide returns; it takes effect when the site's undo window ends.
func (s *Service) Decide(ctx context.Context, r Ruling) (out Ruled, err error) {
	if r.Group != "" {
		return s.decideGroup(ctx, r)
	}
	if err := r.check(); err != nil {
		return out, err
	}
	sites, err := s.sitesOf(ctx, r.Items)
	if err != nil {
		return out, err
	}
	rules, err := s.rulesOfAll(ctx, sites)
	if err != nil {
		return out, err
	}
	err = s.Store.Write(ctx, sites, func(tx Tx) error {
		at := s.Now()
		if err := s.begin(tx, r.Once, at); err != nil {
			return err
		}
		ru := ruling{Ruling: r, id: s.NewID(), at: at, s: s, tx: tx, sites: map[string]Site{}, rules: rules}
		out = Ruled{DecisionID: ru.id, Results: make([]ItemResult, 0, len(r.Items))}
		for _, item := range r.Items {
			result, err := ru.decide(item)
			if err != nil {
				return err
			}
			out.Results = append(out.Results, result)
		}
		out.UndoUntil = OptionalTime(ru.undoUntil)
		return s.keep(tx, r.Once, at, out)
	})
	return out, s.confirmed(ctx, r.Once, s.Now(), err)
}

// sitesOf are the sites of the items that exist. A comment never changes its
// site, so this may be asked before the transaction.
func (s *Service) sitesOf(ctx context.Context, items []Item) (sites Sites, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		sites = nil
		for _, item := range items {
			c, err := r.FindComment(item.ID)
			if fault.Is(err, "not_found") {
				continue
			}
			if err != nil {
				return err
			}
			if !slices.Contains(sites, c.Site) {
				sites = append(sites, c.Site)
			}
		}
		return nil
	})
	return sites, err
}

func (r Ruling) check() error {
	if _, ok := outcomes[r.Action]; !ok {
		return fault.Input("action", "invalid", "The action is approve, reject, spam, delete or restore.")
	}
	if r.Group == "" && (len(r.Items) == 0 || len(r.Items) > maxItems) {
		return fault.Input("items", "invalid", "A decision is over 1 to 500 comments.")
	}
	if r.Group == "" && r.Site != "" {
		return fault.Input("site", "invalid", "site goes with group.")
	}
	if r.Group != "" && (len(r.Items) > 0 || !IsID(r.Group)) {
		return fault.Input("group", "invalid", "A decision is over comments or over the group with this id, not both.")
	}
	return cmp.Or(
		checkShort("reason", r.Reason, 200), checkShort("note", r.Note, 4000),
		checkShort("message", r.Message, templateMost), checkTemplate("message", r.Message),
	)
}

// ruling is a Ruling being carried out in a transaction.
type ruling struct {
	Ruling
	id        string
	at        time.Time
	s         *Service
	tx        Tx
	sites     map[string]Site
	rules     map[string]*rules
	undoUntil time.Time
}

func (ru *ruling) site(key string) (Site, error) {
	if st, ok := ru.sites[key]; ok {
		return st, nil
	}
	st, err := ru.tx.Site(key)
	ru.sites[key] = st
	return st, err
}

// decide carries out one item. The error it returns is the machine's; what is
// wrong with the item is in the outcome.
func (ru *ruling) decide(item Item) (ItemResult, error) {
	c, err := Comment{}, error(fault.Missing())
	if IsID(item.ID) {
		c, err = ru.tx.FindComment(item.ID)
	}
	if fault.Is(err, "not_found") || err == nil && ru.By.RoleOn(c.Site) == "" {
		return ItemResult{ID: item.ID, Code: "not_found", Detail: "There is no such comment."}, nil
	}
	if err != nil {
		return ItemResult{}, err
	}
	if !ru.By.RoleOn(c.Site).Includes(Moderator) {
		return ItemResult{ID: item.ID, Code: "forbidden", Detail: "Your role on this site does not allow decisions."}, nil
	}
	ch, err := ru.s.changeOf(ru.tx, c, ru.at)
	if err != nil {
		return ItemResult{}, err
	}
	if problem := ru.conflict(item, c); problem != "" {
		return ru.lost(c, problem)
	}
	ch.rules = ru.rules[c.Site]
	return ru.carryOut(ch)
}

// conflict says why an item cannot be decided as asked, "" if it can.
func (ru *ruling) conflict(item Item, c Comment) string {
	mine := c.DecidedBy == ru.By.ID
	switch {
	case c.InForce == Deleted && c.DecidedBy == c.AuthorID && ru.Action != Delete:
		return "The author has deleted the comment."
	case item.Revision != c.Revision:
		return "The comment was edited meanwhile."
	case item.Status != "" && item.Status != c.Status:
		return "Somebody else has decided meanwhile."
	case item.Status == "" && c.DecidedAt.After(ru.Received):
		return "Somebody else has decided meanwhile."
	case item.Status == "" && !mine && ru.Received.Sub(c.DecidedAt) < raceMargin && c.Status != outcomes[ru.Action].Status:
		return "Somebody else has decided just now."
	case c.Held != "" && !mine && c.Status != outcomes[ru.Action].Status:
		return "A colleague's decision is still in its undo window."
	case ru.Action == Restore && (c.Status == Pending || c.Status == Approved):
		return "There is nothing to restore."
	}
	return ""
}

func (ru *ruling) lost(c Comment, why string) (ItemResult, error) {
	out := ItemResult{ID: c.ID, Code: "conflict", Detail: why, Status: c.Status}
	decisions, err := ru.tx.Decisions(c.Site, c.ID)
	if err == nil && len(decisions) > 0 {
		out.By, out.Action = decisions[0].Actor.Name, decisions[0].Action
	}
	return out, err
}

func (ru *ruling) carryOut(ch *change) (ItemResult, error) {
	c, to := ch.c, outcomes[ru.Action].Status
	done := ItemResult{ID: c.ID, OK: true, Status: to}
	if c.Status == Approved && to == Approved && c.Held == "" && c.Reported > 0 {
		return done, ru.keepReported(ch)
	}
	if c.Status == to {
		return done, nil // no transition
	}
	if c.Held != "" { // the same moderator thinks again
		if err := ch.release(moderator(ru.By)); err != nil {
			return done, err
		}
		if c.Status == to {
			return done, ch.save()
		}
	}
	st, err := ru.site(c.Site)
	if err != nil {
		return done, err
	}
	clause, problem := ru.ground(ch, st)
	if problem != nil {
		return ItemResult{ID: c.ID, Code: problem.Code, Detail: problem.Detail}, nil
	}
	d := Decision{
		Site: c.Site, ID: ru.id, CommentID: c.ID, Revision: c.Revision, Action: ru.Action,
		From: c.Status, To: to, Reason: ru.Reason, Note: ru.Note, Clause: clause.ID,
		Actor: moderator(ru.By),
		At:    ru.at, EffectiveAt: ru.at.Add(st.Options.UndoWindow), State: DecisionDone,
	}
	if st.Options.UndoWindow > 0 {
		d.State = DecisionHeld
		if ru.undoUntil.IsZero() || d.EffectiveAt.Before(ru.undoUntil) {
			ru.undoUntil = d.EffectiveAt
		}
	}
	if d.Statement, err = ru.statement(ch, d, clause); err != nil {
		return done, err
	}
	return done, ch.enter(d)
}

// ground is the house rule that a ruling names, and what is wrong with its reasons.
func (ru *ruling) ground(ch *change, st Site) (Clause, *fault.Error) {
	clause, known := ch.rules.house.find(ru.Clause)
	switch {
	case ru.Clause != "" && !known:
		return clause, fault.New(fault.Invalid, "unknown_clause", "The site has no such house rule, or it is no longer active.")
	case ru.Action == Reject && st.Options.ReasonsRequired && ru.Reason == "" && ru.Clause == "":
		return clause, fault.New(fault.Invalid, "reason_required", "On this site a rejection names a reason or a house rule.")
	}
	return clause, nil
}

// statement is what the author is told of a decision, "" for nothing.
func (ru *ruling) statement(ch *change, d Decision, clause Clause) (string, error) {
	tell := d.Action == Reject || ru.Message != ""
	if ru.Tell != nil {
		tell = *ru.Tell
	}
	if !tell || !d.Action.restricts() {
		return "", nil
	}
	rev, err := ru.tx.Revision(d.Site, d.CommentID, d.Revision)
	if err != nil {
		return "", err
	}
	return ch.statementOf(d, rev, clause, ru.Message)
}

func moderator(by Account) Actor { return Actor{Kind: ActorModerator, ID: by.ID, Name: by.Name} }

// enter stores a decision, and lets it take effect unless it is held.
func (ch *change) enter(d Decision) error {
	c := ch.c
	if err := ch.insertDecision(d); err != nil {
		return err
	}
	if err := ch.decide(d.To); err != nil {
		return err
	}
	c.DecidedAt, c.DecidedBy = d.At, d.Actor.ID
	if d.State == DecisionHeld {
		c.Held = d.ID
		if err := ch.note(DecisionRecorded, d.Actor, decisionNote(d)); err != nil {
			return err
		}
		return ch.save()
	}
	if err := ch.effect(d); err != nil {
		return err
	}
	return ch.save()
}

// noteOfDecision is what the house's own events say of a decision.
type noteOfDecision struct {
	DecisionID string `json:"decision_id"`
	Action     Action `json:"action"`
	Revision   int    `json:"revision"`
	From       Status `json:"from"`
	To         Status `json:"to"`
}

func decisionNote(d Decision) noteOfDecision {
	return noteOfDecision{d.ID, d.Action, d.Revision, d.From, d.To}
}

// effect makes a decision hold for everybody.
func (ch *change) effect(d Decision) error {
	rev, err := ch.tx.Revision(d.Site, d.CommentID, d.Revision)
	if err != nil {
		return err
	}
	if err := ch.judge(d); err != nil {
		return err
	}
	if err := ch.answerReports(d); err != nil {
		return err
	}
	if err := ch.countHosts(d, rev); err != nil {
		return err
	}
	told, err := ch.s.told(d, nil)
	if err != nil {
		return err
	}
	if err := ch.draw(d); err != nil {
		return err
	}
	return ch.turn(act{rev: rev, to: d.To, event: outcomes[d.Action].Event, actor: d.Actor, reasons: rev.Trace.Reasons(), reason: d.Reason, told: told})
}

// release takes back the held decision, as somebody wished who need not be the
// one who made it. The status goes back to what it was, unless an edit has sent
// the comment to the queue meanwhile.
func (ch *change) release(by Actor) error {
	d, err := ch.tx.HeldDecision(ch.c.Site, ch.c.ID)
	if err != nil {
		return err
	}
	if err := ch.moveDecision(d, DecisionUndone); err != nil {
		return err
	}
	ch.c.Held = ""
	if ch.c.Revision == d.Revision {
		if err := ch.decide(d.From); err != nil {
			return err
		}
	}
	return ch.note(DecisionReversed, by, decisionNote(d))
}

// Undo takes a decision back while its window is open: nothing of it has left
// the building. Decisions that have taken effect are undone by deciding again.
func (s *Service) Undo(ctx context.Context, by Account, decisionID string) (out Ruled, err error) {
	if !IsID(decisionID) {
		return out, fault.Missing()
	}
	sites, err := s.sitesDecided(ctx, decisionID)
	if err != nil {
		return out, err
	}
	err = s.Store.Write(ctx, sites, func(tx Tx) error {
		at := s.Now()
		items, err := tx.DecisionItems(decisionID)
		if err != nil {
			return err
		}
		out = Ruled{DecisionID: decisionID, Results: []ItemResult{}}
		undone, seen := 0, false
		for _, d := range items {
			seen = seen || by.RoleOn(d.Site) != ""
			if !by.mayUndo(d) {
				continue
			}
			result, err := s.undo(tx, d, by, at)
			if err != nil {
				return err
			}
			undone += indicator(result.OK)
			out.Results = append(out.Results, result)
		}
		switch {
		case len(out.Results) == 0 && seen:
			return fault.New(fault.Forbidden, "forbidden", "A decision is undone by whoever made it, or by an admin.")
		case len(out.Results) == 0:
			return fault.Missing()
		case undone == 0 && out.Results[0].Code == "already_undone":
			return fault.New(fault.Conflict, "already_undone", "The decision has been undone already.")
		case undone == 0:
			return fault.New(fault.Conflict, "undo_window_over", "The decision has taken effect. Decide again to change it.")
		}
		return nil
	})
	return out, err
}

func (s *Service) sitesDecided(ctx context.Context, decisionID string) (sites Sites, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		items, err := r.DecisionItems(decisionID)
		for _, d := range items {
			if !slices.Contains(sites, d.Site) {
				sites = append(sites, d.Site)
			}
		}
		return err
	})
	return sites, err
}

// mayUndo: moderators their own decisions, admins everybody's.
func (a Account) mayUndo(d Decision) bool {
	least := Admin
	if d.Actor.ID == a.ID {
		least = Moderator
	}
	return a.RoleOn(d.Site).Includes(least)
}

func (s *Service) undo(tx Tx, d Decision, by Account, at time.Time) (ItemResult, error) {
	if d.State == DecisionUndone {
		return ItemResult{ID: d.CommentID, Code: "already_undone", Detail: "This decision has been undone already."}, nil
	}
	if d.State != DecisionHeld || !at.Before(d.EffectiveAt) {
		return ItemResult{ID: d.CommentID, Code: "undo_window_over", Detail: "This decision has taken effect."}, nil
	}
	ch, err := s.load(tx, d.Site, d.CommentID, at)
	if err != nil {
		return ItemResult{}, err
	}
	if err := ch.release(moderator(by)); err != nil {
		return ItemResult{}, err
	}
	return ItemResult{ID: d.CommentID, OK: true, Status: ch.c.Status}, ch.save()
}

// Settle lets the held decisions take effect whose window has ended, at most
// limit of them, and tells when the next one is due: the zero time for never.
func (s *Service) Settle(ctx context.Context, limit int) (next time.Time, err error) {
	var due []Decision
	err = s.Store.View(ctx, func(r Reader) error {
		if due, err = r.DueDecisions(s.Now(), limit); err != nil {
			return err
		}
		next, err = r.NextDue()
		if fault.Is(err, "not_found") {
			err = nil
		}
		return err
	})
	if err != nil || len(due) == 0 {
		return next, err
	}
	for len(due) > 0 {
		site := due[0].Site
		n := slices.IndexFunc(due, func(d Decision) bool { return d.Site != site })
		if n < 0 {
			n = len(due)
		}
		some := due[:min(n, 100)]
		due = due[len(some):]
		err = errors.Join(err, s.settleSome(ctx, site, some))
	}
	return s.Now(), err // look again at once
}

func (s *Service) settleSome(ctx context.Context, site string, some []Decision) error {
	rules, err := s.rulesOf(ctx, site)
	if err != nil {
		return err
	}
	return s.Store.Write(ctx, Sites{site}, func(tx Tx) error {
		for _, d := range some {
			if err := s.settle(tx, d, rules); err != nil {
				return err
			}
		}
		return nil
	})
}

// settle lets one decision take effect. Another node, or an undo, may have
// been faster, which is fine.
func (s *Service) settle(tx Tx, d Decision, rules *rules) error {
	ch, err := s.load(tx, d.Site, d.CommentID, s.Now())
	if err != nil {
		return err
	}
	if ch.c.Held != d.ID {
		return nil
	}
	ch.rules = rules
	if err := ch.moveDecision(d, DecisionDone); err != nil {
		return err
	}
	ch.c.Held = ""
	if err := ch.effect(d); err != nil {
		return err
	}
	return ch.save()
}
