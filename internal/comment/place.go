package comment

import (
	"errors"
	"unicode/utf8"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
)

// placeDraft finds the page and the parent of a new comment, and refuses what
// does not belong to the site.
func (s *Service) placeDraft(r Reader, d *draft, sub Submission) error {
	if err := checkOrigin(d.site, sub.Client.Origin); err != nil {
		return err
	}
	ref, err := cleanPage(d.site, sub.Page)
	if err != nil {
		return err
	}
	if d.page, err = perhaps(r.PageByKey(d.site.Key, ref.Key)); err != nil {
		return err
	}
	if d.page.ID == "" {
		d.page = Page{Site: d.site.Key, ID: s.NewID(), Key: ref.Key, CreatedAt: d.at}
	}
	d.page = d.page.corrected(ref.URL, ref.Title)
	if !d.page.Open(d.site.Options, d.at) {
		return pageClosed()
	}
	d.answered = sub.ParentID
	d.parent, err = parent(r, d, sub.ParentID)
	return err
}

// corrected is the page with the address and the title that another post gives
// it. What the public sees stays as it is: anybody may have been the first to
// post, and anybody may be the next.
func (p Page) corrected(url, title string) Page {
	if p.Count > 0 {
		return p
	}
	p.URL = url
	if title != "" {
		p.Title = title
	}
	return p
}

func pageClosed() error {
	return fault.New(fault.Conflict, "page_closed", "Comments on this page are closed.")
}

// checkOrigin fences browsers in: a request that names an origin must name one
// of the site's. Other programs can say what they like, so no right comes from
// it.
func checkOrigin(site Site, origin string) error {
	if origin == "" || site.Allows(origin) {
		return nil
	}
	return fault.New(fault.Forbidden, "origin_not_allowed", "This page's origin is not one of the site's. The operator can add it with: afterword site set.")
}

// cleanPage brings a page reference into its one form. The address must lie on
// one of the site's origins: that is what keeps strangers from making pages.
func cleanPage(site Site, ref PageRef) (PageRef, error) {
	if ref.URL == "" {
		return ref, fault.Input("page.url", "required", "The page needs its address.")
	}
	url, err := NormaliseURL(ref.URL)
	if err != nil {
		return ref, err
	}
	if !site.Allows(originOf(url)) {
		return ref, fault.New(fault.Forbidden, "origin_not_allowed", "This page's address is not on one of the site's origins.")
	}
	title, err := markup.CleanLine(ref.Title)
	if err != nil && !errors.Is(err, markup.ErrBlank) {
		return ref, fault.Input("page.title", "invalid", "The page's title contains characters that cannot be shown.")
	}
	key, err := cleanKey(ref.Key)
	if err != nil {
		return ref, err
	}
	if key == "" {
		key = url
	}
	return PageRef{Key: key, URL: url, Title: cut(title, maxTitleRunes)}, nil
}

func cleanKey(key string) (string, error) {
	if key == "" {
		return "", nil
	}
	clean, err := markup.CleanLine(key)
	if err != nil || clean != key || len(key) > maxAddress {
		return "", fault.Input("page.key", "invalid", "A page key has at most 2048 bytes and no blanks around it or control characters in it.")
	}
	return key, nil
}

// cut shortens a title, which is the publisher's and not a reader's words.
func cut(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes-1]) + "…"
}

// parent finds the comment that is answered: a public one of the same page.
// All others look the same, so that nothing can be learned by asking.
func parent(r Reader, d *draft, id string) (Comment, error) {
	if id == "" {
		return Comment{}, nil
	}
	if d.site.Options.MaxDepth == 0 {
		return Comment{}, fault.Input("parent_id", "replies_off", "On this site comments cannot be answered.")
	}
	none := fault.Input("parent_id", "not_found", "The comment that you answer is not there any more.")
	if !IsID(id) {
		return Comment{}, none
	}
	p, err := r.Comment(d.site.Key, id)
	if fault.Is(err, "not_found") || err == nil && (p.PageID != d.page.ID || p.Public == 0) {
		return Comment{}, none
	}
	if err == nil && p.Depth >= d.site.Options.MaxDepth {
		// Too deep to indent further: the answer goes beside the one it answers.
		return ancestor(r, p, d.site.Options.MaxDepth-1)
	}
	return p, err
}

// ancestor is the comment at this depth on the way from p up to its root.
func ancestor(r Reader, p Comment, depth int) (Comment, error) {
	for p.Depth > depth {
		up, err := r.Comment(p.Site, p.ParentID)
		if err != nil {
			return Comment{}, err
		}
		p = up
	}
	return p, nil
}

// openPage makes the page of a first comment or corrects it, and looks once more
// at what may have changed since the draft was prepared.
func (s *Service) openPage(tx Tx, d *draft) error {
	current, err := perhaps(tx.PageByKey(d.site.Key, d.page.Key))
	if err != nil {
		return err
	}
	if !current.Open(d.site.Options, d.at) {
		return pageClosed()
	}
	if current.ID != "" { // it may be new even so: somebody else's first comment was faster
		d.page = current.corrected(d.page.URL, d.page.Title)
	}
	if d.page.ID != current.ID || d.page.URL != current.URL || d.page.Title != current.Title {
		if err := tx.PutPage(d.page); err != nil {
			return err
		}
	}
	if d.answered == "" {
		return nil
	}
	p, err := tx.Comment(d.site.Key, d.answered)
	if err == nil && p.Public == 0 {
		err = fault.Input("parent_id", "not_found", "The comment that you answer is not there any more.")
	}
	return err
}
