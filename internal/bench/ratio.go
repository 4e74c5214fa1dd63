package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Tolerance is the part of an accepted ratio that may be missing.
const Tolerance = 0.2

// attempts is how often what seems lost is measured again before it counts: a
// busy machine can spoil a run, but it cannot make one better than it is.
const attempts = 3

// Ratios are ratios to the floor, by the line's id.
type Ratios map[string]float64

// Ratios gives the ratio of every line that has one, for accepting it: the
// middle of the rounds' or that of the fastest rounds, whichever is less.
func (r *Report) Ratios() Ratios {
	all := Ratios{}
	for _, l := range r.Lines {
		if l.Best > 0 {
			all[l.ID] = min(l.Ratio, l.Best)
		}
	}
	return all
}

// Write writes the ratios as those that are accepted from now on.
func (r Ratios) Write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// ReadRatios reads what Write wrote.
func ReadRatios(file string) (r Ratios, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// Guard measures and compares with the accepted ratios. What counts is the
// middle of the rounds' ratios or that of the fastest rounds, whichever is more;
// what has lost more than the tolerance is measured again, and is an error if it
// stays lost.
func Guard(ctx context.Context, s Settings, accepted Ratios) error {
	seen, best := map[string]versus{}, Ratios{}
	var lost []string
	for range attempts {
		report, err := Run(ctx, s)
		if err != nil {
			return err
		}
		var again []string
		for _, l := range report.Lines {
			v := seen[l.ID]
			v.fastest, v.floorFastest = max(v.fastest, l.versus.fastest), max(v.floorFastest, l.versus.floorFastest)
			if seen[l.ID] = v; l.Best > 0 {
				best[l.ID] = max(best[l.ID], l.Ratio, v.best())
			}
			if best[l.ID] < (1-Tolerance)*accepted[l.ID] {
				again = append(again, l.scenario)
			}
		}
		if lost = accepted.lost(best); len(lost) == 0 {
			return nil
		}
		s.Say("· once more, for what seems lost: " + strings.Join(lost, ", "))
		if s.Only = slices.Compact(again); len(again) == 0 { // an accepted line is not measured any more
			break
		}
	}
	return fmt.Errorf("more than a fifth of an accepted ratio is lost: %s", strings.Join(lost, "; "))
}

func (r Ratios) lost(best Ratios) (lost []string) {
	for _, id := range slices.Sorted(maps.Keys(r)) {
		if best[id] < (1-Tolerance)*r[id] {
			lost = append(lost, fmt.Sprintf("%s: %.3g, accepted %.3g", id, best[id], r[id]))
		}
	}
	return lost
}
