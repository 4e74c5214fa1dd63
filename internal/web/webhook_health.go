package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/webhook"
)

// EndpointHealth is how an endpoint has been doing, as the API shows it.
type EndpointHealth struct {
	Since     *string `json:"since"`
	Delivered int     `json:"delivered"`
	Failed    int     `json:"failed"`
	Retrying  int     `json:"retrying"`
	Owed      int     `json:"owed"`
	latency
	NextAttemptAt *string      `json:"next_attempt_at"`
	OldestOwedAt  *string      `json:"oldest_owed_at"`
	Hours         []healthHour `json:"hours"`
}

type healthHour struct {
	At        string `json:"at"`
	Delivered int    `json:"delivered"`
	Failed    int    `json:"failed"`
	latency
}

// latency is null where nothing has been called.
type latency struct {
	P50 *int64 `json:"p50_ms"`
	P95 *int64 `json:"p95_ms"`
}

func showLatency(l webhook.Latency) latency {
	if l.Calls == 0 {
		return latency{}
	}
	return latency{&l.P50, &l.P95}
}

func (s *Server) endpointHealth(c *fiber.Ctx) error {
	h, err := s.Hooks.Health(c.UserContext(), param(c, "site"), param(c, "id"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowEndpointHealth(h))
}

// ShowEndpointHealth makes the view of an endpoint's health.
func ShowEndpointHealth(h webhook.Health) EndpointHealth {
	out := EndpointHealth{
		Since: comment.OptionalTime(h.Since), Delivered: h.Delivered, Failed: h.Failed, Retrying: h.Retrying, Owed: h.Owed,
		latency: showLatency(h.Times), NextAttemptAt: comment.OptionalTime(h.Next), OldestOwedAt: comment.OptionalTime(h.Oldest),
		Hours: make([]healthHour, len(h.Hours)),
	}
	for i, hour := range h.Hours {
		out.Hours[i] = healthHour{At: comment.Timestamp(hour.At), Delivered: hour.Delivered, Failed: hour.Failed, latency: showLatency(hour.Times)}
	}
	return out
}

// AddressCheck is an address that could be an endpoint's, as it would be stored.
type AddressCheck struct {
	OK  bool   `json:"ok"`
	URL string `json:"url"`
}

// checkRate is for a person who types an address: each look may ask the
// resolver about a name.
var checkRate = rate{time.Second / 2, 20}

func (s *Server) checkAddress(c *fiber.Ctx) error {
	in, err := decode[struct {
		URL string `json:"url" validate:"required"`
	}](c)
	if err != nil {
		return err
	}
	if wait := s.checks.wait(identity(c).Account.ID, checkRate, received(c)); wait > 0 {
		return tooFast(wait)
	}
	url, err := s.Hooks.Check(c.UserContext(), param(c, "site"), in.URL)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, AddressCheck{true, url})
}
