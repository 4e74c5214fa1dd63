package main

import (
	"fmt"
	"net/url"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/store"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Print the settings as they come out, with secrets masked."`
}

type configCheckCmd struct{}

// Run prints every setting, and fails on the first one that cannot be.
func (c *configCheckCmd) Run(e *env) error {
	s := e.settings
	db, key := store.Masked(s.DB), masked(s.SecretKey)
	if !store.IsServer(s.DB) {
		path, err := store.FilePath(s.DB)
		if err != nil {
			return err
		}
		db = path
		if s.SecretKey == "" {
			key = "(file " + app.KeyFile(path) + ")"
		}
	}
	if err := app.Check(app.Settings{DB: s.DB, SecretKey: s.SecretKey, WebhookAllow: s.WebhookAllow, WebhookSchedule: s.WebhookSchedule, WebhookProxy: s.WebhookProxy, WebhookCAFile: s.WebhookCAFile, TrustedProxies: s.TrustedProxies}); err != nil {
		return err
	}
	rows := []struct{ name, value string }{
		{"addr", s.Addr}, {"db", db}, {"secret_key", key}, {"webhook_allow", s.WebhookAllow}, {"webhook_schedule", s.WebhookSchedule},
		{"webhook_proxy", maskedURL(s.WebhookProxy)}, {"webhook_ca_file", s.WebhookCAFile},
		{"trusted_proxies", s.TrustedProxies}, {"metrics_addr", s.MetricsAddr}, {"metrics_token", masked(s.MetricsToken)}, {"log_level", s.LogLevel},
	}
	if e.json {
		all := map[string]string{}
		for _, r := range rows {
			all[r.name] = r.value
		}
		return e.print(all, "")
	}
	for _, r := range rows {
		fmt.Fprintf(e.out, "%-17s %s\n", r.name, r.value)
	}
	return nil
}

func masked(secret string) string {
	if secret == "" {
		return ""
	}
	return "********"
}

// maskedURL is an address without the password in it.
func maskedURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return masked(text)
	}
	return u.Redacted()
}
