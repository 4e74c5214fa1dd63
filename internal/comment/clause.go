package comment

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
)

// Clause is one of a site's house rules, as decisions name it. It is never
// deleted: what was decided by it must be understood for years.
type Clause struct {
	Site      string
	ID        string
	Number    string // as people cite it: 3.1
	Title     string
	Text      string // plain
	Language  string // BCP 47 tag
	Active    bool   // decisions may name it
	CreatedAt time.Time
	ChangedAt time.Time
}

// Template is a message to authors: for a reason, for a clause (whose id is then
// its name), or under templateDefault for everything else.
type Template struct {
	Site      string
	Name      string
	Text      string
	ChangedAt time.Time
}

// templateDefault is the name of the template for what has none of its own.
const templateDefault = "default"

// clausesMost bounds a site's house rules, with those that are no longer active.
const clausesMost = 200

type clauseReader interface {
	Clauses(site string) ([]Clause, error) // of all languages, also those no longer active
	Clause(site, id string) (Clause, error)
	Templates(site string) ([]Template, error)
	Template(site, name string) (Template, error)
}

type clauseWriter interface {
	PutClause(c Clause) error
	PutTemplate(t Template) error
	RemoveTemplate(site, name string) error
}

func (c Clause) covered() covered {
	return covered{parts: []string{c.Site, c.ID, c.Number, c.Title, c.Text, c.Language, strconv.FormatBool(c.Active), instantText(c.CreatedAt), instantText(c.ChangedAt)}}
}

func (t Template) covered() covered {
	return covered{parts: []string{t.Site, t.Name, t.Text, instantText(t.ChangedAt)}}
}

// houseRules are a site's clauses and templates, kept for decisions.
type houseRules struct {
	clauses   []Clause // in their order
	templates map[string]string
}

func (u *rules) loadHouse(r Reader, before *rules) error {
	if u.same(ListHouse, before) {
		u.house = before.house
		return nil
	}
	u.house = &houseRules{templates: map[string]string{}}
	if u.versions[ListHouse] == 0 {
		return nil
	}
	var err error
	if u.house.clauses, err = r.Clauses(u.Key); err != nil {
		return err
	}
	slices.SortFunc(u.house.clauses, byNumber)
	templates, err := r.Templates(u.Key)
	for _, t := range templates {
		u.house.templates[t.Name] = t.Text
	}
	return err
}

// byNumber puts 1.9 before 1.10.
func byNumber(a, b Clause) int {
	x, y := strings.Split(a.Number, "."), strings.Split(b.Number, ".")
	for i := range min(len(x), len(y)) {
		n, errN := strconv.Atoi(x[i])
		m, errM := strconv.Atoi(y[i])
		order := strings.Compare(x[i], y[i])
		if errN == nil && errM == nil {
			order = cmp.Compare(n, m)
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a.Language, b.Language), strings.Compare(a.ID, b.ID))
}

// find gives an active clause by its id or its number.
func (h *houseRules) find(ref string) (Clause, bool) {
	for _, c := range h.clauses {
		if c.Active && (c.ID == ref || c.Number == ref) {
			return c, true
		}
	}
	return Clause{}, false
}

// Clauses lists a site's house rules in their order.
func (s *Service) Clauses(ctx context.Context, site string) (all []Clause, err error) {
	err = s.viewOf(ctx, site, func(r Reader) error {
		all, err = r.Clauses(site)
		slices.SortFunc(all, byNumber)
		return err
	})
	return all, err
}

// ClauseChange is what is given of a clause; nil leaves it as it is.
type ClauseChange struct {
	Number, Title, Text, Language *string
	Active                        *bool
}

// AddClause adds a house rule.
func (s *Service) AddClause(ctx context.Context, site string, change ClauseChange, by Actor) (Clause, error) {
	c := Clause{Site: site, ID: s.NewID(), Active: true, CreatedAt: s.Now()}
	return s.putClause(ctx, c, change, by)
}

