package webhook

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/mattn/go-sqlite3"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/store"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

// morning is when the past of these tests begins.
var morning = time.Date(2026, time.March, 1, 6, 0, 0, 0, time.UTC)

// happenAt is happen at an instant.
func (h *house) happenAt(at time.Time, commentID string, types ...string) {
	h.t.Helper()
	h.write(func(tx comment.Tx) error {
		sequence := h.sequence[commentID]
		for _, eventType := range types {
			sequence++
			data := fmt.Appendf(nil, `{"comment":{"id":%q,"text":"\u2028 ü"}}`, commentID)
			if _, err := h.ledger.Append(tx, comment.Event{Site: site, Type: eventType, CommentID: commentID, Sequence: sequence, Actor: admin, At: at, Body: data}); err != nil {
				return err
			}
		}
		h.sequence[commentID] = sequence
		return nil
	})
}

// past fills the log: n comments that are created and approved, a minute each.
func (h *house) past(n int) {
	for i := range n {
		h.happenAt(morning.Add(time.Duration(i)*time.Minute), "c"+strconv.Itoa(i), comment.CommentCreated, comment.CommentApproved)
	}
}

func (h *house) log() []comment.Event {
	h.t.Helper()
	return view(h, func(r comment.Reader) ([]comment.Event, error) { return r.Events(site, 0, 100000) })
}

func (h *house) replay(id string) comment.Replay {
	h.t.Helper()
	return view(h, func(r comment.Reader) (comment.Replay, error) { return r.Replay(site, id) })
}

