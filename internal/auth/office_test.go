package auth

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/keyring"
	"github.com/afterword-comments/afterword/internal/store"
)

// office is an Auth on a store of its own, with a clock that stands still
// until it is moved, one site and one owner.
type office struct {
	*Auth
	t     *testing.T
	path  string
	db    *store.Store
	mu    sync.Mutex
	clock time.Time
	owner comment.Account
}

const (
	ownerEmail = "olive@example.org"
	password   = "seven green kettles sing"
	wrong      = "seven green kettles sink"
	home       = "203.0.113.7"
	away       = "198.51.100.20"
)

var operator = comment.Actor{Kind: comment.ActorOperator}

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, path: filepath.Join(t.TempDir(), "afterword.db"), clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	o.start()
	t.Cleanup(func() { o.db.Close() })
	o.must(o.Store.Write(t.Context(), nil, func(tx comment.Tx) error {
		return tx.PutSite(comment.Site{Key: "daily", Name: "Daily", Options: comment.DefaultOptions(), CreatedAt: o.Now()})
	}))
	o.owner = o.add(ownerEmail, comment.Owner, "")
	return o
}

// start opens the store and makes a fresh Auth, as a process does.
func (o *office) start() {
	o.t.Helper()
	db, err := store.Open(context.WithoutCancel(o.t.Context()), o.path)
	o.must(err)
	ring := testRing(o.t, 1)
	o.db = db
	o.Auth = New(db, ring, comment.NewLedger(ring, comment.NewID))
	o.decoy = decoy(cost{memory: 64, passes: 1, threads: 1}) // the tests sign in a few hundred times
	o.Now = func() time.Time {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.clock
	}
}

func (o *office) restart() {
	o.t.Helper()
	o.must(o.db.Close())
	o.start()
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = o.clock.Add(d)
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) add(email string, role comment.Role, site string) comment.Account {
	o.t.Helper()
	account, _, err := o.AddAccount(o.t.Context(), NewAccount{Email: email, Password: password, Role: role, Site: site}, operator)
	o.must(err)
	return account
}

func (o *office) signIn(email, ip string) SignedIn {
	o.t.Helper()
	in, err := o.SignIn(o.t.Context(), email, password, ip)
	o.must(err)
	return in
}

func (o *office) refresh(token string) SignedIn {
	o.t.Helper()
	in, err := o.Refresh(o.t.Context(), token)
	o.must(err)
	return in
}

func (o *office) change(id string, c Change) comment.Account {
	o.t.Helper()
	account, err := o.ChangeAccount(o.t.Context(), id, c, operator)
	o.must(err)
	return account
}

// stored is the account as the store has it.
func (o *office) stored(id string) (account comment.Account) {
	o.t.Helper()
	o.must(o.Store.View(o.t.Context(), func(r comment.Reader) (err error) {
		account, err = r.Account(id)
		return err
	}))
	return account
}

// log is the installation's log, whose chain it verifies.
func (o *office) events() (events []comment.Event) {
	o.t.Helper()
	o.must(o.Store.View(o.t.Context(), func(r comment.Reader) (err error) {
		audit, err := o.Ledger.Verify(r, "")
		if err != nil || audit.Bad != 0 {
			return errors.Join(err, errors.New(audit.What))
		}
		events, err = r.Events("", 0, 1000)
		return err
	}))
	return events
}

// wants checks for a fault of this code.
func wants(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Fatalf("the answer is %v, want %s", err, code)
	}
}

// wantsField checks for a fault of this field.
func wantsField(t *testing.T, err error, name, code string) {
	t.Helper()
	if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != name || f.Fields[0].Code != code {
		t.Fatalf("the answer is %v, want field %s: %s", err, name, code)
	}
}

// wantsNobody checks for the one answer to every bad token.
func wantsNobody(t *testing.T, err error) {
	t.Helper()
	var got *fault.Error
	if !errors.As(err, &got) {
		t.Fatalf("the answer is %v, want a fault", err)
	}
	if diff := cmp.Diff(*unauthorized(), *got); diff != "" {
		t.Fatal(diff)
	}
}

func testRing(t testing.TB, firsts ...byte) *keyring.Ring {
	t.Helper()
	var roots [][]byte
	for _, first := range firsts {
		root := make([]byte, keyring.MinKey)
		for i := range root {
			root[i] = first + byte(i)*5
		}
		roots = append(roots, root)
	}
	ring, err := keyring.New(roots...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}
