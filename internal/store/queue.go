package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

// searchMost is the number of comments of a site that one page of a search
// looks through.
const searchMost = 5000

// Queue merges the lists of the sites: each is served by an index in the order
// asked for, so a page costs the same however long the queue is.
func (q *query) Queue(ask comment.QueueQuery) ([]comment.Comment, *comment.Place, error) {
	switch {
	case ask.Reported:
		return q.reported(ask)
	case ask.Status != "" && !slices.Contains(comment.Statuses, ask.Status):
		return nil, nil, nil
	}
	var found []comment.Comment
	bound := "" // no site has been looked through beyond this id
	for _, site := range ask.Sites {
		some, upTo, err := q.queueOfSite(site, ask)
		if err != nil {
			return nil, nil, err
		}
		found = append(found, some...)
		if upTo != "" && (bound == "" || before(ask, upTo, bound)) {
			bound = upTo
		}
	}
	slices.SortFunc(found, func(a, b comment.Comment) int {
		if ask.Newest {
			a, b = b, a
		}
		return strings.Compare(a.ID, b.ID)
	})
	if bound != "" {
		found = slices.DeleteFunc(found, func(c comment.Comment) bool { return before(ask, bound, c.ID) })
	}
	if len(found) > ask.Limit {
		found = found[:ask.Limit]
		bound = found[len(found)-1].ID
	}
	if bound == "" {
		return found, nil, nil
	}
	return found, &comment.Place{ID: bound}, nil
}

func before(ask comment.QueueQuery, a, b string) bool {
	if ask.Newest {
		return a > b
	}
	return a < b
}

// queueOfSite lists one site's comments. upTo is the last one that was looked
// at, "" if there are no more.
func (q *query) queueOfSite(site string, ask comment.QueueQuery) (found []comment.Comment, upTo string, err error) {
	where, args := queueCondition(site, ask)
	if ask.Search == "" && ask.Reason == "" {
		found, err = list(q, scanCommentText, queueTexts(where, ask.Newest, len(args)), append(args, ask.Limit+1)...)
		if err == nil && len(found) > ask.Limit {
			upTo = found[ask.Limit].ID
		}
		return found, upTo, err
	}
	ids, upTo, err := q.search(where, args, ask)
	for _, id := range ids {
		c, err := one(q, scanCommentText, commentText, site, id)
		if err != nil {
			return nil, "", err
		}
		found = append(found, c)
	}
	return found, upTo, err
}

var commentText = "select " + withText + ` from comments c
	join revisions r on r.site_id = c.site_id and r.comment_id = c.comment_id and r.revision = c.revision
	where c.site_id = $1 and c.comment_id = $2`

// queueCondition is served by the primary key, comments_by_status,
// comments_by_author, comments_by_page or comments_by_group. The status stands in
// the text: of a parameter PostgreSQL only knows that there are five, takes pending
// for as frequent as approved, and walks through all comments for the few that wait.
func queueCondition(site string, ask comment.QueueQuery) (where string, args []any) {
	after, sign := "", " > "
	if ask.Newest {
		after, sign = lastID, " < "
	}
	if ask.After != nil {
		after = ask.After.ID
	}
	where, args = " where c.site_id = $1 and c.comment_id"+sign+"$2", []any{site, after}
	if ask.Status != "" {
		where += " and c.status = '" + string(ask.Status) + "'"
	}
	for _, also := range []struct{ column, value string }{
		{"author_id", ask.Author}, {"page_id", ask.Page}, {"group_id", ask.Group},
	} {
		if also.value != "" {
			args = append(args, also.value)
			where += " and c." + also.column + " = " + places(len(args), 1)
		}
	}
	if ask.Group != "" {
		where += " and c.group_id <> ''" // as the index says
	}
	if ask.Grouped {
		where += " and (c.group_id = '' or not exists (select 1 from comments g where g.site_id = c.site_id and g.group_id = c.group_id" +
			" and g.group_id <> '' and g.status = c.status and g.comment_id" + map[bool]string{false: " < ", true: " > "}[ask.Newest] + "c.comment_id))"
	}
	return where, args
}

func direction(newest bool) string {
	if newest {
		return " desc"
	}
	return ""
}

func queueTexts(where string, newest bool, args int) string {
	return "select " + withText + ` from comments c
		join revisions r on r.site_id = c.site_id and r.comment_id = c.comment_id and r.revision = c.revision` +
		where + " order by c.comment_id" + direction(newest) + " limit " + places(args+1, 1)
}

