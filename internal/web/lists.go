package web

import (
	"cmp"
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
	v, err := values(c)
	if err != nil {
		return err
	}
	limit, err := limitOf(v)
	if err != nil {
		return err
	}
	after, err := s.cursors().Read(v.Get("cursor"), l.name, l.of)
	if err != nil {
		return err
	}
	page, next := l.page(after, limit)
	views := make([]V, len(page))
	for i, one := range page {
		views[i] = l.show(one)
	}
	return send(c, fiber.StatusOK, map[string]any{l.name: views, "next_cursor": comment.OptionalText(s.cursors().Write(next, l.name, l.of))})
}

func (l shortList[T, V]) page(after *comment.Place, limit int) (page []T, next *comment.Place) {
	page = slices.SortedFunc(slices.Values(l.all), func(a, b T) int { return cmp.Compare(l.key(a), l.key(b)) })
	if after != nil {
		page = slices.DeleteFunc(page, func(one T) bool { return l.key(one) <= after.ID })
	}
	if len(page) > limit {
		page = page[:limit]
		next = &comment.Place{ID: l.key(page[limit-1])}
	}
	return page, next
}
