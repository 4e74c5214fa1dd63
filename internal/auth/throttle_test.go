package auth

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// fail makes n failed attempts, each of which has to be answered as one.
func (o *office) fail(n int, email, ip string) {
	o.t.Helper()
	for i := range n {
		if _, err := o.SignIn(o.t.Context(), email, wrong, ip); !fault.Is(err, "invalid_credentials") {
			o.t.Fatalf("attempt %d for %s from %s: %v", i+1, email, ip, err)
		}
	}
}

// wantsWait checks that even the right password has to wait, and for how long.
func (o *office) wantsWait(email, ip string, most time.Duration) time.Duration {
	o.t.Helper()
	_, err := o.SignIn(o.t.Context(), email, password, ip)
	f := fault.Of(err)
	if f.Kind != fault.TooMany || f.RetryAfter <= 0 || f.RetryAfter > most {
		o.t.Fatalf("the answer is %v after %v, want TooMany", err, f.RetryAfter)
	}
	return f.RetryAfter
}

func TestFiveFailuresForAnAccountFromANetwork(t *testing.T) {
	o := openOffice(t)
	o.add("other@example.org", comment.Moderator, "daily")
	o.fail(5, ownerEmail, home)
	wait := o.wantsWait(ownerEmail, home, 3*time.Minute)
	o.signIn(ownerEmail, away)          // the account is not locked
	o.signIn("other@example.org", home) // nor is the network

	o.restart()
	o.wantsWait(ownerEmail, home, wait)
	o.pass(wait)
	o.signIn(ownerEmail, home)
	o.fail(1, ownerEmail, home)
	o.wantsWait(ownerEmail, home, 3*time.Minute)
	o.pass(15 * time.Minute)
	o.fail(5, ownerEmail, home)
}

func TestUnknownAccountsAreThrottledAlike(t *testing.T) {
	o := openOffice(t)
	o.fail(5, "nobody@example.org", home)
	o.wantsWait("Nobody@Example.org", home, 3*time.Minute)
}

// The right password of a disabled account counts as a failure, or the throttle
// would tell that it was right.
func TestDisabledAccountsAreThrottledAlike(t *testing.T) {
	o := openOffice(t)
	gone := o.add("gone@example.org", comment.Moderator, "daily")
	o.change(gone.ID, Change{Disabled: ptr(true)})
	for range 5 {
		_, err := o.SignIn(t.Context(), gone.Email, password, home)
		wants(t, err, "invalid_credentials")
	}
	o.wantsWait(gone.Email, home, 3*time.Minute)
}

func TestTwentyFailuresFromANetwork(t *testing.T) {
	o := openOffice(t)
	for i := range 20 { // the low half of an IPv6 address is the customer's own
		o.fail(1, fmt.Sprintf("guess%d@example.org", i), fmt.Sprintf("2001:db8:1:2::%x", i+1))
	}
	wait := o.wantsWait(ownerEmail, "2001:db8:1:2:ffff::1", 45*time.Second)
	o.signIn(ownerEmail, "2001:db8:1:3::1")
	o.pass(wait)
	o.signIn(ownerEmail, "2001:db8:1:2:ffff::1")
}

func TestFiftyFailuresForAnAccountFromEverywhere(t *testing.T) {
	o := openOffice(t)
	o.signIn(ownerEmail, home)
	for i := range 50 {
		o.fail(1, ownerEmail, fmt.Sprintf("192.0.2.%d", i))
	}
	o.wantsWait(ownerEmail, away, 72*time.Second)
	o.signIn(ownerEmail, home) // strangers cannot lock a familiar network out
	o.fail(5, ownerEmail, home)
	o.wantsWait(ownerEmail, home, 3*time.Minute) // which is held to its own limit
	o.pass(time.Hour)
	o.signIn(ownerEmail, away)
}

func TestAFamiliarNetworkIsForgottenInTime(t *testing.T) {
	o := openOffice(t)
	o.signIn(ownerEmail, home)
	o.pass(passLife + time.Second)
	for i := range 50 {
		o.fail(1, ownerEmail, fmt.Sprintf("192.0.2.%d", i))
	}
	o.wantsWait(ownerEmail, home, 72*time.Second)
}

func TestSuccessesCostNothing(t *testing.T) {
	o := openOffice(t)
	o.fail(4, ownerEmail, home)
	for range 8 {
		o.signIn(ownerEmail, home)
	}
	o.fail(1, ownerEmail, home)
	o.wantsWait(ownerEmail, home, 3*time.Minute)
}

func TestGuessesAtOnceAreCountedOneByOne(t *testing.T) {
	o := openOffice(t)
	answers := make(chan error, 24)
	var all sync.WaitGroup
	for range cap(answers) {
		all.Go(func() {
			_, err := o.SignIn(t.Context(), ownerEmail, wrong, home)
			answers <- err
		})
	}
	all.Wait()
	close(answers)
	tried := 0
	for err := range answers {
		switch {
		case fault.Is(err, "invalid_credentials"):
			tried++
		case !fault.Is(err, "rate_limited"):
			t.Error(err)
		}
	}
	if tried != 5 {
		t.Errorf("%d guesses were answered, want 5", tried)
	}
}

func TestNetworkOf(t *testing.T) {
	for ip, want := range map[string]string{
		"203.0.113.7":             "203.0.113.7/32",
		"::ffff:203.0.113.7":      "203.0.113.7/32",
		"2001:db8:1:2:3:4:5:6":    "2001:db8:1:2::/64",
		"2001:DB8:1:2::":          "2001:db8:1:2::/64",
		"fe80::1%eth0":            "fe80::/64",
		"":                        "unknown",
		"203.0.113.7:443":         "unknown",
		"<script>":                "unknown",
		"203.0.113.7, 10.0.0.1":   "unknown",
		"2001:db8:1:2:3:4:5:6:7:": "unknown",
	} {
		if got := networkOf(ip); got != want {
			t.Errorf("networkOf(%q) = %q, want %q", ip, got, want)
		}
	}
}
