package comment_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

func ptr[T any](v T) *T { return &v }

// clause adds a house rule to the site daily.
func (h *house) clause(number, title string) comment.Clause {
	h.t.Helper()
	c, err := h.AddClause(ctx(), "daily", comment.ClauseChange{Number: &number, Title: &title, Text: ptr("No insults.")}, comment.Actor{Kind: comment.ActorOperator})
	h.must(err)
	return c
}

// hire stores accounts, so that the house knows who could decide.
func (h *house) hire(accounts ...comment.Account) {
	h.t.Helper()
	h.must(h.store.Write(ctx(), nil, func(tx comment.Tx) error {
		for _, a := range accounts {
			a.Password = "none"
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	}))
}

// rejected posts a comment and lets ada reject it.
func (h *house) rejected(text string, change ...func(*comment.Ruling)) comment.Submitted {
	h.t.Helper()
	s := h.say(text)
	r := h.ruling(ada, comment.Reject, s.Comment.ID)
	for _, c := range change {
		c(&r)
	}
	out, err := h.Decide(ctx(), r)
	h.must(err)
	if !out.Results[0].OK {
		h.t.Fatalf("%+v", out.Results[0])
	}
	return s
}

// told is what the author of a comment is told.
func (h *house) told(s comment.Submitted) *comment.Told {
	h.t.Helper()
	own, err := h.Own(ctx(), s.Comment.Site, s.Comment.ID, s.EditToken)
	h.must(err)
	return own.Statement
}

func tokenOf(t *comment.Told) string { return strings.TrimPrefix(t.Appeal.Path, "/appeal/") }

var reader = comment.Client{IP: "203.0.113.9"}

// appealed rejects a comment and lets its author appeal.
func (h *house) appealed(text string) (comment.Submitted, comment.AppealView) {
	h.t.Helper()
	s := h.rejected(text)
	_, err := h.Appeal(ctx(), tokenOf(h.told(s)), "It was a quotation.", reader)
	h.must(err)
	all := h.appeals(bob)
	return s, all[len(all)-1]
}

func (h *house) appeals(by comment.Account) []comment.AppealView {
	h.t.Helper()
	all, _, err := h.Appeals(ctx(), comment.AppealAsk{By: by, Site: "daily", State: comment.AppealOpen, Limit: 100})
	h.must(err)
	return all
}

func TestARejectionTellsItsAuthorWhy(t *testing.T) {
	h := newHouse(t)
	_, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: "suspect", Text: "numpty"}, comment.Actor{})
	h.must(err)
	c := h.clause("3.1", "Be kind")
	s := h.rejected("You numpty.", func(r *comment.Ruling) { r.Clause, r.Reason, r.Note = "3.1", "insult", "for us only" })
	own, err := h.Own(ctx(), "daily", s.Comment.ID, s.EditToken)
	h.must(err)
	told := own.Statement
	if own.Told != comment.Rejected || told == nil || told.Clause == nil || told.Clause.ID != c.ID || told.Reason != "insult" {
		t.Fatalf("told %s, %+v", own.Told, told)
	}
	want := "Hello Rita,\n\nyour comment on “Story” is not shown.\n\nOur rule 3.1 Be kind\nNo insults.\nReason: insult\n\nIf you think that this is wrong, you can ask for another look until 2026-03-15. Somebody else will decide."
	if told.Message != want {
		t.Errorf("the message is %q", told.Message)
	}
	if a := told.Automation; !a.Detected || a.Decided || strings.Join(a.Checks, " ") != "words" {
		t.Errorf("automation: %+v", a)
	}
	if f := told.Facts; f.Action != comment.Reject || f.Revision != 1 || f.WasPublic || f.PageTitle != "Story" {
		t.Errorf("facts: %+v", f)
	}
	if told.Appeal == nil || told.Appeal.State != "none" || told.Appeal.Until != comment.Timestamp(h.clock.Now().Add(14*24*time.Hour)) {
		t.Errorf("appeal: %+v", told.Appeal)
	}
	h.wantNowhere() // the note is in no body
	var body struct {
		Data struct{ Statement *comment.Told }
	}
	events := h.events(s.Comment.ID)
	h.must(json.Unmarshal(events[len(events)-1].Body, &body))
	if body.Data.Statement == nil || body.Data.Statement.Message != want || body.Data.Statement.Appeal.Path != told.Appeal.Path {
		t.Errorf("the event carries %+v", body.Data.Statement)
	}
	// What the rule says later is not what it said then.
	_, err = h.ChangeClause(ctx(), "daily", c.ID, comment.ClauseChange{Title: ptr("Be nice"), Active: ptr(false)}, comment.Actor{})
	h.must(err)
	if later := h.told(s); later.Clause.Title != "Be kind" {
		t.Errorf("the statement now names %q", later.Clause.Title)
	}
	d, err := h.Detail(ctx(), bob, s.Comment.ID)
	h.must(err)
	if first := d.Decisions[0]; first.Statement == nil || first.Statement.Message != want || first.Clause.Number != "3.1" {
		t.Errorf("the desk shows %+v", first)
	}
	h.wantSoundLog("daily")
}

