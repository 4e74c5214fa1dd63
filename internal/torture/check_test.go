package torture

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// evidence is everything that is known when all is over: what was promised,
// what was received, and what was done to the system.
type evidence struct {
	book     *book
	accepted []delivery
	bad      []string
	kills    []killing
	lease    time.Duration // after which a delivery comes again for want of an outcome; 0 = never
}

// killing is one fault that may make a call come twice: a node killed, paused
// or stopped, or its database gone; from its beginning to its end.
type killing struct {
	what     string
	from, to time.Time
}

// querier is the database as it is found in the end, within a transaction.
type querier interface {
	Query(query string, args ...any) (*sql.Rows, error)
}

// inFlight is the number of calls that one endpoint may get at a time, and so
// the number that one kill may make it get twice.
const inFlight = 8

// findings are the faults, in words, and the figures of the closing table.
type findings struct {
	faults     []string
	approvals  int // events in the log
	events     int
	duplicates int
	lapsed     int // of them, those whose lease had time to end
	worst      int // calls in flight at one endpoint that explain the others
}

// among counts the faults of one kind.
func (f *findings) among(kind string) (n int) {
	for _, fault := range f.faults {
		if strings.HasPrefix(fault, kind) {
			n++
		}
	}
	return n
}

func (f *findings) fault(format string, args ...any) {
	f.faults = append(f.faults, fmt.Sprintf(format, args...))
}

// ofFile are the invariants that SQLite's file has beside the others.
var ofFile = []string{
	`select 'pragma integrity_check: ' || integrity_check from pragma_integrity_check where integrity_check <> 'ok'`,
	`select 'foreign key of ' || "table" || ' to ' || parent from pragma_foreign_key_check`,
}

// invariants are queries that must give no row. Each names what is wrong, in
// the SQL that both engines understand.
var invariants = []string{
	`with have as (select site_id, status, count(*) n from comments group by 1, 2)
		select site_id || '/' || status || ': ' || coalesce(c.n, 0) || ' counted, ' || coalesce(h.n, 0) || ' there'
		from status_counts c full join have h using (site_id, status) where coalesce(c.n, 0) <> coalesce(h.n, 0)`,
	`select 'page ' || page_key || ' counts ' || visible from pages p where visible <>
		(select count(*) from comments c where c.site_id = p.site_id and c.page_id = p.page_id and public_revision > 0)`,
	`select 'comment ' || comment_id || ' counts ' || replies || ' replies' from comments p where replies <>
		(select count(*) from comments c where c.site_id = p.site_id and c.parent_id = p.comment_id and c.shown)`,
	`select 'comment ' || comment_id || ' is shown: ' || shown from comments where shown <> (public_revision > 0 or replies > 0)`,
	`select 'comment ' || comment_id || ' counts votes ' || votes_up || ' ' || votes_down from comments c where
		votes_up <> (select count(*) from votes v where v.site_id = c.site_id and v.comment_id = c.comment_id and value = 1) or
		votes_down <> (select count(*) from votes v where v.site_id = c.site_id and v.comment_id = c.comment_id and value = -1)`,
	`select 'author ' || name || ' counts ' || approved || ' ' || rejected from authors a where
		approved <> (select count(*) from comments c where c.site_id = a.site_id and c.author_id = a.author_id and public_revision > 0) or
		rejected <> (select count(*) from comments c where c.site_id = a.site_id and c.author_id = a.author_id and public_revision = 0 and in_force in ('rejected', 'spam'))`,
	`select 'comment ' || comment_id || ' has revision ' || revision from comments c where revision <>
		(select count(*) from revisions r where r.site_id = c.site_id and r.comment_id = c.comment_id)`,
	`select 'comment ' || comment_id || ' is ' || status || ' but ' || in_force || ' holds' from comments where status <> in_force`,
	`select 'comment ' || comment_id || ' is held by ' || held from comments where held <> ''`,
	`select 'decision ' || decision_id || ' is still held' from decisions where state = 'held'`,

	`select 'the log of ' || site_id || ' has ' || count(*) || ' events up to ' || max(seq) from events group by site_id having min(seq) <> 1 or max(seq) <> count(*)`,
	`select 'the log of ' || site_id || ' has its head at ' || seq from log_heads h where seq <> (select max(seq) from events e where e.site_id = h.site_id)
		or hash <> (select hash from events e where e.site_id = h.site_id and e.seq = h.seq)`,
	`select 'comment ' || comment_id || ' has sequence ' || sequence from comments c where
		sequence <> (select count(*) from events e where e.site_id = c.site_id and e.comment_id = c.comment_id and e.sequence > 0) or
		sequence <> (select max(sequence) from events e where e.site_id = c.site_id and e.comment_id = c.comment_id and e.sequence > 0)`,
	`with turned as (select comment_id, to_status, count(*) n from decisions where state = 'done' group by 1, 2),
		told as (select comment_id, case type when 'comment.approved' then 'approved' when 'comment.rejected' then 'rejected' else 'spam' end to_status, count(*) n
			from events where type in ('comment.approved', 'comment.rejected', 'comment.marked_spam') group by 1, 2)
		select 'comment ' || comment_id || ' was ' || to_status || ' ' || coalesce(turned.n, 0) || ' times, told ' || coalesce(told.n, 0)
		from turned full join told using (comment_id, to_status) where coalesce(turned.n, 0) <> coalesce(told.n, 0)`,

	`select 'delivery ' || delivery_id || ' is ' || state || ' after ' || attempts from deliveries where state <> 'delivered' or lease_token <> ''`,
	`with owed as (select event_id, count(*) n from deliveries group by 1)
		select 'event ' || event_id || ' has ' || coalesce(n, 0) || ' deliveries' from events left join owed using (event_id) where sequence > 0 and coalesce(n, 0) <> 1`,
}

