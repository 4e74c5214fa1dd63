package web_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// bad is a request that must be refused and change nothing.
type bad struct {
	name    string
	method  string // "" = POST
	path    string // "" = the article's comments
	body    any
	changes []change
	status  int
	code    string
	field   string // "name code" of the field at fault
}

// refuse makes all the requests; each must leave every row as it is.
func (h *house) refuse(cases []bad) {
	h.t.Helper()
	for _, b := range cases {
		if b.method == "" {
			b.method = "POST"
		}
		if b.path == "" {
			b.path = comments
		}
		h.unchanged(func() {
			h.t.Helper()
			r := h.send(b.method, b.path, b.body, b.changes...)
			if got := into[struct{ Code string }](r).Code; r.status != b.status || got != b.code {
				h.t.Errorf("%s: %d %s, want %d %s: %.300s", b.name, r.status, got, b.status, b.code, r.body)
				return
			}
			if name, code, ok := strings.Cut(b.field, " "); ok && r.field(name) != code {
				h.t.Errorf("%s: want the field %s: %.300s", b.name, b.field, r.body)
			}
		})
	}
}

// valid is a comment as JSON, for spoiling.
const valid = `{"page":{"url":"https://daily.example/a"},"author":{"name":"Ada"},"text":"Well said."}`

func spoiled(from, to string) string { return strings.Replace(valid, from, to, 1) }

func TestBadJSON(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.comment("First.")
	deep := strings.Repeat("[", 10000) + strings.Repeat("]", 10000)
	h.refuse([]bad{
		{name: "empty", body: "", status: 400, code: "malformed_json"},
		{name: "null", body: "null", status: 400, code: "invalid_type"},
		{name: "not an object", body: "[1]", status: 400, code: "invalid_type"},
		{name: "text of the wrong type", body: spoiled(`"Well said."`, "17"), status: 400, code: "invalid_type", field: "text invalid_type"},
		{name: "page of the wrong type", body: spoiled(`{"url":"https://daily.example/a"}`, `"x"`), status: 400, code: "invalid_type", field: "page invalid_type"},
		{name: "unknown key", body: spoiled(`"text"`, `"status":"approved","text"`), status: 400, code: "unknown_field", field: "status unknown_field"},
		{name: "unknown key further in", body: spoiled(`"name":"Ada"`, `"name":"Ada","kind":"staff"`), status: 400, code: "unknown_field", field: "author.kind unknown_field"},
		{name: "key in another case", body: spoiled(`"text"`, `"Text"`), status: 400, code: "unknown_field", field: "Text unknown_field"},
		{name: "doubled key", body: spoiled(`"text"`, `"text":"Mine.","text"`), status: 400, code: "duplicate_field", field: "text duplicate_field"},
		{name: "deep", body: deep, status: 400, code: "too_deep"},
		{name: "deep inside", body: spoiled(`"Well said."`, deep), status: 400, code: "too_deep"},
		{name: "invalid UTF-8", body: spoiled("Well", "\xff\xfe"), status: 400, code: "malformed_json"},
		{name: "overlong UTF-8", body: spoiled("Well", "\xc0\xaf"), status: 400, code: "malformed_json"},
		{name: "raw NUL", body: spoiled("Well", "\x00"), status: 400, code: "malformed_json"},
		{name: "lone surrogate", body: spoiled("Well", `\ud800`), status: 400, code: "malformed_json"},
		{name: "reversed surrogates", body: spoiled("Well", `\udc00\ud800`), status: 400, code: "malformed_json"},
		{name: "cut off", body: valid[:len(valid)-1], status: 400, code: "malformed_json"},
		{name: "more behind it", body: valid + "{}", status: 400, code: "malformed_json"},
		{name: "byte order mark", body: "\xef\xbb\xbf" + valid, status: 400, code: "malformed_json"},
		{name: "comment in JSON", body: valid + "// x", status: 400, code: "malformed_json"},
		{name: "huge number", body: spoiled(`"text"`, `"form":{"filled_ms":1e400},"text"`), status: 400, code: "invalid_type", field: "form.filled_ms invalid_type"},
		{name: "fraction", body: spoiled(`"text"`, `"form":{"filled_ms":1.5},"text"`), status: 400, code: "invalid_type", field: "form.filled_ms invalid_type"},
	})
}