// search looks through a bounded stretch of the list. It matches here and not
// in SQL because folding (case, accents, disguises) is moderation's.
func (q *query) search(where string, args []any, ask comment.QueueQuery) (ids []string, upTo string, err error) {
	wanted := fold(ask.Search)
	reason := "," + ask.Reason + ","
	looked := 0
	statement := `select c.comment_id, c.author_name, c.reasons, r.source from comments c
		join revisions r on r.site_id = c.site_id and r.comment_id = c.comment_id and r.revision = c.revision` +
		where + " order by c.comment_id" + direction(ask.Newest) + " limit " + places(len(args)+1, 1)
	err = q.each(statement, append(args, searchMost), func(s scanner) error {
		var id, author, reasons, source string
		if err := s.Scan(&id, &author, &reasons, &source); err != nil {
			return err
		}
		looked++
		upTo = id
		if (ask.Reason == "" || strings.Contains(reasons, reason)) && (ask.Search == "" || wanted != "" && strings.Contains(fold(author+"\n"+source), wanted)) {
			ids = append(ids, id)
		}
		if len(ids) > ask.Limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return ids, upTo, nil
	}
	if looked < searchMost {
		upTo = ""
	}
	return ids, upTo, err
}

// errEnough ends a search that has filled its page.
var errEnough = errors.New("enough")

func fold(s string) string { return moderation.Normalise(s).String() }

func (q *query) StatusCounts(sites []string) (map[comment.Status]int, error) {
	counts := map[comment.Status]int{}
	for _, st := range slices.Concat(comment.Statuses, []comment.Status{comment.Reported}) {
		counts[st] = 0
	}
	for _, site := range sites {
		err := q.each("select status, n from status_counts where site_id = $1", []any{site}, func(s scanner) error {
			var st comment.Status
			var n int
			err := s.Scan(&st, &n)
			counts[st] += n
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// counted is what a group counts, and adds once.
type counted struct {
	site   string
	status comment.Status
}

// StatusCounts of a transaction that writes knows what it has counted.
func (w *write) StatusCounts(sites []string) (map[comment.Status]int, error) {
	counts, err := w.query.StatusCounts(sites)
	if err != nil {
		return nil, err
	}
	for _, more := range []map[counted]int{w.group.counts, w.counts} {
		for c, by := range more {
			if slices.Contains(sites, c.site) {
				counts[c.status] += by
			}
		}
	}
	return counts, nil
}

func (w *write) CountStatus(site string, status comment.Status, by int) error {
	if w.group.careful {
		return count(w.ctx, w.conn, counted{site, status}, by)
	}
	if w.counts == nil {
		w.counts = map[counted]int{}
	}
	w.counts[counted{site, status}] += by
	return nil
}

func count(ctx context.Context, to conn, c counted, by int) error {
	if by == 0 {
		return nil
	}
	if by > 0 {
		return to.put(ctx, `insert into status_counts (site_id, status, n) values ($1, $2, $3)
			on conflict (site_id, status) do update set n = status_counts.n + excluded.n`, c.site, c.status, by)
	}
	n, err := to.sure(ctx, "update status_counts set n = n + $3 where site_id = $1 and status = $2", c.site, c.status, by)
	if err == nil && n == 0 {
		err = fmt.Errorf("no %s comment of site %s was ever counted", c.status, c.site)
	}
	return err
}

// Siblings lists the comments beside c in its thread, whatever their status,
// nearest first.
func (q *query) Siblings(c comment.Comment, after bool, limit int) ([]comment.Comment, error) {
	if c.ParentID == "" {
		return q.rootsBeside(c, after, limit)
	}
	return list(q, scanCommentText, "select "+withText+` from comments c
		join revisions r on r.site_id = c.site_id and r.comment_id = c.comment_id and r.revision = c.revision
		where c.site_id = $1 and c.page_id = $2 and c.parent_id = $3 and c.parent_id <> '' and c.comment_id`+beside(after, 4)+" limit $5",
		c.Site, c.PageID, c.ParentID, c.ID, limit)
}

func beside(after bool, id int) string {
	if after {
		return " > " + places(id, 1) + " order by c.comment_id"
	}
	return " < " + places(id, 1) + " order by c.comment_id desc"
}

// rootsBeside looks through a bounded stretch of the page, of which answers are a
// part: an index of root comments alone would cost every post a place in it.
func (q *query) rootsBeside(c comment.Comment, after bool, limit int) (found []comment.Comment, err error) {
	var ids []string
	err = q.each("select c.comment_id, c.parent_id from comments c where c.site_id = $1 and c.page_id = $2 and c.comment_id"+beside(after, 3)+" limit $4",
		[]any{c.Site, c.PageID, c.ID, searchMost}, func(s scanner) error {
			var id, parent string
			err := s.Scan(&id, &parent)
			if parent == "" {
				ids = append(ids, id)
			}
			if err == nil && len(ids) == limit {
				return errEnough
			}
			return err
		})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	for _, id := range ids {
		sibling, err := one(q, scanCommentText, commentText, c.Site, id)
		if err != nil {
			return nil, err
		}
		found = append(found, sibling)
	}
	return found, nil
}
