package comment_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
)

// wantTrueCounts recounts, past the store, everything that is kept counted,
// and rebuilds from the log what is public.
func (h *house) wantTrueCounts() {
	h.t.Helper()
	for what, query := range map[string]string{
		"a page's count is not that of its public comments": `select p.page_key, p.visible from pages p
			where p.visible <> (select count(*) from comments c where c.site_id = p.site_id and c.page_id = p.page_id and c.public_revision > 0)`,
		"a count of replies is not that of the answers in sight": `select c.comment_id, c.replies from comments c
			where c.replies <> (select count(*) from comments r where r.site_id = c.site_id and r.parent_id = c.comment_id and r.shown)`,
		"a comment is in sight that should not be, or the other way round": `select comment_id, shown from comments
			where shown <> (public_revision > 0 or replies > 0)`,
		"a count of a status is wrong": `select s.status, s.n from status_counts s
			where s.n <> (select count(*) from comments c where c.site_id = s.site_id and (c.status = s.status or s.status = 'reported' and c.reported > 0))`,
		"a status is not counted": `select distinct c.status, 0 from comments c
			where not exists (select 1 from status_counts s where s.site_id = c.site_id and s.status = c.status)`,
		"an author's approved comments are miscounted": `select a.name, a.approved from authors a
			where a.approved <> (select count(*) from comments c where c.site_id = a.site_id and c.author_id = a.author_id and c.public_revision > 0)`,
		"an author's rejected comments are miscounted": `select a.name, a.rejected from authors a where a.rejected <>
			(select count(*) from comments c where c.site_id = a.site_id and c.author_id = a.author_id and c.public_revision = 0 and c.in_force in ('rejected', 'spam'))`,
		"what is approved is not public in its newest text": `select comment_id, public_revision from comments
			where (in_force = 'approved') <> (public_revision = revision)`,
		"an older text is public and the newer one does not wait": `select comment_id, in_force from comments
			where public_revision > 0 and public_revision < revision and in_force <> 'pending'`,
		"the desk shows a status that holds for nobody": `select comment_id, status from comments where held = '' and status <> in_force`,
		"a comment's held decision is not the one that is held": `select c.comment_id, c.held from comments c
			where c.held <> coalesce((select d.decision_id from decisions d where d.site_id = c.site_id and d.comment_id = c.comment_id and d.state = 'held'), '')`,
		"revisions are missing": `select c.comment_id, c.revision from comments c
			where c.revision <> (select count(*) from revisions r where r.site_id = c.site_id and r.comment_id = c.comment_id)`,
		"votes are miscounted": `select c.comment_id, c.votes_up - c.votes_down from comments c
			where c.votes_up <> (select count(*) from votes v where v.site_id = c.site_id and v.comment_id = c.comment_id and v.value = 1)
			or c.votes_down <> (select count(*) from votes v where v.site_id = c.site_id and v.comment_id = c.comment_id and v.value = -1)
			or c.score <> c.votes_up - c.votes_down`,
		"an answer is not one step below its parent": `select c.comment_id, c.depth from comments c join comments p on p.comment_id = c.parent_id
			where c.depth <> p.depth + 1 or c.page_id <> p.page_id or c.site_id <> p.site_id`,
		"a comment's last sequence is not that of its last event": `select c.comment_id, c.sequence from comments c
			where c.sequence <> (select count(*) from events e where e.site_id = c.site_id and e.comment_id = c.comment_id and e.sequence > 0)`,
		"a decision that took effect has no event, or one too many": `select c.comment_id, c.sequence from comments c
			where (select count(*) from decisions d where d.site_id = c.site_id and d.comment_id = c.comment_id and d.state = 'done' and d.from_status <> d.to_status)
			<> (select count(*) from events e where e.site_id = c.site_id and e.comment_id = c.comment_id and e.actor_kind in ('moderator', 'rule') and e.sequence > 0)`,
	} {
		h.wantNone(what, query)
	}
	h.wantTrueRecords()
	h.wantLogTellsThePublic()
}

