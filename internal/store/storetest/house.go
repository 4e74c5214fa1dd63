package storetest

import (
	"slices"
	"strconv"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

var houseTests = map[string]func(*house){
	"clauses and templates":          testClauses,
	"appeals":                        testAppeals,
	"second looks":                   testLooks,
	"decisions whose author is told": testTold,
	"rows as they are stored":        testStored,
	"rows that the house changes":    testStoredRows,
}

func testClauses(h *house) {
	h.newSites("daily", "weekly")
	c := comment.Clause{Site: "daily", ID: "c1", Number: "3.1", Title: "Be “kind”", Text: "No insults.", Language: "de", Active: true, CreatedAt: start, ChangedAt: after(1)}
	full(h, c)
	other := c
	other.ID, other.Active = "c2", false
	elsewhere := c
	elsewhere.Site = "weekly"
	put := func(c comment.Clause) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.PutClause(c) }
	}
	h.write(all(put(c), put(other), put(elsewhere)))
	c.Number, c.Title, c.Text, c.Language, c.Active, c.ChangedAt = "3.2", "New", "", "en", false, after(2)
	h.write(put(c))
	same(h, "clauses", get(h, func(r comment.Reader) ([]comment.Clause, error) { return r.Clauses("daily") }), []comment.Clause{c, other})
	same(h, "a clause", get(h, func(r comment.Reader) (comment.Clause, error) { return r.Clause("weekly", "c1") }), elsewhere)
	absent(h, "a foreign clause", func(r comment.Reader) (comment.Clause, error) { return r.Clause("weekly", "c2") })

	t := comment.Template{Site: "daily", Name: "default", Text: "Hello {name}", ChangedAt: start}
	full(h, t)
	putTemplate := func(t comment.Template) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.PutTemplate(t) }
	}
	h.write(putTemplate(t))
	t.Text, t.ChangedAt = "Bye", after(1)
	h.write(putTemplate(t))
	same(h, "templates", get(h, func(r comment.Reader) ([]comment.Template, error) { return r.Templates("daily") }), []comment.Template{t})
	same(h, "a template", get(h, func(r comment.Reader) (comment.Template, error) { return r.Template("daily", "default") }), t)
	remove := func(tx comment.Tx) error { return tx.RemoveTemplate("daily", "default") }
	h.write(remove)
	h.refused("removing it again", remove)
	absent(h, "it", func(r comment.Reader) (comment.Template, error) { return r.Template("daily", "default") })
}

func newAppeal(id, commentID, decisionID string) comment.Appeal {
	return comment.Appeal{
		Site: "daily", ID: id, CommentID: commentID, DecisionID: decisionID, Revision: 2, Text: "It was “fine”.", State: comment.AppealOpen,
		Assignee: "u2", CreatedAt: start, DecidedAt: after(3), DecidedBy: "u3", Answer: "So it was.", OutcomeID: "d9", Version: 1,
	}
}

func testAppeals(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.post(c)
	a, b := newAppeal("a1", c.ID, "d1"), newAppeal("a2", c.ID, "d2")
	full(h, a)
	insert := func(a comment.Appeal) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.InsertAppeal(a) }
	}
	h.write(all(insert(a), insert(b)))
	h.conflicts("a second appeal of one decision", insert(newAppeal("a3", c.ID, "d1")))
	same(h, "appeal", get(h, func(r comment.Reader) (comment.Appeal, error) { return r.Appeal("daily", "a1") }), a)
	same(h, "of a decision", get(h, func(r comment.Reader) (comment.Appeal, error) { return r.AppealOf("daily", c.ID, "d2") }), b)
	absent(h, "of another site", func(r comment.Reader) (comment.Appeal, error) { return r.Appeal("weekly", "a1") })
	in := func(state comment.AppealOutcome, after string, limit int) []comment.Appeal {
		return get(h, func(r comment.Reader) ([]comment.Appeal, error) { return r.Appeals("daily", state, after, limit) })
	}
	same(h, "open, oldest first", in(comment.AppealOpen, "", 9), []comment.Appeal{a, b})
	same(h, "from the first on", in(comment.AppealOpen, "a1", 1), []comment.Appeal{b})
	change := func(a *comment.Appeal) func(comment.Tx) error {
		return func(tx comment.Tx) error { copied := *a; return tx.UpdateAppeal(&copied) }
	}
	stale := a
	a.State, a.Assignee, a.DecidedAt, a.DecidedBy, a.Answer, a.OutcomeID = comment.AppealUpheld, "", after(4), "u5", "No.", ""
	b.State = comment.AppealUpheld
	h.write(all(change(&a), change(&b)))
	a.Version, b.Version = 2, 2
	h.conflicts("a change of what has changed", change(&stale))
	same(h, "upheld, newest first", in(comment.AppealUpheld, "", 9), []comment.Appeal{b, a})
	same(h, "before the newest", in(comment.AppealUpheld, "a2", 9), []comment.Appeal{a})
}

