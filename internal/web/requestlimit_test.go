package web

import (
	"net/netip"
	"testing"
	"time"
)

func TestRequestLimitRefillsAndIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var l requestLimit[netip.Addr]
	a, b := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2")
	for i := range requestRate.burst {
		if wait := l.wait(a, requestRate, now); wait != 0 {
			t.Fatalf("request %d of the burst has to wait %v", i, wait)
		}
	}
	if wait := l.wait(a, requestRate, now); wait != requestRate.every {
		t.Fatalf("beyond the burst: wait %v, want %v", wait, requestRate.every)
	}
	if wait := l.wait(b, requestRate, now); wait != 0 {
		t.Fatalf("another network has to wait %v", wait)
	}
	if wait := l.wait(a, requestRate, now.Add(requestRate.every)); wait != 0 {
		t.Fatalf("after the wait: %v", wait)
	}
	for i := range 3 * bucketsMost {
		l.wait(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), requestRate, now)
	}
	if len(l.tat) > bucketsMost {
		t.Fatalf("%d buckets are kept, want at most %d", len(l.tat), bucketsMost)
	}
}
