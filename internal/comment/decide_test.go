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
)

var actions = map[comment.Action]struct {
	to    comment.Status
	event string
}{
	comment.Approve:  {comment.Approved, "approved"},
	comment.Reject:   {comment.Rejected, "rejected"},
	comment.MarkSpam: {comment.Spam, "marked_spam"},
	comment.Delete:   {comment.Deleted, "deleted"},
	comment.Restore:  {comment.Pending, "restored"},
}

// in brings a new comment into a status.
func (h *house) in(status comment.Status) comment.Submitted {
	h.t.Helper()
	h.texts++
	out := h.say(fmt.Sprintf("A comment that is %s, number %d", status, h.texts))
	for action, a := range actions {
		if a.to == status && status != comment.Pending {
			h.decide(ada, action, out.Comment.ID)
		}
	}
	return out
}

func TestEachActionOnEachStatus(t *testing.T) {
	h := newHouse(t)
	for _, from := range comment.Statuses {
		for action, a := range actions {
			t.Run(string(action)+" "+string(from), func(t *testing.T) {
				h.t = t
				s := h.in(from)
				before, author, count := h.events(s.Comment.ID), h.author(s.Comment.ID), h.pageCount(article)
				ruled := h.try(bob, action, s.Comment.ID)
				c, events := h.row(s.Comment.ID), h.events(s.Comment.ID)[len(before):]
				nothingToRestore := action == comment.Restore && (from == comment.Pending || from == comment.Approved)
				if nothingToRestore || a.to == from {
					if nothingToRestore != (ruled.Results[0].Code == "conflict") || ruled.Results[0].OK == nothingToRestore {
						t.Errorf("the result is %+v", ruled.Results[0])
					}
					if len(events) != 0 || c.Status != from || cmp.Diff(author, h.author(c.ID)) != "" || h.pageCount(article) != count {
						t.Errorf("no transition, and the comment is %s with %d more events", c.Status, len(events))
					}
					return
				}
				if !ruled.Results[0].OK || ruled.Results[0].Status != a.to || ruled.UndoUntil != nil || c.Status != a.to || c.InForce != a.to {
					t.Errorf("the result is %+v, the comment %s and %s", ruled.Results[0], c.Status, c.InForce)
				}
				if types(events) != a.event {
					t.Fatalf("the events are %s", types(events))
				}
				b := bodyOf(t, events[0])
				if *b.Data.PreviousStatus != string(from) || b.Data.Comment.Status != string(a.to) || b.Data.Actor.Kind != "moderator" || b.Data.Actor.Name != "bob" {
					t.Errorf("the event says %s", events[0].Body)
				}
				if (c.Public == 1) != (a.to == comment.Approved) {
					t.Errorf("revision %d is public", c.Public)
				}
			})
		}
	}
	h.t = t
	h.wantSoundLog("daily")
	h.wantTrueCounts()
}

func TestADecisionIsOverTheRevisionThatWasSeen(t *testing.T) {
	h := newHouse(t)
	s := h.say("What the moderator saw.")
	seen := h.ruling(ada, comment.Approve, s.Comment.ID)
	h.edit(s, "What the author made of it.")
	out, err := h.Decide(ctx(), seen)
	h.must(err)
	if r := out.Results[0]; r.OK || r.Code != "conflict" || r.Status != comment.Pending {
		t.Errorf("a stale revision: %+v", r)
	}
	for _, revision := range []int{0, -1, 3} {
		r := comment.Ruling{By: ada, Action: comment.Approve, Items: []comment.Item{{ID: s.Comment.ID, Revision: revision}}, Received: h.clock.Now()}
		if out, err := h.Decide(ctx(), r); err != nil || out.Results[0].Code != "conflict" {
			t.Errorf("revision %d: %+v %v", revision, out.Results, err)
		}
	}
	if c := h.row(s.Comment.ID); c.Status != comment.Pending || c.Public != 0 {
		t.Errorf("the conflicts changed the comment: %+v", c)
	}
	h.wantEvents(s.Comment.ID, "created edited")
}

func TestADecisionOnWhatTheModeratorDidNotSeeIsAConflict(t *testing.T) {
	h := newHouse(t)
	s := h.say("Seen as pending.")
	late := h.ruling(bob, comment.Reject, s.Comment.ID)
	h.decide(ada, comment.Approve, s.Comment.ID)
	h.clock.pass(time.Hour)
	late.Received = h.clock.Now()
	out, err := h.Decide(ctx(), late)
	h.must(err)
	if r := out.Results[0]; r.Code != "conflict" || r.By != "ada" || r.Action != comment.Approve || r.Status != comment.Approved {
		t.Errorf("the conflict says %+v", r)
	}
	// Without a word of what was seen, time decides: an hour later it is a change of mind.
	late.Items[0].Status = ""
	out, err = h.Decide(ctx(), late)
	h.must(err)
	if !out.Results[0].OK {
		t.Errorf("an hour later: %+v", out.Results[0])
	}
	h.wantEvents(s.Comment.ID, "created approved rejected")
}

