package comment

import (
	"context"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
)

// Appeal is an author's wish that somebody else look at a decision. There is one a
// decision, and whoever has decided about the same text never decides about it.
type Appeal struct {
	Site       string
	ID         string
	CommentID  string
	DecisionID string
	Revision   int
	Text       string
	State      AppealOutcome
	Assignee   string // id of an account, "" for nobody
	CreatedAt  time.Time
	DecidedAt  time.Time
	DecidedBy  string // id of an account
	Answer     string // to the author
	OutcomeID  string // of the decision that overturned the first, "" for none
	Version    int64  // counts the changes of this row; compare-and-set
}

// AppealOutcome is how an appeal stands.
type AppealOutcome string

// The outcomes of an appeal.
const (
	AppealOpen       AppealOutcome = "open"
	AppealUpheld     AppealOutcome = "upheld" // the decision stands
	AppealOverturned AppealOutcome = "overturned"
)

const appealBytes = 4000

type appealReader interface {
	Appeal(site, id string) (Appeal, error)
	AppealOf(site, commentID, decisionID string) (Appeal, error)
	// Appeals lists those in a state from behind an id on: open ones oldest first,
	// others newest first.
	Appeals(site string, state AppealOutcome, after string, limit int) ([]Appeal, error)
}

type appealWriter interface {
	InsertAppeal(a Appeal) error
	// UpdateAppeal writes a where the stored Version is still a.Version, and counts
	// Version up.
	UpdateAppeal(a *Appeal) error
}

func (a Appeal) covered() covered {
	return covered{parts: []string{
		a.Site, a.ID, a.CommentID, a.DecisionID, number(a.Revision), a.Text, string(a.State), a.Assignee,
		instantText(a.CreatedAt), instantText(a.DecidedAt), a.DecidedBy, a.Answer, a.OutcomeID, number(a.Version),
	}}
}

// Appealed is a decision as the page of its appeal shows it.
type Appealed struct {
	Site       Site
	Told       Told
	Text       string // of the comment, as it was written
	Superseded bool   // another decision has come after it
}

// AppealedBy gives what a token of an appeal stands for.
func (s *Service) AppealedBy(ctx context.Context, token string) (out Appealed, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		d, err := s.decisionBy(r, token)
		if err != nil {
			return err
		}
		out, err = s.appealed(r, d)
		return err
	})
	return out, err
}

// decisionBy is the decision of a token; one that has not taken effect is not
// there yet.
func (s *Service) decisionBy(r Reader, token string) (Decision, error) {
	payload, err := s.Ring.Open("appeal", token)
	parts := strings.Split(payload, "|")
	if err != nil || len(parts) != 3 {
		return Decision{}, fault.Missing()
	}
	d, err := r.Decision(parts[0], parts[1], parts[2])
	if err == nil && (d.State != DecisionDone || d.Statement == "") {
		err = fault.Missing()
	}
	return d, err
}

func (s *Service) appealed(r Reader, d Decision) (out Appealed, err error) {
	if out.Site, err = r.Site(d.Site); err != nil {
		return out, err
	}
	c, err := r.Comment(d.Site, d.CommentID)
	if err != nil {
		return out, err
	}
	rev, err := r.Revision(d.Site, d.CommentID, d.Revision)
	if err != nil {
		return out, err
	}
	out.Text = rev.Source
	standing, stands, err := standingDecision(r, c)
	if err != nil {
		return out, err
	}
	out.Superseded = !stands || standing.ID != d.ID
	a, err := r.AppealOf(d.Site, d.CommentID, d.ID)
	made := &a
	if fault.Is(err, "not_found") {
		made, err = nil, nil
	}
	if err != nil {
		return out, err
	}
	told, err := s.told(d, made)
	if told != nil {
		out.Told = *told
	}
	return out, err
}

// open says why an appeal cannot be made now, nil if it can.
func (o Appealed) open(at time.Time) error {
	switch a := o.Told.Appeal; {
	case a == nil:
		return fault.New(fault.Forbidden, "appeals_off", "This decision cannot be appealed.")
	case a.State != "none":
		return fault.New(fault.Conflict, "already_appealed", "This decision has been appealed already.")
	case o.Superseded:
		return fault.New(fault.Conflict, "decided_anew", "The comment has been decided anew since.")
	case Timestamp(at) > a.Until:
		return fault.New(fault.Conflict, "appeal_window_over", "The time for an appeal is over.")
	}
	return nil
}

