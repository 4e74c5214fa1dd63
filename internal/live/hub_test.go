package live_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/keyring"
	"github.com/afterword-comments/afterword/internal/live"
	"github.com/afterword-comments/afterword/internal/store"
)

// slack is how far a stream may lag behind; the hub closes it beyond.
const slack = 256

// studio is a hub that follows a real store.
type studio struct {
	t      testing.TB
	path   string
	store  *store.Store
	ledger *comment.Ledger
	hub    *live.Hub
	stop   context.CancelFunc
	ended  chan error
}

func newStudio(t testing.TB) *studio {
	t.Helper()
	ring, err := keyring.New([]byte("an installation key of 32 bytes!!"))
	if err != nil {
		t.Fatal(err)
	}
	s := &studio{t: t, path: filepath.Join(t.TempDir(), "afterword.db"), ledger: comment.NewLedger(ring, comment.NewID), ended: make(chan error, 1)}
	s.store = s.open()
	s.hub = live.NewHub(s.store)
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	hub := s.hub
	go func() { s.ended <- hub.Run(ctx) }()
	t.Cleanup(s.halt)
	return s
}

func (s *studio) open() *store.Store {
	s.t.Helper()
	opened, err := store.Open(context.Background(), s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { opened.Close() })
	return opened
}

// halt ends the hub and waits until it has.
func (s *studio) halt() {
	s.t.Helper()
	s.stop()
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Errorf("Run returned %v", err)
		}
		s.ended <- nil
	case <-time.After(20 * time.Second):
		s.t.Error("Run does not return")
	}
}

