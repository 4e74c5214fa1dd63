package comment_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

// outside is everything of a site that has left the building.
type outside struct {
	Events []string
	Thread comment.ThreadPage
	Counts map[string]int
	Author comment.Author
	Own    comment.View
	Single string
}

func (h *house) outside(s comment.Submitted) (o outside) {
	h.t.Helper()
	for _, e := range h.log("daily") {
		if e.Public() {
			o.Events = append(o.Events, string(e.Body))
		}
	}
	var err error
	o.Thread, err = h.Thread(ctx(), comment.Ask{Site: "daily", Page: article})
	h.must(err)
	counts, err := h.Counts(ctx(), "daily", []string{article})
	o.Counts = counts.Counts
	h.must(err)
	o.Author = h.author(s.Comment.ID)
	own, err := h.Own(ctx(), "daily", s.Comment.ID, s.EditToken)
	h.must(err)
	o.Own = own.View(comment.BodyHTML)
	if _, err := h.Single(ctx(), "daily", s.Comment.ID, comment.BodyHTML); err != nil {
		o.Single = err.Error()
	}
	return o
}

func TestNothingLeavesTheBuildingBeforeTheWindowEnds(t *testing.T) {
	t.Parallel()
	for _, from := range comment.Statuses {
		for action, a := range actions {
			if a.to == from || action == comment.Restore && from == comment.Approved {
				continue
			}
			t.Run(string(action)+" "+string(from), func(t *testing.T) {
				h := newHouse(t)
				s := h.in(from)
				h.clock.pass(time.Minute)
				h.set("daily", "undo_window=5s")
				before := h.outside(s)
				ruled := h.decide(ada, action, s.Comment.ID)
				if c := h.row(s.Comment.ID); c.Status != a.to || c.InForce != from || c.Held != ruled.DecisionID {
					t.Errorf("inside the window it is %s, in force %s, held %q", c.Status, c.InForce, c.Held)
				}
				if want := comment.Timestamp(h.clock.Now().Add(5 * time.Second)); ruled.UndoUntil == nil || *ruled.UndoUntil != want {
					t.Errorf("it can be undone until %v", ruled.UndoUntil)
				}
				h.clock.pass(5*time.Second - time.Microsecond)
				h.settle()
				if diff := cmp.Diff(before, h.outside(s)); diff != "" {
					t.Errorf("something has left the building:\n%s", diff)
				}
				h.clock.pass(time.Microsecond)
				h.settle()
				if c := h.row(s.Comment.ID); c.Status != a.to || c.InForce != a.to || c.Held != "" || (c.Public == 1) != (a.to == comment.Approved) {
					t.Errorf("after the window it is %s, in force %s, public %d", c.Status, c.InForce, c.Public)
				}
				if got := types(h.events(s.Comment.ID)); !strings.HasSuffix(got, " "+a.event) {
					t.Errorf("the events are %s", got)
				}
				_, err := h.Undo(ctx(), ada, ruled.DecisionID)
				wantFault(t, err, "undo_window_over")
				h.wantSoundLog("daily")
				h.wantTrueCounts()
			})
		}
	}
}

func TestAnUndoneDecisionHasNeverBeen(t *testing.T) {
	t.Parallel()
	for _, from := range comment.Statuses {
		for action, a := range actions {
			if a.to == from || action == comment.Restore && from == comment.Approved {
				continue
			}
			t.Run(string(action)+" "+string(from), func(t *testing.T) {
				h := newHouse(t)
				s := h.in(from)
				h.clock.pass(time.Minute)
				h.set("daily", "undo_window=5s")
				before := h.outside(s)
				ruled := h.decide(ada, action, s.Comment.ID)
				h.clock.pass(5*time.Second - time.Microsecond)
				out, err := h.Undo(ctx(), ada, ruled.DecisionID)
				h.must(err)
				if len(out.Results) != 1 || !out.Results[0].OK || out.Results[0].Status != from {
					t.Errorf("the undo says %+v", out.Results)
				}
				h.clock.pass(time.Hour)
				h.settle()
				after := h.outside(s)
				if diff := cmp.Diff(before, after); diff != "" {
					t.Errorf("the undone decision has left a trace:\n%s", diff)
				}
				_, err = h.Undo(ctx(), ada, ruled.DecisionID)
				wantFault(t, err, "already_undone")
				h.wantSoundLog("daily")
				h.wantTrueCounts()
			})
		}
	}
}

