package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

func TestThreadOfNobody(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.unchanged(func() {
		if got := h.thread(""); got.Count != 0 || len(got.Comments) != 0 || !got.Page.Open || got.Page.Key != article {
			t.Errorf("%+v", got)
		}
	})
	h.get("/api/v1/sites/weekly/comments?page=x").refused(404, "not_found")
}

func TestThreadShowsWhatIsApproved(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	p := h.comment("Well *said*.")
	if p.Comment.Status != "pending" || p.EditToken == "" {
		t.Fatalf("%+v", p)
	}
	if got := h.thread(""); got.Count != 0 || len(got.Comments) != 0 {
		t.Errorf("a pending comment is public: %+v", got)
	}
	h.get(comments+"/"+p.Comment.ID).refused(404, "not_found")
	h.decide(mod, "approve", p.Comment)

	for _, page := range []string{article, article + "/", article + "?utm_source=x#top", strings.ToUpper(origin) + "/a"} {
		got := into[threadPage](h.get(comments + "?page=" + url.QueryEscape(page)).want(200))
		if got.Count != 1 || len(got.Comments) != 1 || *got.Comments[0].HTML != "<p>Well <em>said</em>.</p>" {
			t.Errorf("%s: %+v", page, got)
		}
	}
	tree := h.thread("&body=tree").Comments[0]
	want := []any{map[string]any{"t": "p", "c": []any{"Well ", map[string]any{"t": "em", "c": []any{"said"}}, "."}}}
	if diff := cmp.Diff(any(want), tree.Tree); diff != "" || tree.HTML != nil {
		t.Errorf("tree: %s", diff)
	}
	single := into[posted](h.get(comments + "/" + p.Comment.ID + "?body=tree").want(200)).Comment
	if diff := cmp.Diff(tree, single); diff != "" {
		t.Errorf("thread and permalink differ: %s", diff)
	}
}

func TestThreadByPublishersKey(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	h.public(mod, "One.", func(d *draft) { d.Page.Key, d.Page.Title = "article-17", "A headline" })
	for _, page := range []string{"article-17", article} {
		got := into[threadPage](h.get(comments + "?page=" + url.QueryEscape(page)).want(200))
		if got.Count != 1 || got.Page.Key != "article-17" || got.Page.URL != article {
			t.Errorf("%s: %+v", page, got)
		}
	}
}

// TestThreadNests walks a thread that is wider and deeper than one answer and
// wants every comment once, in order.
func TestThreadNests(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	var want []string
	add := func(text, parent string) string {
		p := h.public(mod, text, answering(parent))
		return p.Comment.ID
	}
	for r := range 3 {
		root := add(fmt.Sprintf("root %d", r), "")
		want = append(want, root)
		for c := range 7 {
			child := add(fmt.Sprintf("child %d of %d", c, r), root)
			want = append(want, child)
			if c == 0 {
				for g := range 4 {
					want = append(want, add(fmt.Sprintf("grandchild %d of %d", g, r), child))
				}
			}
		}
	}
	var got []string
	var visit func(list replies, more string)
	visit = func(list replies, more string) {
		for {
			for _, v := range list.Comments {
				got = append(got, v.ID)
				visit(v.Replies, comments+"/"+v.ID+"/replies?limit=2")
			}
			if list.NextCursor == nil {
				return
			}
			list = into[replies](h.get(more + "&cursor=" + *list.NextCursor).want(200))
		}
	}
	first := into[replies](h.get(comments + "?limit=2&page=" + url.QueryEscape(article)).want(200))
	if n := len(first.Comments[0].Replies.Comments); n >= 7 || first.Comments[0].Replies.NextCursor == nil || first.Comments[0].ReplyCount != 7 {
		t.Errorf("%d of 7 replies are embedded; reply_count %d", n, first.Comments[0].ReplyCount)
	}
	visit(first, comments+"?limit=2&page="+url.QueryEscape(article))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := h.thread("").Count; n != len(want) {
		t.Errorf("count %d, want %d", n, len(want))
	}
}

// TestThreadIsNotDeeperThanTheSiteWants: an answer to the deepest comment is
// put beside it.
func TestThreadIsNotDeeperThanTheSiteWants(t *testing.T) {
	t.Parallel()
	h := open(t, with("max_depth", "1"))
	mod := h.staff("grace", comment.Moderator, "daily")
	root := h.public(mod, "root")
	reply := h.public(mod, "reply", answering(root.Comment.ID))
	deeper := h.public(mod, "deeper", answering(reply.Comment.ID))
	if got := deeper.Comment.ParentID; got == nil || *got != root.Comment.ID {
		t.Errorf("parent %v, want the root", got)
	}
}