// happen appends events of a page to a site's log.
func (s *studio) happen(on *store.Store, site string, n int) {
	s.t.Helper()
	err := on.Write(context.Background(), nil, func(tx comment.Tx) error {
		for range n {
			if _, err := s.ledger.Append(tx, comment.Event{Site: site, Type: comment.CommentVoted, At: time.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *studio) subscribe(from map[string]int64, wants func(comment.Event) bool) *live.Stream {
	s.t.Helper()
	stream, err := s.hub.Subscribe(live.Holder{}, from, wants)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(stream.Close)
	return stream
}

// next waits for a stream's next event; ok is false at the stream's end.
func (s *studio) next(stream *live.Stream) (e comment.Event, ok bool) {
	s.t.Helper()
	late := time.After(20 * time.Second)
	for {
		switch next, open := stream.Take(); {
		case next != nil:
			return next.Event, true
		case !open:
			return e, false
		}
		select {
		case <-stream.Ready():
		case <-late:
			s.t.Error("the stream is silent")
			return e, false
		}
	}
}

// wantEvents waits for events of a site with the numbers from..to, in order.
func (s *studio) wantEvents(stream *live.Stream, site string, from, to int64) {
	s.t.Helper()
	for seq := from; seq <= to; seq++ {
		if e, ok := s.next(stream); !ok || e.Site != site || e.Seq != seq {
			s.t.Fatalf("the stream gave %s %d (open: %v), want %s %d", e.Site, e.Seq, ok, site, seq)
		}
	}
}

func (s *studio) wantSilence(stream *live.Stream) {
	s.t.Helper()
	if e, open := stream.Take(); e != nil || !open {
		s.t.Errorf("the stream gave %v (open: %v)", e, open)
	}
}

func TestAStreamGetsEveryEventInOrder(t *testing.T) {
	s := newStudio(t)
	s.happen(s.store, "daily", 3)
	stream := s.subscribe(map[string]int64{"daily": 1}, nil)
	s.wantEvents(stream, "daily", 2, 3)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 25 {
				s.happen(s.store, "daily", 1)
			}
		})
	}
	writers.Wait()
	s.wantEvents(stream, "daily", 4, 103)
	s.wantSilence(stream)
}

// A stream begins where it says, however far the others are: between looking at
// the log and subscribing, events may have been passed on already.
func TestAStreamBeginsWhereItSays(t *testing.T) {
	s := newStudio(t)
	first := s.subscribe(map[string]int64{"daily": 0}, nil)
	s.happen(s.store, "daily", 5)
	s.wantEvents(first, "daily", 1, 5)
	behind := s.subscribe(map[string]int64{"daily": 2}, nil)
	ahead := s.subscribe(map[string]int64{"daily": 6}, nil)
	s.wantEvents(behind, "daily", 3, 5)
	s.happen(s.store, "daily", 2)
	s.wantEvents(behind, "daily", 6, 7)
	s.wantEvents(first, "daily", 6, 7)
	s.wantEvents(ahead, "daily", 7, 7)
	for _, stream := range []*live.Stream{first, behind, ahead} {
		s.wantSilence(stream)
	}
}

func TestStreamsOfTwoSitesDoNotMix(t *testing.T) {
	s := newStudio(t)
	daily := s.subscribe(map[string]int64{"daily": 0}, nil)
	weekly := s.subscribe(map[string]int64{"weekly": 0}, nil)
	both := s.subscribe(map[string]int64{"daily": 0, "weekly": 0}, nil)
	s.happen(s.store, "daily", 2)
	s.happen(s.store, "weekly", 3)
	s.happen(s.store, "monthly", 1)
	s.wantEvents(daily, "daily", 1, 2)
	s.wantEvents(weekly, "weekly", 1, 3)
	seen := map[string][]int64{}
	for range 5 {
		e, _ := s.next(both)
		seen[e.Site] = append(seen[e.Site], e.Seq)
	}
	if !slices.Equal(seen["daily"], []int64{1, 2}) || !slices.Equal(seen["weekly"], []int64{1, 2, 3}) {
		t.Errorf("the stream of both gave %v", seen)
	}
	for _, stream := range []*live.Stream{daily, weekly, both} {
		s.wantSilence(stream)
	}
}

func TestAStreamGetsOnlyWhatItWants(t *testing.T) {
	s := newStudio(t)
	odd := s.subscribe(map[string]int64{"daily": 0}, func(e comment.Event) bool { return e.Seq%2 == 1 })
	all := s.subscribe(map[string]int64{"daily": 0}, nil)
	s.happen(s.store, "daily", 5)
	s.wantEvents(all, "daily", 1, 5)
	for _, want := range []int64{1, 3, 5} {
		if e, _ := s.next(odd); e.Seq != want {
			t.Errorf("it gave %d, want %d", e.Seq, want)
		}
	}
	s.wantSilence(odd)
}

// A slow stream is closed and told so; the others do not notice.
func TestASlowStreamIsLost(t *testing.T) {
	s := newStudio(t)
	slow := s.subscribe(map[string]int64{"daily": 0}, nil)
	quick := s.subscribe(map[string]int64{"daily": 0}, nil)
	for seq := int64(1); seq <= slack+1; seq += 50 {
		n := min(50, slack+2-seq)
		s.happen(s.store, "daily", int(n))
		s.wantEvents(quick, "daily", seq, seq+n-1)
	}
	s.wantEvents(slow, "daily", 1, slack)
	if e, ok := s.next(slow); ok {
		t.Errorf("beyond its slack it gave %d", e.Seq)
	}
	if !slow.Lost() || quick.Lost() || s.hub.Streams() != 1 {
		t.Errorf("slow is lost: %v, quick: %v, %d streams are open", slow.Lost(), quick.Lost(), s.hub.Streams())
	}
	slow.Close() // again changes nothing
	s.happen(s.store, "daily", 1)
	s.wantEvents(quick, "daily", slack+2, slack+2)
}

// More events at once than are read at a time all arrive.
func TestALongBurstIsPassedOn(t *testing.T) {
	s := newStudio(t)
	stream := s.subscribe(map[string]int64{"daily": 0}, func(e comment.Event) bool { return e.Seq%10 == 0 })
	s.happen(s.store, "daily", 1700)
	for seq := int64(10); seq <= 1700; seq += 10 {
		if e, ok := s.next(stream); !ok || e.Seq != seq {
			t.Fatalf("it gave %d (open: %v), want %d", e.Seq, ok, seq)
		}
	}
}

func TestAClosedStreamGetsNothingMore(t *testing.T) {
	s := newStudio(t)
	stays := s.subscribe(map[string]int64{"daily": 0}, nil)
	goes := s.subscribe(map[string]int64{"daily": 0, "weekly": 0}, nil)
	if s.hub.Streams() != 2 {
		t.Errorf("%d streams are open", s.hub.Streams())
	}
	goes.Close()
	goes.Close()
	if e, open := goes.Take(); e != nil || open || goes.Lost() {
		t.Errorf("the closed stream gave %v, is open: %v, lost: %v", e, open, goes.Lost())
	}
	s.happen(s.store, "daily", 1)
	s.wantEvents(stays, "daily", 1, 1)
	if s.hub.Streams() != 1 {
		t.Errorf("%d streams are open", s.hub.Streams())
	}
	// The room of a site that nobody watches any more is given up: who comes next
	// begins where it says.
	stays.Close()
	s.happen(s.store, "daily", 5)
	again := s.subscribe(map[string]int64{"daily": 4}, nil)
	s.wantEvents(again, "daily", 5, 6)
}

// Streams come and go while events pass.
func TestStreamsComeAndGoWhileEventsPass(t *testing.T) {
	s := newStudio(t)
	stays := s.subscribe(map[string]int64{"daily": 0}, nil)
	s.happen(s.store, "daily", 2)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 40 {
				stream, err := s.hub.Subscribe(live.Holder{}, map[string]int64{"daily": 0}, nil)
				if err != nil {
					t.Error(err)
					return
				}
				last := int64(0)
				for range 2 {
					if e, _ := s.next(stream); e.Seq != last+1 {
						t.Errorf("%d came, and %d should have", e.Seq, last+1)
					}
					last++
				}
				stream.Close()
			}
		})
	}
	for range 100 {
		s.happen(s.store, "daily", 1)
	}
	all.Wait()
	s.wantEvents(stays, "daily", 1, 102)
	if s.hub.Streams() != 1 {
		t.Errorf("%d streams are open", s.hub.Streams())
	}
}