// Open reports whether an appeal can be made at this instant.
func (o Appealed) Open(at time.Time) bool { return o.open(at) == nil }

// Appeal makes the one appeal that a decision can have.
func (s *Service) Appeal(ctx context.Context, token, text string, client Client) (out Appealed, err error) {
	if err := s.Store.Room(); err != nil {
		return out, err
	}
	var d Decision
	if err := s.Store.View(ctx, func(r Reader) error { d, err = s.decisionBy(r, token); return err }); err != nil {
		return out, err
	}
	if text, err = markup.Clean(text); err != nil || len(text) > appealBytes {
		return out, fault.Input("text", "invalid", "Say in plain text of at most 4000 bytes why the decision is wrong.")
	}
	at := s.Now()
	limit, err := s.feedbackBucket(ctx, d.Site, client, at)
	if err != nil {
		return out, err
	}
	err = s.Store.Write(ctx, Sites{d.Site}, func(tx Tx) error {
		if out, err = s.appealed(tx, d); err != nil {
			return err
		}
		if err := limit.spend(tx, out.Site, at); err != nil {
			return err
		}
		if err := out.open(at); err != nil {
			return err
		}
		ch, err := s.load(tx, d.Site, d.CommentID, at)
		if err != nil {
			return err
		}
		a := Appeal{
			Site: d.Site, ID: s.NewID(), CommentID: d.CommentID, DecisionID: d.ID, Revision: d.Revision,
			Text: text, State: AppealOpen, CreatedAt: at, Version: 1,
		}
		if err := tx.InsertAppeal(a); err != nil {
			return err
		}
		out.Told.Appeal.State, out.Told.Appeal.MadeAt = string(AppealOpen), OptionalTime(at)
		author := Actor{Kind: ActorAuthor, ID: ch.c.AuthorID, Name: ch.c.AuthorName}
		return ch.noteAppeal(AppealMade, author, a)
	})
	return out, err
}

// noteAppeal appends an event of an appeal, which covers its row.
func (ch *change) noteAppeal(event string, by Actor, a Appeal) error {
	ch.cover("appeal/"+a.ID, a.covered())
	return ch.note(event, by, map[string]any{"appeal_id": a.ID, "decision_id": a.DecisionID, "state": a.State, "assignee": a.Assignee})
}

// AppealRuling is somebody's decision about an appeal.
type AppealRuling struct {
	By      Account
	Site    string
	ID      string
	Outcome AppealOutcome
	Answer  string // to the author
	Restore bool   // overturned: back to the queue, not approved
}

// DecideAppeal decides about an appeal. It takes effect at once, since its answer
// can be read at once. Overturning is a decision on the comment of its own.
func (s *Service) DecideAppeal(ctx context.Context, r AppealRuling) (out AppealView, err error) {
	if r.Outcome != AppealUpheld && r.Outcome != AppealOverturned {
		return out, fault.Input("outcome", "invalid", "The outcome is upheld or overturned.")
	}
	if r.Answer, err = markup.Clean(r.Answer); err != nil || len(r.Answer) > appealBytes {
		return out, fault.Input("answer", "invalid", "The author needs an answer, in plain text of at most 4000 bytes.")
	}
	rules, err := s.rulesOf(ctx, r.Site)
	if err != nil {
		return out, err
	}
	err = s.Store.Write(ctx, Sites{r.Site}, func(tx Tx) error {
		at := s.Now()
		a, err := s.appealFor(tx, r.By, r.Site, r.ID)
		if err != nil {
			return err
		}
		if a.Assignee != "" && a.Assignee != r.By.ID && !r.By.RoleOn(r.Site).Includes(Admin) {
			return fault.New(fault.Conflict, "assigned", "This appeal is somebody else's to decide.")
		}
		ch, err := s.load(tx, a.Site, a.CommentID, at)
		if err != nil {
			return err
		}
		ch.rules = rules
		a.State, a.Answer, a.DecidedAt, a.DecidedBy = r.Outcome, r.Answer, at, r.By.ID
		if r.Outcome == AppealOverturned {
			if a.OutcomeID, err = ch.overturn(r, a); err != nil {
				return err
			}
		}
		if err := tx.UpdateAppeal(&a); err != nil {
			return err
		}
		if err := ch.noteAppeal(AppealDecided, moderator(r.By), a); err != nil {
			return err
		}
		d := deskReader{s: s, r: tx}
		out, err = d.appeal(a, r.By)
		return err
	})
	return out, err
}

