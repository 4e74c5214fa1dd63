package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

type appealed struct {
	Text      string
	Open      bool
	Statement told
}

type told struct {
	Message string
	Reason  string
	Clause  *struct{ Number, Title string }
	Appeal  *struct{ Path, State, Answer string }
}

type appealView struct {
	ID, State string
	MayDecide bool `json:"may_decide"`
	Others    int
	Comment   struct{ ID, Status string }
	Assignee  *struct{ ID, Name string }
}

// rejected posts a comment, rejects it as the body says, and gives what its author
// is told.
func (h *house) rejected(token, text, more string) (posted, told) {
	h.t.Helper()
	p := into[posted](h.post(comments, write(text)).want(201))
	h.post(ruling, `{"action":"reject","items":[{"id":"`+p.Comment.ID+`","revision":1}]`+more+`}`, as(token)).want(200)
	own := into[struct{ Statement told }](h.get(comments+"/"+p.Comment.ID, as(p.EditToken)).want(200))
	return p, own.Statement
}

func TestHouseRules(t *testing.T) {
	t.Parallel()
	h := open(t)
	admin, viewer := h.staff("alan", comment.Admin, "daily"), h.staff("vera", comment.Viewer, "daily")
	type rule struct {
		ID, Number, Title, Language string
		Active                      bool
	}
	path := daily + "/clauses"
	made := into[rule](h.post(path, `{"number":"10","title":"Stay on topic"}`, as(admin), header("Idempotency-Key", "one")).want(201))
	if again := h.post(path, `{"number":"10","title":"Stay on topic"}`, as(admin), header("Idempotency-Key", "one")).want(201); into[rule](again).ID != made.ID {
		t.Error("the same key made another rule")
	}
	h.post(path, `{"number":"10","title":"Again"}`, as(admin)).refused(409, "clause_exists")
	h.post(path, `{"number":"9.1","title":"Be kind","text":"No insults.","language":"de"}`, as(admin)).want(201)
	for _, bad := range []string{`{"title":"x"}`, `{"number":"1"}`, `{"number":"<","title":"x"}`, `{"number":"1","title":"x","language":"english"}`, `{"number":"1","title":"x","text":"` + strings.Repeat("x", 4001) + `"}`} {
		h.post(path, bad, as(admin)).refused(422, "invalid")
	}
	h.patch(path+"/"+made.ID, `{"active":false}`, as(admin)).want(200)
	h.patch(path+"/"+comment.NewID(), `{"active":false}`, as(admin)).refused(404, "not_found")
	list := into[struct{ Clauses []rule }](h.get(path, as(viewer)).want(200)).Clauses
	if len(list) != 2 || list[0].Number != "9.1" || list[0].Language != "de" || list[1].Active || list[1].Language != "en" {
		t.Errorf("the rules are %+v", list)
	}

	h.put(daily+"/templates/default", `{"text":"Dear {name},\nrule {rule}\nreason {reason}"}`, as(admin)).want(200)
	h.put(daily+"/templates/"+list[0].ID, `{"text":"About {rule}"}`, as(admin)).want(200)
	h.put(daily+"/templates/"+comment.NewID(), `{"text":"About {rule}"}`, as(admin)).refused(404, "not_found")
	if r := h.put(daily+"/templates/insult", `{"text":"one\n{nmae}"}`, as(admin)).refused(422, "invalid"); r.field("text") != "unknown_field" {
		t.Errorf("%s", r.body)
	}
	h.put(daily+"/templates/In%20sult", `{"text":"x"}`, as(admin)).refused(422, "invalid")
	if got := into[struct{ Templates []struct{ Name string } }](h.get(daily+"/templates", as(viewer)).want(200)).Templates; len(got) != 2 {
		t.Errorf("the templates are %+v", got)
	}
	try := func(body string) string {
		return into[struct{ Message string }](h.post(daily+"/messages/preview", body, as(viewer)).want(200)).Message
	}
	p := into[posted](h.post(comments, write("Tried.")).want(201))
	for body, want := range map[string]string{
		`{}`:                                "Dear Ada,",
		`{"reason":"off_topic"}`:            "Dear Ada,\nreason off topic",
		`{"clause":"9.1","reason":"x"}`:     "About 9.1 Be kind",
		`{"text":"“{excerpt}” {name} {{x"}`: "“The beginning of the comment.” Ada {{x",
		`{"text":"“{excerpt}” {page}","comment_id":"` + p.Comment.ID + `"}`: "“Tried.” " + article,
	} {
		if got := try(body); got != want {
			t.Errorf("%s became %q, want %q", body, got, want)
		}
	}
	h.post(daily+"/messages/preview", `{"clause":"10"}`, as(viewer)).refused(422, "invalid") // no longer active
	h.post(daily+"/messages/preview", `{"comment_id":"`+comment.NewID()+`","text":"x"}`, as(viewer)).refused(404, "not_found")
	h.delete(daily+"/templates/default", as(admin)).want(204)
	h.delete(daily+"/templates/default", as(admin)).refused(404, "not_found")
}

