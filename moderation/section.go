package moderation

import (
	"net/url"
	"strings"
)

// SectionOf is the section of a page by its address: the first folder of the
// path, in lower case, as in https://example.org/sport/final. A page at the top
// level, or an address without a path, has none.
func SectionOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	first, rest, folder := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if !folder || rest == "" {
		return ""
	}
	return strings.ToLower(first)
}
