package comment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// Rule is a moderators' rule of a site.
type Rule struct {
	moderation.Rule
	Site      string
	Override  string // why an administrator let it reject although it had not shown enough precision
	CreatedAt time.Time
	ChangedAt time.Time
}

// RuleVersion is a rule as it was.
type RuleVersion struct {
	Version int
	Rule    Rule
	By      Actor
	At      time.Time
}

// ruleReader is what can be read of rules and of what became of them.
type ruleReader interface {
	Rules(site string) ([]Rule, error)
	Rule(site, id string) (Rule, error)
	RuleVersions(site, id string, limit int) ([]RuleVersion, error) // newest first, also of a rule that is gone

	// Tallies gives the tallies of each rule or word that has any; recent is the
	// first period that counts as recent.
	Tallies(site string, kind TallyKind, recent int) (map[string]Tallies, error)
	Verdict(site, commentID string, revision int) (Verdict, error) // "" = none
	// Judged gives the revisions that people decided, newest first, those whose
	// event stands in the log before one.
	Judged(site string, before int64, limit int) ([]Judged, error)
	Found(site, commentID string, revision int) (Found, error)
	Followed(follower, site string) (seq int64, err error) // a follower's durable cursor
}

// ruleWriter is what can be written of them.
type ruleWriter interface {
	PutRule(r Rule, by Actor) error // with its version
	RemoveRule(site, id string) error

	Count(site string, of TallyKey, by Tally) error
	PutVerdict(v Judgement) error
	Follow(follower, site string, to int64) error
}

// rulesOfSite is the number of rules that a site may have.
const rulesOfSite = 200

// RuleChange is what is asked of a rule; nil leaves it as it is.
type RuleChange struct {
	Name, When     *string
	Form           *moderation.RuleForm // in place of When
	Action         *moderation.Hint
	Reason, Tag    *string
	Notify         *bool
	Priority       *int
	Mode           *moderation.RuleMode
	Expires        *time.Time // zero = never
	Owner          *string
	Override       bool // although it has not shown enough precision
	OverrideReason string
}

// loadRules compiles the rules of a site. One that cannot be read any more fails
// by itself, as its evidence and its tallies show.
func (u *rules) loadRules(r Reader, before *rules) error {
	if u.same(ListRules, before) {
		u.rules = before.rules
		return nil
	}
	list, err := r.Rules(u.Key)
	if err != nil {
		return err
	}
	u.rules, _ = moderation.CompileRules(plainRules(list))
	return nil
}

func plainRules(list []Rule) []moderation.Rule {
	out := make([]moderation.Rule, len(list))
	for i, r := range list {
		out[i] = r.Rule
	}
	return out
}

// RulesOf lists a site's rules in the order in which they are asked.
func (s *Service) RulesOf(ctx context.Context, site string) (list []Rule, err error) {
	err = s.viewOf(ctx, site, func(r Reader) error {
		list, err = r.Rules(site)
		return err
	})
	slices.SortFunc(list, func(a, b Rule) int { return moderation.RuleOrder(a.Rule, b.Rule) })
	return list, err
}

// RuleOf gives one rule and its versions, newest first. A rule that is gone has
// versions still.
func (s *Service) RuleOf(ctx context.Context, site, id string) (r Rule, versions []RuleVersion, err error) {
	err = s.Store.View(ctx, func(reader Reader) error {
		if r, err = reader.Rule(site, id); err != nil {
			return err
		}
		versions, err = reader.RuleVersions(site, id, MaxLimit)
		return err
	})
	return r, versions, err
}

// FindRule finds a rule by its id or its name.
func (s *Service) FindRule(ctx context.Context, site, ref string) (Rule, error) {
	list, err := s.RulesOf(ctx, site)
	if err != nil {
		return Rule{}, err
	}
	i := slices.IndexFunc(list, func(r Rule) bool { return r.ID == ref || r.Name == ref })
	if i < 0 {
		return Rule{}, fault.New(fault.NotFound, "not_found", "There is no such rule.")
	}
	return list[i], nil
}

// lineNames are what is one line of a rule, as its fields are called outside.
var lineNames = [...]string{"name", "reason", "owner"}

// AddRule makes a rule, which has not ended yet. Without a mode it is rehearsing: it shows what it would
// do. One that spams or rejects has to have shown on the past that it is right.
func (s *Service) AddRule(ctx context.Context, site string, change RuleChange, by Actor) (Rule, error) {
	if change.Expires != nil && over(*change.Expires, s.Now()) {
		return Rule{}, endedAlready()
	}
	return s.addRule(ctx, site, change, by)
}

func (s *Service) addRule(ctx context.Context, site string, change RuleChange, by Actor) (Rule, error) {
	r := Rule{Site: site, Rule: moderation.Rule{ID: s.NewID(), Action: moderation.HintNone, Priority: 100, Mode: moderation.RuleRehearsing, Owner: by.Name}}
	r.CreatedAt = s.Now()
	if change.Name == nil || change.When == nil && change.Form == nil {
		return r, fault.Input("name", "required", "A rule needs a name and a condition.")
	}
	return s.storeRule(ctx, r, change, by)
}

