package comment

import (
	"context"
	"slices"

	"github.com/afterword-comments/afterword/internal/fault"
)

// groupMost is how many members of a group are counted for a card.
const groupMost = 1000

// GroupView is what a site has of a group of comments that say nearly the same.
type GroupView struct {
	ID       string         `json:"id"`
	Count    int            `json:"count"` // on this site, at most 1000
	Waiting  int            `json:"waiting"`
	Statuses map[Status]int `json:"statuses"`
	Authors  int            `json:"authors"`
	Pages    int            `json:"pages"`
	FirstAt  string         `json:"first_at"`
	LastAt   string         `json:"last_at"`
	AsOf     string         `json:"as_of"` // what a decision over the group is about: what was written until then
}

// group is the view of a comment's group, nil if there are no others in it.
func (d *deskReader) group(c Comment) (*GroupView, error) {
	if c.Group == "" {
		return nil, nil
	}
	key := c.Site + "\x00" + c.Group
	if v, ok := d.groups[key]; ok {
		return v, nil
	}
	g, err := d.r.Group(c.Site, c.Group, groupMost)
	if err != nil {
		return nil, err
	}
	var v *GroupView
	if g.Count > 1 {
		v = &GroupView{
			ID: c.Group, Count: g.Count, Waiting: g.Statuses[Pending], Statuses: g.Statuses, Authors: g.Authors, Pages: g.Pages,
			FirstAt: Timestamp(g.First), LastAt: Timestamp(g.Last), AsOf: Timestamp(d.s.Now()),
		}
	}
	if d.groups == nil {
		d.groups = map[string]*GroupView{}
	}
	d.groups[key] = v
	return v, nil
}

// differences says how each text differs from the first one.
func differences(views []DeskView, first string) {
	for i := range views {
		if diff := Diff(first, views[i].Text); views[i].Text != first {
			views[i].Diff = diff
		}
	}
}

// decideGroup carries out a ruling over all that wait of a group, on the site that
// it names or else all where the account may decide, under one decision id. What was written or edited
// after AsOf is left alone: nobody has seen it. Very large groups take more than
// one transaction; one that fails leaves those before it decided, and the same
// request again decides the rest.
func (s *Service) decideGroup(ctx context.Context, r Ruling) (out Ruled, err error) {
	if err := r.check(); err != nil {
		return out, err
	}
	if r.AsOf.IsZero() || r.AsOf.After(r.Received) {
		r.AsOf = r.Received
	}
	sites, err := s.sitesOfGroup(ctx, r)
	if err != nil {
		return out, err
	}
	rules, err := s.rulesOfAll(ctx, sites)
	if err != nil {
		return out, err
	}
	ru := ruling{Ruling: r, id: s.NewID(), s: s, sites: map[string]Site{}, rules: rules}
	out = Ruled{DecisionID: ru.id, Results: []ItemResult{}}
	for i, site := range sites {
		for after, more := "", true; more; more = after != "" {
			var some []ItemResult
			var next string
			err := s.Store.Write(ctx, Sites{site}, func(tx Tx) (err error) {
				ru.tx, ru.at = tx, s.Now()
				if err := s.begin(tx, r.Once, ru.at); err != nil {
					return err
				}
				some, next, err = ru.decideWaiting(site, after)
				if err != nil || next != "" || i < len(sites)-1 {
					return err
				}
				out.UndoUntil = OptionalTime(ru.undoUntil)
				return s.keep(tx, r.Once, ru.at, Ruled{out.DecisionID, out.UndoUntil, append(slices.Clip(out.Results), some...)})
			})
			if err != nil {
				return out, s.confirmed(ctx, r.Once, s.Now(), err)
			}
			out.Results, after = append(out.Results, some...), next
		}
	}
	out.UndoUntil = OptionalTime(ru.undoUntil)
	return out, nil
}

// decideWaiting decides the members of the group that wait on a site behind one,
// as many as one transaction takes; next is the last of them if there may be more.
func (ru *ruling) decideWaiting(site, after string) (results []ItemResult, next string, err error) {
	waiting, err := ru.tx.GroupWaiting(site, ru.Group, after, maxItems)
	for _, c := range waiting {
		if c.CreatedAt.After(ru.AsOf) || c.EditedAt.After(ru.AsOf) {
			continue
		}
		result, err := ru.decide(Item{c.ID, c.Revision, c.Status})
		if err != nil {
			return nil, "", err
		}
		results = append(results, result)
	}
	if len(waiting) == maxItems {
		next = waiting[maxItems-1].ID
	}
	return results, next, err
}

// sitesOfGroup are the sites with members of the group on which the account may
// decide.
func (s *Service) sitesOfGroup(ctx context.Context, r Ruling) (sites []string, err error) {
	seen := false
	err = s.Store.View(ctx, func(rd Reader) error {
		visible, err := visibleSites(rd, r.By, r.Site)
		sites = nil
		for _, site := range visible {
			if err != nil {
				break
			}
			var g GroupTally
			if g, err = rd.Group(site, r.Group, 1); g.Count == 0 {
				continue
			}
			seen = true
			if r.By.RoleOn(site).Includes(Moderator) {
				sites = append(sites, site)
			}
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case !seen:
		return nil, fault.Missing()
	case len(sites) == 0:
		return nil, fault.New(fault.Forbidden, "forbidden", "Your role on this site does not allow decisions.")
	}
	return sites, nil
}

// groupFirst is the text that the members of a group are held against: of its
// first comment, or of the first that is listed.
func groupFirst(r Reader, group string, views []DeskView) string {
	for _, v := range views {
		if v.ID == group {
			return v.Text
		}
	}
	if len(views) == 0 {
		return ""
	}
	if c, err := r.Comment(views[0].Site, group); err == nil {
		if rev, err := r.Revision(c.Site, c.ID, c.Revision); err == nil {
			return rev.Source
		}
	}
	return views[0].Text
}

// RulingOverGroup makes the ruling over a group of one over comments.
func (r Ruling) RulingOverGroup(group, asOfText string) (Ruling, error) {
	at, err := ParseTime("as_of", asOfText)
	if group == "" && asOfText != "" {
		err = fault.Input("as_of", "invalid", "as_of goes with group.")
	}
	r.Group, r.AsOf = group, at
	return r, err
}
