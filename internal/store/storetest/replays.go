package storetest

import (
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

var replayTests = map[string]func(*house){
	"replay":         testReplay,
	"replays":        testReplays,
	"moving replays": testMoveReplay,
	"past events":    testPast,
	"missed events":  testMissed,
	"failed first":   testFailedFirst,
}

func newReplay(site, endpoint, id string) comment.Replay {
	return comment.Replay{
		Site: site, ID: id, EndpointID: endpoint, Number: 1000, Types: []string{comment.CommentApproved}, Missed: true,
		After: 3, Until: 9, Events: 5, Sent: 2, State: comment.ReplayRunning, CreatedAt: start, EndedAt: after(1),
	}
}

func putReplay(v comment.Replay) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.InsertReplay(v) }
}

func getReplay(h *house, site, id string) comment.Replay {
	h.Helper()
	return get(h, func(r comment.Reader) (comment.Replay, error) { return r.Replay(site, id) })
}

func testReplay(h *house) {
	h.newSites("daily", "weekly")
	v := newReplay("daily", "e1", "r1")
	full(h, v)
	h.write(all(putEndpoint(newEndpoint("daily", "e1")), putReplay(v)))
	same(h, "replay", getReplay(h, "daily", "r1"), v)
	same(h, "replay anywhere", get(h, func(r comment.Reader) (comment.Replay, error) { return r.FindReplay("r1") }), v)
	absent(h, "replay of another site", func(r comment.Reader) (comment.Replay, error) { return r.Replay("weekly", "r1") })
	h.conflicts("an id twice", putReplay(v))
	h.write(func(tx comment.Tx) error { return tx.RemoveEndpoint("daily", "e1") })
	absent(h, "replay of a removed endpoint", func(r comment.Reader) (comment.Replay, error) { return r.FindReplay("r1") })
}

func testReplays(h *house) {
	h.newSites("daily", "weekly")
	h.write(all(putEndpoint(newEndpoint("daily", "e1")), putEndpoint(newEndpoint("daily", "e2")), putEndpoint(newEndpoint("weekly", "e3"))))
	for _, v := range []struct{ site, endpoint, id string }{
		{"weekly", "e3", "r0"}, {"daily", "e1", "r1"}, {"daily", "e2", "r2"}, {"daily", "e1", "r3"}, {"daily", "e1", "r4"},
	} {
		replay := newReplay(v.site, v.endpoint, v.id)
		if v.id == "r3" {
			replay.State = comment.ReplayDone
		}
		h.write(putReplay(replay))
	}
	ids := func(all []comment.Replay) (ids []string) {
		for _, v := range all {
			ids = append(ids, v.ID)
		}
		return ids
	}
	of := func(before string, limit int) []string {
		return ids(get(h, func(r comment.Reader) ([]comment.Replay, error) { return r.Replays("daily", "e1", before, limit) }))
	}
	same(h, "all of an endpoint", of("", 9), []string{"r4", "r3", "r1"})
	same(h, "the first", of("", 1), []string{"r4"})
	same(h, "the rest", of("r4", 9), []string{"r3", "r1"})
	running := func(limit int) []string {
		return ids(get(h, func(r comment.Reader) ([]comment.Replay, error) { return r.RunningReplays(limit) }))
	}
	same(h, "running ones", running(9), []string{"r1", "r2", "r4", "r0"})
	same(h, "some running ones", running(2), []string{"r1", "r2"})
}

// A replay moves for one of those who want to move it, and not once it has ended.
func testMoveReplay(h *house) {
	h.newSites("daily")
	v := newReplay("daily", "e1", "r1")
	v.EndedAt = time.Time{}
	h.write(all(putEndpoint(newEndpoint("daily", "e1")), putReplay(v)))
	move := func(from int64) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.MoveReplay(v, from) }
	}
	v.After, v.Events, v.Sent = 6, 7, 4
	h.write(move(3))
	same(h, "moved", getReplay(h, "daily", "r1"), v)
	h.conflicts("moving from where it is no more", move(3))
	v.State, v.EndedAt = comment.ReplayCancelled, after(5)
	h.write(move(6))
	same(h, "ended", getReplay(h, "daily", "r1"), v)
	h.conflicts("moving what has ended", move(6))
}

// pastLog is a log of eight events, a minute between them.
func pastLog(h *house) (log []comment.Event) {
	h.newSites("daily", "weekly")
	h.write(all(putEndpoint(newEndpoint("daily", "e1")), putEndpoint(newEndpoint("daily", "e2"))))
	for i, typ := range []string{
		comment.CommentCreated, comment.CommentApproved, comment.CommentVoted, comment.CommentEdited,
		comment.PageClosed, comment.CommentApproved, comment.CommentDeleted, comment.CommentApproved,
	} {
		e := newEvent("daily", int64(i+1))
		e.Type, e.CommentID, e.Sequence, e.At = typ, "c1", int64(i+1), after(i)
		switch typ {
		case comment.CommentEdited: // for the house only: without a number
			e.Sequence = 0
		case comment.PageClosed:
			e.CommentID, e.Sequence = "", 0
		}
		log = append(log, e)
		h.write(appendEvent(e))
	}
	h.write(appendEvent(newEvent("weekly", 1)))
	return log
}