// ChangeRule changes a rule: what comes of it is a new version.
func (s *Service) ChangeRule(ctx context.Context, site, id string, change RuleChange, by Actor) (Rule, error) {
	r, _, err := s.RuleOf(ctx, site, id)
	if err != nil {
		return r, err
	}
	return s.storeRule(ctx, r, change, by)
}

// storeRule checks a changed rule, tries it on the past if need be, and stores it.
func (s *Service) storeRule(ctx context.Context, r Rule, change RuleChange, by Actor) (Rule, error) {
	before := r
	if err := r.apply(change); err != nil {
		return r, err
	}
	if r.Version > 0 && sameRule(before, r) {
		return before, nil
	}
	if err := s.proven(ctx, &r, before, change); err != nil {
		return r, err
	}
	r.Version, r.ChangedAt = before.Version+1, s.Now()
	event := RuleChanged
	if r.Version == 1 {
		event = RuleAdded
	}
	err := s.changeRules(ctx, r.Site, func(tx Tx) error {
		if _, err := tx.Site(r.Site); err != nil {
			return err
		}
		if err := ruleFits(tx, r, before); err != nil {
			return err
		}
		if err := tx.PutRule(r, by); err != nil {
			return err
		}
		return s.houseOfRule(tx, event, by, r)
	})
	return r, err
}

// houseOfRule appends an event about a rule, and covers it with its newest version.
func (s *Service) houseOfRule(tx Tx, event string, by Actor, r Rule) error {
	rule, err := s.Ledger.CoverRows(tx, r.Site, RowRule, r.ID)
	if err != nil {
		return err
	}
	version, err := s.Ledger.CoverRows(tx, r.Site, RowVersion, r.ID+"/"+number(r.Version))
	if err != nil {
		return err
	}
	return s.house(tx, r.Site, event, by, ruleNote(r), rule, version)
}

// ruleNote is what the log says of a rule.
func ruleNote(r Rule) map[string]any {
	note := map[string]any{"rule_id": r.ID, "version": r.Version, "name": r.Name, "when": r.When, "action": r.Action, "mode": r.Mode, "priority": r.Priority}
	if r.Override != "" {
		note["override"] = r.Override
	}
	return note
}

// ruleFits makes sure that nobody else has changed the rule meanwhile, and that
// its name is its own.
func ruleFits(tx Tx, r, before Rule) error {
	all, err := tx.Rules(r.Site)
	if err != nil {
		return err
	}
	found := Rule{}
	for _, other := range all {
		if other.ID == r.ID {
			found = other
		} else if other.Name == r.Name {
			return fault.Input("name", "taken", "There is a rule with this name already.")
		}
	}
	switch {
	case found.Version != before.Version:
		return fault.New(fault.Conflict, "conflict", "The rule has been changed meanwhile.")
	case before.Version == 0 && len(all) >= rulesOfSite:
		return fault.New(fault.Conflict, "too_many", fmt.Sprintf("A site has at most %d rules.", rulesOfSite))
	}
	return nil
}

func sameRule(a, b Rule) bool {
	a.Expires, b.Expires = a.Expires.UTC(), b.Expires.UTC()
	return a == b
}

func set[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
}

// apply changes a rule and checks it.
func (r *Rule) apply(c RuleChange) error {
	set(&r.Name, c.Name)
	set(&r.When, c.When)
	set(&r.Action, c.Action)
	set(&r.Reason, c.Reason)
	set(&r.Tag, c.Tag)
	set(&r.Notify, c.Notify)
	set(&r.Priority, c.Priority)
	set(&r.Mode, c.Mode)
	set(&r.Expires, c.Expires)
	set(&r.Owner, c.Owner)
	if c.Form != nil {
		if c.When != nil {
			return fault.Input("form", "invalid", "Give the condition as text or as a form, not as both.")
		}
		var err error
		if r.When, err = c.Form.When(); err != nil {
			return ruleFault(err)
		}
	}
	r.When = strings.TrimSpace(r.When)
	for i, text := range []*string{&r.Name, &r.Reason, &r.Owner} {
		if *text = strings.TrimSpace(*text); *text == "" {
			continue
		}
		clean, err := markup.CleanLine(*text)
		if err != nil {
			return fault.Input(lineNames[i], "invalid", "The "+lineNames[i]+" is one line, without characters that cannot be shown.")
		}
		*text = clean
	}
	if len(r.Owner) > maxNameBytes {
		return fault.Input("owner", "too_long", "The owner is a name of at most 240 bytes.")
	}
	return ruleFault(r.Check())
}

// ruleFault turns what is wrong with a rule into a fault that names the place.
func ruleFault(err error) error {
	var wrong *moderation.RuleError
	if !errors.As(err, &wrong) {
		return err
	}
	return fault.Input(wrong.Field, "invalid", wrong.Error())
}

// RemoveRule deletes a rule; its versions stay, as evidence names them.
func (s *Service) RemoveRule(ctx context.Context, site, id string, by Actor) error {
	return s.changeRules(ctx, site, func(tx Tx) error {
		r, err := tx.Rule(site, id)
		if err != nil {
			return err
		}
		if err := tx.RemoveRule(site, id); err != nil {
			return err
		}
		return s.houseOfRule(tx, RuleRemoved, by, r)
	})
}

