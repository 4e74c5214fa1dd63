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
	"github.com/afterword-comments/afterword/internal/checker"
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
	Checks   *checker.Checks
	Hub      *live.Hub
	Cache    *live.Cache
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
	// StreamLife is the longest that an event stream lasts; 0 = one hour.
	StreamLife time.Duration

	files    files
	requests requestLimit[netip.Addr]
	searches requestLimit[string] // by account
	checks   requestLimit[string] // of addresses and of checks elsewhere, by account
}

// Version is what /version tells.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// Limits of a request, on the wire. What is a little too large is read to its end
// and refused with an answer; what is far too large is cut off.
const (
	MaxBody   = 32 << 10
	maxRead   = 1<<20 + 64<<10
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
		BodyLimit:             maxRead,
		ReadBufferSize:        MaxHeader,
		ReadTimeout:           10 * time.Second,
		WriteTimeout:          30 * time.Second,
		IdleTimeout:           75 * time.Second,
		Concurrency:           16 * 1024,
		ErrorHandler:          s.fail,
	}
}

// Register adds every route to router, each with its guards. The guards are the
// routes' own: an app that these are mounted into keeps its other routes as they
// are.
func (s *Server) Register(router fiber.Router) {
	on := func(add func(string, ...fiber.Handler) fiber.Router) func(string, ...fiber.Handler) {
		return func(path string, handlers ...fiber.Handler) {
			add(path, append([]fiber.Handler{s.observe, s.guardRequest, s.bound}, handlers...)...)
		}
	}
	// Those that mostly answer from memory bound only what does not.
	hot := func(path string, handlers ...fiber.Handler) {
		router.Get(path, append([]fiber.Handler{s.observe, s.guardRequest}, handlers...)...)
	}
	get, post, put := on(router.Get), on(router.Post), on(router.Put)
	patch, del, options := on(router.Patch), on(router.Delete), on(router.Options)

	get("/healthz", s.healthz)
	get("/readyz", s.readyz)
	get("/version", s.version)
	get("/metrics", s.metrics)
	get("/embed.js", s.loader)
	get("/assets/:name", s.asset)
	get("/admin", s.toDesk)
	get("/admin/*", s.desk)
	get("/api/openapi.json", s.openapi)
	get("/.well-known/afterword-webhooks.json", s.webhookKeys)
	get("/api/webhooks/schemas", s.webhookSchemas)
	get("/api/webhooks/schemas/:name", s.webhookSchema)
	get("/api/webhooks/samples/:name", s.webhookSample)

	reader := "/api/v1/sites/:site"
	for _, path := range []string{"/comments", "/comments/*", "/preview", "/counts", "/stream"} {
		options(reader+path, s.cors, s.preflight)
	}
	hot(reader+"/comments", s.cors, s.limitRequests, s.thread)
	post(reader+"/comments", s.cors, s.limitRequests, s.submit)
	get(reader+"/comments/:id", s.cors, s.limitRequests, s.single)
	patch(reader+"/comments/:id", s.cors, s.limitRequests, s.edit)
	del(reader+"/comments/:id", s.cors, s.limitRequests, s.retract)
	get(reader+"/comments/:id/replies", s.cors, s.limitRequests, s.replies)
	put(reader+"/comments/:id/vote", s.cors, s.limitRequests, s.vote)
	post(reader+"/comments/:id/reports", s.cors, s.limitRequests, s.report)
	post(reader+"/preview", s.cors, s.limitRequests, s.preview)
	hot(reader+"/counts", s.cors, s.limitRequests, s.counts)
	get(reader+"/stream", s.cors, s.limitRequests, s.stream)

	post("/api/v1/auth/login", s.private, s.login)
	post("/api/v1/auth/refresh", s.private, s.sameOrigin, s.refresh)
	post("/api/v1/auth/logout", s.private, s.sameOrigin, s.logout)
	get("/api/v1/auth/me", s.private, s.staff, s.me)
	post("/api/v1/auth/password", s.private, s.staff, s.password)
	post("/api/v1/auth/confirm", s.private, s.staff, s.confirm)

	get("/api/v1/moderation/comments", s.private, s.staff, s.queue)
	get("/api/v1/moderation/comments/:id", s.private, s.staff, s.detail)
	post("/api/v1/moderation/decisions", s.private, s.staff, s.decide)
	post("/api/v1/moderation/decisions/:id/undo", s.private, s.staff, s.undo)
	get("/api/v1/moderation/stream", s.private, s.staff, s.queueStream)

	get("/appeal/:token", s.limitRequests, s.appealPage)
	post("/appeal/:token", s.limitRequests, s.appealForm)
	get("/api/v1/appeals/:token", s.private, s.limitRequests, s.appealed)
	post("/api/v1/appeals/:token", s.private, s.limitRequests, s.appeal)

	viewer, moderator, admin := s.role(comment.Viewer), s.role(comment.Moderator), s.role(comment.Admin)
	owner := s.role(comment.Owner)
	get("/api/v1/sites", s.private, s.staff, s.sites)
	post("/api/v1/sites", s.private, s.staff, owner, s.addSite)
	get("/api/v1/sites/:site", s.private, s.staff, viewer, s.site)
	patch("/api/v1/sites/:site", s.private, s.staff, admin, s.changeSite)
	get("/api/v1/sites/:site/options", s.private, s.staff, viewer, s.options)
	patch("/api/v1/sites/:site/options", s.private, s.staff, admin, s.changeOptions)
	get("/api/v1/sites/:site/words", s.private, s.staff, viewer, s.words)
	post("/api/v1/sites/:site/words", s.private, s.staff, admin, s.addWord)
	post("/api/v1/sites/:site/words/import", s.private, s.staff, admin, s.importWords)
	get("/api/v1/sites/:site/words/export", s.private, s.staff, viewer, s.exportWords)
	post("/api/v1/sites/:site/words/test", s.private, s.staff, viewer, s.testWords)
	get("/api/v1/sites/:site/words/:id", s.private, s.staff, viewer, s.word)
	patch("/api/v1/sites/:site/words/:id", s.private, s.staff, admin, s.changeWord)
	del("/api/v1/sites/:site/words/:id", s.private, s.staff, admin, s.removeWord)
	get("/api/v1/sites/:site/people", s.private, s.staff, viewer, s.people)
	get("/api/v1/sites/:site/people/:id", s.private, s.staff, viewer, s.person)
	patch("/api/v1/sites/:site/people/:id", s.private, s.staff, moderator, s.changePerson)
	for _, at := range []struct {
		path        string
		sees, rules fiber.Handler
	}{{"/api/v1/sites/:site/blocks", viewer, moderator}, {"/api/v1/blocks", owner, owner}} {
		get(at.path, s.private, s.staff, at.sees, s.blocks)
		post(at.path, s.private, s.staff, at.rules, s.addBlock)
		post(at.path+"/import", s.private, s.staff, at.rules, s.importBlocks)
		patch(at.path+"/:id", s.private, s.staff, at.rules, s.changeBlock)
		del(at.path+"/:id", s.private, s.staff, at.rules, s.removeBlock)
	}
	get("/api/v1/sites/:site/hosts", s.private, s.staff, viewer, s.hosts)
	get("/api/v1/sites/:site/rules", s.private, s.staff, moderator, s.rules)
	post("/api/v1/sites/:site/rules", s.private, s.staff, admin, s.addRule)
	get("/api/v1/sites/:site/rules/facts", s.private, s.staff, moderator, s.ruleFacts)
	post("/api/v1/sites/:site/rules/check", s.private, s.staff, moderator, s.checkRule)
	post("/api/v1/sites/:site/rules/rehearse", s.private, s.staff, moderator, s.rehearseRule)
	get("/api/v1/sites/:site/rules/export", s.private, s.staff, moderator, s.exportRules)
	post("/api/v1/sites/:site/rules/import", s.private, s.staff, admin, s.importRules)
	post("/api/v1/sites/:site/rules/order", s.private, s.staff, admin, s.orderRules)
	get("/api/v1/sites/:site/rules/:id", s.private, s.staff, moderator, s.rule)
	patch("/api/v1/sites/:site/rules/:id", s.private, s.staff, admin, s.changeRule)
	del("/api/v1/sites/:site/rules/:id", s.private, s.staff, admin, s.removeRule)
	get("/api/v1/sites/:site/clauses", s.private, s.staff, viewer, s.clauses)
	post("/api/v1/sites/:site/clauses", s.private, s.staff, admin, s.addClause)
	patch("/api/v1/sites/:site/clauses/:id", s.private, s.staff, admin, s.changeClause)
	get("/api/v1/sites/:site/templates", s.private, s.staff, viewer, s.templates)
	put("/api/v1/sites/:site/templates/:id", s.private, s.staff, admin, s.putTemplate)
	del("/api/v1/sites/:site/templates/:id", s.private, s.staff, admin, s.removeTemplate)
	post("/api/v1/sites/:site/messages/preview", s.private, s.staff, viewer, s.previewMessage)
	get("/api/v1/sites/:site/appeals", s.private, s.staff, viewer, s.appeals)
	patch("/api/v1/sites/:site/appeals/:id", s.private, s.staff, moderator, s.assignAppeal)
	post("/api/v1/sites/:site/appeals/:id/decision", s.private, s.staff, moderator, s.decideAppeal)
	get("/api/v1/sites/:site/second-looks", s.private, s.staff, moderator, s.secondLooks)
	post("/api/v1/sites/:site/second-looks/:id", s.private, s.staff, moderator, s.judge)
	get("/api/v1/sites/:site/agreement", s.private, s.staff, viewer, s.agreement)
	get("/api/v1/sites/:site/disagreements", s.private, s.staff, admin, s.disagreements)
	get("/api/v1/sites/:site/decisions/export", s.private, s.staff, admin, s.exportDecisions)
	get("/api/v1/sites/:site/pages", s.private, s.staff, viewer, s.pages)
	patch("/api/v1/sites/:site/pages", s.private, s.staff, moderator, s.changePage)
	get("/api/v1/sites/:site/events", s.private, s.staff, admin, s.events)
	get("/api/v1/sites/:site/webhooks", s.private, s.staff, admin, s.endpoints)
	post("/api/v1/sites/:site/webhooks", s.private, s.staff, admin, s.fresh, s.addEndpoint)
	get("/api/v1/sites/:site/webhooks/:id", s.private, s.staff, admin, s.endpoint)
	patch("/api/v1/sites/:site/webhooks/:id", s.private, s.staff, admin, s.changeEndpoint)
	del("/api/v1/sites/:site/webhooks/:id", s.private, s.staff, admin, s.removeEndpoint)
	post("/api/v1/sites/:site/webhooks/:id/test", s.private, s.staff, admin, s.testEndpoint)
	post("/api/v1/sites/:site/webhooks/:id/rotate", s.private, s.staff, admin, s.fresh, s.rotateEndpoint)
	post("/api/v1/sites/:site/webhooks/check", s.private, s.staff, admin, s.checkAddress)
	get("/api/v1/sites/:site/webhooks/:id/health", s.private, s.staff, admin, s.endpointHealth)
	get("/api/v1/sites/:site/webhooks/:id/deliveries", s.private, s.staff, admin, s.deliveries)
	post("/api/v1/sites/:site/webhooks/:id/replay", s.private, s.staff, admin, s.replay)
	get("/api/v1/sites/:site/webhooks/:id/replays", s.private, s.staff, admin, s.replays)
	post("/api/v1/sites/:site/webhooks/:id/replays/:replay/cancel", s.private, s.staff, admin, s.cancelReplay)
	get("/api/v1/sites/:site/deliveries/:id", s.private, s.staff, admin, s.delivery)
	post("/api/v1/sites/:site/deliveries/:id/redeliver", s.private, s.staff, admin, s.redeliver)
	get("/api/v1/sites/:site/checks", s.private, s.staff, admin, s.checkList)
	post("/api/v1/sites/:site/checks", s.private, s.staff, admin, s.fresh, s.addCheck)
	get("/api/v1/sites/:site/checks/:id", s.private, s.staff, admin, s.check)
	patch("/api/v1/sites/:site/checks/:id", s.private, s.staff, admin, s.changeCheck)
	del("/api/v1/sites/:site/checks/:id", s.private, s.staff, admin, s.removeCheck)
	post("/api/v1/sites/:site/checks/:id/test", s.private, s.staff, admin, s.testCheck)
	get("/api/v1/sites/:site/checks/:id/health", s.private, s.staff, admin, s.checkHealth)
	post("/api/v1/checks/:ticket", s.private, s.limitRequests, s.checkAnswer)

	get("/api/v1/users", s.private, s.staff, owner, s.users)
	post("/api/v1/users", s.private, s.staff, owner, s.fresh, s.addUser)
	patch("/api/v1/users/:id", s.private, s.staff, owner, s.fresh, s.changeUser)
	get("/api/v1/audit", s.private, s.staff, s.audit)
}

// NotFound answers what no route takes; it comes after everything else. fiber
// tells an unknown address from one that does not take the method. Preflight
// requests are answered for everything below comments/, so that they are taken
// says nothing of the address.
func (s *Server) NotFound(c *fiber.Ctx) error {
	err := c.Next()
	if c.GetRespHeader(fiber.HeaderAllow) == fiber.MethodOptions {
		c.Response().Header.Del(fiber.HeaderAllow)
		err = fault.Missing()
	}
	return s.fail(c, err)
}