func testPast(h *house) {
	log := pastLog(h)
	most := []string{comment.CommentCreated, comment.CommentApproved, comment.CommentEdited, comment.PageClosed}
	for _, c := range []struct {
		name         string
		after, until int64
		types        []string
		limit        int
		want         []int64
		of           int // without the limit
	}{
		{"everything", 0, 99, most, 99, []int64{1, 2, 5, 6, 8}, 5},
		{"a stretch", 1, 6, most, 99, []int64{2, 5, 6}, 3},
		{"the first", 0, 99, most, 2, []int64{1, 2}, 5},
		{"one type", 0, 8, []string{comment.CommentApproved}, 99, []int64{2, 6, 8}, 3},
		{"no type", 0, 99, nil, 99, nil, 0},
		{"nothing", 8, 99, most, 99, nil, 0},
	} {
		q := comment.PastQuery{Site: "daily", After: c.after, Until: c.until, Types: c.types}
		found := get(h, func(r comment.Reader) ([]comment.Event, error) { return r.PastEvents(q, c.limit) })
		var got []int64
		for _, e := range found {
			got = append(got, e.Seq)
			was := log[e.Seq-1]
			same(h, c.name, e, comment.Event{Site: "daily", Seq: was.Seq, ID: was.ID, Type: was.Type, CommentID: was.CommentID, Sequence: was.Sequence, At: was.At})
		}
		same(h, c.name, got, c.want)
		sum := get(h, func(r comment.Reader) (comment.Past, error) { return r.CountPast(q) })
		want := comment.Past{Events: c.of}
		if c.of > 0 && len(c.want) == c.of {
			want.FirstAt, want.LastAt = log[c.want[0]-1].At, log[c.want[len(c.want)-1]-1].At
			same(h, c.name+", summed up", sum, want)
		}
		same(h, c.name+", counted", sum.Events, want.Events)
	}
}

// Missed is what was given up, and has not come since on any other way.
func testMissed(h *house) {
	log := pastLog(h)
	put := func(seq, replay int, endpoint string, state comment.DeliveryState) {
		e, d := log[seq-1], newDelivery("daily", endpoint, fmt.Sprint(endpoint, "-", seq, "-", replay))
		d.EventSeq, d.EventID, d.Replay, d.State = e.Seq, e.ID, replay, state
		h.write(putDelivery(d, nil))
	}
	put(1, 0, "e1", comment.DeliveryFailed)
	put(2, 0, "e1", comment.DeliveryFailed)
	put(2, 1, "e1", comment.DeliveryDelivered) // by a redelivery
	put(5, 0, "e1", comment.DeliveryOwed)
	put(6, 0, "e1", comment.DeliveryFailed)
	put(6, 1, "e1", comment.DeliveryFailed)
	put(7, 0, "e1", comment.DeliveryDelivered)
	put(8, 0, "e2", comment.DeliveryFailed) // another endpoint's
	q := comment.PastQuery{Site: "daily", Until: 99, Types: comment.PublicTypes, Missed: "e1"}
	var got []int64
	for _, e := range get(h, func(r comment.Reader) ([]comment.Event, error) { return r.PastEvents(q, 99) }) {
		got = append(got, e.Seq)
	}
	same(h, "missed", got, []int64{1, 6})
	same(h, "counted", get(h, func(r comment.Reader) (comment.Past, error) { return r.CountPast(q) }),
		comment.Past{Events: 2, FirstAt: log[0].At, LastAt: log[5].At})
}

func testFailedFirst(h *house) {
	log := pastLog(h)
	failed := func(most int) int64 {
		return get(h, func(r comment.Reader) (int64, error) { return r.FirstFailed("daily", "e1", most) })
	}
	same(h, "failed, of nothing", failed(9), 0)
	for i, state := range []comment.DeliveryState{comment.DeliveryFailed, comment.DeliveryDelivered, comment.DeliveryFailed, comment.DeliveryFailed, comment.DeliveryOwed, comment.DeliveryOwed} {
		d := newDelivery("daily", "e1", fmt.Sprint("d", i))
		d.EventSeq, d.EventID, d.State, d.LastAt = log[i].Seq, log[i].ID, state, after(10+i)
		h.write(putDelivery(d, nil))
	}
	ping := newDelivery("daily", "e1", "ping")
	ping.EventSeq, ping.EventID, ping.State = 0, "ping", comment.DeliveryFailed
	other := newDelivery("daily", "e2", "other")
	other.State = comment.DeliveryFailed
	h.write(all(putDelivery(ping, nil), putDelivery(other, nil)))
	same(h, "failed", failed(9), 1)
	same(h, "failed of late", failed(2), 4)
	givenUp := func(since time.Time, most int) (ids []string) {
		for _, d := range get(h, func(r comment.Reader) ([]comment.Delivery, error) { return r.GivenUp("daily", "e1", since, most) }) {
			ids = append(ids, d.ID)
		}
		return ids
	}
	again := newDelivery("daily", "e1", "e") // of what d2 was for
	again.EventSeq, again.EventID, again.Replay, again.State = log[2].Seq, log[2].ID, 2, comment.DeliveryFailed
	h.write(putDelivery(again, nil))
	same(h, "given up", givenUp(time.Time{}, 9), []string{"d0", "d2", "d3", "e"})
	same(h, "given up since", givenUp(after(10), 9), []string{"d2", "d3"})
	same(h, "given up of late", givenUp(time.Time{}, 1), []string{"e"})
	again.ID, again.Replay, again.State = "f", 3, comment.DeliveryCancelled
	h.write(putDelivery(again, nil))
	same(h, "given up, save what came otherwise", givenUp(time.Time{}, 9), []string{"d0", "d3"})
}
