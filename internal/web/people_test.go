package web_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

type blockView struct {
	ID, Site, Kind, Value, Effect, Reason, By string
	Until                                     *string
	Ended                                     bool
	Hits                                      int
}

type personView struct {
	ID, Name, Email    string
	Approved, Rejected int
	Record             struct{ Good, Bad, Share float64 }
	Standing           struct {
		Standing, Reason, By string
		Until                *string
	}
	History []struct{ Standing, Reason, Note, By string }
	Blocks  []blockView
}

type personChanged struct {
	Person   personView
	Decision *ruled
}

func at(email string) func(*draft) { return func(d *draft) { d.Author.Email = email } }

// problem is what a reader is told who is turned away.
type turnedAway struct{ Code, Detail, Until string }

const people = daily + "/people"

func (h *house) people(token, query string) (found []personView) {
	h.t.Helper()
	return into[struct{ People []personView }](h.get(people+query, as(token)).want(200)).People
}

func TestPeople(t *testing.T) {
	t.Parallel()
	h := open(t)
	moderator, viewer := h.staff("grace", comment.Moderator, "daily"), h.staff("alan", comment.Viewer, "daily")
	waiting := h.comment("One.", by("Rita"), at("rita@mail.example"))
	h.public(moderator, "Two.", by("Otto"))
	h.public(moderator, "Three.", by("Ōttilie"))

	if all := h.people(viewer, ""); len(all) != 3 {
		t.Errorf("%d people", len(all))
	}
	names := func(query string) (names []string) {
		for _, p := range h.people(viewer, query) {
			names = append(names, p.Name)
		}
		return names
	}
	if got := names("?q=0tt"); len(got) != 2 {
		t.Errorf("a part of a name finds %v", got)
	}
	if diff := cmp.Diff([]string{"Rita"}, names("?email=Rita@Mail.example")); diff != "" {
		t.Error(diff)
	}
	if got := names("?standing=any"); len(got) != 0 {
		t.Errorf("nothing was said, and found are %v", got)
	}
	h.get(people+"?standing=nice", as(viewer)).refused(400, "invalid_parameter")

	rita := h.people(viewer, "?email=rita@mail.example")[0]
	if rita.Email != "ri…@mail.example" || rita.Standing.Standing != "none" {
		t.Errorf("%+v", rita)
	}
	until := time.Now().UTC().Add(48 * time.Hour).Format(time.RFC3339)
	path := people + "/" + rita.ID
	h.patch(path, `{"standing":"muted"}`, as(viewer)).refused(403, "forbidden")
	done := into[personChanged](h.patch(path, map[string]any{
		"standing": "suspended", "until": until, "reason": "insults", "note": "third time", "block_email": true, "reject_waiting": true,
	}, as(moderator)).want(200))
	if done.Person.Standing.Standing != "suspended" || done.Person.Standing.By != "grace" || len(done.Person.Blocks) != 1 || done.Person.Blocks[0].Effect != "refuse" {
		t.Errorf("%+v", done.Person)
	}
	if done.Decision == nil || len(done.Decision.Results) != 1 || done.Decision.Results[0].ID != waiting.Comment.ID || done.Decision.Results[0].Status != "rejected" {
		t.Errorf("the waiting comment: %+v", done.Decision)
	}
	if diff := cmp.Diff([]string{"Rita"}, names("?standing=suspended")); diff != "" {
		t.Error(diff)
	}
	refused := h.post(comments, write("Four.", by("Rita"), at("rita@mail.example")))
	refused.refused(403, "suspended")
	if told := into[turnedAway](refused); told.Until == "" || told.Detail == "" {
		t.Errorf("told is %+v", told)
	}
	h.post(comments, write("Five.", by("Rita the Second"), at("R.i.t.a+news@mail.example"))).want(201) // dots count at this provider
	h.post(comments, write("Six.", by("Rita the Second"), at("rita+news@mail.example"))).refused(403, "banned")

	lifted := into[personChanged](h.patch(path, `{"standing":"none","reason":"a mistake"}`, as(moderator)).want(200)).Person
	if lifted.Standing.Standing != "none" || len(lifted.Blocks) != 0 || len(lifted.History) != 2 || lifted.History[1].Note != "third time" {
		t.Errorf("%+v", lifted)
	}
	h.post(comments, write("Seven.", by("Rita"), at("rita@mail.example"))).want(201)
	if got := into[personView](h.get(path, as(viewer)).want(200)); cmp.Diff(lifted.History, got.History) != "" {
		t.Errorf("%+v", got)
	}
	h.get(people+"/nobody", as(viewer)).refused(404, "not_found")

	who := []change{as(moderator)}
	h.refuse([]bad{
		{name: "unknown", method: "PATCH", path: path, body: `{"standing":"loved"}`, changes: who, status: 422, code: "invalid", field: "standing invalid"},
		{name: "no end", method: "PATCH", path: path, body: `{"standing":"suspended"}`, changes: who, status: 422, code: "invalid", field: "until required"},
		{name: "an end for nothing", method: "PATCH", path: path, body: `{"standing":"none","until":"2099-01-01T00:00:00Z"}`, changes: who, status: 422, code: "invalid", field: "until invalid"},
		{name: "in the past", method: "PATCH", path: path, body: `{"standing":"banned","until":"2020-01-01T00:00:00Z"}`, changes: who, status: 422, code: "invalid", field: "until invalid"},
		{name: "no time", method: "PATCH", path: path, body: `{"standing":"banned","until":"soon"}`, changes: who, status: 422, code: "invalid", field: "until invalid"},
		{name: "an address for a mute", method: "PATCH", path: path, body: `{"standing":"muted","block_email":true}`, changes: who, status: 422, code: "invalid", field: "block_email invalid"},
		{name: "everywhere", method: "PATCH", path: path, body: `{"standing":"banned","everywhere":true}`, changes: who, status: 403, code: "forbidden"},
		{name: "nobody", method: "PATCH", path: people + "/nobody", body: `{"standing":"banned"}`, changes: who, status: 404, code: "not_found"},
		{name: "no such field", method: "PATCH", path: path, body: `{"standing":"banned","ip":"1.2.3.4"}`, changes: who, status: 400, code: "unknown_field"},
	})
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.site("weekly", map[string]string{"rate_limits": "off", "moderation": "off"})
	moderator, owner := h.staff("grace", comment.Moderator, "daily"), h.staff("olive", comment.Owner, "")
	for _, place := range []struct{ path, token, site string }{{daily + "/blocks", moderator, "daily"}, {"/api/v1/blocks", owner, "*"}} {
		made := into[blockView](h.post(place.path, `{"kind":"domain","value":"@Trash.Example","effect":"reject","reason":"throw-away"}`, as(place.token)).want(201))
		if made.Value != "trash.example" || made.Site != place.site || made.By == "" {
			t.Errorf("%+v", made)
		}
		again := into[blockView](h.post(place.path, `{"kind":"domain","value":"trash.example","effect":"review"}`, as(place.token)).want(201))
		if again.ID != made.ID || again.Effect != "review" {
			t.Errorf("%+v", again)
		}
		email := into[blockView](h.post(place.path, `{"kind":"email","value":"Mallory@mail.example","effect":"review"}`, as(place.token)).want(201))
		if email.Value != "ma…@mail.example" {
			t.Errorf("an address is shown as %q", email.Value)
		}
		met := func(value string) int {
			return len(into[struct{ Blocks []blockView }](h.get(place.path+"?meeting="+url.QueryEscape(value), as(place.token)).want(200)).Blocks)
		}
		if met("x@a.trash.example") == 0 || met("mallory+1@mail.example") == 0 || met("x@good.example") != 0 || met("10.0.0.1") != 0 {
			t.Error("what is met is wrong")
		}
		changed := into[blockView](h.patch(place.path+"/"+email.ID, `{"effect":"refuse","until":"2099-01-01T00:00:00Z"}`, as(place.token)).want(200))
		if changed.Effect != "refuse" || changed.Until == nil || changed.Value != email.Value {
			t.Errorf("%+v", changed)
		}
		if back := into[blockView](h.patch(place.path+"/"+email.ID, `{"until":""}`, as(place.token)).want(200)); back.Until != nil || back.Effect != "refuse" {
			t.Errorf("%+v", back)
		}
		imported := into[comment.BlocksImported](h.post(place.path+"/import", `{"kind":"domain","effect":"review","values":["# a list","one.example","not a domain","trash.example",""]}`, as(place.token)).want(201))
		want := comment.BlocksImported{Added: 1, Known: 1, Refused: []comment.RefusedBlock{{Line: 3, Value: "not a domain", Detail: "That is not a domain, such as mail.example."}}}
		if diff := cmp.Diff(want, imported); diff != "" {
			t.Error(diff)
		}
		if n := len(into[struct{ Blocks []blockView }](h.get(place.path, as(place.token)).want(200)).Blocks); n != 3 {
			t.Errorf("%d blocks", n)
		}
		h.delete(place.path+"/"+made.ID, as(place.token)).want(204)
		h.delete(place.path+"/"+made.ID, as(place.token)).refused(404, "not_found")
	}
	h.get("/api/v1/blocks", as(moderator)).refused(403, "forbidden")
	// The one of every site holds on a site that has none.
	weekly := write("Hello.", on("https://weekly.example/a"), at("mallory@mail.example"))
	h.post("/api/v1/sites/weekly/comments", weekly, from("https://weekly.example")).refused(403, "banned")

	path, who := daily+"/blocks", []change{as(moderator)}
	cases := []bad{
		{name: "kind", path: path, body: `{"kind":"regex","value":".*","effect":"review"}`, changes: who, status: 422, code: "invalid", field: "kind oneof"},
		{name: "effect", path: path, body: `{"kind":"name","value":"abc","effect":"burn"}`, changes: who, status: 422, code: "invalid", field: "effect oneof"},
		{name: "many", path: path + "/import", body: map[string]any{"kind": "domain", "effect": "review", "values": make([]string, 1001)}, changes: who, status: 422, code: "invalid", field: "values invalid"},
	}
	for kind, values := range map[string][]string{
		"email": {"x", "a@b@c", "a b@c.example"}, "domain": {"localhost", "*.mail.example", "a b.example", "ex_ample..example"},
		"address": {"10.0.0.0/7", "::/15", "300.1.1.1", "10.0.0.1/33", "::ffff:0:0/90", "fe80::1%eth0", "10.*"}, "name": {"…", "\u200b"}, "name_part": {"ab", "!!"},
	} {
		for _, value := range values {
			cases = append(cases, bad{name: kind + " " + value, path: path, body: map[string]any{"kind": kind, "value": value, "effect": "review"}, changes: who, status: 422, code: "invalid", field: "value invalid"})
		}
	}
	h.refuse(cases)
}

