// Package live tells open browsers what has happened: it follows the logs of
// the sites that somebody is watching and hands each event to the streams that
// want it. Every node has one Hub; nothing is kept, so a stream that was away
// is served from the log by whoever opened it, or told to start again.
package live

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Log is what the hub follows.
type Log interface {
	View(ctx context.Context, fn func(comment.Reader) error) error
	Changed() <-chan struct{}
}

const (
	poll  = 500 * time.Millisecond // catches the commits of other processes
	batch = 500                    // events read at a time
	slack = 256                    // events that a slow stream may lag behind
	// maxStreams leaves a quarter of the connections that the server takes (see
	// web.Server.Settings) to requests.
	maxStreams = 12 * 1024
)

// Why a stream is not opened.
var (
	ErrFull = errors.New("as many streams are open as this process takes")
	ErrHeld = errors.New("the holder has as many streams open as it may")
)

// Hub passes events on. Run must be running.
type Hub struct {
	log     Log
	mu      sync.Mutex
	rooms   map[string]*room
	streams map[*Stream]bool
	held    map[string]int // streams by holder
	closed  bool
	joined  chan struct{} // somebody watches a site that nobody watched
}

// Holder is who opens streams, of which Most may be open at a time on this
// node. One without a Key is not counted.
type Holder struct {
	Key  string
	Most int
}

// room is one site that somebody is watching.
type room struct {
	seq     int64 // up to here everything is passed on
	members map[*Stream]bool
}

// Stream is one browser's subscription.
type Stream struct {
	hub    *Hub
	holder string
	after  map[string]int64 // by site: up to here the stream is served
	wants  func(comment.Event) bool

	ready chan struct{} // holds something when there is something to take
	mu    sync.Mutex
	queue []*Event // not yet taken; mostly none, so it is not kept
	ended bool
	lost  bool
}

// NewHub makes a hub over a log.
func NewHub(log Log) *Hub {
	return &Hub{log: log, rooms: map[string]*room{}, streams: map[*Stream]bool{}, held: map[string]int{}, joined: make(chan struct{}, 1)}
}

// Subscribe opens a stream of the events of some sites that wants accepts; nil
// accepts all. from says, for each site, the number after which the stream
// begins. It is ErrHeld when the holder has its share, and ErrFull when there
// are too many streams or the hub is closed.
func (h *Hub) Subscribe(by Holder, from map[string]int64, wants func(comment.Event) bool) (*Stream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed || len(h.streams) >= maxStreams:
		return nil, ErrFull
	case by.Key != "" && h.held[by.Key] >= by.Most:
		return nil, ErrHeld
	}
	s := &Stream{hub: h, holder: by.Key, after: maps.Clone(from), wants: wants, ready: make(chan struct{}, 1)}
	h.held[s.holder]++
	h.streams[s] = true
	for site, seq := range from {
		r := h.rooms[site]
		if r == nil {
			r = &room{seq: seq, members: map[*Stream]bool{}}
			h.rooms[site] = r
		}
		r.seq = min(r.seq, seq) // the room goes back for whoever begins earlier
		r.members[s] = true
	}
	select {
	case h.joined <- struct{}{}:
	default:
	}
	return s, nil
}

// Ready says that it is worth while to Take again.
func (s *Stream) Ready() <-chan struct{} { return s.ready }

// Take gives the next event, nil if there is none now; open is false when none
// will come any more, because the stream has fallen too far behind, or was
// closed, or the hub; Lost tells which. The same event is handed to every
// stream, so nobody may change it.
func (s *Stream) Take() (e *Event, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return nil, !s.ended
	}
	e = s.queue[0]
	if s.queue = s.queue[1:]; len(s.queue) == 0 {
		s.queue = nil
	}
	return e, true
}

// Lost reports whether the stream was closed because it was too slow.
func (s *Stream) Lost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// put adds an event for Take; one that does not fit ends the stream.
func (s *Stream) put(e *Event) (fits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == slack {
		s.lost = true
		return false
	}
	s.queue = append(s.queue, e)
	s.wake()
	return true
}

func (s *Stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.wake()
}

func (s *Stream) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Close ends the subscription.
func (s *Stream) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.drop(s)
}

// drop takes a stream out of its rooms; a second time changes nothing.
func (h *Hub) drop(s *Stream) {
	if !h.streams[s] {
		return
	}
	delete(h.streams, s)
	if h.held[s.holder]--; h.held[s.holder] == 0 {
		delete(h.held, s.holder)
	}
	for site := range s.after {
		if r := h.rooms[site]; r != nil {
			delete(r.members, s)
			if len(r.members) == 0 {
				delete(h.rooms, site)
			}
		}
	}
	s.end()
}

// Streams is the number of open streams.
func (h *Hub) Streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams)
}

// Run passes events on until ctx ends, then closes every stream.
func (h *Hub) Run(ctx context.Context) error {
	defer h.close()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		changed := h.log.Changed() // before reading, so that nothing falls between
		looked := time.Now()
		for _, site := range h.watched() {
			// A site that cannot be read now is read at the next tick.
			_ = h.pass(ctx, site)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			time.Sleep(time.Until(looked.Add(restTime)))
		case <-h.joined:
		case <-tick.C:
		}
	}
}

func (h *Hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.streams {
		h.drop(s)
	}
}

func (h *Hub) watched() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	sites := make([]string, 0, len(h.rooms))
	for site := range h.rooms {
		sites = append(sites, site)
	}
	return sites
}

// pass hands the new events of one site to its streams.
func (h *Hub) pass(ctx context.Context, site string) error {
	for {
		r, after := h.room(site)
		if r == nil {
			return nil
		}
		var events []comment.Event
		err := h.log.View(ctx, func(rd comment.Reader) (err error) {
			events, err = rd.Events(site, after, batch)
			return err
		})
		if err != nil {
			return err
		}
		if h.give(r, after, events) && len(events) < batch {
			return nil
		}
	}
}

func (h *Hub) room(site string) (r *room, after int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r = h.rooms[site]; r == nil {
		return nil, 0
	}
	return r, r.seq
}

// give hands the events after a number to the streams of a room. It does
// nothing, and reports false, if the room has gone back meanwhile.
func (h *Hub) give(r *room, after int64, events []comment.Event) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.seq != after {
		return false
	}
	for i := range events {
		r.seq = events[i].Seq
		e := &Event{Event: events[i]}
		for s := range r.members {
			h.hand(s, e)
		}
	}
	return true
}

// hand gives an event to a stream that has not had it; one that does not keep
// up is closed.
func (h *Hub) hand(s *Stream, e *Event) {
	if e.Seq <= s.after[e.Site] {
		return
	}
	s.after[e.Site] = e.Seq
	if (s.wants == nil || s.wants(e.Event)) && !s.put(e) {
		h.drop(s)
	}
}
