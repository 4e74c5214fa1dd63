package store

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// millionths scans a number that is kept as a whole number of millionths.
type millionths struct{ f *float64 }

// Scan implements sql.Scanner.
func (m millionths) Scan(v any) error {
	n, _ := v.(int64)
	return m.ScanInt64(pgtype.Int8{Int64: n})
}

// ScanInt64 implements pgtype.Int64Scanner, as instant does.
func (m millionths) ScanInt64(v pgtype.Int8) error {
	*m.f = float64(v.Int64) / 1e6
	return nil
}

func inMillionths(f float64) int64 { return int64(math.Round(f * 1e6)) }

// People is served by the primary key, authors_by_email or authors_by_standing.
func (q *query) People(p comment.PeopleQuery) ([]comment.Author, error) {
	statement, args := "select "+authorColumns+" from authors where site_id = $1 and author_id > $2", []any{p.Site, p.After, p.Limit}
	switch {
	case p.Email != "":
		statement, args = statement+" and email = $4 and email <> ''", append(args, p.Email)
	case p.Standing != "":
		statement, args = statement+" and standing = $4 and standing <> ''", append(args, p.Standing)
	}
	return list(q, scanAuthor, statement+" order by author_id limit $3", args...)
}

func (w *write) PutRecord(site, author string, r moderation.Record, lastRejected time.Time) error {
	return w.conn.put(w.ctx, "update authors set good = $3, bad = $4, counted_at = $5, last_rejected_at = $6 where site_id = $1 and author_id = $2",
		site, author, inMillionths(r.Good), inMillionths(r.Bad), micros(r.At), micros(lastRejected))
}

const sayingColumns = "site_id, author_id, standing_id, standing, until_at, reason, note, actor_kind, actor_id, actor_name, at"

func (q *query) Sayings(site, author string, limit int) ([]comment.Saying, error) {
	return list(q, func(s scanner) (said comment.Saying, err error) {
		err = s.Scan(&said.Site, &said.Author, &said.ID, &said.Standing, instant{&said.Until}, &said.Reason, &said.Note,
			&said.By.Kind, &said.By.ID, &said.By.Name, instant{&said.When})
		said.Said.By = said.By.Name
		return said, err
	}, "select "+sayingColumns+" from standings where site_id = $1 and author_id = $2 order by standing_id desc limit $3", site, author, limit)
}

func (w *write) PutSaying(s comment.Saying) error {
	if err := w.conn.put(w.ctx, "insert into standings ("+sayingColumns+") values ("+places(1, 11)+")",
		s.Site, s.Author, s.ID, s.Standing, micros(s.Until), s.Reason, s.Note, s.By.Kind, s.By.ID, s.By.Name, micros(s.When)); err != nil {
		return err
	}
	return w.conn.put(w.ctx, `update authors set standing = $3, standing_until = $4, standing_reason = $5, standing_by = $6, standing_at = $7
		where site_id = $1 and author_id = $2`, s.Site, s.Author, s.Standing, micros(s.Until), s.Reason, s.By.Name, micros(s.When))
}

const blockColumns = "site_id, block_id, kind, value, shown, effect, reason, until_at, author_id, actor_name, created_at, hits, last_hit_at"

func scanBlock(s scanner) (b comment.Block, err error) {
	err = s.Scan(&b.Site, &b.ID, &b.Kind, &b.Value, &b.Shown, &b.Effect, &b.Reason, instant{&b.Until}, &b.Author, &b.By,
		instant{&b.CreatedAt}, &b.Hits, instant{&b.LastHit})
	return b, err
}

func (q *query) Blocks(site string) ([]comment.Block, error) {
	return list(q, scanBlock, "select "+blockColumns+" from blocks where site_id = $1 order by block_id", site)
}

func (q *query) BlocksPage(site, before string, limit int) ([]comment.Block, error) {
	if before == "" {
		before = lastID
	}
	return list(q, scanBlock, "select "+blockColumns+" from blocks where site_id = $1 and block_id < $2 order by block_id desc limit $3", site, before, limit)
}

func (q *query) Block(site, id string) (comment.Block, error) {
	return one(q, scanBlock, "select "+blockColumns+" from blocks where site_id = $1 and block_id = $2", site, id)
}

func (q *query) BlockOf(site string, kind comment.BlockKind, value string) (comment.Block, error) {
	return one(q, scanBlock, "select "+blockColumns+" from blocks where site_id = $1 and kind = $2 and value = $3", site, kind, value)
}

