package markup

import (
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// How many characters of one comment may start, end or be refused as a mark.
// The parser's work can grow with the square of these, so what comes after
// them is text. A long comment in good faith stays far below.
const (
	maxBrackets   = 256
	maxDelimiters = 1000
	maxAddresses  = 400
)

// markdown returns the parser, built once and safe for concurrent use. It is
// CommonMark without raw HTML (shown as text), reference definitions and
// underlined headings (both make typed lines disappear), and with
// strikethrough and bare addresses.
var markdown = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(nesting{parser.NewListParser()}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(nesting{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(rationed{parser.NewLinkParser(), maxBrackets, brackets}, 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(rationed{parser.NewEmphasisParser(), maxDelimiters, delimiters}, 500),
			util.Prioritized(rationed{extension.NewStrikethroughParser(), maxDelimiters, delimiters}, 500),
			util.Prioritized(rationed{bareAddress{}, maxAddresses, addresses}, 600),
		),
	)
})

// The counters of rationed, kept in the context of one parse.
var (
	brackets   = parser.NewContextKey()
	delimiters = parser.NewContextKey()
	addresses  = parser.NewContextKey()
)

// nesting is a container block that opens at most maxDepth levels deep.
type nesting struct{ parser.BlockParser }

func (n nesting) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, position := reader.Position()
	node, state := n.BlockParser.Open(parent, reader, pc)
	if node != nil && containers(parent) >= maxDepth {
		reader.SetPosition(line, position)
		return nil, parser.NoChildren
	}
	return node, state
}

// containers counts the quotes and lists around and including n.
func containers(n ast.Node) int {
	count := 0
	for ; n != nil; n = n.Parent() {
		if k := n.Kind(); k == ast.KindBlockquote || k == ast.KindList {
			count++
		}
	}
	return count
}

// rationed is an inline parser that is asked at most limit times per comment.
type rationed struct {
	parser.InlineParser
	limit int
	used  parser.ContextKey
}

func (r rationed) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	used := pc.ComputeIfAbsent(r.used, func() any { return new(int) }).(*int)
	if *used++; *used > r.limit {
		return nil
	}
	return r.InlineParser.Parse(parent, block, pc)
}

// CloseBlock passes on what the wrapped parser needs: the link parser turns
// brackets left open back into text here.
func (r rationed) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if c, ok := r.InlineParser.(parser.CloseBlocker); ok {
		c.CloseBlock(parent, block, pc)
	}
}
