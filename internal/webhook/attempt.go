package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// When an endpoint is given up: so many failures in a row, no success for so
// long, and a delivery that was tried over half a day, so that a short trouble
// after a quiet week is not enough.
const (
	disableFailures = 10
	disableAfter    = 5 * 24 * time.Hour
	disableSpan     = 12 * time.Hour
)

// send makes one attempt.
func (s *sending) send(ctx context.Context, call comment.Call) result {
	at := s.Now()
	if later := next(call.Endpoint, at); pace(call.Endpoint) > 0 && call.Delivery.Type != comment.EndpointPing && later.After(at) {
		return s.giveBack(call, later)
	}
	call, err := s.render(ctx, call)
	if err != nil {
		s.report(fmt.Errorf("body for endpoint %s: %w", call.Endpoint.ID, err))
		return s.judge(call, failure(ClassOther), at)
	}
	if call.Body == nil {
		return s.nothingToTell(call)
	}
	header, own, err := s.header(call, at)
	if err != nil {
		s.report(fmt.Errorf("sign for endpoint %s: %w", call.Endpoint.ID, err))
		return s.judge(call, failure(ClassOther), at)
	}
	answer := s.Client.Post(ctx, call.Endpoint.URL, header, call.Body)
	if ctx.Err() != nil && answer.Status == 0 { // cut off by us: not the receiver's failure
		return s.giveBack(call, s.Now())
	}
	answer.Response = redact(answer.Response, own)
	return s.judge(call, answer, at)
}

// header makes the headers of an attempt, and gives those that are the endpoint's
// own. The signature covers the time of the attempt, so each has its own.
func (s *sending) header(call comment.Call, at time.Time) (h http.Header, own map[string]string, err error) {
	keys, err := s.keys(call.Endpoint, at)
	if err != nil {
		return nil, nil, err
	}
	if own, err = openHeaders(s.Ring.Unseal, call.Endpoint); err != nil {
		return nil, nil, err
	}
	d, h := call.Delivery, http.Header{}
	for name, value := range own {
		h.Set(name, value)
	}
	h.Set("content-type", "application/json")
	h.Set(HeaderID, d.EventID)
	h.Set(HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	signatures := Sign(d.EventID, at, call.Body, keys...)
	if e := call.Endpoint; e.Asymmetric {
		signatures += " " + signByPair(keyPair(s.Ring.Key(pairPurpose), e.Site), d.EventID, at, call.Body)
	}
	h.Set(HeaderSignature, signatures)
	h.Set("x-afterword-event", d.Type)
	h.Set("x-afterword-attempt", strconv.Itoa(d.Attempts+1))
	h.Set(HeaderHops, strconv.Itoa(call.Hops+1))
	if d.Replay > 0 {
		h.Set("x-afterword-replay", strconv.Itoa(d.Replay))
	}
	return h, own, nil
}

// keys opens the secrets that are in force, newest first.
func (s *sending) keys(e comment.Endpoint, now time.Time) ([][]byte, error) {
	var keys [][]byte
	for _, secret := range e.Secrets {
		if expired(secret, now) {
			continue
		}
		key, err := s.Ring.Unseal(sealPurpose, secret.ID, secret.Sealed)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("the endpoint has no secret in force")
	}
	return keys, nil
}

func (s *sending) giveBack(call comment.Call, until time.Time) result {
	call.Delivery.NextAt = until
	return result{Outcome: comment.Outcome{Delivery: call.Delivery}, endpoint: call.Endpoint}
}

// judge says what an answer means for the delivery and for its endpoint.
func (s *sending) judge(call comment.Call, a Answer, at time.Time) result {
	now, d := s.Now(), call.Delivery
	if now.Before(at) { // the clock was put back: what waits for this call is not to wait for that hour
		at = now
	}
	d.Attempts++
	d.LastStatus, d.LastClass, d.LastMillis, d.LastAt = a.Status, a.Class, a.Took.Milliseconds(), at
	r := result{endpoint: call.Endpoint}
	r.Breaker = s.Schedule.Breaker()
	r.Attempt = comment.Attempt{
		N: d.Attempts, At: at, Millis: d.LastMillis, Status: a.Status,
		Class: a.Class, Detail: a.Detail, Response: a.Response,
	}
	switch {
	case a.Class == ClassOK:
		d.State, d.DeliveredAt, r.Covers = comment.DeliveryDelivered, now, call.Covers
	case a.Status == http.StatusGone:
		d.NextAt = now // owed still, and due when the endpoint is active again
		r.retire, r.reason = comment.EndpointGone, "it answered 410 Gone"
	default:
		asked := RetryAfter(a.RetryAfter, now)
		s.again(call.Endpoint, &d, now, asked)
		if asked > 0 && (a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable) {
			r.Gate = now.Add(asked)
		}
		if s.hopeless(call.Endpoint, d.Attempts, now) {
			r.retire, r.reason = comment.EndpointDisabled, "no call has succeeded for five days"
		}
	}
	r.Delivery = d
	return r
}

// again plans the next attempt, or ends the delivery. One that gathers events is
// not ended: what it has to tell grows.
func (s *sending) again(e comment.Endpoint, d *comment.Delivery, now time.Time, asked time.Duration) {
	n := d.Attempts
	if gathers(e, *d) {
		n = min(n, len(s.Schedule))
	}
	delay, more := s.Schedule.Next(n)
	if !more {
		d.State = comment.DeliveryFailed
		return
	}
	d.NextAt = now.Add(max(delay, asked, pace(e)))
}

func (s *sending) hopeless(e comment.Endpoint, attempts int, now time.Time) bool {
	good := e.CreatedAt
	if e.LastSuccessAt.After(good) {
		good = e.LastSuccessAt
	}
	return e.Failures+1 >= disableFailures && now.Sub(good) >= disableAfter && s.Schedule.elapsed(attempts) >= disableSpan
}
