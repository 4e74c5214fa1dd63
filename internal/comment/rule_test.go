package comment_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// rule is what makes a rule that is in force.
func rule(name, when string, action moderation.Hint) comment.RuleChange {
	return comment.RuleChange{Name: &name, When: &when, Action: &action, Mode: ptr(moderation.RuleActive)}
}

var chiefActor = comment.Actor{Kind: comment.ActorModerator, ID: chief.ID, Name: chief.Name}

func (h *house) addRule(change comment.RuleChange) comment.Rule {
	h.t.Helper()
	r, err := h.AddRule(ctx(), "daily", change, chiefActor)
	h.must(err)
	return r
}

func (h *house) changeRule(id string, change comment.RuleChange) comment.Rule {
	h.t.Helper()
	r, err := h.ChangeRule(ctx(), "daily", id, change, chiefActor)
	h.must(err)
	return r
}

// tally counts what the log tells, as the follower does: in batches, some of them
// twice.
func (h *house) tally() {
	h.t.Helper()
	log := h.log("daily")
	for from := 0; from < len(log); from += 7 {
		to := min(from+10, len(log))
		h.must(h.Tally(ctx(), "daily", log[from:to]))
	}
}

func TestRuleDecides(t *testing.T) {
	h := newHouse(t, "moderation=flagged")
	hold := h.addRule(rule("Casino", `text.folded contains "casino"`, moderation.HintHold))
	h.addRule(comment.RuleChange{Name: ptr("Long"), When: ptr("text.words > 3"), Tag: ptr("long"), Notify: ptr(true), Mode: ptr(moderation.RuleActive)})
	out := h.say("Come to the c.a.s.i.n.o tonight")
	c := h.row(out.Comment.ID)
	if c.Status != comment.Pending {
		t.Errorf("status %s", c.Status)
	}
	rev := view(h, func(r comment.Reader) (comment.Revision, error) { return r.Revision("daily", c.ID, 1) })
	if got := strings.Join(rev.ReasonCodes(), " "); !strings.Contains(got, "rule rule:"+hold.ID) || !strings.HasSuffix(got, "tag:long notified") {
		t.Errorf("the reasons are %s", got)
	}
	if len(rev.Facts) == 0 || len(rev.Facts) > 300 {
		t.Errorf("the facts that are kept are %s", rev.Facts)
	}
	var told []string
	for _, e := range h.log("daily") {
		if e.Type == comment.RuleNotified {
			told = append(told, e.CommentID+" "+e.Actor.Name)
		}
	}
	if diff := cmp.Diff([]string{c.ID + " Long"}, told); diff != "" {
		t.Errorf("moderators are told: %s", diff)
	}
	if st := h.say("Short and nice").Comment.Status; st != comment.Approved {
		t.Errorf("a comment without a match is %s", st)
	}
	h.wantSoundLog("daily")
}

// What a rule does is done by the rule, and the log names it.
func TestRuleIsTheActor(t *testing.T) {
	h := newHouse(t, "moderation=all")
	r := h.addRule(rule("Friends", `author.name == "Rita"`, moderation.HintApprove))
	out := h.say("Good morning")
	events := h.events(out.Comment.ID)
	last := events[len(events)-1]
	if last.Type != comment.CommentApproved || last.Actor != (comment.Actor{Kind: comment.ActorRule, ID: r.ID, Name: "Friends"}) {
		t.Errorf("%s by %+v", last.Type, last.Actor)
	}
	h.set("daily", "moderation=off")
	h.must(h.RemoveRule(ctx(), "daily", r.ID, chiefActor))
	out = h.say("Good evening")
	events = h.events(out.Comment.ID)
	if last := events[len(events)-1]; last.Actor.Name != "pipeline" {
		t.Errorf("without a rule: by %+v", last.Actor)
	}
}

func TestRuleOnEdit(t *testing.T) {
	h := newHouse(t, "moderation=flagged")
	h.addRule(rule("Edits", `revision > 1 and text.plain contains "casino"`, moderation.HintReview))
	out := h.say("Come to the casino tonight")
	if out.Comment.Status != comment.Approved {
		t.Fatalf("status %s", out.Comment.Status)
	}
	out = h.edit(out, "Come to the casino tomorrow")
	if c := h.row(out.Comment.ID); c.Status != comment.Pending || c.Public != 1 {
		t.Errorf("after the edit: %s, revision %d is public", c.Status, c.Public)
	}
}

