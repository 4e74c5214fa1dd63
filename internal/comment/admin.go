package comment

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
)

// SiteChange is what may be changed of a site; nil leaves it as it is.
type SiteChange struct {
	Name    *string
	Origins []string
	Options map[string]string
}

// AddSite makes a site.
func (s *Service) AddSite(ctx context.Context, key string, change SiteChange, by Actor) (st Site, err error) {
	st = Site{Key: key, Options: DefaultOptions(), CreatedAt: s.Now()}
	if err := st.apply(change); err != nil {
		return st, err
	}
	err = s.changeRules(ctx, key, func(tx Tx) error {
		if _, err := tx.Site(key); err == nil {
			return fault.New(fault.Conflict, "site_exists", "There is a site with this key already.")
		} else if !fault.Is(err, "not_found") {
			return err
		}
		return s.putSite(tx, st, by)
	})
	return st, err
}

// ChangeSite changes a site.
func (s *Service) ChangeSite(ctx context.Context, key string, change SiteChange, by Actor) (st Site, err error) {
	err = s.changeRules(ctx, key, func(tx Tx) error {
		if st, err = tx.Site(key); err != nil {
			return err
		}
		if err := st.apply(change); err != nil {
			return err
		}
		return s.putSite(tx, st, by)
	})
	return st, err
}

func (st *Site) apply(change SiteChange) error {
	if change.Name != nil {
		name, err := markup.CleanLine(*change.Name)
		if err != nil {
			return fault.Input("name", "invalid", "A site needs a name that can be shown.")
		}
		st.Name = name
	}
	if change.Origins != nil {
		st.Origins = nil
		for _, raw := range change.Origins {
			origin, err := Origin(raw)
			if err != nil {
				return err
			}
			if !slices.Contains(st.Origins, origin) {
				st.Origins = append(st.Origins, origin)
			}
		}
	}
	for name, value := range change.Options {
		if err := st.Options.Set(name, value); err != nil {
			return err
		}
	}
	return st.Check()
}

func (s *Service) putSite(tx Tx, st Site, by Actor) error {
	if err := tx.PutSite(st); err != nil {
		return err
	}
	data := map[string]any{"site": st.Key, "name": st.Name, "origins": st.Origins, "options": st.Options.Map()}
	return s.houseOf(tx, st.Key, SiteChanged, by, data, RowSite, st.Key)
}

// house appends an event of a site that stays in the house, and covers rows.
func (s *Service) house(tx Tx, site, event string, by Actor, data any, rows ...string) error {
	body, err := JSON(data)
	if err != nil {
		return err
	}
	_, err = s.Ledger.Append(tx, Event{Site: site, Type: event, Actor: by, At: s.Now(), Body: body, Covers: strings.Join(rows, " ")})
	return err
}

// houseOf is house for an event about rows of one kind, which it covers as they are
// stored now.
func (s *Service) houseOf(tx Tx, site, event string, by Actor, data any, kind string, keys ...string) error {
	rows, err := s.Ledger.CoverRows(tx, site, kind, keys...)
	if err != nil {
		return err
	}
	return s.house(tx, site, event, by, data, rows)
}

// SitesOf lists the sites that an account may see.
func (s *Service) SitesOf(ctx context.Context, by Account) (sites []Site, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		all, err := r.Sites()
		for _, st := range all {
			if by.RoleOn(st.Key) != "" {
				sites = append(sites, st)
			}
		}
		return err
	})
	return sites, err
}

// Opening is the wish to open or close a page.
type Opening struct {
	Site string
	Page string // key or address
	Open bool
	By   Actor
}

// OpenPage opens or closes a page for comments.
func (s *Service) OpenPage(ctx context.Context, o Opening) (PageView, error) {
	var out PageView
	err := s.Store.Write(ctx, Sites{o.Site}, func(tx Tx) error {
		st, err := tx.Site(o.Site)
		if err != nil {
			return err
		}
		page, err := findPage(tx, st, o.Page)
		if err == nil && page.ID == "" {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		at := s.Now()
		if o.Open && page.ClosedAt.IsZero() && !page.Open(st.Options, at) {
			return fault.New(fault.Conflict, "closed_by_age", "The page is older than the site's close_after allows. Change that option to open it.")
		}
		if o.Open == page.ClosedAt.IsZero() {
			out = showPageState(page, st.Options, at)
			return nil
		}
		event := PageOpened
		if page.ClosedAt = (time.Time{}); !o.Open {
			page.ClosedAt, event = at, PageClosed
		}
		if err := tx.PutPage(page); err != nil {
			return err
		}
		out = showPageState(page, st.Options, at)
		body, err := JSON(map[string]any{"page": showPage(page), "actor": ActorView{o.By.Kind, o.By.Name}})
		if err != nil {
			return err
		}
		_, err = s.Ledger.Append(tx, Event{Site: o.Site, Type: event, PageID: page.ID, Actor: o.By, At: at, Body: body})
		return err
	})
	return out, err
}

// Sweep deletes what has outlived its use, in small steps; it returns the
// number of rows.
func (s *Service) Sweep(ctx context.Context) (n int, err error) {
	err = s.Store.Write(ctx, nil, func(tx Tx) error {
		n, err = tx.Prune(s.Now(), 500)
		return err
	})
	return n, err
}

// PageList is a page of a site's pages, newest first.
type PageList struct {
	Pages      []PageEntry `json:"pages"`
	NextCursor *string     `json:"next_cursor"`
}

// PageEntry is a page in that list.
type PageEntry struct {
	PageView
	Count         int                `json:"count"`
	CreatedAt     string             `json:"created_at"`
	Premoderation *PremoderationView `json:"premoderation"`
	SparedUntil   *string            `json:"spared_until"` // no automation begins it before
}

// Pages lists a site's pages, newest first.
func (s *Service) Pages(ctx context.Context, site string, limit int, cursor string) (out PageList, err error) {
	cursors, list := Cursors{s.Ring}, []string{"pages", site}
	place, err := cursors.Read(cursor, list...)
	if err != nil {
		return out, err
	}
	before := ""
	if place != nil {
		before = place.ID
	}
	out.Pages = []PageEntry{}
	err = s.Store.View(ctx, func(r Reader) error {
		st, err := r.Site(site)
		if err != nil {
			return err
		}
		pages, err := r.Pages(site, before, limit+1)
		var next *Place
		if len(pages) > limit {
			pages = pages[:limit]
			next = &Place{ID: pages[limit-1].ID}
		}
		for _, p := range pages {
			out.Pages = append(out.Pages, showPageEntry(p, st.Options, s.Now()))
		}
		out.NextCursor = OptionalText(cursors.Write(next, list...))
		return err
	})
	return out, err
}