func testLooks(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.post(c)
	l := comment.SecondLook{
		Site: "daily", ID: "l1", CommentID: c.ID, DecisionID: "d1", Revision: 2, Action: comment.Reject, Reason: "insult", Clause: "c1",
		DecidedBy: "u1", DrawnAt: start, Verdict: comment.Approve, LookedBy: "u2", LookedAt: after(2),
	}
	full(h, l)
	first := l
	first.Verdict, first.LookedBy, first.LookedAt = "", "", time.Time{}
	second := first
	second.ID = "l2"
	insert := func(l comment.SecondLook) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.InsertLook(l) }
	}
	judge := func(tx comment.Tx) error { return tx.JudgeLook(l) }
	h.write(all(insert(first), insert(second)))
	open := func(after string, limit int) []comment.SecondLook {
		return get(h, func(r comment.Reader) ([]comment.SecondLook, error) { return r.OpenLooks("daily", after, limit) })
	}
	same(h, "open", open("", 9), []comment.SecondLook{first, second})
	same(h, "open behind the first", open("l1", 9), []comment.SecondLook{second})
	h.write(judge)
	h.conflicts("a second verdict", judge)
	same(h, "judged", get(h, func(r comment.Reader) (comment.SecondLook, error) { return r.SecondLook("daily", "l1") }), l)
	same(h, "still open", open("", 9), []comment.SecondLook{second})
	done := func(since time.Time) []comment.SecondLook {
		return get(h, func(r comment.Reader) ([]comment.SecondLook, error) { return r.DoneLooks("daily", since, 9) })
	}
	same(h, "done", done(after(2)), []comment.SecondLook{l})
	same(h, "done later", done(after(3)), []comment.SecondLook{})
	same(h, "of the comment", len(get(h, func(r comment.Reader) ([]comment.SecondLook, error) { return r.LooksOf("daily", c.ID) })), 2)
}

func testTold(h *house) {
	h.newSites("daily")
	c, other := newComment("daily"), newComment("daily")
	if c.ID > other.ID {
		c, other = other, c
	}
	h.post(c, other)
	told, also, silent, early := newDecision("d1", c.ID), newDecision("d1", other.ID), newDecision("d2", c.ID), newDecision("d3", c.ID)
	silent.Statement, early.At = "", after(-5)
	h.write(all(putDecision(told), putDecision(also), putDecision(silent), putDecision(early)))
	read := func(after [2]string, since time.Time, limit int) []comment.Decision {
		return get(h, func(r comment.Reader) ([]comment.Decision, error) {
			return r.ToldDecisions("daily", after, since, limit)
		})
	}
	same(h, "all", read([2]string{}, time.Time{}, 9), []comment.Decision{told, also, early})
	same(h, "since", read([2]string{}, start, 9), []comment.Decision{told, also})
	same(h, "from the first on", read([2]string{"d1", c.ID}, start, 9), []comment.Decision{also})
	same(h, "one", read([2]string{}, start, 1), []comment.Decision{told})
	same(h, "by its id", get(h, func(r comment.Reader) (comment.Decision, error) { return r.Decision("daily", other.ID, "d1") }), also)
	absent(h, "of another comment", func(r comment.Reader) (comment.Decision, error) { return r.Decision("daily", other.ID, "d2") })
}

