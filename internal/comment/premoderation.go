package comment

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
)

// Premoderation is a while in which people look at every comment on a page first.
type Premoderation struct {
	Until time.Time // zero = there is none
	Since time.Time
	By    string // who wished it, "" = an automation
	For   string // the reason, a sentence
}

// holds reports whether it is in force at an instant.
func (p Premoderation) holds(at time.Time) bool { return at.Before(p.Until) }

// Bounds of what a moderator may ask for.
const (
	premodLeast = time.Minute
	premodMost  = 30 * 24 * time.Hour
	premodWords = 200 // bytes
)

// Premoderating is a wish about the premoderation of a page.
type Premoderating struct {
	Site   string
	Page   string        // key or address
	For    time.Duration // from now on; 0 ends it
	Reason string
	Spare  time.Duration // how long no automation may begin it again, where it ends
	By     Actor
}

func (p *Premoderating) check() error {
	if p.For != 0 && (p.For < premodLeast || p.For > premodMost) {
		return fault.Input("premoderate", "invalid", "Premoderation lasts from 1m to 30d.")
	}
	if p.Spare < 0 || p.Spare > premodMost {
		return fault.Input("release", "invalid", "A page is spared for at most 30d.")
	}
	if p.Reason == "" {
		return nil
	}
	clean, err := markup.CleanLine(p.Reason)
	if err != nil || len(clean) > premodWords {
		return fault.Input("reason", "invalid", "The reason is one line of at most 200 bytes.")
	}
	p.Reason = clean
	return nil
}

