package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"
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

// restTime is how long nobody may have asked for anything before memory is
// given back.
const restTime = 2 * time.Second

// giveBack returns to the system what a busy time has left behind, once for
// each quiet time, until ctx is cancelled.
func (t *traffic) giveBack(ctx context.Context) error {
	tick := time.NewTicker(restTime)
	defer tick.Stop()
	before, given := int64(0), int64(-1) // requests: at the tick before, when memory was last given back
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		taken := t.taken.Load()
		if taken == before && taken != given {
			debug.FreeOSMemory()
			given = taken
		}
		before = taken
	}
}
