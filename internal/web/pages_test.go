package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
)

type pageState struct {
	Key           string
	Premoderation *struct{ Until, Since, By, Reason string }
	SparedUntil   *string `json:"spared_until"`
}

func TestPremoderationByHand(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	eye := h.staff("eve", comment.Viewer, "daily")
	for i := range 3 {
		h.public(mod, "One.", on(fmt.Sprintf("%s/%d", origin, i)))
	}
	at := daily + "/pages?page=" + url.QueryEscape(origin+"/1")
	listed := func() (keys string) {
		for _, p := range into[struct{ Pages []pageState }](h.get(daily+"/pages?premoderated=true&limit=2", as(eye)).want(200)).Pages {
			keys += p.Key + " "
		}
		return keys
	}
	p := into[pageState](h.patch(at, `{"premoderate":"2h","reason":"A brigade is on its way."}`, as(mod)).want(200))
	if p.Premoderation == nil || p.Premoderation.By != "grace" || p.Premoderation.Reason != "A brigade is on its way." {
		t.Errorf("begun: %+v", p.Premoderation)
	}
	if got := listed(); got != origin+"/1 " {
		t.Errorf("in premoderation: %s", got)
	}
	p = into[pageState](h.patch(at, `{"release":"24h"}`, as(mod)).want(200))
	if p.Premoderation != nil || p.SparedUntil == nil || listed() != "" {
		t.Errorf("ended: %+v", p)
	}
	who := []change{as(mod)}
	h.refuse([]bad{
		{name: "two things", method: "PATCH", path: at, body: `{"open":true,"release":"0s"}`, changes: who, status: 422, code: "invalid", field: "open required"},
		{name: "begin and end", method: "PATCH", path: at, body: `{"premoderate":"1h","release":"0s"}`, changes: who, status: 422, code: "invalid", field: "open required"},
		{name: "no time", method: "PATCH", path: at, body: `{"premoderate":"0s"}`, changes: who, status: 422, code: "invalid", field: "premoderate invalid"},
		{name: "no number", method: "PATCH", path: at, body: `{"premoderate":"soon"}`, changes: who, status: 422, code: "invalid", field: "premoderate invalid"},
		{name: "too long", method: "PATCH", path: at, body: `{"premoderate":"31d"}`, changes: who, status: 422, code: "invalid", field: "premoderate invalid"},
		{name: "spared too long", method: "PATCH", path: at, body: `{"release":"31d"}`, changes: who, status: 422, code: "invalid", field: "release invalid"},
		{name: "a long reason", method: "PATCH", path: at, body: `{"premoderate":"1h","reason":"` + strings.Repeat("x", 201) + `"}`, changes: who, status: 422, code: "invalid", field: "reason invalid"},
		{name: "two lines", method: "PATCH", path: at, body: `{"premoderate":"1h","reason":"a\u0000b"}`, changes: who, status: 422, code: "invalid", field: "reason invalid"},
		{name: "no page", method: "PATCH", path: daily + "/pages?page=nowhere", body: `{"premoderate":"1h"}`, changes: who, status: 404, code: "not_found"},
		{name: "a viewer", method: "PATCH", path: at, body: `{"premoderate":"1h"}`, changes: []change{as(eye)}, status: 403, code: "forbidden"},
		{name: "a word", method: "GET", path: daily + "/pages?premoderated=yes", changes: who, status: 400, code: "invalid_parameter"},
	})
	chief := h.staff("chief", comment.Admin, "daily")
	types := ""
	for _, e := range into[struct{ Events []struct{ Type string } }](h.get(daily+"/events?limit=100", as(chief)).want(200)).Events {
		if strings.HasPrefix(e.Type, "page.") {
			types += e.Type + " "
		}
	}
	if types != "page.premoderated page.released " {
		t.Errorf("the log has %s", types)
	}
}

func TestGroupsOverHTTP(t *testing.T) {
	t.Parallel()
	h := open(t, with("undo_window", "30s"))
	mod := h.staff("grace", comment.Moderator, "daily")
	const text = "Earn %d dollars every week from home with this simple trading program that my cousin showed me, visit the website today and write to Mister Johnson!"
	for i := range 4 {
		h.comment(fmt.Sprintf(text, 100+i), by(fmt.Sprint("Reader ", i)))
	}
	h.comment("Something else.")
	type queue struct {
		Comments []struct {
			ID    string
			Group *struct {
				ID    string
				Count int
				AsOf  string `json:"as_of"`
			}
			Diff []struct{ Op, Text string }
		}
	}
	list := func(query string) queue {
		t.Helper()
		return into[queue](h.get("/api/v1/moderation/comments?"+query, as(mod)).want(200))
	}
	cards := list("grouped=true").Comments
	if len(cards) != 2 || cards[0].Group == nil || cards[0].Group.Count != 4 || cards[1].Group != nil {
		t.Fatalf("cards: %+v", cards)
	}
	g := cards[0].Group
	if members := list("group=" + g.ID).Comments; len(members) != 4 || members[0].Diff != nil || len(members[3].Diff) != 4 {
		t.Errorf("members: %+v", members)
	}
	who := []change{as(mod)}
	path := "/api/v1/moderation/decisions"
	h.refuse([]bad{
		{name: "neither", path: path, body: `{"action":"spam"}`, changes: who, status: 422, code: "invalid", field: "items required"},
		{name: "both", path: path, body: `{"action":"spam","group":"` + g.ID + `","items":[{"id":"` + g.ID + `","revision":1}]}`, changes: who, status: 422, code: "invalid", field: "group invalid"},
		{name: "no id", path: path, body: `{"action":"spam","group":"x"}`, changes: who, status: 422, code: "invalid", field: "group invalid"},
		{name: "no instant", path: path, body: `{"action":"spam","group":"` + g.ID + `","as_of":"now"}`, changes: who, status: 422, code: "invalid", field: "as_of invalid"},
		{name: "an instant of nothing", path: path, body: `{"action":"spam","as_of":"2026-03-01T09:30:00Z","items":[{"id":"` + g.ID + `","revision":1}]}`, changes: who, status: 422, code: "invalid", field: "as_of invalid"},
		{name: "no group", path: path, body: `{"action":"spam","group":"` + comment.NewID() + `"}`, changes: who, status: 404, code: "not_found"},
		{name: "cards of members", method: "GET", path: "/api/v1/moderation/comments?grouped=true&group=" + g.ID, changes: who, status: 400, code: "invalid_parameter"},
	})
	key := header("Idempotency-Key", "one stroke")
	body := map[string]any{"action": "spam", "group": g.ID, "as_of": g.AsOf}
	type ruled struct {
		DecisionID string `json:"decision_id"`
		Results    []struct{ OK bool }
	}
	out := into[ruled](h.post(path, body, as(mod), key).want(200))
	if again := into[ruled](h.post(path, body, as(mod), key).want(200)); again.DecisionID != out.DecisionID || len(again.Results) != 4 {
		t.Errorf("the same request again: %+v, first %+v", again, out)
	}
	if left := list("grouped=true").Comments; len(left) != 1 {
		t.Errorf("%d cards are left", len(left))
	}
	h.post(path+"/"+out.DecisionID+"/undo", nil, as(mod)).want(200)
	if back := list("").Comments; len(back) != 5 {
		t.Errorf("%d comments are back", len(back))
	}
}