func (h *house) start(endpoint string, ask ReplayAsk) comment.Replay {
	h.t.Helper()
	v, err := h.hooks.StartReplay(h.t.Context(), site, endpoint, ask, admin)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// replayer is one that does not rest.
func (h *house) replayer() *Replayer {
	return &Replayer{Hooks: h.hooks, Every: time.Nanosecond, OnError: func(err error) { h.t.Error("replayer:", err) }}
}

// goOn runs workers until the returned function is called, which waits for them.
func (h *house) goOn(runs ...func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, run := range runs {
		group.Go(func() {
			if err := run(ctx); err != nil {
				h.t.Errorf("a worker ended with %v", err)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); group.Wait() })
	h.t.Cleanup(stop)
	return stop
}

// settle takes what an endpoint is owed for delivered.
func (h *house) settle() {
	h.t.Helper()
	h.settleAs(comment.DeliveryDelivered, ClassOK)
}

// settleAs ends what is due in one way or the other.
func (h *house) settleAs(state comment.DeliveryState, class string) {
	h.t.Helper()
	for {
		calls, err := h.store.Claim(context.Background(), claimAt(h.hooks.Now()))
		if err != nil {
			h.t.Fatal(err)
		}
		if len(calls) == 0 {
			return
		}
		outcomes := make([]comment.Outcome, len(calls))
		for i, c := range calls {
			d := c.Delivery
			d.State, d.LastAt, d.Attempts = state, h.hooks.Now(), d.Attempts+1
			if state == comment.DeliveryDelivered {
				d.DeliveredAt = d.LastAt
			}
			outcomes[i] = comment.Outcome{Delivery: d, Attempt: comment.Attempt{N: d.Attempts, At: d.LastAt, Class: class}}
		}
		if err := h.store.Record(context.Background(), outcomes); err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestAReplaySendsAStretchOfTheLog(t *testing.T) {
	h, s, other := newHouse(t), newStand(t, nil), newStand(t, nil)
	h.past(30) // before there was an endpoint
	e, secret := h.add(s.URL, comment.CommentApproved)
	h.add(other.URL)
	ask := ReplayAsk{Since: morning.Add(10 * time.Minute), Until: morning.Add(20 * time.Minute)}
	preview, err := h.hooks.PreviewReplay(t.Context(), site, e.ID, ask)
	if err != nil {
		t.Fatal(err)
	}
	want := Preview{Past: comment.Past{Events: 10, FirstAt: ask.Since, LastAt: ask.Until.Add(-time.Minute)}}
	if diff := cmp.Diff(want, preview); diff != "" {
		t.Error(diff)
	}
	if n := len(h.deliveries(e.ID)); n != 0 {
		t.Fatalf("a preview owes %d deliveries", n)
	}
	v := h.start(e.ID, ask)
	if v.Events != preview.Events || v.State != comment.ReplayRunning || v.Number != 1000 {
		t.Errorf("%+v", v)
	}
	h.run()
	h.goOn(h.replayer().Run)
	until(t, "all of it has come", func() bool { return s.count() == 10 && h.endpoint(e.ID).Owed == 0 })
	log := map[string]comment.Event{}
	for _, e := range h.log() {
		log[e.ID] = e
	}
	var seqs []int64
	for _, g := range s.all() {
		was := log[g.header.Get(HeaderID)]
		seqs = append(seqs, was.Seq)
		if !bytes.Equal(g.body, was.Body) || g.header.Get("x-afterword-replay") != "1000" || Verify(secret, g.header, g.body, time.Now()) != nil {
			t.Errorf("%s with the headers %v, in the log %s", g.body, g.header, was.Body)
		}
	}
	slices.Sort(seqs) // comments are sent side by side
	for i, seq := range seqs {
		if seq != int64(2*(10+i)+2) {
			t.Errorf("event %d is number %d of the log", i, seq)
		}
	}
	until(t, "it is done", func() bool { return h.replay(v.ID).State == comment.ReplayDone })
	if got := h.replay(v.ID); got.Sent != 10 || got.Events != 10 || got.EndedAt.IsZero() {
		t.Errorf("%+v", got)
	}
	if other.count() > 0 {
		t.Errorf("another endpoint was sent %d", other.count())
	}
}

// Whatever is asked for, the preview says what is then sent, and it is sent in
// the order of the log.
func TestThePreviewAndTheReplayAgree(t *testing.T) {
	h := newHouse(t)
	h.past(40)
	h.happen("new", comment.CommentCreated, comment.CommentEdited)
	for i := range 12 {
		e, _ := h.add("https://one.example/", comment.CommentCreated, comment.CommentApproved)
		ask := ReplayAsk{Since: morning.Add(time.Duration(rand.IntN(45)) * time.Minute)}
		if i%3 > 0 {
			ask.Until = ask.Since.Add(time.Duration(1+rand.IntN(3000)) * time.Second)
		}
		if i%2 > 0 {
			ask.Types = []string{comment.CommentCreated, comment.CommentEdited}
		}
		p, err := h.hooks.PreviewReplay(t.Context(), site, e.ID, ask)
		if err != nil || p.More {
			t.Fatal(p, err)
		}
		v, r := h.start(e.ID, ask), h.replayer()
		for h.replay(v.ID).State == comment.ReplayRunning {
			if err := r.look(t.Context()); err != nil {
				t.Fatal(err)
			}
			h.settle()
		}
		sent := h.deliveries(e.ID)
		if v = h.replay(v.ID); len(sent) != p.Events || v.Sent != p.Events || v.Events != p.Events {
			t.Errorf("%+v: %d were counted, %d sent, %+v", ask, p.Events, len(sent), v)
		}
		for i, d := range sent { // newest first
			if i > 0 && d.EventSeq >= sent[i-1].EventSeq {
				t.Errorf("%d was sent before %d", sent[i-1].EventSeq, d.EventSeq)
			}
		}
	}
}

func TestInstantsAreFoundInALogWhoseWritersWaited(t *testing.T) {
	h := newHouse(t)
	var ats []time.Time
	for i := range 60 {
		at := morning.Add(time.Duration(i)*time.Second + time.Duration(rand.IntN(3000))*time.Millisecond)
		ats = append(ats, at)
		h.happenAt(at, "c1", comment.CommentEdited)
	}
	head := int64(len(ats))
	for _, at := range append(ats, morning.Add(-time.Hour), morning.Add(time.Hour)) {
		first, last := head+1, int64(0)
		for i, when := range ats {
			if !when.Before(at) {
				first = min(first, int64(i)+1)
			} else {
				last = int64(i) + 1
			}
		}
		if n := view(h, func(r comment.Reader) (int64, error) { return firstSince(r, site, head, at) }); n != first {
			t.Errorf("since %s: %d, want %d", at, n, first)
		}
		if n := view(h, func(r comment.Reader) (int64, error) { return lastBefore(r, site, head, at) }); n != last {
			t.Errorf("before %s: %d, want %d", at, n, last)
		}
	}
}

func TestReplaysAreRefused(t *testing.T) {
	h := newHouse(t)
	h.past(3)
	e, _ := h.add("https://one.example/")
	other, _ := h.add("https://two.example/")
	for what, ask := range map[string]ReplayAsk{
		"nothing": {}, "types": {Since: morning, Types: []string{comment.CommentVoted}}, "until": {Since: morning, Until: morning},
	} {
		_, err := h.hooks.StartReplay(t.Context(), site, e.ID, ask, admin)
		_, perr := h.hooks.PreviewReplay(t.Context(), site, e.ID, ask)
		for _, err := range []error{err, perr} {
			if isFault(t, err, "invalid"); err == nil {
				t.Errorf("%s: no error", what)
			}
		}
	}
	_, err := h.hooks.StartReplay(t.Context(), site, comment.NewID(), ReplayAsk{Since: morning}, admin)
	isFault(t, err, "not_found")
	rebuild, _, err := h.hooks.Add(t.Context(), site, Change{URL: "https://build.example/hook", Target: comment.TargetRebuild}, admin)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.hooks.StartReplay(t.Context(), site, rebuild.ID, ReplayAsk{Since: morning}, admin)
	isFault(t, err, "nothing_to_replay")

	v := h.start(e.ID, ReplayAsk{Since: morning})
	_, err = h.hooks.StartReplay(t.Context(), site, e.ID, ReplayAsk{Since: morning}, admin)
	isFault(t, err, "replay_running")
	_, err = h.hooks.CancelReplay(t.Context(), site, other.ID, v.ID, admin)
	isFault(t, err, "not_found")
	if got, err := h.hooks.CancelReplay(t.Context(), site, e.ID, v.ID, admin); err != nil || got.State != comment.ReplayCancelled || got.EndedAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = h.hooks.CancelReplay(t.Context(), site, e.ID, v.ID, admin)
	isFault(t, err, "replay_ended")
	r := h.replayer()
	for range 3 {
		if err := r.look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(h.deliveries(e.ID)); n != 0 {
		t.Errorf("a cancelled replay sent %d", n)
	}
	if v := h.start(e.ID, ReplayAsk{Since: time.Now().Add(time.Hour)}); v.State != comment.ReplayDone || v.Events != 0 || v.Number != 2000 {
		t.Errorf("a replay of nothing: %+v", v)
	}
	all, err := h.hooks.Replays(t.Context(), site, e.ID, "", 9)
	if err != nil || len(all) != 2 || all[1].ID != v.ID {
		t.Errorf("%+v, %v", all, err)
	}
}

// A replay takes its turn only when it has rested, on whichever node, and when
// nothing else is due.
func TestAReplayGoesBehindWhatIsDueAtItsRate(t *testing.T) {
	h := newHouse(t)
	h.past(30)
	e, _ := h.add("https://one.example/", comment.CommentCreated)
	v := h.start(e.ID, ReplayAsk{Since: morning})
	here, there := h.replayer(), h.replayer()
	here.Every, there.Every = time.Hour, time.Hour
	rested := func(r *Replayer) {
		for id, s := range r.seen {
			r.seen[id] = sighting{s.after, s.since.Add(-time.Hour)}
		}
	}
	sends := func(what string, r *Replayer, want int) {
		t.Helper()
		before := h.replay(v.ID).Sent
		if err := r.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := h.replay(v.ID).Sent - before; got != want {
			t.Errorf("%s: %d were sent, want %d", what, got, want)
		}
	}
	sends("just seen", here, 0)
	sends("not rested", here, 0)
	sends("just seen there", there, 0)
	rested(here)
	sends("rested", here, 5)
	rested(there)
	sends("moved by another node", there, 0)
	rested(here)
	sends("behind its own", here, 0)
	h.settle()
	rested(here)
	sends("nothing is due", here, 5)
	h.settle()

	h.happen("live", comment.CommentCreated)
	h.spread()
	rested(here)
	sends("behind live traffic", here, 0)
	h.settle()
	change := func(change func(*comment.Endpoint)) {
		e := h.endpoint(e.ID)
		change(&e)
		h.write(func(tx comment.Tx) error { return tx.PutEndpoint(e) })
		rested(here)
	}
	for _, status := range []comment.EndpointStatus{comment.EndpointPaused, comment.EndpointDisabled, comment.EndpointGone} {
		change(func(e *comment.Endpoint) { e.Status = status })
		sends(string(status), here, 0)
	}
	change(func(e *comment.Endpoint) {
		e.Status, e.GateUntil = comment.EndpointActive, time.Now().Add(time.Hour)
	})
	sends("behind a gate", here, 0)
	change(func(e *comment.Endpoint) { e.GateUntil = time.Time{} })
	retry := comment.Delivery{Site: site, ID: "retry", EndpointID: e.ID, EventID: "x", State: comment.DeliveryOwed, NextAt: time.Now().Add(time.Hour)}
	h.write(func(tx comment.Tx) error { return tx.InsertDelivery(retry, nil) })
	sends("nothing but a later retry is owed", here, 5)
}

// broken is a store whose writes sometimes come to nothing, or happen and nobody
// hears of it.
type broken struct{ comment.Store }

var errBroken = errors.New("killed")

func (b broken) Write(ctx context.Context, sites comment.Sites, fn func(comment.Tx) error) error {
	fate := rand.IntN(4)
	err := b.Store.Write(ctx, sites, func(tx comment.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if fate == 0 {
			return errBroken
		}
		return nil
	})
	if fate == 1 && err == nil {
		return errBroken
	}
	return err
}

// Killed before or after any commit, and carried on by two nodes at once, a
// replay sends each event once.
func TestAReplayOutlivesKillsAndNodes(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { outlives(t, newHouse(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { outlives(t, newHouseAt(t, pgtest.Database(t))) })
}

func outlives(t *testing.T, h *house) {
	h.past(60)
	e, _ := h.add("https://one.example/", comment.CommentCreated, comment.CommentApproved)
	v := h.start(e.ID, ReplayAsk{Since: morning})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var nodes sync.WaitGroup
	for range 2 {
		beside, err := store.Open(t.Context(), h.path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { beside.Close() })
		hooks := *h.hooks
		hooks.Store = broken{beside}
		nodes.Go(func() {
			for life := 0; ctx.Err() == nil; life++ { // nothing of a replayer outlives its process
				r := &Replayer{Hooks: &hooks, Every: time.Nanosecond, Batch: 1 + life%4}
				for range 5 {
					_ = r.look(ctx)
				}
			}
		})
	}
	until(t, "the replay is done", func() bool {
		h.settle()
		return h.replay(v.ID).State == comment.ReplayDone
	})
	cancel()
	nodes.Wait()
	seqs := map[int64]int{}
	for _, d := range h.deliveries(e.ID) {
		seqs[d.EventSeq]++
	}
	for seq := range int64(120) {
		if seqs[seq+1] != 1 {
			t.Errorf("event %d was sent %d times", seq+1, seqs[seq+1])
		}
	}
	if v := h.replay(v.ID); len(seqs) != 120 || v.Sent != 120 || v.Events != 120 {
		t.Errorf("%d events, %+v", len(seqs), v)
	}
}

func TestRedeliveriesAndReplaysDoNotMeet(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, _ := h.add(s.URL)
	h.run()
	h.goOn(h.replayer().Run)
	h.happen("c1", comment.CommentCreated)
	sent := 1
	settled := func() {
		t.Helper()
		until(t, "it has come", func() bool { return s.count() == sent && h.endpoint(e.ID).Owed == 0 })
	}
	settled()
	for range 3 {
		for range 2 {
			if _, err := h.hooks.Redeliver(t.Context(), site, h.deliveries(e.ID)[0].ID, admin); err != nil {
				t.Fatal(err)
			}
			sent++
			settled()
		}
		v := h.start(e.ID, ReplayAsk{Since: morning})
		sent++
		settled()
		until(t, "the replay is done", func() bool { return h.replay(v.ID).State == comment.ReplayDone })
	}
	var numbers []int
	for _, d := range slices.Backward(h.deliveries(e.ID)) {
		numbers = append(numbers, d.Replay)
	}
	if diff := cmp.Diff([]int{0, 1, 2, 1000, 1001, 1002, 2000, 2001, 2002, 3000}, numbers); diff != "" {
		t.Error(diff)
	}
	last := h.deliveries(e.ID)[0]
	last.ID, last.Replay, last.State = "last", 3999, comment.DeliveryDelivered
	h.write(func(tx comment.Tx) error { return tx.InsertDelivery(last, nil) })
	_, err := h.hooks.Redeliver(t.Context(), site, "last", admin)
	isFault(t, err, "sent_too_often")
}

// What an erasure has taken out of the log is not sent again: deliveries have no
// text of their own.
func TestAReplaySendsTheLogAsItIs(t *testing.T) {
	h, s := newHouse(t), newStand(t, nil)
	e, _ := h.add(s.URL)
	stop := h.run()
	h.happen("c1", comment.CommentCreated, comment.CommentApproved)
	until(t, "both have come", func() bool { return s.count() == 2 && h.endpoint(e.ID).Owed == 0 })
	stop()
	v, r := h.start(e.ID, ReplayAsk{Since: morning}), h.replayer()
	for h.replay(v.ID).State == comment.ReplayRunning {
		if err := r.look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.endpoint(e.ID).Owed; n != 2 {
		t.Fatalf("%d are owed", n)
	}
	db, err := sql.Open("sqlite3", "file:"+h.path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`update events set body = cast('{"id":"x","type":"comment.created","sequence":1,"data":{"comment":{"id":"c1"}}}' as blob) where comment_id = 'c1'`); err != nil {
		t.Fatal(err)
	}
	h.run()
	until(t, "both have come again", func() bool { return s.count() == 4 })
	for _, g := range s.all()[2:] {
		if bytes.Contains(g.body, []byte("text")) {
			t.Errorf("what was erased is sent: %s", g.body)
		}
	}
}

// Missed is what was given up; what has arrived on another way is not sent.
func TestWhatWasMissedIsSent(t *testing.T) {
	h := newHouse(t)
	h.schedule = Schedule{}
	var well sync.Map
	s := newStand(t, func(w http.ResponseWriter, g got, _ int) {
		if _, ok := well.Load(g.comment); !ok {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	e, _ := h.add(s.URL, comment.CommentCreated)
	h.run()
	for _, id := range []string{"a", "b", "c", "d"} {
		if id == "c" {
			well.Store("c", true)
		}
		h.happen(id, comment.CommentCreated)
	}
	done := func(n int) func() bool {
		return func() bool { return len(h.deliveries(e.ID)) == n && h.endpoint(e.ID).Owed == 0 }
	}
	until(t, "one has come and three have not", done(4))
	well.Store("b", true)
	redelivered := h.deliveries(e.ID)[slices.IndexFunc(h.deliveries(e.ID), func(d comment.Delivery) bool { return d.CommentID == "b" })]
	if _, err := h.hooks.Redeliver(t.Context(), site, redelivered.ID, admin); err != nil {
		t.Fatal(err)
	}
	until(t, "b has come", done(5))
	well.Store("a", true)
	well.Store("d", true)
	if p, err := h.hooks.PreviewReplay(t.Context(), site, e.ID, ReplayAsk{Missed: true}); err != nil || p.Events != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	before := s.count()
	v := h.start(e.ID, ReplayAsk{Missed: true})
	h.goOn(h.replayer().Run)
	until(t, "the rest has come", func() bool { return done(7)() && h.replay(v.ID).State == comment.ReplayDone })
	var rest []string
	for _, g := range s.all()[before:] {
		rest = append(rest, g.comment)
	}
	slices.Sort(rest)
	if diff := cmp.Diff([]string{"a", "d"}, rest); diff != "" {
		t.Error(diff)
	}
	if v := h.start(e.ID, ReplayAsk{Missed: true}); v.State != comment.ReplayDone || v.Events != 0 {
		t.Errorf("nothing is missed, and yet: %+v", v)
	}
}
