package comment

import (
	"time"

	"github.com/google/uuid"
)

// NewID makes a UUID v7 (RFC 9562): ids of one process grow, so that sorting
// by id is sorting by time.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// IsID reports whether s has the form of an id, before anyone is asked about it.
func IsID(s string) bool {
	_, err := uuid.Parse(s)
	return err == nil && len(s) == 36
}

// TimeOfID is when an id was made, to the millisecond; false if it does not say.
func TimeOfID(s string) (time.Time, bool) {
	id, err := uuid.Parse(s)
	if err != nil || id.Version() != 7 {
		return time.Time{}, false
	}
	seconds, nanos := id.Time().UnixTime()
	return time.Unix(seconds, nanos), true
}
