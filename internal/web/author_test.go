package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

func TestOwnComment(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	root := h.public(mod, "Root.", by("Bob"))
	p := h.comment("Mine & *only* mine.", answering(root.Comment.ID))
	at := comments + "/" + p.Comment.ID
	h.get(at).refused(404, "not_found")
	own := into[struct {
		posted
		Ancestors []view
	}](h.get(at, as(p.EditToken)).want(200))
	if own.Text != "Mine & *only* mine." || own.Comment.Status != "pending" || own.EditToken != "" || len(own.Ancestors) != 1 {
		t.Errorf("%+v", own)
	}
	if r := h.get(at+"?body=tree", as(p.EditToken)).want(200); r.header.Get("Cache-Control") != "no-store" || r.header.Get("ETag") != "" {
		t.Errorf("%v", r.header)
	}
	// What was done about it is told to its author, save that it was taken for spam.
	for action, status := range map[string]string{"reject": "rejected", "delete": "deleted", "approve": "approved", "spam": "pending"} {
		h.decide(mod, action, p.Comment)
		if got := into[posted](h.get(at, as(p.EditToken)).want(200)); got.Comment.Status != status {
			t.Errorf("after %s the author sees %s, want %s", action, got.Comment.Status, status)
		}
	}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build, with("edit_window", "5m"))
	mod := h.staff("grace", comment.Admin, "daily")
	p := h.comment("First text.")
	at, own := comments+"/"+p.Comment.ID, as(p.EditToken)

	got := into[posted](h.patch(at, map[string]string{"text": "Second text."}, own).want(200))
	if got.Comment.Revision != 2 || got.Comment.Status != "pending" || got.Comment.EditedAt == nil || *got.Comment.HTML != "<p>Second text.</p>" || got.EditUntil != p.EditUntil {
		t.Errorf("%+v", got)
	}
	tree := into[posted](h.patch(at+"?body=tree", map[string]string{"text": "Third text."}, own).want(200))
	if tree.Comment.HTML != nil || tree.Comment.Revision != 3 {
		t.Errorf("%+v", tree)
	}
	h.decide(mod, "approve", tree.Comment)

	h.refuse([]bad{
		{name: "no text", method: "PATCH", path: at, body: "{}", changes: []change{own}, status: 422, code: "invalid", field: "text blank"},
		{name: "more than text", method: "PATCH", path: at, body: `{"text":"x","status":"approved"}`, changes: []change{own}, status: 400, code: "unknown_field"},
		{name: "without a token", method: "PATCH", path: at, body: `{"text":"x"}`, status: 401, code: "unauthorized"},
	})

	// The approved text stays public until the new one is decided.
	clock.advance(5 * time.Minute)
	edited := into[posted](h.patch(at, map[string]string{"text": "Fourth text."}, own).want(200))
	if seen := h.thread("").Comments[0]; *seen.HTML != "<p>Third text.</p>" || seen.Revision != 3 || seen.Status != "approved" {
		t.Errorf("%+v", seen)
	}
	if mine := into[posted](h.get(at, own).want(200)); mine.Comment.Revision != 4 || mine.Comment.Status != "pending" || mine.Text != "Fourth text." {
		t.Errorf("%+v", mine)
	}
	h.decide(mod, "approve", edited.Comment)
	if seen := h.thread("").Comments[0]; *seen.HTML != "<p>Fourth text.</p>" || seen.Revision != 4 {
		t.Errorf("%+v", seen)
	}

	clock.advance(time.Second)
	h.refuse([]bad{
		{name: "edit too late", method: "PATCH", path: at, body: `{"text":"x"}`, changes: []change{own}, status: 409, code: "edit_window_over"},
		{name: "delete too late", method: "DELETE", path: at, changes: []change{own}, status: 409, code: "edit_window_over"},
	})
	want := []string{"comment.created", "comment.edited", "comment.edited", "comment.approved", "comment.edited", "comment.approved"}
	if diff := cmp.Diff(want, h.log(mod, p.Comment.ID)); diff != "" {
		t.Error(diff)
	}
	clock.advance(91 * 24 * time.Hour)
	h.get(at, own).refused(404, "not_found")
}

