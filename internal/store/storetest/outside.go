package storetest

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

var outsideTests = map[string]func(*house){
	"integrations":        testIntegrations,
	"inquiries":           testInquiries,
	"moving inquiries":    testMoveInquiry,
	"lessons":             testLessons,
	"a trace that grows":  testSetTrace,
	"inquiries forgotten": testForgottenInquiries,
	"logs with checks":    testCheckedBehind,
}

func newIntegration(site, id string) comment.Integration {
	return comment.Integration{
		Site: site, ID: id, Kind: "http", Name: "Check " + id, URL: "https://checks.example/" + id, Settings: map[string]string{"feedback": "on"},
		Secret: "sealed", When: comment.AskBefore, Only: comment.OnlyLinks, Silence: comment.SilenceHold, Most: moderation.HintReview,
		Send: []string{"email"}, Deadline: 1500 * time.Millisecond, Enabled: true, Version: 3, CreatedAt: start,
	}
}

func newInquiry(site, id string) comment.Inquiry {
	return comment.Inquiry{
		Site: site, ID: id, IntegrationID: "i1", CommentID: "c1", Revision: 2, Lane: moderation.LanePublish, State: comment.InquiryOwed,
		Tries: 1, NextAt: after(1), Deadline: after(9), CreatedAt: start, Took: 42 * time.Microsecond, Hint: moderation.HintHold, Error: "It was late.",
		Decided: comment.Rejected, Lesson: comment.Rejected, LessonTries: 2, LessonAt: after(3),
	}
}

func putIntegration(i comment.Integration) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.PutIntegration(i) }
}

func putInquiry(i comment.Inquiry) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.InsertInquiry(i) }
}

func getInquiry(h *house, site, id string) comment.Inquiry {
	h.Helper()
	return get(h, func(r comment.Reader) (comment.Inquiry, error) { return r.Inquiry(site, id) })
}

func testIntegrations(h *house) {
	h.newSites("daily", "weekly")
	version := func() int64 {
		return get(h, func(r comment.Reader) (map[comment.List]int64, error) { return r.Versions("daily") })[comment.ListIntegrations]
	}
	i := newIntegration("daily", "i1")
	full(h, i)
	h.write(all(putIntegration(i), putIntegration(newIntegration("daily", "i0")), putIntegration(newIntegration("weekly", "i2"))))
	same(h, "integration", get(h, func(r comment.Reader) (comment.Integration, error) { return r.Integration("daily", "i1") }), i)
	same(h, "integration anywhere", get(h, func(r comment.Reader) (comment.Integration, error) { return r.FindIntegration("i1") }), i)
	absent(h, "integration of another site", func(r comment.Reader) (comment.Integration, error) { return r.Integration("weekly", "i1") })
	before := version()
	i.Name, i.URL, i.Settings, i.Secret, i.When, i.Only = "Other", "https://other.example/", map[string]string{}, "other", comment.AskAfter, comment.OnlyAll
	i.Silence, i.Most, i.Send, i.Deadline, i.Enabled, i.Version = comment.SilenceReject, moderation.HintReject, []string{}, time.Hour, false, 4
	h.write(putIntegration(i))
	same(h, "changed", get(h, func(r comment.Reader) ([]comment.Integration, error) { return r.Integrations("daily") }),
		[]comment.Integration{newIntegration("daily", "i0"), i})
	if version() == before {
		h.Error("the list's version stands still after a change")
	}
	twin := newIntegration("daily", "i3")
	twin.Name = "Other"
	h.conflicts("a name twice", putIntegration(twin))
	remove := func(tx comment.Tx) error { return tx.RemoveIntegration("daily", "i1") }
	h.write(remove)
	absent(h, "removed", func(r comment.Reader) (comment.Integration, error) { return r.Integration("daily", "i1") })
	h.refused("removing it again", remove)
}

