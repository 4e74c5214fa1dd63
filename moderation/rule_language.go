package moderation

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// The language of conditions is a part of expr's, so small that its cost is
// bounded by the length of a condition: no variables, no ranges, no loop within
// a loop, no text made of others, no division by what may be 0. reader holds a
// condition to it, and to the types of its facts.
type reader struct {
	source   string
	facts    map[string]FactType
	used     []string // the facts that are named, each once
	patterns int
	inside   bool // a predicate, where # is an element of a list
}

// operator is what a binary operator takes and gives.
type operator struct {
	takes FactType // of both sides; "" = the same on both
	gives FactType
	verb  string
}

func operators() map[string]operator {
	all := map[string]operator{
		"==": {"", BoolFact, "compare"}, "!=": {"", BoolFact, "compare"},
		"contains": {TextFact, BoolFact, "search"}, "startsWith": {TextFact, BoolFact, "search"}, "endsWith": {TextFact, BoolFact, "search"},
	}
	for _, op := range []string{"and", "&&", "or", "||"} {
		all[op] = operator{BoolFact, BoolFact, "join"}
	}
	for _, op := range []string{"<", "<=", ">", ">="} {
		all[op] = operator{NumberFact, BoolFact, "compare"}
	}
	for _, op := range []string{"+", "-", "*", "/"} {
		all[op] = operator{NumberFact, NumberFact, "calculate with"}
	}
	return all
}

// function is what a function of one argument, or of several numbers, takes and
// gives.
type function struct {
	takes []FactType
	gives FactType
	most  int // arguments
}

func functions() map[string]function {
	number, text := []FactType{NumberFact}, []FactType{TextFact}
	return map[string]function{
		"len": {[]FactType{TextFact, ListFact}, NumberFact, 1}, "lower": {text, TextFact, 1}, "upper": {text, TextFact, 1}, "trim": {text, TextFact, 1},
		"abs": {number, NumberFact, 1}, "ceil": {number, NumberFact, 1}, "floor": {number, NumberFact, 1}, "round": {number, NumberFact, 1},
		"max": {number, NumberFact, 8}, "min": {number, NumberFact, 8},
	}
}

// quantifiers go through a list with a condition on each element, #.
func quantifiers() map[string]FactType {
	return map[string]FactType{"any": BoolFact, "all": BoolFact, "none": BoolFact, "one": BoolFact, "count": NumberFact}
}

func newReader(source string) *reader {
	r := &reader{source: source, facts: map[string]FactType{}}
	for _, f := range FactNames() {
		r.facts[f.Name] = f.Type
	}
	return r
}

// wrong makes the error for a node.
func (r *reader) wrong(n ast.Node, format string, args ...any) error {
	return at(r.source, start(n).Location(), fmt.Sprintf(format, args...))
}

// start is the node at which a name begins; its own place is its last part's.
func start(n ast.Node) ast.Node {
	switch whole := n.(type) {
	case *ast.MemberNode:
		return start(whole.Node)
	case *ast.CallNode:
		return start(whole.Callee)
	}
	return n
}

// at makes the error for a place in a condition.
func at(source string, place file.Location, sentence string) *RuleError {
	e := &RuleError{Field: "when", Line: 1, Column: 1, Sentence: sentence}
	for i, c := range []rune(source) {
		if i == place.From {
			break
		}
		e.Column++
		if c == '\n' {
			e.Line, e.Column = e.Line+1, 1
		}
	}
	return e
}

// typeOf gives the type of a node, or what is wrong with it.
func (r *reader) typeOf(n ast.Node) (FactType, error) {
	switch n := n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return NumberFact, nil
	case *ast.StringNode:
		return TextFact, nil
	case *ast.BoolNode:
		return BoolFact, nil
	case *ast.IdentifierNode:
		return r.fact(n, n.Value)
	case *ast.MemberNode:
		return r.member(n)
	case *ast.UnaryNode:
		return r.unary(n)
	case *ast.BinaryNode:
		return r.binary(n)
	case *ast.BuiltinNode:
		return r.builtin(n)
	case *ast.ConditionalNode:
		return r.conditional(n)
	case *ast.PointerNode:
		if r.inside && n.Name == "" {
			return TextFact, nil
		}
		return "", r.wrong(n, "# stands only for the element of a list, as in any(links.hosts, # endsWith \".example\").")
	case *ast.ArrayNode:
		return "", r.wrong(n, "A list stands only behind “in”, as in page.section in [\"sport\", \"news\"].")
	case *ast.CallNode:
		return "", r.wrong(n, "There is no function %s.", clip(n.Callee.String()))
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		return "", r.wrong(n, "A condition is one expression, without variables and semicolons.")
	}
	return "", r.wrong(n, "This cannot stand in a condition: %s", clip(n.String()))
}

