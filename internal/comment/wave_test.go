package comment_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/store"
	"github.com/afterword-comments/afterword/moderation"
)

// advert is one of many ways to say the same.
func advert(i int) string {
	return fmt.Sprintf("Hello! I earn %d dollars every week from home with this simple trading program, my cousin showed me the website "+
		"and I began with only %d dollars. Visit https://easy-money-%d.example today and contact Mister Johnson before the offer ends. %s",
		500+i, 50+i, i, strings.Repeat("Good luck! ", i%3))
}

// by gives a submission an author of its own.
func by(i int, text string) comment.Submission {
	sub := post(text)
	sub.Name, sub.Email = fmt.Sprint("Reader ", i), fmt.Sprintf("r%d@example.org", i)
	return sub
}

// on puts a submission under a page of a site.
func on(sub comment.Submission, site, page string) comment.Submission {
	sub.Site, sub.Page, sub.Client.Origin = site, comment.PageRef{URL: "https://" + site + ".example/" + page}, "https://"+site+".example"
	return sub
}

func (h *house) waves() *comment.Waves {
	w := &comment.Waves{Service: h.Service, Log: h.store, OnError: func(err error) { h.t.Error(err) }}
	h.must(w.Load(ctx()))
	return w
}

// evidence gives what a comment is said to have in common with others.
func evidence(s comment.Submitted) (e moderation.Evidence) {
	for _, r := range s.Revision.Trace.Reasons() {
		if r.Check == "copies" {
			e = r
		}
	}
	return e
}

// cards lists the queue of daily with one comment for each group.
func (h *house) cards() []comment.DeskView {
	h.t.Helper()
	out, err := h.Queue(ctx(), comment.QueueAsk{By: ada, Site: "daily", Status: comment.Pending, Grouped: true, Limit: 100})
	h.must(err)
	return out.Comments
}

func TestAWaveIsOneCard(t *testing.T) {
	h := newHouse(t)
	var all []comment.Submitted
	for i := range 12 {
		all = append(all, h.submit(on(by(i, advert(i)), "daily", fmt.Sprint("story-", i%3))))
		h.clock.pass(time.Minute)
	}
	other := h.submit(by(99, "The council should rather repair the bridge at the station, which has been closed since spring."))
	if e := evidence(all[7]); e.Code != moderation.CodeNearDuplicate || e.Sentence != "Nearly the same text as 7 comments of 7 authors on 3 pages." {
		t.Errorf("the eighth: %+v", e)
	}
	cards := h.cards()
	if len(cards) != 2 || cards[0].ID != all[0].Comment.ID || cards[1].ID != other.Comment.ID || cards[1].Group != nil {
		t.Fatalf("%d cards", len(cards))
	}
	want := &comment.GroupView{
		ID: all[0].Comment.ID, Count: 12, Waiting: 12, Statuses: map[comment.Status]int{comment.Pending: 12}, Authors: 12, Pages: 3,
		FirstAt: comment.Timestamp(all[0].Comment.CreatedAt), LastAt: comment.Timestamp(all[11].Comment.CreatedAt), AsOf: comment.Timestamp(h.clock.Now()),
	}
	if diff := cmp.Diff(want, cards[0].Group); diff != "" {
		t.Error(diff)
	}
	members, err := h.Queue(ctx(), comment.QueueAsk{By: ada, Group: want.ID, Limit: 100})
	h.must(err)
	if len(members.Comments) != 12 || members.Comments[0].Diff != nil || len(members.Comments[1].Diff) == 0 {
		t.Errorf("%d members; the second differs by %v", len(members.Comments), members.Comments[1].Diff)
	}
}

// The first of a wave was alone when it came: that it is in a group since is in the
// log, which covers its row, and readers notice nothing.
func TestTheFirstOfAWaveJoinsIt(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		first := h.submit(by(1, advert(1)))
		for i := range 2 {
			h.clock.pass(time.Minute)
			h.submit(by(2+i, advert(2+i)))
		}
		joined := 0
		for _, e := range h.log("daily") {
			if e.Type == comment.CommentGrouped {
				joined++
				if e.CommentID != first.Comment.ID || e.Reach() != comment.ReachNothing || !strings.Contains(string(e.Body), `"data":{"group":"`+first.Comment.ID+`"}`) {
					t.Errorf("%s of %s: %s", e.Type, e.CommentID, e.Body)
				}
			}
		}
		if c := h.row(first.Comment.ID); joined != 1 || c.Group != c.ID {
			t.Errorf("%d joined, the first is in %q", joined, c.Group)
		}
		h.wantSoundLog("daily")
	})
}