// ChangeClause changes a house rule. What was decided by it before keeps the words
// that it had.
func (s *Service) ChangeClause(ctx context.Context, site, id string, change ClauseChange, by Actor) (Clause, error) {
	return s.putClause(ctx, Clause{Site: site, ID: id}, change, by)
}

func (s *Service) putClause(ctx context.Context, c Clause, change ClauseChange, by Actor) (Clause, error) {
	fresh := !c.CreatedAt.IsZero()
	err := s.changeRules(ctx, c.Site, func(tx Tx) error {
		st, err := tx.Site(c.Site)
		if err != nil {
			return err
		}
		all, err := tx.Clauses(c.Site)
		if err != nil {
			return err
		}
		event := ClauseAdded
		if !fresh {
			event = ClauseChanged
			if c, err = tx.Clause(c.Site, c.ID); err != nil {
				return err
			}
		} else if len(all) >= clausesMost {
			return fault.New(fault.Conflict, "too_many", "A site has at most 200 house rules.")
		} else {
			c.Language = st.Options.Language
		}
		if err := c.apply(change); err != nil {
			return err
		}
		for _, other := range all {
			if other.ID != c.ID && other.Active && c.Active && other.Number == c.Number && other.Language == c.Language {
				return fault.New(fault.Conflict, "clause_exists", "There is a house rule with the number "+c.Number+" in this language already.")
			}
		}
		c.ChangedAt = s.Now()
		if err := tx.PutClause(c); err != nil {
			return err
		}
		return s.houseChanged(tx, c.Site, event, by, s.Ledger.entry("clause/"+c.ID, c.covered()), ShowClause(c))
	})
	return c, err
}

// houseChanged counts the list's version up and appends the event, which covers the row.
func (s *Service) houseChanged(tx Tx, site, event string, by Actor, covers string, data any) error {
	if err := tx.Revise(site, ListHouse); err != nil {
		return err
	}
	return s.house(tx, site, event, by, data, covers)
}

var clauseNumber = regexp.MustCompile(`^[\pL\pN](?:[\pL\pN .§-]{0,18}[\pL\pN])?$`)

func (c *Clause) apply(change ClauseChange) (err error) {
	if change.Number != nil {
		c.Number = strings.TrimSpace(*change.Number)
	}
	if !clauseNumber.MatchString(c.Number) {
		return fault.Input("number", "invalid", "The number of a house rule has 1 to 20 letters and digits, such as 3.1.")
	}
	if change.Title != nil {
		c.Title, err = markup.CleanLine(*change.Title)
	}
	if err != nil || c.Title == "" || len(c.Title) > 400 {
		return fault.Input("title", "invalid", "A house rule has a title of at most 400 bytes.")
	}
	if change.Text != nil && *change.Text == "" {
		c.Text = ""
	} else if change.Text != nil {
		c.Text, err = markup.Clean(*change.Text)
	}
	if err != nil || len(c.Text) > 4000 {
		return fault.Input("text", "invalid", "The text of a house rule is plain text of at most 4000 bytes.")
	}
	set(&c.Language, change.Language)
	if !language.MatchString(c.Language) {
		return fault.Input("language", "invalid", "The language is a tag such as en, de or pt-BR.")
	}
	set(&c.Active, change.Active)
	return nil
}

// ClauseView is a house rule as the API and the log show it.
type ClauseView struct {
	ID        string `json:"id"`
	Number    string `json:"number"`
	Title     string `json:"title"`
	Text      string `json:"text"`
	Language  string `json:"language"`
	Active    bool   `json:"active"`
	CreatedAt string `json:"created_at"`
	ChangedAt string `json:"changed_at"`
}

// ShowClause makes the view of a house rule.
func ShowClause(c Clause) ClauseView {
	return ClauseView{c.ID, c.Number, c.Title, c.Text, c.Language, c.Active, Timestamp(c.CreatedAt), Timestamp(c.ChangedAt)}
}
