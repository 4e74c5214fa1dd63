package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/cmd/afterword/demo"
	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/auth"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/webhook"
	"github.com/afterword-comments/afterword/plugin"
)

type demoCmd struct {
	Dir string `help:"Directory that keeps the demonstration's data; default: one that is deleted at the end." placeholder:"DIR"`
}

// The demonstration's site and its moderator.
const (
	demoSite = "daily"
	demoUser = "moderator@example.com"
)

// loopback may be called by the demonstration's webhooks: its receiver is the
// program itself.
const loopback = "127.0.0.0/8,::1/128"

// Run starts everything: newspaper, widget, desk and a webhook receiver.
func (c *demoCmd) Run(e *env) (err error) {
	ln, err := listenAll(e.settings)
	if err != nil {
		return err
	}
	dir := c.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "afterword-demo-"); err != nil {
			return errors.Join(err, ln.Close())
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return errors.Join(err, ln.Close())
	}
	s := *e.settings
	s.DB = filepath.Join(dir, "afterword.db")
	s.WebhookAllow = strings.Trim(s.WebhookAllow+","+loopback, ",")
	de := *e
	de.settings = &s

	stage := &stage{env: &de, base: "http://" + visible(ln.Addr())}
	if err := de.setUp(stage.set); err != nil {
		return errors.Join(err, ln.Close())
	}
	aw, err := plugin.New(e.ctx, s.plugin(e))
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	debug.FreeOSMemory() // hashing the password took a lot of it, once
	stage.announce()
	return serve(&de, aw, ln, func(r fiber.Router) {
		stage.paper().Register(r)
		r.Get("/", func(c *fiber.Ctx) error { return c.Redirect("/demo/", fiber.StatusFound) })
	})
}

// visible is an address to show: that of this machine where all were meant.
func visible(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// stage is the demonstration's scenery: site, moderator, comments, endpoint.
type stage struct {
	env      *env
	base     string
	password string // "" = the account was there before
	secret   string // of the webhook endpoint
}

func (st *stage) paper() *demo.Paper {
	return demo.New(demoSite, func(h http.Header, body []byte) error {
		return webhook.Verify(st.secret, h, body, time.Now())
	}, time.Now)
}

// set puts up what is missing. A directory that has served before keeps its
// comments; its addresses follow the port.
func (st *stage) set(a *app.App) error {
	ctx := st.env.ctx
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(st.base, "http://"))
	origins := []string{st.base, "http://127.0.0.1:" + port, "http://localhost:" + port}
	if _, err := a.Comments.SiteOf(ctx, demoSite); err == nil {
		if _, err := a.Comments.ChangeSite(ctx, demoSite, comment.SiteChange{Origins: origins}, operator); err != nil {
			return err
		}
		return st.receiver(a)
	} else if !fault.Is(err, "not_found") {
		return err
	}
	name := "The Daily"
	if _, err := a.Comments.AddSite(ctx, demoSite, comment.SiteChange{
		Name: &name, Origins: origins, Options: map[string]string{"undo_window": "0s", "edit_window": "24h", "rate_limits": "off", "moderation": "off"},
	}, operator); err != nil {
		return err
	}
	account, password, err := a.Auth.AddAccount(ctx, auth.NewAccount{Email: demoUser, Name: "Demo moderator", Role: comment.Owner}, operator)
	if err != nil {
		return err
	}
	st.password = password
	if err := st.seed(ctx, a, account); err != nil {
		return fmt.Errorf("seed the comments: %w", err)
	}
	if _, err := a.Comments.ChangeSite(ctx, demoSite, comment.SiteChange{
		Options: map[string]string{"undo_window": "5s", "edit_window": "5m", "rate_limits": "on", "moderation": "all"},
	}, operator); err != nil {
		return err
	}
	return st.receiver(a)
}

// receiver makes the endpoint that shows what arrives, or gives the one of an
// earlier run the new address and a new secret.
func (st *stage) receiver(a *app.App) error {
	ctx, url := st.env.ctx, st.base+"/demo/webhooks/receive"
	all, err := a.Hooks.List(ctx, demoSite)
	if err != nil {
		return err
	}
	for _, e := range all {
		if !strings.HasSuffix(e.URL, "/demo/webhooks/receive") {
			continue
		}
		if _, err := a.Hooks.Change(ctx, demoSite, e.ID, webhook.Change{URL: url}, operator); err != nil {
			return err
		}
		_, st.secret, err = a.Hooks.Rotate(ctx, demoSite, e.ID, 0, operator)
		return err
	}
	types := []string{
		comment.CommentCreated, comment.CommentApproved, comment.CommentRejected, comment.CommentMarkedSpam,
		comment.CommentEdited, comment.CommentDeleted, comment.CommentRestored, comment.CommentReported, comment.EndpointPing,
	}
	_, st.secret, err = a.Hooks.Add(ctx, demoSite, webhook.Change{URL: url, Types: types}, operator)
	return err
}

