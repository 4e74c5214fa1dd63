package comment

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// Judged is a revision that a person decided about, with all that rules can ask.
type Judged struct {
	Seq      int64 // of the event of the decision
	Verdict  Verdict
	At       time.Time
	Revision Revision
	ParentID string
	Author   Author // name, kind, first seen
	Page     Page   // key, address, title, when it was made
	Reports  int    // before the decision
	Reported int    // their weight, in thousandths
}

// The bounds of a rehearsal.
const (
	rehearseUsual  = 1000
	rehearseMost   = 10000
	rehearseBatch  = 200
	rehearseTime   = 5 * time.Second
	examplesMost   = 10
	examplesLength = 300 // code points of an example's text
)

// Rehearsing is the wish to try a rule on the past.
type Rehearsing struct {
	Site     string
	Rule     moderation.Rule // When, Action; for its place in the order also ID, Name and Priority
	Form     *moderation.RuleForm
	Comments int       // the newest that people decided; 0 = 1,000
	Since    time.Time // decided since; zero = ever
}

// Rehearsal is what a rule would have done.
type Rehearsal struct {
	When      string          `json:"when"`
	Action    moderation.Hint `json:"action"`
	Looked    int             `json:"looked_at"` // comments that people decided
	Complete  bool            `json:"complete"`  // false: time was up before as many were looked at as asked
	Since     *string         `json:"since"`     // the oldest decision among them
	Approved  int             `json:"approved"`  // of those looked at
	Rejected  int             `json:"rejected"`
	Hits      Split           `json:"hits"`
	Precision Share           `json:"precision"` // right among the hits
	Caught    Share           `json:"caught"`    // hits among all that people decided as the rule would
	Required  float64         `json:"required"`  // what precision has to be at least; 0 = nothing is required
	Passes    bool            `json:"passes"`
	Failed    int             `json:"failed"` // comments on which it could not be worked out
	Unknown   []UnknownFact   `json:"unknown"`
	Right     []Example       `json:"right"`
	Wrong     []Example       `json:"wrong"`
	Clashes   []Clash         `json:"clashes"`
	TookMS    int64           `json:"took_ms"`
}

// Split is a number of comments by what people decided about them.
type Split struct {
	All      int `json:"all"`
	Approved int `json:"approved"`
	Rejected int `json:"rejected"`
}

func (s *Split) add(rejected bool) {
	s.All++
	s.Approved += indicator(!rejected)
	s.Rejected += indicator(rejected)
}

// Share is a part of a whole, and what it is at least with 95 % confidence.
type Share struct {
	Part    int     `json:"part"`
	Of      int     `json:"of"`
	Share   float64 `json:"share"`
	AtLeast float64 `json:"at_least"`
}

func shareOf(part, of int) Share {
	s := Share{Part: part, Of: of, AtLeast: moderation.AtLeast(part, of)}
	if of > 0 {
		s.Share = float64(part) / float64(of)
	}
	return s
}

// UnknownFact is a fact that was not kept of some comments; it counted as zero.
type UnknownFact struct {
	Fact     string `json:"fact"`
	Comments int    `json:"comments"`
}

// Example is a comment that a rule would have hit.
type Example struct {
	CommentID string  `json:"comment_id"`
	Revision  int     `json:"revision"`
	Author    string  `json:"author"`
	Page      string  `json:"page"` // its title, or its address
	Text      string  `json:"text"`
	Verdict   Verdict `json:"verdict"`
	DecidedAt string  `json:"decided_at"`
}

// Clash is another active rule that would decide otherwise about the same
// comments, and which of the two would have its way.
type Clash struct {
	RuleID   string          `json:"rule_id"`
	Name     string          `json:"name"`
	Action   moderation.Hint `json:"action"`
	Priority int             `json:"priority"`
	Comments Split           `json:"comments"`
	First    bool            `json:"first"` // the other rule comes first, so its action counts
}