// A request that was on its way while a colleague decided is a lost race, even
// if it says nothing of what was seen.
func TestALateRequestLosesTheRace(t *testing.T) {
	for name, received := range map[string]time.Duration{"sent before": -time.Second, "sent just after": 500 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s := h.say("Two moderators look at it.")
			h.clock.pass(time.Minute)
			late := comment.Ruling{By: bob, Action: comment.Reject, Items: []comment.Item{{ID: s.Comment.ID, Revision: 1}}, Received: h.clock.Now().Add(received)}
			h.decide(ada, comment.Approve, s.Comment.ID)
			h.clock.pass(time.Second)
			out, err := h.Decide(ctx(), late)
			h.must(err)
			if r := out.Results[0]; r.Code != "conflict" || r.By != "ada" {
				t.Errorf("the result is %+v", r)
			}
			h.wantEvents(s.Comment.ID, "created approved")
		})
	}
}

func TestOfManyModeratorsAtOnceOneWins(t *testing.T) {
	t.Parallel()
	for _, window := range []string{"0s", "5s"} {
		for _, seen := range []comment.Status{comment.Pending, ""} {
			t.Run(window+" "+string(seen), func(t *testing.T) {
				h := newHouse(t, "undo_window="+window)
				s := h.say("Everybody has an opinion.")
				received := h.clock.Now()
				h.clock.pass(time.Millisecond)
				results := make([]comment.ItemResult, 32)
				var all sync.WaitGroup
				for i := range results {
					all.Go(func() {
						by, action := staff(fmt.Sprint("mod", i), comment.Moderator, "daily"), comment.Approve
						if i%2 == 1 {
							action = comment.Reject
						}
						out, err := h.Decide(ctx(), comment.Ruling{By: by, Action: action, Received: received, Items: []comment.Item{{ID: s.Comment.ID, Revision: 1, Status: seen}}})
						if err != nil {
							t.Error(err)
							return
						}
						results[i] = out.Results[0]
					})
				}
				all.Wait()
				winners := 0
				for _, r := range results {
					if r.OK {
						winners++
					} else if r.Code != "conflict" || !strings.HasPrefix(r.By, "mod") {
						t.Errorf("a loser is told %+v", r)
					}
				}
				h.clock.pass(5 * time.Second)
				h.settle()
				if n := len(h.events(s.Comment.ID)); winners != 1 || n != 2 {
					t.Errorf("%d winners, %d events", winners, n)
				}
				h.wantSoundLog("daily")
				h.wantTrueCounts()
			})
		}
	}
}

func TestWhoMayDecide(t *testing.T) {
	h := newHouse(t)
	disabled := comment.Account{ID: "nobody"}
	for name, tt := range map[string]struct {
		by   comment.Account
		want string
	}{
		"moderator": {ada, ""}, "admin": {chief, ""}, "owner": {owner, ""},
		"viewer": {watcher, "forbidden"}, "another site's": {stranger, "not_found"}, "nobody": {disabled, "not_found"},
	} {
		s := h.say("May I?")
		out := h.try(tt.by, comment.Approve, s.Comment.ID)
		if r := out.Results[0]; r.Code != tt.want || r.OK != (tt.want == "") {
			t.Errorf("%s: %+v", name, r)
		}
		if (h.row(s.Comment.ID).Status == comment.Approved) != (tt.want == "") {
			t.Errorf("%s: the comment is %s", name, h.row(s.Comment.ID).Status)
		}
	}
	// What somebody may not see looks like what is not there.
	s := h.say("Can a stranger tell?")
	r := comment.Ruling{By: stranger, Action: comment.Approve, Received: h.clock.Now(), Items: []comment.Item{{ID: s.Comment.ID, Revision: 1}, {ID: comment.NewID(), Revision: 1}, {ID: "x", Revision: 1}}}
	out, err := h.Decide(ctx(), r)
	h.must(err)
	for _, r := range out.Results {
		r.ID = out.Results[0].ID
		if diff := cmp.Diff(out.Results[0], r); diff != "" {
			t.Errorf("the answers differ:\n%s", diff)
		}
	}
}

func TestRulingsThatCannotBe(t *testing.T) {
	h := newHouse(t)
	s := h.say("Leave me alone.")
	for name, tt := range map[string]struct {
		change func(*comment.Ruling)
		want   string
	}{
		"no action":         {func(r *comment.Ruling) { r.Action = "" }, "action:invalid"},
		"unknown action":    {func(r *comment.Ruling) { r.Action = "publish" }, "action:invalid"},
		"no items":          {func(r *comment.Ruling) { r.Items = nil }, "items:invalid"},
		"501 items":         {func(r *comment.Ruling) { r.Items = make([]comment.Item, 501) }, "items:invalid"},
		"long reason":       {func(r *comment.Ruling) { r.Reason = strings.Repeat("a", 201) }, "reason:too_long"},
		"long note":         {func(r *comment.Ruling) { r.Note = strings.Repeat("a", 4001) }, "note:too_long"},
		"reason with a NUL": {func(r *comment.Ruling) { r.Reason = "a\x00" }, "reason:control_character"},
		"note not UTF-8":    {func(r *comment.Ruling) { r.Note = "\xff" }, "note:invalid_utf8"},
	} {
		r := h.ruling(ada, comment.Approve, s.Comment.ID)
		tt.change(&r)
		_, err := h.Decide(ctx(), r)
		t.Run(name, func(t *testing.T) { wantFault(t, err, tt.want) })
	}
	h.wantEvents(s.Comment.ID, "created")
}