func TestRetract(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Admin, "daily")
	p := h.public(mod, "Regretted.")
	at, own := comments+"/"+p.Comment.ID, as(p.EditToken)
	h.delete(at, own, from(origin)).want(204)
	if got := h.thread(""); got.Count != 0 || len(got.Comments) != 0 {
		t.Errorf("%+v", got)
	}
	h.get(at).refused(404, "not_found")
	h.delete(at, own).refused(409, "not_editable")
	h.patch(at, `{"text":"x"}`, own).refused(409, "not_editable")
	if diff := cmp.Diff([]string{"comment.created", "comment.approved", "comment.deleted"}, h.log(mod, p.Comment.ID)); diff != "" {
		t.Error(diff)
	}
	h.unchanged(func() {
		if r := h.one(mod, "approve", item{p.Comment.ID, 1, "deleted"}); r.Code != "conflict" {
			t.Errorf("what its author has deleted comes back: %+v", r)
		}
	})
	// What moderators have rejected is theirs.
	rejected := h.comment("Rejected.")
	h.decide(mod, "reject", rejected.Comment)
	h.patch(comments+"/"+rejected.Comment.ID, `{"text":"x"}`, as(rejected.EditToken)).refused(409, "not_editable")
}

func TestForgedEditTokens(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.site("weekly", map[string]string{"rate_limits": "off"})
	mod := h.staff("grace", comment.Owner, "")
	p, other := h.public(mod, "Mine."), h.comment("Another's.", by("Bob"))
	foreign := into[posted](h.post("/api/v1/sites/weekly/comments", write("Foreign.", on("https://weekly.example/a"))).want(201))
	id := p.Comment.ID
	tokens := map[string]string{
		"of another comment": other.EditToken,
		"of another site":    foreign.EditToken,
		"of the staff":       mod,
		"for other purposes": h.app.Ring.Sign("cursor", "daily|"+id),
		"for another site":   h.app.Ring.Sign("edit token", "weekly|"+id),
		"for a prefix":       h.app.Ring.Sign("edit token", "daily|"+id[:35]),
		"without signature":  p.EditToken[:strings.LastIndex(p.EditToken, ".")+1],
		"flipped":            p.EditToken[:len(p.EditToken)-2] + flip(p.EditToken[len(p.EditToken)-2:]),
		"padded":             p.EditToken + "=",
		"endless":            strings.Repeat("a.b", 1000),
		"three dots":         "...",
	}
	var cases []bad
	for name, token := range tokens {
		who := []change{as(token)}
		cases = append(cases,
			bad{name: "read with a token " + name, method: "GET", path: comments + "/" + id, changes: who, status: 401, code: "unauthorized"},
			bad{name: "edit with a token " + name, method: "PATCH", path: comments + "/" + id, body: `{"text":"x"}`, changes: who, status: 401, code: "unauthorized"},
			bad{name: "delete with a token " + name, method: "DELETE", path: comments + "/" + id, changes: who, status: 401, code: "unauthorized"},
		)
	}
	cases = append(cases,
		bad{name: "delete without a token", method: "DELETE", path: comments + "/" + id, status: 401, code: "unauthorized"},
		bad{name: "its own at another site", method: "DELETE", path: "/api/v1/sites/weekly/comments/" + id, changes: []change{as(p.EditToken)}, status: 401, code: "unauthorized"},
	)
	h.refuse(cases)
	h.get("/api/v1/auth/me", as(p.EditToken)).refused(401, "unauthorized")
}

