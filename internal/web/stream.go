package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/live"
)

const (
	heartbeat = 15 * time.Second
	flushTime = 20 * time.Second // that a client may take to read what it is sent
	// backlogMost is how many events a stream is caught up with; one that was
	// away for longer starts again.
	backlogMost = 500
	// streamsMost is how many streams one network, or one account, may have
	// open at a time.
	streamsMost = 20
	// streamLife is the longest that a stream lasts. A client that is still
	// there comes back, to whichever node then has room.
	streamLife = time.Hour
	// comeBack is the time over which clients come back when all streams end at
	// once.
	comeBack = 10 * time.Second
)

// appendEvent writes one server-sent event; id 0 leaves the id away.
func appendEvent(to []byte, id int64, name string, data any) ([]byte, error) {
	body, err := comment.JSON(data)
	if err != nil {
		return nil, err
	}
	if id > 0 {
		to = fmt.Appendf(to, "id: %d\n", id)
	}
	return fmt.Appendf(to, "event: %s\ndata: %s\n\n", name, body), nil
}

// appendRetry tells the client when to come back after the end.
func appendRetry(to []byte, after time.Duration) []byte {
	return fmt.Appendf(to, "retry: %d\n\n", after.Milliseconds())
}

// watch is what a stream shows.
type watch interface {
	begin(ctx context.Context, to []byte) ([]byte, error) // a welcome, and what was missed
	may() error                                           // whether the client may go on
	pass(ev *live.Event) ([]byte, error)                  // what one event means
}

// open takes a place among the streams.
func (s *Server) open(by live.Holder, from map[string]int64, wants func(comment.Event) bool) (*live.Stream, error) {
	sub, err := s.Hub.Subscribe(by, from, wants)
	switch {
	case errors.Is(err, live.ErrHeld):
		return nil, fault.Wait("Too many live connections are open from where you are. The page works without.", heartbeat)
	case err != nil:
		return nil, &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Detail: "Too many live connections are open. The page works without.", RetryAfter: 30 * time.Second, Cause: err}
	}
	return sub, nil
}

// life is how long a stream may last: not the same for all, so that those who
// came together do not come back together.
func (s *Server) life() time.Duration {
	most := streamLife
	if s.StreamLife > 0 {
		most = s.StreamLife
	}
	return most - rand.N(most/4+1)
}

// serve answers with the stream of a subscription, which shows w until its life
// ends.
func (s *Server) serve(c *fiber.Ctx, sub *live.Stream, life time.Duration, w watch) error {
	first, err := w.begin(c.UserContext(), appendRetry(nil, 2*time.Second))
	if err != nil {
		sub.Close()
		return err
	}
	c.Set(fiber.HeaderContentType, "text/event-stream; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no")
	if c.Method() == fiber.MethodHead { // nobody would read it
		sub.Close()
		return nil
	}
	c.Context().SetBodyStream(&eventStream{
		Stream: sub, watch: w, conn: c.Context().Conn(), stopping: s.Stopping,
		next: first, end: time.Now().Add(life), wait: time.NewTimer(heartbeat),
	}, -1)
	return nil
}

// eventStream is the body of an answer that goes on. Thousands are open at a
// time, so it has no buffer and no goroutine of its own: the server takes each
// piece when it is there and sends it on the connection's goroutine. Nor has it
// anything of the request but the connection.
type eventStream struct {
	*live.Stream
	watch
	conn     net.Conn
	stopping <-chan struct{}
	next     []byte    // is to be written
	ended    bool      // after that
	beat     time.Time // until then something is to be written
	end      time.Time
	wait     *time.Timer
}

// SupportsBodyWriteTo implements fasthttp.BodyWriterTo: the server needs no
// buffer between, as it would for Read.
func (*eventStream) SupportsBodyWriteTo() bool { return true }

// WriteTo implements io.WriterTo: it writes the stream until it ends.
func (e *eventStream) WriteTo(w io.Writer) (written int64, err error) {
	for err == nil && e.more() {
		var n int
		n, err = w.Write(e.next)
		written += int64(n)
		e.next = nil
	}
	return written, err
}

// Read implements io.Reader, for a host that changes bodies on their way.
func (e *eventStream) Read(p []byte) (int, error) {
	if !e.more() {
		return 0, io.EOF
	}
	n := copy(p, e.next)
	e.next = e.next[n:]
	return n, nil
}

// Close implements io.Closer; the server calls it however the answer ends.
func (e *eventStream) Close() error {
	e.wait.Stop()
	e.Stream.Close()
	return nil
}

// more waits until there is something to be written, and reports false at the
// end of the stream.
func (e *eventStream) more() bool {
	for len(e.next) == 0 && !e.ended {
		e.next, e.ended = e.follow()
	}
	now := time.Now()
	// The server's write timeout is for whole answers; this one has no end.
	_ = e.conn.SetWriteDeadline(now.Add(flushTime))
	e.beat = now.Add(heartbeat)
	return len(e.next) > 0
}

// follow waits for what comes next: it ends when the client falls behind or may
// not go on, the stream's life is over or the server stops.
func (e *eventStream) follow() (next []byte, end bool) {
	switch ev, open := e.Take(); {
	case ev != nil:
		next, err := e.pass(ev)
		return next, err != nil
	case !open:
		return e.lost(), true
	}
	e.wait.Reset(min(time.Until(e.beat), time.Until(e.end)))
	select {
	case <-e.Ready():
		return nil, false
	case <-e.wait.C:
		if !time.Now().Before(e.end) || e.may() != nil {
			return nil, true
		}
		return []byte(": still here\n\n"), false
	case <-e.stopping:
		return appendRetry(nil, time.Second+rand.N(comeBack)), true
	}
}

// lost is the last word to a client that could not keep up.
func (e *eventStream) lost() []byte {
	if !e.Lost() {
		return nil
	}
	last, _ := appendEvent(nil, 0, "reset", struct{}{}) // cannot fail
	return last
}
