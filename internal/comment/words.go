package comment

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// Word is one entry of a site's lists: a word, a phrase or a host.
type Word struct {
	Site       string
	ID         string
	List       string // banned, suspect, allowed or legal
	Kind       string // KindWord or KindHost
	Text       string
	Language   string // BCP 47 tag; "" = any
	Section    string // "" = every; see moderation.SectionOf
	Page       string // its key or its normalised address; "" = every
	ExpiresAt  time.Time
	Exceptions []string // phrases in which it is innocent
	Note       string   // for colleagues
	AddedBy    Actor    // or changed what it matches
	CreatedAt  time.Time
	Since      time.Time // when what it matches was last changed
}

// The kinds of entry.
const (
	KindWord = "word" // a word or a phrase
	KindHost = "host" // a host that is linked, with those below it
)

// The lists of words, in the order of the desk's tabs.
var wordLists = []string{moderation.ListBanned, moderation.ListSuspect, moderation.ListAllowed, moderation.ListLegal}

// wordsMost is the number of entries that a site may have.
const wordsMost = 50_000

// Limits of an entry's other fields.
const (
	maxWordNote   = 1000 // bytes
	maxExceptions = 20
	maxSection    = 200 // bytes
	maxLanguage   = 35  // bytes
)

// WordPlace is where a list of words was left.
type WordPlace struct{ List, Text, ID string }

// WordQuery asks for some of a site's words, by list and text.
type WordQuery struct {
	Site   string
	List   string // "" = all
	Kind   string // "" = all
	Search string // part of the text, however it is written
	After  WordPlace
	Limit  int
}

// wordReader reads words; see Reader.
type wordReader interface {
	Words(site string) ([]Word, error) // all of them, by list and text
	Word(site, id string) (Word, error)
	CountWords(site string) (int, error)
	// WordPage gives some, and where to go on, nil at the end. A search looks
	// through a bounded number of them at a time.
	WordPage(q WordQuery) (found []Word, last *WordPlace, err error)
}

// wordWriter writes words; see Tx. Whoever changes them calls Revise.
type wordWriter interface {
	PutWord(w Word) error // a conflict where the list has the same for the same
	ChangeWord(w Word) error
	RemoveWord(site, id string) error
}

// check brings an entry into its one form, or says what is wrong with it.
func (w *Word) check(st Site) error {
	if !slices.Contains(wordLists, w.List) {
		return fault.Input("list", "invalid", "The list is banned, suspect, allowed or legal.")
	}
	for _, part := range []func(Site) error{w.checkText, w.checkScope, w.checkRest} {
		if err := part(st); err != nil {
			return err
		}
	}
	return nil
}

func (w *Word) checkText(Site) error {
	switch w.Kind {
	case "":
		w.Kind = KindWord
	case KindWord, KindHost:
	default:
		return fault.Input("kind", "invalid", "An entry is a word or a host.")
	}
	if w.Kind == KindHost {
		host, err := moderation.HostName(w.Text)
		if err != nil {
			return badEntry("text", err)
		}
		w.Text = host
		if len(w.Exceptions) > 0 {
			return fault.Input("exceptions", "invalid", "A host has no exceptions; put a host below it on the allowed list.")
		}
		return nil
	}
	clean, err := cleanEntry(w.Text, "text")
	if err != nil {
		return err
	}
	w.Text = clean
	if len(w.Exceptions) > maxExceptions {
		return fault.Input("exceptions", "too_many", fmt.Sprintf("An entry has at most %d exceptions.", maxExceptions))
	}
	for i, text := range w.Exceptions {
		if w.Exceptions[i], err = cleanEntry(text, "exceptions"); err != nil {
			return err
		}
	}
	return nil
}

func cleanEntry(text, field string) (string, error) {
	clean, err := markup.CleanLine(text)
	if err != nil && utf8.ValidString(text) {
		return "", fault.Input(field, "invalid", "The entry is empty or contains characters that cannot be matched.")
	}
	if err != nil {
		clean = text
	}
	if err := moderation.CheckWord(clean); err != nil {
		return "", badEntry(field, err)
	}
	return clean, nil
}

// badEntry is the fault of a *moderation.WordError, which stays its cause.
func badEntry(field string, err error) error {
	f := fault.Input(field, "invalid", err.Error())
	f.Cause = err
	return f
}

func (w *Word) checkScope(st Site) error {
	if w.Section != "" && w.Page != "" {
		return fault.Input("page", "invalid", "An entry is for a section or for a page, not for both.")
	}
	w.Section = strings.ToLower(strings.Trim(w.Section, "/"))
	if strings.ContainsAny(w.Section, "/?#") || checkShort("section", w.Section, maxSection) != nil {
		return fault.Input("section", "invalid", "A section is the first folder of a page's address, such as sport.")
	}
	if w.Page == "" {
		return nil
	}
	key, err := cleanKey(w.Page)
	if err != nil || key == "" {
		return fault.Input("page", "invalid", "A page is named by its key or its address, at most 2048 bytes.")
	}
	w.Page = namedPage(st.Key, key).Key
	return nil
}

