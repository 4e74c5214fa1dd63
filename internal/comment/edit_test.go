package comment_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

// publicly is what readers see of a comment in its thread.
func (h *house) publicly(id string) (v comment.View, shown bool) {
	h.t.Helper()
	for _, v := range h.thread(comment.Ask{}) {
		if v.ID == id {
			return v, true
		}
	}
	return v, false
}

func TestWhatIsPublicStaysSoUntilTheEditIsDecided(t *testing.T) {
	h := newHouse(t)
	s := h.public("The *first* text.")
	before, _ := h.publicly(s.Comment.ID)
	h.clock.pass(time.Minute)
	out := h.edit(s, "The second text.")
	if v := out.View(comment.BodyHTML); v.Status != comment.Pending || v.Revision != 2 || *v.HTML != "<p>The second text.</p>" {
		t.Errorf("the author sees %s, revision %d: %s", v.Status, v.Revision, *v.HTML)
	}
	after, _ := h.publicly(s.Comment.ID)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("readers can tell that an edit waits:\n%s", diff)
	}
	single, err := h.Single(ctx(), "daily", s.Comment.ID, comment.BodyHTML)
	h.must(err)
	if diff := cmp.Diff(before, single.Comment); diff != "" {
		t.Errorf("its own page tells that an edit waits:\n%s", diff)
	}
	h.decide(bob, comment.Approve, s.Comment.ID)
	v, _ := h.publicly(s.Comment.ID)
	if v.Revision != 2 || *v.HTML != "<p>The second text.</p>" || v.EditedAt == nil || *v.EditedAt != comment.Timestamp(h.clock.Now()) {
		t.Errorf("after the approval readers see %+v", v)
	}
	h.wantEvents(s.Comment.ID, "created approved edited approved")
	events := h.events(s.Comment.ID)
	edited, approved := bodyOf(t, events[2]), bodyOf(t, events[3])
	if edited.Data.Comment.Revision != 2 || edited.Data.Comment.Status != "pending" || *edited.Data.PreviousStatus != "approved" || edited.Data.Comment.Text != "The second text." || edited.Data.Actor.Kind != "author" {
		t.Errorf("the edit says %s", events[2].Body)
	}
	if approved.Data.Comment.Revision != 2 || approved.Data.Comment.Status != "approved" || approved.Data.Actor.Name != "bob" {
		t.Errorf("the approval says %s", events[3].Body)
	}
	h.wantTrueCounts()
}

// A second edit that waits must not show, not even in the time of the first.
func TestReadersCannotTellThatASecondEditWaits(t *testing.T) {
	h := newHouse(t)
	s := h.public("The first text.")
	h.clock.pass(time.Minute)
	h.edit(s, "The second text.")
	h.decide(bob, comment.Approve, s.Comment.ID)
	before, _ := h.publicly(s.Comment.ID)
	h.clock.pass(time.Minute)
	h.edit(s, "The third text.")
	after, _ := h.publicly(s.Comment.ID)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("readers can tell:\n%s", diff)
	}
}

func TestARejectedEditWithdrawsTheComment(t *testing.T) {
	h := newHouse(t)
	s := h.public("Harmless.")
	h.edit(s, "Not so harmless.")
	h.decide(bob, comment.Reject, s.Comment.ID)
	if _, shown := h.publicly(s.Comment.ID); shown || h.pageCount(article) != 0 {
		t.Error("the comment is still public")
	}
	h.wantEvents(s.Comment.ID, "created approved edited rejected")
	if b := bodyOf(t, h.events(s.Comment.ID)[3]); *b.Data.PreviousStatus != "approved" {
		t.Errorf("before it was %s", *b.Data.PreviousStatus)
	}
	if a := h.author(s.Comment.ID); a.Approved != 0 || a.Rejected != 1 {
		t.Errorf("the author's record is %+v", a)
	}
	h.wantTrueCounts()
}