func TestWhoIsToldWhat(t *testing.T) {
	h := newHouse(t)
	no, yes := false, true
	for name, tt := range map[string]struct {
		action  comment.Action
		message string
		tell    *bool
		told    bool
		status  comment.Status
	}{
		"a rejection":           {comment.Reject, "", nil, true, comment.Rejected},
		"a silent rejection":    {comment.Reject, "", &no, false, comment.Rejected},
		"spam":                  {comment.MarkSpam, "", nil, false, comment.Pending},
		"spam that is told":     {comment.MarkSpam, "", &yes, true, comment.Rejected},
		"a message about spam":  {comment.MarkSpam, "Dear {name}", nil, true, comment.Rejected},
		"a deletion":            {comment.Delete, "", nil, false, comment.Deleted},
		"a deletion with words": {comment.Delete, "Dear {name}", nil, true, comment.Deleted},
		"an approval":           {comment.Approve, "Dear {name}", &yes, false, comment.Approved},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			s := h.say("About " + name)
			r := h.ruling(ada, tt.action, s.Comment.ID)
			r.Message, r.Tell = tt.message, tt.tell
			_, err := h.Decide(ctx(), r)
			h.must(err)
			own, err := h.Own(ctx(), "daily", s.Comment.ID, s.EditToken)
			h.must(err)
			if (own.Statement != nil) != tt.told || own.Told != tt.status {
				t.Errorf("told %s, %+v", own.Told, own.Statement)
			}
			if tt.told && tt.message != "" && own.Statement.Message != "Dear Rita" {
				t.Errorf("the message is %q", own.Statement.Message)
			}
		})
	}
	h.t = t
}

func TestAnAutomaticRejectionSaysThatNobodyLooked(t *testing.T) {
	h := newHouse(t)
	_, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: "banned", Text: "numpty"}, comment.Actor{})
	h.must(err)
	s := h.say("You numpty.")
	told := h.told(s)
	if told == nil || !told.Automation.Decided || !told.Automation.Detected || told.Appeal == nil {
		t.Fatalf("told %+v", told)
	}
	_, err = h.Appeal(ctx(), tokenOf(told), "It was a quotation.", reader)
	h.must(err)
	if a := h.appeals(ada)[0]; !a.MayDecide {
		t.Error("nobody may decide about what automation did")
	}
}

func TestNothingOfAMessageLeavesWithinTheUndoWindow(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	s := h.rejected("Thought better of.")
	if told := h.told(s); told != nil {
		t.Fatalf("told within the window: %+v", told)
	}
	// Even whoever guessed the token would get nothing.
	d := view(h, func(r comment.Reader) ([]comment.Decision, error) { return r.Decisions("daily", s.Comment.ID) })[0]
	_, err := h.AppealedBy(ctx(), h.Ring.Sign("appeal", "daily|"+s.Comment.ID+"|"+d.ID))
	wantFault(t, err, "not_found")
	_, err = h.Undo(ctx(), ada, d.ID)
	h.must(err)
	h.clock.pass(time.Hour)
	h.settle()
	if told := h.told(s); told != nil {
		t.Errorf("told of what was undone: %+v", told)
	}
	again := h.rejected("Meant.")
	h.clock.pass(time.Minute)
	h.settle()
	if told := h.told(again); told == nil || told.Appeal.Until != comment.Timestamp(h.clock.Now().Add(14*24*time.Hour-time.Minute+5*time.Second)) {
		t.Errorf("after the window: %+v", told)
	}
	h.wantSoundLog("daily")
}

func TestReasonsMayBeRequired(t *testing.T) {
	h := newHouse(t, "reasons_required=on")
	h.clause("1", "Stay on topic")
	s := h.say("Off topic.")
	for name, tt := range map[string]struct {
		change func(*comment.Ruling)
		code   string
	}{
		"no reason":       {func(*comment.Ruling) {}, "reason_required"},
		"an unknown rule": {func(r *comment.Ruling) { r.Clause = "9" }, "unknown_clause"},
	} {
		r := h.ruling(ada, comment.Reject, s.Comment.ID)
		tt.change(&r)
		out, err := h.Decide(ctx(), r)
		h.must(err)
		if got := out.Results[0]; got.OK || got.Code != tt.code {
			t.Errorf("%s: %+v", name, got)
		}
	}
	h.wantEvents(s.Comment.ID, "created")
	h.decide(bob, comment.MarkSpam, s.Comment.ID)
	r := h.ruling(ada, comment.Reject, s.Comment.ID)
	r.Clause = "1"
	out, err := h.Decide(ctx(), r)
	h.must(err)
	if !out.Results[0].OK {
		t.Errorf("with a rule: %+v", out.Results[0])
	}
}