// Of copies that come at the same time, some are named before they are stored. The
// next one names them again.
func TestCopiesThatComeTogetherAreOneGroup(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() {
				if _, err := h.Submit(ctx(), by(i, advert(i))); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		h.submit(by(99, advert(99)))
		if cards := h.cards(); len(cards) != 1 || cards[0].Group == nil || cards[0].Group.Count != 25 {
			t.Errorf("%d cards, %+v", len(cards), cards[0].Group)
		}
		h.wantSoundLog("daily")
	})
}

func TestShortCommentsAreNoWave(t *testing.T) {
	h := newHouse(t)
	who := []string{"I", "We", "Most of us", "My wife", "Some here", "All readers", "Nobody I know", "Our teacher", "The mayor", "Many voters"}
	does := []string{"agree with", "disagree with", "like", "doubt", "support", "reject", "laughed at", "thank you for", "never read", "understand"}
	what := []string{"this", "that", "the author", "every word", "the headline", "your plan", "the verdict", "this story", "the idea", "such news"}
	n := 0
	for _, a := range who {
		for _, b := range does {
			for _, c := range what {
				n++
				if e := evidence(h.submit(by(n, a+" "+b+" "+c+"!"))); e.Code != "" {
					t.Fatalf("%s %s %s: %s", a, b, c, e.Sentence)
				}
			}
		}
	}
}

func TestOneStrokeAndItsUndo(t *testing.T) {
	h := newHouse(t, "undo_window=10s")
	var all []comment.Submitted
	for i := range 5 {
		all = append(all, h.submit(by(i, advert(i))))
	}
	single := h.decide(ada, comment.Approve, all[3].Comment.ID)
	h.clock.pass(11 * time.Second)
	h.settle()
	h.decide(bob, comment.Approve, all[3].Comment.ID)
	card := h.cards()[0]
	late := h.submit(by(9, advert(9)))
	h.clock.pass(time.Second)
	group := func(action comment.Action, who comment.Account) comment.Ruled {
		t.Helper()
		at, err := time.Parse(time.RFC3339Nano, card.Group.AsOf)
		h.must(err)
		out, err := h.Decide(ctx(), comment.Ruling{By: who, Action: action, Group: card.Group.ID, AsOf: at, Received: h.clock.Now()})
		h.must(err)
		return out
	}
	_ = single
	h.clock.pass(-time.Second) // the late one is of the very instant: what is seen is as_of, not later
	out := group(comment.Reject, ada)
	statuses := func() (text string) {
		for _, s := range append(slices.Clone(all), late) {
			text += string(h.row(s.Comment.ID).Status) + " "
		}
		return text
	}
	if got, want := statuses(), "rejected rejected rejected approved rejected rejected "; got != want || len(out.Results) != 5 {
		t.Fatalf("after the stroke: %s, %d results", got, len(out.Results))
	}
	if _, err := h.Undo(ctx(), ada, out.DecisionID); err != nil {
		t.Fatal(err)
	}
	if got, want := statuses(), "pending pending pending approved pending pending "; got != want {
		t.Fatalf("after the undo: %s", got)
	}
	h.clock.pass(time.Minute)
	newer := h.submit(by(10, advert(10)))
	if group(comment.Reject, ada); h.row(newer.Comment.ID).Status != comment.Pending {
		t.Error("what came after the card was shown was decided unseen")
	}
	for _, bad := range []comment.Ruling{
		{By: ada, Action: comment.Reject, Group: "x"},
		{By: ada, Action: comment.Reject, Group: card.Group.ID, Items: []comment.Item{{ID: card.ID, Revision: 1}}},
	} {
		_, err := h.Decide(ctx(), bad)
		wantFault(t, err, "group:invalid")
	}
	for who, code := range map[*comment.Account]string{&watcher: "forbidden", &stranger: "not_found"} {
		_, err := h.Decide(ctx(), comment.Ruling{By: *who, Action: comment.Reject, Group: card.Group.ID, Received: h.clock.Now()})
		wantFault(t, err, code)
	}
}

// A card counts what its own site has, so a decision on it is over no more than that, unless no site is named.
func TestACardDecidesWhatItCounts(t *testing.T) {
	h, editor := newHouse(t), staff("editor", comment.Moderator, comment.AllSites)
	for i := range 6 {
		h.submit(on(by(i, advert(i)), []string{"daily", "weekly"}[i%2], "story"))
	}
	id := evidence(h.submit(on(by(6, advert(6)), "weekly", "story"))).Data["group"]
	decided := func(r comment.Ruling) int {
		t.Helper()
		r.By, r.Action, r.Group, r.Received = editor, comment.Reject, id, h.clock.Now()
		out, err := h.Decide(ctx(), r)
		h.must(err)
		return len(out.Results)
	}
	if n := decided(comment.Ruling{Site: "daily"}); n != 3 {
		t.Errorf("%d were decided by the card of 3", n)
	}
	if n := decided(comment.Ruling{}); n != 4 {
		t.Errorf("%d were decided by a stroke over all sites, 4 were left", n)
	}
	for code, r := range map[string]comment.Ruling{
		"site:invalid": {Site: "daily", Items: []comment.Item{{ID: id, Revision: 1}}}, "not_found": {Site: "nowhere", Group: id},
	} {
		r.By, r.Action, r.Received = editor, comment.Reject, h.clock.Now()
		_, err := h.Decide(ctx(), r)
		wantFault(t, err, code)
	}
}

