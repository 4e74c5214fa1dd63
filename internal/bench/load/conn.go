// Package load is a light HTTP/1.1 client for measuring: connections that stay
// open, requests made beforehand, closed and open loops, and histograms of what
// was waited for. It hides sockets and clocks from internal/bench, and knows
// nothing of what it asks for.
package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// answerTime is how long an answer may take before it counts as lost.
const answerTime = 30 * time.Second

// Conn is one HTTP/1.1 connection that stays open. Client and server share the
// machine, so it does no more than it must: requests are bytes made beforehand,
// and of an answer only the status and the length are looked at.
type Conn struct {
	raw  net.Conn
	read *bufio.Reader
	body []byte
}

// Dial connects to HOST:PORT.
func Dial(addr string) (*Conn, error) {
	raw, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", addr, err)
	}
	return &Conn{raw: raw, read: bufio.NewReaderSize(raw, 64<<10)}, nil
}

// Close closes the connection.
func (c *Conn) Close() { _ = c.raw.Close() } // nothing is owed to it

// Send writes a request and passes over the body of its answer.
func (c *Conn) Send(request []byte) (status int, err error) {
	status, length, err := c.begin(request)
	if err == nil {
		_, err = c.read.Discard(length)
	}
	return status, err
}

// Ask writes a request and gives the body of its answer, which holds until the
// next one.
func (c *Conn) Ask(request []byte) (status int, body []byte, err error) {
	status, length, err := c.begin(request)
	if err != nil {
		return status, nil, err
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	_, err = io.ReadFull(c.read, c.body)
	return status, c.body, err
}

// begin writes a request and reads the head of its answer.
func (c *Conn) begin(request []byte) (status, length int, err error) {
	if err := c.raw.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return 0, 0, err
	}
	if _, err := c.raw.Write(request); err != nil {
		return 0, 0, err
	}
	return c.head()
}

var (
	lengthName  = []byte("content-length:")
	chunkedName = []byte("transfer-encoding:")
)

var errChunked = errors.New("the answer has no length")

func (c *Conn) head() (status, length int, err error) {
	line, err := c.read.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if len(line) < 12 {
		return 0, 0, fmt.Errorf("not an HTTP answer: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, fmt.Errorf("not an HTTP answer: %q", line)
	}
	for {
		if line, err = c.read.ReadSlice('\n'); err != nil {
			return status, 0, err
		}
		switch {
		case len(line) <= 2:
			return status, length, nil
		case named(line, lengthName):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(lengthName):]))); err != nil {
				return status, 0, err
			}
		case named(line, chunkedName):
			return status, 0, errChunked
		}
	}
}

func named(line, name []byte) bool {
	return len(line) > len(name) && line[0]|0x20 == name[0] && bytes.EqualFold(line[:len(name)], name)
}

// Message is what a request is made of.
type Message struct {
	Method, Host, Path string
	Header             []string // whole lines
	Body               []byte   // JSON, nil for none
}

// Bytes is the request as it goes over the wire.
func (m Message) Bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", m.Method, m.Path, m.Host)
	for _, line := range m.Header {
		b.WriteString(line + "\r\n")
	}
	if m.Body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(m.Body))
	}
	b.WriteString("\r\n")
	b.Write(m.Body)
	return b.Bytes()
}
