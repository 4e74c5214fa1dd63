package auth

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// note is the body of an account's line in the log: pseudonyms and what was
// asked for, never a password, an address or a name.
type note struct {
	Account  string        `json:"account"`
	Changed  []string      `json:"changed"`
	Role     *comment.Role `json:"role,omitempty"`
	Site     *string       `json:"site,omitempty"`
	Disabled *bool         `json:"disabled,omitempty"`
	Session  string        `json:"session,omitempty"`
}

var system = comment.Actor{Kind: comment.ActorSystem}

// log appends to the installation's log.
func (a *Auth) log(tx comment.Tx, n note, by comment.Actor, at time.Time) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("encode the note of an account: %w", err)
	}
	_, err = a.Ledger.Append(tx, comment.Event{Type: comment.AccountChanged, Actor: by, At: at, Body: body})
	return err
}