// Rehearse tries a rule on the newest comments that people decided about. It
// reads a few at a time and holds nobody up.
func (s *Service) Rehearse(ctx context.Context, ask Rehearsing) (out Rehearsal, err error) {
	began := time.Now()
	re, err := s.newRehearsal(ctx, ask)
	if err != nil {
		return out, err
	}
	before := int64(math.MaxInt64)
	for re.out.Looked < re.most && !re.ended {
		if re.out.Complete = time.Since(began) < rehearseTime; !re.out.Complete {
			break
		}
		var some []Judged
		err := s.Store.View(ctx, func(r Reader) error {
			some, err = r.Judged(ask.Site, before, rehearseBatch)
			return err
		})
		if err != nil {
			return out, err
		}
		for _, j := range some {
			before = j.Seq
			re.look(j)
		}
		re.ended = re.ended || len(some) < rehearseBatch
	}
	re.out.TookMS = time.Since(began).Milliseconds()
	return re.finish(), nil
}

// rehearsal is a Rehearsing under way.
type rehearsal struct {
	site   Site
	rule   moderation.Rule
	since  time.Time
	most   int
	rules  *moderation.Rules // the rule, and those that are active beside it
	facts  []moderation.Fact // that the rule asks for and the past may not know
	out    Rehearsal
	missed map[string]int
	clash  map[string]*Clash
	ended  bool
}

// candidate is the id of a rule that has none yet.
const candidate = "candidate"

func (s *Service) newRehearsal(ctx context.Context, ask Rehearsing) (*rehearsal, error) {
	re := &rehearsal{rule: ask.Rule, since: ask.Since, most: ask.Comments, missed: map[string]int{}, clash: map[string]*Clash{}}
	if re.most == 0 {
		re.most = rehearseUsual
	}
	if re.most < 1 || re.most > rehearseMost {
		return nil, fault.Input("n", "invalid", fmt.Sprintf("A rehearsal looks at 1 to %d comments.", rehearseMost))
	}
	when, named, err := CheckWhen(re.rule.When, ask.Form)
	if err != nil {
		return nil, err
	}
	re.rule.When = when
	for _, f := range moderation.FactNames() {
		if f.Since > 0 && slices.Contains(named, f.Name) {
			re.facts = append(re.facts, f)
		}
	}
	if re.site, err = s.SiteOf(ctx, ask.Site); err != nil {
		return nil, err
	}
	all, err := s.RulesOf(ctx, ask.Site)
	if err != nil {
		return nil, err
	}
	if re.rule.ID == "" {
		re.rule.ID = candidate
	}
	re.rule.Mode, re.rule.Priority = moderation.RuleActive, max(re.rule.Priority, 1)
	rules := []moderation.Rule{re.rule}
	for _, r := range all {
		if r.ID != re.rule.ID && r.Mode == moderation.RuleActive && r.Action != moderation.HintNone {
			rules = append(rules, r.Rule)
		}
	}
	re.rules, _ = moderation.CompileRules(rules)
	re.out = Rehearsal{When: re.rule.When, Action: re.rule.Action, Complete: true, Unknown: []UnknownFact{}, Right: []Example{}, Wrong: []Example{}, Clashes: []Clash{}}
	return re, nil
}

// CheckWhen reads a condition, given as text or as a form, and tells which facts
// it asks for.
func CheckWhen(when string, form *moderation.RuleForm) (text string, facts []string, err error) {
	if form != nil {
		if when, err = form.When(); err != nil {
			return "", nil, ruleFault(err)
		}
	}
	when = strings.TrimSpace(when)
	facts, err = moderation.CheckCondition(when)
	if facts == nil {
		facts = []string{}
	}
	return when, facts, ruleFault(err)
}

// look tries the rules on one comment.
func (re *rehearsal) look(j Judged) {
	if j.At.Before(re.since) || re.out.Looked >= re.most {
		re.ended = true
		return
	}
	if j.Verdict == "restored" { // nobody has said yet what it is
		return
	}
	rejected := j.Verdict != "approved"
	re.out.Looked++
	re.out.Approved += indicator(!rejected)
	re.out.Rejected += indicator(rejected)
	re.out.Since = OptionalTime(j.At)
	matches := re.rules.Matches(re.factsOf(j))
	i := slices.IndexFunc(matches, func(m moderation.Match) bool { return m.Rule.ID == re.rule.ID })
	switch {
	case i < 0:
		return
	case matches[i].Failed:
		re.out.Failed++
		return
	}
	re.hit(j, rejected)
	for _, m := range matches {
		if m.Rule.Action != re.rule.Action && !m.Failed && re.rule.Action != moderation.HintNone && m.Rule.ID != re.rule.ID {
			re.clashes(m.Rule, rejected)
		}
	}
}

