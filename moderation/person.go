package moderation

import "time"

// Standing is what a person has said of an author. It outranks what automation
// finds, and automation never changes it.
type Standing string

// The standings. Who is suspended or banned is turned away before any check runs.
const (
	StandingNone         Standing = ""             // nobody has said anything
	StandingTrusted      Standing = "trusted"      // need not wait for what merely holds; blocks do not count
	StandingPremoderated Standing = "premoderated" // each comment waits, whatever the mode
	StandingMuted        Standing = "muted"        // stored as spam; to the author it looks as if it waited
	StandingSuspended    Standing = "suspended"    // turned away until a time
	StandingBanned       Standing = "banned"       // turned away, for good or until a time
)

// Said is a standing with who gave it and why. It ends by the clock; see At.
type Said struct {
	Standing Standing
	Until    time.Time // zero = no end
	Reason   string    // for colleagues; never told to the author
	By       string    // the name of whoever said so
	When     time.Time
}

// At is the standing that holds at an instant.
func (s Said) At(now time.Time) Standing {
	if !s.Until.IsZero() && !now.Before(s.Until) {
		return StandingNone
	}
	return s.Standing
}

// Block is a block that somebody who writes has met. What tells of the network
// is left out: nothing that is kept with a comment says where it came from.
type Block struct {
	ID     string // "" for a range of addresses
	Kind   string // "email", "domain", "address", "name" or "name_part"
	Shown  string // how the entry is shown, "" for a range of addresses
	Effect string // "review" or "reject"
	Reason string // for colleagues
}
