package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
)

// play does random things to a site, as readers, authors, moderators and the
// operator do them.
type play struct {
	*house
	rand  *rand.Rand
	by    comment.Account
	clock *atomic.Int64 // nanoseconds that the service's clock is ahead
	own   []comment.Submitted
	ruled []string // decisions
	done  map[string]int
}

// playPages are the pages of a play: one by its address, one by a key of the
// publisher's, and two with one address.
var playPages = []comment.PageRef{
	{URL: "https://daily.example/a"}, {Key: "b", URL: "https://daily.example/b"}, {Key: "c1", URL: "https://daily.example/c"}, {Key: "c2", URL: "https://daily.example/c"},
}

// playAddresses are the answers that are compared.
var playAddresses = []string{
	comments + "?page=https%3A%2F%2Fdaily.example%2Fa", comments + "?page=https://daily.example/a%3Futm_source=x&sort=newest&body=tree",
	comments + "?page=b&sort=top", comments + "?page=https://daily.example/b", comments + "?page=https://daily.example/c&limit=2", comments + "?page=c1",
	comments + "?page=nobody", daily + "/counts?page=b&page=https://daily.example/a&page=https://daily.example/c&page=nobody",
}

func newPlay(t *testing.T, seed uint64) *play {
	var clock atomic.Int64
	h := open(t, func(p *plan) {
		p.options["moderation"], p.options["undo_window"] = "new", "5s"
		p.now = func() time.Time {
			return time.Now().UTC().Add(time.Duration(clock.Load())).Truncate(time.Microsecond)
		}
	})
	return &play{
		house: h, rand: rand.New(rand.NewPCG(seed, 0)), clock: &clock, done: map[string]int{},
		by: comment.Account{ID: comment.NewID(), Name: "Grace", Grants: []comment.Grant{{Site: comment.AllSites, Role: comment.Owner}}},
	}
}

func pick[T any](p *play, from []T) (one T) {
	if len(from) > 0 {
		one = from[p.rand.IntN(len(from))]
	}
	return one
}

func (p *play) client() comment.Client {
	return comment.Client{IP: fmt.Sprintf("198.51.100.%d", p.rand.IntN(6)), Agent: "a browser"}
}

// verbs are what can happen.
var verbs = map[string]func(p *play) error{
	"submit": func(p *play) error {
		sub := comment.Submission{
			Site: "daily", Page: pick(p, playPages), Name: pick(p, []string{"Ada", "Bob", "Cy"}), Email: "reader@example.org",
			Text: pick(p, []string{"Hello.", "Buy *now*: https://shop.example", "Well said."}) + fmt.Sprint(p.rand.IntN(1000)), Client: p.client(),
		}
		if parent := pick(p, p.own); p.rand.IntN(2) == 0 && parent.Comment.ID != "" {
			sub.ParentID = parent.Comment.ID
			for _, ref := range playPages {
				if page, err := p.page(parent.Comment.PageID); err == nil && (ref.Key == page.Key || ref.Key == "" && ref.URL == page.Key) {
					sub.Page = ref
				}
			}
		}
		out, err := p.app.Comments.Submit(p.t.Context(), sub)
		if err == nil {
			p.own = append(p.own, out)
		}
		return err
	},
	"edit": func(p *play) error {
		o := pick(p, p.own)
		_, err := p.app.Comments.Edit(p.t.Context(), comment.Revising{Site: "daily", ID: o.Comment.ID, Token: o.EditToken, Text: fmt.Sprintf("Edited %d.", p.rand.IntN(1000)), Client: p.client()})
		return err
	},
	"retract": func(p *play) error {
		o := pick(p, p.own)
		return p.app.Comments.Retract(p.t.Context(), comment.Revising{Site: "daily", ID: o.Comment.ID, Token: o.EditToken, Client: p.client()})
	},
	"vote": func(p *play) error {
		_, err := p.app.Comments.Vote(p.t.Context(), comment.Ballot{Site: "daily", ID: pick(p, p.own).Comment.ID, Value: p.rand.IntN(3) - 1, Client: p.client()})
		return err
	},
	"report": func(p *play) error {
		_, err := p.app.Comments.Report(p.t.Context(), comment.Complaint{Site: "daily", ID: pick(p, p.own).Comment.ID, Reason: "spam", Client: p.client()})
		return err
	},
	"decide": func(p *play) error {
		r := comment.Ruling{By: p.by, Action: pick(p, []comment.Action{comment.Approve, comment.Approve, comment.Approve, comment.Reject, comment.MarkSpam, comment.Delete, comment.Restore}), Received: p.app.Comments.Now()}
		for range 1 + p.rand.IntN(3) {
			c, err := p.comment(pick(p, p.own).Comment.ID)
			if err != nil {
				return err
			}
			r.Items = append(r.Items, comment.Item{ID: c.ID, Revision: c.Revision, Status: c.Status})
		}
		out, err := p.app.Comments.Decide(p.t.Context(), r)
		if err == nil {
			p.ruled = append(p.ruled, out.DecisionID)
		}
		return err
	},
	"undo": func(p *play) error {
		if len(p.ruled) == 0 {
			return errors.New("nothing was decided yet")
		}
		_, err := p.app.Comments.Undo(p.t.Context(), p.by, p.ruled[len(p.ruled)-1])
		return err
	},
	"settle": func(p *play) error {
		_, err := p.app.Comments.Settle(p.t.Context(), 100)
		return err
	},
	"wait": func(p *play) error {
		p.clock.Add(int64(pick(p, []time.Duration{time.Second, 4 * time.Second, 4 * time.Second, time.Minute, time.Minute, time.Hour})))
		return nil
	},
	"open or close": func(p *play) error {
		ref := pick(p, playPages)
		_, err := p.app.Comments.OpenPage(p.t.Context(), comment.Opening{Site: "daily", Page: ref.URL, Open: p.rand.IntN(3) > 0, By: operator})
		return err
	},
	"set": func(p *play) error {
		change := pick(p, []map[string]string{
			{"votes": "off"}, {"votes": "on"}, {"language": "de"}, {"moderation": "all"}, {"moderation": "off"}, {"undo_window": "0s"}, {"undo_window": "5s"},
			{"close_after": "1h"}, {"close_after": "never"}, {"max_depth": "2"}, {"max_length": "100"}, {"edit_window": "24h"},
		})
		_, err := p.app.Comments.ChangeSite(p.t.Context(), "daily", comment.SiteChange{Options: change}, operator)
		return err
	},
	"word": func(p *play) error {
		_, err := p.app.Comments.AddWord(p.t.Context(), comment.Word{Site: "daily", List: "banned", Text: fmt.Sprint("buy", p.rand.IntN(100))}, operator)
		return err
	},
}

