package comment_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
)

func TestVotes(t *testing.T) {
	h := newHouse(t)
	s := h.public("Vote for me.")
	vote := func(reader, value int) comment.Votes {
		t.Helper()
		votes, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: value, Client: comment.Client{Origin: origin, IP: fmt.Sprint("203.0.113.", reader)}})
		h.must(err)
		return votes
	}
	for i, step := range []struct {
		reader, value int
		want          comment.Votes
	}{
		{1, 1, comment.Votes{Up: 1}}, {1, 1, comment.Votes{Up: 1}}, {2, 1, comment.Votes{Up: 2}}, {1, -1, comment.Votes{Up: 1, Down: 1}},
		{2, 0, comment.Votes{Down: 1}}, {2, 0, comment.Votes{Down: 1}}, {1, 0, comment.Votes{}}, {3, -1, comment.Votes{Down: 1}}, {3, 1, comment.Votes{Up: 1}},
	} {
		if got := vote(step.reader, step.value); got != step.want {
			t.Errorf("step %d: %+v, want %+v", i, got, step.want)
		}
	}
	h.wantTrueCounts()
	if v := h.thread(comment.Ask{})[0]; v.Votes != (comment.Votes{Up: 1}) {
		t.Errorf("shown are %+v", v.Votes)
	}
}

// An office has more than one voice; whoever makes up names of browsers has not
// more than an office, and another network has its own.
func TestANetworkHasSoManyVoices(t *testing.T) {
	h := newHouse(t)
	s := h.public("Vote for me.")
	from := func(ip string) (votes, reports int) {
		for i := range 200 {
			client := comment.Client{IP: ip, Agent: fmt.Sprint("Browser/", i)}
			_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: 1, Client: client})
			h.must(err)
			_, err = h.Report(ctx(), comment.Complaint{Site: "daily", ID: s.Comment.ID, Reason: "spam", Client: client})
			h.must(err)
		}
		c := h.row(s.Comment.ID)
		return c.VotesUp, c.Reports
	}
	for i, ip := range []string{"2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"} {
		want := []int{8, 8, 16}[i]
		if votes, reports := from(ip); votes != want || reports != want {
			t.Errorf("after %s: %d votes, %d reports; want %d", ip, votes, reports, want)
		}
	}
	h.wantTrueCounts()
}

func TestVotesAtOnceAreAllCounted(t *testing.T) {
	h := newHouse(t)
	s := h.public("Vote for me, all of you.")
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: 1, Client: comment.Client{IP: fmt.Sprint("203.0.113.", i%20)}})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if c := h.row(s.Comment.ID); c.VotesUp != 20 {
		t.Errorf("20 readers voted, %d votes count", c.VotesUp)
	}
	h.wantTrueCounts()
}

func TestVotesAndReportsThatCannotBe(t *testing.T) {
	h := newHouse(t)
	s, waiting := h.public("Vote for me."), h.say("I wait.")
	tombstone := h.public("Gone.")
	h.publicReply(tombstone.Comment.ID, "Still here.")
	h.decide(ada, comment.Delete, tombstone.Comment.ID)
	for name, tt := range map[string]struct {
		site, id, origin string
		want             string
	}{
		"waiting": {"daily", waiting.Comment.ID, origin, "not_found"}, "tombstone": {"daily", tombstone.Comment.ID, origin, "not_found"},
		"nobody": {"daily", comment.NewID(), origin, "not_found"}, "no id": {"daily", "x", origin, "not_found"},
		"another site": {"weekly", s.Comment.ID, "", "not_found"}, "foreign browser": {"daily", s.Comment.ID, "https://evil.example", "origin_not_allowed"},
		"no site": {"monthly", s.Comment.ID, "", "not_found"},
	} {
		client := comment.Client{Origin: tt.origin}
		_, err := h.Vote(ctx(), comment.Ballot{Site: tt.site, ID: tt.id, Value: 1, Client: client})
		t.Run(name+" vote", func(t *testing.T) { wantFault(t, err, tt.want) })
		_, err = h.Report(ctx(), comment.Complaint{Site: tt.site, ID: tt.id, Reason: "spam", Client: client})
		t.Run(name+" report", func(t *testing.T) { wantFault(t, err, tt.want) })
	}
	for _, value := range []int{2, -2} {
		_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: value})
		wantFault(t, err, "value:invalid")
	}
	for _, tt := range []struct{ reason, note, want string }{
		{"", "", "reason:invalid"}, {"boring", "", "reason:invalid"}, {"spam", "a\x00", "note:invalid"}, {"spam", strings.Repeat("a", 2001), "note:invalid"},
	} {
		_, err := h.Report(ctx(), comment.Complaint{Site: "daily", ID: s.Comment.ID, Reason: tt.reason, Note: tt.note})
		wantFault(t, err, tt.want)
	}
	h.set("daily", "votes=off")
	_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: 1})
	wantFault(t, err, "votes_off")
}

func TestReports(t *testing.T) {
	h := newHouse(t, "report_hold=0")
	s := h.public("Report me.")
	report := func(reader int, reason string) {
		t.Helper()
		_, err := h.Report(ctx(), comment.Complaint{Site: "daily", ID: s.Comment.ID, Reason: reason, Note: "see above", Client: comment.Client{IP: fmt.Sprint("203.0.113.", reader)}})
		h.must(err)
	}
	reports := func() comment.ReportCount {
		t.Helper()
		d, err := h.Detail(ctx(), ada, s.Comment.ID)
		h.must(err)
		sum := 0
		for _, n := range d.Reports.Reasons {
			sum += n
		}
		if sum != d.Reports.Count {
			t.Errorf("%d reports, reasons %v", d.Reports.Count, d.Reports.Reasons)
		}
		return d.Reports
	}
	report(1, "spam")
	report(1, "hate") // a second time by the same reader: nothing
	report(2, "spam")
	report(3, "hate")
	if got := reports(); got.Count != 3 || got.Reasons["spam"] != 2 || got.Reasons["hate"] != 1 {
		t.Errorf("the reports are %+v", got)
	}
	h.wantEvents(s.Comment.ID, "created approved reported reported reported")
	b := bodyOf(t, h.events(s.Comment.ID)[2])
	if b.Data.Comment.Status != "approved" || *b.Data.PreviousStatus != "approved" || b.Data.Reason != "spam" || b.Data.Comment.Revision != 1 {
		t.Errorf("the event says %+v", b.Data)
	}
	// A new text starts anew, and may be reported again by the same readers.
	h.edit(s, "Report me again.")
	if got := reports(); got.Count != 0 {
		t.Errorf("after the edit the reports are %+v", got)
	}
	h.decide(ada, comment.Approve, s.Comment.ID)
	report(1, "off_topic")
	if got := reports(); got.Count != 1 || got.Reasons["off_topic"] != 1 {
		t.Errorf("the new text has the reports %+v", got)
	}
	h.wantTrueCounts()
	h.wantSoundLog("daily")
}
