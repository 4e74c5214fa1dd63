package webhook

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Health is made of so many deliveries at most, the newest, and of so many
// hours.
const (
	healthDeliveries = 500
	healthHours      = 24
)

// Health is how an endpoint has been doing, by its newest deliveries.
type Health struct {
	Since     time.Time // when the oldest of these deliveries was made; zero = there is none
	Delivered int
	Failed    int       // given up
	Retrying  int       // still owed, though the last call failed
	Owed      int       // in all, not only of these; see comment.Endpoint.Owed
	Times     Latency   // of the last call of each
	Next      time.Time // when it may be called next; zero = nothing is owed, or it is not called
	Oldest    time.Time // when the oldest delivery that it is owed was made; zero = none
	Hours     []Hour    // the last 24 that have begun, oldest first
}

// Hour is what became of those of the deliveries whose last call was in one hour.
type Hour struct {
	At        time.Time
	Delivered int
	Failed    int // given up or to be tried again
	Times     Latency
}

// Latency is how long calls took, in milliseconds; Calls 0 = there was none, and
// the others mean nothing.
type Latency struct {
	Calls    int
	P50, P95 int64
}

// Health looks at an endpoint's newest 500 deliveries.
func (h *Hooks) Health(ctx context.Context, site, id string) (out Health, err error) {
	err = h.Store.View(ctx, func(r comment.Reader) error {
		e, err := r.Endpoint(site, id)
		if err != nil {
			return err
		}
		newest, err := r.Deliveries(comment.DeliveryQuery{Site: site, Endpoint: id, Limit: healthDeliveries})
		if err != nil {
			return err
		}
		out = healthOf(newest, h.Now())
		out.Owed = e.Owed
		if out.Next, out.Oldest, err = r.OwedTimes(site, id); err != nil {
			return err
		}
		if e.Status != comment.EndpointActive {
			out.Next = time.Time{}
		} else if !out.Next.IsZero() && e.GateUntil.After(out.Next) {
			out.Next = e.GateUntil
		}
		return nil
	})
	return out, err
}

// Check says whether an address could be an endpoint's, and how it would be
// stored. It calls nobody.
func (h *Hooks) Check(ctx context.Context, site, url string) (string, error) {
	err := h.Store.View(ctx, func(r comment.Reader) error { _, err := r.Site(site); return err })
	if err != nil {
		return "", err
	}
	return h.Guard.CheckURL(ctx, url)
}

// healthOf sums up deliveries that come newest first.
func healthOf(newest []comment.Delivery, now time.Time) (out Health) {
	first := now.UTC().Truncate(time.Hour).Add(-(healthHours - 1) * time.Hour)
	took, ofHour := []int64{}, make([][]int64, healthHours)
	for i := range healthHours {
		out.Hours = append(out.Hours, Hour{At: first.Add(time.Duration(i) * time.Hour)})
	}
	for _, d := range newest {
		out.Since = d.CreatedAt
		if d.LastClass == "" || d.State == comment.DeliveryCancelled {
			continue
		}
		out.count(d)
		took = append(took, d.LastMillis)
		if i := int(d.LastAt.Sub(first) / time.Hour); !d.LastAt.Before(first) && i < healthHours {
			out.Hours[i].count(d)
			ofHour[i] = append(ofHour[i], d.LastMillis)
		}
	}
	out.Times = latencyOf(took)
	for i := range out.Hours {
		out.Hours[i].Times = latencyOf(ofHour[i])
	}
	return out
}

func (h *Health) count(d comment.Delivery) {
	switch d.State {
	case comment.DeliveryDelivered:
		h.Delivered++
	case comment.DeliveryFailed:
		h.Failed++
	case comment.DeliveryOwed:
		h.Retrying++
	}
}

func (h *Hour) count(d comment.Delivery) {
	if d.State == comment.DeliveryDelivered {
		h.Delivered++
	} else {
		h.Failed++
	}
}

func latencyOf(took []int64) Latency {
	slices.SortFunc(took, cmp.Compare[int64])
	if len(took) == 0 {
		return Latency{}
	}
	rank := func(percent int) int64 { return took[(len(took)*percent+99)/100-1] }
	return Latency{Calls: len(took), P50: rank(50), P95: rank(95)}
}
