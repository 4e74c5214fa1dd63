package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

// TestTheNextGroupBeginsWithTheCommit: while one group is worked on others wait,
// and begin on the way of its commit; what becomes of it is not what becomes of
// them.
func TestTheNextGroupBeginsWithTheCommit(t *testing.T) {
	dsn := pgtest.Database(t)
	openDailyAt(t, dsn)
	const others = 20
	for name, tt := range map[string]struct {
		cut     pgtest.Cut
		bad     bool // it fails when it is sent
		written bool
	}{
		"all is well":                           {written: true},
		"lost on the way there":                 {cut: pgtest.CutAsked},
		"lost on the way back":                  {cut: pgtest.CutAnswered, written: true},
		"it fails, and is not what was assumed": {bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := pgtest.NewProxy(t, dsn)
			s := openAt(t, p.Address)
			key := keyOf([]string{"daily"})
			var all sync.WaitGroup
			started := make(chan struct{})
			first := make(chan error, 1)
			var once sync.Once
			var group *group
			all.Go(func() {
				first <- s.Write(t.Context(), comment.Sites{"daily"}, func(tx comment.Tx) error {
					once.Do(func() {
						group = tx.(*write).group
						close(started)
						until(t, "others to wait", func() bool { return s.writer.backlog.of(key) == others })
						p.Cut(tt.cut)
					})
					if tt.bad {
						if err := raise(tx, "23505"); err != nil {
							return err
						}
					}
					return putPage(name)(tx)
				})
			})
			<-started
			errs := make([]error, others)
			for i := range others {
				all.Go(func() {
					errs[i] = s.Write(t.Context(), comment.Sites{"daily"}, putPage(fmt.Sprint(name, i)))
				})
			}
			all.Wait()
			err := <-first
			switch f := fault.Of(err); {
			case tt.bad && !fault.Is(err, "conflict"), tt.cut == 0 && !tt.bad && err != nil:
				t.Errorf("the first: %v", err)
			case tt.cut != 0 && (err == nil || f.Kind != fault.Unavailable || !strings.Contains(f.Detail, "Idempotency-Key")):
				t.Errorf("the first, whose commit nobody knows of: %v", err)
			}
			if group.next == nil {
				t.Error("nobody began with the commit")
			}
			ids := pageIDs(t, s)
			if ids[name] != tt.written {
				t.Errorf("the first is there: %v, want %v", ids[name], tt.written)
			}
			beside := 0 // the first one, in its group
			for i, err := range errs {
				if err != nil && tt.cut != 0 && strings.Contains(fault.Of(err).Detail, "Idempotency-Key") {
					beside++
				} else if err != nil {
					t.Errorf("number %d: %v", i, err)
				}
				if there := ids[fmt.Sprint(name, i)]; there != (err == nil || tt.written) {
					t.Errorf("number %d, told %v, is there: %v", i, err, there)
				}
			}
			if beside >= shareLeast {
				t.Errorf("%d of those that came later were told what became of the first", beside)
			}
		})
	}
}

// TestNoNodeStarvesAnother: a node that is never out of work lets others write to
// the same site.
func TestNoNodeStarvesAnother(t *testing.T) {
	dsn := pgtest.Database(t)
	busy, other := openDailyAt(t, dsn), openAt(t, dsn)
	ctx, end := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var n atomic.Int64
	for range 48 {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := busy.Write(t.Context(), comment.Sites{"daily"}, putPage(fmt.Sprint("busy ", n.Add(1)))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	until(t, "the node to be busy", func() bool { return n.Load() > 500 })
	var slowest time.Duration
	for i := range 20 {
		began, before := time.Now(), n.Load()
		if err := other.Write(t.Context(), comment.Sites{"daily"}, putPage(fmt.Sprint("other ", i))); err != nil {
			t.Error(err)
		}
		slowest = max(slowest, time.Since(began))
		if passed := n.Load() - before; passed > 1000 {
			t.Errorf("%d writes of the busy node went before one", passed)
		}
	}
	end()
	all.Wait()
	t.Logf("slowest %v, %d writes of the busy node in all", slowest, n.Load())
}