func testInquiries(h *house) {
	h.newSites("daily", "weekly")
	i := newInquiry("daily", "q1")
	full(h, i, "ClosedAt")
	later, closed, foreign := newInquiry("daily", "q2"), newInquiry("daily", "q3"), newInquiry("weekly", "q4")
	later.NextAt, later.State = after(5), comment.InquiryAsked
	closed.State, closed.ClosedAt = comment.InquiryAnswered, after(2)
	foreign.NextAt = start
	h.write(all(putInquiry(i), putInquiry(later), putInquiry(closed), putInquiry(foreign)))
	same(h, "inquiry", getInquiry(h, "daily", "q1"), i)
	same(h, "a closed one", getInquiry(h, "daily", "q3"), closed)
	absent(h, "inquiry of another site", func(r comment.Reader) (comment.Inquiry, error) { return r.Inquiry("weekly", "q1") })
	same(h, "of a comment", get(h, func(r comment.Reader) ([]comment.Inquiry, error) { return r.Inquiries("daily", "c1") }), []comment.Inquiry{i, later, closed})
	same(h, "to an integration", get(h, func(r comment.Reader) ([]comment.Inquiry, error) { return r.RecentInquiries("daily", "i1", 2) }), []comment.Inquiry{closed, later})
	due := func(at time.Time, limit int) []comment.Inquiry {
		return get(h, func(r comment.Reader) ([]comment.Inquiry, error) { return r.DueInquiries(at, limit) })
	}
	same(h, "none is due", len(due(start.Add(-time.Second), 9)), 0)
	same(h, "due", due(after(1), 9), []comment.Inquiry{foreign, i})
	same(h, "some due", due(after(9), 1), []comment.Inquiry{foreign})
	h.write(func(tx comment.Tx) error { return tx.HurryInquiries("daily", "i1", start) })
	i.NextAt, i.Deadline = start, start
	same(h, "hurried", getInquiry(h, "daily", "q1"), i)
	same(h, "what is closed stays", getInquiry(h, "daily", "q3"), closed)
	same(h, "what is of others stays", getInquiry(h, "weekly", "q4"), foreign)
}

// An inquiry moves for one of those who want to move it.
func testMoveInquiry(h *house) {
	h.newSites("daily")
	before := newInquiry("daily", "q1")
	h.write(putInquiry(before))
	i := before
	i.State, i.Tries, i.NextAt, i.Deadline, i.Took, i.Hint, i.Error = comment.InquiryAsked, 2, after(20), after(30), time.Second, moderation.HintSpam, ""
	move := func(tx comment.Tx) error { return tx.MoveInquiry(i, before) }
	h.write(move)
	same(h, "moved", getInquiry(h, "daily", "q1"), i)
	h.conflicts("moving it again", move)
}

func testLessons(h *house) {
	h.newSites("daily")
	i, none := newInquiry("daily", "q1"), newInquiry("daily", "q2")
	none.Lesson = ""
	h.write(all(putInquiry(i), putInquiry(none)))
	due := func(at time.Time) []comment.Inquiry {
		return get(h, func(r comment.Reader) ([]comment.Inquiry, error) { return r.DueLessons(at, 9) })
	}
	same(h, "none is due", len(due(start)), 0)
	same(h, "due", due(after(3)), []comment.Inquiry{i})
	i.Decided, i.Lesson, i.LessonTries, i.LessonAt = comment.Approved, comment.Approved, 3, after(8)
	h.write(func(tx comment.Tx) error { return tx.SetLesson(i) })
	same(h, "set", getInquiry(h, "daily", "q1"), i)
}

func testSetTrace(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.post(c)
	rev := c.Text
	rev.Trace = rev.Trace.Later(moderation.Step{Check: "outside", Version: 2, Evidence: []moderation.Evidence{{Code: "late", Sentence: "Late.", Hint: moderation.HintHold}}}, after(4), rev.Source)
	h.write(func(tx comment.Tx) error { return tx.SetTrace(rev) })
	same(h, "trace", get(h, func(r comment.Reader) (comment.Revision, error) { return r.Revision("daily", c.ID, 2) }).Trace, rev.Trace)
}

func testForgottenInquiries(h *house) {
	h.newSites("daily")
	open, old, fresh := newInquiry("daily", "q1"), newInquiry("daily", "q2"), newInquiry("daily", "q3")
	old.ClosedAt, fresh.ClosedAt = start, after(1)
	h.write(all(putInquiry(open), putInquiry(old), putInquiry(fresh)))
	h.write(func(tx comment.Tx) error { _, err := tx.Prune(start.Add(90*24*time.Hour+time.Second), 9); return err })
	same(h, "what is left", get(h, func(r comment.Reader) ([]comment.Inquiry, error) { return r.Inquiries("daily", "c1") }), []comment.Inquiry{open, fresh})
}

// Only logs of sites with checks are worth following for their sake.
func testCheckedBehind(h *house) {
	h.newSites("daily", "weekly", "monthly")
	h.write(all(putIntegration(newIntegration("daily", "i1")), putIntegration(newIntegration("daily", "i2")), putIntegration(newIntegration("monthly", "i3"))))
	h.write(all(appendEvent(newEvent("daily", 1)), appendEvent(newEvent("weekly", 1))))
	behind := func() []comment.Position {
		h.Helper()
		found, err := h.store.CheckedBehind(h.Context(), "checks", 9)
		if err != nil {
			h.Fatal(err)
		}
		return found
	}
	same(h, "behind", behind(), []comment.Position{{Site: "daily"}})
	if err := h.store.Advance(h.Context(), "checks", "daily", 1); err != nil {
		h.Fatal(err)
	}
	same(h, "caught up", len(behind()), 0)
}
