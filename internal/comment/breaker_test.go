package comment

import (
	"testing"
	"time"
)

func TestTheBreakerClosesAfterFiveFailuresAndDoubles(t *testing.T) {
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	b := Breaker{First: 30 * time.Second, Longest: 15 * time.Minute}
	e := Endpoint{CallsMost: CallsMost}
	now := start
	fail := func() { e.Failed(Attempt{At: now, Millis: 2000}, b); now = now.Add(2 * time.Second) }
	for range breakerFailures - 1 {
		fail()
	}
	if !e.GateUntil.IsZero() || e.CallsMost != CallsMost {
		t.Fatalf("after four failures: gate %v, %d calls", e.GateUntil, e.CallsMost)
	}
	for i, want := range []time.Duration{30, 60, 120, 240, 480, 900, 900, 900} {
		fail()
		if got := e.GateUntil.Sub(now); got != want*time.Second || e.Trips != i+1 || e.CallsMost != 1 {
			t.Fatalf("trip %d: closed for %v, want %ds; %d trips, %d calls", i+1, got, want, e.Trips, e.CallsMost)
		}
		gate := e.GateUntil
		for range 7 { // calls that were under way when the gate closed
			e.Failed(Attempt{At: now.Add(-time.Second), Millis: 5000}, b)
		}
		if e.GateUntil != gate || e.Trips != i+1 {
			t.Fatalf("calls under way moved the gate to %v", e.GateUntil)
		}
		now = gate
	}
}

func TestHostIsWhatTheURLNames(t *testing.T) {
	for url, want := range map[string]string{
		"https://a.example/x": "a.example", "https://a.example:8443/x?y": "a.example:8443", "https://[2001:db8::1]/": "[2001:db8::1]",
	} {
		if got := (Endpoint{URL: url}).Host(); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}