func TestBadEnvelope(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.comment("First.")
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprint(w, valid)
	w.Close()
	kind := func(k string) []change { return []change{func(r *http.Request) { r.Header.Set("Content-Type", k) }} }
	encoding := func(e string) []change { return []change{header("Content-Encoding", e)} }
	h.refuse([]bad{
		{name: "gzip", body: packed.Bytes(), changes: encoding("gzip"), status: 415, code: "unsupported_encoding"},
		{name: "br", body: valid, changes: encoding("br"), status: 415, code: "unsupported_encoding"},
		{name: "gzip twice", body: packed.Bytes(), changes: encoding("gzip, gzip"), status: 415, code: "unsupported_encoding"},
		{name: "hidden behind identity", body: packed.Bytes(), changes: []change{header("Content-Encoding", "identity"), header("Content-Encoding", "gzip")}, status: 400, code: "malformed_json"},
		{name: "plain text", body: valid, changes: kind("text/plain"), status: 415, code: "unsupported_media_type"},
		{name: "form", body: "text=x", changes: kind("application/x-www-form-urlencoded"), status: 415, code: "unsupported_media_type"},
		{name: "multipart", body: "--x--", changes: kind("multipart/form-data; boundary=x"), status: 415, code: "unsupported_media_type"},
		{name: "nearly JSON", body: valid, changes: kind("application/jsonp"), status: 415, code: "unsupported_media_type"},
		{name: "no type", body: valid, changes: []change{func(r *http.Request) { r.Header.Del("Content-Type") }}, status: 415, code: "unsupported_media_type"},
		{name: "more than 32 KiB", body: spoiled("Well", strings.Repeat("a", 32<<10)), status: 413, code: "too_large"},
	})
	h.post(comments, valid, kind("Application/JSON; charset=utf-8")...).want(201)
}

// TestBigBody sends a mebibyte: it is read to its end, so that the answer
// arrives, and refused.
func TestBigBody(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.unchanged(func() {
		c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", comments, 1<<20, strings.Repeat("a", 1<<20))
		h.readProblem(c, 413, "too_large")
	})
	h.unchanged(func() {
		r, err := http.NewRequest("POST", h.url+comments, struct{ *strings.Reader }{strings.NewReader(strings.Repeat("a", 40<<10))}) // chunked
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if answer, err := h.client.Do(r); err == nil { // it may hang up instead
			answer.Body.Close()
			if answer.StatusCode != 413 {
				t.Errorf("chunked: %d", answer.StatusCode)
			}
		}
	})
	h.get("/healthz", header("X-Padding", strings.Repeat("a", 4<<10))).want(200)
}

