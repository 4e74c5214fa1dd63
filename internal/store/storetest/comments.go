package storetest

import (
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

var commentTests = map[string]func(*house){
	"comment":                       testComment,
	"comment with nothing optional": testBareComment,
	"change of a comment":           testUpdateComment,
	"comment changed in between":    testStaleComment,
	"ids of comments are unique":    testCommentIDs,
	"revisions":                     testRevisions,
	"votes":                         testVotes,
	"reports":                       testReports,
}

func isMissing(err error) bool  { return fault.Is(err, "not_found") }
func isConflict(err error) bool { return fault.Is(err, "conflict") }

func getComment(h *house, c comment.Comment) comment.Comment {
	h.Helper()
	return get(h, func(r comment.Reader) (comment.Comment, error) { return r.Comment(c.Site, c.ID) })
}

// bare is a comment as it is read alone, without its text.
func bare(c comment.Comment) comment.Comment {
	c.Text = comment.Revision{}
	return c
}

func testComment(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	full(h, c)
	h.post(c)
	same(h, "comment", getComment(h, c), bare(c))
	same(h, "comment anywhere", get(h, func(r comment.Reader) (comment.Comment, error) { return r.FindComment(c.ID) }), bare(c))
}

func testBareComment(h *house) {
	h.newSites("daily")
	id := comment.NewID()
	c := comment.Comment{
		Site: "daily", ID: id, PageID: "p1", AuthorID: "a1", Status: comment.Pending, InForce: comment.Pending,
		Revision: 1, Version: 1, CreatedAt: start, Text: comment.Revision{Site: "daily", CommentID: id, N: 1, CreatedAt: start},
	}
	h.post(c)
	same(h, "comment", getComment(h, c), bare(c))
	same(h, "revision", get(h, func(r comment.Reader) (comment.Revision, error) { return r.Revision("daily", id, 1) }), c.Text)
}

func testUpdateComment(h *house) {
	h.newSites("daily")
	c, other := newComment("daily"), newComment("daily")
	h.post(c, other)
	c.Status, c.InForce, c.Revision, c.Public = comment.Spam, comment.Rejected, 5, 4
	c.VotesUp, c.VotesDown, c.Replies, c.Shown = 1, 6, 2, false
	c.Reports, c.Sequence, c.Risk, c.Held = 0, 12, "high", ""
	c.EditedAt, c.DecidedAt, c.DecidedBy = after(7), time.Time{}, "u2"
	h.write(func(tx comment.Tx) error { return tx.UpdateComment(&c) })
	if c.Version != 2 {
		h.Errorf("version %d after the first change, want 2", c.Version)
	}
	same(h, "changed comment", getComment(h, c), bare(c))
	same(h, "another comment", getComment(h, other), bare(other))
	h.write(func(tx comment.Tx) error { // twice in one use case
		if err := tx.UpdateComment(&c); err != nil {
			return err
		}
		c.Risk = "low"
		return tx.UpdateComment(&c)
	})
	same(h, "comment changed again", getComment(h, c), bare(c))
}

func testStaleComment(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.post(c)
	first, second := c, c
	h.write(func(tx comment.Tx) error { return tx.UpdateComment(&first) })
	second.Status = comment.Deleted
	lost := second
	h.conflicts("a change of what has changed", func(tx comment.Tx) error {
		lost = second
		return tx.UpdateComment(&lost)
	})
	if lost.Version != 1 {
		h.Errorf("a lost change counted the version up to %d", lost.Version)
	}
	same(h, "comment", getComment(h, c), bare(first))
	unknown := newComment("daily")
	h.conflicts("a change of nothing", func(tx comment.Tx) error {
		c := unknown
		return tx.UpdateComment(&c)
	})
}

func testCommentIDs(h *house) {
	h.newSites("daily", "weekly")
	c := newComment("daily")
	h.post(c)
	h.conflicts("an id twice", func(tx comment.Tx) error { return tx.InsertComment(c) })
	c.Site = "weekly"
	h.conflicts("an id on two sites", func(tx comment.Tx) error { return tx.InsertComment(c) })
}

func testRevisions(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	first := newRevision("daily", c.ID, 1)
	first.Source, first.CreatedAt = "the first", after(-1)
	full(h, first, "Inquiries", "Stored")
	h.post(c)
	h.write(func(tx comment.Tx) error { return tx.InsertRevision(first) })
	same(h, "first revision", get(h, func(r comment.Reader) (comment.Revision, error) { return r.Revision("daily", c.ID, 1) }), first)
	same(h, "revisions, newest first",
		get(h, func(r comment.Reader) ([]comment.Revision, error) { return r.Revisions("daily", c.ID) }), []comment.Revision{c.Text, first})
	h.conflicts("a revision twice", func(tx comment.Tx) error { return tx.InsertRevision(first) })
	absent(h, "third revision", func(r comment.Reader) (comment.Revision, error) { return r.Revision("daily", c.ID, 3) })
}

func testVotes(h *house) {
	h.newSites("daily")
	c, other := newComment("daily"), newComment("daily")
	h.post(c, other)
	for i, tt := range []struct {
		id, voter   string
		value, want int
	}{
		{c.ID, "v1", 1, 0}, {c.ID, "v1", 1, 1}, {c.ID, "v1", -1, 1}, // changes
		{c.ID, "v2", -1, 0}, {other.ID, "v1", 1, 0}, // others
		{c.ID, "v1", 0, -1}, {c.ID, "v1", 0, 0}, {c.ID, "v1", 1, 0}, // takes back
		{c.ID, "v2", 0, -1}, {other.ID, "v1", 0, 1},
	} {
		h.write(func(tx comment.Tx) error {
			before, err := tx.PutVote("daily", tt.id, tt.voter, tt.value)
			if before != tt.want {
				h.Errorf("vote %d replaces %d, want %d", i, before, tt.want)
			}
			return err
		})
	}
	h.refused("a vote that counts twice", func(tx comment.Tx) error { _, err := tx.PutVote("daily", c.ID, "v1", 2); return err })
}

func testReports(h *house) {
	h.newSites("daily")
	c, other := newComment("daily"), newComment("daily")
	h.post(c, other)
	report := func(id, commentID string, revision int, reporter string) comment.Report {
		return comment.Report{Site: "daily", ID: id, CommentID: commentID, Revision: revision, Reporter: reporter, Reason: "spam", Note: "see “there”", At: start,
			ReporterID: "q" + id, Network: "n1", Weight: 250, Outcome: comment.ReportAgreed}
	}
	first, again := report("r1", c.ID, 1, "x"), report("r2", c.ID, 2, "x")
	full(h, first)
	var got []bool
	h.write(func(tx comment.Tx) error {
		got = nil
		for _, r := range []comment.Report{first, report("r0", c.ID, 1, "x"), again, report("r3", other.ID, 1, "x")} {
			ok, err := tx.InsertReport(r)
			if err != nil {
				return err
			}
			got = append(got, ok)
		}
		return nil
	})
	same(h, "one report a reader and revision", got, []bool{true, false, true, true})
	h.conflicts("an id twice", func(tx comment.Tx) error {
		_, err := tx.InsertReport(report("r1", c.ID, 1, "y"))
		return err
	})
	same(h, "reports, newest first",
		get(h, func(r comment.Reader) ([]comment.Report, error) { return r.Reports("daily", c.ID) }), []comment.Report{again, first})
}

// withReasons gives a comment's newest revision these findings.
func withReasons(c comment.Comment, codes ...string) comment.Comment {
	step := moderation.Step{Check: "c", Version: 1, Evidence: []moderation.Evidence{}}
	for i, code := range codes {
		hint := moderation.HintHold
		if i > 0 {
			hint = moderation.HintNone
		}
		step.Evidence = append(step.Evidence, moderation.Evidence{Check: "c", Code: code, Sentence: fmt.Sprint("It is ", code, "."), Hint: hint})
	}
	c.Text.Trace = moderation.Trace{step}
	return c
}
