package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/web"
	"github.com/afterword-comments/afterword/internal/webhook"
)

type webhookCmd struct {
	Add        webhookAddCmd        `cmd:"" help:"Add an endpoint; prints its id and its secret, once."`
	List       webhookListCmd       `cmd:"" help:"List endpoints."`
	Test       webhookTestCmd       `cmd:"" help:"Send an endpoint.ping."`
	Rotate     webhookRotateCmd     `cmd:"" help:"Make a new secret; the old one signs too for a while."`
	Remove     webhookRemoveCmd     `cmd:"" help:"Delete an endpoint."`
	Deliveries webhookDeliveriesCmd `cmd:"" help:"List the newest deliveries of an endpoint."`
	Delivery   webhookDeliveryCmd   `cmd:"" help:"Show a delivery: what is sent, and every attempt with its answer."`
	Health     webhookHealthCmd     `cmd:"" help:"Tell how an endpoint has been doing: share, times, what it is owed."`
	Check      webhookCheckCmd      `cmd:"" help:"Tell whether an address could be an endpoint's; calls nobody."`
	Redeliver  webhookRedeliverCmd  `cmd:"" help:"Send a delivery's event again."`
	Replay     webhookReplayCmd     `cmd:"" help:"Send events of the past again, or count them."`
	Replays    webhookReplaysCmd    `cmd:"" help:"List the replays of an endpoint."`
	Cancel     webhookCancelCmd     `cmd:"" help:"End a replay."`
	Pause      webhookPauseCmd      `cmd:"" help:"Stop calling an endpoint; what it is owed waits."`
	Resume     webhookResumeCmd     `cmd:"" help:"Call an endpoint again, and catch up."`
	Change     webhookChangeCmd     `cmd:"" help:"Change an endpoint's address, types, mode or headers."`
	Events     webhookEventsCmd     `cmd:"" help:"Print a site's events as webhooks carry them."`
	Listen     webhookListenCmd     `cmd:"" help:"Sign and forward a site's events to a program on this machine."`
	Verify     webhookVerifyCmd     `cmd:"" help:"Check the signature of a webhook that was received."`
}

type webhookAddCmd struct {
	Site  string `help:"Key of the site." required:""`
	URL   string `help:"Address to send to." required:"" name:"url"`
	Types string `help:"Event types, commas between. Default: comment.approved." placeholder:"T,T"`

	Target     string   `help:"What is at the address: webhook (default), rebuild, slack, discord, teams, mattermost, telegram or ntfy."`
	Set        []string `help:"A setting of the target, as name=value, such as chat_id=-100123; may be repeated." sep:"none" placeholder:"SETTING=VALUE"`
	Mode       string   `help:"How much is told: full (default), or thin for ids only."`
	Header     []string `help:"A header of its own, as name=value; may be repeated." sep:"none" placeholder:"NAME=VALUE"`
	Asymmetric bool     `help:"Sign by the site's key pair (v1a) too; its public key is at /.well-known/afterword-webhooks.json?site=KEY."`
}

// Run adds an endpoint.
func (c *webhookAddCmd) Run(e *env) error {
	settings, err := pairs(c.Set)
	if err != nil {
		return err
	}
	headers, err := pairs(c.Header)
	if err != nil {
		return err
	}
	types := typeList(c.Types)
	return e.administer(func(a *app.App) error {
		endpoint, secret, err := a.Hooks.Add(e.ctx, c.Site, webhook.Change{
			URL: c.URL, Types: types, Target: c.Target, Settings: settings, Mode: comment.EndpointMode(c.Mode), Headers: headers, Asymmetric: &c.Asymmetric,
		}, operator)
		if err != nil {
			return noSite(err, c.Site)
		}
		return e.print(web.ShowEndpoint(a.Hooks, endpoint, secret), "Added %s. Secret, shown only now: %s", endpoint.ID, secret)
	})
}

type webhookListCmd struct {
	Site string `help:"Only of this site." placeholder:"KEY"`
}

