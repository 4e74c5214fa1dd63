package markup

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	extension "github.com/yuin/goldmark/extension/ast"
)

// builder copies the parser's syntax tree into ours. Nothing but what it names
// gets across.
type builder struct {
	source []byte
	marks  markCounter
	room   int // bytes that the tree may still take; below 0 it is too large
}

func (b *builder) blocks(parent ast.Node) []Node {
	var out []Node
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		out = joined(out, b.block(n)...)
	}
	return out
}

func (b *builder) block(n ast.Node) []Node {
	switch n := n.(type) {
	case *ast.Paragraph:
		return b.element("p", b.phrases(n, nil))
	case *ast.TextBlock:
		return b.phrases(n, nil)
	case *ast.Heading:
		return b.element("p", b.element("strong", b.phrases(n, scope{"strong"})))
	case *ast.Blockquote:
		return b.element("blockquote", b.blocks(n))
	case *ast.List:
		return b.list(n)
	case *ast.CodeBlock:
		return b.code("", n)
	case *ast.FencedCodeBlock:
		if n.Info == nil {
			return b.code("", n)
		}
		return b.code(string(n.Info.Value(b.source)), n)
	case *ast.ThematicBreak:
		line, _, _ := bytes.Cut(b.source[n.Pos():], []byte{'\n'})
		return b.element("p", b.verbatim(strings.TrimSpace(string(line))))
	}
	return nil
}

// code drops the language after a fence. More than one word there, or one with
// no code under it, is a line that a reader put too far up, and it is shown.
func (b *builder) code(info string, n ast.Node) []Node {
	text := string(n.Lines().Value(b.source))
	if strings.TrimSpace(text) == "" {
		text = info
	} else if strings.ContainsAny(info, " \t") {
		text = info + "\n" + text
	}
	return b.element("pre", b.verbatim(strings.TrimRight(text, "\n")))
}

func (b *builder) list(n *ast.List) []Node {
	list := Node{Tag: "ul"}
	if n.IsOrdered() {
		list.Tag = "ol"
	}
	if n.Start > 1 {
		list.Start = n.Start
	}
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		list.Children = append(list.Children, b.node(Node{Tag: "li", Children: b.blocks(item)}))
	}
	return []Node{b.node(list)}
}

func (b *builder) phrases(parent ast.Node, in scope) []Node {
	var out []Node
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		out = joined(out, b.phrase(n, in)...)
	}
	return out
}

func (b *builder) phrase(n ast.Node, in scope) []Node {
	switch n := n.(type) {
	case *ast.Text:
		out := b.verbatim(unescape(n.Value(b.source)))
		if n.SoftLineBreak() || n.HardLineBreak() {
			out = append(out, b.node(Node{Tag: "br"}))
		}
		return out
	case *ast.CodeSpan:
		return b.element("code", b.verbatim(b.codeText(n)))
	case *ast.Emphasis:
		return b.emphasis([]string{"em", "strong"}[min(n.Level, 2)-1], n, in)
	case *extension.Strikethrough:
		return b.emphasis("del", n, in)
	case *ast.Link:
		return b.link(unescape(n.Destination), n, in)
	case *ast.Image:
		return b.link(unescape(n.Destination), n, in)
	case *ast.AutoLink:
		return b.autoLink(n, in)
	}
	return b.phrases(n, in)
}

// emphasis drops a tag inside of itself: it would change nothing but the depth.
func (b *builder) emphasis(tag string, n ast.Node, in scope) []Node {
	if in.has(tag) {
		return b.phrases(n, in)
	}
	return b.element(tag, b.phrases(n, in.with(tag)))
}

// link makes a link of an image too. Where no link may stand, or the address
// is not fit for one, the words stay.
func (b *builder) link(address string, n ast.Node, in scope) []Node {
	to, ok := newTarget(address)
	if !ok || in.has("a") {
		return b.phrases(n, in)
	}
	return b.anchor(to, b.phrases(n, in.with("a")))
}

func (b *builder) autoLink(n *ast.AutoLink, in scope) []Node {
	label := string(n.Label(b.source))
	address := label
	if n.AutoLinkType == ast.AutoLinkEmail {
		address = "mailto:" + label
	}
	to, ok := newTarget(address)
	switch {
	case ok && in.has("a"):
		return b.verbatim(label)
	case ok:
		return b.anchor(to, b.verbatim(label))
	}
	return b.verbatim("<" + label + ">") // bareAddress makes none that fail
}

// anchor closes a link. One without words shows its address, and one whose
// words name another host has the real one added.
func (b *builder) anchor(to target, children []Node) []Node {
	shown := Tree(children)
	if shown.Blank() {
		children = b.verbatim(to.href)
	} else if to.disguises(shown.Plain()) {
		children = joined(children, b.verbatim(" ("+to.name+")")...)
	}
	return []Node{b.node(Node{Tag: "a", Href: to.href, Children: children})}
}

func (b *builder) codeText(n *ast.CodeSpan) string {
	var text strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if segment, ok := c.(*ast.Text); ok {
			text.Write(segment.Value(b.source))
		}
	}
	return strings.ReplaceAll(text.String(), "\n", " ")
}

// element wraps children, or vanishes with them where there are none.
func (b *builder) element(tag string, children []Node) []Node {
	if len(children) == 0 {
		return nil
	}
	return []Node{b.node(Node{Tag: tag, Children: children})}
}

// verbatim is text in which nothing is markup.
func (b *builder) verbatim(text string) []Node {
	if text = b.marks.limit(text); text == "" {
		return nil
	}
	return []Node{b.node(Node{Text: text})}
}

// node accounts for the room that n takes.
func (b *builder) node(n Node) Node {
	b.room -= len(n.Text) + len(n.Href) + 2*len(n.Tag) + len("<></>")
	return n
}
