package moderation

import (
	"strings"
	"time"
)

// Scope is where something holds: on the whole site, or only in a section or on a
// page of it.
type Scope struct {
	Section string // see SectionOf; "" = every
	Page    string // key or normalised address; "" = every
}

// Holds reports whether the page lies within the scope.
func (s Scope) Holds(p Page) bool {
	return (s.Section == "" || s.Section == p.Section) && (s.Page == "" || s.Page == p.Key || s.Page == p.URL)
}

// place is what decides whether an entry holds for a text: where and when it was
// written, and in which language.
type place struct {
	page     Page
	language string
	now      time.Time
}

func placeOf(s *Subject) place { return place{s.Page, s.Site.Language, s.Now} }

// holds reports whether an entry counts at a place. What has expired stops
// counting by the clock alone, without a new list.
func (w *Word) holds(at place) bool {
	return w.Scope.Holds(at.page) && (w.Language == "" || sameLanguage(w.Language, at.language)) &&
		(w.ExpiresAt.IsZero() || at.now.Before(w.ExpiresAt))
}

// sameLanguage compares the language of two BCP 47 tags, not their regions.
func sameLanguage(a, b string) bool {
	a, _, _ = strings.Cut(a, "-")
	b, _, _ = strings.Cut(b, "-")
	return strings.EqualFold(a, b)
}
