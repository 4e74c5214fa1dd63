package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"time"
)

// Stream is an open stream of server-sent events. It reads into a small buffer:
// thousands are open at a time.
type Stream struct {
	conn Conn
}

// Listen opens a stream and reads the head of its answer.
func Listen(addr string, request []byte) (*Stream, error) {
	raw, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", addr, err)
	}
	s := &Stream{Conn{raw: raw, read: bufio.NewReaderSize(raw, 1<<10)}}
	status, _, err := s.conn.begin(request)
	if errors.Is(err, errChunked) {
		err = s.conn.skipHead() // the rest, which begin has left
	}
	if err == nil && status != 200 {
		err = fmt.Errorf("status %d", status)
	}
	if err = errors.Join(err, raw.SetDeadline(time.Time{})); err != nil {
		s.Close()
		return nil, fmt.Errorf("open a stream: %w", err)
	}
	return s, nil
}

// skipHead reads to the end of a head.
func (c *Conn) skipHead() error {
	for {
		line, err := c.read.ReadSlice('\n')
		if err != nil || len(line) <= 2 {
			return err
		}
	}
}

var eventName = []byte("event: ")

// Next waits for an event and gives its name. The data is passed over.
func (s *Stream) Next() (string, error) {
	for {
		line, err := s.conn.read.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
		if name, ok := bytes.CutPrefix(line, eventName); ok {
			return string(bytes.TrimSpace(name)), nil
		}
	}
}

// Close closes the connection.
func (s *Stream) Close() { s.conn.Close() }
