package torture

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bounded is how long any answer may take while the database is in trouble.
const bounded = 20 * time.Second

// trouble is one node on one database with a network between them.
type trouble struct {
	t      *testing.T
	server *postgres
	net    *proxy
	in     *installation
	db     *sql.DB // past the proxy
	c      *client
}

func newTrouble(t *testing.T) *trouble {
	t.Helper()
	server := newPostgres(t)
	net := newProxy(t, server.host())
	in := onPostgres(t, dsnOf(net.addr()))
	tr := &trouble{t: t, server: server, net: net, in: in, db: server.open("afterword")}
	t.Cleanup(func() { tr.db.Close() })
	in.admin(nil, "site", "add", "open", "--name", "open", "--origin", "https://daily.example", "--set", "rate_limits=off", "--set", "moderation=off")
	in.grow(1)
	tr.c = newClient(0, in.addrs(), "", 1, newBook())
	tr.c.http.Timeout = 2 * bounded
	if status, _, answer := tr.post(tr.fresh()); status != 201 {
		t.Fatalf("a comment in good times is answered with %d: %s", status, answer)
	}
	return tr
}

func (tr *trouble) fresh() *promise {
	p := tr.c.draft()
	p.site = "open"
	return p
}

// post sends a comment once.
func (tr *trouble) post(p *promise) (status int, took time.Duration, answer []byte) {
	tr.t.Helper()
	body, err := json.Marshal(p.body)
	if err != nil {
		tr.t.Fatal(err)
	}
	began := time.Now()
	status, answer, err = tr.c.once(p.submission(), body)
	if err != nil {
		return 0, time.Since(began), []byte(err.Error())
	}
	return status, time.Since(began), answer
}

// warm brings the thread into the cache.
func (tr *trouble) warm() {
	tr.t.Helper()
	await(tr.t, "the thread to be served", func() bool {
		var l list
		return get(tr.c.http, "http://"+tr.c.addrs[0]+"/api/v1/sites/open/comments?page=page-0", &l) == nil
	})
}

// reads asks for the thread, which has to be there.
func (tr *trouble) reads() {
	tr.t.Helper()
	began := time.Now()
	res, err := tr.c.http.Get("http://" + tr.c.addrs[0] + "/api/v1/sites/open/comments?page=page-0")
	if err != nil {
		tr.t.Errorf("a thread that was read before: %v", err)
		return
	}
	defer res.Body.Close()
	if took := time.Since(began); res.StatusCode != http.StatusOK || took > 2*time.Second {
		tr.t.Errorf("a thread that was read before is answered with %d after %s", res.StatusCode, took)
	}
}

// refused makes sure that a write gets 503 in bounded time (a missing
// Retry-After is in the book), while reads go on.
func (tr *trouble) refused(p *promise) {
	tr.t.Helper()
	status, took, answer := tr.post(p)
	if status != 503 || took > bounded {
		tr.t.Errorf("a comment is answered with %d after %s: %s", status, took.Round(time.Millisecond), answer)
	}
	tr.t.Logf("503 after %s", took.Round(time.Millisecond))
	tr.reads()
}

// recovers makes sure that the very submission that was refused is taken, once,
// without a restart, and tells how long it took.
func (tr *trouble) recovers(p *promise) {
	tr.t.Helper()
	began := time.Now()
	await(tr.t, "the node to write again", func() bool { status, _, _ := tr.post(p); return status == 201 })
	tr.t.Logf("writes again after %s", time.Since(began).Round(time.Millisecond))
	tr.once(p)
}

// once makes sure that the submission made one comment.
func (tr *trouble) once(p *promise) {
	tr.t.Helper()
	n := 0
	await(tr.t, "the database to tell the harness", func() bool { // whose connections were cut as well
		return tr.db.QueryRow("select count(*) from revisions where source = $1", p.text).Scan(&n) == nil
	})
	if n != 1 {
		tr.t.Errorf("the submission made %d comments", n)
	}
}

// TestDatabaseInTrouble runs one node through what a network and a database
// server do to it.
func TestDatabaseInTrouble(t *testing.T) {
	beside(t)
	tr := newTrouble(t)
	for _, c := range []struct {
		name string
		do   func(tr *trouble)
	}{
		{"slow", slowDatabase},
		{"cut before the commit", func(tr *trouble) { cutCommit(tr, beforeCommit) }},
		{"cut after the commit", func(tr *trouble) { cutCommit(tr, afterCommit) }},
		{"all connections cut", func(tr *trouble) { tr.net.sever(false); tr.recovers(tr.fresh()) }},
		{"silent", silentDatabase},
		{"no connection free", noConnection},
		{"read-only", readOnly},
		{"stopped", func(tr *trouble) { stopped(tr, syscall.SIGINT) }},
		{"stopped at once", func(tr *trouble) { stopped(tr, syscall.SIGQUIT) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr.t = t
			tr.warm()
			c.do(tr)
			for _, wrong := range tr.c.book.wrongs {
				t.Error(wrong)
			}
			tr.c.book.wrongs = nil
		})
	}
}

func slowDatabase(tr *trouble) {
	delay, times := 50*time.Millisecond, 1
	if *long {
		delay, times = 200*time.Millisecond, 3
	}
	tr.net.slow(delay)
	defer tr.net.heal()
	for range times {
		p := tr.fresh()
		status, took, answer := tr.post(p)
		if status != 201 || took > bounded/2 {
			tr.t.Errorf("with %s a round trip, a comment is answered with %d after %s: %s", delay, status, took, answer)
		}
		tr.t.Logf("a comment takes %s with %s a round trip", took.Round(time.Millisecond), delay)
		tr.once(p)
	}
	tr.warm() // it has changed
	tr.reads()
}

