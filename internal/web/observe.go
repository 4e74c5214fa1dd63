package web

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/fault"
)

// The keys under which guards leave what they found for the handlers.
const (
	keyReceived = "afterword received"
	keyIdentity = "afterword identity"
)

// Headers of every answer, ready as bytes: they are set thousands of times a
// second.
var (
	nameRequestID = []byte("X-Request-Id")
	nameNoSniff   = []byte("X-Content-Type-Options")
	valueNoSniff  = []byte("nosniff")
	nameReferrer  = []byte("Referrer-Policy")
	valueReferrer = []byte("no-referrer")
)

// observe gives every request its id, a line in the log and a place in the
// metrics, and turns what handlers return, or panic with, into answers.
func (s *Server) observe(c *fiber.Ctx) (err error) {
	at := s.Now()
	id := newRequestID(at)
	c.Locals(keyReceived, at)
	c.Response().Header.SetCanonical(nameRequestID, id[:])
	select {
	case <-s.Stopping:
		c.Context().SetConnectionClose() // so that nobody sends into a closing connection
	default:
	}
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("panic", slog.String("request_id", requestID(c)), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			err = s.fail(c, fmt.Errorf("panic: %v", p))
		}
		took := s.Now().Sub(at)
		s.Metrics.request(c.Method(), c.Route().Path, c.Response().StatusCode(), took)
		if s.Log.Enabled(context.Background(), slog.LevelDebug) {
			s.Log.Debug("request", slog.String("request_id", requestID(c)), slog.String("method", strings.Clone(c.Method())),
				slog.String("route", c.Route().Path), slog.Int("status", c.Response().StatusCode()), slog.Duration("took", took))
		}
	}()
	if err = c.Next(); err != nil {
		err = s.fail(c, err)
	}
	return err
}

// newRequestID writes a UUID v7. It is unique but no secret, so it does without
// the system's randomness.
func newRequestID(at time.Time) (text [36]byte) {
	var id [16]byte
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	a, b := rand.Uint64(), rand.Uint64()
	for i := range 8 {
		id[8+i] = byte(a >> (8 * i))
	}
	id[6], id[7], id[8] = 0x70|byte(b>>8)&0x0f, byte(b), 0x80|id[8]&0x3f
	for i, at := range [][2]int{{0, 0}, {4, 9}, {6, 14}, {8, 19}, {10, 24}} {
		end := [...]int{4, 6, 8, 10, 16}[i]
		hex.Encode(text[at[1]:], id[at[0]:end])
	}
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return text
}

// requestID is what observe has set, "" where no route took the request.
func requestID(c *fiber.Ctx) string { return string(c.Response().Header.PeekBytes(nameRequestID)) }

// received is when the request came in.
func received(c *fiber.Ctx) time.Time {
	at, _ := c.Locals(keyReceived).(time.Time)
	return at
}

// requestTime is how long a request may take, a little less than there is for
// writing its answer.
const requestTime = 25 * time.Second

// bound lets a request take no longer. Handlers pass UserContext on, never
// fasthttp's own context: that one ends when the server begins to stop, with
// requests under way.
func (s *Server) bound(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), requestTime)
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}

// guardRequest refuses what no route takes: above all compressed bodies, which
// fasthttp would inflate without a bound.
func (s *Server) guardRequest(c *fiber.Ctx) error {
	if enc := c.Request().Header.Peek(fiber.HeaderContentEncoding); len(enc) > 0 && !strings.EqualFold(string(enc), "identity") {
		return fault.New(fault.Unsupported, "unsupported_encoding", "Send the request without a Content-Encoding.")
	}
	if len(c.Request().Body()) > MaxBody {
		return ofFiber[fiber.StatusRequestEntityTooLarge]
	}
	if err := followHops(c); err != nil {
		return err
	}
	h := &c.Response().Header
	h.SetCanonical(nameNoSniff, valueNoSniff)
	h.SetCanonical(nameReferrer, valueReferrer)
	return c.Next()
}