// check holds the promises and the deliveries against the database.
func (e evidence) check(db querier, file bool) (f findings, err error) {
	all := invariants
	if file {
		all = append(ofFile, invariants...)
	}
	for _, query := range all {
		rows, err := texts(db, query)
		if err != nil {
			return f, fmt.Errorf("%w in %s", err, query)
		}
		f.faults = append(f.faults, rows...)
	}
	for _, w := range e.book.wrongs {
		f.fault("%s", w)
	}
	for _, b := range e.bad {
		f.fault("a call that should not have been: %s", b)
	}
	for _, step := range []func(querier, *findings) error{e.checkComments, e.checkHistories, e.checkDecisions, e.checkVotes, e.checkDeliveries} {
		if err := step(db, &f); err != nil {
			return f, err
		}
	}
	return f, nil
}

func texts(db querier, query string, args ...any) (all []string, err error) {
	rows, err := db.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// table reads columns of text into a map from the first to the others.
func table(db querier, query string) (map[string][]string, error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string][]string{}
	for rows.Next() {
		columns, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		values := make([]string, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		all[values[0]] = values[1:]
	}
	return all, rows.Err()
}

// checkComments: every acknowledged comment and edit is there, and nothing
// that was not acknowledged: a repeated request made one comment.
func (e evidence) checkComments(db querier, f *findings) error {
	comments, err := table(db, "select comment_id, status, revision, site_id from comments")
	if err != nil {
		return err
	}
	revisions, err := table(db, "select comment_id || ' ' || revision, source from revisions")
	if err != nil {
		return err
	}
	for _, p := range e.book.comments {
		row, ok := comments[p.id]
		if !ok {
			f.fault("LOST: comment %s, %q", p.id, p.text)
			continue
		}
		same := row[0] == p.status && row[1] == fmt.Sprint(p.revision)
		if row[2] != p.site || !same && !p.later(row[1], revisions) {
			history, err := texts(db, `select actor_kind || ' ' || action || ' ' || revision || ' ' || state || ' ' || at || ' ' || decision_id from decisions where comment_id = $1 order by at`, p.id)
			f.fault("comment %s is %v, answered was %s, revision %d; decisions: %q %v", p.id, row, p.status, p.revision, history, err)
		}
		for n, text := range p.texts {
			if got := revisions[fmt.Sprint(p.id, " ", n)]; len(got) != 1 || got[0] != text {
				f.fault("LOST: revision %d of comment %s is %q, acknowledged was %q", n, p.id, got, text)
			}
		}
	}
	if len(comments) != len(e.book.comments) {
		f.fault("%d comments are there, %d were acknowledged", len(comments), len(e.book.comments))
	}
	twice, err := texts(db, "select source from revisions where revision = 1 group by source having count(*) > 1")
	for _, text := range twice {
		f.fault("one submission made several comments: %q", text)
	}
	return err
}

// checkDecisions: every acknowledged decision is on record and in force, unless
// it was undone; every acknowledged undo was one.
func (e evidence) checkDecisions(db querier, f *findings) error {
	stored, err := table(db, "select comment_id || ' ' || decision_id, to_status, state, revision from decisions")
	if err != nil {
		return err
	}
	takenBack, err := table(db, "select comment_id || ' ' || from_status, count(*) from decisions where state = 'undone' group by 1")
	if err != nil {
		return err
	}
	for _, d := range e.book.decisions {
		row, ok := stored[d.comment.id+" "+d.id]
		window := d.comment.site == "later"
		switch {
		case !ok && window && takenBack[d.comment.id+" "+d.to] != nil:
			// It only took back one that was still held, and so made none.
		case !ok:
			f.fault("LOST: decision %s, comment %s to %s", d.id, d.comment.id, d.to)
		case row[0] != d.to:
			f.fault("decision %s is to %s, acknowledged was %s", d.id, row[0], d.to)
		case row[2] != fmt.Sprint(d.seen):
			f.fault("ILLEGAL: decision %s is on revision %s, seen was %d", d.id, row[2], d.seen)
		case d.undone && row[1] != "undone":
			f.fault("LOST: the undo of decision %s, which is %s", d.id, row[1])
		case row[1] != "done" && !window:
			f.fault("decision %s is %s where nothing can be undone", d.id, row[1])
		}
	}
	return nil
}

func (e evidence) checkVotes(db querier, f *findings) error {
	stored, err := table(db, "select comment_id, votes_up, votes_down from comments")
	if err != nil {
		return err
	}
	for comment, byClient := range e.book.votes {
		up, down := 0, 0
		for _, value := range byClient {
			switch value {
			case 1:
				up++
			case -1:
				down++
			}
		}
		want := fmt.Sprint(up, " ", down)
		if got := strings.Join(stored[comment], " "); got != want && !e.book.doubtful[comment] {
			f.fault("LOST: comment %s has votes %s, acknowledged are %s", comment, got, want)
		}
	}
	return nil
}

// checkDeliveries: every event of the log was received, byte for byte, those of
// one comment in their order, and more than once only around a kill.
func (e evidence) checkDeliveries(db querier, f *findings) error {
	logged, err := table(db, "select event_id, site_id, type, body, comment_id from events where sequence > 0")
	if err != nil {
		return err
	}
	seen := map[string]time.Time{}
	last := map[string]int64{}
	again := map[string][]span{} // by endpoint
	for _, d := range e.accepted {
		row, ok := logged[d.id]
		switch {
		case !ok:
			f.fault("%s was delivered and is not in the log", d.id)
			continue
		case "/"+row[0] != d.path || row[1] != d.typ || row[2] != d.body:
			f.fault("%s was delivered otherwise than it is in the log: %s", d.id, d.body)
		}
		if before, repeated := seen[d.id]; repeated {
			f.duplicates++
			// The call may have been sent some time after its lease began.
			if e.lease > 0 && d.at.Sub(before) > e.lease/4 {
				f.lapsed++
			} else {
				s := e.between(before, d.at)
				again[d.path] = append(again[d.path], s)
				if s.last < s.first {
					f.fault("%s: %s of comment %s came again after %s, and nothing had happened", d.path, d.typ, d.comment, d.at.Sub(before).Round(time.Millisecond))
				}
			}
		} else {
			lane := d.path + " " + d.comment
			if d.sequence != last[lane]+1 {
				f.fault("ORDER: comment %s: event %d was delivered after event %d", d.comment, d.sequence, last[lane])
			}
			last[lane] = d.sequence
		}
		seen[d.id] = d.at
	}
	for path, spans := range again {
		if n := capacity(spans, len(e.kills)); n > inFlight {
			f.fault("%s: some fault made %d calls come twice, more than were in flight", path, n)
		} else {
			f.worst = max(f.worst, n)
		}
	}
	for id, row := range logged {
		f.events++
		if row[1] == "comment.approved" {
			f.approvals++
		}
		if _, ok := seen[id]; !ok {
			f.fault("LOST: the webhook of %s, %s of comment %s", id, row[1], row[3])
		}
	}
	return nil
}

// span is the kills, by number, that can have made one call come again.
type span struct{ first, last int }

// between are the kills between two arrivals. What a server had sent may be
// read a little after its end.
func (e evidence) between(arrived, again time.Time) span {
	at := span{first: len(e.kills), last: -1}
	for n, k := range e.kills {
		if at.first == len(e.kills) && arrived.Before(k.to.Add(time.Second)) {
			at.first = n
		}
		if k.from.Before(again) {
			at.last = n
		}
	}
	return at
}

// capacity is the least number of calls in flight at each kill that explains
// all of these; -1 when nothing does.
func capacity(spans []span, kills int) int {
	for n := range len(spans) + 1 {
		if explained(slices.Clone(spans), kills, n) {
			return n
		}
	}
	return -1
}

// explained gives every kill up to most calls, first those that no later kill
// can explain, and reports whether none is left over.
func explained(spans []span, kills, most int) bool {
	slices.SortFunc(spans, func(a, b span) int { return a.last - b.last })
	for kill := range kills {
		free := most
		spans = slices.DeleteFunc(spans, func(s span) bool {
			if s.first <= kill && kill <= s.last && free > 0 {
				free--
				return true
			}
			return false
		})
	}
	return len(spans) == 0
}