// Run lists endpoints.
func (c *webhookListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		keys := []string{c.Site}
		if c.Site == "" {
			keys = nil
			all, err := a.Comments.SitesOf(e.ctx, everything)
			if err != nil {
				return err
			}
			for _, st := range all {
				keys = append(keys, st.Key)
			}
		}
		for _, key := range keys {
			endpoints, err := a.Hooks.List(e.ctx, key)
			if err != nil {
				return noSite(err, key)
			}
			for _, ep := range endpoints {
				if err := e.print(web.ShowEndpoint(a.Hooks, ep, ""), "%s  %s  %s  %s  %s  owed %d", ep.ID, ep.Site, ep.Status, webhook.ShownURL(ep), strings.Join(ep.Types, ","), ep.Owed); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

type webhookTestCmd struct {
	ID string `arg:"" help:"Id of the endpoint."`
}

// Run queues a ping; the running server sends it.
func (c *webhookTestCmd) Run(e *env) error {
	return e.withEndpoint(c.ID, func(a *app.App, ep comment.Endpoint) error {
		d, err := a.Hooks.Test(e.ctx, ep.Site, ep.ID, operator)
		if err != nil {
			return err
		}
		return e.print(web.ShowDelivery(d), "Queued the delivery %s; a running server sends it within a second.", d.ID)
	})
}

func (e *env) withEndpoint(id string, do func(*app.App, comment.Endpoint) error) error {
	return e.administer(func(a *app.App) error {
		ep, err := a.Hooks.Find(e.ctx, id)
		if err != nil {
			return missing(err, "endpoint "+id, "webhook list")
		}
		return do(a, ep)
	})
}

type webhookRotateCmd struct {
	ID      string `arg:"" help:"Id of the endpoint."`
	Overlap string `help:"How long the old secret signs too; 0s revokes it at once." default:"24h"`
}

// Run makes a new secret.
func (c *webhookRotateCmd) Run(e *env) error {
	overlap, err := comment.ParsePeriod(c.Overlap)
	if err != nil {
		return usageError{fmt.Errorf("--overlap %q is not a time such as 24h", c.Overlap)}
	}
	return e.withEndpoint(c.ID, func(a *app.App, ep comment.Endpoint) error {
		ep, secret, err := a.Hooks.Rotate(e.ctx, ep.Site, ep.ID, overlap, operator)
		if err != nil {
			return err
		}
		return e.print(web.ShowEndpoint(a.Hooks, ep, secret), "New secret, shown only now: %s", secret)
	})
}

type webhookRemoveCmd struct {
	ID string `arg:"" help:"Id of the endpoint."`
}

// Run deletes an endpoint.
func (c *webhookRemoveCmd) Run(e *env) error {
	return e.withEndpoint(c.ID, func(a *app.App, ep comment.Endpoint) error {
		if err := a.Hooks.Remove(e.ctx, ep.Site, ep.ID, operator); err != nil {
			return err
		}
		return e.print(map[string]string{"id": ep.ID}, "Removed %s. What it was owed is cancelled.", ep.ID)
	})
}

type webhookDeliveriesCmd struct {
	ID    string `arg:"" help:"Id of the endpoint."`
	State string `help:"Only owed, delivered, failed or cancelled ones." enum:"owed,delivered,failed,cancelled," default:""`
	Type  string `help:"Only of this type of event." placeholder:"TYPE"`
	Since string `help:"Only those made since: an instant, or a time back from now such as 2h." placeholder:"T"`
	Until string `help:"Only those made before." placeholder:"T"`
	Limit int    `help:"How many, newest first." default:"25"`
}

// Run lists deliveries.
func (c *webhookDeliveriesCmd) Run(e *env) error {
	wanted, err := c.wanted(time.Now())
	if err != nil {
		return err
	}
	return e.withEndpoint(c.ID, func(a *app.App, ep comment.Endpoint) error {
		wanted.Site, wanted.Endpoint = ep.Site, ep.ID
		for more := true; more && wanted.Limit > 0; more = wanted.Before != "" {
			found, next, err := a.Hooks.Search(e.ctx, wanted)
			if err != nil {
				return err
			}
			err = each(found, func(d comment.Delivery) error {
				return e.print(web.ShowDelivery(d), "%s  %s  %s  attempts %d  %s %d", d.ID, d.Type, d.State, d.Attempts, d.LastClass, d.LastStatus)
			})
			if err != nil {
				return err
			}
			wanted.Before, wanted.Limit = next, wanted.Limit-len(found)
		}
		return nil
	})
}

func (c *webhookDeliveriesCmd) wanted(now time.Time) (w webhook.Wanted, err error) {
	if c.Type != "" && !slices.Contains(comment.PublicTypes, c.Type) {
		return w, usageError{fmt.Errorf("--type %q is none of %s", c.Type, strings.Join(comment.PublicTypes, ", "))}
	}
	w = webhook.Wanted{DeliveryQuery: comment.DeliveryQuery{State: comment.DeliveryState(c.State), Limit: min(max(c.Limit, 1), 1000)}, Type: c.Type}
	if w.Since, err = instantOf("--since", c.Since, now); err != nil {
		return w, err
	}
	w.Until, err = instantOf("--until", c.Until, now)
	return w, err
}

type webhookRedeliverCmd struct {
	Delivery string `arg:"" help:"Id of the delivery."`
}

// Run queues an event again.
func (c *webhookRedeliverCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		d, err := a.Hooks.FindDelivery(e.ctx, c.Delivery)
		if err != nil {
			return missing(err, "delivery "+c.Delivery, "webhook deliveries ID")
		}
		if d, err = a.Hooks.Redeliver(e.ctx, d.Site, d.ID, operator); err != nil {
			return err
		}
		return e.print(web.ShowDelivery(d), "Queued the delivery %s; a running server sends it within a second.", d.ID)
	})
}

type webhookVerifyCmd struct {
	Secret    string `help:"The endpoint's secret, whsec_…, or the site's public key, whpk_…." required:"" env:"AFTERWORD_WEBHOOK_SECRET"`
	ID        string `help:"The webhook-id header." required:"" name:"id"`
	Timestamp string `help:"The webhook-timestamp header." required:""`
	Signature string `help:"The webhook-signature header." required:""`
	Body      string `help:"File with the body, byte for byte; - for standard input." default:"-"`
	At        int64  `help:"Time of receipt in Unix seconds; default: now." placeholder:"SECONDS"`
}

// Run checks a signature and says which part fails.
func (c *webhookVerifyCmd) Run(e *env) error {
	in := e.in
	if c.Body != "-" {
		f, err := os.Open(c.Body)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, 1<<20))
	if err != nil {
		return err
	}
	header := http.Header{}
	header.Set("webhook-id", c.ID)
	header.Set("webhook-timestamp", c.Timestamp)
	header.Set("webhook-signature", c.Signature)
	at := time.Now()
	if c.At != 0 {
		at = time.Unix(c.At, 0)
	}
	if err := webhook.Verify(c.Secret, header, body, at); err != nil {
		return err
	}
	return e.print(map[string]bool{"ok": true}, "The signature is right.")
}
