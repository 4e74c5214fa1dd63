package storetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

var limitTests = map[string]func(*house){
	"tokens":                         testTokens,
	"tokens with the clock set back": testClockSetBack,
	"tokens never exceed the rate":   testTokenRate,
	"salt of the day":                testSalt,
	"receipt":                        testReceipt,
	"prune":                          testPrune,
	"prune in steps":                 testPruneLimit,
	"prune destroys salts":           testPruneSalt,
}

// bucket is a token bucket of the example: a token every ten seconds, three in
// store.
type bucket struct {
	*house
	key string
}

const (
	every = 10 * time.Second
	burst = 3
)

func (b bucket) take(now time.Time) (wait time.Duration) {
	b.Helper()
	b.write(func(tx comment.Tx) (err error) {
		wait, err = tx.TakeToken(b.key, every, burst, now)
		return err
	})
	return wait
}

func (b bucket) look(now time.Time) time.Duration {
	b.Helper()
	return get(b.house, func(r comment.Reader) (time.Duration, error) { return r.Tokens(b.key, every, burst, now) })
}

func testTokens(h *house) {
	b := bucket{h, "one"}
	for i, step := range []struct{ second, wait int }{
		{0, 0}, {0, 0}, {0, 0}, // the store
		{0, 10}, {0, 10}, {4, 6}, {9, 1}, // empty; what is refused takes nothing
		{10, 0}, {10, 10}, {25, 0}, {25, 5}, {30, 0}, // refilled one by one
		{9999, 0}, {9999, 0}, {9999, 0}, {9999, 10}, // never more than the store holds
	} {
		now, wait := start.Add(time.Duration(step.second)*time.Second), time.Duration(step.wait)*time.Second
		for range 2 {
			if got := b.look(now); got != wait {
				h.Errorf("step %d: looking finds a wait of %s, want %s", i, got, wait)
			}
		}
		if got := b.take(now); got != wait {
			h.Errorf("step %d: wait %s, want %s", i, got, wait)
		}
	}
	if wait := (bucket{h, "two"}).take(start.Add(9999 * time.Second)); wait != 0 {
		h.Errorf("another bucket waits %s", wait)
	}
}

// testClockSetBack empties a bucket in the future: it is then one with a token
// left, not one that is closed until the clock comes there again.
func testClockSetBack(h *house) {
	b := bucket{h, "one"}
	for range burst {
		b.take(start.Add(1000 * time.Hour))
	}
	if look, take := b.look(start), b.take(start); look != 0 || take != 0 {
		h.Errorf("after the clock was set back, looking finds a wait of %s, taking one of %s", look, take)
	}
	if wait := b.take(start); wait != every {
		h.Errorf("wait %s for the next token, want %s", wait, every)
	}
	if wait := b.take(start.Add(every)); wait != 0 {
		h.Errorf("wait %s a while after the clock was set back", wait)
	}
}

func testTokenRate(h *house) {
	b := bucket{h, "one"}
	dice := rand.New(rand.NewPCG(5, 6))
	now := start
	var taken []time.Time
	for range 150 {
		now = now.Add(time.Duration(dice.IntN(8000)) * time.Millisecond)
		wait := b.take(now)
		if wait == 0 {
			taken = append(taken, now)
			continue
		}
		if early := b.look(now.Add(wait - time.Millisecond)); early <= 0 {
			h.Errorf("told to wait %s, %s was enough", wait, wait-time.Millisecond)
		}
		if late := b.look(now.Add(wait)); late != 0 {
			h.Errorf("told to wait %s, then %s more", wait, late)
		}
	}
	for i := range taken {
		for j := i; j < len(taken); j++ {
			if most := burst + int(taken[j].Sub(taken[i])/every); j-i+1 > most {
				h.Fatalf("%d tokens within %s, want at most %d", j-i+1, taken[j].Sub(taken[i]), most)
			}
		}
	}
}

func (h *house) salt(day string) (salt []byte) {
	h.Helper()
	h.write(func(tx comment.Tx) (err error) {
		salt, err = tx.Salt(day)
		return err
	})
	return salt
}

func testSalt(h *house) {
	first := h.salt("2026-03-28")
	if len(first) < 32 {
		h.Errorf("a salt of %d bytes", len(first))
	}
	same(h, "the day's salt, again", h.salt("2026-03-28"), first)
	second := h.salt("2026-03-29")
	same(h, "the next day's salt, again", h.salt("2026-03-29"), second)
	if bytes.Equal(first, second) {
		h.Error("two days have one salt")
	}
	if bytes.Equal(h.salt("2026-03-28"), first) {
		h.Error("the salt of the day before was not destroyed")
	}
	same(h, "the newer salt", h.salt("2026-03-29"), second)
}

