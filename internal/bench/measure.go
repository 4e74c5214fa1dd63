package bench

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/bench/load"
)

// Measure is what was seen of one thing: how many a second, and how long each
// took.
type Measure struct {
	Rate  float64 `json:"rate,omitempty"`   // a second
	P50MS float64 `json:"p50_ms,omitempty"` // of all rounds together
	P99MS float64 `json:"p99_ms,omitempty"`
	MaxMS float64 `json:"max_ms,omitempty"`
}

func measureOf(rates []float64, waits *load.Histogram) Measure {
	return Measure{Rate: round(median(rates)), P50MS: ms(waits.Quantile(0.5)), P99MS: ms(waits.Quantile(0.99)), MaxMS: ms(waits.Max())}
}

func ms(d time.Duration) float64 { return math.Round(float64(d.Microseconds())) / 1000 }

// round keeps three digits and whatever stands before the point.
func round(v float64) float64 {
	if v >= 100 {
		return math.Round(v)
	}
	return math.Round(v*1000) / 1000
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return (sorted[len(sorted)/2] + sorted[(len(sorted)-1)/2]) / 2
}

// side is one of two things that are compared.
type side func(ctx context.Context) (*load.Sample, error)

// versus is a comparison: the thing itself, its floor, and the ratio of the two.
type versus struct {
	it, floor Measure
	ratio     float64 // the middle of the rounds' ratios
	// The fastest round of each side is the one that others have disturbed least.
	fastest, floorFastest float64
}

// best is the ratio of the fastest rounds.
func (v versus) best() float64 { return round(v.fastest / v.floorFastest) }

// compare runs the two sides in turns. Machines get faster and slower by the
// minute; two neighbours in time share that, so the ratio is taken of each round.
func compare(ctx context.Context, rounds int, it, floor side) (v versus, err error) {
	var rates, floorRates, ratios []float64
	var waits, floorWaits load.Histogram
	for n := range rounds {
		order := []side{floor, it}
		if n%2 == 1 {
			order = []side{it, floor}
		}
		var seen [2]*load.Sample
		for i, run := range order {
			if seen[(i+n)%2], err = run(ctx); err != nil {
				return v, err
			}
		}
		under, own := seen[0], seen[1]
		rates, floorRates = append(rates, own.Rate()), append(floorRates, under.Rate())
		ratios = append(ratios, own.Rate()/under.Rate())
		waits.Add(&own.Waits)
		floorWaits.Add(&under.Waits)
	}
	v.it, v.floor = measureOf(rates, &waits), measureOf(floorRates, &floorWaits)
	v.ratio, v.fastest, v.floorFastest = round(median(ratios)), slices.Max(rates), slices.Max(floorRates)
	return v, nil
}