// cutCommit: the outcome is open, so the answer is no success; the same
// submission again makes it one, and one comment.
func cutCommit(tr *trouble, where cutting) {
	p := tr.fresh()
	done := tr.net.cutNext(where)
	status, took, answer := tr.post(p)
	if !done() {
		tr.t.Fatal("no commit was cut")
	}
	if status != 503 && status != 201 || took > bounded {
		tr.t.Errorf("a comment whose commit was cut is answered with %d after %s: %s", status, took, answer)
	}
	tr.t.Logf("answered with %d", status)
	tr.recovers(p)
}

func silentDatabase(tr *trouble) {
	tr.net.silence()
	p := tr.fresh()
	tr.refused(p)
	tr.net.heal()
	tr.recovers(p)
}

func noConnection(tr *trouble) {
	var taken []*sql.Conn
	defer func() {
		for _, c := range taken {
			c.Close()
		}
	}()
	db := tr.server.open("afterword")
	defer db.Close()
	for {
		c, err := db.Conn(tr.t.Context())
		if err != nil {
			break
		}
		taken = append(taken, c)
	}
	// The program's own are gone, and taken before it can have them back.
	if _, err := taken[0].ExecContext(tr.t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'afterword' and application_name <> 'harness'"); err != nil {
		tr.t.Fatal(err)
	}
	for misses := 0; misses < 20; {
		c, err := db.Conn(tr.t.Context())
		if err != nil {
			misses++
			<-time.After(5 * time.Millisecond)
			continue
		}
		taken = append(taken, c)
	}
	p := tr.fresh()
	status, took, answer := tr.post(p)
	if status != 503 && status != 201 || took > bounded {
		tr.t.Errorf("a comment is answered with %d after %s: %s", status, took, answer)
	}
	tr.t.Logf("answered with %d after %s", status, took.Round(time.Millisecond))
	tr.reads()
	for _, c := range taken {
		c.Close()
	}
	db.Close()
	taken = nil
	tr.recovers(p)
}

func readOnly(tr *trouble) {
	turn := func(to string) {
		for _, statement := range []string{"alter system set default_transaction_read_only = " + to, "select pg_reload_conf()"} {
			if _, err := tr.db.Exec(statement); err != nil {
				tr.t.Fatal(err)
			}
		}
		await(tr.t, "read-only "+to, func() bool {
			var is string
			return tr.db.QueryRow("show default_transaction_read_only").Scan(&is) == nil && is == to
		})
	}
	turn("on")
	p := tr.fresh()
	tr.refused(p)
	turn("off")
	tr.recovers(p)
}

func stopped(tr *trouble, how syscall.Signal) {
	tr.server.stop(how)
	p := tr.fresh()
	tr.refused(p)
	if tr.in.nodes[0].isReady() {
		tr.t.Error("ready without a database")
	}
	tr.server.start()
	tr.recovers(p)
	tr.in.nodes[0].ready()
}

// TestWaitForStandby: when something interrupts a backend whose COMMIT waits
// for the standby, PostgreSQL reports success with a warning (01000) although
// the standby has nothing. Such a commit must not be acknowledged.
func TestWaitForStandby(t *testing.T) {
	beside(t)
	servers := newPair(t)
	in := onPostgres(t, servers.dsn())
	in.admin(nil, "site", "add", "open", "--name", "open", "--origin", "https://daily.example", "--set", "rate_limits=off", "--set", "moderation=off")
	in.grow(1)
	tr := &trouble{t: t, server: servers.primary, in: in, db: servers.primary.open("afterword"), c: newClient(0, in.addrs(), "", 1, newBook())}
	defer tr.db.Close()
	tr.c.http.Timeout = 2 * patience
	if status, _, answer := tr.post(tr.fresh()); status != 201 {
		t.Fatalf("a comment in good times is answered with %d: %s", status, answer)
	}
	interrupts := map[string]string{"cancelled": "pg_cancel_backend", "terminated": "pg_terminate_backend"}
	if *long {
		interrupts["left alone"] = "abs"
	}
	for name, interrupt := range interrupts {
		t.Run(name, func(t *testing.T) {
			tr.t = t
			waitForStandby(tr, servers.standby, interrupt)
		})
	}
}

func waitForStandby(tr *trouble, standby *postgres, interrupt string) {
	standby.freeze()
	frozen := true
	defer func() {
		if frozen {
			standby.thaw()
		}
	}()
	p := tr.fresh()
	answered := make(chan string, 1)
	go func() {
		status, took, answer := tr.post(p)
		answered <- fmt.Sprintf("%d after %s: %s", status, took.Round(time.Millisecond), answer)
	}()
	answer, end := "", time.Now().Add(bounded)
	for answer == "" && time.Now().Before(end) {
		// Other commits of the node wait as well.
		if _, err := tr.db.Exec("select " + interrupt + "(pid) from pg_stat_activity where wait_event = 'SyncRep' and application_name <> 'harness'"); err != nil {
			tr.t.Fatal(err)
		}
		select {
		case answer = <-answered:
		case <-time.After(20 * time.Millisecond):
		}
	}
	switch {
	case strings.HasPrefix(answer, "201"):
		tr.t.Errorf("ACKNOWLEDGED without the standby: %s", answer)
	case !strings.HasPrefix(answer, "503"):
		tr.t.Errorf("answered with %q", answer)
	default:
		tr.t.Logf("answered with %.20s", answer)
	}
	standby.thaw()
	frozen = false
	tr.recovers(p)
}
