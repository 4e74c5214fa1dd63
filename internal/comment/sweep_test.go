package comment_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
	"github.com/afterword-comments/afterword/moderation"
)

// onBothEngines runs a test in a house of each.
func onBothEngines(t *testing.T, test func(t *testing.T, h *house), options ...string) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, newHouse(t, options...)) })
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newHouseAt(t, pgtest.Database(t), options...))
	})
}

var lawyer = comment.Actor{Kind: comment.ActorModerator, ID: "account-lawyer", Name: "Lena Law"}

// forbid adds a legal term for the story.
func (h *house) forbid(text string, change ...func(*comment.Word)) comment.Word {
	h.t.Helper()
	w := comment.Word{Site: "daily", List: "legal", Text: text, Page: article + "?utm_source=x", Note: "Injunction 7 O 12/26"}
	for _, c := range change {
		c(&w)
	}
	w, err := h.AddWord(ctx(), w, lawyer)
	h.must(err)
	return w
}

func (h *house) sweep() { h.t.Helper(); h.must(h.SweepTerms(ctx())) }

func (h *house) wantStatus(what string, c comment.Submitted, want comment.Status) {
	h.t.Helper()
	if got := h.row(c.Comment.ID); got.Status != want || got.InForce != want || (got.Public > 0) != (want == comment.Approved) {
		h.t.Errorf("%s: status %s, in force %s, public %d; want %s", what, got.Status, got.InForce, got.Public, want)
	}
}

func elsewhere(text string) comment.Submission {
	sub := post(text)
	sub.Page.URL = origin + "/sport/final"
	return sub
}

func TestALegalTermTakesBackWhatIsPublic(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		guilty, innocent := h.say("It was J4ne  R0e, they say."), h.say("It was somebody.")
		other := h.submit(elsewhere("Jane Roe scored."))
		h.clock.pass(time.Minute)
		term := h.forbid("Jane Roe")
		h.sweep()
		h.wantStatus("with the term", guilty, comment.Pending)
		h.wantStatus("without it", innocent, comment.Approved)
		h.wantStatus("on another page", other, comment.Approved)
		h.wantEvents(guilty.Comment.ID, "created approved restored")
		if n := len(h.thread(comment.Ask{})); n != 1 || h.pageCount(article) != 1 {
			t.Errorf("readers see %d comments of %d", n, h.pageCount(article))
		}
		events := h.events(guilty.Comment.ID)
		told := bodyOf(t, events[2]).Data
		if told.Actor.Kind != "rule" || *told.PreviousStatus != "approved" || told.Comment.Status != "pending" ||
			len(told.Reasons) != 1 || told.Reasons[0].Code != moderation.CodeLegalTerm || told.Reasons[0].Data["word_id"] != term.ID {
			t.Errorf("the event tells %+v", told)
		}
		detail, err := h.Detail(ctx(), ada, guilty.Comment.ID)
		h.must(err)
		if !strings.Contains(fmt.Sprint(detail.Reasons), "Jane Roe") || len(detail.Reasons[0].Spans) != 1 {
			t.Errorf("the desk shows the reasons %+v", detail.Reasons)
		}
		if note := detail.Decisions[0].Note; !strings.Contains(note, "Jane Roe") || !strings.Contains(note, "Lena Law") {
			t.Errorf("the decision says %v", note)
		}
		if added := h.log("daily"); !strings.Contains(bodiesOf(added, comment.WordAdded), "Jane Roe") || actorOf(added, comment.WordAdded) != lawyer {
			t.Error("the log does not say who added the term")
		}
		h.wantStatus("a new comment with it, on a site that publishes all", h.say("JANE ROE again"), comment.Pending)
		h.wantStatus("one on another page", h.submit(elsewhere("Jane Roe scored again.")), comment.Approved)
		h.wantSoundLog("daily")
	}, "moderation=off")
}