func testStored(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.post(c)
	got := get(h, func(r comment.Reader) (comment.Revision, error) { return r.StoredRevision("daily", c.ID, 2) })
	want, err := c.Text.Texts()
	if err != nil {
		h.Fatal(err)
	}
	same(h, "texts", *got.Stored, want)
	same(h, "source", got.Source, c.Text.Source)
}

// testStoredRows reads the rows that the house changes as they are stored, alike on
// both engines.
func testStoredRows(h *house) {
	h.newSites("daily", "weekly")
	i := newIntegration("daily", "i1")
	off := newIntegration("daily", "i2")
	i.Enabled, off.Enabled, off.Name = true, false, "off"
	word := newWord("daily", "w1")
	said := comment.Saying{Site: "daily", Author: "p1", ID: "s1", Note: "n", By: ann, Said: moderation.Said{Standing: moderation.StandingMuted, Reason: "r", By: ann.Name, When: after(1)}}
	rule := newRule("daily", "r1", "Links")
	h.write(all(putIntegration(i), putIntegration(off), putRule(rule),
		func(tx comment.Tx) error { return tx.PutWord(word) },
		func(tx comment.Tx) error {
			return tx.PutAuthor(comment.Author{Site: "daily", ID: "p1", Name: "Rita", Kind: "guest", FirstSeen: start})
		},
		func(tx comment.Tx) error { return tx.PutSaying(said) },
		func(tx comment.Tx) error {
			return tx.PutBlock(comment.Block{Site: comment.AllSites, ID: "b1", Kind: comment.BlockName, Value: "rita", Shown: "Rita", Effect: comment.BlockRefuse, By: ann.Name, CreatedAt: start})
		},
	))
	rule.Version = 2
	h.write(putRule(rule))
	at := strconv.FormatInt(start.UnixMicro(), 10)
	for _, tt := range []struct {
		kind, site, key string
		want            []string // some of its columns
		name            string
	}{
		{comment.RowSite, "daily", "daily", []string{at}, ""},
		{comment.RowWord, "daily", "w1", []string{word.Text, word.List}, word.AddedBy.Name},
		{comment.RowBlock, comment.AllSites, "b1", []string{"rita", at}, "Ann"},
		{comment.RowRule, "daily", "r1", []string{"2", "Links"}, ""},
		{comment.RowVersion, "daily", "r1/1", []string{ann.ID}, "Ann"},
		{comment.RowVersion, "daily", "r1/2", []string{ann.ID}, "Ann"},
		{comment.RowPerson, "daily", "p1", []string{"muted", "r"}, "Ann"},
		{comment.RowStanding, "daily", "p1/s1", []string{"muted", "n"}, "Ann"},
		{comment.RowCheck, "daily", "i1", []string{i.Name, "1"}, ""},
		{comment.RowCheck, "daily", "i2", []string{"off", "0"}, ""},
	} {
		rows := get(h, func(r comment.Reader) (map[string]comment.StoredRow, error) {
			return r.StoredRows(tt.kind, tt.site, []string{tt.key, "nothing"})
		})
		row, there := rows[tt.key]
		for _, column := range tt.want {
			if !slices.Contains(row.Parts, column) {
				h.Errorf("%s %s has no column %q: %q", tt.kind, tt.key, column, row.Parts)
			}
		}
		if !there || row.Name != tt.name {
			h.Errorf("%s %s is of %q, there: %v", tt.kind, tt.key, row.Name, there)
		}
		elsewhere := get(h, func(r comment.Reader) (map[string]comment.StoredRow, error) {
			return r.StoredRows(tt.kind, "weekly", []string{tt.key})
		})
		if len(elsewhere) != 0 {
			h.Errorf("%s %s is elsewhere too: %v", tt.kind, tt.key, elsewhere)
		}
	}
	many := make([]string, 250)
	for n := range many {
		many[n] = strconv.Itoa(n)
	}
	rows := get(h, func(r comment.Reader) (map[string]comment.StoredRow, error) {
		return r.StoredRows(comment.RowWord, "daily", append(many, "w1"))
	})
	if len(rows) != 1 {
		h.Errorf("of many keys %d rows", len(rows))
	}
}
