package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

const ruleColumns = "site_id, rule_id, version, name, body, created_at, changed_at"

func scanRule(s scanner) (r comment.Rule, err error) {
	var site, id, name, body string
	var version int
	var created, changed time.Time
	if err := s.Scan(&site, &id, &version, &name, &body, instant{&created}, instant{&changed}); err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return r, fmt.Errorf("rule %s: %w", id, err)
	}
	r.Site, r.ID, r.Version, r.Name, r.CreatedAt, r.ChangedAt = site, id, version, name, created, changed
	return r, nil
}

func (q *query) Rules(site string) ([]comment.Rule, error) {
	return list(q, scanRule, "select "+ruleColumns+" from rules where site_id = $1 order by rule_id", site)
}

func (q *query) Rule(site, id string) (comment.Rule, error) {
	return one(q, scanRule, "select "+ruleColumns+" from rules where site_id = $1 and rule_id = $2", site, id)
}

func (q *query) RuleVersions(site, id string, limit int) ([]comment.RuleVersion, error) {
	return list(q, func(s scanner) (v comment.RuleVersion, err error) {
		var body string
		if err := s.Scan(&v.Version, &body, &v.By.Kind, &v.By.ID, &v.By.Name, instant{&v.At}); err != nil {
			return v, err
		}
		if err := json.Unmarshal([]byte(body), &v.Rule); err != nil {
			return v, fmt.Errorf("version %d of rule %s: %w", v.Version, id, err)
		}
		v.Rule.Site, v.Rule.ID, v.Rule.Version = site, id, v.Version
		return v, nil
	}, "select version, body, actor_kind, actor_id, actor_name, at from rule_versions where site_id = $1 and rule_id = $2 order by version desc limit $3", site, id, limit)
}

func (w *write) PutRule(r comment.Rule, by comment.Actor) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("rule %s: %w", r.ID, err)
	}
	if _, err := w.conn.exec(w.ctx, "insert into rules ("+ruleColumns+`) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (site_id, rule_id) do update set version = excluded.version, name = excluded.name, body = excluded.body, changed_at = excluded.changed_at`,
		r.Site, r.ID, r.Version, r.Name, string(body), micros(r.CreatedAt), micros(r.ChangedAt)); err != nil {
		return err
	}
	if err := w.conn.put(w.ctx, "insert into rule_versions (site_id, rule_id, version, body, actor_kind, actor_id, actor_name, at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
		r.Site, r.ID, r.Version, string(body), by.Kind, by.ID, by.Name, micros(r.ChangedAt)); err != nil {
		return err
	}
	return w.Revise(r.Site, comment.ListRules)
}

func (w *write) RemoveRule(site, id string) error {
	n, err := w.conn.exec(w.ctx, "delete from rules where site_id = $1 and rule_id = $2", site, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Missing()
	}
	return w.Revise(site, comment.ListRules)
}
