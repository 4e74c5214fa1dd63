package web_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/web"
)

const words = daily + "/words"

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestWordWithEverything(t *testing.T) {
	t.Parallel()
	h := open(t, with("moderation", "off"))
	admin, viewer := h.staff("grace", comment.Admin, "daily"), h.staff("alan", comment.Viewer, "daily")
	made := into[web.WordView](h.post(words, `{"list":"suspect","text":"Gift","language":"de","section":"/Sport/","expires_at":"2030-01-02","note":"from the list of 2019","exceptions":["Gift shop"]}`, as(admin)).want(201))
	if made.Kind != "word" || text(made.Language) != "de" || text(made.Section) != "sport" || text(made.ExpiresAt) != "2030-01-03T00:00:00.000000Z" ||
		text(made.Note) != "from the list of 2019" || text(made.AddedBy) != "grace" || made.Sweep != nil || len(made.Exceptions) != 1 {
		t.Errorf("%+v", made)
	}
	if diff := cmp.Diff(made, into[web.WordView](h.get(words+"/"+made.ID, as(viewer)).want(200))); diff != "" {
		t.Error(diff)
	}
	changed := into[web.WordView](h.patch(words+"/"+made.ID, `{"list":"banned","language":null,"section":null,"expires_at":null,"note":"","exceptions":[]}`, as(admin)).want(200))
	want := made
	want.List, want.Language, want.Section, want.ExpiresAt, want.Note, want.Exceptions = "banned", nil, nil, nil, nil, []string{}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(changed, into[web.WordView](h.patch(words+"/"+made.ID, `{}`, as(admin)).want(200))); diff != "" {
		t.Errorf("nothing was changed: %s", diff)
	}
	host := into[web.WordView](h.post(words, `{"list":"banned","kind":"host","text":"https://WWW.Pills.Example/buy?x=1"}`, as(admin)).want(201))
	if host.Text != "pills.example" {
		t.Errorf("the host is %q", host.Text)
	}
	if p := h.comment("See https://shop.pills.example/now please."); p.Comment.Status != "rejected" {
		t.Errorf("a link to a banned host is %s", p.Comment.Status)
	}
	who := []change{as(admin)}
	input := func(name, body, field string) bad {
		return bad{name: name, path: words, body: body, changes: who, status: 422, code: "invalid", field: field}
	}
	h.refuse([]bad{
		input("kind", `{"list":"banned","text":"ok ok","kind":"regex"}`, "kind oneof"),
		input("language", `{"list":"banned","text":"ok ok","language":"<b>"}`, "language invalid"),
		input("section with a path", `{"list":"banned","text":"ok ok","section":"a/b"}`, "section invalid"),
		input("section and page", `{"list":"banned","text":"ok ok","section":"a","page":"b"}`, "page invalid"),
		input("page", `{"list":"banned","text":"ok ok","page":" b"}`, "page invalid"),
		input("time", `{"list":"banned","text":"ok ok","expires_at":"tomorrow"}`, "expires_at invalid"),
		input("exception", `{"list":"banned","text":"ok ok","exceptions":["x"]}`, "exceptions invalid"),
		input("regular expression", `{"list":"banned","text":"v[i1]agra|cialis\\b"}`, "text invalid"),
		input("host", `{"list":"banned","kind":"host","text":"not a host"}`, "text invalid"),
		input("host with a star", `{"list":"banned","kind":"host","text":"*.example.org"}`, "text invalid"),
		input("exception of a host", `{"list":"banned","kind":"host","text":"a.example","exceptions":["b.example"]}`, "exceptions invalid"),
		input("note", `{"list":"banned","text":"ok ok","note":"`+strings.Repeat("x", 1001)+`"}`, "note too_long"),
		{name: "twice", path: words, body: `{"list":"banned","text":"Gift"}`, changes: who, status: 409, code: "conflict"},
		{name: "change of nothing", method: "PATCH", path: words + "/" + comment.NewID(), body: `{"note":"x"}`, changes: who, status: 404, code: "not_found"},
		{name: "change to nonsense", method: "PATCH", path: words + "/" + made.ID, body: `{"text":"*"}`, changes: who, status: 422, code: "invalid", field: "text invalid"},
		{name: "change of the kind", method: "PATCH", path: words + "/" + made.ID, body: `{"kind":"host"}`, changes: who, status: 400, code: "unknown_field"},
		{name: "a viewer adds", path: words, body: `{"list":"banned","text":"ok ok"}`, changes: []change{as(viewer)}, status: 403, code: "forbidden"},
		{name: "list filter", method: "GET", path: words + "?list=liked", changes: who, status: 400, code: "invalid_parameter"},
		{name: "long search", method: "GET", path: words + "?q=" + strings.Repeat("x", 201), changes: who, status: 400, code: "invalid_parameter"},
	})
}