func TestReasonsOfADecisionAreKept(t *testing.T) {
	h := newHouse(t)
	s := h.say("Off topic.")
	r := h.ruling(ada, comment.Reject, s.Comment.ID)
	r.Reason, r.Note = "off_topic", "third time this week"
	_, err := h.Decide(ctx(), r)
	h.must(err)
	events := h.events(s.Comment.ID)
	if b := bodyOf(t, events[1]); b.Data.Reason != "off_topic" {
		t.Errorf("the event gives the reason %q", b.Data.Reason)
	}
	h.wantNowhere("third time this week") // the note is for colleagues
	d, err := h.Detail(ctx(), ada, s.Comment.ID)
	h.must(err)
	if got := d.Decisions[0]; got.Reason != "off_topic" || got.Note != "third time this week" || got.By.Name != "ada" || got.Revision != 1 || got.From != comment.Pending || got.To != comment.Rejected || got.State != comment.DecisionDone {
		t.Errorf("the desk shows %+v", got)
	}
}

func TestFiveHundredAtOnceWithConflicts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var submitted []comment.Submitted
	r := comment.Ruling{By: ada, Action: comment.Approve, Received: h.clock.Now()}
	want := map[string]string{}
	for i := range 497 {
		s := h.say(fmt.Sprint("Contribution with the number ", i))
		submitted = append(submitted, s)
		r.Items = append(r.Items, comment.Item{ID: s.Comment.ID, Revision: 1, Status: comment.Pending})
	}
	h.decide(bob, comment.Reject, submitted[3].Comment.ID)
	want[submitted[3].Comment.ID] = "conflict"
	h.edit(submitted[5], "Edited meanwhile.")
	want[submitted[5].Comment.ID] = "conflict"
	weekly := post("On a site that is not Ada's.")
	weekly.Site, weekly.Page.URL, weekly.Client.Origin = "weekly", "https://weekly.example/story", ""
	foreign := h.submit(weekly)
	for _, id := range []string{foreign.Comment.ID, comment.NewID()} {
		r.Items = append(r.Items, comment.Item{ID: id, Revision: 1})
		want[id] = "not_found"
	}
	r.Items = append(r.Items, r.Items[0]) // twice in one ruling
	out, err := h.Decide(ctx(), r)
	h.must(err)
	if len(out.Results) != 500 {
		t.Fatalf("%d results", len(out.Results))
	}
	for i, result := range out.Results[:499] {
		if result.ID != r.Items[i].ID || result.Code != want[result.ID] || result.OK != (want[result.ID] == "") {
			t.Errorf("item %d: %+v", i, result)
		}
	}
	if h.pageCount(article) != 495 {
		t.Errorf("%d comments are public", h.pageCount(article))
	}
	h.wantEvents(submitted[0].Comment.ID, "created approved")
	h.wantSoundLog("daily")
	h.wantTrueCounts()
}

func TestARulingWithAKeyHappensOnce(t *testing.T) {
	h := newHouse(t)
	s := h.say("Once, please.")
	r := h.ruling(ada, comment.Approve, s.Comment.ID)
	r.Once = comment.Once{Scope: "decide", Key: "k", Hash: "h", Answer: func(v any) (int, []byte, error) {
		body, err := json.Marshal(v.(comment.Ruled).DecisionID)
		return 201, body, err
	}}
	first, err := h.Decide(ctx(), r)
	h.must(err)
	h.decide(ada, comment.Reject, s.Comment.ID)
	_, err = h.Decide(ctx(), r)
	wantRepeated(t, err, first.DecisionID)
	h.wantEvents(s.Comment.ID, "created approved rejected")
}

func TestRestoreBringsACommentBackToTheQueue(t *testing.T) {
	h := newHouse(t)
	for _, from := range []comment.Status{comment.Rejected, comment.Spam, comment.Deleted} {
		s := h.in(from)
		h.decide(bob, comment.Restore, s.Comment.ID)
		c := h.row(s.Comment.ID)
		if c.Status != comment.Pending || c.InForce != comment.Pending || c.Public != 0 {
			t.Errorf("restored from %s it is %s, public %d", from, c.Status, c.Public)
		}
		h.decide(bob, comment.Approve, s.Comment.ID)
	}
	h.wantTrueCounts()
}

func TestApprovingAgainIsAnotherTransition(t *testing.T) {
	h := newHouse(t)
	s := h.public("Now you see me.")
	h.decide(ada, comment.Reject, s.Comment.ID)
	h.decide(bob, comment.Approve, s.Comment.ID)
	h.decide(ada, comment.Approve, s.Comment.ID) // approving twice is none
	h.wantEvents(s.Comment.ID, "created approved rejected approved")
	h.wantTrueCounts()
}
