package comment_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// news are what readers are told of each event of the log, from number on.
func (h *house) news(from int) (all []string) {
	h.t.Helper()
	for _, e := range h.log("daily")[from:] {
		n, err := h.News(ctx(), e)
		h.must(err)
		if n != nil {
			all = append(all, fmt.Sprintf("%s %d %d %v", e.Type, n.Revision, n.Count, n.Visible))
		}
	}
	return all
}

func TestReadersAreToldWhatConcernsThem(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do   func(h *house)
		want []string
	}{
		"waiting":               {func(h *house) { h.say("I wait.") }, nil},
		"approved":              {func(h *house) { h.public("I am there.") }, []string{"comment.approved 1 1 true"}},
		"rejected from waiting": {func(h *house) { h.in(comment.Rejected) }, nil},
		"spam from waiting":     {func(h *house) { h.in(comment.Spam) }, nil},
		"deleted from waiting":  {func(h *house) { h.in(comment.Deleted) }, nil},
		"restored":              {func(h *house) { h.decide(ada, comment.Restore, h.in(comment.Rejected).Comment.ID) }, nil},
		// What is told is how it is now, not how it was.
		"gone again":               {func(h *house) { h.decide(ada, comment.Delete, h.public("Short-lived.").Comment.ID) }, []string{"comment.approved 1 0 false", "comment.deleted 1 0 false"}},
		"edit that waits":          {func(h *house) { h.edit(h.public("One."), "Two.") }, []string{"comment.approved 1 1 true"}},
		"edit that is approved":    {func(h *house) { s := h.public("One."); h.edit(s, "Two."); h.decide(ada, comment.Approve, s.Comment.ID) }, []string{"comment.approved 2 1 true", "comment.approved 2 1 true"}},
		"edit that is rejected":    {func(h *house) { s := h.public("One."); h.edit(s, "Two."); h.decide(ada, comment.Reject, s.Comment.ID) }, []string{"comment.approved 1 0 false", "comment.rejected 1 0 false"}},
		"taken back by its author": {func(h *house) { h.retract(h.public("One.")) }, []string{"comment.approved 1 0 false", "comment.deleted 1 0 false"}},
		"waiting, taken back":      {func(h *house) { h.retract(h.say("One.")) }, nil},
		"voted on and reported":    {func(h *house) { s := h.public("One."); votesAndReports(h, s) }, []string{"comment.approved 1 1 true"}},
		"a decision that is held": {func(h *house) {
			s := h.public("One.")
			h.set("daily", "undo_window=5s")
			h.decide(ada, comment.Delete, s.Comment.ID)
		}, []string{"comment.approved 1 1 true"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			from := len(h.log("daily"))
			tt.do(h)
			if diff := cmp.Diff(tt.want, h.news(from)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func votesAndReports(h *house, s comment.Submitted) {
	h.t.Helper()
	_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: 1})
	h.must(err)
	_, err = h.Report(ctx(), comment.Complaint{Site: "daily", ID: s.Comment.ID, Reason: "spam"})
	h.must(err)
}

// Who is told of an event and what agree, or streams would wake for nothing, or
// sleep through news.
func TestWhoIsToldHasNews(t *testing.T) {
	h := newHouse(t)
	s := h.public("One.")
	h.edit(s, "Two.")
	votesAndReports(h, s)
	h.retract(s)
	h.in(comment.Rejected)
	told := 0
	for _, e := range h.log("daily") {
		if n, err := h.News(ctx(), e); err != nil || comment.TellsReaders(e) != (n != nil) {
			t.Errorf("%s: tells readers: %v, news %+v, %v", e.Type, comment.TellsReaders(e), n, err)
		} else if n != nil {
			told++
		}
	}
	if told != 2 || !comment.TellsReaders(comment.Event{Type: comment.PageClosed}) || !comment.TellsReaders(comment.Event{Type: comment.PageOpened}) {
		t.Errorf("readers are told of %d events, want 2, and of every page that opens and closes", told)
	}
}

// A watch begins at the event up to which the page is as it says.
func TestAWatchBeginsWhereThePageIs(t *testing.T) {
	h := newHouse(t)
	w, err := h.Watch(ctx(), "daily", article)
	h.must(err)
	if w.Page.ID != "" || w.Head != int64(len(h.log("daily"))) {
		t.Errorf("before the first comment: %+v", w)
	}
	s := h.public("One.")
	w, err = h.Watch(ctx(), "daily", article)
	h.must(err)
	if w.Page.ID != s.Comment.PageID || w.Page.Count != 1 || w.Head != int64(len(h.log("daily"))) || !w.Site.Options.Live {
		t.Errorf("with a comment: %+v", w)
	}
	if _, err := h.Watch(ctx(), "monthly", article); !fault.Is(err, "not_found") {
		t.Errorf("of a site that is not there: %v", err)
	}
}

func TestNewsNameTheParent(t *testing.T) {
	h := newHouse(t)
	root := h.public("The root.")
	reply := h.publicReply(root.Comment.ID, "The reply.")
	events := h.events(reply.Comment.ID)
	n, err := h.News(ctx(), events[len(events)-1])
	h.must(err)
	if n.ParentID != root.Comment.ID || n.Count != 2 {
		t.Errorf("the news is %+v", n)
	}
}

func TestQueueNews(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	s := h.say("I wait.")
	h.decide(ada, comment.Reject, s.Comment.ID)
	log := h.log("daily")
	c, counts, err := h.QueueNews(ctx(), bob, "daily", log[len(log)-1])
	h.must(err)
	if c.Status != comment.Rejected || c.ID != s.Comment.ID || counts[comment.Rejected] != 1 || counts[comment.Pending] != 0 {
		t.Errorf("the news is %s, %v", c.Status, counts)
	}
	_, _, err = h.QueueNews(ctx(), stranger, "daily", log[len(log)-1])
	wantFault(t, err, "not_found")
	heads, err := h.HeadsFor(ctx(), owner, "")
	h.must(err)
	head, err := h.LogHead(ctx(), "daily")
	h.must(err)
	if heads["daily"] != head || head != int64(len(log)) || len(heads) != 2 {
		t.Errorf("the heads are %v, of daily %d", heads, head)
	}
	if heads, err := h.HeadsFor(ctx(), ada, ""); err != nil || len(heads) != 1 {
		t.Errorf("a moderator of one site sees the heads %v, %v", heads, err)
	}
}

func TestActionOfAnEvent(t *testing.T) {
	h := newHouse(t)
	s := h.say("One.")
	for action, a := range actions {
		if action == comment.Restore {
			h.decide(ada, comment.Reject, s.Comment.ID)
		}
		if h.row(s.Comment.ID).Status != a.to {
			h.decide(ada, action, s.Comment.ID)
			events := h.events(s.Comment.ID)
			if got := comment.ActionOf(events[len(events)-1]); got != string(action) {
				t.Errorf("the action of %s is %q", events[len(events)-1].Type, got)
			}
		}
	}
	if got := comment.ActionOf(h.events(s.Comment.ID)[0]); got != "" {
		t.Errorf("the action of a birth is %q", got)
	}
}

// busyLog makes a log with everything in it, house events among the others.
func busyLog(h *house) {
	h.t.Helper()
	h.set("daily", "undo_window=5s")
	s := h.say("The first.")
	h.decide(ada, comment.Approve, s.Comment.ID)
	h.clock.pass(time.Minute)
	h.settle()
	for i := range 12 {
		_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: 1 - i%2})
		h.must(err)
	}
	for i := range 5 {
		h.say(fmt.Sprint("Contribution with the number ", i))
	}
	h.submit(weekly("Not of this site."))
}

