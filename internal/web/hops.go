package web

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/webhook"
)

// followHops refuses a request to change something that a webhook of a webhook of a
// webhook led to, and hands the number on to the events of the others.
func followHops(c *fiber.Ctx) error {
	given := c.Request().Header.Peek(webhook.HeaderHops)
	if len(given) == 0 || c.Method() == fiber.MethodGet {
		return nil
	}
	hops, err := strconv.ParseUint(string(given), 10, 8)
	if err != nil || hops > comment.HopsMost {
		return fault.New(fault.Conflict, "loop", "This request came about over more than three webhooks, so it is taken for a loop: a receiver causes the events that it receives. Let the receiver leave out what it has done itself; data.actor of an event says who did it.")
	}
	c.SetUserContext(comment.WithHops(c.UserContext(), int(hops)))
	return nil
}
