package comment_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

// readers is all that anybody can ask about a page and its comments.
func (h *house) readers(ids ...string) string {
	h.t.Helper()
	var all []any
	ask := func(v any, err error) {
		if err != nil {
			v = err.Error()
		}
		all = append(all, v)
	}
	for _, ref := range []string{article, "story-7"} {
		for _, sort := range []comment.Sort{comment.Oldest, comment.Newest, comment.Top} {
			ask(h.Thread(ctx(), comment.Ask{Site: "daily", Page: ref, Sort: sort}))
		}
		ask(h.Counts(ctx(), "daily", []string{ref}))
	}
	client := comment.Client{Origin: origin, IP: "198.51.100.1"}
	for _, id := range ids {
		ask(h.Single(ctx(), "daily", id, comment.BodyHTML))
		ask(h.Replies(ctx(), comment.Ask{Site: "daily", Parent: id}))
		ask(h.Own(ctx(), "daily", id, "forged"))
		ask(h.Vote(ctx(), comment.Ballot{Site: "daily", ID: id, Value: 1, Client: client}))
		ask(h.Report(ctx(), comment.Complaint{Site: "daily", ID: id, Reason: "spam", Client: client}))
		sub := post("An answer.")
		sub.ParentID = id
		_, err := h.Submit(ctx(), sub)
		ask(nil, err)
	}
	text, err := json.MarshalIndent(all, "", " ")
	h.must(err)
	return string(text)
}

// What waits, or was never public, is not there: every answer is that of a page
// that nobody has commented on, and of a comment that does not exist.
func TestReadersCannotTellWhatWasNeverPublic(t *testing.T) {
	t.Parallel()
	for _, status := range []comment.Status{comment.Pending, comment.Rejected, comment.Spam, comment.Deleted} {
		t.Run(string(status), func(t *testing.T) {
			h := newHouse(t, "undo_window=5s")
			nobody := comment.NewID()
			before := h.readers(nobody)
			sub := post("Not for everybody's eyes.")
			sub.Page = comment.PageRef{Key: "story-7", URL: article, Title: "Only the author has said so"}
			s := h.submit(sub)
			for action, a := range actions {
				if a.to == status && status != comment.Pending {
					h.decide(ada, action, s.Comment.ID)
				}
			}
			if status == comment.Pending { // an approval that is still held is no more public
				h.decide(ada, comment.Approve, s.Comment.ID)
			} else {
				h.clock.pass(5 * time.Second)
				h.settle()
			}
			if diff := cmp.Diff(before, strings.ReplaceAll(h.readers(s.Comment.ID), s.Comment.ID, nobody)); diff != "" {
				t.Errorf("readers can tell:\n%s", diff)
			}
		})
	}
}

// On a page with public comments, too, one that waits changes nothing.
func TestAReplyThatWaitsIsNotThere(t *testing.T) {
	h := newHouse(t)
	root := h.public("The root.")
	h.publicReply(root.Comment.ID, "Its public answer.")
	before := h.readers()
	pending := h.reply(root.Comment.ID, "Its waiting answer.")
	h.publicReply(root.Comment.ID, "Public for a moment.")
	h.decide(ada, comment.Delete, h.log("daily")[len(h.log("daily"))-1].CommentID)
	h.edit(pending, "Its waiting answer, changed.")
	if diff := cmp.Diff(before, h.readers()); diff != "" {
		t.Errorf("readers can tell:\n%s", diff)
	}
}

func TestAThreadIsReadInPages(t *testing.T) {
	h := newHouse(t, "moderation=off")
	var all []string
	for i := range 11 {
		all = append(all, h.say(fmt.Sprint("Contribution with the number ", i)).Comment.ID)
		if i%3 == 0 {
			for v := range i % 4 {
				_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: all[i], Value: 1, Client: comment.Client{IP: fmt.Sprint("203.0.113.", v)}})
				h.must(err)
			}
		}
	}
	newest := slices.Clone(all)
	slices.Reverse(newest)
	for limit := 1; limit <= 12; limit++ {
		if got := ids(h.thread(comment.Ask{Site: "daily", Page: article, Limit: limit})); !slices.Equal(got, all) {
			t.Errorf("by %d, oldest first: %v", limit, got)
		}
		if got := ids(h.thread(comment.Ask{Site: "daily", Page: article, Limit: limit, Sort: comment.Newest})); !slices.Equal(got, newest) {
			t.Errorf("by %d, newest first: %v", limit, got)
		}
		top := h.thread(comment.Ask{Site: "daily", Page: article, Limit: limit, Sort: comment.Top})
		if len(top) != len(all) || !slices.IsSortedFunc(top, func(a, b comment.View) int { return b.Votes.Up - a.Votes.Up }) {
			t.Errorf("by %d, top first: %v", limit, ids(top))
		}
	}
	first, err := h.Thread(ctx(), comment.Ask{Site: "daily", Page: article})
	h.must(err)
	if first.NextCursor != nil || first.Count != 11 || first.Sort != comment.Oldest || first.Site != "daily" || !first.Options.Votes || first.Options.Moderated {
		t.Errorf("the page says %+v", first)
	}
}

