package web_test

import (
	"context"
	"net"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/moderation"
)

// slow is a check that takes until it is let go.
type slow struct{ begun, goOn chan struct{} }

func (slow) Name() string { return "slow" }
func (slow) Version() int { return 1 }

func (s slow) Examine(ctx context.Context, _ *moderation.Subject) ([]moderation.Evidence, error) {
	s.begun <- struct{}{}
	<-s.goOn
	return nil, ctx.Err()
}

// TestRequestsUnderWayAreFinished: the server is told to stop while a comment is
// being examined; its reader gets the answer all the same.
func TestRequestsUnderWayAreFinished(t *testing.T) {
	t.Parallel()
	check := slow{make(chan struct{}), make(chan struct{})}
	h := open(t, func(p *plan) { p.Checks = append(p.Checks, check) })
	server := fiber.New(h.app.Web.Settings())
	h.app.Web.Register(server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served, stopped, answered := make(chan error, 1), make(chan error, 1), make(chan reply, 1)
	go func() { served <- server.Listener(l) }()
	h.url = "http://" + l.Addr().String()
	go func() { answered <- h.post(comments, write("While it stops.")) }()
	<-check.begun
	go func() { stopped <- server.ShutdownWithTimeout(patience) }()
	h.eventually("the server takes no more connections", func() bool {
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	close(check.goOn)
	answer := <-answered
	answer.want(201)
	for _, err := range []error{<-stopped, <-served} {
		if err != nil {
			t.Error(err)
		}
	}
}