func TestBadComment(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.site("weekly", map[string]string{"rate_limits": "off", "undo_window": "0s"})
	mod := h.staff("grace", comment.Owner, "")
	h.comment("First.")
	change := func(c func(*draft)) draft { return write("Well said.", c) }
	name := func(s string) draft { return change(by(s)) }
	text := func(s string) draft { return write(s) }
	page := func(s string) draft { return change(on(s)) }
	blank, missing := "text blank", "parent_id not_found"

	pending := h.comment("Pending.").Comment.ID
	gone := func(action string) string {
		p := h.public(mod, "To be "+action+".")
		h.decide(mod, action, p.Comment)
		return p.Comment.ID
	}
	rejected, spam, deleted := gone("reject"), gone("spam"), gone("delete")
	elsewhere := h.public(mod, "On another page.", on(origin+"/b")).Comment.ID
	foreign := into[posted](h.post("/api/v1/sites/weekly/comments", page("https://weekly.example/a")).want(201)).Comment
	h.decide(mod, "approve", foreign)

	h.refuse([]bad{
		{name: "no text", body: text(""), status: 422, code: "invalid", field: blank},
		{name: "blanks", body: text(" \t\n\u00a0\u3000"), status: 422, code: "invalid", field: blank},
		{name: "zero-width only", body: text("\u200b\u200d\ufeff\u2060"), status: 422, code: "invalid", field: blank},
		{name: "markup only", body: text("> \n> "), status: 422, code: "invalid", field: blank},
		{name: "NUL", body: text("a\x00b"), status: 422, code: "invalid", field: "text control_character"},
		{name: "over the site's limit", body: text(strings.Repeat("é", 5001)), status: 422, code: "invalid", field: "text too_long"},
		{name: "over 20 KiB", body: text(strings.Repeat("a ", 10<<10) + "a"), status: 422, code: "invalid", field: "text too_long"},
		{name: "no name", body: name(""), status: 422, code: "invalid", field: "author.name blank"},
		{name: "invisible name", body: name("\u200b\u2060"), status: 422, code: "invalid", field: "author.name blank"},
		{name: "NUL in the name", body: name("A\x00da"), status: 422, code: "invalid", field: "author.name invalid"},
		{name: "name of 10,000 characters", body: name(strings.Repeat("a", 10000)), status: 422, code: "invalid", field: "author.name too_long"},
		{name: "name of a moderator", body: name("Gr\u0430ce"), status: 422, code: "invalid", field: "author.name reserved"},
		{name: "no e-mail", body: change(func(d *draft) { d.Author.Email = "a@b, c@d" }), status: 422, code: "invalid", field: "author.email invalid"},
		{name: "header in the e-mail", body: change(func(d *draft) { d.Author.Email = "a@b.example\r\nBcc: c@d.example" }), status: 422, code: "invalid", field: "author.email invalid"},
		{name: "no page", body: page(""), status: 422, code: "invalid", field: "page.url required"},
		{name: "page of another scheme", body: page("javascript:alert(1)"), status: 422, code: "invalid", field: "page.url invalid"},
		{name: "relative page", body: page("/a"), status: 422, code: "invalid", field: "page.url invalid"},
		{name: "page with a password", body: page("https://u:p@daily.example/a"), status: 422, code: "invalid", field: "page.url invalid"},
		{name: "endless page", body: page(origin + "/" + strings.Repeat("a", 3000)), status: 422, code: "invalid", field: "page.url invalid"},
		{name: "page of a foreign origin", body: page("https://daily.example.evil.example/a"), status: 403, code: "origin_not_allowed"},
		{name: "page of another port", body: page("https://daily.example:8443/a"), status: 403, code: "origin_not_allowed"},
		{name: "page of another site", body: page("https://weekly.example/a"), status: 403, code: "origin_not_allowed"},
		{name: "NUL in the page's key", body: change(func(d *draft) { d.Page.Key = "a\x00b" }), status: 422, code: "invalid", field: "page.key invalid"},
		{name: "reply to nobody", body: change(answering(comment.NewID())), status: 422, code: "invalid", field: missing},
		{name: "reply to what is no id", body: change(answering("1 or 1=1")), status: 422, code: "invalid", field: missing},
		{name: "reply to a foreign comment", body: change(answering(foreign.ID)), status: 422, code: "invalid", field: missing},
		{name: "reply across pages", body: change(answering(elsewhere)), status: 422, code: "invalid", field: missing},
		{name: "reply to a pending comment", body: change(answering(pending)), status: 422, code: "invalid", field: missing},
		{name: "reply to a rejected comment", body: change(answering(rejected)), status: 422, code: "invalid", field: missing},
		{name: "reply to spam", body: change(answering(spam)), status: 422, code: "invalid", field: missing},
		{name: "reply to a deleted comment", body: change(answering(deleted)), status: 422, code: "invalid", field: missing},
		{name: "unknown site", path: "/api/v1/sites/monthly/comments", body: valid, status: 404, code: "not_found"},
		{name: "site key that is none", path: "/api/v1/sites/%00/comments", body: valid, status: 404, code: "not_found"},
		{name: "trap too long", body: spoiled(`"text"`, `"form":{"trap":"`+strings.Repeat("a", 1001)+`"},"text"`), status: 422, code: "invalid", field: "form.trap max"},
		{name: "body parameter", path: comments + "?body=markdown", body: valid, status: 400, code: "invalid_parameter"},
	})
}