func bodiesOf(events []comment.Event, eventType string) (all string) {
	for _, e := range events {
		if e.Type == eventType {
			all += string(e.Body)
		}
	}
	return all
}

func actorOf(events []comment.Event, eventType string) (by comment.Actor) {
	for _, e := range events {
		if e.Type == eventType {
			by = e.Actor
		}
	}
	return by
}

// What a person approves under a term stays, whatever is swept later.
func TestWhatAPersonApprovesUnderATermStays(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		c := h.public("Jane Roe, says the court itself.")
		h.clock.pass(time.Minute)
		term := h.forbid("jane roe")
		h.sweep()
		h.wantStatus("approved before the term", c, comment.Pending)
		h.clock.pass(time.Second)
		h.decide(ada, comment.Approve, c.Comment.ID)
		h.clock.pass(time.Minute)
		h.sweep() // the late stage goes by it once more
		until := h.clock.Now().Add(time.Hour)
		_, err := h.ChangeWord(ctx(), "daily", term.ID, comment.WordChange{ExpiresAt: &until}, lawyer)
		h.must(err)
		h.sweep()
		h.wantStatus("approved under the term", c, comment.Approved)
		h.wantEvents(c.Comment.ID, "created approved restored approved")
		h.forbid("says the court")
		h.sweep()
		h.wantStatus("under another term", c, comment.Pending)
	})
}

func TestATermEnds(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		before := h.say("Jane Roe before.")
		h.clock.pass(time.Minute)
		h.forbid("jane roe", func(w *comment.Word) { w.ExpiresAt = h.clock.Now().Add(time.Hour) })
		h.sweep()
		h.wantStatus("while it holds", h.say("Jane Roe meanwhile."), comment.Pending)
		h.clock.pass(time.Hour)
		h.wantStatus("when it has ended", h.say("Jane Roe after."), comment.Approved)
		h.sweep()
		h.wantStatus("what it has taken back", before, comment.Pending)
	}, "moderation=off")
}

func TestATermThatIsRemovedOrEndsInMidSweep(t *testing.T) {
	for what, end := range map[string]func(*house, comment.Word){
		"removed": func(h *house, w comment.Word) { h.must(h.RemoveWord(ctx(), "daily", w.ID, lawyer)) },
		"expired": func(h *house, _ comment.Word) { h.clock.pass(2 * time.Hour) },
	} {
		t.Run(what, func(t *testing.T) {
			onBothEngines(t, func(t *testing.T, h *house) {
				h.crowd(60, "Jane Roe it was")
				term := h.forbid("jane roe", func(w *comment.Word) { w.ExpiresAt = h.clock.Now().Add(time.Hour) })
				h.dieAfter(2)
				end(h, term)
				h.sweep()
				if n := h.pageCount(article); n != 10 {
					t.Errorf("%d of 60 comments are public, want those that 2 steps have left", n)
				}
				h.wantSoundLog("daily")
			}, "moderation=off")
		})
	}
}

// dying is a store that goes away after some writes.
type dying struct {
	comment.Store
	left int
}

var errDied = errors.New("died")

func (d *dying) WriteAfter(ctx context.Context, sites comment.Sites, ask func(comment.Reader), fn func(comment.Tx) error) error {
	if d.left--; d.left < 0 {
		return errDied
	}
	return d.Store.WriteAfter(ctx, sites, ask, fn)
}

// dieAfter sweeps until some steps were taken, as if the process was killed then,
// and opens the house again. The first step finds the page.
func (h *house) dieAfter(steps int) {
	h.t.Helper()
	h.Store = &dying{h.store, steps + 1}
	if err := h.SweepTerms(ctx()); !errors.Is(err, errDied) {
		h.t.Fatalf("it did not die: %v", err)
	}
	h.open()
}