func (w *Word) checkRest(Site) error {
	if w.Language != "" && (len(w.Language) > maxLanguage || !language.MatchString(w.Language)) {
		return fault.Input("language", "invalid", "A language is a tag such as en, de or pt-BR.")
	}
	return checkShort("note", w.Note, maxWordNote)
}

// compiled is the entry as checks know it.
func (w Word) compiled() moderation.Word {
	return moderation.Word{
		ID: w.ID, List: w.List, Text: w.Text, Host: w.Kind == KindHost,
		Scope: moderation.Scope{Section: w.Section, Page: w.Page}, Language: w.Language, ExpiresAt: w.ExpiresAt, Except: w.Exceptions,
	}
}

// sameMatter reports whether two entries match the same texts, whenever they do.
func (w Word) sameMatter(other Word) bool {
	return w.List == other.List && w.Kind == other.Kind && w.Text == other.Text && w.Language == other.Language &&
		w.Section == other.Section && w.Page == other.Page && slices.Equal(w.Exceptions, other.Exceptions)
}

// changeWords runs fn as one transaction that changes a site's words.
func (s *Service) changeWords(ctx context.Context, site string, fn func(Tx, Site) error) error {
	return s.changeRules(ctx, site, func(tx Tx) error {
		st, err := tx.Site(site)
		if err != nil {
			return err
		}
		if err := fn(tx, st); err != nil {
			return err
		}
		return tx.Revise(site, ListWords)
	})
}

// over reports whether something that ends has ended; the zero time is no end.
func over(end, now time.Time) bool { return !end.IsZero() && !end.After(now) }

func endedAlready() error { return fault.Input("expires_at", "invalid", "The end lies in the future.") }

// AddWord adds an entry to one of a site's lists, which has not ended yet. What a legal term finds among
// the public comments is put back into the queue; see Sweeper.
func (s *Service) AddWord(ctx context.Context, w Word, by Actor) (Word, error) {
	there, err := s.wordsThere(ctx, w.Site)
	if err != nil {
		return w, err
	}
	err = s.changeWords(ctx, w.Site, func(tx Tx, st Site) error {
		if err := w.check(st); err != nil {
			return err
		}
		if over(w.ExpiresAt, s.Now()) {
			return endedAlready()
		}
		n, err := tx.CountWords(w.Site)
		if err != nil {
			return err
		}
		if n >= wordsMost {
			return tooManyWords()
		}
		w.enter(s.NewID(), s.Now(), by)
		if err := there.admit(tx, w.Site, w); err != nil {
			return err
		}
		if err := s.putWord(tx, w); err != nil {
			return err
		}
		return s.houseOf(tx, w.Site, WordAdded, by, w.noted(), RowWord, w.ID)
	})
	return w, err
}

func tooManyWords() error {
	return fault.Input("text", "too_many", fmt.Sprintf("A site has at most %d entries on its lists.", wordsMost))
}

func (w *Word) enter(id string, at time.Time, by Actor) {
	w.ID, w.CreatedAt, w.Since, w.AddedBy = id, at, at, by
}

// putWord inserts an entry, and a legal term with its sweep.
func (s *Service) putWord(tx Tx, w Word) error {
	if err := tx.PutWord(w); err != nil {
		return err
	}
	return s.beginSweep(tx, w)
}

// wordNote is what the log says of an entry.
type wordNote struct {
	ID        string  `json:"id"`
	List      string  `json:"list"`
	Kind      string  `json:"kind"`
	Text      string  `json:"text"`
	Language  string  `json:"language,omitempty"`
	Section   string  `json:"section,omitempty"`
	Page      string  `json:"page,omitempty"`
	ExpiresAt *string `json:"expires_at,omitempty"`
	Note      string  `json:"note,omitempty"`
}

func (w Word) noted() wordNote {
	return wordNote{w.ID, w.List, w.Kind, w.Text, w.Language, w.Section, w.Page, OptionalTime(w.ExpiresAt), w.Note}
}

// WordChange is what may be changed of an entry; nil leaves it as it is.
type WordChange struct {
	List, Text, Language, Section, Page, Note *string
	ExpiresAt                                 *time.Time // the zero time for never
	Exceptions                                []string
}

func (c WordChange) apply(w *Word) {
	set(&w.List, c.List)
	set(&w.Text, c.Text)
	set(&w.Language, c.Language)
	set(&w.Section, c.Section)
	set(&w.Page, c.Page)
	set(&w.Note, c.Note)
	set(&w.ExpiresAt, c.ExpiresAt)
	if c.Exceptions != nil {
		w.Exceptions = slices.Clone(c.Exceptions)
	}
}