// TestBadGestures: votes and reports on what is not public, and of the wrong kind.
func TestBadGestures(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	id := h.public(mod, "Public.").Comment.ID
	pending := h.comment("Pending.").Comment.ID
	vote, report := "/vote", "/reports"
	cases := []bad{
		{name: "no value", method: "PUT", path: id + vote, body: "{}", status: 422, code: "invalid", field: "value required"},
		{name: "two", method: "PUT", path: id + vote, body: `{"value":2}`, status: 422, code: "invalid", field: "value invalid"},
		{name: "half", method: "PUT", path: id + vote, body: `{"value":0.5}`, status: 400, code: "invalid_type"},
		{name: "vote on a pending comment", method: "PUT", path: pending + vote, body: `{"value":1}`, status: 404, code: "not_found"},
		{name: "vote on nothing", method: "PUT", path: comment.NewID() + vote, body: `{"value":1}`, status: 404, code: "not_found"},
		{name: "vote on what is no id", method: "PUT", path: "x" + vote, body: `{"value":1}`, status: 404, code: "not_found"},
		{name: "no reason", path: id + report, body: "{}", status: 422, code: "invalid", field: "reason required"},
		{name: "another reason", path: id + report, body: `{"reason":"boring"}`, status: 422, code: "invalid", field: "reason invalid"},
		{name: "long note", path: id + report, body: map[string]string{"reason": "spam", "note": strings.Repeat("a", 2001)}, status: 422, code: "invalid", field: "note invalid"},
		{name: "NUL in the note", path: id + report, body: `{"reason":"spam","note":"a\u0000"}`, status: 422, code: "invalid", field: "note invalid"},
		{name: "report of a pending comment", path: pending + report, body: `{"reason":"spam"}`, status: 404, code: "not_found"},
		{name: "foreign origin", path: id + report, body: `{"reason":"spam"}`, changes: []change{from("https://evil.example")}, status: 403, code: "origin_not_allowed"},
	}
	for i := range cases {
		cases[i].path = comments + "/" + cases[i].path
	}
	h.refuse(cases)
}

