package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

type siteView struct {
	Key, Name, Role string
	Origins         []string
	Options         map[string]any
}

func TestSites(t *testing.T) {
	t.Parallel()
	h := open(t)
	owner, viewer := h.staff("grace", comment.Owner, ""), h.staff("alan", comment.Viewer, "daily")
	made := into[siteView](h.post("/api/v1/sites", map[string]any{
		"key": "weekly", "name": "The  Weekly", "origins": []string{"HTTPS://Weekly.example:443", "https://weekly.example", "http://localhost:3000"},
		"options": map[string]any{"votes": false, "max_depth": 2},
	}, as(owner)).want(201))
	if diff := cmp.Diff([]string{"https://weekly.example", "http://localhost:3000"}, made.Origins); diff != "" {
		t.Error(diff)
	}
	if made.Options["votes"] != "off" || made.Options["max_depth"] != 2.0 || made.Options["moderation"] != "all" || made.Role != "owner" {
		t.Errorf("%+v", made)
	}
	again := into[siteView](h.get("/api/v1/sites/weekly", as(owner)).want(200))
	if diff := cmp.Diff(made, again); diff != "" {
		t.Error(diff)
	}
	list := func(token string) (keys []string) {
		for _, s := range into[struct{ Sites []siteView }](h.get("/api/v1/sites", as(token)).want(200)).Sites {
			keys = append(keys, s.Key+" "+s.Role)
		}
		return keys
	}
	if diff := cmp.Diff([]string{"daily owner", "weekly owner"}, list(owner)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"daily viewer"}, list(viewer)); diff != "" {
		t.Error(diff)
	}
	changed := into[siteView](h.patch("/api/v1/sites/weekly", `{"name":"Weekly","origins":["https://w.example"]}`, as(owner)).want(200))
	if changed.Name != "Weekly" || changed.Origins[0] != "https://w.example" || changed.Options["votes"] != "off" {
		t.Errorf("%+v", changed)
	}
	h.post("/api/v1/sites/weekly/comments", write("x", on("https://w.example/a")), from("https://w.example")).want(201)

	who := []change{as(owner)}
	site := func(change string) string {
		return `{"key":"monthly","name":"M","origins":["https://m.example"]` + change + `}`
	}
	h.refuse([]bad{
		{name: "taken", path: "/api/v1/sites", body: `{"key":"daily","name":"D","origins":["https://d.example"]}`, changes: who, status: 409, code: "site_exists"},
		{name: "key", path: "/api/v1/sites", body: `{"key":"Daily!","name":"D","origins":["https://d.example"]}`, changes: who, status: 422, code: "invalid", field: "key invalid"},
		{name: "name", path: "/api/v1/sites", body: `{"key":"d","name":"\u200b","origins":["https://d.example"]}`, changes: who, status: 422, code: "invalid", field: "name invalid"},
		{name: "no origins", path: "/api/v1/sites", body: `{"key":"d","name":"D","origins":[]}`, changes: who, status: 422, code: "invalid", field: "origins required"},
		{name: "origin with a path", path: "/api/v1/sites", body: `{"key":"d","name":"D","origins":["https://d.example/a"]}`, changes: who, status: 422, code: "invalid", field: "origins invalid"},
		{name: "origin null", path: "/api/v1/sites", body: `{"key":"d","name":"D","origins":["null"]}`, changes: who, status: 422, code: "invalid", field: "origins invalid"},
		{name: "every origin", path: "/api/v1/sites", body: `{"key":"d","name":"D","origins":["https://*.example"]}`, changes: who, status: 422, code: "invalid", field: "origins invalid"},
		{name: "unknown option", path: "/api/v1/sites", body: site(`,"options":{"colour":"red"}`), changes: who, status: 400, code: "unknown_field", field: "colour unknown_option"},
		{name: "no origins left", method: "PATCH", path: daily, body: `{"origins":[]}`, changes: who, status: 422, code: "invalid", field: "origins required"},
		{name: "key cannot change", method: "PATCH", path: daily, body: `{"key":"d"}`, changes: who, status: 400, code: "unknown_field"},
	})
}