func TestWordsAreSearchedAndFiltered(t *testing.T) {
	t.Parallel()
	h := open(t)
	admin := h.staff("grace", comment.Admin, "daily")
	for i := range 12 {
		kind, name := "word", fmt.Sprintf("Ente %02d", i)
		if i%4 == 0 {
			kind, name = "host", fmt.Sprintf("ente%02d.example", i)
		}
		h.post(words, map[string]string{"list": []string{"banned", "legal"}[i%2], "kind": kind, "text": name}, as(admin)).want(201)
	}
	walk := func(query string) (texts []string) {
		for cursor := ""; ; {
			page := into[struct {
				Words      []web.WordView `json:"words"`
				NextCursor *string        `json:"next_cursor"`
			}](h.get(words+"?limit=2&"+query+"&cursor="+url.QueryEscape(cursor), as(admin)).want(200))
			for _, w := range page.Words {
				texts = append(texts, w.Text)
			}
			if page.NextCursor == nil {
				return texts
			}
			cursor = *page.NextCursor
		}
	}
	for query, want := range map[string]int{"": 12, "list=banned": 6, "list=legal": 6, "kind=host": 3, "q=ente%2010": 1, "q=3NTE": 12, "list=banned&kind=word&q=ente": 3, "q=gans": 0} {
		if got := walk(query); len(got) != want {
			t.Errorf("%q finds %q, want %d", query, got, want)
		}
	}
	first := into[struct {
		NextCursor string `json:"next_cursor"`
	}](h.get(words+"?limit=2&list=banned", as(admin)).want(200))
	h.get(words+"?limit=2&list=legal&cursor="+url.QueryEscape(first.NextCursor), as(admin)).refused(400, "invalid_cursor")
}

func TestWordsAreImportedAndExported(t *testing.T) {
	t.Parallel()
	h := open(t)
	admin := h.staff("grace", comment.Admin, "daily")
	send := func(body map[string]any) comment.WordImported {
		t.Helper()
		return into[comment.WordImported](h.post(words+"/import", body, as(admin)).want(200))
	}
	lines := "buy now\n\nx\nbuy*\n(a|b)\nBuy, NOW!\n" + strings.Repeat("ab ", 100) + "\nbroken \uFFFD letters\n--\ncheap pills\n"
	dry := send(map[string]any{"list": "banned", "text": lines, "dry_run": true})
	if !dry.DryRun || dry.Added != 2 || dry.Duplicates != 1 || dry.Refused != 6 {
		t.Errorf("%+v", dry)
	}
	got := map[int]string{}
	for _, l := range dry.Lines {
		got[l.Line] = l.Result + " " + l.Code
	}
	if diff := cmp.Diff(map[int]string{
		1: "added ", 3: "refused too_short", 4: "refused wildcard", 5: "refused regular_expression", 6: "duplicate duplicate",
		7: "refused too_long", 8: "refused encoding", 9: "refused no_letters", 10: "added ",
	}, got); diff != "" {
		t.Error(diff)
	}
	if body := string(h.get(words+"/export?format=text", as(admin)).want(200).body); body != "" {
		t.Errorf("a dry run has added %q", body)
	}
	if out := send(map[string]any{"list": "banned", "text": lines}); out.Added != 2 || out.DryRun {
		t.Errorf("%+v", out)
	}
	if out := send(map[string]any{"list": "banned", "text": lines}); out.Added != 0 || out.Duplicates != 3 {
		t.Errorf("again: %+v", out)
	}
	table := "text,list,expires_at,exceptions,note\n\"a, b c\",suspect,2030-05-01,\"a, b cd; x, b c\",\nok ok,,,,\nfine thing,liked,,,\nhalf thing,banned,soon,,\n"
	out := send(map[string]any{"format": "csv", "text": table})
	if out.Added != 1 || out.Refused != 3 || out.Lines[1].Line != 3 || out.Lines[2].Code != "invalid" {
		t.Errorf("%+v", out)
	}
	for _, format := range []string{"csv", "json"} {
		r := h.get(words+"/export?format="+format, as(admin)).want(200)
		if !strings.Contains(r.header.Get("Content-Disposition"), "words."+format) {
			t.Errorf("%s: %v", format, r.header)
		}
		if out := send(map[string]any{"format": format, "text": string(r.body)}); out.Added != 0 || out.Duplicates != 3 || out.Refused != 0 {
			t.Errorf("%s there and back: %+v", format, out)
		}
	}
	var exported []map[string]any
	if err := json.Unmarshal(h.get(words+"/export?list=suspect", as(admin)).want(200).body, &exported); err != nil || len(exported) != 1 || exported[0]["expires_at"] != "2030-05-02T00:00:00.000000Z" {
		t.Errorf("%v %v", exported, err)
	}
	who := []change{as(admin)}
	h.refuse([]bad{
		{name: "no columns", path: words + "/import", body: map[string]any{"format": "csv", "text": "a,b\nc,d"}, changes: who, status: 422, code: "invalid", field: "text no_columns"},
		{name: "unknown column", path: words + "/import", body: map[string]any{"format": "csv", "text": "text,colour\nc,d"}, changes: who, status: 422, code: "invalid", field: "text unknown_column"},
		{name: "no JSON", path: words + "/import", body: map[string]any{"format": "json", "text": "{"}, changes: who, status: 422, code: "invalid", field: "text malformed"},
		{name: "too long", path: words + "/import", body: map[string]any{"text": strings.Repeat("word\n", 8000)}, changes: who, status: 413, code: "too_large"},
		{name: "format", path: words + "/import", body: map[string]any{"format": "xlsx", "text": "a"}, changes: who, status: 422, code: "invalid", field: "format oneof"},
	})
}

