package moderation

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// RuleForm is a condition as people fill it in: several terms, all or any of which
// have to hold. A condition's text is what counts; FormOf reads a form out of it
// where it has that shape, and When writes one.
type RuleForm struct {
	Match string `json:"match"` // "all" or "any"
	Terms []Term `json:"terms"`
}

// Term is one line of a form: a fact, how it is compared, and a value. What Is
// may be depends on the fact: for numbers eq, ne, lt, le, gt, ge; for texts is,
// is_not, contains, contains_not, starts, ends, matches; for lists has, has_not;
// for the rest yes, no.
type Term struct {
	Fact  string `json:"fact"` // a score is scores.NAME
	Is    string `json:"is"`
	Value string `json:"value"` // as it is typed; "" with yes and no
}

// The operators of terms, by the type of the fact.
func termOperators(kind FactType) map[string]string {
	switch kind {
	case NumberFact:
		return map[string]string{"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
	case TextFact:
		return map[string]string{
			"is": "==", "is_not": "!=", "contains": "contains", "contains_not": "not contains",
			"starts": "startsWith", "ends": "endsWith", "matches": "matches",
		}
	case ListFact:
		return map[string]string{"has": "in", "has_not": "not in"}
	case BoolFact:
		return map[string]string{"yes": "", "no": "not"}
	}
	return nil
}

// maxTerms is the number of lines of a form.
const maxTerms = 20

// kindOf is the type of a term's fact; a score is a number.
func (t Term) kindOf() (FactType, bool) {
	if name, ok := strings.CutPrefix(t.Fact, "scores."); ok {
		return NumberFact, name != "" && line(name)
	}
	for _, f := range FactNames() {
		if f.Name == t.Fact && f.Type != ScoresFact {
			return f.Type, true
		}
	}
	return "", false
}

// When writes the condition. The error is a *RuleError of the field form.
func (f RuleForm) When() (string, error) {
	wrong := func(sentence string) (string, error) { return "", &RuleError{Field: "form", Sentence: sentence} }
	joint, ok := map[string]string{"all": " and ", "any": " or "}[f.Match]
	if !ok {
		return wrong("A form matches all or any of its terms.")
	}
	if len(f.Terms) == 0 || len(f.Terms) > maxTerms {
		return wrong("A form has from 1 to " + strconv.Itoa(maxTerms) + " terms.")
	}
	parts := make([]string, len(f.Terms))
	for i, t := range f.Terms {
		kind, ok := t.kindOf()
		op, known := termOperators(kind)[t.Is]
		switch {
		case !ok:
			return wrong("Term " + strconv.Itoa(i+1) + ": there is no fact " + clip(t.Fact) + ".")
		case !known:
			return wrong("Term " + strconv.Itoa(i+1) + ": a " + string(kind) + " cannot be compared with “" + clip(t.Is) + "”.")
		}
		if parts[i], ok = t.write(kind, op); !ok {
			return wrong("Term " + strconv.Itoa(i+1) + ": " + clip(t.Value) + " is not a number.")
		}
	}
	return strings.Join(parts, joint), nil
}

func (t Term) write(kind FactType, op string) (string, bool) {
	fact := t.Fact
	if name, ok := strings.CutPrefix(fact, "scores."); ok {
		fact = "scores[" + quote(name) + "]"
	}
	switch kind {
	case BoolFact:
		return strings.TrimSpace(op + " " + fact), true
	case ListFact:
		return quote(t.Value) + " " + op + " " + fact, true
	case TextFact:
		if rest, ok := strings.CutPrefix(op, "not "); ok {
			return "not (" + fact + " " + rest + " " + quote(t.Value) + ")", true
		}
		return fact + " " + op + " " + quote(t.Value), true
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(t.Value), 64)
	if err != nil || n != n || n > 1e15 || n < -1e15 {
		return "", false
	}
	return fact + " " + op + " " + strconv.FormatFloat(n, 'f', -1, 64), true
}

// quote writes a text as conditions do.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(text) + `"`
}

// FormOf reads a condition as a form; false where it is not of that shape.
func FormOf(when string) (RuleForm, bool) {
	if _, err := understand(when); err != nil {
		return RuleForm{}, false
	}
	tree, err := parser.Parse(when)
	if err != nil {
		return RuleForm{}, false
	}
	f := RuleForm{Match: "all"}
	for op, match := range map[string]string{"or": "any", "||": "any", "and": "all", "&&": "all"} {
		if b, ok := tree.Node.(*ast.BinaryNode); ok && b.Operator == op {
			f.Match = match
		}
	}
	joints := map[string][]string{"all": {"and", "&&"}, "any": {"or", "||"}}[f.Match]
	for _, part := range flatten(tree.Node, joints) {
		term, ok := termOf(part)
		if !ok || len(f.Terms) == maxTerms {
			return RuleForm{}, false
		}
		f.Terms = append(f.Terms, term)
	}
	_, err = f.When() // a number of which a form knows nothing: --1, 1e99
	return f, err == nil
}

// flatten takes apart what is joined.
func flatten(n ast.Node, joints []string) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && slices.Contains(joints, b.Operator) {
		return append(flatten(b.Left, joints), flatten(b.Right, joints)...)
	}
	return []ast.Node{n}
}

func termOf(n ast.Node) (Term, bool) {
	negated := false
	if u, ok := n.(*ast.UnaryNode); ok && (u.Operator == "not" || u.Operator == "!") {
		n, negated = u.Node, true
	}
	b, ok := n.(*ast.BinaryNode)
	if !ok {
		fact, ok := factName(n)
		t := Term{Fact: fact, Is: map[bool]string{false: "yes", true: "no"}[negated]}
		kind, known := t.kindOf()
		return t, ok && known && kind == BoolFact
	}
	fact, value, op := b.Left, b.Right, b.Operator
	if op == "in" {
		fact, value = value, fact
	}
	if negated {
		op = "not " + op
	}
	name, ok := factName(fact)
	text, isValue := valueOf(value)
	t := Term{Fact: name, Value: text}
	kind, known := t.kindOf()
	if !ok || !known || !isValue {
		return t, false
	}
	for is, own := range termOperators(kind) {
		if own == op && kind != BoolFact {
			t.Is = is
		}
	}
	return t, t.Is != ""
}

// factName is the name of the fact that a node is.
func factName(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value, true
	case *ast.MemberNode:
		base, ok := n.Node.(*ast.IdentifierNode)
		part, isText := n.Property.(*ast.StringNode)
		if ok && isText {
			return base.Value + "." + part.Value, true
		}
	}
	return "", false
}

// valueOf is a value as it is typed into a form.
func valueOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode:
		return strconv.Itoa(n.Value), true
	case *ast.FloatNode:
		return strconv.FormatFloat(n.Value, 'f', -1, 64), true
	case *ast.UnaryNode:
		if v, ok := valueOf(n.Node); ok && n.Operator == "-" {
			return "-" + v, true
		}
	}
	return "", false
}
