package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
)

// What is forwarded has the headers of a call of the sender's, and an answer
// counts as it does there: a redirect is not followed.
func TestListenForwardsAsTheSenderDoes(t *testing.T) {
	var paths []string
	var header http.Header
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths, header = append(paths, r.URL.Path), r.Header
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer program.Close()
	var out bytes.Buffer
	f := forwarder{
		env: &env{ctx: t.Context(), out: &out}, url: program.URL + "/hook",
		key: bytes.Repeat([]byte{7}, 36), client: forwardClient(),
	}
	ev := comment.Event{ID: "01a", Type: comment.CommentApproved, Body: []byte(`{"type":"comment.approved"}`)}
	if err := f.forward(ev); err != nil {
		t.Fatal(err)
	}
	if len(paths) != 1 || paths[0] != "/hook" {
		t.Errorf("called %q; want /hook alone", paths)
	}
	if !strings.Contains(out.String(), "302 Found") {
		t.Errorf("told %q, not of the redirect", out.String())
	}
	for name, want := range map[string]string{
		"user-agent": "Afterword/" + version, "content-type": "application/json", "webhook-id": "01a",
		"x-afterword-event": comment.CommentApproved, "x-afterword-attempt": "1",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
