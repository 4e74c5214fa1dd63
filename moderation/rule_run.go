package moderation

import (
	"fmt"
	"strconv"
	"time"

	"github.com/expr-lang/expr/vm"
)

// rulesStep is the name of the last step of a pipeline, which asks the rules.
const rulesStep = "rules"

// rulesVersion is the version of that step.
const rulesVersion = 1

// Codes of the step "rules".
const (
	CodeRule       = "rule"        // the rule's own hint, or none: a rule matched
	CodeRuleFailed = "rule_failed" // none: a rule could not be worked out and was passed over
)

// Keys of the data of a rule's evidence.
const (
	DataRule       = "rule_id"
	DataTag        = "tag"
	DataNotify     = "notify"
	DataRehearsing = "rehearsing"   // the rule is not in force yet
	DataOutranked  = "outranked_by" // name of the rule that decided instead
)

const (
	rulesMemory = 1000                   // elements that a condition may make
	rulesTime   = 250 * time.Millisecond // for all rules of one comment; a stop for what should not happen
)

// asking is one run of the rules over the facts of one comment.
type asking struct {
	facts *Facts
	at    time.Time        // of the comment
	clock func() time.Time // nil = time does not pass
	vm    vm.VM
	ended bool   // the time is over
	first string // name of the rule that decided
}

// judge asks the rules, all of them or those that take says, and returns the
// evidence of those that match.
func (r *Rules) judge(a *asking, take func(*compiledRule) bool) []Evidence {
	if r.folded {
		a.facts.fold()
	}
	a.vm.MemoryBudget = rulesMemory
	var began time.Time
	if a.clock != nil {
		began = a.clock()
	}
	var found []Evidence
	for i := range r.rules {
		rule := &r.rules[i]
		if !rule.Expires.IsZero() && !a.at.Before(rule.Expires) || !take(rule) {
			continue
		}
		a.ended = a.ended || a.clock != nil && a.clock().Sub(began) > rulesTime
		if e, ok := a.ask(rule); ok {
			found = append(found, e)
		}
	}
	return found
}

// fold fills in the folded text, which few rules ask for.
func (f *Facts) fold() {
	if f.Text.Folded == "" && f.Text.Plain != "" {
		f.Text.Folded = folded(f.Text.Plain)
	}
}

// ask asks one rule.
func (a *asking) ask(rule *compiledRule) (Evidence, bool) {
	holds, problem := a.holds(rule)
	if !holds && problem == "" {
		return Evidence{}, false
	}
	e := Evidence{Code: CodeRule, Hint: HintNone, Data: map[string]string{
		DataRule: rule.ID, "rule": rule.Name, "version": strconv.Itoa(rule.Version),
	}}
	switch {
	case problem != "":
		e.Code = CodeRuleFailed
		e.Sentence = fmt.Sprintf("The rule “%s” could not be worked out and was passed over: %s", rule.Name, problem)
	case rule.Mode == RuleRehearsing:
		e.Data[DataRehearsing] = "true"
		e.Sentence = fmt.Sprintf("The rule “%s” is being rehearsed: it would %s.", rule.Name, rule.deed())
	default:
		a.act(rule, &e)
	}
	return e, true
}

func (a *asking) holds(rule *compiledRule) (holds bool, problem string) {
	switch {
	case rule.broken != "":
		return false, rule.broken
	case a.ended:
		return false, "the rules before it took too long."
	}
	out, err := a.vm.Run(rule.program, a.facts)
	if err != nil {
		return false, clip(err.Error())
	}
	holds, _ = out.(bool)
	return holds, ""
}

// act says what a rule in force does. Only the first rule that decides does.
func (a *asking) act(rule *compiledRule, e *Evidence) {
	e.Sentence = fmt.Sprintf("The rule “%s” matches.", rule.Name)
	if rule.Reason != "" {
		e.Sentence = fmt.Sprintf("%s (rule “%s”)", rule.Reason, rule.Name)
	}
	if rule.Tag != "" {
		e.Data[DataTag] = rule.Tag
	}
	if rule.Notify {
		e.Data[DataNotify] = "true"
	}
	switch {
	case !rule.deciding():
	case a.first == "":
		a.first, e.Hint = rule.Name, rule.Action
	default:
		e.Data[DataOutranked] = a.first
		e.Sentence = fmt.Sprintf("The rule “%s” matches too and would %s; “%s” comes first.", rule.Name, rule.deed(), a.first)
	}
}

// deed says what a rule does.
func (r Rule) deed() string {
	deed := map[Hint]string{
		HintHold: "hold the comment", HintReview: "hold the comment whatever the site’s mode", HintApprove: "approve the comment",
		HintSpam: "mark the comment as spam", HintReject: "reject the comment",
	}[r.Action]
	switch {
	case deed != "":
		return deed
	case r.Tag != "":
		return "tag the comment " + r.Tag
	}
	return "tell the moderators"
}

// step asks the rules after all checks. Without rules there is no step.
func (r *Rules) step(s *Subject, t Trace, clock func() time.Time) (step Step, ok bool) {
	if r == nil || len(r.rules) == 0 {
		return step, false
	}
	a := &asking{facts: FactsOf(s, t), at: s.Now, clock: clock}
	step = Step{Check: rulesStep, Version: rulesVersion}
	step.Evidence = r.judge(a, func(*compiledRule) bool { return true })
	return step, true
}

// OnReports asks those rules again that ask for readers' reports, and returns the
// step to be added to the trace: what they find now and had not found before.
// It is nil where that is nothing.
func (r *Rules) OnReports(f *Facts, t Trace, now time.Time) *Step {
	return r.again(f, t, now, func(rule *compiledRule) bool { return rule.about("reports") })
}

// OnAnswer is OnReports for the answer of a check that came late. All rules are
// asked: it may be about anything, and others may be in force by now.
func (r *Rules) OnAnswer(f *Facts, t Trace, now time.Time) *Step {
	return r.again(f, t, now, func(*compiledRule) bool { return true })
}

func (r *Rules) again(f *Facts, t Trace, now time.Time, take func(*compiledRule) bool) *Step {
	if r == nil {
		return nil
	}
	a := &asking{facts: f, at: now}
	known := map[string]bool{}
	for _, s := range t {
		for _, e := range s.Evidence {
			if s.Check != rulesStep {
				continue
			}
			known[e.Code+e.Data[DataRule]] = true
			if e.Hint != HintNone && a.first == "" {
				a.first = e.Data["rule"]
			}
		}
	}
	step := &Step{Check: rulesStep, Version: rulesVersion}
	for _, e := range r.judge(a, take) {
		if !known[e.Code+e.Data[DataRule]] {
			step.Evidence = append(step.Evidence, e)
		}
	}
	if len(step.Evidence) == 0 {
		return nil
	}
	tidy(step, 0)
	return step
}

// Match is what one rule says of one comment.
type Match struct {
	Rule   Rule
	Failed bool
}

// Matches asks all rules that are not off, in their order, as if all of them
// were in force and none had expired: for trying them on the past.
func (r *Rules) Matches(f *Facts) (found []Match) {
	if r.folded {
		f.fold()
	}
	a := &asking{facts: f}
	a.vm.MemoryBudget = rulesMemory
	for i := range r.rules {
		holds, problem := a.holds(&r.rules[i])
		if holds || problem != "" {
			found = append(found, Match{r.rules[i].Rule, problem != ""})
		}
	}
	return found
}
