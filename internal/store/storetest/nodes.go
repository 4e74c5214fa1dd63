package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

var nodeTests = map[string]func(*nodes){
	"nodes share a log":                     testSharedLog,
	"transactions over several sites":       testCrossing,
	"nodes never claim the same":            testSharedClaims,
	"an endpoint's limit holds for all":     testSharedLimit,
	"nodes never take the same token":       testSharedTokens,
	"nodes have one salt":                   testSharedSalt,
	"nodes never lose a change":             testSharedAccount,
	"an ended session stays so":             testSharedSession,
	"nodes fan out the same events once":    testSharedFanOut,
	"followers take up what others leave":   testTakeUp,
	"a node prunes what another is using":   testSharedPrune,
	"the first site of a name stays":        testSameSite,
	"what one node commits another can see": testSharedSight,
}

// RunNodes holds two stores on one database against what many nodes rely on.
// open gives both, on a database of their own, and closes them when the test
// ends.
func RunNodes(t *testing.T, open func(t *testing.T) (a, b Store)) {
	for name, test := range nodeTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			test(&nodes{house: &house{T: t, store: a}, all: []Store{a, b}})
		})
	}
}

// nodes is one test with its stores; as a house it is the first of them.
type nodes struct {
	*house
	all []Store
}

// fromAll runs fn from several sides on each node.
func (n *nodes) fromAll(sides int, fn func(s Store, side int)) {
	var all sync.WaitGroup
	for i, s := range n.all {
		for side := range sides {
			all.Go(func() { fn(s, i*sides+side) })
		}
	}
	all.Wait()
}

// appendNext appends an event as a use case does: after the one that is there.
func appendNext(site string) func(comment.Tx) error {
	return func(tx comment.Tx) error {
		seq, head, err := tx.LogHead(site)
		if err != nil {
			return err
		}
		e := newEvent(site, seq+1)
		e.ID, e.Sequence, e.Prev, e.Hash = comment.NewID(), 0, head, fmt.Sprint("hash ", site, seq+1)
		return tx.AppendEvent(e)
	}
}

// follow reads a log from its beginning until there is no more.
func (n *nodes) follow(s Store, site string) (events []comment.Event) {
	n.Helper()
	for {
		more, err := s.EventsAfter(n.Context(), site, int64(len(events)), 100)
		if err != nil {
			n.Fatal(err)
		}
		if len(more) == 0 {
			return events
		}
		events = append(events, more...)
	}
}

func (n *nodes) checkLog(site string, length int64) {
	n.Helper()
	for _, s := range n.all {
		events := n.follow(s, site)
		if int64(len(events)) != length {
			n.Fatalf("%d events of %s, want %d", len(events), site, length)
		}
		prev := ""
		for i, e := range events {
			if e.Seq != int64(i+1) || e.Prev != prev {
				n.Fatalf("event %d of %s has number %d and follows %q, not %q", i+1, site, e.Seq, e.Prev, prev)
			}
			prev = e.Hash
		}
	}
}

// testSharedLog appends from many sides at once. The transaction locks its
// site, so none of them loses a race.
func testSharedLog(n *nodes) {
	n.newSites("daily", "weekly")
	const sides, each = 8, 20
	n.fromAll(sides, func(s Store, side int) {
		for i := range each {
			site := []string{"daily", "weekly"}[i%2]
			err := s.Write(context.Background(), comment.Sites{site}, func(tx comment.Tx) error {
				if err := tx.CountStatus(site, comment.Pending, 1); err != nil {
					return err
				}
				if i%5 == 4 {
					return errSorry
				}
				return appendNext(site)(tx)
			})
			if (err != nil) != (i%5 == 4) {
				n.Errorf("side %d: %v", side, err)
			}
		}
	})
	const want = 2 * sides * each * 2 / 5
	n.checkLog("daily", want)
	n.checkLog("weekly", want)
	counts := get(n.house, func(r comment.Reader) (map[comment.Status]int, error) {
		return r.StatusCounts([]string{"daily", "weekly"})
	})
	same(n.house, "counted", counts[comment.Pending], 2*want)
}

