package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

func (h *house) logged() []comment.Event {
	h.t.Helper()
	return view(h, func(r comment.Reader) ([]comment.Event, error) { return r.Events(site, 0, 1000) })
}

func TestAddMakesAnEndpointWithASealedSecret(t *testing.T) {
	h := newHouse(t)
	e, secret, err := h.hooks.Add(t.Context(), site, Change{URL: "https://EXAMPLE.org/hook"}, admin)
	if err != nil {
		t.Fatal(err)
	}
	stored := h.endpoint(e.ID)
	if stored.URL != "https://example.org/hook" || stored.Status != comment.EndpointActive || !slices.Equal(stored.Types, []string{comment.CommentApproved}) {
		t.Errorf("stored %+v", stored)
	}
	key, err := h.ring.Unseal(sealPurpose, stored.Secrets[0].ID, stored.Secrets[0].Sealed)
	if err != nil || FormatSecret(key) != secret || len(key) != 36 {
		t.Errorf("the stored secret does not open to the shown one: %v", err)
	}
	if _, err := h.ring.Unseal(sealPurpose, "another row", stored.Secrets[0].Sealed); err == nil {
		t.Error("the sealed secret opens in another row")
	}
	log := h.logged()
	if len(log) != 1 || log[0].Type != comment.EndpointAdded || log[0].Actor != admin {
		t.Fatalf("log %+v", log)
	}
	if strings.Contains(string(log[0].Body), secret[6:]) || strings.Contains(stored.Secrets[0].Sealed, secret[6:]) {
		t.Error("the secret stands in the open")
	}
}

func TestAddRefuses(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct {
		name, site, url string
		types           []string
		code, field     string
	}{
		{"an unknown type", site, "https://a.example/", []string{"comment.approved", "comment.exploded"}, "invalid", "types"},
		{"a type of the house", site, "https://a.example/", []string{comment.CommentVoted}, "invalid", "types"},
		{"plain http", site, "http://8.8.8.8/", nil, "invalid", "url"},
		{"the metadata service", site, "https://169.254.169.254/", nil, "invalid", "url"},
		{"no site", "nowhere", "https://a.example/", nil, "not_found", ""},
	} {
		_, _, err := h.hooks.Add(t.Context(), tt.site, Change{URL: tt.url, Types: tt.types}, admin)
		f := fault.Of(err)
		if err == nil || f.Code != tt.code || tt.field != "" && (len(f.Fields) != 1 || f.Fields[0].Name != tt.field) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if n := len(h.logged()); n != 0 {
		t.Errorf("%d lines in the log about what was refused", n)
	}
}

func TestASiteHasAtMostAHundredEndpoints(t *testing.T) {
	h := newHouse(t)
	for range endpointsMost {
		h.add("https://a.example/")
	}
	_, _, err := h.hooks.Add(t.Context(), site, Change{URL: "https://a.example/"}, admin)
	isFault(t, err, "too_many_endpoints")
}

func TestChange(t *testing.T) {
	h := newHouse(t)
	e, _ := h.add("https://a.example/")
	e.Failures, e.GateUntil, e.Status = 7, time.Now().Add(time.Hour), comment.EndpointDisabled
	h.write(func(tx comment.Tx) error { return tx.PutEndpoint(e) })
	got, err := h.hooks.Change(t.Context(), site, e.ID, Change{URL: "https://b.example/", Types: []string{comment.PageClosed, comment.CommentDeleted, comment.PageClosed}, Status: comment.EndpointActive}, admin)
	if err != nil {
		t.Fatal(err)
	}
	stored := h.endpoint(e.ID)
	if stored.URL != "https://b.example/" || !slices.Equal(stored.Types, []string{comment.CommentDeleted, comment.PageClosed}) || stored.Status != comment.EndpointActive || stored.Failures != 0 || !stored.GateUntil.IsZero() {
		t.Errorf("stored %+v", stored)
	}
	if diff := cmp.Diff(stored, got); diff != "" {
		t.Errorf("Change answers with something else than it stores: %s", diff)
	}
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{}, admin); err != nil || !cmp.Equal(stored, h.endpoint(e.ID)) {
		t.Errorf("an empty change changes something, or fails: %v", err)
	}
	for name, c := range map[string]Change{"status": {Status: comment.EndpointGone}, "types": {Types: []string{"x"}}, "url": {URL: "ftp://x/"}} {
		_, err := h.hooks.Change(t.Context(), site, e.ID, c, admin)
		if f := fault.Of(err); err == nil || len(f.Fields) != 1 || f.Fields[0].Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = h.hooks.Change(t.Context(), site, comment.NewID(), Change{}, admin)
	isFault(t, err, "not_found")
	_, err = h.hooks.Change(t.Context(), "weekly", e.ID, Change{}, admin)
	isFault(t, err, "not_found")
}

func TestRotateKeepsOldSecretsForTheOverlap(t *testing.T) {
	h := newHouse(t)
	now := time.Now()
	h.hooks.Now = func() time.Time { return now }
	e, first := h.add("https://a.example/")
	secrets := []string{first}
	s := &sending{Worker: h.worker()}
	inForce := func(at time.Time) (texts []string) {
		keys, err := s.keys(h.endpoint(e.ID), at)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			texts = append(texts, FormatSecret(k))
		}
		return texts
	}
	for range 5 {
		_, text, err := h.hooks.Rotate(t.Context(), site, e.ID, DefaultOverlap, admin)
		if err != nil {
			t.Fatal(err)
		}
		secrets = slices.Insert(secrets, 0, text)
	}
	if diff := cmp.Diff(secrets[:1+oldSecrets], inForce(now)); diff != "" {
		t.Errorf("in force after five rotations: %s", diff)
	}
	if diff := cmp.Diff(secrets[:1], inForce(now.Add(DefaultOverlap))); diff != "" {
		t.Errorf("in force after the overlap: %s", diff)
	}
	got, text, err := h.hooks.Rotate(t.Context(), site, e.ID, 0, admin)
	if err != nil || len(got.Secrets) != 1 {
		t.Fatalf("%d secrets after an emergency, %v", len(got.Secrets), err)
	}
	if diff := cmp.Diff([]string{text}, inForce(now)); diff != "" {
		t.Errorf("in force after an emergency: %s", diff)
	}
	for _, bad := range []time.Duration{-1, 8 * 24 * time.Hour} {
		if _, _, err := h.hooks.Rotate(t.Context(), site, e.ID, bad, admin); err == nil {
			t.Errorf("an overlap of %s was taken", bad)
		}
	}
}

