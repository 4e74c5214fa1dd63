package storetest

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// What is owed to one endpoint has a next and an oldest; what is done, and what
// others are owed, does not count.
func testOwedTimes(h *house) {
	h.newSites("daily", "weekly")
	h.write(all(putEndpoint(newEndpoint("daily", "e1")), putEndpoint(newEndpoint("daily", "e2")), putEndpoint(newEndpoint("weekly", "e3"))))
	put := func(site, endpoint, id string, state comment.DeliveryState, made, next int) {
		d := newDelivery(site, endpoint, id)
		d.State, d.CreatedAt, d.NextAt = state, after(made), after(next)
		h.write(putDelivery(d, nil))
	}
	times := func() [2]time.Time {
		h.Helper()
		return get(h, func(r comment.Reader) (found [2]time.Time, err error) {
			found[0], found[1], err = r.OwedTimes("daily", "e1")
			return found, err
		})
	}
	put("daily", "e1", "d1", comment.DeliveryDelivered, 1, 1)
	put("daily", "e1", "d2", comment.DeliveryFailed, 2, 2)
	put("daily", "e2", "d3", comment.DeliveryOwed, 3, 3)
	put("weekly", "e3", "d4", comment.DeliveryOwed, 4, 4)
	same(h, "nothing is owed", times(), [2]time.Time{})
	put("daily", "e1", "d5", comment.DeliveryOwed, 5, 90)
	put("daily", "e1", "d6", comment.DeliveryOwed, 6, 60)
	same(h, "the next and the oldest", times(), [2]time.Time{after(60), after(5)})
}
