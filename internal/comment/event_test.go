package comment_test

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/store"
)

// The body is what the contract prints, field by field, in its order.
func TestTheBodyOfAnEventIsThatOfTheContract(t *testing.T) {
	h := newHouse(t, "moderation=flagged")
	h.withWords()
	parent := h.say("The one that is answered.")
	sub := post("A *wibble* <b>word</b> & more.")
	sub.ParentID, sub.Page = parent.Comment.ID, comment.PageRef{URL: article, Title: "Ignored, the page is there"}
	s := h.submit(sub)
	h.clock.pass(90 * time.Second)
	r := h.ruling(ada, comment.Approve, s.Comment.ID)
	r.Reason = "fine_by_me"
	_, err := h.Decide(ctx(), r)
	h.must(err)

	e := h.events(s.Comment.ID)[1]
	var got map[string]any
	h.must(json.Unmarshal(e.Body, &got))
	want := map[string]any{
		"id": e.ID, "type": "comment.approved", "timestamp": "2026-03-01T12:01:30.000000Z", "site": "daily", "sequence": 2.0,
		"data": map[string]any{
			"comment": map[string]any{
				"id": s.Comment.ID, "parent_id": parent.Comment.ID, "author": map[string]any{"name": "Rita", "kind": "guest"},
				"status": "approved", "revision": 1.0, "html": "<p>A <em>wibble</em> &lt;b&gt;word&lt;/b&gt; &amp; more.</p>",
				"created_at": "2026-03-01T12:00:00.000000Z", "edited_at": nil, "votes": map[string]any{"up": 0.0, "down": 0.0},
				"reply_count": 0.0, "replies": map[string]any{"comments": []any{}, "next_cursor": nil}, "text": "A *wibble* <b>word</b> & more.",
			},
			"page":            map[string]any{"key": article, "url": article, "title": "Story"},
			"previous_status": "pending",
			"actor":           map[string]any{"kind": "moderator", "name": "ada"},
			"reason":          "fine_by_me",
		},
	}
	reasons := got["data"].(map[string]any)["reasons"].([]any)
	delete(got["data"].(map[string]any), "reasons")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(reasons) != 1 || reasons[0].(map[string]any)["code"] != "suspect_word" {
		t.Errorf("the reasons are %v", reasons)
	}
	text := string(e.Body)
	at := -1
	for _, key := range []string{`"id"`, `"type"`, `"timestamp"`, `"site"`, `"sequence"`, `"data"`, `"comment"`, `"page"`, `"previous_status"`, `"actor"`, `"reasons"`} {
		i := strings.Index(text[at+1:], key)
		if i < 0 {
			t.Fatalf("%s is not where the contract has it: %s", key, text)
		}
		at += 1 + i
	}
}

func TestNothingPrivateIsInAnyBody(t *testing.T) {
	h := newHouse(t, "undo_window=5s")
	h.withWords()
	s := h.say("A wibble word.")
	sub := post("A frobnicate word.")
	sub.Client.IP = "2001:db8:7:8::1"
	h.submit(sub)
	h.decide(ada, comment.Approve, s.Comment.ID)
	h.clock.pass(5 * time.Second)
	h.settle()
	h.edit(s, "A wibble word, changed.")
	h.clock.pass(5 * time.Second)
	_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: 1, Client: sub.Client})
	h.must(err)
	_, err = h.Report(ctx(), comment.Complaint{Site: "daily", ID: s.Comment.ID, Reason: "spam", Note: "The reporter's own words.", Client: sub.Client})
	h.must(err)
	_, err = h.OpenPage(ctx(), comment.Opening{Site: "daily", Page: article, By: comment.Actor{Kind: comment.ActorModerator, ID: ada.ID, Name: ada.Name}})
	h.must(err)
	h.retract(s)
	seen := map[string]bool{}
	for _, e := range h.log("daily") {
		seen[e.Type] = true
	}
	for _, want := range []string{comment.CommentCreated, comment.CommentApproved, comment.CommentRejected, comment.CommentEdited, comment.CommentReported, comment.CommentVoted, comment.CommentDeleted, comment.DecisionRecorded, comment.PageClosed} {
		if !seen[want] {
			t.Errorf("the log has no %s", want)
		}
	}
	h.wantNowhere("@reader.example", "@staff.example", "203.0.113.77", "2001:db8", "Browser/1", "The reporter's own words", s.EditToken)
}