func TestReceiversVerifyThroughoutARotation(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, old := h.add(s.URL)
	h.run()
	_, fresh, err := h.hooks.Rotate(t.Context(), site, e.ID, time.Hour, admin)
	if err != nil {
		t.Fatal(err)
	}
	h.happen("c1", comment.CommentApproved)
	until(t, "it arrived", func() bool { return s.count() == 1 })
	g := s.all()[0]
	for name, secret := range map[string]string{"old": old, "new": fresh} {
		if err := Verify(secret, g.header, g.body, time.Now()); err != nil {
			t.Errorf("a receiver with the %s secret: %v", name, err)
		}
	}
	if _, _, err := h.hooks.Rotate(t.Context(), site, e.ID, 0, admin); err != nil {
		t.Fatal(err)
	}
	h.happen("c2", comment.CommentApproved)
	until(t, "the next arrived", func() bool { return s.count() == 2 })
	if g := s.all()[1]; Verify(old, g.header, g.body, time.Now()) == nil || Verify(fresh, g.header, g.body, time.Now()) == nil {
		t.Error("a secret outlives its end")
	}
}

func TestThePingIsAnEventOfItsOwn(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, secret := h.add(s.URL, comment.CommentApproved)
	h.run()
	for range 2 {
		d, err := h.hooks.Test(t.Context(), site, e.ID, admin)
		if err != nil {
			t.Fatal(err)
		}
		until(t, "the ping arrived", func() bool { return h.delivery(d.ID).State == comment.DeliveryDelivered })
	}
	if s.count() != 2 {
		t.Fatalf("%d requests, want 2", s.count())
	}
	g := s.all()[0]
	if err := Verify(secret, g.header, g.body, time.Now()); err != nil {
		t.Error(err)
	}
	var data map[string]map[string]string
	if err := json.Unmarshal(g.envelope.Data, &data); err != nil {
		t.Fatal(err)
	}
	want := comment.Envelope{
		EnvelopeHead: comment.EnvelopeHead{ID: g.header.Get(HeaderID), Type: comment.EndpointPing, Timestamp: g.envelope.Timestamp, Site: site},
		Data:         g.envelope.Data,
	}
	if diff := cmp.Diff(want, g.envelope); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]map[string]string{"endpoint": {"id": e.ID, "url": e.URL}}, data); diff != "" {
		t.Error(diff)
	}
	_, err := h.hooks.Test(t.Context(), site, comment.NewID(), admin)
	isFault(t, err, "not_found")
}