func TestACursorOfAnotherThreadIsRefused(t *testing.T) {
	h := newHouse(t, "moderation=off")
	root := h.say("One.")
	h.say("Two.")
	other := post("Elsewhere.")
	other.Page.URL = origin + "/other"
	h.submit(other)
	for range 7 {
		h.reply(root.Comment.ID, "An answer.")
	}
	first, err := h.Thread(ctx(), comment.Ask{Site: "daily", Page: article, Limit: 1})
	h.must(err)
	cursor, replies := *first.NextCursor, *first.Comments[0].Replies.NextCursor
	for name, ask := range map[string]comment.Ask{
		"another page":  {Site: "daily", Page: origin + "/other", Cursor: cursor},
		"another order": {Site: "daily", Page: article, Sort: comment.Newest, Cursor: cursor},
		"another site":  {Site: "weekly", Page: article, Cursor: cursor},
		"of replies":    {Site: "daily", Page: article, Cursor: replies},
		"tampered":      {Site: "daily", Page: article, Cursor: "A" + cursor[1:]},
		"nonsense":      {Site: "daily", Page: article, Cursor: "x"},
	} {
		_, err := h.Thread(ctx(), ask)
		t.Run(name, func(t *testing.T) { wantFault(t, err, "invalid_cursor") })
	}
	_, err = h.Replies(ctx(), comment.Ask{Site: "daily", Parent: root.Comment.ID, Cursor: cursor})
	wantFault(t, err, "invalid_cursor")
	_, err = h.Queue(ctx(), comment.QueueAsk{By: ada, Cursor: cursor})
	wantFault(t, err, "invalid_cursor")
	if out, err := h.Replies(ctx(), comment.Ask{Site: "daily", Parent: root.Comment.ID, Cursor: replies}); err != nil || len(out.Comments) != 2 || out.NextCursor != nil {
		t.Errorf("the rest of the replies: %d, %v", len(out.Comments), err)
	}
}

// However long a thread is, a page of it has an end; the rest is a cursor away.
func TestEmbeddedRepliesAreBoundedAndComplete(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "moderation=off", "max_depth=3")
	total := 0
	for r := range 8 {
		root := h.say(fmt.Sprint("Root with the number ", r))
		for range 6 {
			reply := h.reply(root.Comment.ID, "An answer.")
			for range 4 {
				h.reply(reply.Comment.ID, "An answer to the answer.")
			}
		}
		total += 1 + 6 + 24
	}
	out, err := h.Thread(ctx(), comment.Ask{Site: "daily", Page: article})
	h.must(err)
	embedded := 0
	var count func([]comment.View)
	count = func(views []comment.View) {
		embedded += len(views)
		for _, v := range views {
			count(v.Replies.Comments)
		}
	}
	count(out.Comments)
	if embedded < 8 || embedded > 8+100 {
		t.Errorf("the page carries %d comments", embedded)
	}
	found := map[string]bool{}
	var walk func(level int, views []comment.View)
	walk = func(level int, views []comment.View) {
		for _, v := range views {
			found[v.ID] = true
			all := h.replies("daily", v)
			if v.ReplyCount != len(all) || len(all) != []int{6, 4, 0}[level] {
				t.Errorf("%d replies were read of %d", len(all), v.ReplyCount)
			}
			walk(level+1, all)
		}
	}
	walk(0, out.Comments)
	if len(found) != total || out.Count != total {
		t.Errorf("%d comments were found, the page counts %d, there are %d", len(found), out.Count, total)
	}
}

