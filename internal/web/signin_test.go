package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/auth"
	"github.com/afterword-comments/afterword/internal/comment"
)

const (
	login   = "/api/v1/auth/login"
	refresh = "/api/v1/auth/refresh"
	logout  = "/api/v1/auth/logout"
	phrase  = "quite a few words in a row"
)

// colleague makes an account with a password.
func (h *house) colleague(name string, role comment.Role) string {
	h.t.Helper()
	email := name + "@staff.example"
	if _, _, err := h.app.Auth.AddAccount(h.t.Context(), auth.NewAccount{Email: email, Password: phrase, Role: role}, operator); err != nil {
		h.t.Fatal(err)
	}
	return email
}

type session struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
	User        struct{ ID, Email, Role string }
}

func (h *house) signIn(email, password string) (session, *http.Cookie) {
	h.t.Helper()
	r := h.post(login, map[string]string{"email": email, "password": password}).want(200)
	return into[session](r), r.cookie()
}

// cookie is the refresh cookie of an answer.
func (r reply) cookie() *http.Cookie {
	r.t.Helper()
	all := (&http.Response{Header: r.header}).Cookies()
	if len(all) != 1 || all[0].Name != "__Host-rt" {
		r.t.Fatalf("%s: cookies %v", r.what, r.header.Values("Set-Cookie"))
	}
	c := all[0]
	if !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteStrictMode {
		r.t.Errorf("%s: cookie %s", r.what, c)
	}
	return c
}

func carrying(c *http.Cookie) change {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value}) }
}

// browser is what a browser adds to a request of the desk.
func browser(r *http.Request) {
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("X-Afterword", "1")
	r.Header.Set("Origin", "https://"+r.Host)
}

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build)
	s, first := h.signIn(" "+strings.ToUpper(h.colleague("grace", comment.Moderator)), phrase)
	if s.ExpiresIn != 600 || s.User.Role != "moderator" || s.User.Email != "grace@staff.example" || first.Expires.Before(clock.now().Add(time.Hour)) {
		t.Errorf("%+v %s", s, first)
	}
	h.get("/api/v1/auth/me", as(s.AccessToken)).want(200)

	clock.advance(9 * time.Minute)
	r := h.post(refresh, `{}`, carrying(first), browser).want(200)
	second := r.cookie()
	if second.Value == first.Value || into[session](r).AccessToken == s.AccessToken {
		t.Error("a refresh changes nothing")
	}
	// Two tabs: the token before gets the same successor for a little while.
	if again := h.post(refresh, nil, carrying(first)).want(200).cookie(); again.Value != second.Value {
		t.Error("two tabs part ways")
	}
	clock.advance(2 * time.Minute)
	h.get("/api/v1/auth/me", as(s.AccessToken)).refused(401, "unauthorized")

	token := into[session](r).AccessToken
	h.get("/api/v1/auth/me", as(token)).want(200)
	gone := h.post(logout, `{}`, carrying(second), browser).want(204).cookie()
	if gone.Value != "" || !gone.Expires.Before(clock.now()) {
		t.Errorf("the cookie stays: %s", gone)
	}
	h.get("/api/v1/auth/me", as(token)).refused(401, "unauthorized")
	if gone := h.post(refresh, `{}`, carrying(second), browser).refused(401, "unauthorized").cookie(); gone.Value != "" {
		t.Errorf("a dead cookie stays: %s", gone)
	}
	h.post(logout, nil).want(204)
}

// TestStolenRefreshToken: a token that was replaced a while ago is in two hands.
func TestStolenRefreshToken(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build)
	_, first := h.signIn(h.colleague("grace", comment.Moderator), phrase)
	second := h.post(refresh, nil, carrying(first)).want(200).cookie()
	clock.advance(11 * time.Second)
	h.post(refresh, nil, carrying(first)).refused(401, "unauthorized")
	h.post(refresh, nil, carrying(second)).refused(401, "unauthorized")
}

// TestCookieRoutesAreTheDesks: no page of another origin can use the cookie.
func TestCookieRoutesAreTheDesks(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, cookie := h.signIn(h.colleague("grace", comment.Moderator), phrase)
	set := func(name, value string) change {
		return func(r *http.Request) {
			if r.Header.Del(name); value != "" {
				r.Header.Set(name, value)
			}
		}
	}
	for _, path := range []string{refresh, logout} {
		h.refuse([]bad{
			{name: "another site", path: path, body: "{}", changes: []change{carrying(cookie), browser, set("Sec-Fetch-Site", "cross-site")}, status: 403, code: "forbidden"},
			{name: "a sibling", path: path, body: "{}", changes: []change{carrying(cookie), browser, set("Sec-Fetch-Site", "same-site")}, status: 403, code: "forbidden"},
			{name: "an address typed in", path: path, body: "{}", changes: []change{carrying(cookie), browser, set("Sec-Fetch-Site", "none")}, status: 403, code: "forbidden"},
			{name: "without our header", path: path, body: "{}", changes: []change{carrying(cookie), browser, set("X-Afterword", "")}, status: 403, code: "forbidden"},
			{name: "another origin", path: path, body: "{}", changes: []change{carrying(cookie), browser, set("Origin", evil)}, status: 403, code: "forbidden"},
			{name: "no origin", path: path, body: "{}", changes: []change{carrying(cookie), browser, set("Origin", "null")}, status: 403, code: "forbidden"},
			{name: "an old browser's form", path: path, body: "a=b", changes: []change{carrying(cookie), set("Content-Type", "text/plain")}, status: 415, code: "unsupported_media_type"},
			{name: "a form", path: path, body: "a=b", changes: []change{carrying(cookie), browser, set("Content-Type", "application/x-www-form-urlencoded")}, status: 415, code: "unsupported_media_type"},
			{name: "more than nothing", path: path, body: `{"a":1}`, changes: []change{carrying(cookie), browser}, status: 400, code: "unknown_field"},
		})
	}
	h.post(refresh, `{}`, carrying(cookie), browser).want(200)
}

