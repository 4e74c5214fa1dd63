package moderation

import (
	"html"
	"strings"
	"unicode/utf8"
)

// resolved is a source with its backslash escapes and character references
// resolved, as a renderer does it: c&#97;sino reads casino. Nothing is known of
// code, in which they stand for themselves.
type resolved struct {
	text  string
	spans []Span // of each code point, the piece of the source that it is written as
}

// resolve takes time linear in the source.
func resolve(source string) resolved {
	var b strings.Builder
	r := resolved{spans: make([]Span, 0, len(source))}
	for i, at := 0, 0; i < len(source); {
		text, size := written(source[i:])
		end := at + utf8.RuneCountInString(source[i:i+size])
		for _, c := range text {
			b.WriteRune(c)
			r.spans = append(r.spans, Span{at, end})
		}
		i, at = i+size, end
	}
	r.text = b.String()
	return r
}

// resolves reports whether resolve may give anything but the source.
func resolves(source string) bool { return strings.ContainsAny(source, `\&`) }

// source is the piece of the source behind a piece of the text.
func (r resolved) source(s Span) Span {
	if r.spans == nil { // nothing was to be resolved
		return s
	}
	return Span{r.spans[s.Start].Start, r.spans[s.End-1].End}
}

// longestReference is the length of &CounterClockwiseContourIntegral;.
const longestReference = 33

const escapable = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

// written reads the first character of a source, and how many bytes it is
// written in.
func written(source string) (text string, size int) {
	switch {
	case source[0] == '\\' && len(source) > 1 && strings.IndexByte(escapable, source[1]) >= 0:
		return source[1:2], 2
	case source[0] == '&':
		end := strings.IndexByte(source[:min(len(source), longestReference)], ';') + 1
		// Without its semicolon &not is a reference too, but &notice; is none.
		if text := html.UnescapeString(source[:end]); end > 0 && text != source[:end] && (text == ";" || !strings.HasSuffix(text, ";")) {
			return text, end
		}
	}
	_, size = utf8.DecodeRuneInString(source)
	return source[:size], size
}
