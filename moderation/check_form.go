package moderation

import (
	"context"
	"fmt"
	"time"
)

// Codes of the check "form".
const (
	CodeTrapFilled = "trap_filled" // spam: the hidden field has a value
	CodeFilledFast = "filled_fast" // hold: sent sooner than a person can type
)

// fastest is the shortest time in which a person writes and sends a comment.
const fastest = 2 * time.Second

// formCheck tells people from scripts by how they use the form.
type formCheck struct{}

func (formCheck) Name() string { return "form" }
func (formCheck) Version() int { return 1 }

func (formCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	if !s.Form.Known {
		return nil, nil
	}
	var found []Evidence
	if s.Form.Trap != "" {
		found = append(found, Evidence{
			Code: CodeTrapFilled, Hint: HintSpam,
			Sentence: "A form field that people do not see was filled in.",
		})
	}
	// An edit may well be one quick correction.
	if filled := s.Form.Filled; s.Revision <= 1 && filled != 0 && filled < fastest {
		found = append(found, Evidence{
			Code: CodeFilledFast, Hint: HintHold,
			Sentence: fmt.Sprintf("Sent %.1f seconds after the author began to write.", filled.Seconds()),
		})
	}
	return found, nil
}
