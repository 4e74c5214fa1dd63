package webhook

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Schedule is the delays before the retries: Schedule[0] after the first
// failed attempt, Schedule[1] after the second… The first attempt is at once,
// so a delivery has one attempt more than the schedule has delays.
type Schedule []time.Duration

// DefaultSchedule is the one that Standard Webhooks proposes: ten attempts in
// about three days.
func DefaultSchedule() Schedule {
	return Schedule{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour,
		5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

const (
	longestDelay  = 7 * 24 * time.Hour
	mostRetries   = 100
	retryAfterMax = 24 * time.Hour
	jitter        = 0.2
)

// ParseSchedule reads AFTERWORD_WEBHOOK_SCHEDULE: the delay before each retry,
// with commas between, such as "5s,5m,30m,2h". The first attempt, which is at
// once, is not in the list. Empty means DefaultSchedule.
func ParseSchedule(text string) (Schedule, error) {
	if strings.TrimSpace(text) == "" {
		return DefaultSchedule(), nil
	}
	parts := strings.Split(text, ",")
	if len(parts) > mostRetries {
		return nil, fmt.Errorf("the webhook schedule has %d delays; at most %d make sense", len(parts), mostRetries)
	}
	schedule := make(Schedule, len(parts))
	for i, part := range parts {
		delay, err := time.ParseDuration(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("the webhook schedule has %q, which is not a time such as 100ms, 5s or 2h", strings.TrimSpace(part))
		}
		if delay < 0 || delay > longestDelay {
			return nil, fmt.Errorf("the webhook schedule has %s; a delay is from 0 to %s", delay, longestDelay)
		}
		schedule[i] = delay
	}
	return schedule, nil
}

// Next is the wait after the n-th failed attempt, n from 1, give or take 20 %
// so that receivers that failed together are not called together. It reports
// false when the schedule is used up.
func (s Schedule) Next(n int) (time.Duration, bool) {
	if n < 1 || n > len(s) {
		return 0, false
	}
	spread := 1 - jitter + 2*jitter*rand.Float64()
	return time.Duration(float64(s[n-1]) * spread), true
}

// Breaker is how long an endpoint that fails is left alone: 30 seconds, doubling
// to 15 minutes. A schedule of the operator's own scales both with its first
// delay, so that what is tested in milliseconds is not held up for minutes.
func (s Schedule) Breaker() comment.Breaker {
	if len(s) == 0 {
		return comment.Breaker{}
	}
	return comment.Breaker{First: 6 * s[0], Longest: 30 * 6 * s[0]}
}

// elapsed is the time that the first n attempts take at least.
func (s Schedule) elapsed(n int) time.Duration {
	var sum float64
	for _, delay := range s[:max(0, min(n-1, len(s)))] {
		sum += (1 - jitter) * float64(delay)
	}
	return time.Duration(sum)
}

// RetryAfter reads a Retry-After header, seconds or an HTTP date, as the wait
// from now: at most 24 hours, and 0 for what is absent, past or not understood.
func RetryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	seconds, err := strconv.ParseUint(header, 10, 32)
	if err == nil || errors.Is(err, strconv.ErrRange) { // out of range = a very long time
		return min(time.Duration(seconds)*time.Second, retryAfterMax)
	}
	at, err := http.ParseTime(header)
	if err != nil || !at.After(now) {
		return 0
	}
	return min(at.Sub(now), retryAfterMax)
}
