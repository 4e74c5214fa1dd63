package comment_test

import (
	"context"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

// meanwhile is a check that takes its time: something happens between the look
// at the store and the transaction. It happens once.
type meanwhile struct{ happens func() }

func (*meanwhile) Name() string { return "meanwhile" }
func (*meanwhile) Version() int { return 1 }
func (m *meanwhile) Examine(context.Context, *moderation.Subject) ([]moderation.Evidence, error) {
	if happens := m.happens; happens != nil {
		m.happens = nil
		happens()
	}
	return nil, nil
}

func TestWhatHappensWhileACommentIsExamined(t *testing.T) {
	for name, tt := range map[string]struct {
		happens func(h *house, parent comment.Submitted)
		want    string
	}{
		"nothing": {func(*house, comment.Submitted) {}, "no error"},
		"the page is closed": {func(h *house, _ comment.Submitted) {
			_, err := h.OpenPage(ctx(), comment.Opening{Site: "daily", Page: article, By: comment.Actor{Kind: comment.ActorOperator}})
			h.must(err)
		}, "page_closed"},
		"the parent is deleted":    {func(h *house, p comment.Submitted) { h.decide(ada, comment.Delete, p.Comment.ID) }, "parent_id:not_found"},
		"the parent is taken away": {func(h *house, p comment.Submitted) { h.retract(p) }, "parent_id:not_found"},
		"the parent is answered":   {func(h *house, p comment.Submitted) { h.publicReply(p.Comment.ID, "Faster.") }, "no error"},
	} {
		t.Run(name, func(t *testing.T) {
			h, m := newHouse(t), &meanwhile{}
			h.open(m)
			parent := h.public("The one that is answered.")
			sub := post("An answer that takes its time.")
			sub.ParentID = parent.Comment.ID
			m.happens = func() { tt.happens(h, parent) }
			_, err := h.Submit(ctx(), sub)
			wantFault(t, err, tt.want)
			h.wantTrueCounts()
			h.wantSoundLog("daily")
		})
	}
}

func TestAFasterFirstCommentMakesThePage(t *testing.T) {
	h, m := newHouse(t, "moderation=off"), &meanwhile{}
	h.open(m)
	slow := post("Slow to be examined.")
	slow.Page.Title = "The slower title"
	m.happens = func() { h.say("Faster.") }
	h.submit(slow)
	_, page, err := h.PageOf(ctx(), "daily", article)
	h.must(err)
	if h.pages() != 1 || page.Count != 2 || page.Title != "Story" {
		t.Errorf("%d pages, and it is %+v", h.pages(), page)
	}
	h.wantTrueCounts()
	h.wantTrueThreads()
}

func TestALimitThatIsReachedMeanwhileHolds(t *testing.T) {
	h, m := newHouse(t, "rate_limits=on"), &meanwhile{}
	h.open(m)
	m.happens = func() {
		for i := range 5 {
			h.submit(from("203.0.113.77", i))
		}
	}
	_, err := h.Submit(ctx(), from("203.0.113.77", 6))
	wantFault(t, err, "rate_limited")
}

func TestWhatHappensWhileAnEditIsExamined(t *testing.T) {
	for name, tt := range map[string]struct {
		happens func(h *house, s comment.Submitted)
		want    string
		public  int
	}{
		"nothing":              {func(*house, comment.Submitted) {}, "no error", 2},
		"it is rejected":       {func(h *house, s comment.Submitted) { h.decide(ada, comment.Reject, s.Comment.ID) }, "not_editable", 0},
		"it is taken away":     {func(h *house, s comment.Submitted) { h.retract(s) }, "not_editable", 0},
		"it is edited":         {func(h *house, s comment.Submitted) { h.edit(s, "Faster.") }, "conflict", 2},
		"it is approved again": {func(h *house, s comment.Submitted) { h.decide(ada, comment.Approve, s.Comment.ID) }, "no error", 2},
		"its window closes":    {func(h *house, s comment.Submitted) { h.set("daily", "edit_window=0s"); h.clock.pass(1) }, "no error", 2}, // it was sent in time
		"a rejection is held": {func(h *house, s comment.Submitted) {
			h.set("daily", "undo_window=5s")
			h.decide(ada, comment.Reject, s.Comment.ID)
		}, "no error", 1},
		"a reader reports it":   {func(h *house, s comment.Submitted) { votesAndReports(h, s) }, "no error", 1},
		"the site reviews more": {func(h *house, s comment.Submitted) { h.set("daily", "moderation=all") }, "no error", 2},
	} {
		t.Run(name, func(t *testing.T) {
			h, m := newHouse(t, "moderation=off"), &meanwhile{}
			h.open(m)
			s := h.say("As it was.")
			m.happens = func() { tt.happens(h, s) }
			_, err := h.Edit(ctx(), revising(s, "An edit that takes its time."))
			wantFault(t, err, tt.want)
			if c := h.row(s.Comment.ID); c.Public != tt.public {
				t.Errorf("revision %d is public", c.Public)
			}
			h.wantTrueCounts()
			h.wantSoundLog("daily")
		})
	}
}

// A repetition that comes while the first is still examined gets its answer.
func TestARepetitionOvertakesTheFirst(t *testing.T) {
	h, m := newHouse(t), &meanwhile{}
	h.open(m)
	sub := post("Clicked twice, and slow.")
	sub.Once = once("k", "hash")
	var faster comment.Submitted
	m.happens = func() { faster = h.submit(sub) }
	_, err := h.Submit(ctx(), sub)
	wantRepeated(t, err, faster.Comment.ID)
	if n := len(h.queue(comment.QueueAsk{By: ada})); n != 1 {
		t.Errorf("%d comments were made", n)
	}
}
