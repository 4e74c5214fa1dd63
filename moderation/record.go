package moderation

import (
	"math"
	"time"
)

// HalfLife is the time in which a decision comes to weigh half as much in a Record.
const HalfLife = 90 * 24 * time.Hour

// Record counts what people have decided about one author's comments, or one
// reader's reports. A decision of age t counts 2^(-t/HalfLife): so good = Σ
// 2^(-age/HalfLife) over what was found good, and bad likewise. What automation
// has decided is in neither, so that it cannot feed itself.
type Record struct {
	Good, Bad float64   // as of At, never negative
	At        time.Time // zero = nothing was ever counted
}

// On is the record as it stands at an instant. Before its own it is as it is, so
// a clock that goes backwards makes nobody better or worse.
func (r Record) On(at time.Time) Record {
	if r.At.IsZero() || !at.After(r.At) {
		return r
	}
	f := decay(at.Sub(r.At))
	return Record{r.Good * f, r.Bad * f, at}
}

func decay(age time.Duration) float64 { return math.Exp2(-float64(age) / float64(HalfLife)) }

// Count adds a decision that was made at an instant, or takes it back when by is
// -1: then exactly that goes which is left of it by now.
func (r Record) Count(good bool, by float64, decided time.Time) Record {
	r = r.On(decided)
	if r.At.IsZero() {
		r.At = decided
	}
	if r.At.After(decided) {
		by *= decay(r.At.Sub(decided))
	}
	if good {
		r.Good = math.Max(0, r.Good+by)
	} else {
		r.Bad = math.Max(0, r.Bad+by)
	}
	return r
}

// Share is the mean of the Beta posterior over a uniform prior, (good + 1) /
// (good + bad + 2): 0.5 for somebody of whom nothing is known.
func (r Record) Share() float64 { return (r.Good + 1) / (r.Good + r.Bad + 2) }

// AtLeast is what the share is with about 95 % confidence: the posterior's mean
// less 1.645 of its standard deviations, sqrt(mean (1 - mean) / (good + bad + 3)),
// and not less than 0.
func (r Record) AtLeast() float64 {
	mean := r.Share()
	return math.Max(0, mean-1.645*math.Sqrt(mean*(1-mean)/(r.Good+r.Bad+3)))
}
