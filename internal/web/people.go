package web

import (
	"math"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// Person is an author as the API shows it.
type Person struct {
	ID             string             `json:"id"`
	Site           string             `json:"site"`
	Name           string             `json:"name"`
	Kind           comment.AuthorKind `json:"kind"`
	Email          string             `json:"email"` // masked, "" = none was given
	Approved       int                `json:"approved"`
	Rejected       int                `json:"rejected"`
	FirstSeenAt    string             `json:"first_seen_at"`
	LastRejectedAt *string            `json:"last_rejected_at"`
	Record         RecordView         `json:"record"`
	Standing       StandingView       `json:"standing"`
}

// RecordView is a moderation.Record as of now.
type RecordView struct {
	Good    float64 `json:"good"`
	Bad     float64 `json:"bad"`
	Share   float64 `json:"share"`
	AtLeast float64 `json:"at_least"`
}

// StandingView is what a person has said of an author; "none" once it has ended.
type StandingView struct {
	Standing string  `json:"standing"`
	Until    *string `json:"until"`
	Reason   string  `json:"reason"`
	By       string  `json:"by"`
	At       *string `json:"at"`
}

// SayingView is a line of the history of an author's standing.
type SayingView struct {
	StandingView
	Note string `json:"note"`
}

// PersonDetail is all that the house knows of an author.
type PersonDetail struct {
	Person
	History  []SayingView       `json:"history"` // newest first
	Blocks   []BlockView        `json:"blocks"`  // that the name and the e-mail address meet
	Comments []comment.DeskView `json:"comments"`
}

// ShowPerson makes the view of an author at an instant.
func ShowPerson(a comment.Author, now time.Time) Person {
	r := a.Record.On(now)
	said := a.Said
	if said.At(now) == moderation.StandingNone {
		said = moderation.Said{}
	}
	return Person{
		ID: a.ID, Site: a.Site, Name: a.Name, Kind: a.Kind, Email: comment.MaskEmail(a.Email), Approved: a.Approved, Rejected: a.Rejected,
		FirstSeenAt: comment.Timestamp(a.FirstSeen), LastRejectedAt: comment.OptionalTime(a.LastRejected),
		Record: RecordView{thousandths(r.Good), thousandths(r.Bad), thousandths(r.Share()), thousandths(r.AtLeast())}, Standing: showSaid(said),
	}
}

func thousandths(f float64) float64 { return math.Round(f*1000) / 1000 }

func showSaid(said moderation.Said) StandingView {
	standing := string(said.Standing)
	if standing == "" {
		standing = "none"
	}
	return StandingView{standing, comment.OptionalTime(said.Until), said.Reason, said.By, comment.OptionalTime(said.When)}
}

// ShowPersonDetail makes the view of all that is known of an author.
func ShowPersonDetail(p comment.Person, now time.Time) PersonDetail {
	out := PersonDetail{Person: ShowPerson(p.Author, now), History: []SayingView{}, Blocks: []BlockView{}, Comments: p.Comments}
	for _, said := range p.Said {
		out.History = append(out.History, SayingView{showSaid(said.Said), said.Note})
	}
	for _, b := range p.Blocks {
		out.Blocks = append(out.Blocks, ShowBlock(b, now))
	}
	return out
}

func (s *Server) people(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	ask := comment.PeopleAsk{Site: param(c, "site"), Name: v.Get("q"), Email: strings.ToLower(strings.TrimSpace(v.Get("email"))), Standing: v.Get("standing")}
	if len(ask.Name) > 200 || len(ask.Email) > 254 {
		return parameter("The search is longer than 200 bytes.")
	}
	who, now := identity(c).Account.ID, s.Now()
	if ask.Name != "" {
		if wait := s.searches.wait(who, searchRate, received(c)); wait > 0 {
			return tooFast(wait)
		}
	}
	return longList[comment.Author, Person]{
		name: "people", of: []string{ask.Site, ask.Name, ask.Email, ask.Standing},
		read: func(after string, limit int) ([]comment.Author, string, error) {
			ask.After, ask.Limit = after, limit
			return s.Comments.People(c.UserContext(), ask)
		},
		show: func(a comment.Author) Person { return ShowPerson(a, now) },
	}.send(s, c)
}

func (s *Server) person(c *fiber.Ctx) error {
	p, err := s.Comments.Person(c.UserContext(), param(c, "site"), param(c, "id"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowPersonDetail(p, s.Now()))
}

// PersonChanged is an author of whom something was said, and what was decided with it.
type PersonChanged struct {
	Person   PersonDetail   `json:"person"`
	Decision *comment.Ruled `json:"decision"` // null = nothing
}

// changePerson says something of an author, and turns down what of theirs is
// waiting where that is wished: one decision, which can be undone like any other.
func (s *Server) changePerson(c *fiber.Ctx) error {
	in, err := decode[struct {
		Standing      string  `json:"standing" validate:"required"`
		Until         *string `json:"until"`
		Reason        string  `json:"reason"`
		Note          string  `json:"note"`
		BlockEmail    bool    `json:"block_email"`
		Everywhere    bool    `json:"everywhere"`
		RejectWaiting bool    `json:"reject_waiting"`
	}](c)
	if err != nil {
		return err
	}
	who := identity(c).Account
	owner := who.RoleOn(comment.AllSites) == comment.Owner
	if in.Everywhere && !owner {
		return fault.New(fault.Forbidden, "forbidden", "A ban from every site needs the role owner.")
	}
	until, err := instantOf("until", in.Until)
	if err != nil {
		return err
	}
	_, err = s.Comments.SetStanding(c.UserContext(), comment.StandingChange{
		Site: param(c, "site"), Author: param(c, "id"), Standing: in.Standing, Until: until, Reason: in.Reason, Note: in.Note,
		BlockEmail: in.BlockEmail, Everywhere: in.Everywhere, Owner: owner, By: actor(c),
	})
	if err != nil {
		return err
	}
	out := PersonChanged{}
	if in.RejectWaiting {
		out.Decision, err = s.Comments.RejectWaiting(c.UserContext(), who, param(c, "site"), param(c, "id"), in.Reason)
		if err != nil {
			return err
		}
	}
	p, err := s.Comments.Person(c.UserContext(), param(c, "site"), param(c, "id"))
	if err != nil {
		return err
	}
	out.Person = ShowPersonDetail(p, s.Now())
	return send(c, fiber.StatusOK, out)
}

// BlockView is a block as the API shows it.
type BlockView struct {
	ID        string              `json:"id"`
	Site      string              `json:"site"` // "*" = every site
	Kind      comment.BlockKind   `json:"kind"`
	Value     string              `json:"value"` // of an e-mail address its first letters and the domain
	Effect    comment.BlockEffect `json:"effect"`
	Reason    string              `json:"reason"`
	Until     *string             `json:"until"`
	Ended     bool                `json:"ended"`
	By        string              `json:"by"`
	CreatedAt string              `json:"created_at"`
	Hits      int                 `json:"hits"`
	LastHitAt *string             `json:"last_hit_at"`
}

// ShowBlock makes the view of a block at an instant.
func ShowBlock(b comment.Block, now time.Time) BlockView {
	return BlockView{
		b.ID, b.Site, b.Kind, b.Shown, b.Effect, b.Reason, comment.OptionalTime(b.Until), b.Over(now), b.By,
		comment.Timestamp(b.CreatedAt), b.Hits, comment.OptionalTime(b.LastHit),
	}
}

// blockSite is the site of the path, or all of them where it names none.
func blockSite(c *fiber.Ctx) string {
	if site := param(c, "site"); site != "" {
		return site
	}
	return comment.AllSites
}

func (s *Server) blocks(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	site, meeting, now := blockSite(c), v.Get("meeting"), s.Now()
	show := func(b comment.Block) BlockView { return ShowBlock(b, now) }
	if len(meeting) > 254 {
		return parameter("The search is longer than 254 bytes.")
	}
	if meeting == "" {
		return longList[comment.Block, BlockView]{
			name: "blocks", of: []string{site}, show: show,
			read: func(after string, limit int) ([]comment.Block, string, error) {
				return s.Comments.BlocksPage(c.UserContext(), site, after, limit)
			},
		}.send(s, c)
	}
	met, err := s.Comments.BlocksMeeting(c.UserContext(), site, meeting)
	if err != nil {
		return err
	}
	return shortList[comment.Block, BlockView]{
		name: "blocks", of: site + " " + meeting, all: met, show: show, key: func(b comment.Block) string { return b.ID },
	}.send(s, c)
}

func (s *Server) addBlock(c *fiber.Ctx) error {
	in, err := decode[struct {
		Kind   string  `json:"kind" validate:"required,oneof=email domain address name name_part"`
		Effect string  `json:"effect" validate:"required,oneof=review reject refuse"`
		Reason string  `json:"reason"`
		Until  *string `json:"until"`
		Value  string  `json:"value" validate:"required"`
	}](c)
	if err != nil {
		return err
	}
	until, err := instantOf("until", in.Until)
	if err != nil {
		return err
	}
	return s.create(c, fiber.StatusCreated, func() (any, error) {
		b, err := s.Comments.AddBlock(c.UserContext(), comment.Block{
			Site: blockSite(c), Kind: comment.BlockKind(in.Kind), Value: in.Value, Effect: comment.BlockEffect(in.Effect), Reason: in.Reason, Until: until,
		}, actor(c))
		return ShowBlock(b, s.Now()), err
	})
}

func (s *Server) importBlocks(c *fiber.Ctx) error {
	in, err := decode[struct {
		Kind   string   `json:"kind" validate:"required,oneof=email domain address name name_part"`
		Effect string   `json:"effect" validate:"required,oneof=review reject refuse"`
		Reason string   `json:"reason"`
		Until  *string  `json:"until"`
		Values []string `json:"values" validate:"required"`
	}](c)
	if err != nil {
		return err
	}
	until, err := instantOf("until", in.Until)
	if err != nil {
		return err
	}
	return s.create(c, fiber.StatusCreated, func() (any, error) {
		return s.Comments.ImportBlocks(c.UserContext(), comment.BlockImport{
			Site: blockSite(c), Kind: comment.BlockKind(in.Kind), Effect: comment.BlockEffect(in.Effect), Reason: in.Reason, Until: until, Values: in.Values,
		}, actor(c))
	})
}

func (s *Server) changeBlock(c *fiber.Ctx) error {
	in, err := decode[struct {
		Effect *string `json:"effect" validate:"omitempty,oneof=review reject refuse"`
		Reason *string `json:"reason"`
		Until  *string `json:"until"` // "" = no end
	}](c)
	if err != nil {
		return err
	}
	change := comment.BlockChange{Effect: in.Effect, Reason: in.Reason}
	if in.Until != nil {
		until, err := comment.ParseTime("until", *in.Until)
		if err != nil {
			return err
		}
		change.Until = &until
	}
	b, err := s.Comments.ChangeBlock(c.UserContext(), blockSite(c), param(c, "id"), change, actor(c))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowBlock(b, s.Now()))
}

func (s *Server) removeBlock(c *fiber.Ctx) error {
	return done(c, s.Comments.RemoveBlock(c.UserContext(), blockSite(c), param(c, "id"), actor(c)))
}
