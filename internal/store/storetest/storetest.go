// Package storetest says what a store has to do: one suite that every engine
// passes. It knows the domain's Store and what the followers of the log need,
// and nothing of SQL; the tests of internal/store call Run once an engine.
package storetest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// Store is all that the suite asks of an engine: what the domain needs, what
// the followers of the log need, and what the sender of deliveries needs.
type Store interface {
	comment.Store
	Behind(ctx context.Context, follower string, limit int) ([]comment.Position, error)
	EventsAfter(ctx context.Context, site string, after int64, limit int) ([]comment.Event, error)
	Advance(ctx context.Context, follower, site string, to int64) error
	Changed() <-chan struct{}
	FanOut(ctx context.Context, site string, deliveries []comment.Delivery) error
	Gather(ctx context.Context, site string, deliveries []comment.Delivery) error
	Claim(ctx context.Context, ask comment.Claim) ([]comment.Call, error)
	Record(ctx context.Context, outcomes []comment.Outcome) error
	CheckedBehind(ctx context.Context, follower string, limit int) ([]comment.Position, error)
}

// Run holds an engine against the suite. open gives an empty store of its own
// to each test and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, group := range []map[string]func(*house){
		siteTests, commentTests, threadTests, queueTests, decisionTests, logTests,
		limitTests, wordTests, deliveryTests, replayTests, staffTests, writeTests, fenceTests, peopleTests, outsideTests, waveTests, ruleTests, houseTests,
	} {
		for name, test := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(&house{T: t, store: open(t)})
			})
		}
	}
}

// house is one test with its store.
type house struct {
	*testing.T
	store Store
}

// try runs fn as one use case and returns its outcome.
func (h *house) try(fn func(comment.Tx) error) error { return h.store.Write(h.Context(), nil, fn) }

// write runs fn as a use case that has to succeed.
func (h *house) write(fn func(comment.Tx) error) {
	h.Helper()
	if err := h.try(fn); err != nil {
		h.Fatal(err)
	}
}

// all runs several steps in one use case.
func all(steps ...func(comment.Tx) error) func(comment.Tx) error {
	return func(tx comment.Tx) error {
		for _, step := range steps {
			if err := step(tx); err != nil {
				return err
			}
		}
		return nil
	}
}

