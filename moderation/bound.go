package moderation

import "math"

// confidence is that of every bound on a share: the true share is below it in
// one case of twenty at most.
const confidence = 0.95

// AtLeast is the one-sided Clopper–Pearson bound: what a share of k among n
// seen, such as the precision of a rule, is at least in truth. It is 0 where
// nothing was seen.
func AtLeast(k, n int) float64 {
	if k <= 0 || n <= 0 || k > n {
		return 0
	}
	low, high := 0.0, float64(k)/float64(n)
	for range 50 { // halving: the tail grows with p
		p := (low + high) / 2
		if tail(k, n, p) < 1-confidence {
			low = p
		} else {
			high = p
		}
	}
	return low
}

// tail is the chance of k or more among n, each with chance p.
func tail(k, n int, p float64) (sum float64) {
	all, _ := math.Lgamma(float64(n) + 1)
	for i := k; i <= n; i++ {
		in, _ := math.Lgamma(float64(i) + 1)
		out, _ := math.Lgamma(float64(n-i) + 1)
		sum += math.Exp(all - in - out + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}
