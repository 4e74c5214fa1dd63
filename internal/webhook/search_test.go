package webhook

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// Whatever is asked for, going through the pages finds all of it once, newest
// first, and ends.
func TestSearch(t *testing.T) {
	h := newHouse(t)
	e, _ := h.add("http://127.0.0.1:9/")
	types := []string{comment.CommentApproved, comment.CommentCreated, comment.CommentDeleted}
	var all []comment.Delivery
	h.write(func(tx comment.Tx) error {
		all = nil
		for i := range searchMost + 200 {
			d := comment.Delivery{
				Site: site, ID: h.hooks.NewID(), EndpointID: e.ID, EventID: comment.NewID(), Type: types[min(i%50, 2)],
				State: comment.DeliveryDelivered, CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
			}
			if i%7 == 0 {
				d.State = comment.DeliveryFailed
			}
			if i == 600 { // so that an instant lies between two of them
				for last := all[0].CreatedAt; time.Now().UnixMilli() == last.UnixMilli(); {
				}
				d.ID, d.CreatedAt = comment.NewID(), time.Now().UTC().Truncate(time.Microsecond)
			}
			all = append([]comment.Delivery{d}, all...)
			if err := tx.InsertDelivery(d, nil); err != nil {
				return err
			}
		}
		return nil
	})
	middle := all[len(all)-601].CreatedAt.Truncate(time.Millisecond)
	for name, w := range map[string]Wanted{
		"all":            {},
		"a rare type":    {Type: comment.CommentApproved},
		"a common type":  {Type: comment.CommentDeleted},
		"an absent type": {Type: comment.PageClosed},
		"since":          {Since: middle},
		"until":          {Until: middle},
		"a state too":    {DeliveryQuery: comment.DeliveryQuery{State: comment.DeliveryFailed}, Type: comment.CommentDeleted, Until: middle},
		"nothing":        {Since: middle, Until: middle},
	} {
		t.Run(name, func(t *testing.T) {
			var want, got []string
			for _, d := range all {
				if (w.Type == "" || d.Type == w.Type) && (w.State == "" || d.State == w.State) && !d.CreatedAt.Before(w.Since) && (w.Until.IsZero() || d.CreatedAt.Before(w.Until)) {
					want = append(want, d.ID)
				}
			}
			w.Site, w.Endpoint, w.Limit = site, e.ID, 30
			pages := 0
			for {
				found, next, err := h.hooks.Search(t.Context(), w)
				if err != nil || len(found) > w.Limit {
					t.Fatalf("%d found, %v", len(found), err)
				}
				for _, d := range found {
					got = append(got, d.ID)
				}
				if pages++; next == "" {
					break
				}
				w.Before = next
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after %d pages: %s", pages, diff)
			}
			if most := len(want)/w.Limit + 3; pages > most {
				t.Errorf("%d pages for %d", pages, len(want))
			}
		})
	}
	if _, _, err := h.hooks.Search(t.Context(), Wanted{DeliveryQuery: comment.DeliveryQuery{Site: site, Endpoint: comment.NewID(), Limit: 1}}); !fault.Is(err, "not_found") {
		t.Errorf("of no endpoint: %v", err)
	}
}