func TestRulesAreKept(t *testing.T) {
	h := newHouse(t)
	first := h.addRule(rule("Links", "links.count > 2", moderation.HintHold))
	if first.Version != 1 || first.Priority != 100 || first.Owner != "chief" {
		t.Errorf("made %+v", first)
	}
	if same := h.changeRule(first.ID, comment.RuleChange{Name: ptr(" Links ")}); same.Version != 1 {
		t.Errorf("a change of nothing makes version %d", same.Version)
	}
	h.clock.pass(time.Minute)
	second := h.changeRule(first.ID, comment.RuleChange{When: ptr("links.count > 3")})
	if second.Version != 2 || second.ChangedAt.Equal(first.ChangedAt) {
		t.Errorf("changed to %+v", second)
	}
	other := h.addRule(rule("Other", "reply", moderation.HintHold))
	h.must(h.OrderRules(ctx(), "daily", []string{other.ID, first.ID}, chiefActor))
	list, err := h.RulesOf(ctx(), "daily")
	h.must(err)
	if len(list) != 2 || list[0].ID != other.ID || list[1].Version != 3 {
		t.Errorf("in order: %+v", list)
	}
	_, versions, err := h.RuleOf(ctx(), "daily", first.ID)
	h.must(err)
	if len(versions) != 3 || versions[2].Rule.When != "links.count > 2" || versions[0].By.Name != "chief" {
		t.Errorf("versions %+v", versions)
	}
	h.must(h.RemoveRule(ctx(), "daily", first.ID, chiefActor))
	wantFault(t, h.RemoveRule(ctx(), "daily", first.ID, chiefActor), "not_found")
	_, err = h.ChangeRule(ctx(), "daily", first.ID, comment.RuleChange{When: ptr("reply")}, chiefActor)
	wantFault(t, err, "not_found")
	var told []string
	for _, e := range h.log("daily") {
		if strings.HasPrefix(e.Type, "rule.") {
			told = append(told, e.Type)
		}
	}
	if got := strings.Join(told, " "); got != "rule.added rule.changed rule.added rule.changed rule.changed rule.removed" {
		t.Errorf("the log has %s", got)
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	h := newHouse(t)
	h.addRule(rule("Taken", "reply", moderation.HintHold))
	for want, change := range map[string]comment.RuleChange{
		"when:invalid":             rule("A", "1 / 0 > 2", moderation.HintHold),
		"name:taken":               rule("Taken", "reply", moderation.HintHold),
		"name:required":            {When: ptr("reply")},
		"name:invalid":             rule("a\x00b", "reply", moderation.HintHold),
		"reason:invalid":           {Name: ptr("B"), When: ptr("reply"), Reason: ptr("a\x00b")},
		"owner:invalid":            {Name: ptr("B"), When: ptr("reply"), Owner: ptr("a\x00b")},
		"expires_at:invalid":       {Name: ptr("B"), When: ptr("reply"), Tag: ptr("x"), Expires: ptr(h.clock.Now())},
		"action:invalid":           {Name: ptr("B"), When: ptr("reply")},
		"form:invalid":             {Name: ptr("B"), When: ptr("reply"), Form: &moderation.RuleForm{}, Tag: ptr("x")},
		"mode:unproven":            rule("C", "reply", moderation.HintReject),
		"override_reason:required": {Name: ptr("C"), When: ptr("reply"), Action: ptr(moderation.HintSpam), Mode: ptr(moderation.RuleActive), Override: true, OverrideReason: " "},
	} {
		_, err := h.AddRule(ctx(), "daily", change, chiefActor)
		wantFault(t, err, want)
	}
	old := rule("Over", "reply", moderation.HintHold)
	old.Expires = ptr(h.clock.Now().Add(-time.Hour))
	if out, err := h.ImportRules(ctx(), "daily", []comment.RuleChange{old}, chiefActor); err != nil || !out[0].OK {
		t.Errorf("a rule that has ended does not come along: %+v, %v", out, err)
	}
	_, err := h.AddRule(ctx(), "nowhere", rule("A", "reply", moderation.HintHold), chiefActor)
	wantFault(t, err, "not_found")
	if _, err := h.AddRule(ctx(), "daily", rule("Place", "reply and\n lnks.count > 2", moderation.HintHold), chiefActor); !strings.Contains(fault.Of(err).Detail, "Line 2, column 2") {
		t.Errorf("the place is not named: %v", err)
	}
}

// Two people who change a rule at once do not overwrite each other.
func TestRuleChangedMeanwhile(t *testing.T) {
	h := newHouse(t)
	r := h.addRule(rule("R", "reply", moderation.HintHold))
	done := make(chan error)
	for i := range 8 {
		go func() {
			_, err := h.ChangeRule(context.Background(), "daily", r.ID, comment.RuleChange{Reason: ptr(fmt.Sprint("Reason ", i))}, chiefActor)
			done <- err
		}()
	}
	good := 0
	for range 8 {
		if err := <-done; err == nil {
			good++
		} else if !fault.Is(err, "conflict") {
			t.Error(err)
		}
	}
	_, versions, err := h.RuleOf(ctx(), "daily", r.ID)
	h.must(err)
	if good == 0 || len(versions) != good+1 {
		t.Errorf("%d changes were taken and %d versions kept", good, len(versions))
	}
}

// seed makes a history: texts by number, those that bad says are rejected.
func (h *house) seed(n int, text func(int) string, bad func(int) bool) {
	h.t.Helper()
	for i := range n {
		h.clock.pass(time.Second)
		sub := post(text(i))
		sub.Name = fmt.Sprint("Reader ", i%7)
		out := h.submit(sub)
		action := comment.Approve
		if bad(i) {
			action = comment.Reject
			if i%2 == 0 {
				action = comment.MarkSpam
			}
		}
		h.decide(ada, action, out.Comment.ID)
	}
	h.tally()
}

// casinos says a text of which every tenth advertises; those by an even number of
// tens are bad, and so are others that say "poker".
func casinos(i int) string {
	switch {
	case i%10 == 0:
		return fmt.Sprintf("Visit the casino number %d", i)
	case i%25 == 1:
		return fmt.Sprintf("Let us play poker at number %d", i)
	}
	return fmt.Sprintf("A remark on paragraph %d", i)
}

func TestRehearsal(t *testing.T) {
	h := newHouse(t)
	h.seed(100, casinos, func(i int) bool { return i%10 == 0 && i != 50 || i%25 == 1 })
	r, err := h.Rehearse(ctx(), comment.Rehearsing{Site: "daily", Rule: moderation.Rule{When: `text.folded contains "casino"`, Action: moderation.HintReject}})
	h.must(err)
	got := []int{r.Looked, r.Approved, r.Rejected, r.Hits.All, r.Hits.Approved, r.Hits.Rejected, r.Precision.Part, r.Precision.Of, r.Caught.Part, r.Caught.Of, len(r.Right), len(r.Wrong)}
	if diff := cmp.Diff([]int{100, 87, 13, 10, 1, 9, 9, 10, 9, 13, 9, 1}, got); diff != "" {
		t.Error(diff)
	}
	if fmt.Sprintf("%.4f %.2f %v %v", r.Precision.AtLeast, r.Required, r.Passes, r.Complete) != "0.6058 0.97 false true" {
		t.Errorf("at least %.4f, required %.2f, passes %v, complete %v", r.Precision.AtLeast, r.Required, r.Passes, r.Complete)
	}
	if w := r.Wrong[0]; w.Text != "Visit the casino number 50" || w.Verdict != "approved" || w.Author != "Reader 1" || w.Page != "Story" {
		t.Errorf("the wrong one is %+v", w)
	}
	few, err := h.Rehearse(ctx(), comment.Rehearsing{Site: "daily", Comments: 15, Rule: moderation.Rule{When: `text.folded contains "casino"`, Action: moderation.HintApprove}})
	h.must(err)
	if few.Looked != 15 || few.Hits.All != 1 || few.Precision.Part != 0 || len(few.Wrong) != 1 {
		t.Errorf("of the last 15: %+v", few)
	}
	recent, err := h.Rehearse(ctx(), comment.Rehearsing{Site: "daily", Since: h.clock.Now().Add(-30 * time.Second), Rule: moderation.Rule{When: "text.len > 0", Action: moderation.HintHold}})
	h.must(err)
	if recent.Looked != 31 {
		t.Errorf("%d in the last thirty seconds", recent.Looked)
	}
	for want, ask := range map[string]comment.Rehearsing{
		"n:invalid":    {Site: "daily", Comments: 10001, Rule: moderation.Rule{When: "reply"}},
		"when:invalid": {Site: "daily", Rule: moderation.Rule{When: "repl"}},
		"not_found":    {Site: "nowhere", Rule: moderation.Rule{When: "reply"}},
	} {
		_, err := h.Rehearse(ctx(), ask)
		wantFault(t, err, want)
	}
}

// Facts of the past are those of then, not of now; what was not kept is named.
func TestRehearsalKnowsThePast(t *testing.T) {
	h := newHouse(t)
	for range 4 { // one author, approved each time
		h.clock.pass(time.Second)
		h.public("A remark at " + h.clock.Now().String())
	}
	h.tally()
	r, err := h.Rehearse(ctx(), comment.Rehearsing{Site: "daily", Rule: moderation.Rule{When: "author.approved == 2", Action: moderation.HintApprove}})
	h.must(err)
	if r.Hits.All != 1 || len(r.Unknown) != 0 {
		t.Errorf("hits %d, unknown %v", r.Hits.All, r.Unknown)
	}
	old, err := sql.Open("sqlite3", "file:"+h.path+"?_busy_timeout=5000")
	h.must(err)
	defer old.Close()
	_, err = old.Exec("update revisions set facts = '' where comment_id = (select max(comment_id) from comments)")
	h.must(err)
	r, err = h.Rehearse(ctx(), comment.Rehearsing{Site: "daily", Rule: moderation.Rule{When: "reports.weighted > 0 or author.trusted", Action: moderation.HintApprove}})
	h.must(err)
	if diff := cmp.Diff([]comment.UnknownFact{{Fact: "author.trusted", Comments: 1}}, r.Unknown); diff != "" || r.Hits.All != 1 {
		t.Errorf("hits %d, unknown %s", r.Hits.All, diff)
	}
}

// Two rules that contradict each other are shown with their order and the outcome.
func TestRehearsalShowsClashes(t *testing.T) {
	h := newHouse(t)
	h.seed(20, casinos, func(i int) bool { return i%10 == 0 })
	other := rule("Readers of the paper", `text.plain contains "number"`, moderation.HintApprove)
	other.Priority = ptr(10)
	first := h.addRule(other)
	ask := comment.Rehearsing{Site: "daily", Rule: moderation.Rule{Name: "Casino", When: `text.plain contains "casino"`, Action: moderation.HintHold, Priority: 20}}
	r, err := h.Rehearse(ctx(), ask)
	h.must(err)
	want := []comment.Clash{{RuleID: first.ID, Name: first.Name, Action: moderation.HintApprove, Priority: 10, Comments: comment.Split{All: 2, Rejected: 2}, First: true}}
	if diff := cmp.Diff(want, r.Clashes); diff != "" {
		t.Error(diff)
	}
	ask.Rule.Priority = 5
	if r, err = h.Rehearse(ctx(), ask); err != nil || r.Clashes[0].First {
		t.Errorf("with priority 5: %+v %v", r.Clashes, err)
	}
}

// A rule may spam or reject once it has shown that it is right, or where somebody
// takes it on themselves.
func TestRulesHaveToProveThemselves(t *testing.T) {
	h := newHouse(t)
	h.seed(120, func(i int) string { return fmt.Sprintf("Visit the casino number %d", i) }, func(int) bool { return true })
	good := rule("Casino", `text.plain contains "casino"`, moderation.HintReject)
	r := h.addRule(good) // 120 of 120: at least 97.5 %
	h.set("daily", "rule_precision=99")
	if _, err := h.ChangeRule(ctx(), "daily", r.ID, comment.RuleChange{When: ptr(`text.plain contains "the casino"`)}, chiefActor); err == nil {
		t.Error("a new condition need not prove itself")
	} else {
		wantFault(t, err, "mode:unproven")
		if !strings.Contains(fault.Of(err).Detail, "120 of 120 cases: at least 97.5 %, and this site asks for 99 %") {
			t.Errorf("the refusal says %q", fault.Of(err).Detail)
		}
	}
	if r = h.changeRule(r.ID, comment.RuleChange{Reason: ptr("Advertising.")}); r.Version != 2 { // what is in force stays so
		t.Errorf("version %d", r.Version)
	}
	r = h.changeRule(r.ID, comment.RuleChange{When: ptr(`text.plain contains "the casino"`), Override: true, OverrideReason: "A wave since this morning."})
	if r.Override != "A wave since this morning." {
		t.Errorf("overridden because %q", r.Override)
	}
	out := h.say("Visit the casino once more")
	if out.Comment.Status != comment.Rejected {
		t.Errorf("status %s", out.Comment.Status)
	}
	rehearsing := rule("Any", "text.len > 0", moderation.HintReject)
	rehearsing.Mode = nil
	h.addRule(rehearsing)
	if out := h.say("A remark"); out.Comment.Status != comment.Pending {
		t.Errorf("a rule that rehearses makes it %s", out.Comment.Status)
	}
}

func TestRuleOnReports(t *testing.T) {
	h := newHouse(t, "moderation=flagged")
	h.addRule(rule("Reported", "reports.count >= 2 and author.approved == 0", moderation.HintHold))
	report := func(id, ip string) {
		t.Helper()
		_, err := h.Report(ctx(), comment.Complaint{Site: "daily", ID: id, Reason: "offensive", Client: comment.Client{Origin: origin, IP: ip}})
		h.must(err)
	}
	out := h.say("What a remark")
	id := out.Comment.ID
	report(id, "203.0.113.1")
	if c := h.row(id); c.Status != comment.Approved {
		t.Fatalf("one report: %s", c.Status)
	}
	report(id, "203.0.113.2")
	c := h.row(id)
	if c.Status != comment.Pending || c.InForce != comment.Pending || c.Public != 0 {
		t.Errorf("two reports: %s, in force %s, revision %d is public", c.Status, c.InForce, c.Public)
	}
	h.wantEvents(id, "created approved reported reported restored")
	events := h.events(id)
	last := bodyOf(t, events[len(events)-1])
	if last.Data.Actor.Name != "Reported" || last.Data.Actor.Kind != "rule" || len(last.Data.Reasons) != 1 || last.Data.Reasons[0].Code != "rule" {
		t.Errorf("restored by %+v because of %+v", last.Data.Actor, last.Data.Reasons)
	}
	h.decide(ada, comment.Approve, id)
	h.tally()
	want := comment.Precision{Hits: 1, Decided: 1, Recent: comment.Recent{Hits: 1, Decided: 1}}
	list, err := h.RulesOf(ctx(), "daily")
	h.must(err)
	precise, err := h.RulePrecision(ctx(), list)
	h.must(err)
	if diff := cmp.Diff(want, precise[list[0].ID]); diff != "" {
		t.Error(diff)
	}
	// A person has looked: further reports count, and change nothing.
	report(id, "203.0.113.3")
	if c := h.row(id); c.Status != comment.Approved || c.Reports != 3 {
		t.Errorf("after a person has looked: %s, %d reports", c.Status, c.Reports)
	}
	h.wantSoundLog("daily")
}

// A person who has approved a revision outranks a rule that finds something later.
func TestPeopleOutrankRulesOnReports(t *testing.T) {
	h := newHouse(t)
	h.addRule(rule("Reported", "reports.count >= 1", moderation.HintReview))
	out := h.public("A remark")
	_, err := h.Report(ctx(), comment.Complaint{Site: "daily", ID: out.Comment.ID, Reason: "spam", Client: comment.Client{Origin: origin, IP: "203.0.113.1"}})
	h.must(err)
	if c := h.row(out.Comment.ID); c.Status != comment.Approved {
		t.Errorf("status %s", c.Status)
	}
	detail, err := h.Detail(ctx(), ada, out.Comment.ID)
	h.must(err)
	if last := detail.Trace[len(detail.Trace)-1]; last.Check != "rules" || len(last.Evidence) != 1 {
		t.Errorf("the trace ends with %+v", last)
	}
}

// recountTally counts from the log alone, in the plainest way.
func (h *house) recountTally(id, key string) (t comment.Tally) {
	h.t.Helper()
	type at struct {
		id string
		n  int
	}
	verdict, seen := map[at]string{}, map[at]bool{}
	for _, e := range h.log("daily") {
		if e.CommentID == "" || !e.Public() {
			continue
		}
		b := bodyOf(h.t, e)
		place := at{e.CommentID, b.Data.Comment.Revision}
		if e.Type == comment.CommentCreated || e.Type == comment.CommentEdited {
			rev := view(h, func(r comment.Reader) (comment.Revision, error) { return r.Revision("daily", place.id, place.n) })
			for _, s := range rev.Trace {
				for _, found := range s.Evidence {
					seen[place] = seen[place] || found.Data[key] == id
				}
			}
		}
		if e.Actor.Kind == comment.ActorModerator && e.Type != comment.CommentDeleted {
			verdict[place] = e.Type
		}
	}
	for place, ok := range seen {
		if !ok {
			continue
		}
		t.Hits++
		switch verdict[place] {
		case comment.CommentApproved, comment.CommentRestored:
			t.Approved++
		case comment.CommentRejected, comment.CommentMarkedSpam:
			t.Rejected++
		}
	}
	return t
}

// errCrash stands for a process that dies.
var errCrash = errors.New("crash")

// frail is a store whose writes fail now and then, before or after the commit.
type frail struct {
	comment.Store
	random *rand.Rand
}

func (d frail) Write(c context.Context, sites comment.Sites, fn func(comment.Tx) error) error {
	switch d.random.IntN(3) {
	case 0:
		return d.Store.Write(c, sites, func(tx comment.Tx) error { return errors.Join(fn(tx), errCrash) })
	case 1:
		return errors.Join(d.Store.Write(c, sites, fn), errCrash)
	}
	return d.Store.Write(c, sites, fn)
}

// Live precision equals a recount from the log, whatever was decided, undone,
// edited and decided again, and however often the follower died and began anew.
func TestTallyEqualsRecount(t *testing.T) {
	h := newHouse(t, "undo_window=5s", "edit_window=1h")
	random := rand.New(rand.NewPCG(1, 2))
	r := h.addRule(rule("Casino", `text.plain contains "casino"`, moderation.HintHold))
	quiet := rule("Numbers", `text.plain contains "7"`, moderation.HintApprove)
	quiet.Mode = nil
	rehearsed := h.addRule(quiet)
	word, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: "suspect", Text: "poker"}, chiefActor)
	h.must(err)
	var posted []comment.Submitted
	actions := []comment.Action{comment.Approve, comment.Reject, comment.MarkSpam, comment.Restore, comment.Delete}
	for i := range 150 {
		h.clock.pass(time.Duration(random.IntN(int(12 * time.Hour))))
		text := fmt.Sprintf("%s number %d", []string{"casino", "poker", "casino and poker", "chess"}[random.IntN(4)], i)
		sub := post(text)
		sub.Name = fmt.Sprint("Reader ", i%9)
		posted = append(posted, h.submit(sub))
		for range 2 {
			one := posted[random.IntN(len(posted))]
			switch random.IntN(6) {
			case 0:
				_, _ = h.Edit(ctx(), revising(one, text+" again"))
			case 1:
				out := h.try(ada, actions[random.IntN(5)], one.Comment.ID)
				_, _ = h.Undo(ctx(), ada, out.DecisionID)
			default:
				h.try([]comment.Account{ada, bob}[random.IntN(2)], actions[random.IntN(5)], one.Comment.ID)
			}
			h.clock.pass(6 * time.Second)
			h.settle()
		}
	}
	mortal := comment.NewService(frail{h.store, random}, h.Ring, h.Ledger, h.Pipeline)
	log := h.log("daily")
	for from := 0; from < len(log); {
		to := min(from+1+random.IntN(40), len(log))
		if mortal.Tally(ctx(), "daily", log[from:to]) == nil && random.IntN(4) > 0 { // else killed before the cursor moved
			from = to
		}
	}
	list, err := h.RulesOf(ctx(), "daily")
	h.must(err)
	rules, err := h.RulePrecision(ctx(), list)
	h.must(err)
	listed, err := h.WordOf(ctx(), "daily", word.ID)
	h.must(err)
	for _, one := range []struct {
		name, id, key string
		got           comment.Precision
		approves      bool
	}{{"rule", r.ID, "rule_id", rules[r.ID], false}, {"rehearsing rule", rehearsed.ID, "rule_id", rules[rehearsed.ID], true}, {"word", word.ID, "word_id", listed.Precision, false}} {
		want := h.recountTally(one.id, one.key)
		right := want.Rejected
		if one.approves {
			right = want.Approved
		}
		if want.Hits < 20 || right == 0 {
			t.Errorf("%s: the history has too little: %+v", one.name, want)
		}
		if one.got.Hits != want.Hits || one.got.Decided != want.Approved+want.Rejected || one.got.Right != right {
			t.Errorf("%s: tallied %+v, recounted %+v", one.name, one.got, want)
		}
	}
}

