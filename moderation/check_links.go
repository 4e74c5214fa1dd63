package moderation

import (
	"context"
	"fmt"
)

// Codes of the check "links".
const (
	CodeTooManyLinks      = "too_many_links"     // hold: more than the site allows
	CodeNewcomerLink      = "newcomer_link"      // hold in ModeNew: any link of a newcomer
	CodeLookalikeHost     = "lookalike_host"     // hold: foreign letters that look Latin
	CodeInternationalHost = "international_host" // none: letters beyond ASCII in the host
	CodeShortener         = "shortener"          // hold: hides where it leads
	CodeNumericHost       = "numeric_host"       // hold: an address instead of a name
	CodeLinkUser          = "link_user"          // hold: text before an @ poses as the host
	CodeMisleadingLink    = "misleading_link"    // hold: the text names another host
	CodeRejectedHost      = "rejected_host"      // hold: people rejected most comments that link there
	CodeNewHost           = "new_host"           // none: nobody has linked there on this site
	CodeMostlyLink        = "mostly_link"        // hold for newcomers: hardly any text beside the links
)

const (
	maxLinksSeen = 50   // links taken apart in one comment; the count goes on
	maxLinkText  = 300  // bytes of a link's text
	maxHref      = 2000 // bytes of its address
	mostlyLink   = 0.8  // share of the visible text
)

// linksCheck looks at the links that survive rendering.
type linksCheck struct{}

func (linksCheck) Name() string { return "links" }
func (linksCheck) Version() int { return 3 }

// Examine leaves out links to hosts that the site allows.
func (linksCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	links := s.Words.withoutAllowed(s.Links, placeOf(s))
	if len(links) == 0 {
		return nil, nil
	}
	places := linkPlaces(s.Text, links)
	found := linkCounts(s, len(links))
	for i := range found {
		found[i].Spans = spansOf(places, func(link) bool { return true })
	}
	for _, href := range links[:min(len(links), maxLinksSeen)] {
		if l, ok := linkOf(href); ok {
			found = append(found, l.evidence(places)...)
		}
	}
	found = append(found, records(s, links, places)...)
	return append(found, misleading(places)...), nil
}

// linkCounts judges how many links there are, and whose.
func linkCounts(s *Subject, links int) []Evidence {
	var found []Evidence
	if limit := s.Site.MaxLinks; limit >= 0 && links > limit {
		found = append(found, Evidence{
			Code: CodeTooManyLinks, Hint: HintHold,
			Sentence: fmt.Sprintf("The comment has %s; the site allows %d.", count(links, "link"), limit),
		})
	}
	if s.newcomer() {
		e := Evidence{
			Code: CodeNewcomerLink, Hint: HintNone,
			Sentence: "An author without a record on this site posted a link.",
		}
		if s.Site.Mode.holdsNewcomers() {
			e.Hint = HintHold
		}
		found = append(found, e)
	}
	if s.LinkShare >= mostlyLink {
		e := Evidence{
			Code: CodeMostlyLink, Hint: HintNone,
			Sentence: fmt.Sprintf("%.0f %% of the text is link.", 100*s.LinkShare),
		}
		if s.newcomer() {
			e.Hint = HintHold
		}
		found = append(found, e)
	}
	return found
}

// evidence judges one link by where it leads.
func (l link) evidence(places []linkPlace) []Evidence {
	var found []Evidence
	add := func(code string, hint Hint, sentence string) {
		found = append(found, Evidence{
			Code: code, Hint: hint, Sentence: sentence, Spans: l.spans(places),
			Data: map[string]string{"host": l.host},
		})
	}
	if latin, ok := l.looksLike(); ok {
		add(CodeLookalikeHost, HintHold,
			fmt.Sprintf("The host “%s” is written with foreign letters to look like “%s”.", l.host, latin))
	} else if l.international() {
		add(CodeInternationalHost, HintNone, fmt.Sprintf("The link leads to “%s”.", l.host))
	}
	if l.shortened() {
		add(CodeShortener, HintHold, fmt.Sprintf("The short link through %s hides where it leads.", l.host))
	}
	if l.numeric() {
		add(CodeNumericHost, HintHold, fmt.Sprintf("The link leads to the bare address %s.", l.host))
	}
	if l.user {
		add(CodeLinkUser, HintHold,
			fmt.Sprintf("The link shows something else before the @, but leads to %s.", l.host))
	}
	return found
}

// spans are where the very address stands, or else whatever leads to its host: a
// renderer may write an address in another way than its author.
func (l link) spans(places []linkPlace) []Span {
	if same := spansOf(places, func(p link) bool { return p.href == l.href }); len(same) > 0 {
		return same
	}
	return spansOf(places, func(p link) bool { return p.host == l.host })
}

// spansOfHost are the places of links to a host by the name of its record.
func spansOfHost(places []linkPlace, name string) []Span {
	return spansOf(places, func(p link) bool { return p.name() == name })
}

// misleading finds links whose text names a host other than the one that they
// lead to.
func misleading(places []linkPlace) []Evidence {
	var found []Evidence
	for _, p := range places {
		named, names := namedHost(p.text)
		if !names || p.link.host == "" || sameSite(named, p.link.host) || len(found) == maxLinksSeen {
			continue
		}
		found = append(found, Evidence{
			Code: CodeMisleadingLink, Hint: HintHold,
			Sentence: fmt.Sprintf("The link's text names %s, but it leads to %s.", named, p.link.host),
			Spans:    []Span{p.span},
			Data:     map[string]string{"host": p.link.host, "named": named},
		})
	}
	return found
}