func TestBadSignIn(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build)
	email := h.colleague("grace", comment.Moderator)
	wrong := func(email, password string) reply {
		return h.post(login, map[string]string{"email": email, "password": password})
	}
	h.refuse([]bad{
		{name: "nothing", path: login, body: `{}`, status: 422, code: "invalid", field: "email required"},
		{name: "endless address", path: login, body: map[string]string{"email": strings.Repeat("a", 255), "password": "x"}, status: 422, code: "invalid", field: "email max"},
		{name: "endless password", path: login, body: map[string]string{"email": email, "password": strings.Repeat("a", 1025)}, status: 422, code: "invalid", field: "password max"},
		{name: "more", path: login, body: `{"email":"a@b","password":"x","role":"owner"}`, status: 400, code: "unknown_field"},
		{name: "a list", path: login, body: `{"email":["a@b"],"password":"x"}`, status: 400, code: "invalid_type"},
		{name: "a form", path: login, body: "email=a", changes: []change{func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }}, status: 415, code: "unsupported_media_type"},
	})
	h.unchanged(func() {
		for range 5 {
			if a, b := wrong(email, "something else").refused(401, "invalid_credentials"), wrong("nobody@staff.example", phrase); !same(a, b) {
				t.Errorf("an unknown address looks other than a wrong password:\n%s\n%s", a.body, b.body)
			}
		}
		if wait := wrong(email, phrase).wait(); wait > 3*time.Minute {
			t.Errorf("Retry-After %s", wait)
		}
	})
	clock.advance(3 * time.Minute)
	h.signIn(email, phrase)
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build)
	email := h.colleague("grace", comment.Owner)
	s, cookie := h.signIn(email, phrase)
	who := []change{as(s.AccessToken)}
	path := "/api/v1/auth/password"
	body := func(current, next string) map[string]string {
		return map[string]string{"current": current, "password": next}
	}
	h.refuse([]bad{
		{name: "wrong current", path: path, body: body("something else", "entirely other words"), changes: who, status: 422, code: "invalid", field: "current wrong"},
		{name: "short", path: path, body: body(phrase, "short"), changes: who, status: 422, code: "invalid", field: "password too_short"},
		{name: "the same", path: path, body: body(phrase, phrase), changes: who, status: 422, code: "invalid", field: "password unchanged"},
		{name: "common", path: path, body: body(phrase, "password1234"), changes: who, status: 422, code: "invalid", field: "password common"},
		{name: "nothing", path: path, body: "{}", changes: who, status: 422, code: "invalid", field: "current required"},
		{name: "nobody", path: path, body: body(phrase, "entirely other words"), status: 401, code: "unauthorized"},
		{name: "wrong confirmation", path: "/api/v1/auth/confirm", body: `{"password":"something else"}`, changes: who, status: 422, code: "invalid", field: "password wrong"},
	})

	// What makes accounts asks for the password again after a while.
	clock.advance(6 * time.Minute)
	fresh := `{"email":"new@staff.example","role":"viewer"}`
	e := h.endpoint(h.staff("script", comment.Owner, ""), "http://127.0.0.1:8/")
	elsewhere := `{"url":"http://127.0.0.1:9/"}`
	h.unchanged(func() {
		h.post("/api/v1/users", fresh, who...).refused(403, "confirm_required")
		h.post(hooks, elsewhere, who...).refused(403, "confirm_required")
		h.patch(hooks+"/"+e.ID, elsewhere, who...).refused(403, "confirm_required")
		h.post(hooks+"/"+e.ID+"/rotate", nil, who...).refused(403, "confirm_required")
	})
	h.patch(hooks+"/"+e.ID, `{"status":"paused"}`, who...).want(200)
	h.post("/api/v1/auth/confirm", map[string]string{"password": phrase}, who...).want(204)
	h.post("/api/v1/users", fresh, who...).want(201)
	h.post(hooks, `{"url":"http://127.0.0.1:10/"}`, who...).want(201)
	h.patch(hooks+"/"+e.ID, elsewhere, who...).want(200)

	h.post(path, body(phrase, "entirely other words"), who...).want(204)
	h.get("/api/v1/auth/me", who...).refused(401, "unauthorized")
	h.post(refresh, nil, carrying(cookie)).refused(401, "unauthorized")
	h.post(login, map[string]string{"email": email, "password": phrase}).refused(401, "invalid_credentials")
	h.signIn(email, "entirely other words")
}