// factsOf are the facts of a past comment; what was not kept is zero.
func (re *rehearsal) factsOf(j Judged) *moderation.Facts {
	subject := ruleSubject(re.site, j.Page, j.Revision)
	subject.Author = moderation.Author{Name: j.Author.Name, Kind: string(j.Author.Kind), FirstSeen: j.Author.FirstSeen}
	subject.Reply = j.ParentID != ""
	f := moderation.FactsOf(&subject, j.Revision.Trace)
	known := f.Recall([]byte(j.Revision.Facts))
	f.Author.Trusted = f.Author.Trusted && known > 0
	f.Reports.Count, f.Reports.Weighted = j.Reports, float64(j.Reported)/1000
	for _, fact := range re.facts {
		if fact.Since > known {
			re.missed[fact.Name]++
		}
	}
	return f
}

func (re *rehearsal) hit(j Judged, rejected bool) {
	re.out.Hits.add(rejected)
	to := &re.out.Wrong
	if rejected != (re.rule.Action == moderation.HintApprove) {
		to = &re.out.Right
	}
	if len(*to) < examplesMost {
		page := j.Page.Title
		if page == "" {
			page = j.Page.URL
		}
		text := strings.Join(strings.Fields(j.Revision.Tree.Plain()), " ")
		*to = append(*to, Example{j.Revision.CommentID, j.Revision.N, j.Author.Name, page, cut(text, examplesLength), j.Verdict, Timestamp(j.At)})
	}
}

func (re *rehearsal) clashes(other moderation.Rule, rejected bool) {
	c := re.clash[other.ID]
	if c == nil {
		c = &Clash{RuleID: other.ID, Name: other.Name, Action: other.Action, Priority: other.Priority, First: moderation.RuleOrder(other, re.rule) < 0}
		re.clash[other.ID] = c
	}
	c.Comments.add(rejected)
}

// finish works out the shares.
func (re *rehearsal) finish() Rehearsal {
	out := &re.out
	right, all := out.Hits.Rejected, out.Rejected
	if re.rule.Action == moderation.HintApprove {
		right, all = out.Hits.Approved, out.Approved
	}
	out.Precision, out.Caught = shareOf(right, out.Hits.All), shareOf(right, all)
	if severe(re.rule.Action) {
		out.Required = float64(re.site.Options.RulePrecision) / 100
	}
	out.Passes = out.Precision.AtLeast >= out.Required
	for _, f := range re.facts {
		if n := re.missed[f.Name]; n > 0 {
			out.Unknown = append(out.Unknown, UnknownFact{f.Name, n})
		}
	}
	for _, c := range re.clash {
		out.Clashes = append(out.Clashes, *c)
	}
	slices.SortFunc(out.Clashes, func(a, b Clash) int { return b.Comments.All - a.Comments.All })
	return *out
}

// severe tells the actions that nobody looks at before they hurt.
func severe(action moderation.Hint) bool {
	return action == moderation.HintSpam || action == moderation.HintReject
}

// proven makes sure that a rule which is to spam or reject has shown on the past
// that it is right, or that an administrator takes it on themselves.
func (s *Service) proven(ctx context.Context, r *Rule, before Rule, change RuleChange) error {
	if r.Mode != moderation.RuleActive || !severe(r.Action) {
		r.Override = ""
		return nil
	}
	if before.Mode == moderation.RuleActive && before.When == r.When && before.Action == r.Action && !change.Override {
		return nil // it is in force already
	}
	if change.Override {
		reason := strings.TrimSpace(change.OverrideReason)
		if reason == "" {
			return fault.Input("override_reason", "required", "Say in at most 500 bytes why the rule may act although it has not shown enough precision.")
		}
		r.Override = reason
		return checkShort("override_reason", reason, 500)
	}
	found, err := s.Rehearse(ctx, Rehearsing{Site: r.Site, Rule: r.Rule})
	if err != nil || found.Passes {
		r.Override = ""
		return err
	}
	return fault.Input("mode", "unproven", fmt.Sprintf(
		"On the newest %d comments that people decided, the rule would have been right in %d of %d cases: at least %.1f %%, and this site asks for %.0f %%. Let it rehearse, make it hold instead, or override with a reason.",
		found.Looked, found.Precision.Part, found.Precision.Of, 100*found.Precision.AtLeast, 100*found.Required))
}
