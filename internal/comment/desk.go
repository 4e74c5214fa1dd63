package comment

import (
	"context"
	"slices"

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
}

// DeskAuthor is an author with the record that moderators go by.
type DeskAuthor struct {
	ID string `json:"id"`
	AuthorView
	Approved    int    `json:"approved"`
	Rejected    int    `json:"rejected"`
	FirstSeenAt string `json:"first_seen_at"`
}

// ReportCount is how many readers have reported the newest revision, and why.
type ReportCount struct {
	Count   int            `json:"count"`
	Reasons map[string]int `json:"reasons"`
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
	Page   string // key or address; needs Site
	Newest bool
	Limit  int
	Cursor string
}

// Queue lists comments for moderators.
func (s *Service) Queue(ctx context.Context, ask QueueAsk) (out Queue, err error) {
	if ask.Limit <= 0 {
		ask.Limit = DefaultLimit
	}
	list := []string{"queue", ask.By.ID, ask.Site, string(ask.Status), ask.Search, ask.Reason, ask.Author, ask.Page, direction(ask.Newest)}
	after, err := Cursors{s.Ring}.Read(ask.Cursor, list...)
	if err != nil {
		return out, err
	}
	err = s.Store.View(ctx, func(r Reader) error {
		sites, err := visibleSites(r, ask.By, ask.Site)
		if err != nil {
			return err
		}
		q := QueueQuery{Sites: sites, Status: ask.Status, Search: ask.Search, Reason: ask.Reason, Author: ask.Author, Newest: ask.Newest, After: after, Limit: ask.Limit}
		if ask.Page != "" && len(sites) == 1 {
			page, err := findPage(r, Site{Key: sites[0]}, ask.Page)
			if err != nil {
				return err
			}
			if q.Page = page.ID; page.ID == "" {
				q.Sites = nil // a page that is not there has no comments
			}
		}
		found, next, err := r.Queue(q)
		if err != nil {
			return err
		}
		d := deskReader{s: s, r: r}
		if out.Comments, err = d.views(found); err != nil {
			return err
		}
		out.Counts, err = r.StatusCounts(sites)
		out.NextCursor = OptionalText(Cursors{s.Ring}.Write(next, list...))
		return err
	})
	return out, err
}

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
		Reasons: allReasons(c.Text.Trace), Risk: c.Risk, PublicRevision: c.Public, Reports: ReportCount{Count: c.Reports, Reasons: map[string]int{}},
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
	v.Parent, err = d.parent(c)
	return v, err
}

