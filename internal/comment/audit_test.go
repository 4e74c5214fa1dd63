package comment_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

// auditedTables are those whose rows the log covers, with the columns that it
// does not: what is worked out from other rows, or from other columns; in blocks what
// counts how often each was met, in authors what is of nobody's saying, and in
// integrations the secret, which is sealed.
var auditedTables = map[string]string{
	"events": "", "decisions": "", "revisions": "", "appeals": "", "second_looks": "", "clauses": "", "templates": "",
	"sites": "", "words": "", "rules": "", "rule_versions": "", "standings": "",
	"comments":     " replies shown version score risk reasons ",
	"log_heads":    " node changed_at ",
	"blocks":       " hits last_hit_at ",
	"authors":      " kind name email approved rejected first_seen good bad counted_at last_rejected_at ",
	"integrations": " secret ",
}

// audited is a house in which everything has happened that the log covers.
func audited(t *testing.T) *house {
	h := newHouse(t, "second_look=20%")
	h.hire(ada, bob, chief)
	h.clause("3.1", "Be kind")
	_, err := h.PutTemplate(ctx(), comment.Template{Site: "daily", Name: "insult", Text: "Dear {name}"}, comment.Actor{})
	h.must(err)
	_, err = h.PutTemplate(ctx(), comment.Template{Site: "daily", Name: "gone", Text: "Dear {name}"}, comment.Actor{})
	h.must(err)
	h.must(h.RemoveTemplate(ctx(), "daily", "gone", comment.Actor{}))
	h.furnish()
	s, a := h.appealed("Rejected, and appealed.")
	h.clock.pass(time.Minute)
	_, err = h.DecideAppeal(ctx(), comment.AppealRuling{By: bob, Site: "daily", ID: a.ID, Outcome: comment.AppealOverturned, Answer: "Yes."})
	h.must(err)
	h.edit(h.public("Public, then changed."), "Changed.")
	_, err = h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: 1, Client: reader})
	h.must(err)
	h.set("daily", "undo_window=5s")
	h.clock.pass(time.Minute)
	undone := h.decide(ada, comment.Reject, h.say("Undone.").Comment.ID)
	_, err = h.Undo(ctx(), ada, undone.DecisionID)
	h.must(err)
	h.decide(ada, comment.Approve, h.say("Held.").Comment.ID)
	h.submit(by(1, advert(1)))
	h.submit(by(2, advert(2)))
	for len(h.looks(chief)) == 0 {
		h.set("daily", "undo_window=0s")
		h.public(fmt.Sprint("Drawn, or not, ", h.clock.Now()))
		h.clock.pass(time.Minute)
	}
	_, err = h.Judge(ctx(), chief, "daily", h.looks(chief)[0].ID, comment.Reject)
	h.must(err)
	h.wantSoundLog("daily")
	return h
}

