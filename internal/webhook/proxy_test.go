package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// egress is a proxy that notes what it was asked for. What it cannot reach it
// answers for itself.
type egress struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
	auth  string
	deny  bool
}

func newEgress(t *testing.T) *egress {
	t.Helper()
	p := &egress{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked, p.auth = append(p.asked, r.Method+" "+r.RequestURI), r.Header.Get("proxy-authorization")
		p.mu.Unlock()
		if p.deny {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.Method != http.MethodConnect {
			io.WriteString(w, "by proxy")
			return
		}
		to, err := net.Dial("tcp", strings.Replace(r.Host, "receiver.example", "127.0.0.1", 1))
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer to.Close()
		w.WriteHeader(http.StatusOK)
		from, sent, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer from.Close()
		go io.Copy(to, sent) // what has been read ahead included
		io.Copy(from, to)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *egress) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

// through is a client behind a proxy whose guard permits what allow says.
func through(t *testing.T, p *egress, allow string) *Client {
	t.Helper()
	u, err := ParseProxy(strings.Replace(p.URL, "http://", "http://someone:secret@", 1))
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(mustGuard(t, allow), "test", nil)
	c.limit = 2 * time.Second
	c.Through(u)
	t.Cleanup(c.Close)
	return c
}

func TestCallsGoThroughTheProxyAlone(t *testing.T) {
	p := newEgress(t)
	c := through(t, p, "127.0.0.0/8")
	if a := c.Post(t.Context(), "http://127.0.0.1:1/hook", http.Header{}, nil); a.Class != ClassOK || a.Response != "by proxy" {
		t.Errorf("plain: %+v", a)
	}
	if p.auth == "" {
		t.Error("the proxy was not told who calls")
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "by TLS") }))
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "https://")
	if a := c.Post(t.Context(), s.URL, http.Header{}, nil); a.Class != ClassTLS {
		t.Errorf("a certificate that nobody knows, behind the proxy: %+v", a)
	}
	c.secure.TLSClientConfig.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if a := c.Post(t.Context(), s.URL, http.Header{}, nil); a.Class != ClassOK || a.Response != "by TLS" {
		t.Errorf("https: %+v", a)
	}
	if asked := p.requests(); asked[len(asked)-1] != "CONNECT "+host {
		t.Errorf("the proxy was asked for %q", asked)
	}
}

// What the guard can judge without resolving is refused before the proxy hears of
// it; the rest is the proxy's to refuse.
func TestTheGuardStandsBeforeTheProxy(t *testing.T) {
	p := newEgress(t)
	c := through(t, p, "")
	for _, target := range []string{
		"https://127.0.0.1/", "https://10.1.2.3/", "https://169.254.169.254/latest", "https://[::1]/", "http://93.184.216.34/", "https://127.1/",
		"https://2130706433/", "http://receiver.example/", "https://93.184.216.34:22/", "https://[::ffff:10.0.0.1]/",
	} {
		if a := c.Post(t.Context(), target, http.Header{}, nil); a.Class != ClassBlocked {
			t.Errorf("%s: %s", target, a.Class)
		}
	}
	if asked := p.requests(); len(asked) > 0 {
		t.Errorf("the proxy was asked for %q", asked)
	}
	p.deny = true
	if a := c.Post(t.Context(), "https://receiver.example/", http.Header{}, nil); a.Class != ClassBlocked {
		t.Errorf("refused by the proxy: %s", a.Class)
	}
	if asked := p.requests(); len(asked) != 1 || asked[0] != "CONNECT receiver.example:443" {
		t.Errorf("the proxy was asked for %q", asked)
	}
}

func TestNoProxyIsAMetadataService(t *testing.T) {
	c := NewClient(mustGuard(t, "0.0.0.0/0"), "test", nil)
	c.Through(&url.URL{Scheme: "http", Host: "169.254.169.254:80"})
	if a := c.Post(t.Context(), "https://receiver.example/", http.Header{}, nil); a.Class != ClassBlocked {
		t.Errorf("class %s", a.Class)
	}
}

