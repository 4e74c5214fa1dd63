package torture

import (
	"encoding/json"
	"fmt"
	"slices"
)

// history is how one comment stood, step by step as the log tells it.
type history struct {
	site, id string
	standing string // what the public would name
	decided  string // what the desk shows
	revision int    // newest
	public   int    // revision that readers see, 0 = none
	held     string // decision that waits for its window to end
}

// step is an event of a comment.
type step struct {
	typ, previous string
	seq           int64
	comment       struct {
		Status   string
		Revision int
	}
	note struct {
		DecisionID string `json:"decision_id"`
		Revision   int
		From, To   string
	}
}

// outcomeOf is the status that a public event brings about.
var outcomeOf = map[string]string{
	"comment.approved": "approved", "comment.rejected": "rejected", "comment.marked_spam": "spam",
}

// legal are the transitions of the state machine that moderators make; an
// approval of what is approved is one of a newer revision.
var legal = map[string][]string{
	"pending":  {"approved", "rejected", "spam"},
	"approved": {"approved", "rejected", "spam"},
	"rejected": {"approved", "spam"},
	"spam":     {"approved", "rejected"},
}

// checkHistories walks the log: each comment has one history, from its
// creation on, and every step of it is one that the state machine has.
func (e evidence) checkHistories(db querier, f *findings) error {
	rows, err := db.Query("select site_id, comment_id, seq, type, previous, body from events where comment_id <> '' order by site_id, seq")
	if err != nil {
		return err
	}
	defer rows.Close()
	all := map[string]*history{}
	for rows.Next() {
		var site, id string
		var body []byte
		var s step
		if err := rows.Scan(&site, &id, &s.seq, &s.typ, &s.previous, &body); err != nil {
			return err
		}
		if err := s.read(body); err != nil {
			return fmt.Errorf("event %d of %s: %w", s.seq, site, err)
		}
		h := all[id]
		if h == nil {
			h = &history{site: site, id: id}
			all[id] = h
		}
		if problem := h.take(s); problem != "" {
			f.fault("ILLEGAL: comment %s, event %d of %s, %s: %s", id, s.seq, site, s.typ, problem)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return endings(db, all, f)
}

func (s *step) read(body []byte) error {
	var envelope struct{ Data json.RawMessage }
	if err := json.Unmarshal(body, &envelope); err != nil {
		return err
	}
	var data struct {
		Comment json.RawMessage
	}
	if err := json.Unmarshal(envelope.Data, &data); err != nil {
		return err
	}
	switch s.typ {
	case "decision.made", "decision.undone":
		return json.Unmarshal(envelope.Data, &s.note)
	case "comment.voted":
		return nil
	}
	return json.Unmarshal(data.Comment, &s.comment)
}

// take goes one step on, or says why there is no such step.
func (h *history) take(s step) string {
	if (s.typ == "comment.created") != (h.standing == "") {
		return "a comment begins once, with its creation"
	}
	switch s.typ {
	case "comment.created":
		h.standing, h.decided, h.revision = s.comment.Status, s.comment.Status, s.comment.Revision
		if h.revision != 1 {
			return fmt.Sprint("it begins with revision ", h.revision)
		}
	case "comment.edited":
		return h.edited(s)
	case "decision.made":
		return h.made(s)
	case "decision.undone":
		return h.undone(s)
	case "comment.approved", "comment.rejected", "comment.marked_spam":
		return h.turn(s)
	}
	return ""
}

func (h *history) edited(s step) string {
	if s.comment.Revision != h.revision+1 {
		return fmt.Sprintf("revision %d after %d", s.comment.Revision, h.revision)
	}
	h.revision = s.comment.Revision
	if h.standing == "spam" && h.decided == "spam" {
		return "" // and stays so
	}
	h.decided = "pending"
	if h.public == 0 {
		h.standing = "pending"
	}
	return ""
}

func (h *history) made(s step) string {
	switch {
	case h.held != "":
		return "decided while " + h.held + " is held"
	case s.note.From != h.decided:
		return fmt.Sprintf("decided upon %s, but it was %s", s.note.From, h.decided)
	case s.note.Revision != h.revision:
		return fmt.Sprintf("decided upon revision %d, but there was %d", s.note.Revision, h.revision)
	case !slices.Contains(legal[s.note.From], s.note.To):
		return fmt.Sprintf("from %s to %s", s.note.From, s.note.To)
	}
	h.held, h.decided = s.note.DecisionID, s.note.To
	return ""
}

func (h *history) undone(s step) string {
	if h.held != s.note.DecisionID {
		return fmt.Sprintf("undone was %s, held is %q", s.note.DecisionID, h.held)
	}
	h.held = ""
	if s.note.Revision == h.revision {
		h.decided = s.note.From
	}
	return ""
}

func (h *history) turn(s step) string {
	to := outcomeOf[s.typ]
	switch {
	case s.previous != h.standing:
		return fmt.Sprintf("it was %s, not %s as the event says", h.standing, s.previous)
	case !slices.Contains(legal[h.standing], to):
		return fmt.Sprintf("from %s to %s", h.standing, to)
	case to == "approved" && s.comment.Revision <= h.public:
		return fmt.Sprintf("revision %d approved where %d is public", s.comment.Revision, h.public)
	case s.comment.Revision > h.revision:
		return fmt.Sprintf("revision %d, but the newest is %d", s.comment.Revision, h.revision)
	}
	h.held = ""
	h.public, h.standing = 0, to
	if to == "approved" {
		h.public = s.comment.Revision
	}
	if s.comment.Revision == h.revision {
		h.decided = to
	} else if to != "approved" { // said of an older revision; the newer one waits
		h.standing = "pending"
	}
	return ""
}

// endings holds the last step of each history against its comment.
func endings(db querier, all map[string]*history, f *findings) error {
	rows, err := table(db, "select comment_id, status, revision, public_revision from comments")
	if err != nil {
		return err
	}
	for id, row := range rows {
		h := all[id]
		if h == nil {
			f.fault("ILLEGAL: comment %s has no history", id)
			continue
		}
		if got, want := fmt.Sprint(row), fmt.Sprint([]string{h.decided, fmt.Sprint(h.revision), fmt.Sprint(h.public)}); got != want {
			f.fault("ILLEGAL: comment %s is %s, its history ends with %s", id, got, want)
		}
	}
	return nil
}
