package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const wordColumns = `site_id, word_id, list, kind, text, language, section, page, expires_at, exceptions, note,
	by_kind, by_id, by_name, created_at, since`

func scanWord(s scanner) (w comment.Word, err error) {
	var exceptions string
	if err := s.Scan(&w.Site, &w.ID, &w.List, &w.Kind, &w.Text, &w.Language, &w.Section, &w.Page, instant{&w.ExpiresAt}, &exceptions, &w.Note,
		&w.AddedBy.Kind, &w.AddedBy.ID, &w.AddedBy.Name, instant{&w.CreatedAt}, instant{&w.Since}); err != nil {
		return w, err
	}
	if exceptions == "[]" { // nearly always, and there may be many entries
		return w, nil
	}
	if err := json.Unmarshal([]byte(exceptions), &w.Exceptions); err != nil {
		return w, fmt.Errorf("exceptions of word %s: %w", w.ID, err)
	}
	return w, nil
}

func (q *query) Words(site string) ([]comment.Word, error) {
	return list(q, scanWord, "select "+wordColumns+" from words where site_id = $1 order by list, text, word_id", site)
}

func (q *query) Word(site, id string) (comment.Word, error) {
	return one(q, scanWord, "select "+wordColumns+" from words where site_id = $1 and word_id = $2", site, id)
}

func (q *query) CountWords(site string) (int, error) {
	n, err := one(q, scanInt, "select count(*) from words where site_id = $1", site)
	return int(n), err
}

// WordPage walks along words_in_order. Folding is moderation's, so a search
// matches here, and looks through a bounded stretch.
func (q *query) WordPage(ask comment.WordQuery) (found []comment.Word, last *comment.WordPlace, err error) {
	where, args := " where site_id = $1 and (list, text, word_id) > ($2, $3, $4)", []any{ask.Site, ask.After.List, ask.After.Text, ask.After.ID}
	if ask.List != "" {
		where, args = where+" and list = $5", append(args, ask.List)
	}
	most := searchMost
	if ask.Search == "" && ask.Kind == "" {
		most = ask.Limit + 1
	}
	wanted, looked, at := fold(ask.Search), 0, ask.After
	err = q.each("select "+wordColumns+" from words"+where+" order by list, text, word_id limit "+places(len(args)+1, 1), append(args, most), func(s scanner) error {
		w, err := scanWord(s)
		if err != nil {
			return err
		}
		matches := (ask.Kind == "" || ask.Kind == w.Kind) && (ask.Search == "" || resembles(w.Text, ask.Search, wanted))
		if matches && len(found) == ask.Limit {
			return errEnough
		}
		if matches {
			found = append(found, w)
		}
		looked++
		at = comment.WordPlace{List: w.List, Text: w.Text, ID: w.ID}
		return nil
	})
	if errors.Is(err, errEnough) || err == nil && looked == most {
		return found, &at, nil
	}
	return found, nil, err
}

// resembles reports whether an entry contains what is searched for, as it stands or
// folded.
func resembles(text, search, folded string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(search)) || folded != "" && strings.Contains(fold(text), folded)
}

func (w *write) PutWord(word comment.Word) error {
	args, err := wordArgs(word)
	if err != nil {
		return err
	}
	return w.conn.put(w.ctx, "insert into words ("+wordColumns+") values ("+places(1, 16)+")", args...)
}

func wordArgs(w comment.Word) ([]any, error) {
	exceptions := "[]"
	if len(w.Exceptions) > 0 {
		text, err := json.Marshal(w.Exceptions)
		if err != nil {
			return nil, err
		}
		exceptions = string(text)
	}
	return []any{
		w.Site, w.ID, w.List, w.Kind, w.Text, w.Language, w.Section, w.Page, micros(w.ExpiresAt), exceptions, w.Note,
		w.AddedBy.Kind, w.AddedBy.ID, w.AddedBy.Name, micros(w.CreatedAt), micros(w.Since),
	}, nil
}

func (w *write) ChangeWord(word comment.Word) error {
	args, err := wordArgs(word)
	if err != nil {
		return err
	}
	return missing(w.conn.exec(w.ctx, `update words set list = $3, kind = $4, text = $5, language = $6, section = $7, page = $8, expires_at = $9, exceptions = $10, note = $11,
		by_kind = $12, by_id = $13, by_name = $14, created_at = $15, since = $16 where site_id = $1 and word_id = $2`, args...))
}

// missing makes fault.Missing of a statement that has changed nothing.
func missing(n int64, err error) error {
	if err == nil && n == 0 {
		return fault.Missing()
	}
	return err
}

func (w *write) RemoveWord(site, id string) error {
	return missing(w.conn.exec(w.ctx, "delete from words where site_id = $1 and word_id = $2", site, id))
}