// wantNone reports the rows of a query that should find none.
func (h *house) wantNone(what, query string) {
	h.t.Helper()
	rows, err := h.raw().Query(query)
	h.must(err)
	defer rows.Close()
	for rows.Next() {
		var name, value string
		h.must(rows.Scan(&name, &value))
		h.t.Errorf("%s: %s (%s)", what, name, value)
	}
	h.must(rows.Err())
}

// wantLogTellsThePublic plays an integrator who knows nothing but the events:
// what it takes for public must be public, in the same revision.
func (h *house) wantLogTellsThePublic() {
	h.t.Helper()
	for _, site := range []string{"daily", "weekly"} {
		public := map[string]int{}
		for _, e := range h.log(site) {
			if !e.Public() || e.CommentID == "" {
				continue
			}
			b, was := bodyOf(h.t, e), public[e.CommentID]
			if p := b.Data.PreviousStatus; p != nil && (*p == "approved") != (was > 0) {
				h.t.Errorf("%s says that the comment was %s before, and revision %d was public", e.Type, *p, was)
			}
			switch e.Type {
			case comment.CommentApproved:
				if public[e.CommentID] = b.Data.Comment.Revision; was == b.Data.Comment.Revision {
					h.t.Errorf("revision %d of %s is approved twice", was, e.CommentID)
				}
			case comment.CommentRejected, comment.CommentMarkedSpam, comment.CommentDeleted, comment.CommentRestored:
				public[e.CommentID] = 0
			}
		}
		rows, err := h.raw().Query("select comment_id, public_revision from comments where site_id = ?", site)
		h.must(err)
		for rows.Next() {
			var id string
			var revision int
			h.must(rows.Scan(&id, &revision))
			if public[id] != revision {
				h.t.Errorf("by the events revision %d of %s is public, by the table %d", public[id], id, revision)
			}
		}
		h.must(errors.Join(rows.Err(), rows.Close()))
	}
}

// seat is what the table says of a comment's place in its thread.
type seat struct {
	id, page, parent, name, html string
	public, score                int
	shown                        bool
}

// seats are those of all comments, in the order of their ids.
func (h *house) seats() (all []seat) {
	h.t.Helper()
	rows, err := h.raw().Query(`select c.comment_id, c.page_id, c.parent_id, c.author_name, coalesce(r.tree, '[]'), c.public_revision, c.score, c.shown
		from comments c left join revisions r on r.site_id = c.site_id and r.comment_id = c.comment_id and r.revision = c.public_revision order by c.comment_id`)
	h.must(err)
	defer rows.Close()
	for rows.Next() {
		var s seat
		var text string
		var tree markup.Tree
		h.must(rows.Scan(&s.id, &s.page, &s.parent, &s.name, &text, &s.public, &s.score, &s.shown))
		h.must(json.Unmarshal([]byte(text), &tree))
		s.html = tree.HTML()
		all = append(all, s)
	}
	h.must(rows.Err())
	return all
}

// under are the comments in sight below a parent, "" for the roots of a page.
func under(all []seat, page, parent string, sort comment.Sort) (ids []string) {
	var found []seat
	for _, s := range all {
		if s.page == page && s.parent == parent && s.shown {
			found = append(found, s)
		}
	}
	if sort != comment.Oldest {
		slices.Reverse(found)
	}
	if sort == comment.Top {
		slices.SortStableFunc(found, func(a, b seat) int { return b.score - a.score })
	}
	for _, s := range found {
		ids = append(ids, s.id)
	}
	return ids
}

