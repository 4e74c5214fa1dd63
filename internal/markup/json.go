package markup

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrTree is wrapped by the error of every JSON tree that Render could not
// have made: unknown tags or keys, misplaced elements, unsafe addresses.
var ErrTree = errors.New("markup: not a valid tree")

// maxTreeDepth is above what Render makes (each of maxDepth levels is a list
// and its item) and keeps hostile JSON from exhausting the stack.
const maxTreeDepth = 4 * maxDepth

// MarshalJSON writes a list of nodes: a string for text, else an object with
// "t" (tag), "c" (children, always there), and "href" or "start" where they
// apply. A nil tree is an empty list.
func (t Tree) MarshalJSON() ([]byte, error) { return t.AppendJSON(nil), nil }

// AppendJSON appends what MarshalJSON writes.
func (t Tree) AppendJSON(out []byte) []byte { return appendNodes(out, t) }

// MarshalJSON writes one node as Tree does.
func (n Node) MarshalJSON() ([]byte, error) { return appendNode(nil, n), nil }

func appendNodes(out []byte, nodes []Node) []byte {
	out = append(out, '[')
	for i, n := range nodes {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendNode(out, n)
	}
	return append(out, ']')
}

func appendNode(out []byte, n Node) []byte {
	if n.Tag == "" {
		return appendString(out, n.Text)
	}
	out = appendString(append(out, `{"t":`...), n.Tag)
	if n.Href != "" {
		out = appendString(append(out, `,"href":`...), n.Href)
	}
	if n.Start > 1 {
		out = strconv.AppendInt(append(out, `,"start":`...), int64(n.Start), 10)
	}
	return append(appendNodes(append(out, `,"c":`...), n.Children), '}')
}

func appendString(out []byte, s string) []byte {
	out, _ = jsontext.AppendQuote(out, s) // what is not UTF-8 is replaced
	return out
}

// UnmarshalJSON reads what MarshalJSON wrote and refuses all else with ErrTree.
func (t *Tree) UnmarshalJSON(data []byte) error {
	var list []any
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("%w: %w", ErrTree, err)
	}
	nodes, err := readNodes(list, isBlock, nil)
	if err != nil {
		return err
	}
	*t = nodes
	return nil
}

// UnmarshalJSON reads one node that may stand anywhere in a tree.
func (n *Node) UnmarshalJSON(data []byte) error {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return fmt.Errorf("%w: %w", ErrTree, err)
	}
	nodes, err := readNodes([]any{value}, isText|isPhrase|isBlock|isItem, nil)
	if err != nil {
		return err
	}
	*n = nodes[0]
	return nil
}

func readNodes(list []any, allowed content, in scope) ([]Node, error) {
	if len(in) > maxTreeDepth {
		return nil, fmt.Errorf("%w: nested too deep", ErrTree)
	}
	var nodes []Node
	for _, value := range list {
		n, err := readNode(value, in)
		if err != nil {
			return nil, err
		}
		is := ruleOf(n.Tag).is
		if is&allowed == 0 || is == isPhrase && in.has(n.Tag) {
			return nil, fmt.Errorf("%w: %q does not belong here", ErrTree, n.Tag)
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

func readNode(value any, in scope) (Node, error) {
	switch value := value.(type) {
	case string:
		if value == "" || strings.ContainsFunc(value, forbiddenControl) {
			return Node{}, fmt.Errorf("%w: text %q", ErrTree, value)
		}
		return Node{Text: value}, nil
	case map[string]any:
		return readElement(value, in)
	}
	return Node{}, fmt.Errorf("%w: neither text nor element", ErrTree)
}

func readElement(fields map[string]any, in scope) (Node, error) {
	var n Node
	var list []any
	for key, value := range fields {
		var ok bool
		switch key {
		case "t":
			n.Tag, ok = value.(string)
		case "c":
			list, ok = value.([]any)
		case "href":
			n.Href, ok = value.(string)
		case "start":
			n.Start, ok = readStart(value)
		}
		if !ok {
			return Node{}, fmt.Errorf("%w: key %q", ErrTree, key)
		}
	}
	if n.Tag == "" || (n.Tag == "a") != (n.Href != "") || (n.Tag != "ol" && n.Start != 0) {
		return Node{}, fmt.Errorf("%w: attributes of %q", ErrTree, n.Tag)
	}
	if link, ok := newTarget(n.Href); n.Tag == "a" && (!ok || link.href != n.Href) {
		return Node{}, fmt.Errorf("%w: address %q", ErrTree, n.Href)
	}
	var err error
	n.Children, err = readNodes(list, ruleOf(n.Tag).holds, in.with(n.Tag))
	return n, err
}

func readStart(value any) (int, bool) {
	number, ok := value.(float64)
	if !ok || number != math.Trunc(number) || number <= 1 || number > 999_999_999 {
		return 0, false
	}
	return int(number), true
}