// overturn decides the comment anew, unless it stands otherwise already.
func (ch *change) overturn(r AppealRuling, a Appeal) (string, error) {
	c := ch.c
	action := Approve
	if r.Restore || c.Revision != a.Revision { // what was looked at is not what would be shown
		action = Restore
	}
	to := outcomes[action].Status
	switch {
	case c.Held != "":
		return "", fault.New(fault.Conflict, "conflict", "A colleague's decision on the comment is still in its undo window. Try again in a moment.")
	case c.Status == to || c.Status == Approved || c.InForce == Deleted && c.DecidedBy == c.AuthorID:
		return "", nil
	}
	d := Decision{
		Site: c.Site, ID: ch.s.NewID(), CommentID: c.ID, Revision: c.Revision, Action: action, From: c.Status, To: to,
		Reason: "appeal", Note: "Overturned on appeal " + a.ID + ".", Actor: moderator(r.By), At: ch.at, EffectiveAt: ch.at, State: DecisionDone,
	}
	return d.ID, ch.enter(d)
}

// appealFor is an open appeal that somebody may decide about.
func (s *Service) appealFor(r Reader, by Account, site, id string) (Appeal, error) {
	if !IsID(id) {
		return Appeal{}, fault.Missing()
	}
	a, err := r.Appeal(site, id)
	if err != nil {
		return a, err
	}
	if a.State != AppealOpen {
		return a, fault.New(fault.Conflict, "already_decided", "This appeal has been decided already.")
	}
	return a, s.impartial(r, a, by)
}

// impartial refuses whoever has decided about the same text.
func (s *Service) impartial(r Reader, a Appeal, by Account) error {
	deciders, err := decidersOf(r, a.Site, a.CommentID, a.Revision)
	if err != nil || !deciders[by.ID] {
		return err
	}
	others, err := othersThan(r, a.Site, deciders)
	if err != nil {
		return err
	}
	detail := "You have decided about this comment yourself. Somebody else has to decide about the appeal."
	if others == 0 {
		detail += " At present nobody else may: give another account a role on this site."
	}
	return fault.New(fault.Forbidden, "own_decision", detail)
}

// decidersOf are the accounts that have decided about one text, also those whose
// decision was undone.
func decidersOf(r Reader, site, commentID string, revision int) (map[string]bool, error) {
	all, err := r.Decisions(site, commentID)
	deciders := map[string]bool{}
	for _, d := range all {
		if d.Revision == revision && d.Actor.Kind == ActorModerator && d.Actor.ID != "" {
			deciders[d.Actor.ID] = true
		}
	}
	return deciders, err
}

// othersThan counts who may moderate a site and is none of these.
func othersThan(r Reader, site string, these map[string]bool) (n int, err error) {
	all, err := r.Accounts()
	for _, a := range all {
		n += indicator(!a.Disabled && a.RoleOn(site).Includes(Moderator) && !these[a.ID])
	}
	return n, err
}

// Assignment gives an appeal to somebody, or to nobody.
type Assignment struct {
	By       Account
	Site, ID string
	To       string // id of an account, "" = nobody
}

