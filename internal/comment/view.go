package comment

import (
	"time"

	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// View is a comment as the API and the webhooks show it.
type View struct {
	ID         string       `json:"id"`
	ParentID   *string      `json:"parent_id"`
	Author     AuthorView   `json:"author"`
	Status     Status       `json:"status"`
	Revision   int          `json:"revision"`
	HTML       *string      `json:"html,omitempty"`
	Tree       *markup.Tree `json:"tree,omitempty"`
	CreatedAt  string       `json:"created_at"`
	EditedAt   *string      `json:"edited_at"`
	Votes      Votes        `json:"votes"`
	ReplyCount int          `json:"reply_count"`
	Replies    Replies      `json:"replies"`
}

// AuthorView is what the public may know of an author.
type AuthorView struct {
	Name  string     `json:"name"`
	Kind  AuthorKind `json:"kind"`
	Badge string     `json:"badge,omitempty"`
}

// Votes are the votes on a comment.
type Votes struct {
	Up   int `json:"up"`
	Down int `json:"down"`
}

// Replies are the first replies to a comment, and where the next ones are.
type Replies struct {
	Comments   []View  `json:"comments"`
	NextCursor *string `json:"next_cursor"`
}

// Body chooses how a comment's text is shown.
type Body string

// The ways to show a text.
const (
	BodyHTML Body = "html"
	BodyTree Body = "tree"
)

// show makes the view of a comment with the revision r: what the public sees
// if r is the public one, and what its author sees otherwise.
func show(c Comment, r Revision, body Body) View {
	v := View{
		ID: c.ID, Author: AuthorView{c.AuthorName, c.AuthorKind, c.Badge},
		Status: c.InForce, Revision: r.N,
		CreatedAt: Timestamp(c.CreatedAt),
		Votes:     Votes{c.VotesUp, c.VotesDown}, ReplyCount: c.Replies, Replies: Replies{Comments: []View{}},
	}
	if c.ParentID != "" {
		v.ParentID = &c.ParentID
	}
	if c.Public > 0 && r.N == c.Public {
		v.Status = Approved
	}
	if r.N > 1 { // not c.EditedAt, which may be of an edit that still waits
		v.EditedAt = OptionalTime(r.CreatedAt)
	}
	v.setBody(r.Tree, body)
	return v
}

func (v *View) setBody(tree markup.Tree, body Body) {
	if tree == nil {
		tree = markup.Tree{}
	}
	if body == BodyTree {
		v.Tree = &tree
		return
	}
	html := tree.HTML()
	v.HTML = &html
}

// showPublic makes the view of a comment in a thread: itself, or the tombstone
// that keeps its place.
func showPublic(c Comment, body Body) View {
	if c.Public > 0 {
		return show(c, c.Text, body)
	}
	c.AuthorName, c.AuthorKind, c.Badge, c.InForce, c.VotesUp, c.VotesDown = "", KindGuest, "", Deleted, 0, 0
	return show(c, Revision{N: 1}, body)
}

// toldAuthor is the status of a comment that its author is told. That it was
// taken for spam is not; nor is a decision that is held.
func toldAuthor(c Comment, newest Revision, o Options) Status {
	switch {
	case c.Public == newest.N, c.hidesHeld(newest, o):
		return Approved
	case c.InForce == Spam:
		return Pending
	}
	return c.InForce
}

// hidesHeld tells of an edit that waits only because a decision on the text
// before it is held: on a site without review it would be public by now, so
// that it waits would tell of the decision.
func (c *Comment) hidesHeld(newest Revision, o Options) bool {
	return o.Moderation == moderation.ModeOff && c.Held != "" && c.Public > 0 && c.InForce == Pending &&
		!c.DecidedAt.After(c.EditedAt) && len(newest.Trace.Reasons()) == 0
}

// OptionalTime is an instant for JSON, null if it is zero.
func OptionalTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := Timestamp(t)
	return &text
}

// PageView is a page as the API and the webhooks show it.
type PageView struct {
	Key   string `json:"key"`
	URL   string `json:"url"`
	Title string `json:"title"`
	Open  *bool  `json:"open,omitempty"`
}

func showPage(p Page) PageView { return PageView{Key: p.Key, URL: p.URL, Title: p.Title} }

func showPageState(p Page, o Options, at time.Time) PageView {
	v := showPage(p)
	open := p.Open(o, at)
	v.Open = &open
	return v
}

// EventData is the data of an event of a comment.
type EventData struct {
	Comment        EventComment          `json:"comment"`
	Page           PageView              `json:"page"`
	PreviousStatus *Status               `json:"previous_status"`
	Actor          ActorView             `json:"actor"`
	Reasons        []moderation.Evidence `json:"reasons"`
	Reason         string                `json:"reason,omitempty"` // the moderator's own word
	Statement      *Told                 `json:"statement,omitempty"`
}

// EventComment is a View with the source of the text.
type EventComment struct {
	View
	Text string `json:"text"`
}

// ActorView is what integrators may know of who did it.
type ActorView struct {
	Kind ActorKind `json:"kind"`
	Name string    `json:"name"`
}