// The window ends by the clock, not when the settler comes by.
func TestTheWindowEndsWhetherOrNotItIsSettled(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	s := h.say("Too late to undo.")
	ruled := h.decide(ada, comment.Approve, s.Comment.ID)
	h.clock.pass(5 * time.Second)
	_, err := h.Undo(ctx(), ada, ruled.DecisionID)
	wantFault(t, err, "undo_window_over")
	h.settle()
	h.wantEvents(s.Comment.ID, "created approved")
}

func TestTheHouseKnowsOfAHeldDecisionAtOnce(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	s := h.say("Shown to colleagues at once.")
	ruled := h.decide(ada, comment.Approve, s.Comment.ID)
	q, err := h.Queue(ctx(), comment.QueueAsk{By: bob, Site: "daily", Status: comment.Approved})
	h.must(err)
	if len(q.Comments) != 1 || q.Counts[comment.Approved] != 1 || q.Counts[comment.Pending] != 0 {
		t.Fatalf("the desk shows %+v", q)
	}
	if held := q.Comments[0].Held; held == nil || held.DecisionID != ruled.DecisionID || held.By != "ada" || held.UndoUntil != *ruled.UndoUntil {
		t.Errorf("held is %+v", held)
	}
	log := h.log("daily")
	if last := log[len(log)-1]; last.Type != comment.DecisionRecorded || last.Public() || last.Sequence != 0 || last.Actor.ID != ada.ID || comment.ActionOf(last) != "approve" {
		t.Errorf("the log ends with %s by %v", last.Type, last.Actor)
	}
	_, err = h.Undo(ctx(), ada, ruled.DecisionID)
	h.must(err)
	q, err = h.Queue(ctx(), comment.QueueAsk{By: bob, Site: "daily"})
	h.must(err)
	if v := q.Comments[0]; v.Held != nil || v.Decided != nil || v.Status != comment.Pending {
		t.Errorf("after the undo the desk shows %s, held %v, decided %v", v.Status, v.Held, v.Decided)
	}
}

func TestAHeldDecisionSurvivesARestart(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	s := h.say("Decided, then the power fails.")
	h.decide(ada, comment.Approve, s.Comment.ID)
	h.open()
	h.clock.pass(time.Hour)
	h.settle()
	h.wantEvents(s.Comment.ID, "created approved")
	if h.pageCount(article) != 1 {
		t.Error("the comment is not public")
	}
	h.wantSoundLog("daily")
	h.wantTrueCounts()
}

func TestSettleSaysWhenToComeBack(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	if next, err := h.Settle(ctx(), 10); err != nil || !next.IsZero() {
		t.Errorf("nothing is due, and the next is %v, %v", next, err)
	}
	s := h.say("Due in five seconds.")
	h.decide(ada, comment.Approve, s.Comment.ID)
	if next, err := h.Settle(ctx(), 10); err != nil || !next.Equal(h.clock.Now().Add(5*time.Second)) {
		t.Errorf("the next is due %v, %v", next, err)
	}
	h.clock.pass(5 * time.Second)
	if next, err := h.Settle(ctx(), 10); err != nil || next.After(h.clock.Now()) || next.IsZero() {
		t.Errorf("after something was due it wants to be asked at %v, %v", next, err)
	}
	if next, err := h.Settle(ctx(), 10); err != nil || !next.IsZero() {
		t.Errorf("everything is settled, and the next is %v, %v", next, err)
	}
}

// Many nodes settle at once; each decision takes effect once.
func TestManySettlersDoItOnce(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	var all []string
	for range 40 {
		all = append(all, h.say("Settled once, and only once.").Comment.ID)
	}
	h.decide(ada, comment.Approve, all...)
	h.clock.pass(5 * time.Second)
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := h.Settle(ctx(), 500)
			done <- err
		}()
	}
	for range 8 {
		h.must(<-done)
	}
	for _, id := range all {
		h.wantEvents(id, "created approved")
	}
	h.wantSoundLog("daily")
	h.wantTrueCounts()
}

