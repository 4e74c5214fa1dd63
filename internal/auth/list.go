package auth

import (
	"context"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Accounts lists all accounts by e-mail.
func (a *Auth) Accounts(ctx context.Context) (all []comment.Account, err error) {
	err = a.Store.View(ctx, func(r comment.Reader) error {
		all, err = r.Accounts()
		return err
	})
	return all, err
}

// AccountByEmail finds an account, for commands.
func (a *Auth) AccountByEmail(ctx context.Context, email string) (account comment.Account, err error) {
	err = a.Store.View(ctx, func(r comment.Reader) error {
		account, err = r.AccountByEmail(normalEmail(email))
		return err
	})
	return account, err
}
