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
	nowhere      cutting = iota
	beforeCommit         // the server never hears of the COMMIT
	afterCommit          // the server has committed, and the client never hears of it
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
		all.Go(func() { p.pass(server, client, p.question()) })
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

// question makes a look at what a client sends, which finds a COMMIT also where
// it was prepared before and is only named.
func (p *proxy) question() func([]byte) []byte {
	var rest []byte
	begun := false
	commits := map[string]bool{} // names of prepared statements
	return func(data []byte) []byte {
		p.mu.Lock()
		defer p.mu.Unlock()
		rest = append(rest, data...)
		found := false
		for {
			kind, body, size := message(rest, begun)
			if size == 0 {
				break
			}
			found = commit(kind, body, commits) || found
			rest, begun = rest[size:], true
		}
		if p.cut == beforeCommit && found {
			p.cut = nowhere
			p.cuts++
			return nil
		}
		return data
	}
}

// message takes the first one off data: its kind, what is in it, and its size
// as a whole, 0 where it has not come to its end. The first of a connection has
// no kind.
func message(data []byte, begun bool) (kind byte, body []byte, size int) {
	head := 0
	if begun {
		head = 1
	}
	if len(data) < head+4 {
		return 0, nil, 0
	}
	if size = head + int(binary.BigEndian.Uint32(data[head:head+4])); size > len(data) {
		return 0, nil, 0
	}
	if begun {
		kind = data[0]
	}
	return kind, data[head+4 : size], size
}

// commit tells whether a client's message asks for one: a query, or a
// statement to be parsed (whose name it notes) or to be bound.
func commit(kind byte, body []byte, names map[string]bool) bool {
	first, after, _ := bytes.Cut(body, []byte{0})
	second, _, _ := bytes.Cut(after, []byte{0})
	switch kind {
	case 'Q':
		return string(first) == "commit"
	case 'P':
		names[string(first)] = string(second) == "commit"
	case 'B':
		return names[string(second)]
	}
	return false
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
	for {
		kind, _, size := message(data, true)
		if size == 0 {
			return through, append([]byte(nil), data...)
		}
		if kind != 'A' {
			through = append(through, data[:size]...)
		}
		data = data[size:]
	}
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
	begin, end := "\x00\x00\x00\x08abcd", "Z\x00\x00\x00\x05I"
	parse, bind := "P\x00\x00\x00\x0fs1\x00commit\x00\x00", "B\x00\x00\x00\x0ap\x00s1\x00\x00"
	for _, c := range []struct {
		name, say, want string
		do              func()
	}{
		{"through", "hello", "hello", func() {}},
		{"silent", "hello", "", p.silence},
		{"healed", "hello", "hello", p.heal},
		{"before something else", begin + parse, begin + parse, func() { p.cutNext(beforeCommit) }},
		{"before a commit", begin + parse + bind, "", func() {}},
		{"once", begin + parse + bind, begin + parse + bind, func() {}},
		{"before a simple commit", begin + "Q\x00\x00\x00\x0bcommit\x00", "", func() { p.cutNext(beforeCommit) }},
		{"after a commit", "C....COMMIT\x00", "", func() { p.cutNext(afterCommit) }},
		{"without notifications", "A\x00\x00\x00\x06xx" + end, end, p.hush},
	} {
		c.do()
		if got, _ := say(c.say); got != c.want {
			t.Errorf("%s: %q came back, want %q", c.name, got, c.want)
		}
	}
	if p.cuts != 3 {
		t.Errorf("%d cuts, want 3", p.cuts)
	}
}