func (p *play) comment(id string) (c comment.Comment, err error) {
	err = p.app.Store.View(p.t.Context(), func(r comment.Reader) error {
		c, err = r.Comment("daily", id)
		return err
	})
	return c, err
}

func (p *play) page(id string) (page comment.Page, err error) {
	err = p.app.Store.View(p.t.Context(), func(r comment.Reader) error {
		page, err = r.Page("daily", id)
		return err
	})
	return page, err
}

// uncached makes the answer to an address past the cache.
func (h *house) uncached(address string) []byte {
	h.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		h.t.Fatal(err)
	}
	v := u.Query()
	var out any
	if strings.HasSuffix(u.Path, "/counts") {
		out, err = h.app.Comments.Counts(h.t.Context(), "daily", v["page"])
	} else {
		ask := comment.Ask{Site: "daily", Page: v.Get("page"), Sort: comment.Sort(v.Get("sort")), Body: comment.Body(v.Get("body"))}
		if v.Has("limit") {
			fmt.Sscan(v.Get("limit"), &ask.Limit)
		}
		out, err = h.app.Comments.Thread(h.t.Context(), ask)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	body, err := comment.JSON(out)
	if err != nil {
		h.t.Fatal(err)
	}
	return body
}

// TestKeptAnswersAreTrue does hundreds of random things, and after each wants
// every answer that is kept to be, byte for byte, the one that is not.
func TestKeptAnswersAreTrue(t *testing.T) {
	t.Parallel()
	const rounds = 400
	p := newPlay(t, 20261123)
	names := []string{"submit", "submit", "submit", "edit", "retract", "vote", "vote", "report", "report", "decide", "decide", "decide", "undo", "undo", "settle", "settle", "wait", "open or close", "set", "word"}
	survived := 0
	for round := range rounds {
		verb := pick(p, names)
		before := p.app.Cache.Stats().Misses
		if err := verbs[verb](p); err == nil {
			p.done[verb]++
		}
		for _, address := range playAddresses {
			want := p.uncached(address)
			if got := p.get(address).want(200); !bytes.Equal(got.body, want) {
				t.Fatalf("round %d, after %s: %s\nkept:     %s\nuncached: %s", round, verb, address, got.body, want)
			}
		}
		survived += len(playAddresses) - int(p.app.Cache.Stats().Misses-before)
	}
	for verb := range verbs {
		if p.done[verb] < 3 {
			t.Errorf("%s has happened %d times only", verb, p.done[verb])
		}
	}
	if part := float64(survived) / (rounds * float64(len(playAddresses))); part < 0.4 {
		t.Errorf("%.2f of the answers survived what happened; too much is forgotten", part)
	}
}

