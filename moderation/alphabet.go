package moderation

import (
	"sync"
	"unicode"
)

// folding is what add makes of one code point, whatever stands before it.
type folding struct {
	element element // where it becomes this one, with start 0 and end 1
	becomes outcome
}

type outcome uint8

const (
	becomesOther outcome = iota // several elements, left to add
	becomesElement
	becomesMark   // an accent of the element before it
	becomesHidden // nothing
)

const (
	pageSize = 256
	lastPage = 0x1F7 // no table goes that far
)

// foldingTable is what is known ahead, by the page of the code point; nil = to be
// worked out.
type foldingTable [lastPage + 1]*[pageSize]folding

// tabled are the pages that comments are written with, and what disguises are made
// of: the alphabets and marks, letters with accents, punctuation, circled and full
// width letters, kana, mathematical letters and emoji.
var tabled = [][2]rune{{0x00, 0x11}, {0x1E, 0x21}, {0x24, 0x24}, {0x30, 0x30}, {0xFE, 0xFF}, {0x1D4, 0x1D7}, {0x1F1, 0x1F6}}

// foldings are made by add itself, so that the two cannot differ. The table takes
// a millisecond and a quarter of a megabyte.
var foldings = sync.OnceValue(func() *foldingTable {
	table := new(foldingTable)
	for _, pages := range tabled {
		for page := pages[0]; page <= pages[1]; page++ {
			table[page] = new([pageSize]folding)
			for i := range table[page] {
				table[page][i] = foldingOf(page*pageSize + rune(i))
			}
		}
	}
	return table
})

func foldingOf(r rune) (known folding) {
	var room [4]element
	f := folder{out: room[:1]} // to see what becomes of the one before
	f.add(r, string(r), 0)
	switch marked := f.out[0].end != 0; {
	case len(f.out) == 2 && unicode.Is(unicode.M, f.out[1].base): // dropped behind some letters
	case len(f.out) == 2 && !marked:
		return folding{f.out[1], becomesElement}
	case len(f.out) == 1 && marked:
		known.becomes = becomesMark
	case f.hidden > 0:
		known.becomes = becomesHidden
	}
	return known
}

// lookUp folds the code point at a place as the table says, if it says anything.
func (f *folder) lookUp(known *folding, at int32) bool {
	switch known.becomes {
	case becomesElement:
		f.out = append(f.out, known.element)
		e := &f.out[len(f.out)-1]
		e.start, e.end = at, at+1
	case becomesMark:
		f.mark(at)
	case becomesHidden:
		f.hidden++
	default:
		return false
	}
	return true
}

// standsForItself reports whether a code point is a Chinese character or a Korean
// syllable, thousands of which fold to themselves.
func standsForItself(r rune) bool { return ideograph(r) || syllable(r) }

func ideograph(r rune) bool { return r >= 0x3400 && r <= 0x4DBF || r >= 0x4E00 && r <= 0x9FFF }

func syllable(r rune) bool { return r >= 0xAC00 && r <= 0xD7A3 }
