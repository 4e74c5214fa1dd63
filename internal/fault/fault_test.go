package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestOfFindsAFaultUnderWrapping(t *testing.T) {
	want := Input("text", "blank", "Write something.")
	got := Of(fmt.Errorf("submit: %w", want))
	if got != want {
		t.Fatalf("Of = %v, want the very fault", got)
	}
}

func TestOfHidesForeignErrors(t *testing.T) {
	got := Of(errors.New("table comments has no column named secret"))
	if got.Kind != Internal || got.Code != "internal" {
		t.Fatalf("kind %v code %q", got.Kind, got.Code)
	}
	if got.Detail == "" || errors.Unwrap(got) == nil {
		t.Fatal("an internal fault needs a public sentence and keeps its cause")
	}
}

func TestIs(t *testing.T) {
	err := fmt.Errorf("x: %w", New(Conflict, "page_closed", "closed"))
	if !Is(err, "page_closed") || Is(err, "conflict") || Is(errors.New("page_closed"), "page_closed") {
		t.Fatal("Is must compare codes of faults only")
	}
}