// The settler sleeps until the next decision is due, and is woken by one that
// was made meanwhile.
func TestTheSettlerWakesWhenSomethingIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir()
		h := &house{t: t, path: path + "/afterword.db", clock: &clock{}}
		h.open()
		h.Now = func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
		name := "Daily"
		_, err := h.AddSite(ctx(), "daily", comment.SiteChange{Name: &name, Origins: []string{origin}, Options: map[string]string{"rate_limits": "off", "undo_window": "5s"}}, comment.Actor{})
		h.must(err)
		running, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		settler := &comment.Settler{Service: h.Service, Changed: h.store.Changed, OnError: func(err error) { t.Error(err) }}
		go func() { ended <- settler.Run(running) }()
		s := h.say("Approved while the settler sleeps.")
		r := comment.Ruling{By: ada, Action: comment.Approve, Items: []comment.Item{{ID: s.Comment.ID, Revision: 1}}, Received: h.Now()}
		_, err = h.Decide(ctx(), r)
		h.must(err)
		decided := time.Now()
		for h.row(s.Comment.ID).Held != "" {
			<-time.After(time.Millisecond)
			if time.Since(decided) > time.Minute {
				t.Fatal("the decision is never settled")
			}
		}
		if took := time.Since(decided); took < 5*time.Second || took > 5*time.Second+5*time.Millisecond {
			t.Errorf("it took effect after %v", took)
		}
		stop()
		h.must(<-ended)
		h.must(h.store.Close())
		h.store = nil
	})
}

func TestWhoMayUndo(t *testing.T) {
	t.Parallel()
	demoted := ada
	demoted.Grants = []comment.Grant{{Site: "daily", Role: comment.Viewer}}
	for name, tt := range map[string]struct {
		by   comment.Account
		want string
	}{
		"the same moderator": {ada, "no error"}, "an admin": {chief, "no error"}, "an owner": {owner, "no error"},
		"a colleague": {bob, "forbidden"}, "a viewer": {watcher, "forbidden"}, "a stranger": {stranger, "not_found"},
		"the moderator, who is none any more": {demoted, "forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "undo_window=5s")
			s := h.say("Undo me.")
			ruled := h.decide(ada, comment.Approve, s.Comment.ID)
			_, err := h.Undo(ctx(), tt.by, ruled.DecisionID)
			wantFault(t, err, tt.want)
			log := h.log("daily")
			last := log[len(log)-1]
			if tt.want != "no error" {
				if last.Type != comment.DecisionRecorded {
					t.Errorf("the log ends with %s", last.Type)
				}
				return
			}
			if last.Type != comment.DecisionReversed || last.Actor.ID != tt.by.ID || last.Actor.Kind != comment.ActorModerator {
				t.Errorf("the log ends with %s by %+v", last.Type, last.Actor)
			}
		})
	}
	h := newHouse(t)
	for _, id := range []string{"", "x", comment.NewID()} {
		_, err := h.Undo(ctx(), ada, id)
		wantFault(t, err, "not_found")
	}
}

func TestAnUndoOfManyTakesBackWhatItCan(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	a, b, c := h.say("The first."), h.say("The second."), h.say("The third.")
	ruled := h.decide(ada, comment.Approve, a.Comment.ID, b.Comment.ID, c.Comment.ID)
	h.decide(ada, comment.Reject, b.Comment.ID) // changed her mind about this one
	out, err := h.Undo(ctx(), ada, ruled.DecisionID)
	h.must(err)
	got := map[string]string{}
	for _, r := range out.Results {
		got[r.ID] = string(r.Status) + r.Code
	}
	if diff := cmp.Diff(map[string]string{a.Comment.ID: "pending", b.Comment.ID: "already_undone", c.Comment.ID: "pending"}, got); diff != "" {
		t.Error(diff)
	}
	h.clock.pass(5 * time.Second)
	h.settle()
	h.wantEvents(a.Comment.ID, "created")
	h.wantEvents(b.Comment.ID, "created rejected")
	h.wantTrueCounts()
}

