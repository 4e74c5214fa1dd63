package comment

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// peopleReader reads what is known of the people who write, and of those who report.
type peopleReader interface {
	People(q PeopleQuery) ([]Author, error)                     // by id
	Sayings(site, author string, limit int) ([]Saying, error)   // newest first
	Blocks(site string) ([]Block, error)                        // AllSites = those of the installation; by id
	BlocksPage(site, before string, limit int) ([]Block, error) // newest first
	Block(site, id string) (Block, error)
	BlockOf(site string, kind BlockKind, value string) (Block, error)
	BlocksWith(site, author string) ([]Block, error) // that were made together with a standing
	// ReportsOn gives the reports of one revision, oldest first.
	ReportsOn(site, commentID string, revision, limit int) ([]Report, error)
	Reporter(site, id string) (Reporter, error)
}

// peopleWriter writes it. None of it is touched by PutAuthor.
type peopleWriter interface {
	PutRecord(site, author string, r moderation.Record, lastRejected time.Time) error
	PutSaying(s Saying) error // adds to the history, and holds from now on
	PutBlock(b Block) error   // one of the same kind and value is replaced, its hits stay
	RemoveBlock(site, id string) error
	HitBlock(site, id string, at time.Time) error
	// ResolveReports says what came of the reports of a revision.
	ResolveReports(site, commentID string, revision int, outcome ReportOutcome) error
	PutReporter(r Reporter) error
}

// PeopleQuery asks for authors of a site.
type PeopleQuery struct {
	Site     string
	Email    string // exactly; "" = all
	Standing moderation.Standing
	After    string // id
	Limit    int
}

// Saying is what a person has said of an author, once.
type Saying struct {
	Site, Author, ID string
	moderation.Said
	Note string
	By   Actor // Said.By is its name
}

// Standings lists what may be said of an author; "none" takes back what was said.
var Standings = []string{"none", "trusted", "premoderated", "muted", "suspended", "banned"}

// StandingChange is what somebody wants to say of an author.
type StandingChange struct {
	Site, Author string
	Standing     string // one of Standings
	Until        time.Time
	Reason, Note string
	BlockEmail   bool // turn away whoever gives the author's e-mail address too
	Everywhere   bool // the address on all sites; for owners
	Owner        bool // an owner asks: what was blocked on all sites with the standing before goes too
	By           Actor
}

func (c StandingChange) check(now time.Time) error {
	turnedAway := c.Standing == "suspended" || c.Standing == "banned"
	switch {
	case !slices.Contains(Standings, c.Standing):
		return fault.Input("standing", "invalid", "The standing is one of "+strings.Join(Standings, ", ")+".")
	case c.Standing == "suspended" && c.Until.IsZero():
		return fault.Input("until", "required", "Somebody is suspended until a time; for good it is a ban.")
	case c.Standing == "none" && !c.Until.IsZero():
		return fault.Input("until", "invalid", "The standing none has no end.")
	case !c.Until.IsZero() && !c.Until.After(now):
		return fault.Input("until", "invalid", "The end lies in the future.")
	case (c.BlockEmail || c.Everywhere) && !turnedAway:
		return fault.Input("block_email", "invalid", "An e-mail address is blocked together with a ban or a suspension.")
	}
	return cmp.Or(checkShort("reason", c.Reason, 200), checkShort("note", c.Note, 4000))
}

