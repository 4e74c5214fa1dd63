package comment

import (
	"context"
	"maps"
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

// ruleReads counts how often the lists of a site are read, to be compiled.
type ruleReads struct {
	Reader
	versions map[List]int64
	words    int
}

func (r *ruleReads) Site(key string) (Site, error)              { return Site{Key: key}, nil }
func (r *ruleReads) StaffNames(string) ([]string, error)        { return nil, nil }
func (r *ruleReads) Versions(string) (map[List]int64, error)    { return maps.Clone(r.versions), nil }
func (r *ruleReads) Blocks(string) ([]Block, error)             { return nil, nil }
func (r *ruleReads) Rules(string) ([]Rule, error)               { return nil, nil }
func (r *ruleReads) Integrations(string) ([]Integration, error) { return nil, nil }
func (r *ruleReads) Words(string) ([]Word, error)               { r.words++; return nil, nil }

// readStore is a database that is only read.
type readStore struct {
	awayStore
	reads *ruleReads
}

func (s readStore) View(_ context.Context, fn func(Reader) error) error { return fn(s.reads) }

// TestAChangeLeavesTheOtherListsCompiled: what was changed is read before the next
// comment, and only that: a word list may be long.
func TestAChangeLeavesTheOtherListsCompiled(t *testing.T) {
	reads := &ruleReads{versions: map[List]int64{ListWords: 1}}
	s := NewService(readStore{reads: reads}, nil, nil, nil)
	read := func(want int, when string) {
		t.Helper()
		u, err := s.rulesOf(t.Context(), "daily")
		if err != nil || u.words == nil || u.read.IsZero() || reads.words != want {
			t.Errorf("%s: %+v, %v; words were read %d times, want %d", when, u, err, reads.words, want)
		}
	}
	read(1, "at first")
	s.rules.forget("daily")
	read(1, "after another list was changed")
	s.rules.forgetAll()
	read(1, "after a list of every site was changed")
	reads.versions[ListWords]++
	s.rules.forget("daily")
	read(2, "after the words were changed")
}

// TestRulesThatWereChangedDoNotGoOn: a change counts at once or not at all, also
// while the database is away.
func TestRulesThatWereChangedDoNotGoOn(t *testing.T) {
	s := NewService(awayStore{&fault.Error{Kind: fault.Unavailable, Code: "unavailable"}}, nil, nil, nil)
	s.rules.keep("daily", &rules{Site: Site{Key: "daily"}, read: time.Now()}, 0)
	s.rules.forget("daily")
	if _, err := s.SiteOf(t.Context(), "daily"); !fault.Is(err, "unavailable") {
		t.Errorf("the rules of before the change: %v", err)
	}
}
