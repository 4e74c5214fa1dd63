package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/auth"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/web"
)

type userCmd struct {
	Add  userAddCmd  `cmd:"" help:"Add an account. Without --password-stdin a password is made and printed once."`
	List userListCmd `cmd:"" help:"List the accounts."`
	Set  userSetCmd  `cmd:"" help:"Change an account. Its sessions end, unless only the name is new."`
}

type userAddCmd struct {
	Email         string `arg:"" help:"E-mail address, to sign in with."`
	Role          string `help:"viewer, moderator, admin or owner." required:"" enum:"viewer,moderator,admin,owner"`
	Site          string `help:"Only for this site; default: all sites." placeholder:"KEY"`
	Name          string `help:"Name for colleagues."`
	PasswordStdin bool   `help:"Read the password from standard input."`
}

// Run adds an account.
func (c *userAddCmd) Run(e *env) error {
	n := auth.NewAccount{Email: c.Email, Name: c.Name, Role: comment.Role(c.Role), Site: c.Site}
	if c.PasswordStdin {
		var err error
		if n.Password, err = readPassword(e.in); err != nil {
			return err
		}
	}
	return e.setUp(func(a *app.App) error {
		account, password, err := a.Auth.AddAccount(e.ctx, n, operator)
		if err != nil {
			return err
		}
		view := web.ShowUser(account)
		view.Password = password
		if password == "" {
			return e.print(view, "Added %s as %s.", account.Email, c.Role)
		}
		return e.print(view, "Added %s as %s. Password, shown only now: %s", account.Email, c.Role, password)
	})
}

// readPassword reads the first line.
func readPassword(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", usageError{errors.New("standard input has no password")}
	}
	return line, nil
}

type userListCmd struct{}

// Run lists the accounts.
func (c *userListCmd) Run(e *env) error {
	return e.administer(func(a *app.App) error {
		all, err := a.Auth.Accounts(e.ctx)
		for _, account := range all {
			state := ""
			if account.Disabled {
				state = "  disabled"
			}
			view := web.ShowUser(account)
			if err := e.print(view, "%s  %s  %s%s", account.ID, account.Email, grantLine(account), state); err != nil {
				return err
			}
		}
		return err
	})
}

func grantLine(a comment.Account) string {
	var parts []string
	for _, g := range a.Grants {
		parts = append(parts, string(g.Role)+"@"+g.Site)
	}
	return strings.Join(parts, " ")
}

type userSetCmd struct {
	Email         string  `arg:"" help:"E-mail address of the account."`
	Role          *string `help:"New role: viewer, moderator, admin or owner."`
	Site          *string `help:"Only for this site; * for all." placeholder:"KEY"`
	Name          *string `help:"New name."`
	Disable       bool    `help:"Disable the account." xor:"able"`
	Enable        bool    `help:"Enable the account." xor:"able"`
	PasswordStdin bool    `help:"Read a new password from standard input."`
}

// Run changes an account.
func (c *userSetCmd) Run(e *env) error {
	change := auth.Change{Site: c.Site, Name: c.Name}
	if c.Role != nil {
		role := comment.Role(*c.Role)
		change.Role = &role
	}
	if c.Disable || c.Enable {
		change.Disabled = &c.Disable
	}
	if c.PasswordStdin {
		password, err := readPassword(e.in)
		if err != nil {
			return err
		}
		change.Password = &password
	}
	if change == (auth.Change{}) {
		return usageError{errors.New("there is nothing to change; give --role, --site, --name, --disable, --enable or --password-stdin")}
	}
	return e.administer(func(a *app.App) error {
		account, err := a.Auth.AccountByEmail(e.ctx, c.Email)
		if err != nil {
			return noAccount(err, c.Email)
		}
		if account, err = a.Auth.ChangeAccount(e.ctx, account.ID, change, operator); err != nil {
			return err
		}
		return e.print(web.ShowUser(account), "Changed %s: %s", account.Email, grantLine(account))
	})
}

func noAccount(err error, email string) error {
	return missing(err, "account "+email, "user list")
}

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a bearer token for scripts."`
}

type tokenCreateCmd struct {
	User string `help:"E-mail address of the account that the token stands for." required:"" placeholder:"EMAIL"`
	TTL  string `help:"How long it is valid, such as 1h or 30d." default:"1h" name:"ttl"`
}

// Run makes a token.
func (c *tokenCreateCmd) Run(e *env) error {
	ttl, err := comment.ParsePeriod(c.TTL)
	if err != nil {
		return usageError{fmt.Errorf("--ttl %q is not a time such as 1h or 30d", c.TTL)}
	}
	return e.administer(func(a *app.App) error {
		token, until, err := a.Auth.ScriptToken(e.ctx, c.User, ttl, operator)
		if err != nil {
			return noAccount(err, c.User)
		}
		return e.print(struct {
			Token     string `json:"token"`
			ExpiresAt string `json:"expires_at"`
		}{token, until.Format(time.RFC3339)}, "%s", token)
	})
}
