package comment

import "context"

// AuditEntry is one line of the log as auditors read it. It names people by
// their ids only.
type AuditEntry struct {
	Seq       int64  `json:"seq"`
	ID        string `json:"id"`
	Type      string `json:"type"`
	CommentID string `json:"comment_id,omitempty"`
	Actor     struct {
		Kind ActorKind `json:"kind"`
		ID   string    `json:"id,omitempty"`
	} `json:"actor"`
	At       string `json:"at"`
	BodyHash string `json:"body_hash"`
	Hash     string `json:"hash"`
}

// AuditPage is a page of the audit trail, newest first.
type AuditPage struct {
	Site       string       `json:"site"`
	Entries    []AuditEntry `json:"entries"`
	NextCursor *string      `json:"next_cursor"`
}

// AuditLog gives a page of a site's log, newest first; "" is the log of the
// installation.
func (s *Service) AuditLog(ctx context.Context, site string, limit int, cursor string) (out AuditPage, err error) {
	cursors, list := Cursors{s.Ring}, []string{"audit", site}
	place, err := cursors.Read(cursor, list...)
	if err != nil {
		return out, err
	}
	out = AuditPage{Site: site, Entries: []AuditEntry{}}
	err = s.Store.View(ctx, func(r Reader) error {
		upTo, _, err := r.LogHead(site)
		if err != nil {
			return err
		}
		if place != nil {
			upTo = min(upTo, place.Key)
		}
		from := max(0, upTo-int64(limit))
		events, err := r.Events(site, from, int(upTo-from))
		for i := len(events) - 1; i >= 0; i-- {
			out.Entries = append(out.Entries, auditEntry(events[i]))
		}
		if from > 0 {
			out.NextCursor = OptionalText(cursors.Write(&Place{Key: from}, list...))
		}
		return err
	})
	return out, err
}

func auditEntry(e Event) AuditEntry {
	a := AuditEntry{Seq: e.Seq, ID: e.ID, Type: e.Type, CommentID: e.CommentID, At: Timestamp(e.At), BodyHash: e.BodyHash, Hash: e.Hash}
	a.Actor.Kind, a.Actor.ID = e.Actor.Kind, e.Actor.ID
	return a
}
