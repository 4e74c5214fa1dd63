package comment

import (
	"context"
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// matter is equal for entries of which one is enough.
func (w Word) matter() string {
	text := w.Text
	if w.Kind == KindWord {
		text = moderation.WordKey(text)
	}
	return strings.Join([]string{w.List, w.Kind, text, strings.ToLower(w.Language), w.Section, w.Page}, "\x00")
}

// wordsThere are a site's entries by their matter, as of a version of its lists. A
// long list is read before a transaction, which then holds nobody up.
type wordsThere struct {
	site     Site
	version  int64
	number   int
	byMatter map[string]Word
}

func (s *Service) wordsThere(ctx context.Context, site string) (there wordsThere, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		there, err = readWordsThere(r, site)
		return err
	})
	return there, err
}

func readWordsThere(r Reader, key string) (wordsThere, error) {
	site, err := r.Site(key)
	if err != nil {
		return wordsThere{}, err
	}
	versions, err := r.Versions(key)
	if err != nil {
		return wordsThere{}, err
	}
	all, err := r.Words(key)
	there := wordsThere{site, versions[ListWords], len(all), make(map[string]Word, len(all))}
	for _, w := range all {
		there.byMatter[w.matter()] = w
	}
	return there, err
}

// admit refuses entries of a site that are there already, in whatever spelling.
func (t wordsThere) admit(tx Tx, site string, words ...Word) error {
	versions, err := tx.Versions(site)
	if err == nil && versions[ListWords] != t.version { // somebody else was faster
		t, err = readWordsThere(tx, site)
	}
	if err != nil {
		return err
	}
	for _, w := range words {
		if twin, is := t.byMatter[w.matter()]; is && twin.ID != w.ID {
			return twin.there()
		}
	}
	return nil
}

// there says that an entry is on its list already.
func (w Word) there() *fault.Error {
	return fault.New(fault.Conflict, "conflict", fmt.Sprintf("The %s list has this entry already, written “%s”.", w.List, w.Text))
}
