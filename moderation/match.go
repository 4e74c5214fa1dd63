package moderation

import (
	"slices"
	"sort"
)

// hit is one place where an entry of the lists was found.
type hit struct {
	entry int
	span  Span
}

const (
	maxWildRuns = 32 // words with stars that are looked at
	maxWild     = 2  // stars in one word
	maxWildWord = 40 // characters of such a word
)

// matcher finds the entries in one text.
type matcher struct {
	words  *Words
	hits   []hit
	starts []int32   // of the runs of one skeleton in the text being scanned
	wild   []element // the word with stars at hand
	begun  int       // hits before it
}

// find returns where the entries that count at a place stand in the text,
// exceptions applied.
func (w *Words) find(text string, at place) []hit {
	r := read(text)
	defer r.done()
	r.starts = slices.Grow(r.starts[:0], len(r.out))
	m := &matcher{words: w, starts: r.starts}
	m.scan(r.out, false)
	for _, run := range r.spaced {
		m.scan(run.letters, true)
	}
	m.scanWild(r.out)
	return w.withoutExceptions(m.hits, at)
}

// scan walks elements through the trie. A row is a text in which every element
// is a word of its own, and gaps have been taken out.
func (m *matcher) scan(els []element, row bool) {
	starts := m.starts[:0]
	node := int32(0)
	for i := 0; i < len(els); {
		from, class := i, els[i].class
		if els[i].kind == gap {
			class = ' '
		}
		for i < len(els) && (els[i].class == class || class == ' ' && els[i].kind == gap) {
			i++
		}
		starts = append(starts, int32(from))
		node = m.words.trie.step(node, class)
		m.words.trie.ending(node, func(n *trieNode) {
			first := len(starts) - int(n.depth)
			c := candidate{els: els, from: int(starts[first]), lastRun: from, to: i, row: row}
			c.firstRunEnd = i
			if first+1 < len(starts) {
				c.firstRunEnd = int(starts[first+1])
			}
			m.try(n, c)
		})
	}
}

// candidate is a piece of text whose skeleton is that of an entry.
type candidate struct {
	els         []element
	from, to    int
	firstRunEnd int // end of the first run of one skeleton
	lastRun     int // begin of the last one
	row         bool
}

// try reads a candidate as each entry of a node. The outer runs may belong to
// the neighbours in part: the @ in @ass is no letter, the first s in "it's s h i
// t" is another word's. So both ends are also tried at the entry's own length.
func (m *matcher) try(n *trieNode, c candidate) {
	for i := n.from; i < n.upto; i++ {
		f := &m.words.spellings[i]
		if f.joined && !c.row || c.row && len(f.read) < minSpaced {
			continue
		}
		froms := [2]int{c.from, max(c.from, c.firstRunEnd-f.lead)}
		tos := [2]int{c.to, min(c.to, c.lastRun+f.end)}
		if from, to, ok := c.fit(f, froms, tos); ok {
			m.hits = append(m.hits, hit{f.entry, spanOf(c.els[from:to])})
		}
	}
}

// fit returns the ends between which the candidate reads as the spelling.
func (c *candidate) fit(f *spelling, froms, tos [2]int) (from, to int, ok bool) {
	for i, from := range froms {
		if i > 0 && from == froms[0] || !c.edge(from-1, from, -1) {
			continue
		}
		for j, to := range tos {
			if j > 0 && to == tos[0] || from >= to || !c.edge(to, to-1, 1) {
				continue
			}
			if readsAs(c.els[from:to], f.read) {
				return from, to, true
			}
		}
	}
	return 0, 0, false
}

func spanOf(els []element) Span {
	return Span{int(els[0].start), int(els[len(els)-1].end)}
}

// edge reports whether a word may end between the neighbour out and the element
// in; away is the direction from in to out.
func (c *candidate) edge(out, in, away int) bool {
	if c.row || out < 0 || out >= len(c.els) {
		return true
	}
	o, e := &c.els[out], &c.els[in]
	switch o.kind {
	case letter:
		return unspaced(o.base) || unspaced(e.base)
	case digit:
		return e.kind != digit && c.numberToEdge(out, away)
	}
	return true
}

// numberToEdge reports whether only digits follow up to the end of the word, as
// in "viagra100".
func (c *candidate) numberToEdge(i, away int) bool {
	for ; i >= 0 && i < len(c.els) && c.els[i].kind != gap; i += away {
		if c.els[i].kind != digit {
			return false
		}
	}
	return true
}

// readsAs reports whether the elements may be read as the runes of an entry. One
// or two equal elements stand for exactly so many letters, since doubled letters
// part honest words (coop, cop); three or more are stretched and stand for any
// number. Digits that mean digits are never stretched.
func readsAs(els []element, want []rune) bool {
	for i := 0; i < len(els); {
		e := &els[i]
		n := i
		for n < len(els) && (els[n].base == e.base || e.kind == gap && els[n].kind == gap) {
			n++
		}
		have := n - i
		i = n
		if e.kind == gap {
			have = 1
		}
		k := 0
		for k < have && k < len(want) && e.reads(want[k]) {
			k++
		}
		stretched := have > 2 && (e.kind != digit || k == 0 || want[0] != e.base)
		if k == 0 || k < have && !stretched {
			return false
		}
		want = want[k:]
	}
	return len(want) == 0
}

