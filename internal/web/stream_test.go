package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// soon is how fast news has to arrive. The promise is a second; the rest is for
// machines that are busy with other tests.
const soon = 5 * time.Second

// sse is one server-sent event.
type sse struct {
	id, name string
	data     []byte
}

// stream is an open event stream whose events the document agrees with.
type stream struct {
	h      *house
	at     string // of the events in the document
	events chan sse
	retry  chan string // when to come back, as the stream says at its end
	cancel context.CancelFunc
}

func (h *house) stream(path string, changes ...change) *stream {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range changes {
		c(r)
	}
	answer, err := h.client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	openAPI().verify(h.t, exchange{method: "GET", url: r.URL, status: answer.StatusCode, header: answer.Header, isStream: true})
	o, _ := openAPI().find("GET", r.URL.Path)
	s := &stream{h, pointer(o.at, "responses", "200", "content", "text/event-stream", "x-events"), make(chan sse, 1000), make(chan string, 1), cancel}
	if answer.StatusCode != 200 || answer.Header.Get("X-Accel-Buffering") != "no" {
		h.t.Fatalf("%s: %d %v", path, answer.StatusCode, answer.Header)
	}
	h.t.Cleanup(cancel)
	go s.read(answer)
	return s
}

// read takes the stream apart until it ends.
func (s *stream) read(answer *http.Response) {
	defer close(s.events)
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	var e sse
	for first := true; lines.Scan(); first = false {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case first && lines.Text() != "retry: 2000":
			s.h.t.Errorf("the stream begins with %q", lines.Text())
		case name == "retry" && !first:
			s.retry <- value
		case name == "id":
			e.id = value
		case name == "event":
			e.name = value
		case name == "data":
			e.data = []byte(value)
		case name == "" && e.name != "":
			s.events <- e
			e = sse{}
		}
	}
}

// next waits for an event of this name and reads its data.
func next[T any](s *stream, name string) (data T, id string) {
	s.h.t.Helper()
	select {
	case e, ok := <-s.events:
		if !ok {
			s.h.t.Fatalf("the stream ended; want %s", name)
		}
		if e.name != name {
			s.h.t.Fatalf("event %s %s, want %s", e.name, e.data, name)
		}
		if err := openAPI().checkJSON(pointer(s.at, name), e.data); err != nil {
			s.h.t.Errorf("event %s: %v: %s", name, err, e.data)
		}
		if err := json.Unmarshal(e.data, &data); err != nil {
			s.h.t.Fatal(err)
		}
		return data, e.id
	case <-time.After(soon):
		s.h.t.Fatalf("waited in vain for %s", name)
	}
	return data, ""
}

// ends waits for the end of the stream, without any event before it.
func (s *stream) ends() {
	s.h.t.Helper()
	select {
	case e, ok := <-s.events:
		if ok {
			s.h.t.Errorf("event %s %s, want the end", e.name, e.data)
		}
	case <-time.After(soon):
		s.h.t.Error("the stream goes on")
	}
}

type pageNews struct {
	Type, ID        string
	ParentID        *string `json:"parent_id"`
	Revision, Count int
	Visible, Open   bool
}

var pageStream = daily + "/stream?page=" + url.QueryEscape(article)

