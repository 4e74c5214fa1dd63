package web_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

func limited(p *plan) { p.options["rate_limits"] = "on" }

func behind(proxies string) func(*plan) { return func(p *plan) { p.TrustedProxies = proxies } }

// wait is the Retry-After of a refusal.
func (r reply) wait() time.Duration {
	r.t.Helper()
	n, err := strconv.Atoi(r.refused(429, "rate_limited").header.Get("Retry-After"))
	if err != nil {
		r.t.Fatal(err)
	}
	return time.Duration(n) * time.Second
}

func TestPostingIsLimited(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, limited, clock.build)
	for i := range 5 {
		h.comment(fmt.Sprintf("comment %d", i), by(fmt.Sprintf("Reader %d", i)))
	}
	var wait time.Duration
	h.unchanged(func() { wait = h.post(comments, write("One too many.")).wait() })
	if wait <= 0 || wait > 10*time.Second {
		t.Errorf("Retry-After %s", wait)
	}
	clock.advance(wait - time.Second)
	h.post(comments, write("Too early.")).refused(429, "rate_limited")
	clock.advance(time.Second)
	h.comment("In time.")
	h.post(comments, write("Too fast again.")).refused(429, "rate_limited")
	if got := h.get(comments + "?page=x").want(200); got.header.Get("Retry-After") != "" {
		t.Error("reading is limited by posting")
	}
}

func TestGesturesAreLimited(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, limited, clock.build)
	mod := h.staff("grace", comment.Moderator, "daily")
	id := h.public(mod, "One.").Comment.ID
	for i := range 30 {
		h.put(comments+"/"+id+"/vote", map[string]int{"value": i % 2}).want(200)
	}
	wait := h.put(comments+"/"+id+"/vote", map[string]int{"value": 1}).wait()
	h.post(comments+"/"+id+"/reports", map[string]string{"reason": "spam"}).refused(429, "rate_limited")
	clock.advance(wait)
	h.post(comments+"/"+id+"/reports", map[string]string{"reason": "spam"}).want(201)
}

func TestReadingIsLimited(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, limited, clock.build)
	path := daily + "/counts?page=x"
	for range 200 {
		h.get(path).want(200)
	}
	for _, p := range []string{path, comments + "?page=x", comments + "/" + comment.NewID(), daily + "/stream?page=x"} {
		if wait := h.get(p).wait(); wait != time.Second {
			t.Errorf("%s: Retry-After %s", p, wait)
		}
	}
	if r := h.send("HEAD", path, nil); r.status != 429 {
		t.Errorf("HEAD goes past the limit: %d", r.status)
	}
	h.get("/healthz").want(200)
	clock.advance(time.Second)
	h.get(path).want(200)
}

// TestSearchesAreLimited: each is a look through much of the queue.
func TestSearchesAreLimited(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build)
	grace, alan := h.staff("grace", comment.Moderator, "daily"), h.staff("alan", comment.Moderator, "daily")
	search := "/api/v1/moderation/comments?q=word"
	for range 20 {
		h.get(search, as(grace)).want(200)
	}
	wait := h.get(search, as(grace)).wait()
	h.get("/api/v1/moderation/comments", as(grace)).want(200)
	h.get(search, as(alan)).want(200)
	clock.advance(wait)
	h.get(search, as(grace)).want(200)
}

func TestLimitsCanBeOff(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build)
	for range 220 {
		h.get(daily + "/counts?page=x").want(200)
	}
	for i := range 8 {
		h.comment(fmt.Sprintf("comment %d", i))
	}
}

