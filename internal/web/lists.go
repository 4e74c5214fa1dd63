package web

import (
	"cmp"
	"net/url"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
)

// shortList is a list that an installation keeps so short that it is read whole
// and shown in pages.
type shortList[T, V any] struct {
	name string // in the answer
	of   string // whose list it is; a cursor is good for that one only
	all  []T
	key  func(T) string // unique: the list is in its order
	show func(T) V
}

// send answers with the page that is asked for.
func (l shortList[T, V]) send(s *Server, c *fiber.Ctx) error {
	return longList[T, V]{name: l.name, of: []string{l.of}, read: l.page, show: l.show}.send(s, c)
}

func (l shortList[T, V]) page(after string, limit int) (page []T, last string, err error) {
	page = slices.SortedFunc(slices.Values(l.all), func(a, b T) int { return cmp.Compare(l.key(a), l.key(b)) })
	if after != "" {
		page = slices.DeleteFunc(page, func(one T) bool { return l.key(one) <= after })
	}
	if len(page) > limit {
		page = page[:limit]
		last = l.key(page[limit-1])
	}
	return page, last, nil
}

// longList is a list that is read page by page.
type longList[T, V any] struct {
	name string   // in the answer
	of   []string // whose list it is, and what is asked for; a cursor is good for that one only
	// read gives at most limit behind a key, "" = from the start, and the last key
	// that was looked at if there is more.
	read func(after string, limit int) (page []T, last string, err error)
	show func(T) V
}

// send answers with the page that is asked for.
func (l longList[T, V]) send(s *Server, c *fiber.Ctx) error {
	v, limit, err := paging(c)
	if err != nil {
		return err
	}
	list := append([]string{l.name}, l.of...)
	after, err := s.after(v, list)
	if err != nil {
		return err
	}
	page, last, err := l.read(after, limit)
	if err != nil {
		return err
	}
	views := make([]V, len(page))
	for i, one := range page {
		views[i] = l.show(one)
	}
	return send(c, fiber.StatusOK, map[string]any{l.name: views, "next_cursor": comment.OptionalText(s.next(last, list))})
}

// after is the key behind which the list goes on, "" = from the start.
func (s *Server) after(v url.Values, list []string) (string, error) {
	at, err := s.cursors().Read(v.Get("cursor"), list...)
	if at == nil {
		return "", err
	}
	return at.ID, err
}

// next is the cursor of what is behind a key, "" = nothing.
func (s *Server) next(last string, list []string) string {
	if last == "" {
		return ""
	}
	return s.cursors().Write(&comment.Place{ID: last}, list...)
}
