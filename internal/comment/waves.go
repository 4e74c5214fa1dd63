package comment

import (
	"context"
	"encoding/json"
	"runtime/debug"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/moderation"
)

// Waves keeps what a node knows of the stream of comments: which texts are nearly
// the same, and how much is usual on each page. It reads that from the store when
// it begins, and follows the logs from there, so that every node comes to know the
// same. What it knows is never needed to be right, only to be useful: without it a
// comment has no copies and a page no surge.
type Waves struct {
	Service *Service
	Log     WaveLog
	OnError func(error) // hears of what will be tried again

	at map[string]int64 // up to where a log has been followed

	tried map[string]time.Time // when a page was last said to surge
}

// WaveLog is what Waves follows; internal/store implements it.
type WaveLog interface {
	View(ctx context.Context, fn func(Reader) error) error
	Heads(ctx context.Context) ([]Position, error)
	EventsAfter(ctx context.Context, site string, after int64, limit int) ([]Event, error)
	Changed() <-chan struct{}
}

const (
	waveLook  = 200 * time.Millisecond // how often the logs are looked at unasked: other processes write too
	waveRest  = 20 * time.Millisecond  // between two looks
	waveBatch = 500
	endsMost  = 100
	// surgeAgain is how long a node leaves a page alone that it has said to surge.
	surgeAgain = 10 * time.Second
	// surgeFresh is how old an event may be that makes a page surge.
	surgeFresh = 10 * time.Minute
)

// Run loads and follows until ctx is cancelled.
func (w *Waves) Run(ctx context.Context) error {
	tick := time.NewTicker(waveLook)
	defer tick.Stop()
	for w.Load(ctx) != nil {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	debug.FreeOSMemory() // the texts that were read are twice as much as what is kept of them
	ends := time.Time{}
	for {
		changed := w.Log.Changed() // before reading, so that nothing falls between
		err := w.Follow(ctx)
		if now := w.Service.Now(); err == nil && !now.Before(ends) {
			_, err = w.Service.EndPremoderations(ctx, endsMost)
			ends = now.Add(time.Second)
		}
		if err != nil && ctx.Err() == nil {
			w.OnError(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			time.Sleep(waveRest)
		case <-tick.C:
		}
	}
}

// Load reads the newest texts, and remembers from where the logs are to be
// followed. What is there already stays.
func (w *Waves) Load(ctx context.Context) error {
	heads, err := w.Log.Heads(ctx)
	if err != nil {
		return err
	}
	w.at, w.tried = map[string]int64{}, map[string]time.Time{}
	for _, h := range heads {
		w.at[h.Site] = h.Seq
	}
	since := w.Service.Now().Add(-copiesLife)
	var found []moderation.Copied
	for before := ""; len(found) < copiesMost; {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var texts []Text
		err := w.Log.View(ctx, func(r Reader) (err error) {
			texts, err = r.NewestTexts(before, waveBatch)
			return err
		})
		if err != nil {
			return err
		}
		for _, t := range texts {
			before = t.CommentID
			if t.At.After(since) {
				found = append(found, t.copied())
			}
		}
		if len(texts) < waveBatch || texts[len(texts)-1].At.Before(since) {
			break
		}
	}
	for _, c := range slices.Backward(found) {
		w.Service.Copies.Take(c)
		w.Service.Surges.Restore(c.Site, c.Page, c.At)
	}
	return nil
}

// Follow takes up what the logs have more than before.
func (w *Waves) Follow(ctx context.Context) error {
	heads, err := w.Log.Heads(ctx)
	if err != nil {
		return err
	}
	for _, h := range heads {
		for w.at[h.Site] < h.Seq {
			events, err := w.Log.EventsAfter(ctx, h.Site, w.at[h.Site], waveBatch)
			if err != nil {
				return err
			}
			if len(events) == 0 {
				break
			}
			for _, e := range events {
				if err := w.take(ctx, e); err != nil {
					return err
				}
				w.at[h.Site] = e.Seq
			}
		}
	}
	return nil
}

// take is one event.
func (w *Waves) take(ctx context.Context, e Event) error {
	s := w.Service
	switch e.Type {
	case CommentCreated, CommentEdited:
		return w.written(ctx, e)
	case CommentErased:
		s.Copies.Forget(e.CommentID)
		return nil
	case CommentApproved, CommentRejected, CommentMarkedSpam, CommentDeleted, CommentRestored:
	default:
		return nil
	}
	status := Approved
	for _, o := range outcomes {
		if o.Event == e.Type {
			status = o.Status
		}
	}
	s.Copies.Settle(e.CommentID, fateOf(status, e.Actor.Kind == ActorModerator), e.Seq)
	if status == Deleted || status == Pending {
		return nil
	}
	s.Surges.Decided(e.Site, e.PageID, e.At, status != Approved)
	return w.watch(ctx, e)
}

// written is a new comment, or a new text of one.
func (w *Waves) written(ctx context.Context, e Event) error {
	t := Text{Site: e.Site, CommentID: e.CommentID, PageID: e.PageID, AuthorID: e.Actor.ID, At: e.At}
	reasons, ok := t.read(e)
	if !ok {
		return nil // an erasure has emptied it
	}
	newcomer := false
	for _, r := range reasons {
		switch r.Code {
		case moderation.CodeNearDuplicate, moderation.CodeRejectedDuplicate:
			t.Group = r.Data["group"]
		case moderation.CodeFirstComment, moderation.CodeNewAuthor:
			newcomer = true
		}
	}
	if e.Type != CommentCreated || !w.Service.Copies.Logged(e.CommentID, e.Seq) {
		c := t.copied()
		c.Seq = e.Seq
		w.Service.Copies.Take(c)
	}
	if e.Type != CommentCreated {
		return nil
	}
	w.Service.Surges.Post(e.Site, e.PageID, e.At, newcomer)
	return w.watch(ctx, e)
}

// read takes the status and the text of a comment from the event that tells of it,
// and gives what was found in it.
func (t *Text) read(e Event) (reasons []moderation.Evidence, ok bool) {
	if d := e.Data; d != nil {
		t.Status, t.Source = d.Comment.Status, d.Comment.Text
		return d.Reasons, true
	}
	var body struct {
		Data struct {
			Comment struct {
				Status Status `json:"status"`
				Text   string `json:"text"`
			} `json:"comment"`
			Reasons []moderation.Evidence `json:"reasons"`
		} `json:"data"`
	}
	if json.Unmarshal(e.Body, &body) != nil {
		return nil, false
	}
	t.Status, t.Source = body.Data.Comment.Status, body.Data.Comment.Text
	return body.Data.Reasons, true
}

// watch looks whether the page of a fresh event surges.
func (w *Waves) watch(ctx context.Context, e Event) error {
	now := w.Service.Now()
	if now.Sub(e.At) > surgeFresh {
		return nil
	}
	surge := w.Service.Surges.Look(e.Site, e.PageID, e.At)
	if surge.Why == "" || now.Sub(w.tried[e.PageID]) < surgeAgain && !now.Before(w.tried[e.PageID]) {
		return nil
	}
	if len(w.tried) > endsMost {
		clear(w.tried)
	}
	w.tried[e.PageID] = now
	return w.Service.Surge(ctx, e.Site, e.PageID, surge.Why)
}