func TestBadParameters(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Admin, "daily")
	for i := range 4 {
		h.public(mod, fmt.Sprintf("comment %d", i))
		h.public(mod, fmt.Sprintf("other %d", i), on(origin+"/b"))
	}
	a, b := "page="+url.QueryEscape(article), "page="+url.QueryEscape(origin+"/b")
	cursor := *into[threadPage](h.get(comments + "?limit=2&" + a).want(200)).NextCursor
	waiting := *into[replies](h.get(queue+"?status=approved&limit=2", as(mod)).want(200)).NextCursor
	tampered := strings.Map(func(r rune) rune {
		if r == rune(cursor[5]) {
			return rune(cursor[5]) ^ 1
		}
		return r
	}, cursor)
	get := func(name, path, code string) bad {
		return bad{name: name, method: "GET", path: path, status: 400, code: code, changes: []change{as(mod)}}
	}
	h.refuse([]bad{
		get("no page", comments, "invalid_parameter"),
		get("endless page", comments+"?page="+strings.Repeat("a", 2049), "invalid_parameter"),
		get("limit 0", comments+"?limit=0&"+a, "invalid_parameter"),
		get("limit 101", comments+"?limit=101&"+a, "invalid_parameter"),
		get("limit -1", comments+"?limit=-1&"+a, "invalid_parameter"),
		get("limit x", comments+"?limit=x&"+a, "invalid_parameter"),
		get("limit 1e3", comments+"?limit=1e1&"+a, "invalid_parameter"),
		get("huge limit", comments+"?limit=99999999999999999999&"+a, "invalid_parameter"),
		get("sort", comments+"?sort=best&"+a, "invalid_parameter"),
		get("body", comments+"?body=text&"+a, "invalid_parameter"),
		get("NUL", comments+"?page=a%00b", "invalid_parameter"),
		get("invalid UTF-8", comments+"?page=a%ffb", "invalid_parameter"),
		get("broken escape", comments+"?page=a%zz", "invalid_parameter"),
		get("cursor of nothing", comments+"?cursor=x&"+a, "invalid_cursor"),
		get("cursor of another page", comments+"?cursor="+cursor+"&"+b, "invalid_cursor"),
		get("cursor of another sort", comments+"?sort=top&cursor="+cursor+"&"+a, "invalid_cursor"),
		get("cursor of another list", queue+"?status=approved&cursor="+cursor, "invalid_cursor"),
		get("tampered cursor", comments+"?cursor="+tampered+"&"+a, "invalid_cursor"),
		get("endless cursor", comments+"?cursor="+strings.Repeat("a", 4000)+"&"+a, "invalid_cursor"),
		get("status", queue+"?status=held", "invalid_parameter"),
		get("queue's sort", queue+"?sort=top", "invalid_parameter"),
		get("page without site", queue+"?"+a, "invalid_parameter"),
		get("endless search", queue+"?q="+strings.Repeat("a", 201), "invalid_parameter"),
		get("cursor of another queue", queue+"?status=all&cursor="+waiting, "invalid_cursor"),
		get("cursor of another filter", queue+"?status=approved&q=x&cursor="+waiting, "invalid_cursor"),
		get("state", daily+"/webhooks/"+comment.NewID()+"/deliveries?state=lost", "invalid_parameter"),
		get("type", daily+"/webhooks/"+comment.NewID()+"/deliveries?type=lost", "invalid_parameter"),
		get("since", daily+"/webhooks/"+comment.NewID()+"/deliveries?since=yesterday", "invalid_parameter"),
		get("type", daily+"/webhooks/"+comment.NewID()+"/deliveries?type=lost", "invalid_parameter"),
		get("since", daily+"/webhooks/"+comment.NewID()+"/deliveries?since=yesterday", "invalid_parameter"),
		get("events after nothing", daily+"/events?after=x", "invalid_cursor"),
		get("audit cursor", "/api/v1/audit?site=daily&cursor="+cursor, "invalid_cursor"),
		get("pages cursor", daily+"/pages?cursor="+cursor, "invalid_cursor"),
		get("Last-Event-ID", daily+"/stream?"+a, "invalid_parameter").with(header("Last-Event-ID", "-1")),
	})
	other := h.staff("alan", comment.Admin, "daily")
	h.get(queue+"?status=approved&cursor="+waiting, as(other)).refused(400, "invalid_cursor")
}

func (b bad) with(c ...change) bad {
	b.changes = append(b.changes, c...)
	return b
}

// TestUnknownRoutes: what no route takes is a problem too.
func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.unchanged(func() {
		for _, path := range []string{"/", "/api", "/api/v2/sites", "/api/v1/auth/login/", comments + "/", "/assets/", "/.env", "/%2e%2e/etc/passwd", "/API/v1/sites"} {
			h.get(path).refused(404, "not_found")
		}
		if r := h.delete("/healthz").refused(405, "method_not_allowed"); r.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("Allow: %s", r.header.Get("Allow"))
		}
		h.put(comments, valid).refused(405, "method_not_allowed")
		h.get("/api/v1/auth/login").refused(405, "method_not_allowed")
	})
}

// TestLateClient: a client that stops in the middle of its request is told so.
func TestBrokenRequests(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost x\r\n\r\n",
		"POST " + comments + " HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 9<<10) + "\r\n\r\n",
	} {
		c, err := net.DialTimeout("tcp", strings.TrimPrefix(h.url, "http://"), patience)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, request)
		status := 400
		if len(request) > 8<<10 {
			status = 431
		}
		h.readProblem(c, status, "bad_request")
		c.Close()
	}
}
