package moderation

// reading is a folded text whose words have been judged: which are disguised,
// and where single letters stand in for a word.
type reading struct {
	elements []element
	spaced   []spacedRun
	hidden   int
}

// spacedRun is a row of single letters, elements[from:to], such as s.p.a.m or
// s p a m, with its letters judged as one word.
type spacedRun struct {
	from, to int
	letters  []element
}

const (
	minSpaced = 3 // letters that make a row; two are initials
	maxGap    = 3 // code points between two letters of a row
)

// read folds a text and judges each word by itself and by its neighbours.
func read(text string) *reading {
	f := fold(text)
	r := &reading{elements: f.out, hidden: f.hidden}
	r.spaced = spacedRuns(f.out)
	latin := mostlyLatin(f.out)
	eachWord(f.out, func(from, to int) { judge(f.out[from:to], latin) })
	for _, run := range r.spaced {
		judge(run.letters, latin)
	}
	return r
}

// eachWord visits the longest runs of elements that are no gaps.
func eachWord(els []element, visit func(from, to int)) {
	for i := 0; i < len(els); {
		if els[i].kind == gap {
			i++
			continue
		}
		from := i
		for i < len(els) && els[i].kind != gap {
			i++
		}
		visit(from, i)
	}
}

// wordFacts is what a word is made of.
type wordFacts struct {
	letters, latin int
	foreign        int // letters of other scripts with a Latin twin
	weak           int // those of them whose twin is weak
	unlike         int // letters of other scripts without a twin
	signs, digits  int
	blocks         int // runs of digits
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
func (f wordFacts) disguised(latinText bool) bool {
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
func (f wordFacts) spelled() bool {
	if f.letters == 0 {
		return false
	}
	return f.inside || f.blocks > 1 || f.digits < f.letters+f.signs
}

// judge marks how the elements of one word may be read.
func judge(word []element, latinText bool) {
	f := factsOf(word)
	alike, spelled := f.disguised(latinText), f.spelled()
	for i := range word {
		e := &word[i]
		switch e.kind {
		case letter:
			e.alike = alike
			if alike {
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
func mostlyLatin(els []element) bool {
	latin, other := 0, 0
	eachWord(els, func(from, to int) {
		f := factsOf(els[from:to])
		switch {
		case f.latin > 0 && f.foreign+f.unlike == 0:
			latin += f.latin
		case f.latin == 0 && f.weak+f.unlike > 0:
			other += f.letters
		}
	})
	return latin >= other
}

// spacedRuns finds the rows of single letters.
func spacedRuns(els []element) []spacedRun {
	var runs []spacedRun
	from, last, n := 0, 0, 0 // the current row: first and last element, letters
	flush := func() {
		if n >= minSpaced {
			runs = append(runs, newSpacedRun(els, from, last+1, n))
		}
		n = 0
	}
	eachWord(els, func(start, end int) {
		if end-start > 1 {
			flush()
			return
		}
		if n > 0 && start-last-1 > maxGap {
			flush()
		}
		if n == 0 {
			from = start
		}
		last, n = start, n+1
	})
	flush()
	return runs
}

func newSpacedRun(els []element, from, to, n int) spacedRun {
	run := spacedRun{from: from, to: to, letters: make([]element, 0, n)}
	for _, e := range els[from:to] {
		if e.kind != gap {
			run.letters = append(run.letters, e)
		}
	}
	return run
}