// wantTrueThreads reads every thread over all its cursors, in every order, and
// compares it with the table.
func (h *house) wantTrueThreads() {
	h.t.Helper()
	all := h.seats()
	pages, err := h.raw().Query("select site_id, page_key, page_id, visible from pages")
	h.must(err)
	defer pages.Close()
	for pages.Next() {
		var site, key, page string
		var visible int
		h.must(pages.Scan(&site, &key, &page, &visible))
		for _, sort := range []comment.Sort{comment.Newest, comment.Top, comment.Oldest} {
			roots := h.thread(comment.Ask{Site: site, Page: key, Sort: sort, Limit: 7})
			if diff := cmp.Diff(under(all, page, "", sort), ids(roots)); diff != "" {
				h.t.Errorf("the thread of %s, %s first:\n%s", key, sort, diff)
			}
			if sort != comment.Oldest {
				continue
			}
			public := 0
			for _, v := range roots {
				public += h.wantTrueReplies(all, site, v)
			}
			if public != visible {
				h.t.Errorf("the thread of %s shows %d comments, the page counts %d", key, public, visible)
			}
		}
	}
	h.must(pages.Err())
}

// wantTrueReplies checks one comment of a thread and all below it, and returns
// how many of them are public.
func (h *house) wantTrueReplies(all []seat, site string, v comment.View) (public int) {
	h.t.Helper()
	i, _ := slices.BinarySearchFunc(all, v.ID, func(s seat, id string) int { return strings.Compare(s.id, id) })
	s := all[i]
	switch {
	case s.public > 0:
		if v.Status != comment.Approved || v.Revision != s.public || *v.HTML != s.html || v.Author.Name != s.name {
			h.t.Errorf("%s is shown as %s in revision %d: %s", v.ID, v.Status, v.Revision, *v.HTML)
		}
		public++
	case v.Status != comment.Deleted || *v.HTML != "" || v.Author.Name != "" || v.EditedAt != nil || v.Votes != comment.Votes{} || v.Revision != 1:
		h.t.Errorf("a tombstone is shown as %+v", v)
	}
	replies := h.replies(site, v)
	if diff := cmp.Diff(under(all, s.page, v.ID, comment.Oldest), ids(replies)); diff != "" || v.ReplyCount != len(replies) {
		h.t.Errorf("%s counts %d replies:\n%s", v.ID, v.ReplyCount, diff)
	}
	for _, reply := range replies {
		public += h.wantTrueReplies(all, site, reply)
	}
	return public
}

// life does whatever people may do to comments, at random.
type life struct {
	h      *house
	random *rand.Rand
	mu     sync.Mutex
	all    []comment.Submitted
	ruled  []string
	done   map[string]int // what succeeded, so that the test can see that it did something
}

func newLife(h *house, seed uint64) *life {
	return &life{h: h, random: rand.New(rand.NewPCG(seed, 7)), done: map[string]int{}}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// fate are the random choices of one act, so that acts can run at once.
type fate struct {
	*rand.Rand
	some comment.Submitted // a comment, mostly a recent one
	more []comment.Submitted
	rule string // an earlier decision
}

func (l *life) fate() (f fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.Rand = rand.New(rand.NewPCG(l.random.Uint64(), l.random.Uint64()))
	recent := l.all[max(0, len(l.all)-15):]
	if f.IntN(4) == 0 {
		recent = l.all
	}
	if len(recent) > 0 {
		f.some = pick(f.Rand, recent)
		for range f.IntN(4) {
			f.more = append(f.more, pick(f.Rand, recent))
		}
	}
	if len(l.ruled) > 0 {
		f.rule = pick(f.Rand, l.ruled[max(0, len(l.ruled)-4):])
	}
	return f
}

func (l *life) note(what string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.done[what]++
		return
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		l.h.t.Errorf("%s: %v", what, err)
	}
}