func TestStream(t *testing.T) {
	t.Parallel()
	h := open(t, running)
	mod := h.staff("grace", comment.Moderator, "daily")
	s := h.stream(pageStream, from(origin)) // of a page that nobody has commented on
	if hello, _ := next[pageNews](s, "ready"); hello.Count != 0 {
		t.Errorf("%+v", hello)
	}
	h.comment("Never public.")
	h.public(mod, "Elsewhere.", on(origin+"/b"))
	root := h.public(mod, "Root.")
	got, firstID := next[pageNews](s, "comment")
	if got.Type != "comment.approved" || got.ID != root.Comment.ID || !got.Visible || got.Count != 1 || got.ParentID != nil || firstID == "" {
		t.Errorf("%+v %s", got, firstID)
	}
	reply := h.public(mod, "Reply.", answering(root.Comment.ID))
	if got, _ := next[pageNews](s, "comment"); got.ID != reply.Comment.ID || got.ParentID == nil || *got.ParentID != root.Comment.ID || got.Count != 2 {
		t.Errorf("%+v", got)
	}
	h.patch(comments+"/"+reply.Comment.ID, `{"text":"Better."}`, as(reply.EditToken)).want(200) // pending: not told
	h.decide(mod, "reject", root.Comment)
	if got, _ := next[pageNews](s, "comment"); got.Type != "comment.rejected" || got.Visible || got.Count != 1 {
		t.Errorf("%+v", got)
	}
	h.patch(daily+"/pages?page="+article, `{"open":false}`, as(mod)).want(200)
	if got, _ := next[pageNews](s, "page"); got.Open {
		t.Errorf("%+v", got)
	}

	// Who comes back hears what was missed, and nothing twice.
	again := h.stream(pageStream, header("Last-Event-ID", firstID))
	if hello, _ := next[pageNews](again, "ready"); hello.Count != 1 {
		t.Errorf("%+v", hello)
	}
	for _, want := range []string{reply.Comment.ID, root.Comment.ID} {
		if got, id := next[pageNews](again, "comment"); got.ID != want || id <= firstID && len(id) <= len(firstID) {
			t.Errorf("%+v %s, want %s", got, id, want)
		}
	}
	next[pageNews](again, "page")
	h.patch(daily+"/pages?page="+article, `{"open":true}`, as(mod)).want(200)
	for _, s := range []*stream{s, again} {
		if got, _ := next[pageNews](s, "page"); !got.Open {
			t.Errorf("%+v", got)
		}
	}
}

// TestStreamTooFarBehind: who was away for too long starts again.
func TestStreamTooFarBehind(t *testing.T) {
	t.Parallel()
	h := open(t, running)
	mod := h.staff("grace", comment.Moderator, "daily")
	h.public(mod, "One.")
	for i := range 502 {
		if _, err := h.app.Comments.OpenPage(t.Context(), comment.Opening{Site: "daily", Page: article, Open: i%2 == 1}); err != nil {
			t.Fatal(err)
		}
	}
	s := h.stream(pageStream, header("Last-Event-ID", "1"))
	next[pageNews](s, "ready")
	_, id := next[struct{}](s, "reset")
	h.public(mod, "Two.")
	if got, _ := next[pageNews](s, "comment"); got.Count != 2 {
		t.Errorf("%+v", got)
	}
	h.stream(pageStream, header("Last-Event-ID", id))
}

func TestNoStream(t *testing.T) {
	t.Parallel()
	h := open(t, running, with("live", "off"))
	h.get(pageStream, from(origin)).want(204)
	h.get(daily+"/stream").refused(400, "invalid_parameter")
	h.get("/api/v1/sites/weekly/stream?page=x").refused(404, "not_found")
}

// TestStreamsEnd: with the server, and with the client; nothing is left behind.
func TestStreamsEnd(t *testing.T) {
	t.Parallel()
	h := open(t, running)
	mod := h.staff("grace", comment.Moderator, "daily")
	a, b, c := h.stream(pageStream), h.stream(pageStream), h.stream("/api/v1/moderation/stream", as(mod))
	next[pageNews](a, "ready")
	next[pageNews](b, "ready")
	next[queueNews](c, "ready")
	if n := h.app.Hub.Streams(); n != 3 {
		t.Errorf("%d streams", n)
	}
	b.cancel()
	h.eventually("the server notices", func() bool {
		h.public(mod, "News that cannot be delivered.")
		return h.app.Hub.Streams() == 2
	})
	if r := h.send("HEAD", pageStream, nil); r.status != 200 {
		t.Errorf("HEAD: %d", r.status)
	}
	h.eventually("HEAD leaves no stream", func() bool { return h.app.Hub.Streams() == 2 })
	h.app.Stop()
	h.eventually("no stream is left", func() bool { return h.app.Hub.Streams() == 0 })
	for range a.events { // the news before the end
	}
	if ms, err := strconv.Atoi(<-a.retry); err != nil || ms < 1000 || ms > 11000 {
		t.Errorf("clients are told to come back after %d ms, %v", ms, err)
	}
}