func putReceipt(r comment.Receipt) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.PutReceipt(r) }
}

func testReceipt(h *house) {
	r := comment.Receipt{Scope: "site daily", Key: "k", Hash: "sum", Status: 201, Answer: []byte("{\"\x00\xff\"}"), At: start}
	full(h, r)
	other := r
	other.Scope, other.Status = "site weekly", 422
	h.write(all(putReceipt(r), putReceipt(other)))
	read := func(scope string) comment.Receipt {
		return get(h, func(rd comment.Reader) (comment.Receipt, error) { return rd.Receipt(scope, "k") })
	}
	same(h, "receipt", read("site daily"), r)
	same(h, "the same key elsewhere", read("site weekly"), other)
	r.Hash, r.Status, r.Answer, r.At = "other", 200, []byte{}, after(1)
	h.write(putReceipt(r))
	same(h, "receipt put again", read("site daily"), r)
}

func (h *house) prune(now time.Time, limit int) (n int) {
	h.Helper()
	h.write(func(tx comment.Tx) (err error) {
		n, err = tx.Prune(now, limit)
		return err
	})
	return n
}

func testPrune(h *house) {
	now := start.Add(30 * 24 * time.Hour)
	h.write(putAccount(newAccount("u1")))
	session := func(id string, end time.Time) func(comment.Tx) error {
		s := newSession(id, "u1")
		s.ExpiresAt = end
		return func(tx comment.Tx) error { return tx.PutSession(s) }
	}
	receipt := func(key string, at time.Time) func(comment.Tx) error {
		return putReceipt(comment.Receipt{Scope: "s", Key: key, Answer: []byte{}, At: at})
	}
	h.write(all(
		receipt("old", now.Add(-25*time.Hour)), receipt("young", now.Add(-23*time.Hour)),
		session("old", now.Add(-25*time.Hour)), session("young", now.Add(time.Hour)),
	))
	old, empty := bucket{h, "old"}, bucket{h, "empty"}
	old.take(start)
	for range burst {
		empty.take(now)
	}
	if n := h.prune(now, 100); n != 3 {
		h.Errorf("%d rows pruned, want 3", n)
	}
	absent(h, "old receipt", func(r comment.Reader) (comment.Receipt, error) { return r.Receipt("s", "old") })
	absent(h, "old session", func(r comment.Reader) (comment.Session, error) { return r.Session("old") })
	get(h, func(r comment.Reader) (comment.Receipt, error) { return r.Receipt("s", "young") })
	get(h, func(r comment.Reader) (comment.Session, error) { return r.Session("young") })
	if wait := empty.look(now); wait != every {
		h.Errorf("an empty bucket waits %s after pruning, want %s", wait, every)
	}
	if n := h.prune(now, 100); n != 0 {
		h.Errorf("%d rows pruned again", n)
	}
}

func testPruneLimit(h *house) {
	for i := range 5 {
		h.write(putReceipt(comment.Receipt{Scope: "s", Key: fmt.Sprint(i), Answer: []byte{}, At: start}))
	}
	for _, want := range []int{2, 2, 1, 0} {
		if n := h.prune(after(48*60), 2); n != want {
			h.Errorf("%d rows pruned, want %d", n, want)
		}
	}
}

// testPruneSalt: a day's salt is destroyed even where nobody writes on the day
// after.
func testPruneSalt(h *house) {
	now := time.Date(2026, time.March, 29, 12, 0, 0, 0, time.UTC)
	today, yesterday := now.Format(time.DateOnly), now.AddDate(0, 0, -1).Format(time.DateOnly)
	old := h.salt(yesterday)
	if n := h.prune(now.AddDate(0, 0, -1), 100); n != 0 || !bytes.Equal(h.salt(yesterday), old) {
		h.Errorf("%d rows pruned: the day's salt is still in use", n)
	}
	if n := h.prune(now, 100); n != 1 || bytes.Equal(h.salt(yesterday), old) {
		h.Errorf("%d rows pruned, want 1: the salt of yesterday", n)
	}
	current := h.salt(today)
	h.prune(now, 100)
	same(h, "today's salt after pruning", h.salt(today), current)
}