// copyOf is a house on a copy of the database, which can be tampered with.
func (h *house) copyOf(tamper ...string) *house {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "copy.db")
	_, err := store.Backup(ctx(), h.store.Path(), path, 0)
	h.must(err)
	db, err := sql.Open("sqlite3", "file:"+path)
	h.must(err)
	for _, statement := range tamper {
		result, err := db.Exec(statement)
		h.must(err)
		if n, _ := result.RowsAffected(); n == 0 {
			h.t.Fatalf("%s changed nothing", statement)
		}
	}
	h.must(db.Close())
	s, err := store.Open(ctx(), path)
	h.must(err)
	h.t.Cleanup(func() { s.Close() })
	return &house{t: h.t, path: path, store: s, Service: h.Service, clock: h.clock}
}

func TestATamperedLogIsFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 6 {
		h.in(comment.Approved)
	}
	h.must(h.store.Write(ctx(), comment.Sites{"daily"}, func(tx comment.Tx) error {
		_, err := h.Ledger.Append(tx, comment.Event{Site: "daily", Type: comment.CommentErased, At: h.clock.Now()})
		return err
	}))
	n := int64(len(h.log("daily")))
	verify := func(h *house, site string) comment.Audit {
		return view(h, func(r comment.Reader) (comment.Audit, error) { return h.Ledger.Verify(r, site) })
	}
	if a := verify(h.copyOf(), "daily"); a.Bad != 0 || a.Events != n {
		t.Fatalf("an honest copy: %+v", a)
	}
	swap := []string{"update events set seq = -1 where site_id = 'daily' and seq = 5", "update events set seq = 5 where site_id = 'daily' and seq = 6", "update events set seq = 6 where site_id = 'daily' and seq = -1"}
	for name, tt := range map[string]struct {
		tamper []string
		bad    int64
	}{
		"body":                 {[]string{"update events set body = cast(replace(cast(body as text), 'approved', 'rejected') as blob) where site_id = 'daily' and seq = 5"}, 5},
		"body of an erasure":   {[]string{"update events set body = x'7b7d' where site_id = 'daily' and type = 'comment.erased'"}, n},
		"body and its hash":    {[]string{"update events set body = x'7b7d', body_hash = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a' where site_id = 'daily' and seq = 5"}, 5},
		"actor":                {[]string{"update events set actor_id = 'account-bob' where site_id = 'daily' and seq = 5"}, 5},
		"kind of actor":        {[]string{"update events set actor_kind = 'rule' where site_id = 'daily' and seq = 5"}, 5},
		"type":                 {[]string{"update events set type = 'comment.rejected' where site_id = 'daily' and seq = 5"}, 5},
		"type erased and body": {[]string{"update events set type = 'comment.erased', body = x'7b7d' where site_id = 'daily' and seq = 5"}, 5},
		"time":                 {[]string{"update events set at = at + 1 where site_id = 'daily' and seq = 5"}, 5},
		"comment":              {[]string{"update events set comment_id = '' where site_id = 'daily' and seq = 5"}, 5},
		"page":                 {[]string{"update events set page_id = '' where site_id = 'daily' and seq = 5"}, 5},
		"sequence":             {[]string{"update events set sequence = 99 where site_id = 'daily' and seq = 5"}, 5},
		"id":                   {[]string{"update events set event_id = 'x' where site_id = 'daily' and seq = 5"}, 5},
		"link":                 {[]string{"update events set prev = '' where site_id = 'daily' and seq = 5"}, 5},
		"hash":                 {[]string{"update events set hash = prev where site_id = 'daily' and seq = 5"}, 5},
		"one is gone":          {[]string{"delete from events where site_id = 'daily' and seq = 5"}, 5},
		"the first is gone":    {[]string{"delete from events where site_id = 'daily' and seq = 1"}, 1},
		"two are swapped":      {swap, 5},
		"the last is gone":     {[]string{"delete from events where site_id = 'daily' and seq = (select max(seq) from events where site_id = 'daily')"}, n},
		"all are gone":         {[]string{"delete from events where site_id = 'daily'"}, n},
		"the gap is closed": {[]string{"delete from events where site_id = 'daily' and seq = 5",
			"update events set seq = -seq where site_id = 'daily' and seq > 5", "update events set seq = -seq - 1 where site_id = 'daily' and seq < 0",
			"update log_heads set seq = seq - 1 where site_id = 'daily'"}, 5},
		"another site's event": {[]string{"delete from events where site_id = 'daily' and seq = 1", "insert into events select 'daily', 1, event_id || 'x', type, page_id, comment_id, sequence, actor_kind, actor_id, actor_name, previous, at, body, body_hash, prev, hash, actor_mac, covers from events where site_id = 'weekly' and seq = 1"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			if a := verify(h.copyOf(tt.tamper...), "daily"); a.Bad != tt.bad || a.What == "" {
				t.Errorf("found %+v, want number %d", a, tt.bad)
			}
		})
	}
	h.t = t
	// Without the key nobody can make a log that fits.
	other := cursors(t, "another installation key, 32 long").Ring
	forged := comment.NewLedger(other, comment.NewID)
	a := view(h, func(r comment.Reader) (comment.Audit, error) { return forged.Verify(r, "daily") })
	if a.Bad != 1 || forged.Knows(h.log("daily")[0]) || !h.Ledger.Knows(h.log("daily")[0]) {
		t.Errorf("another key: %+v", a)
	}
	if a := verify(h, "nowhere"); a.Bad != 0 || a.Events != 0 {
		t.Errorf("the log of no site: %+v", a)
	}
}