// furnish makes what comments are held against: lists, rules, a check, standings.
func (h *house) furnish() {
	h.t.Helper()
	word, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: "suspect", Text: "frob", Exceptions: []string{"frobisher"}}, chiefActor)
	h.must(err)
	_, err = h.ChangeWord(ctx(), "daily", word.ID, comment.WordChange{Note: ptr("seen often")}, chiefActor)
	h.must(err)
	_, err = h.ImportWords(ctx(), comment.WordImport{Site: "daily", Format: "text", Text: "twaddle\ngone\n", Usual: comment.Word{List: "banned", Kind: comment.KindWord}}, chiefActor)
	h.must(err)
	words, err := h.AllWords(ctx(), "daily")
	h.must(err)
	h.must(h.RemoveWord(ctx(), "daily", words[0].ID, chiefActor))
	first := h.addRule(rule("Links", "links.count > 40", moderation.HintHold))
	_, err = h.ChangeRule(ctx(), "daily", first.ID, comment.RuleChange{When: ptr("links.count > 50")}, chiefActor)
	h.must(err)
	h.must(h.RemoveRule(ctx(), "daily", h.addRule(rule("Gone", "links.count > 60", moderation.HintHold)).ID, chiefActor))
	h.block(comment.BlockDomain, "throwaway.example", comment.BlockReview)
	_, err = h.ImportBlocks(ctx(), comment.BlockImport{Site: "daily", Kind: comment.BlockAddress, Effect: comment.BlockReview, Values: []string{"192.0.2.0/24", "198.51.100.1"}}, operator)
	h.must(err)
	h.stand(h.say("By somebody who is muted.").Comment.AuthorID, "muted")
	h.must(h.store.Write(ctx(), comment.Sites{"daily"}, func(tx comment.Tx) error {
		i := comment.Integration{
			Site: "daily", ID: "i1", Kind: "http", Name: "Gate", URL: "https://gate.example/", When: "before", Only: "all", Silence: "hold", Most: moderation.HintHold,
			Settings: map[string]string{"a": "b"}, Send: []string{"links"}, Deadline: time.Second, Version: 1, CreatedAt: h.clock.Now(),
		}
		if err := tx.PutIntegration(i); err != nil {
			return err
		}
		rows, err := h.Ledger.CoverRows(tx, "daily", comment.RowCheck, "i1")
		if err == nil {
			_, err = h.Ledger.Append(tx, comment.Event{Site: "daily", Type: comment.CheckAdded, At: h.clock.Now(), Covers: rows})
		}
		return err
	}))
}

func (h *house) looks(by comment.Account) []comment.LookView {
	h.t.Helper()
	looks, _, err := h.SecondLooks(ctx(), by, "daily", "", 100)
	h.must(err)
	return looks
}

// TestOneChangedByteIsFoundAndNamed changes one byte in each column of each row
// that the log covers, one after the other.
func TestOneChangedByteIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	h := audited(t).copyOf()
	db, err := sql.Open("sqlite3", "file:"+h.path+"?_foreign_keys=off&_busy_timeout=5000")
	h.must(err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, pragma := range []string{"foreign_keys = off", "ignore_check_constraints = on", "synchronous = off"} {
		_, err = db.Exec("pragma " + pragma)
		h.must(err)
	}
	flips := 0
	for table, free := range auditedTables {
		cells := cellsOf(t, db, table, free)
		if len(cells) == 0 {
			t.Errorf("there are no %s", table)
		}
		for _, cell := range cells {
			cell.flip(t, db)
			audit := verified(h, cell.site)
			cell.restore(t, db)
			flips++
			if audit.Bad == 0 || audit.What == "" || !cell.named(audit) {
				t.Errorf("%s.%s of row %d, %q made %q: found %+v", table, cell.column, cell.row, cell.was, cell.now, audit)
			}
		}
	}
	if a := verified(h, "daily"); a.Bad != 0 || a.Rows < 30 {
		t.Errorf("as it was again: %+v", a)
	}
	t.Logf("%d bytes changed", flips)
	if flips < 500 {
		t.Errorf("only %d bytes were changed", flips)
	}
}

func verified(h *house, site string) comment.Audit {
	h.t.Helper()
	return view(h, func(r comment.Reader) (comment.Audit, error) { return h.Ledger.Verify(r, site) })
}

// cell is one column of one row.
type cell struct {
	table, column string
	row           int64 // SQLite's rowid
	site          string
	seq           int64 // of an event
	was, now      any
}

