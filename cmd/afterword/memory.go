package main

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>

// C's allocator gives each thread an arena of its own, and what SQLite frees in
// one serves no other: after a while of posts and decisions 43 of 55 MiB were
// free. SQLite allocates under a lock of its own, so that nobody waits longer
// for the only one. A thread stays with its arena, so this runs before Go starts
// any; the operator can have it otherwise.
__attribute__((constructor)) static void one_arena(void) {
	if (getenv("MALLOC_ARENA_MAX") == NULL) mallopt(M_ARENA_MAX, 1);
}
#endif
*/
import "C"

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

// The live heap is small, so that Go's default would collect garbage all the
// time under load: letting the heap grow fivefold took a quarter off the work
// of a post (BenchmarkSubmit/64: 4.7 s of processor time for 8,000 posts, then
// 3.6 s). At rest that gains nothing, and garbage of 12 MiB would lie about. The
// limit (soft, of what Go itself holds) keeps it within bounds: the program, and
// SQLite's pages with their administration, take some 50 MiB more.
const (
	collectAt   = 400       // per cent of the live heap
	collectRest = 100       // at rest; Go's default
	memoryLimit = 160 << 20 // bytes
)

// tuneMemory sets how garbage is collected, unless the operator has done so.
func tuneMemory() {
	collect(collectAt)
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

func collect(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// A service is busy from busyLook requests between two looks on (health checks
// are fewer), and at rest when it has not been so for restLooks looks.
const (
	lookTime  = 100 * time.Millisecond
	busyLook  = 10
	restLooks = 20
)

// giveBack returns to the system what a busy time has left behind, and lets
// garbage lie while there is one, until ctx is cancelled.
func (t *traffic) giveBack(ctx context.Context) error {
	collect(collectRest)
	tick := time.NewTicker(lookTime)
	defer tick.Stop()
	before, calm := t.taken.Load(), 0 // calm: looks since the last busy one
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		taken := t.taken.Load()
		switch busy := taken-before >= busyLook; {
		case !busy:
			if calm++; calm == restLooks {
				collect(collectRest)
				debug.FreeOSMemory()
			}
		case calm > 0:
			calm = 0
			collect(collectAt)
		}
		before = taken
	}
}
