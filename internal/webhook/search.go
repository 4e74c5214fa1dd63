package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// searchMost is the number of deliveries that one page of a search for a type
// looks through.
const searchMost = 1000

// Wanted says which deliveries of an endpoint are asked for, newest first.
type Wanted struct {
	comment.DeliveryQuery
	Type  string    // "" = all
	Since time.Time // made then or later; zero = since ever
	Until time.Time // made before; zero = until now
}

// Search lists deliveries. next is where to go on, "" at the end; what asks
// for a type looks through a bounded number at a time, so it may come back with
// few, or none, and a next.
func (h *Hooks) Search(ctx context.Context, w Wanted) (found []comment.Delivery, next string, err error) {
	ask := w.DeliveryQuery
	ask.Limit++
	if w.Type != "" {
		ask.Limit = searchMost
	}
	if first := firstID(w.Until); !w.Until.IsZero() && (ask.Before == "" || first < ask.Before) {
		ask.Before = first
	}
	var looked []comment.Delivery
	err = h.Store.View(ctx, func(r comment.Reader) error {
		if _, err := r.Endpoint(w.Site, w.Endpoint); err != nil {
			return err
		}
		looked, err = r.Deliveries(ask)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	found, next = w.among(looked)
	if len(looked) == ask.Limit && next == "" && !w.tooOld(looked[len(looked)-1]) {
		next = looked[len(looked)-1].ID
	}
	return found, next, nil
}

func (w Wanted) tooOld(d comment.Delivery) bool { return d.CreatedAt.Before(w.Since) }

// among picks what is wanted; next is there if there is more of it.
func (w Wanted) among(looked []comment.Delivery) (found []comment.Delivery, next string) {
	for i, d := range looked {
		switch {
		case w.tooOld(d):
			return found, ""
		case w.Type != "" && d.Type != w.Type:
		case len(found) == w.Limit:
			return found, looked[i-1].ID
		default:
			found = append(found, d)
		}
	}
	return found, ""
}

// firstID is what comes before all ids that were made at an instant or later:
// the ids of deliveries begin with the milliseconds of their making.
func firstID(at time.Time) string {
	ms := fmt.Sprintf("%012x", max(0, at.UnixMilli())&(1<<48-1))
	return ms[:8] + "-" + ms[8:] + "-"
}
