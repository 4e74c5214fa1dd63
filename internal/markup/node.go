package markup

import (
	"slices"
	"strings"
)

// Node is one element, or one run of text when Tag is empty.
type Node struct {
	Tag      string // p br em strong del code pre blockquote ul ol li a; empty for text
	Text     string // of a text node: characters as they are, never markup
	Href     string // of an a: an absolute http, https or mailto address in ASCII
	Start    int    // of an ol: its first number where that is above 1, else 0
	Children []Node
}

// Tree is a rendered comment: blocks in reading order.
type Tree []Node

// The kinds of content. What an element is, and what it may hold, is all that
// the subset consists of.
type content uint8

const (
	isText   content = 1 << iota
	isPhrase         // elements within a line
	isBlock          // elements that stand alone
	isItem           // li
)

type rule struct{ is, holds content }

// ruleOf is the allow list; an unknown tag is nothing and holds nothing.
func ruleOf(tag string) rule {
	switch tag {
	case "":
		return rule{is: isText}
	case "br":
		return rule{is: isPhrase}
	case "em", "strong", "del", "a":
		return rule{is: isPhrase, holds: isText | isPhrase}
	case "code":
		return rule{is: isPhrase, holds: isText}
	case "p":
		return rule{is: isBlock, holds: isText | isPhrase}
	case "pre":
		return rule{is: isBlock, holds: isText}
	case "blockquote":
		return rule{is: isBlock, holds: isBlock}
	case "ul", "ol":
		return rule{is: isBlock, holds: isItem}
	case "li":
		return rule{is: isItem, holds: isText | isPhrase | isBlock}
	}
	return rule{}
}

// Links returns the address of every link in reading order, repeats included,
// so that its length is the number of links that a reader could follow.
func (t Tree) Links() []string {
	var links []string
	for _, n := range t {
		if n.Tag == "a" {
			links = append(links, n.Href)
		}
		links = append(links, Tree(n.Children).Links()...)
	}
	return links
}

// Plain returns the words alone, for search, mail and checks: line breaks and
// the borders of blocks are one newline, and marks of lists or quotes are gone.
func (t Tree) Plain() string {
	var p plainWriter
	p.nodes(t)
	return p.out.String()
}

// LinkShare is the part of the visible text that is inside links, from 0 to 1.
func (t Tree) LinkShare() float64 {
	all, linked := visibles(t, false)
	if all == 0 {
		return 0
	}
	return float64(linked) / float64(all)
}

// visibles counts the visible characters, and those of them inside links.
func visibles(nodes []Node, inLink bool) (all, linked int) {
	for _, n := range nodes {
		some, inner := visibles(n.Children, inLink || n.Tag == "a")
		for _, r := range n.Text {
			if visible(r) {
				some++
			}
		}
		if inLink {
			inner = some
		}
		all, linked = all+some, linked+inner
	}
	return all, linked
}

// Blank reports whether nothing in the tree would be visible on a page.
func (t Tree) Blank() bool {
	return !strings.ContainsFunc(t.Plain(), visible)
}

type plainWriter struct {
	out    strings.Builder
	border bool // a block began or ended since the last word
}

func (p *plainWriter) nodes(nodes []Node) {
	for _, n := range nodes {
		switch {
		case n.Tag == "":
			p.write(n.Text)
		case n.Tag == "br":
			p.write("\n")
		case ruleOf(n.Tag).is == isPhrase:
			p.nodes(n.Children)
		default:
			p.border = true
			p.nodes(n.Children)
			p.border = true
		}
	}
}

func (p *plainWriter) write(s string) {
	if p.border && p.out.Len() > 0 {
		p.out.WriteByte('\n')
	}
	p.border = false
	p.out.WriteString(s)
}

// joined appends nodes to list, with neighbouring texts made one.
func joined(list []Node, nodes ...Node) []Node {
	for _, n := range nodes {
		last := len(list) - 1
		if n.Tag == "" && last >= 0 && list[last].Tag == "" {
			list[last].Text += n.Text
			continue
		}
		list = append(list, n)
	}
	return list
}

// scope is the tags open around a place in a line.
type scope []string

func (s scope) has(tag string) bool { return slices.Contains(s, tag) }

func (s scope) with(tag string) scope { return append(slices.Clip(s), tag) }
