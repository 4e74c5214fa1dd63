package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/webhook"
)

const hooks = daily + "/webhooks"

// receiver is a publisher's program that takes webhooks.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []received
}

type received struct {
	header http.Header
	body   []byte
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: 204}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, received{q.Header, body})
		w.WriteHeader(r.status)
		fmt.Fprint(w, "<b>thanks</b>")
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// types lists what has come, in order.
func (r *receiver) types() (types []string) {
	for _, g := range r.all() {
		var e event
		if json.Unmarshal(g.body, &e) == nil {
			types = append(types, e.Type)
		}
	}
	return types
}

type endpoint struct {
	ID, URL, Status, Secret string
	Types                   []string
	Failures, Owed          int
	LastFailure             *string `json:"last_failure"`
	LastSuccessAt           *string `json:"last_success_at"`
}

type delivery struct {
	ID, Type, State, Body string
	EventID               string  `json:"event_id"`
	CommentID             *string `json:"comment_id"`
	Attempts, Replay      int
	Last                  *struct {
		Class  string
		Status *int
	}
	AttemptsList []struct {
		N        int
		Class    string
		Response string
	} `json:"attempts_list"`
}

func (h *house) endpoint(token, url string, types ...string) endpoint {
	h.t.Helper()
	return into[endpoint](h.post(hooks, map[string]any{"url": url, "types": types}, as(token)).want(201))
}

// TestWebhooksCarryTheLog: what a receiver gets, what the API says was sent and
// what the log says are the same bytes, signed.
func TestWebhooksCarryTheLog(t *testing.T) {
	t.Parallel()
	h, r := open(t, running), receive(t)
	admin := h.staff("grace", comment.Admin, "daily")
	var wanted []string
	for _, typ := range comment.PublicTypes {
		if typ != comment.EndpointPing {
			wanted = append(wanted, typ)
		}
	}
	e := h.endpoint(admin, r.URL, wanted...)

	p := h.comment("Has <b>markup</b> & \u2028 more.", func(d *draft) { d.Author.Email = "ada@reader.example" })
	h.decide(admin, "approve", p.Comment)
	h.post(comments+"/"+p.Comment.ID+"/reports", `{"reason":"spam"}`).want(201)
	edited := into[posted](h.patch(comments+"/"+p.Comment.ID, `{"text":"Better."}`, as(p.EditToken)).want(200)).Comment
	for _, action := range []string{"reject", "spam", "restore", "approve", "delete"} {
		h.decide(admin, action, edited)
	}
	h.patch(daily+"/pages?page="+article, `{"open":false}`, as(admin)).want(200)
	h.patch(daily+"/pages?page="+article, `{"open":true}`, as(admin)).want(200)
	want := []string{
		"comment.created", "comment.approved", "comment.reported", "comment.edited", "comment.rejected", "comment.marked_spam",
		"comment.restored", "comment.approved", "comment.deleted", "page.closed", "page.opened",
	}
	h.eventually("everything has come", func() bool { return len(r.all()) == len(want) })

	var feed []json.RawMessage
	for after := ""; ; {
		page := into[struct {
			Events     []json.RawMessage
			NextCursor *string `json:"next_cursor"`
		}](h.get(daily+"/events?limit=3&after="+after, as(admin)).want(200))
		feed = append(feed, page.Events...)
		if page.NextCursor == nil {
			break
		}
		after = *page.NextCursor
	}
	byID := map[string]string{}
	var types []string
	sequence := 0
	for _, raw := range feed {
		var ev event
		if err := json.Unmarshal(raw, &ev); err != nil {
			t.Fatal(err)
		}
		byID[ev.ID] = string(raw)
		types = append(types, ev.Type)
		if ev.Data.Comment.ID != "" {
			if sequence++; ev.Sequence != sequence {
				t.Errorf("%s: sequence %d, want %d", ev.Type, ev.Sequence, sequence)
			}
		}
		if err := openAPI().checkJSON(pointer("/webhooks", ev.Type, "post", "requestBody", "content", "application/json", "schema"), raw); err != nil {
			t.Errorf("%s: %v", ev.Type, err)
		}
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Error(diff)
	}
	for _, g := range r.all() {
		id := g.header.Get("webhook-id")
		if byID[id] != string(g.body) {
			t.Errorf("%s: the receiver got other bytes than the log has:\n%s\n%s", id, g.body, byID[id])
		}
		if err := webhook.Verify(e.Secret, g.header, g.body, time.Now()); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if strings.Contains(string(g.body), "ada@reader.example") || strings.Contains(string(g.body), "127.0.0.1") {
			t.Errorf("a webhook tells who a reader is: %s", g.body)
		}
		h.signedAsDocumented(g)
	}
	h.eventually("all of it is acknowledged", func() bool {
		return into[endpoint](h.get(hooks+"/"+e.ID, as(admin)).want(200)).Owed == 0
	})
	seen := 0
	for cursor := ""; ; {
		page := into[struct {
			Deliveries []delivery
			NextCursor *string `json:"next_cursor"`
		}](h.get(hooks+"/"+e.ID+"/deliveries?limit=4"+cursor, as(admin)).want(200))
		for _, d := range page.Deliveries {
			seen++
			full := into[delivery](h.get(daily+"/deliveries/"+d.ID, as(admin)).want(200))
			if full.Body != byID[d.EventID] || full.State != "delivered" || len(full.AttemptsList) != 1 || full.AttemptsList[0].Class != "ok" {
				t.Errorf("%+v", full)
			}
		}
		if page.NextCursor == nil {
			break
		}
		cursor = "&cursor=" + *page.NextCursor
	}
	if seen != len(want) {
		t.Errorf("%d deliveries, want %d", seen, len(want))
	}

	// A puller goes on from the last event that it has, or from the last page.
	last := into[struct{ ID string }](reply{t: t, body: feed[8]}).ID
	rest := into[struct{ Events []event }](h.get(daily+"/events?after="+last, as(admin)).want(200)).Events
	if len(rest) != 2 || rest[0].Type != "page.closed" {
		t.Errorf("%+v", rest)
	}
}

