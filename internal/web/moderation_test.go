package web_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

// one decides over a single comment and gives what became of it.
func (h *house) one(token, action string, i item) itemResult {
	h.t.Helper()
	return into[ruled](h.post(ruling, decision(action, i), as(token)).want(200)).Results[0]
}

func TestEveryTransition(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Admin, "daily")
	p := h.comment("Back and forth.")
	for _, step := range []struct{ action, status string }{
		{"reject", "rejected"}, {"restore", "pending"}, {"approve", "approved"}, {"spam", "spam"},
		{"approve", "approved"}, {"approve", "approved"}, {"delete", "deleted"}, {"restore", "pending"},
	} {
		before := h.desk(mod, p.Comment.ID).Status
		out := h.decide(mod, step.action, p.Comment)
		if out.UndoUntil != nil || out.Results[0].Status != step.status {
			t.Errorf("%s: %+v", step.action, out)
		}
		got := h.desk(mod, p.Comment.ID)
		if got.Status != step.status || got.Decided == nil || before != step.status && got.Decided.Action != step.action {
			t.Errorf("%s: %+v", step.action, got)
		}
		if public := h.thread("").Count == 1; public != (step.status == "approved") {
			t.Errorf("%s: public %v", step.action, public)
		}
	}
	want := []string{"comment.created", "comment.rejected", "comment.restored", "comment.approved", "comment.marked_spam",
		"comment.approved", "comment.deleted", "comment.restored"}
	if diff := cmp.Diff(want, h.log(mod, p.Comment.ID)); diff != "" {
		t.Error(diff)
	}
	h.unchanged(func() {
		if r := h.one(mod, "restore", item{ID: p.Comment.ID, Revision: 1}); r.Code != "conflict" {
			t.Errorf("%+v", r)
		}
	})
}

func TestBulkDecision(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.site("weekly", map[string]string{"rate_limits": "off"})
	owner, mod := h.staff("ada lovelace", comment.Owner, ""), h.staff("grace", comment.Moderator, "daily")
	good, edited, decided := h.comment("Good."), h.comment("Edited."), h.comment("Decided.")
	h.patch(comments+"/"+edited.Comment.ID, `{"text":"Edited twice."}`, as(edited.EditToken)).want(200)
	h.decide(owner, "spam", decided.Comment)
	foreign := into[posted](h.post("/api/v1/sites/weekly/comments", write("Foreign.", on("https://weekly.example/a"))).want(201))

	seen := func(p posted) item { return item{p.Comment.ID, 1, "pending"} }
	nobody := item{comment.NewID(), 1, ""}
	body := decision("approve", seen(good), seen(edited), seen(decided), seen(foreign), nobody, item{"x", 1, ""}, item{good.Comment.ID, 1, "approved"})
	out := into[ruled](h.post(ruling, body, as(mod)).want(200))
	var codes []string
	for _, r := range out.Results {
		codes = append(codes, r.Code)
	}
	if diff := cmp.Diff([]string{"", "conflict", "conflict", "not_found", "not_found", "not_found", ""}, codes); diff != "" {
		t.Error(diff)
	}
	if r := out.Results[2]; r.By != "ada lovelace" || r.Action != "spam" || r.Status != "spam" {
		t.Errorf("the conflict does not tell who was faster: %+v", r)
	}
	if a, b := out.Results[3], out.Results[4]; a.Detail != b.Detail || a.By+b.By != "" {
		t.Errorf("a foreign comment looks other than none: %+v %+v", a, b)
	}
	if got := h.thread(""); got.Count != 1 {
		t.Errorf("%+v", got)
	}
}

// TestDecisionOfFiveHundred: the most items that one decision may have fit into
// one request.
func TestDecisionOfFiveHundred(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	p := h.comment("One.")
	items := []item{{ID: p.Comment.ID, Revision: 1}}
	for len(items) < 500 {
		items = append(items, item{ID: comment.NewID(), Revision: 1})
	}
	out := into[ruled](h.post(ruling, decision("approve", items...), as(mod)).want(200))
	if len(out.Results) != 500 || !out.Results[0].OK {
		t.Errorf("%d results", len(out.Results))
	}
}

