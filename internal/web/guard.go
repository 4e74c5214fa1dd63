package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/auth"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// The keys under which guards leave what they found for the handlers.
const (
	keyRequestID = "afterword request id"
	keyReceived  = "afterword received"
	keyIdentity  = "afterword identity"
)

// requestTime is how long a request may take, a little less than there is for
// writing its answer. Handlers pass UserContext on, never fasthttp's own
// context: that one ends when the server begins to stop, with requests under
// way.
const requestTime = 25 * time.Second

// observe gives every request its id, a line in the log and a place in the
// metrics, and turns what handlers return, or panic with, into answers.
func (s *Server) observe(c *fiber.Ctx) (err error) {
	start := s.Now()
	c.Locals(keyReceived, start)
	c.Locals(keyRequestID, comment.NewID())
	c.Set("X-Request-Id", requestID(c))
	ctx, cancel := context.WithTimeout(c.UserContext(), requestTime)
	defer cancel()
	c.SetUserContext(ctx)
	select {
	case <-s.Stopping:
		c.Context().SetConnectionClose() // so that nobody sends into a closing connection
	default:
	}
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("panic", slog.String("request_id", requestID(c)), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			err = s.fail(c, fmt.Errorf("panic: %v", p))
		}
		s.Metrics.request(strings.Clone(c.Method()), c.Route().Path, c.Response().StatusCode(), s.Now().Sub(start))
		s.Log.Debug("request", slog.String("request_id", requestID(c)), slog.String("method", c.Method()),
			slog.String("route", c.Route().Path), slog.Int("status", c.Response().StatusCode()), slog.Duration("took", s.Now().Sub(start)))
	}()
	if err = c.Next(); err != nil {
		err = s.fail(c, err)
	}
	return err
}

func requestID(c *fiber.Ctx) string {
	id, _ := c.Locals(keyRequestID).(string)
	return id
}

// guardRequest refuses what no route takes: above all compressed bodies, which
// fasthttp would inflate without a bound.
func (s *Server) guardRequest(c *fiber.Ctx) error {
	if enc := c.Get(fiber.HeaderContentEncoding); enc != "" && !strings.EqualFold(enc, "identity") {
		return fault.New(fault.Unsupported, "unsupported_encoding", "Send the request without a Content-Encoding.")
	}
	if len(c.Request().Body()) > MaxBody {
		return ofFiber[fiber.StatusRequestEntityTooLarge]
	}
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	return c.Next()
}

// private marks what must not be stored by anyone on the way. There is no CORS
// for these routes at all.
func (s *Server) private(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	return c.Next()
}

// cors lets the pages of the site's origins read answers. It guards the
// readers' routes only; the staff's have none.
func (s *Server) cors(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	c.Vary(fiber.HeaderOrigin) // a cache must not give a page the answer to a request without one
	origin := strings.Clone(c.Get(fiber.HeaderOrigin))
	if origin == "" {
		return c.Next()
	}
	site, err := s.Cache.Site(c.UserContext(), param(c, "site"))
	if err != nil {
		return err
	}
	if !site.Allows(origin) {
		if c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead {
			return c.Next() // public, but the browser will keep it from the page
		}
		return fault.New(fault.Forbidden, "origin_not_allowed", "This page's origin is not one of the site's. The operator can add it with: afterword site set.")
	}
	c.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	c.Set(fiber.HeaderAccessControlExposeHeaders, "ETag, Retry-After, X-Request-Id, Idempotent-Replay")
	return c.Next()
}

func (s *Server) preflight(c *fiber.Ctx) error {
	if c.GetRespHeader(fiber.HeaderAccessControlAllowOrigin) == "" {
		return fault.New(fault.Forbidden, "origin_not_allowed", "This origin is not one of the site's.")
	}
	c.Set(fiber.HeaderAccessControlAllowMethods, "GET, POST, PUT, PATCH, DELETE")
	c.Set(fiber.HeaderAccessControlAllowHeaders, "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID")
	c.Set(fiber.HeaderAccessControlMaxAge, "600")
	return c.SendStatus(fiber.StatusNoContent)
}