// A long log is read in batches; what is wrong at their seams is found as well.
func TestALongLogIsVerifiedToItsEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.public("Voted on and on.")
	for i := range 1010 {
		_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: 1 - i%2, Client: comment.Client{IP: "203.0.113.1"}})
		h.must(err)
	}
	h.wantSoundLog("daily")
	for _, seq := range []string{"500", "501", "1000", "1001"} {
		bad := h.copyOf("update events set at = at + 1 where site_id = 'daily' and seq = " + seq)
		a := view(bad, func(r comment.Reader) (comment.Audit, error) { return h.Ledger.Verify(r, "daily") })
		if got, _ := json.Marshal(a.Bad); string(got) != seq {
			t.Errorf("event %s was changed, found %+v", seq, a)
		}
	}
}

func TestVotesLeaveNoTraceOutside(t *testing.T) {
	h := newHouse(t)
	s := h.public("Vote for me.")
	_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: s.Comment.ID, Value: 1})
	h.must(err)
	h.wantEvents(s.Comment.ID, "created approved")
}

func TestPublicTypesAreThoseOfTheContract(t *testing.T) {
	want := strings.Fields("comment.created comment.approved comment.rejected comment.marked_spam comment.edited comment.deleted comment.restored comment.erased comment.reported page.closed page.opened endpoint.ping endpoint.disabled")
	if !slices.Equal(want, comment.PublicTypes) {
		t.Errorf("the types are %v", comment.PublicTypes)
	}
	for _, house := range []string{comment.DecisionRecorded, comment.DecisionReversed, comment.CommentVoted, comment.SiteChanged, comment.WordAdded, comment.AccountChanged, ""} {
		if (comment.Event{Type: house}).Public() {
			t.Errorf("%s is public", house)
		}
	}
}