func TestBadDecisions(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	p := h.comment("One.")
	one := fmt.Sprintf(`{"id":%q,"revision":1}`, p.Comment.ID)
	who := []change{as(mod)}
	body := func(s string) string { return fmt.Sprintf(s, one) }
	long := func(n int) string { return fmt.Sprintf("%0*d", n, 0) }
	h.refuse([]bad{
		{name: "no action", path: ruling, body: body(`{"items":[%s]}`), changes: who, status: 422, code: "invalid", field: "action required"},
		{name: "another action", path: ruling, body: body(`{"action":"publish","items":[%s]}`), changes: who, status: 422, code: "invalid", field: "action oneof"},
		{name: "no items", path: ruling, body: `{"action":"approve","items":[]}`, changes: who, status: 422, code: "invalid", field: "items min"},
		{name: "no revision", path: ruling, body: fmt.Sprintf(`{"action":"approve","items":[{"id":%q}]}`, p.Comment.ID), changes: who, status: 422, code: "invalid", field: "items.0.revision required"},
		{name: "no id", path: ruling, body: body(`{"action":"approve","items":[%s,{"revision":1}]}`), changes: who, status: 422, code: "invalid", field: "items.1.id required"},
		{name: "another status", path: ruling, body: fmt.Sprintf(`{"action":"approve","items":[{"id":%q,"revision":1,"status":"held"}]}`, p.Comment.ID), changes: who, status: 422, code: "invalid", field: "items.0.status oneof"},
		{name: "unknown key in an item", path: ruling, body: `{"action":"approve","items":[{"id":"x","revision":1,"site":"daily"}]}`, changes: who, status: 400, code: "unknown_field", field: "items.0.site unknown_field"},
		{name: "long reason", path: ruling, body: body(`{"action":"approve","reason":"` + long(201) + `","items":[%s]}`), changes: who, status: 422, code: "invalid", field: "reason too_long"},
		{name: "long note", path: ruling, body: body(`{"action":"approve","note":"` + long(4001) + `","items":[%s]}`), changes: who, status: 422, code: "invalid", field: "note too_long"},
		{name: "NUL in the note", path: ruling, body: body(`{"action":"approve","note":"\u0000","items":[%s]}`), changes: who, status: 422, code: "invalid", field: "note control_character"},
		{name: "no token", path: ruling, body: body(`{"action":"approve","items":[%s]}`), status: 401, code: "unauthorized"},
		{name: "undo of nothing", path: ruling + "/" + comment.NewID() + "/undo", changes: who, status: 404, code: "not_found"},
		{name: "undo of what is no id", path: ruling + "/x/undo", changes: who, status: 404, code: "not_found"},
		{name: "undo with more", path: ruling + "/" + comment.NewID() + "/undo", body: `{"id":1}`, changes: who, status: 400, code: "unknown_field"},
	})
	h.unchanged(func() {
		if r := h.one(mod, "approve", item{p.Comment.ID, 2, ""}); r.Code != "conflict" || r.Status != "pending" {
			t.Errorf("a stale revision was decided: %+v", r)
		}
		if r := h.one(mod, "approve", item{p.Comment.ID, 1, "rejected"}); r.Code != "conflict" {
			t.Errorf("a stale status was decided: %+v", r)
		}
	})
}

