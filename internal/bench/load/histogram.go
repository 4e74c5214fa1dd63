package load

import (
	"math/bits"
	"time"
)

// Durations are counted in buckets whose width grows with the duration: 64 to
// each power of two, so a quantile is right to 1.6 percent at any scale.
const (
	subBits = 6
	subs    = 1 << subBits
)

// Histogram counts durations; the zero value is empty. It is not for several goroutines at once: each
// has one, and they are added up at the end.
type Histogram struct {
	counts []uint64
	total  uint64
	max    time.Duration
}

// Max is the longest duration, exactly.
func (h *Histogram) Max() time.Duration { return h.max }

// Count is how many durations were counted.
func (h *Histogram) Count() int { return int(h.total) }

func bucketOf(d time.Duration) int {
	n := uint64(max(d, 0))
	if n < subs {
		return int(n)
	}
	shift := bits.Len64(n) - subBits - 1
	return (shift+1)*subs + int(n>>shift) - subs
}

// highest is the longest duration of a bucket.
func highest(bucket int) time.Duration {
	if bucket < subs {
		return time.Duration(bucket)
	}
	shift := bucket/subs - 1
	return time.Duration((uint64(bucket%subs+subs)+1)<<shift - 1)
}

// Record counts one duration.
func (h *Histogram) Record(d time.Duration) {
	b := bucketOf(d)
	if b >= len(h.counts) {
		h.counts = append(h.counts, make([]uint64, b+1-len(h.counts))...)
	}
	h.counts[b]++
	h.total++
	h.max = max(h.max, d)
}

// Add counts what another has counted.
func (h *Histogram) Add(other *Histogram) {
	if len(other.counts) > len(h.counts) {
		h.counts = append(h.counts, make([]uint64, len(other.counts)-len(h.counts))...)
	}
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
	h.max = max(h.max, other.max)
}

// Quantile is the duration that the share q of all does not exceed; 0 where
// nothing was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	want := uint64(q*float64(h.total) + 0.5)
	var seen uint64
	for b, n := range h.counts {
		if seen += n; seen >= max(want, 1) {
			return min(highest(b), h.max)
		}
	}
	return h.max
}