func TestASweepGoesOnAfterAKill(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		h.crowd(400, "Jane Roe it was")
		term := h.forbid("jane roe")
		for range 3 {
			h.dieAfter(2)
		}
		h.sweep()
		h.wantSwept(term, 400)
	}, "moderation=off")
}

// Many nodes sweep at the same time, and each comment comes back once.
func TestManyNodesSweepOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		h.crowd(300, "Jane Roe it was")
		term := h.forbid("jane roe")
		done := make(chan error)
		for range 4 {
			go func() { done <- h.SweepTerms(ctx()) }()
		}
		for range 4 {
			h.must(<-done)
		}
		h.sweep()
		h.wantSwept(term, 300)
	}, "moderation=off")
}

// wantSwept wants so many comments back in the queue, each once.
func (h *house) wantSwept(term comment.Word, want int) {
	h.t.Helper()
	restored := map[string]int{}
	for _, e := range h.log("daily") {
		if e.Type == comment.CommentRestored {
			restored[e.CommentID]++
		}
	}
	for id, n := range restored {
		if n != 1 {
			h.t.Errorf("comment %s came back %d times", id, n)
		}
	}
	counts := view(h, func(r comment.Reader) (map[comment.Status]int, error) { return r.StatusCounts([]string{"daily"}) })
	w, err := h.WordOf(ctx(), "daily", term.ID)
	h.must(err)
	if len(restored) != want || counts[comment.Pending] != want || w.Sweep.Found != want || h.pageCount(article) != 0 {
		h.t.Errorf("%d came back, %d are pending, the sweep counts %+v, %d are public; want %d", len(restored), counts[comment.Pending], w.Sweep, h.pageCount(article), want)
	}
	h.wantSoundLog("daily")
}

// crowd puts public comments on the story, past Submit because they are many.
func (h *house) crowd(n int, text string) {
	h.t.Helper()
	first := h.say("The first of many.")
	h.retract(first)
	c := h.row(first.Comment.ID)
	for done := 0; done < n; {
		some := min(n-done, 500)
		h.must(h.store.Write(ctx(), comment.Sites{"daily"}, func(tx comment.Tx) error {
			for i := range some {
				one := comment.Comment{
					Site: c.Site, ID: h.NewID(), PageID: c.PageID, AuthorID: c.AuthorID, AuthorName: c.AuthorName, AuthorKind: c.AuthorKind,
					Status: comment.Approved, InForce: comment.Approved, Revision: 1, Public: 1, Shown: true, Version: 1, CreatedAt: h.clock.Now(),
				}
				source := fmt.Sprintf("%s, number %d.", text, done+i)
				rev := comment.Revision{Site: one.Site, CommentID: one.ID, N: 1, Source: source, Tree: markup.Render(source), CreatedAt: one.CreatedAt, Trace: moderation.Trace{}}
				if err := errors.Join(tx.InsertComment(one), tx.InsertRevision(rev)); err != nil {
					return err
				}
			}
			return errors.Join(tx.CountStatus("daily", comment.Approved, some), tx.CountPage("daily", c.PageID, some))
		}))
		done += some
	}
	h.clock.pass(time.Minute)
}

// TestATermAmongTenThousand: a term finds the one comment that it is about among all
// that a busy page has, and touches no other.
func TestATermAmongTenThousand(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		h.crowd(10_000, "An innocent remark")
		guilty := h.say("Jane Roe was it.")
		h.clock.pass(time.Minute)
		h.forbid("Jane Roe")
		h.sweep()
		h.wantStatus("after the sweep", guilty, comment.Pending)
		if n := h.pageCount(article); n != 10_000 {
			t.Errorf("%d comments are public after the sweep", n)
		}
	}, "moderation=off")
}