// TestTwoDecisionsAtOnce: of two moderators exactly one wins, and the other is
// told who did.
func TestTwoDecisionsAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	tokens := []string{h.staff("grace", comment.Moderator, "daily"), h.staff("alan", comment.Moderator, "daily")}
	names, actions := []string{"grace", "alan"}, []string{"approve", "reject"}
	for round := range 20 {
		p := h.comment(fmt.Sprintf("Round %d.", round))
		seen := []string{"pending", ""}[round%2] // whether the desk says what it saw or not
		var results [2]itemResult
		together(2, func(i int) {
			r := h.post(ruling, decision(actions[i], item{p.Comment.ID, 1, seen}), as(tokens[i]))
			if r.status == 200 {
				results[i] = into[ruled](r).Results[0]
			}
		})
		if results[0].OK == results[1].OK {
			t.Fatalf("round %d: %+v", round, results)
		}
		winner := 0
		if results[1].OK {
			winner = 1
		}
		loser := results[1-winner]
		if loser.Code != "conflict" || loser.By != names[winner] || loser.Action != actions[winner] {
			t.Errorf("round %d: %+v", round, loser)
		}
		if got := h.desk(tokens[0], p.Comment.ID); got.Decided.By != names[winner] || got.Status != results[winner].Status {
			t.Errorf("round %d: %+v", round, got)
		}
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build, with("undo_window", "5s"))
	mod, colleague, admin := h.staff("grace", comment.Moderator, "daily"), h.staff("alan", comment.Moderator, "daily"), h.staff("edsger", comment.Admin, "daily")
	p := h.comment("One.")
	settle := func() {
		t.Helper()
		if _, err := h.app.Comments.Settle(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
	hidden := func() {
		t.Helper()
		settle()
		if got := h.thread(""); got.Count != 0 || len(got.Comments) != 0 {
			t.Errorf("a decision is public before its time: %+v", got)
		}
		if diff := cmp.Diff([]string{"comment.created"}, h.log(admin, "")); diff != "" {
			t.Errorf("integrators hear of a decision before its time: %s", diff)
		}
	}
	undo := func(token, id string) reply { return h.post(ruling+"/"+id+"/undo", `{}`, as(token)) }

	first := h.decide(mod, "approve", p.Comment)
	if first.UndoUntil == nil {
		t.Fatalf("%+v", first)
	}
	if got := h.desk(mod, p.Comment.ID); got.Status != "approved" || got.Held == nil || got.Held.By != "grace" || got.PublicRevision != 0 {
		t.Errorf("%+v", got)
	}
	clock.advance(5*time.Second - time.Microsecond)
	hidden()
	h.unchanged(func() {
		undo(colleague, first.DecisionID).refused(403, "forbidden")
		if r := h.one(colleague, "reject", item{p.Comment.ID, 1, ""}); r.Code != "conflict" || r.By != "grace" {
			t.Errorf("%+v", r)
		}
	})
	undone := into[ruled](undo(mod, first.DecisionID).want(200))
	if len(undone.Results) != 1 || undone.Results[0].Status != "pending" {
		t.Errorf("%+v", undone)
	}
	clock.advance(time.Minute)
	hidden()
	undo(mod, first.DecisionID).refused(409, "already_undone")

	// An admin may take back everybody's; the same moderator may think again.
	second := h.decide(mod, "reject", p.Comment)
	into[ruled](undo(admin, second.DecisionID).want(200))
	h.decide(mod, "spam", p.Comment)
	third := h.decide(mod, "approve", p.Comment)
	hidden()
	clock.advance(5 * time.Second)
	h.unchanged(func() { undo(mod, third.DecisionID).refused(409, "undo_window_over") })
	settle()
	if got := h.thread(""); got.Count != 1 {
		t.Errorf("%+v", got)
	}
	h.unchanged(func() { undo(mod, third.DecisionID).refused(409, "undo_window_over") })
	if diff := cmp.Diff([]string{"comment.created", "comment.approved"}, h.log(admin, "")); diff != "" {
		t.Error(diff)
	}
}

// TestUndoWindowEndsByItself: the workers let a decision take effect.
func TestUndoWindowEndsByItself(t *testing.T) {
	t.Parallel()
	h := open(t, running, with("undo_window", "50ms"))
	mod := h.staff("grace", comment.Moderator, "daily")
	p := h.comment("One.")
	h.decide(mod, "approve", p.Comment)
	h.eventually("the decision takes effect", func() bool { return h.thread("").Count == 1 })
}

// TestEditInsideTheUndoWindow: what was approved becomes public, the newer text
// goes on waiting.
func TestEditInsideTheUndoWindow(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build, with("undo_window", "5s"))
	mod := h.staff("grace", comment.Moderator, "daily")
	p := h.comment("Approved text.")
	h.decide(mod, "approve", p.Comment)
	h.patch(comments+"/"+p.Comment.ID, `{"text":"Newer text."}`, as(p.EditToken)).want(200)
	if got := h.desk(mod, p.Comment.ID); got.Status != "pending" || got.Text != "Newer text." {
		t.Errorf("%+v", got)
	}
	clock.advance(5 * time.Second)
	if _, err := h.app.Comments.Settle(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	if got := h.thread("").Comments; len(got) != 1 || *got[0].HTML != "<p>Approved text.</p>" {
		t.Errorf("%+v", got)
	}
	if got := h.desk(mod, p.Comment.ID); got.Status != "pending" || got.PublicRevision != 1 {
		t.Errorf("%+v", got)
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.site("weekly", map[string]string{"rate_limits": "off", "undo_window": "0s"})
	mod, both := h.staff("grace", comment.Moderator, "daily"), h.staff("alan", comment.Owner, "")
	a := h.comment("About caf\u00e9s.", by("Ada"))
	b := h.comment("See https://a.example https://b.example https://c.example https://d.example", by("Bob"))
	c := h.comment("On another page.", on(origin+"/b"), by("Ada"))
	d := h.public(mod, "Approved.", by("Bob"))
	e := into[posted](h.post("/api/v1/sites/weekly/comments", write("Elsewhere.", on("https://weekly.example/a"))).want(201))
	ids := func(token, query string) (got []string) {
		t.Helper()
		next := ""
		for {
			page := into[struct {
				Comments   []deskView
				Counts     map[string]int
				NextCursor *string `json:"next_cursor"`
			}](h.get(queue+"?limit=2"+query+next, as(token)).want(200))
			for _, v := range page.Comments {
				got = append(got, v.ID)
			}
			if want := map[bool]int{true: 3, false: 4}[token == mod]; page.Counts["pending"] != want || page.Counts["approved"] != 1 {
				t.Errorf("%s: counts %v", query, page.Counts)
			}
			if page.NextCursor == nil {
				return got
			}
			next = "&cursor=" + *page.NextCursor
		}
	}
	A, B, C, D, E := a.Comment.ID, b.Comment.ID, c.Comment.ID, d.Comment.ID, e.Comment.ID
	author := into[struct{ Author struct{ ID string } }](h.get(queue+"/"+A, as(mod)).want(200)).Author.ID
	for query, want := range map[string][]string{
		"":                          {A, B, C},
		"&sort=newest":              {C, B, A},
		"&status=approved":          {D},
		"&status=all":               {A, B, C, D},
		"&status=spam":              nil,
		"&q=CAFES":                  {A},
		"&q=bob":                    {B},
		"&q=nobody":                 nil,
		"&reason=too_many_links":    {B},
		"&author=" + author:         {A, C},
		"&status=all&site=daily":    {A, B, C, D},
		"&site=daily&page=/nowhere": nil,
		"&site=daily&page=" + url.QueryEscape(origin+"/b/"): {C},
	} {
		if diff := cmp.Diff(want, ids(mod, query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	if diff := cmp.Diff([]string{A, B, C, E}, ids(both, "")); diff != "" {
		t.Error(diff)
	}
	h.get(queue+"?site=weekly", as(mod)).refused(404, "not_found")
}

func TestDetail(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	root := h.public(mod, "Root.", by("Bob"))
	before := h.comment("Before.", answering(root.Comment.ID), by("Carol"))
	p := h.public(mod, "The quick fox.", answering(root.Comment.ID))
	after := h.comment("After.", answering(root.Comment.ID), by("Carol"))
	reply := h.comment("Reply.", answering(p.Comment.ID), by("Bob"))
	other := h.comment("Elsewhere.", on(origin+"/b"))
	h.patch(comments+"/"+p.Comment.ID, `{"text":"The slow fox."}`, as(p.EditToken)).want(200)
	h.post(comments+"/"+p.Comment.ID+"/reports", `{"reason":"spam","note":"Hm."}`).want(201)

	got := into[struct {
		deskView
		Revisions []struct {
			Revision int
			Diff     []struct{ Op, Text string }
		}
		Trace   []struct{ Check string }
		History struct{ Comments []deskView }
		Thread  struct {
			Ancestors, Replies []deskView
			SiblingsBefore     []deskView `json:"siblings_before"`
			SiblingsAfter      []deskView `json:"siblings_after"`
		}
		Decisions  []struct{ Action, State string }
		ReportList []struct{ Reason, Note string } `json:"report_list"`
	}](h.get(queue+"/"+p.Comment.ID, as(mod)).want(200))
	want := []struct{ Op, Text string }{{"equal", "The "}, {"delete", "quick"}, {"insert", "slow"}, {"equal", " fox."}}
	if diff := cmp.Diff(want, got.Revisions[0].Diff); diff != "" || len(got.Revisions) != 2 || len(got.Revisions[1].Diff) != 0 {
		t.Errorf("%+v: %s", got.Revisions, diff)
	}
	list := func(views []deskView) (ids []string) {
		for _, v := range views {
			ids = append(ids, v.ID)
		}
		return ids
	}
	for name, c := range map[string]struct {
		got  []deskView
		want string
	}{
		"ancestors": {got.Thread.Ancestors, root.Comment.ID}, "before": {got.Thread.SiblingsBefore, before.Comment.ID},
		"after": {got.Thread.SiblingsAfter, after.Comment.ID}, "replies": {got.Thread.Replies, reply.Comment.ID}, "history": {got.History.Comments, other.Comment.ID},
	} {
		if diff := cmp.Diff([]string{c.want}, list(c.got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if len(got.Trace) < 7 || len(got.Decisions) != 1 || len(got.ReportList) != 1 || got.ReportList[0].Note != "Hm." {
		t.Errorf("%+v", got)
	}
	h.get(queue+"/"+comment.NewID(), as(mod)).refused(404, "not_found")
	h.get(queue+"/x", as(mod)).refused(404, "not_found")
}
