package comment

import (
	"context"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

// Embedded replies: how many a thread page carries under one comment, and how
// many in all, so that no page grows with the length of a thread.
const (
	repliesUnderRoot  = 5
	repliesUnderReply = 3
	repliesOfPage     = 100
)

// Limits of lists.
const (
	DefaultLimit = 25
	MaxLimit     = 100
)

// ThreadPage is one page of a thread.
type ThreadPage struct {
	Site       string         `json:"site"`
	Page       PageView       `json:"page"`
	Count      int            `json:"count"`
	Sort       Sort           `json:"sort"`
	Comments   []View         `json:"comments"`
	NextCursor *string        `json:"next_cursor"`
	Options    ThreadSettings `json:"options"`
	Basis      Basis          `json:"-"`
}

// ThreadSettings are the site's options that a widget needs.
type ThreadSettings struct {
	Votes     bool   `json:"votes"`
	Guests    bool   `json:"guests"`
	Live      bool   `json:"live"`
	MaxDepth  int    `json:"max_depth"`
	MaxLength int    `json:"max_length"`
	Language  string `json:"language"`
	Moderated bool   `json:"moderated"` // a comment may have to wait for review
}

// Ask is a request for a list that readers see.
type Ask struct {
	Site   string
	Page   string // key or address
	Parent string // for replies
	Sort   Sort   // "" = the site's usual, oldest
	Limit  int    // 0 = DefaultLimit
	Cursor string
	Body   Body
}

// Thread gives a page of root comments with their first replies. A page that
// nobody has commented on yet is an empty thread, and leaves no trace.
func (s *Service) Thread(ctx context.Context, ask Ask) (out ThreadPage, err error) {
	if ask.Sort == "" {
		ask.Sort = Oldest
	}
	list := []string{"thread", ask.Site, string(ask.Sort), ask.Page}
	after, err := Cursors{s.Ring}.Read(ask.Cursor, list...)
	if err != nil {
		return out, err
	}
	err = s.Store.View(ctx, func(r Reader) error {
		st, err := r.Site(ask.Site)
		if err != nil {
			return err
		}
		page, err := findPage(r, st, ask.Page)
		if err != nil {
			return err
		}
		o, at := st.Options, s.Now()
		out = ThreadPage{
			Site: st.Key, Page: showThreadPage(page, ask.Page, o, at), Count: page.Count, Sort: ask.Sort, Comments: []View{},
			Basis:   Basis{Site: st.Key, Votes: true, Until: page.closesAt(o, at)},
			Options: ThreadSettings{o.Votes, o.Guests, o.Live, o.MaxDepth, o.MaxLength, o.Language, o.Moderation != "off"},
		}
		out.Basis.restOn(page, ask.Page)
		if page.ID == "" {
			return nil
		}
		rd := threadReader{s: s, r: r, body: ask.Body, left: repliesOfPage}
		var next *Place
		out.Comments, next, err = rd.list(ThreadQuery{Site: st.Key, Page: page.ID, Sort: ask.Sort, After: after, Limit: ask.Limit}, 0)
		out.NextCursor = OptionalText(Cursors{s.Ring}.Write(next, list...))
		return err
	})
	return out, err
}

// OptionalText is s for JSON, null if it is empty.
func OptionalText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// findPage finds the page that a reader names by key or by address. Its ID is
// "" if nobody has commented there yet. Anybody can make a page with any key at
// one of the site's addresses by commenting there, so an address leads past
// pages without public comments to one that has some.
func findPage(r Reader, st Site, ref string) (Page, error) {
	if ref == "" || len(ref) > maxAddress || strings.ContainsRune(ref, 0) {
		return Page{}, fault.New(fault.Malformed, "invalid_parameter", "The parameter page is the page's key or its address, at most 2048 bytes.")
	}
	named := namedPage(st.Key, ref)
	page, err := perhaps(r.PageByKey(st.Key, ref))
	if err == nil && page.ID == "" && named.Key != ref {
		page, err = perhaps(r.PageByKey(st.Key, named.Key))
	}
	if err == nil && page.Count == 0 && named.URL != "" {
		var other Page
		if other, err = perhaps(r.PageByURL(st.Key, named.URL)); page.ID == "" || other.Count > 0 {
			page = other
		}
	}
	if err == nil && page.ID == "" {
		return named, nil
	}
	return page, err
}

// perhaps makes the zero value of what does not exist.
func perhaps[T any](found T, err error) (T, error) {
	if fault.Is(err, "not_found") {
		var none T
		return none, nil
	}
	return found, err
}

// namedPage is all that a reader's name for a page says of it.
func namedPage(site, ref string) Page {
	if u, err := NormaliseURL(ref); err == nil {
		return Page{Site: site, Key: u, URL: u}
	}
	return Page{Site: site, Key: ref}
}

// showThreadPage makes the view of a thread's page. One without a public
// comment is shown as it was asked for: that somebody waits there, and what
// they call the page, does not concern readers.
func showThreadPage(page Page, ref string, o Options, at time.Time) PageView {
	v := showPageState(page, o, at)
	if page.Count == 0 {
		named := namedPage(page.Site, ref)
		v.Key, v.URL, v.Title = named.Key, named.URL, ""
	}
	return v
}

// threadReader reads comments with their replies, within a bound for all of
// them together.
type threadReader struct {
	s    *Service
	r    Reader
	body Body
	left int // embedded replies that may still be read
}

// list reads one list and, below each comment, its first replies. next is
// where the list goes on, nil at its end.
func (t *threadReader) list(q ThreadQuery, level int) (views []View, next *Place, err error) {
	limit := q.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	q.Limit = limit + 1
	found, err := t.r.Thread(q)
	if err != nil {
		return nil, nil, err
	}
	if len(found) > limit {
		found = found[:limit]
		next = placeOf(found[limit-1])
	}
	views, below := t.show(found)
	return views, next, t.embed(below, level)
}

// nest is a comment, and the place for its replies.
type nest struct {
	c    Comment
	into *Replies
	want int
}

// show makes the views of some comments; their replies are still to come.
func (t *threadReader) show(found []Comment) (views []View, below []nest) {
	views = make([]View, len(found))
	for i, c := range found {
		views[i] = showPublic(c, t.body)
		below = append(below, nest{c: c, into: &views[i].Replies})
	}
	return views, below
}

// embed reads the first replies to some comments, then those to the replies, and
// so on down: level by level, so that a wide thread takes no more statements
// than a narrow one, and every comment of a level has its replies before any of
// the next.
func (t *threadReader) embed(below []nest, level int) error {
	for ; len(below) > 0; level++ {
		most := repliesUnderReply
		if level == 0 {
			most = repliesUnderRoot
		}
		asked := t.ration(below, most)
		if len(asked) == 0 {
			return nil
		}
		ids := make([]string, len(asked))
		for i, n := range asked {
			ids[i] = n.c.ID
		}
		found, err := t.r.FirstReplies(asked[0].c.Site, asked[0].c.PageID, ids, most+1)
		if err != nil {
			return err
		}
		below = nil
		for _, n := range asked {
			below = append(below, t.fill(n, found[n.c.ID])...)
		}
	}
	return nil
}

// ration says whose replies are read and how many of them. Where there are no
// more to go round, all of them are still to come.
func (t *threadReader) ration(below []nest, most int) (asked []nest) {
	for _, n := range below {
		switch {
		case n.c.Replies == 0:
		case t.left <= 0:
			t.goOn(n, &Place{})
		default:
			n.want = min(most, t.left)
			t.left -= min(n.want, n.c.Replies)
			asked = append(asked, n)
		}
	}
	return asked
}

func (t *threadReader) fill(n nest, found []Comment) (below []nest) {
	if len(found) > n.want {
		found = found[:n.want]
		t.goOn(n, placeOf(found[n.want-1]))
	}
	n.into.Comments, below = t.show(found)
	return below
}

// goOn tells where the replies to a comment go on.
func (t *threadReader) goOn(n nest, at *Place) {
	n.into.NextCursor = OptionalText(Cursors{t.s.Ring}.Write(at, "replies", n.c.Site, n.c.ID))
}

func placeOf(c Comment) *Place { return &Place{Key: int64(c.VotesUp - c.VotesDown), ID: c.ID} }

// ReplyPage is one page of the replies to a comment.
type ReplyPage struct {
	Comments   []View  `json:"comments"`
	NextCursor *string `json:"next_cursor"`
}

// Replies gives more replies to a comment, oldest first.
func (s *Service) Replies(ctx context.Context, ask Ask) (out ReplyPage, err error) {
	list := []string{"replies", ask.Site, ask.Parent}
	after, err := Cursors{s.Ring}.Read(ask.Cursor, list...)
	if err != nil {
		return out, err
	}
	err = s.Store.View(ctx, func(r Reader) error {
		c, err := shownComment(r, ask.Site, ask.Parent)
		if err != nil {
			return err
		}
		t := threadReader{s: s, r: r, body: ask.Body, left: repliesOfPage}
		views, next, err := t.list(ThreadQuery{Site: c.Site, Page: c.PageID, Parent: c.ID, Sort: Oldest, After: after, Limit: ask.Limit}, c.Depth+1)
		out = ReplyPage{views, OptionalText(Cursors{s.Ring}.Write(next, list...))}
		return err
	})
	return out, err
}

func shownComment(r Reader, site, id string) (Comment, error) {
	if _, err := r.Site(site); err != nil {
		return Comment{}, err
	}
	if !IsID(id) {
		return Comment{}, fault.Missing()
	}
	c, err := r.Comment(site, id)
	if err == nil && !c.Shown {
		err = fault.Missing()
	}
	return c, err
}

// Single is one public comment with the way up to its root.
type Single struct {
	Comment   View     `json:"comment"`
	Ancestors []View   `json:"ancestors"` // root first, without replies
	Page      PageView `json:"page"`
}

// Single gives one public comment, for a permalink.
func (s *Service) Single(ctx context.Context, site, id string, body Body) (out Single, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		c, err := shownComment(r, site, id)
		if err != nil {
			return err
		}
		if c.Public == 0 {
			return fault.Missing()
		}
		if err := withPublicText(r, &c); err != nil {
			return err
		}
		out.Comment = showPublic(c, body)
		t := threadReader{s: s, r: r, body: body, left: repliesOfPage}
		if err := t.embed([]nest{{c: c, into: &out.Comment.Replies}}, c.Depth); err != nil {
			return err
		}
		if out.Ancestors, err = ancestors(r, c, body); err != nil {
			return err
		}
		return s.pageOf(r, c, &out.Page)
	})
	return out, err
}