// OrderRules puts rules into an order: the ids of all of them, first to last.
// Those whose place changes get a new version.
func (s *Service) OrderRules(ctx context.Context, site string, ids []string, by Actor) error {
	return s.changeRules(ctx, site, func(tx Tx) error {
		all, err := tx.Rules(site)
		if err != nil {
			return err
		}
		if len(ids) != len(all) {
			return fault.Input("ids", "invalid", "The order names every rule of the site once.")
		}
		const apart = 5 // leaves room between two for a third
		for i, id := range ids {
			at := slices.IndexFunc(all, func(r Rule) bool { return r.ID == id })
			if at < 0 {
				return fault.Input("ids", "invalid", "The order names every rule of the site once.")
			}
			r := all[at]
			all[at].ID = ""
			if r.Priority == (i+1)*apart {
				continue
			}
			r.Priority, r.Version, r.ChangedAt = (i+1)*apart, r.Version+1, s.Now()
			if err := tx.PutRule(r, by); err != nil {
				return err
			}
			if err := s.houseOfRule(tx, RuleChanged, by, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// automaton is who acts where no person does: the rule or the check elsewhere whose
// evidence is the strongest, or the pipeline as a whole.
func automaton(t moderation.Trace) Actor {
	pipeline := Actor{Kind: ActorRule, Name: "pipeline"}
	reasons := t.Reasons()
	if len(reasons) == 0 {
		return pipeline
	}
	first := reasons[0]
	model, outside := strings.CutPrefix(first.Check, outsideStep)
	switch turnedDown := first.Hint == moderation.HintSpam || first.Hint == moderation.HintReject; {
	case first.Code == moderation.CodeRule:
		return ruleActor(first)
	case outside && turnedDown && first.Code != CodeCheckSilent: // what silence means is the site's own word
		return Actor{Kind: ActorModel, Name: model}
	}
	return pipeline
}

// ruleEvent is what the house's events say of a rule that matched.
type ruleEvent struct {
	RuleID   string          `json:"rule_id"`
	Rule     string          `json:"rule"`
	Version  string          `json:"version"`
	Action   moderation.Hint `json:"action"` // that decided; none where another rule did
	Tag      string          `json:"tag,omitempty"`
	Revision int             `json:"revision"`
	Sentence string          `json:"sentence"`
}

func showMatch(e moderation.Evidence, revision int) ruleEvent {
	return ruleEvent{e.Data[moderation.DataRule], e.Data["rule"], e.Data["version"], e.Hint, e.Data[moderation.DataTag], revision, e.Sentence}
}

// notify tells the moderators of the rules that are to tell them.
func (ch *change) notify(rev Revision, found moderation.Trace) error {
	for _, step := range found {
		for _, e := range step.Evidence {
			if e.Data[moderation.DataNotify] == "" || e.Code != moderation.CodeRule {
				continue
			}
			if err := ch.note(RuleNotified, ruleActor(e), showMatch(e, rev.N)); err != nil {
				return err
			}
		}
	}
	return nil
}

func ruleActor(e moderation.Evidence) Actor {
	return Actor{Kind: ActorRule, ID: e.Data[moderation.DataRule], Name: e.Data["rule"]}
}

// Imported is what became of one rule of an import.
type Imported struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Change string `json:"change"` // added, changed or same; "" = refused
	Detail string `json:"detail"` // why it was refused
}

// ImportRules takes rules over from elsewhere, each by itself: one whose name the
// site has is changed, the others are added. One that is wrong, or has not shown
// here that it is right, is refused and says why.
func (s *Service) ImportRules(ctx context.Context, site string, changes []RuleChange, by Actor) ([]Imported, error) {
	if len(changes) > rulesOfSite {
		return nil, fault.Input("rules", "too_many", fmt.Sprintf("A site has at most %d rules.", rulesOfSite))
	}
	out := []Imported{}
	for _, change := range changes {
		one, err := s.importRule(ctx, site, change, by)
		if f := fault.Of(err); err != nil {
			if f.Kind != fault.Invalid && f.Kind != fault.Conflict {
				return out, err
			}
			one.Detail = f.Detail
		}
		one.OK = err == nil
		out = append(out, one)
	}
	return out, nil
}

func (s *Service) importRule(ctx context.Context, site string, change RuleChange, by Actor) (out Imported, err error) {
	if change.Name == nil {
		return out, fault.Input("name", "required", "A rule needs a name.")
	}
	out.Name = strings.TrimSpace(*change.Name)
	before, err := s.FindRule(ctx, site, out.Name)
	switch {
	case fault.Is(err, "not_found"):
		if _, err = s.addRule(ctx, site, change, by); err == nil { // an end that has passed comes along
			out.Change = "added"
		}
	case err == nil:
		var now Rule
		if now, err = s.ChangeRule(ctx, site, before.ID, change, by); err == nil {
			out.Change = "changed"
			if now.Version == before.Version {
				out.Change = "same"
			}
		}
	}
	return out, err
}
