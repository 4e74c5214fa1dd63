package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/web"
	"github.com/afterword-comments/afterword/internal/webhook"
)

type webhookReplayCmd struct {
	ID     string `arg:"" help:"Id of the endpoint."`
	Since  string `help:"From the first event that is not before it: an instant such as 2026-03-01T09:30:00Z, or a time back from now such as 2h or 3d." placeholder:"T"`
	Until  string `help:"To the last event that is before it; default: to the newest." placeholder:"T"`
	Types  string `help:"Only these event types, commas between. Default: what the endpoint asks for." placeholder:"T,T"`
	Broken bool   `help:"Only what was given up and has not arrived since."`
	DryRun bool   `help:"Count, and send nothing."`
}

// Run starts a replay, or counts what it would send; the running server sends it.
func (c *webhookReplayCmd) Run(e *env) error {
	ask, err := c.ask(time.Now())
	if err != nil {
		return err
	}
	return e.withEndpoint(c.ID, func(a *app.App, ep comment.Endpoint) error {
		if c.DryRun {
			p, err := a.Hooks.PreviewReplay(e.ctx, ep.Site, ep.ID, ask)
			if err != nil {
				return err
			}
			return e.print(web.ShowPreview(p), "%s", summary(p))
		}
		v, err := a.Hooks.StartReplay(e.ctx, ep.Site, ep.ID, ask, operator)
		if err != nil {
			return err
		}
		if v.Events == 0 && v.State == comment.ReplayDone {
			return e.print(web.ShowReplay(v), "There is nothing to send again.")
		}
		return e.print(web.ShowReplay(v), "Began the replay %s of %d events; a running server sends ten a second.", v.ID, v.Events)
	})
}

func (c *webhookReplayCmd) ask(now time.Time) (ask webhook.ReplayAsk, err error) {
	if c.Since == "" && !c.Broken {
		return ask, usageError{errors.New("say --since T, or --broken")}
	}
	ask = webhook.ReplayAsk{Types: typeList(c.Types), Missed: c.Broken}
	if ask.Since, err = instantOf("--since", c.Since, now); err != nil {
		return ask, err
	}
	ask.Until, err = instantOf("--until", c.Until, now)
	return ask, err
}

// instantOf reads an instant, or a time back from now; "" is the zero instant.
func instantOf(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	back, err := comment.ParsePeriod(text)
	if err != nil || back < 0 {
		return time.Time{}, usageError{fmt.Errorf("%s %q is neither an instant such as 2026-03-01T09:30:00Z nor a time back from now such as 2h or 3d", flag, text)}
	}
	return now.Add(-back), nil
}

func typeList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// summary is a preview for people.
func summary(p webhook.Preview) string {
	text := fmt.Sprintf("%d events", p.Events)
	if p.Events > 0 {
		text += fmt.Sprintf(", from %s to %s", comment.Timestamp(p.FirstAt), comment.Timestamp(p.LastAt))
	}
	if p.More {
		text += ", and what comes later in the log"
	}
	return text + ". Nothing is sent."
}

type webhookReplaysCmd struct {
	ID    string `arg:"" help:"Id of the endpoint."`
	Limit int    `help:"How many, newest first." default:"25"`
}

// Run lists replays.
func (c *webhookReplaysCmd) Run(e *env) error {
	return e.withEndpoint(c.ID, func(a *app.App, ep comment.Endpoint) error {
		all, err := a.Hooks.Replays(e.ctx, ep.Site, ep.ID, "", min(max(c.Limit, 1), 1000))
		if err != nil {
			return err
		}
		return each(all, func(v comment.Replay) error {
			return e.print(web.ShowReplay(v), "%s  %d  %s  %d of %d  %s", v.ID, v.Number, v.State, v.Sent, v.Events, strings.Join(v.Types, ","))
		})
	})
}

type webhookCancelCmd struct {
	Replay string `arg:"" help:"Id of the replay."`
}

// Run ends a replay.
func (c *webhookCancelCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		v, err := a.Hooks.FindReplay(e.ctx, c.Replay)
		if err != nil {
			return missing(err, "replay "+c.Replay, "webhook replays ID")
		}
		if v, err = a.Hooks.CancelReplay(e.ctx, v.Site, v.EndpointID, v.ID, operator); err != nil {
			return err
		}
		return e.print(web.ShowReplay(v), "Cancelled after %d of %d events.", v.Sent, v.Events)
	})
}