// sameOrigin protects the routes that go by a cookie. A browser says where a
// request comes from, and a page of another origin can neither lie about it
// nor set our header; programs that send none of this have no cookie that was
// not given to them.
func (s *Server) sameOrigin(c *fiber.Ctx) error {
	wrong := fault.New(fault.Forbidden, "forbidden", "This request has to come from the desk itself.")
	site := c.Get("Sec-Fetch-Site")
	if site != "" && (site != "same-origin" || c.Get("X-Afterword") == "") {
		return wrong
	}
	if origin := c.Get(fiber.HeaderOrigin); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.User != nil || !strings.EqualFold(u.Host, string(c.Request().Host())) {
			return wrong
		}
	}
	if len(c.Request().Body()) > 0 || site != "" {
		if _, err := decode[struct{}](c); err != nil {
			return err
		}
	}
	return c.Next()
}

// staff lets signed-in staff through. The session is looked up on each
// request, so ending it acts at once.
func (s *Server) staff(c *fiber.Ctx) error {
	who, err := s.Auth.Identify(c.UserContext(), comment.BearerOf(strings.Clone(c.Get(fiber.HeaderAuthorization))))
	if err != nil {
		return err
	}
	c.Locals(keyIdentity, who)
	return c.Next()
}

// fresh lets through whoever has given the password lately; it comes after
// staff.
func (s *Server) fresh(c *fiber.Ctx) error {
	if err := s.Auth.Fresh(identity(c)); err != nil {
		return err
	}
	return c.Next()
}

func identity(c *fiber.Ctx) auth.Identity {
	who, _ := c.Locals(keyIdentity).(auth.Identity)
	return who
}

// actor is the signed-in person, for the log.
func actor(c *fiber.Ctx) comment.Actor {
	who := identity(c).Account
	return comment.Actor{Kind: comment.ActorModerator, ID: who.ID, Name: who.Name}
}

// role lets through whoever has at least this role on the site of the path, or
// everywhere where the path names none. Without any role on it a site does not
// exist.
func (s *Server) role(least comment.Role) fiber.Handler {
	return func(c *fiber.Ctx) error {
		site := param(c, "site")
		if site == "" {
			site = comment.AllSites
		}
		has := identity(c).Account.RoleOn(site)
		if has == "" && site != comment.AllSites {
			return fault.Missing()
		}
		if !has.Includes(least) {
			return fault.New(fault.Forbidden, "forbidden", "This needs the role "+string(least)+".")
		}
		return c.Next()
	}
}

// client is what is known of the browser behind a request.
func (s *Server) client(c *fiber.Ctx) comment.Client {
	return comment.Client{
		Origin: strings.Clone(c.Get(fiber.HeaderOrigin)),
		IP:     s.clientIP(c),
		Agent:  strings.Clone(c.Get(fiber.HeaderUserAgent)),
	}
}

// clientIP walks the forwarding header from the right, past the proxies that
// the operator trusts and no further: everything left of the first stranger is
// whatever the stranger liked to write.
func (s *Server) clientIP(c *fiber.Ctx) string {
	ip, err := netip.ParseAddr(c.Context().RemoteIP().String())
	if err != nil {
		return ""
	}
	ip = ip.Unmap()
	var hops []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) { // some proxies add a line of their own
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	for i := len(hops) - 1; i >= 0 && s.trusted(ip); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = next.Unmap()
	}
	return ip.String()
}

func (s *Server) trusted(ip netip.Addr) bool {
	for _, p := range s.Proxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// received is when the request came in.
func received(c *fiber.Ctx) time.Time {
	at, _ := c.Locals(keyReceived).(time.Time)
	return at
}
