package markup

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What Clean and CleanLine refuse.
var (
	ErrInvalidUTF8 = errors.New("markup: text is not valid UTF-8")
	ErrControl     = errors.New("markup: text has control characters")
	ErrBlank       = errors.New("markup: text has nothing visible in it")
)

// Clean returns the body of a comment as it is stored: composed (NFC), with
// plain newlines, without the invisible characters that reorder or hide text,
// and with at most four combining marks on a letter. It refuses what is not
// UTF-8 (ErrInvalidUTF8), control characters but newline and tab (ErrControl),
// and text without anything to see (ErrBlank). Lengths are the caller's
// matter. Cleaning twice changes nothing.
func Clean(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", ErrInvalidUTF8
	}
	if strings.ContainsFunc(newlines.Replace(text), forbiddenControl) {
		return "", ErrControl
	}
	text = strings.TrimRightFunc(normalise(text), unicode.IsSpace)
	text = withoutLeadingLines(text)
	if !strings.ContainsFunc(text, visible) {
		return "", ErrBlank
	}
	return text, nil
}

// withoutLeadingLines drops blank lines at the top and keeps the indent of the
// first line that says something, which may be code.
func withoutLeadingLines(text string) string {
	body := strings.TrimLeftFunc(text, unicode.IsSpace)
	return text[strings.LastIndexByte(text[:len(text)-len(body)], '\n')+1:]
}

// CleanLine returns a name or a title as it is stored: one line, composed
// (NFC), blanks collapsed, nothing invisible, at most four combining marks on
// a letter. It refuses as Clean does. Cleaning twice changes nothing.
func CleanLine(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", ErrInvalidUTF8
	}
	text = newlines.Replace(text)
	if strings.ContainsFunc(text, forbiddenControl) {
		return "", ErrControl
	}
	text = withoutStrayVariants(strings.Map(blankOrVisible, text))
	var marks markCounter
	text = marks.limit(norm.NFC.String(text))
	text = strings.Join(strings.Fields(text), " ")
	if !strings.ContainsFunc(text, visible) {
		return "", ErrBlank
	}
	return text, nil
}

// blankOrVisible maps fillers to a blank and drops what has no shape.
func blankOrVisible(r rune) rune {
	if filler(r) {
		return ' '
	}
	return dropInvisible(r)
}

// withoutStrayVariants keeps a variation selector only where it chooses
// between the text and the colour form of a symbol.
func withoutStrayVariants(text string) string {
	before := rune(0)
	return strings.Map(func(r rune) rune {
		stray := unicode.Is(unicode.Variation_Selector, r) && !unicode.IsSymbol(before)
		before = r
		if stray {
			return -1
		}
		return r
	}, text)
}
