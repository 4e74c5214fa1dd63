package moderation

import (
	"strings"
	"testing"
)

// TestLanes goes through the modes of a site with the whole pipeline.
func TestLanes(t *testing.T) {
	words, err := CompileWords([]Word{{ID: "1", List: ListBanned, Text: "vermin"}, {ID: "2", List: ListSuspect, Text: "nonsense"}})
	if err != nil {
		t.Fatal(err)
	}
	subjects := map[string]func(s *Subject){
		"calm":     func(*Subject) {},
		"newcomer": func(s *Subject) { s.Author.Approved = 1 },
		"newcomer with a link": func(s *Subject) {
			s.Author.Approved, s.Links = 0, []string{"https://example.com/"}
		},
		"new staff": func(s *Subject) { s.Author.Approved, s.Author.Kind = 0, KindStaff },
		"suspect":   func(s *Subject) { s.Text = "What non\u200bsense."; s.Plain = s.Text },
		"banned":    func(s *Subject) { s.Text = "Verm1n nonsense."; s.Plain = s.Text },
		"trap":      func(s *Subject) { s.Form.Trap = "http://x" },
		"trap and banned": func(s *Subject) {
			s.Form.Trap, s.Text, s.Plain = "x", "vermin", "vermin"
		},
		"edit": func(s *Subject) { s.Revision = 2; s.Form = Form{} },
	}
	for name, lanes := range map[string][5]Lane{ // all, new, flagged, off, a mode nobody knows
		"calm":                 {LaneQueue, LanePublish, LanePublish, LanePublish, LaneQueue},
		"newcomer":             {LaneQueue, LaneQueue, LanePublish, LanePublish, LaneQueue},
		"newcomer with a link": {LaneQueue, LaneQueue, LanePublish, LanePublish, LaneQueue},
		"new staff":            {LaneQueue, LanePublish, LanePublish, LanePublish, LaneQueue},
		"suspect":              {LaneQueue, LaneQueue, LaneQueue, LanePublish, LaneQueue},
		"banned":               {LaneRefuse, LaneRefuse, LaneRefuse, LaneRefuse, LaneRefuse},
		"trap":                 {LaneSpam, LaneSpam, LaneSpam, LaneSpam, LaneSpam},
		"trap and banned":      {LaneRefuse, LaneRefuse, LaneRefuse, LaneRefuse, LaneRefuse},
		"edit":                 {LaneQueue, LanePublish, LanePublish, LanePublish, LaneQueue},
	} {
		for i, mode := range []Mode{ModeAll, ModeNew, ModeFlagged, ModeOff, "of"} {
			s := clean()
			s.Words = words
			subjects[name](s)
			s.Site.Mode = mode
			v := Decide(s, New().Examine(t.Context(), s))
			if v.Lane != lanes[i] {
				t.Errorf("%s in mode %q: %s (%s), want %s", name, mode, v.Lane, v.Sentence, lanes[i])
			}
			if v.Sentence == "" {
				t.Errorf("%s in mode %q: no sentence", name, mode)
			}
		}
	}
}

func TestVerdictNamesContentBeforePolicy(t *testing.T) {
	s := clean()
	s.Site.Mode = ModeAll
	s.Words = compile(t, ListSuspect, "remark")
	v := Decide(s, New().Examine(t.Context(), s))
	if v.Lane != LaneQueue || !strings.Contains(v.Sentence, "remark") {
		t.Errorf("%+v", v)
	}
}

func TestRisk(t *testing.T) {
	hold := func(codes ...string) Trace {
		var step Step
		for _, c := range codes {
			step.Evidence = append(step.Evidence, Evidence{Code: c, Hint: HintHold})
		}
		return Trace{step}
	}
	for _, c := range []struct {
		trace Trace
		want  Risk
	}{
		{nil, RiskLow},
		{hold(CodeReviewsAll, CodeFirstComment, CodeNewcomerLink), RiskLow},
		{hold(CodeReviewsAll, CodeSuspectWord), RiskMedium},
		{hold(CodeShortener, CodeSuspectWord, CodeNearDuplicate), RiskHigh},
		{Trace{{Evidence: []Evidence{{Hint: HintSpam}}}}, RiskHigh},
	} {
		if got := Decide(clean(), c.trace).Risk; got != c.want {
			t.Errorf("%v: %s, want %s", c.trace, got, c.want)
		}
	}
}

func TestAnEmptyTraceDoesNotPublishWhereEverythingIsReviewed(t *testing.T) {
	s := clean()
	s.Site.Mode = ModeAll
	if v := Decide(s, nil); v.Lane != LaneQueue {
		t.Errorf("%+v", v)
	}
}

// TestHintsAgainstEachOther decides by pairs of hints, in each mode.
func TestHintsAgainstEachOther(t *testing.T) {
	for _, c := range []struct {
		hints []Hint
		all   Lane // in ModeAll
		off   Lane // in ModeOff
	}{
		{[]Hint{HintHold}, LaneQueue, LanePublish},
		{[]Hint{HintReview}, LaneQueue, LaneQueue},
		{[]Hint{HintApprove}, LanePublish, LanePublish},
		{[]Hint{HintHold, HintApprove}, LanePublish, LanePublish},
		{[]Hint{HintApprove, HintReview}, LaneQueue, LaneQueue},
		{[]Hint{HintReview, HintSpam, HintApprove}, LaneSpam, LaneSpam},
		{[]Hint{HintSpam, HintReject}, LaneRefuse, LaneRefuse},
	} {
		var step Step
		for _, h := range c.hints {
			step.Evidence = append(step.Evidence, Evidence{Code: "c", Hint: h, Sentence: string(h)})
		}
		for mode, want := range map[Mode]Lane{ModeAll: c.all, ModeOff: c.off} {
			s := clean()
			s.Site.Mode = mode
			if v := Decide(s, Trace{step}); v.Lane != want || v.Sentence == "" {
				t.Errorf("%v in mode %s: %+v, want %s", c.hints, mode, v, want)
			}
		}
	}
}

func TestAnApprovalIsNoRisk(t *testing.T) {
	if v := Decide(clean(), Trace{{Evidence: []Evidence{{Hint: HintApprove}}}}); v.Risk != RiskLow {
		t.Errorf("%+v", v)
	}
}
