package torture

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

var (
	kills     = flag.Int("torture.kills", 6, "how many kills and pauses of a cluster; of one node, a quarter as many kills")
	failovers = flag.Int("torture.failovers", 1, "how many times the primary dies")
	seed      = flag.Uint64("torture.seed", 0, "of the random choices; 0 = another one each time")
	clients   = flag.Int("torture.clients", 6, "how many write at the same time")
	long      = flag.Bool("torture.long", false, "also what takes minutes")
)

// beside lets a test that mostly waits run beside another one; a long run is
// alone.
func beside(t *testing.T) {
	if !*long {
		t.Parallel()
	}
}

// seeds gives the seed of this run and says it.
func seeds(t testing.TB) uint64 {
	t.Helper()
	n := *seed
	if n == 0 {
		n = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d (repeat the choices with -torture.seed=%d)", n, n)
	return n
}

// TestTorture kills the one node of an installation on SQLite while clients
// write, lets it come to rest, and checks that all that was promised is there.
func TestTorture(t *testing.T) {
	beside(t)
	tm := newTorment(t, onSQLite(t))
	tm.in.grow(1)
	tm.run(killAtRandom)
	tm.end()
	t.Run("the checker sees", func(t *testing.T) { seesFaults(t, tm) })
}

// torment is one run: load, faults, rest, judgement.
type torment struct {
	t     *testing.T
	in    *installation
	seed  uint64
	hook  *receiver
	book  *book
	token string
	began time.Time
	rand  *rand.Rand // of the faults
	lease time.Duration
	e     evidence

	mu   sync.Mutex
	done []killing
}

func newTorment(t *testing.T, in *installation) *torment {
	t.Helper()
	n := seeds(t)
	hook := newReceiver(t, n)
	hook.moody = true
	tm := &torment{t: t, in: in, seed: n, hook: hook, book: newBook(), began: time.Now(), rand: rand.New(rand.NewPCG(n, 0))}
	tm.token = furnish(t, in, hook)
	return tm
}

// run lets clients write while faults happen, and comes to rest.
func (tm *torment) run(faults func(ctx context.Context, tm *torment)) {
	tm.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	addrs := tm.in.addrs()
	for n := range *clients {
		g.Go(func() error { return newClient(n, addrs, tm.token, tm.seed, tm.book).run(ctx) })
	}
	g.Go(func() error { return newOfficer(addrs, moderator, password, tm.seed, tm.book).run(ctx) })
	faults(ctx, tm)
	cancel()
	if err := g.Wait(); err != nil {
		tm.t.Error(err)
	}
	rest(tm.t, tm.in)
	tm.compare()
	if out, err := tm.in.run("audit", "verify"); err != nil {
		tm.t.Errorf("audit verify: %v\n%s", err, out)
	}
}

const (
	moderator = "ann@example.com"
	password  = "seventeen quiet herons"
)

// furnish makes sites, endpoints and a moderator, and gives the moderator's
// token.
func furnish(t testing.TB, in *installation, hook *receiver) string {
	t.Helper()
	for site, window := range map[string]string{"now": "0s", "later": "1s"} {
		in.admin(nil, "site", "add", site, "--name", site, "--origin", "https://daily.example",
			"--set", "undo_window="+window, "--set", "rate_limits=off", "--set", "edit_window=24h", "--set", "moderation=all")
		var endpoint struct{ Secret string }
		in.admin(&endpoint, "webhook", "add", "--site", site, "--url", hook.URL+"/"+site,
			"--types", "comment.created,comment.approved,comment.rejected,comment.marked_spam,comment.edited,comment.deleted,comment.restored")
		hook.expect(t, "/"+site, endpoint.Secret)
	}
	in.input = password + "\n"
	in.admin(nil, "user", "add", moderator, "--role", "moderator", "--password-stdin")
	in.input = ""
	var token struct{ Token string }
	in.admin(&token, "token", "create", "--user", moderator, "--ttl", "1d")
	return token.Token
}

// killAtRandom kills and starts the node again: mostly at work, after so many
// answers and so much time, sometimes before it is ready.
func killAtRandom(ctx context.Context, tm *torment) {
	n := tm.in.nodes[0]
	for len(tm.done) < max(5, *kills/4) && ctx.Err() == nil {
		if tm.rand.IntN(5) > 0 {
			n.ready()
			tm.answers(ctx, tm.rand.IntN(25))
		}
		<-time.After(time.Duration(tm.rand.IntN(300)) * time.Millisecond)
		from := time.Now()
		if !n.kill() {
			tm.t.Fatal("the server was gone before it was killed")
		}
		n.start()
		tm.note("kill", from)
	}
	n.ready()
}

// answers waits for so many more.
func (tm *torment) answers(ctx context.Context, n int) {
	enough := tm.book.answers() + n
	await(tm.t, "answers", func() bool { return tm.book.answers() >= enough || ctx.Err() != nil })
}

// rest waits until no decision is held and no delivery owed.
func rest(t *testing.T, in *installation) {
	t.Helper()
	db, err := in.open()
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

// compare asks every node for what readers see, and holds it against the rows:
// no cache may differ from them for longer than a second.
func (tm *torment) compare() {
	tm.t.Helper()
	db, err := tm.in.open()
	if err != nil {
		tm.t.Fatal(err)
	}
	defer db.Close()
	want, err := threads(db)
	if err != nil {
		tm.t.Fatal(err)
	}
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	end := time.Now().Add(time.Second)
	for _, n := range tm.in.nodes {
		if n.cmd == nil {
			continue
		}
		for page, there := range want {
			for diff := page.differs(client, n.addr, there); diff != ""; diff = page.differs(client, n.addr, there) {
				if time.Now().After(end) {
					tm.book.wrong("CACHE: %s, %s: %s", n.name, page, diff)
					break
				}
				<-time.After(10 * time.Millisecond)
			}
		}
	}
}

// judge checks, says what it found and what happened.
func (tm *torment) judge() {
	tm.t.Helper()
	slices.SortFunc(tm.done, func(a, b killing) int { return a.from.Compare(b.from) })
	tm.e = evidence{book: tm.book, kills: tm.done, lease: tm.lease}
	tm.e.accepted, tm.e.bad = tm.hook.all()
	f, err := tm.check(func(querier) {})
	if err != nil {
		tm.t.Fatal(err)
	}
	for i, fault := range f.faults {
		if i == 50 {
			tm.t.Errorf("… and %d more", len(f.faults)-i)
			break
		}
		tm.t.Error(fault)
	}
	tm.t.Log(tm.summary(f))
	if *long {
		for _, k := range tm.done {
			tm.t.Logf("%7s  %-17s for %s", k.from.Sub(tm.began).Round(time.Millisecond), k.what, k.to.Sub(k.from).Round(time.Millisecond))
		}
	}
	// A run in which nothing happened proves nothing.
	b := tm.book
	for name, n := range map[string]int{
		"comments": len(b.comments), "edits": b.edits, "decisions": len(b.decisions), "votes": len(b.votes), "races": b.races,
		"retries": b.retries, "replays": b.replays, "renewals": b.renewals, "approvals": f.approvals, "faults": len(tm.done),
	} {
		if n == 0 {
			tm.t.Errorf("no %s", name)
		}
	}
}

// check is the evidence against the database, after something was done to it
// that nobody else will see.
func (tm *torment) check(tamper func(querier)) (f findings, err error) {
	db, err := tm.in.open()
	if err != nil {
		return f, err
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		return f, err
	}
	defer func() { _ = tx.Rollback() }() // it was only looked at
	tamper(tx)
	return tm.e.check(tx, tm.in.file())
}

func (tm *torment) summary(f findings) string {
	b := tm.book
	counts := map[string]int{}
	for _, k := range tm.done {
		counts[k.what]++
	}
	return fmt.Sprintf(`
	seed          %d
	faults        %v, in %s, on %d nodes
	acknowledged  %d comments, %d edits, %d decisions, %d undos, votes on %d comments
	at once       %d pairs of decisions, %d sessions taken on
	asked again   %d requests (%d answered 503), %d submissions after or beside theirs
	in the log    %d events, %d of them approvals
	delivered     %d times, duplicates %d, %d of them after their lease; %d in flight at an endpoint at each fault explain the others (%d may be)
	lost %d · out of order %d · illegal histories %d · caches wrong %d · faults in all %d`,
		tm.seed, counts, time.Since(tm.began).Round(time.Second), len(tm.in.nodes),
		len(b.comments), b.edits, len(b.decisions), b.undos(), len(b.votes), b.races, b.renewals,
		b.retries, b.refused, b.replays, f.events, f.approvals, len(tm.e.accepted), f.duplicates, f.lapsed, f.worst, inFlight,
		f.among("LOST"), f.among("ORDER"), f.among("ILLEGAL"), f.among("CACHE"), len(f.faults))
}

// seesFaults makes sure that the checker is not blind: each of these faults,
// in a copy of the evidence, has to be among its findings.
func seesFaults(t *testing.T, tm *torment) {
	whole := tm.e
	someone := whole.book.comments[len(whole.book.comments)/2]
	ruled := whole.book.decisions[0]
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
		"a lost undo": {do: func(*evidence) { ruled.undone = true }, sql: "update decisions set state = 'done' where decision_id = '" + ruled.id + "'", want: "LOST: the undo of decision"},
		"a lost vote": {do: func(e *evidence) {
			e.book.votes[someone.id] = map[int]int{100: 1, 101: 1, 102: 1, 103: 1, 104: 1, 105: 1, 106: 1}
		}, want: "has votes"},
		"a lost webhook":                 {do: func(e *evidence) { e.accepted = without(e.accepted, someone.id) }, want: "LOST: the webhook of"},
		"a comment made twice":           {sql: "update revisions set source = '" + someone.text + "' where revision = 1 and comment_id = '" + whole.book.comments[0].id + "'", want: "one submission made several comments"},
		"another status":                 {sql: "update comments set status = 'deleted' where comment_id = '" + someone.id + "'", want: "comment " + someone.id + " is [deleted"},
		"a decision on another revision": {sql: "update decisions set revision = 77 where decision_id = '" + ruled.id + "'", want: "ILLEGAL: decision " + ruled.id},
		"a step that does not follow":    {sql: "update events set previous = 'spam' where seq = (select min(seq) from events where site_id = 'now' and type = 'comment.approved' and previous = 'pending') and site_id = 'now'", want: "ILLEGAL"},
		"a step twice":                   {sql: "update events set type = 'comment.created' where seq = (select min(seq) from events where site_id = 'now' and type = 'comment.approved') and site_id = 'now'", want: "begins once"},
		"a public revision of nothing":   {sql: "update comments set public_revision = 1 - public_revision where revision = 1 and comment_id = '" + firstOf(whole.book) + "'", want: "its history ends with"},
		"a webhook of nothing":           {do: func(e *evidence) { e.accepted = append(e.accepted, delivery{id: "none"}) }, want: "none was delivered and is not in the log"},
		"a webhook changed":              {do: func(e *evidence) { e.accepted[0].body += " " }, want: "delivered otherwise than it is in the log"},
		"a wrong order":                  {do: func(e *evidence) { reverse(e.accepted) }, want: "was delivered after event"},
		"a needless double":              {do: func(e *evidence) { e.accepted, e.kills = append(e.accepted, e.accepted[0]), nil }, want: "and nothing had happened"},
		"a gap in the log":               {sql: "delete from events where site_id = 'now' and seq = 3", want: "the log of now has"},
		"a lost end of a log":            {sql: "delete from events where site_id = 'now' and seq = (select max(seq) from events where site_id = 'now')", want: "the log of now has its head at"},
		"a wrong count":                  {sql: "update status_counts set n = n + 1 where site_id = 'now' and status = 'approved'", want: "now/approved"},
		"a wrong page count":             {sql: "update pages set visible = visible + 1", want: "counts"},
		"an open delivery":               {sql: "update deliveries set state = 'owed' where delivery_id = (select min(delivery_id) from deliveries)", want: "is owed after"},
		"a silent approval":              {sql: "update events set type = 'comment.edited' where site_id = 'now' and seq = (select min(seq) from events where site_id = 'now' and type = 'comment.approved')", want: "was approved"},
		"too many doubles":               {do: func(e *evidence) { e.kills, e.accepted = e.kills[:1], manyTwice(e.accepted, e.kills[0]) }, want: "calls come twice, more than were in flight"},
		"a bad signature":                {do: func(e *evidence) { e.bad = []string{"no matching signature"} }, want: "a call that should not have been: no matching signature"},
	} {
		t.Run(name, func(t *testing.T) {
			tampered := torment{in: tm.in, e: whole.copy()}
			if c.do != nil {
				c.do(&tampered.e)
			}
			f, err := tampered.check(func(db querier) {
				if c.sql != "" {
					change(t, db, c.sql)
				}
			})
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

// firstOf is a comment that was never edited.
func firstOf(b *book) string {
	for _, p := range b.comments {
		if p.revision == 1 {
			return p.id
		}
	}
	return ""
}

// copy copies what a fault may be put into.
func (e evidence) copy() evidence {
	c := e
	c.accepted = append([]delivery(nil), e.accepted...)
	c.book = &book{comments: append([]*promise(nil), e.book.comments...), decisions: append([]*decision(nil), e.book.decisions...), doubtful: map[string]bool{}}
	c.book.votes = map[string]map[int]int{}
	first := *c.book.comments[0]
	first.texts = map[int]string{}
	c.book.comments[0] = &first
	return c
}

func change(t *testing.T, db querier, statement string) {
	t.Helper()
	res, err := db.(*sql.Tx).Exec(statement)
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
		d.path, d.at = "/now", k.from.Add(-500*time.Millisecond)
		twice = append(twice, d)
		d.at = k.from.Add(500 * time.Millisecond)
		twice = append(twice, d)
	}
	return twice
}
