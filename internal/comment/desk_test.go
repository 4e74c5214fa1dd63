package comment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/store"
)

// queue reads a moderator's list over all its cursors.
func (h *house) queue(ask comment.QueueAsk) (all []comment.DeskView) {
	h.t.Helper()
	for range 1000 {
		out, err := h.Queue(ctx(), ask)
		h.must(err)
		all = append(all, out.Comments...)
		if out.NextCursor == nil {
			return all
		}
		ask.Cursor = *out.NextCursor
	}
	h.t.Fatal("the queue has no end")
	return nil
}

func deskIDs(views []comment.DeskView) (all []string) {
	for _, v := range views {
		all = append(all, v.ID)
	}
	return all
}

// weekly posts on the other site.
func weekly(text string) comment.Submission {
	sub := post(text)
	sub.Site, sub.Page.URL, sub.Client.Origin = "weekly", "https://weekly.example/story", ""
	return sub
}

func TestTheQueueIsComplete(t *testing.T) {
	h := newHouse(t)
	h.withWords()
	var daily, both, suspect, otto, other []string
	for i := range 9 {
		sub := post(fmt.Sprint("Contribution with the number ", i))
		if i%4 == 1 {
			sub.Text = fmt.Sprint("A wibble with the number ", i)
		}
		if i%3 == 0 {
			sub.Name = "Otto"
		}
		if i == 7 {
			sub.Page.URL = origin + "/other"
		}
		s := h.submit(sub)
		daily, both = append(daily, s.Comment.ID), append(both, s.Comment.ID)
		if i%4 == 1 {
			suspect = append(suspect, s.Comment.ID)
		}
		if i%3 == 0 {
			otto = append(otto, s.Comment.ID)
		}
		if i == 7 {
			other = []string{s.Comment.ID}
		}
		if i%2 == 0 {
			both = append(both, h.submit(weekly(fmt.Sprint("On the weekly, number ", i))).Comment.ID)
		}
	}
	newest := slices.Clone(both)
	slices.Reverse(newest)
	ottos := h.row(otto[0]).AuthorID
	everywhere := owner
	for name, tt := range map[string]struct {
		ask  comment.QueueAsk
		want []string
	}{
		"one site":                      {comment.QueueAsk{By: ada, Site: "daily"}, daily},
		"all that may be seen":          {comment.QueueAsk{By: ada}, daily},
		"all sites":                     {comment.QueueAsk{By: everywhere}, both},
		"newest first":                  {comment.QueueAsk{By: everywhere, Newest: true}, newest},
		"by reason":                     {comment.QueueAsk{By: ada, Reason: "suspect_word"}, suspect},
		"by author":                     {comment.QueueAsk{By: ada, Author: ottos}, otto},
		"by page":                       {comment.QueueAsk{By: ada, Site: "daily", Page: origin + "/other"}, other},
		"by a page that is not there":   {comment.QueueAsk{By: ada, Site: "daily", Page: origin + "/nobody"}, nil},
		"by text":                       {comment.QueueAsk{By: ada, Search: "WIBBLE"}, suspect},
		"by name":                       {comment.QueueAsk{By: ada, Search: "otto"}, otto},
		"by text that is nowhere":       {comment.QueueAsk{By: ada, Search: "nowhere to be found"}, nil},
		"by status":                     {comment.QueueAsk{By: ada, Status: comment.Pending}, daily},
		"by a status that nothing has":  {comment.QueueAsk{By: ada, Status: comment.Spam}, nil},
		"a stranger's":                  {comment.QueueAsk{By: comment.Account{ID: "nobody"}}, nil},
		"by text, all sites":            {comment.QueueAsk{By: everywhere, Search: "number"}, both},
		"by reason and text, newest":    {comment.QueueAsk{By: everywhere, Reason: "reviews_all", Search: "number", Newest: true}, newest},
		"a viewer may look":             {comment.QueueAsk{By: watcher}, daily},
		"by a reason that is no prefix": {comment.QueueAsk{By: ada, Reason: "suspect"}, nil},
	} {
		for _, limit := range []int{1, 2, 3, 25} {
			tt.ask.Limit = limit
			if diff := cmp.Diff(tt.want, deskIDs(h.queue(tt.ask))); diff != "" {
				t.Errorf("%s, by %d:\n%s", name, limit, diff)
			}
		}
	}
	for _, by := range []comment.Account{stranger, {ID: "nobody"}} {
		_, err := h.Queue(ctx(), comment.QueueAsk{By: by, Site: "daily"})
		wantFault(t, err, "not_found")
	}
	_, err := h.Queue(ctx(), comment.QueueAsk{By: owner, Site: "monthly"})
	wantFault(t, err, "not_found")
}

