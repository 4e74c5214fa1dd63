package moderation

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// maxFindings bounds the evidence of one step and the spans of one evidence:
// a trace is stored with every comment, so no text may make it grow at will.
const maxFindings = 64

// CodeCheckFailed marks evidence by the pipeline itself: a check panicked. The
// comment is held, because its text may have been made to cause just that.
const CodeCheckFailed = "check_failed"

// Pipeline runs checks in order. It is safe for use by many goroutines at once
// when its checks are; the built-in ones are.
type Pipeline struct {
	// Now measures how long each step took. Set it before the first use;
	// without it every step took 0.
	Now func() time.Time

	checks []Check
}

// New returns a pipeline of the built-in checks followed by the extra ones.
func New(extra ...Check) *Pipeline {
	builtin := []Check{
		formCheck{}, lengthCheck{}, wordsCheck{}, linksCheck{},
		copiesCheck{}, authorCheck{}, peopleCheck{}, blocksCheck{}, pageCheck{}, modeCheck{},
	}
	return &Pipeline{checks: append(builtin, extra...)}
}

// Examine runs every check, whatever the others found and even when ctx has
// ended, and returns one step for each. A check that fails or panics leaves a
// step with an error. The subject's rules are asked last: they may be about what
// the checks have found.
func (p *Pipeline) Examine(ctx context.Context, s *Subject) Trace {
	trace := make(Trace, 0, len(s.Outside)+len(p.checks))
	length := utf8.RuneCountInString(s.Text)
	for _, step := range s.Outside {
		tidy(&step, length)
		trace = append(trace, step)
	}
	for _, check := range p.checks {
		began := p.now()
		step := examine(ctx, check, s)
		step.Took = p.now().Sub(began)
		tidy(&step, length)
		trace = append(trace, step)
	}
	began := p.now()
	if step, ok := s.Rules.step(s, trace, p.Now); ok {
		step.Took = p.now().Sub(began)
		tidy(&step, length)
		trace = append(trace, step)
	}
	return trace
}

func (p *Pipeline) now() time.Time {
	if p.Now == nil {
		return time.Time{}
	}
	return p.Now()
}

// examine runs one check and survives it. Name and Version are foreign code
// too, so they are called under the same guard.
func examine(ctx context.Context, check Check, s *Subject) (step Step) {
	defer func() {
		if v := recover(); v != nil {
			step.Err = fmt.Sprintf("the check panicked: %.200v", v)
			step.Evidence = []Evidence{{
				Code: CodeCheckFailed, Hint: HintHold,
				Sentence: "A check broke down on this comment, so a person should look at it.",
			}}
		}
	}()
	step.Check, step.Version = check.Name(), check.Version()
	evidence, err := check.Examine(ctx, s)
	step.Evidence = evidence
	if err != nil {
		step.Err = err.Error()
	}
	return step
}

// Later gives the trace with a step that was made after it, such as an answer
// that took its time; text is the Subject.Text that it is about. The steps that
// are there do not change.
func (t Trace) Later(step Step, at time.Time, text string) Trace {
	tidy(&step, utf8.RuneCountInString(text))
	step.At = at
	return append(slices.Clone(t), step)
}

// tidy makes a step fit to be stored: names filled in, hints known, spans
// inside the text, nothing endless. The strongest evidence comes first, so that
// no flood of small findings can push it over the limit.
func tidy(step *Step, length int) {
	found := make([]Evidence, 0, len(step.Evidence))
	for _, e := range step.Evidence {
		e.Check, e.Version = step.Check, step.Version
		switch {
		case e.Hint == "":
			e.Hint = HintNone
		case e.Hint.strength() < 0:
			step.Err = fmt.Sprintf("the check gave the unknown hint %.40q, read as %q", e.Hint, HintHold)
			e.Hint = HintHold
		}
		e.Spans = spansWithin(e.Spans, length)
		found = append(found, e)
	}
	slices.SortStableFunc(found, strongerFirst)
	step.Evidence = found[:min(len(found), maxFindings)]
}

// spansWithin copies the spans that lie inside a text of so many code points.
func spansWithin(spans []Span, length int) []Span {
	kept := make([]Span, 0, min(len(spans), maxFindings))
	for _, s := range spans {
		if s.Start >= 0 && s.Start < s.End && s.End <= length && len(kept) < maxFindings {
			kept = append(kept, s)
		}
	}
	return kept
}