func TestWithoutReviewAnEditIsPublicAtOnce(t *testing.T) {
	h := newHouse(t, "moderation=off")
	s := h.say("The first text.")
	out := h.edit(s, "The second text.")
	if v := out.View(comment.BodyHTML); v.Status != comment.Approved || v.Revision != 2 {
		t.Errorf("the author sees %s, revision %d", v.Status, v.Revision)
	}
	if v, _ := h.publicly(s.Comment.ID); *v.HTML != "<p>The second text.</p>" {
		t.Errorf("readers see %s", *v.HTML)
	}
	h.wantEvents(s.Comment.ID, "created approved edited approved")
	h.wantTrueCounts()
}

func TestWhatAnEditSaysDecidesWhereItGoes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mode   string
		from   comment.Status
		text   string
		status comment.Status
		public int
	}{
		"public, banned word":           {"off", comment.Approved, "I would frobnicate.", comment.Pending, 1},
		"public, banned word, reviewed": {"all", comment.Approved, "I would frobnicate.", comment.Pending, 1},
		"public, suspect word":          {"flagged", comment.Approved, "A wibble.", comment.Pending, 1},
		"public, clean":                 {"flagged", comment.Approved, "A good word.", comment.Approved, 2},
		"waiting, banned word":          {"all", comment.Pending, "I would frobnicate.", comment.Rejected, 0},
		"waiting, clean":                {"all", comment.Pending, "A good word.", comment.Pending, 0},
		"waiting, clean, no review":     {"off", comment.Pending, "A good word.", comment.Approved, 2},
		"waiting, suspect, flagged":     {"flagged", comment.Pending, "A wibble.", comment.Pending, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.withWords()
			s := h.in(tt.from)
			h.set("daily", "moderation="+tt.mode)
			h.edit(s, tt.text)
			if c := h.row(s.Comment.ID); c.Status != tt.status || c.Public != tt.public || c.Revision != 2 {
				t.Errorf("it is %s, revision %d of %d public", c.Status, c.Public, c.Revision)
			}
			h.wantTrueCounts()
			h.wantSoundLog("daily")
		})
	}
}

// Who is reported cannot edit the reports away.
func TestWhatWasReportedWaitsForAModerator(t *testing.T) {
	h := newHouse(t, "moderation=off")
	s := h.say("Something bad.")
	_, err := h.Report(ctx(), comment.Complaint{Site: "daily", ID: s.Comment.ID, Reason: "hate"})
	h.must(err)
	for range 2 {
		h.edit(s, "Something sweet.")
		if c := h.row(s.Comment.ID); c.Status != comment.Pending || c.Public != 1 {
			t.Errorf("it is %s, revision %d public", c.Status, c.Public)
		}
	}
	h.wantTrueCounts()
}

func TestEditsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		prepare func(h *house, s comment.Submitted, in *comment.Revising)
		edit    string
		retract string
	}{
		"fine":                     {func(*house, comment.Submitted, *comment.Revising) {}, "no error", "no error"},
		"no token":                 {func(_ *house, _ comment.Submitted, in *comment.Revising) { in.Token = "" }, "unauthorized", "unauthorized"},
		"forged token":             {func(_ *house, _ comment.Submitted, in *comment.Revising) { in.Token += "x" }, "unauthorized", "unauthorized"},
		"another's token":          {func(h *house, _ comment.Submitted, in *comment.Revising) { in.Token = h.say("Mine.").EditToken }, "unauthorized", "unauthorized"},
		"another site":             {func(_ *house, _ comment.Submitted, in *comment.Revising) { in.Site = "weekly" }, "unauthorized", "unauthorized"},
		"foreign browser":          {func(_ *house, _ comment.Submitted, in *comment.Revising) { in.Client.Origin = "https://evil.example" }, "origin_not_allowed", "origin_not_allowed"},
		"blank":                    {func(_ *house, _ comment.Submitted, in *comment.Revising) { in.Text = " \n " }, "text:blank", "no error"},
		"too long":                 {func(h *house, _ comment.Submitted, _ *comment.Revising) { h.set("daily", "max_length=5") }, "text:too_long", "no error"},
		"at the end of the window": {func(h *house, _ comment.Submitted, _ *comment.Revising) { h.clock.pass(5 * time.Minute) }, "no error", "no error"},
		"after the window": {func(h *house, _ comment.Submitted, _ *comment.Revising) {
			h.clock.pass(5*time.Minute + time.Microsecond)
		}, "edit_window_over", "edit_window_over"},
		"rejected": {func(h *house, s comment.Submitted, _ *comment.Revising) { h.decide(ada, comment.Reject, s.Comment.ID) }, "not_editable", "not_editable"},
		"taken for spam": {func(h *house, s comment.Submitted, _ *comment.Revising) {
			h.decide(ada, comment.MarkSpam, s.Comment.ID)
		}, "no error", "no error"}, // as if it were waiting
		"deleted":   {func(h *house, s comment.Submitted, _ *comment.Revising) { h.decide(ada, comment.Delete, s.Comment.ID) }, "not_editable", "not_editable"},
		"retracted": {func(h *house, s comment.Submitted, _ *comment.Revising) { h.retract(s) }, "not_editable", "not_editable"},
		"changed 9 times": {func(h *house, s comment.Submitted, _ *comment.Revising) {
			for i := range 9 {
				h.edit(s, fmt.Sprint("Version ", i))
			}
		}, "not_editable", "no error"}, // it can still be taken away
	} {
		for verb, want := range map[string]string{"edit": tt.edit, "retract": tt.retract} {
			t.Run(name+" "+verb, func(t *testing.T) {
				h := newHouse(t)
				s := h.say("As it was.")
				in := revising(s, "As it should be.")
				tt.prepare(h, s, &in)
				var err error
				if verb == "edit" {
					_, err = h.Edit(ctx(), in)
				} else {
					err = h.Retract(ctx(), in)
				}
				wantFault(t, err, want)
				h.wantTrueCounts()
				h.wantSoundLog("daily")
			})
		}
	}
}

func TestOfManyEditsAtOnceEachIsARevisionOrAConflict(t *testing.T) {
	h := newHouse(t, "moderation=off")
	s := h.say("Version nought.")
	var mu sync.Mutex
	made := map[int]bool{}
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			out, err := h.Edit(ctx(), revising(s, fmt.Sprint("Version with the number ", i)))
			if err != nil {
				wantFault(t, err, "conflict")
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if made[out.Revision.N] {
				t.Errorf("revision %d was made twice", out.Revision.N)
			}
			made[out.Revision.N] = true
		})
	}
	all.Wait()
	if c := h.row(s.Comment.ID); c.Revision != len(made)+1 || c.Public != c.Revision || len(made) == 0 {
		t.Errorf("%d edits were made, and the comment is at revision %d, public %d", len(made), c.Revision, c.Public)
	}
	h.wantSoundLog("daily")
	h.wantTrueCounts()
}