func (l *life) act() {
	f := l.fate()
	switch n := f.IntN(100); {
	case n < 30 || f.some.Comment.ID == "":
		l.submit(f)
	case n < 60:
		l.decide(f)
	case n < 66:
		_, err := l.h.Undo(ctx(), pick(f.Rand, []comment.Account{ada, bob, owner}), f.rule)
		l.note("undo", err)
	case n < 76:
		_, err := l.h.Edit(ctx(), revising(f.some, pick(f.Rand, []string{"Changed, number ", "I would frobnicate ", "A wibble "})+fmt.Sprint(f.Int())))
		l.note("edit", err)
	case n < 80:
		l.note("retract", l.h.Retract(ctx(), revising(f.some, "")))
	case n < 84:
		_, err := l.h.Vote(ctx(), comment.Ballot{Site: f.some.Comment.Site, ID: f.some.Comment.ID, Value: f.IntN(3) - 1, Client: comment.Client{IP: fmt.Sprint("203.0.113.", f.IntN(5))}})
		l.note("vote", err)
	case n < 86:
		_, err := l.h.Report(ctx(), comment.Complaint{Site: f.some.Comment.Site, ID: f.some.Comment.ID, Reason: "spam", Client: comment.Client{IP: fmt.Sprint("203.0.113.", f.IntN(5))}})
		l.note("report", err)
	case n < 96:
		l.h.clock.pass(time.Duration(f.IntN(3000)) * time.Millisecond)
		_, err := l.h.Settle(ctx(), 3)
		l.note("settle", err)
	default:
		l.change(f)
	}
}

func (l *life) submit(f fate) {
	site := pick(f.Rand, []string{"daily", "daily", "weekly"})
	sub := post(pick(f.Rand, []string{"Hello, number ", "A wibble ", "I would frobnicate "}) + fmt.Sprint(f.Int()))
	if f.IntN(4) > 0 {
		sub.Text = fmt.Sprint("A friendly word, number ", f.Int())
	}
	sub.Site, sub.Client.Origin = site, ""
	sub.Page.URL = fmt.Sprintf("https://%s.example/page/%d", site, f.IntN(3))
	sub.Name = fmt.Sprint("Reader ", f.IntN(4))
	if f.some.Comment.ID != "" && f.IntN(10) < 7 {
		sub.Site, sub.ParentID = f.some.Comment.Site, f.some.Comment.ID
		_ = l.h.store.View(ctx(), func(r comment.Reader) error {
			page, err := r.Page(f.some.Comment.Site, f.some.Comment.PageID)
			sub.Page.URL = page.URL
			return err
		})
	}
	out, err := l.h.Submit(ctx(), sub)
	if l.note("submit", err); err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all = append(l.all, out)
		if out.Comment.ParentID != "" {
			l.done["reply"]++
		}
	}
}

func (l *life) decide(f fate) {
	action := pick(f.Rand, []comment.Action{comment.Approve, comment.Approve, comment.Approve, comment.Approve, comment.Reject, comment.MarkSpam, comment.Delete, comment.Restore})
	r := comment.Ruling{By: pick(f.Rand, []comment.Account{ada, ada, bob, owner}), Action: action, Received: l.h.clock.Now()}
	for _, s := range append(f.more, f.some) {
		item := comment.Item{ID: s.Comment.ID, Revision: 1}
		_ = l.h.store.View(ctx(), func(r comment.Reader) error {
			c, err := r.FindComment(s.Comment.ID)
			item.Revision, item.Status = c.Revision, c.Status
			return err
		})
		r.Items = append(r.Items, item)
	}
	out, err := l.h.Decide(ctx(), r)
	l.note("decide", err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ruled = append(l.ruled, out.DecisionID)
	for _, result := range out.Results {
		if result.OK {
			l.done[string(action)]++
		}
	}
}

func (l *life) change(f fate) {
	site := pick(f.Rand, []string{"daily", "weekly"})
	option := pick(f.Rand, []string{"moderation=all", "moderation=new", "moderation=flagged", "moderation=off", "undo_window=0s", "undo_window=5s", "undo_window=5s", "max_depth=2", "max_depth=4", "edit_window=1m"})
	name, value, _ := strings.Cut(option, "=")
	_, err := l.h.ChangeSite(ctx(), site, comment.SiteChange{Options: map[string]string{name: value}}, comment.Actor{})
	l.note("option", err)
}

// wantLived checks that a life had a little of everything.
func (l *life) wantLived(least int) {
	l.h.t.Helper()
	for _, what := range []string{"submit", "reply", "approve", "reject", "spam", "delete", "restore", "undo", "edit", "retract", "vote", "report", "settle", "option"} {
		if l.done[what] < least {
			l.h.t.Errorf("only %d times: %s; of all: %v", l.done[what], what, l.done)
		}
	}
}

func TestCountsAreRightWhateverHappens(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "undo_window=5s", "moderation=flagged")
			h.withWords()
			l := newLife(h, seed)
			for n := 1; n <= 700; n++ {
				l.act()
				if n%350 == 0 {
					h.wantTrueCounts()
					h.wantTrueThreads()
				}
				if t.Failed() {
					t.Fatalf("after %d acts", n)
				}
			}
			h.clock.pass(time.Minute)
			h.settle()
			h.wantTrueCounts()
			h.wantTrueThreads()
			h.wantSoundLog("daily")
			h.wantSoundLog("weekly")
			h.wantNowhere("@reader.example", "@staff.example", "203.0.113.", "Browser/1")
			l.wantLived(3)
		})
	}
}