func TestAModeratorMayThinkAgainInsideTheWindow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		from   comment.Status
		minds  []comment.Action
		status comment.Status
		events string
	}{
		"approve, reject":             {comment.Pending, []comment.Action{comment.Approve, comment.Reject}, comment.Rejected, "created rejected"},
		"approve, reject, approve":    {comment.Pending, []comment.Action{comment.Approve, comment.Reject, comment.Approve}, comment.Approved, "created approved"},
		"reject what is public, keep": {comment.Approved, []comment.Action{comment.Reject, comment.Approve}, comment.Approved, "created approved"},
		"delete, spam":                {comment.Approved, []comment.Action{comment.Delete, comment.MarkSpam}, comment.Spam, "created approved marked_spam"},
		"restore, reject again":       {comment.Rejected, []comment.Action{comment.Restore, comment.Reject}, comment.Rejected, "created rejected"},
		"approve, approve":            {comment.Pending, []comment.Action{comment.Approve, comment.Approve}, comment.Approved, "created approved"},
		"reject, restore":             {comment.Pending, []comment.Action{comment.Reject, comment.Restore}, comment.Pending, "created"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s := h.in(tt.from)
			h.clock.pass(time.Minute)
			h.set("daily", "undo_window=5s")
			for _, action := range tt.minds {
				h.decide(ada, action, s.Comment.ID)
				h.clock.pass(time.Second)
			}
			h.clock.pass(time.Minute)
			h.settle()
			if c := h.row(s.Comment.ID); c.Status != tt.status || c.InForce != tt.status || c.Held != "" {
				t.Errorf("it is %s, in force %s, held %q", c.Status, c.InForce, c.Held)
			}
			h.wantEvents(s.Comment.ID, tt.events)
			h.wantSoundLog("daily")
			h.wantTrueCounts()
		})
	}
}

func TestAColleaguesHeldDecisionIsNotOverruled(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	s := h.say("Ada's to decide.")
	h.decide(ada, comment.Approve, s.Comment.ID)
	h.clock.pass(2 * time.Second)
	if r := h.try(bob, comment.Reject, s.Comment.ID).Results[0]; r.Code != "conflict" || r.By != "ada" {
		t.Errorf("inside the window: %+v", r)
	}
	h.clock.pass(3 * time.Second)
	h.settle()
	h.decide(bob, comment.Reject, s.Comment.ID)
	h.clock.pass(5 * time.Second)
	h.settle()
	h.wantEvents(s.Comment.ID, "created approved rejected")
}

