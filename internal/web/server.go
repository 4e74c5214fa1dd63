// Package web is Afterword over HTTP: the routes of the public contract, thin
// handlers that decode, call one use case and encode, and one place that turns
// errors into answers. It knows the domain and its neighbours, never the store.
// plugin registers it on a fiber router.
package web

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/auth"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/live"
	"github.com/afterword-comments/afterword/internal/webhook"
)

// Server holds what the handlers need.
type Server struct {
	Comments *comment.Service
	Auth     *auth.Auth
	Hooks    *webhook.Hooks
	Hub      *live.Hub
	Log      *slog.Logger
	Proxies  []netip.Prefix // whose forwarding headers are believed
	Version  Version
	Metrics  *Metrics
	// MetricsToken opens /metrics to whoever has it; "" = it is not served here.
	MetricsToken string
	Now          func() time.Time
	// Ready says why the service may not take traffic, nil if it may.
	Ready func(ctx context.Context) error
	// Stopping is closed when streams have to end.
	Stopping <-chan struct{}

	files files
	reads readLimit
}

// Version is what /version tells.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// Limits of a request, on the wire.
const (
	MaxBody   = 32 << 10
	MaxHeader = 8 << 10
)

// Settings are the fiber settings that the server is made for. A host that
// mounts it into an app of its own keeps its own settings.
func (s *Server) Settings() fiber.Config {
	return fiber.Config{
		Immutable:             true,
		StrictRouting:         true,
		CaseSensitive:         true,
		DisableStartupMessage: true,
		BodyLimit:             MaxBody,
		ReadBufferSize:        MaxHeader,
		ReadTimeout:           10 * time.Second,
		WriteTimeout:          30 * time.Second,
		IdleTimeout:           75 * time.Second,
		Concurrency:           16 * 1024,
		ErrorHandler:          s.fail,
	}
}

// Register adds every route to router.
func (s *Server) Register(router fiber.Router) {
	r := router.Group("", s.observe, s.guardRequest)

	r.Get("/healthz", s.healthz)
	r.Get("/readyz", s.readyz)
	r.Get("/version", s.version)
	r.Get("/metrics", s.metrics)
	r.Get("/embed.js", s.loader)
	r.Get("/assets/:name", s.asset)
	r.Get("/admin", s.toDesk)
	r.Get("/admin/*", s.desk)
	r.Get("/api/openapi.json", s.openapi)

	readers := r.Group("/api/v1/sites/:site", s.cors, s.limitReads)
	readers.Options("/*", s.preflight)
	readers.Get("/comments", s.thread)
	readers.Post("/comments", s.submit)
	readers.Get("/comments/:id", s.single)
	readers.Patch("/comments/:id", s.edit)
	readers.Delete("/comments/:id", s.retract)
	readers.Get("/comments/:id/replies", s.replies)
	readers.Put("/comments/:id/vote", s.vote)
	readers.Post("/comments/:id/reports", s.report)
	readers.Post("/preview", s.preview)
	readers.Get("/counts", s.counts)
	readers.Get("/stream", s.stream)

	r.Post("/api/v1/auth/login", s.private, s.login)
	r.Post("/api/v1/auth/refresh", s.private, s.sameOrigin, s.refresh)
	r.Post("/api/v1/auth/logout", s.private, s.sameOrigin, s.logout)
	r.Get("/api/v1/auth/me", s.private, s.staff, s.me)
	r.Post("/api/v1/auth/password", s.private, s.staff, s.password)
	r.Post("/api/v1/auth/confirm", s.private, s.staff, s.confirm)

	r.Get("/api/v1/moderation/comments", s.private, s.staff, s.queue)
	r.Get("/api/v1/moderation/comments/:id", s.private, s.staff, s.detail)
	r.Post("/api/v1/moderation/decisions", s.private, s.staff, s.decide)
	r.Post("/api/v1/moderation/decisions/:id/undo", s.private, s.staff, s.undo)
	r.Get("/api/v1/moderation/stream", s.private, s.staff, s.queueStream)

	viewer, moderator, admin := s.role(comment.Viewer), s.role(comment.Moderator), s.role(comment.Admin)
	owner := s.role(comment.Owner)
	r.Get("/api/v1/sites", s.private, s.staff, s.sites)
	r.Post("/api/v1/sites", s.private, s.staff, owner, s.addSite)
	r.Get("/api/v1/sites/:site", s.private, s.staff, viewer, s.site)
	r.Patch("/api/v1/sites/:site", s.private, s.staff, admin, s.changeSite)
	r.Get("/api/v1/sites/:site/options", s.private, s.staff, viewer, s.options)
	r.Patch("/api/v1/sites/:site/options", s.private, s.staff, admin, s.changeOptions)
	r.Get("/api/v1/sites/:site/words", s.private, s.staff, viewer, s.words)
	r.Post("/api/v1/sites/:site/words", s.private, s.staff, admin, s.addWord)
	r.Delete("/api/v1/sites/:site/words/:id", s.private, s.staff, admin, s.removeWord)
	r.Get("/api/v1/sites/:site/pages", s.private, s.staff, viewer, s.pages)
	r.Patch("/api/v1/sites/:site/pages", s.private, s.staff, moderator, s.changePage)
	r.Get("/api/v1/sites/:site/events", s.private, s.staff, admin, s.events)
	r.Get("/api/v1/sites/:site/webhooks", s.private, s.staff, admin, s.endpoints)
	r.Post("/api/v1/sites/:site/webhooks", s.private, s.staff, admin, s.addEndpoint)
	r.Get("/api/v1/sites/:site/webhooks/:id", s.private, s.staff, admin, s.endpoint)
	r.Patch("/api/v1/sites/:site/webhooks/:id", s.private, s.staff, admin, s.changeEndpoint)
	r.Delete("/api/v1/sites/:site/webhooks/:id", s.private, s.staff, admin, s.removeEndpoint)
	r.Post("/api/v1/sites/:site/webhooks/:id/test", s.private, s.staff, admin, s.testEndpoint)
	r.Post("/api/v1/sites/:site/webhooks/:id/rotate", s.private, s.staff, admin, s.fresh, s.rotateEndpoint)
	r.Get("/api/v1/sites/:site/webhooks/:id/deliveries", s.private, s.staff, admin, s.deliveries)
	r.Get("/api/v1/sites/:site/deliveries/:id", s.private, s.staff, admin, s.delivery)
	r.Post("/api/v1/sites/:site/deliveries/:id/redeliver", s.private, s.staff, admin, s.redeliver)

	r.Get("/api/v1/users", s.private, s.staff, owner, s.users)
	r.Post("/api/v1/users", s.private, s.staff, owner, s.fresh, s.addUser)
	r.Patch("/api/v1/users/:id", s.private, s.staff, owner, s.fresh, s.changeUser)
	r.Get("/api/v1/audit", s.private, s.staff, s.audit)
}

// NotFound answers what no route takes; it comes after everything else.
func (s *Server) NotFound(c *fiber.Ctx) error {
	return s.fail(c, fault.Missing())
}
