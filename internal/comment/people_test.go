package comment_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

var operator = comment.Actor{Kind: comment.ActorOperator}

// stand sets a standing that has to be taken.
func (h *house) stand(author, standing string, change ...func(*comment.StandingChange)) {
	h.t.Helper()
	c := comment.StandingChange{Site: "daily", Author: author, Standing: standing, Reason: "because", By: comment.Actor{Kind: comment.ActorModerator, ID: ada.ID, Name: ada.Name}}
	for _, f := range change {
		f(&c)
	}
	_, err := h.SetStanding(ctx(), c)
	h.must(err)
}

func (h *house) block(kind comment.BlockKind, value string, effect comment.BlockEffect) comment.Block {
	h.t.Helper()
	b, err := h.AddBlock(ctx(), comment.Block{Site: "daily", Kind: kind, Value: value, Effect: effect, Reason: "wave"}, operator)
	h.must(err)
	return b
}

func near(a, b float64) bool { return math.Abs(a-b) < 2e-6 }

// wantRecord compares the record of a comment's author as it stands now.
func (h *house) wantRecord(of string, good, bad float64) {
	h.t.Helper()
	if r := h.author(of).Record.On(h.clock.Now()); !near(r.Good, good) || !near(r.Bad, bad) {
		h.t.Errorf("the record is %.6f good and %.6f bad, want %.6f and %.6f", r.Good, r.Bad, good, bad)
	}
}

// wantTrueRecords recounts every author's record from the decisions of people: of
// each comment the newest that has taken effect.
func (h *house) wantTrueRecords() {
	h.t.Helper()
	rows, err := h.raw().Query(`select c.author_id, d.comment_id, d.to_status, d.effective_at from decisions d
		join comments c on c.site_id = d.site_id and c.comment_id = d.comment_id
		where d.state = 'done' and d.actor_kind = 'moderator' order by d.at, d.decision_id`)
	h.must(err)
	type last struct {
		author, to string
		at         int64
	}
	newest := map[string]last{}
	for rows.Next() {
		var id string
		var d last
		h.must(rows.Scan(&d.author, &id, &d.to, &d.at))
		newest[id] = d
	}
	h.must(errors.Join(rows.Err(), rows.Close()))
	want := map[string]moderation.Record{}
	for _, d := range newest {
		if d.to == "approved" || d.to == "rejected" || d.to == "spam" {
			want[d.author] = want[d.author].Count(d.to == "approved", 1, time.UnixMicro(d.at))
		}
	}
	rows, err = h.raw().Query("select author_id, good, bad, counted_at from authors")
	h.must(err)
	for rows.Next() {
		var id string
		var good, bad, at int64
		h.must(rows.Scan(&id, &good, &bad, &at))
		now := h.clock.Now()
		got := moderation.Record{Good: float64(good) / 1e6, Bad: float64(bad) / 1e6, At: time.UnixMicro(at)}.On(now)
		if recount := want[id].On(now); math.Abs(got.Good-recount.Good) > 1e-4 || math.Abs(got.Bad-recount.Bad) > 1e-4 {
			h.t.Errorf("the record of %s is %+v, the decisions say %+v", id, got, recount)
		}
	}
	h.must(errors.Join(rows.Err(), rows.Close()))
}

// Only what people decide counts, each comment by its newest decision, and what
// is taken back takes what is left of it.
func TestARecordFollowsWhatPeopleDecide(t *testing.T) {
	h := newHouse(t)
	one, two := h.say("One."), h.say("Two.")
	who := one.Comment.ID
	h.wantRecord(who, 0, 0)
	h.decide(ada, comment.Approve, one.Comment.ID)
	h.wantRecord(who, 1, 0)
	h.clock.pass(moderation.HalfLife)
	h.wantRecord(who, 0.5, 0)
	h.decide(bob, comment.MarkSpam, two.Comment.ID)
	h.wantRecord(who, 0.5, 1)
	rejected := h.clock.Now()
	if got := h.author(who).LastRejected; !got.Equal(rejected) {
		t.Errorf("last rejected %v", got)
	}
	h.clock.pass(moderation.HalfLife)
	h.decide(bob, comment.Approve, two.Comment.ID) // it was not spam after all
	h.wantRecord(who, 1.25, 0)
	if got := h.author(who).LastRejected; !got.IsZero() {
		t.Errorf("last rejected %v", got)
	}
	h.decide(ada, comment.Reject, two.Comment.ID)
	h.wantRecord(who, 0.25, 1)
	h.decide(ada, comment.Restore, two.Comment.ID)
	h.wantRecord(who, 0.25, 0)
	h.decide(ada, comment.Delete, one.Comment.ID)
	h.wantRecord(who, 0, 0)
}

