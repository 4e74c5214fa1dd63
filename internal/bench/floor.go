package bench

import (
	"context"
	"io"
	"net"

	"github.com/gofiber/fiber/v2"
)

// Floor serves the same bytes at every address, with nothing but the router's
// own work: no answer over HTTP can be had for less on the same machine. It is a
// process of its own, like what it is compared with.
func Floor(ctx context.Context, addr string, body io.Reader) error {
	bytes, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/*", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSONCharsetUTF8)
		return c.Send(bytes)
	})
	stop := context.AfterFunc(ctx, func() { _ = app.Shutdown() }) // its error is the listener's
	defer stop()
	return app.Listener(ln)
}
