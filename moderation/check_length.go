package moderation

import (
	"context"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Codes of the check "length", which looks at the outer shape of the text.
const (
	CodeTooShort     = "too_short"     // none: hardly a letter in it
	CodeTooLong      = "too_long"      // hold: more code points than the site allows
	CodeShouting     = "shouting"      // none: nearly all capitals
	CodeStackedMarks = "stacked_marks" // hold: letters buried under combining marks
)

const (
	shortest     = 2  // letters, digits or symbols such as emoji
	shoutLetters = 20 // cased letters below which capitals may be an acronym
	shoutPercent = 80
	stackedMarks = 4 // no orthography stacks so many general marks on a letter
)

// lengthCheck looks at length, capitals and stacked marks.
type lengthCheck struct{}

func (lengthCheck) Name() string { return "length" }
func (lengthCheck) Version() int { return 1 }

func (lengthCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	var found []Evidence
	if n, limit := utf8.RuneCountInString(s.Text), s.Site.MaxLength; limit > 0 && n > limit {
		found = append(found, Evidence{
			Code: CodeTooLong, Hint: HintHold,
			Sentence: fmt.Sprintf("The comment has %d characters; the site allows %d.", n, limit),
		})
	}
	visible, cased, capitals := letters(s.Plain)
	if visible < shortest {
		found = append(found, Evidence{
			Code: CodeTooShort, Hint: HintNone, Sentence: "The comment has hardly any text.",
		})
	}
	if cased >= shoutLetters && capitals*100 >= cased*shoutPercent {
		found = append(found, Evidence{
			Code: CodeShouting, Hint: HintNone, Sentence: "The comment is written in capitals.",
		})
	}
	if spans := stacks(s.Text); len(spans) > 0 {
		found = append(found, Evidence{
			Code: CodeStackedMarks, Hint: HintHold, Spans: spans,
			Sentence: "Letters are buried under stacked accents, which makes the text unreadable.",
		})
	}
	return found, nil
}

// letters counts what is visible, what has case, and what of that is upper case.
func letters(plain string) (visible, cased, capitals int) {
	for _, r := range plain {
		switch {
		case unicode.IsUpper(r):
			visible, cased, capitals = visible+1, cased+1, capitals+1
		case unicode.IsLower(r):
			visible, cased = visible+1, cased+1
		case unicode.IsLetter(r), unicode.IsNumber(r):
			visible++
		case unicode.Is(unicode.So, r): // one emoji is an answer
			visible += shortest
		}
	}
	return visible, cased, capitals
}

// stacks finds characters that carry stackedMarks general combining marks or
// more. Marks that belong to one script are left to that script.
func stacks(text string) []Span {
	var spans []Span
	at, base, marks := 0, 0, 0
	for _, r := range text {
		if r >= 0x300 && unicode.Is(unicode.Mn, r) && unicode.Is(unicode.Inherited, r) {
			marks++
		} else {
			base, marks = at, 0
		}
		at++
		switch {
		case marks == stackedMarks && len(spans) < maxFindings:
			spans = append(spans, Span{base, at})
		case marks > stackedMarks && spans[len(spans)-1].Start == base:
			spans[len(spans)-1].End = at
		}
	}
	return spans
}
