package comment

import "time"

// Account is a staff member who signs in with e-mail and password.
type Account struct {
	ID        string
	Email     string // lower case, unique in the installation
	Name      string // shown to colleagues; the e-mail's local part unless set
	Password  string // PHC string; never leaves the store and internal/auth
	Grants    []Grant
	CreatedAt time.Time
	Disabled  bool
}

// Role is what a staff member may do; each includes those before it.
type Role string

// The roles, least to most.
const (
	Viewer    Role = "viewer"
	Moderator Role = "moderator"
	Admin     Role = "admin"
	Owner     Role = "owner" // of the whole installation
)

var rank = map[Role]int{Viewer: 1, Moderator: 2, Admin: 3, Owner: 4}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return rank[r] > 0 }

// Includes reports whether r may do whatever other may.
func (r Role) Includes(other Role) bool { return rank[r] >= rank[other] && rank[other] > 0 }

// AllSites is the site of a grant that holds for every site.
const AllSites = "*"

// Grant gives a role on one site, or on AllSites.
type Grant struct {
	Site string
	Role Role
}

// RoleOn is the account's strongest role on a site, "" for none. Asked for
// AllSites it counts only grants that hold everywhere.
func (a Account) RoleOn(site string) Role {
	var best Role
	for _, g := range a.Grants {
		if (g.Site == AllSites || g.Site == site) && rank[g.Role] > rank[best] {
			best = g.Role
		}
	}
	return best
}

// Session is one sign-in of an account: a chain of refresh tokens, or one
// bearer token made for a script. Staff writes look it up, so ending it acts
// at once.
type Session struct {
	ID          string
	AccountID   string
	Kind        SessionKind
	RefreshHash string // SHA-256 of the current refresh token, hex
	// PreviousHash is the token that was just replaced. Shown again within the
	// grace period it gets the same successor (two tabs); later it means theft.
	PreviousHash string
	RotatedAt    time.Time
	CreatedAt    time.Time
	UsedAt       time.Time
	ConfirmedAt  time.Time // when the password was last given
	ExpiresAt    time.Time // absolute end
	RevokedAt    time.Time // zero = alive
}

// SessionKind tells a browser's session from a script's token.
type SessionKind string

// The kinds of session.
const (
	SessionDesk   SessionKind = "desk"
	SessionScript SessionKind = "script"
)
