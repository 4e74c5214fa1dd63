package comment

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/afterword-comments/afterword/internal/fault"
)

// Audit is what Verify found in one site's log.
type Audit struct {
	Site   string `json:"site"` // "" = the installation's own
	Events int64  `json:"events"`
	Rows   int64  `json:"rows"`    // that were held against the log, each once an event
	Head   string `json:"head"`    // chain value of the newest event
	Bad    int64  `json:"bad_seq"` // number of the first event that does not fit, 0 = all fit
	Row    string `json:"bad_row,omitempty"`
	What   string `json:"what,omitempty"`
}

// verifyBatch is the number of events that Verify reads at a time.
const verifyBatch = 500

// Verify walks a site's log. It reports the first event that is missing, out of
// order or not what was appended; and, where all events are, the first row of a
// comment, a revision, a decision and so on that is not what the log says.
func (l *Ledger) Verify(r Reader, site string) (Audit, error) {
	v := verification{Ledger: l, r: r, differ: map[string]int64{}, Audit: Audit{Site: site}}
	seq, head, err := r.LogHead(site)
	if err != nil {
		return v.Audit, err
	}
	for {
		events, err := r.Events(site, v.Events, verifyBatch)
		if err != nil {
			return v.Audit, err
		}
		for i := range events {
			if err := v.event(&events[i]); err != nil || v.Bad > 0 {
				return v.Audit, err
			}
		}
		if len(events) < verifyBatch {
			break
		}
	}
	if v.Events != seq || v.Head != head {
		v.Bad, v.What = max(seq, v.Events), "the log's head does not match its last event"
		return v.Audit, nil
	}
	v.conclude()
	return v.Audit, nil
}

// rowGone is what an event says of a row that it has removed.
const rowGone = "gone"

// verification is a Verify under way.
type verification struct {
	*Ledger
	Audit
	r Reader
	// differ are the rows that are not what an event says, by the number of that
	// event: a later one may say so.
	differ map[string]int64
}

func (v *verification) event(e *Event) error {
	if v.What = v.problem(e, v.Events, v.Head); v.What != "" {
		v.Bad = v.Events + 1
		return nil
	}
	v.Events, v.Head = e.Seq, e.Hash
	for _, entry := range strings.Fields(e.Covers) {
		row, said, _ := strings.Cut(entry, "=")
		same, err := v.same(e, row, said)
		if err != nil {
			return err
		}
		v.Rows++
		if name := rowName(e, row); same {
			delete(v.differ, name)
		} else {
			v.differ[name] = e.Seq
		}
	}
	return nil
}

// same holds a row as it is stored now against what an event says of it.
func (v *verification) same(e *Event, row, said string) (bool, error) {
	kind, key, _ := strings.Cut(row, "/")
	read := storedRows[kind]
	if read == nil {
		read = storedRow(kind)
	}
	now, err := read(v.r, e, key)
	if fault.Is(err, "not_found") {
		return said == rowGone, nil
	}
	return err == nil && now.isWhat(row, said, v.rows), err
}

func rowName(e *Event, row string) string {
	kind, key, _ := strings.Cut(row, "/")
	switch kind {
	case "comment":
		return "comment " + e.CommentID
	case "revision", "decision":
		return kind + " " + key + " of comment " + e.CommentID
	}
	return kind + " " + key
}

// conclude names the row that differs from the earliest event.
func (v *verification) conclude() {
	names := slices.Sorted(maps.Keys(v.differ))
	for _, name := range names {
		if seq := v.differ[name]; v.Bad == 0 || seq < v.Bad {
			v.Bad, v.Row = seq, name
		}
	}
	if v.Bad > 0 {
		v.What = fmt.Sprintf("the row of the %s is missing, or is not what this event says; rows that differ: %d", v.Row, len(names))
	}
}

// problem says what is wrong with an event that comes after another, "" for nothing.
func (l *Ledger) problem(e *Event, last int64, head string) string {
	linked, body := l.check(e, head)
	switch {
	case e.Seq != last+1:
		return "an event is missing"
	case !linked:
		return "the event is not what was appended: " + e.suspect(head, body)
	case !body:
		return "the event's body is not what was appended"
	case !l.checkName(e):
		return "the event's actor_name is not what was appended"
	}
	return ""
}

// nameDigest binds the actor's name to its event.
func nameDigest(key []byte, e *Event) string { return digest(key, e.ID, e.Actor.Name) }

// checkName reports whether the actor's name is as it was, or has been taken away.
func (l *Ledger) checkName(e *Event) bool {
	if e.ActorMAC == "" || e.Actor.Name == "" {
		return true
	}
	for _, key := range l.names {
		if e.ActorMAC == nameDigest(key, e) {
			return true
		}
	}
	return false
}

// suspect names the column that was changed in an event whose seal is broken, as
// far as the rest of it tells.
func (e *Event) suspect(head string, body bool) string {
	if e.Prev != head {
		return "prev is not the hash of the event before"
	}
	if !body {
		return "body_hash, or body, was changed"
	}
	var said EnvelopeHead
	var about struct {
		Data struct {
			Comment struct {
				ID string `json:"id"`
			} `json:"comment"`
			PreviousStatus *Status `json:"previous_status"`
			Actor          struct {
				Kind ActorKind `json:"kind"`
			} `json:"actor"`
		} `json:"data"`
	}
	if json.Unmarshal(e.Body, &said) != nil || json.Unmarshal(e.Body, &about) != nil {
		return "its body cannot be read"
	}
	d := about.Data
	switch {
	case said.ID != e.ID:
		return "event_id is not that of its body"
	case said.Type != e.Type:
		return "type is not that of its body"
	case said.Timestamp != Timestamp(e.At):
		return "at is not that of its body"
	case said.Sequence != e.Sequence:
		return "sequence is not that of its body"
	case d.Comment.ID != "" && d.Comment.ID != e.CommentID:
		return "comment_id is not that of its body"
	case d.Actor.Kind != "" && d.Actor.Kind != e.Actor.Kind:
		return "actor_kind is not that of its body"
	case d.PreviousStatus != nil && *d.PreviousStatus != e.Previous:
		return "previous is not that of its body"
	}
	return "one of page_id, comment_id, actor_kind, actor_id, actor_mac, previous, covers and hash was changed"
}
