package moderation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Codes of the check "words".
const (
	CodeBannedWord  = "banned_word"  // reject
	CodeSuspectWord = "suspect_word" // hold
	CodeLegalTerm   = "legal_term"   // review
	CodeBannedHost  = "banned_host"  // reject: a link
	CodeSuspectHost = "suspect_host" // hold: a link
)

// wordsCheck matches the site's lists, one evidence for each entry found, so
// that every entry can be judged by what it caused.
type wordsCheck struct{}

func (wordsCheck) Name() string { return "words" }
func (wordsCheck) Version() int { return 3 }

func (wordsCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	if s.Words == nil || len(s.Words.entries) == 0 {
		return nil, nil
	}
	found := findings{words: s.Words, source: s.Text, at: placeOf(s)}
	for _, h := range s.Words.find(s.Text, found.at) {
		found.add(h.entry, h.span)
	}
	if s.Plain != s.Text {
		found.addRendered(s.Plain)
	}
	return slices.Concat(found.evidence(), nameEvidence(s), hostEvidence(s)), nil
}

// nameEvidence matches the author's name, which is published with the text.
func nameEvidence(s *Subject) []Evidence {
	var out []Evidence
	seen := make(map[int]bool)
	for _, h := range s.Words.find(s.Author.Name, placeOf(s)) {
		if !seen[h.entry] {
			seen[h.entry] = true
			e := evidenceOf(s.Words.entries[h.entry], "The author's name contains")
			e.Data["where"] = "name"
			out = append(out, e)
		}
	}
	return out
}

// findings gathers the places of each entry, in the order of their discovery.
type findings struct {
	words  *Words
	source string
	at     place
	order  []int
	spans  map[int][]Span
}

func (f *findings) add(entry int, spans ...Span) {
	if f.spans == nil {
		f.spans = make(map[int][]Span)
	}
	known, seen := f.spans[entry]
	if !seen {
		f.order = append(f.order, entry)
	}
	for _, s := range spans {
		if !slices.Contains(known, s) && len(known) < maxFindings {
			known = append(known, s)
		}
	}
	f.spans[entry] = known
}

// addRendered adds what only the reader sees: markup inside a word, sh**i**t,
// hides it in the source, and so do character references, where it may stand in the
// open elsewhere.
func (f *findings) addRendered(plain string) {
	hits := f.words.find(plain, f.at)
	times := make(map[int]int)
	for _, h := range hits {
		f.add(h.entry)
		times[h.entry]++
	}
	if len(f.order) == 0 {
		return
	}
	r := resolved{text: f.source}
	if resolves(f.source) {
		r = resolve(f.source)
		f.addResolved(r)
	}
	source, rendered := []rune(r.text), []rune(plain)
	for _, h := range hits {
		if times[h.entry] <= len(f.spans[h.entry]) {
			continue
		}
		for _, s := range locate(source, rendered[h.span.Start:h.span.End]) {
			f.add(h.entry, r.source(s))
		}
		times[h.entry] = 0 // once for each entry: the text may be full of it
	}
}

// addResolved adds the places where an entry is written with character references
// or escapes. In code they stand for themselves, so they make no finding.
func (f *findings) addResolved(r resolved) {
	for _, h := range f.words.find(r.text, f.at) {
		if _, seen := f.spans[h.entry]; seen {
			f.add(h.entry, r.source(h.span))
		}
	}
}

// locate finds where a rendered word stands in the source, with nothing but
// markup between its letters.
func locate(source, word []rune) []Span {
	var spans []Span
	for i := 0; i < len(source) && len(spans) < maxFindings; i++ {
		end, ok := spelledAt(source, i, word)
		if ok && !within(source, i, end) {
			spans = append(spans, Span{i, end})
			i = end - 1
		}
	}
	return spans
}

// within reports whether letters around source[from:to] make a longer word of it.
func within(source []rune, from, to int) bool {
	joins := func(a, b rune) bool {
		return unicode.IsLetter(a) && unicode.IsLetter(b) && !unspaced(a) && !unspaced(b)
	}
	return from > 0 && joins(source[from-1], source[from]) || to < len(source) && joins(source[to-1], source[to])
}

func spelledAt(source []rune, i int, word []rune) (end int, ok bool) {
	limit := min(len(source), i+4*len(word)+maxGap)
	for _, r := range word {
		for i < limit && source[i] != r && end > 0 && !unicode.IsLetter(source[i]) {
			i++
		}
		if i >= limit || source[i] != r {
			return 0, false
		}
		i++
		end = i
	}
	return end, true
}

func (f *findings) evidence() []Evidence {
	if len(f.order) == 0 {
		return nil
	}
	source, out := []rune(f.source), make([]Evidence, 0, len(f.order))
	for _, entry := range f.order {
		out = append(out, foundIn(source, f.words.entries[entry], f.spans[entry]))
	}
	return out
}

func foundIn(source []rune, w Word, spans []Span) Evidence {
	e := evidenceOf(w, "Contains")
	if len(spans) == 0 {
		return e
	}
	e.Spans = spans
	if written := string(source[spans[0].Start:spans[0].End]); !strings.EqualFold(written, w.Text) {
		e.Data["written"] = written
		e.Sentence = fmt.Sprintf("%s, written “%s”.", strings.TrimSuffix(e.Sentence, "."), written)
	}
	return e
}

// evidenceOf says that something contains the entry.
func evidenceOf(w Word, contains string) Evidence {
	e := Evidence{Code: CodeBannedWord, Hint: HintReject, Data: map[string]string{"word_id": w.ID, "word": w.Text}}
	e.Sentence = fmt.Sprintf("%s the %s word “%s”.", contains, w.List, w.Text)
	switch w.List {
	case ListSuspect:
		e.Code, e.Hint = CodeSuspectWord, HintHold
	case ListLegal:
		e.Code, e.Hint = CodeLegalTerm, HintReview
		e.Sentence = fmt.Sprintf("%s the legal term “%s”.", contains, w.Text)
	}
	return e
}

// MatchWords gives what the check "words" finds, for whoever wants to know it of
// a text that nobody has posted, or of one list alone.
func MatchWords(s *Subject) []Evidence {
	found, _ := wordsCheck{}.Examine(context.Background(), s) // it knows no errors
	for i := range found {
		found[i].Check, found[i].Version = wordsCheck{}.Name(), wordsCheck{}.Version()
	}
	return found
}
