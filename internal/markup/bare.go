package markup

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// bareAddress makes links of http:// and https:// addresses that stand in the
// text by themselves. It wakes at the colon and looks back for the scheme, so
// that an address is found after any quote mark or dash of any language.
type bareAddress struct{}

// Trigger is part of parser.InlineParser.
func (bareAddress) Trigger() []byte { return []byte{':'} }

// Parse is part of parser.InlineParser.
func (bareAddress) Parse(parent ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	before, ok := parent.LastChild().(*ast.Text)
	if !ok || before.Segment.Stop != segment.Start || !bytes.HasPrefix(line, []byte("://")) {
		return nil
	}
	scheme := schemeBefore(before.Segment.Value(block.Source()))
	end := addressEnd(line)
	if _, ok := newTarget(scheme + string(line[:end])); scheme == "" || !ok {
		return nil
	}
	before.Segment = before.Segment.WithStop(segment.Start - len(scheme))
	if before.Segment.IsEmpty() {
		parent.RemoveChild(parent, before)
	}
	block.Advance(end)
	address := text.NewSegment(segment.Start-len(scheme), segment.Start+end)
	link := ast.NewAutoLink(ast.AutoLinkURL, ast.NewTextSegment(address))
	link.SetPos(address.Start)
	return link
}

// schemeBefore returns the http or https that ends the words as a word of its own.
func schemeBefore(words []byte) string {
	tail := string(words[max(0, len(words)-len("https")):])
	for _, scheme := range []string{"https", "http"} {
		if len(tail) < len(scheme) || !strings.EqualFold(tail[len(tail)-len(scheme):], scheme) {
			continue
		}
		r, _ := utf8.DecodeLastRune(words[:len(words)-len(scheme)])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return tail[len(tail)-len(scheme):]
		}
	}
	return ""
}

// addressEnd returns how many bytes of the line, which begins at the colon,
// belong to the address: up to a blank, a quote mark or a bracket that the
// address did not open, without the punctuation of the sentence around it.
func addressEnd(line []byte) int {
	end, round, square := 0, 0, 0
scan:
	for end < len(line) && end <= maxAddress {
		r, size := utf8.DecodeRune(line[end:])
		switch {
		case endsAddress(r):
			break scan
		case r == '(':
			round++
		case r == '[':
			square++
		case r == ')':
			round--
		case r == ']':
			square--
		}
		if round < 0 || square < 0 {
			break
		}
		end += size
	}
	return len(bytes.TrimRight(line[:end], "?!.,:;*_~'([…。、，！？’‘"))
}

func endsAddress(r rune) bool {
	switch r {
	case '<', '>', '"', '`', '\\', '„', '“', '”', '«', '»', '‹', '›', '「', '」', '『', '』':
		return true
	}
	return unicode.IsSpace(r)
}