func TestAGroupOfMoreThanOneDecisionHolds(t *testing.T) {
	h := newHouse(t)
	for i := range 620 {
		h.submit(by(i, advert(i)))
	}
	once := comment.Once{Scope: "s", Key: "k", Hash: "h", Answer: func(v any) (int, []byte, error) { body, err := comment.JSON(v); return 200, body, err }}
	r := comment.Ruling{By: ada, Action: comment.MarkSpam, Group: h.cards()[0].Group.ID, Received: h.clock.Now(), Once: once}
	out, err := h.Decide(ctx(), r)
	h.must(err)
	if len(out.Results) != 620 || len(h.cards()) != 0 {
		t.Errorf("%d results, %d cards left", len(out.Results), len(h.cards()))
	}
	if items := view(h, func(r comment.Reader) ([]comment.Decision, error) { return r.DecisionItems(out.DecisionID) }); len(items) != 620 {
		t.Errorf("%d comments under one decision", len(items))
	}
	_, err = h.Decide(ctx(), r)
	var repeated *comment.Repeated
	if !errors.As(err, &repeated) || strings.Count(string(repeated.Receipt.Answer), `"ok":true`) != 620 {
		t.Errorf("the same request again: %v", err)
	}
}

// TestCopiesInheritWhatPeopleDecided: two human rejections make a later copy
// spam, automatic ones and those of another site do not, and an approval ends it.
func TestCopiesInheritWhatPeopleDecided(t *testing.T) {
	h := newHouse(t, "moderation=flagged")
	w := h.waves()
	submit := func(site string, i int) comment.Submitted {
		t.Helper()
		s := h.submit(on(by(i, advert(i)), site, "story"))
		h.must(w.Follow(ctx()))
		return s
	}
	first, second := submit("daily", 1), submit("daily", 2)
	h.submit(on(by(3, advert(3)), "weekly", "story"))
	reject := func(who comment.Account, ids ...string) {
		t.Helper()
		h.decide(who, comment.Reject, ids...)
		h.must(w.Follow(ctx()))
	}
	reject(ada, first.Comment.ID)
	if s := submit("daily", 4); evidence(s).Code != moderation.CodeNearDuplicate || h.row(s.Comment.ID).Status != comment.Pending {
		t.Errorf("after one rejection: %s", evidence(s).Sentence)
	}
	reject(ada, second.Comment.ID)
	spam := submit("daily", 5)
	if e := evidence(spam); e.Code != moderation.CodeRejectedDuplicate || h.row(spam.Comment.ID).Status != comment.Spam ||
		e.Sentence != "Moderators turned nearly the same text down 2 times. Nearly the same text as 4 comments of 4 authors on 2 pages, 2 rejected." {
		t.Errorf("after two: %s", e.Sentence)
	}
	if s := submit("weekly", 6); evidence(s).Code != moderation.CodeNearDuplicate {
		t.Errorf("another site's people: %s", evidence(s).Sentence)
	}
	h.decide(bob, comment.Approve, spam.Comment.ID)
	h.must(w.Follow(ctx()))
	if s := submit("daily", 7); evidence(s).Code != moderation.CodeNearDuplicate {
		t.Errorf("after an approval: %s", evidence(s).Sentence)
	}
}

func TestAnotherSitesTextStaysThere(t *testing.T) {
	h := newHouse(t)
	h.submit(on(by(1, advert(1)), "weekly", "story"))
	here := h.submit(by(2, advert(2)))
	if e := evidence(here); e.Data["count"] != "1" {
		t.Fatalf("not found across sites: %+v", e)
	}
	out, err := h.Queue(ctx(), comment.QueueAsk{By: ada, Group: evidence(here).Data["group"]})
	h.must(err)
	if len(out.Comments) != 1 || out.Comments[0].ID != here.Comment.ID || out.Comments[0].Group != nil {
		t.Errorf("ada sees %d comments", len(out.Comments))
	}
}

