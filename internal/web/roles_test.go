package web_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/afterword-comments/afterword/internal/comment"
)

var ladder = []comment.Role{comment.Viewer, comment.Moderator, comment.Admin, comment.Owner}

var requestIDs = regexp.MustCompile(`"request_id":"[^"]+"`)

// same compares two refusals, save for the request's id.
func same(a, b reply) bool {
	return a.status == b.status && bytes.Equal(requestIDs.ReplaceAll(a.body, nil), requestIDs.ReplaceAll(b.body, nil))
}

// TestRolesOfTheDocument tries every staff route in every role. What the
// document says about the least role has to hold to the letter.
func TestRolesOfTheDocument(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.site("weekly", nil)
	tokens := map[comment.Role]string{}
	for _, role := range ladder {
		site := "daily"
		if role == comment.Owner {
			site = ""
		}
		tokens[role] = h.staff("the "+string(role), role, site)
	}
	stranger := h.staff("a stranger", comment.Admin, "weekly")
	tried := 0
	for name, o := range openAPI().operations {
		least, ok := o.node["x-least-role"].(string)
		if !ok || strings.HasSuffix(o.path, "/stream") {
			continue
		}
		tried++
		path := func(site string) string {
			return strings.NewReplacer("{site}", site, "{id}", comment.NewID()).Replace(o.path)
		}
		if o.path == "/api/v1/audit" {
			path = func(site string) string { return o.path + "?site=" + site }
		}
		h.send(o.method, path("daily"), nil).refused(401, "unauthorized")
		enough := false
		for _, role := range ladder {
			enough = enough || role == comment.Role(least)
			r := h.send(o.method, path("daily"), nil, as(tokens[role]))
			ofSite := strings.Contains(path("*"), "*") || strings.HasSuffix(o.path, "/users") || strings.HasSuffix(o.path, "/users/{id}") || name == "POST /api/v1/sites"
			switch refused := r.status == 403; {
			case !enough && ofSite && !refused:
				t.Errorf("%s as %s: %d, want 403", name, role, r.status)
			case enough && (refused || r.status == 401):
				t.Errorf("%s as %s: %d %s", name, role, r.status, r.body)
			}
		}
		if !strings.Contains(path("*"), "*") {
			continue
		}
		if foreign, none := h.send(o.method, path("daily"), nil, as(stranger)), h.send(o.method, path("monthly"), nil, as(stranger)); foreign.status != 404 || !same(foreign, none) {
			t.Errorf("%s: a foreign site looks other than none:\n%s\n%s", name, foreign.body, none.body)
		}
		if r := h.send(o.method, path("monthly"), nil, as(tokens[comment.Owner])); r.status/100 == 2 {
			t.Errorf("%s: a site that does not exist answers %d", name, r.status)
		}
	}
	if tried < 30 {
		t.Errorf("only %d routes were tried", tried)
	}
}

// TestForeignIDs: what belongs to another site looks like what does not exist,
// to an admin of this one.
func TestForeignIDs(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.site("weekly", map[string]string{"rate_limits": "off"})
	owner, admin := h.staff("grace", comment.Owner, ""), h.staff("alan", comment.Admin, "daily")
	weekly := "/api/v1/sites/weekly"
	p := into[posted](h.post(weekly+"/comments", write("Foreign.", on("https://weekly.example/a"))).want(201))
	type made struct{ ID string }
	word := into[made](h.post(weekly+"/words", `{"list":"banned","text":"casino"}`, as(owner)).want(201)).ID
	rule := into[made](h.post(weekly+"/rules", `{"name":"R","when":"reply","action":"hold"}`, as(owner)).want(201)).ID
	endpoint := into[made](h.post(weekly+"/webhooks", `{"url":"http://127.0.0.1:9/"}`, as(owner)).want(201)).ID
	ping := into[struct {
		DeliveryID string `json:"delivery_id"`
	}](h.post(weekly+"/webhooks/"+endpoint+"/test", nil, as(owner)).want(202)).DeliveryID
	h.post(weekly+"/comments/"+p.Comment.ID+"/reports", `{"reason":"spam"}`).refused(404, "not_found")
	decided := h.decide(owner, "reject", p.Comment)

	for _, c := range []struct{ method, path, id, body string }{
		{"GET", comments + "/%s", p.Comment.ID, ""},
		{"GET", comments + "/%s/replies", p.Comment.ID, ""},
		{"PUT", comments + "/%s/vote", p.Comment.ID, `{"value":1}`},
		{"POST", comments + "/%s/reports", p.Comment.ID, `{"reason":"spam"}`},
		{"GET", queue + "/%s", p.Comment.ID, ""},
		{"POST", ruling + "/%s/undo", decided.DecisionID, ""},
		{"GET", daily + "/words/%s", word, ""},
		{"PATCH", daily + "/words/%s", word, `{"note":"x"}`},
		{"DELETE", daily + "/words/%s", word, ""},
		{"GET", daily + "/rules/%s", rule, ""},
		{"PATCH", daily + "/rules/%s", rule, `{"mode":"off"}`},
		{"DELETE", daily + "/rules/%s", rule, ""},
		{"GET", daily + "/webhooks/%s", endpoint, ""},
		{"PATCH", daily + "/webhooks/%s", endpoint, `{"status":"paused"}`},
		{"DELETE", daily + "/webhooks/%s", endpoint, ""},
		{"POST", daily + "/webhooks/%s/test", endpoint, ""},
		{"POST", daily + "/webhooks/%s/rotate", endpoint, ""},
		{"GET", daily + "/webhooks/%s/deliveries", endpoint, ""},
		{"GET", daily + "/webhooks/%s/health", endpoint, ""},
		{"GET", daily + "/deliveries/%s", ping, ""},
		{"POST", daily + "/deliveries/%s/redeliver", ping, ""},
		{"GET", "/api/v1/audit?site=%s", "weekly", ""},
	} {
		h.unchanged(func() {
			var body any
			if c.body != "" {
				body = c.body
			}
			token := as(admin)
			if strings.HasPrefix(c.path, comments) {
				token = reader(1)
			}
			foreign := h.send(c.method, fmt.Sprintf(c.path, c.id), body, token)
			none := h.send(c.method, fmt.Sprintf(c.path, comment.NewID()), body, token)
			if foreign.status != 404 || !same(foreign, none) {
				t.Errorf("%s %s: %d %s\n%d %s", c.method, c.path, foreign.status, foreign.body, none.status, none.body)
			}
		})
	}
}