func TestACursorOfTheQueueBelongsToItsList(t *testing.T) {
	h := newHouse(t)
	for range 3 {
		h.say("One of three.")
	}
	first, err := h.Queue(ctx(), comment.QueueAsk{By: ada, Limit: 1})
	h.must(err)
	for name, ask := range map[string]comment.QueueAsk{
		"somebody else": {By: bob}, "another status": {By: ada, Status: comment.Pending}, "another order": {By: ada, Newest: true},
		"a search": {By: ada, Search: "x"}, "a site": {By: ada, Site: "daily"}, "a reason": {By: ada, Reason: "x"}, "an author": {By: ada, Author: "x"},
	} {
		ask.Cursor = *first.NextCursor
		_, err := h.Queue(ctx(), ask)
		t.Run(name, func(t *testing.T) { wantFault(t, err, "invalid_cursor") })
	}
}

func TestTheQueueShowsWhatAModeratorNeeds(t *testing.T) {
	h := newHouse(t)
	h.withWords()
	parent := h.public("The one that is answered, " + strings.Repeat("at some length ", 30))
	h.clock.pass(time.Minute)
	s := h.reply(parent.Comment.ID, "A *wibble* in answer.")
	q := h.queue(comment.QueueAsk{By: ada, Status: comment.Pending})
	if len(q) != 1 {
		t.Fatalf("%d wait", len(q))
	}
	v := q[0]
	if v.ID != s.Comment.ID || v.Text != "A *wibble* in answer." || *v.HTML != "<p>A <em>wibble</em> in answer.</p>" || v.Site != "daily" || v.Page.URL != article || v.Page.Open == nil || v.Risk != "medium" || v.PublicRevision != 0 || v.Lease != nil {
		t.Errorf("the desk shows %+v", v)
	}
	if v.Reasons[0].Code != "suspect_word" || len(v.Reasons[0].Spans) != 1 || v.Reasons[0].Spans[0].Start != 3 {
		t.Errorf("the reasons are %+v", v.Reasons)
	}
	if v.Author.Approved != 1 || v.Author.Rejected != 0 || v.Author.Name != "Rita" || v.Author.FirstSeenAt != "2026-03-01T12:00:00.000000Z" {
		t.Errorf("the author is %+v", v.Author)
	}
	if v.Parent == nil || v.Parent.ID != parent.Comment.ID || v.Parent.Author != "Rita" || len([]rune(v.Parent.Text)) != 200 {
		t.Errorf("the parent is %+v", v.Parent)
	}
	if v.Held != nil || v.Decided != nil || v.Reports.Count != 0 || v.Reports.Reasons == nil {
		t.Errorf("nobody has decided, and the desk shows %+v %+v %+v", v.Held, v.Decided, v.Reports)
	}
	h.decide(bob, comment.Reject, s.Comment.ID)
	v = h.queue(comment.QueueAsk{By: ada, Status: comment.Rejected})[0]
	if v.Decided == nil || v.Decided.By != "bob" || v.Decided.Action != comment.Reject || v.Status != comment.Rejected || v.Author.Rejected != 1 {
		t.Errorf("decided is %+v", v.Decided)
	}
	counts, err := h.CountsFor(ctx(), ada, "")
	h.must(err)
	if diff := cmp.Diff(map[comment.Status]int{comment.Pending: 0, comment.Approved: 1, comment.Rejected: 1, comment.Spam: 0, comment.Deleted: 0, comment.Reported: 0}, counts); diff != "" {
		t.Error(diff)
	}
	_, err = h.CountsFor(ctx(), stranger, "daily")
	wantFault(t, err, "not_found")
}