func cellsOf(t *testing.T, db *sql.DB, table, free string) (cells []cell) {
	t.Helper()
	which := ""
	if table == "authors" {
		which = " and standing <> ''"
	}
	rows, err := db.Query("select rowid, * from " + table + " where site_id = 'daily'" + which)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, _ := rows.Columns()
	for rows.Next() {
		values, at := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			at[i] = &values[i]
		}
		if err := rows.Scan(at...); err != nil {
			t.Fatal(err)
		}
		c := cell{table: table, row: values[0].(int64), site: "daily"}
		if table == "events" {
			c.seq = values[2].(int64)
		}
		for i, name := range names[1:] {
			if !strings.Contains(free, " "+name+" ") {
				c.column, c.was = name, values[i+1]
				c.now = flipped(c.was)
				if name == "active" || name == "enabled" {
					c.now = 1 - c.was.(int64)
				}
				cells = append(cells, c)
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return cells
}

// flipped changes the lowest bit of the middle byte; nothing becomes something.
func flipped(v any) any {
	switch v := v.(type) {
	case int64:
		return v ^ 1<<32 // beyond the other keys
	case bool:
		return !v
	case []byte:
		b := append([]byte{}, v...)
		b[len(b)/2] ^= 1
		return b
	case string:
		if v == "" {
			return "x"
		}
		b := []byte(v)
		b[len(b)/2] ^= 1
		if b[len(b)/2] >= 0x80 || v[len(v)/2] >= 0x80 { // stay valid text
			b = []byte(v)
			b[len(b)-1] ^= 1
		}
		return string(b)
	}
	return nil
}

func (c cell) set(t *testing.T, db *sql.DB, value any) {
	t.Helper()
	result, err := db.Exec("update "+c.table+" set "+c.column+" = $1 where rowid = $2", value, c.row)
	if err != nil {
		t.Fatalf("%s.%s: %v", c.table, c.column, err)
	}
	if n, _ := result.RowsAffected(); n != 1 {
		t.Fatalf("%s.%s: %d rows", c.table, c.column, n)
	}
}

func (c *cell) flip(t *testing.T, db *sql.DB) { t.Helper(); c.set(t, db, c.now) }

func (c *cell) restore(t *testing.T, db *sql.DB) { t.Helper(); c.set(t, db, c.was) }

// named reports whether what was found is this row.
func (c cell) named(a comment.Audit) bool {
	kind := map[string]string{
		"comments": "comment ", "decisions": "decision ", "revisions": "revision ", "appeals": "appeal ", "second_looks": "look ", "clauses": "clause ", "templates": "template ",
		"sites": "site ", "words": "word ", "rules": "rule ", "rule_versions": "version ", "standings": "standing ", "blocks": "block ", "authors": "person ", "integrations": "check ",
	}[c.table]
	switch c.table {
	case "events":
		return a.Bad == c.seq && a.Row == ""
	case "log_heads":
		return a.Row == ""
	}
	return strings.HasPrefix(a.Row, kind)
}

// A name that was taken away, as an erasure does, is no damage; another one is.
func TestANameMayBeTakenAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.public("By somebody who wants to be forgotten.")
	took := h.copyOf("update events set actor_name = ''", "update decisions set actor_name = ''")
	if a := verified(took, "daily"); a.Bad != 0 {
		t.Errorf("%+v", a)
	}
	for _, table := range []string{"events", "decisions"} {
		if a := verified(h.copyOf("update "+table+" set actor_name = 'Eve' where actor_name = 'ada'"), "daily"); a.Bad == 0 {
			t.Errorf("another name in %s: %+v", table, a)
		}
	}
}

// Lines of the time before names and rows were covered verify as they are, and
// cannot be made of newer ones.
func TestAnOldLogVerifies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.public("New.")
	if a := verified(h.copyOf("update events set actor_mac = '', covers = '' where site_id = 'daily' and seq = 3"), "daily"); a.Bad != 3 {
		t.Errorf("a line that was made to look old: %+v", a)
	}
	e := comment.Event{Site: "old", Seq: 1, ID: comment.NewID(), Type: comment.SiteChanged, Actor: comment.Actor{Kind: comment.ActorOperator, Name: "Olga"}, At: h.clock.Now(), Body: []byte("{}")}
	e.Seal("", h.Ring.Key("audit chain"))
	h.must(h.store.Write(ctx(), comment.Sites{"old"}, func(tx comment.Tx) error { return tx.AppendEvent(e) }))
	if a := verified(h, "old"); a.Bad != 0 || a.Events != 1 {
		t.Errorf("an old log: %+v", a)
	}
}