// TestNoRemovedCommentIsSeenAgain: readers read all the time, in every form;
// whoever asks after a comment's removal was acknowledged does not get it.
func TestNoRemovedCommentIsSeenAgain(t *testing.T) {
	t.Parallel()
	h := open(t, running)
	mod := h.staff("grace", comment.Moderator, "daily")
	h.public(mod, "The first one stays.")
	path := comments + "?page=" + url.QueryEscape(article)
	var mu sync.Mutex
	removed := map[string]bool{}
	gone := func() (ids []string) {
		mu.Lock()
		defer mu.Unlock()
		for id := range removed {
			ids = append(ids, id)
		}
		return ids
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				before := gone()
				got := h.get(fmt.Sprintf("%s&limit=%d", path, 10+i%2)).want(200).body
				for _, id := range before {
					if bytes.Contains(got, []byte(id)) {
						t.Errorf("the removed comment %s is seen again", id)
						return
					}
				}
			}
		})
	}
	for range 40 {
		p := h.public(mod, "This one goes.")
		h.delete(comments+"/"+p.Comment.ID, as(p.EditToken)).want(204)
		mu.Lock()
		removed[p.Comment.ID] = true
		mu.Unlock()
	}
	close(stop)
	readers.Wait()
}

// TestKeptAnswersInEveryEncoding: what is sent compressed is the same answer
// under a tag of its own, and each tag is good for 304 in its own encoding only.
func TestKeptAnswersInEveryEncoding(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	for i := range 4 {
		h.public(mod, fmt.Sprintf("Number %d of some comments that make the answer long enough.", i))
	}
	path := comments + "?page=" + url.QueryEscape(article)
	plain := h.get(path).want(200)
	read := map[string]func([]byte) ([]byte, error){
		"gzip": func(b []byte) ([]byte, error) {
			r, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		},
		"br": func(b []byte) ([]byte, error) { return io.ReadAll(brotli.NewReader(bytes.NewReader(b))) },
		"zstd": func(b []byte) ([]byte, error) {
			r, err := zstd.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		},
	}
	for accept, want := range map[string]string{
		"": "", "identity": "", "*": "", "gzip": "gzip", "GZIP": "gzip", "br": "br", "zstd": "zstd", "gzip, deflate, br, zstd": "zstd", "gzip, deflate, br": "br",
		"gzip;q=1.0, br;q=0.5": "gzip", "br;q=0, gzip;q=0.001": "gzip", "gzip;q=0": "", "gzip; q=0.2 , zstd;q=0.3,br ; q=0.25": "zstd", "deflate, compress": "",
		"gzip;q=nonsense": "", "gzipped, x-br": "", ",,;;,": "", "br;q=0.5, gzip;q=0.55": "gzip",
	} {
		got := h.rawGet(path, header("Accept-Encoding", accept)).want(200)
		if enc := got.header.Get("Content-Encoding"); enc != want {
			t.Errorf("%q: encoding %q, want %q", accept, enc, want)
			continue
		}
		body := got.body
		if want != "" {
			var err error
			if body, err = read[want](got.body); err != nil {
				t.Errorf("%q: %v", accept, err)
			}
			if len(got.body) >= len(plain.body) || got.header.Get("ETag") == plain.header.Get("ETag") {
				t.Errorf("%q: %d of %d bytes, tagged %s", accept, len(got.body), len(plain.body), got.header.Get("ETag"))
			}
		}
		if !bytes.Equal(body, plain.body) || got.header.Get("Vary") != "Accept-Encoding, Origin" {
			t.Errorf("%q: another answer, or varies by %q", accept, got.header.Get("Vary"))
		}
		again := h.rawGet(path, header("Accept-Encoding", accept), header("If-None-Match", got.header.Get("ETag"))).want(304)
		if len(again.body) > 0 || again.header.Get("ETag") != got.header.Get("ETag") || again.header.Get("Vary") == "" || again.header.Get("Content-Encoding") != "" {
			t.Errorf("%q: 304 with %v", accept, again.header)
		}
		if want != "" {
			h.rawGet(path, header("Accept-Encoding", accept), header("If-None-Match", plain.header.Get("ETag"))).want(200)
		}
	}
}

// rawGet is get for answers that are compressed, which the document cannot read.
func (h *house) rawGet(path string, changes ...change) reply {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+path, nil)
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
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{h.t, "GET " + path, answer.StatusCode, answer.Header, body}
}

