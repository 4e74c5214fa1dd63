package web

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/auth"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// private marks what must not be stored by anyone on the way. There is no CORS
// for these routes at all.
func (s *Server) private(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	return c.Next()
}

var (
	namePolicy  = []byte("Content-Security-Policy")
	valuePolicy = []byte("default-src 'none'; frame-ancestors 'none'")
	nameAllow   = []byte("Access-Control-Allow-Origin")
	nameExpose  = []byte("Access-Control-Expose-Headers")
	valueExpose = []byte("ETag, Retry-After, X-Request-Id, Idempotent-Replay")
	valueOrigin = []byte("Origin")
)

// cors lets the pages of the site's origins read answers. It guards the
// readers' routes only; the staff's have none.
func (s *Server) cors(c *fiber.Ctx) error {
	h := &c.Response().Header
	h.SetCanonical(namePolicy, valuePolicy)
	h.SetCanonical(nameVary, valueOrigin) // a cache must not give a page the answer to a request without one
	origin := c.Request().Header.Peek(fiber.HeaderOrigin)
	if len(origin) == 0 {
		return c.Next()
	}
	site, err := s.siteOf(c)
	if err != nil {
		return err
	}
	if !site.Allows(string(origin)) {
		if c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead {
			return c.Next() // public, but the browser will keep it from the page
		}
		return fault.New(fault.Forbidden, "origin_not_allowed", "This page's origin is not one of the site's. The operator can add it with: afterword site set.")
	}
	h.SetCanonical(nameAllow, origin)
	h.SetCanonical(nameExpose, valueExpose)
	return c.Next()
}

// siteOf is the site of the path, in memory while it does not change.
func (s *Server) siteOf(c *fiber.Ctx) (*comment.Site, error) {
	key := param(c, "site")
	if st := s.Cache.KnownSite(key); st != nil {
		return st, nil
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), requestTime)
	defer cancel()
	return s.Cache.Site(ctx, key)
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
	return s.clientAddr(c).String()
}

func (s *Server) clientAddr(c *fiber.Ctx) netip.Addr {
	peer, ok := c.Context().RemoteAddr().(*net.TCPAddr)
	if !ok { // a socket of the machine's own
		return netip.IPv4Unspecified()
	}
	ip := peer.AddrPort().Addr().Unmap().WithZone("")
	if len(s.Proxies) == 0 {
		return ip
	}
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
	return ip
}

func (s *Server) trusted(ip netip.Addr) bool {
	for _, p := range s.Proxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
