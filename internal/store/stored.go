package store

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
)

// storedRows are the rows that events of the house cover: their kinds, with the key
// of each, the name of a person that an erasure may take away, and all columns that
// only a change which the log tells of may touch. What a key begins with narrows
// the list.
var storedRows = map[string]string{
	comment.RowSite: `select site_id, '', name, origins, options, created_at
		from sites where site_id = $1 and site_id in (` + places(2, keysMost) + ")",
	comment.RowWord: `select word_id, by_name, list, kind, text, language, section, page, expires_at, exceptions, note, by_kind, by_id, created_at, since
		from words where site_id = $1 and word_id in (` + places(2, keysMost) + ")",
	comment.RowBlock: `select block_id, actor_name, kind, value, shown, effect, reason, until_at, author_id, created_at
		from blocks where site_id = $1 and block_id in (` + places(2, keysMost) + ")",
	comment.RowRule: `select rule_id, '', version, name, body, created_at, changed_at
		from rules where site_id = $1 and rule_id in (` + places(2, keysMost) + ")",
	comment.RowVersion: `select rule_id || '/' || cast(version as text), actor_name, body, actor_kind, actor_id, at
		from rule_versions where site_id = $1 and rule_id in (` + places(2, keysMost) + ")",
	comment.RowPerson: `select author_id, standing_by, standing, standing_until, standing_reason, standing_at
		from authors where site_id = $1 and author_id in (` + places(2, keysMost) + ")",
	comment.RowStanding: `select author_id || '/' || standing_id, actor_name, standing, until_at, reason, note, actor_kind, actor_id, at
		from standings where site_id = $1 and author_id in (` + places(2, keysMost) + ")",
	comment.RowCheck: `select integration_id, '', kind, name, url, settings, asked, only_for, silence, most, sends, deadline, enabled, version, created_at
		from integrations where site_id = $1 and integration_id in (` + places(2, keysMost) + ")",
}

func (q *query) StoredRows(kind, site string, keys []string) (map[string]comment.StoredRow, error) {
	statement, found := storedRows[kind], map[string]comment.StoredRow{}
	if statement == "" {
		return nil, fmt.Errorf("no rows of the kind %q are known", kind)
	}
	for len(keys) > 0 {
		some := keys[:min(len(keys), keysMost)]
		keys = keys[len(some):]
		args := []any{site}
		for i := range keysMost { // one statement for every number of keys
			first, _, _ := strings.Cut(some[min(i, len(some)-1)], "/")
			args = append(args, first)
		}
		columns := strings.Count(statement[:strings.Index(statement, "from ")], ",") + 1
		err := q.each(statement, args, func(s scanner) error {
			row, to := make([]any, columns), make([]any, columns)
			for i := range row {
				to[i] = &row[i]
			}
			if err := s.Scan(to...); err != nil {
				return err
			}
			texts := make([]string, columns)
			for i, v := range row {
				texts[i] = stored(v)
			}
			found[texts[0]] = comment.StoredRow{Name: texts[1], Parts: texts[2:]}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// stored is a value as both engines have it: the file keeps a truth as 0 or 1.
func stored(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		if v {
			return "1"
		}
		return "0"
	case int32:
		return strconv.Itoa(int(v))
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return fmt.Sprint(v)
}