// TestStreamsOfOneNetwork: one network has so many at a time, where the site has
// its limits on; one more is refused, and the others go on.
func TestStreamsOfOneNetwork(t *testing.T) {
	t.Parallel()
	h := open(t, running, limited, behind("127.0.0.1"))
	h.site("weekly", map[string]string{"rate_limits": "off"})
	office := header("X-Forwarded-For", "2001:db8::1")
	var streams []*stream
	for range 20 {
		streams = append(streams, h.stream(pageStream, office))
		next[pageNews](streams[len(streams)-1], "ready")
	}
	refused := h.get(pageStream, from(origin), header("X-Forwarded-For", "2001:db8::2")).refused(429, "rate_limited")
	if refused.header.Get("Retry-After") != "15" || refused.header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("%v", refused.header)
	}
	next[pageNews](h.stream(pageStream, header("X-Forwarded-For", "2001:db8:0:1::1")), "ready")
	next[pageNews](h.stream("/api/v1/sites/weekly/stream?page=x", office), "ready")
	mod := h.staff("grace", comment.Moderator, "daily")
	h.public(mod, "News.")
	for _, s := range streams {
		next[pageNews](s, "comment")
	}
	streams[0].cancel()
	open := true
	h.eventually("the server notices", func() bool {
		open = !open
		h.patch(daily+"/pages?page="+article, map[string]bool{"open": open}, as(mod)).want(200)
		return h.app.Hub.Streams() == 21
	})
	next[pageNews](h.stream(pageStream, office), "ready")
}

func TestStreamsOfOneAccount(t *testing.T) {
	t.Parallel()
	h := open(t, running)
	mod, other := h.staff("grace", comment.Moderator, "daily"), h.staff("alan", comment.Moderator, "daily")
	for range 20 {
		next[queueNews](h.stream("/api/v1/moderation/stream", as(mod)), "ready")
	}
	h.get("/api/v1/moderation/stream", as(mod)).refused(429, "rate_limited")
	next[queueNews](h.stream("/api/v1/moderation/stream", as(other)), "ready")
}

// TestAStreamHasItsTime: no stream lasts for ever, and a moderator's not longer
// than the token that opened it.
func TestAStreamHasItsTime(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, running, clock.build)
	h.staff("grace", comment.Moderator, "daily")
	token, expires, err := h.app.Auth.ScriptToken(t.Context(), "grace@staff.example", time.Minute, operator)
	if err != nil {
		t.Fatal(err)
	}
	clock.advance(expires.Sub(h.app.Auth.Now()) - 200*time.Millisecond)
	queue := h.stream("/api/v1/moderation/stream", as(token))
	next[queueNews](queue, "ready")
	queue.ends()

	h.app.Web.StreamLife = 200 * time.Millisecond
	page := h.stream(pageStream)
	next[pageNews](page, "ready")
	page.ends()
	h.eventually("no stream is left", func() bool { return h.app.Hub.Streams() == 0 })
}

// asked counts how often a store is read.
type asked struct {
	comment.Store
	views atomic.Int64
}

func (a *asked) View(ctx context.Context, fn func(comment.Reader) error) error {
	a.views.Add(1)
	return a.Store.View(ctx, fn)
}