// TestTheTokenOfAnEarlierCommentCarriesTrust: from another network, a name and an
// e-mail address alone carry none.
func TestTheTokenOfAnEarlierCommentCarriesTrust(t *testing.T) {
	t.Parallel()
	h := open(t, behind("127.0.0.1"), with("moderation", "new"), with("trusted_after", "1"))
	mod := h.staff("grace", comment.Moderator, "daily")
	mine := func(d *draft) { d.Author.Email = "ada@reader.example" }
	earned := h.public(mod, "One.", mine)
	for i, c := range []struct {
		changes []change
		want    string
	}{
		{nil, "approved"}, {[]change{reader(1)}, "pending"}, {[]change{reader(1), as("x")}, "pending"}, {[]change{reader(2), as(earned.EditToken)}, "approved"},
	} {
		got := into[posted](h.post(comments, write(fmt.Sprint("Number ", i), mine), c.changes...).want(201))
		if got.Comment.Status != c.want {
			t.Errorf("comment %d is %s, want %s", i, got.Comment.Status, c.want)
		}
	}
}

func flip(s string) string {
	if s[0] == 'A' {
		return "B" + s[1:]
	}
	return "A" + s[1:]
}

func TestVotes(t *testing.T) {
	t.Parallel()
	h := open(t, behind("127.0.0.1"))
	mod := h.staff("grace", comment.Admin, "daily")
	p := h.public(mod, "One.")
	at := comments + "/" + p.Comment.ID + "/vote"
	for _, step := range []struct{ reader, value, up, down int }{
		{1, 1, 1, 0}, {1, 1, 1, 0}, {2, 1, 2, 0}, {1, -1, 1, 1}, {3, 0, 1, 1}, {1, 0, 1, 0}, {2, -1, 0, 1}, {2, 0, 0, 0},
	} {
		got := into[struct {
			Value int
			Votes struct{ Up, Down int }
		}](h.put(at, map[string]int{"value": step.value}, reader(step.reader)).want(200))
		if got.Votes.Up != step.up || got.Votes.Down != step.down || got.Value != step.value {
			t.Errorf("%+v: %+v", step, got)
		}
	}
	h.put(at, `{"value":1}`, reader(1)).want(200)
	h.unchanged(func() { h.put(at, `{"value":1}`, reader(1)).want(200) })
	if got := h.thread("").Comments[0].Votes; got.Up != 1 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"comment.created", "comment.approved"}, h.log(mod, "")); diff != "" {
		t.Errorf("votes are told to integrators: %s", diff)
	}
	h.patch(daily+"/options", `{"votes":"off"}`, as(mod)).want(200)
	h.unchanged(func() { h.put(at, `{"value":-1}`, reader(1)).refused(403, "votes_off") })
}

func TestVotesAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t, behind("127.0.0.1"))
	mod := h.staff("grace", comment.Admin, "daily")
	p := h.public(mod, "One.")
	together(20, func(i int) {
		h.put(comments+"/"+p.Comment.ID+"/vote", map[string]int{"value": 1}, reader(i%10)).want(200)
	})
	if got := h.thread("").Comments[0].Votes; got.Up != 10 || got.Down != 0 {
		t.Errorf("%+v, want 10", got)
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	h := open(t, behind("127.0.0.1"))
	mod := h.staff("grace", comment.Admin, "daily")
	p := h.public(mod, "One.")
	at := comments + "/" + p.Comment.ID + "/reports"
	report := func(n int, reason string) {
		t.Helper()
		h.post(at, map[string]string{"reason": reason, "note": "Look."}, reader(n)).want(201)
	}
	report(1, "spam")
	report(2, "hate")
	h.unchanged(func() { report(1, "illegal") }) // once for each reader and revision
	got := h.desk(mod, p.Comment.ID)
	if diff := cmp.Diff(map[string]int{"spam": 1, "hate": 1}, got.Reports.Reasons); diff != "" || got.Reports.Count != 2 {
		t.Errorf("%d reports: %s", got.Reports.Count, diff)
	}
	edited := into[posted](h.patch(comments+"/"+p.Comment.ID, `{"text":"Two."}`, as(p.EditToken)).want(200))
	h.decide(mod, "approve", edited.Comment)
	report(1, "illegal")
	if got := h.desk(mod, p.Comment.ID); got.Reports.Count != 1 {
		t.Errorf("%d reports of the new revision", got.Reports.Count)
	}
	want := []string{"comment.created", "comment.approved", "comment.reported", "comment.reported", "comment.edited", "comment.approved", "comment.reported"}
	if diff := cmp.Diff(want, h.log(mod, "")); diff != "" {
		t.Error(diff)
	}
}