// allReasons is everything that the checks found: first what speaks for
// holding, strongest first, then what a moderator may want to know.
func allReasons(t moderation.Trace) []moderation.Evidence {
	all := append([]moderation.Evidence{}, t.Reasons()...)
	for _, step := range t {
		for _, e := range step.Evidence {
			if e.Hint == moderation.HintNone {
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
	return DeskAuthor{a.ID, AuthorView{c.AuthorName, c.AuthorKind, c.Badge}, a.Approved, a.Rejected, Timestamp(a.FirstSeen)}, nil
}

func (d *deskReader) decisions(c Comment, v *DeskView) error {
	if c.Held == "" && c.Status == Pending && c.DecidedAt.IsZero() {
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
	for _, rep := range all {
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

// Detail is all that a moderator can know of one comment.
type Detail struct {
	DeskView
	Revisions  []RevisionView    `json:"revisions"` // newest first
	Trace      []moderation.Step `json:"trace"`
	History    History           `json:"history"`
	Thread     ThreadContext     `json:"thread"`
	Decisions  []DecisionView    `json:"decisions"`   // newest first
	ReportList []ReportView      `json:"report_list"` // newest first
}

// RevisionView is one text of a comment, and how it differs from the one before.
type RevisionView struct {
	Revision  int               `json:"revision"`
	Text      string            `json:"text"`
	HTML      string            `json:"html"`
	CreatedAt string            `json:"created_at"`
	Diff      []Edit            `json:"diff"`
	Trace     []moderation.Step `json:"trace"`
}

// History is what else the author wrote on the site.
type History struct {
	Comments []DeskView `json:"comments"` // newest first
	Approved int        `json:"approved"`
	Rejected int        `json:"rejected"`
}

// ThreadContext is what stands around the comment, whatever its status.
type ThreadContext struct {
	Ancestors      []DeskView `json:"ancestors"` // root first
	SiblingsBefore []DeskView `json:"siblings_before"`
	SiblingsAfter  []DeskView `json:"siblings_after"`
	Replies        []DeskView `json:"replies"`
}

// DecisionView is one decision of a comment's history.
type DecisionView struct {
	DecisionID string        `json:"decision_id"`
	Action     Action        `json:"action"`
	From       Status        `json:"from"`
	To         Status        `json:"to"`
	Revision   int           `json:"revision"`
	Reason     string        `json:"reason"`
	Note       string        `json:"note"`
	By         ActorView     `json:"by"`
	At         string        `json:"at"`
	State      DecisionState `json:"state"`
}

// ReportView is one reader's report.
type ReportView struct {
	Reason string `json:"reason"`
	Note   string `json:"note"`
	At     string `json:"at"`
}

// How much of the surroundings a detail shows.
const (
	historyMost  = 10
	siblingsMost = 3
	repliesMost  = 20
)

// Detail gives one comment with everything around it.
func (s *Service) Detail(ctx context.Context, by Account, id string) (out Detail, err error) {
	if !IsID(id) {
		return out, fault.Missing()
	}
	err = s.Store.View(ctx, func(r Reader) error {
		c, err := r.FindComment(id)
		if err == nil && by.RoleOn(c.Site) == "" {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		d := deskReader{s: s, r: r}
		if err := d.revisions(&c, &out); err != nil {
			return err
		}
		if out.DeskView, err = d.view(c); err != nil {
			return err
		}
		if err := d.history(c, &out); err != nil {
			return err
		}
		if err := d.context(c, &out); err != nil {
			return err
		}
		return d.past(c, &out)
	})
	return out, err
}

func (d *deskReader) revisions(c *Comment, out *Detail) error {
	all, err := d.r.Revisions(c.Site, c.ID)
	if err != nil {
		return err
	}
	for i, rev := range all {
		v := RevisionView{rev.N, rev.Source, rev.Tree.HTML(), Timestamp(rev.CreatedAt), []Edit{}, steps(rev.Trace)}
		if i+1 < len(all) {
			v.Diff = Diff(all[i+1].Source, rev.Source)
		}
		out.Revisions = append(out.Revisions, v)
	}
	if len(all) > 0 {
		c.Text = all[0]
		out.Trace = steps(all[0].Trace)
	}
	return nil
}

func steps(t moderation.Trace) []moderation.Step {
	if t == nil {
		return []moderation.Step{}
	}
	return t
}

func (d *deskReader) history(c Comment, out *Detail) error {
	a, err := d.r.Author(c.Site, c.AuthorID)
	if err != nil {
		return err
	}
	out.History.Approved, out.History.Rejected = a.Approved, a.Rejected
	found, _, err := d.r.Queue(QueueQuery{Sites: []string{c.Site}, Author: c.AuthorID, Newest: true, Limit: historyMost + 1})
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(o Comment) bool { return o.ID == c.ID })
	out.History.Comments, err = d.views(found[:min(len(found), historyMost)])
	return err
}

func (d *deskReader) context(c Comment, out *Detail) error {
	out.Thread.Ancestors = []DeskView{}
	for up := c; up.ParentID != ""; {
		p, err := d.withNewest(up.Site, up.ParentID)
		if err != nil {
			return err
		}
		v, err := d.view(p)
		if err != nil {
			return err
		}
		out.Thread.Ancestors = append([]DeskView{v}, out.Thread.Ancestors...)
		up = p
	}
	before, err := d.r.Siblings(c, false, siblingsMost)
	if err != nil {
		return err
	}
	slices.Reverse(before)
	after, err := d.r.Siblings(c, true, siblingsMost)
	if err != nil {
		return err
	}
	replies, err := d.r.Siblings(Comment{Site: c.Site, PageID: c.PageID, ParentID: c.ID}, true, repliesMost)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		from []Comment
		to   *[]DeskView
	}{{before, &out.Thread.SiblingsBefore}, {after, &out.Thread.SiblingsAfter}, {replies, &out.Thread.Replies}} {
		if *part.to, err = d.views(part.from); err != nil {
			return err
		}
	}
	return nil
}

func (d *deskReader) withNewest(site, id string) (Comment, error) {
	c, err := d.r.Comment(site, id)
	if err != nil {
		return c, err
	}
	c.Text, err = d.r.Revision(site, id, c.Revision)
	return c, err
}

func (d *deskReader) past(c Comment, out *Detail) error {
	decisions, err := d.r.Decisions(c.Site, c.ID)
	if err != nil {
		return err
	}
	out.Decisions, out.ReportList = []DecisionView{}, []ReportView{}
	for _, dec := range decisions {
		out.Decisions = append(out.Decisions, DecisionView{
			dec.ID, dec.Action, dec.From, dec.To, dec.Revision, dec.Reason, dec.Note,
			ActorView{dec.Actor.Kind, dec.Actor.Name}, Timestamp(dec.At), dec.State,
		})
	}
	reports, err := d.r.Reports(c.Site, c.ID)
	for _, rep := range reports {
		out.ReportList = append(out.ReportList, ReportView{rep.Reason, rep.Note, Timestamp(rep.At)})
	}
	return err
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