func (q *query) BlocksWith(site, author string) ([]comment.Block, error) {
	return list(q, scanBlock, "select "+blockColumns+" from blocks where site_id = $1 and author_id = $2 and author_id <> '' order by block_id", site, author)
}

func (w *write) PutBlock(b comment.Block) error {
	return w.conn.put(w.ctx, "insert into blocks ("+blockColumns+") values ("+places(1, 13)+`)
		on conflict (site_id, kind, value) do update set effect = excluded.effect, reason = excluded.reason, until_at = excluded.until_at,
			author_id = excluded.author_id, actor_name = excluded.actor_name, shown = excluded.shown`,
		b.Site, b.ID, b.Kind, b.Value, b.Shown, b.Effect, b.Reason, micros(b.Until), b.Author, b.By, micros(b.CreatedAt), b.Hits, micros(b.LastHit))
}

func (w *write) RemoveBlock(site, id string) error {
	n, err := w.conn.exec(w.ctx, "delete from blocks where site_id = $1 and block_id = $2", site, id)
	if err == nil && n == 0 {
		err = fault.Missing()
	}
	return err
}

// HitBlock counts nothing where the block was removed meanwhile.
func (w *write) HitBlock(site, id string, at time.Time) error {
	_, err := w.conn.exec(w.ctx, "update blocks set hits = hits + 1, last_hit_at = $3 where site_id = $1 and block_id = $2", site, id, micros(at))
	return err
}

func (q *query) ReportsOn(site, commentID string, revision, limit int) ([]comment.Report, error) {
	return list(q, scanReport, "select "+reportColumns+" from reports where site_id = $1 and comment_id = $2 and revision = $3 order by report_id limit $4",
		site, commentID, revision, limit)
}

func (w *write) ResolveReports(site, commentID string, revision int, outcome comment.ReportOutcome) error {
	_, err := w.conn.exec(w.ctx, "update reports set outcome = $4 where site_id = $1 and comment_id = $2 and revision = $3", site, commentID, revision, outcome)
	return err
}

func (q *query) Reporter(site, id string) (comment.Reporter, error) {
	return one(q, func(s scanner) (r comment.Reporter, err error) {
		err = s.Scan(&r.Site, &r.ID, millionths{&r.Record.Good}, millionths{&r.Record.Bad}, instant{&r.Record.At}, &r.Decided, instant{&r.Seen})
		return r, err
	}, "select site_id, reporter_id, agreed, dismissed, counted_at, decided, seen_at from reporters where site_id = $1 and reporter_id = $2", site, id)
}

func (w *write) PutReporter(r comment.Reporter) error {
	return w.conn.put(w.ctx, `insert into reporters (site_id, reporter_id, agreed, dismissed, counted_at, decided, seen_at) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (site_id, reporter_id) do update set agreed = excluded.agreed, dismissed = excluded.dismissed,
			counted_at = excluded.counted_at, decided = excluded.decided, seen_at = excluded.seen_at`,
		r.Site, r.ID, inMillionths(r.Record.Good), inMillionths(r.Record.Bad), micros(r.Record.At), r.Decided, micros(r.Seen))
}

var (
	reportedFirst = reportedTexts("")
	reportedNext  = reportedTexts(" and (c.reported, c.comment_id) < ($3, $4)")
)

func reportedTexts(after string) string {
	return "select " + withText + ` from comments c
		join revisions r on r.site_id = c.site_id and r.comment_id = c.comment_id and r.revision = c.revision
		where c.site_id = $1 and c.reported > 0` + after + " order by c.reported desc, c.comment_id desc limit $2"
}

// reported lists comments by the weight of their open reports, the heaviest first,
// along comments_by_reports.
func (q *query) reported(ask comment.QueueQuery) (found []comment.Comment, next *comment.Place, err error) {
	for _, site := range ask.Sites {
		statement, args := reportedFirst, []any{site, ask.Limit + 1}
		if ask.After != nil {
			statement, args = reportedNext, append(args, ask.After.Key, ask.After.ID)
		}
		some, err := list(q, scanCommentText, statement, args...)
		if err != nil {
			return nil, nil, err
		}
		found = append(found, some...)
	}
	slices.SortFunc(found, func(a, b comment.Comment) int {
		return cmp.Or(b.Reported-a.Reported, strings.Compare(b.ID, a.ID))
	})
	if len(found) > ask.Limit {
		found = found[:ask.Limit]
		last := found[len(found)-1]
		next = &comment.Place{Key: int64(last.Reported), ID: last.ID}
	}
	return found, next, nil
}
