package web

import (
	"crypto/subtle"
	_ "embed"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

	"github.com/afterword-comments/afterword/embed"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

//go:embed openapi.json
var openAPI []byte

func (s *Server) healthz(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return send(c, fiber.StatusOK, map[string]string{"status": "ok"})
}

func (s *Server) readyz(c *fiber.Ctx) error {
	if err := s.Ready(c.UserContext()); err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	if err := s.Comments.Store.Room(); err != nil {
		// Reading and moderating go on, so the balancer must not turn away.
		return send(c, fiber.StatusOK, map[string]string{"status": "degraded", "code": fault.Of(err).Code})
	}
	return send(c, fiber.StatusOK, map[string]string{"status": "ready"})
}

func (s *Server) version(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return send(c, fiber.StatusOK, s.Version)
}

func (s *Server) openapi(c *fiber.Ctx) error {
	return sendPublic(c, openAPI)
}

// metrics serves the figures to whoever has the operator's token; without one
// they are on their own address only.
func (s *Server) metrics(c *fiber.Ctx) error {
	token := comment.BearerOf(c.Get(fiber.HeaderAuthorization))
	if s.MetricsToken == "" {
		return fault.Missing()
	}
	if subtle.ConstantTimeCompare([]byte(token), []byte(s.MetricsToken)) != 1 {
		return fault.New(fault.Unauthorized, "unauthorized", "The figures need the operator's token.")
	}
	return adaptor.HTTPHandler(s.Metrics.Handler())(c)
}

// deskPolicy is the desk's own: nothing inline, nothing foreign, no frame.
const deskPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// toDesk adds the slash, wherever we are mounted. A host that does not tell the
// two addresses apart asks here for both.
func (s *Server) toDesk(c *fiber.Ctx) error {
	if strings.HasSuffix(c.Path(), "/") {
		return c.Next()
	}
	return c.Redirect(strings.Clone(c.Path())+"/", fiber.StatusFound)
}

// desk serves the desk's one page at every address below /admin/.
func (s *Server) desk(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentSecurityPolicy, deskPolicy)
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
	c.Set("X-Robots-Tag", "noindex")
	if c.Protocol() == "https" {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
	c.Set(fiber.HeaderCacheControl, "no-cache")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(embed.Desk(strings.Count(c.Params("*"), "/")))
}
