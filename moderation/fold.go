package moderation

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// kind is what an element is before anything is read into it.
type kind uint8

const (
	gap    kind = iota // space, punctuation, anything between words
	letter             // also the marks that belong to one
	digit
	sign // a sign standing for a letter, such as $ in $hit
	wild // a star standing for any letter, such as * in sh*t
)

// element is one folded character with the piece of the source it came from.
type element struct {
	base       rune // lower case, without accents; gaps are spaces, but for stars
	shape      rune // the Latin letter that it looks like, else base
	class      rune // skeleton, the key for matching
	start, end int32
	kind       kind
	strong     bool // shape cannot be told from base
	alike      bool // base may be read as its look-alike
	read       bool // a digit or sign may be read as a letter
}

// foreign reports whether the element looks like a Latin letter and is none.
func (e *element) foreign() bool { return e.shape != e.base }

// letter returns the likeliest reading.
func (e *element) letter() rune {
	switch {
	case e.read && leet(e.base) != 0:
		return leet(e.base)
	case e.alike:
		return e.shape
	}
	return e.base
}

// reads reports whether the element may stand for the letter y of a list entry.
func (e *element) reads(y rune) bool {
	switch {
	case e.kind == gap:
		return y == ' '
	case e.base == y:
		return true
	case e.kind == wild:
		return unicode.IsLetter(y)
	case e.kind == letter:
		return e.alike && (e.shape == latinTwin(y) || latinTwin(e.base) == latinTwin(y))
	}
	return e.read && unicode.IsLetter(y) && skeleton(y) == e.class
}

// folder turns a text into elements.
type folder struct {
	out    []element
	hidden int
}

// fold breaks a text into elements, without deciding yet how to read them.
func fold(text string) *folder {
	f := &folder{out: make([]element, 0, len(text))}
	f.fold(text)
	return f
}

func (f *folder) fold(text string) {
	known, at := foldings(), int32(0)
	for i, r := range text {
		switch page := known[min(r/pageSize, lastPage)]; {
		case standsForItself(r):
			f.out = append(f.out, element{base: r, shape: r, class: r, start: at, end: at + 1, kind: letter})
		case page == nil || !f.lookUp(&page[r%pageSize], at):
			_, size := utf8.DecodeRuneInString(text[i:])
			f.add(r, text[i:i+size], at)
		}
		at++
	}
	f.settleSigns()
}

// add folds one code point; s is its encoding.
func (f *folder) add(r rune, s string, at int32) {
	if r < utf8.RuneSelf {
		f.emit(r, at)
		return
	}
	if hidden(r) {
		f.hidden++
		return
	}
	if r == '™' || r == '℠' { // would grow two letters on the word before it
		f.emit(' ', at)
		return
	}
	if b, ok := boxed(r); ok {
		f.emit(b, at)
		return
	}
	if unicode.Is(unicode.Cyrillic, r) { // й and ї are letters, not accented ones
		f.emit(r, at)
		return
	}
	decomposed := norm.NFKD.PropertiesString(s).Decomposition()
	if decomposed == nil {
		f.emit(r, at)
		return
	}
	for len(decomposed) > 0 {
		d, n := utf8.DecodeRune(decomposed)
		f.emit(d, at)
		decomposed = decomposed[n:]
	}
}

// emit appends the element of one decomposed rune.
func (f *folder) emit(r rune, at int32) {
	e := element{base: r, shape: r, start: at, end: at + 1}
	switch {
	case 'a' <= r && r <= 'z':
		e.kind = letter
	case 'A' <= r && r <= 'Z':
		e.kind, e.base, e.shape = letter, r|0x20, r|0x20
	case '0' <= r && r <= '9':
		e.kind = digit
	case r < utf8.RuneSelf:
		e.gapOrSign()
	default:
		if !f.emitWide(r, &e) {
			return
		}
	}
	e.class = skeleton(e.base)
	f.out = append(f.out, e)
}

// gapOrSign sorts what is neither letter nor digit.
func (e *element) gapOrSign() {
	if leet(e.base) != 0 {
		e.kind = sign
	} else if e.base != '*' {
		e.base, e.shape = ' ', ' '
	}
}

// emitWide folds a rune beyond ASCII into e; false means that e is not to be
// appended.
func (f *folder) emitWide(r rune, e *element) bool {
	if f.dropped(r) {
		f.mark(e.start)
		return false
	}
	switch {
	case unicode.IsLetter(r), unicode.Is(unicode.M, r):
		e.kind = letter
	case unicode.IsNumber(r):
		e.kind = digit
		return true
	default:
		e.gapOrSign()
		return true
	}
	low := unicode.ToLower(r)
	if spelled, ok := plainLatin[low]; ok {
		for _, l := range spelled {
			f.emit(l, e.start)
		}
		return false
	}
	switch low {
	case 'ё':
		low = 'е' // print leaves the dots out as often as not
	case 'ς':
		low = 'σ'
	}
	e.base, e.shape = low, low
	if t, ok := twins[r]; ok {
		e.shape, e.strong = t.latin, t.strong
	} else if t, ok := twins[low]; ok {
		e.shape, e.strong = t.latin, t.strong
	}
	return true
}

// mark makes an accent part of what its letter covers.
func (f *folder) mark(at int32) {
	if n := len(f.out); n > 0 && f.out[n-1].end == at {
		f.out[n-1].end = at + 1
	}
}

// dropped reports whether a mark only decorates: an accent, or any mark on a Latin
// letter, where those of other scripts spell nothing.
func (f *folder) dropped(r rune) bool {
	n := len(f.out)
	latin := n > 0 && 'a' <= f.out[n-1].base && f.out[n-1].base <= 'z'
	return accent(r) || latin && unicode.Is(unicode.M, r)
}

// settleSigns turns the signs that can be no letter into gaps: a price tag or a
// monogram may touch a word on either side, the others must lead on to a letter.
func (f *folder) settleSigns() {
	for i := range f.out {
		e := &f.out[i]
		if e.kind != sign {
			continue
		}
		before, after := f.inWord(i-1), f.inWord(i+1)
		keep := before || after
		if leadsOn(e.base) {
			keep = after && (i == 0 || f.out[i-1].base != e.base)
		}
		if !keep && !lonelySign(e.base) {
			e.kind, e.base, e.shape, e.class = gap, ' ', ' ', ' '
		}
	}
}

// leadsOn reports whether a sign is mostly punctuation.
func leadsOn(r rune) bool { return r == '!' || r == '|' || r == '+' || r == '¡' }

// lonelySign reports whether a sign may be a letter of its own in s p a c i n g.
func lonelySign(r rune) bool { return r == '$' || r == '@' }

func (f *folder) inWord(i int) bool {
	if i < 0 || i >= len(f.out) {
		return false
	}
	e := &f.out[i]
	return e.kind == letter || e.kind == digit || e.kind == sign && lonelySign(e.base)
}
