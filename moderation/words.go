package moderation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The lists that a Word may be on.
const (
	ListBanned  = "banned"  // refuses the comment
	ListSuspect = "suspect" // holds it
	ListAllowed = "allowed" // exempts what it covers from the other two
	ListLegal   = "legal"   // a person has to look first, whatever the mode and what is allowed
)

// Word is one entry of a site's lists: a word, or a phrase of several words with
// any spaces and punctuation between them. It matches whole words only, in any
// spelling that Normalise sees through; an ending counts only if it is listed.
type Word struct {
	ID, List, Text string

	// Host makes the entry one for links: Text is a host as HostName gives it, and
	// stands for all hosts below it too.
	Host bool
	// Where and when the entry counts. Nothing of it is compiled: what has expired
	// stops counting at once.
	Scope     Scope
	Language  string    // BCP 47 tag; it counts where the site has the same language; "" = everywhere
	ExpiresAt time.Time // zero = never
	// Except are phrases in which this entry is innocent.
	Except []string
}

// Words are the compiled lists of one site: read only, safe for use by many
// goroutines at once.
type Words struct {
	entries   []Word           // behind them, the exceptions of single entries as entries of their own
	exempts   map[int]int      // the entry that such an exception is of
	hosts     map[string][]int // entries for links, by host
	spellings []spelling       // sorted as the trie wants them
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
	Code     string // "too_short", "too_long", "no_letters", "wildcard", "regular_expression", "encoding" or "not_host"
	Sentence string // plain English for the person who entered it
}

func (e *WordError) Error() string { return e.Sentence }

// CheckWord reports whether a text can be an entry of a list. The error is a
// *WordError.
func CheckWord(text string) error {
	switch {
	case strings.ContainsRune(text, utf8.RuneError):
		return errEncoding
	case strings.ContainsAny(text, expressionSigns) && expression.MatchString(text):
		return &WordError{"regular_expression", "Entries are plain words and know no regular expressions; list each spelling that is a word of its own."}
	}
	_, err := checkedPattern(text)
	return err
}

var errEncoding = &WordError{"encoding", "The entry is not valid UTF-8; save the file in that encoding."}

// expression finds what only a regular expression would have. It has one of the
// signs.
var expression = regexp.MustCompile(`\\[a-zA-Z.]|\(\?|\.\+|\[[^\]]*-[^\]]*\]|\pL\[[^\]\s]{2,}\]|\[[^\]\s]{2,}\]\pL|\pL\?\pL|\pL{3}\|\pL{3}|\][+?{]|\([^)]*\|[^)]*\)|\{\d+(,\d*)?\}|^\^|^/.+/[a-z]*$`)

const expressionSigns = `\(.[]{^/?|`

// checkedPattern is patternOf for a text that can be matched. It refuses less than
// CheckWord: lists are full of what was entered long ago, and one old entry must
// not take a whole list away.
func checkedPattern(text string) ([]rune, error) {
	switch {
	case !utf8.ValidString(text):
		return nil, errEncoding
	case utf8.RuneCountInString(text) > maxEntry:
		return nil, &WordError{"too_long", fmt.Sprintf("An entry has at most %d characters.", maxEntry)}
	case strings.Contains(text, "*"):
		return nil, &WordError{"wildcard", "Entries match whole words and know no wildcard; list each ending."}
	}
	pattern, chars := patternOf(text), 0
	for _, r := range pattern {
		if r != ' ' {
			chars++
		}
		if unspaced(r) {
			chars += minEntry // one such character is a word
		}
	}
	switch {
	case chars == 0:
		return nil, &WordError{"no_letters", "An entry needs letters or digits."}
	case chars < minEntry:
		return nil, &WordError{"too_short", "An entry of a single letter would match by accident."}
	}
	return pattern, nil
}

// CompileWords prepares a site's lists for matching. It takes time and memory
// linear in their length; the same entry on two lists is no error.
func CompileWords(words []Word) (*Words, error) {
	w := &Words{entries: slices.Clone(words), exempts: map[int]int{}, hosts: map[string][]int{}}
	for i, word := range words {
		if err := w.add(i, word); err != nil {
			return nil, fmt.Errorf("word %q: %w", word.ID, err)
		}
	}
	slices.SortStableFunc(w.spellings, func(a, b spelling) int { return slices.Compare(a.key, b.key) })
	keys := make([][]rune, len(w.spellings))
	for i := range w.spellings {
		keys[i] = w.spellings[i].key
	}
	w.trie = newTrie(keys)
	return w, nil
}

// lists are all lists.
var lists = []string{ListBanned, ListSuspect, ListAllowed, ListLegal}

func (w *Words) add(entry int, word Word) error {
	if !slices.Contains(lists, word.List) {
		return fmt.Errorf("unknown list %q", word.List)
	}
	if word.Host {
		host, err := HostName(word.Text)
		w.hosts[host] = append(w.hosts[host], entry)
		return err
	}
	if err := w.addSpellings(entry); err != nil {
		return err
	}
	for _, text := range word.Except {
		w.exempts[len(w.entries)] = entry
		w.entries = append(w.entries, Word{List: ListAllowed, Text: text})
		if err := w.addSpellings(len(w.entries) - 1); err != nil {
			return err
		}
	}
	return nil
}

func (w *Words) addSpellings(entry int) error {
	read, err := checkedPattern(w.entries[entry].Text)
	if err != nil {
		return err
	}
	w.spellings = append(w.spellings, newSpelling(entry, read))
	if !slices.Contains(read, ' ') {
		return nil
	}
	glued := slices.DeleteFunc(slices.Clone(read), func(r rune) bool { return r == ' ' })
	if len(glued) >= minSpaced {
		f := newSpelling(entry, glued)
		f.joined = true
		w.spellings = append(w.spellings, f)
	}
	return nil
}

// WordKey is equal for entries that match the same texts: case, accents, disguises
// and punctuation do not count.
func WordKey(text string) string { return string(patternOf(text)) }

// patternOf folds the text of an entry. Unlike a comment's, a word of it that is
// foreign throughout always means itself.
func patternOf(text string) []rune {
	r := newReading(norm.NFC.String(text))
	defer r.done()
	r.judge(false)
	var read []rune
	for i := range r.out {
		e := &r.out[i]
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
	f := spelling{read: read, entry: entry, key: make([]rune, 0, len(read))}
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