func TestParseProxy(t *testing.T) {
	for _, good := range []string{"http://proxy:3128", "https://proxy.example", "http://u:p@10.0.0.1:8080/", "http://[::1]:3128"} {
		if u, err := ParseProxy(good); err != nil || u == nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	if u, err := ParseProxy(""); u != nil || err != nil {
		t.Errorf("none: %v, %v", u, err)
	}
	for _, bad := range []string{"proxy:3128", "socks5://proxy:1080", "http://", "http://proxy:0", "http://proxy:99999", "http://proxy/path", "http://proxy?x", "http://u:secret@pro xy"} {
		if _, err := ParseProxy(bad); err == nil {
			t.Errorf("%s was accepted", bad)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

func TestAuthoritiesOfTheOperatorsOwn(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	roots, err := LoadRoots(file)
	if err != nil {
		t.Fatal(err)
	}
	if a := testClient(t, roots).Post(t.Context(), s.URL, http.Header{}, nil); a.Class != ClassOK {
		t.Errorf("with the file: %+v", a)
	}
	if roots, err := LoadRoots(""); roots != nil || err != nil {
		t.Errorf("no file: %v, %v", roots, err)
	}
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{file, file + "x"} {
		if _, err := LoadRoots(bad); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

// A receiver that echoes what it gets, as those do that are being debugged, does
// not put an endpoint's headers into the log of deliveries.
func TestTheHeadersOfAnEndpointAreNotKept(t *testing.T) {
	h := newHouse(t)
	s := newStand(t, func(w http.ResponseWriter, g got, _ int) {
		w.WriteHeader(http.StatusTeapot)
		g.header.Write(w)
	})
	own := map[string]string{"Authorization": "Bearer t0k3n-of-theirs", "Cookie": "session=abcdef; theme=dark", "X-Api-Key": `k"ey & more`}
	e, _, err := h.hooks.Add(t.Context(), site, Change{URL: s.URL, Headers: own}, admin)
	if err != nil {
		t.Fatal(err)
	}
	h.run()
	h.happen("c1", "comment.approved")
	until(t, "it has been tried", func() bool { d := h.deliveries(e.ID); return len(d) == 1 && d[0].Attempts == 1 })
	kept := h.attempts(h.deliveries(e.ID)[0].ID)[0]
	for name, value := range own {
		if s.all()[0].header.Get(name) != value {
			t.Errorf("%s was sent as %q", name, s.all()[0].header.Get(name))
		}
		for _, word := range append(strings.Fields(value), value) {
			if len(word) >= redactLeast && (strings.Contains(kept.Response, word) || strings.Contains(kept.Detail, word)) {
				t.Errorf("%s: %q is kept", name, word)
			}
		}
	}
	if !strings.Contains(kept.Response, redacted) || !strings.Contains(kept.Response, "Webhook-Id") {
		t.Errorf("kept: %s", kept.Response)
	}
}

func TestRedact(t *testing.T) {
	own := map[string]string{"Authorization": "Bearer secretvalue", "X-Short": "abc"}
	pad := strings.Repeat("x", answerKept-14)
	for answer, want := range map[string]string{
		"":                           "",
		"abc":                        "abc",
		"Bearer secretvalue":         redacted,
		`{"a":"Bearer secretvalue"}`: `{"a":"` + redacted + `"}`,
		"token secretvalue.":         "token " + redacted + ".",
		"c2VjcmV0dmFsdWU=":           redacted,
		pad + "say secretval":        pad + "say " + redacted,
		"say secretval":              "say secretval", // whole, and so not the value
	} {
		if got := redact(answer, own); got != want {
			t.Errorf("%.40q…: %q", answer, got[max(0, len(got)-40):])
		}
	}
}

// A connection over HTTP/2 that is closed amid a call is a failure like any other,
// and the call is not quietly made again.
func TestHTTP2GoAwayIsAFailure(t *testing.T) {
	cert, roots := certificate(t, func(*x509.Certificate) {})
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	calls := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(calls)
				return
			}
			goAway(c, calls)
		}
	}()
	client := testClient(t, roots)
	client.limit = 2 * time.Second
	a := client.Post(t.Context(), "https://"+l.Addr().String()+"/", http.Header{}, []byte("{}"))
	if a.Class != ClassReset && a.Class != ClassOther || a.Status != 0 || a.Took > 3*time.Second {
		t.Errorf("%+v", a)
	}
	l.Close()
	n := 0
	for range calls {
		n++
	}
	if n != 1 {
		t.Errorf("%d calls were made", n)
	}
}

// goAway reads one request and says that this was the last, without an answer.
func goAway(c net.Conn, calls chan<- string) {
	defer c.Close()
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	f := http2.NewFramer(c, c)
	f.WriteSettings()
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return
		}
		if _, ok := frame.(*http2.HeadersFrame); ok {
			calls <- "call"
			f.WriteGoAway(1, http2.ErrCodeInternal, nil)
			return
		}
	}
}
