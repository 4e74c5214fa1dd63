package comment

import (
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/keyring"
)

// Ledger appends to the logs: it numbers an event, writes its body and links
// it to the one before. Whoever changes something calls Append in the
// transaction of the change.
type Ledger struct {
	key     []byte            // of the newest installation key, for appending
	keys    map[string][]byte // of all of them, for checking
	nameKey []byte            // for the digests of names, likewise
	names   map[string][]byte
	rowKey  []byte // for those of rows
	rows    map[string][]byte
	newID   func() string
}

// NewLedger makes a ledger whose chain is keyed with the installation's key.
func NewLedger(ring *keyring.Ring, newID func() string) *Ledger {
	const chain, name, row = "audit chain", "audit name", "audit row"
	return &Ledger{
		key: ring.Key(chain), keys: ring.Keys(chain), nameKey: ring.Key(name), names: ring.Keys(name),
		rowKey: ring.Key(row), rows: ring.Keys(row), newID: newID,
	}
}

// Append completes e (which names Site, Type, Actor, At, what it is about, and
// in Body the JSON of the envelope's data) and appends it to the log of its
// site.
func (l *Ledger) Append(tx Tx, e Event) (Event, error) {
	seq, head, err := tx.LogHead(e.Site)
	if err != nil {
		return e, err
	}
	data := e.Body
	if len(data) == 0 {
		data = []byte("{}")
	}
	e.Seq, e.ID = seq+1, l.newID()
	e.Body, err = envelop(EnvelopeHead{ID: e.ID, Type: e.Type, Timestamp: Timestamp(e.At), Site: e.Site, Sequence: e.Sequence}, data)
	if err != nil {
		return e, fmt.Errorf("body of %s: %w", e.Type, err)
	}
	e.ActorMAC = nameDigest(l.nameKey, &e)
	e.Seal(head, l.key)
	return e, tx.AppendEvent(e)
}

// Knows reports whether the event was sealed with one of this ledger's keys.
func (l *Ledger) Knows(e Event) bool {
	linked, _ := l.check(&e, e.Prev)
	return linked
}

// check is Event.Verify under whichever installation key sealed the event: the
// chain goes on under a new one when the key is rotated.
func (l *Ledger) check(e *Event, prev string) (linked, body bool) {
	for _, key := range l.keys {
		if linked, body = e.Verify(prev, key); linked {
			return linked, body
		}
	}
	return linked, body
}

// Timestamp writes an instant as every body and answer does: RFC 3339, UTC,
// microseconds.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z07:00") }

// ParseTime reads the instant that was given for a field, as RFC 3339 writes it
// and from 1970 on, to the microsecond; "" is the zero instant.
func ParseTime(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 1970 {
		return time.Time{}, fault.Input(field, "invalid", "The field "+field+" is a time such as 2026-03-01T09:30:00Z.")
	}
	return at.UTC().Truncate(time.Microsecond), nil
}