func TestOptions(t *testing.T) {
	t.Parallel()
	h := open(t)
	admin, viewer := h.staff("grace", comment.Admin, "daily"), h.staff("alan", comment.Viewer, "daily")
	path := daily + "/options"
	for _, c := range []struct {
		body any
		want map[string]any
	}{
		{`{"votes":false,"live":true}`, map[string]any{"votes": "off", "live": "on"}},
		{`{"votes":"on","guests":"off"}`, map[string]any{"votes": "on", "guests": "off"}},
		{`{"max_depth":0,"max_length":"20000","trusted_after":3,"max_links":0}`, map[string]any{"max_depth": 0.0, "max_length": 20000.0, "trusted_after": 3.0, "max_links": 0.0}},
		{`{"undo_window":"90s"}`, nil},
		{`{"undo_window":"1m","edit_window":"90m","close_after":"30d"}`, map[string]any{"undo_window": "1m", "edit_window": "90m", "close_after": "30d"}},
		{`{"undo_window":"0s","edit_window":"0s","close_after":"never"}`, map[string]any{"undo_window": "0s", "edit_window": "0s", "close_after": "never"}},
		{`{"moderation":"flagged","language":"pt-BR","rate_limits":"on"}`, map[string]any{"moderation": "flagged", "language": "pt-BR", "rate_limits": "on"}},
		{`{}`, map[string]any{}},
	} {
		if c.want == nil {
			h.unchanged(func() { h.patch(path, c.body, as(admin)).refused(422, "invalid") })
			continue
		}
		got := into[map[string]any](h.patch(path, c.body, as(admin)).want(200))
		for name, want := range c.want {
			if got[name] != want {
				t.Errorf("%s: %s is %v, want %v", c.body, name, got[name], want)
			}
		}
		if again := into[map[string]any](h.get(path, as(viewer)).want(200)); cmp.Diff(got, again) != "" {
			t.Errorf("%s: %v", c.body, again)
		}
	}
	var cases []bad
	for body, field := range map[string]string{
		`{"max_depth":11}`: "max_depth invalid", `{"max_depth":1.5}`: "max_depth invalid", `{"max_depth":"x"}`: "max_depth invalid", `{"max_depth":1e300}`: "max_depth invalid",
		`{"votes":"yes"}`: "votes invalid", `{"votes":1}`: "votes invalid", `{"moderation":"none"}`: "moderation invalid", `{"moderation":true}`: "moderation invalid",
		`{"language":"<b>"}`: "language invalid", `{"close_after":"1m"}`: "close_after invalid", `{"edit_window":"-1s"}`: "edit_window invalid",
		`{"votes":[]}`: "votes invalid", `{"votes":{}}`: "votes invalid", `{"votes":null}`: "votes invalid",
		`{"language":"de","votes":"maybe"}`: "votes invalid",
	} {
		cases = append(cases, bad{name: body, method: "PATCH", path: path, body: body, changes: []change{as(admin)}, status: 422, code: "invalid", field: field})
	}
	cases = append(cases, bad{name: "unknown", method: "PATCH", path: path, body: `{"colour":"red"}`, changes: []change{as(admin)}, status: 400, code: "unknown_field", field: "colour unknown_option"},
		bad{name: "a list", method: "PATCH", path: path, body: `[]`, changes: []change{as(admin)}, status: 400, code: "invalid_type"},
		bad{name: "doubled", method: "PATCH", path: path, body: `{"votes":"on","votes":"off"}`, changes: []change{as(admin)}, status: 400, code: "duplicate_field"})
	h.refuse(cases)
}