// SetStanding says something of an author, in place of what was said before, and
// takes away the blocks that were made with that. Those which an owner has made
// for all sites stay, unless an owner asks; the view names them.
func (s *Service) SetStanding(ctx context.Context, c StandingChange) (Author, error) {
	at := s.Now()
	if err := c.check(at); err != nil {
		return Author{}, err
	}
	said := Saying{
		Site: c.Site, Author: c.Author, ID: s.NewID(), Note: c.Note, By: c.By,
		Said: moderation.Said{Standing: moderation.Standing(strings.TrimPrefix(c.Standing, "none")), Until: c.Until, Reason: c.Reason, By: c.By.Name, When: at},
	}
	var a Author
	err := s.changeRules(ctx, c.Site, func(tx Tx) (err error) {
		if a, err = tx.Author(c.Site, c.Author); err != nil {
			return err
		}
		if (c.BlockEmail || c.Everywhere) && a.Email == "" {
			return fault.Input("block_email", "no_email", "This author has given no e-mail address.")
		}
		if err := s.dropBlocksWith(tx, c.Site, a.ID, c.By); err != nil {
			return err
		}
		if c.BlockEmail && !c.Everywhere {
			if err := s.putBlock(tx, s.emailBlock(c.Site, a, said), c.By); err != nil {
				return err
			}
		}
		if err := tx.PutSaying(said); err != nil {
			return err
		}
		a.Said = said.Said
		person, err := s.Ledger.CoverRows(tx, c.Site, RowPerson, a.ID)
		if err != nil {
			return err
		}
		standing, err := s.Ledger.CoverRows(tx, c.Site, RowStanding, a.ID+"/"+said.ID)
		if err != nil {
			return err
		}
		return s.house(tx, c.Site, PersonChanged, c.By, map[string]any{
			"author_id": a.ID, "standing": c.Standing, "until": OptionalTime(c.Until), "reason": c.Reason, "note": c.Note,
			"block_email": c.BlockEmail, "everywhere": c.Everywhere,
		}, person, standing)
	})
	if err == nil && c.Owner {
		err = s.changeBlocks(ctx, AllSites, func(tx Tx) error { return s.dropBlocksWith(tx, AllSites, a.ID, c.By) })
	}
	if err == nil && c.Everywhere {
		_, err = s.AddBlock(ctx, s.emailBlock(AllSites, a, said), c.By)
	}
	return a, err
}

func (s *Service) dropBlocksWith(tx Tx, site, author string, by Actor) error {
	blocks, err := tx.BlocksWith(site, author)
	for _, b := range blocks {
		err = s.removeBlock(tx, b, by)
		if err != nil {
			return err
		}
	}
	return err
}

func (s *Service) emailBlock(site string, a Author, said Saying) Block {
	return Block{
		Site: site, Kind: BlockEmail, Value: a.Email, Effect: BlockRefuse, Reason: said.Reason, Until: said.Until, Author: a.ID,
	}
}

// PeopleAsk asks for people of a site.
type PeopleAsk struct {
	Site     string
	Name     string // a part of it, in any disguise
	Email    string // exactly
	Standing string // one of Standings but none, "any" for all of these, "" for everybody
	After    string
	Limit    int
}

// peopleMost is the number of people that one page of a search looks through.
const peopleMost = 5000

// People lists a site's authors. last is where to go on, "" at the end; a search
// looks through a bounded number, so that a page may be short.
func (s *Service) People(ctx context.Context, ask PeopleAsk) (found []Author, last string, err error) {
	standings := []string{ask.Standing}
	if ask.Standing == "any" {
		standings = Standings[1:]
	}
	if ask.Standing != "" && ask.Standing != "any" && !slices.Contains(Standings[1:], ask.Standing) {
		return nil, "", fault.New(fault.Malformed, "invalid_parameter", "The standing is any or one of "+strings.Join(Standings[1:], ", ")+".")
	}
	search := peopleSearch{PeopleAsk: ask, name: moderation.Normalise(ask.Name).String(), now: s.Now()}
	// A place is the standing and the id.
	standing, after, _ := strings.Cut(ask.After, " ")
	if i := slices.Index(standings, standing); i > 0 && ask.After != "" {
		standings = standings[i:]
	}
	err = s.viewOf(ctx, ask.Site, func(r Reader) error {
		search.found, last = nil, ""
		for i, one := range standings {
			if i > 0 {
				after = ""
			}
			stopped, err := search.look(r, moderation.Standing(one), after)
			if err != nil || stopped != "" {
				last = one + " " + stopped
				return err
			}
		}
		return nil
	})
	return search.found, last, err
}