// AssignAppeal gives an appeal to somebody who may decide about it: moderators to
// themselves, admins to anybody.
func (s *Service) AssignAppeal(ctx context.Context, as Assignment) (out AppealView, err error) {
	err = s.Store.Write(ctx, Sites{as.Site}, func(tx Tx) error {
		to := as.By
		if as.To != "" {
			if to, err = tx.Account(as.To); err != nil || to.Disabled || !to.RoleOn(as.Site).Includes(Moderator) {
				return fault.Input("assignee", "unknown_account", "The assignee is the id of an account that may moderate this site.")
			}
		}
		if to.ID != as.By.ID && !as.By.RoleOn(as.Site).Includes(Admin) {
			return fault.New(fault.Forbidden, "forbidden", "Only an admin can give an appeal to somebody else.")
		}
		a, err := s.appealFor(tx, to, as.Site, as.ID)
		if err != nil && (as.To != "" || !fault.Is(err, "own_decision")) {
			return err
		}
		if a.Assignee != "" && a.Assignee != as.By.ID && !as.By.RoleOn(as.Site).Includes(Admin) {
			return fault.New(fault.Conflict, "assigned", "This appeal is somebody else's to decide.")
		}
		a.Assignee = as.To
		if err := tx.UpdateAppeal(&a); err != nil {
			return err
		}
		ch, err := s.load(tx, a.Site, a.CommentID, s.Now())
		if err != nil {
			return err
		}
		if err := ch.noteAppeal(AppealAssigned, moderator(as.By), a); err != nil {
			return err
		}
		d := deskReader{s: s, r: tx}
		out, err = d.appeal(a, as.By)
		return err
	})
	return out, err
}

// AppealView is an appeal as the staff sees it.
type AppealView struct {
	ID        string        `json:"id"`
	Site      string        `json:"site"`
	State     AppealOutcome `json:"state"`
	Text      string        `json:"text"`
	CreatedAt string        `json:"created_at"`
	Comment   DeskView      `json:"comment"`
	Decision  DecisionView  `json:"decision"` // the one that is appealed
	Assignee  *AppealPerson `json:"assignee"`
	MayDecide bool          `json:"may_decide"` // the asker
	Others    int           `json:"others"`     // who may moderate the site and have not decided about the text
	DecidedAt *string       `json:"decided_at"`
	DecidedBy *AppealPerson `json:"decided_by"`
	Answer    string        `json:"answer"`
}

// AppealPerson is an account by its name.
type AppealPerson struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// AppealAsk is which appeals somebody wants to see.
type AppealAsk struct {
	By    Account
	Site  string
	State AppealOutcome
	After string // id
	Limit int
}

// Appeals lists a site's appeals in a state, as somebody sees them; see
// appealReader. last is where to go on, "" at the end.
func (s *Service) Appeals(ctx context.Context, ask AppealAsk) (out []AppealView, last string, err error) {
	err = s.viewOf(ctx, ask.Site, func(r Reader) error {
		all, err := r.Appeals(ask.Site, ask.State, ask.After, ask.Limit+1)
		if err != nil {
			return err
		}
		if len(all) > ask.Limit {
			all = all[:ask.Limit]
			last = all[ask.Limit-1].ID
		}
		d := deskReader{s: s, r: r}
		for _, a := range all {
			v, err := d.appeal(a, ask.By)
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return nil
	})
	return out, last, err
}

func (d *deskReader) appeal(a Appeal, by Account) (v AppealView, err error) {
	v = AppealView{ID: a.ID, Site: a.Site, State: a.State, Text: a.Text, CreatedAt: Timestamp(a.CreatedAt), DecidedAt: OptionalTime(a.DecidedAt), Answer: a.Answer}
	c, err := d.withNewest(a.Site, a.CommentID)
	if err != nil {
		return v, err
	}
	if v.Comment, err = d.view(c); err != nil {
		return v, err
	}
	first, err := d.r.Decision(a.Site, a.CommentID, a.DecisionID)
	if err != nil {
		return v, err
	}
	if v.Decision, err = d.decision(first, nil); err != nil {
		return v, err
	}
	if v.Assignee, err = d.person(a.Assignee); err != nil {
		return v, err
	}
	if v.DecidedBy, err = d.person(a.DecidedBy); err != nil {
		return v, err
	}
	deciders, err := decidersOf(d.r, a.Site, a.CommentID, a.Revision)
	if err != nil {
		return v, err
	}
	v.Others, err = othersThan(d.r, a.Site, deciders)
	mine := a.Assignee == "" || a.Assignee == by.ID || by.RoleOn(a.Site).Includes(Admin)
	v.MayDecide = a.State == AppealOpen && mine && !deciders[by.ID] && by.RoleOn(a.Site).Includes(Moderator)
	return v, err
}

func (d *deskReader) person(id string) (*AppealPerson, error) {
	if id == "" {
		return nil, nil
	}
	a, err := d.r.Account(id)
	if fault.Is(err, "not_found") {
		return &AppealPerson{ID: id}, nil
	}
	return &AppealPerson{id, a.Name}, err
}
