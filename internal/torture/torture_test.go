package torture

import (
	"context"
	"database/sql"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

var (
	kills   = flag.Int("torture.kills", 8, "how often to kill the server")
	seed    = flag.Uint64("torture.seed", 0, "of the random choices; 0 = another one each time")
	clients = flag.Int("torture.clients", 6, "how many write at the same time")
)

// TestTorture kills the server at random moments while clients write, lets it
// come to rest, and checks that all that was promised is there.
func TestTorture(t *testing.T) {
	began := time.Now()
	if *seed == 0 {
		*seed = uint64(began.UnixNano())
	}
	t.Logf("seed %d (repeat the choices with -torture.seed=%d)", *seed, *seed)
	e := torment(t)
	f, err := e.check()
	if err != nil {
		t.Fatal(err)
	}
	for i, fault := range f.faults {
		if i == 50 {
			t.Errorf("… and %d more", len(f.faults)-i)
			break
		}
		t.Error(fault)
	}
	lost := 0
	for _, fault := range f.faults {
		if strings.HasPrefix(fault, "LOST") {
			lost++
		}
	}
	b := e.book
	t.Logf(`
	seed          %d
	kills         %d, in %s
	acknowledged  %d comments, %d edits, %d decisions, %d undos, votes on %d comments
	asked again   %d requests without an answer, %d submissions after theirs
	lost          %d
	in the log    %d events, %d of them approvals
	delivered     %d times, %d of them again; %d in flight at an endpoint at each kill explain them (%d may be)
	faults        %d`,
		*seed, len(e.kills), time.Since(began).Round(time.Second), len(b.comments), b.edits, len(b.decisions), b.undos(), len(b.votes),
		b.retries, b.replays, lost, f.events, f.approvals, len(e.accepted), f.duplicates, f.worst, inFlight, len(f.faults))

	// A run in which nothing happened proves nothing.
	for name, n := range map[string]int{
		"comments": len(b.comments), "edits": b.edits, "decisions": len(b.decisions), "votes": len(b.votes),
		"retries": b.retries, "replays": b.replays, "approvals": f.approvals, "duplicates": f.duplicates,
	} {
		if n == 0 {
			t.Errorf("no %s", name)
		}
	}
	t.Run("the checker sees", func(t *testing.T) { seesFaults(t, e) })
}

// torment is the run: load, kills, rest.
func torment(t *testing.T) evidence {
	p := build(t)
	hook := newReceiver(t, *seed)
	hook.moody = true
	token := furnish(t, p, hook)
	p.start()
	p.ready()

	b := newBook()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	for n := range *clients {
		g.Go(func() error { return newClient(n, "http://"+p.addr, token, *seed, b).run(ctx) })
	}
	killed := killAtRandom(ctx, t, p, b)
	cancel()
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	rest(t, p)
	p.stop()
	if out, err := p.run("audit", "verify"); err != nil {
		t.Errorf("audit verify: %v\n%s", err, out)
	}
	e := evidence{book: b, db: p.db, kills: killed}
	e.accepted, e.bad = hook.all()
	return e
}

// furnish makes sites, endpoints and a moderator, and gives the moderator's
// token.
func furnish(t testing.TB, p *program, hook *receiver) string {
	t.Helper()
	for site, window := range map[string]string{"now": "0s", "later": "1s"} {
		p.admin(nil, "site", "add", site, "--name", site, "--origin", "https://daily.example",
			"--set", "undo_window="+window, "--set", "rate_limits=off", "--set", "edit_window=24h", "--set", "moderation=all")
		var endpoint struct{ Secret string }
		p.admin(&endpoint, "webhook", "add", "--site", site, "--url", hook.URL+"/"+site,
			"--types", "comment.created,comment.approved,comment.rejected,comment.marked_spam,comment.edited,comment.deleted,comment.restored")
		hook.expect(t, "/"+site, endpoint.Secret)
	}
	p.admin(nil, "user", "add", "ann@example.com", "--role", "moderator")
	var token struct{ Token string }
	p.admin(&token, "token", "create", "--user", "ann@example.com", "--ttl", "1d")
	return token.Token
}

// killAtRandom kills and starts the server again: mostly at work, after so many
// answers and so much time, sometimes before it is ready.
func killAtRandom(ctx context.Context, t *testing.T, p *program, b *book) (all []killing) {
	r := rand.New(rand.NewPCG(*seed, 0))
	for len(all) < *kills && ctx.Err() == nil {
		if r.IntN(5) > 0 {
			p.ready()
			enough := b.answers() + r.IntN(25)
			await(t, "answers", func() bool { return b.answers() >= enough || ctx.Err() != nil })
		}
		<-time.After(time.Duration(r.IntN(300)) * time.Millisecond)
		k := killing{from: time.Now()}
		if !p.kill() {
			t.Fatal("the server was gone before it was killed")
		}
		p.start()
		k.to = time.Now()
		all = append(all, k)
	}
	p.ready()
	return all
}

// rest waits until no decision is held and no delivery owed.
func rest(t *testing.T, p *program) {
	db, err := sql.Open("sqlite3", "file:"+p.db+"?mode=ro&_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var open []string
	await(t, "rest", func() bool {
		open, err = texts(db, `select 'held ' || decision_id from decisions where state = 'held'
			union all select 'owed ' || delivery_id from deliveries where state = 'owed'
			union all select 'to follow ' || site_id from log_heads h where site_id <> '' and seq > (select max(seq) from cursors c where c.site_id = h.site_id and follower = 'webhook')`)
		return err == nil && len(open) == 0
	})
}

// seesFaults makes sure that the checker is not blind: each of these faults,
// in a copy of the evidence, has to be among its findings.
func seesFaults(t *testing.T, e evidence) {
	someone := e.book.comments[len(e.book.comments)/2]
	ruled := e.book.decisions[0]
	for name, c := range map[string]struct {
		sql  string
		do   func(*evidence)
		want string
	}{
		"a lost comment": {do: func(e *evidence) { e.book.comments = append(e.book.comments, &promise{id: "none"}) }, want: "LOST: comment none"},
		"a lost edit":    {do: func(e *evidence) { e.book.comments[0].texts[99] = "new" }, want: "LOST: revision 99"},
		"a lost decision": {do: func(e *evidence) {
			e.book.decisions = append(e.book.decisions, &decision{id: "none", comment: &promise{site: "now", id: someone.id}, to: "approved"})
		}, want: "LOST: decision none"},
		"a lost undo": {do: func(e *evidence) { ruled.undone = true }, sql: "update decisions set state = 'done' where decision_id = '" + ruled.id + "'", want: "LOST: the undo of decision"},
		"a lost vote": {do: func(e *evidence) {
			e.book.votes[someone.id] = map[int]int{100: 1, 101: 1, 102: 1, 103: 1, 104: 1, 105: 1, 106: 1}
		}, want: "has votes"},
		"a lost webhook":       {do: func(e *evidence) { e.accepted = without(e.accepted, someone.id) }, want: "LOST: the webhook of"},
		"a comment made twice": {sql: "update revisions set source = '" + someone.text + "' where revision = 1 and comment_id = '" + e.book.comments[0].id + "'", want: "one submission made several comments"},
		"another status":       {sql: "update comments set status = 'deleted' where comment_id = '" + someone.id + "'", want: "comment " + someone.id + " is [deleted"},
		"a webhook of nothing": {do: func(e *evidence) { e.accepted = append(e.accepted, delivery{id: "none"}) }, want: "none was delivered and is not in the log"},
		"a webhook changed":    {do: func(e *evidence) { e.accepted[0].body += " " }, want: "delivered otherwise than it is in the log"},
		"a wrong order":        {do: func(e *evidence) { reverse(e.accepted) }, want: "was delivered after event"},
		"a needless double":    {do: func(e *evidence) { e.accepted, e.kills = append(e.accepted, e.accepted[0]), nil }, want: "a call came twice without a kill in between"},
		"a gap in the log":     {sql: "delete from events where site_id = 'now' and seq = 3", want: "the log of now has"},
		"a lost end of a log":  {sql: "delete from events where site_id = 'now' and seq = (select max(seq) from events where site_id = 'now')", want: "the log of now has its head at"},
		"a wrong count":        {sql: "update status_counts set n = n + 1 where site_id = 'now' and status = 'approved'", want: "now/approved"},
		"a wrong page count":   {sql: "update pages set visible = visible + 1", want: "counts"},
		"an open delivery":     {sql: "update deliveries set state = 'owed' where rowid = 1", want: "is owed after"},
		"a silent approval":    {sql: "update events set type = 'comment.edited' where seq = (select min(seq) from events where type = 'comment.approved')", want: "was approved"},
		"too many doubles":     {do: func(e *evidence) { e.kills, e.accepted = e.kills[:1], manyTwice(e.accepted, e.kills[0]) }, want: "calls come twice, more than were in flight"},
		"a bad signature":      {do: func(e *evidence) { e.bad = []string{"no matching signature"} }, want: "a call that should not have been: no matching signature"},
	} {
		t.Run(name, func(t *testing.T) {
			tampered := e.copy(t)
			if c.sql != "" {
				tampered.exec(t, c.sql)
			}
			if c.do != nil {
				c.do(&tampered)
			}
			f, err := tampered.check()
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(f.faults, "\n"); !strings.Contains(all, c.want) {
				t.Errorf("not seen: %q is not among\n%s", c.want, all)
			}
			ruled.undone = false
		})
	}
}

// copy copies what a fault may be put into.
func (e evidence) copy(t *testing.T) evidence {
	t.Helper()
	data, err := os.ReadFile(e.db)
	if err != nil {
		t.Fatal(err)
	}
	c := e
	c.db = filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(c.db, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c.accepted = append([]delivery(nil), e.accepted...)
	c.book = &book{comments: append([]*promise(nil), e.book.comments...), decisions: append([]*decision(nil), e.book.decisions...), doubtful: map[string]bool{}}
	c.book.votes = map[string]map[int]int{}
	first := *c.book.comments[0]
	first.texts = map[int]string{}
	c.book.comments[0] = &first
	return c
}

func (e evidence) exec(t *testing.T, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+e.db)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	res, err := db.Exec(statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s: changed %d rows (%v)", statement, n, err)
	}
}

func without(all []delivery, comment string) (rest []delivery) {
	for _, d := range all {
		if d.comment != comment {
			rest = append(rest, d)
		}
	}
	return rest
}

func reverse(all []delivery) {
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
}

// manyTwice makes more calls come again after a kill than were in flight.
func manyTwice(all []delivery, k killing) (twice []delivery) {
	seen := map[string]bool{}
	for _, d := range all {
		if seen[d.id] || len(seen) > inFlight {
			continue
		}
		seen[d.id] = true
		d.path, d.at = "/now", k.from.Add(-time.Second)
		twice = append(twice, d)
		d.at = k.to.Add(time.Second)
		twice = append(twice, d)
	}
	return twice
}