func TestAnUndoneDecisionHasNeverCounted(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	s := h.say("Wait.")
	ruled := h.decide(ada, comment.Reject, s.Comment.ID)
	h.wantRecord(s.Comment.ID, 0, 0)
	_, err := h.Undo(ctx(), ada, ruled.DecisionID)
	h.must(err)
	h.clock.pass(time.Minute)
	h.settle()
	h.wantRecord(s.Comment.ID, 0, 0)
	h.decide(ada, comment.Approve, s.Comment.ID)
	h.clock.pass(5 * time.Second)
	h.settle()
	h.wantRecord(s.Comment.ID, 1, 0)
}

func TestAutomationEarnsAndLosesNothing(t *testing.T) {
	h := newHouse(t, "moderation=off")
	_, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: "banned", Text: "vermin"}, operator)
	h.must(err)
	s := h.say("Public at birth.")
	h.say("Vermin!")
	if a := h.author(s.Comment.ID); a.Approved != 1 || a.Rejected != 1 || a.Record != (moderation.Record{}) {
		t.Errorf("%+v", a)
	}
}

// A standing holds from the next comment on, until it ends.
func TestStandings(t *testing.T) {
	for _, tt := range []struct {
		standing, options string
		want              comment.Status
		told              comment.Status
		code              string
	}{
		{"trusted", "moderation=all", comment.Approved, comment.Approved, ""},
		{"premoderated", "moderation=off", comment.Pending, comment.Pending, ""},
		{"muted", "moderation=off", comment.Spam, comment.Pending, ""},
		{"banned", "moderation=off", "", "", "banned"},
		{"suspended", "moderation=off", "", "", "suspended"},
	} {
		t.Run(tt.standing, func(t *testing.T) {
			h := newHouse(t, tt.options)
			first := h.say("First.")
			who := first.Comment.AuthorID
			end := h.clock.Now().Add(time.Hour)
			h.stand(who, tt.standing, func(c *comment.StandingChange) { c.Until = end })
			for i, text := range []string{"Second.", "Third."} {
				out, err := h.Submit(ctx(), post(text))
				if tt.code != "" {
					wantFault(t, err, tt.code)
					if until := fault.Of(err).Until; !until.Equal(end) {
						t.Errorf("until %v", until)
					}
					_, err = h.Edit(ctx(), revising(first, "Changed."))
					wantFault(t, err, tt.code)
					continue
				}
				h.must(err)
				if got := h.row(out.Comment.ID).Status; got != tt.want || out.Told != tt.told {
					t.Errorf("comment %d is %s and its author is told %s", i, got, out.Told)
				}
			}
			h.clock.pass(time.Hour)
			usual := map[string]comment.Status{"moderation=all": comment.Pending, "moderation=off": comment.Approved}[tt.options]
			if out := h.say("When it is over."); h.row(out.Comment.ID).Status != usual {
				t.Errorf("after the end the comment is %s", h.row(out.Comment.ID).Status)
			}
			var of []string
			for _, e := range h.log("daily") {
				if e.Type == comment.PersonChanged {
					of = append(of, e.Actor.Name)
				}
			}
			if diff := cmp.Diff([]string{"ada"}, of); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a person has said of an author outranks every block, and taking back a
// ban takes the address with it: no block does a ban again in silence.
func TestAPersonOutranksBlocks(t *testing.T) {
	h := newHouse(t, "moderation=off")
	who := h.say("Hello.").Comment.AuthorID
	for _, effect := range []comment.BlockEffect{comment.BlockReview, comment.BlockReject, comment.BlockRefuse} {
		h.block(comment.BlockDomain, "reader.example", effect)
		h.stand(who, "trusted")
		s := h.say("From a blocked domain.")
		if got := h.row(s.Comment.ID).Status; got != comment.Approved {
			t.Errorf("%s: a trusted author's comment is %s", effect, got)
		}
		h.stand(who, "none")
		s, err := h.Submit(ctx(), post("Without being trusted."))
		switch want := map[comment.BlockEffect]comment.Status{comment.BlockReview: comment.Pending, comment.BlockReject: comment.Rejected}[effect]; {
		case want == "":
			wantFault(t, err, "banned")
		case err != nil || h.row(s.Comment.ID).Status != want:
			t.Errorf("%s: %v, %+v", effect, err, s.Comment.Status)
		}
	}
	h.removeBlocks()
	h.stand(who, "banned", func(c *comment.StandingChange) { c.BlockEmail = true })
	other := post("Under another name.")
	other.Name, other.Email = "Nobody", "rita+2@reader.example"
	_, err := h.Submit(ctx(), other)
	wantFault(t, err, "banned")
	h.stand(who, "none")
	h.submit(other)
	h.say("Back again.")
}

// What an owner has turned away on all sites, an owner's next word lets in again; a moderator's does not.
func TestWhoLiftsABanFromEverySite(t *testing.T) {
	h := newHouse(t, "moderation=off")
	who := h.say("Hello.").Comment.AuthorID
	owner := func(c *comment.StandingChange) { c.Owner = true }
	h.stand(who, "banned", owner, func(c *comment.StandingChange) { c.Everywhere = true })
	h.stand(who, "none")
	_, err := h.Submit(ctx(), post("A moderator has lifted it."))
	wantFault(t, err, "banned")
	if p, err := h.Person(ctx(), "daily", who); err != nil || len(p.Blocks) != 1 {
		t.Errorf("%v, the blocks that still meet: %+v", err, p.Blocks)
	}
	h.stand(who, "none", owner)
	h.say("An owner has.")
	if left, _, err := h.BlocksPage(ctx(), comment.AllSites, "", 10); err != nil || len(left) != 0 {
		t.Errorf("%v, left: %+v", err, left)
	}
}

func (h *house) removeBlocks() {
	h.t.Helper()
	all, _, err := h.BlocksPage(ctx(), "daily", "", 100)
	h.must(err)
	for _, b := range all {
		h.must(h.RemoveBlock(ctx(), "daily", b.ID, operator))
	}
}

func TestBlocksMeetWhatTheyAreFor(t *testing.T) {
	h := newHouse(t, "moderation=off")
	for _, tt := range []struct {
		kind              comment.BlockKind
		value             string
		met, missed       []comment.Submission
		evidence, shownAs string
	}{
		{comment.BlockEmail, "J.Doe@googlemail.com", []comment.Submission{as("A", "jdoe@gmail.com", ""), as("A", "j.d.o.e+x@GoogleMail.com", "")}, []comment.Submission{as("A", "jdoe@mail.example", ""), as("A", "", "")}, "blocked_email", "j.…@googlemail.com"},
		{comment.BlockDomain, "trash.example", []comment.Submission{as("A", "x@trash.example", ""), as("A", "x@very.deep.trash.example", "")}, []comment.Submission{as("A", "x@nottrash.example", "")}, "blocked_domain", "trash.example"},
		{comment.BlockEmail, "ida@müller.example", []comment.Submission{as("A", "ida@xn--mller-kva.example", ""), as("A", "Ida@MÜLLER.example", "")}, []comment.Submission{as("A", "ida@muller.example", "")}, "blocked_email", "id…@müller.example"},
		{comment.BlockDomain, "xn--mller-kva.example", []comment.Submission{as("A", "x@müller.example", ""), as("A", "x@a.müller.example", "")}, []comment.Submission{as("A", "x@muller.example", "")}, "blocked_domain", "xn--mller-kva.example"},
		{comment.BlockAddress, "198.51.100.77/24", []comment.Submission{as("A", "", "198.51.100.3"), as("A", "", "::ffff:198.51.100.9")}, []comment.Submission{as("A", "", "198.51.101.1"), as("A", "", "")}, "blocked_address", ""},
		{comment.BlockAddress, "2001:db8:5::/48", []comment.Submission{as("A", "", "2001:db8:5:1::2")}, []comment.Submission{as("A", "", "2001:db8:6::1")}, "blocked_address", ""},
		{comment.BlockName, "Buy Now", []comment.Submission{as("BUY  NOW", "", ""), as("ｂｕｙ ｎｏｗ", "", "")}, []comment.Submission{as("Buy Nowhere", "", "")}, "blocked_name", "Buy Now"},
		{comment.BlockNamePart, "casino", []comment.Submission{as("Best C4sino 24", "", ""), as("Online-Casino", "", "")}, []comment.Submission{as("Cassandra", "", "")}, "blocked_name", "casino"},
	} {
		t.Run(string(tt.kind)+" "+tt.value, func(t *testing.T) {
			b := h.block(tt.kind, tt.value, comment.BlockReview)
			for _, sub := range tt.missed {
				if got := h.row(h.submit(h.fresh(sub)).Comment.ID).Status; got != comment.Approved {
					t.Errorf("%s %s %s is %s", sub.Name, sub.Email, sub.Client.IP, got)
				}
			}
			for _, sub := range tt.met {
				c := h.submit(h.fresh(sub)).Comment
				d, err := h.Detail(ctx(), ada, c.ID)
				h.must(err)
				if len(d.Reasons) == 0 || d.Reasons[0].Code != tt.evidence || d.Reasons[0].Hint != moderation.HintReview || d.Status != comment.Pending {
					t.Errorf("%s %s %s is %s for %+v", sub.Name, sub.Email, sub.Client.IP, d.Status, d.Reasons)
				}
				if _, named := d.Reasons[0].Data["block_id"]; named != (tt.kind != comment.BlockAddress) {
					t.Error("what is kept with a comment tells of the network")
				}
			}
			got := view(h, func(r comment.Reader) (comment.Block, error) { return r.Block("daily", b.ID) })
			if got.Hits != len(tt.met) || !got.LastHit.Equal(h.clock.Now()) || tt.kind == comment.BlockEmail && got.Shown != tt.shownAs {
				t.Errorf("%+v", got)
			}
			h.must(h.RemoveBlock(ctx(), "daily", b.ID, operator))
			if got := h.row(h.submit(h.fresh(tt.met[0])).Comment.ID).Status; got != comment.Approved {
				t.Errorf("without the block it is %s", got)
			}
		})
	}
}

// A part of a name that stands in very many names is a slip of the pen.
func TestBlocksThatWouldMeetEverybody(t *testing.T) {
	h := newHouse(t)
	for kind, values := range map[comment.BlockKind][]string{
		comment.BlockNamePart: {"a", "aa", "a b", "...", "a\u200bb", "a\x00bc"},
		comment.BlockName:     {"...", "\x00"},
		comment.BlockDomain:   {"example", ".", "@"},
		comment.BlockAddress:  {"0.0.0.0/0", "::/0", "::ffff:0:0/96"},
	} {
		for _, value := range values {
			_, err := h.AddBlock(ctx(), comment.Block{Site: "daily", Kind: kind, Value: value, Effect: comment.BlockRefuse}, operator)
			if fault.Of(err).Kind != fault.Invalid {
				t.Errorf("%s %q: %v", kind, value, err)
			}
		}
	}
}

// as is a submission by somebody, still without a text.
func as(name, email, ip string) comment.Submission {
	sub := post("")
	sub.Name, sub.Email, sub.Client.IP = name, email, ip
	return sub
}

// fresh gives a submission a text that nobody has written before.
func (h *house) fresh(sub comment.Submission) comment.Submission {
	h.texts++
	sub.Text = fmt.Sprintf("Something new, number %d of many.", h.texts)
	return sub
}

func TestABlockEndsByTheClock(t *testing.T) {
	h := newHouse(t, "moderation=off")
	_, err := h.AddBlock(ctx(), comment.Block{Site: comment.AllSites, Kind: comment.BlockName, Value: "Rita", Effect: comment.BlockRefuse, Until: h.clock.Now().Add(time.Hour)}, operator)
	h.must(err)
	_, err = h.Submit(ctx(), post("Too early."))
	wantFault(t, err, "banned")
	if n := view(h, func(r comment.Reader) ([]comment.Block, error) { return r.Blocks(comment.AllSites) })[0].Hits; n != 1 {
		t.Errorf("%d hits", n)
	}
	h.clock.pass(time.Hour)
	h.say("In time.")
}

// Whoever is turned away pays what a comment costs.
func TestARefusedWriterIsSlowedDown(t *testing.T) {
	h := newHouse(t, "rate_limits=on")
	h.block(comment.BlockName, "Rita", comment.BlockRefuse)
	var last error
	for i := range 20 {
		_, last = h.Submit(ctx(), post(fmt.Sprint("Again, number ", i)))
	}
	wantFault(t, last, "rate_limited")
}

// reportFrom reports a comment from an address and says by which token.
func (h *house) reportFrom(id, ip, token string) comment.Complained {
	h.t.Helper()
	out, err := h.Report(ctx(), comment.Complaint{Site: "daily", ID: id, Reason: "spam", Reporter: token, Client: comment.Client{IP: ip, Agent: ip}})
	h.must(err)
	return out
}

func TestReportsTakeACommentOutOfSight(t *testing.T) {
	h := newHouse(t, "report_hold=3")
	id := h.public("Report me.").Comment.ID
	for i := range 3 {
		h.reportFrom(id, fmt.Sprint("203.0.113.", i), "")
	}
	h.wantEvents(id, "created approved reported reported reported restored")
	c := h.row(id)
	if c.Status != comment.Pending || c.Public != 0 || c.Reported != 3000 {
		t.Errorf("%+v", c)
	}
	b := bodyOf(t, h.events(id)[5])
	if b.Data.Actor.Kind != "rule" || b.Data.Actor.Name != "reports" || *b.Data.PreviousStatus != "approved" || len(b.Data.Reasons) != 1 ||
		b.Data.Reasons[0].Sentence != "Readers' reports weigh 3.00; the site looks again from 3.00 on (3 × spam)." {
		t.Errorf("%+v", b.Data)
	}
	h.decide(ada, comment.Approve, id) // a person has seen the reports
	if h.row(id).Reported != 0 {
		t.Error("the reports wait still")
	}
	for i := range 9 {
		h.reportFrom(id, fmt.Sprint("198.51.100.", i), "")
	}
	if c := h.row(id); c.Public != 1 || c.Reported != 9000 || c.Reports != 12 {
		t.Errorf("what a person has approved in spite of reports is taken away: %+v", c)
	}
	h.wantTrueCounts()
	h.wantSoundLog("daily")
}

func TestOneNetworkHoldsNothing(t *testing.T) {
	h := newHouse(t, "report_hold=1.5")
	id := h.public("Report me.").Comment.ID
	for i := range 100 {
		_, err := h.Report(ctx(), comment.Complaint{Site: "daily", ID: id, Reason: "hate", Client: comment.Client{IP: fmt.Sprintf("2001:db8:1:%x::1", i), Agent: fmt.Sprint(i)}})
		h.must(err)
	}
	if c := h.row(id); c.Public != 1 || c.Reported >= 1500 {
		t.Errorf("%d reports weigh %d", c.Reports, c.Reported)
	}
}

// Who has reported well weighs more, who has not less, and no more than bounded.
func TestReportersEarnTheirWeight(t *testing.T) {
	h := newHouse(t, "report_hold=0")
	good, bad := "", ""
	for i := range 12 {
		spam, fine := h.public(fmt.Sprint("Buy this, number ", i)).Comment.ID, h.public(fmt.Sprint("A good comment, number ", i)).Comment.ID
		good, bad = h.reportFrom(spam, "203.0.113.1", good).Reporter, h.reportFrom(fine, "203.0.113.2", bad).Reporter
		wants := [2]int{1000, 1000}
		if i >= 5 {
			wants = [2]int{2000 * (i + 1) / (i + 2), max(250, 2000/(i+2))}
		}
		if got := [2]int{h.row(spam).Reported, h.row(fine).Reported}; got != wants {
			t.Errorf("report %d: weights %v, want %v", i, got, wants)
		}
		h.decide(ada, comment.Reject, spam)
		h.decide(ada, comment.Approve, fine)
		// A change of mind goes back and forth without a trace.
		h.decide(bob, comment.Approve, spam)
		h.decide(bob, comment.MarkSpam, spam)
	}
	h.wantTrueCounts()
}

func TestReportsAreOfARevision(t *testing.T) {
	h := newHouse(t, "report_hold=2", "moderation=off", "edit_window=1h")
	s := h.say("First text.")
	h.reportFrom(s.Comment.ID, "203.0.113.1", "")
	h.edit(s, "Second text, which waits as the first was reported.")
	if c := h.row(s.Comment.ID); c.Reports != 0 || c.Reported != 0 || c.Public != 1 || c.InForce != comment.Pending {
		t.Errorf("%+v", c)
	}
	h.reportFrom(s.Comment.ID, "203.0.113.2", "")
	h.reportFrom(s.Comment.ID, "203.0.113.3", "")
	if c := h.row(s.Comment.ID); c.Public != 0 || c.Status != comment.Pending {
		t.Errorf("the reported text stands still: %+v", c)
	}
	h.decide(ada, comment.Approve, s.Comment.ID)
	if c := h.row(s.Comment.ID); c.Public != 2 || c.Reported != 0 {
		t.Errorf("%+v", c)
	}
	h.wantTrueCounts()
	h.wantSoundLog("daily")
}

// Nothing that a reader sends as a token makes a record of somebody else's.
func FuzzReporterToken(f *testing.F) {
	h := newHouse(f, "report_hold=0")
	id := h.public("Report me.").Comment.ID
	real := h.reportFrom(id, "203.0.113.1", "").Reporter
	f.Add("")
	f.Add(real + "x")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		out, err := h.Report(context.Background(), comment.Complaint{Site: "daily", ID: id, Reason: "spam", Reporter: token, Client: comment.Client{IP: "203.0.113.2"}})
		if err != nil || out.Reporter == "" || out.Reporter == real && token != real {
			t.Errorf("%q gives %+v, %v", token, out, err)
		}
	})
}
