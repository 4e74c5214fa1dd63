package auth

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// wantsEnded checks that nothing of a session works any more.
func (o *office) wantsEnded(in ...SignedIn) {
	o.t.Helper()
	for _, in := range in {
		_, err := o.Refresh(o.t.Context(), in.Refresh)
		wantsNobody(o.t, err)
		_, err = o.Identify(o.t.Context(), in.Access)
		wantsNobody(o.t, err)
	}
}

// wantsAlive checks that a session's tokens work.
func (o *office) wantsAlive(in SignedIn) SignedIn {
	o.t.Helper()
	_, err := o.Identify(o.t.Context(), in.Access)
	o.must(err)
	return o.refresh(in.Refresh)
}

func TestRefreshRotates(t *testing.T) {
	o := openOffice(t)
	in := o.signIn(ownerEmail, home)
	seen := map[string]bool{in.Refresh: true}
	for range 5 {
		o.pass(9 * time.Minute)
		next := o.wantsAlive(in)
		if seen[next.Refresh] || next.Session != in.Session || next.Access == in.Access {
			t.Fatalf("after %+v came %+v", in, next)
		}
		if !next.RefreshUntil.Equal(o.now().Add(12*time.Hour)) || next.ExpiresIn != 10*time.Minute {
			t.Errorf("until %v, in %v", next.RefreshUntil, next.ExpiresIn)
		}
		seen[next.Refresh], in = true, next
	}
}

func TestTwoTabsGetTheSameSuccessor(t *testing.T) {
	o := openOffice(t)
	first := o.signIn(ownerEmail, home)
	o.pass(time.Minute)
	tabs := make([]SignedIn, 8)
	var all sync.WaitGroup
	for i := range tabs {
		all.Go(func() {
			in, err := o.Refresh(t.Context(), first.Refresh)
			if err != nil {
				t.Error(err)
			}
			tabs[i] = in
		})
	}
	all.Wait()
	o.pass(10 * time.Second)
	late := o.refresh(first.Refresh)
	for _, tab := range append(tabs, late) {
		if tab.Refresh != tabs[0].Refresh || tab.Refresh == first.Refresh {
			t.Fatal("two tabs have different tokens")
		}
	}
	o.wantsAlive(late)
}

func TestASpentTokenEndsTheSession(t *testing.T) {
	for name, steal := range map[string]func(o *office, first SignedIn) (victim SignedIn){
		"just replaced, after the grace": func(o *office, first SignedIn) SignedIn {
			next := o.refresh(first.Refresh)
			o.pass(10*time.Second + time.Microsecond)
			return next
		},
		"two refreshes ago": func(o *office, first SignedIn) SignedIn {
			return o.refresh(o.refresh(first.Refresh).Refresh)
		},
		"two hundred refreshes ago": func(o *office, first SignedIn) SignedIn {
			for range 200 {
				o.pass(time.Minute)
				first = o.refresh(first.Refresh)
			}
			return first
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := openOffice(t)
			other := o.signIn(ownerEmail, away)
			first := o.signIn(ownerEmail, home)
			victim := steal(o, first)
			logged := len(o.events())
			_, err := o.Refresh(t.Context(), first.Refresh)
			wantsNobody(t, err)
			o.wantsEnded(first, victim)

			events := o.events()
			if len(events) != logged+1 {
				t.Fatalf("%d events for one theft", len(events)-logged)
			}
			last := events[len(events)-1]
			if body := string(last.Body); last.Type != comment.AccountChanged || last.Actor.Kind != comment.ActorSystem ||
				!strings.Contains(body, "session_stolen") || !strings.Contains(body, first.Session) {
				t.Errorf("the event is %+v: %s", last, body)
			}
			o.refresh(other.Refresh)
		})
	}
}

func TestGuessedRefreshTokensChangeNothing(t *testing.T) {
	o := openOffice(t)
	in := o.signIn(ownerEmail, home)
	script, _, err := o.ScriptToken(t.Context(), ownerEmail, time.Hour, operator)
	o.must(err)
	scriptSession, err := o.Identify(t.Context(), script)
	o.must(err)
	_, secret, _ := strings.Cut(in.Refresh, ".")
	logged := o.events()
	for name, token := range map[string]string{
		"empty": "", "dot": ".", "session only": in.Session + ".", "secret only": secret, "no session": "." + secret,
		"guess": in.Session + "." + randomSecret(), "another session": comment.NewID() + "." + secret,
		"successor with a key of another": link{in.Session, secret}.next([]byte("another key")).String(),
		"script session":                  scriptSession.SessionID + "." + secret,
		"script session, no secret":       scriptSession.SessionID + ".",
		"trailing":                        in.Refresh + "x", "line break": in.Refresh + "\n", "space": " " + in.Refresh, "padding": in.Refresh + "=",
		"upper case": strings.ToUpper(in.Refresh), "two": in.Refresh + "." + secret, "huge": strings.Repeat("x", 1<<20), "access": in.Access, "null": in.Session + ".\x00",
		"hash": in.Session + "." + link{in.Session, secret}.hash()[:43], "long session": strings.Repeat("0", 100) + "." + secret,
	} {
		if _, err := o.Refresh(t.Context(), token); err == nil {
			t.Errorf("%s was accepted", name)
		} else {
			wantsNobody(t, err)
		}
		if err := o.SignOut(t.Context(), token); err != nil {
			t.Errorf("%s: signing out: %v", name, err)
		}
	}
	o.wantsAlive(in)
	if diff := cmp.Diff(logged, o.events()); diff != "" {
		t.Error(diff)
	}
}

