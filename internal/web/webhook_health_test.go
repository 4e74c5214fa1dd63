package web_test

import (
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
)

func TestEndpointHealth(t *testing.T) {
	t.Parallel()
	h, r := open(t, running, with("undo_window", "0s")), receive(t)
	admin := h.staff("grace", comment.Admin, "daily")
	e := h.endpoint(admin, r.URL)
	type health struct {
		Since     *string
		Delivered int
		Owed      int
		P95       *int64  `json:"p95_ms"`
		Next      *string `json:"next_attempt_at"`
		Hours     []struct{ Delivered, Failed int }
	}
	at := hooks + "/" + e.ID + "/health"
	if got := into[health](h.get(at, as(admin)).want(200)); got.Since != nil || got.P95 != nil || got.Next != nil || len(got.Hours) != 24 {
		t.Errorf("%+v", got)
	}
	h.post(hooks+"/"+e.ID+"/test", nil, as(admin)).want(202)
	h.post(hooks+"/"+e.ID+"/test", nil, as(admin)).want(202)
	var got health
	h.eventually("both are counted", func() bool {
		got = into[health](h.get(at, as(admin)).want(200))
		return got.Delivered == 2
	})
	sum := 0
	for _, hour := range got.Hours {
		sum += hour.Delivered
	}
	if got.Since == nil || got.P95 == nil || got.Owed != 0 || sum != 2 {
		t.Errorf("%+v", got)
	}
	h.get(hooks+"/"+comment.NewID()+"/health", as(admin)).refused(404, "not_found")
}

// TestCheckAddress: it says what adding the endpoint would say, calls nobody,
// and an account cannot go through a network with it.
func TestCheckAddress(t *testing.T) {
	t.Parallel()
	h, r := open(t), receive(t)
	admin, other := h.staff("grace", comment.Admin, "daily"), h.staff("alan", comment.Admin, "daily")
	check := func(token, url string) reply {
		return h.post(hooks+"/check", map[string]any{"url": url}, as(token))
	}
	if got := into[struct {
		OK  bool
		URL string
	}](check(admin, "https://Receiver.Example/hook").want(200)); !got.OK || got.URL != "https://receiver.example/hook" {
		t.Errorf("%+v", got)
	}
	check(admin, r.URL).want(200)
	if n := len(r.all()); n != 0 {
		t.Errorf("the receiver was called %d times", n)
	}
	for _, url := range []string{"http://10.0.0.1/", "https://169.254.169.254/", "https://a:b@receiver.example/", "nonsense"} {
		got, added := check(admin, url).refused(422, "invalid"), h.post(hooks, map[string]any{"url": url}, as(admin)).refused(422, "invalid")
		if got.field("url") == "" || got.field("url") != added.field("url") {
			t.Errorf("%s: %s, but added: %s", url, got.body, added.body)
		}
	}
	limited := false
	for range 40 {
		limited = limited || check(admin, "https://receiver.example/").status == 429
	}
	if !limited {
		t.Error("40 looks at once are not limited")
	}
	check(other, "https://receiver.example/").want(200)
}