func TestAnAppealFromTheLinkToTheAnswer(t *testing.T) {
	t.Parallel()
	h := open(t)
	ada, bob, chief := h.staff("grace", comment.Moderator, "daily"), h.staff("bob", comment.Moderator, "daily"), h.staff("chief", comment.Admin, "daily")
	p, st := h.rejected(ada, "A quotation.", `,"reason":"insult","message":"Dear {name}, no."`)
	if st.Message != "Dear Ada, no." || st.Reason != "insult" || st.Appeal == nil || st.Appeal.State != "none" {
		t.Fatalf("told %+v", st)
	}
	api := "/api/v1/appeals/" + strings.TrimPrefix(st.Appeal.Path, "/appeal/")
	if got := into[appealed](h.get(api).want(200)); !got.Open || got.Text != "A quotation." {
		t.Errorf("at the link: %+v", got)
	}
	h.get("/api/v1/appeals/guess").refused(404, "not_found")
	h.post(api, `{"text":"`+strings.Repeat("x", 4001)+`"}`).refused(422, "invalid")
	h.post(api, `{"text":"It was a quotation."}`).want(201)
	h.post(api, `{"text":"Once more."}`).refused(409, "already_appealed")

	list := func(token, state string) []appealView {
		return into[struct{ Appeals []appealView }](h.get(daily+"/appeals?state="+state, as(token)).want(200)).Appeals
	}
	mine, theirs := list(ada, "open"), list(bob, "open")
	if len(mine) != 1 || mine[0].MayDecide || !theirs[0].MayDecide || theirs[0].Others != 2 || theirs[0].Comment.ID != p.Comment.ID {
		t.Fatalf("ada sees %+v, bob %+v", mine, theirs)
	}
	at := daily + "/appeals/" + mine[0].ID
	h.post(at+"/decision", `{"outcome":"overturned","answer":"Yes."}`, as(ada)).refused(403, "own_decision")
	h.post(at+"/decision", `{"outcome":"perhaps","answer":"Yes."}`, as(bob)).refused(422, "invalid")
	h.post(at+"/decision", `{"outcome":"upheld","answer":" "}`, as(bob)).refused(422, "invalid")
	id := func(token string) string {
		return into[struct{ User struct{ ID string } }](h.get("/api/v1/auth/me", as(token)).want(200)).User.ID
	}
	h.patch(at, `{"assignee":"`+id(ada)+`"}`, as(chief)).refused(403, "own_decision")
	h.patch(at, `{"assignee":"nobody"}`, as(chief)).refused(422, "invalid")
	if got := into[appealView](h.patch(at, `{"assignee":"`+id(chief)+`"}`, as(chief)).want(200)); got.Assignee == nil || got.Assignee.Name != "chief" {
		t.Errorf("assigned: %+v", got)
	}
	h.post(at+"/decision", `{"outcome":"overturned","answer":"Yes."}`, as(bob)).refused(409, "assigned")
	h.patch(at, `{"assignee":null}`, as(chief)).want(200)
	if got := into[appealView](h.post(at+"/decision", `{"outcome":"overturned","answer":"You were right."}`, as(bob)).want(200)); got.State != "overturned" || got.Comment.Status != "approved" {
		t.Errorf("decided: %+v", got)
	}
	h.post(at+"/decision", `{"outcome":"upheld","answer":"No."}`, as(chief)).refused(409, "already_decided")
	if got := into[appealed](h.get(api).want(200)); got.Open || got.Statement.Appeal.State != "overturned" || got.Statement.Appeal.Answer != "You were right." {
		t.Errorf("at the link: %+v", got)
	}
	if got := list(ada, "overturned"); len(got) != 1 {
		t.Errorf("overturned: %+v", got)
	}
	h.get(comments + "/" + p.Comment.ID).want(200)
	h.post(daily+"/appeals/"+comment.NewID()+"/decision", `{"outcome":"upheld","answer":"No."}`, as(chief)).refused(404, "not_found")
}

