package comment

import (
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/keyring"
)

// Ledger appends to the logs: it numbers an event, writes its body and links
// it to the one before. Whoever changes something calls Append in the
// transaction of the change.
type Ledger struct {
	key   []byte            // of the newest installation key, for appending
	keys  map[string][]byte // of all of them, for checking
	newID func() string
}

// NewLedger makes a ledger whose chain is keyed with the installation's key.
func NewLedger(ring *keyring.Ring, newID func() string) *Ledger {
	const purpose = "audit chain"
	return &Ledger{key: ring.Key(purpose), keys: ring.Keys(purpose), newID: newID}
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

// Audit is what Verify found in one site's log.
type Audit struct {
	Site   string `json:"site"` // "" = the installation's own
	Events int64  `json:"events"`
	Head   string `json:"head"`    // chain value of the newest event
	Bad    int64  `json:"bad_seq"` // number of the first event that does not fit, 0 = all fit
	What   string `json:"what,omitempty"`
}

// verifyBatch is the number of events that Verify reads at a time.
const verifyBatch = 500

// Verify walks a site's log and reports the first event that is missing, out
// of order or not what was appended.
func (l *Ledger) Verify(r Reader, site string) (Audit, error) {
	a := Audit{Site: site}
	seq, head, err := r.LogHead(site)
	if err != nil {
		return a, err
	}
	for {
		events, err := r.Events(site, a.Events, verifyBatch)
		if err != nil {
			return a, err
		}
		for i := range events {
			if a.What = l.problem(&events[i], a); a.What != "" {
				a.Bad = a.Events + 1
				return a, nil
			}
			a.Events, a.Head = events[i].Seq, events[i].Hash
		}
		if len(events) < verifyBatch {
			break
		}
	}
	if a.Events != seq || a.Head != head {
		a.Bad, a.What = seq, "the log's head does not match its last event"
	}
	return a, nil
}

func (l *Ledger) problem(e *Event, a Audit) string {
	linked, body := l.check(e, a.Head)
	switch {
	case e.Seq != a.Events+1:
		return "an event is missing"
	case !linked:
		return "the event is not what was appended"
	case !body:
		return "the event's body is not what was appended"
	}
	return ""
}

// Timestamp writes an instant as every body and answer does: RFC 3339, UTC,
// microseconds.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z07:00") }