func TestAnAppealIsNeverForWhoDecided(t *testing.T) {
	h := newHouse(t)
	h.hire(ada, bob, chief, watcher)
	s := h.say("Decided back and forth.")
	h.decide(chief, comment.Approve, s.Comment.ID) // chief has had a part in it as well
	h.clock.pass(time.Minute)
	h.decide(ada, comment.Reject, s.Comment.ID)
	_, err := h.Appeal(ctx(), tokenOf(h.told(s)), "It was a quotation.", reader)
	h.must(err)
	a := h.appeals(ada)[0]
	if a.MayDecide || a.Others != 1 || !h.appeals(bob)[0].MayDecide || h.appeals(watcher)[0].MayDecide {
		t.Errorf("ada %+v", a)
	}
	rule := func(by comment.Account) comment.AppealRuling {
		return comment.AppealRuling{By: by, Site: "daily", ID: a.ID, Outcome: comment.AppealUpheld, Answer: "No."}
	}
	for _, by := range []comment.Account{ada, chief} {
		_, err = h.DecideAppeal(ctx(), rule(by))
		wantFault(t, err, "own_decision")
		_, err = h.AssignAppeal(ctx(), comment.Assignment{By: by, Site: "daily", ID: a.ID, To: by.ID})
		wantFault(t, err, "own_decision")
	}
	_, err = h.AssignAppeal(ctx(), comment.Assignment{By: chief, Site: "daily", ID: a.ID, To: ada.ID})
	wantFault(t, err, "own_decision")
	_, err = h.AssignAppeal(ctx(), comment.Assignment{By: ada, Site: "daily", ID: a.ID, To: bob.ID})
	wantFault(t, err, "forbidden")
	_, err = h.AssignAppeal(ctx(), comment.Assignment{By: chief, Site: "daily", ID: a.ID, To: watcher.ID})
	wantFault(t, err, "assignee:unknown_account")
	got, err := h.AssignAppeal(ctx(), comment.Assignment{By: chief, Site: "daily", ID: a.ID, To: bob.ID})
	h.must(err)
	if got.Assignee == nil || got.Assignee.Name != "bob" {
		t.Errorf("assigned to %+v", got.Assignee)
	}
	out, err := h.DecideAppeal(ctx(), rule(bob))
	h.must(err)
	if out.State != comment.AppealUpheld || out.DecidedBy.Name != "bob" {
		t.Errorf("decided: %+v", out)
	}
	_, err = h.DecideAppeal(ctx(), rule(bob))
	wantFault(t, err, "already_decided")
	if told := h.told(s); told.Appeal.State != "upheld" || told.Appeal.Answer != "No." {
		t.Errorf("the author is told %+v", told.Appeal)
	}
	h.wantSoundLog("daily")
}

func TestWhereNobodyElseMayDecide(t *testing.T) {
	h := newHouse(t)
	h.hire(ada, watcher)
	_, a := h.appealed("Alone here.")
	_, err := h.DecideAppeal(ctx(), comment.AppealRuling{By: ada, Site: "daily", ID: a.ID, Outcome: comment.AppealOverturned, Answer: "Yes."})
	wantFault(t, err, "own_decision")
	if !strings.Contains(err.Error(), "nobody else may") || a.Others != 0 {
		t.Errorf("%v, others %d", err, a.Others)
	}
}

func TestOverturningPublishesInTheSameTransaction(t *testing.T) {
	h := newHouse(t)
	h.hire(ada, bob)
	s, a := h.appealed("Wrongly rejected.")
	h.clock.pass(time.Hour)
	out, err := h.DecideAppeal(ctx(), comment.AppealRuling{By: bob, Site: "daily", ID: a.ID, Outcome: comment.AppealOverturned, Answer: "You were right."})
	h.must(err)
	if out.State != comment.AppealOverturned || out.Comment.Status != comment.Approved {
		t.Errorf("decided: %+v", out)
	}
	h.wantEvents(s.Comment.ID, "created rejected approved")
	d := view(h, func(r comment.Reader) ([]comment.Decision, error) { return r.Decisions("daily", s.Comment.ID) })[0]
	if d.Reason != "appeal" || d.Actor.ID != bob.ID || d.State != comment.DecisionDone {
		t.Errorf("the decision is %+v", d)
	}
	at, err := h.AppealedBy(ctx(), tokenOf(&comment.Told{Appeal: &comment.AppealState{Path: h.Ring.Sign("appeal", "daily|"+s.Comment.ID+"|"+a.Decision.DecisionID)}}))
	h.must(err)
	if at.Told.Appeal.State != "overturned" || at.Told.Appeal.Answer != "You were right." {
		t.Errorf("at its address: %+v", at.Told.Appeal)
	}
	var types []string
	for _, e := range h.log("daily") {
		if strings.HasPrefix(e.Type, "appeal.") {
			types = append(types, e.Type+" "+string(e.Actor.Kind))
		}
	}
	if got := strings.Join(types, ", "); got != "appeal.made author, appeal.decided moderator" {
		t.Errorf("the log has %s", got)
	}
	h.wantSoundLog("daily")
	h.wantTrueCounts()
}