// ancestors are the comments above c, root first, without their replies.
func ancestors(r Reader, c Comment, body Body) ([]View, error) {
	views := []View{}
	for c.ParentID != "" {
		up, err := r.Comment(c.Site, c.ParentID)
		if err != nil {
			return nil, err
		}
		if err := withPublicText(r, &up); err != nil {
			return nil, err
		}
		views = append([]View{showPublic(up, body)}, views...)
		c = up
	}
	return views, nil
}

func withPublicText(r Reader, c *Comment) (err error) {
	if c.Public > 0 {
		c.Text, err = r.Revision(c.Site, c.ID, c.Public)
	}
	return err
}

func (s *Service) pageOf(r Reader, c Comment, into *PageView) error {
	st, err := r.Site(c.Site)
	if err != nil {
		return err
	}
	page, err := r.Page(c.Site, c.PageID)
	*into = showPageState(page, st.Options, s.Now())
	return err
}

// MaxCounts is the most pages that one request for counts may name.
const MaxCounts = 100

// Counts are the numbers of public comments of some pages, each under the name
// that was asked for.
type Counts struct {
	Counts map[string]int `json:"counts"`
	Basis  Basis          `json:"-"`
}

// Counts counts the public comments of each page.
func (s *Service) Counts(ctx context.Context, site string, pages []string) (out Counts, err error) {
	if len(pages) == 0 || len(pages) > MaxCounts {
		return out, fault.New(fault.Malformed, "invalid_parameter", "Ask for 1 to 100 pages, each with page=KEY-or-URL.")
	}
	out = Counts{Counts: make(map[string]int, len(pages)), Basis: Basis{Site: site}}
	err = s.Store.View(ctx, func(r Reader) error {
		st, err := r.Site(site)
		if err != nil {
			return err
		}
		byKey, err := r.PagesByKey(site, pages)
		if err != nil {
			return err
		}
		for _, ref := range pages {
			page := byKey[ref]
			if page.Count == 0 {
				if page, err = findPage(r, st, ref); err != nil {
					return err
				}
			}
			out.Counts[ref] = page.Count
			out.Basis.restOn(page, ref)
		}
		return nil
	})
	return out, err
}

// PageOf finds the page that a reader names; its ID is "" where nobody has
// commented yet.
func (s *Service) PageOf(ctx context.Context, site, ref string) (st Site, page Page, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		if st, err = r.Site(site); err != nil {
			return err
		}
		page, err = findPage(r, st, ref)
		return err
	})
	return st, page, err
}
