// Package markup turns what a reader typed into what a page may show. It hides
// Markdown, Unicode hygiene and HTML escaping, and it is the only place that
// makes HTML out of a reader's words: comment.Service calls Clean, CleanLine
// and Render on the way in, and every surface (widget, desk, feeds, mail,
// webhooks) shows the one Tree that came out.
//
// The subset: paragraphs, line breaks as typed, *em*, **strong**, ~~del~~,
// code, quotes, lists and links. Everything else, raw HTML first of all, is
// shown as the text that it is.
package markup

import (
	"strings"

	"github.com/yuin/goldmark/text"
)

// Version names the rules by which Render works. It rises whenever the same
// source may give another tree, so that kept trees can be told to be stale.
const Version = 1

const (
	// maxSource is the longest source, in bytes, that is read as Markdown.
	maxSource = 20 << 10
	// maxOutput bounds the bytes of tags, addresses and text in one tree.
	maxOutput = 64 << 10
	// maxDepth is how far quotes and lists nest before their marks are text.
	maxDepth = 6
)

// Render reads source as Markdown and returns its tree. It never fails: a
// source that is too long, or whose tree would be, comes back as plain
// paragraphs with every word in place. The time is bounded, the same source
// always gives the same tree, and nil means that nothing is left to show.
func Render(source string) (tree Tree) {
	source = normalise(strings.ToValidUTF8(source, "\uFFFD"))
	if len(source) > maxSource {
		return plainTree(source)
	}
	// The parser is foreign code fed by strangers: if some input breaks it,
	// that one comment loses its formatting and nobody loses the service.
	defer func() {
		if recover() != nil {
			tree = plainTree(source)
		}
	}()
	return parse(source)
}

// parse is Render for a normalised source of bearable length.
func parse(source string) Tree {
	src := []byte(source + "\n") // the parser reads a last line without end otherwise
	b := builder{source: src, room: maxOutput}
	tree := Tree(b.blocks(markdown().Parse(text.NewReader(src))))
	if b.room < 0 {
		return plainTree(source)
	}
	return tree
}

// plainTree keeps the words and their lines and forgets all formatting.
func plainTree(source string) Tree {
	var tree Tree
	var lines []Node
	flush := func() {
		if len(lines) > 0 {
			tree = append(tree, Node{Tag: "p", Children: lines})
		}
		lines = nil
	}
	for line := range strings.SplitSeq(source, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			flush()
			continue
		}
		if len(lines) > 0 {
			lines = append(lines, Node{Tag: "br"})
		}
		lines = append(lines, Node{Text: line})
	}
	flush()
	return tree
}
