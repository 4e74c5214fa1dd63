package main

import (
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/web"
)

type webhookDeliveryCmd struct {
	ID string `arg:"" help:"Id of the delivery." name:"id"`
}

// Run shows a delivery with its attempts. What a receiver answered is a stranger's
// text and is printed quoted.
func (c *webhookDeliveryCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		found, err := a.Hooks.FindDelivery(e.ctx, c.ID)
		if err != nil {
			return missing(err, "delivery "+c.ID, "webhook deliveries ID")
		}
		d, body, attempts, err := a.Hooks.Delivery(e.ctx, found.Site, found.ID)
		if err != nil {
			return err
		}
		v := web.ShowDeliveryDetail(d, body, attempts)
		if err := e.print(v, "%s  %s  %s  to %s\n%s", v.ID, v.Type, v.State, v.EndpointID, v.Body); err != nil || e.json {
			return err
		}
		for _, at := range v.AttemptsList {
			if err := e.print(nil, "%s", attemptText(at)); err != nil {
				return err
			}
		}
		return nil
	})
}

// attemptText is an attempt for the terminal.
func attemptText(at web.Attempt) string {
	text := fmt.Sprintf("→ %d  %s  %d ms  %s", at.N, at.At, at.MS, at.Class)
	if at.Status != nil {
		text += fmt.Sprintf(" %d", *at.Status)
	}
	if at.Detail != "" {
		text += ": " + at.Detail
	}
	if at.Response != "" {
		text += fmt.Sprintf("\n    %q", at.Response)
	}
	return text
}

type webhookHealthCmd struct {
	ID string `arg:"" help:"Id of the endpoint."`
}

// Run tells how an endpoint has been doing, by its newest deliveries.
func (c *webhookHealthCmd) Run(e *env) error {
	return e.withEndpoint(c.ID, func(a *app.App, ep comment.Endpoint) error {
		h, err := a.Hooks.Health(e.ctx, ep.Site, ep.ID)
		if err != nil {
			return err
		}
		v := web.ShowEndpointHealth(h)
		text := []string{fmt.Sprintf("delivered %d, given up %d, to be tried again %d, owed %d", v.Delivered, v.Failed, v.Retrying, v.Owed)}
		if v.P50 != nil && v.P95 != nil {
			text = append(text, fmt.Sprintf("p50 %d ms, p95 %d ms", *v.P50, *v.P95))
		}
		if v.NextAttemptAt != nil {
			text = append(text, "next attempt "+*v.NextAttemptAt)
		}
		if v.OldestOwedAt != nil {
			text = append(text, "owed since "+*v.OldestOwedAt)
		}
		return e.print(v, "%s", strings.Join(text, "; "))
	})
}

type webhookCheckCmd struct {
	URL  string `arg:"" help:"The address." name:"url"`
	Site string `help:"Key of the site." required:"" placeholder:"KEY"`
}

// Run looks at an address.
func (c *webhookCheckCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		url, err := a.Hooks.Check(e.ctx, c.Site, c.URL)
		if err != nil {
			return noSite(err, c.Site)
		}
		return e.print(web.AddressCheck{OK: true, URL: url}, "An endpoint can be at %s.", url)
	})
}