// seed writes the sample comments through the same use cases as everybody,
// with a clock that spreads them over the last hours.
func (st *stage) seed(ctx context.Context, a *app.App, by comment.Account) error {
	seeds := demo.Seeds()
	clock := a.Comments.Now().Add(-time.Duration(len(seeds)) * 23 * time.Minute)
	a.Comments.Now = func() time.Time { return clock }
	for _, w := range demo.Words() {
		if _, err := a.Comments.AddWord(ctx, comment.Word{Site: demoSite, List: w.List, Text: w.Text}, operator); err != nil {
			return err
		}
	}
	articles := map[string]demo.Article{}
	for _, art := range st.paper().Articles() {
		articles[art.Key] = art
	}
	ids := make([]string, len(seeds))
	var deleted []comment.Comment // only when their replies are there
	for i, seed := range seeds {
		clock = clock.Add(23 * time.Minute)
		art := articles[seed.Article]
		sub := comment.Submission{
			Site: demoSite, Page: comment.PageRef{Key: art.Key, URL: st.base + art.Path, Title: art.Title},
			Name: seed.Name, Email: seed.Email, Text: seed.Text, Client: comment.Client{IP: "192.0.2.1"},
		}
		if seed.Parent >= 0 {
			sub.ParentID = ids[seed.Parent]
		}
		// A comment that is to be waiting is written while the site holds all.
		mode := map[bool]string{true: "all", false: "off"}[seed.Want == string(comment.Pending)]
		if _, err := a.Comments.ChangeSite(ctx, demoSite, comment.SiteChange{Options: map[string]string{"moderation": mode}}, operator); err != nil {
			return err
		}
		out, err := a.Comments.Submit(ctx, sub)
		if err != nil {
			return err
		}
		ids[i] = out.Comment.ID
		if seed.Want == string(comment.Deleted) {
			deleted = append(deleted, out.Comment)
			continue
		}
		if err := st.settle(ctx, a, by, out.Comment, comment.Status(seed.Want)); err != nil {
			return err
		}
	}
	for _, c := range deleted {
		if err := st.settle(ctx, a, by, c, comment.Deleted); err != nil {
			return err
		}
	}
	return nil
}

// settle brings a seeded comment into the status that it is to show.
func (st *stage) settle(ctx context.Context, a *app.App, by comment.Account, c comment.Comment, want comment.Status) error {
	action, ok := map[comment.Status]comment.Action{
		comment.Approved: comment.Approve, comment.Rejected: comment.Reject, comment.Spam: comment.MarkSpam, comment.Deleted: comment.Delete,
	}[want]
	if !ok || c.Status == want {
		return nil
	}
	_, err := a.Comments.Decide(ctx, comment.Ruling{
		By: by, Action: action, Items: []comment.Item{{ID: c.ID, Revision: c.Revision}}, Received: a.Comments.Now(),
	})
	return err
}

// announce prints the addresses and, where it was made just now, the sign-in.
func (st *stage) announce() {
	out := st.env.out
	if st.env.json {
		_ = st.env.print(map[string]string{
			"newspaper": st.base + "/demo/", "desk": st.base + "/admin/", "webhooks": st.base + "/demo/webhooks",
			"email": demoUser, "password": st.password,
		}, "")
		return
	}
	fmt.Fprintf(out, "\n  Afterword is running.\n\n")
	fmt.Fprintf(out, "  Newspaper  %s/demo/\n  Desk       %s/admin/\n  Webhooks   %s/demo/webhooks\n\n", st.base, st.base, st.base)
	if st.password != "" {
		fmt.Fprintf(out, "  Sign in as %s with the password %s\n\n", demoUser, st.password)
	} else {
		fmt.Fprintf(out, "  Sign in as %s with the password that was printed when this directory was new.\n\n", demoUser)
	}
	fmt.Fprintf(out, "  Stop with Ctrl+C.\n\n")
}
