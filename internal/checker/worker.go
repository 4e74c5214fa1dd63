package checker

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// The measures of the worker of one process.
const (
	workMost   = 32 // inquiries in hand
	callTime   = 30 * time.Second
	leaseTime  = 45 * time.Second // after which another node takes up a question
	pollTime   = time.Second
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
)

// Run asks what is owed, ends what has waited too long and tells services what
// people have decided, until ctx is cancelled. Each node runs one; which of them
// is faster does not matter.
func (c *Checks) Run(ctx context.Context) error {
	w := &work{Checks: c, done: make(chan string, 2*workMost), hands: map[string]bool{}}
	for ctx.Err() == nil {
		err := errors.Join(w.inquiries(ctx), w.lessons(ctx))
		if err != nil && ctx.Err() == nil {
			c.report(err)
		}
		w.wait(ctx)
	}
	w.calls.Wait()
	return nil
}

// work is one Run; its fields belong to its goroutine.
type work struct {
	*Checks
	calls sync.WaitGroup
	done  chan string
	hands map[string]bool // inquiries in hand
}

func (w *work) wait(ctx context.Context) {
	timer := time.NewTimer(pollTime)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-w.wake:
	case id := <-w.done:
		delete(w.hands, id)
	}
	for {
		select {
		case id := <-w.done:
			delete(w.hands, id)
		default:
			return
		}
	}
}

// begin takes an inquiry into hand, if there is one free.
func (w *work) begin(key string, do func()) {
	if len(w.hands) >= workMost || w.hands[key] {
		return
	}
	w.hands[key] = true
	w.calls.Go(func() {
		do()
		w.done <- key
	})
}

func (w *work) inquiries(ctx context.Context) error {
	due, err := w.Comments.DueInquiries(ctx, workMost)
	for _, i := range due {
		w.begin(i.ID, func() {
			if err := w.pursue(ctx, i); err != nil && ctx.Err() == nil && !lost(err) {
				w.report(err)
			}
		})
	}
	return err
}

// lost tells that another node, or an answer, was faster.
func lost(err error) bool {
	f := fault.Of(err)
	return f.Kind == fault.Conflict || f.Kind == fault.NotFound
}

// pursue does what is to be done about an inquiry that is due.
func (c *Checks) pursue(ctx context.Context, i comment.Inquiry) error {
	now := c.Now()
	if !now.Before(i.Deadline) {
		return c.end(ctx, i, silent(cmp.Or(i.Error, "There was no answer by the deadline."), i.Took))
	}
	if i.State != comment.InquiryOwed {
		return nil
	}
	claimed := i
	claimed.Tries++
	claimed.NextAt = earlier(now.Add(leaseTime), i.Deadline)
	if err := c.Comments.Move(ctx, claimed, i); err != nil {
		return err
	}
	q, err := c.Comments.Recall(ctx, i)
	if fault.Is(err, "not_found") || err == nil && !q.Integration.Enabled {
		return c.end(ctx, i, silent("The check was switched off, or the comment has changed.", 0))
	}
	if err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, min(callTime, i.Deadline.Sub(now)))
	defer cancel()
	return c.conclude(ctx, claimed, c.hear(call, q))
}

// conclude writes down what came of a call.
func (c *Checks) conclude(ctx context.Context, i comment.Inquiry, heard comment.Heard) error {
	after := i
	after.Took, after.Error = heard.Step.Took, heard.Step.Err
	switch {
	case ctx.Err() != nil: // this process stops: somebody else may ask at once
		ctx = context.WithoutCancel(ctx)
		after.NextAt, after.Error = c.Now(), i.Error
	case heard.Silent:
		after.NextAt = earlier(c.Now().Add(backoff(i.Tries)), i.Deadline)
	case heard.Later > 0:
		after.State, after.Deadline = comment.InquiryAsked, c.Now().Add(heard.Later)
		after.NextAt = after.Deadline
	default:
		return c.end(ctx, i, heard)
	}
	return c.Comments.Move(ctx, after, i)
}

func (c *Checks) end(ctx context.Context, i comment.Inquiry, heard comment.Heard) error {
	return c.Comments.End(ctx, comment.Ending{Site: i.Site, Inquiry: i.ID, Heard: heard})
}

func backoff(tries int) time.Duration {
	return min(firstRetry<<min(max(tries-1, 0), 10), lastRetry)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