func TestRedeliverSendsTheSameBytesOnceMoreEachTime(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, _ := h.add(s.URL)
	h.run()
	h.happen("c1", comment.CommentApproved)
	until(t, "it arrived", func() bool { return h.endpoint(e.ID).Owed == 0 && s.count() == 1 })
	ping, err := h.hooks.Test(t.Context(), site, e.ID, admin)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the ping arrived", func() bool { return s.count() == 2 })
	for _, id := range []string{h.deliveries(e.ID)[1].ID, ping.ID} {
		var replays []int
		for range 3 { // a second and third click are not swallowed
			d, err := h.hooks.Redeliver(t.Context(), site, id, admin)
			if err != nil {
				t.Fatal(err)
			}
			replays = append(replays, d.Replay)
			until(t, "the replay arrived", func() bool { return h.delivery(d.ID).State == comment.DeliveryDelivered })
		}
		if !slices.Equal(replays, []int{1, 2, 3}) {
			t.Errorf("replays %v", replays)
		}
	}
	seen := s.all()
	if len(seen) != 8 {
		t.Fatalf("%d requests, want 8", len(seen))
	}
	for i, original := range map[int]int{2: 0, 3: 0, 4: 0, 5: 1, 6: 1, 7: 1} {
		if !bytes.Equal(seen[i].body, seen[original].body) || seen[i].header.Get(HeaderID) != seen[original].header.Get(HeaderID) {
			t.Errorf("request %d is not request %d again", i, original)
		}
	}
	_, err = h.hooks.Redeliver(t.Context(), site, comment.NewID(), admin)
	isFault(t, err, "not_found")
	last := h.deliveries(e.ID)[0].ID
	if err := h.hooks.Remove(t.Context(), site, e.ID, admin); err != nil {
		t.Fatal(err)
	}
	_, err = h.hooks.Redeliver(t.Context(), site, last, admin)
	isFault(t, err, "not_found")
}

func TestEveryActIsInTheLog(t *testing.T) {
	h := newHouse(t)
	e, _ := h.add("https://a.example/")
	d, err := h.hooks.Test(t.Context(), site, e.ID, admin)
	_, _, err2 := h.hooks.Rotate(t.Context(), site, e.ID, time.Hour, admin)
	_, err3 := h.hooks.Change(t.Context(), site, e.ID, Change{Status: comment.EndpointPaused}, admin)
	_, err4 := h.hooks.Redeliver(t.Context(), site, d.ID, admin)
	if err := errors.Join(err, err2, err3, err4, h.hooks.Remove(t.Context(), site, e.ID, admin)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range h.logged() {
		var body struct {
			Data struct {
				Endpoint struct{ ID string }
				Act      string
			}
		}
		if err := json.Unmarshal(line.Body, &body); err != nil || body.Data.Endpoint.ID != e.ID || line.Actor != admin {
			t.Errorf("line %s by %v: %v", line.Body, line.Actor, err)
		}
		got = append(got, strings.TrimSpace(line.Type+" "+body.Data.Act))
	}
	want := []string{"endpoint.added", "endpoint.changed tested", "endpoint.changed rotated", "endpoint.changed changed", "endpoint.changed redelivered", "endpoint.removed"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	isFault(t, h.hooks.Remove(t.Context(), site, e.ID, admin), "not_found")
}

func TestRetireTouchesOnlyActiveEndpoints(t *testing.T) {
	h := newHouse(t)
	e, _ := h.add("https://a.example/")
	if _, err := h.hooks.Change(t.Context(), site, e.ID, Change{Status: comment.EndpointPaused}, admin); err != nil {
		t.Fatal(err)
	}
	before := len(h.logged())
	gone := comment.Endpoint{Site: site, ID: comment.NewID()}
	if err := errors.Join(h.hooks.Retire(t.Context(), e, comment.EndpointGone, "x"), h.hooks.Retire(t.Context(), gone, comment.EndpointGone, "x")); err != nil {
		t.Fatal(err)
	}
	if h.endpoint(e.ID).Status != comment.EndpointPaused || len(h.logged()) != before {
		t.Error("an endpoint that its owner had paused was retired")
	}
}
