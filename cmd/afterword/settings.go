package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/keyring"
	"github.com/afterword-comments/afterword/internal/store"
	"github.com/afterword-comments/afterword/internal/web"
	"github.com/afterword-comments/afterword/plugin"
)

// settings are the operator's, for every command.
type settings struct {
	Addr             string `help:"Address to listen on (demo, serve)." default:"127.0.0.1:8080" env:"AFTERWORD_ADDR" placeholder:"HOST:PORT"`
	DB               string `help:"Database: a file path, sqlite:PATH or postgres://user:password@host:5432/database." default:"afterword.db" env:"AFTERWORD_DB" placeholder:"DB"`
	SecretKey        string `help:"Installation key: base64 of at least 32 random bytes. Default: the file afterword.key beside the database; required on PostgreSQL." env:"AFTERWORD_SECRET_KEY" placeholder:"BASE64"`
	SecretKeyFile    string `help:"File with the installation key." env:"AFTERWORD_SECRET_KEY_FILE" placeholder:"FILE"`
	WebhookAllow     string `help:"Address ranges that webhooks and checks may go to although they are private (CIDR, commas between)." env:"AFTERWORD_WEBHOOK_ALLOW" placeholder:"CIDR,…"`
	WebhookSchedule  string `help:"Delays before the retries of a webhook, in place of the standard ones." env:"AFTERWORD_WEBHOOK_SCHEDULE" placeholder:"5s,5m,…"`
	WebhookProxy     string `help:"Egress proxy that webhooks go through. It resolves the receivers' names, so it has to keep calls out of private networks." env:"AFTERWORD_WEBHOOK_PROXY" placeholder:"URL"`
	WebhookProxyFile string `help:"File with the address of the egress proxy." env:"AFTERWORD_WEBHOOK_PROXY_FILE" placeholder:"FILE"`
	WebhookCAFile    string `help:"PEM file of authorities that webhook receivers' certificates are checked against beside the system's." env:"AFTERWORD_WEBHOOK_CA_FILE" name:"webhook-ca-file" placeholder:"FILE"`
	TrustedProxies   string `help:"Address ranges of proxies whose X-Forwarded-For is believed (CIDR, commas between)." env:"AFTERWORD_TRUSTED_PROXIES" placeholder:"CIDR,…"`
	MetricsAddr      string `help:"Address of its own for /metrics." env:"AFTERWORD_METRICS_ADDR" placeholder:"HOST:PORT"`
	MetricsToken     string `help:"Token that opens /metrics on the main address." env:"AFTERWORD_METRICS_TOKEN" placeholder:"TOKEN"`
	MetricsTokenFile string `help:"File with the metrics token." env:"AFTERWORD_METRICS_TOKEN_FILE" placeholder:"FILE"`
	LogLevel         string `help:"Least level that is logged: debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"AFTERWORD_LOG_LEVEL"`
}

// readSecrets reads the secrets that are given as files.
func (s *settings) readSecrets() error {
	for _, secret := range []struct {
		name  string
		value *string
		file  string
	}{{"secret-key", &s.SecretKey, s.SecretKeyFile}, {"webhook-proxy", &s.WebhookProxy, s.WebhookProxyFile}, {"metrics-token", &s.MetricsToken, s.MetricsTokenFile}} {
		if secret.file == "" {
			continue
		}
		if *secret.value != "" {
			return fmt.Errorf("--%s and --%s-file are both set; give one of them", secret.name, secret.name)
		}
		text, err := os.ReadFile(secret.file)
		if err != nil {
			return fmt.Errorf("--%s-file: %w", secret.name, err)
		}
		if *secret.value = strings.TrimSpace(string(text)); *secret.value == "" {
			return fmt.Errorf("--%s-file: %s is empty", secret.name, secret.file)
		}
	}
	if s.SecretKey != "" {
		if _, err := keyring.Parse(s.SecretKey); err != nil {
			return fmt.Errorf("AFTERWORD_SECRET_KEY: %w", err)
		}
	}
	return nil
}

func (s *settings) logger(e *env) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // the flag's enum admits only levels
	return slog.New(slog.NewJSONHandler(e.err, &slog.HandlerOptions{Level: level}))
}

func (s *settings) plugin(e *env) plugin.Config {
	return plugin.Config{
		DB: s.DB, SecretKey: s.SecretKey, WebhookAllow: s.WebhookAllow, WebhookSchedule: s.WebhookSchedule, Listen: s.Addr,
		WebhookProxy: s.WebhookProxy, WebhookCAFile: s.WebhookCAFile,
		TrustedProxies: s.TrustedProxies, MetricsToken: s.MetricsToken, Log: s.logger(e),
		Version: versionOf().Version, Commit: versionOf().Commit,
	}
}

// administer opens the database for one command, whether or not a server runs.
func (e *env) administer(do func(*app.App) error) error {
	if _, err := e.database(); err != nil && !store.IsServer(e.settings.DB) {
		return err
	}
	return e.setUp(do)
}

// database is the file of the database. One that is not there is a mistake, not
// a new one: a backup of nothing would be no backup.
func (e *env) database() (string, error) {
	path, err := store.FilePath(e.settings.DB)
	if err != nil {
		return "", usageError{err}
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("there is no database %s; name another with --db, or make it with: afterword migrate", path)
	}
	return path, nil
}

// setUp is administer for the commands with which an installation begins: they
// make the database where there is none.
func (e *env) setUp(do func(*app.App) error) error {
	a, err := app.Open(e.ctx, app.Settings{
		DB: e.settings.DB, SecretKey: e.settings.SecretKey, WebhookAllow: e.settings.WebhookAllow,
		Log: e.settings.logger(e), Version: versionOf(),
	})
	if err != nil {
		return err
	}
	return errors.Join(do(a), a.Close())
}

// operator is who acts on the command line.
var operator = comment.Actor{Kind: comment.ActorOperator, Name: "command line"}

// version is set by release builds.
var version = "dev"

func versionOf() web.Version {
	v := web.Version{Version: version, Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	return v
}