func TestTheEndOfTheHubClosesEveryStream(t *testing.T) {
	s := newStudio(t)
	one := s.subscribe(map[string]int64{"daily": 0}, nil)
	two := s.subscribe(map[string]int64{"daily": 0, "weekly": 0}, nil)
	none := s.subscribe(nil, nil) // of an account that sees no site
	s.halt()
	for i, stream := range []*live.Stream{one, two, none} {
		if e, ok := s.next(stream); ok {
			t.Errorf("stream %d gave %d", i, e.Seq)
		}
		if stream.Lost() {
			t.Errorf("stream %d is lost, and was only closed", i)
		}
		stream.Close()
	}
	if n := s.hub.Streams(); n != 0 {
		t.Errorf("%d streams are open", n)
	}
	if _, err := s.hub.Subscribe(live.Holder{}, map[string]int64{"daily": 0}, nil); !errors.Is(err, live.ErrFull) {
		t.Errorf("the hub has ended and says %v", err)
	}
}

// A holder has so many streams at a time, whatever their sites; it can open
// another one as soon as one of them ends, in whichever way.
func TestAHolderHasItsShare(t *testing.T) {
	s := newStudio(t)
	ada := live.Holder{Key: "ada", Most: 2}
	open := func(by live.Holder, site string) (*live.Stream, error) {
		return s.hub.Subscribe(by, map[string]int64{site: 0}, nil)
	}
	first, err := open(ada, "daily")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(ada, "weekly"); err != nil {
		t.Fatal(err)
	}
	if _, err := open(ada, "monthly"); !errors.Is(err, live.ErrHeld) {
		t.Errorf("a third stream: %v", err)
	}
	if _, err := open(live.Holder{Key: "bob", Most: 2}, "daily"); err != nil {
		t.Errorf("another holder's: %v", err)
	}
	for range 5 {
		if _, err := open(live.Holder{}, "daily"); err != nil {
			t.Errorf("nobody's: %v", err)
		}
	}
	first.Close()
	first.Close() // gives back one place, not two
	lost, err := open(ada, "daily")
	if err != nil {
		t.Fatalf("after one was closed: %v", err)
	}
	if _, err := open(ada, "daily"); !errors.Is(err, live.ErrHeld) {
		t.Errorf("a third stream: %v", err)
	}
	quick := s.subscribe(map[string]int64{"daily": 0}, nil)
	for seq := int64(1); seq <= slack+1; seq += 50 {
		n := min(50, slack+2-seq)
		s.happen(s.store, "daily", int(n))
		s.wantEvents(quick, "daily", seq, seq+n-1)
	}
	if !lost.Lost() {
		t.Fatal("the slow stream goes on")
	}
	if _, err := open(ada, "daily"); err != nil {
		t.Errorf("after one was lost: %v", err)
	}
}

// The hub is full before the server has no connection left.
func TestTheHubIsFull(t *testing.T) {
	s := newStudio(t)
	n := 0
	for ; n < 16*1024; n++ {
		if _, err := s.hub.Subscribe(live.Holder{}, nil, nil); err != nil {
			if !errors.Is(err, live.ErrFull) {
				t.Error(err)
			}
			break
		}
	}
	if n < 8*1024 || n > 14*1024 {
		t.Errorf("the hub takes %d streams", n)
	}
}

// What another process commits is found without a word from it.
func TestCommitsOfAnotherProcessAreFound(t *testing.T) {
	s := newStudio(t)
	beside := s.open()
	stream := s.subscribe(map[string]int64{"daily": 0}, nil)
	for i := range int64(3) {
		s.happen(beside, "daily", 1)
		s.wantEvents(stream, "daily", i+1, i+1)
	}
}

// troubled is a log that cannot be read for a while.
type troubled struct {
	*store.Store
	mu    sync.Mutex
	fails int
}

func (l *troubled) View(ctx context.Context, fn func(comment.Reader) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails > 0 {
		l.fails--
		return errors.New("the disk is away")
	}
	return l.Store.View(ctx, fn)
}

func TestALogThatCannotBeReadIsTriedAgain(t *testing.T) {
	s := newStudio(t)
	log := &troubled{Store: s.store, fails: 2}
	s.hub = live.NewHub(log)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	hub := s.hub
	go func() { ended <- hub.Run(ctx) }()
	stream := s.subscribe(map[string]int64{"daily": 0}, nil)
	s.happen(s.store, "daily", 3)
	s.wantEvents(stream, "daily", 1, 3)
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
}
