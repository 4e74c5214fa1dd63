package checker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
	"github.com/afterword-comments/afterword/moderation/external"
)

// The measures of one integration in one process.
const (
	callsMost     = 8 // under way at a time
	failuresMost  = 5 // in a row, after which it is left alone
	firstPause    = 10 * time.Second
	longestPause  = 5 * time.Minute
	purposeSecret = "check secret"
)

// line is the way to one integration: its check, ready to ask, and how it has
// been doing in this process.
type line struct {
	version int64
	check   *external.Check
	slots   chan struct{}

	mu       sync.Mutex
	failures int // in a row
	trips    int // in a row
	until    time.Time
	probing  bool
}

// line gives the line to an integration, made anew when it was changed.
func (c *Checks) line(i comment.Integration) (*line, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.lines[i.ID]; known != nil && known.version == i.Version {
		return known, nil
	}
	check, err := c.check(i)
	if err != nil {
		return nil, err
	}
	fresh := &line{version: i.Version, check: check, slots: make(chan struct{}, callsMost)}
	c.lines[i.ID] = fresh
	return fresh, nil
}

func (c *Checks) check(i comment.Integration) (*external.Check, error) {
	secret, err := c.secret(i)
	if err != nil {
		return nil, err
	}
	return external.New(external.Config{Kind: i.Kind, Name: i.Name, URL: i.URL, Secret: secret, Settings: i.Settings, Most: i.Most}, c.HTTP)
}

func (c *Checks) secret(i comment.Integration) (string, error) {
	if i.Secret == "" {
		return "", nil
	}
	secret, err := c.Ring.Unseal(purposeSecret, i.ID, i.Secret)
	if err != nil {
		return "", fmt.Errorf("secret of check %s: %w", i.ID, err)
	}
	return string(secret), nil
}

// errLeftAlone is said of an integration that has failed too often of late.
var errLeftAlone = errors.New("The check is left alone for a while, as it has failed several times in a row.")

// enter takes a place among the calls; leave gives it back with the outcome.
func (l *line) enter(ctx context.Context, now time.Time) error {
	l.mu.Lock()
	if now.Before(l.until) || !l.until.IsZero() && l.probing {
		l.mu.Unlock()
		return errLeftAlone
	}
	probe := !l.until.IsZero()
	l.probing = l.probing || probe
	l.mu.Unlock()
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		if probe {
			l.mu.Lock()
			l.probing = false
			l.mu.Unlock()
		}
		return errors.New("Too many calls of this check are under way.")
	}
}

func (l *line) leave(ok bool, now time.Time) {
	<-l.slots
	l.mu.Lock()
	defer l.mu.Unlock()
	l.probing = false
	if ok {
		l.failures, l.trips, l.until = 0, 0, time.Time{}
		return
	}
	l.failures++
	if l.failures < failuresMost || now.Before(l.until) {
		return
	}
	l.until = now.Add(min(firstPause<<min(l.trips, 10), longestPause))
	l.trips++
}

// Breaker tells how an integration is doing in this process.
func (l *line) state(now time.Time) (state string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.until.IsZero():
		return "closed", time.Time{}
	case now.Before(l.until):
		return "open", l.until
	}
	return "probing", time.Time{}
}

// Ask implements comment.Outside.
func (c *Checks) Ask(ctx context.Context, questions []comment.Question) []comment.Heard {
	answers := make([]chan comment.Heard, len(questions))
	began, longest := time.Now(), time.Duration(0)
	for n, q := range questions {
		answers[n] = make(chan comment.Heard, 1)
		longest = max(longest, q.Integration.Deadline)
		c.calls.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, q.Integration.Deadline)
			defer cancel()
			answers[n] <- c.hear(ctx, q)
		})
	}
	over := time.NewTimer(longest)
	defer over.Stop()
	heard := make([]comment.Heard, len(questions))
	late := false
	for n := range questions {
		var there bool
		heard[n], there, late = await(answers[n], over.C, late)
		if !there {
			heard[n] = silent("The service did not answer in time.", time.Since(began))
		}
	}
	return heard
}

// await takes an answer, or after the deadline only one that is there.
func await(answer <-chan comment.Heard, over <-chan time.Time, late bool) (h comment.Heard, there, isLate bool) {
	if !late {
		select {
		case h = <-answer:
			return h, true, false
		case <-over:
		}
	}
	select {
	case h = <-answer:
		return h, true, true
	default:
		return h, false, true
	}
}

func silent(why string, took time.Duration) comment.Heard {
	return comment.Heard{Silent: true, Step: moderation.Step{Err: why, Took: took}}
}

// hear asks one integration. Whatever goes wrong is silence.
func (c *Checks) hear(ctx context.Context, q comment.Question) (heard comment.Heard) {
	began := time.Now()
	defer func() {
		if v := recover(); v != nil {
			c.report(fmt.Errorf("check %s panicked: %.200v", q.Integration.ID, v))
			heard = silent("The check broke down.", time.Since(began))
		}
	}()
	l, err := c.line(q.Integration)
	if err != nil {
		c.report(err)
		return silent("The settings of this check do not hold any more.", 0)
	}
	if err := l.enter(ctx, c.Now()); err != nil {
		return silent(err.Error(), 0)
	}
	answered := false
	defer func() { l.leave(answered, c.Now()) }()
	opinion, err := l.check.Ask(ctx, c.question(q))
	if err != nil {
		return silent(err.Error(), time.Since(began))
	}
	answered = true
	return comment.Heard{Step: moderation.Step{Took: time.Since(began), Evidence: opinion.Evidence}, Later: opinion.Later}
}

// question is what goes out: what is personal only where the owner has said so.
func (c *Checks) question(q comment.Question) external.Question {
	i := q.Integration
	out := external.Question{ID: q.Inquiry, CommentID: q.CommentID, ParentID: q.ParentID, Subject: q.Subject, HTML: q.HTML}
	if i.Kind == "http" {
		out.Callback = "/api/v1/checks/" + c.Ring.Sign(purposeTicket, strings.Join([]string{i.Site, i.ID, q.Inquiry}, "|"))
	}
	if slices.Contains(i.Send, SendEmail) {
		out.Email = q.Email
	}
	if slices.Contains(i.Send, SendIP) {
		out.IP, out.Agent = q.Client.IP, q.Client.Agent
	}
	return out
}
