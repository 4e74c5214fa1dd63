package moderation

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The lists that a Word may be on.
const (
	ListBanned  = "banned"  // refuses the comment
	ListSuspect = "suspect" // holds it
	ListAllowed = "allowed" // exempts what it covers from the other two
)

// Word is one entry of a site's lists: a word, or a phrase of several words with
// any spaces and punctuation between them. It matches whole words only, in any
// spelling that Normalise sees through; an ending counts only if it is listed.
type Word struct {
	ID, List, Text string
}

// Words are the compiled lists of one site: read only, safe for use by many
// goroutines at once.
type Words struct {
	entries   []Word
	spellings []spelling // sorted as the trie wants them
	trie      *trie
}

// spelling is one way in which an entry may stand in a text.
type spelling struct {
	key       []rune // skeletons without doubled runes
	read      []rune // what each element has to be read as; ' ' is any gap
	entry     int
	lead, end int  // length of the first and the last run of one skeleton
	joined    bool // a phrase without its gaps, for rows of single letters only
}

// The limits of an entry.
const (
	minEntry = 2
	maxEntry = 100
)

// WordError says why a text cannot be an entry of a list.
type WordError struct {
	Code     string // "too_short", "too_long", "no_letters", "wildcard" or "encoding"
	Sentence string // plain English for the person who entered it
}

func (e *WordError) Error() string { return e.Sentence }

// CheckWord reports whether a text can be an entry of a list. The error is a
// *WordError.
func CheckWord(text string) error {
	switch {
	case !utf8.ValidString(text):
		return &WordError{"encoding", "The entry is not valid UTF-8."}
	case utf8.RuneCountInString(text) > maxEntry:
		return &WordError{"too_long", fmt.Sprintf("An entry has at most %d characters.", maxEntry)}
	case strings.Contains(text, "*"):
		return &WordError{"wildcard", "Entries match whole words and know no wildcard; list each ending."}
	}
	chars := 0
	for _, r := range patternOf(text) {
		if r != ' ' {
			chars++
		}
		if unspaced(r) {
			chars += minEntry // one such character is a word
		}
	}
	switch {
	case chars == 0:
		return &WordError{"no_letters", "An entry needs letters or digits."}
	case chars < minEntry:
		return &WordError{"too_short", "An entry of a single letter would match by accident."}
	}
	return nil
}

// CompileWords prepares a site's lists for matching. It takes time and memory
// linear in their length; the same entry on two lists is no error.
func CompileWords(words []Word) (*Words, error) {
	w := &Words{entries: slices.Clone(words)}
	for i, word := range w.entries {
		if word.List != ListBanned && word.List != ListSuspect && word.List != ListAllowed {
			return nil, fmt.Errorf("word %q: unknown list %q", word.ID, word.List)
		}
		if err := CheckWord(word.Text); err != nil {
			return nil, fmt.Errorf("word %q: %w", word.ID, err)
		}
		w.addSpellings(i)
	}
	slices.SortStableFunc(w.spellings, func(a, b spelling) int { return slices.Compare(a.key, b.key) })
	keys := make([][]rune, len(w.spellings))
	for i := range w.spellings {
		keys[i] = w.spellings[i].key
	}
	w.trie = newTrie(keys)
	return w, nil
}

func (w *Words) addSpellings(entry int) {
	read := patternOf(w.entries[entry].Text)
	w.spellings = append(w.spellings, newSpelling(entry, read))
	if !slices.Contains(read, ' ') {
		return
	}
	glued := slices.DeleteFunc(slices.Clone(read), func(r rune) bool { return r == ' ' })
	if len(glued) >= minSpaced {
		f := newSpelling(entry, glued)
		f.joined = true
		w.spellings = append(w.spellings, f)
	}
}

// patternOf folds the text of an entry. Unlike a comment's, a word of it that is
// foreign throughout always means itself.
func patternOf(text string) []rune {
	els := fold(norm.NFC.String(text)).out
	eachWord(els, func(from, to int) { judge(els[from:to], false) })
	var read []rune
	for i := range els {
		e := &els[i]
		switch {
		case e.kind != gap && e.alike:
			read = append(read, e.shape)
		case e.kind != gap:
			read = append(read, e.base)
		case len(read) > 0 && read[len(read)-1] != ' ':
			read = append(read, ' ')
		}
	}
	if n := len(read); n > 0 && read[n-1] == ' ' {
		read = read[:n-1]
	}
	return read
}

func newSpelling(entry int, read []rune) spelling {
	f := spelling{read: read, entry: entry}
	runs := 0
	for i, r := range read {
		c := skeleton(r)
		if i == 0 || c != f.key[len(f.key)-1] {
			f.key = append(f.key, c)
			f.end = 0
			runs++
		}
		f.end++
		if runs == 1 {
			f.lead++
		}
	}
	return f
}
