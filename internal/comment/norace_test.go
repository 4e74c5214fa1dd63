//go:build !race

package comment_test

const racing = false