// TestKeptAnswersCanBePurged: the tags of an answer are those that docs/cdn.md
// tells integrators to make of a webhook.
func TestKeptAnswersCanBePurged(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	tag := func(key string) string {
		sum := sha256.Sum256([]byte("daily\n" + key))
		return "page-" + hex.EncodeToString(sum[:])[:16]
	}
	want := func(path, keys, tags string) {
		t.Helper()
		r := h.get(path).want(200)
		if r.header.Get("Surrogate-Key") != keys || r.header.Get("Cache-Tag") != tags || !strings.Contains(r.header.Get("CDN-Cache-Control"), "stale-while-revalidate") {
			t.Errorf("%s: %v", path, r.header)
		}
		if browsers := r.header.Get("Cache-Control"); !strings.Contains(browsers, "max-age=0") || !strings.Contains(browsers, "s-maxage=1") || strings.Contains(browsers, "stale") {
			t.Errorf("%s: browsers are told %s", path, browsers)
		}
	}
	empty := tag("https://daily.example/b")
	want(comments+"?page=https://daily.example/b?utm_source=x", "site-daily "+empty, "site-daily,"+empty)
	h.public(mod, "One.", func(d *draft) { d.Page.Key, d.Page.URL = "b", "https://daily.example/b" })
	want(comments+"?page=https://daily.example/b", "site-daily "+tag("b"), "site-daily,"+tag("b"))
	want(comments+"?page=b", "site-daily "+tag("b"), "site-daily,"+tag("b"))
	want(daily+"/counts?page=b&page=c", "site-daily counts-daily", "site-daily,counts-daily")
}

// TestKeptAnswersNeedNoDatabase: what is kept is served while the database is
// away, to the site's pages too; what is not kept is 503.
func TestKeptAnswersNeedNoDatabase(t *testing.T) {
	t.Parallel()
	for _, limits := range []string{"on", "off"} {
		h := open(t, with("rate_limits", limits))
		mod := h.staff("grace", comment.Moderator, "daily")
		h.public(mod, "One.")
		thread, counts := comments+"?page="+url.QueryEscape(article), daily+"/counts?page="+url.QueryEscape(article)
		before := h.get(thread, from(origin)).want(200)
		h.get(counts, from(origin)).want(200)
		if err := h.app.Store.Close(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if after := h.get(thread, from(origin)).want(200); !bytes.Equal(after.body, before.body) || after.header.Get(allowOrigin) != origin {
				t.Errorf("%s %v", after.body, after.header)
			}
			h.get(counts, from(origin)).want(200)
			h.get(thread, from(evil)).want(200)
		}
		if r := h.get(thread+"&sort=newest").refused(503, "unavailable"); r.header.Get("Retry-After") == "" {
			t.Error("without Retry-After")
		}
	}
}

// TestMadeUpAddressesCostNothing: who asks for thousands of pages that do not
// exist makes no rows, and fills no more memory than is set aside for that.
func TestMadeUpAddressesCostNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	h.public(mod, "One.")
	hot := comments + "?page=" + url.QueryEscape(article)
	h.get(hot).want(200)
	h.unchanged(func() {
		for i := range 10000 {
			h.rawGet(fmt.Sprintf("%s?page=https://daily.example/made-up/%d&%s", comments, i, strings.Repeat("x", 1000))).want(200)
		}
	})
	s := h.app.Cache.Stats()
	if s.Bytes > 9<<20 {
		t.Errorf("%+v", s)
	}
	h.get(hot).want(200)
	if after := h.app.Cache.Stats(); after.Misses != s.Misses {
		t.Error("the page that exists was pushed out")
	}
}

// TestOtherProcessesShow: what a command changes beside the server shows within
// a second.
func TestOtherProcessesShow(t *testing.T) {
	t.Parallel()
	h := open(t, running)
	mod := h.staff("grace", comment.Moderator, "daily")
	h.public(mod, "One.")
	path := comments + "?page=" + url.QueryEscape(article)
	h.get(path).want(200)
	beside, err := app.Open(t.Context(), app.Settings{DB: h.app.Store.Path(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	if _, err := beside.Comments.ChangeSite(t.Context(), "daily", comment.SiteChange{Options: map[string]string{"language": "de"}, Origins: []string{origin, evil}}, operator); err != nil {
		t.Fatal(err)
	}
	changed := time.Now()
	h.eventually("the change shows", func() bool {
		r := h.get(path, from(evil)).want(200)
		return bytes.Contains(r.body, []byte(`"language":"de"`)) && r.header.Get(allowOrigin) == evil
	})
	if took := time.Since(changed); took > 5*time.Second { // far above the second, for slow machines
		t.Errorf("it took %v", took)
	}
}
