package store

import (
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

const accountColumns = "account_id, email, name, password, created_at, disabled"

func (q *query) scanAccount(s scanner) (a comment.Account, err error) {
	err = s.Scan(&a.ID, &a.Email, &a.Name, &a.Password, instant{&a.CreatedAt}, &a.Disabled)
	return a, err
}

func (q *query) withGrants(a comment.Account, err error) (comment.Account, error) {
	if err != nil {
		return a, err
	}
	a.Grants, err = list(q, func(s scanner) (g comment.Grant, err error) { err = s.Scan(&g.Site, &g.Role); return g, err },
		"select site_id, role from grants where account_id = $1 order by site_id", a.ID)
	return a, err
}

func (q *query) Account(id string) (comment.Account, error) {
	return q.withGrants(one(q, q.scanAccount, "select "+accountColumns+" from accounts where account_id = $1", id))
}

func (q *query) AccountByEmail(email string) (comment.Account, error) {
	return q.withGrants(one(q, q.scanAccount, "select "+accountColumns+" from accounts where email = $1", email))
}

func (q *query) Accounts() ([]comment.Account, error) {
	all, err := list(q, q.scanAccount, "select "+accountColumns+" from accounts order by email")
	for i := range all {
		if err == nil {
			all[i], err = q.withGrants(all[i], nil)
		}
	}
	return all, err
}

func (q *query) StaffNames(site string) ([]string, error) {
	names, err := list(q, scanString, `select a.name from grants g join accounts a on a.account_id = g.account_id
		where g.site_id in ($1, '*') and not a.disabled`, site)
	slices.Sort(names)
	return slices.Compact(names), err
}

func (w *write) PutAccount(a comment.Account) error {
	if err := w.conn.put(w.ctx, "insert into accounts ("+accountColumns+`) values ($1, $2, $3, $4, $5, $6)
		on conflict (account_id) do update set email = excluded.email, name = excluded.name, password = excluded.password, disabled = excluded.disabled`,
		a.ID, a.Email, a.Name, a.Password, micros(a.CreatedAt), a.Disabled); err != nil {
		return err
	}
	if err := w.conn.put(w.ctx, "delete from grants where account_id = $1", a.ID); err != nil {
		return err
	}
	for _, g := range a.Grants {
		if err := w.conn.put(w.ctx, "insert into grants (account_id, site_id, role) values ($1, $2, $3)", a.ID, g.Site, g.Role); err != nil {
			return err
		}
	}
	return nil
}

const sessionColumns = "session_id, account_id, kind, refresh_hash, previous_hash, rotated_at, created_at, used_at, confirmed_at, expires_at, revoked_at"

func scanSession(s scanner) (v comment.Session, err error) {
	err = s.Scan(&v.ID, &v.AccountID, &v.Kind, &v.RefreshHash, &v.PreviousHash, instant{&v.RotatedAt},
		instant{&v.CreatedAt}, instant{&v.UsedAt}, instant{&v.ConfirmedAt}, instant{&v.ExpiresAt}, instant{&v.RevokedAt})
	return v, err
}

func (q *query) Session(id string) (comment.Session, error) {
	return one(q, scanSession, "select "+sessionColumns+" from sessions where session_id = $1", id)
}

// PutSession never brings an ended session back.
func (w *write) PutSession(v comment.Session) error {
	return w.conn.put(w.ctx, "insert into sessions ("+sessionColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		on conflict (session_id) do update set refresh_hash = excluded.refresh_hash, previous_hash = excluded.previous_hash,
			rotated_at = excluded.rotated_at, used_at = excluded.used_at, confirmed_at = excluded.confirmed_at, expires_at = excluded.expires_at,
			revoked_at = case when sessions.revoked_at > 0 then sessions.revoked_at else excluded.revoked_at end`,
		v.ID, v.AccountID, v.Kind, v.RefreshHash, v.PreviousHash, micros(v.RotatedAt), micros(v.CreatedAt), micros(v.UsedAt), micros(v.ConfirmedAt), micros(v.ExpiresAt), micros(v.RevokedAt))
}

func (w *write) EndSessions(accountID string, at time.Time) error {
	return w.conn.put(w.ctx, "update sessions set revoked_at = $2 where account_id = $1 and revoked_at = 0", accountID, micros(at))
}
