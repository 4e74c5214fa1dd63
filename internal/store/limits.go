package store

import (
	"crypto/rand"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

func (q *query) Receipt(scope, key string) (comment.Receipt, error) {
	return one(q, func(s scanner) (r comment.Receipt, err error) {
		err = s.Scan(&r.Scope, &r.Key, &r.Hash, &r.Status, &r.Answer, instant{&r.At})
		return r, err
	}, selectReceipt, scope, key)
}

const selectReceipt = "select scope, key, hash, status, answer, at from receipts where scope = $1 and key = $2"

func (w *write) PutReceipt(r comment.Receipt) error {
	return w.conn.put(w.ctx, `insert into receipts (scope, key, hash, status, answer, at) values ($1, $2, $3, $4, $5, $6)
		on conflict (scope, key) do update set hash = excluded.hash, status = excluded.status, answer = excluded.answer, at = excluded.at`,
		r.Scope, r.Key, r.Hash, r.Status, r.Answer, micros(r.At))
}

// takeToken is the generic cell rate algorithm in one statement, so that two
// nodes cannot both take the last token. tat is never later than that of an
// empty bucket; one that is (the clock was set back) is taken for a bucket with
// one token left, so that nobody is locked out for the difference.
const takeToken = `insert into buckets (bucket, tat) values ($1, $2)
	on conflict (bucket) do update set tat = case when buckets.tat > $3 then $3 when buckets.tat < $4 then $2 else buckets.tat + $5 end
		where buckets.tat <= $3 - $5 or buckets.tat > $3`

func (w *write) TakeToken(key string, every time.Duration, burst int, now time.Time) (time.Duration, error) {
	empty := now.Add(every * time.Duration(burst))
	n, err := w.conn.sure(w.ctx, takeToken, key, micros(now.Add(every)), micros(empty), micros(now), every.Microseconds())
	if err != nil || n > 0 {
		return 0, err
	}
	return w.Tokens(key, every, burst, now)
}

// Tokens is how long to wait for a token, without taking it.
func (q *query) Tokens(key string, every time.Duration, burst int, now time.Time) (time.Duration, error) {
	stored, err := one(q, scanInt, "select tat from buckets where bucket = $1", key)
	if fault.Is(err, "not_found") {
		return 0, nil
	}
	empty, tat := now.Add(every*time.Duration(burst)), time.UnixMicro(stored)
	if err != nil || tat.After(empty) {
		return 0, err
	}
	return max(0, tat.Add(every).Sub(empty)), nil
}

func (w *write) Salt(day string) ([]byte, error) {
	salt, err := w.salt(day)
	if err == nil || !fault.Is(err, "not_found") {
		return salt, err
	}
	salt = make([]byte, 32)
	rand.Read(salt)
	if err := w.conn.put(w.ctx, "delete from salts where day < $1", day); err != nil {
		return nil, err
	}
	if err := w.conn.put(w.ctx, "insert into salts (day, salt) values ($1, $2) on conflict (day) do nothing", day, salt); err != nil {
		return nil, err
	}
	return w.salt(day) // another node may have been faster
}

func (q *query) salt(day string) ([]byte, error) {
	return one(q, func(s scanner) (b []byte, err error) { err = s.Scan(&b); return b, err }, "select salt from salts where day = $1", day)
}

// receiptLife is how long an idempotency key is remembered.
const receiptLife = 24 * time.Hour

// reporterLife is how long a record of reports is remembered.
const reporterLife = 180 * 24 * time.Hour

// inquiryLife is how long it is remembered what checks elsewhere have said, and
// how people decided: the figures about each check rest on it.
const inquiryLife = 90 * 24 * time.Hour

// Prune works in small steps, so that nobody waits for it; nor does it wait for
// a row that somebody is using after all.
func (w *write) Prune(now time.Time, limit int) (int, error) {
	total := 0
	for _, step := range []struct {
		statement string
		before    time.Time
	}{
		{"delete from receipts where (scope, key) in (select scope, key from receipts where at < $1 limit $2", now.Add(-receiptLife)},
		{"delete from buckets where bucket in (select bucket from buckets where tat < $1 limit $2", now.Add(-time.Hour)},
		{"delete from sessions where session_id in (select session_id from sessions where expires_at < $1 limit $2", now.Add(-24 * time.Hour)},
		{"delete from reporters where (site_id, reporter_id) in (select site_id, reporter_id from reporters where seen_at < $1 limit $2", now.Add(-reporterLife)},
		{"delete from inquiries where (site_id, inquiry_id) in (select site_id, inquiry_id from inquiries where closed_at > 0 and closed_at < $1 limit $2", now.Add(-inquiryLife)},
	} {
		n, err := w.conn.exec(w.ctx, step.statement+w.dialect.skip+")", micros(step.before), limit)
		if err != nil {
			return total, err
		}
		total += int(n)
	}
	n, err := w.conn.exec(w.ctx, "delete from salts where day < $1", now.Format(time.DateOnly)) // one a day
	return total + int(n), err
}
