package storetest

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

var decisionTests = map[string]func(*house){
	"decision":               testDecision,
	"decision over many":     testDecisionItems,
	"decision moves on once": testDecisionState,
	"decisions that are due": testDueDecisions,
}

func newDecision(id, commentID string) comment.Decision {
	return comment.Decision{
		Site: "daily", ID: id, CommentID: commentID, Revision: 2, Action: comment.Approve, From: comment.Pending, To: comment.Approved,
		Reason: "off_topic", Note: "see “there”", Actor: comment.Actor{Kind: comment.ActorModerator, ID: "u1", Name: "Mo"},
		At: start, EffectiveAt: after(1), State: comment.DecisionHeld,
		Clause: "c1", Statement: `{"version":1}`,
	}
}

func putDecision(d comment.Decision) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.InsertDecision(d) }
}

func setState(d comment.Decision, to comment.DecisionState) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.SetDecisionState(d, to) }
}

func decisionsOf(h *house, commentID string) []comment.Decision {
	h.Helper()
	return get(h, func(r comment.Reader) ([]comment.Decision, error) { return r.Decisions("daily", commentID) })
}

func testDecision(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.post(c)
	old, young := newDecision("d2", c.ID), newDecision("d1", c.ID)
	old.State, young.At = comment.DecisionDone, after(3)
	full(h, young)
	h.write(all(putDecision(young), putDecision(old)))
	same(h, "decisions, newest first", decisionsOf(h, c.ID), []comment.Decision{young, old})
	same(h, "held decision", get(h, func(r comment.Reader) (comment.Decision, error) { return r.HeldDecision("daily", c.ID) }), young)
	h.conflicts("a decision twice", putDecision(young))
}

func testDecisionItems(h *house) {
	h.newSites("daily")
	a, b := newComment("daily"), newComment("daily")
	h.post(a, b)
	h.write(all(putDecision(newDecision("d1", a.ID)), putDecision(newDecision("d1", b.ID)), putDecision(newDecision("d2", b.ID))))
	items := get(h, func(r comment.Reader) ([]comment.Decision, error) { return r.DecisionItems("d1") })
	got := map[string]comment.Decision{}
	for _, d := range items {
		got[d.CommentID] = d
	}
	same(h, "items", got, map[string]comment.Decision{a.ID: newDecision("d1", a.ID), b.ID: newDecision("d1", b.ID)})
}

func testDecisionState(h *house) {
	h.newSites("daily")
	c, other := newComment("daily"), newComment("daily")
	h.post(c, other)
	done, undone, beside := newDecision("d1", c.ID), newDecision("d2", c.ID), newDecision("d1", other.ID)
	h.write(all(putDecision(done), putDecision(undone), putDecision(beside)))
	h.write(all(setState(done, comment.DecisionDone), setState(undone, comment.DecisionUndone)))
	h.conflicts("undoing what has taken effect", setState(done, comment.DecisionUndone))
	h.conflicts("settling what was undone", setState(undone, comment.DecisionDone))
	h.conflicts("settling what was never decided", setState(newDecision("d9", c.ID), comment.DecisionDone))
	done.State, undone.State = comment.DecisionDone, comment.DecisionUndone
	same(h, "decisions", decisionsOf(h, c.ID), []comment.Decision{undone, done})
	same(h, "the same decision on another comment", decisionsOf(h, other.ID), []comment.Decision{beside})
	absent(h, "held decision", func(r comment.Reader) (comment.Decision, error) { return r.HeldDecision("daily", c.ID) })
}

func testDueDecisions(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.post(c)
	var held []comment.Decision
	for i, minute := range []int{30, 10, 20} {
		d := newDecision(string(rune('a'+i)), c.ID)
		d.EffectiveAt = after(minute)
		held = append(held, d)
	}
	done := newDecision("done", c.ID)
	done.State = comment.DecisionDone
	h.write(all(putDecision(held[0]), putDecision(held[1]), putDecision(held[2]), putDecision(done)))
	due := func(now time.Time, limit int) []comment.Decision {
		return get(h, func(r comment.Reader) ([]comment.Decision, error) { return r.DueDecisions(now, limit) })
	}
	same(h, "just before the first", due(after(10).Add(-time.Microsecond), 9), []comment.Decision{})
	same(h, "at the first", due(after(10), 9), []comment.Decision{held[1]})
	same(h, "after all, first come first", due(after(99), 9), []comment.Decision{held[1], held[2], held[0]})
	same(h, "two of them", due(after(99), 2), []comment.Decision{held[1], held[2]})
	next := func() time.Time { return get(h, comment.Reader.NextDue) }
	same(h, "next due", next(), after(10))
	h.write(setState(held[1], comment.DecisionDone))
	same(h, "next due after the first", next(), after(20))
}