func TestCountsAreRightWhoeverIsFaster(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "undo_window=5s", "moderation=flagged")
	h.withWords()
	l := newLife(h, 4)
	for range 40 {
		l.act()
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 300 {
				l.act()
			}
		})
	}
	all.Wait()
	h.wantTrueCounts()
	h.clock.pass(time.Minute)
	h.settle()
	h.wantTrueCounts()
	h.wantTrueThreads()
	h.wantSoundLog("daily")
	h.wantSoundLog("weekly")
	l.wantLived(1)
}

func TestTombstonesComeAndGo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "moderation=off")
	root := h.say("The root.")
	one := h.reply(root.Comment.ID, "Its answer.")
	two := h.reply(one.Comment.ID, "The answer to that.")
	three := h.reply(two.Comment.ID, "And one more.")
	for _, step := range []struct {
		action comment.Action
		id     string
		shown  []string // those with a place in the thread
	}{
		{comment.Delete, root.Comment.ID, []string{root.Comment.ID, one.Comment.ID, two.Comment.ID, three.Comment.ID}},
		{comment.Reject, two.Comment.ID, []string{root.Comment.ID, one.Comment.ID, two.Comment.ID, three.Comment.ID}},
		{comment.MarkSpam, one.Comment.ID, []string{root.Comment.ID, one.Comment.ID, two.Comment.ID, three.Comment.ID}},
		{comment.Reject, three.Comment.ID, nil},
		{comment.Approve, three.Comment.ID, []string{root.Comment.ID, one.Comment.ID, two.Comment.ID, three.Comment.ID}},
		{comment.Delete, three.Comment.ID, nil},
		{comment.Approve, one.Comment.ID, []string{root.Comment.ID, one.Comment.ID}},
		{comment.Restore, root.Comment.ID, []string{root.Comment.ID, one.Comment.ID}},
		{comment.Approve, root.Comment.ID, []string{root.Comment.ID, one.Comment.ID}},
		{comment.Delete, one.Comment.ID, []string{root.Comment.ID}},
	} {
		h.decide(ada, step.action, step.id)
		var shown []string
		var walk func([]comment.View)
		walk = func(views []comment.View) {
			for _, v := range views {
				shown = append(shown, v.ID)
				walk(h.replies("daily", v))
			}
		}
		walk(h.thread(comment.Ask{}))
		if !slices.Equal(shown, step.shown) {
			t.Errorf("after %s of %s the thread has %v, want %v", step.action, step.id, shown, step.shown)
		}
		h.wantTrueCounts()
		h.wantTrueThreads()
	}
}