func TestTheFeedOfEventsIsTheLogForIntegrators(t *testing.T) {
	h := newHouse(t)
	busyLog(h)
	var want, theirIDs []string
	for _, e := range h.log("daily") {
		if e.Public() {
			want, theirIDs = append(want, string(e.Body)), append(theirIDs, e.ID)
		}
	}
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []string
		after := ""
		for range 1000 {
			bodies, next, err := h.PublicEvents(ctx(), "daily", limit, after)
			h.must(err)
			if len(bodies) > limit {
				t.Fatalf("%d events on a page of %d", len(bodies), limit)
			}
			for _, b := range bodies {
				got = append(got, string(b))
			}
			if after = next; after == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("by %d:\n%s", limit, diff)
		}
	}
	// An integrator can always go on from the last event that it has.
	for i, id := range theirIDs {
		bodies, _, err := h.PublicEvents(ctx(), "daily", 100, id)
		h.must(err)
		if len(bodies) != len(want)-i-1 || len(bodies) > 0 && string(bodies[0]) != want[i+1] {
			t.Errorf("after event %d come %d", i, len(bodies))
		}
	}
	elsewhere, _, err := h.PublicEvents(ctx(), "weekly", 100, "")
	h.must(err)
	if len(elsewhere) != 1 {
		t.Errorf("the other site has %d events", len(elsewhere))
	}
	_, cursor, err := h.PublicEvents(ctx(), "daily", 1, "")
	h.must(err)
	for _, after := range []string{cursor, theirIDs[0], "x", comment.NewID(), cursor[1:]} {
		_, _, err := h.PublicEvents(ctx(), "weekly", 1, after)
		wantFault(t, err, "invalid_cursor")
	}
	_, _, err = h.PublicEvents(ctx(), "monthly", 1, "")
	wantFault(t, err, "not_found")
}