func TestASingleCommentComesWithTheWayUp(t *testing.T) {
	h := newHouse(t, "moderation=off")
	root := h.say("The root.")
	gone := h.reply(root.Comment.ID, "Gone in the middle, by Rita.")
	leaf := h.reply(gone.Comment.ID, "The leaf.")
	below := h.reply(leaf.Comment.ID, "Below the leaf.")
	h.decide(ada, comment.Delete, gone.Comment.ID)
	out, err := h.Single(ctx(), "daily", leaf.Comment.ID, comment.BodyTree)
	h.must(err)
	if !slices.Equal(ids(out.Ancestors), []string{root.Comment.ID, gone.Comment.ID}) || !slices.Equal(ids(out.Comment.Replies.Comments), []string{below.Comment.ID}) {
		t.Errorf("the way up is %v, below is %v", ids(out.Ancestors), ids(out.Comment.Replies.Comments))
	}
	if v := out.Ancestors[1]; v.Status != comment.Deleted || v.Author.Name != "" || len(*v.Tree) != 0 || v.HTML != nil {
		t.Errorf("the tombstone is %+v", v)
	}
	if out.Page.URL != article || out.Page.Open == nil || !*out.Page.Open || out.Comment.Tree == nil || len(out.Ancestors[0].Replies.Comments) != 0 {
		t.Errorf("the rest is %+v", out)
	}
	for _, id := range []string{gone.Comment.ID, comment.NewID(), "x", ""} {
		_, err := h.Single(ctx(), "daily", id, comment.BodyHTML)
		wantFault(t, err, "not_found")
	}
	_, err = h.Single(ctx(), "weekly", leaf.Comment.ID, comment.BodyHTML)
	wantFault(t, err, "not_found")
	// A tombstone keeps its replies.
	replies, err := h.Replies(ctx(), comment.Ask{Site: "daily", Parent: gone.Comment.ID})
	h.must(err)
	if !slices.Equal(ids(replies.Comments), []string{leaf.Comment.ID}) {
		t.Errorf("under the tombstone are %v", ids(replies.Comments))
	}
	_, err = h.Replies(ctx(), comment.Ask{Site: "weekly", Parent: leaf.Comment.ID})
	wantFault(t, err, "not_found")
}

func TestCounts(t *testing.T) {
	h := newHouse(t)
	sub := post("On a page with a key.")
	sub.Page = comment.PageRef{Key: "story-7", URL: article}
	for range 3 {
		h.decide(ada, comment.Approve, h.submit(sub).Comment.ID)
	}
	h.submit(sub)
	other := post("On a page without one.")
	other.Page.URL = origin + "/other"
	h.decide(ada, comment.Approve, h.submit(other).Comment.ID)
	got, err := h.Counts(ctx(), "daily", []string{"story-7", article, article + "/?utm_source=x", origin + "/other", origin + "/nobody", "no-key", "story-7"})
	h.must(err)
	want := map[string]int{"story-7": 3, article: 3, article + "/?utm_source=x": 3, origin + "/other": 1, origin + "/nobody": 0, "no-key": 0}
	if diff := cmp.Diff(want, got.Counts); diff != "" {
		t.Error(diff)
	}
	if got, err := h.Counts(ctx(), "weekly", []string{"story-7", article}); err != nil || got.Counts["story-7"]+got.Counts[article] != 0 {
		t.Errorf("another site counts %v, %v", got, err)
	}
	for _, pages := range [][]string{nil, make([]string, 101), {""}, {strings.Repeat("a", 2049)}, {"a\x00"}} {
		_, err := h.Counts(ctx(), "daily", pages)
		wantFault(t, err, "invalid_parameter")
	}
	_, err = h.Counts(ctx(), "monthly", []string{"a"})
	wantFault(t, err, "not_found")
}

func TestPagesOfASite(t *testing.T) {
	h := newHouse(t, "moderation=off")
	var want []string
	for i := range 5 {
		sub := post("Hello.")
		sub.Page = comment.PageRef{Key: fmt.Sprint("story-", i), URL: fmt.Sprint(article, i), Title: "Story"}
		h.submit(sub)
		want = append([]string{sub.Page.Key}, want...)
	}
	var got []string
	cursor := ""
	for {
		out, err := h.Pages(ctx(), "daily", 2, cursor)
		h.must(err)
		for _, p := range out.Pages {
			got = append(got, p.Key)
			if p.Count != 1 || p.Open == nil || !*p.Open {
				t.Errorf("a page is %+v", p)
			}
		}
		if out.NextCursor == nil {
			break
		}
		cursor = *out.NextCursor
	}
	if !slices.Equal(got, want) {
		t.Errorf("the pages are %v", got)
	}
	_, err := h.Pages(ctx(), "weekly", 2, cursor)
	wantFault(t, err, "invalid_cursor")
	_, err = h.Pages(ctx(), "monthly", 2, "")
	wantFault(t, err, "not_found")
}

func TestPreviewIsWhatWillBeShown(t *testing.T) {
	h := newHouse(t, "moderation=off", "max_length=40")
	text := "A *word* and <b>another</b>."
	tree, err := h.Preview(ctx(), "daily", text, comment.Client{Origin: origin})
	h.must(err)
	h.say(text)
	if v := h.thread(comment.Ask{})[0]; tree.HTML() != *v.HTML {
		t.Errorf("the preview is %s, shown is %s", tree.HTML(), *v.HTML)
	}
	for text, want := range map[string]string{"": "text:blank", "a\x00": "text:control_character", strings.Repeat("a", 41): "text:too_long"} {
		_, err := h.Preview(ctx(), "daily", text, comment.Client{})
		wantFault(t, err, want)
	}
	_, err = h.Preview(ctx(), "daily", text, comment.Client{Origin: "https://evil.example"})
	wantFault(t, err, "origin_not_allowed")
	_, err = h.Preview(ctx(), "monthly", text, comment.Client{})
	wantFault(t, err, "not_found")
}
