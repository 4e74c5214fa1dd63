package comment

import "time"

// breakerFailures is the number of failures in a row after which an endpoint is
// left alone for a while.
const breakerFailures = 5

// Breaker is for how long: at first, and at most. The time doubles with each
// failed probe, which is one delivery that is due when the time is over.
type Breaker struct {
	First, Longest time.Duration
}

// pause is the time after so many earlier ones in a row.
func (b Breaker) pause(trips int) time.Duration {
	pause := b.First
	for ; trips > 0 && pause < b.Longest; trips-- {
		pause *= 2
	}
	return min(pause, b.Longest)
}

// Failed notes a failed attempt. The gate is closed by one that began when it was
// open: the others were under way, and say nothing new. After it there is one
// call at a time, and with each success one more.
func (e *Endpoint) Failed(a Attempt, b Breaker) {
	e.Failures++
	if e.Failures < breakerFailures || e.GateUntil.After(a.At) {
		return
	}
	e.GateUntil = a.At.Add(time.Duration(a.Millis)*time.Millisecond + b.pause(e.Trips))
	e.Trips, e.CallsMost = e.Trips+1, 1
}
