package store

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const siteColumns = "site_id, name, origins, options, created_at"

func scanSite(s scanner) (site comment.Site, err error) {
	var origins, options string
	if err := s.Scan(&site.Key, &site.Name, &origins, &options, instant{&site.CreatedAt}); err != nil {
		return site, err
	}
	if err := json.Unmarshal([]byte(origins), &site.Origins); err != nil {
		return site, fmt.Errorf("origins of site %s: %w", site.Key, err)
	}
	var stored map[string]any
	if err := json.Unmarshal([]byte(options), &stored); err != nil {
		return site, fmt.Errorf("options of site %s: %w", site.Key, err)
	}
	site.Options = comment.DefaultOptions()
	for name, value := range stored {
		// An option that this binary does not know, or no longer takes, keeps its default.
		_ = site.Options.Set(name, fmt.Sprint(value))
	}
	return site, nil
}

func (q *query) Site(key string) (comment.Site, error) {
	return one(q, scanSite, "select "+siteColumns+" from sites where site_id = $1", key)
}

func (q *query) Sites() ([]comment.Site, error) {
	return list(q, scanSite, "select "+siteColumns+" from sites order by site_id")
}

func (w *write) PutSite(s comment.Site) error {
	origins, _ := json.Marshal(s.Origins)
	options, _ := json.Marshal(s.Options.Map())
	if err := w.conn.put(w.ctx, `insert into sites (site_id, name, origins, options, created_at) values ($1, $2, $3, $4, $5)
		on conflict (site_id) do update set name = excluded.name, origins = excluded.origins, options = excluded.options`,
		s.Key, s.Name, string(origins), string(options), micros(s.CreatedAt)); err != nil {
		return err
	}
	return w.conn.put(w.ctx, "insert into log_heads (site_id, seq, hash) values ($1, 0, '') on conflict do nothing", s.Key)
}

func (q *query) Versions(site string) (map[comment.List]int64, error) {
	type version struct {
		list comment.List
		n    int64
	}
	found, err := list(q, func(s scanner) (v version, err error) {
		err = s.Scan(&v.list, &v.n)
		return v, err
	}, "select list, n from list_versions where site_id in ($1, '*')", site)
	versions := make(map[comment.List]int64, len(found))
	for _, v := range found {
		versions[v.list] = v.n
	}
	return versions, err
}

func (w *write) Revise(site string, list comment.List) error {
	return w.conn.put(w.ctx, `insert into list_versions (site_id, list, n) values ($1, $2, 1)
		on conflict (site_id, list) do update set n = list_versions.n + 1`, site, string(list))
}

const pageColumns = "site_id, page_id, page_key, url, title, created_at, closed_at, visible, premod_until, premod_since, premod_by, premod_for, spared_until"

func scanPage(s scanner) (p comment.Page, err error) {
	err = s.Scan(&p.Site, &p.ID, &p.Key, &p.URL, &p.Title, instant{&p.CreatedAt}, instant{&p.ClosedAt}, &p.Count,
		instant{&p.Premoderation.Until}, instant{&p.Premoderation.Since}, &p.Premoderation.By, &p.Premoderation.For, instant{&p.SparedUntil})
	return p, err
}

func (q *query) Page(site, id string) (comment.Page, error) {
	return one(q, scanPage, "select "+pageColumns+" from pages where site_id = $1 and page_id = $2", site, id)
}

func (q *query) PageByKey(site, key string) (comment.Page, error) {
	return one(q, scanPage, "select "+pageColumns+" from pages where site_id = $1 and page_key = $2", site, key)
}

func (q *query) PageByURL(site, url string) (comment.Page, error) {
	page, err := one(q, scanPage, "select "+pageColumns+" from pages where site_id = $1 and url = $2 and visible > 0 order by page_id limit 1", site, url)
	if fault.Is(err, "not_found") {
		page, err = one(q, scanPage, "select "+pageColumns+" from pages where site_id = $1 and url = $2 order by page_id limit 1", site, url)
	}
	return page, err
}

func (q *query) Pages(site, before string, limit int) ([]comment.Page, error) {
	if before == "" {
		before = lastID
	}
	return list(q, scanPage, "select "+pageColumns+" from pages where site_id = $1 and page_id < $2 order by page_id desc limit $3", site, before, limit)
}

// lastID sorts after every id.
const lastID = "~"

// keysMost is the number of keys that one statement asks for.
const keysMost = 100

func (q *query) PagesByKey(site string, keys []string) (map[string]comment.Page, error) {
	found := map[string]comment.Page{}
	for len(keys) > 0 {
		some := keys[:min(len(keys), keysMost)]
		keys = keys[len(some):]
		args := []any{site}
		for i := range keysMost { // one statement for every number of keys
			args = append(args, some[min(i, len(some)-1)])
		}
		err := q.each(pagesByKey, args, func(s scanner) error {
			p, err := scanPage(s)
			found[p.Key] = p
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

var pagesByKey = "select " + pageColumns + " from pages where site_id = $1 and page_key in (" + places(2, keysMost) + ")"

// places writes n parameters from $first on.
func places(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}

func (w *write) PutPage(p comment.Page) error {
	return w.conn.put(w.ctx, `insert into pages (`+pageColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (site_id, page_id) do update set url = excluded.url, title = excluded.title, closed_at = excluded.closed_at`,
		p.Site, p.ID, p.Key, p.URL, p.Title, micros(p.CreatedAt), micros(p.ClosedAt), p.Count,
		micros(p.Premoderation.Until), micros(p.Premoderation.Since), p.Premoderation.By, p.Premoderation.For, micros(p.SparedUntil))
}

func (w *write) CountPage(site, id string, by int) error {
	return w.conn.put(w.ctx, "update pages set visible = visible + $3 where site_id = $1 and page_id = $2", site, id, by)
}

const authorColumns = `site_id, author_id, kind, name, email, approved, rejected, first_seen,
	good, bad, counted_at, last_rejected_at, standing, standing_until, standing_reason, standing_by, standing_at`

func scanAuthor(s scanner) (a comment.Author, err error) {
	err = s.Scan(&a.Site, &a.ID, &a.Kind, &a.Name, &a.Email, &a.Approved, &a.Rejected, instant{&a.FirstSeen},
		millionths{&a.Record.Good}, millionths{&a.Record.Bad}, instant{&a.Record.At}, instant{&a.LastRejected},
		&a.Said.Standing, instant{&a.Said.Until}, &a.Said.Reason, &a.Said.By, instant{&a.Said.When})
	return a, err
}

func (q *query) Author(site, id string) (comment.Author, error) {
	return one(q, scanAuthor, "select "+authorColumns+" from authors where site_id = $1 and author_id = $2", site, id)
}

func (w *write) PutAuthor(a comment.Author) error {
	return w.conn.put(w.ctx, `insert into authors (site_id, author_id, kind, name, email, approved, rejected, first_seen) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (site_id, author_id) do update set name = excluded.name, email = excluded.email`,
		a.Site, a.ID, a.Kind, a.Name, a.Email, a.Approved, a.Rejected, micros(a.FirstSeen))
}

func (w *write) CountAuthor(site, id string, approved, rejected int) error {
	return w.conn.put(w.ctx, "update authors set approved = case when approved + $3 < 0 then 0 else approved + $3 end, rejected = case when rejected + $4 < 0 then 0 else rejected + $4 end where site_id = $1 and author_id = $2", site, id, approved, rejected)
}