func TestWords(t *testing.T) {
	t.Parallel()
	h := open(t, with("moderation", "off"))
	admin := h.staff("grace", comment.Admin, "daily")
	type word struct{ ID, List, Text string }
	made := into[word](h.post(daily+"/words", `{"list":"banned","text":" Buy  now "}`, as(admin)).want(201))
	list := into[struct{ Words []word }](h.get(daily+"/words", as(admin)).want(200)).Words
	if diff := cmp.Diff([]word{made}, list); diff != "" || made.Text != "Buy now" {
		t.Errorf("%+v: %s", made, diff)
	}
	if p := h.comment("So b\u200bu\u0443 n0w!"); p.Comment.Status != "rejected" {
		t.Errorf("a banned phrase is %s", p.Comment.Status)
	}
	h.delete(daily+"/words/"+made.ID, as(admin)).want(204)
	if p := h.comment("So buy now, again!"); p.Comment.Status != "approved" {
		t.Errorf("an entry that is gone still counts: %s", p.Comment.Status)
	}
	who := []change{as(admin)}
	h.refuse([]bad{
		{name: "list", path: daily + "/words", body: `{"list":"forbidden","text":"x"}`, changes: who, status: 422, code: "invalid", field: "list oneof"},
		{name: "no text", path: daily + "/words", body: `{"list":"banned"}`, changes: who, status: 422, code: "invalid", field: "text required"},
		{name: "one letter", path: daily + "/words", body: `{"list":"banned","text":"x"}`, changes: who, status: 422, code: "invalid", field: "text invalid"},
		{name: "wildcard", path: daily + "/words", body: `{"list":"banned","text":"buy*"}`, changes: who, status: 422, code: "invalid", field: "text invalid"},
		{name: "long", path: daily + "/words", body: map[string]string{"list": "banned", "text": strings.Repeat("ab ", 100)}, changes: who, status: 422, code: "invalid", field: "text invalid"},
		{name: "NUL", path: daily + "/words", body: `{"list":"banned","text":"a\u0000b"}`, changes: who, status: 422, code: "invalid", field: "text invalid"},
		{name: "gone", method: "DELETE", path: daily + "/words/" + made.ID, changes: who, status: 404, code: "not_found"},
		{name: "no id", method: "DELETE", path: daily + "/words/%27%20or%201=1", changes: who, status: 404, code: "not_found"},
	})
}

