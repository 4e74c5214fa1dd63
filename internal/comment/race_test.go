//go:build race

package comment_test

// racing: the race detector is on, which makes everything slower by far.
const racing = true
