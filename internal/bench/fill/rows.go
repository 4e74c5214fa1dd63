package fill

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// period is how long all comments together took.
const period = 30 * 24 * time.Hour

// writer makes the rows of the planned comments.
type writer struct {
	*plan
	prose *prose
	lanes [deleted + 1]lane
	began time.Time
	every time.Duration
}

// lane is what the checks have said of every comment that took it.
type lane struct {
	trace, reasons, risk, note string
	evidence                   []moderation.Evidence
	action                     comment.Action
}

// made is one comment with all that hangs on it.
type made struct {
	rows   []row
	events []comment.Event // bodies hold the data alone
}

type row struct {
	table  *table
	values []any
}

func newWriter(p *plan, now time.Time) *writer {
	every := max(period/time.Duration(p.Comments), 2*time.Millisecond).Truncate(time.Microsecond)
	w := &writer{plan: p, prose: newProse(p.Seed), every: every, began: now.Add(-every * time.Duration(p.Comments+1)).Truncate(time.Millisecond)}
	for s := range w.lanes {
		w.lanes[s] = laneOf(status(s))
	}
	return w
}

// laneOf asks the real checks: what was let through was let through by a site
// that holds what is flagged, and spam has filled in the trap.
func laneOf(s status) lane {
	subject := &moderation.Subject{
		Site: moderation.Site{Mode: moderation.ModeFlagged, Language: "en", MaxLength: 5000, MaxLinks: 3},
		Text: "Thank you for a fair article.", Plain: "Thank you for a fair article.", Revision: 1,
	}
	switch s {
	case pending:
		subject.Site.Mode = moderation.ModeAll
	case spam, rejected:
		subject.Form = moderation.Form{Known: true, Trap: "https://example.com/"}
	}
	trace := moderation.New().Examine(context.Background(), subject)
	verdict := moderation.Decide(subject, trace)
	text, _ := json.Marshal(trace)
	l := lane{trace: string(text), risk: string(verdict.Risk), note: verdict.Sentence, evidence: trace.Reasons()}
	l.reasons = "," + strings.Join(comment.Revision{Trace: trace}.ReasonCodes(), ",") + ","
	l.action = map[status]comment.Action{approved: comment.Approve, deleted: comment.Approve, rejected: comment.Reject, spam: comment.MarkSpam}[s]
	return l
}

// at is when a comment was posted: all are spread evenly, with some jitter.
func (w *writer) at(i int) time.Time {
	return w.began.Add(w.every * time.Duration(i)).Truncate(time.Microsecond)
}

// id is a UUID v7 of the instant of the comment, so ids grow as comments do.
func (w *writer) id(i int) string { return uuid(w.at(i), of(w.Seed, kindComment, i)) }

func (w *writer) pageID(n int) string { return uuid(w.began, of(w.Seed, kindPage, n)) }

func uuid(at time.Time, r *random) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(at.UnixMilli())<<16|0x7000|r.next()>>52)
	binary.BigEndian.PutUint64(b[8:], 1<<63|r.next()>>2)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// digest stands for a keyed digest.
func digest(r *random) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], r.next())
	binary.BigEndian.PutUint64(b[8:], r.next())
	return hex.EncodeToString(b[:])
}

func (w *writer) authorID(n int) string { return digest(of(w.Seed, kindDigest, n)) }

func (w *writer) pageView(n int) comment.PageView {
	key := w.pageKey(n)
	return comment.PageView{Key: key, URL: w.Origin + "/article/" + key, Title: of(w.Seed, kindPage, n).title()}
}

func (w *writer) authorName(n int) string { return of(w.Seed, kindAuthor, n).name() }

func (w *writer) pageRow(n int) row {
	v := w.pageView(n)
	return row{pages, []any{w.Site, w.pageID(n), v.Key, v.URL, v.Title, w.began.UnixMicro(), 0, w.visible[n]}}
}

func (w *writer) authorRow(n int) row {
	id := w.authorID(n)
	return row{authors, []any{w.Site, id, string(comment.KindGuest), w.authorName(n), id[:12] + "@example.org", w.approved[n], w.rejected[n], w.began.UnixMicro()}}
}

// one makes a comment.
func (w *writer) one(i int) made {
	r := of(w.Seed, kindText, i)
	source, tree := w.prose.text(r)
	s := w.status[i]
	l := &w.lanes[s]
	c := comment.Comment{
		Site: w.Site, ID: w.id(i), PageID: w.pageID(int(w.page[i])), Depth: int(w.depth[i]),
		AuthorID: w.authorID(int(w.author[i])), AuthorName: w.authorName(int(w.author[i])), AuthorKind: comment.KindGuest,
		Status: statusNames[s], InForce: statusNames[s], Revision: 1, Replies: int(w.replies[i]), Shown: w.shown(i),
		Risk: l.risk, CreatedAt: w.at(i),
	}
	if up := w.parent[i]; up != none {
		c.ParentID = w.id(int(up))
	}
	m := made{}
	t := telling{w: w, c: &c, m: &m, page: w.pageView(int(w.page[i])), lane: l, source: source, tree: tree, html: tree.HTML()}
	t.revision()
	t.event(comment.CommentCreated, comment.Pending, "")
	if s != pending {
		t.decide()
	}
	if s == approved && r.below(50) == 0 {
		t.edit(r)
	}
	if s == approved {
		t.votes(r)
	}
	if s == deleted {
		c.Sequence++ // the event comes at the end of all: see farewell
		c.DecidedAt, c.DecidedBy, c.Public = w.last(), c.AuthorID, 0
	}
	c.Version = c.Sequence
	m.rows = append([]row{commentRow(c, l.reasons)}, m.rows...)
	return m
}

