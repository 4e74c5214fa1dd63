package auth

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// NewAccount describes a colleague to be.
type NewAccount struct {
	Email    string
	Name     string // "" = the local part of Email
	Password string // "" = generate one
	Role     comment.Role
	Site     string // "" = all sites; the only choice for an owner
}

// AddAccount makes an account. It gives the password back only where it made
// one, which nobody can read again later. An address that is taken is fault
// email_taken; an unknown site, role or unfit password names its field.
func (a *Auth) AddAccount(ctx context.Context, n NewAccount, by comment.Actor) (account comment.Account, generated string, err error) {
	account, err = n.account()
	if err != nil {
		return comment.Account{}, "", err
	}
	password := n.Password
	if password == "" {
		generated = generatePassword()
		password = generated
	}
	if password, err = acceptPassword(password, account.Email); err != nil {
		return comment.Account{}, "", err
	}
	if account.Password, err = a.hashed(ctx, password); err != nil {
		return comment.Account{}, "", err
	}
	account.ID, account.CreatedAt = a.NewID(), a.now()
	if err = a.Store.Write(ctx, nil, func(tx comment.Tx) error { return a.insert(tx, account, by) }); err != nil {
		return comment.Account{}, "", err
	}
	return account, generated, nil
}

// account is the account without what only the store and the clock can say.
func (n NewAccount) account() (comment.Account, error) {
	email := normalEmail(n.Email)
	if !validEmail(email) {
		return comment.Account{}, fault.Input("email", "invalid", "This is not an e-mail address.")
	}
	name := n.Name
	if name == "" {
		local, _, _ := strings.Cut(email, "@")
		name = string([]rune(local)[:min(nameMost, utf8.RuneCountInString(local))])
	}
	name, err := normalName(name)
	if err != nil {
		return comment.Account{}, err
	}
	grant := comment.Grant{Site: siteOrAll(n.Site), Role: n.Role}
	return comment.Account{Email: email, Name: name, Grants: []comment.Grant{grant}}, nil
}

func (a *Auth) insert(tx comment.Tx, account comment.Account, by comment.Actor) error {
	grant := account.Grants[0]
	note := note{Account: account.ID, Changed: []string{"added"}, Role: &grant.Role, Site: &grant.Site}
	if err := a.log(tx, note, by, account.CreatedAt); err != nil {
		return err
	}
	if err := checkGrants(tx, account.Grants); err != nil {
		return err
	}
	taken := fault.New(fault.Conflict, "email_taken", "There is an account with this e-mail address already.")
	if _, err := tx.AccountByEmail(account.Email); err == nil {
		return taken
	} else if !fault.Is(err, "not_found") {
		return err
	}
	return tx.PutAccount(account)
}

// Change is what to change of an account; nil leaves a thing as it is. Role
// alone changes the role of every grant; Site ("" = all) moves the account to
// that one site.
type Change struct {
	Role     *comment.Role
	Site     *string
	Disabled *bool
	Password *string
	Name     *string

	phc string // the hash of Password
}

// ChangeAccount changes an account and ends its sessions where its role, its
// sites, its password or its being disabled changes. The last owner who can
// sign in can be neither demoted nor disabled: fault last_owner.
func (a *Auth) ChangeAccount(ctx context.Context, id string, c Change, by comment.Actor) (comment.Account, error) {
	var err error
	if c.phc, err = a.newPassword(ctx, id, c.Password); err != nil {
		return comment.Account{}, err
	}
	if c.Name != nil {
		name, err := normalName(*c.Name)
		if err != nil {
			return comment.Account{}, err
		}
		c.Name = &name
	}
	var after comment.Account
	err = a.Store.Write(ctx, nil, func(tx comment.Tx) (err error) {
		after, err = a.change(tx, id, c, by)
		return err
	})
	return after, err
}