// BenchmarkATermAmongTenThousand: what a sweep takes there. A term has 2 s, half of
// which the Sweeper may spend on waking up.
func BenchmarkATermAmongTenThousand(b *testing.B) {
	for _, engine := range []struct {
		name string
		open func() *house
	}{
		{"sqlite", func() *house { return newHouse(b, "moderation=off") }},
		{"postgres", func() *house { return newHouseAt(b, pgtest.Database(b), "moderation=off") }},
	} {
		b.Run(engine.name, func(b *testing.B) {
			h := engine.open()
			h.crowd(10_000, "An innocent remark")
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				name := fmt.Sprintf("Jane Roe the %dth", i)
				guilty := h.say(name + " was it.")
				h.clock.pass(time.Minute)
				b.StartTimer()
				h.forbid(name)
				h.sweep()
				b.StopTimer()
				h.wantStatus("after the sweep", guilty, comment.Pending)
				b.StartTimer()
			}
		})
	}
}

// A decision that is held when a term comes: an approval is taken back, a
// rejection holds at once.
func TestATermAndDecisionsThatAreHeld(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		approved, rejected, again := h.say("Jane Roe one."), h.say("Jane Roe two."), h.say("Jane Roe three.")
		h.decide(ada, comment.Approve, rejected.Comment.ID)
		h.clock.pass(time.Hour)
		h.settle()
		h.decide(ada, comment.Approve, approved.Comment.ID)
		h.decide(ada, comment.Reject, rejected.Comment.ID)
		h.clock.pass(time.Second)
		h.forbid("jane roe")
		h.clock.pass(time.Second)
		h.decide(ada, comment.Approve, again.Comment.ID)
		h.sweep()
		h.wantStatus("a held approval", approved, comment.Pending)
		h.wantStatus("a held rejection", rejected, comment.Rejected)
		h.clock.pass(time.Hour)
		h.settle()
		h.sweep()
		h.wantStatus("an approval under the term", again, comment.Approved)
		h.wantEvents(approved.Comment.ID, "created")
		h.wantEvents(rejected.Comment.ID, "created approved rejected")
		h.wantSoundLog("daily")
	}, "undo_window=60s")
}

// An approved text stays public while its edit waits: a term takes it back all the
// same, and the moderator who looks at the edit is told.
func TestATermAndAnEditThatWaits(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		c := h.public("Jane Roe was it.")
		h.edit(c, "Somebody was it.")
		h.clock.pass(time.Second)
		h.forbid("jane roe")
		h.sweep()
		h.wantStatus("the comment", c, comment.Pending)
		detail, err := h.Detail(ctx(), ada, c.Comment.ID)
		h.must(err)
		if !strings.Contains(fmt.Sprint(detail.Reasons), "The revision that was public") {
			t.Errorf("the reasons are %+v", detail.Reasons)
		}
	})
}

// A node that does not know a term yet publishes for a moment what it is about.
func TestATermFindsWhatComesLate(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		h.say("The first.")
		h.forbid("jane roe")
		h.sweep()
		h.crowd(3, "Jane Roe, from another node")
		h.sweep()
		if n := h.pageCount(article); n != 1 {
			t.Errorf("%d comments are public", n)
		}
	}, "moderation=off")
}

func TestTermsOfASectionAndOfASite(t *testing.T) {
	for what, c := range map[string]struct {
		scope func(*comment.Word)
		want  [2]comment.Status
	}{
		"section": {func(w *comment.Word) { w.Page, w.Section = "", "/Sport/" }, [2]comment.Status{comment.Approved, comment.Pending}},
		"site":    {func(w *comment.Word) { w.Page = "" }, [2]comment.Status{comment.Pending, comment.Pending}},
	} {
		t.Run(what, func(t *testing.T) {
			onBothEngines(t, func(t *testing.T, h *house) {
				story, final := h.say("Jane Roe here."), h.submit(elsewhere("Jane Roe there."))
				h.clock.pass(time.Second)
				h.forbid("jane roe", c.scope)
				h.sweep()
				h.wantStatus("story", story, c.want[0])
				h.wantStatus("final", final, c.want[1])
			}, "moderation=off")
		})
	}
}