func TestCopiesThatComeAtOnceAreOneGroup(t *testing.T) {
	h := newHouse(t)
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			if _, err := h.Submit(ctx(), by(i, advert(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if cards := h.cards(); len(cards) != 1 || cards[0].Group.Count != 40 {
		t.Errorf("%d cards", len(cards))
	}
}

// TestARestartKnowsTheSame: what is loaded answers as what was followed does.
func TestARestartKnowsTheSame(t *testing.T) {
	h := newHouse(t, "moderation=flagged", "edit_window=1h")
	w := h.waves()
	for i := range 60 {
		s := h.submit(by(i, []string{advert(i), "Number " + fmt.Sprint(i) + " of the many comments that are about nothing but themselves, say"}[i%2]))
		h.must(w.Follow(ctx()))
		switch {
		case i%10 == 3:
			h.edit(s, "Something else altogether, which I only now had the time to think over and write down properly.")
		case i%7 == 2:
			h.decide(ada, comment.Reject, s.Comment.ID)
		case i%11 == 4:
			h.decide(ada, comment.Approve, s.Comment.ID)
		case i%13 == 5:
			h.retract(s)
		}
		h.must(w.Follow(ctx()))
	}
	look := func() (all []moderation.Group) {
		for _, text := range []string{advert(999), "Something else altogether, which only now had the time to think over and write down properly.", "Nothing of that kind was ever said here before by any of the people."} {
			g := h.Copies.Look(moderation.Copied{ID: "probe", Site: "daily", Author: "x", Page: "y", Sketch: moderation.NewSketch(text), At: h.clock.Now()})
			all = append(all, g)
		}
		return all
	}
	live, held := look(), h.Copies.Len()
	h.open()
	h.waves()
	if diff := cmp.Diff(live, look()); diff != "" || held != h.Copies.Len() || live[0].Turned == 0 || live[0].Accepted == 0 {
		t.Errorf("live %d, loaded %d: %s %+v", held, h.Copies.Len(), diff, live)
	}
}

// TestNodesTellEachOther: what one node has taken in the other finds after
// following the log, whatever the order in which a node hears of it.
func TestNodesTellEachOther(t *testing.T) {
	for name, log := range map[string]func(*house) comment.WaveLog{
		"as written": func(h *house) comment.WaveLog { return h.store },
		"as read":    func(h *house) comment.WaveLog { return readLog{h.store} },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			other := comment.NewService(h.store, h.Ring, h.Ledger, h.Pipeline)
			other.Now = h.Now
			w := &comment.Waves{Service: other, Log: log(h)}
			h.must(w.Load(ctx()))
			first := h.submit(by(1, advert(1)))
			h.submit(by(2, advert(2)))
			h.decide(ada, comment.Reject, first.Comment.ID)
			h.must(w.Follow(ctx()))
			h.must(w.Follow(ctx()))
			there, err := other.Submit(ctx(), by(3, advert(3)))
			h.must(err)
			if e := evidence(there); e.Data["count"] != "2" || e.Data["rejected"] != "1" || e.Data["group"] != first.Comment.ID {
				t.Errorf("the other node: %+v", e)
			}
		})
	}
}

// readLog reads what another process has written.
type readLog struct{ *store.Store }

func (l readLog) EventsAfter(ctx context.Context, site string, after int64, limit int) (events []comment.Event, err error) {
	err = l.View(ctx, func(r comment.Reader) error {
		events, err = r.Events(site, after, limit)
		return err
	})
	return events, err
}

func TestAnEditLeavesAGroupOrJoinsIt(t *testing.T) {
	h := newHouse(t)
	w := h.waves()
	h.submit(by(1, advert(1)))
	second := h.submit(by(2, advert(2)))
	h.must(w.Follow(ctx()))
	h.edit(second, "I have thought better of it, and write about the bridge, the station and the council instead.")
	if g := h.row(second.Comment.ID).Group; g != "" {
		t.Errorf("it is still in %s", g)
	}
	h.must(w.Follow(ctx()))
	third := h.submit(by(3, "Quite another thing: has anybody seen the yellow ferry that used to leave from the old pier?"))
	if again := h.edit(third, advert(3)); evidence(again).Data["count"] != "1" || h.row(third.Comment.ID).Group == "" {
		t.Errorf("an edit into a copy: %+v", evidence(again))
	}
}

func TestAFailedPostLeavesNothing(t *testing.T) {
	h := newHouse(t)
	bad := by(1, advert(1))
	bad.ParentID = comment.NewID()
	if _, err := h.Submit(ctx(), bad); err == nil {
		t.Fatal("it was taken")
	}
	if h.Copies.Len() != 0 {
		t.Errorf("%d texts are held", h.Copies.Len())
	}
}
