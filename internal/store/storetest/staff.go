package storetest

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

var staffTests = map[string]func(*house){
	"account":         testAccount,
	"accounts":        testAccounts,
	"names of staff":  testStaffNames,
	"session":         testSession,
	"end of sessions": testEndSessions,
}

func newAccount(id string) comment.Account {
	return comment.Account{
		ID: id, Email: id + "@daily.example", Name: "Zoë " + id, Password: "$argon2id$" + id,
		Grants:    []comment.Grant{{Site: comment.AllSites, Role: comment.Viewer}, {Site: "daily", Role: comment.Admin}},
		CreatedAt: start, Disabled: true,
	}
}

func putAccount(a comment.Account) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.PutAccount(a) }
}

func testAccount(h *house) {
	a := newAccount("u1")
	full(h, a)
	h.write(putAccount(a))
	account := func(r comment.Reader) (comment.Account, error) { return r.Account("u1") }
	same(h, "account", get(h, account), a)
	same(h, "account by e-mail", get(h, func(r comment.Reader) (comment.Account, error) { return r.AccountByEmail(a.Email) }), a)

	old := a.Email
	a.Email, a.Name, a.Password, a.Disabled = "new@daily.example", "", "$argon2id$new", false
	a.Grants = []comment.Grant{{Site: "daily", Role: comment.Moderator}, {Site: "weekly", Role: comment.Owner}}
	h.write(putAccount(a))
	same(h, "changed account", get(h, account), a)
	absent(h, "account by its former e-mail", func(r comment.Reader) (comment.Account, error) { return r.AccountByEmail(old) })
	a.Grants = []comment.Grant{}
	h.write(putAccount(a))
	same(h, "account without a role", get(h, account), a)
}

func testAccounts(h *house) {
	a, b := newAccount("u2"), newAccount("u1")
	a.Email, b.Email = "a@daily.example", "b@daily.example"
	b.Grants = b.Grants[:1]
	h.write(all(putAccount(b), putAccount(a)))
	same(h, "accounts by e-mail", get(h, comment.Reader.Accounts), []comment.Account{a, b})
	c := newAccount("u3")
	c.Email = a.Email
	h.conflicts("an e-mail twice", putAccount(c))
	b.Email = a.Email
	h.conflicts("an e-mail changed to another's", putAccount(b))
	c.Email, c.Grants = "c@daily.example", append(c.Grants, c.Grants[0])
	h.conflicts("two roles on one site", putAccount(c))
	same(h, "number of accounts", len(get(h, comment.Reader.Accounts)), 2)
}

func newSession(id, account string) comment.Session {
	return comment.Session{
		ID: id, AccountID: account, Kind: comment.SessionDesk, RefreshHash: "now " + id, PreviousHash: "before " + id,
		RotatedAt: after(1), CreatedAt: start, UsedAt: after(2), ConfirmedAt: after(3), ExpiresAt: after(4), RevokedAt: after(5),
	}
}

func putSession(s comment.Session) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.PutSession(s) }
}

func getSession(h *house, id string) comment.Session {
	h.Helper()
	return get(h, func(r comment.Reader) (comment.Session, error) { return r.Session(id) })
}

func testSession(h *house) {
	h.write(putAccount(newAccount("u1")))
	s := newSession("s1", "u1")
	full(h, s)
	h.write(putSession(s))
	same(h, "session", getSession(h, "s1"), s)
	s.RefreshHash, s.PreviousHash = "after", s.RefreshHash
	s.RotatedAt, s.UsedAt, s.ConfirmedAt, s.ExpiresAt = after(6), after(7), after(8), after(9)
	back := s
	back.RevokedAt = time.Time{}
	h.write(putSession(back))
	same(h, "session with a new token, ended as before", getSession(h, "s1"), s)
	h.refused("a session of no account", putSession(newSession("s2", "u9")))
}

func testStaffNames(h *house) {
	a, b, gone := newAccount("u1"), newAccount("u2"), newAccount("u3")
	a.Name, a.Disabled, b.Name, b.Disabled = "Zoë", false, "Anna", false
	h.write(all(putAccount(a), putAccount(gone), putAccount(b)))
	same(h, "names of those who work here", get(h, func(r comment.Reader) ([]string, error) { return r.StaffNames("daily") }), []string{"Anna", "Zoë"})
}

func testEndSessions(h *house) {
	h.write(all(putAccount(newAccount("u1")), putAccount(newAccount("u2"))))
	alive, ended, other := newSession("s1", "u1"), newSession("s2", "u1"), newSession("s3", "u2")
	alive.RevokedAt, other.RevokedAt = time.Time{}, time.Time{}
	h.write(all(putSession(alive), putSession(ended), putSession(other)))
	h.write(func(tx comment.Tx) error { return tx.EndSessions("u1", after(9)) })
	alive.RevokedAt = after(9)
	for _, want := range []comment.Session{alive, ended, other} {
		same(h, "session "+want.ID, getSession(h, want.ID), want)
	}
}