func TestThreadSorts(t *testing.T) {
	t.Parallel()
	h := open(t, behind("127.0.0.1"))
	mod := h.staff("grace", comment.Moderator, "daily")
	score := map[string]int{}
	var oldest []string
	for i, votes := range []int{0, 3, -1, 2, 0} {
		id := h.public(mod, fmt.Sprintf("comment %d", i)).Comment.ID
		oldest, score[id] = append(oldest, id), votes
		for voter := range max(votes, -votes) {
			value := 1
			if votes < 0 {
				value = -1
			}
			h.put(comments+"/"+id+"/vote", map[string]int{"value": value}, reader(voter)).want(200)
		}
	}
	read := func(sort string) (ids []string) {
		query := "&limit=2&sort=" + sort
		for {
			page := h.thread(query)
			for _, v := range page.Comments {
				ids = append(ids, v.ID)
			}
			if page.NextCursor == nil {
				return ids
			}
			query = "&limit=2&sort=" + sort + "&cursor=" + *page.NextCursor
		}
	}
	o := oldest
	for sort, want := range map[string][]string{
		"oldest": o, "newest": {o[4], o[3], o[2], o[1], o[0]}, "top": {o[1], o[3], o[4], o[0], o[2]},
	} {
		if diff := cmp.Diff(want, read(sort)); diff != "" {
			t.Errorf("%s: %s", sort, diff)
		}
	}
}

func TestThreadIsCached(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	p := h.public(mod, "One.")
	page := "?page=" + url.QueryEscape(article)
	for _, path := range []string{comments + page, comments + "/" + p.Comment.ID, comments + "/" + p.Comment.ID + "/replies", daily + "/counts" + page} {
		first := h.get(path).want(200)
		etag := first.header.Get("ETag")
		for _, known := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
			h.get(path, header("If-None-Match", known)).want(304)
		}
		h.get(path, header("If-None-Match", `"other"`)).want(200)
		head := h.send("HEAD", path, nil).want(200)
		if head.header.Get("ETag") != etag || head.header.Get("Content-Length") != fmt.Sprint(len(first.body)) {
			t.Errorf("HEAD %s: %v", path, head.header)
		}
	}
	before := h.get(comments + page).want(200).header.Get("ETag")
	h.public(mod, "Two.")
	if h.get(comments+page, header("If-None-Match", before)).want(200).header.Get("ETag") == before {
		t.Error("another thread has the same ETag")
	}
}

func TestTombstone(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	lonely := h.public(mod, "Lonely.")
	root := h.public(mod, "Root.")
	reply := h.public(mod, "Reply.", answering(root.Comment.ID))

	h.decide(mod, "delete", lonely.Comment, root.Comment)
	got := h.thread("")
	if len(got.Comments) != 1 || got.Count != 1 {
		t.Fatalf("%+v", got)
	}
	stone := got.Comments[0]
	if stone.ID != root.Comment.ID || stone.Status != "deleted" || stone.Author.Name != "" || *stone.HTML != "" || stone.ReplyCount != 1 {
		t.Errorf("%+v", stone)
	}
	if len(stone.Replies.Comments) != 1 || stone.Replies.Comments[0].ID != reply.Comment.ID {
		t.Errorf("%+v", stone.Replies)
	}
	h.get(comments+"/"+root.Comment.ID).refused(404, "not_found")
	h.get(comments + "/" + root.Comment.ID + "/replies").want(200)
	permalink := into[struct{ Ancestors []view }](h.get(comments + "/" + reply.Comment.ID).want(200))
	if len(permalink.Ancestors) != 1 || permalink.Ancestors[0].Status != "deleted" {
		t.Errorf("%+v", permalink)
	}
	h.decide(mod, "reject", reply.Comment)
	if got := h.thread(""); len(got.Comments) != 0 || got.Count != 0 {
		t.Errorf("a tombstone without replies stays: %+v", got)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Moderator, "daily")
	h.public(mod, "One.")
	h.public(mod, "Two.", func(d *draft) { d.Page.Key, d.Page.URL = "article-18", origin+"/b" })
	h.comment("Waiting.", on(origin+"/c"))
	ask := url.Values{"page": {article, article + "/?utm_source=x", "article-18", origin + "/b", origin + "/c", "nothing here"}}
	got := into[struct{ Counts map[string]int }](h.get(daily + "/counts?" + ask.Encode()).want(200)).Counts
	want := map[string]int{article: 1, article + "/?utm_source=x": 1, "article-18": 1, origin + "/b": 1, origin + "/c": 0, "nothing here": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	many := url.Values{}
	for i := range 100 {
		many.Add("page", fmt.Sprint(i))
	}
	h.get(daily + "/counts?" + many.Encode()).want(200)
	many.Add("page", "one too many")
	h.get(daily+"/counts?"+many.Encode()).refused(400, "invalid_parameter")
	h.get(daily+"/counts").refused(400, "invalid_parameter")
	h.get(daily+"/counts?page=").refused(400, "invalid_parameter")
}

func TestPreview(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.unchanged(func() {
		got := into[struct{ HTML string }](h.post(daily+"/preview", map[string]string{"text": "<script>*x*</script>"}).want(200))
		if got.HTML != "<p>&lt;script&gt;<em>x</em>&lt;/script&gt;</p>" {
			t.Errorf("%q", got.HTML)
		}
		if r := h.post(daily+"/preview", map[string]string{"text": " \u200b\n"}).refused(422, "invalid"); r.field("text") != "blank" {
			t.Errorf("%s", r.body)
		}
	})
}
