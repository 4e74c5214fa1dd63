package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

// ruleSeen is what the tests look at of a rule.
type ruleSeen struct {
	ID       string `json:"id"`
	Version  int    `json:"version"`
	Name     string `json:"name"`
	When     string `json:"when"`
	Mode     string `json:"mode"`
	Priority int    `json:"priority"`
	Form     *struct {
		Match string `json:"match"`
	} `json:"form"`
	Versions []struct {
		When string `json:"when"`
	} `json:"versions"`
	Precision comment.Precision `json:"precision"`
}

func TestRulesOverHTTP(t *testing.T) {
	h := open(t)
	admin := h.staff("alan", comment.Admin, "daily")
	who := as(admin)
	first := into[ruleSeen](h.post(daily+"/rules", `{"name":"Links","form":{"match":"any","terms":[{"fact":"links.count","is":"gt","value":"2"},{"fact":"reply","is":"yes","value":""}]},"action":"hold"}`, who).want(201))
	if first.When != "links.count > 2 or reply" || first.Mode != "rehearsing" || first.Form == nil || first.Form.Match != "any" || first.Version != 1 {
		t.Errorf("made %+v", first)
	}
	second := into[ruleSeen](h.post(daily+"/rules", `{"name":"Text","when":"text.len > links.count","tag":"odd","priority":7,"expires_at":"2030-01-01T00:00:00Z"}`, who).want(201))
	if second.Form != nil {
		t.Errorf("a condition of another shape has the form %+v", second.Form)
	}
	names := func() (all []string) {
		for _, r := range into[struct{ Rules []ruleSeen }](h.get(daily+"/rules", who).want(200)).Rules {
			all = append(all, fmt.Sprint(r.Priority, " ", r.Name))
		}
		return all
	}
	if diff := cmp.Diff([]string{"7 Text", "100 Links"}, names()); diff != "" {
		t.Error(diff)
	}
	h.post(daily+"/rules/order", map[string]any{"ids": []string{first.ID, second.ID}}, who).want(200)
	if diff := cmp.Diff([]string{"5 Links", "10 Text"}, names()); diff != "" {
		t.Error(diff)
	}
	h.patch(daily+"/rules/"+first.ID, `{"mode":"active","expires_at":""}`, who).want(200)
	one := into[ruleSeen](h.get(daily+"/rules/"+first.ID, who).want(200))
	if one.Version != 3 || one.Mode != "active" || len(one.Versions) != 3 {
		t.Errorf("is now %+v", one)
	}
	checked := into[ruleSeen](h.post(daily+"/rules/check", `{"when":"links.count > 2 and not reply"}`, who).want(200))
	if checked.Form == nil || checked.Form.Match != "all" {
		t.Errorf("checked: %+v", checked)
	}
	if n := strings.Count(string(h.get(daily+"/rules/facts", who).want(200).body), `"past":"recorded"`); n < 5 {
		t.Errorf("%d facts are recorded", n)
	}
	taken := h.post(daily+"/rules/import", `{"rules":[{"name":"Links","when":"reply","action":"hold"},{"name":"Bad","when":"x","action":"hold"}]}`, who).want(200)
	if got := string(taken.body); !strings.Contains(got, `"change":"changed"`) || !strings.Contains(got, "There is no fact x.") {
		t.Errorf("imported: %s", got)
	}
	h.delete(daily+"/rules/"+first.ID, who).want(204)
	h.delete(daily+"/rules/"+first.ID, who).refused(404, "not_found")
}

