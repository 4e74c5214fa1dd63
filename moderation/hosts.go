package moderation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Host is the record of a host that was linked on a site.
type Host struct {
	Name      string // as LinkHosts gives it
	FirstSeen time.Time
	Approved  int // comments with a link there that people approved
	Rejected  int // comments with a link there that people rejected or marked as spam
}

// hostsMost is the number of hosts of one comment that are looked at.
const hostsMost = 20

// LinkHosts gives the hosts that links lead to, each once, at most 20: in lower
// case, with punycode decoded, without port and leading "www.".
func LinkHosts(links []string) []string {
	var hosts []string
	for _, href := range links[:min(len(links), maxLinksSeen)] {
		l, ok := linkOf(href)
		if name := l.name(); ok && !slices.Contains(hosts, name) && len(hosts) < hostsMost {
			hosts = append(hosts, name)
		}
	}
	return hosts
}

// name is the host under which a site keeps its record.
func (l link) name() string { return strings.TrimPrefix(l.host, "www.") }

// The record from which a host counts against a comment: at least so many decided
// comments, and so large a part of them rejected.
const (
	hostDecided  = 3
	hostRejected = 2.0 / 3
)

// records judges hosts by what people have decided about comments that link there.
func records(s *Subject, links []string, places []linkPlace) []Evidence {
	if s.Hosts == nil {
		return nil
	}
	var found []Evidence
	for _, name := range LinkHosts(links) {
		i := slices.IndexFunc(s.Hosts, func(h Host) bool { return h.Name == name })
		if i < 0 {
			found = append(found, Evidence{
				Code: CodeNewHost, Hint: HintNone, Spans: spansOfHost(places, name), Data: map[string]string{"host": name},
				Sentence: fmt.Sprintf("Nobody has linked to %s on this site before.", name),
			})
			continue
		}
		h := s.Hosts[i]
		if decided := h.Approved + h.Rejected; decided >= hostDecided && float64(h.Rejected) >= hostRejected*float64(decided) {
			found = append(found, Evidence{
				Code: CodeRejectedHost, Hint: HintHold, Spans: spansOfHost(places, name),
				Data:     map[string]string{"host": name, "approved": strconv.Itoa(h.Approved), "rejected": strconv.Itoa(h.Rejected)},
				Sentence: fmt.Sprintf("Of %d decided comments on this site with a link to %s, %d were rejected.", decided, name, h.Rejected),
			})
		}
	}
	return found
}

// HostName gives a host in the form in which entries for links are kept and
// compared: as LinkHosts gives it. An address is cut down to its host. The error
// is a *WordError.
func HostName(text string) (string, error) {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "*") {
		return "", &WordError{"wildcard", "A host stands for all hosts below it; leave the * out."}
	}
	if !strings.Contains(text, "//") {
		text = "//" + text
	}
	l, ok := linkOf(text)
	if name := l.name(); ok && len(name) <= maxHost && (hostShaped(name) || l.numeric()) {
		return name, nil
	}
	return "", &WordError{"not_host", "A host is a name such as example.org, or an IP address."}
}

// maxHost is the most bytes of a host, in letters of any script.
const maxHost = 400

// listed returns the entries that stand for a host at a place: those of the
// longest listed name that the host is or lies below.
func (w *Words) listed(host string, at place) (entries []int) {
	if w == nil || len(w.hosts) == 0 {
		return nil
	}
	for name := host; name != "" && len(entries) == 0; _, name, _ = strings.Cut(name, ".") {
		for _, i := range w.hosts[name] {
			if w.entries[i].holds(at) {
				entries = append(entries, i)
			}
		}
	}
	return entries
}

// allows reports whether the site allows links to a host.
func (w *Words) allows(host string, at place) bool {
	return slices.ContainsFunc(w.listed(host, at), func(i int) bool { return w.entries[i].List == ListAllowed })
}

func (w *Words) withoutAllowed(links []string, at place) []string {
	if w == nil || len(w.hosts) == 0 {
		return links
	}
	return slices.DeleteFunc(slices.Clone(links), func(href string) bool {
		l, ok := linkOf(href)
		return ok && w.allows(l.name(), at)
	})
}

// hostEvidence names the entries that the links of a text are on.
func hostEvidence(s *Subject) []Evidence {
	at := placeOf(s)
	var found []Evidence
	var places []linkPlace
	for _, host := range LinkHosts(s.Words.withoutAllowed(s.Links, at)) {
		for _, i := range s.Words.listed(host, at) {
			if found == nil {
				places = linkPlaces(s.Text, s.Links)
			}
			e := listedHost(s.Words.entries[i], host)
			e.Spans = spansOfHost(places, host)
			found = append(found, e)
		}
	}
	return found
}

func listedHost(w Word, host string) Evidence {
	e := Evidence{
		Code: CodeBannedHost, Hint: HintReject,
		Data:     map[string]string{"word_id": w.ID, "word": w.Text, "host": host},
		Sentence: fmt.Sprintf("Links to %s, which is on the %s list.", host, w.List),
	}
	switch w.List {
	case ListSuspect:
		e.Code, e.Hint = CodeSuspectHost, HintHold
	case ListLegal:
		e.Code, e.Hint = CodeLegalTerm, HintReview
	}
	return e
}