// newPassword hashes the password that an account is to get, outside of any
// transaction; "" where it keeps its own.
func (a *Auth) newPassword(ctx context.Context, id string, password *string) (phc string, err error) {
	if password == nil {
		return "", nil
	}
	var email string
	err = a.Store.View(ctx, func(r comment.Reader) error {
		account, err := r.Account(id)
		email = account.Email
		return err
	})
	if err != nil {
		return "", err
	}
	accepted, err := acceptPassword(*password, email)
	if err != nil {
		return "", err
	}
	return a.hashed(ctx, accepted)
}

// change logs first: whoever has moved the installation's log holds it until
// its commit, so changes of accounts go one at a time on every engine and two
// owners cannot demote each other at once.
func (a *Auth) change(tx comment.Tx, id string, c Change, by comment.Actor) (after comment.Account, err error) {
	now := a.now()
	if err := a.log(tx, c.note(id), by, now); err != nil {
		return comment.Account{}, err
	}
	before, err := tx.Account(id)
	if err != nil {
		return comment.Account{}, err
	}
	after = c.applied(before)
	if c.Role != nil || c.Site != nil {
		if err := checkGrants(tx, after.Grants); err != nil {
			return comment.Account{}, err
		}
	}
	if err := keepsAnOwner(tx, before, after); err != nil {
		return comment.Account{}, err
	}
	if err := tx.PutAccount(after); err != nil {
		return comment.Account{}, err
	}
	if after.Disabled == before.Disabled && after.Password == before.Password && slices.Equal(after.Grants, before.Grants) {
		return after, nil
	}
	return after, tx.EndSessions(id, now)
}

// applied is the account with the change.
func (c Change) applied(account comment.Account) comment.Account {
	account.Grants = c.grants(account.Grants)
	if c.phc != "" {
		account.Password = c.phc
	}
	if c.Disabled != nil {
		account.Disabled = *c.Disabled
	}
	if c.Name != nil {
		account.Name = *c.Name
	}
	return account
}

func (c Change) grants(old []comment.Grant) []comment.Grant {
	grants := slices.Clone(old)
	if c.Site != nil {
		strongest := comment.Grant{Site: siteOrAll(*c.Site)}
		for _, g := range old {
			if !strongest.Role.Includes(g.Role) {
				strongest.Role = g.Role
			}
		}
		grants = []comment.Grant{strongest}
	}
	if c.Role != nil {
		for i := range grants {
			grants[i].Role = *c.Role
		}
	}
	return grants
}

func (c Change) note(id string) note {
	n := note{Account: id, Role: c.Role, Site: c.Site, Disabled: c.Disabled}
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"role", c.Role != nil}, {"site", c.Site != nil}, {"disabled", c.Disabled != nil},
		{"password", c.Password != nil}, {"name", c.Name != nil},
	} {
		if field.set {
			n.Changed = append(n.Changed, field.name)
		}
	}
	return n
}

// ChangePassword lets a colleague choose a new password by showing the current
// one, five wrong ones in 15 minutes at most. It ends all sessions of the
// account, this one too: the next sign-in proves the new password.
func (a *Auth) ChangePassword(ctx context.Context, who Identity, current, next string) error {
	next, err := acceptPassword(next, who.Account.Email)
	if err != nil {
		return err
	}
	if next == normalPassword(current) {
		return fault.Input("password", "unchanged", "The new password is the current one.")
	}
	gates := []gate{{key: a.bucket("change password", who.Account.ID), every: 3 * time.Minute, burst: 5}}
	p, err := a.prove(ctx, who.Account.Email, current, gates)
	if fault.Is(err, "invalid_credentials") {
		return fault.Input("current", "wrong", "The current password is wrong.")
	}
	if err != nil {
		return err
	}
	phc, err := a.hashed(ctx, next)
	if err != nil {
		return err
	}
	by := comment.Actor{Kind: comment.ActorModerator, ID: p.account.ID, Name: p.account.Name}
	return a.Store.Write(ctx, nil, func(tx comment.Tx) error {
		if _, err := p.holds(tx); err != nil {
			return err
		}
		_, err := a.change(tx, p.account.ID, Change{Password: &next, phc: phc}, by)
		return err
	})
}