type webhookPauseCmd struct {
	ID string `arg:"" help:"Id of the endpoint."`
}

// Run stops the calls of an endpoint.
func (c *webhookPauseCmd) Run(e *env) error {
	return e.changeEndpoint(c.ID, webhook.Change{Status: comment.EndpointPaused}, "Paused %s. What it is owed waits.")
}

type webhookResumeCmd struct {
	ID string `arg:"" help:"Id of the endpoint."`
}

// Run lets an endpoint be called again.
func (c *webhookResumeCmd) Run(e *env) error {
	return e.changeEndpoint(c.ID, webhook.Change{Status: comment.EndpointActive}, "%s is active, and is sent what it is owed.")
}

func (e *env) changeEndpoint(id string, change webhook.Change, text string) error {
	return e.withEndpoint(id, func(a *app.App, ep comment.Endpoint) error {
		ep, err := a.Hooks.Change(e.ctx, ep.Site, ep.ID, change, operator)
		if err != nil {
			return err
		}
		return e.print(web.ShowEndpoint(a.Hooks, ep, ""), text, ep.ID)
	})
}

type webhookChangeCmd struct {
	ID        string   `arg:"" help:"Id of the endpoint."`
	URL       string   `help:"New address." name:"url"`
	Types     string   `help:"New event types, commas between." placeholder:"T,T"`
	Mode      string   `help:"How much it is told: full or thin." enum:"full,thin," default:""`
	Target    string   `help:"What is at the address; another target begins without settings."`
	Set       []string `help:"A setting of the target, as name=value, in place of all; may be repeated." sep:"none" placeholder:"SETTING=VALUE"`
	Header    []string `help:"A header of its own, in place of all; may be repeated." sep:"none" placeholder:"NAME=VALUE" xor:"headers"`
	NoHeaders bool     `help:"Take its own headers away." xor:"headers"`

	Asymmetric *bool `help:"Sign by the site's key pair (v1a) too, or no longer." negatable:""`
}

// Run changes an endpoint.
func (c *webhookChangeCmd) Run(e *env) error {
	change := webhook.Change{URL: c.URL, Types: typeList(c.Types), Mode: comment.EndpointMode(c.Mode), Target: c.Target, Asymmetric: c.Asymmetric}
	if len(c.Set) > 0 {
		settings, err := pairs(c.Set)
		if err != nil {
			return err
		}
		change.Settings = settings
	}
	if len(c.Header) > 0 || c.NoHeaders {
		headers, err := pairs(c.Header)
		if err != nil {
			return err
		}
		change.Headers = headers
	}
	if c.URL == "" && len(change.Types) == 0 && c.Mode == "" && c.Target == "" && change.Settings == nil && change.Headers == nil && c.Asymmetric == nil {
		return usageError{errors.New("say what to change: --url, --types, --mode, --target, --set, --header, --no-headers or --[no-]asymmetric")}
	}
	return e.changeEndpoint(c.ID, change, "Changed %s.")
}

type webhookEventsCmd struct {
	Site  string `help:"Key of the site." required:"" placeholder:"KEY"`
	After string `help:"Where to go on: a cursor, or the id of the last event that you have. Default: the beginning." placeholder:"CURSOR"`
	Limit int    `help:"How many events at most, up to 100." default:"100"`
}

// Run prints events as webhooks carry them, and where to go on.
func (c *webhookEventsCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		bodies, next, err := a.Comments.PublicEvents(e.ctx, c.Site, min(max(c.Limit, 1), comment.MaxLimit), c.After)
		if err != nil {
			return noSite(err, c.Site)
		}
		if e.json {
			page, err := comment.JSON(web.ShowEvents(bodies, next)) // which leaves the bodies as they are
			if err == nil {
				_, err = fmt.Fprintf(e.out, "%s\n", page)
			}
			return err
		}
		last := c.After
		for _, body := range bodies {
			if _, err := fmt.Fprintf(e.out, "%s\n", body); err != nil {
				return err
			}
			var head comment.EnvelopeHead
			if err := json.Unmarshal(body, &head); err != nil {
				return err
			}
			last = head.ID
		}
		if next == "" { // the end for now: the next ones are behind the last event
			next = last
		}
		_, err = fmt.Fprintf(e.err, "next cursor: %s\n", next)
		return err
	})
}
