package pgtest

import (
	"net"
	"net/url"
	"sync/atomic"
	"testing"
)

// Proxy stands before a server and can cut a connection at a chosen moment.
type Proxy struct {
	Address string // of the database, through the proxy
	server  string
	cut     atomic.Int32
}

// Cut is where a connection is lost.
type Cut int32

// The cuts: of a connection whose client says something, which then does not
// arrive; or whose server does, so that what was asked is done, and the answer
// is lost.
const (
	CutNever Cut = iota
	CutAsked
	CutAnswered
)

// NewProxy stands before the server of a Database. Statements are not prepared
// through it, so that what is sent together is one question.
func NewProxy(t testing.TB, database string) *Proxy {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &Proxy{
		Address: "postgres://postgres@" + l.Addr().String() + u.Path + "?sslmode=disable&default_query_exec_mode=exec",
		server:  "127.0.0.1:" + u.Query().Get("port"),
	}
	go p.serve(l)
	return p
}

// Cut cuts the next connection of which it is true.
func (p *Proxy) Cut(c Cut) { p.cut.Store(int32(c)) }

func (p *Proxy) serve(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close()
			continue
		}
		go p.pass(server, client, CutAsked)
		go p.pass(client, server, CutAnswered)
	}
}

// pass copies until it ends or is cut, then closes both.
func (p *Proxy) pass(to, from net.Conn, at Cut) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil || p.cut.CompareAndSwap(int32(at), int32(CutNever)) {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
