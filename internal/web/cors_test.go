package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
)

const (
	allowOrigin = "Access-Control-Allow-Origin"
	evil        = "https://evil.example"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	id := h.public(mod, "One.").Comment.ID
	page := "?page=" + url.QueryEscape(article)
	for _, path := range []string{comments + page, comments + "/" + id, comments + "/" + id + "/replies", daily + "/counts" + page} {
		if r := h.get(path, from(origin)).want(200); r.header.Get(allowOrigin) != origin {
			t.Errorf("%s: the site's origin is not reflected: %v", path, r.header)
		}
		for _, other := range []string{evil, "null", "http://daily.example", origin + ":8443", origin + ".evil.example", strings.ToUpper(origin)} {
			if r := h.get(path, from(other)).want(200); r.header.Get(allowOrigin) != "" {
				t.Errorf("%s: %s may read: %v", path, other, r.header)
			}
		}
		for _, o := range []string{"", origin, evil} {
			r := h.get(path, from(o))
			if !strings.Contains(strings.Join(r.header.Values("Vary"), ","), "Origin") || r.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s from %q: %v", path, o, r.header)
			}
		}
	}
	if r := h.get(comments+"/"+comment.NewID(), from(origin)).want(404); r.header.Get(allowOrigin) != origin {
		t.Error("a page of the site cannot read its errors")
	}
	if r := h.post(comments, valid, from(origin)).want(201); r.header.Get(allowOrigin) != origin || !strings.Contains(r.header.Get("Access-Control-Expose-Headers"), "Retry-After") {
		t.Errorf("%v", r.header)
	}
}

// TestForeignPagesCannotWrite: a browser says where it comes from, and what
// comes from elsewhere is refused before anything is done.
func TestForeignPagesCannotWrite(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	p := h.public(mod, "One.")
	own, text := as(p.EditToken), `{"text":"Two."}`
	at := comments + "/" + p.Comment.ID
	for _, o := range []string{evil, "null", "https://weekly.example"} {
		h.refuse([]bad{
			{name: "submit", body: valid, changes: []change{from(o)}, status: 403, code: "origin_not_allowed"},
			{name: "edit", method: "PATCH", path: at, body: text, changes: []change{from(o), own}, status: 403, code: "origin_not_allowed"},
			{name: "retract", method: "DELETE", path: at, changes: []change{from(o), own}, status: 403, code: "origin_not_allowed"},
			{name: "vote", method: "PUT", path: at + "/vote", body: `{"value":1}`, changes: []change{from(o)}, status: 403, code: "origin_not_allowed"},
			{name: "report", path: at + "/reports", body: `{"reason":"spam"}`, changes: []change{from(o)}, status: 403, code: "origin_not_allowed"},
			{name: "preview", path: daily + "/preview", body: text, changes: []change{from(o)}, status: 403, code: "origin_not_allowed"},
		})
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	h := open(t)
	ask := func(path, o string) reply {
		return h.send("OPTIONS", path, nil, from(o), header("Access-Control-Request-Method", "POST"), header("Access-Control-Request-Headers", "content-type"))
	}
	for _, path := range []string{"/comments", "/comments/" + comment.NewID(), "/comments/x/vote", "/counts", "/preview", "/stream"} {
		r := ask(daily+path, origin).want(204)
		for name, want := range map[string]string{
			allowOrigin: origin, "Access-Control-Allow-Methods": "PATCH", "Access-Control-Allow-Headers": "Idempotency-Key", "Vary": "Origin",
		} {
			if !strings.Contains(r.header.Get(name), want) {
				t.Errorf("%s: %s: %q", path, name, r.header.Get(name))
			}
		}
		for _, o := range []string{evil, "null", "https://weekly.example"} {
			if r := ask(daily+path, o).refused(403, "origin_not_allowed"); r.header.Get(allowOrigin) != "" {
				t.Errorf("%s: %s may ask", path, o)
			}
		}
		h.send("OPTIONS", daily+path, nil).refused(403, "origin_not_allowed")
	}
	ask("/api/v1/sites/weekly/comments", origin).refused(404, "not_found")
}

// TestStaffHasNoCORS: no page of any origin may read the staff's routes, the
// site's own pages neither.
func TestStaffHasNoCORS(t *testing.T) {
	t.Parallel()
	h := open(t)
	token := h.staff("ada", comment.Owner, "")
	for key, o := range openAPI().operations {
		if !strings.Contains(key, "/api/v1/") || o.node["tags"].([]any)[0] == "Readers" {
			continue
		}
		path := strings.NewReplacer("{site}", "daily", "{id}", comment.NewID()).Replace(o.path)
		for _, site := range []string{origin, "null"} {
			if strings.HasSuffix(path, "/moderation/stream") {
				continue // see TestQueueStream
			}
			r := h.send(o.method, path, nil, from(site), as(token))
			for name := range r.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s: %s: %s", key, name, r.header.Get(name))
				}
			}
			if r := h.send("OPTIONS", path, nil, from(site), header("Access-Control-Request-Method", o.method)); r.status < 400 || r.header.Get(allowOrigin) != "" {
				t.Errorf("preflight of %s: %d %v", key, r.status, r.header)
			}
		}
	}
}
