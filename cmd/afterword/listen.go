package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/webhook"
)

type webhookListenCmd struct {
	Site    string `help:"Key of the site." required:""`
	Forward string `help:"Address of the program, such as http://localhost:3000/hook." required:"" placeholder:"URL"`
	Types   string `help:"Event types, commas between. Default: all." placeholder:"T,T"`
}

// listenPoll is how often the log is looked at.
const listenPoll = 300 * time.Millisecond

// Run follows the site's log from now on and forwards what is new, signed with
// a secret made for this run. Nothing is kept and nothing is tried again: it is
// for a developer's machine.
func (c *webhookListenCmd) Run(e *env) error {
	types, err := webhook.CheckTypes(typeList(c.Types))
	if err != nil {
		return err
	}
	if u, err := url.Parse(c.Forward); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return usageError{fmt.Errorf("--forward %q is not an address such as http://localhost:3000/hook", c.Forward)}
	}
	return e.administer(func(a *app.App) error {
		if _, err := a.Comments.SiteOf(e.ctx, c.Site); err != nil {
			return noSite(err, c.Site)
		}
		seq, err := a.Comments.LogHead(e.ctx, c.Site)
		if err != nil {
			return err
		}
		secret, key := webhook.NewSecret()
		if err := e.print(map[string]string{"site": c.Site, "forward": c.Forward, "secret": secret},
			"Forwarding the events of %s to %s. Secret of this run: %s", c.Site, c.Forward, secret); err != nil {
			return err
		}
		f := forwarder{env: e, url: c.Forward, key: key, types: types, client: forwardClient()}
		tick := time.NewTicker(listenPoll)
		defer tick.Stop()
		for {
			events, err := a.Store.EventsAfter(e.ctx, c.Site, seq, 100)
			if err != nil {
				return err
			}
			for _, ev := range events {
				seq = ev.Seq
				if err := f.forward(ev); err != nil {
					return err
				}
			}
			select {
			case <-e.ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	})
}

// forwardClient treats answers as the sender does, so that what works here works
// there: a redirect is a failure, and no proxy of the environment is between.
func forwardClient() *http.Client {
	return &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// forwarder sends events to the developer's own program.
type forwarder struct {
	*env
	url    string
	key    []byte
	types  []string // none = all
	client *http.Client
}

func (f forwarder) forward(ev comment.Event) error {
	if !ev.Public() || len(f.types) > 0 && !slices.Contains(f.types, ev.Type) {
		return nil
	}
	now := time.Now()
	req, err := http.NewRequestWithContext(f.ctx, http.MethodPost, f.url, bytes.NewReader(ev.Body))
	if err != nil {
		return usageError{err}
	}
	for name, value := range map[string]string{
		"content-type": "application/json", "user-agent": "Afterword/" + version,
		webhook.HeaderID: ev.ID, webhook.HeaderTimestamp: strconv.FormatInt(now.Unix(), 10),
		webhook.HeaderSignature: webhook.Sign(ev.ID, now, ev.Body, f.key),
		"x-afterword-event":     ev.Type, "x-afterword-attempt": "1",
	} {
		req.Header.Set(name, value)
	}
	result := "no answer"
	if res, err := f.client.Do(req); err == nil {
		io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
		res.Body.Close()
		result = res.Status
	}
	if f.json {
		return json.NewEncoder(f.out).Encode(map[string]string{"id": ev.ID, "type": ev.Type, "result": result})
	}
	_, err = fmt.Fprintf(f.out, "%s  %-22s %s\n", now.Format(time.TimeOnly), ev.Type, result)
	return err
}