// The interleavings of a held decision with what the author does meanwhile.
func TestAnAuthorActsWhileADecisionIsHeld(t *testing.T) {
	t.Parallel()
	type state struct {
		Status, InForce  comment.Status
		Revision, Public int
		Events           string
	}
	for name, tt := range map[string]struct {
		mode   string
		from   comment.Status
		action comment.Action
		do     func(h *house, s comment.Submitted, ruled comment.Ruled)
		want   state
	}{
		"approve, edit": {"all", comment.Pending, comment.Approve, edits, state{comment.Pending, comment.Pending, 2, 1, "created edited approved"}},
		"approve, edit, undo": {"all", comment.Pending, comment.Approve, func(h *house, s comment.Submitted, ruled comment.Ruled) {
			edits(h, s, ruled)
			undoes(h, s, ruled)
		}, state{comment.Pending, comment.Pending, 2, 0, "created edited"}},
		"approve, retract": {"all", comment.Pending, comment.Approve, retracts, state{comment.Deleted, comment.Deleted, 1, 0, "created deleted"}},
		"approve, edit, retract": {"all", comment.Pending, comment.Approve, func(h *house, s comment.Submitted, ruled comment.Ruled) {
			edits(h, s, ruled)
			retracts(h, s, ruled)
		}, state{comment.Deleted, comment.Deleted, 2, 0, "created edited deleted"}},
		"approve, edit to a banned word": {"all", comment.Pending, comment.Approve, editsBadly, state{comment.Pending, comment.Pending, 2, 1, "created edited approved"}},
		"reject what is public, edit":    {"all", comment.Approved, comment.Reject, edits, state{comment.Pending, comment.Pending, 2, 0, "created approved edited rejected"}},
		"reject what is public, edit, undo": {"all", comment.Approved, comment.Reject, func(h *house, s comment.Submitted, ruled comment.Ruled) {
			edits(h, s, ruled)
			undoes(h, s, ruled)
		}, state{comment.Pending, comment.Pending, 2, 1, "created approved edited"}},
		"reject what is public, retract": {"all", comment.Approved, comment.Reject, retracts, state{comment.Deleted, comment.Deleted, 1, 0, "created approved deleted"}},
		"reject what waits, edit":        {"all", comment.Pending, comment.Reject, edits, state{comment.Pending, comment.Pending, 2, 0, "created edited rejected"}},
		"delete what is public, edit":    {"all", comment.Approved, comment.Delete, edits, state{comment.Pending, comment.Pending, 2, 0, "created approved edited deleted"}},
		"spam what waits, edit twice": {"all", comment.Pending, comment.MarkSpam, func(h *house, s comment.Submitted, ruled comment.Ruled) {
			edits(h, s, ruled)
			edits(h, s, ruled)
		}, state{comment.Pending, comment.Pending, 3, 0, "created edited edited marked_spam"}},
		// Where edits are published at once, a decision that is on its way goes first:
		// the author cannot slip away from it, and it never puts an old text over a new one.
		"off: reject what is public, edit":  {"off", comment.Approved, comment.Reject, edits, state{comment.Pending, comment.Pending, 2, 0, "created approved edited rejected"}},
		"off: approve what waits, edit":     {"off", comment.Pending, comment.Approve, edits, state{comment.Pending, comment.Pending, 2, 1, "created edited approved"}},
		"off: delete what is public, edit":  {"off", comment.Approved, comment.Delete, edits, state{comment.Pending, comment.Pending, 2, 0, "created approved edited deleted"}},
		"off: reject what is public, badly": {"off", comment.Approved, comment.Reject, editsBadly, state{comment.Pending, comment.Pending, 2, 0, "created approved edited rejected"}},
		"off: reject what waits, edit":      {"off", comment.Pending, comment.Reject, edits, state{comment.Pending, comment.Pending, 2, 0, "created edited rejected"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.withWords()
			s := h.in(tt.from)
			h.clock.pass(time.Minute)
			h.set("daily", "undo_window=5s", "moderation="+tt.mode)
			ruled := h.decide(ada, tt.action, s.Comment.ID)
			h.clock.pass(time.Second)
			tt.do(h, s, ruled)
			h.wantTrueCounts()
			h.clock.pass(5 * time.Second)
			h.settle()
			c := h.row(s.Comment.ID)
			got := state{c.Status, c.InForce, c.Revision, c.Public, types(h.events(c.ID))}
			if diff := cmp.Diff(tt.want, got); diff != "" || c.Held != "" {
				t.Errorf("held %q:\n%s", c.Held, diff)
			}
			h.wantSoundLog("daily")
			h.wantTrueCounts()
			if c.InForce == comment.Deleted && c.DecidedBy == c.AuthorID { // it stays what its author wanted
				out, err := h.Decide(ctx(), comment.Ruling{By: bob, Action: comment.Approve, Items: []comment.Item{{ID: c.ID, Revision: c.Revision}}, Received: h.clock.Now()})
				h.must(err)
				if r := out.Results[0]; r.OK || r.Code != "conflict" {
					t.Errorf("approving what its author has deleted: %+v", r)
				}
				return
			}
			// Whatever else happened, the newest revision can be decided, and then holds.
			h.decide(bob, comment.Approve, c.ID)
			h.clock.pass(5 * time.Second)
			h.settle()
			if c := h.row(c.ID); c.Public != c.Revision || c.InForce != comment.Approved || c.Status != comment.Approved {
				t.Errorf("approved it is %s, in force %s, public %d of %d", c.Status, c.InForce, c.Public, c.Revision)
			}
			h.wantTrueCounts()
		})
	}
}

func edits(h *house, s comment.Submitted, _ comment.Ruled) { h.edit(s, "The author thought again.") }

func editsBadly(h *house, s comment.Submitted, _ comment.Ruled) {
	h.edit(s, "The author would frobnicate.")
}

func retracts(h *house, s comment.Submitted, _ comment.Ruled) { h.retract(s) }

func undoes(h *house, _ comment.Submitted, ruled comment.Ruled) {
	h.t.Helper()
	_, err := h.Undo(ctx(), ada, ruled.DecisionID)
	h.must(err)
}

// The author who deletes a comment has taken the decision on it back, not the
// moderator.
func TestTheLogSaysWhoTookADecisionBack(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	s := h.say("Gone before it was public.")
	h.decide(ada, comment.Approve, s.Comment.ID)
	h.retract(s)
	i := slices.IndexFunc(h.log("daily"), func(e comment.Event) bool { return e.Type == comment.DecisionReversed })
	if i < 0 || h.log("daily")[i].Actor.Kind != comment.ActorAuthor {
		t.Errorf("the decision was taken back by %+v", h.log("daily")[i].Actor)
	}
}
