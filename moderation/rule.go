package moderation

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Rule is a condition over the Facts of a comment, and what is done where it
// holds.
type Rule struct {
	ID       string
	Version  int // grows with each change; evidence names it
	Name     string
	When     string // the condition, as CheckCondition takes it
	Action   Hint   // HintNone for a rule that only tags or notifies
	Reason   string // shown to moderators with the evidence; "" = the name alone
	Tag      string // put on the comment, "" = none
	Notify   bool   // moderators are told of each match
	Priority int    // 1 comes first; see Rules
	Mode     RuleMode
	Expires  time.Time // zero = never
	Owner    string    // who answers for it
}

// RuleMode is how far a rule is in force.
type RuleMode string

// The modes of a rule.
const (
	RuleRehearsing RuleMode = "rehearsing" // says what it would do, and does nothing
	RuleActive     RuleMode = "active"
	RuleOff        RuleMode = "off"
)

// The limits of a rule.
const (
	maxRuleName   = 80  // code points
	maxRuleReason = 300 // code points
	maxRuleTag    = 30  // bytes
	maxPriority   = 1000
	maxCondition  = 2000 // bytes
	maxNodes      = 200  // of the condition's syntax tree
	maxPatterns   = 4    // in one condition
	maxPattern    = 200  // bytes
	maxProgram    = 300  // instructions of a pattern that has been compiled
)

// RuleError says what is wrong with a rule.
type RuleError struct {
	Field    string // name of the rule's part, such as "when"
	Line     int    // within a condition, from 1; 0 where it is about no place
	Column   int    // in code points, from 1
	Sentence string // plain English for whoever wrote it
}

// Error gives the sentence with its place.
func (e *RuleError) Error() string {
	switch e.Line {
	case 0:
		return e.Sentence
	case 1:
		return fmt.Sprintf("Column %d: %s", e.Column, e.Sentence)
	}
	return fmt.Sprintf("Line %d, column %d: %s", e.Line, e.Column, e.Sentence)
}

// deciding reports whether the rule says what should become of a comment.
func (r Rule) deciding() bool { return r.Action.strength() > HintNone.strength() }

// Check says what is wrong with a rule before it is stored. The error is a
// *RuleError.
func (r Rule) Check() error {
	wrong := func(field, sentence string) error { return &RuleError{Field: field, Sentence: sentence} }
	switch {
	case strings.TrimSpace(r.Name) == "" || utf8.RuneCountInString(r.Name) > maxRuleName:
		return wrong("name", fmt.Sprintf("A rule needs a name of at most %d characters.", maxRuleName))
	case !line(r.Name):
		return wrong("name", "The name contains characters that cannot be shown.")
	case r.Action.strength() < 0:
		return wrong("action", "The action is hold, review, approve, spam, reject or none.")
	case r.Action == HintNone && r.Tag == "" && !r.Notify:
		return wrong("action", "The rule does nothing: choose an action, a tag, or to be notified.")
	case utf8.RuneCountInString(r.Reason) > maxRuleReason || !line(r.Reason):
		return wrong("reason", fmt.Sprintf("The reason is one line of at most %d characters.", maxRuleReason))
	case !isTag(r.Tag):
		return wrong("tag", fmt.Sprintf("A tag has at most %d small letters, digits, hyphens and underscores.", maxRuleTag))
	case r.Priority < 1 || r.Priority > maxPriority:
		return wrong("priority", fmt.Sprintf("The priority is a whole number from 1, which comes first, to %d.", maxPriority))
	case r.Mode != RuleRehearsing && r.Mode != RuleActive && r.Mode != RuleOff:
		return wrong("mode", "The mode is rehearsing, active or off.")
	}
	_, err := understand(r.When)
	return err
}

// line reports whether a text is one line of valid UTF-8.
func line(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func isTag(tag string) bool {
	return len(tag) <= maxRuleTag && !strings.ContainsFunc(tag, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}
