package web_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

// TestShortListsAreReadInPages: every list of the administration, in pages of
// any size, is the whole list; its cursor is good for no other.
func TestShortListsAreReadInPages(t *testing.T) {
	t.Parallel()
	h := open(t)
	owner := h.staff("alan", comment.Owner, "")
	h.site("weekly", nil)
	for i := range 29 {
		h.site(fmt.Sprint("site-", i), nil)
		h.staff(fmt.Sprint("colleague", i), comment.Viewer, "daily")
		text := strings.Repeat(string(rune('𝔞'+i%26)), 90) + fmt.Sprint(i)
		h.post(daily+"/words", map[string]string{"list": []string{"banned", "suspect", "allowed"}[i%3], "text": text}, as(owner)).want(201)
		if i < 10 {
			h.endpoint(owner, fmt.Sprintf("http://127.0.0.1:%d/", 9000+i))
		}
	}
	lists := map[string]struct {
		path string
		n    int
		name string // of what tells the entries apart
	}{
		"sites": {"/api/v1/sites", 31, "key"}, "users": {"/api/v1/users", 30, "email"},
		"words": {daily + "/words", 29, "id"}, "endpoints": {daily + "/webhooks", 10, "id"},
	}
	for name, list := range lists {
		read := func(limit int) (keys []string) {
			cursor := ""
			for range 40 {
				query := url.Values{"cursor": {cursor}}
				if limit > 0 {
					query.Set("limit", fmt.Sprint(limit))
				}
				page := into[map[string]any](h.get(list.path+"?"+query.Encode(), as(owner)).want(200))
				entries := page[name].([]any)
				if most := map[bool]int{true: limit, false: 25}[limit > 0]; len(entries) > most {
					t.Errorf("%s: %d entries on a page, want at most %d", name, len(entries), most)
				}
				for _, e := range entries {
					keys = append(keys, e.(map[string]any)[list.name].(string))
				}
				var more bool
				if cursor, more = page["next_cursor"].(string); !more {
					return keys
				}
			}
			t.Fatalf("%s has no end", name)
			return nil
		}
		whole := read(100)
		if len(whole) != list.n || len(slices.Compact(slices.Sorted(slices.Values(whole)))) != list.n {
			t.Errorf("%s: %d entries, want %d", name, len(whole), list.n)
		}
		for _, limit := range []int{0, 1, 7} {
			if diff := cmp.Diff(whole, read(limit)); diff != "" {
				t.Errorf("%s in pages of %d: %s", name, limit, diff)
			}
		}
		h.get(list.path+"?limit=0", as(owner)).refused(400, "invalid_parameter")
		h.get(list.path+"?cursor=x", as(owner)).refused(400, "invalid_cursor")
	}
	next := into[struct {
		NextCursor string `json:"next_cursor"`
	}](h.get("/api/v1/users?limit=1", as(owner)).want(200)).NextCursor
	h.get("/api/v1/sites?cursor="+next, as(owner)).refused(400, "invalid_cursor")
	h.get("/api/v1/sites/weekly/words?cursor="+next, as(owner)).refused(400, "invalid_cursor")
}
