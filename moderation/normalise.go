package moderation

// Folded is a text with its disguises undone: small letters without accents,
// look-alikes and digits read as the letters they stand for, s p a c e d letters
// joined, stretched ones shortened to two, and one space between words. It is
// for comparing, never for showing.
type Folded struct {
	Runes  []rune
	Spans  []Span // Spans[i] is the piece of the source behind Runes[i]
	Hidden int    // invisible characters that were left out
}

// String returns the folded text.
func (f Folded) String() string { return string(f.Runes) }

// Span returns the piece of the source behind Runes[i:j], for 0 <= i < j <=
// len(Runes).
func (f Folded) Span(i, j int) Span { return Span{f.Spans[i].Start, f.Spans[j-1].End} }

// Normalise undoes the disguises in a text. Look-alikes are read as Latin only
// in words of mixed script and in words that look Latin throughout within a
// mostly Latin text, digits only in words with letters: honest Greek, Russian
// and numbers stay what they are. It takes time linear in the text.
func Normalise(text string) Folded {
	r := read(text)
	defer r.done()
	f := Folded{Runes: make([]rune, 0, len(r.out)), Spans: make([]Span, 0, len(r.out))}
	f.normalise(r)
	return f
}

// folded is Normalise(text).String().
func folded(text string) string {
	r := read(text)
	defer r.done()
	return string(r.runes())
}

// runes are those of Normalise, until the reading is given back.
func (r *reading) runes() []rune {
	f := Folded{Runes: r.folded[:0]}
	f.normalise(r)
	r.folded = f.Runes
	return f.Runes
}

// normalise leaves the spans out where there is no room for them.
func (f *Folded) normalise(r *reading) {
	f.Hidden = r.hidden
	next := 0
	for _, run := range r.spaced {
		f.append(r.out[next:run.from])
		f.append(run.letters)
		next = run.to
	}
	f.append(r.out[next:])
	f.trim()
}

// append adds elements, folding rows of gaps and of the same letter.
func (f *Folded) append(els []element) {
	for i := range els {
		e := &els[i]
		c, span := e.letter(), Span{int(e.start), int(e.end)}
		if e.kind == gap || e.kind == sign && !e.read {
			c = ' '
		}
		n, most := len(f.Runes), 2
		if c == ' ' {
			most = 1
		}
		if e.kind != digit || e.read {
			if n >= most && f.endsWith(c, most) {
				if f.Spans != nil {
					f.Spans[n-1].End = span.End
				}
				continue
			}
		}
		if c == ' ' && n == 0 {
			continue
		}
		f.Runes = append(f.Runes, c)
		if f.Spans != nil {
			f.Spans = append(f.Spans, span)
		}
	}
}

func (f *Folded) endsWith(c rune, n int) bool {
	for _, r := range f.Runes[len(f.Runes)-n:] {
		if r != c {
			return false
		}
	}
	return true
}

func (f *Folded) trim() {
	if n := len(f.Runes); n > 0 && f.Runes[n-1] == ' ' {
		f.Runes, f.Spans = f.Runes[:n-1], f.Spans[:max(0, len(f.Spans)-1)]
	}
}

// minWords is how many words a text needs to count as a copy: "Thank you very
// much" is news, "I agree" is not.
const minWords = 4

// wordCount counts words; two characters of an unspaced script count as one.
func wordCount(folded []rune) int {
	words, dense, inside := 0, 0, false
	for _, r := range folded {
		switch {
		case r == ' ':
			inside = false
		case unspaced(r):
			dense, inside = dense+1, false
		case !inside:
			words, inside = words+1, true
		}
	}
	return words + dense/2
}