// peopleSearch is a search being made.
type peopleSearch struct {
	PeopleAsk
	name   string
	now    time.Time
	found  []Author
	looked int
}

// look goes through the people of one standing; it gives the last one that it
// has seen where it stops before the end.
func (p *peopleSearch) look(r Reader, standing moderation.Standing, after string) (stopped string, err error) {
	const batch = 200
	for {
		some, err := r.People(PeopleQuery{Site: p.Site, Email: p.Email, Standing: standing, After: after, Limit: batch})
		if err != nil {
			return "", err
		}
		for _, a := range some {
			if len(p.found) == p.Limit || p.looked == peopleMost {
				return after, nil
			}
			p.looked++
			after = a.ID
			if p.fits(a) {
				p.found = append(p.found, a)
			}
		}
		if len(some) < batch {
			return "", nil
		}
	}
}

func (p *peopleSearch) fits(a Author) bool {
	if p.Standing != "" && a.Said.At(p.now) == moderation.StandingNone {
		return false // it has ended
	}
	if p.Email != "" && a.Email != p.Email {
		return false
	}
	return p.Name == "" || p.name != "" && strings.Contains(moderation.Normalise(a.Name).String(), p.name)
}

// Person is all that the house knows of an author.
type Person struct {
	Author
	Said     []Saying // newest first
	Blocks   []Block  // that the author's name and e-mail address meet
	Comments []DeskView
}

// sayingsMost is how much of the past of a standing is shown.
const sayingsMost = 50

// Person gives an author with what was said of them and their newest comments.
func (s *Service) Person(ctx context.Context, site, id string) (p Person, err error) {
	rules, err := s.rulesOf(ctx, site)
	if err != nil {
		return p, err
	}
	err = s.Store.View(ctx, func(r Reader) error {
		if p.Author, err = r.Author(site, id); err != nil {
			return err
		}
		if p.Said, err = r.Sayings(site, id, sayingsMost); err != nil {
			return err
		}
		newest, _, err := r.Queue(QueueQuery{Sites: []string{site}, Author: id, Newest: true, Limit: historyMost})
		if err != nil {
			return err
		}
		d := deskReader{s: s, r: r}
		p.Comments, err = d.views(newest)
		return err
	})
	p.Blocks = rules.blocks.meeting(s, writer{name: p.Name, email: p.Email}, s.Now())
	return p, err
}

// RejectWaiting turns down the comments of an author that wait, at most 500: one
// decision, which can be undone within the site's window. nil = there are none.
func (s *Service) RejectWaiting(ctx context.Context, by Account, site, author, reason string) (*Ruled, error) {
	ruling := Ruling{By: by, Action: Reject, Reason: reason, Received: s.Now()}
	err := s.Store.View(ctx, func(r Reader) error {
		ruling.Items = nil
		waiting, _, err := r.Queue(QueueQuery{Sites: []string{site}, Author: author, Status: Pending, Limit: maxItems})
		for _, c := range waiting {
			ruling.Items = append(ruling.Items, Item{ID: c.ID, Revision: c.Revision, Status: Pending})
		}
		return err
	})
	if err != nil || len(ruling.Items) == 0 {
		return nil, err
	}
	out, err := s.Decide(ctx, ruling)
	return &out, err
}

// turnedAway is the fault of an author whom a person has banned or suspended,
// nil for everybody else.
func (a Author) turnedAway(now time.Time) error {
	switch a.Said.At(now) {
	case moderation.StandingSuspended:
		return turnAway("suspended", a.Said.Until)
	case moderation.StandingBanned:
		return turnAway("banned", a.Said.Until)
	}
	return nil
}

func turnAway(code string, until time.Time) error {
	detail := "You cannot comment on this site."
	if !until.IsZero() {
		detail = "You cannot comment on this site until " + until.UTC().Format("2 January 2006, 15:04") + " UTC."
	}
	return &fault.Error{Kind: fault.Forbidden, Code: code, Detail: detail, Until: until}
}
