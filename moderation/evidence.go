package moderation

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Hint is what a check would do if it were alone. Decide weighs the hints of
// all checks against each other.
type Hint string

// The hints, from the weakest to the strongest.
const (
	HintNone    Hint = "none"    // worth knowing, no reason to act
	HintHold    Hint = "hold"    // a person should look first, where the site's mode lets people look
	HintApprove Hint = "approve" // a person has said that such a comment need not wait
	HintReview  Hint = "review"  // a person has to look first, whatever the mode
	HintSpam    Hint = "spam"    // machine-made or bulk advertising
	HintReject  Hint = "reject"  // the site's own rules forbid it
)

// strength orders the hints; it is negative for a hint that does not exist.
func (h Hint) strength() int {
	return slices.Index([]Hint{HintNone, HintHold, HintApprove, HintReview, HintSpam, HintReject}, h)
}

// against reports whether the hint speaks against publishing.
func (h Hint) against() bool { return h.strength() > HintNone.strength() && h != HintApprove }

// Span marks a piece of Subject.Text, half-open, counted in code points so that
// every client language can cut it out in the same way.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Evidence is one thing that a check found. It is stored with the decision that
// it caused, so it must still make sense to a person years later.
type Evidence struct {
	Check    string            `json:"check"`          // name of the check; the pipeline fills it in
	Code     string            `json:"code"`           // stable word for scripts and filters
	Sentence string            `json:"sentence"`       // plain English for the moderator
	Hint     Hint              `json:"hint"`           // an empty hint counts as HintNone
	Spans    []Span            `json:"spans"`          // where in Subject.Text; empty when it is about no place
	Version  int               `json:"version"`        // version of the check; the pipeline fills it in
	Data     map[string]string `json:"data,omitempty"` // facts for machines, such as the id of a list entry
}

// Check is one step of the pipeline. Examine may be called by many goroutines
// at once. A returned error means "no opinion" and is shown to moderators in the
// trace; a check whose silence should hold the comment returns evidence with
// HintHold instead of, or together with, the error.
type Check interface {
	// Name is a short stable word, unique within a pipeline.
	Name() string
	// Version grows whenever the check may answer differently than before.
	Version() int
	// Examine returns what it found, nothing when all is well. It should
	// give up when ctx ends.
	Examine(ctx context.Context, s *Subject) ([]Evidence, error)
}

// Step records the run of one check.
type Step struct {
	Check    string
	Version  int
	Took     time.Duration // 0 when the pipeline has no clock
	Err      string        // why the check has no opinion, if it failed
	Evidence []Evidence
	At       time.Time // when it was added to the trace; zero = with the others
}

// stepJSON is the stored and published shape of a Step.
type stepJSON struct {
	Check    string     `json:"check"`
	Version  int        `json:"version"`
	TookUS   int64      `json:"took_us"`
	Err      string     `json:"error,omitempty"`
	Evidence []Evidence `json:"evidence"`
	At       string     `json:"at,omitempty"`
}

// MarshalJSON writes the duration as took_us, in whole microseconds.
func (s Step) MarshalJSON() ([]byte, error) { return json.Marshal(s.json()) }

func (s Step) json() stepJSON {
	evidence := s.Evidence
	if evidence == nil {
		evidence = []Evidence{}
	}
	at := ""
	if !s.At.IsZero() {
		at = s.At.UTC().Format(stepTime)
	}
	return stepJSON{s.Check, s.Version, s.Took.Microseconds(), s.Err, evidence, at}
}

// stepTime is RFC 3339 with microseconds, as the API writes instants.
const stepTime = "2006-01-02T15:04:05.000000Z07:00"

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Step) UnmarshalJSON(data []byte) error {
	var j stepJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*s = Step{Check: j.Check, Version: j.Version, Took: time.Duration(j.TookUS) * time.Microsecond, Err: j.Err, Evidence: j.Evidence}
	if j.At == "" {
		return nil
	}
	var err error
	s.At, err = time.Parse(stepTime, j.At)
	return err
}

// Trace is the run of a whole pipeline, one step for each check in order.
type Trace []Step

// MarshalJSON writes the steps in one go.
func (t Trace) MarshalJSON() ([]byte, error) {
	if t == nil {
		return []byte("null"), nil
	}
	steps := make([]stepJSON, len(t))
	for i, s := range t {
		steps[i] = s.json()
	}
	return json.Marshal(steps)
}

// Reasons returns the evidence that speaks for a lane, strongest first and
// otherwise in the order of the checks; never nil.
func (t Trace) Reasons() []Evidence {
	reasons := []Evidence{}
	for _, step := range t {
		for _, e := range step.Evidence {
			if e.Hint.strength() > HintNone.strength() {
				reasons = append(reasons, e)
			}
		}
	}
	slices.SortStableFunc(reasons, strongerFirst)
	return reasons
}

func strongerFirst(a, b Evidence) int { return b.Hint.strength() - a.Hint.strength() }
