package comment

import (
	"context"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

// awayStore is a database that cannot be reached.
type awayStore struct{ err error }

func (s awayStore) View(context.Context, func(Reader) error) error     { return s.err }
func (s awayStore) Write(context.Context, Sites, func(Tx) error) error { return s.err }
func (s awayStore) ViewAfter(context.Context, func(Reader), func(Reader) error) error {
	return s.err
}
func (s awayStore) Room() error { return nil }
func (s awayStore) WriteAfter(context.Context, Sites, func(Reader), func(Tx) error) error {
	return s.err
}

// TestRulesWhileTheDatabaseIsAway: the last rules known go on, but an unknown
// site stays unknown and no other trouble is hidden.
func TestRulesWhileTheDatabaseIsAway(t *testing.T) {
	away := &fault.Error{Kind: fault.Unavailable, Code: "unavailable"}
	s := NewService(awayStore{away}, nil, nil, nil)
	s.rules.keep("daily", &rules{Site: Site{Key: "daily"}, read: time.Now().Add(-time.Hour)}, 0)
	if st, err := s.SiteOf(t.Context(), "daily"); err != nil || st.Key != "daily" {
		t.Errorf("a site that was known: %+v, %v", st, err)
	}
	if _, err := s.SiteOf(t.Context(), "weekly"); !fault.Is(err, "unavailable") {
		t.Errorf("a site that was not known: %v", err)
	}
	s.Store = awayStore{fault.Missing()}
	if _, err := s.SiteOf(t.Context(), "daily"); !fault.Is(err, "not_found") {
		t.Errorf("a site that is gone: %v", err)
	}
}

// TestRulesReadBeforeAChangeAreNotKept: a reading that began before a change
// must not bring the old rules back after it.
func TestRulesReadBeforeAChangeAreNotKept(t *testing.T) {
	var c rulesCache
	_, before := c.kept("daily")
	c.forget("daily")
	c.keep("daily", &rules{}, before)
	if held, _ := c.kept("daily"); held != nil {
		t.Error("rules of before the change were kept")
	}
}
