package comment

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/moderation"
)

// Host is the record of a host that was linked on a site: what became of the
// comments with links there, as people decided.
type Host struct {
	Site      string
	Name      string // in lower case, without www.; see moderation.LinkHosts
	FirstSeen time.Time
	Approved  int
	Rejected  int // rejected and spam
}

// HostQuery asks for some of the hosts of a site.
type HostQuery struct {
	Site   string
	ByName bool   // else the most often rejected first
	Prefix string // of the name; only by name
	After  Place  // an ID of "" is the start; Key = rejected
	Limit  int
}

// hostReader and hostWriter keep the records; see Reader and Tx.
type hostReader interface {
	Hosts(site string, names []string) ([]Host, error) // of these at most 20 those that have a record
	HostPage(q HostQuery) ([]Host, error)
}

type hostWriter interface {
	SeeHost(site, host string, at time.Time) error // makes a record where there is none
	CountHost(site, host string, approved, rejected int) error
}

// hostsOf gives the records of the hosts that are linked, for checks; nil where
// nothing is linked.
func hostsOf(r Reader, site string, links []string) ([]moderation.Host, error) {
	names := moderation.LinkHosts(links)
	if len(names) == 0 {
		return nil, nil
	}
	known, err := r.Hosts(site, names)
	hosts := make([]moderation.Host, len(known))
	for i, h := range known {
		hosts[i] = moderation.Host{Name: h.Name, FirstSeen: h.FirstSeen, Approved: h.Approved, Rejected: h.Rejected}
	}
	return hosts, err
}

// seeHosts begins records of the hosts that nobody has linked before.
func seeHosts(tx Tx, subject *moderation.Subject, at time.Time) error {
	for _, name := range moderation.LinkHosts(subject.Links) {
		if slices.ContainsFunc(subject.Hosts, func(h moderation.Host) bool { return h.Name == name }) {
			continue
		}
		if err := tx.SeeHost(subject.Site.Key, name, at); err != nil {
			return err
		}
	}
	return nil
}

// countHosts brings the records of hosts up to date with a person's decision that
// takes effect: the newest such decision on a comment is the one that counts.
func (ch *change) countHosts(d Decision, rev Revision) error {
	if d.Actor.Kind != ActorModerator {
		return nil
	}
	hosts := moderation.LinkHosts(rev.Tree.Links())
	if len(hosts) == 0 && ch.c.Revision == 1 {
		return nil
	}
	before, err := ch.countedBefore(d)
	if err != nil {
		return err
	}
	counts := map[string]*Host{}
	tally := func(names []string, to Status, by int) {
		for _, name := range names {
			if counts[name] == nil {
				counts[name] = &Host{Name: name}
			}
			counts[name].Approved += by * indicator(to == Approved)
			counts[name].Rejected += by * indicator(to == Rejected || to == Spam)
		}
	}
	tally(hosts, d.To, 1)
	if before.ID != "" {
		old := rev
		if before.Revision != rev.N {
			if old, err = ch.tx.Revision(d.Site, d.CommentID, before.Revision); err != nil {
				return err
			}
		}
		tally(moderation.LinkHosts(old.Tree.Links()), before.To, -1)
	}
	return ch.writeHosts(counts)
}

func (ch *change) writeHosts(counts map[string]*Host) error {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		h := counts[name]
		if h.Approved == 0 && h.Rejected == 0 {
			continue
		}
		if err := ch.tx.SeeHost(ch.c.Site, name, ch.c.CreatedAt); err != nil {
			return err
		}
		if err := ch.tx.CountHost(ch.c.Site, name, h.Approved, h.Rejected); err != nil {
			return err
		}
	}
	return nil
}

// countedBefore is the person's decision that was counted before this one.
func (ch *change) countedBefore(d Decision) (Decision, error) {
	all, err := ch.tx.Decisions(d.Site, d.CommentID)
	for _, other := range all {
		if other.ID != d.ID && other.Actor.Kind == ActorModerator && other.State == DecisionDone {
			return other, err
		}
	}
	return Decision{}, err
}

// HostsOf lists some of a site's hosts.
func (s *Service) HostsOf(ctx context.Context, q HostQuery) (hosts []Host, err error) {
	err = s.viewOf(ctx, q.Site, func(r Reader) error {
		hosts, err = r.HostPage(q)
		return err
	})
	return hosts, err
}
