package demo

import (
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
)

// receive is the publisher's end of a webhook: 204 for a good signature, 401
// for any other, both kept in the log.
func (p *Paper) receive(c *fiber.Ctx) error {
	headers := make(http.Header)
	for name, value := range c.Request().Header.All() {
		headers.Add(string(name), string(value))
	}
	// The raw body: what was signed, and what no compression can inflate.
	got := p.inbox.take(headers, c.Request().Body())
	if !got.Verified {
		c.Type("txt", "utf-8")
		return c.Status(fiber.StatusUnauthorized).SendString("The signature does not hold: " + got.Problem + "\n")
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// log answers with the calls after a number. run changes with each start of
// the program, which counts from one again.
func (p *Paper) log(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(struct {
		Run   string `json:"run"`
		Calls []call `json:"calls"`
	}{p.started.UTC().Format(time.RFC3339Nano), p.inbox.after(int64(c.QueryInt("after")))})
}
