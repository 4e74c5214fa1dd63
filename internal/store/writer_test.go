package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// hold keeps the writer busy with a use case until the returned function is
// called.
func hold(t *testing.T, s *Store) (release func()) {
	t.Helper()
	begun, end, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		var once sync.Once
		ended <- s.Write(context.Background(), nil, func(comment.Tx) error {
			once.Do(func() { close(begun) })
			<-end
			return nil
		})
	}()
	<-begun
	return func() {
		t.Helper()
		close(end)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// outcomes are those of many writes, by the id of the page that each puts.
type outcomes struct {
	mu   sync.Mutex
	errs map[string]error
}

func (o *outcomes) set(id string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.errs == nil {
		o.errs = map[string]error{}
	}
	o.errs[id] = err
}

// match checks that the answers tell the truth: acknowledged is there, refused
// is not.
func (o *outcomes) match(t *testing.T, there map[string]bool) {
	t.Helper()
	for id, err := range o.errs {
		if (err == nil) != there[id] {
			t.Fatalf("page %s: answered %v, stored %v", id, err, there[id])
		}
	}
}

func TestStress(t *testing.T) {
	s := openDaily(t)
	const writers, each = 64, 200
	want := map[string]bool{}
	var all sync.WaitGroup
	for writer := range writers {
		for i := range each {
			want[fmt.Sprint(writer, "-", i)] = true
		}
		all.Go(func() {
			for i := range each {
				if err := s.Write(t.Context(), nil, putPage(fmt.Sprint(writer, "-", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if diff := cmp.Diff(want, pageIDs(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestCloseDuringWrites(t *testing.T) {
	s := openDaily(t)
	var out outcomes
	var all sync.WaitGroup
	var some sync.WaitGroup
	some.Add(16)
	for writer := range 16 {
		all.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprint(writer, "-", i)
				err := s.Write(context.Background(), nil, putPage(id))
				out.set(id, err)
				if i == 20 {
					some.Done()
				}
				if err != nil {
					if fault.Of(err).Kind != fault.Unavailable {
						t.Errorf("got %v, want a fault of kind Unavailable", err)
					}
					return
				}
			}
		})
	}
	some.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	out.match(t, pageIDs(t, openAt(t, s.Path())))
}

func TestAClosedStoreAnswers(t *testing.T) {
	s := openDaily(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	err := s.View(context.Background(), func(comment.Reader) error { return nil })
	if fault.Of(err).Kind != fault.Unavailable {
		t.Errorf("view: got %v", err)
	}
	if err := s.Write(context.Background(), nil, putPage("p1")); fault.Of(err).Kind != fault.Unavailable {
		t.Errorf("write: got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

// Close waits for views under way.
func TestCloseDuringAView(t *testing.T) {
	s := openDaily(t)
	begun, closed := make(chan struct{}), make(chan error)
	go func() {
		<-begun
		closed <- s.Close()
	}()
	err := s.View(context.Background(), func(r comment.Reader) error {
		close(begun)
		until(t, "Close", func() bool { return len(s.readers) == 0 })
		_, err := r.Site("daily")
		return err
	})
	if err := errors.Join(err, <-closed); err != nil {
		t.Error(err)
	}
}

// Use cases that wait while one is under way share the next commits: few of
// them find that another one has been committed before them.
func TestUseCasesShareACommit(t *testing.T) {
	s := openDaily(t)
	release := hold(t, s)
	const n = 100
	var all sync.WaitGroup
	committed := make([]int64, n) // before each use case
	for i := range n {
		all.Go(func() {
			err := s.Write(context.Background(), nil, func(tx comment.Tx) error {
				committed[i] = countPages(t, s)
				return putPage(fmt.Sprint(i))(tx)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	until(t, "the use cases to queue", func() bool { return s.writer.backlog.len() == n })
	release()
	all.Wait()
	slices.Sort(committed)
	if groups := len(slices.Compact(committed)); groups > n/2 {
		t.Errorf("%d use cases took %d commits", n, groups)
	}
	if got := countPages(t, s); got != n {
		t.Errorf("%d pages, want %d", got, n)
	}
}

func countPages(t *testing.T, s *Store) (n int64) {
	err := s.View(context.Background(), func(r comment.Reader) (err error) {
		n, err = one(r.(*query), scanInt, "select count(*) from pages")
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

func TestAFullQueueRefuses(t *testing.T) {
	s := openDaily(t)
	release := hold(t, s)
	var all sync.WaitGroup
	var out outcomes
	for i := range queueMost {
		all.Go(func() {
			id := fmt.Sprint(i)
			out.set(id, s.Write(context.Background(), nil, putPage(id)))
		})
	}
	until(t, "the queue to fill", func() bool { return s.writer.backlog.len() == queueMost })
	err := s.Write(context.Background(), nil, putPage("too many"))
	if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
		t.Errorf("got %v, want Unavailable with a time to wait", err)
	}
	release()
	all.Wait()
	out.set("too many", err)
	for id, err := range out.errs {
		if (err != nil) != (id == "too many") {
			t.Fatalf("page %s: %v", id, err)
		}
	}
	out.match(t, pageIDs(t, s))
}

func TestACancelledUseCaseDoesNotRun(t *testing.T) {
	s := openDaily(t)
	release := hold(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	answer := make(chan error, 1)
	ran := false
	go func() {
		answer <- s.Write(ctx, nil, func(tx comment.Tx) error {
			ran = true
			return putPage("p1")(tx)
		})
	}()
	until(t, "the use case to queue", func() bool { return s.writer.backlog.len() == 1 })
	cancel()
	release()
	err := <-answer
	if fault.Of(err).Kind != fault.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if ran || len(pageIDs(t, s)) != 0 {
		t.Error("it ran")
	}
}

// Once a use case has begun its outcome counts, not the end of the request.
func TestCancelledWhileRunning(t *testing.T) {
	s := openDaily(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Write(ctx, nil, func(tx comment.Tx) error {
		cancel()
		return putPage("p1")(tx)
	})
	if err != nil || !pageIDs(t, s)["p1"] {
		t.Errorf("answered %v, stored %v", err, pageIDs(t, s))
	}
}

func TestAViewWaitsAsLongAsItsContext(t *testing.T) {
	s := openDaily(t)
	begun, end := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	for range fileReaders {
		all.Go(func() {
			_ = s.View(context.Background(), func(comment.Reader) error {
				begun <- struct{}{}
				<-end
				return nil
			})
		})
		<-begun
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := s.View(ctx, func(comment.Reader) error { return nil })
	if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
		t.Errorf("got %v", err)
	}
	close(end)
	all.Wait()
	if len(pageIDs(t, s)) != 0 { // there are readers again
		t.Error("pages from nowhere")
	}
}

func TestReadersCannotWrite(t *testing.T) {
	s := openDaily(t)
	err := s.view(t.Context(), func(ctx context.Context, c conn) error {
		return putPage("p1")(&write{query: query{ctx: ctx, conn: c}, conn: c})
	})
	if !fault.Is(err, "storage_read_only") {
		t.Errorf("got %v", err)
	}
}

// Another process may hold the write lock for a while, as an administrative
// command does.
func TestWritesWaitForAnotherProcess(t *testing.T) {
	s := openDaily(t)
	other, err := newSQLiteConn(context.Background(), sqliteConnector(address(s.Path(), "")))
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if _, err := other.exec(context.Background(), "begin immediate"); err != nil {
		t.Fatal(err)
	}
	const held = 2 * time.Second
	start := time.Now()
	time.AfterFunc(held, func() {
		if _, err := other.exec(context.Background(), "commit"); err != nil {
			t.Error(err)
		}
	})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if err := s.Write(context.Background(), nil, putPage(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	if n := len(pageIDs(t, s)); n != 0 { // reads go on
		t.Errorf("%d pages", n)
	}
	all.Wait()
	if took := time.Since(start); took < held {
		t.Errorf("written after %s, while another process held the lock for %s", took, held)
	}
	if n := len(pageIDs(t, s)); n != 8 {
		t.Errorf("%d pages, want 8", n)
	}
}