// A moderator's list is filtered by the reasons of the newest text.
func TestReasonsFollowTheNewestText(t *testing.T) {
	h := newHouse(t)
	h.withWords()
	s := h.say("A wibble at first.")
	h.edit(s, "Nothing of that kind.")
	if got := h.queue(comment.QueueAsk{By: ada, Reason: "suspect_word"}); len(got) != 0 {
		t.Errorf("the list has %v", deskIDs(got))
	}
	h.edit(s, "A wibble again.")
	h.decide(ada, comment.Approve, s.Comment.ID)
	_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: 1})
	h.must(err)
	if got := h.queue(comment.QueueAsk{By: ada, Reason: "suspect_word"}); len(got) != 1 {
		t.Errorf("the list has %v", deskIDs(got))
	}
}

func TestDetailShowsEverythingAround(t *testing.T) {
	h := newHouse(t)
	root := h.public("The root.")
	var siblings []string
	var s comment.Submitted
	for i := range 9 {
		out := h.reply(root.Comment.ID, fmt.Sprint("Sibling with the number ", i))
		siblings = append(siblings, out.Comment.ID)
		if i == 4 {
			s = out
		}
	}
	h.decide(ada, comment.Approve, s.Comment.ID)
	answer := h.reply(s.Comment.ID, "An answer.")
	h.edit(s, "Sibling with another number.")
	h.decide(bob, comment.Reject, s.Comment.ID)
	d, err := h.Detail(ctx(), watcher, s.Comment.ID)
	h.must(err)
	if len(d.Revisions) != 2 || d.Revisions[0].Revision != 2 || len(d.Revisions[1].Diff) != 0 || len(d.Trace) == 0 || len(d.Revisions[1].Trace) == 0 {
		t.Fatalf("the revisions are %+v", d.Revisions)
	}
	if diff := cmp.Diff(comment.Diff("Sibling with the number 4", "Sibling with another number."), d.Revisions[0].Diff); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(deskIDs(d.Thread.SiblingsBefore), siblings[1:4]) || !slices.Equal(deskIDs(d.Thread.SiblingsAfter), siblings[5:8]) {
		t.Errorf("before stand %v, after %v", deskIDs(d.Thread.SiblingsBefore), deskIDs(d.Thread.SiblingsAfter))
	}
	if !slices.Equal(deskIDs(d.Thread.Ancestors), []string{root.Comment.ID}) || !slices.Equal(deskIDs(d.Thread.Replies), []string{answer.Comment.ID}) {
		t.Errorf("above stands %v, below %v", deskIDs(d.Thread.Ancestors), deskIDs(d.Thread.Replies))
	}
	if len(d.History.Comments) != 10 || slices.Contains(deskIDs(d.History.Comments), s.Comment.ID) || d.History.Approved != 1 || d.History.Rejected != 1 {
		t.Errorf("the history is %v, %d and %d", deskIDs(d.History.Comments), d.History.Approved, d.History.Rejected)
	}
	var past []string
	for _, dec := range d.Decisions {
		past = append(past, fmt.Sprintf("%s %d by %s, %s", dec.Action, dec.Revision, dec.By.Name, dec.State))
	}
	if want := []string{"reject 2 by bob, done", "approve 1 by ada, done"}; !slices.Equal(past, want) {
		t.Errorf("the decisions are %v", past)
	}
	for _, id := range []string{"", "x", comment.NewID()} {
		_, err := h.Detail(ctx(), ada, id)
		wantFault(t, err, "not_found")
	}
	_, err = h.Detail(ctx(), stranger, s.Comment.ID)
	wantFault(t, err, "not_found")
}