// last is the instant after all comments.
func (w *writer) last() time.Time { return w.at(w.Comments) }

// farewell is the event of a comment that its author has deleted.
func (w *writer) farewell(i int) comment.Event {
	source, tree := w.prose.text(of(w.Seed, kindText, i))
	c := comment.Comment{
		Site: w.Site, ID: w.id(i), PageID: w.pageID(int(w.page[i])), Sequence: 2, Revision: 1, CreatedAt: w.at(i),
		AuthorID: w.authorID(int(w.author[i])), AuthorName: w.authorName(int(w.author[i])), AuthorKind: comment.KindGuest,
	}
	m := made{}
	t := telling{w: w, c: &c, m: &m, page: w.pageView(int(w.page[i])), lane: &w.lanes[approved], source: source, tree: tree, html: tree.HTML()}
	t.event(comment.CommentDeleted, comment.Deleted, comment.Approved)
	m.events[0].At = w.last()
	return m.events[0]
}

func commentRow(c comment.Comment, reasons string) row {
	return row{comments, []any{
		c.Site, c.ID, c.PageID, c.ParentID, c.Depth, c.AuthorID, c.AuthorName, string(c.AuthorKind), c.Badge,
		string(c.Status), string(c.InForce), c.Revision, c.Public, c.VotesUp, c.VotesDown, c.VotesUp - c.VotesDown, c.Replies, c.Shown,
		c.Reports, c.Sequence, c.Version, c.Risk, c.Held,
		c.CreatedAt.UnixMicro(), micros(c.EditedAt), micros(c.DecidedAt), c.DecidedBy, reasons,
	}}
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// telling is the history of one comment being made up.
type telling struct {
	w      *writer
	c      *comment.Comment
	m      *made
	page   comment.PageView
	lane   *lane
	source string
	tree   markup.Tree
	html   string
}

func (t *telling) add(table *table, values ...any) { t.m.rows = append(t.m.rows, row{table, values}) }

func (t *telling) revision() {
	tree, _ := t.tree.MarshalJSON()
	t.add(revisions, t.c.Site, t.c.ID, t.c.Revision, t.source, string(tree), t.lane.trace, t.written().UnixMicro())
}

// written is when the newest text was.
func (t *telling) written() time.Time {
	if t.c.Revision > 1 {
		return t.c.EditedAt
	}
	return t.c.CreatedAt
}

// decide writes the decision that the lane was, and its event.
func (t *telling) decide() {
	c, to := t.c, t.c.Status
	if to == comment.Deleted {
		to = comment.Approved
	}
	at := t.written().UnixMicro()
	t.add(decisions, c.Site, c.ID, comment.NewID(), c.Revision, string(t.lane.action), string(comment.Pending), string(to), "", t.lane.note,
		string(comment.ActorRule), "", "pipeline", at, at, string(comment.DecisionDone))
	before := comment.Pending
	if c.Public > 0 {
		before = comment.Approved
	}
	event := map[comment.Status]string{comment.Approved: comment.CommentApproved, comment.Rejected: comment.CommentRejected, comment.Spam: comment.CommentMarkedSpam}[to]
	if to == comment.Approved {
		c.Public = c.Revision
	}
	t.event(event, to, before)
}

// edit gives the comment a second text, which is approved like the first.
func (t *telling) edit(r *random) {
	more := t.w.prose.paragraph(r)
	t.c.Revision, t.c.EditedAt = 2, t.c.CreatedAt.Add(time.Minute)
	t.source, t.tree = t.source+"\n\n"+more.source, append(t.tree[:len(t.tree):len(t.tree)], more.tree...)
	t.html = t.tree.HTML()
	t.revision()
	t.event(comment.CommentEdited, comment.Pending, comment.Approved)
	t.decide()
}

// votes gives every fourth comment some.
func (t *telling) votes(r *random) {
	if r.below(4) > 0 {
		return
	}
	for range 1 + r.below(3)*r.below(4) {
		value := 1
		if r.below(4) == 0 {
			value = -1
			t.c.VotesDown++
		} else {
			t.c.VotesUp++
		}
		t.add(votes, t.c.Site, t.c.ID, digest(r), value)
	}
}

// event appends to the comment's history what change.record would.
func (t *telling) event(kind string, status, before comment.Status) {
	c := t.c
	c.Sequence++
	actor := comment.Actor{Kind: comment.ActorAuthor, ID: c.AuthorID, Name: c.AuthorName}
	reasons := t.lane.evidence
	switch kind {
	case comment.CommentApproved, comment.CommentRejected, comment.CommentMarkedSpam:
		actor = comment.Actor{Kind: comment.ActorRule, Name: "pipeline"}
	}
	data := comment.EventData{
		Comment: comment.EventComment{View: comment.View{
			ID: c.ID, Author: comment.AuthorView{Name: c.AuthorName, Kind: c.AuthorKind}, Status: status, Revision: c.Revision, HTML: &t.html,
			CreatedAt: comment.Timestamp(c.CreatedAt), EditedAt: comment.OptionalTime(c.EditedAt), Replies: comment.Replies{Comments: []comment.View{}},
		}, Text: t.source},
		Page: t.page, Actor: comment.ActorView{Kind: actor.Kind, Name: actor.Name}, Reasons: reasons,
	}
	if c.ParentID != "" {
		data.Comment.ParentID = &c.ParentID
	}
	if before != "" {
		data.PreviousStatus = &before
	}
	body, _ := comment.JSON(data)
	t.m.events = append(t.m.events, comment.Event{
		Site: c.Site, Type: kind, PageID: c.PageID, CommentID: c.ID, Sequence: c.Sequence, Previous: before, Actor: actor, At: t.written(), Body: body,
	})
}
