// Package plugin is Afterword as a value: a Go site mounts comments into its
// own fiber app in a few lines, and may bring its own moderation checks. The
// afterword command is one of its users.
//
//	aw, err := plugin.New(ctx, plugin.Config{DB: "comments.db"})
//	if err != nil { … }
//	app := fiber.New(aw.FiberConfig())
//	aw.Mount(app)
//	go app.Listen(":8080")
//	err = aw.Run(ctx) // until ctx is cancelled
//	aw.Close()
package plugin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/store"
	"github.com/afterword-comments/afterword/internal/web"
	"github.com/afterword-comments/afterword/moderation"
)

// Config is what an installation is told. Only DB is required.
type Config struct {
	// DB is a file path, sqlite:PATH, or postgres://user@host/database, which
	// many processes may serve at once.
	DB string
	// SecretKey is base64 of at least 32 random bytes, several with commas
	// between while a key is rotated, newest first. Empty means the file
	// afterword.key beside the database, which is made if need be; on PostgreSQL
	// it is required, and the same for every process.
	SecretKey string
	// WebhookAllow lists, as CIDR ranges with commas between, addresses that
	// webhooks may be sent to although they are private; http is allowed there.
	WebhookAllow string
	// WebhookSchedule replaces the delays before each retry, such as "5s,5m,1h".
	WebhookSchedule string
	// WebhookProxy sends webhooks through an egress proxy, such as
	// http://user:password@proxy.example:3128. It then resolves the receivers'
	// names, so it is the proxy that has to keep calls out of private networks.
	WebhookProxy string
	// WebhookCAFile names a PEM file of authorities that receivers' certificates
	// are checked against beside the system's.
	WebhookCAFile string
	// Listen is the address that the app listens at, such as ":443", if it is
	// known: webhooks do not go there unless WebhookAllow has it.
	Listen string
	// TrustedProxies lists, as CIDR ranges, whose X-Forwarded-For is believed.
	TrustedProxies string
	// MetricsToken opens /metrics to whoever sends it as a bearer token.
	MetricsToken string
	// Checks are examined beside the built-in ones, after them.
	Checks []moderation.Check
	// Log takes what operators need to know; nil means JSON on stderr. It never
	// gets a reader's words, names or addresses.
	Log *slog.Logger
	// Version and Commit are shown at /version.
	Version, Commit string
}

// Afterword is a running installation. One process serves a SQLite file.
type Afterword struct {
	app  *app.App
	lock *store.Lock // nil on PostgreSQL
}

// New opens the database, brings its schema up to date and gets everything
// ready. It fails if another instance serves the same file.
func New(ctx context.Context, c Config) (*Afterword, error) {
	lock, err := lockFile(c.DB)
	if err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, app.Settings{
		DB: c.DB, SecretKey: c.SecretKey, WebhookAllow: c.WebhookAllow, WebhookSchedule: c.WebhookSchedule, WebhookProxy: c.WebhookProxy, WebhookCAFile: c.WebhookCAFile, Listen: c.Listen,
		TrustedProxies: c.TrustedProxies, MetricsToken: c.MetricsToken, Checks: c.Checks, Log: c.Log,
		Version: web.Version{Version: c.Version, Commit: c.Commit, Go: runtime.Version()},
	})
	if err != nil {
		return nil, errors.Join(err, release(lock))
	}
	if lock != nil {
		a.Store.KeepBallast()
	}
	return &Afterword{app: a, lock: lock}, nil
}

// lockFile keeps other instances off a file. A server is for many.
func lockFile(db string) (*store.Lock, error) {
	if store.IsServer(db) {
		return nil, nil
	}
	path, err := store.FilePath(db)
	if err != nil {
		return nil, err
	}
	return store.LockFile(path)
}

func release(lock *store.Lock) error {
	if lock == nil {
		return nil
	}
	return lock.Release()
}

// FiberConfig is how the app should be set up: strict routing, limits and
// timeouts. An app that is set up otherwise must at least set Immutable.
func (a *Afterword) FiberConfig() fiber.Config { return a.app.Web.Settings() }

// Mount adds the routes of the API, the widget and the desk, and nothing to the
// host's own. On a group with a prefix readers find everything, since the loader
// goes by its own address; the desk's page names its files from the root, so
// mount at the root where moderators are to use it. The service is ready when
// Run has begun.
func (a *Afterword) Mount(router fiber.Router) { a.app.Web.Register(router) }

// NotFound answers what no route takes, as the API answers errors. Add it last
// where nothing else does.
func (a *Afterword) NotFound(c *fiber.Ctx) error { return a.app.Web.NotFound(c) }

// Metrics serves the figures in Prometheus' text format, for an address of
// their own.
func (a *Afterword) Metrics() http.Handler { return a.app.Web.Metrics.Handler() }

// Run runs what happens in the background (webhooks, live updates, decisions
// that take effect) until ctx is cancelled.
func (a *Afterword) Run(ctx context.Context) error { return a.app.Run(ctx) }

// Stop begins the end: the service says that it is not ready and closes its
// streams; requests are still answered. Shut the server down after it, then
// cancel Run, then Close.
func (a *Afterword) Stop() { a.app.Stop() }

// Close closes the database. Run must have returned.
func (a *Afterword) Close() error { return errors.Join(a.app.Close(), release(a.lock)) }
