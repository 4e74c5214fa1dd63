package comment

import (
	"cmp"
	"context"
	"time"
)

// A receiver of webhooks that calls our API may cause the very events that it
// receives, for ever. So each webhook says over how many such receivers its event
// came about (its hops), receivers hand that on with what they ask of us, and a
// request that comes over too many is refused.

// HopsMost is the number of hops beyond which a request is refused.
const HopsMost = 3

// HopsRemembered is how long an event counts as a consequence of a request about
// the same comment or page.
const HopsRemembered = time.Hour

type hopsKey struct{}

// WithHops says of a request over how many receivers it came about.
func WithHops(ctx context.Context, hops int) context.Context {
	return context.WithValue(ctx, hopsKey{}, hops)
}

// HopStore is a Store that notes the hops of a request with the comments and pages
// that the request writes events of.
type HopStore struct{ Store }

// Write is the store's own, and notes.
func (s HopStore) Write(ctx context.Context, sites Sites, fn func(Tx) error) error {
	return s.Store.Write(ctx, sites, noting(ctx, fn))
}

// WriteAfter is the store's own, and notes.
func (s HopStore) WriteAfter(ctx context.Context, sites Sites, ask func(Reader), fn func(Tx) error) error {
	return s.Store.WriteAfter(ctx, sites, ask, noting(ctx, fn))
}

func noting(ctx context.Context, fn func(Tx) error) func(Tx) error {
	hops, _ := ctx.Value(hopsKey{}).(int)
	if hops == 0 {
		return fn
	}
	return func(tx Tx) error { return fn(notingTx{tx, hops}) }
}

type notingTx struct {
	Tx
	hops int
}

// AppendEvent notes even what stays in the house: the events that follow from a
// decision come when its undo window is over.
func (tx notingTx) AppendEvent(e Event) error {
	if subject := cmp.Or(e.CommentID, e.PageID); subject != "" {
		if err := tx.NoteHops(e.Site, subject, tx.hops, e.At); err != nil {
			return err
		}
	}
	return tx.Tx.AppendEvent(e)
}
