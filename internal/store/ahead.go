package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
)

// ask is a statement that reads.
type ask struct {
	text string
	args []any
}

func (a ask) key() string { return fmt.Sprint(a.text, a.args) }

// answer gives the rows of an ask to whoever reads them.
type answer func(read func(scanner) error) error

// ahead is what was read before it was asked for.
type ahead struct {
	asking  bool // it is being found out what will be asked
	asks    []ask
	answers map[string]answer
}

// each reads the rows of a statement, or those that were read ahead.
func (q *query) each(text string, args []any, read func(scanner) error) error {
	if q.ahead == nil {
		return q.conn.each(q.ctx, text, args, read)
	}
	a := ask{text, args}
	if q.ahead.asking {
		q.ahead.asks = append(q.ahead.asks, a)
		return nil
	}
	if known := q.ahead.answers[a.key()]; known != nil {
		return known(read)
	}
	return q.conn.each(q.ctx, text, args, read)
}

// asked lets fn ask for nothing, and gives what it asks.
func (q *query) asked(fn func(comment.Reader)) []ask {
	q.ahead = &ahead{asking: true}
	fn(q)
	asks := q.ahead.asks
	q.ahead = nil
	return asks
}

func (q *query) know(asks []ask, answers []answer) {
	q.ahead = &ahead{answers: make(map[string]answer, len(asks))}
	for i, a := range asks {
		q.ahead.answers[a.key()] = answers[i]
	}
}

// forget is called when what may have been read ahead has changed.
func (w *write) forget(a ask) {
	if w.ahead != nil {
		delete(w.ahead.answers, a.key())
	}
}

// askAhead asks a server for all that fn asks at once.
func (w *write) askAhead(fn func(comment.Reader)) {
	if !w.conn.far() {
		return
	}
	asks := w.asked(fn)
	if len(asks) == 0 {
		return
	}
	if answers, err := w.conn.together(w.ctx, asks); err == nil { // else whoever asks will hear of it
		w.know(asks, answers)
	}
}

// foreseen is what a use case will ask first, and the answers.
type foreseen struct {
	asks    []ask
	answers []answer
}

// foresee finds out what the use cases of a group will ask first, and takes
// those along that wait.
func (w *worker) foresee(g *group) (asks []ask) {
	for !g.begun && w.take(g) {
	}
	for _, o := range g.ops {
		var f foreseen
		if o.ahead != nil {
			f.asks = (&query{ctx: context.Background(), conn: w.conn}).asked(o.ahead)
		}
		g.foreseen = append(g.foreseen, f)
		asks = append(asks, f.asks...)
	}
	return asks
}

// answered takes the answers to what foresee has found out, which may be none.
func (g *group) answered(answers []answer) {
	for i := range g.foreseen {
		n := len(g.foreseen[i].asks)
		if len(answers) < n {
			g.foreseen = nil
			return
		}
		g.foreseen[i].answers, answers = answers[:n], answers[n:]
	}
}

// look lets the i-th use case of the group know what was asked for it, as far
// as it is still so, or asks now.
func (w *write) look(o *op, i int) {
	switch g := w.group; {
	case o.ahead == nil:
	case i < len(g.foreseen) && !g.stale:
		w.know(g.foreseen[i].asks, g.foreseen[i].answers)
		for key := range g.touched {
			delete(w.ahead.answers, key)
		}
	default:
		w.askAhead(o.ahead)
	}
}

// witness is the connection of a group in which something was foreseen: it
// notes what is no longer as it was then.
type witness struct {
	conn
	group *group
}

// harmless are the beginnings of the statements that change nothing of what is
// foreseen: use cases ask ahead for pages, for receipts and for comments that
// were there before.
var harmless = []string{
	"insert into comments ", "insert into revisions ", "insert into events ", "insert into decisions ", "insert into buckets ",
	"insert into status_counts ", "update status_counts ", "insert into authors ", "update authors ", "insert into hosts ",
}

func (c witness) note(text string, args []any) {
	if strings.HasPrefix(text, "insert into receipts ") {
		c.group.touched[ask{selectReceipt, args[:2]}.key()] = true
		return
	}
	for _, beginning := range harmless {
		if strings.HasPrefix(text, beginning) {
			return
		}
	}
	c.group.stale = true
}

func (c witness) put(ctx context.Context, text string, args ...any) error {
	c.note(text, args)
	return c.conn.put(ctx, text, args...)
}

func (c witness) sure(ctx context.Context, text string, args ...any) (int64, error) {
	c.note(text, args)
	return c.conn.sure(ctx, text, args...)
}

func (c witness) exec(ctx context.Context, text string, args ...any) (int64, error) {
	c.note(text, args)
	return c.conn.exec(ctx, text, args...)
}