func TestClosedPage(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build)
	admin := h.staff("grace", comment.Admin, "daily")
	root := h.public(admin, "One.").Comment.ID
	h.patch(daily+"/pages?page="+article, `{"open":false}`, as(admin)).want(200)
	h.unchanged(func() {
		h.post(comments, write("Two.")).refused(409, "page_closed")
		h.post(comments, write("Two.", answering(root))).refused(409, "page_closed")
	})
	if got := h.thread(""); got.Page.Open || got.Count != 1 {
		t.Errorf("%+v", got)
	}
	h.patch(daily+"/pages?page="+article, `{"open":true}`, as(admin)).want(200)
	h.comment("Two.")
	h.patch(daily+"/options", `{"close_after":"1h"}`, as(admin)).want(200)
	clock.advance(time.Hour)
	admin = h.staff("alan", comment.Admin, "daily") // the other's token has expired
	h.unchanged(func() {
		h.post(comments, write("Three.")).refused(409, "page_closed")
		h.patch(daily+"/pages?page="+article, `{"open":true}`, as(admin)).refused(409, "closed_by_age")
	})
}

func TestGuestsOff(t *testing.T) {
	t.Parallel()
	h := open(t, with("guests", "off"))
	h.unchanged(func() { h.post(comments, write("One.")).refused(403, "sign_in_required") })
}

// TestLanes: what a new comment becomes without any moderator.
func TestLanes(t *testing.T) {
	t.Parallel()
	h := open(t, with("moderation", "off"))
	admin := h.staff("grace", comment.Admin, "daily")
	h.post(daily+"/words", `{"list":"banned","text":"casino"}`, as(admin)).want(201)
	for name, c := range map[string]struct {
		body             any
		own, desk        string
		last             string
		public           int
		previouslyPublic int
	}{
		"published":  {body: write("Well said."), own: "approved", desk: "approved", last: "comment.approved", public: 1},
		"banned":     {body: write("Come to my c\u0430sino"), own: "rejected", desk: "rejected", last: "comment.rejected"},
		"trap":       {body: spoiled(`"text"`, `"form":{"trap":"x"},"text"`), own: "pending", desk: "spam", last: "comment.marked_spam"},
		"no trap":    {body: spoiled(`"Well said."`, `"Well said, all of it.","form":{"filled_ms":21000}`), own: "approved", desk: "approved", last: "comment.approved", public: 1},
		"form: null": {body: spoiled(`"Well said."`, `"Something else entirely.","form":null,"parent_id":null`), own: "approved", desk: "approved", last: "comment.approved", public: 1},
	} {
		p := into[posted](h.post(comments, c.body).want(201))
		log := h.log(admin, p.Comment.ID)
		if p.Comment.Status != c.own || h.desk(admin, p.Comment.ID).Status != c.desk || log[0] != "comment.created" || log[len(log)-1] != c.last {
			t.Errorf("%s: %s, %s, %v", name, p.Comment.Status, h.desk(admin, p.Comment.ID).Status, log)
		}
		if r := h.get(comments + "/" + p.Comment.ID); (r.status == 200) != (c.public == 1) {
			t.Errorf("%s: %d", name, r.status)
		}
	}
}
