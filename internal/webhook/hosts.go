package webhook

import "github.com/afterword-comments/afterword/internal/comment"

// hosts knows the calls in flight by host, and who waits for a host that has all
// it may have. It belongs to the goroutine of Run.
type hosts struct {
	inFlight map[string]int
	waiting  map[string][]comment.Endpoint // by host, longest first
	waits    map[string]bool               // endpoints in waiting
}

func newHosts() *hosts {
	return &hosts{inFlight: map[string]int{}, waiting: map[string][]comment.Endpoint{}, waits: map[string]bool{}}
}

// hold remembers an endpoint until its host has room.
func (h *hosts) hold(e comment.Endpoint) {
	if !h.waits[e.ID] {
		h.waits[e.ID] = true
		h.waiting[e.Host()] = append(h.waiting[e.Host()], e)
	}
}

func (h *hosts) begin(e comment.Endpoint) { h.inFlight[e.Host()]++ }

func (h *hosts) end(e comment.Endpoint) {
	if host := e.Host(); h.inFlight[host] > 1 {
		h.inFlight[host]--
	} else {
		delete(h.inFlight, host)
	}
}

// next takes out those whose turn it is, at most as many as there is room for at
// their hosts and in all.
func (h *hosts) next(most int) (first []comment.Endpoint) {
	for host, waiting := range h.waiting {
		n := min(len(waiting), perHost-h.inFlight[host], most-len(first))
		if n <= 0 {
			continue
		}
		for _, e := range waiting[:n] {
			delete(h.waits, e.ID)
		}
		first = append(first, waiting[:n]...)
		if h.waiting[host] = waiting[n:]; n == len(waiting) {
			delete(h.waiting, host)
		}
	}
	return first
}

// all lists whoever waits.
func (h *hosts) all() (all []comment.Endpoint) {
	for _, waiting := range h.waiting {
		all = append(all, waiting...)
	}
	return all
}
