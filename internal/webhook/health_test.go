package webhook

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

func TestHealthOf(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC)
	ended := func(state comment.DeliveryState, ago time.Duration, ms int64) comment.Delivery {
		return comment.Delivery{State: state, CreatedAt: now.Add(-ago), LastAt: now.Add(-ago), LastClass: "x", LastMillis: ms}
	}
	var newest []comment.Delivery
	newest = append(newest, comment.Delivery{State: comment.DeliveryOwed, CreatedAt: now}) // not tried yet
	for i := range 20 {
		newest = append(newest, ended(comment.DeliveryDelivered, time.Minute, int64(100-5*i)))
	}
	newest = append(newest,
		ended(comment.DeliveryOwed, 31*time.Minute, 7),
		ended(comment.DeliveryFailed, 23*time.Hour, 9),
		ended(comment.DeliveryCancelled, 23*time.Hour, 9000),
		ended(comment.DeliveryDelivered, 48*time.Hour, 500),
	)
	h := healthOf(newest, now)
	want := Health{Since: now.Add(-48 * time.Hour), Delivered: 21, Failed: 1, Retrying: 1, Times: Latency{23, 50, 100}}
	for i := range 24 {
		want.Hours = append(want.Hours, Hour{At: time.Date(2026, 3, 1, 11+i, 0, 0, 0, time.UTC)})
	}
	want.Hours[23].Delivered, want.Hours[23].Times = 20, Latency{20, 50, 95}
	want.Hours[22].Failed, want.Hours[22].Times = 1, Latency{1, 7, 7}
	want.Hours[0].Failed, want.Hours[0].Times = 1, Latency{1, 9, 9}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	if none := healthOf(nil, now); !none.Since.IsZero() || none.Times.Calls != 0 || len(none.Hours) != 24 {
		t.Errorf("%+v", none)
	}
}

// A gate and a pause move the next call; the oldest that is owed stays what it is.
func TestHealthOfWhatIsOwed(t *testing.T) {
	h := newHouse(t)
	e, _ := h.add("http://127.0.0.1:9/")
	ctx := context.Background()
	health := func() Health {
		t.Helper()
		out, err := h.hooks.Health(ctx, site, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := health(); !out.Next.IsZero() || !out.Oldest.IsZero() || out.Owed != 0 {
		t.Errorf("%+v", out)
	}
	first, err := h.hooks.Test(ctx, site, e.ID, admin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.hooks.Test(ctx, site, e.ID, admin); err != nil {
		t.Fatal(err)
	}
	made := first.CreatedAt.Truncate(time.Microsecond)
	if out := health(); !out.Next.Equal(made) || !out.Oldest.Equal(made) || out.Owed != 2 || out.Retrying != 0 {
		t.Errorf("%+v, made %s", out, made)
	}
	gate := made.Add(time.Hour)
	h.write(func(tx comment.Tx) error { e := h.endpointIn(tx, e.ID); e.GateUntil = gate; return tx.PutEndpoint(e) })
	if out := health(); !out.Next.Equal(gate) || !out.Oldest.Equal(made) {
		t.Errorf("%+v, gate %s", out, gate)
	}
	if _, err := h.hooks.Change(ctx, site, e.ID, Change{Status: comment.EndpointPaused}, admin); err != nil {
		t.Fatal(err)
	}
	if out := health(); !out.Next.IsZero() || !out.Oldest.Equal(made) || out.Owed != 2 {
		t.Errorf("%+v", out)
	}
	if _, err := h.hooks.Health(ctx, site, comment.NewID()); !fault.Is(err, "not_found") {
		t.Errorf("health of no endpoint: %v", err)
	}
}

func (h *house) endpointIn(tx comment.Tx, id string) comment.Endpoint {
	h.t.Helper()
	e, err := tx.Endpoint(site, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

func TestCheckIsThatOfTheGuard(t *testing.T) {
	h := newHouse(t)
	for url, code := range map[string]string{
		"https://WWW.Example.org/a": "", "http://127.0.0.1:9/": "", "http://10.0.0.1/": "not_https", "https://a:b@example.org/": "userinfo",
	} {
		stored, err := h.hooks.Check(t.Context(), site, url)
		want, wantErr := h.hooks.Guard.CheckURL(t.Context(), url)
		if stored != want || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() || (err == nil) != (code == "") {
			t.Errorf("%s: %q %v, want %q %v", url, stored, err, want, wantErr)
		}
	}
	if _, err := h.hooks.Check(t.Context(), "nowhere", "https://www.example.org/"); !fault.Is(err, "not_found") {
		t.Errorf("a site that does not exist: %v", err)
	}
}