// Premoderate begins, prolongs, shortens or ends the premoderation of a page. What
// a person wishes holds against every automation: as long as the person said.
func (s *Service) Premoderate(ctx context.Context, p Premoderating) (out PageEntry, err error) {
	if err := p.check(); err != nil {
		return out, err
	}
	err = s.Store.Write(ctx, Sites{p.Site}, func(tx Tx) error {
		st, err := tx.Site(p.Site)
		if err != nil {
			return err
		}
		page, err := findPage(tx, st, p.Page)
		if err == nil && page.ID == "" {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		at := s.Now()
		if p.For > 0 {
			page.SparedUntil = time.Time{}
			err = s.premoderate(tx, &page, Premoderation{Until: at.Add(p.For), Since: at, By: p.By.Name, For: p.Reason}, p.By)
		} else {
			if p.Spare > 0 {
				page.SparedUntil = at.Add(p.Spare)
			}
			err = s.release(tx, &page, p.By, at)
		}
		out = showPageEntry(page, st.Options, at)
		return err
	})
	return out, err
}

// premoderate writes a premoderation; one that is in force goes on.
func (s *Service) premoderate(tx Tx, page *Page, p Premoderation, by Actor) error {
	at := p.Since
	if page.Premoderation.holds(at) {
		p.Since = page.Premoderation.Since
	}
	page.Premoderation = p
	if err := tx.SetPremoderation(*page); err != nil {
		return err
	}
	return s.tellPage(tx, PagePremoderated, *page, by, at)
}

// release ends a premoderation; where there is none it only notes for how long
// the page is spared.
func (s *Service) release(tx Tx, page *Page, by Actor, at time.Time) error {
	was := *page
	page.Premoderation = Premoderation{}
	if err := tx.SetPremoderation(*page); err != nil || was.Premoderation.Until.IsZero() {
		return err
	}
	return s.tellPage(tx, PageReleased, was, by, at)
}

// premoderationNote is what the events say.
type premoderationNote struct {
	Page          PageView           `json:"page"`
	Actor         ActorView          `json:"actor"`
	Premoderation *PremoderationView `json:"premoderation"`
}

func (s *Service) tellPage(tx Tx, event string, page Page, by Actor, at time.Time) error {
	body, err := JSON(premoderationNote{showPage(page), ActorView{by.Kind, by.Name}, showPremoderation(page.Premoderation)})
	if err != nil {
		return err
	}
	_, err = s.Ledger.Append(tx, Event{Site: page.Site, Type: event, PageID: page.ID, Actor: by, At: at, Body: body})
	return err
}

// prolongShare: a surge that goes on prolongs a premoderation that is within this
// share of its end. So a page does not flap while the surge lasts.
const prolongShare = 3

// Surge puts a page into premoderation because something unusual goes on there.
// Each node that notices calls it; the first one's transaction decides. It does
// nothing where a person has said otherwise, and where the site has this, or the
// rate limits, off: who lets everything in does not want to be held up.
func (s *Service) Surge(ctx context.Context, site, pageID, why string) error {
	st, err := s.SiteOf(ctx, site)
	if err != nil || !st.Options.Surge || !st.Options.RateLimits {
		return err
	}
	due := func(r Reader) (page Page, due bool, err error) {
		page, err = r.Page(site, pageID)
		at, now := page.Premoderation, s.Now()
		begins := !at.holds(now) && !now.Before(page.SparedUntil)
		goesOn := at.holds(now) && at.By == "" && at.Until.Sub(now) < st.Options.SurgeHold/prolongShare
		return page, err == nil && (begins || goesOn), err
	}
	var wanted bool
	err = s.Store.View(ctx, func(r Reader) (err error) {
		_, wanted, err = due(r)
		return err
	})
	if err != nil || !wanted {
		return err
	}
	return s.Store.Write(ctx, Sites{site}, func(tx Tx) error {
		page, wanted, err := due(tx)
		if err != nil || !wanted {
			return err
		}
		at := s.Now()
		return s.premoderate(tx, &page, Premoderation{Until: at.Add(st.Options.SurgeHold), Since: at, For: why}, Actor{Kind: ActorRule, Name: "surge"})
	})
}

// EndPremoderations tells of those whose time is over, and when the next one's
// will be, zero for never. They end by the clock alone; this only says so.
func (s *Service) EndPremoderations(ctx context.Context, limit int) (next time.Time, err error) {
	var ended []Page
	err = s.Store.View(ctx, func(r Reader) error {
		if ended, err = r.EndedPremoderations(s.Now(), limit); err != nil {
			return err
		}
		next, err = r.NextPremoderationEnd()
		if fault.Is(err, "not_found") {
			err = nil
		}
		return err
	})
	for _, p := range ended {
		err = errors.Join(err, s.Store.Write(ctx, Sites{p.Site}, func(tx Tx) error {
			page, err := tx.Page(p.Site, p.ID)
			at := s.Now()
			if err != nil || page.Premoderation.Until.IsZero() || page.Premoderation.holds(at) {
				return err // another node, or a person, was faster
			}
			return s.release(tx, &page, Actor{Kind: ActorSystem, Name: "clock"}, at)
		}))
	}
	return next, err
}

// PremoderationView is a premoderation as the API shows it.
type PremoderationView struct {
	Until  string `json:"until"`
	Since  string `json:"since"`
	By     string `json:"by"` // "" = an automation
	Reason string `json:"reason"`
}

func showPremoderation(p Premoderation) *PremoderationView {
	if p.Until.IsZero() {
		return nil
	}
	return &PremoderationView{Timestamp(p.Until), Timestamp(p.Since), p.By, p.For}
}

func showPageEntry(p Page, o Options, at time.Time) PageEntry {
	e := PageEntry{PageView: showPageState(p, o, at), Count: p.Count, CreatedAt: Timestamp(p.CreatedAt)}
	if p.Premoderation.holds(at) {
		e.Premoderation = showPremoderation(p.Premoderation)
	}
	if at.Before(p.SparedUntil) {
		e.SparedUntil = OptionalTime(p.SparedUntil)
	}
	return e
}

// PagesInPremoderation lists the pages of a site that are in premoderation now.
func (s *Service) PagesInPremoderation(ctx context.Context, site, after string, limit int) (pages []PageEntry, last string, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		st, err := r.Site(site)
		if err != nil {
			return err
		}
		found, err := r.PremoderatedPages(site, after, limit+1)
		if len(found) > limit {
			found = found[:limit]
			last = found[limit-1].ID
		}
		at := s.Now()
		for _, p := range found {
			if p.Premoderation.holds(at) {
				pages = append(pages, showPageEntry(p, st.Options, at))
			}
		}
		return err
	})
	return pages, last, err
}

// PageState gives one page of a site, by its key or address.
func (s *Service) PageState(ctx context.Context, site, ref string) (out PageEntry, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		st, err := r.Site(site)
		if err != nil {
			return err
		}
		page, err := findPage(r, st, strings.TrimSpace(ref))
		if err == nil && page.ID == "" {
			err = fault.Missing()
		}
		out = showPageEntry(page, st.Options, s.Now())
		return err
	})
	return out, err
}
