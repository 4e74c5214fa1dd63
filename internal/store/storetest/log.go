package storetest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/keyring"
)

var logTests = map[string]func(*house){
	"log":                               testLog,
	"log takes the next number only":    testLogNumbers,
	"ids and sequences in the log":      testLogKeys,
	"log of a page":                     testPageEvents,
	"log of many writers has no gaps":   testLedger,
	"followers":                         testFollowers,
	"cursors never go back":             testCursors,
	"followers are woken by the log":    testChanged,
	"followers are woken only by a log": testUnchanged,
}

func newEvent(site string, seq int64) comment.Event {
	return comment.Event{
		Site: site, Seq: seq, ID: comment.NewID(), Type: comment.CommentApproved, PageID: "p1", CommentID: "c1", Sequence: seq,
		Actor: comment.Actor{Kind: comment.ActorModerator, ID: "u1", Name: "Mo “M”"}, Previous: comment.Pending, At: start,
		Body: []byte("{\"a\":\"\x00\xff\"}"), BodyHash: "sum", Prev: fmt.Sprint("h", seq-1), Hash: fmt.Sprint("h", seq),
		ActorMAC: "name", Covers: "comment=mac",
	}
}

func appendEvent(e comment.Event) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.AppendEvent(e) }
}

func (h *house) log(site string) []comment.Event {
	h.Helper()
	return get(h, func(r comment.Reader) ([]comment.Event, error) { return r.Events(site, 0, 10000) })
}

func (h *house) head(site string) (seq int64, hash string) {
	h.Helper()
	hash = get(h, func(r comment.Reader) (hash string, err error) {
		seq, hash, err = r.LogHead(site)
		return hash, err
	})
	return seq, hash
}

func testLog(h *house) {
	first, second, house := newEvent("daily", 1), newEvent("daily", 2), newEvent("", 1)
	full(h, second, "Data") // which is not stored
	house.PageID, house.CommentID, house.Sequence, house.Prev = "", "", 0, ""
	h.write(all(appendEvent(first), appendEvent(house), appendEvent(second)))
	same(h, "log", h.log("daily"), []comment.Event{first, second})
	same(h, "the installation's log", h.log(""), []comment.Event{house})
	if seq, hash := h.head("daily"); seq != 2 || hash != "h2" {
		h.Errorf("head is %d %q, want 2 h2", seq, hash)
	}
	same(h, "sites with a log", get(h, comment.Reader.LogSites), []string{"", "daily"})
	some := func(after int64, limit int) []comment.Event {
		return get(h, func(r comment.Reader) ([]comment.Event, error) { return r.Events("daily", after, limit) })
	}
	same(h, "one event", some(0, 1), []comment.Event{first})
	same(h, "from there on", some(1, 5), []comment.Event{second})
	same(h, "at the end", some(2, 5), []comment.Event{})

	same(h, "number of an event", get(h, func(r comment.Reader) (int64, error) { return r.EventSeq("daily", second.ID) }), 2)
	absent(h, "number of another site's event", func(r comment.Reader) (int64, error) { return r.EventSeq("daily", house.ID) })
	absent(h, "number of no event", func(r comment.Reader) (int64, error) { return r.EventSeq("daily", "x") })
}

func testLogNumbers(h *house) {
	for _, seq := range []int64{0, -1, 2, 5} {
		h.conflicts(fmt.Sprintf("number %d in an empty log", seq), appendEvent(newEvent("daily", seq)))
	}
	h.write(all(appendEvent(newEvent("daily", 1)), appendEvent(newEvent("daily", 2))))
	for _, seq := range []int64{1, 2, 4, 0, -1} {
		h.conflicts(fmt.Sprintf("number %d after 2", seq), appendEvent(newEvent("daily", seq)))
	}
	if seq, hash := h.head("daily"); seq != 2 || hash != "h2" || len(h.log("daily")) != 2 {
		h.Errorf("head %d %q, %d events; want those of the second", seq, hash, len(h.log("daily")))
	}
	h.write(appendEvent(newEvent("daily", 3)))
}

func testLogKeys(h *house) {
	first := newEvent("daily", 1)
	h.write(appendEvent(first))
	again := newEvent("weekly", 1)
	again.ID = first.ID
	h.conflicts("an id twice", appendEvent(again))
	twice := newEvent("daily", 2)
	twice.Sequence = 1
	h.conflicts("a sequence of a comment twice", appendEvent(twice))
	private, other := newEvent("daily", 2), newEvent("daily", 3)
	private.Sequence, other.Sequence = 0, 0 // what only the house sees is not counted
	h.write(all(appendEvent(private), appendEvent(other)))
}

func testPageEvents(h *house) {
	var want []comment.Event
	h.write(func(tx comment.Tx) error {
		want = nil
		for seq := int64(1); seq <= 9; seq++ {
			e := newEvent("daily", seq)
			e.PageID = []string{"p1", "p2", ""}[seq%3]
			if e.PageID == "p2" {
				light := e
				light.Body, light.BodyHash, light.Prev, light.Hash, light.ActorMAC, light.Covers = []byte{}, "", "", "", "", ""
				want = append(want, light)
			}
			foreign := newEvent("weekly", seq)
			foreign.PageID = "p2"
			if err := all(appendEvent(e), appendEvent(foreign))(tx); err != nil {
				return err
			}
		}
		return nil
	})
	events := func(page string, after int64, limit int) []comment.Event {
		return get(h, func(r comment.Reader) ([]comment.Event, error) { return r.PageEvents("daily", page, after, limit) })
	}
	same(h, "of the page", events("p2", 0, 99), want)
	same(h, "after the first", events("p2", want[0].Seq, 99), want[1:])
	same(h, "two", events("p2", 0, 2), want[:2])
	same(h, "of no page", events("", 0, 99), []comment.Event{})
}

