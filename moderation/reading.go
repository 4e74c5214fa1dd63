package moderation

import (
	"slices"
	"sync"
	"unicode/utf8"
)

// reading is a folded text whose words have been judged: which are disguised,
// and where single letters stand in for a word. It is given back with done, as
// several are made of each comment and each takes more memory than its text.
type reading struct {
	folder
	spaced  []spacedRun
	words   []readWord
	letters []element // of the spaced runs
	starts  []int32   // room for matcher.scan
	folded  []rune    // room for runes
}

// readWord is the longest run out[from:to] without gaps.
type readWord struct {
	from, to int32
	wordFacts
}

// spacedRun is a row of single letters, out[from:to], such as s.p.a.m or
// s p a m, with its letters judged as one word.
type spacedRun struct {
	from, to int
	letters  []element
}

const (
	minSpaced = 3 // letters that make a row; two are initials
	maxGap    = 3 // code points between two letters of a row
)

// readings lie ready to be used again.
var readings = sync.Pool{New: func() any { return new(reading) }}

// mostKept is the length of a text, in elements, above which the room for it is
// not kept.
const mostKept = 16_384

// read folds a text and judges each word by itself and by its neighbours.
func read(text string) *reading {
	r := newReading(text)
	r.findSpaced()
	r.judge(mostlyLatin(r.words))
	return r
}

// newReading folds a text and finds its words.
func newReading(text string) *reading {
	r := readings.Get().(*reading)
	r.out, r.hidden = slices.Grow(r.out[:0], utf8.RuneCountInString(text)), 0
	r.words, r.spaced, r.letters = r.words[:0], r.spaced[:0], r.letters[:0]
	r.fold(text)
	r.findWords()
	return r
}

// done gives the reading back; nothing of it may be used after that.
func (r *reading) done() {
	if cap(r.out) <= mostKept {
		readings.Put(r)
	}
}

func (r *reading) judge(latinText bool) {
	for i := range r.words {
		w := &r.words[i]
		w.judge(r.out[w.from:w.to], latinText)
	}
	for _, run := range r.spaced {
		judge(run.letters, latinText)
	}
}

func (r *reading) findWords() {
	for i := 0; i < len(r.out); {
		if r.out[i].kind == gap {
			i++
			continue
		}
		from := i
		for i < len(r.out) && r.out[i].kind != gap {
			i++
		}
		r.words = append(r.words, readWord{int32(from), int32(i), factsOf(r.out[from:i])})
	}
}

// wordFacts is what a word is made of.
type wordFacts struct {
	letters, latin int32
	foreign        int32 // letters of other scripts with a Latin twin
	weak           int32 // those of them whose twin is weak
	unlike         int32 // letters of other scripts without a twin
	signs, digits  int32
	blocks         int32 // runs of digits
	inside         bool
}

func factsOf(word []element) (f wordFacts) {
	for i := range word {
		e := &word[i]
		switch {
		case e.kind == sign:
			f.signs++
		case e.kind == digit:
			f.digits++
			if i == 0 || word[i-1].kind != digit {
				f.blocks++
				f.inside = f.inside || i > 0
			}
		case e.foreign():
			f.letters, f.foreign = f.letters+1, f.foreign+1
			if !e.strong {
				f.weak++
			}
		case e.base < 0x250:
			f.letters, f.latin = f.letters+1, f.latin+1
		default:
			f.letters, f.unlike = f.letters+1, f.unlike+1
		}
	}
	if f.inside && word[len(word)-1].kind == digit && f.blocks == 1 {
		f.inside = false
	}
	return f
}

// disguised reports whether look-alikes in the word stand for Latin letters: in
// a word of mixed script, or in one that is foreign throughout, looks Latin
// throughout and stands in a text that is not of that script anyway.
func (f *wordFacts) disguised(latinText bool) bool {
	if f.foreign == 0 {
		return false
	}
	if f.latin > 0 {
		return true
	}
	return latinText && f.weak == 0 && f.unlike == 0
}

// spelled reports whether digits in the word may be letters. One block of
// digits at an end, as long as the letters or longer, is a number: the A55, 90s.
func (f *wordFacts) spelled() bool {
	if f.letters == 0 {
		return false
	}
	return f.inside || f.blocks > 1 || f.digits < f.letters+f.signs
}

// judge marks how the elements of one word may be read.
func judge(word []element, latinText bool) {
	f := factsOf(word)
	f.judge(word, latinText)
}

// judge marks how the elements of the word with these facts may be read.
func (f *wordFacts) judge(word []element, latinText bool) {
	alike, spelled := f.disguised(latinText), f.spelled()
	if !alike && f.signs+f.digits == 0 {
		return
	}
	for i := range word {
		e := &word[i]
		switch e.kind {
		case letter:
			e.alike = alike
			if alike && e.foreign() {
				e.class = skeleton(e.shape)
			}
		case sign:
			e.read = f.letters > 0 || f.signs >= minSpaced // @$$ needs no letter
		case digit:
			e.read = spelled
		}
	}
}

// mostlyLatin reports whether the words that are of one script for certain are
// at least as often Latin as not. A text without such words counts as Latin.
func mostlyLatin(words []readWord) bool {
	latin, other := 0, 0
	for i := range words {
		f := &words[i]
		switch {
		case f.latin > 0 && f.foreign+f.unlike == 0:
			latin += int(f.latin)
		case f.latin == 0 && f.weak+f.unlike > 0:
			other += int(f.letters)
		}
	}
	return latin >= other
}

// findSpaced finds the rows of single letters.
func (r *reading) findSpaced() {
	from, last, n := 0, 0, 0 // the current row: first and last element, letters
	flush := func() {
		if n >= minSpaced {
			r.addSpaced(from, last+1)
		}
		n = 0
	}
	for i := range r.words {
		start := int(r.words[i].from)
		if int(r.words[i].to)-start > 1 {
			flush()
			continue
		}
		if n > 0 && start-last-1 > maxGap {
			flush()
		}
		if n == 0 {
			from = start
		}
		last, n = start, n+1
	}
	flush()
}

func (r *reading) addSpaced(from, to int) {
	begin := len(r.letters)
	for i := from; i < to; i++ {
		if r.out[i].kind != gap {
			r.letters = append(r.letters, r.out[i])
		}
	}
	r.spaced = append(r.spaced, spacedRun{from: from, to: to, letters: r.letters[begin:]})
}
