package webhook

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
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// The limits of one call.
const (
	connectTimeout = 5 * time.Second // name resolution included
	tlsTimeout     = 5 * time.Second
	callTimeout    = 20 * time.Second // from the dial to the last byte of the answer
	answerHeaders  = 16 << 10
	answerRead     = 64 << 10 // beyond which the connection is dropped
	answerKept     = 16 << 10
)

// The classes of an attempt, as comment.Attempt stores them. Nothing else of an
// error leaves the sender: error texts name addresses, and would make the log
// of deliveries a port scanner.
const (
	ClassOK       = "ok"
	ClassStatus   = "status"
	ClassRedirect = "redirect"
	ClassDNS      = "dns"
	ClassRefused  = "refused"
	ClassTimeout  = "timeout"
	ClassTLS      = "tls"
	ClassBlocked  = "blocked"
	ClassReset    = "reset"
	ClassOther    = "other"
)

var sentences = map[string]string{
	ClassOK:      "The receiver took it.",
	ClassDNS:     "The host name of the receiver was not found.",
	ClassRefused: "The receiver refused the connection.",
	ClassTimeout: "The receiver did not answer in time.",
	ClassTLS:     "There was no secure connection: the certificate or the TLS version of the receiver is not acceptable.",
	ClassBlocked: "The address of the receiver is not one that webhooks may be sent to.",
	ClassReset:   "The connection broke off before there was an answer.",
	ClassOther:   "The call failed, or its answer was not understood.",
}

// Client makes HTTP calls to receivers, and only to where its Guard permits.
type Client struct {
	secure, plain *http.Transport
	guard         *Guard
	proxied       bool
	agent         string
	limit         time.Duration
}

// NewClient makes a client that calls itself Afterword/version. roots are the
// authorities that certificates are checked against; nil = the system's.
func NewClient(guard *Guard, version string, roots *x509.CertPool) *Client {
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	return &Client{
		secure: newTransport(guard.dialer(false), config),
		plain:  newTransport(guard.dialer(true), config),
		guard:  guard,
		agent:  "Afterword/" + version,
		limit:  callTimeout,
	}
}

// newTransport: no Proxy from the environment, for the guard would then see the
// proxy's address only (Through), and no compression, for a small answer could then fill the memory.
func newTransport(dialer *net.Dialer, config *tls.Config) *http.Transport {
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    tlsTimeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: answerHeaders,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    perHost,
		IdleConnTimeout:        30 * time.Second,
	}
}

// Close drops the connections that are kept for later calls.
func (c *Client) Close() {
	c.secure.CloseIdleConnections()
	c.plain.CloseIdleConnections()
}

// Answer is what became of one call.
type Answer struct {
	Status     int    // 0 = none
	Class      string // one of the Class constants
	Detail     string // a sentence without addresses
	Response   string // the first 16 KB of the body as valid UTF-8
	RetryAfter string // the header as it came
	Took       time.Duration
}

// Post sends body to url and reads the answer. Redirects are answers like any
// other: a transport does not follow them.
func (c *Client) Post(ctx context.Context, url string, header http.Header, body []byte) Answer {
	start := time.Now()
	answer := c.post(ctx, url, header, body)
	answer.Took = time.Since(start)
	return answer
}

func (c *Client) post(ctx context.Context, url string, header http.Header, body []byte) Answer {
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	var handshake atomic.Bool // failed; the dial may outlive the call
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) { handshake.Store(err != nil) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return failure(ClassOther)
	}
	req.Header = header.Clone()
	req.Header.Set("user-agent", c.agent)
	if c.proxied {
		if _, err := c.guard.CheckURL(ctx, url); err != nil {
			return failure(ClassBlocked)
		}
	}
	transport := c.secure
	if req.URL.Scheme == "http" {
		transport = c.plain
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return failure(classify(err, handshake.Load()))
	}
	defer resp.Body.Close()
	return read(resp)
}

func failure(class string) Answer { return Answer{Class: class, Detail: sentences[class]} }

// read judges by the status. A body that is slow, endless or broken changes
// nothing about what the receiver has said with it.
func read(resp *http.Response) Answer {
	body := io.Reader(resp.Body)
	if resp.StatusCode == http.StatusSwitchingProtocols { // the connection itself, which no time limit ends
		body = http.NoBody
	}
	kept, err := io.ReadAll(io.LimitReader(body, answerKept))
	if err == nil {
		_, _ = io.CopyN(io.Discard, body, answerRead-answerKept) // so that the connection can be used again
	}
	a := Answer{
		Status:     resp.StatusCode,
		Class:      ClassStatus,
		Detail:     fmt.Sprintf("The receiver answered with status %d.", resp.StatusCode),
		Response:   clean(kept),
		RetryAfter: resp.Header.Get("retry-after"),
	}
	switch resp.StatusCode / 100 {
	case 2:
		a.Class, a.Detail = ClassOK, sentences[ClassOK]
	case 3:
		a.Class = ClassRedirect
		a.Detail = fmt.Sprintf("The receiver answered with a redirect (%d); redirects are not followed.", resp.StatusCode)
	}
	return a
}

// clean makes valid UTF-8 without NUL, which PostgreSQL does not store. A rune
// that was cut at the end is dropped.
func clean(b []byte) string {
	const unknown = "\uFFFD"
	s := strings.ToValidUTF8(string(b), unknown)
	if len(b) == answerKept {
		s = strings.TrimSuffix(s, unknown)
	}
	return strings.ReplaceAll(s, "\x00", " ")
}

func classify(err error, handshake bool) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, errBlocked):
		return ClassBlocked
	case errors.As(err, &dns):
		return ClassDNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return ClassRefused
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return ClassTimeout
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ClassReset
	case handshake:
		return ClassTLS
	}
	return ClassOther
}