// TestForwardedForIsNotBelieved: without trusted proxies everybody behind one
// connection is one, whatever the header says.
func TestForwardedForIsNotBelieved(t *testing.T) {
	t.Parallel()
	h := open(t, limited, newClock().build)
	for i := range 5 {
		h.post(comments, write("x"+fmt.Sprint(i), by(fmt.Sprintf("Reader %d", i))), header("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))).want(201)
	}
	h.post(comments, write("x"), header("X-Forwarded-For", "203.0.113.77")).refused(429, "rate_limited")
}

// TestForwardedForFromTheRight: with trusted proxies the client is the first
// stranger from the right; whatever stands left of it is the stranger's own.
func TestForwardedForFromTheRight(t *testing.T) {
	t.Parallel()
	spend := func(h *house, forwarded func(i int) []string) {
		h.t.Helper()
		for i := range 6 {
			var changes []change
			for _, line := range forwarded(i) {
				changes = append(changes, header("X-Forwarded-For", line))
			}
			r := h.post(comments, write(fmt.Sprintf("x%d", i), by(fmt.Sprintf("Reader %d", i))), changes...)
			if want := map[bool]int{true: 201, false: 429}[i < 5]; r.status != want {
				h.t.Errorf("%v: %d, want %d", forwarded(i), r.status, want)
			}
		}
	}
	for name, forwarded := range map[string]func(i int) []string{
		"as the proxy wrote it":          func(int) []string { return []string{"203.0.113.7"} },
		"a spoofed address before it":    func(i int) []string { return []string{fmt.Sprintf("198.51.100.%d, 203.0.113.7", i)} },
		"through two proxies":            func(i int) []string { return []string{fmt.Sprintf("198.51.100.%d, 203.0.113.7, 10.1.2.3", i)} },
		"a spoofed proxy":                func(i int) []string { return []string{fmt.Sprintf("10.0.0.%d, 203.0.113.7, 10.1.2.3", i)} },
		"on a line of its own":           func(i int) []string { return []string{fmt.Sprintf("198.51.100.%d", i), "203.0.113.7"} },
		"IPv4 in IPv6":                   func(int) []string { return []string{"::ffff:203.0.113.7"} },
		"anywhere in one IPv6 network":   func(i int) []string { return []string{fmt.Sprintf("2001:db8::%d", i+1)} },
		"what is no address stops it":    func(i int) []string { return []string{fmt.Sprintf("198.51.100.%d, unknown, 10.1.2.3", i)} },
		"nothing: the proxy is a client": func(int) []string { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, limited, newClock().build, behind("127.0.0.0/8, 10.0.0.0/8"))
			spend(h, forwarded)
			h.post(comments, write("From elsewhere."), header("X-Forwarded-For", "192.0.2.1")).want(201)
		})
	}
}

// TestVotersAreTheirAddresses: a vote belongs to an address, so who stands behind a trusted proxy is not taken for the proxy.
func TestVotersAreTheirAddresses(t *testing.T) {
	t.Parallel()
	h := open(t, behind("127.0.0.1"))
	mod := h.staff("grace", comment.Moderator, "daily")
	id := h.public(mod, "One.").Comment.ID
	for i := range 3 {
		h.put(comments+"/"+id+"/vote", `{"value":1}`, header("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))).want(200)
	}
	h.put(comments+"/"+id+"/vote", `{"value":1}`, header("X-Forwarded-For", "1.2.3.4, 203.0.113.1")).want(200)
	if got := h.thread("").Comments[0].Votes.Up; got != 3 {
		t.Errorf("%d votes, want 3", got)
	}
	for _, table := range []string{"votes", "buckets", "comments", "authors", "events", "reports"} {
		for _, row := range column(t, h.db, "select count(*) from "+table+" where "+anyColumn(t, h, table)+" like '%203.0.113%'") {
			if row != "0" {
				t.Errorf("an address is stored in %s", table)
			}
		}
	}
}

func anyColumn(t *testing.T, h *house, table string) string {
	t.Helper()
	names := column(t, h.db, "select name from pragma_table_info('"+table+"')")
	return `cast("` + strings.Join(names, `" as text) || cast("`) + `" as text)`
}

func TestSpamThroughManyNames(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, limited, clock.build, behind("127.0.0.1"))
	// One author, however many addresses: the same name and e-mail address.
	mine := func(d *draft) { d.Author.Email = "ada@reader.example" }
	for i := range 10 {
		h.post(comments, write(fmt.Sprintf("x%d", i), mine), header("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))).want(201)
	}
	h.post(comments, write("x", mine), header("X-Forwarded-For", "203.0.113.99")).refused(429, "rate_limited")
	if got := into[threadPage](h.get(comments + "?page=" + url.QueryEscape(article)).want(200)); got.Count != 0 {
		t.Errorf("%+v", got)
	}
}
