package comment

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

// auditFileVersion is the shape of the files that ExportAudit writes.
const auditFileVersion = 1

// AuditFileHead is the first line of an exported log.
type AuditFileHead struct {
	Afterword string `json:"afterword"` // "audit"
	Version   int    `json:"version"`
	Site      string `json:"site"`
	After     int64  `json:"after_seq"` // the event before the first one of the file
	Prev      string `json:"prev"`      // its hash
	Seq       int64  `json:"head_seq"`  // the last event of the file
	Head      string `json:"head"`      // its hash
	At        string `json:"exported_at"`
}

// auditLine is an event as a file has it: all that its seal covers.
type auditLine struct {
	Site      string    `json:"site"`
	Seq       int64     `json:"seq"`
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	PageID    string    `json:"page_id"`
	CommentID string    `json:"comment_id"`
	Sequence  int64     `json:"sequence"`
	ActorKind ActorKind `json:"actor_kind"`
	ActorID   string    `json:"actor_id"`
	ActorName string    `json:"actor_name"`
	ActorMAC  string    `json:"actor_mac"`
	Previous  Status    `json:"previous"`
	At        int64     `json:"at"` // microseconds
	Body      string    `json:"body"`
	BodyHash  string    `json:"body_hash"`
	Covers    string    `json:"covers"`
	Prev      string    `json:"prev"`
	Hash      string    `json:"hash"`
}

func lineOf(e Event) auditLine {
	return auditLine{
		e.Site, e.Seq, e.ID, e.Type, e.PageID, e.CommentID, e.Sequence, e.Actor.Kind, e.Actor.ID, e.Actor.Name, e.ActorMAC,
		e.Previous, e.At.UnixMicro(), string(e.Body), e.BodyHash, e.Covers, e.Prev, e.Hash,
	}
}

func (l auditLine) event() Event {
	return Event{
		Site: l.Site, Seq: l.Seq, ID: l.ID, Type: l.Type, PageID: l.PageID, CommentID: l.CommentID, Sequence: l.Sequence,
		Actor: Actor{l.ActorKind, l.ActorID, l.ActorName}, ActorMAC: l.ActorMAC, Previous: l.Previous, At: time.UnixMicro(l.At).UTC(),
		Body: []byte(l.Body), BodyHash: l.BodyHash, Covers: l.Covers, Prev: l.Prev, Hash: l.Hash,
	}
}

// ExportAudit writes a site's log, from the first event of an instant on, as JSON
// lines that VerifyFile can check. What is appended meanwhile is not in it.
func (s *Service) ExportAudit(ctx context.Context, site string, since time.Time, to io.Writer) (head AuditFileHead, err error) {
	head = AuditFileHead{Afterword: "audit", Version: auditFileVersion, Site: site, At: Timestamp(s.Now())}
	batch := func(after int64) (events []Event, err error) {
		err = s.Store.View(ctx, func(r Reader) error {
			events, err = r.Events(site, after, min(verifyBatch, int(head.Seq-after)))
			return err
		})
		return events, err
	}
	err = s.Store.View(ctx, func(r Reader) (err error) {
		head.Seq, head.Head, err = r.LogHead(site)
		return err
	})
	if err != nil {
		return head, err
	}
	lines, begun := json.NewEncoder(to), false
	lines.SetEscapeHTML(false)
	for at := int64(0); at < head.Seq; {
		events, err := batch(at)
		if err != nil {
			return head, err
		}
		if len(events) == 0 {
			return head, fmt.Errorf("event %d is missing", at+1)
		}
		for _, e := range events {
			at = e.Seq
			if !begun && e.At.Before(since) {
				head.After, head.Prev = e.Seq, e.Hash
				continue
			}
			if !begun {
				begun = true
				if err := lines.Encode(head); err != nil {
					return head, err
				}
			}
			if err := lines.Encode(lineOf(e)); err != nil {
				return head, err
			}
		}
	}
	if !begun {
		err = lines.Encode(head)
	}
	return head, err
}

// VerifyFile checks an exported log without a database. Without a ledger, whose
// key made the seals, it checks only what anybody can: numbers, links and bodies.
func VerifyFile(from io.Reader, l *Ledger) (a Audit, err error) {
	lines := json.NewDecoder(bufio.NewReader(from))
	var head AuditFileHead
	if err := lines.Decode(&head); err != nil || head.Afterword != "audit" || head.Version != auditFileVersion {
		return a, fault.Input("file", "invalid", "This is not a log that `afterword audit export` has written.")
	}
	a = Audit{Site: head.Site, Events: head.After, Head: head.Prev}
	for lines.More() {
		var line auditLine
		if err := lines.Decode(&line); err != nil {
			a.Bad, a.What = a.Events+1, "the line of this event cannot be read"
			return a, nil
		}
		e := line.event()
		if l != nil {
			a.What = l.problem(&e, a.Events, a.Head)
		} else {
			a.What = openProblem(&e, a)
		}
		if a.What != "" {
			a.Bad = a.Events + 1
			return a, nil
		}
		a.Events, a.Head = e.Seq, e.Hash
	}
	if a.Events != head.Seq || a.Head != head.Head {
		a.Bad, a.What = a.Events+1, "the file ends before the event that its first line names"
	}
	return a, nil
}

// openProblem is what anybody can see of an event without the key.
func openProblem(e *Event, a Audit) string {
	_, body := e.Verify(a.Head, nil)
	switch {
	case e.Seq != a.Events+1:
		return "an event is missing"
	case e.Prev != a.Head:
		return "prev is not the hash of the event before"
	case !body:
		return "the event's body is not what was appended"
	}
	return ""
}
