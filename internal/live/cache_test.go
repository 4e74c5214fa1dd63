package live_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/live"
	"github.com/afterword-comments/afterword/internal/store"
)

// pantry is a cache over a real store, told of its commits and not following it
// unless a test says so.
type pantry struct {
	*studio
	cache *live.Cache
}

func newPantry(t testing.TB) *pantry {
	p := &pantry{studio: newStudio(t)}
	p.cache = live.NewCache(p.store)
	p.store.OnCommit(p.cache.Committed)
	return p
}

// run follows the log until the test ends.
func (p *pantry) run() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.cache.Run(ctx) }()
	p.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			p.t.Error(err)
		}
	})
}

// commit appends events to a log.
func (p *pantry) commit(on *store.Store, events ...comment.Event) {
	p.t.Helper()
	err := on.Write(context.Background(), comment.Sites{events[0].Site}, func(tx comment.Tx) error {
		for _, e := range events {
			if e.Site == "" {
				e.Site = "daily"
			}
			if _, err := p.ledger.Append(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func approved(page string) comment.Event {
	return comment.Event{Site: "daily", Type: comment.CommentApproved, PageID: page}
}

// threadOf is the basis of a thread, by the key of its page.
func threadOf(pages ...string) comment.Basis {
	return comment.Basis{Site: "daily", Pages: pages, Votes: true}
}

// put reads an answer into the cache, if it is not there, and gives its body.
func (p *pantry) put(address, body string, on comment.Basis) string {
	p.t.Helper()
	a, err := p.cache.Fill(context.Background(), on.Site, address, func() (live.Content, error) {
		return live.Content{Body: []byte(body), Tags: []string{"a", "b"}, Basis: on}, nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return string(a.In(live.Identity).Body)
}

func (p *pantry) has(address string) bool { return p.cache.Answer([]byte(address)) != nil }

func (p *pantry) wantKept(addresses ...string) {
	p.t.Helper()
	for _, a := range addresses {
		if !p.has(a) {
			p.t.Errorf("%s is gone", a)
		}
	}
}

func (p *pantry) wantGone(addresses ...string) {
	p.t.Helper()
	for _, a := range addresses {
		if p.has(a) {
			p.t.Errorf("%s is still there", a)
		}
	}
}

func TestACommitForgetsWhatItTouches(t *testing.T) {
	all := []string{"thread 1", "thread 2", "counts", "missing", "weekly"}
	for name, c := range map[string]struct {
		events []comment.Event
		gone   []string
	}{
		"an approval":              {[]comment.Event{approved("p1")}, []string{"thread 1", "counts", "missing"}},
		"two approvals":            {[]comment.Event{approved("p1"), approved("p2")}, []string{"thread 1", "thread 2", "counts", "missing"}},
		"a vote":                   {[]comment.Event{{Site: "daily", Type: comment.CommentVoted, PageID: "p1"}}, []string{"thread 1"}},
		"a comment that waits":     {[]comment.Event{{Site: "daily", Type: comment.CommentCreated, PageID: "p1"}}, []string{"missing"}},
		"a removal":                {[]comment.Event{{Site: "daily", Type: comment.CommentDeleted, PageID: "p1", Previous: comment.Approved}}, []string{"thread 1", "counts"}},
		"a removal nobody saw":     {[]comment.Event{{Site: "daily", Type: comment.CommentRejected, PageID: "p1", Previous: comment.Pending}}, nil},
		"a decision in its window": {[]comment.Event{{Site: "daily", Type: comment.DecisionRecorded, PageID: "p1"}}, nil},
		"a page that closes":       {[]comment.Event{{Site: "daily", Type: comment.PageClosed, PageID: "p2"}}, []string{"thread 2", "counts"}},
		"the site's options":       {[]comment.Event{{Site: "daily", Type: comment.SiteChanged}}, []string{"thread 1", "thread 2", "counts", "missing"}},
		"what nobody knows":        {[]comment.Event{{Site: "daily", Type: "comment.of.tomorrow", PageID: "p1"}}, []string{"thread 1", "counts", "missing"}},
		"another site":             {[]comment.Event{{Site: "weekly", Type: comment.SiteChanged}}, []string{"weekly"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPantry(t)
			p.put(all[0], "1", threadOf("p1"))
			p.put(all[1], "2", threadOf("p2"))
			p.put(all[2], "3", comment.Basis{Site: "daily", Pages: []string{"p1", "p2"}})
			p.put(all[3], "4", comment.Basis{Site: "daily", Unsettled: true})
			p.put(all[4], "5", comment.Basis{Site: "weekly", Pages: []string{"p1"}})
			p.wantKept(all...)
			p.commit(p.store, c.events...)
			p.wantGone(c.gone...)
			p.wantKept(slices.DeleteFunc(slices.Clone(all), func(a string) bool { return slices.Contains(c.gone, a) })...)
		})
	}
}

// TestManyMissesAreOneReading: a thousand readers who find nothing cause one
// reading, and all get its outcome.
func TestManyMissesAreOneReading(t *testing.T) {
	p := newPantry(t)
	const readers = 1000
	var asking sync.WaitGroup
	var reads atomic.Int32
	asking.Add(readers)
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			asking.Done()
			a, err := p.cache.Fill(context.Background(), "daily", "thread", func() (live.Content, error) {
				asking.Wait()
				reads.Add(1)
				return live.Content{Body: []byte("body"), Basis: threadOf("p1")}, nil
			})
			if err != nil || string(a.In(live.Identity).Body) != "body" {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if n := reads.Load(); n != 1 {
		t.Errorf("%d readings", n)
	}
}

// TestWhatACommitOvertookIsNotKept: what was read before a commit is given to
// whoever asked before it, and to nobody else.
func TestWhatACommitOvertookIsNotKept(t *testing.T) {
	p := newPantry(t)
	reading, goOn, late := make(chan struct{}), make(chan struct{}), make(chan string)
	first := make(chan string)
	go func() {
		a, err := p.cache.Fill(context.Background(), "daily", "thread", func() (live.Content, error) {
			close(reading)
			<-goOn
			return live.Content{Body: []byte("before"), Basis: threadOf("p1")}, nil
		})
		if err != nil {
			t.Error(err)
		}
		first <- string(a.In(live.Identity).Body)
	}()
	<-reading
	p.commit(p.store, approved("p1"))
	go func() { late <- p.put("thread", "after", threadOf("p1")) }()
	close(goOn)
	if got := <-first; got != "before" {
		t.Errorf("the first reader got %q", got)
	}
	if got := <-late; got != "after" {
		t.Errorf("who came after the commit got %q", got)
	}
	if got := p.put("thread", "not read", threadOf("p1")); got != "after" {
		t.Errorf("%q is kept", got)
	}
}

// TestWhatACommitDidNotTouchIsKept: a reading that others' commits overtake
// serves everybody all the same.
func TestWhatACommitDidNotTouchIsKept(t *testing.T) {
	p := newPantry(t)
	got := p.put("other", "", threadOf("p2"))
	a, err := p.cache.Fill(context.Background(), "daily", "thread", func() (live.Content, error) {
		p.commit(p.store, approved("p2"), approved("p3"))
		return live.Content{Body: []byte("body"), Basis: threadOf("p1")}, nil
	})
	if err != nil || got != "" || string(a.In(live.Identity).Body) != "body" {
		t.Fatal(err)
	}
	p.wantKept("thread")
	p.wantGone("other")
}

func TestAReadingThatFailsLeavesNothing(t *testing.T) {
	p := newPantry(t)
	wrong := errors.New("the disk is away")
	_, err := p.cache.Fill(context.Background(), "daily", "thread", func() (live.Content, error) { return live.Content{}, wrong })
	if !errors.Is(err, wrong) {
		t.Error(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a panic was swallowed")
			}
		}()
		_, _ = p.cache.Fill(context.Background(), "daily", "thread", func() (live.Content, error) { panic("at the disk") })
	}()
	if s := p.cache.Stats(); s.Entries != 0 || s.Bytes != 0 {
		t.Errorf("%+v", s)
	}
	p.put("thread", "body", threadOf("p1"))
	p.wantKept("thread")
}

// TestWhoWaitsCanGo: a reader does not wait for somebody else's reading longer
// than it wants to.
func TestWhoWaitsCanGo(t *testing.T) {
	p := newPantry(t)
	reading, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_, _ = p.cache.Fill(context.Background(), "daily", "thread", func() (live.Content, error) {
			close(reading)
			<-goOn
			return live.Content{Basis: threadOf("p1")}, nil
		})
	}()
	<-reading
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := p.cache.Fill(ctx, "daily", "thread", func() (live.Content, error) { return live.Content{}, errors.New("a second reading") })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(goOn)
	<-done
}

// TestTheCacheIsBounded: it forgets what was not used for longest, and what is
// asked for under made-up addresses pushes out nothing else.
func TestTheCacheIsBounded(t *testing.T) {
	p := newPantry(t)
	p.put("hot", "hot", threadOf("hot"))
	p.put("cold", "cold", threadOf("cold"))
	body := strings.Repeat("x", 1<<20)
	for i := range 100 {
		p.put(fmt.Sprint("made up ", i), body, comment.Basis{Site: "daily", Unsettled: true})
		p.put(fmt.Sprint("nowhere ", i), body, comment.Basis{Site: fmt.Sprint("site ", i), Unsettled: true})
	}
	if s := p.cache.Stats(); s.Bytes > 9<<20 || s.Entries < 5 {
		t.Errorf("%+v", s)
	}
	p.wantKept("hot", "cold")
	for i := range 100 {
		p.put(fmt.Sprint("page ", i), body, threadOf(fmt.Sprint(i)))
		p.wantKept("hot")
	}
	p.wantGone("cold", "page 0")
	p.wantKept("page 99")
	if s := p.cache.Stats(); s.Bytes > 64<<20 || s.Bytes < 32<<20 {
		t.Errorf("%+v", s)
	}
	p.commit(p.store, comment.Event{Site: "daily", Type: comment.SiteChanged})
	for i := range 100 {
		p.commit(p.store, comment.Event{Site: fmt.Sprint("site ", i), Type: comment.SiteChanged})
	}
	if s := p.cache.Stats(); s.Entries != 0 || s.Bytes != 0 {
		t.Errorf("after everything was forgotten: %+v", s)
	}
}

func TestTimeEndsWhatTimeChanges(t *testing.T) {
	p := newPantry(t)
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p.cache.Now = func() time.Time { return now }
	on := threadOf("p1")
	on.Until = now.Add(time.Hour)
	p.put("thread", "open", on)
	now = now.Add(time.Hour - 1)
	p.wantKept("thread")
	now = now.Add(1)
	p.wantGone("thread")
	if got := p.put("thread", "closed", threadOf("p1")); got != "closed" {
		t.Error(got)
	}
}

func TestASiteIsKeptUntilItChanges(t *testing.T) {
	p := newPantry(t)
	put := func(name string) {
		t.Helper()
		err := p.store.Write(t.Context(), comment.Sites{"daily"}, func(tx comment.Tx) error {
			if err := tx.PutSite(comment.Site{Key: "daily", Name: name}); err != nil {
				return err
			}
			_, err := p.ledger.Append(tx, comment.Event{Site: "daily", Type: comment.SiteChanged})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"Daily", "The Daily"} {
		put(name)
		for range 3 {
			if st, err := p.cache.Site(t.Context(), "daily"); err != nil || st.Name != name {
				t.Errorf("%v, %+v, want %s", err, st, name)
			}
		}
	}
	if s := p.cache.Stats(); s.Misses != 2 || s.Hits != 4 {
		t.Errorf("%+v", s)
	}
	for i := range 100 {
		if _, err := p.cache.Site(t.Context(), fmt.Sprint("nowhere", i)); err == nil {
			t.Error("there is a site that is not there")
		}
	}
	if s := p.cache.Stats(); s.Entries != 1 {
		t.Errorf("%+v", s)
	}
}

func (p *pantry) eventually(what string, holds func() bool) {
	p.t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(end) {
			p.t.Fatalf("waited in vain until %s", what)
		}
		wait := time.NewTimer(time.Millisecond)
		<-wait.C
	}
}

// TestOtherProcessesAreFollowed: what another process commits is forgotten, and
// what this one has told already is not forgotten a second time.
func TestOtherProcessesAreFollowed(t *testing.T) {
	p := newPantry(t)
	beside := p.open()
	p.commit(beside, approved("p1"), approved("p2"))
	p.run()
	p.put("thread 1", "1", threadOf("p1"))
	p.put("thread 2", "2", threadOf("p2"))
	p.commit(beside, approved("p1"))
	p.eventually("the commit is followed", func() bool { return !p.has("thread 1") })
	p.wantKept("thread 2")
	p.commit(p.store, approved("p2"))
	p.wantGone("thread 2")
	p.put("thread 2", "2", threadOf("p2"))
	p.put("thread 1", "1", threadOf("p1"))
	p.commit(beside, approved("p1"))
	p.eventually("the next commit is followed", func() bool { return !p.has("thread 1") })
	p.wantKept("thread 2")
}

// TestALongAbsenceForgetsEverything: too many events are not read one by one.
func TestALongAbsenceForgetsEverything(t *testing.T) {
	p := newPantry(t)
	p.put("thread 1", "1", threadOf("p1"))
	beside := p.open()
	many := slices.Repeat([]comment.Event{{Site: "daily", Type: comment.CommentReported, PageID: "p9"}}, 5001)
	p.commit(beside, many...)
	p.run()
	p.eventually("everything is forgotten", func() bool { return !p.has("thread 1") })
}

// TestAReadingBeginsAfterItsPlaceInTheLog: what another process commits between
// the first reading of a site and its end is not missed.
func TestAReadingBeginsAfterItsPlaceInTheLog(t *testing.T) {
	p := newPantry(t)
	p.run()
	beside := p.open()
	_, err := p.cache.Fill(t.Context(), "daily", "thread", func() (live.Content, error) {
		p.commit(beside, approved("p1"))
		p.put("another", "2", threadOf("p2")) // begins later, where the log is longer
		return live.Content{Body: []byte("before"), Basis: threadOf("p1")}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.eventually("the commit is followed", func() bool { return !p.has("thread") })
}

// TestTheCacheServesWhileTheLogIsAway: what is kept stays, and what came
// meanwhile is followed afterwards.
func TestTheCacheServesWhileTheLogIsAway(t *testing.T) {
	p := newPantry(t)
	log := &troubled{Store: p.store}
	p.cache = live.NewCache(log)
	p.put("thread", "1", threadOf("p1"))
	log.mu.Lock()
	log.fails = 3
	log.mu.Unlock()
	p.run()
	p.commit(p.store, approved("p2"))
	p.wantKept("thread")
	p.commit(p.store, approved("p1"))
	p.eventually("the log is back", func() bool { return !p.has("thread") })
}

func TestEncodings(t *testing.T) {
	p := newPantry(t)
	body := strings.Repeat(`{"id":"0192","html":"<p>Hello there.</p>"},`, 200)
	p.put("long", body, threadOf("p1"))
	p.put("short", "{}", threadOf("p1"))
	decode := map[live.Encoding]func(io.Reader) (io.Reader, error){
		live.Identity: func(r io.Reader) (io.Reader, error) { return r, nil },
		live.Gzip:     func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		live.Brotli:   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		live.Zstd:     func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	}
	tags := map[string]bool{}
	for e, read := range decode {
		form := p.cache.Answer([]byte("long")).In(e)
		r, err := read(bytes.NewReader(form.Body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != body || form.Encoding != e {
			t.Errorf("%v: %v, %d bytes as %v", e, err, len(got), form.Encoding)
		}
		if e != live.Identity && len(form.Body) > len(body)/10 {
			t.Errorf("%v: %d of %d bytes", e, len(form.Body), len(body))
		}
		tags[string(form.ETag)] = true
		if again := p.cache.Answer([]byte("long")).In(e); again != form {
			t.Errorf("%v is compressed again", e)
		}
		if short := p.cache.Answer([]byte("short")).In(e); short.Encoding != live.Identity || string(short.Body) != "{}" {
			t.Errorf("%v of a short answer: %+v", e, short)
		}
	}
	if len(tags) != 4 {
		t.Errorf("entity tags: %v", tags)
	}
	a := p.cache.Answer([]byte("long"))
	if string(a.Tags(' ')) != "a b" || string(a.Tags(',')) != "a,b" {
		t.Errorf("%s, %s", a.Tags(' '), a.Tags(','))
	}
}

// TestTheCacheCountsWhatItHolds, in every encoding, so that its bounds bound
// memory.
func TestTheCacheCountsWhatItHolds(t *testing.T) {
	const other = 512 << 10 // what else the process happens to hold by then
	for _, size := range []int{200, 3000, 41000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			p := newPantry(t)
			before := heap()
			for i := range (4 << 20) / (size + 1000) {
				key := fmt.Sprint("/api/v1/sites/daily/comments?page=page-", i)
				p.put(key, noise(size, i), threadOf(fmt.Sprintf("01JD%022d", i)))
				for _, e := range []live.Encoding{live.Gzip, live.Brotli, live.Zstd} {
					p.cache.Answer([]byte(key)).In(e)
				}
			}
			held, counted := heap()-before, p.cache.Stats().Bytes
			t.Log(size, held, counted, held-counted)
			if d := held - counted; d > counted/20+other || d < -counted/20-other {
				t.Errorf("it holds %d bytes and counts %d", held, counted)
			}
			runtime.KeepAlive(p)
		})
	}
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // of what was in pools
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// noise is a text that compresses to half or so, another one for each seed.
func noise(size, seed int) string {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	b := make([]byte, size)
	for i := range b {
		b[i] = "abcdefghijklmnop"[r.IntN(16)]
	}
	return string(b)
}

// TestNobodySeesWhatWasTakenBack: while readers read and others write, whoever
// asks after a commit was acknowledged gets what it made, or something newer.
func TestNobodySeesWhatWasTakenBack(t *testing.T) {
	p := newPantry(t)
	p.run()
	var stored atomic.Int64 // what the store would tell
	read := func() (live.Content, error) {
		n := stored.Load()
		for range n % 7 { // a slow disk
			runtime.Gosched()
		}
		return live.Content{Body: fmt.Append(nil, n), Basis: threadOf("p1")}, nil
	}
	ask := func() int64 {
		a, err := p.cache.Fill(context.Background(), "daily", "thread", read)
		if err != nil {
			t.Error(err)
			return -1
		}
		var n int64
		fmt.Sscan(string(a.In(live.Identity).Body), &n)
		return n
	}
	var acknowledged atomic.Int64
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if since, got := acknowledged.Load(), ask(); got < since {
					t.Errorf("version %d after %d was acknowledged", got, since)
					return
				}
			}
		})
	}
	for n := int64(1); n <= 150; n++ {
		err := p.store.Write(t.Context(), comment.Sites{"daily"}, func(tx comment.Tx) error {
			_, err := p.ledger.Append(tx, approved("p1"))
			stored.Store(n) // before the commit: no reading can be too old
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		acknowledged.Store(n)
		if got := ask(); got < n {
			t.Fatalf("version %d after %d was acknowledged", got, n)
		}
	}
	close(stop)
	readers.Wait()
}
