package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
)

type replay struct {
	ID, State    string
	EndpointID   string `json:"endpoint_id"`
	Number       int
	Types        []string
	Broken       bool
	Events, Sent int
	EndedAt      *string `json:"ended_at"`
}

type preview struct {
	Events  int
	More    bool
	FirstAt *string `json:"first_at"`
	LastAt  *string `json:"last_at"`
}

// TestReplay: what was counted is sent again, with the bytes of the log.
func TestReplay(t *testing.T) {
	t.Parallel()
	h, r := open(t, running), receive(t)
	admin := h.staff("grace", comment.Admin, "daily")
	since := time.Now().Add(-time.Minute)
	var log []string
	for i := range 3 {
		h.public(admin, fmt.Sprint("Number ", i, "."))
	}
	for _, raw := range into[struct{ Events []json.RawMessage }](h.get(daily+"/events?limit=100", as(admin)).want(200)).Events {
		log = append(log, string(raw))
	}
	e := h.endpoint(admin, r.URL, "comment.approved", "comment.created")
	at := hooks + "/" + e.ID
	ask := map[string]any{"since": since.Format(time.RFC3339Nano), "types": []string{"comment.approved"}, "dry_run": true}
	p := into[preview](h.post(at+"/replay", ask, as(admin)).want(200))
	if p.Events != 3 || p.More || p.FirstAt == nil || p.LastAt == nil {
		t.Errorf("%+v", p)
	}
	delete(ask, "dry_run")
	key := header("Idempotency-Key", "once")
	v := into[replay](h.post(at+"/replay", ask, as(admin), key).want(202))
	again := into[replay](h.post(at+"/replay", ask, as(admin), key).want(202))
	if v.ID != again.ID || v.Number != 1000 || v.Events != 3 || v.EndpointID != e.ID {
		t.Errorf("%+v, then %+v", v, again)
	}
	h.post(at+"/replay", ask, as(admin), header("Idempotency-Key", "twice")).refused(409, "replay_running")
	h.eventually("it has come", func() bool { return len(r.all()) == 3 })
	var came, approved []string
	for _, g := range r.all() {
		came = append(came, string(g.body))
		if g.header.Get("x-afterword-replay") != "1000" {
			t.Errorf("%v", g.header)
		}
	}
	for _, raw := range log {
		if into[event](reply{t: t, body: []byte(raw)}).Type == "comment.approved" {
			approved = append(approved, raw)
		}
	}
	slices.Sort(came)
	slices.Sort(approved)
	if diff := cmp.Diff(approved, came); diff != "" {
		t.Error(diff)
	}
	h.eventually("it is done", func() bool {
		list := into[struct{ Replays []replay }](h.get(at+"/replays", as(admin)).want(200)).Replays
		return len(list) == 1 && list[0].State == "done" && list[0].Sent == 3 && list[0].EndedAt != nil
	})
	if v := into[replay](h.post(at+"/replay", `{"broken":true}`, as(admin)).want(202)); v.State != "done" || v.Events != 0 || !v.Broken {
		t.Errorf("nothing is broken: %+v", v)
	}
	first := into[struct {
		Replays    []replay
		NextCursor *string `json:"next_cursor"`
	}](h.get(at+"/replays?limit=1", as(admin)).want(200))
	if len(first.Replays) != 1 || first.Replays[0].ID == v.ID || first.NextCursor == nil {
		t.Fatalf("%+v", first)
	}
	rest := into[struct{ Replays []replay }](h.get(at+"/replays?limit=1&cursor="+*first.NextCursor, as(admin)).want(200)).Replays
	if len(rest) != 1 || rest[0].ID != v.ID {
		t.Errorf("%+v", rest)
	}
}

