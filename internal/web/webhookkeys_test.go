package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/webhook"
)

// A receiver verifies with the published key what an endpoint gets that asked for
// signatures by the key pair, and only then.
func TestThePublishedKeyVerifies(t *testing.T) {
	t.Parallel()
	h, r := open(t, running), receive(t)
	admin := h.staff("grace", comment.Admin, "daily")
	e := h.endpoint(admin, r.URL+"/hook")
	at := hooks + "/" + e.ID
	keys := into[struct {
		Keys []webhook.PublicKey `json:"keys"`
	}](h.get("/.well-known/afterword-webhooks.json?site=daily").want(200)).Keys
	if len(keys) != 1 || !keys[0].Current {
		t.Fatalf("keys %v", keys)
	}
	for i, want := range []struct{ change, asymmetric string }{{`{"asymmetric":true}`, "true"}, {`{}`, "true"}, {`{"asymmetric":false}`, "false"}} {
		if got := h.patch(at, want.change, as(admin)).want(200); !strings.Contains(string(got.body), `"asymmetric":`+want.asymmetric) {
			t.Errorf("%s: %s", want.change, got.body)
		}
		h.post(at+"/test", nil, as(admin)).want(202)
		h.eventually("the ping has come", func() bool { return len(r.all()) == i+1 })
		g := r.all()[i]
		if err := webhook.Verify(keys[0].Text, g.header, g.body, time.Now()); (err == nil) != (want.asymmetric == "true") {
			t.Errorf("%s: %v", want.change, err)
		}
	}
	h.get("/.well-known/afterword-webhooks.json?site=nowhere").refused(404, "not_found")
	h.get("/.well-known/afterword-webhooks.json").refused(404, "not_found")
}