// An edit and a decision on the text before are at once: either the moderator
// was faster, or the decision is a conflict.
func TestAnEditAndADecisionAtOnce(t *testing.T) {
	for range 12 {
		h := newHouse(t)
		s := h.say("Approve me while I change.")
		r := h.ruling(ada, comment.Approve, s.Comment.ID)
		var all sync.WaitGroup
		var out comment.Ruled
		all.Go(func() {
			var err error
			if out, err = h.Decide(ctx(), r); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := h.Edit(ctx(), revising(s, "Changed.")); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		c := h.row(s.Comment.ID)
		want := map[bool]int{true: 1, false: 0}[out.Results[0].OK]
		if c.Public != want || c.Status != comment.Pending || c.Revision != 2 {
			t.Errorf("the decision says %+v, and revision %d is public", out.Results[0], c.Public)
		}
		h.wantTrueCounts()
	}
}

func TestRetractTakesTheCommentAway(t *testing.T) {
	h := newHouse(t)
	s := h.public("I should not have said that.")
	answer := h.publicReply(s.Comment.ID, "Indeed.")
	h.retract(s)
	v, shown := h.publicly(s.Comment.ID)
	if !shown || v.Status != comment.Deleted || *v.HTML != "" || v.Author.Name != "" || v.ReplyCount != 1 || v.Replies.Comments[0].ID != answer.Comment.ID {
		t.Errorf("the thread shows %+v", v)
	}
	h.wantEvents(s.Comment.ID, "created approved deleted")
	b := bodyOf(t, h.events(s.Comment.ID)[2])
	if b.Data.Actor.Kind != "author" || *b.Data.PreviousStatus != "approved" || b.Data.Comment.Status != "deleted" || b.Data.Reasons == nil {
		t.Errorf("the event says %+v", b.Data)
	}
	h.wantTrueCounts()
}

func TestAnAuthorSeesTheirOwn(t *testing.T) {
	h := newHouse(t)
	s := h.say("Mine, and waiting.")
	if _, err := h.Single(ctx(), "daily", s.Comment.ID, comment.BodyHTML); err == nil {
		t.Error("everybody can see it")
	}
	own, err := h.Own(ctx(), "daily", s.Comment.ID, s.EditToken)
	h.must(err)
	if v := own.View(comment.BodyTree); v.Status != comment.Pending || v.HTML != nil || v.Tree == nil || own.Revision.Source != "Mine, and waiting." {
		t.Errorf("the author sees %+v", v)
	}
	other := h.say("Somebody else's.")
	_, err = h.Own(ctx(), "daily", s.Comment.ID, other.EditToken)
	wantFault(t, err, "unauthorized")
	h.clock.pass(90*24*time.Hour + time.Second)
	_, err = h.Own(ctx(), "daily", s.Comment.ID, s.EditToken)
	wantFault(t, err, "not_found")
}

func TestADecisionInsideItsWindowIsHiddenFromTheAuthor(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	s := h.say("Am I approved?")
	h.decide(ada, comment.Reject, s.Comment.ID)
	own, err := h.Own(ctx(), "daily", s.Comment.ID, s.EditToken)
	h.must(err)
	if v := own.View(comment.BodyHTML); v.Status != comment.Pending {
		t.Errorf("the author sees %s", v.Status)
	}
}

// Somebody who tries what is taken for spam must not learn it: not from the
// answers to edits, nor from those after them.
func TestSpamLooksLikeWaitingWhateverItsAuthorDoes(t *testing.T) {
	h := newHouse(t)
	waiting := h.say("Honest words.")
	trapped := post("Buy my things.")
	trapped.Form = moderation.Form{Known: true, Trap: "x"}
	byMachine, byModerator := h.submit(trapped), h.say("Buy our things.")
	h.decide(ada, comment.MarkSpam, byModerator.Comment.ID)
	was := h.author(byModerator.Comment.ID)
	for _, s := range []comment.Submitted{byMachine, byModerator} {
		id := s.Comment.ID
		want, got := h.edit(waiting, "Other words for "+id), h.edit(s, "Harmless words of "+id)
		own, err := h.Own(ctx(), "daily", id, s.EditToken)
		h.must(err)
		for _, v := range []comment.View{got.View(comment.BodyHTML), own.View(comment.BodyHTML)} {
			if v.Status != want.View(comment.BodyHTML).Status || v.Revision != 2 || *v.HTML != "<p>Harmless words of "+id+"</p>" {
				t.Errorf("the author sees %+v", v)
			}
		}
		if c := h.row(id); c.Status != comment.Spam || c.InForce != comment.Spam || c.Revision != 2 {
			t.Errorf("after the edit it is %s, %s in force, revision %d", c.Status, c.InForce, c.Revision)
		}
		h.wantEvents(id, "created marked_spam edited")
	}
	if is := h.author(byModerator.Comment.ID); is.Rejected != was.Rejected {
		t.Errorf("the author's record went from %d to %d", was.Rejected, is.Rejected)
	}
	h.decide(bob, comment.Approve, byModerator.Comment.ID)
	if v, shown := h.publicly(byModerator.Comment.ID); !shown || v.Revision != 2 {
		t.Errorf("approved after all, readers see %+v", v)
	}
	h.retract(byMachine)
	h.wantTrueCounts()
	h.wantSoundLog("daily")
}

// An edit of spam that a colleague is just bringing back goes to the queue.
func TestAnEditOfSpamThatIsBeingRestored(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	s := h.say("Buy my things.")
	h.decide(ada, comment.MarkSpam, s.Comment.ID)
	h.clock.pass(5 * time.Second)
	h.settle()
	h.decide(ada, comment.Approve, s.Comment.ID)
	h.edit(s, "Take my things.")
	if c := h.row(s.Comment.ID); c.Status != comment.Pending || c.InForce != comment.Pending {
		t.Errorf("it is %s, %s in force", c.Status, c.InForce)
	}
	h.wantTrueCounts()
	h.clock.pass(5 * time.Second)
	h.settle()
	if c := h.row(s.Comment.ID); c.Status != comment.Pending || c.Public != 1 {
		t.Errorf("it is %s, revision %d public", c.Status, c.Public)
	}
	h.wantTrueCounts()
	h.wantSoundLog("daily")
}

// Without review an edit is public at once; one that comes while a decision is
// held must not look otherwise, or it would tell of the decision.
func TestAnEditDoesNotTellOfAHeldDecision(t *testing.T) {
	h := newHouse(t, "moderation=off", "undo_window=5s")
	s := h.say("Something bad.")
	h.decide(ada, comment.Reject, s.Comment.ID)
	h.clock.pass(time.Second)
	out := h.edit(s, "Something sweet.")
	own, err := h.Own(ctx(), "daily", s.Comment.ID, s.EditToken)
	h.must(err)
	for _, v := range []comment.View{out.View(comment.BodyHTML), own.View(comment.BodyHTML)} {
		if v.Status != comment.Approved || v.Revision != 2 {
			t.Errorf("the author sees %s, revision %d", v.Status, v.Revision)
		}
	}
	if v, _ := h.publicly(s.Comment.ID); v.Revision != 1 {
		t.Errorf("readers see revision %d", v.Revision)
	}
	h.clock.pass(5 * time.Second)
	h.settle()
	own, err = h.Own(ctx(), "daily", s.Comment.ID, s.EditToken)
	h.must(err)
	if v := own.View(comment.BodyHTML); v.Status != comment.Pending {
		t.Errorf("the author sees %s in the end", v.Status)
	}
	h.wantTrueCounts()
}

// What is deleted is gone for its author too.
func TestADeletedTextIsGoneForItsAuthor(t *testing.T) {
	for name, remove := range map[string]func(h *house, s comment.Submitted){
		"by the author":   func(h *house, s comment.Submitted) { h.retract(s) },
		"by a moderator":  func(h *house, s comment.Submitted) { h.decide(ada, comment.Delete, s.Comment.ID) },
		"after an edit":   func(h *house, s comment.Submitted) { h.edit(s, "A secret, again."); h.retract(s) },
		"after it was up": func(h *house, s comment.Submitted) { h.decide(ada, comment.Approve, s.Comment.ID); h.retract(s) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s := h.say("A secret.")
			remove(h, s)
			own, err := h.Own(ctx(), "daily", s.Comment.ID, s.EditToken)
			h.must(err)
			v := own.View(comment.BodyHTML)
			if v.Status != comment.Deleted || *v.HTML != "" || own.Revision.Source != "" || own.Revision.Tree.Plain() != "" {
				t.Errorf("the author gets %+v, %q", v, own.Revision.Source)
			}
		})
	}
}

func TestBearerOf(t *testing.T) {
	for header, want := range map[string]string{"Bearer abc": "abc", "bearer  abc ": "abc", "BEARER abc": "abc", "Basic abc": "", "abc": "", "": "", "Bearer": "", "Bearer ": ""} {
		if got := comment.BearerOf(header); got != want {
			t.Errorf("BearerOf(%q) = %q", header, got)
		}
	}
}