// signedAsDocumented holds the headers of a call against the document.
func (h *house) signedAsDocumented(g received) {
	h.t.Helper()
	params := asList(openAPI().lookup("/webhooks/comment.approved/post/parameters"))
	if len(params) != 3 {
		h.t.Fatalf("%d headers are documented", len(params))
	}
	for i, p := range params {
		name := asMap(p)["name"].(string)
		if err := openAPI().check(fmt.Sprintf("/webhooks/comment.approved/post/parameters/%d/schema", i), g.header.Get(name)); err != nil {
			h.t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWebhooksHearNothingEarly: what is still in its undo window is owed to nobody.
func TestWebhooksHearNothingEarly(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h, r := open(t, running, clock.build, with("undo_window", "5s")), receive(t)
	admin := h.staff("grace", comment.Admin, "daily")
	h.endpoint(admin, r.URL)
	undone, kept := h.comment("Undone."), h.comment("Kept.")
	first := h.decide(admin, "approve", undone.Comment)
	h.post(ruling+"/"+first.DecisionID+"/undo", nil, as(admin)).want(200)
	h.decide(admin, "approve", kept.Comment)
	clock.advance(5 * time.Second)
	h.eventually("the approval is told", func() bool { return len(r.all()) > 0 })
	var e event
	if err := json.Unmarshal(r.all()[0].body, &e); err != nil || e.Data.Comment.ID != kept.Comment.ID || e.Sequence != 2 {
		t.Errorf("%v %+v", err, e)
	}
	if diff := cmp.Diff([]string{"comment.created", "comment.created", "comment.approved"}, h.log(admin, "")); diff != "" {
		t.Error(diff)
	}
}

func TestEndpointLife(t *testing.T) {
	t.Parallel()
	h, r := open(t, running), receive(t)
	admin := h.staff("grace", comment.Admin, "daily")
	e := h.endpoint(admin, r.URL+"/hook?a=1")
	at := hooks + "/" + e.ID
	if diff := cmp.Diff([]string{"comment.approved"}, e.Types); diff != "" || e.Status != "active" || !strings.HasPrefix(e.Secret, "whsec_") {
		t.Errorf("%+v %s", e, diff)
	}
	for _, r := range []reply{h.get(at, as(admin)).want(200), h.get(hooks, as(admin)).want(200)} {
		if strings.Contains(string(r.body), "whsec_") {
			t.Errorf("%s tells the secret", r.what)
		}
	}

	ping := into[struct {
		DeliveryID string `json:"delivery_id"`
		EventID    string `json:"event_id"`
	}](h.post(at+"/test", nil, as(admin)).want(202))
	h.eventually("the ping has come", func() bool { return len(r.all()) == 1 })
	if g := r.all()[0]; g.header.Get("webhook-id") != ping.EventID || webhook.Verify(e.Secret, g.header, g.body, time.Now()) != nil {
		t.Errorf("%v", g.header)
	} else if err := openAPI().checkJSON("/webhooks/endpoint.ping/post/requestBody/content/application~1json/schema", g.body); err != nil {
		t.Errorf("%v: %s", err, g.body)
	}

	// While a secret rotates both are good.
	rotated := into[endpoint](h.post(at+"/rotate", `{"overlap":"1h"}`, as(admin)).want(200))
	if rotated.Secret == e.Secret || rotated.Secret == "" {
		t.Errorf("%+v", rotated)
	}
	again := into[delivery](h.post(daily+"/deliveries/"+ping.DeliveryID+"/redeliver", nil, as(admin)).want(202))
	if again.EventID != ping.EventID || again.Replay != 1 || again.ID == ping.DeliveryID {
		t.Errorf("%+v", again)
	}
	h.eventually("the ping has come again", func() bool { return len(r.all()) == 2 })
	g := r.all()[1]
	for _, secret := range []string{e.Secret, rotated.Secret} {
		if err := webhook.Verify(secret, g.header, g.body, time.Now()); err != nil {
			t.Error(err)
		}
	}
	if string(g.body) != string(r.all()[0].body) {
		t.Error("a redelivery has other bytes")
	}
	leaked := into[endpoint](h.post(at+"/rotate", `{"overlap":"0s"}`, as(admin)).want(200))
	h.post(at+"/test", nil, as(admin)).want(202)
	h.eventually("a third ping has come", func() bool { return len(r.all()) == 3 })
	g = r.all()[2]
	if webhook.Verify(rotated.Secret, g.header, g.body, time.Now()) == nil || webhook.Verify(leaked.Secret, g.header, g.body, time.Now()) != nil {
		t.Error("a leaked secret is still good")
	}
	h.post(at+"/rotate", nil, as(admin)).want(200)

	// A paused endpoint is owed what happens, and gets it when it is active again.
	h.patch(at, `{"status":"paused","types":["comment.created"]}`, as(admin)).want(200)
	h.comment("One.")
	h.eventually("it is owed", func() bool { return into[endpoint](h.get(at, as(admin)).want(200)).Owed == 1 })
	owed := into[struct{ Deliveries []delivery }](h.get(at+"/deliveries?state=owed", as(admin)).want(200)).Deliveries
	if len(owed) != 1 || owed[0].Type != "comment.created" || owed[0].CommentID == nil {
		t.Errorf("%+v", owed)
	}
	if n := len(r.all()); n != 3 {
		t.Errorf("a paused endpoint was called: %d", n)
	}
	h.patch(at, `{"status":"active"}`, as(admin)).want(200)
	h.eventually("it has come", func() bool { return len(r.all()) == 4 })

	h.delete(at, as(admin)).want(204)
	h.get(at, as(admin)).refused(404, "not_found")
	h.delete(at, as(admin)).refused(404, "not_found")
	h.get(at+"/deliveries", as(admin)).refused(404, "not_found")
}

func TestEndpointFails(t *testing.T) {
	t.Parallel()
	patient := func(p *plan) { p.WebhookSchedule = strings.Repeat("50ms,", 99) + "50ms" }
	h, bad, good := open(t, running, patient), receive(t), receive(t)
	admin := h.staff("grace", comment.Admin, "daily")
	bad.answer(500)
	e := h.endpoint(admin, bad.URL)
	h.endpoint(admin, good.URL, "endpoint.disabled")
	at := hooks + "/" + e.ID
	h.public(admin, "One.")
	h.eventually("it has failed twice", func() bool { return into[endpoint](h.get(at, as(admin)).want(200)).Failures >= 2 })
	got := into[endpoint](h.get(at, as(admin)).want(200))
	if got.LastFailure == nil || *got.LastFailure != "status 500" || got.Owed != 1 || got.Status != "active" {
		t.Errorf("%+v", got)
	}
	list := into[struct{ Deliveries []delivery }](h.get(at+"/deliveries", as(admin)).want(200)).Deliveries
	full := into[delivery](h.get(daily+"/deliveries/"+list[0].ID, as(admin)).want(200))
	if full.State != "owed" || full.Last == nil || full.Last.Class != "status" || *full.Last.Status != 500 || full.AttemptsList[0].Response != "<b>thanks</b>" {
		t.Errorf("%+v", full)
	}

	bad.answer(410)
	h.eventually("it is gone", func() bool { return into[endpoint](h.get(at, as(admin)).want(200)).Status == "gone" })
	h.eventually("the others are told", func() bool { return slices.Equal(good.types(), []string{"endpoint.disabled"}) })
	body := good.all()[0].body
	if err := openAPI().checkJSON("/webhooks/endpoint.disabled/post/requestBody/content/application~1json/schema", body); err != nil {
		t.Errorf("%v: %s", err, body)
	}
	bad.answer(204)
	h.patch(at, `{"status":"active"}`, as(admin)).want(200)
	h.eventually("nothing is owed any more", func() bool {
		e := into[endpoint](h.get(at, as(admin)).want(200))
		return e.Owed == 0 && e.LastSuccessAt != nil && e.Failures == 0
	})
}

func TestBadEndpoints(t *testing.T) {
	t.Parallel()
	h := open(t)
	admin := h.staff("grace", comment.Admin, "daily")
	e := h.endpoint(admin, "http://127.0.0.1:9/")
	at, who := hooks+"/"+e.ID, []change{as(admin)}
	var cases []bad
	for url, code := range map[string]string{
		"": "required", "x": "not_https", "ftp://a.example/": "not_https", "javascript:alert(1)": "invalid", "file:///etc/passwd": "not_https",
		"https://u:p@a.example/": "userinfo", "https://a.example/#x": "fragment", "https://a.example:99999/": "invalid",
		"http://93.184.216.34/": "not_https", "https://10.0.0.1/": "address_not_allowed", "https://169.254.169.254/latest": "address_not_allowed",
		"https://[::1]/": "address_not_allowed", "https://[::ffff:10.0.0.1]/": "address_not_allowed", "https://0x7f000001/": "invalid", "https://2130706433/": "invalid",
		"https://127.1/": "invalid", "https://a.example/" + strings.Repeat("a", 2100): "too_long", "https://a b.example/": "invalid",
	} {
		cases = append(cases, bad{name: "url " + url, path: hooks, body: map[string]any{"url": url}, changes: who, status: 422, code: "invalid", field: "url " + code})
		if url != "" {
			cases = append(cases, bad{name: "changed url " + url, method: "PATCH", path: at, body: map[string]any{"url": url}, changes: who, status: 422, code: "invalid", field: "url " + code})
		}
	}
	h.refuse(append(cases,
		bad{name: "types", path: hooks, body: `{"url":"http://127.0.0.1/","types":["comment.voted"]}`, changes: who, status: 422, code: "invalid", field: "types unknown_type"},
		bad{name: "house types", method: "PATCH", path: at, body: `{"types":["decision.made"]}`, changes: who, status: 422, code: "invalid", field: "types unknown_type"},
		bad{name: "status", method: "PATCH", path: at, body: `{"status":"gone"}`, changes: who, status: 422, code: "invalid", field: "status invalid"},
		bad{name: "secret", method: "PATCH", path: at, body: `{"secret":"whsec_x"}`, changes: who, status: 400, code: "unknown_field"},
		bad{name: "overlap", path: at + "/rotate", body: `{"overlap":"soon"}`, changes: who, status: 422, code: "invalid", field: "overlap invalid"},
		bad{name: "overlap too long", path: at + "/rotate", body: `{"overlap":"8d"}`, changes: who, status: 422, code: "invalid", field: "overlap invalid"},
		bad{name: "overlap negative", path: at + "/rotate", body: `{"overlap":"-1s"}`, changes: who, status: 422, code: "invalid", field: "overlap invalid"},
		bad{name: "test of nothing", path: hooks + "/" + comment.NewID() + "/test", changes: who, status: 404, code: "not_found"},
		bad{name: "redelivery of nothing", path: daily + "/deliveries/x/redeliver", changes: who, status: 404, code: "not_found"},
		bad{name: "delivery of nothing", method: "GET", path: daily + "/deliveries/x", changes: who, status: 404, code: "not_found"},
	))
	if regexp.MustCompile(`whsec_`).MatchString(h.everything()) {
		t.Error("a secret is stored as it is")
	}
}