func TestSessionsEndWhenIdle(t *testing.T) {
	o := openOffice(t)
	in := o.signIn(ownerEmail, home)
	o.pass(12*time.Hour - time.Microsecond)
	in = o.refresh(in.Refresh)
	o.pass(12 * time.Hour)
	o.wantsEnded(in)
}

func TestSessionsEndAfterSevenDays(t *testing.T) {
	o := openOffice(t)
	in := o.signIn(ownerEmail, home)
	end := o.now().Add(7 * 24 * time.Hour)
	for o.now().Add(11 * time.Hour).Before(end) {
		o.pass(11 * time.Hour)
		in = o.refresh(in.Refresh)
	}
	if !in.RefreshUntil.Equal(end) {
		t.Errorf("the cookie lives until %v", in.RefreshUntil)
	}
	o.pass(end.Add(-5 * time.Minute).Sub(o.now()))
	in = o.wantsAlive(o.refresh(in.Refresh))
	if in.ExpiresIn != 5*time.Minute {
		t.Errorf("an access token outlives its session: %v", in.ExpiresIn)
	}
	o.pass(5 * time.Minute)
	o.wantsEnded(in)
}

func TestSignOutActsAtOnce(t *testing.T) {
	o := openOffice(t)
	other := o.signIn(ownerEmail, away)
	for name, token := range map[string]func(first, next SignedIn) string{
		"current": func(_, next SignedIn) string { return next.Refresh },
		"spent":   func(first, _ SignedIn) string { return first.Refresh },
	} {
		first := o.signIn(ownerEmail, home)
		next := o.refresh(first.Refresh)
		if err := o.SignOut(t.Context(), token(first, next)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		o.wantsEnded(first, next)
		if err := o.SignOut(t.Context(), next.Refresh); err != nil {
			t.Errorf("%s, again: %v", name, err)
		}
	}
	o.wantsAlive(other)
}

func TestADisabledAccountCannotRefresh(t *testing.T) {
	o := openOffice(t)
	account := o.add("mo@example.org", comment.Moderator, "daily")
	in := o.signIn(account.Email, home)
	account.Disabled = true // as if the sessions had been forgotten
	account.Password = o.stored(account.ID).Password
	o.must(o.Store.Write(t.Context(), nil, func(tx comment.Tx) error { return tx.PutAccount(account) }))
	o.wantsEnded(in)
}

// A rotated installation key must not sign everybody out.
func TestRefreshSurvivesANewKey(t *testing.T) {
	o := openOffice(t)
	in := o.signIn(ownerEmail, home)
	o.Ring = testRing(t, 2, 1)
	next := o.wantsAlive(in)
	o.wantsAlive(next)
	o.Ring = testRing(t, 3)
	_, err := o.Identify(t.Context(), next.Access)
	wantsNobody(t, err)
}

func TestTheStoresFaultsAreNotSignOuts(t *testing.T) {
	o := openOffice(t)
	in := o.signIn(ownerEmail, home)
	down := fault.New(fault.Unavailable, "unavailable", "The database is not there.")
	o.Store = brokenStore{down}
	_, signIn := o.SignIn(t.Context(), ownerEmail, password, home)
	_, refresh := o.Refresh(t.Context(), in.Refresh)
	_, identify := o.Identify(t.Context(), in.Access)
	for name, err := range map[string]error{
		"sign in": signIn, "refresh": refresh, "identify": identify, "sign out": o.SignOut(t.Context(), in.Refresh),
	} {
		if fault.Of(err) != down {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// brokenStore is a database that cannot be reached.
type brokenStore struct{ err error }

func (s brokenStore) Room() error { return s.err }

func (s brokenStore) View(context.Context, func(comment.Reader) error) error { return s.err }
func (s brokenStore) Write(context.Context, comment.Sites, func(comment.Tx) error) error {
	return s.err
}

func (s brokenStore) ViewAfter(context.Context, func(comment.Reader), func(comment.Reader) error) error {
	return s.err
}

func (s brokenStore) WriteAfter(context.Context, comment.Sites, func(comment.Reader), func(comment.Tx) error) error {
	return s.err
}
