package comment_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

// bodySchemas are those of the API's document, by type of event.
var bodySchemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	raw, err := os.ReadFile("../web/openapi.json")
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		return nil, err
	}
	schemas := map[string]*jsonschema.Schema{}
	for _, name := range comment.PublicTypes {
		if schemas[name], err = compiler.Compile("openapi.json#/webhooks/" + name + "/post/requestBody/content/application~1json/schema"); err != nil {
			return nil, err
		}
	}
	return schemas, nil
})

// wantValid holds every event for integrators in the logs of a house against
// its schema. Each house does it when its test ends.
func (h *house) wantValid() (checked int) {
	h.t.Helper()
	schemas, err := bodySchemas()
	h.must(err)
	for _, site := range []string{"daily", "weekly"} {
		events, err := h.store.EventsAfter(context.Background(), site, 0, 100000)
		h.must(err)
		for _, e := range events {
			if !e.Public() || strings.HasPrefix(e.Type, "comment.") && e.Sequence == 0 {
				continue // of the house
			}
			body, err := jsonschema.UnmarshalJSON(bytes.NewReader(e.Body))
			h.must(err)
			if err := schemas[e.Type].Validate(body); err != nil {
				h.t.Errorf("%s: %v\n%s", e.Type, err, e.Body)
			}
			checked++
		}
	}
	return checked
}

// A comment that nobody had to decide about is told of like any other, with what
// decided instead: the rules at birth, its author later.
func TestAutomaticDecisionsSayWhoDecided(t *testing.T) {
	h := newHouse(t, "moderation=off")
	s := h.say("Public at birth.")
	h.edit(s, "Public at birth, changed.")
	h.retract(s)
	type told struct {
		Type, Kind, Status, Previous string
		Revision                     int
	}
	var got []told
	for _, e := range h.events(s.Comment.ID) {
		var body struct {
			Data struct {
				Comment struct {
					Status, Text, HTML string
					Revision           int
				}
				PreviousStatus *string `json:"previous_status"`
				Actor          struct{ Kind string }
				Page           struct{ Key, URL, Title string }
				Reasons        *[]any
			}
		}
		h.must(json.Unmarshal(e.Body, &body))
		d := body.Data
		line := told{Type: e.Type, Kind: d.Actor.Kind, Status: d.Comment.Status, Revision: d.Comment.Revision}
		if d.PreviousStatus != nil {
			line.Previous = *d.PreviousStatus
		}
		got = append(got, line)
		if d.Page.Key == "" || d.Page.URL == "" || d.Reasons == nil || e.Type != comment.CommentDeleted && (d.Comment.Text == "" || d.Comment.HTML == "") {
			t.Errorf("%s is not complete: %s", e.Type, e.Body)
		}
	}
	want := []told{
		{"comment.created", "author", "pending", "", 1}, {"comment.approved", "rule", "approved", "pending", 1},
		{"comment.edited", "author", "pending", "approved", 2}, {"comment.approved", "rule", "approved", "approved", 2},
		{"comment.deleted", "author", "deleted", "approved", 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := h.wantValid(); n != len(want) {
		t.Errorf("%d events were held against their schemas", n)
	}
}

// A check of the site's own that says spam decides as a rule, with its reasons.
func TestASpamCheckSaysSo(t *testing.T) {
	h := newHouse(t, "moderation=flagged")
	h.open(spamCheck{})
	s := h.say("Buy this.")
	var types []string
	for _, e := range h.events(s.Comment.ID) {
		types = append(types, e.Type+" "+string(e.Actor.Kind))
		if !strings.Contains(string(e.Body), `"sentence":"It sells something."`) {
			t.Errorf("%s has no reasons: %s", e.Type, e.Body)
		}
	}
	if diff := cmp.Diff([]string{"comment.created author", "comment.marked_spam rule"}, types); diff != "" {
		t.Error(diff)
	}
}

type spamCheck struct{}

func (spamCheck) Name() string { return "sales" }

func (spamCheck) Version() int { return 1 }

func (spamCheck) Examine(context.Context, *moderation.Subject) ([]moderation.Evidence, error) {
	return []moderation.Evidence{{Code: "sells", Sentence: "It sells something.", Hint: moderation.HintSpam}}, nil
}
