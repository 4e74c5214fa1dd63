package webhook

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheDefaultScheduleIsTheSpecifications(t *testing.T) {
	s := DefaultSchedule()
	var total time.Duration
	for _, delay := range s {
		total += delay
	}
	if len(s)+1 != 10 || total != 75*time.Hour+35*time.Minute+5*time.Second {
		t.Errorf("%d attempts in %s, want 10 in 75h35m5s", len(s)+1, total)
	}
}

func TestNextSpreadsEachDelayByAFifth(t *testing.T) {
	s := DefaultSchedule()
	for n := 1; n <= len(s); n++ {
		delay := s[n-1]
		var least, most time.Duration = math.MaxInt64, 0
		for range 2000 {
			got, ok := s.Next(n)
			if !ok {
				t.Fatalf("Next(%d) says the schedule is used up", n)
			}
			least, most = min(least, got), max(most, got)
		}
		if low, high := delay*8/10, delay*12/10; least < low || most > high {
			t.Errorf("attempt %d: %s to %s, beyond %s to %s", n, least, most, low, high)
		}
		if low, high := delay*82/100, delay*118/100; least > low || most < high {
			t.Errorf("attempt %d: %s to %s do not spread over %s to %s", n, least, most, low, high)
		}
	}
}

func TestNextEndsWithTheSchedule(t *testing.T) {
	for n, want := range map[int]bool{-1: false, 0: false, 1: true, 2: true, 3: false, 100: false} {
		if _, ok := (Schedule{1, 2}).Next(n); ok != want {
			t.Errorf("Next(%d) of two delays: %v, want %v", n, ok, want)
		}
	}
	if _, ok := (Schedule)(nil).Next(1); ok {
		t.Error("an empty schedule has a retry")
	}
}

func TestElapsedIsTheLeastTimeOfTheAttempts(t *testing.T) {
	s := Schedule{10 * time.Second, 20 * time.Second}
	for n, want := range map[int]time.Duration{0: 0, 1: 0, 2: 8 * time.Second, 3: 24 * time.Second, 9: 24 * time.Second} {
		if got := s.elapsed(n); got != want {
			t.Errorf("elapsed(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestParseSchedule(t *testing.T) {
	tests := []struct {
		text string
		want Schedule // nil = refused
	}{
		{"", DefaultSchedule()},
		{"  ", DefaultSchedule()},
		{"100ms,200ms", Schedule{100 * time.Millisecond, 200 * time.Millisecond}},
		{" 5s , 2h ", Schedule{5 * time.Second, 2 * time.Hour}},
		{"0s", Schedule{0}},
		{"5", nil}, {"5s,", nil}, {",", nil}, {"-1s", nil}, {"1000h", nil}, {"soon", nil}, {"1s;2s", nil},
		{strings.Repeat("1s,", 100) + "1s", nil},
	}
	for _, tt := range tests {
		got, err := ParseSchedule(tt.text)
		if (err == nil) != (tt.want != nil) {
			t.Errorf("ParseSchedule(%q): error %v", tt.text, err)
		}
		if diff := cmp.Diff(tt.want, got); err == nil && diff != "" {
			t.Errorf("ParseSchedule(%q): %s", tt.text, diff)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	tests := []struct {
		header string
		want   time.Duration
	}{
		{"", 0}, {"0", 0}, {"120", 2 * time.Minute}, {" 7 ", 7 * time.Second},
		{"86400", 24 * time.Hour}, {"86401", 24 * time.Hour}, {"99999999999999999999999", 24 * time.Hour}, {"4294967296", 24 * time.Hour},
		{"-5", 0}, {"1e9", 0}, {"1.5", 0}, {"soon", 0}, {"+5", 0}, {"0x10", 0}, {"5 seconds", 0}, {"\x00", 0},
		{date(time.Minute), time.Minute}, {date(48 * time.Hour), 24 * time.Hour}, {date(-time.Hour), 0}, {date(0), 0},
		{now.Add(90 * time.Second).Format(time.RFC850), 90 * time.Second}, {now.Add(90 * time.Second).Format(time.ANSIC), 90 * time.Second},
		{"Fri, 31 Dec 9999 23:59:59 GMT", 24 * time.Hour}, {"2026-03-01T13:00:00Z", 0},
	}
	for _, tt := range tests {
		if got := RetryAfter(tt.header, now); got != tt.want {
			t.Errorf("RetryAfter(%q) = %s, want %s", tt.header, got, tt.want)
		}
	}
}

func FuzzRetryAfterStaysInItsBounds(f *testing.F) {
	f.Add("120")
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT")
	now := time.Unix(1700000000, 0)
	f.Fuzz(func(t *testing.T, header string) {
		if got := RetryAfter(header, now); got < 0 || got > 24*time.Hour {
			t.Errorf("RetryAfter(%q) = %s", header, got)
		}
	})
}

func TestTwoDeliveriesThatFailTogetherAreNotRetriedTogether(t *testing.T) {
	var waits []time.Duration
	for range 100 {
		wait, _ := DefaultSchedule().Next(3)
		waits = append(waits, wait)
	}
	slices.Sort(waits)
	if n := len(slices.Compact(waits)); n < 95 {
		t.Errorf("100 deliveries got %d different waits", n)
	}
}
