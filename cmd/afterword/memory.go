package main

import (
	"os"
	"runtime/debug"
)

// The live heap is small, so that Go's default would collect garbage all the
// time under load: letting the heap grow fivefold took a quarter off the work
// of a post (BenchmarkSubmit/64: 4.7 s of processor time for 8,000 posts, then
// 3.6 s). The limit (soft, of what Go itself holds) keeps that within bounds.
const (
	collectAt   = 400       // per cent of the live heap
	memoryLimit = 160 << 20 // bytes
)

// tuneMemory sets how garbage is collected, unless the operator has done so.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