func TestPages(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Admin, "daily")
	var want []string
	for i := range 5 {
		u := fmt.Sprintf("%s/%d", origin, i)
		h.public(mod, "One.", on(u))
		want = append([]string{u}, want...)
	}
	var got []string
	next := ""
	for {
		page := into[struct {
			Pages []struct {
				Key   string
				Count int
				Open  bool
			}
			NextCursor *string `json:"next_cursor"`
		}](h.get(daily+"/pages?limit=2"+next, as(mod)).want(200))
		for _, p := range page.Pages {
			got = append(got, p.Key)
			if p.Count != 1 || !p.Open {
				t.Errorf("%+v", p)
			}
		}
		if page.NextCursor == nil {
			break
		}
		next = "&cursor=" + *page.NextCursor
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	at := daily + "/pages?page=" + url.QueryEscape(want[0])
	who := []change{as(mod)}
	h.refuse([]bad{
		{name: "no word", method: "PATCH", path: at, body: `{}`, changes: who, status: 422, code: "invalid", field: "open required"},
		{name: "a word", method: "PATCH", path: at, body: `{"open":"no"}`, changes: who, status: 400, code: "invalid_type"},
		{name: "no page", method: "PATCH", path: daily + "/pages", body: `{"open":false}`, changes: who, status: 400, code: "invalid_parameter"},
		{name: "another page", method: "PATCH", path: daily + "/pages?page=nowhere", body: `{"open":false}`, changes: who, status: 404, code: "not_found"},
	})
	h.unchanged(func() { h.patch(at, `{"open":true}`, who...).want(200) })
	h.patch(at, `{"open":false}`, who...).want(200)
	h.unchanged(func() { h.patch(at, `{"open":false}`, who...).want(200) })
	h.patch(at, `{"open":true}`, who...).want(200)
	types := h.log(mod, "")
	if diff := cmp.Diff([]string{"page.closed", "page.opened"}, types[len(types)-2:]); diff != "" {
		t.Error(diff)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	h := open(t)
	owner := h.staff("grace", comment.Owner, "")
	type user struct {
		ID, Email, Name, Role, Password string
		Roles                           []struct{ Site, Role string }
		Disabled                        bool
	}
	made := into[user](h.post("/api/v1/users", `{"email":"Alan@Staff.example","role":"moderator","site":"daily"}`, as(owner)).want(201))
	if made.Email != "alan@staff.example" || len(made.Password) < 16 || made.Name != "alan" || made.Roles[0].Site != "daily" {
		t.Errorf("%+v", made)
	}
	h.signIn(made.Email, made.Password)
	given := into[user](h.post("/api/v1/users", map[string]string{"email": "edsger@staff.example", "name": "Edsger", "role": "admin", "password": phrase}, as(owner)).want(201))
	if given.Password != "" || given.Name != "Edsger" || given.Roles[0].Site != "*" {
		t.Errorf("%+v", given)
	}
	list := h.get("/api/v1/users", as(owner)).want(200)
	if users := into[struct{ Users []user }](list).Users; len(users) != 3 || strings.Contains(string(list.body), "argon2") || strings.Contains(string(list.body), "password") {
		t.Errorf("%s", list.body)
	}
	at := "/api/v1/users/" + made.ID
	changed := into[user](h.patch(at, `{"role":"admin","name":"Alan T."}`, as(owner)).want(200))
	if changed.Role != "admin" || changed.Roles[0].Site != "daily" || changed.Name != "Alan T." {
		t.Errorf("%+v", changed)
	}
	h.patch(at, `{"site":""}`, as(owner)).want(200)
	h.patch(at, `{"disabled":true}`, as(owner)).want(200)
	h.post(login, map[string]string{"email": made.Email, "password": made.Password}).refused(401, "invalid_credentials")

	me := into[struct{ User user }](h.get("/api/v1/auth/me", as(owner)).want(200)).User.ID
	who, all := []change{as(owner)}, "/api/v1/users"
	h.refuse([]bad{
		{name: "taken", path: all, body: `{"email":"ALAN@staff.example","role":"viewer"}`, changes: who, status: 409, code: "email_taken"},
		{name: "no address", path: all, body: `{"email":"alan","role":"viewer"}`, changes: who, status: 422, code: "invalid", field: "email invalid"},
		{name: "no role", path: all, body: `{"email":"a@b.example"}`, changes: who, status: 422, code: "invalid", field: "role required"},
		{name: "another role", path: all, body: `{"email":"a@b.example","role":"god"}`, changes: who, status: 422, code: "invalid", field: "role unknown"},
		{name: "another site", path: all, body: `{"email":"a@b.example","role":"viewer","site":"weekly"}`, changes: who, status: 422, code: "invalid", field: "site unknown"},
		{name: "owner of one site", path: all, body: `{"email":"a@b.example","role":"owner","site":"daily"}`, changes: who, status: 422, code: "invalid", field: "role not_for_one_site"},
		{name: "short password", path: all, body: `{"email":"a@b.example","role":"viewer","password":"short"}`, changes: who, status: 422, code: "invalid", field: "password too_short"},
		{name: "invisible name", path: all, body: `{"email":"a@b.example","role":"viewer","name":"\u200b"}`, changes: who, status: 422, code: "invalid", field: "name invalid"},
		{name: "last owner demoted", method: "PATCH", path: all + "/" + me, body: `{"role":"admin"}`, changes: who, status: 409, code: "last_owner"},
		{name: "last owner disabled", method: "PATCH", path: all + "/" + me, body: `{"disabled":true}`, changes: who, status: 409, code: "last_owner"},
		{name: "nobody", method: "PATCH", path: all + "/" + comment.NewID(), body: `{"disabled":true}`, changes: who, status: 404, code: "not_found"},
		{name: "more", method: "PATCH", path: at, body: `{"email":"x@y.example"}`, changes: who, status: 400, code: "unknown_field"},
	})
}

func TestAudit(t *testing.T) {
	t.Parallel()
	h := open(t)
	owner, admin, mod := h.staff("grace", comment.Owner, ""), h.staff("alan", comment.Admin, "daily"), h.staff("edsger", comment.Moderator, "daily")
	p := h.public(mod, "One.", func(d *draft) { d.Author.Email = "ada@reader.example" })
	var seqs []int
	next := ""
	for {
		r := h.get("/api/v1/audit?site=daily&limit=2"+next, as(admin)).want(200)
		if strings.Contains(string(r.body), "ada@reader.example") || strings.Contains(string(r.body), "edsger") {
			t.Errorf("the audit trail tells who somebody is: %s", r.body)
		}
		page := into[struct {
			Entries []struct {
				Seq       int
				CommentID string `json:"comment_id"`
			}
			NextCursor *string `json:"next_cursor"`
		}](r)
		for _, e := range page.Entries {
			seqs = append(seqs, e.Seq)
		}
		if page.NextCursor == nil {
			break
		}
		next = "&cursor=" + *page.NextCursor
	}
	if diff := cmp.Diff([]int{3, 2, 1}, seqs); diff != "" { // the site, the comment, its approval
		t.Errorf("%s: %s", p.Comment.ID, diff)
	}
	h.get("/api/v1/audit?site=daily", as(mod)).refused(403, "forbidden")
	h.get("/api/v1/audit", as(admin)).refused(403, "forbidden")
	h.get("/api/v1/audit", as(owner)).want(200)
}
