package moderation

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// linkPlace is where a link stands in a source: all of [text](target), of
// <address>, or an address by itself.
type linkPlace struct {
	from, to int // bytes
	span     Span
	link     link   // the zero link leads to no host, such as a mail address
	text     string // between the brackets, "" where there are none or it is too long
}

// linkPlaces finds links of a comment in its source, in order and none inside
// another. Code samples are passed over by their hosts alone: a sample that leads
// where a link leads is found too. It takes time linear in the source, times the
// length of an address at worst.
func linkPlaces(source string, links []string) []linkPlace {
	f := linkFinder{source: source, hosts: make(map[string]bool, len(links))}
	for _, href := range links[:min(len(links), maxLinksSeen)] {
		l, _ := linkOf(href)
		f.hosts[l.host] = true
	}
	for i := 0; i < len(source); {
		i = f.step(i)
	}
	at, bytes := 0, 0
	runes := func(to int) int {
		at, bytes = at+utf8.RuneCountInString(source[bytes:to]), to
		return at
	}
	for i := range f.found {
		p := &f.found[i]
		p.span = Span{runes(p.from), runes(p.to)}
	}
	return f.found
}

// spansOf are the places of what meets a condition, as many as evidence can have.
func spansOf(places []linkPlace, meets func(link) bool) (spans []Span) {
	for _, p := range places {
		if meets(p.link) && len(spans) < maxFindings {
			spans = append(spans, p.span)
		}
	}
	return spans
}

// linkFinder goes through a source from left to right.
type linkFinder struct {
	source string
	hosts  map[string]bool // where links lead; "" = to none
	open   []int           // brackets that may begin a link
	found  []linkPlace
}

// step looks at the byte at i and gives the next one to look at.
func (f *linkFinder) step(i int) (next int) {
	switch f.source[i] {
	case '\\':
		return i + 2
	case '[':
		f.open = append(f.open, i)
	case ']':
		return f.closed(i)
	case '<':
		return f.pointed(i)
	case ':':
		return f.bare(i)
	}
	return i + 1
}

// closed takes [text](target), whose text ends at i. What is inside it is no link
// of its own, and what is around it cannot be one.
func (f *linkFinder) closed(i int) (next int) {
	last := len(f.open) - 1
	if last < 0 {
		return i + 1
	}
	from := f.open[last]
	f.open = f.open[:last]
	raw, to := inlineTarget(f.source, i+1)
	target, ok := targetOf(resolve(raw).text)
	if !ok {
		return i + 1
	}
	f.open = f.open[:0]
	for n := len(f.found); n > 0 && f.found[n-1].from > from; n-- {
		f.found = f.found[:n-1]
	}
	p := linkPlace{from: from, to: to, link: target}
	if text := f.source[from+1 : i]; len(text) <= maxLinkText {
		p.text = text
	}
	return f.add(p)
}

// pointed takes <address>.
func (f *linkFinder) pointed(i int) (next int) {
	size := strings.IndexAny(f.source[i+1:min(len(f.source), i+1+maxHref)], "> \t\n")
	if size < 1 || f.source[i+1+size] != '>' {
		return i + 1
	}
	address := f.source[i+1 : i+1+size]
	target, ok := targetOf(address)
	if !ok {
		target, ok = targetOf("mailto:" + address)
		ok = ok && strings.Contains(address, "@")
	}
	if !ok {
		return i + 1
	}
	return f.add(linkPlace{from: i, to: i + size + 2, link: target})
}

// bare takes an address with its scheme, whose colon is at i.
func (f *linkFinder) bare(i int) (next int) {
	from := i - len(schemeBefore(f.source[:i]))
	end := i + addressSize(f.source[i:min(len(f.source), i+maxHref)])
	target, ok := targetOf(f.source[from:end])
	if from == i || !ok {
		return i + 1
	}
	return f.add(linkPlace{from: from, to: end, link: target})
}

func (f *linkFinder) add(p linkPlace) (next int) {
	if f.hosts[p.link.host] {
		f.found = append(f.found, p)
	}
	return p.to
}

// targetOf reads an address of the web or of mail.
func targetOf(address string) (l link, ok bool) {
	scheme, _, _ := strings.Cut(address, ":")
	switch strings.ToLower(scheme) {
	case "http", "https":
		return linkOf(address)
	case "mailto":
		return link{}, true
	}
	return link{}, false
}

// inlineTarget reads the (target) or (target "title") at a place; to is its end. There is
// none if target is empty.
func inlineTarget(source string, at int) (target string, to int) {
	if at >= len(source) || source[at] != '(' {
		return "", 0
	}
	from := at + 1
	for from < len(source) && strings.IndexByte(" \t\n", source[from]) >= 0 {
		from++
	}
	end := from + targetSize(source[from:min(len(source), from+maxHref)])
	size := strings.IndexByte(source[end:min(len(source), end+maxLinkText)], ')')
	if size < 0 {
		return "", 0
	}
	return strings.Trim(source[from:end], "<>"), end + size + 1
}

// targetSize is the length of what stands before a blank, or before a bracket
// that closes more than was opened.
func targetSize(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\n':
			return i
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return i
			}
		}
	}
	return len(s)
}

// schemeBefore is the http or https that ends a text as a word of its own.
func schemeBefore(text string) string {
	for _, scheme := range []string{"https", "http"} {
		word := text[max(0, len(text)-len(scheme)):]
		before, _ := utf8.DecodeLastRuneInString(text[:len(text)-len(word)])
		if strings.EqualFold(word, scheme) && !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			return word
		}
	}
	return ""
}

// addressSize is how much of a text belongs to the address that it begins in: up
// to a blank, a quote mark or a bracket that the address did not open, without the
// punctuation of the sentence around it.
func addressSize(text string) int {
	if !strings.HasPrefix(text, "://") {
		return 0
	}
	round, square := 0, 0
	end := strings.IndexFunc(text, func(r rune) bool {
		switch r {
		case '(':
			round++
		case ')':
			round--
		case '[':
			square++
		case ']':
			square--
		}
		return round < 0 || square < 0 || unicode.IsSpace(r) || strings.ContainsRune("<>\"`\\„“”«»‹›「」『』", r)
	})
	if end < 0 {
		end = len(text)
	}
	return len(strings.TrimRight(text[:end], "?!.,:;*_~'([…。、，！？’‘"))
}
