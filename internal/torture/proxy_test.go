package torture

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy is the network between a node and its database. Toxiproxy has the slow
// and the silent one, but knows no protocol: it cannot cut a connection just
// when the answer to a COMMIT is on its way, which is the fault that matters,
// and it brings a web server, a router and a logger of its own.
type proxy struct {
	ln net.Listener
	to string

	mu     sync.Mutex
	delay  time.Duration // of each answer
	hole   chan struct{} // not nil: nothing goes through until it is closed
	cut    cutting
	cuts   int  // connections that were cut in a commit
	mute   bool // notifications do not go through
	conns  map[net.Conn]bool
	closed bool
}

// cutting is where a connection is cut.
type cutting uint8

const (
	nowhere       cutting = iota
	beforeCommit          // the server never hears of the COMMIT
	afterCommit           // the server has committed, and the client never hears of it
	commitCommand = "commit"
)

func newProxy(t testing.TB, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{ln: ln, to: to, conns: map[net.Conn]bool{}}
	var all sync.WaitGroup
	all.Go(func() { p.accept(&all) })
	t.Cleanup(func() {
		p.heal()
		ln.Close()
		p.sever(true)
		all.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.ln.Addr().String() }

func (p *proxy) accept(all *sync.WaitGroup) {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.to)
		if err != nil {
			client.Close()
			continue
		}
		if !p.keep(client, server) {
			return
		}
		all.Go(func() { p.pass(server, client, p.question) })
		all.Go(func() { p.pass(client, server, p.answer()) })
	}
}

func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = true
		if p.closed {
			c.Close()
		}
	}
	return !p.closed
}

// sever cuts every connection; for ever, or until they come again.
func (p *proxy) sever(ever bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = p.closed || ever
	for c := range p.conns {
		c.Close()
		delete(p.conns, c)
	}
}

// pass carries bytes one way, as look lets them; both ways end together.
func (p *proxy) pass(to, from net.Conn, look func([]byte) []byte) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			data := look(buf[:n])
			p.mu.Lock()
			hole := p.hole
			p.mu.Unlock()
			if hole != nil {
				<-hole
			}
			if data == nil {
				return
			}
			if _, err := to.Write(data); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// question looks at what a client sends.
func (p *proxy) question(data []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut == beforeCommit && bytes.Contains(bytes.ToLower(data), []byte(commitCommand)) {
		p.cut = nowhere
		p.cuts++
		return nil
	}
	return data
}

// answer makes a look at what a server sends, which is slow if it has to be.
// It follows the messages: one byte for the kind, four for the length.
func (p *proxy) answer() func([]byte) []byte {
	var rest []byte
	return func(data []byte) []byte {
		p.mu.Lock()
		delay := p.delay
		p.mu.Unlock()
		if delay > 0 {
			<-time.After(delay)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.cut == afterCommit && bytes.Contains(data, []byte("COMMIT\x00")) {
			p.cut = nowhere
			p.cuts++
			return nil
		}
		if !p.mute {
			return data
		}
		var through []byte
		through, rest = withoutNotifications(append(rest, data...))
		return through
	}
}

// withoutNotifications takes whole messages out of data and leaves those of
// kind A away.
func withoutNotifications(data []byte) (through, rest []byte) {
	through = []byte{}
	for len(data) > 4 {
		size := 1 + int(binary.BigEndian.Uint32(data[1:5]))
		if size > len(data) {
			break
		}
		if data[0] != 'A' {
			through = append(through, data[:size]...)
		}
		data = data[size:]
	}
	return through, append([]byte(nil), data...)
}

func (p *proxy) slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// silence lets nothing through any more, and cuts nothing either.
func (p *proxy) silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hole = make(chan struct{})
}

// heal ends slowness and silence.
func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = 0
	if p.hole != nil {
		close(p.hole)
		p.hole = nil
	}
}

// cutNext cuts the next connection that commits; done tells whether it has.
func (p *proxy) cutNext(where cutting) (done func() bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.cuts
	p.cut = where
	return func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.cuts > before
	}
}

// hush lets no notification through, on connections made from now on.
func (p *proxy) hush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = true
}

func TestProxy(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() { // a server that says the same again
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); c.Close() }()
		}
	}()
	p := newProxy(t, ln.Addr().String())
	say := func(words string) (string, error) {
		c, err := net.Dial("tcp", p.addr())
		if err != nil {
			return "", err
		}
		defer c.Close()
		if _, err := c.Write([]byte(words)); err != nil {
			return "", err
		}
		_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		buf := make([]byte, len(words))
		n, err := io.ReadFull(c, buf)
		return string(buf[:n]), err
	}
	notice := "A\x00\x00\x00\x06xx"
	for _, c := range []struct {
		name, say, want string
		do              func()
	}{
		{"through", "hello", "hello", func() {}},
		{"silent", "hello", "", p.silence},
		{"healed", "hello", "hello", p.heal},
		{"before a commit", "Q....commit\x00", "", func() { p.cutNext(beforeCommit) }},
		{"once", "Q....commit\x00", "Q....commit\x00", func() {}},
		{"after a commit", "C....COMMIT\x00", "", func() { p.cutNext(afterCommit) }},
		{"without notifications", notice + "Z\x00\x00\x00\x05I", "Z\x00\x00\x00\x05I", p.hush},
	} {
		c.do()
		if got, _ := say(c.say); got != c.want {
			t.Errorf("%s: %q came back, want %q", c.name, got, c.want)
		}
	}
	if p.cuts != 2 {
		t.Errorf("%d cuts, want 2", p.cuts)
	}
}