func TestATextIsTried(t *testing.T) {
	t.Parallel()
	h := open(t)
	admin := h.staff("grace", comment.Admin, "daily")
	h.post(words, `{"list":"banned","text":"buy now"}`, as(admin)).want(201)
	h.post(words, `{"list":"legal","text":"jane roe","section":"courts"}`, as(admin)).want(201)
	h.post(words, `{"list":"suspect","kind":"host","text":"pills.example"}`, as(admin)).want(201)
	try := func(body map[string]string) (found []string) {
		for _, m := range into[struct{ Matches []web.WordMatch }](h.post(words+"/test", body, as(admin)).want(200)).Matches {
			found = append(found, fmt.Sprint(m.Effect, " ", m.Word.Text, " ", m.Spans))
		}
		return found
	}
	const sample = "Ünd BUY - n0w, Jane Roe, at http://pills.example/x"
	plain := []string{"reject buy now [{4 13}]", "hold pills.example [{28 50}]"}
	if diff := cmp.Diff(plain, try(map[string]string{"text": sample})); diff != "" {
		t.Error(diff)
	}
	there := []string{plain[0], "review jane roe [{15 23}]", plain[1]}
	if diff := cmp.Diff(there, try(map[string]string{"text": sample, "page": origin + "/courts/trial"})); diff != "" {
		t.Error(diff)
	}
	if got := try(map[string]string{"text": "Nothing.", "name": "Buy Now"}); len(got) != 1 {
		t.Errorf("the name: %v", got)
	}
	if got := try(map[string]string{"text": "Nothing."}); got != nil {
		t.Errorf("%v", got)
	}
}

func TestALegalTermWorksWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	h := open(t, with("moderation", "off"), running)
	admin := h.staff("grace", comment.Admin, "daily")
	h.comment("It was Jane Roe.")
	began := time.Now()
	made := into[web.WordView](h.post(words, map[string]string{"list": "legal", "text": "Jane Roe", "page": article}, as(admin)).want(201))
	h.eventually("the comment is out of sight", func() bool {
		return strings.Contains(string(h.get(comments+"?page="+url.QueryEscape(article)).body), `"count":0`)
	})
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	h.eventually("the sweep is told of", func() bool {
		w := into[web.WordView](h.get(words+"/"+made.ID, as(admin)).want(200))
		return w.Sweep != nil && w.Sweep.State == "done" && w.Sweep.Found == 1
	})
}

func TestHosts(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod, admin := h.staff("bob", comment.Moderator, "daily"), h.staff("grace", comment.Admin, "daily")
	for i := range 3 {
		p := h.comment(fmt.Sprintf("Number %d, http://www.bad.example/%d and https://good.example/.", i, i))
		h.decide(mod, "reject", p.Comment)
	}
	h.public(mod, "Look at https://good.example/ too.")
	list := func(query string) []web.HostView {
		return into[struct{ Hosts []web.HostView }](h.get(daily+"/hosts?"+query, as(admin)).want(200)).Hosts
	}
	names := func(hosts []web.HostView) (all []string) {
		for _, one := range hosts {
			all = append(all, fmt.Sprint(one.Host, " ", one.Approved, " ", one.Rejected))
		}
		return all
	}
	if diff := cmp.Diff([]string{"good.example 1 3", "bad.example 0 3"}, names(list(""))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"bad.example 0 3"}, names(list("sort=host&q=BA"))); diff != "" {
		t.Error(diff)
	}
	var walked []string
	for cursor := ""; ; {
		page := into[struct {
			Hosts      []web.HostView `json:"hosts"`
			NextCursor *string        `json:"next_cursor"`
		}](h.get(daily+"/hosts?limit=1&cursor="+url.QueryEscape(cursor), as(admin)).want(200))
		walked = append(walked, names(page.Hosts)...)
		if page.NextCursor == nil {
			break
		}
		cursor = *page.NextCursor
	}
	if diff := cmp.Diff(names(list("")), walked); diff != "" {
		t.Error(diff)
	}
	h.get(daily+"/hosts?q=a", as(admin)).refused(400, "invalid_parameter")
	h.get(daily+"/hosts?sort=colour", as(admin)).refused(400, "invalid_parameter")
}
