package external

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The limits of one call.
const (
	answerMost = 256 << 10 // bytes of an answer
	shownMost  = 8 << 10   // of it, in an Exchange
	retryPause = 100 * time.Millisecond
	requestMax = 256 << 10 // bytes of a question; a comment is at most 20 KiB
)

// call is one request that is to be made, as often as it needs.
type call struct {
	url    string
	header http.Header
	body   []byte
}

func newCall(address, contentType string, body []byte) call {
	h := http.Header{}
	h.Set("content-type", contentType)
	h.Set("accept", "application/json")
	return call{address, h, body}
}

// reply is what came back with a status of 2xx.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// Exchange is one call as people may see it: without secrets.
type Exchange struct {
	Request  string // method, address, headers and body
	Status   int    // 0 = there was no answer
	Response string // the first 8 KiB
	Took     time.Duration
}

// Failure is why a check has no opinion. Its text names no address and no key.
type Failure struct {
	Class  string // one word: timeout, status, garbage…
	Detail string
}

// Error is the sentence.
func (f *Failure) Error() string { return f.Detail }

func failed(class, format string, args ...any) *Failure {
	return &Failure{class, fmt.Sprintf(format, args...)}
}

// garbage is what a reader of answers says of one that it cannot read.
func garbage(what string) error { return failed("garbage", "The answer was not understood: %s.", what) }

// call makes the call, and once more after a status of 429 or 5xx where the time
// that is left allows for it.
func (c *Check) call(ctx context.Context, out call) (in reply, shown Exchange, err error) {
	if len(out.body) > requestMax {
		return in, shown, failed("too_large", "The question is too long to be sent.")
	}
	began := time.Now()
	for try := 1; ; try++ {
		in, err = c.once(ctx, out)
		shown = c.exchange(out, in, time.Since(began))
		wait, again := retryAfter(in)
		if err == nil || try == 2 || !again || !pause(ctx, wait) {
			return in, shown, err
		}
	}
}

// once makes one call. A reply without error has a status of 2xx.
func (c *Check) once(ctx context.Context, out call) (in reply, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, out.url, bytes.NewReader(out.body))
	if err != nil {
		return in, failed("address", "The address of the service cannot be called.")
	}
	req.Header = out.header.Clone()
	client := *c.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil
	resp, err := client.Do(req)
	if err != nil {
		return in, classify(ctx, err)
	}
	defer resp.Body.Close()
	in = reply{status: resp.StatusCode, header: resp.Header}
	if resp.Header.Get("content-encoding") != "" {
		return in, failed("encoding", "The answer was compressed, which was not asked for.")
	}
	in.body, err = io.ReadAll(io.LimitReader(resp.Body, answerMost+1))
	switch {
	case resp.StatusCode/100 == 3:
		return in, failed("redirect", "The service answered with a redirect (%d); redirects are not followed.", resp.StatusCode)
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return in, failed("key", "The service refused the key (%d).", resp.StatusCode)
	case resp.StatusCode/100 != 2:
		return in, failed("status", "The service answered with status %d.", resp.StatusCode)
	case len(in.body) > answerMost:
		return in, failed("too_large", "The answer was longer than %d KiB.", answerMost>>10)
	case err != nil:
		return in, classify(ctx, err)
	}
	return in, nil
}

func classify(ctx context.Context, err error) *Failure {
	var dns *net.DNSError
	var timeout net.Error
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		return failed("timeout", "The service did not answer in time.")
	case errors.As(err, &dns):
		return failed("dns", "The host name of the service was not found.")
	case errors.Is(err, syscall.ECONNREFUSED):
		return failed("refused", "The service refused the connection.")
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &cert), errors.As(err, &record):
		return failed("tls", "There was no secure connection: the certificate of the service is not acceptable.")
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return failed("reset", "The connection broke off before the answer was complete.")
	}
	return failed("call", "The call failed; if the address is a private one, the operator has to permit it.")
}

// retryAfter tells whether a reply asks to be tried again, and when.
func retryAfter(in reply) (wait time.Duration, again bool) {
	if in.status != http.StatusTooManyRequests && in.status/100 != 5 {
		return 0, false
	}
	text := in.header.Get("retry-after")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return min(time.Duration(seconds)*time.Second, time.Hour), true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at)), true
	}
	return retryPause, true
}

// pause waits, unless the time that is left is too short for it.
func pause(ctx context.Context, wait time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// exchange is a call for people.
func (c *Check) exchange(out call, in reply, took time.Duration) Exchange {
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s\n", bare(out.url))
	for _, name := range []string{"Content-Type", "Authorization", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "X-Coral-Signature"} {
		if value := out.header.Get(name); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", strings.ToLower(name), value)
		}
	}
	b.WriteString("\n")
	b.Write(out.body)
	return Exchange{
		Request:  c.redact(b.String()),
		Status:   in.status,
		Response: c.redact(plain(in.body[:min(len(in.body), shownMost)])),
		Took:     took,
	}
}

// bare is an address without its query, which may hold a key.
func bare(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.Redacted()
}

// redact takes the secret out of a text, also where a form has escaped it.
func (c *Check) redact(text string) string {
	for _, secret := range []string{c.Secret, url.QueryEscape(c.Secret)} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}

// plain makes valid UTF-8 without NUL.
func plain(b []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(b), "\uFFFD"), "\x00", " ")
}
