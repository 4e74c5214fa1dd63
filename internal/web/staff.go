package web

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/auth"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// refreshCookie holds the refresh token. The prefix makes browsers insist on
// Secure, this host alone and the whole path.
const refreshCookie = "__Host-rt"

// User is an account as the API shows it.
type User struct {
	ID        string      `json:"id"`
	Email     string      `json:"email"`
	Name      string      `json:"name"`
	Role      string      `json:"role"` // the strongest
	Roles     []GrantView `json:"roles"`
	CreatedAt string      `json:"created_at"`
	Disabled  bool        `json:"disabled"`
	Password  string      `json:"password,omitempty"` // only where one was made, once
}

// GrantView is a role on a site, "*" for all.
type GrantView struct {
	Site string       `json:"site"`
	Role comment.Role `json:"role"`
}

// ShowUser makes the view of an account.
func ShowUser(a comment.Account) User {
	u := User{ID: a.ID, Email: a.Email, Name: a.Name, Roles: []GrantView{}, CreatedAt: comment.Timestamp(a.CreatedAt), Disabled: a.Disabled}
	for _, g := range a.Grants {
		if u.Role == "" || g.Role.Includes(comment.Role(u.Role)) {
			u.Role = string(g.Role)
		}
		u.Roles = append(u.Roles, GrantView{g.Site, g.Role})
	}
	return u
}

type signedIn struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	User        User   `json:"user"`
}

func (s *Server) sendSignedIn(c *fiber.Ctx, in auth.SignedIn) error {
	c.Cookie(&fiber.Cookie{
		Name: refreshCookie, Value: in.Refresh, Path: "/", Expires: in.RefreshUntil,
		Secure: true, HTTPOnly: true, SameSite: fiber.CookieSameSiteStrictMode,
	})
	return send(c, fiber.StatusOK, signedIn{in.Access, "Bearer", int(in.ExpiresIn / time.Second), ShowUser(in.Account)})
}

func (s *Server) login(c *fiber.Ctx) error {
	in, err := decode[struct {
		Email    string `json:"email" validate:"required,max=254"`
		Password string `json:"password" validate:"required,max=1024"`
	}](c)
	if err != nil {
		return err
	}
	out, err := s.Auth.SignIn(c.UserContext(), in.Email, in.Password, s.clientIP(c))
	if err != nil {
		return err
	}
	return s.sendSignedIn(c, out)
}

func (s *Server) refresh(c *fiber.Ctx) error {
	out, err := s.Auth.Refresh(c.UserContext(), strings.Clone(c.Cookies(refreshCookie)))
	if err != nil {
		if fault.Of(err).Kind == fault.Unauthorized {
			forgetCookie(c)
		}
		return err
	}
	return s.sendSignedIn(c, out)
}

func (s *Server) logout(c *fiber.Ctx) error {
	if err := s.Auth.SignOut(c.UserContext(), strings.Clone(c.Cookies(refreshCookie))); err != nil {
		return err
	}
	forgetCookie(c)
	return c.SendStatus(fiber.StatusNoContent)
}

func forgetCookie(c *fiber.Ctx) {
	c.Cookie(&fiber.Cookie{
		Name: refreshCookie, Path: "/", Expires: time.Unix(1, 0),
		Secure: true, HTTPOnly: true, SameSite: fiber.CookieSameSiteStrictMode,
	})
}

func (s *Server) me(c *fiber.Ctx) error {
	return send(c, fiber.StatusOK, map[string]User{"user": ShowUser(identity(c).Account)})
}

func (s *Server) password(c *fiber.Ctx) error {
	in, err := decode[struct {
		Current  string `json:"current" validate:"required,max=1024"`
		Password string `json:"password" validate:"required,max=1024"`
	}](c)
	if err != nil {
		return err
	}
	return done(c, s.Auth.ChangePassword(c.UserContext(), identity(c), in.Current, in.Password))
}

// confirm takes the password again, for what asks for it.
func (s *Server) confirm(c *fiber.Ctx) error {
	in, err := decode[struct {
		Password string `json:"password" validate:"required,max=1024"`
	}](c)
	if err != nil {
		return err
	}
	return done(c, s.Auth.Confirm(c.UserContext(), identity(c), in.Password))
}

func (s *Server) users(c *fiber.Ctx) error {
	all, err := s.Auth.Accounts(c.UserContext())
	if err != nil {
		return err
	}
	return shortList[comment.Account, User]{
		name: "users", all: all,
		key:  func(a comment.Account) string { return a.Email },
		show: ShowUser,
	}.send(s, c)
}

func (s *Server) addUser(c *fiber.Ctx) error {
	in, err := decode[struct {
		Email    string       `json:"email" validate:"required,max=254"`
		Name     string       `json:"name" validate:"max=240"`
		Role     comment.Role `json:"role" validate:"required"`
		Site     string       `json:"site" validate:"max=40"`
		Password string       `json:"password" validate:"max=1024"`
	}](c)
	if err != nil {
		return err
	}
	return s.create(c, fiber.StatusCreated, func() (any, error) {
		account, generated, err := s.Auth.AddAccount(c.UserContext(), auth.NewAccount{
			Email: in.Email, Name: in.Name, Password: in.Password, Role: in.Role, Site: in.Site,
		}, actor(c))
		user := ShowUser(account)
		user.Password = generated
		return user, err
	})
}

func (s *Server) changeUser(c *fiber.Ctx) error {
	in, err := decode[struct {
		Name     *string       `json:"name"`
		Role     *comment.Role `json:"role"`
		Site     *string       `json:"site"`
		Disabled *bool         `json:"disabled"`
		Password *string       `json:"password"`
	}](c)
	if err != nil {
		return err
	}
	account, err := s.Auth.ChangeAccount(c.UserContext(), param(c, "id"), auth.Change{
		Name: in.Name, Role: in.Role, Site: in.Site, Disabled: in.Disabled, Password: in.Password,
	}, actor(c))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowUser(account))
}
