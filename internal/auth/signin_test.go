package auth

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

func TestSignIn(t *testing.T) {
	o := openOffice(t)
	if cost := New(nil, o.Ring, nil).decoy.cost; cost != costToday() {
		t.Errorf("new hashes cost %v", cost)
	}
	in := o.signIn(" Olive@Example.ORG ", home)
	if in.Account.ID != o.owner.ID || in.ExpiresIn != 10*time.Minute || !in.RefreshUntil.Equal(o.now().Add(12*time.Hour)) {
		t.Errorf("signed in: %+v", in)
	}
	who, err := o.Identify(t.Context(), in.Access)
	o.must(err)
	want := Identity{Account: o.owner, SessionID: in.Session, ExpiresAt: o.now().Add(10 * time.Minute), Kind: comment.SessionDesk, ConfirmedAt: o.now()}
	if diff := cmp.Diff(want, who); diff != "" {
		t.Error(diff)
	}
}

func TestSignInTakesAnySpellingOfThePassword(t *testing.T) {
	o := openOffice(t)
	const umlauts = "Zoë's größter Käfer"
	o.change(o.owner.ID, Change{Password: ptr(norm.NFD.String(umlauts))})
	if _, err := o.SignIn(t.Context(), ownerEmail, umlauts, home); err != nil {
		t.Fatal(err)
	}
	_, err := o.SignIn(t.Context(), ownerEmail, strings.ToLower(umlauts), home)
	wants(t, err, "invalid_credentials")
}

func TestSignInTellsNobodyApart(t *testing.T) {
	o := openOffice(t)
	gone := o.add("gone@example.org", comment.Moderator, "daily")
	o.change(gone.ID, Change{Disabled: ptr(true)})
	var first *fault.Error
	for name, try := range map[string][2]string{
		"wrong password": {ownerEmail, wrong}, "no password": {ownerEmail, ""}, "huge password": {ownerEmail, strings.Repeat("x", 30000)},
		"unknown": {"nobody@example.org", password}, "no e-mail": {"", password}, "not an e-mail": {"' or 1=1 --", password},
		"disabled": {gone.Email, password}, "disabled and wrong": {gone.Email, wrong},
	} {
		_, err := o.SignIn(t.Context(), try[0], try[1], name) // an address of its own for each
		var got *fault.Error
		if !errors.As(err, &got) || got.Kind != fault.Unauthorized || got.Code != "invalid_credentials" {
			t.Fatalf("%s: %v", name, err)
		}
		if first == nil {
			first = got
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSignInStrengthensAnOldHash(t *testing.T) {
	o := openOffice(t)
	o.decoy = decoy(costToday())
	weak := newHash(cost{memory: 64, passes: 1, threads: 1}, password)
	old := o.stored(o.owner.ID)
	old.Password = weak.String()
	o.must(o.Store.Write(t.Context(), nil, func(tx comment.Tx) error { return tx.PutAccount(old) }))

	if _, err := o.SignIn(t.Context(), ownerEmail, wrong, home); !fault.Is(err, "invalid_credentials") {
		t.Fatal(err)
	}
	if got := o.stored(o.owner.ID).Password; got != weak.String() {
		t.Error("a wrong password changed the hash")
	}
	logged := len(o.events())
	o.signIn(ownerEmail, home)
	strong := o.stored(o.owner.ID)
	if h, ok := parseHash(strong.Password); !ok || h.cost != costToday() {
		t.Errorf("the hash is still %s", strong.Password)
	}
	if len(o.events()) != logged+1 {
		t.Error("the change is not in the log")
	}
	o.signIn(ownerEmail, home)
	if o.stored(o.owner.ID).Password != strong.Password || len(o.events()) != logged+1 {
		t.Error("a hash of today was made anew")
	}
}

// The password is checked before the transaction; what happens in between
// must count.
func TestSignInNoticesWhatHappensMeanwhile(t *testing.T) {
	for name, c := range map[string]Change{
		"disabled": {Disabled: ptr(true)}, "another password": {Password: ptr("a cup of cold coffee")},
	} {
		o := openOffice(t)
		o.add("second@example.org", comment.Owner, "")
		p, err := o.prove(t.Context(), ownerEmail, password, nil)
		o.must(err)
		o.change(o.owner.ID, c)
		_, err = o.begin(t.Context(), p, "pass")
		if !fault.Is(err, "invalid_credentials") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignInWaitsForAPlaceToHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New(brokenStore{errors.New("nobody may come this far")}, testRing(t, 1), nil)
		for range hashers {
			if err := a.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		_, err := a.SignIn(t.Context(), ownerEmail, password, home)
		if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter <= 0 || time.Since(start) != hashWait {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		left, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := a.SignIn(left, ownerEmail, password, home); fault.Of(err).Kind != fault.Unavailable {
			t.Error(err)
		}
		a.leave()
		if err := a.enter(t.Context()); err != nil {
			t.Errorf("a place that was given back is not free: %v", err)
		}
	})
}

// What is kept of attempts must not say where they came from or for whom.
func TestAttemptsLeaveNoTrace(t *testing.T) {
	o := openOffice(t)
	in := o.signIn(ownerEmail, home)
	o.SignIn(t.Context(), "stranger@example.net", wrong, "2001:db8:77:88::1")
	o.must(o.db.Close())
	for _, suffix := range []string{"", "-wal"} {
		file, err := os.ReadFile(o.path + suffix)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, trace := range []string{home, "203.0.113", "2001:db8:77:88", "stranger@example.net", password, wrong, in.Refresh, in.Access} {
			if bytes.Contains(file, []byte(trace)) {
				t.Errorf("the database%s holds %q", suffix, trace)
			}
		}
		if suffix == "" && !bytes.Contains(file, []byte(ownerEmail)) {
			t.Error("the control is not in the database")
		}
	}
	o.start()
}

func ptr[T any](v T) *T { return &v }
