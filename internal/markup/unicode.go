package markup

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// newlines gives every kind of line end the one form that is stored.
var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n")

// normalise is what Clean and Render do to a text alike. It expects valid
// UTF-8, drops what Clean would have refused, and leaves its own output alone.
func normalise(text string) string {
	text = strings.Map(dropHidden, newlines.Replace(text))
	text = norm.NFC.String(balanced(text))
	var marks markCounter
	return marks.limit(text)
}

func forbiddenControl(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t'
}

// dropHidden removes what no writer types and no reader sees: controls, tag
// characters, deprecated formatting, annotation anchors, byte order marks.
func dropHidden(r rune) rune {
	switch {
	case forbiddenControl(r), r == 0xFEFF,
		r >= 0xE0000 && r <= 0xE007F, r >= 0x206A && r <= 0x206F, r >= 0xFFF9 && r <= 0xFFFB:
		return -1
	}
	return r
}

// dropInvisible removes every character without a shape of its own: joiners,
// direction marks, soft hyphens, zero-width blanks, tags.
func dropInvisible(r rune) rune {
	if unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) || r == 0x034F {
		return -1
	}
	return r
}

// forbidden reports characters that must not enter by way of an address or a
// character reference, where normalise has not seen them.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || dropHidden(r) < 0 || directional(r)
}

// filler reports letters and symbols that look like a blank.
func filler(r rune) bool {
	switch r {
	case 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0:
		return true
	}
	return false
}

// visible reports whether a reader sees the character, not only its effect.
func visible(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !filler(r)
}

// Characters that open and close a run of changed writing direction.
const (
	leftEmbedding  = 0x202A
	rightEmbedding = 0x202B
	popDirection   = 0x202C
	leftOverride   = 0x202D
	rightOverride  = 0x202E
	firstIsolate   = 0x2066
	lastIsolate    = 0x2068
	popIsolate     = 0x2069
)

func directional(r rune) bool {
	return r >= leftEmbedding && r <= rightOverride || r >= firstIsolate && r <= popIsolate
}

func isolate(r rune) bool { return r >= firstIsolate && r <= lastIsolate }

// balanced drops direction overrides, which only serve to deceive, and every
// embedding or isolate that is not both opened and closed on its line, so that
// no comment can turn around the text beside it.
func balanced(text string) string {
	if !strings.ContainsFunc(text, directional) {
		return text
	}
	const gone = -1
	out := []rune(text)
	var open []int // places of openers still to be closed
	leave := func(from int) {
		for _, i := range open[from:] {
			out[i] = gone
		}
		open = open[:from]
	}
	for i, r := range out {
		switch {
		case r == '\n':
			leave(0)
		case r == popDirection || r == popIsolate:
			match := opener(out, open, r)
			if match < 0 {
				out[i] = gone
				continue
			}
			leave(match + 1)
			if first := out[open[match]]; first == leftOverride || first == rightOverride {
				out[open[match]], out[i] = gone, gone
			}
			open = open[:match]
		case directional(r):
			open = append(open, i)
		}
	}
	leave(0)
	return string(slices.DeleteFunc(out, func(r rune) bool { return r == gone }))
}

// opener returns the index in open of what closer closes, or -1: the end of an
// isolate ends the embeddings inside of it too, that of an embedding ends just
// the innermost.
func opener(out []rune, open []int, closer rune) int {
	last := len(open) - 1
	if closer == popIsolate {
		for last >= 0 && !isolate(out[open[last]]) {
			last--
		}
		return last
	}
	if last >= 0 && isolate(out[open[last]]) {
		return -1
	}
	return last
}

// maxMarks is how many combining marks a letter keeps: enough for every
// living script, too few to climb over the neighbouring lines.
const maxMarks = 4

// markCounter counts combining marks since the last letter, across texts.
type markCounter int

func (c *markCounter) limit(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x300 && r != 0xAD:
			*c = 0
		case unicode.In(r, unicode.Mn, unicode.Me):
			if *c++; *c > maxMarks {
				return -1
			}
		case !unicode.Is(unicode.Cf, r):
			*c = 0
		}
		return r
	}, text)
}
