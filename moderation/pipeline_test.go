package moderation

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fake is a foreign check.
type fake struct {
	name    string
	examine func(s *Subject) ([]Evidence, error)
}

func (f fake) Name() string { return f.name }
func (f fake) Version() int { return 3 }
func (f fake) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	return f.examine(s)
}

func clean() *Subject {
	return &Subject{
		Site:   Site{Key: "daily", Mode: ModeFlagged, TrustedAfter: 2, MaxLength: 5000, MaxLinks: 2},
		Author: Author{ID: "a", Name: "Ada", Kind: "reader", Approved: 5},
		Text:   "A calm remark about the article.", Plain: "A calm remark about the article.",
		Revision: 1, Form: Form{Known: true, Filled: 20 * time.Second},
	}
}

func stepOf(t *testing.T, trace Trace, name string) Step {
	t.Helper()
	i := slices.IndexFunc(trace, func(s Step) bool { return s.Check == name })
	if i < 0 {
		t.Fatalf("no step %q in %v", name, trace)
	}
	return trace[i]
}

func TestEveryCheckRunsWhateverTheOthersDo(t *testing.T) {
	p := New(
		fake{"broken", func(*Subject) ([]Evidence, error) { panic("slipped") }},
		fake{"down", func(*Subject) ([]Evidence, error) {
			return []Evidence{{Code: "half", Hint: HintHold}}, errors.New("no answer")
		}},
		fake{"last", func(*Subject) ([]Evidence, error) { return []Evidence{{Code: "seen"}}, nil }},
	)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	trace := p.Examine(ctx, clean())

	var names []string
	for _, s := range trace {
		names = append(names, s.Check)
	}
	want := []string{"form", "length", "words", "links", "copies", "author", "people", "blocks", "page", "mode", "broken", "down", "last"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if s := stepOf(t, trace, "broken"); !strings.Contains(s.Err, "slipped") || s.Evidence[0].Hint != HintHold {
		t.Errorf("a panic left %+v", s)
	}
	if s := stepOf(t, trace, "down"); s.Err != "no answer" || len(s.Evidence) != 1 {
		t.Errorf("an error left %+v", s)
	}
	wantLast := []Evidence{{Check: "last", Code: "seen", Hint: HintNone, Spans: []Span{}, Version: 3}}
	if diff := cmp.Diff(wantLast, stepOf(t, trace, "last").Evidence); diff != "" {
		t.Error(diff)
	}
}

func TestStepsAreTidied(t *testing.T) {
	flood := make([]Evidence, 2*maxFindings)
	flood[len(flood)-1] = Evidence{Code: "strongest", Hint: HintReject}
	for i := range flood {
		flood[i].Spans = []Span{{0, 3}, {-1, 2}, {5, 5}, {4, 999}}
	}
	flood[0].Hint = "explode"
	trace := New(fake{"flood", func(*Subject) ([]Evidence, error) { return flood, nil }}).Examine(t.Context(), clean())
	s := stepOf(t, trace, "flood")
	if len(s.Evidence) != maxFindings || s.Evidence[0].Code != "strongest" {
		t.Errorf("%d kept, first %q", len(s.Evidence), s.Evidence[0].Code)
	}
	if s.Evidence[1].Hint != HintHold || !strings.Contains(s.Err, "explode") {
		t.Errorf("an unknown hint became %q, error %q", s.Evidence[1].Hint, s.Err)
	}
	if diff := cmp.Diff([]Span{{0, 3}}, s.Evidence[1].Spans); diff != "" {
		t.Error(diff)
	}
	if flood[0].Hint != "explode" {
		t.Error("the check's own slice was changed")
	}
}

func TestPipelineUsesItsClockOnly(t *testing.T) {
	p := New()
	if s := p.Examine(t.Context(), clean())[0]; s.Took != 0 {
		t.Errorf("without a clock: %v", s.Took)
	}
	now := time.Unix(0, 0)
	p.Now = func() time.Time { now = now.Add(time.Millisecond); return now }
	if s := p.Examine(t.Context(), clean())[0]; s.Took != time.Millisecond {
		t.Errorf("with a clock: %v", s.Took)
	}
}

func TestTraceJSON(t *testing.T) {
	trace := Trace{
		{Check: "a", Version: 2, Took: 1500 * time.Microsecond, Err: "late"},
		{Check: "b", Version: 1, Evidence: []Evidence{{
			Check: "b", Code: "c", Sentence: "S.", Hint: HintHold, Spans: []Span{{1, 2}}, Version: 1, Data: map[string]string{"k": "v"},
		}}},
	}
	got, err := json.Marshal(trace)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"check":"a","version":2,"took_us":1500,"error":"late","evidence":[]},` +
		`{"check":"b","version":1,"took_us":0,"evidence":[{"check":"b","code":"c","sentence":"S.","hint":"hold",` +
		`"spans":[{"start":1,"end":2}],"version":1,"data":{"k":"v"}}]}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	var back Trace
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	trace[0].Evidence = []Evidence{}
	if diff := cmp.Diff(trace, back); diff != "" {
		t.Error(diff)
	}
}

func TestReasonsStrongestFirst(t *testing.T) {
	e := func(code string, h Hint) Evidence { return Evidence{Code: code, Hint: h} }
	trace := Trace{
		{Evidence: []Evidence{e("n", HintNone), e("h1", HintHold)}},
		{Evidence: []Evidence{e("s", HintSpam), e("h2", HintHold), e("r", HintReject)}},
	}
	var got []string
	for _, e := range trace.Reasons() {
		got = append(got, e.Code)
	}
	if diff := cmp.Diff([]string{"r", "s", "h1", "h2"}, got); diff != "" {
		t.Error(diff)
	}
	if (Trace{}).Reasons() == nil {
		t.Error("no reasons must not be null in JSON")
	}
}