// ChangeWord changes an entry. A legal term that matches something else than
// before is as good as a new one: of whoever has changed it, and swept anew.
func (s *Service) ChangeWord(ctx context.Context, site, id string, change WordChange, by Actor) (w Word, err error) {
	there, err := s.wordsThere(ctx, site)
	if err != nil {
		return w, err
	}
	err = s.changeWords(ctx, site, func(tx Tx, st Site) error {
		if w, err = tx.Word(site, id); err != nil {
			return err
		}
		before, at := w, s.Now()
		change.apply(&w)
		if err := w.check(st); err != nil {
			return err
		}
		if w.matter() != before.matter() { // else it may have a twin from long ago
			if err := there.admit(tx, site, w); err != nil {
				return err
			}
		}
		if !w.sameMatter(before) {
			w.Since, w.AddedBy = at, by
		}
		if err := tx.ChangeWord(w); err != nil {
			return err
		}
		if err := s.sweepAgain(tx, w, before, at); err != nil {
			return err
		}
		return s.houseOf(tx, site, WordChanged, by, w.noted(), RowWord, w.ID)
	})
	return w, err
}

// RemoveWord takes an entry out of its list. What a legal term has put back into
// the queue waits there for a person.
func (s *Service) RemoveWord(ctx context.Context, site, id string, by Actor) error {
	return s.changeWords(ctx, site, func(tx Tx, _ Site) error {
		w, err := tx.Word(site, id)
		if err != nil {
			return err
		}
		if err := tx.RemoveWord(site, id); err != nil {
			return err
		}
		return s.houseOf(tx, site, WordRemoved, by, w.noted(), RowWord, w.ID)
	})
}

// WordOf gives an entry, with the sweep of a legal term.
func (s *Service) WordOf(ctx context.Context, site, id string) (w ListedWord, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		w.Word, err = r.Word(site, id)
		if err != nil {
			return err
		}
		sweeps, err := sweepsOf(r, site)
		w.Sweep = sweeps[id]
		return err
	})
	if err == nil {
		one := []ListedWord{w}
		err = s.tellPrecision(ctx, site, one)
		w = one[0]
	}
	return w, err
}

// ListedWord is an entry with how precise it has been, and with the sweep of a
// legal term, nil for the others.
type ListedWord struct {
	Word
	Sweep     *Sweep
	Precision Precision
}

// WordsOf lists some of a site's entries, and where to go on, nil at the end.
func (s *Service) WordsOf(ctx context.Context, q WordQuery) (found []ListedWord, last *WordPlace, err error) {
	err = s.viewOf(ctx, q.Site, func(r Reader) error {
		sweeps, err := sweepsOf(r, q.Site)
		if err != nil {
			return err
		}
		words, at, err := r.WordPage(q)
		found, last = make([]ListedWord, len(words)), at
		for i, w := range words {
			found[i] = ListedWord{Word: w, Sweep: sweeps[w.ID]}
		}
		return err
	})
	if err == nil {
		err = s.tellPrecision(ctx, q.Site, found)
	}
	return found, last, err
}

// AllWords lists all of a site's entries, by list and text.
func (s *Service) AllWords(ctx context.Context, site string) (words []Word, err error) {
	err = s.viewOf(ctx, site, func(r Reader) error {
		words, err = r.Words(site)
		return err
	})
	return words, err
}

// WordTest is a text that nobody has posted, held against a site's lists.
type WordTest struct {
	Site, Text, Name string
	Page             string // key or address; "" = of no page
}

// WordMatch is an entry that a text matches, and what that would do.
type WordMatch struct {
	Word     Word
	Evidence moderation.Evidence
}

// TestWords tells what the lists would find in a text. Nothing is kept.
func (s *Service) TestWords(ctx context.Context, t WordTest) (found []WordMatch, err error) {
	source, err := cleanText(t.Text)
	if err != nil {
		return nil, err
	}
	rules, err := s.rulesOf(ctx, t.Site)
	if err != nil {
		return nil, err
	}
	tree := markup.Render(source)
	subject := &moderation.Subject{Text: source, Plain: tree.Plain(), Links: tree.Links(), Words: rules.words, Now: s.Now()}
	subject.Author.Name, subject.Site.Language = t.Name, rules.Options.Language
	err = s.Store.View(ctx, func(r Reader) error {
		page := Page{}
		if t.Page != "" {
			if page, err = findPage(r, rules.Site, t.Page); err != nil {
				return err
			}
		}
		subject.Page = moderation.Page{Key: page.Key, URL: page.URL, Section: moderation.SectionOf(page.URL)}
		for _, e := range moderation.MatchWords(subject) {
			w, err := r.Word(t.Site, e.Data["word_id"])
			if err != nil && !fault.Is(err, "not_found") {
				return err
			}
			if err == nil { // else it was removed just now
				found = append(found, WordMatch{w, e})
			}
		}
		return nil
	})
	return found, err
}
