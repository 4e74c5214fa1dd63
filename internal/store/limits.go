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
	}, "select scope, key, hash, status, answer, at from receipts where scope = $1 and key = $2", scope, key)
}

func (w *write) PutReceipt(r comment.Receipt) error {
	_, err := w.conn.exec(w.ctx, `insert into receipts (scope, key, hash, status, answer, at) values ($1, $2, $3, $4, $5, $6)
		on conflict (scope, key) do update set hash = excluded.hash, status = excluded.status, answer = excluded.answer, at = excluded.at`,
		r.Scope, r.Key, r.Hash, r.Status, r.Answer, micros(r.At))
	return err
}

// TakeToken is the generic cell rate algorithm. An instant of the bucket that
// lies further ahead than a full bucket can reach (the clock was set back) is
// taken for a full one, so that nobody is locked out for the difference.
func (w *write) TakeToken(key string, every time.Duration, burst int, now time.Time) (time.Duration, error) {
	wait, tat, err := w.bucket(key, every, burst, now)
	if err != nil || wait > 0 {
		return wait, err
	}
	_, err = w.conn.exec(w.ctx, `insert into buckets (bucket, tat) values ($1, $2) on conflict (bucket) do update set tat = excluded.tat`, key, micros(tat.Add(every)))
	return 0, err
}

// Tokens is how long to wait for a token, without taking it.
func (q *query) Tokens(key string, every time.Duration, burst int, now time.Time) (time.Duration, error) {
	wait, _, err := q.bucket(key, every, burst, now)
	return wait, err
}

func (q *query) bucket(key string, every time.Duration, burst int, now time.Time) (wait time.Duration, tat time.Time, err error) {
	stored, err := one(q, scanInt, "select tat from buckets where bucket = $1", key)
	if err != nil && !fault.Is(err, "not_found") {
		return 0, tat, err
	}
	tat = time.UnixMicro(stored)
	if full := now.Add(every * time.Duration(burst)); tat.After(full) {
		tat = full
	}
	if tat.Before(now) {
		tat = now
	}
	return max(0, tat.Add(every).Sub(now)-every*time.Duration(burst)), tat, nil
}

func (w *write) Salt(day string) ([]byte, error) {
	salt, err := one(&w.query, func(s scanner) (b []byte, err error) { err = s.Scan(&b); return b, err }, "select salt from salts where day = $1", day)
	if err == nil || !fault.Is(err, "not_found") {
		return salt, err
	}
	salt = make([]byte, 32)
	rand.Read(salt)
	if _, err := w.conn.exec(w.ctx, "delete from salts where day < $1", day); err != nil {
		return nil, err
	}
	_, err = w.conn.exec(w.ctx, "insert into salts (day, salt) values ($1, $2)", day, salt)
	return salt, err
}

// receiptLife is how long an idempotency key is remembered.
const receiptLife = 24 * time.Hour

// Prune works in small steps, so that nobody waits for it.
func (w *write) Prune(now time.Time, limit int) (int, error) {
	total := 0
	for _, step := range []struct {
		statement string
		before    time.Time
	}{
		{"delete from receipts where (scope, key) in (select scope, key from receipts where at < $1 limit $2)", now.Add(-receiptLife)},
		{"delete from buckets where bucket in (select bucket from buckets where tat < $1 limit $2)", now.Add(-time.Hour)},
		{"delete from sessions where session_id in (select session_id from sessions where expires_at < $1 limit $2)", now.Add(-24 * time.Hour)},
	} {
		n, err := w.conn.exec(w.ctx, step.statement, micros(step.before), limit)
		if err != nil {
			return total, err
		}
		total += int(n)
	}
	n, err := w.conn.exec(w.ctx, "delete from salts where day < $1", now.Format(time.DateOnly)) // one a day
	return total + int(n), err
}
