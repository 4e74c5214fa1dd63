package moderation

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// condition is a condition that can be asked.
type condition struct {
	program *vm.Program
	facts   []string // that it names
}

// CheckCondition says what is wrong with a condition, as a *RuleError, and which
// facts it asks for.
func CheckCondition(when string) (facts []string, err error) {
	c, err := understand(when)
	return c.facts, err
}

// understand reads a condition twice: as the language that rules may use, then as
// the compiler does.
func understand(when string) (c condition, err error) {
	defer func() {
		if v := recover(); v != nil { // foreign code
			err = &RuleError{Field: "when", Sentence: fmt.Sprintf("The condition cannot be read: %.100v", v)}
		}
	}()
	switch {
	case strings.TrimSpace(when) == "":
		return c, &RuleError{Field: "when", Sentence: "A rule needs a condition, such as links.count > 2."}
	case len(when) > maxCondition:
		return c, &RuleError{Field: "when", Sentence: fmt.Sprintf("A condition is at most %d bytes long; this one has %d.", maxCondition, len(when))}
	case strings.ContainsFunc(when, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }):
		return c, &RuleError{Field: "when", Sentence: "The condition has a character that cannot be shown."}
	case !utf8.ValidString(when):
		return c, &RuleError{Field: "when", Sentence: "The condition is not valid UTF-8."}
	}
	limits := conf.CreateNew()
	limits.MaxNodes = maxNodes
	tree, err := parser.ParseWithConfig(when, limits)
	if err != nil {
		return c, misread(when, err)
	}
	r := newReader(when)
	kind, err := r.typeOf(tree.Node)
	if err != nil {
		return c, err
	}
	if kind != BoolFact {
		return c, r.wrong(tree.Node, "A condition is true or false; this is a %s.", kind)
	}
	slices.Sort(r.used)
	c.facts = r.used
	c.program, err = expr.Compile(when, expr.Env(Facts{}), expr.AsBool(), expr.MaxNodes(maxNodes))
	if err != nil {
		return c, misread(when, err)
	}
	return c, nil
}

// said translates what the parser says.
var said = []struct {
	pattern  *regexp.Regexp
	sentence string
}{
	{regexp.MustCompile(`^(?s).*exceeds maximum allowed nodes.*$`), "The condition has too many parts."},
	{regexp.MustCompile(`^unexpected token EOF|^unexpected end`), "The condition ends too early."},
	{regexp.MustCompile(`^unexpected token \w+\("?(.*?)"?\)$`), "This cannot stand here: $1"},
	{regexp.MustCompile(`^literal not terminated`), "A quotation mark is missing at the end of the text."},
	{regexp.MustCompile(`^unclosed comment`), "A remark has no end."},
	{regexp.MustCompile(`^unrecognized character: (.*)$`), "This character cannot stand here: $1"},
	{regexp.MustCompile(`^invalid char escape`), "Behind a backslash in a text stands n, t, a quotation mark or another backslash."},
	{regexp.MustCompile(`^(?s).*(too large|value out of range).*$`), "This number is too large."},
	{regexp.MustCompile(`^bad number syntax: (.*)$`), "This is no number: $1"},
}

// misread turns an error of the parser into ours.
func misread(when string, err error) error {
	var f *file.Error
	if !errors.As(err, &f) {
		return &RuleError{Field: "when", Sentence: "The condition cannot be read: " + clip(err.Error())}
	}
	sentence := "The condition cannot be read here: " + f.Message + "."
	for _, s := range said {
		if s.pattern.MatchString(f.Message) {
			sentence = s.pattern.ReplaceAllString(f.Message, s.sentence)
			break
		}
	}
	return at(when, f.Location, sentence)
}

// Rules are the compiled rules of one site in their order: by priority, then by
// name. Read only, safe for use by many goroutines at once.
type Rules struct {
	rules  []compiledRule
	folded bool // some rule asks for text.folded
	outer  bool // some rule asks for readers' reports
}

type compiledRule struct {
	Rule
	condition
	broken string // why it cannot be asked
}

// about reports whether the rule asks for a fact of a group.
func (r *compiledRule) about(group string) bool {
	return slices.ContainsFunc(r.facts, func(f string) bool { return strings.HasPrefix(f, group+".") })
}

// CompileRules prepares rules; those that are off are left out. The error names
// the rules that cannot be read. They fail on every comment, which its evidence
// shows, and the others work all the same.
func CompileRules(rules []Rule) (*Rules, error) {
	out := &Rules{}
	var wrong error
	for _, rule := range rules {
		if rule.Mode == RuleOff {
			continue
		}
		c := compiledRule{Rule: rule}
		var err error
		if c.condition, err = understand(rule.When); err != nil {
			c.broken = err.Error()
			wrong = errors.Join(wrong, fmt.Errorf("rule %q: %w", rule.Name, err))
		}
		out.folded = out.folded || slices.Contains(c.facts, "text.folded")
		out.outer = out.outer || c.about("reports")
		out.rules = append(out.rules, c)
	}
	slices.SortStableFunc(out.rules, func(a, b compiledRule) int { return RuleOrder(a.Rule, b.Rule) })
	return out, wrong
}

// RuleOrder compares rules in the order in which they are asked: by priority, then
// by name.
func RuleOrder(a, b Rule) int {
	if a.Priority != b.Priority {
		return a.Priority - b.Priority
	}
	return strings.Compare(a.Name+"\x00"+a.ID, b.Name+"\x00"+b.ID)
}

// AboutReports reports whether a rule asks for readers' reports, so that each
// new report is a reason to ask the rules again.
func (r *Rules) AboutReports() bool { return r != nil && r.outer }