// form sends what the page's form sends.
func (h *house) form(path, text string) reply {
	h.t.Helper()
	return h.send("POST", path, "text="+url.QueryEscape(text), func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") })
}

func TestThePageOfAnAppeal(t *testing.T) {
	t.Parallel()
	h := open(t, with("language", "de"))
	ada, bob := h.staff("grace", comment.Moderator, "daily"), h.staff("bob", comment.Moderator, "daily")
	_, st := h.rejected(ada, `A <script>alert(1)</script> "quote" & more`, `,"message":"Hallo {name} <b>fett</b>\n{excerpt}"`)
	page := h.get(st.Appeal.Path).want(200)
	text := string(page.body)
	for _, want := range []string{`<html lang="de">`, "&lt;b&gt;fett&lt;/b&gt;", "&lt;script&gt;", `<form method="post">`, "Ihr Kommentar wird nicht angezeigt", `dir="auto"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %s:\n%s", want, text)
		}
	}
	if regexp.MustCompile(`<script|<b>fett| style=| on\w+=`).MatchString(text) {
		t.Errorf("the page lets markup through:\n%s", text)
	}
	policy := page.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") || page.header.Get("Referrer-Policy") != "no-referrer" ||
		page.header.Get("X-Robots-Tag") != "noindex" || page.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", page.header)
	}
	if !strings.Contains(string(h.get("/appeal/guess").want(404).body), "There is nothing here") {
		t.Error("a guessed link")
	}
	h.send("POST", st.Appeal.Path, `{"text":"x"}`, header("Content-Type", "application/json")).refused(415, "unsupported_media_type")
	if bad := h.form(st.Appeal.Path, "   ").want(422); !strings.Contains(string(bad.body), "höchstens 4000 Zeichen") {
		t.Errorf("an empty form: %s", bad.body)
	}
	if long := h.form(st.Appeal.Path, "<x>"+strings.Repeat("y", 4000)).want(422); !strings.Contains(string(long.body), "&lt;x&gt;yyy") {
		t.Error("what was typed is lost")
	}
	if made := h.form(st.Appeal.Path, "Es war\r\nein Zitat.").want(303); made.header.Get("Location") != st.Appeal.Path {
		t.Errorf("led to %s", made.header.Get("Location"))
	}
	if again := string(h.form(st.Appeal.Path, "Noch einmal.").want(409).body); !strings.Contains(again, "schon um eine neue Prüfung") || strings.Contains(again, "<form") {
		t.Errorf("a second form: %s", again)
	}
	a := into[struct{ Appeals []struct{ ID, Text string } }](h.get(daily+"/appeals", as(bob)).want(200)).Appeals[0]
	if a.Text != "Es war\nein Zitat." {
		t.Errorf("the appeal says %q", a.Text)
	}
	h.post(daily+"/appeals/"+a.ID+"/decision", `{"outcome":"upheld","answer":"Nein <i>danke</i>."}`, as(bob)).want(200)
	if text := string(h.get(st.Appeal.Path).want(200).body); !strings.Contains(text, "Die Entscheidung bleibt") || !strings.Contains(text, "Nein &lt;i&gt;danke&lt;/i&gt;.") {
		t.Errorf("the answer: %s", text)
	}
}

func TestSecondLooksAndAgreement(t *testing.T) {
	t.Parallel()
	h := open(t, with("second_look", "20%"))
	ada, bob, chief := h.staff("grace", comment.Moderator, "daily"), h.staff("bob", comment.Moderator, "daily"), h.staff("chief", comment.Admin, "daily")
	type look struct{ ID, Text string }
	looks := func(token string) []look {
		return into[struct {
			SecondLooks []look `json:"second_looks"`
		}](h.get(daily+"/second-looks?limit=100", as(token)).want(200)).SecondLooks
	}
	for i := range 60 {
		p := into[posted](h.post(comments, write("Number "+strings.Repeat("i", i+1))).want(201))
		h.decide(ada, []string{"approve", "reject"}[i%2], p.Comment)
	}
	drawn := looks(bob)
	if len(drawn) < 2 || len(drawn) > 30 || len(looks(ada)) != 0 {
		t.Fatalf("%d of 60 were drawn, %d for who decided", len(drawn), len(looks(ada)))
	}
	if body := string(h.get(daily+"/second-looks", as(bob)).body); regexp.MustCompile(`approve|reject|status|reasons|decision`).MatchString(body) {
		t.Errorf("it tells: %s", body)
	}
	one := daily + "/second-looks/" + drawn[0].ID
	h.post(one, `{"verdict":"approve"}`, as(ada)).refused(403, "own_decision")
	h.post(one, `{"verdict":"spam"}`, as(bob)).refused(422, "invalid")
	h.post(one, `{"verdict":"approve"}`, as(bob)).want(200)
	h.post(one, `{"verdict":"approve"}`, as(chief)).refused(409, "conflict")
	for _, l := range drawn[1:] {
		h.post(daily+"/second-looks/"+l.ID, `{"verdict":"reject"}`, as(bob)).want(200)
	}
	type figure struct {
		N, Agreed        int
		Kappa, Low, High *float64
	}
	got := into[struct{ All, People, Automation, Mine figure }](h.get(daily+"/agreement", as(ada)).want(200))
	if got.All.N != len(drawn) || got.People.N != len(drawn) || got.Mine.N != len(drawn) || got.Automation.N != 0 || got.Automation.Kappa != nil {
		t.Errorf("the figures are %+v", got)
	}
	differ := into[struct {
		Disagreements []struct{ Verdict, Text string }
	}](h.get(daily+"/disagreements?limit=100", as(chief)).want(200)).Disagreements
	if len(differ) != got.All.N-got.All.Agreed {
		t.Errorf("%d disagreements of %+v", len(differ), got.All)
	}
	if into[struct{ Mine figure }](h.get(daily+"/agreement", as(bob)).want(200)).Mine.N != 0 {
		t.Error("bob is shown what is ada's")
	}
}

func TestDecisionsAreExported(t *testing.T) {
	t.Parallel()
	h := open(t)
	ada, chief := h.staff("grace", comment.Moderator, "daily"), h.staff("chief", comment.Admin, "daily")
	h.post(daily+"/clauses", `{"number":"3.1","title":"=cmd()","text":"No."}`, as(chief)).want(201)
	h.rejected(ada, "One.", `,"clause":"3.1"`)
	h.rejected(ada, "Two.", `,"reason":"illegal"`)
	h.rejected(ada, "Silent.", `,"reason":"spam","tell":false`)
	path := daily + "/decisions/export"
	lines := strings.Split(strings.TrimSpace(string(h.get(path, as(chief)).want(200).body)), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"incompatible_content_ground":"3.1 =cmd()"`) || !strings.Contains(lines[0], `"automated_decision":"AUTOMATED_DECISION_NOT_AUTOMATED"`) ||
		!strings.Contains(lines[1], "DECISION_GROUND_ILLEGAL_CONTENT") {
		t.Errorf("the lines are %q", lines)
	}
	table := strings.Split(string(h.get(path+"?format=csv", as(chief)).want(200).body), "\n")
	if len(table) != 4 || !slices.Equal(strings.Split(table[0], ","), comment.StatementColumns) {
		t.Errorf("the table is %q", table)
	}
	later := h.get(path+"?since="+url.QueryEscape(time.Now().Add(time.Hour).UTC().Format(time.RFC3339)), as(chief)).want(200)
	if len(later.body) != 0 || later.header.Get("Link") != "" {
		t.Errorf("later: %s", later.body)
	}
	h.get(path+"?since=yesterday", as(chief)).refused(400, "invalid_parameter")
	h.get(path+"?cursor=x", as(chief)).refused(400, "invalid_cursor")
}