// clip bounds what is quoted in an error.
func clip(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}

func (r *reader) fact(n ast.Node, name string) (FactType, error) {
	kind, ok := r.facts[name]
	if !ok {
		return "", r.unknown(n, name)
	}
	if !slices.Contains(r.used, name) {
		r.used = append(r.used, name)
	}
	return kind, nil
}

// unknown says that there is no such fact, and which ones there are.
func (r *reader) unknown(n ast.Node, name string) error {
	var near []string
	group, part, _ := strings.Cut(name, ".")
	for _, f := range FactNames() {
		own, rest, _ := strings.Cut(f.Name, ".")
		if part != "" && strings.EqualFold(rest, part) || strings.EqualFold(f.Name, name) {
			return r.wrong(n, "There is no fact %s; there is %s.", clip(name), f.Name)
		}
		if own == group && rest != "" {
			near = append(near, f.Name)
		}
	}
	if len(near) > 0 {
		return r.wrong(n, "There is no fact %s; there are %s.", clip(name), strings.Join(near, ", "))
	}
	return r.wrong(n, "There is no fact %s.", clip(name))
}

func (r *reader) member(n *ast.MemberNode) (FactType, error) {
	base, isName := n.Node.(*ast.IdentifierNode)
	part, isText := n.Property.(*ast.StringNode)
	if !isName || !isText || n.Optional {
		return "", r.wrong(n, "Facts have names such as text.len; this is none: %s", clip(n.String()))
	}
	if base.Value == "scores" {
		_, err := r.fact(n, "scores")
		return NumberFact, err
	}
	return r.fact(base, base.Value+"."+part.Value)
}

func (r *reader) unary(n *ast.UnaryNode) (FactType, error) {
	kind, err := r.typeOf(n.Node)
	if err != nil {
		return "", err
	}
	want := NumberFact
	if n.Operator == "not" || n.Operator == "!" {
		want = BoolFact
	}
	if kind != want {
		return "", r.wrong(n, "“%s” needs a %s behind it, not a %s.", n.Operator, want, kind)
	}
	return want, nil
}

func (r *reader) binary(n *ast.BinaryNode) (FactType, error) {
	if n.Operator == "in" {
		return r.in(n)
	}
	left, err := r.typeOf(n.Left)
	if err != nil {
		return "", err
	}
	if n.Operator == "matches" {
		return r.matches(n, left)
	}
	right, err := r.typeOf(n.Right)
	if err != nil {
		return "", err
	}
	op, ok := operators()[n.Operator]
	switch {
	case !ok:
		return "", r.wrong(n, "There is no operator “%s” in conditions.", n.Operator)
	case op.takes == "" && left != right, op.takes == "" && (left == ListFact || left == ScoresFact):
		return "", r.wrong(n, "A %s cannot be compared with a %s.", left, right)
	case op.takes != "" && left != op.takes:
		return "", r.wrong(n.Left, "“%s” needs a %s here, not a %s.", n.Operator, op.takes, left)
	case op.takes != "" && right != op.takes:
		return "", r.wrong(n.Right, "“%s” needs a %s here, not a %s.", n.Operator, op.takes, right)
	case n.Operator == "/" && !nonzero(n.Right):
		return "", r.wrong(n.Right, "Divide by a number other than 0 only. To relate two facts, multiply: links.count > 0.1 * text.words.")
	}
	return op.gives, nil
}

// nonzero reports whether a node is a number that is written out and not 0.
func nonzero(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return n.Value != 0
	case *ast.FloatNode:
		return n.Value != 0
	}
	return false
}