func TestReportedQueue(t *testing.T) {
	t.Parallel()
	h := open(t)
	moderator := h.staff("grace", comment.Moderator, "daily")
	quiet, loud := h.public(moderator, "A little."), h.public(moderator, "Too much.")
	report := func(p posted, agent, token string) (out struct{ ID, Reporter string }) {
		t.Helper()
		return into[struct{ ID, Reporter string }](h.post(comments+"/"+p.Comment.ID+"/reports", map[string]any{"reason": "spam", "reporter": token}, header("User-Agent", agent)).want(201))
	}
	first := report(loud, "A/1", "")
	if again := report(quiet, "A/1", first.Reporter); again.Reporter != first.Reporter {
		t.Error("a reader who shows the token gets another one")
	}
	for _, agent := range []string{"B", "C", "D", "E", "F"} { // of which some have another voice
		if other := report(loud, agent, "no.token.at-all"); other.Reporter == first.Reporter || other.Reporter == "" {
			t.Error("a token that tells nothing is as good as none")
		}
	}
	type list struct {
		Comments []struct {
			ID      string
			Reports struct{ Weight float64 }
		}
	}
	reported := func() list { return into[list](h.get(queue+"?reported=true&site=daily", as(moderator)).want(200)) }
	got := reported()
	if len(got.Comments) != 2 || got.Comments[0].ID != loud.Comment.ID || got.Comments[0].Reports.Weight <= got.Comments[1].Reports.Weight {
		t.Errorf("%+v", got)
	}
	h.decide(moderator, "approve", loud.Comment) // it stays, in spite of the reports
	if got := reported(); len(got.Comments) != 1 || got.Comments[0].ID != quiet.Comment.ID {
		t.Errorf("after the decision %+v", got)
	}
	h.get(queue+"?reported=true&status=all", as(moderator)).refused(400, "invalid_parameter")
	h.get(queue+"?reported=maybe", as(moderator)).refused(400, "invalid_parameter")
}