// scanWild looks for entries in words with one or two inner stars.
func (m *matcher) scanWild(els []element) {
	tried := 0
	for i := 1; i < len(els) && tried < maxWildRuns; i++ {
		if els[i].base != '*' || els[i].kind != gap || els[i-1].kind == gap {
			continue
		}
		from, to := wildWord(els, i)
		if m.takeWild(trimStars(els[from:to])) {
			tried++
			m.begun = len(m.hits)
			m.walkWild(0, 0, 0)
		}
		i = to
	}
}

// wildWord returns the word around the star at i, other stars included.
func wildWord(els []element, i int) (from, to int) {
	part := func(j int) bool { return j >= 0 && j < len(els) && (els[j].kind != gap || els[j].base == '*') }
	from, to = i, i+1
	for part(from - 1) {
		from--
	}
	for part(to) {
		to++
	}
	return from, to
}

// trimStars takes the stars off both ends of a word: there they are emphasis.
func trimStars(word []element) []element {
	for len(word) > 0 && word[0].kind == gap {
		word = word[1:]
	}
	for len(word) > 0 && word[len(word)-1].kind == gap {
		word = word[:len(word)-1]
	}
	return word
}

// takeWild copies a word with its stars made wild. It reports false when it has
// none, or so many that nobody knows what they stand for.
func (m *matcher) takeWild(word []element) bool {
	if len(word) > maxWildWord {
		return false
	}
	stars := 0
	m.wild = append(m.wild[:0], word...)
	for i := range m.wild {
		if m.wild[i].kind == gap {
			m.wild[i].kind = wild
			stars++
		}
	}
	return stars > 0 && stars <= maxWild
}

// walkWild goes down the trie with a whole word, a star going every way.
func (m *matcher) walkWild(i int, node int32, last rune) {
	t := m.words.trie
	if i == len(m.wild) {
		m.tryWhole(&t.nodes[node])
		return
	}
	e := &m.wild[i]
	if e.kind == wild {
		m.walkWild(i+1, node, last)
		for c, end := t.nodes[node].first, t.nodes[node].first+t.nodes[node].n; c < end; c++ {
			m.walkWild(i+1, c, t.nodes[c].label)
		}
		return
	}
	if e.class != last {
		if node = t.child(node, e.class); node == 0 {
			return
		}
	}
	m.walkWild(i+1, node, e.class)
}

func (m *matcher) tryWhole(n *trieNode) {
	for i := n.from; i < n.upto; i++ {
		f := &m.words.spellings[i]
		h := hit{f.entry, spanOf(m.wild)}
		if !f.joined && readsAs(m.wild, f.read) && !slices.Contains(m.hits[m.begun:], h) {
			m.hits = append(m.hits, h) // several ways through the stars lead here
		}
	}
}

// forAll is the key of the spans that exempt every entry of the lists that know
// exceptions.
const forAll = -1

// withoutExceptions drops the hits that do not count at a place, those that an
// allowed entry or an exception covers, and the allowed ones themselves.
func (w *Words) withoutExceptions(hits []hit, at place) []hit {
	hits = slices.DeleteFunc(hits, func(h hit) bool { return !w.entries[h.entry].holds(at) })
	exempt := w.exempt(hits)
	return slices.DeleteFunc(hits, func(h hit) bool {
		list := w.entries[h.entry].List
		return list == ListAllowed || list != ListLegal && covered(h.span, exempt[forAll]) || covered(h.span, exempt[h.entry])
	})
}

// exempt gives what the allowed among the hits cover, by the entry that it is
// exempt from.
func (w *Words) exempt(hits []hit) map[int][]Span {
	var exempt map[int][]Span
	for _, h := range hits {
		if w.entries[h.entry].List != ListAllowed {
			continue
		}
		of, one := w.exempts[h.entry]
		if !one {
			of = forAll
		}
		if exempt == nil {
			exempt = map[int][]Span{}
		}
		exempt[of] = append(exempt[of], h.span)
	}
	for _, spans := range exempt {
		slices.SortFunc(spans, func(a, b Span) int { return a.Start - b.Start })
		for i := 1; i < len(spans); i++ { // End becomes the farthest end so far
			spans[i].End = max(spans[i].End, spans[i-1].End)
		}
	}
	return exempt
}

// covered reports whether one of the spans of exempt holds all of s. Of those that begin
// no later than s, the last one knows the farthest end.
func covered(s Span, exempt []Span) bool {
	after := sort.Search(len(exempt), func(i int) bool { return exempt[i].Start > s.Start })
	return after > 0 && exempt[after-1].End >= s.End
}