func TestAnAppealIsMadeOnceAndInTime(t *testing.T) {
	h := newHouse(t)
	s := h.rejected("In time.")
	token := tokenOf(h.told(s))
	for _, text := range []string{"", "  \n", strings.Repeat("x", 4001), "bad \xff"} {
		_, err := h.Appeal(ctx(), token, text, reader)
		wantFault(t, err, "text:invalid")
	}
	for _, bad := range []string{"", "x", token + "x", s.EditToken, h.Ring.Sign("appeal", "daily|"+s.Comment.ID+"|"+comment.NewID())} {
		_, err := h.Appeal(ctx(), bad, "Why?", reader)
		wantFault(t, err, "not_found")
	}
	var made, refused int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := h.Appeal(ctx(), token, "Why?", reader)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else {
				wantFault(t, err, "already_appealed")
				refused++
			}
		})
	}
	all.Wait()
	if made != 1 || refused != 7 {
		t.Errorf("%d made, %d refused", made, refused)
	}
	late := h.rejected("Too late.")
	token = tokenOf(h.told(late))
	h.clock.pass(14*24*time.Hour + time.Microsecond)
	_, err := h.Appeal(ctx(), token, "Why?", reader)
	wantFault(t, err, "appeal_window_over")
	anew := h.rejected("Decided anew.")
	token = tokenOf(h.told(anew))
	h.clock.pass(time.Minute)
	h.decide(bob, comment.Approve, anew.Comment.ID)
	_, err = h.Appeal(ctx(), token, "Why?", reader)
	wantFault(t, err, "decided_anew")
	h.set("daily", "appeal_window=never")
	if told := h.told(h.rejected("Final.")); told.Appeal != nil || told.AppealUntil != nil || strings.Contains(told.Message, "until") {
		t.Errorf("told %+v", told)
	}
	h.set("daily", "appeal_window=14d", "rate_limits=on")
	h.wantSoundLog("daily")
}

// A comment that trips four checks shows four reasons with their places, and the
// same four a year later.
func TestFourReasonsAYearLater(t *testing.T) {
	h := newHouse(t, "moderation=flagged")
	_, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: "suspect", Text: "numpty"}, comment.Actor{})
	h.must(err)
	sub := post("You N-u-m-p-t-y, see https://bit.ly/abc and q\u0300\u0301\u0302\u0303uite!")
	sub.Form = moderation.Form{Known: true, Filled: 100 * time.Millisecond}
	s := h.submit(sub)
	shown := func() (lines []string) {
		d, err := h.Detail(ctx(), bob, s.Comment.ID)
		h.must(err)
		text := []rune(d.Text)
		for _, r := range d.Reasons {
			if r.Hint == moderation.HintNone {
				continue
			}
			line := fmt.Sprintf("%s v%d %s %s %q", r.Check, r.Version, r.Code, r.Hint, r.Sentence)
			for _, span := range r.Spans {
				line += " " + string(text[span.Start:span.End])
			}
			lines = append(lines, line)
		}
		return lines
	}
	before := shown()
	if len(before) != 4 {
		t.Fatalf("the reasons are %q", before)
	}
	for i, want := range []string{"form", "length", "words", "links"} {
		if !strings.HasPrefix(before[i], want+" ") {
			t.Errorf("reason %d is %s", i+1, before[i])
		}
	}
	for i, place := range map[int]string{1: " q\u0300\u0301\u0302\u0303", 2: " N-u-m-p-t-y", 3: " https://bit.ly/abc"} {
		if !strings.HasSuffix(before[i], place) {
			t.Errorf("reason %d has another place: %s", i+1, before[i])
		}
	}
	h.clock.pass(365 * 24 * time.Hour)
	h.open()
	if diff := cmp.Diff(before, shown()); diff != "" {
		t.Errorf("a year later:\n%s", diff)
	}
}