// testCrossing names sites in whatever order; nobody waits for each other.
func testCrossing(n *nodes) {
	keys := []string{"a", "b", "c"}
	n.newSites(keys...)
	const sides, each = 4, 12
	n.fromAll(sides, func(s Store, side int) {
		dice := rand.New(rand.NewPCG(uint64(side), 1))
		for range each {
			sites := slices.Clone(keys)
			dice.Shuffle(len(sites), func(i, j int) { sites[i], sites[j] = sites[j], sites[i] })
			err := s.Write(context.Background(), sites, func(tx comment.Tx) error {
				for _, site := range sites {
					if err := appendNext(site)(tx); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				n.Error(err)
			}
		}
	})
	for _, site := range keys {
		n.checkLog(site, 2*sides*each)
	}
}

// owed makes deliveries of as many comments to each endpoint.
func (n *nodes) owed(endpoints []string, each int, at time.Time) {
	n.Helper()
	n.newSites("daily")
	for _, id := range endpoints {
		e := newEndpoint("daily", id)
		e.GateUntil, e.Failures = time.Time{}, 0
		n.write(putEndpoint(e))
		var all []comment.Delivery
		for i := range each {
			d := newDelivery("daily", id, comment.NewID())
			d.EventSeq, d.EventID, d.CommentID, d.NextAt = int64(i+1), fmt.Sprint(id, i), fmt.Sprint("c", i), at
			all = append(all, d)
		}
		if err := n.store.FanOut(n.Context(), "daily", all); err != nil {
			n.Fatal(err)
		}
	}
}

// testSharedClaims works off what is owed from both nodes: each delivery once.
func testSharedClaims(n *nodes) {
	endpoints := []string{"e1", "e2", "e3"}
	const each = 40
	n.owed(endpoints, each, start)
	var mu sync.Mutex
	times := map[string]int{}
	n.fromAll(2, func(s Store, side int) {
		for round := range 1000 {
			mu.Lock()
			done := len(times) == len(endpoints)*each
			mu.Unlock()
			if done {
				return
			}
			now := after(1)
			calls, err := s.Claim(context.Background(), comment.Claim{Now: now, Until: after(2), Token: fmt.Sprint(side, "-", round), Most: 10, PerEndpoint: 8})
			if err != nil {
				n.Error(err)
				return
			}
			var outcomes []comment.Outcome
			for _, c := range calls {
				mu.Lock()
				times[c.Delivery.ID]++
				mu.Unlock()
				d := c.Delivery
				d.State, d.Attempts, d.DeliveredAt, d.LastAt = comment.DeliveryDelivered, 1, now, now
				outcomes = append(outcomes, comment.Outcome{Delivery: d, Attempt: comment.Attempt{N: 1, At: now}})
			}
			if err := s.Record(context.Background(), outcomes); err != nil {
				n.Error(err)
			}
		}
	})
	if len(times) != len(endpoints)*each {
		n.Errorf("%d deliveries claimed, want %d", len(times), len(endpoints)*each)
	}
	for id, k := range times {
		if k != 1 {
			n.Errorf("delivery %s was claimed %d times", id, k)
		}
	}
}

func testSharedLimit(n *nodes) {
	n.owed([]string{"e1"}, 60, start)
	var mu sync.Mutex
	claimed := 0
	n.fromAll(4, func(s Store, side int) {
		calls, err := s.Claim(context.Background(), comment.Claim{Now: after(1), Until: after(2), Token: fmt.Sprint(side), Most: 20, PerEndpoint: 8})
		if err != nil {
			n.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		claimed += len(calls)
	})
	if claimed == 0 || claimed > 8 {
		n.Errorf("%d calls under lease, want at most 8", claimed)
	}
}

func testSharedTokens(n *nodes) {
	var mu sync.Mutex
	taken := 0
	n.fromAll(8, func(s Store, _ int) {
		for range 4 {
			err := s.Write(context.Background(), nil, func(tx comment.Tx) error {
				wait, err := tx.TakeToken("one", every, 10, start)
				if err == nil && wait > 0 {
					err = errSorry
				}
				return err
			})
			mu.Lock()
			switch {
			case err == nil:
				taken++
			case !errors.Is(err, errSorry):
				n.Error(err)
			}
			mu.Unlock()
		}
	})
	same(n.house, "tokens taken", taken, 10)
}

func testSharedSalt(n *nodes) {
	var mu sync.Mutex
	found := map[string]bool{}
	n.fromAll(4, func(s Store, _ int) {
		err := s.Write(context.Background(), nil, func(tx comment.Tx) error {
			salt, err := tx.Salt("2026-03-29")
			mu.Lock()
			defer mu.Unlock()
			found[string(salt)] = true
			return err
		})
		if err != nil {
			n.Error(err)
		}
	})
	same(n.house, "salts of the day", len(found), 1)
}

// testSharedAccount reads, adds and writes what belongs to the installation,
// which no version column protects.
func testSharedAccount(n *nodes) {
	a := newAccount("u1")
	a.Name = ""
	n.write(putAccount(a))
	const sides, each = 4, 10
	n.fromAll(sides, func(s Store, side int) {
		for range each {
			err := s.Write(context.Background(), nil, func(tx comment.Tx) error {
				now, err := tx.Account("u1")
				if err != nil {
					return err
				}
				now.Name += "x"
				return tx.PutAccount(now)
			})
			if err != nil {
				n.Error(err)
			}
		}
	})
	got := get(n.house, func(r comment.Reader) (comment.Account, error) { return r.Account("u1") })
	same(n.house, "changes of an account", len(got.Name), 2*sides*each)
}

// testSharedSession ends a session on one node while the other goes on writing
// what it has read before.
func testSharedSession(n *nodes) {
	n.write(putAccount(newAccount("u1")))
	stale := newSession("s1", "u1")
	stale.RevokedAt = time.Time{}
	n.write(putSession(stale))
	n.write(func(tx comment.Tx) error { return tx.EndSessions("u1", after(5)) })
	if err := n.all[1].Write(n.Context(), nil, putSession(stale)); err != nil {
		n.Fatal(err)
	}
	same(n.house, "end of the session", getSession(n.house, "s1").RevokedAt, after(5))
}

func testSharedFanOut(n *nodes) {
	n.newSites("daily")
	n.write(putEndpoint(newEndpoint("daily", "e1")))
	n.fromAll(3, func(s Store, side int) {
		for batch := range 10 {
			var all []comment.Delivery
			for i := range 5 {
				d := newDelivery("daily", "e1", comment.NewID())
				d.EventSeq, d.EventID, d.Replay = int64(batch*5+i), fmt.Sprint("x", batch*5+i), 0
				all = append(all, d)
			}
			if err := s.FanOut(context.Background(), "daily", all); err != nil {
				n.Error(err)
			}
			if err := s.Advance(context.Background(), "webhook", "daily", int64(batch)); err != nil {
				n.Error(err)
			}
		}
	})
	if all := n.deliveries(comment.DeliveryQuery{Site: "daily", Endpoint: "e1", Limit: 1000}); len(all) != 50 {
		n.Errorf("%d deliveries of 50 events", len(all))
	}
}

// testTakeUp: whatever a node leaves undone, another does.
func testTakeUp(n *nodes) {
	n.newSites("daily")
	if err := n.all[1].Write(n.Context(), comment.Sites{"daily"}, appendNext("daily")); err != nil {
		n.Fatal(err)
	}
	other := &house{T: n.T, store: n.all[1]}
	same(n.house, "behind where it was appended", other.behind("webhook", 9), map[string]int64{"daily": 0})
	for end := time.Now().Add(5 * time.Second); len(n.behind("webhook", 9)) == 0; {
		if time.Now().After(end) {
			n.Fatal("the other node does not take it up")
		}
	}
	if err := n.all[1].Advance(n.Context(), "webhook", "daily", 1); err != nil {
		n.Fatal(err)
	}
	same(n.house, "behind after the other's follower", n.behind("webhook", 9), map[string]int64{})
}

// testSharedPrune prunes while buckets and receipts are being written.
func testSharedPrune(n *nodes) {
	n.fromAll(3, func(s Store, side int) {
		for i := range 20 {
			err := s.Write(context.Background(), comment.Sites{fmt.Sprint("site", side)}, func(tx comment.Tx) error {
				if side == 0 {
					_, err := tx.Prune(after(48*60), 10)
					return err
				}
				key := fmt.Sprint("k", (i+side)%7)
				_, err := tx.TakeToken(key, every, burst, start.Add(time.Duration(i)*time.Minute))
				if err != nil {
					return err
				}
				return tx.PutReceipt(comment.Receipt{Scope: "s", Key: key, Answer: []byte{}, At: start})
			})
			if err != nil {
				n.Error(err)
			}
		}
	})
}

func testSameSite(n *nodes) {
	var mu sync.Mutex
	made := 0
	n.fromAll(2, func(s Store, side int) {
		err := s.Write(context.Background(), comment.Sites{"daily"}, func(tx comment.Tx) error {
			if _, err := tx.Site("daily"); err == nil {
				return errSorry
			}
			if err := tx.PutSite(newSite("daily")); err != nil {
				return err
			}
			return appendNext("daily")(tx)
		})
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			made++
		}
	})
	same(n.house, "sites made", made, 1)
	n.checkLog("daily", 1)
}

// testSharedSight: what one node has acknowledged the other can read at once.
func testSharedSight(n *nodes) {
	n.newSites("daily")
	n.fromAll(3, func(s Store, side int) {
		other := n.all[0]
		if s == other {
			other = n.all[1]
		}
		for i := range 10 {
			id := fmt.Sprint("q", side, "-", i)
			if err := s.Write(context.Background(), comment.Sites{"daily"}, putPage(newPage("daily", id))); err != nil {
				n.Error(err)
			}
			err := other.View(context.Background(), func(r comment.Reader) error {
				_, err := r.Page("daily", id)
				return err
			})
			if err != nil {
				n.Errorf("page %s was acknowledged, then on the other node: %v", id, err)
			}
		}
	})
}
