package store

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

const hostColumns = "site_id, host, first_seen, approved, rejected"

func scanHost(s scanner) (h comment.Host, err error) {
	err = s.Scan(&h.Site, &h.Name, instant{&h.FirstSeen}, &h.Approved, &h.Rejected)
	return h, err
}

// hostsMost is the number of hosts that one statement asks for.
const hostsMost = 20

var hostsNamed = "select " + hostColumns + " from hosts where site_id = $1 and host in (" + places(2, hostsMost) + ")"

func (q *query) Hosts(site string, names []string) ([]comment.Host, error) {
	if len(names) == 0 {
		return nil, nil
	}
	args := []any{site}
	for i := range hostsMost { // one statement for every number of hosts
		args = append(args, names[min(i, len(names)-1)])
	}
	return list(q, scanHost, hostsNamed, args...)
}

func (q *query) HostPage(ask comment.HostQuery) ([]comment.Host, error) {
	if ask.ByName {
		return list(q, scanHost, "select "+hostColumns+" from hosts where site_id = $1 and host > $2 and host >= $3 and host < $4 order by host limit $5",
			ask.Site, ask.After.ID, ask.Prefix, ask.Prefix+lastID, ask.Limit)
	}
	rejected := int64(1 << 62)
	if ask.After.ID != "" {
		rejected = ask.After.Key
	}
	return list(q, scanHost, "select "+hostColumns+" from hosts where site_id = $1 and (rejected, host) < ($2, $3) order by rejected desc, host desc limit $4",
		ask.Site, rejected, ask.After.ID, ask.Limit)
}

func (w *write) SeeHost(site, host string, at time.Time) error {
	return w.conn.put(w.ctx, "insert into hosts (site_id, host, first_seen) values ($1, $2, $3) on conflict (site_id, host) do nothing", site, host, micros(at))
}

func (w *write) CountHost(site, host string, approved, rejected int) error {
	return w.conn.put(w.ctx, `update hosts set approved = case when approved + $3 < 0 then 0 else approved + $3 end,
		rejected = case when rejected + $4 < 0 then 0 else rejected + $4 end where site_id = $1 and host = $2`, site, host, approved, rejected)
}
