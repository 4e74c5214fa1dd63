package web

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/live"
)

// An event stream gives the same whether it is written, as by the server, or
// read, as by a host that does something to bodies.
func TestAnEventStreamIsWrittenAndRead(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	begun := func() *eventStream {
		sub, err := live.NewHub(nil).Subscribe(live.Holder{}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		stopping := make(chan struct{})
		close(stopping)
		return &eventStream{Stream: sub, conn: here, stopping: stopping, next: []byte("event: ready\n\n"), end: time.Now().Add(time.Hour), wait: time.NewTimer(time.Hour)}
	}
	read := begun()
	defer read.Close()
	read.next = append(read.next, "event: more\n\n"...)
	read.ended = true
	if err := iotest.TestReader(read, []byte("event: ready\n\nevent: more\n\n")); err != nil {
		t.Error(err)
	}
	written := begun()
	defer written.Close()
	var got bytes.Buffer
	if n, err := written.WriteTo(&got); err != nil || n != int64(got.Len()) || !bytes.HasPrefix(got.Bytes(), []byte("event: ready\n\nretry: ")) {
		t.Errorf("%d bytes, %v: %q", n, err, got.String())
	}
}

// busy is a log to which an event is added each second.
type busy struct {
	comment.Reader
	since time.Time
}

func (b busy) View(_ context.Context, fn func(comment.Reader) error) error { return fn(b) }

func (busy) Changed() <-chan struct{} { return nil }

func (b busy) Events(site string, after int64, _ int) (events []comment.Event, err error) {
	for seq := after + 1; seq <= int64(time.Since(b.since)/time.Second); seq++ {
		events = append(events, comment.Event{Site: site, Seq: seq})
	}
	return events, nil
}

// deaf is a watch to which events mean nothing.
type deaf struct{ watch }

func (deaf) may() error                       { return nil }
func (deaf) pass(*live.Event) ([]byte, error) { return nil, nil }

// A client that is told nothing is told that, or a proxy would take it for
// gone, whatever happens elsewhere on the site.
func TestAStreamWithoutNewsIsKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer here.Close()
		defer there.Close()
		hub := live.NewHub(busy{since: time.Now()})
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = hub.Run(ctx) }()
		defer stop()
		sub, err := hub.Subscribe(live.Holder{}, map[string]int64{"daily": 0}, nil)
		if err != nil {
			t.Fatal(err)
		}
		e := &eventStream{Stream: sub, watch: deaf{}, conn: here, next: []byte("event: ready\n\n"), end: time.Now().Add(61 * time.Second), wait: time.NewTimer(time.Hour)}
		defer e.Close()
		began := time.Now()
		var got strings.Builder
		if _, err := e.WriteTo(&got); err != nil {
			t.Fatal(err)
		}
		if want := "event: ready\n\n" + strings.Repeat(": still here\n\n", 4); got.String() != want || time.Since(began) != 61*time.Second {
			t.Errorf("after %v: %q", time.Since(began), got.String())
		}
	})
}
