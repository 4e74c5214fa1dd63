package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/auth"
	"github.com/afterword-comments/afterword/internal/bench/fill"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// What the benchmarks make in a database.
const (
	// HeldSite is the site that is filled. It reviews every comment before it is
	// shown, as a new site does.
	HeldSite = "bench"
	// Origin is its only origin, where its pages lie.
	Origin = "https://news.example"
	staff  = "bench@news.example"
)

var operator = comment.Actor{Kind: comment.ActorOperator, Name: "benchmark"}

// serve makes sure that there is a server with data to measure.
func (h *house) serve(ctx context.Context) (err error) {
	if h.foreign || h.server != nil {
		return nil
	}
	if err := h.fill(ctx); err != nil {
		return err
	}
	if h.server, err = h.launch(ctx, nil, serveArgs(h.DB)...); err != nil {
		return err
	}
	h.Addr = h.server.addr
	if err := h.server.ready("/readyz"); err != nil {
		return err
	}
	h.server.settle()
	return nil
}

func serveArgs(dsn string) []string {
	return []string{"--db", dsn, "--log-level", "error", "--addr", "ADDR", "serve"}
}

// openApp opens an installation in this process, for preparing it.
func (h *house) openApp(ctx context.Context, dsn string) (*app.App, error) {
	return app.Open(ctx, app.Settings{DB: dsn, SecretKey: h.SecretKey, WebhookAllow: "127.0.0.0/8", Log: slog.New(slog.DiscardHandler)})
}

// fill generates the data, unless an earlier run has left it in the database.
func (h *house) fill(ctx context.Context) error {
	if h.filled {
		return nil
	}
	a, err := h.openApp(ctx, h.DB)
	if err != nil {
		return err
	}
	fresh, err := h.furnish(ctx, a)
	if err := errors.Join(err, a.Close()); err != nil {
		return err
	}
	h.filled = true
	if !fresh {
		return nil
	}
	h.Say(fmt.Sprintf("· generating %d comments", h.Comments))
	done, err := fill.Fill(ctx, h.DB, a.Ledger, fill.Order{
		Site: h.Site, Origin: h.Origin, Comments: h.Comments, Pages: h.PagesNum, Threads: h.Threads,
		MaxDepth: comment.DefaultOptions().MaxDepth, Seed: 1,
	}, func(int) {})
	if err != nil {
		return err
	}
	h.Say("  " + done.String())
	return nil
}

// furnish makes the sites and the account; fresh is whether they were missing.
func (h *house) furnish(ctx context.Context, a *app.App) (fresh bool, err error) {
	fresh, err = AddSite(ctx, a, h.Site, "all")
	if err != nil {
		return false, err
	}
	if _, err := a.Auth.AccountByEmail(ctx, staff); fault.Is(err, "not_found") {
		_, _, err = a.Auth.AddAccount(ctx, auth.NewAccount{Email: staff, Name: "Benchmark", Role: comment.Owner}, operator)
		if err != nil {
			return false, err
		}
	} else if err != nil {
		return false, err
	}
	h.Token, _, err = a.Auth.ScriptToken(ctx, staff, 2*time.Hour, operator)
	return fresh, err
}

// AddSite makes a site that lets itself be measured: no rate limits, and
// decisions take effect at once. It reports false where the site is there.
func AddSite(ctx context.Context, a *app.App, key, moderation string) (bool, error) {
	name := "Benchmark " + key
	_, err := a.Comments.AddSite(ctx, key, comment.SiteChange{
		Name: &name, Origins: []string{Origin},
		Options: map[string]string{"rate_limits": "off", "undo_window": "0s", "moderation": moderation},
	}, operator)
	if fault.Is(err, "site_exists") {
		return false, nil
	}
	return err == nil, err
}