// TestStreamsShareTheirWork: an event is looked up once for all who watch its
// page, and not at all for who watches another; the first comment of a page,
// too.
func TestStreamsShareTheirWork(t *testing.T) {
	t.Parallel()
	h := open(t)
	store := &asked{Store: h.app.Comments.Store}
	h.app.Comments.Store = store
	mod := h.staff("grace", comment.Moderator, "daily")
	h.public(mod, "Root.", on(origin+"/b"))
	ctx, stop := context.WithCancel(t.Context())
	var hub sync.WaitGroup
	hub.Go(func() { _ = h.app.Hub.Run(ctx) })
	defer hub.Wait()
	defer stop()
	first := h.stream(pageStream)
	next[pageNews](first, "ready")
	for range 30 {
		next[pageNews](h.stream(daily+"/stream?page="+origin+"/b"), "ready")
	}
	told := func(text string, streams ...*stream) int64 {
		p := h.comment(text)
		before := store.views.Load()
		h.decide(mod, "approve", p.Comment)
		for _, s := range streams {
			if got, _ := next[pageNews](s, "comment"); got.ID != p.Comment.ID || !got.Visible {
				t.Errorf("%+v", got)
			}
		}
		return store.views.Load() - before
	}
	told("The first.", first)
	one := told("The second.", first)
	streams := []*stream{first}
	for range 30 {
		streams = append(streams, h.stream(pageStream))
		next[pageNews](streams[len(streams)-1], "ready")
	}
	if many := told("The third.", streams...); many > one+5 { // a slow machine looks again each second
		t.Errorf("the store was asked %d times for %d streams, %d times for one", many, len(streams), one)
	}
	for i := range streams {
		streams[i] = h.stream(daily + "/stream?page=" + origin + "/fresh")
		next[pageNews](streams[i], "ready")
	}
	p := h.comment("Of a fresh page.", on(origin+"/fresh"))
	before := store.views.Load()
	h.decide(mod, "approve", p.Comment)
	for _, s := range streams {
		next[pageNews](s, "comment")
	}
	if many := store.views.Load() - before; many > one+6 {
		t.Errorf("the store was asked %d times about a fresh page, %d times for one stream", many, one)
	}
}

type queueNews struct {
	Type, Site, ID, Status, By, Action string
	Revision                           int
	Counts                             map[string]int
}

func TestQueueStream(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, running, clock.build, with("undo_window", "5s"))
	h.site("weekly", map[string]string{"rate_limits": "off"})
	mod, owner := h.staff("grace", comment.Moderator, "daily"), h.staff("alan", comment.Owner, "")
	h.get("/api/v1/moderation/stream").refused(401, "unauthorized")
	h.get("/api/v1/moderation/stream?site=weekly", as(mod)).refused(404, "not_found")
	s := h.stream("/api/v1/moderation/stream", as(mod), from(origin))
	if hello, _ := next[queueNews](s, "ready"); hello.Counts["pending"] != 0 {
		t.Errorf("%+v", hello)
	}
	all := h.stream("/api/v1/moderation/stream?site=weekly", as(owner))
	next[queueNews](all, "ready")

	h.post("/api/v1/sites/weekly/comments", write("Foreign.", on("https://weekly.example/a"))).want(201)
	if got, _ := next[queueNews](all, "comment"); got.Site != "weekly" || got.Type != "comment.created" {
		t.Errorf("%+v", got)
	}
	p := h.comment("One.")
	want := func(typ, status, by, action string) {
		t.Helper()
		got, id := next[queueNews](s, "comment")
		if got.Type != typ || got.ID != p.Comment.ID || got.Status != status || got.By != by || got.Action != action || got.Counts[status] != 1 || id != "" {
			t.Errorf("%+v, want %s", got, typ)
		}
	}
	want("comment.created", "pending", "", "")
	first := h.decide(mod, "approve", p.Comment)
	want("decision.made", "approved", "grace", "approve")
	h.post(ruling+"/"+first.DecisionID+"/undo", nil, as(mod)).want(200)
	want("decision.undone", "pending", "grace", "approve")
	h.decide(mod, "reject", p.Comment)
	want("decision.made", "rejected", "grace", "reject")
	clock.advance(5 * time.Second)
	want("comment.rejected", "rejected", "grace", "reject")

	// Who loses the account hears no more.
	id := into[struct{ User struct{ ID string } }](h.get("/api/v1/auth/me", as(mod)).want(200)).User.ID
	h.patch("/api/v1/users/"+id, `{"disabled":true}`, as(owner)).want(200)
	h.comment("Two.")
	s.ends()
}