// in reads x in fact, and x in [one, two].
func (r *reader) in(n *ast.BinaryNode) (FactType, error) {
	left, err := r.typeOf(n.Left)
	if err != nil {
		return "", err
	}
	want := TextFact
	if list, ok := n.Right.(*ast.ArrayNode); ok {
		for i, one := range list.Nodes {
			kind, err := r.typeOf(one)
			if err != nil {
				return "", err
			}
			if i > 0 && kind != want || kind != TextFact && kind != NumberFact {
				return "", r.wrong(one, "A list holds texts only, or numbers only.")
			}
			want = kind
		}
	} else if kind, err := r.typeOf(n.Right); err != nil {
		return "", err
	} else if kind != ListFact {
		return "", r.wrong(n.Right, "Behind “in” stands a list, not a %s. To look for a text in a text, use contains.", kind)
	}
	if left != want {
		return "", r.wrong(n.Left, "This list holds only the type %s, not %s.", want, left)
	}
	return BoolFact, nil
}

// matches reads a pattern, which must be written out: its cost is known then.
func (r *reader) matches(n *ast.BinaryNode, left FactType) (FactType, error) {
	if left != TextFact {
		return "", r.wrong(n.Left, "“matches” needs a text here, not a %s.", left)
	}
	pattern, ok := n.Right.(*ast.StringNode)
	if !ok {
		return "", r.wrong(n.Right, "Behind “matches” stands a pattern in quotes.")
	}
	if r.patterns++; r.patterns > maxPatterns {
		return "", r.wrong(n, "A condition has at most %d patterns.", maxPatterns)
	}
	if len(pattern.Value) > maxPattern {
		return "", r.wrong(n.Right, "A pattern is at most %d bytes long.", maxPattern)
	}
	if _, err := regexp.Compile(pattern.Value); err != nil {
		return "", r.wrong(n.Right, "The pattern cannot be read: %s.", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if tree, err := syntax.Parse(pattern.Value, syntax.Perl); err == nil {
		if program, err := syntax.Compile(tree.Simplify()); err == nil && len(program.Inst) > maxProgram {
			return "", r.wrong(n.Right, "The pattern repeats too much: it would take too long on a long comment.")
		}
	}
	return BoolFact, nil
}

func (r *reader) builtin(n *ast.BuiltinNode) (FactType, error) {
	if gives, ok := quantifiers()[n.Name]; ok {
		return gives, r.quantified(n)
	}
	fn, ok := functions()[n.Name]
	if !ok {
		return "", r.wrong(n, "There is no function %s.", n.Name)
	}
	if len(n.Arguments) < 1 || len(n.Arguments) > fn.most {
		return "", r.wrong(n, "The function %s takes from 1 to %d arguments.", n.Name, fn.most)
	}
	for _, arg := range n.Arguments {
		kind, err := r.typeOf(arg)
		if err != nil {
			return "", err
		}
		if !slices.Contains(fn.takes, kind) {
			return "", r.wrong(arg, "The function %s takes a %s, not a %s.", n.Name, fn.takes[0], kind)
		}
	}
	return fn.gives, nil
}

func (r *reader) quantified(n *ast.BuiltinNode) error {
	if r.inside {
		return r.wrong(n, "One list cannot be gone through within another.")
	}
	if len(n.Arguments) != 2 {
		return r.wrong(n, "The function %s takes a list and a condition.", n.Name)
	}
	kind, err := r.typeOf(n.Arguments[0])
	if err != nil {
		return err
	}
	each, ok := n.Arguments[1].(*ast.PredicateNode)
	if kind != ListFact || !ok {
		return r.wrong(n, "The function %s takes a list and a condition on its elements.", n.Name)
	}
	r.inside = true
	kind, err = r.typeOf(each.Node)
	r.inside = false
	if err == nil && kind != BoolFact {
		err = r.wrong(each.Node, "This is a %s, not a condition.", kind)
	}
	return err
}

func (r *reader) conditional(n *ast.ConditionalNode) (FactType, error) {
	var kinds [3]FactType
	for i, part := range []ast.Node{n.Cond, n.Exp1, n.Exp2} {
		var err error
		if kinds[i], err = r.typeOf(part); err != nil {
			return "", err
		}
	}
	if kinds[0] != BoolFact || kinds[1] != kinds[2] {
		return "", r.wrong(n, "“? :” needs a condition and two values of the same type.")
	}
	return kinds[1], nil
}