// A rule that was right and is so no more is said to have decayed.
func TestPrecisionDecays(t *testing.T) {
	h := newHouse(t)
	r := h.addRule(rule("Casino", `text.plain contains "casino"`, moderation.HintHold))
	text := func(i int) string { return fmt.Sprintf("Visit the casino number %d at %s", i, h.clock.Now()) }
	decayed := func() bool {
		precise, err := h.RulePrecision(ctx(), []comment.Rule{r})
		h.must(err)
		return precise[r.ID].Decayed
	}
	h.seed(30, text, func(int) bool { return true })
	h.clock.pass(300 * 24 * time.Hour)
	h.seed(19, text, func(int) bool { return false })
	if decayed() {
		t.Error("decayed by 19 decisions")
	}
	h.seed(5, text, func(int) bool { return false })
	if !decayed() {
		t.Error("not decayed by 24 decisions that were all wrong")
	}
}

// A rule that cannot be worked out any more neither blocks a comment nor counts as
// a hit.
func TestRuleFailures(t *testing.T) {
	h := newHouse(t, "moderation=off")
	r := h.addRule(rule("Casino", `text.plain contains "casino"`, moderation.HintHold))
	broken := r
	broken.Version, broken.When = 2, "gone.fact > 1"
	h.must(h.store.Write(ctx(), comment.Sites{"daily"}, func(tx comment.Tx) error { return tx.PutRule(broken, chiefActor) }))
	h.open()
	out := h.say("Visit the casino")
	if out.Comment.Status != comment.Approved {
		t.Errorf("status %s", out.Comment.Status)
	}
	h.tally()
	precise, err := h.RulePrecision(ctx(), []comment.Rule{r})
	h.must(err)
	if p := precise[r.ID]; p.Failed != 1 || p.Hits != 0 {
		t.Errorf("counted %+v", p)
	}
}

func TestImportRules(t *testing.T) {
	h := newHouse(t)
	h.addRule(rule("Old", "reply", moderation.HintHold))
	h.addRule(rule("Same", "reply", moderation.HintHold))
	results, err := h.ImportRules(ctx(), "daily", []comment.RuleChange{
		rule("Old", "not reply", moderation.HintHold), rule("Same", "reply", moderation.HintHold), rule("New", "revision > 1", moderation.HintReview),
		rule("Wrong", "x", moderation.HintHold), rule("Unproven", "reply", moderation.HintReject), {},
	}, chiefActor)
	h.must(err)
	var got []string
	for _, r := range results {
		got = append(got, fmt.Sprint(r.Name, " ", r.OK, " ", r.Change))
	}
	if diff := cmp.Diff([]string{"Old true changed", "Same true same", "New true added", "Wrong false ", "Unproven false ", " false "}, got); diff != "" {
		t.Error(diff)
	}
	if results[3].Detail != "Column 1: There is no fact x." {
		t.Errorf("refused because %q", results[3].Detail)
	}
}