func testLedger(h *house) {
	ring, err := keyring.New(bytes.Repeat([]byte("0123456789abcdef"), 2))
	if err != nil {
		h.Fatal(err)
	}
	ledger := comment.NewLedger(ring, comment.NewID)
	const writers, each = 16, 20
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for i := range each {
				err := h.try(func(tx comment.Tx) error {
					for _, site := range []string{"daily", "weekly"}[:1+i%2] {
						e := comment.Event{Site: site, Type: comment.CommentVoted, Actor: comment.Actor{Kind: comment.ActorReader}, At: start}
						if _, err := ledger.Append(tx, e); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					h.Error(err)
				}
			}
		})
	}
	all.Wait()
	for site, want := range map[string]int64{"daily": writers * each, "weekly": writers * each / 2} {
		events := h.log(site)
		for i, e := range events {
			if e.Seq != int64(i+1) {
				h.Fatalf("%s: event %d has number %d", site, i+1, e.Seq)
			}
		}
		audit := get(h, func(r comment.Reader) (comment.Audit, error) { return ledger.Verify(r, site) })
		if audit.Events != want || audit.Bad != 0 || int64(len(events)) != want {
			h.Errorf("%s: want %d events, got %d and %+v", site, want, len(events), audit)
		}
	}
}

func (h *house) behind(follower string, limit int) map[string]int64 {
	h.Helper()
	list, err := h.store.Behind(h.Context(), follower, limit)
	if err != nil {
		h.Fatal(err)
	}
	at := map[string]int64{}
	for _, p := range list {
		at[p.Site] = p.Seq
	}
	return at
}

func (h *house) advance(follower, site string, to int64) {
	h.Helper()
	if err := h.store.Advance(h.Context(), follower, site, to); err != nil {
		h.Fatal(err)
	}
}

func testFollowers(h *house) {
	same(h, "behind an empty log", h.behind("webhook", 9), map[string]int64{})
	h.write(all(appendEvent(newEvent("daily", 1)), appendEvent(newEvent("daily", 2)), appendEvent(newEvent("weekly", 1)), appendEvent(newEvent("", 1))))
	same(h, "behind at first", h.behind("webhook", 9), map[string]int64{"": 0, "daily": 0, "weekly": 0})
	h.advance("webhook", "daily", 1)
	h.advance("webhook", "weekly", 1)
	same(h, "behind after a part", h.behind("webhook", 9), map[string]int64{"": 0, "daily": 1})
	same(h, "another follower", h.behind("live", 9), map[string]int64{"": 0, "daily": 0, "weekly": 0})
	if some := h.behind("live", 2); len(some) != 2 {
		h.Errorf("%d sites, asked for 2", len(some))
	}
	h.advance("webhook", "daily", 2)
	h.advance("webhook", "", 1)
	same(h, "behind at the end", h.behind("webhook", 9), map[string]int64{})

	events, err := h.store.EventsAfter(h.Context(), "daily", 1, 5)
	if err != nil || len(events) != 1 || events[0].Seq != 2 {
		h.Errorf("events after 1: %v, %v", events, err)
	}
}

func testCursors(h *house) {
	h.write(all(appendEvent(newEvent("daily", 1)), appendEvent(newEvent("daily", 2)), appendEvent(newEvent("daily", 3))))
	h.advance("webhook", "daily", 2)
	h.advance("webhook", "daily", 1)
	h.advance("webhook", "daily", 0)
	same(h, "cursor", h.behind("webhook", 9), map[string]int64{"daily": 2})
}

func testChanged(h *house) {
	for seq := int64(1); seq <= 3; seq++ {
		changed, too := h.store.Changed(), h.store.Changed()
		h.write(appendEvent(newEvent("daily", seq)))
		ctx, cancel := context.WithTimeout(h.Context(), 10*time.Second)
		for _, ch := range []<-chan struct{}{changed, too} {
			select {
			case <-ch:
			case <-ctx.Done():
				h.Fatalf("nobody was woken by event %d", seq)
			}
		}
		cancel()
		if head, _ := h.head("daily"); head != seq {
			h.Errorf("woken at %d, before event %d was there", head, seq)
		}
	}
}

func testUnchanged(h *house) {
	h.newSites("daily")
	changed := h.store.Changed()
	h.write(func(tx comment.Tx) error { return tx.CountStatus("daily", comment.Pending, 1) })
	h.advance("webhook", "daily", 0)
	_ = h.try(all(appendEvent(newEvent("daily", 1)), appendEvent(newEvent("daily", 7)))) // rolled back
	h.conflicts("a number out of turn", appendEvent(newEvent("daily", 7)))
	select {
	case <-changed:
		h.Error("woken, and no log has grown")
	default:
	}
}