// What one site exports another one imports, to the letter; why a rule may act
// unproven stays behind, and what is wrong with one names it.
func TestRulesMove(t *testing.T) {
	h := open(t)
	h.site("evening", nil)
	who := as(h.staff("alan", comment.Owner, comment.AllSites))
	evening := "/api/v1/sites/evening"
	for _, rule := range []string{
		`{"name":"Links","when":"links.count > 2","action":"hold","priority":7,"mode":"active","owner":"Ada","reason":"Many links.","expires_at":"2099-01-01T00:00:00Z"}`,
		`{"name":"Shouting","when":"text.caps > 0.9","action":"none","tag":"loud","notify":true}`,
		`{"name":"Casino","when":"text.plain contains \"casino\"","action":"reject","mode":"active","override":true,"override_reason":"A wave."}`,
	} {
		h.post(daily+"/rules", rule, who).want(201)
	}
	file := h.get(daily+"/rules/export", who).want(200)
	if got := file.header.Get("Content-Disposition"); got != `attachment; filename="rules.json"` {
		t.Errorf("Content-Disposition: %s", got)
	}
	taken := string(h.post(evening+"/rules/import", string(file.body), who).want(200).body)
	if strings.Count(taken, `"change":"added"`) != 2 || !strings.Contains(taken, `{"name":"Casino","ok":false,"change":"","detail":"`) {
		t.Errorf("imported: %s", taken)
	}
	type moved struct{ Rules []map[string]any }
	before, after := into[moved](file), into[moved](h.get(evening+"/rules/export", who).want(200))
	before.Rules = slices.DeleteFunc(before.Rules, func(r map[string]any) bool { return r["name"] == "Casino" })
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("- exported, + exported again\n%s", diff)
	}
	if same := h.post(evening+"/rules/import", string(h.get(evening+"/rules/export", who).want(200).body), who).want(200); strings.Count(string(same.body), `"change":"same"`) != 2 {
		t.Errorf("imported again: %s", same.body)
	}
	wrong := h.post(evening+"/rules/import", `{"rules":[{"name":"A","when":"reply","action":"hold"},{"name":"B","when":"reply","action":"hold","expires_at":"soon"}]}`, who).want(422)
	if got := string(wrong.body); !strings.Contains(got, `"name":"rules.1.expires_at"`) || !strings.Contains(got, "Rule 2: ") {
		t.Errorf("refused: %s", got)
	}
	h.get(daily+"/rules/export", as(h.staff("vera", comment.Viewer, "daily"))).refused(403, "forbidden")
	h.get("/api/v1/sites/nowhere/rules/export", who).refused(404, "not_found")
}

// A rehearsal over comments that were decided through the API, counted by the
// follower that runs with the service.
func TestRehearsalOverHTTP(t *testing.T) {
	h := open(t, func(p *plan) { p.run = true })
	admin := h.staff("alan", comment.Admin, "daily")
	who := as(admin)
	for i := range 4 {
		p := into[posted](h.post(daily+"/comments", write(fmt.Sprintf("Visit the casino number %d", i))).want(201))
		action := "reject"
		if i == 3 {
			action = "approve"
		}
		h.decide(admin, action, p.Comment)
	}
	ask := `{"when":"text.plain contains \"casino\"","action":"hold"}`
	var got struct {
		Looked int `json:"looked_at"`
		Hits   comment.Split
	}
	h.eventually("the decisions are counted", func() bool {
		r := h.post(daily+"/rules/rehearse", ask, who)
		if r.status == 429 {
			return false
		}
		got = into[struct {
			Looked int `json:"looked_at"`
			Hits   comment.Split
		}](r.want(200))
		return got.Looked == 4
	})
	if got.Hits != (comment.Split{All: 4, Approved: 1, Rejected: 3}) {
		t.Errorf("hits %+v", got.Hits)
	}
	h.post(daily+"/rules", `{"name":"Casino","when":"text.plain contains \"casino\"","action":"reject","mode":"active"}`, who).refused(422, "invalid")
	h.post(daily+"/rules", `{"name":"Casino","when":"text.plain contains \"casino\"","action":"reject","mode":"active","override":true,"override_reason":"A wave."}`, who).want(201)
}

func TestBadRulesOverHTTP(t *testing.T) {
	h := open(t)
	who := as(h.staff("alan", comment.Admin, "daily"))
	for _, tt := range []struct{ path, body, field string }{
		{"/rules", `{"name":"A","when":"links.cuont > 2","action":"hold"}`, "when"},
		{"/rules", `{"name":"A","when":"reply","action":"hold","expires_at":"tomorrow"}`, "expires_at"},
		{"/rules", `{"name":"A","when":"reply","action":"explode"}`, "action"},
		{"/rules", `{"when":"reply","action":"hold"}`, "name"},
		{"/rules/check", `{"when":"text.len / 0 > 1"}`, "when"},
		{"/rules/check", `{"form":{"match":"all","terms":[]}}`, "form"},
		{"/rules/rehearse", `{"when":"reply","action":"hold","n":10001}`, "n"},
		{"/rules/rehearse", `{"when":"reply","action":"hold","since":"yesterday"}`, "since"},
		{"/rules/order", `{"ids":["x"]}`, "ids"},
	} {
		r := h.post(daily+tt.path, tt.body, who)
		if r.status != 422 || !strings.Contains(string(r.body), `"name":"`+tt.field+`"`) {
			t.Errorf("%s %s: %d %s", tt.path, tt.body, r.status, r.body)
		}
	}
}