func TestWordsOfASite(t *testing.T) {
	h := newHouse(t)
	by := comment.Actor{Kind: comment.ActorModerator, ID: chief.ID}
	w, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: "banned", Text: " frob  nicate "}, by)
	h.must(err)
	if w.Text != "frob nicate" || w.ID == "" {
		t.Errorf("the entry is %+v", w)
	}
	for name, tt := range map[string]struct {
		w    comment.Word
		want string
	}{
		"twice":        {comment.Word{Site: "daily", List: "banned", Text: "frob nicate"}, "conflict"},
		"no list":      {comment.Word{Site: "daily", Text: "x y"}, "list:invalid"},
		"unknown list": {comment.Word{Site: "daily", List: "liked", Text: "x y"}, "list:invalid"},
		"blank":        {comment.Word{Site: "daily", List: "banned", Text: " "}, "text:invalid"},
		"control":      {comment.Word{Site: "daily", List: "banned", Text: "a\x00b"}, "text:invalid"},
		"one letter":   {comment.Word{Site: "daily", List: "banned", Text: "a"}, "text:invalid"},
		"too long":     {comment.Word{Site: "daily", List: "banned", Text: strings.Repeat("a", 101)}, "text:invalid"},
		"no site":      {comment.Word{Site: "monthly", List: "banned", Text: "frob"}, "not_found"},
	} {
		_, err := h.AddWord(ctx(), tt.w, by)
		t.Run(name, func(t *testing.T) { wantFault(t, err, tt.want) })
	}
	if got := h.say("I would frob nicate.").Comment.Status; got != comment.Rejected {
		t.Errorf("with the entry a comment is %s", got)
	}
	words, err := h.AllWords(ctx(), "daily")
	h.must(err)
	if len(words) != 1 || words[0].ID != w.ID {
		t.Errorf("the words are %+v", words)
	}
	wantFault(t, h.RemoveWord(ctx(), "weekly", w.ID, by), "not_found")
	h.must(h.RemoveWord(ctx(), "daily", w.ID, by))
	wantFault(t, h.RemoveWord(ctx(), "daily", w.ID, by), "not_found")
	if got := h.say("I would frob nicate, again.").Comment.Status; got != comment.Pending {
		t.Errorf("without the entry a comment is %s", got)
	}
	if got := h.submit(weekly("I would frob nicate, elsewhere.")).Comment.Status; got != comment.Pending {
		t.Errorf("on another site a comment is %s", got)
	}
}

// A word that another process adds counts here within a second.
func TestAWordOfAnotherProcessCounts(t *testing.T) {
	h := newHouse(t)
	h.say("Compiles the lists.")
	beside, err := store.Open(ctx(), h.path)
	h.must(err)
	defer beside.Close()
	there := comment.NewService(beside, h.Ring, h.Ledger, h.Pipeline)
	_, err = there.AddWord(ctx(), comment.Word{Site: "daily", List: "banned", Text: "frobnicate"}, comment.Actor{})
	h.must(err)
	status := comment.Pending
	for end := time.Now().Add(3 * time.Second); status != comment.Rejected && time.Now().Before(end); {
		status = h.say("I would frobnicate.").Comment.Status
	}
	if status != comment.Rejected {
		t.Errorf("the comment is %s", status)
	}
	h.wantSoundLog("daily")
}

func TestAStaffNameIsNobodyElses(t *testing.T) {
	h := newHouse(t)
	here := []comment.Grant{{Site: "daily", Role: comment.Viewer}}
	h.must(h.store.Write(ctx(), nil, func(tx comment.Tx) error {
		for _, a := range []comment.Account{{ID: "1", Email: "a@staff.example", Name: "Ada Lovelace", Grants: here}, {ID: "2", Email: "b@staff.example", Name: "Gone Girl", Disabled: true, Grants: here}, {ID: "3", Email: "c@staff.example", Name: "Else Where", Grants: []comment.Grant{{Site: "weekly", Role: comment.Owner}}}} {
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	}))
	for name, want := range map[string]string{
		"Ada Lovelace": "author.name:reserved", "ADA LOVELACE": "author.name:reserved", "ada  lovelace": "author.name:reserved", "Аda Lovеlace": "author.name:reserved",
		"Ada L\u200bovelace": "author.name:reserved", "Ada": "no error", "Ada Lovelace II": "no error", "Gone Girl": "no error", "Else Where": "no error",
	} {
		sub := post("Who am I?")
		sub.Name = name
		_, err := h.Submit(ctx(), sub)
		t.Run(name, func(t *testing.T) { wantFault(t, err, want) })
	}
}

func TestSitesThatAnAccountSees(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct {
		by   comment.Account
		want []string
	}{{ada, []string{"daily"}}, {stranger, []string{"weekly"}}, {owner, []string{"daily", "weekly"}}, {comment.Account{}, nil}} {
		sites, err := h.SitesOf(ctx(), tt.by)
		h.must(err)
		var keys []string
		for _, st := range sites {
			keys = append(keys, st.Key)
		}
		if !slices.Equal(keys, tt.want) {
			t.Errorf("%s sees %v", tt.by.Name, keys)
		}
	}
}