func TestBadReplays(t *testing.T) {
	t.Parallel()
	h := open(t)
	admin := h.staff("grace", comment.Admin, "daily")
	h.site("weekly", nil)
	owner := h.staff("joan", comment.Owner, "")
	h.comment("First.")
	e, other := h.endpoint(admin, "http://127.0.0.1:9/"), h.endpoint(admin, "http://127.0.0.1:9/other")
	foreign := into[endpoint](h.post("/api/v1/sites/weekly/webhooks", `{"url":"http://127.0.0.1:9/"}`, as(owner)).want(201))
	at, who := hooks+"/"+e.ID, []change{as(admin)}
	running := into[replay](h.post(at+"/replay", `{"since":"2020-01-01T00:00:00Z","types":["comment.created"]}`, as(admin)).want(202))
	if running.State != "running" {
		t.Fatalf("%+v", running)
	}
	start := at + "/replay"
	cases := []bad{
		{name: "nothing", path: start, body: `{}`, status: 422, code: "invalid", field: "since required"},
		{name: "no body", path: start, body: ``, status: 400, code: "malformed_json"},
		{name: "only an end", path: start, body: `{"until":"2026-03-01T09:30:00Z"}`, status: 422, code: "invalid", field: "since required"},
		{name: "until before since", path: start, body: `{"since":"2026-03-01T09:30:00Z","until":"2026-03-01T09:29:00Z"}`, status: 422, code: "invalid", field: "until invalid"},
		{name: "until is since", path: start, body: `{"since":"2026-03-01T09:30:00Z","until":"2026-03-01T10:30:00+01:00"}`, status: 422, code: "invalid", field: "until invalid"},
		{name: "unknown type", path: start, body: `{"broken":true,"types":["comment.liked"]}`, status: 422, code: "invalid", field: "types unknown_type"},
		{name: "type of the house", path: start, body: `{"broken":true,"types":["decision.made"]}`, status: 422, code: "invalid", field: "types unknown_type"},
		{name: "unknown key", path: start, body: `{"broken":true,"from":1}`, status: 400, code: "unknown_field", field: "from unknown_field"},
		{name: "number for a flag", path: start, body: `{"broken":1}`, status: 400, code: "invalid_type", field: "broken invalid_type"},
		{name: "nothing to count", path: start, body: `{"dry_run":true}`, status: 422, code: "invalid", field: "since required"},
		{name: "one is running", path: start, body: `{"broken":true}`, status: 409, code: "replay_running"},
		{name: "no endpoint", path: hooks + "/" + comment.NewID() + "/replay", body: `{"broken":true}`, status: 404, code: "not_found"},
		{name: "no endpoint to count for", path: hooks + "/x/replay", body: `{"broken":true,"dry_run":true}`, status: 404, code: "not_found"},
		{name: "foreign endpoint", path: hooks + "/" + foreign.ID + "/replay", body: `{"broken":true}`, status: 404, code: "not_found"},
		{name: "replays of nothing", method: "GET", path: hooks + "/x/replays", status: 404, code: "not_found"},
		{name: "replays of a foreign endpoint", method: "GET", path: hooks + "/" + foreign.ID + "/replays", status: 404, code: "not_found"},
		{name: "bad cursor", method: "GET", path: at + "/replays?cursor=x", status: 400, code: "invalid_cursor"},
		{name: "bad limit", method: "GET", path: at + "/replays?limit=0", status: 400, code: "invalid_parameter"},
		{name: "cancel nothing", path: at + "/replays/" + comment.NewID() + "/cancel", status: 404, code: "not_found"},
		{name: "cancel another endpoint's", path: hooks + "/" + other.ID + "/replays/" + running.ID + "/cancel", status: 404, code: "not_found"},
		{name: "cancel with something", path: at + "/replays/" + running.ID + "/cancel", body: `{"now":true}`, status: 400, code: "unknown_field"},
	}
	for _, text := range []string{"", "yesterday", "2026-03-01", "2026-03-01 09:30:00", "2026-02-30T09:30:00Z", "2026-03-01T09:30:00", "0001-01-01T00:00:00Z", "1772357400", "2026-03-01T09:30:00Z\u0000"} {
		for _, name := range []string{"since", "until"} {
			in := map[string]any{"since": "2026-03-01T09:30:00Z"}
			in[name] = text
			cases = append(cases, bad{name: name + " " + text, path: start, body: in, status: 422, code: "invalid", field: name + " invalid"})
		}
	}
	for i := range cases {
		cases[i].changes = who
	}
	h.refuse(cases)
	h.unchanged(func() {
		h.post("/api/v1/sites/weekly/webhooks/"+e.ID+"/replays/"+running.ID+"/cancel", nil, as(owner)).refused(404, "not_found")
	})
	if v := into[replay](h.post(at+"/replays/"+running.ID+"/cancel", nil, as(admin)).want(200)); v.State != "cancelled" || v.EndedAt == nil {
		t.Errorf("%+v", v)
	}
	h.unchanged(func() { h.post(at+"/replays/"+running.ID+"/cancel", nil, as(admin)).refused(409, "replay_ended") })
}

