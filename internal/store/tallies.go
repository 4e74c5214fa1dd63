package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

func (q *query) Tallies(site string, kind comment.TallyKind, recent int) (map[string]comment.Tallies, error) {
	found := map[string]comment.Tallies{}
	err := q.each(`select id, cast(sum(hits) as bigint), cast(sum(approved) as bigint), cast(sum(rejected) as bigint), cast(sum(failed) as bigint),
			cast(sum(case when period >= $3 then hits else 0 end) as bigint), cast(sum(case when period >= $3 then approved else 0 end) as bigint),
			cast(sum(case when period >= $3 then rejected else 0 end) as bigint), cast(sum(case when period >= $3 then failed else 0 end) as bigint)
		from tallies where site_id = $1 and kind = $2 group by id`, []any{site, kind, recent}, func(s scanner) error {
		var id string
		var t comment.Tallies
		err := s.Scan(&id, &t.All.Hits, &t.All.Approved, &t.All.Rejected, &t.All.Failed, &t.Recent.Hits, &t.Recent.Approved, &t.Recent.Rejected, &t.Recent.Failed)
		found[id] = t
		return err
	})
	return found, err
}

func (w *write) Count(site string, of comment.TallyKey, by comment.Tally) error {
	return w.conn.put(w.ctx, `insert into tallies (site_id, kind, id, period, hits, approved, rejected, failed) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (site_id, kind, id, period) do update set hits = tallies.hits + excluded.hits, approved = tallies.approved + excluded.approved,
			rejected = tallies.rejected + excluded.rejected, failed = tallies.failed + excluded.failed`,
		site, of.Kind, of.ID, of.Period, by.Hits, by.Approved, by.Rejected, by.Failed)
}

func (q *query) Verdict(site, commentID string, revision int) (v comment.Verdict, err error) {
	v, err = one(q, func(s scanner) (v comment.Verdict, err error) { err = s.Scan(&v); return v, err },
		"select verdict from verdicts where site_id = $1 and comment_id = $2 and revision = $3", site, commentID, revision)
	if fault.Is(err, "not_found") {
		err = nil
	}
	return v, err
}

func (w *write) PutVerdict(v comment.Judgement) error {
	return w.conn.put(w.ctx, `insert into verdicts (site_id, comment_id, revision, verdict, seq, at) values ($1, $2, $3, $4, $5, $6)
		on conflict (site_id, comment_id, revision) do update set verdict = excluded.verdict, seq = excluded.seq, at = excluded.at`,
		v.Site, v.CommentID, v.Revision, v.Verdict, v.Seq, micros(v.At))
}

// judged reads what people decided, newest first, with all that rules can ask.
const judged = `select v.seq, v.verdict, v.at, r.comment_id, r.revision, r.source, r.tree, r.trace, r.facts, r.created_at,
		c.author_name, c.author_kind, c.parent_id, a.first_seen, p.page_key, p.url, p.title, p.created_at,
		(select count(*) from reports o where o.site_id = v.site_id and o.comment_id = v.comment_id and o.revision = v.revision and o.at <= v.at),
		(select cast(coalesce(sum(o.weight), 0) as bigint) from reports o where o.site_id = v.site_id and o.comment_id = v.comment_id and o.revision = v.revision and o.at <= v.at)
	from verdicts v
	join revisions r on r.site_id = v.site_id and r.comment_id = v.comment_id and r.revision = v.revision
	join comments c on c.site_id = v.site_id and c.comment_id = v.comment_id
	join authors a on a.site_id = c.site_id and a.author_id = c.author_id
	join pages p on p.site_id = c.site_id and p.page_id = c.page_id
	where v.site_id = $1 and v.seq < $2 order by v.seq desc limit $3`

func (q *query) Judged(site string, before int64, limit int) ([]comment.Judged, error) {
	return list(q, func(s scanner) (j comment.Judged, err error) {
		var tree, trace string
		r := &j.Revision
		err = s.Scan(&j.Seq, &j.Verdict, instant{&j.At}, &r.CommentID, &r.N, &r.Source, &tree, &trace, &r.Facts, instant{&r.CreatedAt},
			&j.Author.Name, &j.Author.Kind, &j.ParentID, instant{&j.Author.FirstSeen}, &j.Page.Key, &j.Page.URL, &j.Page.Title, instant{&j.Page.CreatedAt}, &j.Reports, &j.Reported)
		if err != nil {
			return j, err
		}
		r.Site = site
		return j, readTexts(r, tree, trace)
	}, judged, site, before, limit)
}

// Found gives the part of a revision's trace that tallies count: nothing where no
// rule and no word is in it, which is so for most.
func (q *query) Found(site, commentID string, revision int) (f comment.Found, err error) {
	type row struct {
		trace string
		at    time.Time
	}
	r, err := one(q, func(s scanner) (r row, err error) { err = s.Scan(&r.trace, instant{&r.at}); return r, err },
		"select trace, created_at from revisions where site_id = $1 and comment_id = $2 and revision = $3", site, commentID, revision)
	f.CreatedAt = r.at
	if err != nil || !strings.Contains(r.trace, `_id"`) {
		return f, err
	}
	if err := json.Unmarshal([]byte(r.trace), &f.Trace); err != nil {
		return f, fmt.Errorf("trace of comment %s: %w", commentID, err)
	}
	return f, nil
}