// A page of the feed costs the same however many votes stand between two
// events; it may come back with none, and a cursor.
func TestAPageOfTheFeedIsBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.say("Before all the votes.")
	votes := view(h, func(r comment.Reader) (int64, error) { n, _, err := r.LogHead("daily"); return n, err })
	h.must(h.store.Write(ctx(), nil, func(tx comment.Tx) error {
		for range 12_000 {
			e := comment.Event{Site: "daily", Type: comment.CommentVoted, PageID: first.Comment.PageID, CommentID: first.Comment.ID, At: h.clock.Now()}
			if _, err := h.Ledger.Append(tx, e); err != nil {
				return err
			}
		}
		return nil
	}))
	last := h.say("After all the votes.")
	after, pages, found := "", 0, 0
	for {
		bodies, next, err := h.PublicEvents(ctx(), "daily", 1, after)
		h.must(err)
		pages, found = pages+1, found+len(bodies)
		if after = next; next == "" {
			break
		}
	}
	if found != 2 || pages < 3 || pages > 10 || last.Comment.ID == "" {
		t.Errorf("%d events were found on %d pages, after event %d", found, pages, votes)
	}
}

// What concerns the readers of a page is read from the log without what they
// cannot see: neither votes and what waits, nor anybody's text.
func TestPageEventsAreReadInPages(t *testing.T) {
	h := newHouse(t)
	busyLog(h)
	s := h.public("Public, then gone.")
	h.clock.pass(time.Minute)
	h.settle()
	h.decide(ada, comment.Delete, s.Comment.ID)
	h.clock.pass(time.Minute)
	h.settle()
	_, err := h.OpenPage(ctx(), comment.Opening{Site: "daily", Page: article, By: comment.Actor{Kind: comment.ActorOperator}})
	h.must(err)
	other := post("Elsewhere.")
	other.Page.URL = origin + "/other"
	h.decide(ada, comment.Approve, h.submit(other).Comment.ID)
	_, page, err := h.PageOf(ctx(), "daily", article)
	h.must(err)
	var got []string
	after := int64(0)
	for {
		events, err := h.PageEvents(ctx(), page, after, 2)
		h.must(err)
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			n, err := h.News(ctx(), e)
			h.must(err)
			if len(e.Body) != 0 || n == nil && e.Type != comment.PageClosed || h.log("daily")[e.Seq-1].Type != e.Type {
				t.Errorf("number %d is %s with a body of %d, told to readers: %v", e.Seq, e.Type, len(e.Body), n)
			}
			got = append(got, e.Type)
		}
		after = events[len(events)-1].Seq
	}
	if want := []string{comment.CommentApproved, comment.CommentApproved, comment.CommentDeleted, comment.PageClosed}; !slices.Equal(got, want) {
		t.Errorf("the events of the page are %v, want %v", got, want)
	}
}

func TestTheAuditTrailIsTheLogBackwards(t *testing.T) {
	h := newHouse(t)
	busyLog(h)
	log := h.log("daily")
	for _, limit := range []int{1, 2, 7, len(log), 100} {
		var got []int64
		cursor := ""
		for {
			out, err := h.AuditLog(ctx(), "daily", limit, cursor)
			h.must(err)
			if len(out.Entries) > limit || len(out.Entries) == 0 {
				t.Fatalf("%d entries on a page of %d", len(out.Entries), limit)
			}
			for _, e := range out.Entries {
				got = append(got, e.Seq)
				if want := log[e.Seq-1]; e.Hash != want.Hash || e.Type != want.Type || e.Actor.ID != want.Actor.ID || e.BodyHash != want.BodyHash || e.CommentID != want.CommentID {
					t.Errorf("entry %d is %+v", e.Seq, e)
				}
			}
			if out.NextCursor == nil {
				break
			}
			cursor = *out.NextCursor
		}
		if len(got) != len(log) || got[0] != int64(len(log)) || got[len(got)-1] != 1 || !slices.IsSortedFunc(got, func(a, b int64) int { return int(b - a) }) {
			t.Errorf("by %d the trail is %v", limit, got)
		}
	}
	first, err := h.AuditLog(ctx(), "daily", 1, "")
	h.must(err)
	_, err = h.AuditLog(ctx(), "weekly", 1, *first.NextCursor)
	wantFault(t, err, "invalid_cursor")
	empty, err := h.AuditLog(ctx(), "monthly", 5, "")
	h.must(err)
	if len(empty.Entries) != 0 || empty.NextCursor != nil || empty.Entries == nil {
		t.Errorf("a log that is not there is %+v", empty)
	}
}