func TestViewersDoNotDecide(t *testing.T) {
	t.Parallel()
	h := open(t)
	viewer := h.staff("grace", comment.Viewer, "daily")
	p := h.comment("One.")
	h.unchanged(func() {
		if r := h.one(viewer, "approve", item{p.Comment.ID, 1, "pending"}); r.Code != "forbidden" {
			t.Errorf("%+v", r)
		}
	})
	h.desk(viewer, p.Comment.ID)
}

// TestForgedStaffTokens takes a good token apart and puts it together wrongly.
func TestForgedStaffTokens(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build)
	good := h.staff("grace", comment.Owner, "")
	h.get("/api/v1/auth/me", as(good)).want(200)
	key := h.app.Ring.Key("staff access token")
	forge := func(method jwt.SigningMethod, with any, change func(*jwt.Token, jwt.MapClaims)) string {
		t.Helper()
		claims := jwt.MapClaims{}
		token, _, err := jwt.NewParser().ParseUnverified(good, claims)
		if err != nil {
			t.Fatal(err)
		}
		fresh := jwt.NewWithClaims(method, claims)
		fresh.Header["typ"], fresh.Header["kid"] = token.Header["typ"], token.Header["kid"]
		if change != nil {
			change(fresh, claims)
		}
		text, err := fresh.SignedString(with)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	claim := func(name string, value any) string {
		return forge(jwt.SigningMethodHS256, key, func(_ *jwt.Token, c jwt.MapClaims) {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		})
	}
	head := func(name string, value any) string {
		return forge(jwt.SigningMethodHS256, key, func(t *jwt.Token, _ jwt.MapClaims) { t.Header[name] = value })
	}
	h.get("/api/v1/auth/me", as(forge(jwt.SigningMethodHS256, key, nil))).want(200) // the forger's tools are good
	parts := strings.Split(good, ".")
	now := clock.now()
	tokens := map[string]string{
		"alg none":         forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"no signature":     parts[0] + "." + parts[1] + ".",
		"HS512":            forge(jwt.SigningMethodHS512, key, nil),
		"another key":      forge(jwt.SigningMethodHS256, bytes.Repeat([]byte("k"), 32), nil),
		"key of receipts":  forge(jwt.SigningMethodHS256, h.app.Ring.Key("receipt"), nil),
		"wrong audience":   claim("aud", "readers"),
		"two audiences":    claim("aud", []string{"dashboard", "readers"}),
		"no audience":      claim("aud", nil),
		"wrong issuer":     claim("iss", "somebody"),
		"expired":          claim("exp", now.Add(-31*time.Second).Unix()),
		"no expiry":        claim("exp", nil),
		"not yet":          claim("nbf", now.Add(time.Minute).Unix()),
		"from the future":  claim("iat", now.Add(time.Minute).Unix()),
		"no session":       claim("sid", nil),
		"another session":  claim("sid", comment.NewID()),
		"another subject":  claim("sub", comment.NewID()),
		"an endless life":  claim("exp", now.Add(400*24*time.Hour).Unix()),
		"another type":     head("typ", "JWT"),
		"unknown key id":   head("kid", "../../key"),
		"critical header":  head("crit", []string{"exp"}),
		"key in the token": head("jwk", map[string]string{"kty": "oct", "k": "AAAA"}),
		"four parts":       good + ".x",
		"padding":          good + "=",
		"nothing":          "",
		"words":            "not a token",
		"endless":          strings.Repeat("a", 5000),
	}
	h.unchanged(func() {
		for name, token := range tokens {
			for _, path := range []string{"/api/v1/auth/me", queue, daily + "/options", "/api/v1/moderation/stream"} {
				if r := h.get(path, as(token)); r.status != 401 {
					t.Errorf("%s: %s answers %d", name, path, r.status)
				}
			}
		}
		h.get("/api/v1/auth/me", header("Authorization", "Basic "+good)).refused(401, "unauthorized")
		h.get("/api/v1/auth/me", header("Cookie", "__Host-rt="+good)).refused(401, "unauthorized")
		h.get("/api/v1/auth/me?access_token=" + good)
	})
	clock.advance(time.Hour + 31*time.Second)
	h.get("/api/v1/auth/me", as(good)).refused(401, "unauthorized")
}

// TestRolesActAtOnce: who loses a role loses it with the next request.
func TestRolesActAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	owner, mod := h.staff("grace", comment.Owner, ""), h.staff("alan", comment.Moderator, "daily")
	id := into[struct{ User struct{ ID string } }](h.get("/api/v1/auth/me", as(mod)).want(200)).User.ID
	h.patch("/api/v1/users/"+id, `{"disabled":true}`, as(owner)).want(200)
	h.get(queue, as(mod)).refused(401, "unauthorized")
}