// get reads one thing that has to be there.
func get[T any](h *house, read func(comment.Reader) (T, error)) T {
	h.Helper()
	var got T
	err := h.store.View(h.Context(), func(r comment.Reader) (err error) {
		got, err = read(r)
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return got
}

// same compares, and says what about.
func same[T any](h *house, what string, got, want T) {
	h.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		h.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// absent checks that a read finds nothing, in the one way in which nothing is
// found.
func absent[T any](h *house, what string, read func(comment.Reader) (T, error)) {
	h.Helper()
	err := h.store.View(h.Context(), func(r comment.Reader) error {
		_, err := read(r)
		return err
	})
	if !fault.Is(err, "not_found") || fault.Of(err).Kind != fault.NotFound {
		h.Errorf("%s: want the fault not_found, got %v", what, err)
	}
}

// conflicts checks that a use case loses against what is there.
func (h *house) conflicts(what string, fn func(comment.Tx) error) {
	h.Helper()
	if err := h.try(fn); !fault.Is(err, "conflict") || fault.Of(err).Kind != fault.Conflict {
		h.Errorf("%s: want the fault conflict, got %v", what, err)
	}
}

// refused checks that a use case fails, whatever the reason.
func (h *house) refused(what string, fn func(comment.Tx) error) {
	h.Helper()
	if err := h.try(fn); err == nil {
		h.Errorf("%s: want an error", what)
	}
}

// full checks that every field of v is set, so that a round trip of v is one of
// every field and a field added later is not forgotten.
func full(h *house, v any, save ...string) {
	h.Helper()
	skip := map[string]bool{}
	for _, name := range save {
		skip[name] = true
	}
	value := reflect.ValueOf(v)
	for i := range value.NumField() {
		if name := value.Type().Field(i).Name; value.Field(i).IsZero() && !skip[name] {
			h.Fatalf("the example of %T leaves %s empty", v, name)
		}
	}
}

// start is the instant of the examples: just before a change of clocks, with
// microseconds.
var start = time.Date(2026, time.March, 29, 0, 59, 59, 123456000, time.UTC)

// after is start and some minutes.
func after(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

func newSite(key string) comment.Site {
	return comment.Site{
		Key: key, Name: "The " + key, Origins: []string{"https://" + key + ".example", "https://www." + key + ".example"},
		Options: comment.DefaultOptions(), CreatedAt: start,
	}
}

func newPage(site, id string) comment.Page {
	return comment.Page{
		Site: site, ID: id, Key: "key of " + id, URL: "https://daily.example/" + id, Title: "Title “" + id + "”",
		CreatedAt: start, ClosedAt: after(1), Count: 3,
		Premoderation: comment.Premoderation{Until: after(90), Since: after(2), By: "grace", For: "A brigade."}, SparedUntil: after(95),
	}
}

func newAuthor(site, id string) comment.Author {
	return comment.Author{
		Site: site, ID: id, Kind: comment.KindReader, Name: "Zoë " + id, Email: id + "@example.org",
		Approved: 5, Rejected: 2, FirstSeen: start,
	}
}

// newComment is a comment with every field set, on page p1 by author a1.
func newComment(site string) comment.Comment {
	id := comment.NewID()
	return comment.Comment{
		Site: site, ID: id, PageID: "p1", ParentID: "none", Depth: 2,
		AuthorID: "a1", AuthorName: "Zoë", AuthorKind: comment.KindReader, Badge: "subscriber",
		Status: comment.Approved, InForce: comment.Pending, Revision: 2, Public: 1,
		VotesUp: 7, VotesDown: 3, Replies: 4, Shown: true, Reports: 6, Reported: 2500, Sequence: 9, Version: 1,
		Risk: "medium", Held: "d1", Group: "g1", CreatedAt: start, EditedAt: after(1), DecidedAt: after(2), DecidedBy: "u1",
		Text: newRevision(site, id, 2),
	}
}

func newRevision(site, id string, n int) comment.Revision {
	source := "Text " + id + ", *take* two\nwith “quotes” & <tags>"
	return comment.Revision{
		Site: site, CommentID: id, N: n, Source: source, Tree: markup.Render(source),
		Trace: moderation.Trace{{
			Check: "links", Version: 3, Took: 42 * time.Microsecond, Err: "gave up",
			Evidence: []moderation.Evidence{{
				Check: "links", Code: "many_links", Sentence: "There are 9 links.", Hint: moderation.HintHold,
				Spans: []moderation.Span{{Start: 1, End: 4}}, Version: 3, Data: map[string]string{"n": "9"},
			}},
		}},
		Facts: `{"v":1}`, CreatedAt: start,
	}
}

// newSites makes sites with page p1 and author a1.
func (h *house) newSites(keys ...string) {
	h.Helper()
	h.write(func(tx comment.Tx) error {
		for _, key := range keys {
			err := all(
				func(tx comment.Tx) error { return tx.PutSite(newSite(key)) },
				func(tx comment.Tx) error { return tx.PutPage(newPage(key, "p1")) },
				func(tx comment.Tx) error { return tx.PutAuthor(newAuthor(key, "a1")) },
			)(tx)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// insert writes a comment with its newest revision.
func insert(c comment.Comment) func(comment.Tx) error {
	return func(tx comment.Tx) error {
		if err := tx.InsertComment(c); err != nil {
			return err
		}
		return tx.InsertRevision(c.Text)
	}
}

// post writes comments, each with its newest revision.
func (h *house) post(comments ...comment.Comment) {
	h.Helper()
	h.write(func(tx comment.Tx) error {
		for _, c := range comments {
			if err := insert(c)(tx); err != nil {
				return err
			}
		}
		return nil
	})
}
