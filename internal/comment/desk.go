package comment

import (
	"cmp"
	"context"
	"strconv"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// DeskView is a comment as moderators see it.
type DeskView struct {
	View
	Author         DeskAuthor            `json:"author"`
	Site           string                `json:"site"`
	Page           PageView              `json:"page"`
	Text           string                `json:"text"`
	Tree           markup.Tree           `json:"tree"`
	Reasons        []moderation.Evidence `json:"reasons"`
	Risk           string                `json:"risk"`
	Reports        ReportCount           `json:"reports"`
	Lease          *string               `json:"lease"`
	PublicRevision int                   `json:"public_revision"`
	Held           *HeldView             `json:"held"`
	Decided        *DecidedView          `json:"decided"`
	Parent         *ParentView           `json:"parent"`
	Group          *GroupView            `json:"group"`          // of comments that say nearly the same
	Diff           []Edit                `json:"diff,omitempty"` // from the group's first text, where a group is asked for
}

// DeskAuthor is an author with the record that moderators go by.
type DeskAuthor struct {
	ID string `json:"id"`
	AuthorView
	Approved    int    `json:"approved"`
	Rejected    int    `json:"rejected"`
	FirstSeenAt string `json:"first_seen_at"`
	Standing    string `json:"standing"` // that somebody has given them; "none"
	HasEmail    bool   `json:"has_email"`
}

// ReportCount is how many readers have reported the newest revision, and why.
type ReportCount struct {
	Count   int            `json:"count"`
	Reasons map[string]int `json:"reasons"`
	Weight  float64        `json:"weight"` // of those that nobody has decided about
}

// HeldView is a decision inside its undo window.
type HeldView struct {
	DecisionID string `json:"decision_id"`
	Action     Action `json:"action"`
	UndoUntil  string `json:"undo_until"`
	By         string `json:"by"`
}

// DecidedView is the newest decision on a comment.
type DecidedView struct {
	DecisionID string `json:"decision_id"`
	Action     Action `json:"action"`
	At         string `json:"at"`
	By         string `json:"by"`
	Reason     string `json:"reason"`
}

// ParentView is a line of the comment that is answered.
type ParentView struct {
	ID     string `json:"id"`
	Author string `json:"author"`
	Text   string `json:"text"`
}

// Queue is a page of the moderators' list.
type Queue struct {
	Comments   []DeskView     `json:"comments"`
	Counts     map[Status]int `json:"counts"`
	NextCursor *string        `json:"next_cursor"`
}

// QueueAsk is what a moderator asks to see.
type QueueAsk struct {
	By     Account
	Site   string // "" = all that the account may see
	Status Status // "" = all
	Search string
	Reason string
	Author string
	Group  string
	Page   string // key or address; needs Site
	// Grouped shows one comment of each group and status.
	Grouped bool
	Newest  bool
	// Reported asks for the comments with open reports, the heaviest first; then
	// only Site, Limit and Cursor count.
	Reported bool
	Limit    int
	Cursor   string
}

// Queue lists comments for moderators.
func (s *Service) Queue(ctx context.Context, ask QueueAsk) (out Queue, err error) {
	if ask.Limit <= 0 {
		ask.Limit = DefaultLimit
	}
	list := []string{"queue", ask.By.ID, ask.Site, string(ask.Status), ask.Search, ask.Reason, ask.Author, ask.Page, direction(ask.Newest), ask.Group, strconv.FormatBool(ask.Grouped)}
	if ask.Reported {
		list = append(list, "reported")
	}
	after, err := Cursors{s.Ring}.Read(ask.Cursor, list...)
	if err != nil {
		return out, err
	}
	var found []Comment
	err = s.Store.View(ctx, func(r Reader) error {
		sites, err := visibleSites(r, ask.By, ask.Site)
		if err != nil {
			return err
		}
		q := QueueQuery{Sites: sites, Status: ask.Status, Search: ask.Search, Reason: ask.Reason, Author: ask.Author, Newest: ask.Newest, Group: ask.Group, Grouped: ask.Grouped, Reported: ask.Reported, After: after, Limit: ask.Limit}
		if ask.Page != "" && len(sites) == 1 {
			page, err := findPage(r, Site{Key: sites[0]}, ask.Page)
			if err != nil {
				return err
			}
			if q.Page = page.ID; page.ID == "" {
				q.Sites = nil // a page that is not there has no comments
			}
		}
		some, next, err := r.Queue(q)
		if err != nil {
			return err
		}
		found = some
		out.Counts, err = r.StatusCounts(sites)
		out.NextCursor = OptionalText(Cursors{s.Ring}.Write(next, list...))
		return err
	})
	if err != nil {
		return out, err
	}
	err = s.Store.ViewAfter(ctx, func(r Reader) { foreseeViews(r, found) }, func(r Reader) error {
		d := deskReader{s: s, r: r}
		if out.Comments, err = d.views(found); err == nil && ask.Group != "" {
			differences(out.Comments, groupFirst(r, ask.Group, out.Comments))
		}
		return err
	})
	return out, err
}

// foreseeViews asks what the views of a list will ask, so that a page of the queue
// is two ways to a server and not a hundred.
func foreseeViews(r Reader, list []Comment) {
	for _, c := range list {
		_, _ = r.Site(c.Site)
		_, _ = r.Page(c.Site, c.PageID)
		_, _ = r.Author(c.Site, c.AuthorID)
		if c.decided() {
			_, _ = r.Decisions(c.Site, c.ID)
		}
		if c.Reports > 0 {
			_, _ = r.Reports(c.Site, c.ID)
		}
		if c.Group != "" {
			_, _ = r.Group(c.Site, c.Group, groupMost)
		}
		if c.ParentID != "" {
			_, _ = r.Comment(c.Site, c.ParentID)
			_, _ = r.Revision(c.Site, c.ParentID, 1) // few are edited
		}
	}
}

// decided reports whether a decision has ever been made on the comment.
func (c *Comment) decided() bool { return c.Held != "" || c.Status != Pending || !c.DecidedAt.IsZero() }

func direction(newest bool) string {
	if newest {
		return "newest"
	}
	return "oldest"
}

// visibleSites are the sites that an account may see, or the one it names. One
// that it may not see does not exist for it.
func visibleSites(r Reader, by Account, site string) ([]string, error) {
	if site != "" {
		if by.RoleOn(site) == "" {
			return nil, fault.Missing()
		}
		_, err := r.Site(site)
		return []string{site}, err
	}
	all, err := r.Sites()
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, st := range all {
		if by.RoleOn(st.Key) != "" {
			keys = append(keys, st.Key)
		}
	}
	return keys, nil
}

// deskReader makes the views of a list, reading each page and author once.
type deskReader struct {
	s       *Service
	r       Reader
	pages   map[string]PageView
	authors map[string]Author
	groups  map[string]*GroupView
}

func (d *deskReader) views(list []Comment) ([]DeskView, error) {
	views := make([]DeskView, 0, len(list))
	for _, c := range list {
		v, err := d.view(c)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

func (d *deskReader) view(c Comment) (v DeskView, err error) {
	v = DeskView{
		View: show(c, c.Text, BodyHTML), Site: c.Site, Text: c.Text.Source, Tree: c.Text.Tree,
		Reasons: allReasons(c.Text.Trace), Risk: c.Risk, PublicRevision: c.Public, Reports: ReportCount{Count: c.Reports, Reasons: map[string]int{}, Weight: float64(c.Reported) / 1000},
	}
	v.Status = c.Status
	if v.Tree == nil {
		v.Tree = markup.Tree{}
	}
	if v.Page, err = d.page(c); err != nil {
		return v, err
	}
	if v.Author, err = d.author(c); err != nil {
		return v, err
	}
	if err := d.decisions(c, &v); err != nil {
		return v, err
	}
	if err := d.reports(c, &v); err != nil {
		return v, err
	}
	if v.Group, err = d.group(c); err != nil {
		return v, err
	}
	v.Parent, err = d.parent(c)
	return v, err
}

// allReasons is everything that the checks found: first what speaks for
// holding, strongest first, then what a moderator may want to know.
func allReasons(t moderation.Trace) []moderation.Evidence {
	all := append([]moderation.Evidence{}, t.Reasons()...)
	for i, step := range t {
		for _, e := range step.Evidence {
			if e.Hint == moderation.HintNone && !answered(e, t[i+1:]) {
				all = append(all, e)
			}
		}
	}
	return all
}

func (d *deskReader) page(c Comment) (PageView, error) {
	if v, ok := d.pages[c.PageID]; ok {
		return v, nil
	}
	var v PageView
	if err := d.s.pageOf(d.r, c, &v); err != nil {
		return v, err
	}
	if d.pages == nil {
		d.pages = map[string]PageView{}
	}
	d.pages[c.PageID] = v
	return v, nil
}

func (d *deskReader) author(c Comment) (DeskAuthor, error) {
	key := c.Site + "\x00" + c.AuthorID
	a, ok := d.authors[key]
	if !ok {
		var err error
		if a, err = d.r.Author(c.Site, c.AuthorID); err != nil {
			return DeskAuthor{}, err
		}
		if d.authors == nil {
			d.authors = map[string]Author{}
		}
		d.authors[key] = a
	}
	return DeskAuthor{a.ID, AuthorView{c.AuthorName, c.AuthorKind, c.Badge}, a.Approved, a.Rejected, Timestamp(a.FirstSeen), cmp.Or(string(a.Said.At(d.s.Now())), "none"), a.Email != ""}, nil
}

func (d *deskReader) decisions(c Comment, v *DeskView) error {
	if !c.decided() {
		return nil
	}
	all, err := d.r.Decisions(c.Site, c.ID)
	if err != nil {
		return err
	}
	for _, dec := range all {
		if dec.State == DecisionUndone {
			continue
		}
		if v.Decided == nil {
			v.Decided = &DecidedView{dec.ID, dec.Action, Timestamp(dec.At), dec.Actor.Name, dec.Reason}
		}
		if dec.State == DecisionHeld {
			v.Held = &HeldView{dec.ID, dec.Action, Timestamp(dec.EffectiveAt), dec.Actor.Name}
		}
	}
	return nil
}

func (d *deskReader) reports(c Comment, v *DeskView) error {
	if c.Reports == 0 {
		return nil
	}
	all, err := d.r.Reports(c.Site, c.ID)
	for _, rep := range all[:min(len(all), c.Reports)] { // the newest; those before are of an older text
		v.Reports.Reasons[rep.Reason]++
	}
	return err
}

// parentChars is how much of the comment that is answered a moderator sees in
// the list.
const parentChars = 200

func (d *deskReader) parent(c Comment) (*ParentView, error) {
	if c.ParentID == "" {
		return nil, nil
	}
	p, err := d.r.Comment(c.Site, c.ParentID)
	if err != nil {
		return nil, err
	}
	rev, err := d.r.Revision(p.Site, p.ID, p.Revision)
	return &ParentView{p.ID, p.AuthorName, cut(rev.Tree.Plain(), parentChars)}, err
}

// CountsFor gives the status counts of the sites that an account may see.
func (s *Service) CountsFor(ctx context.Context, by Account, site string) (counts map[Status]int, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		sites, err := visibleSites(r, by, site)
		if err != nil {
			return err
		}
		counts, err = r.StatusCounts(sites)
		return err
	})
	return counts, err
}