// puller reads the log to where it ends for now.
type puller struct {
	h     *house
	token string
	after string
	got   []string
}

func (p *puller) pull() {
	for {
		page := into[struct {
			Events     []json.RawMessage
			NextCursor *string `json:"next_cursor"`
		}](p.h.get(daily+"/events?limit=7&after="+p.after, as(p.token)).want(200))
		for _, raw := range page.Events {
			p.got = append(p.got, string(raw))
			p.after = into[event](reply{t: p.h.t, body: raw}).ID
		}
		if page.NextCursor == nil {
			return
		}
		p.after = *page.NextCursor
	}
}

// TestAReceiverThatWasAwayPulls: beside many who write, whoever pulls gets what
// webhooks carry, in the order of the log and without a gap.
func TestAReceiverThatWasAwayPulls(t *testing.T) {
	t.Parallel()
	h, r := open(t, running, with("moderation", "off")), receive(t)
	admin := h.staff("grace", comment.Admin, "daily")
	h.endpoint(admin, r.URL, "comment.created", "comment.approved")
	const writers, each = 6, 8
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				h.post(comments, write(fmt.Sprint("From ", w, " the ", i, "th."), on(fmt.Sprint("https://daily.example/", w)))).want(201)
			}
		})
	}
	written := make(chan struct{})
	go func() { group.Wait(); close(written) }()
	p := &puller{h: h, token: admin}
	for done := false; !done; {
		select {
		case <-written:
			done = true
		default:
		}
		p.pull()
	}
	whole := &puller{h: h, token: admin}
	whole.pull()
	if diff := cmp.Diff(whole.got, p.got); diff != "" {
		t.Errorf("the log - and what was pulled + differ:\n%s", diff)
	}
	if len(p.got) != 2*writers*each {
		t.Errorf("%d events", len(p.got))
	}
	h.eventually("all webhooks have come", func() bool { return len(r.all()) == len(p.got) })
	var sent []string
	for _, g := range r.all() {
		sent = append(sent, string(g.body))
	}
	slices.Sort(sent)
	if diff := cmp.Diff(slices.Sorted(slices.Values(p.got)), sent); diff != "" {
		t.Errorf("pulled - and sent + differ:\n%s", diff)
	}
}

// TestACursorOutlivesItsProcess: a cursor is of the database and its key, and
// nothing of it is in memory.
func TestACursorOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	var settings app.Settings
	h := open(t, func(p *plan) { settings = p.Settings })
	admin := h.staff("grace", comment.Admin, "daily")
	for i := range 4 {
		h.comment(fmt.Sprint("Number ", i, "."))
	}
	all := into[struct{ Events []json.RawMessage }](h.get(daily+"/events", as(admin)).want(200)).Events
	page := into[struct {
		NextCursor string `json:"next_cursor"`
	}](h.get(daily+"/events?limit=2", as(admin)).want(200))
	beside, err := app.Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	rest, next, err := beside.Comments.PublicEvents(t.Context(), "daily", 9, page.NextCursor)
	if err != nil || next != "" {
		t.Fatal(err, next)
	}
	if diff := cmp.Diff(all[2:], rest); diff != "" {
		t.Error(diff)
	}
	if len(all) != 4 || http.StatusOK != h.get(daily+"/events?after="+page.NextCursor, as(admin)).status {
		t.Errorf("%d events", len(all))
	}
}
