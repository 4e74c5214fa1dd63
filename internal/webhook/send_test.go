package webhook

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"
)

// testClient may call the loopback address.
func testClient(t testing.TB, roots *x509.CertPool) *Client {
	t.Helper()
	c := NewClient(mustGuard(t, "127.0.0.0/8,::1"), "1.2.3", roots)
	t.Cleanup(c.Close)
	return c
}

func receiver(t testing.TB, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s
}

// raw is a receiver below HTTP: it gets the connection after the request has
// been read.
func raw(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					io.Copy(io.Discard, req.Body)
					handle(c)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/"
}

func TestPostSendsTheBytesAndHeadersAsTheyAre(t *testing.T) {
	body := []byte("{\"a\":\"\u2028 & <b>\"} \n\x00")
	s := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || !bytes.Equal(got, body) || r.ContentLength != int64(len(body)) {
			t.Errorf("%s with %q of length %d", r.Method, got, r.ContentLength)
		}
		if r.UserAgent() != "Afterword/1.2.3" || r.Header.Get("webhook-id") != "x" || r.Header.Get("accept-encoding") != "" {
			t.Errorf("headers %v", r.Header)
		}
		fmt.Fprint(w, "thanks")
	})
	a := testClient(t, nil).Post(t.Context(), s.URL, http.Header{"Webhook-Id": {"x"}}, body)
	if a.Class != ClassOK || a.Status != 200 || a.Response != "thanks" || a.Took <= 0 {
		t.Errorf("%+v", a)
	}
}

func TestClassesOfStatuses(t *testing.T) {
	s := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		fmt.Sscan(r.URL.Path[1:], &status)
		w.WriteHeader(status)
	})
	c := testClient(t, nil)
	for status := 200; status < 600; status++ {
		want := map[int]string{2: ClassOK, 3: ClassRedirect, 4: ClassStatus, 5: ClassStatus}[status/100]
		if a := c.Post(t.Context(), fmt.Sprintf("%s/%d", s.URL, status), http.Header{}, nil); a.Class != want || a.Status != status {
			t.Errorf("%d: class %s with status %d, want %s", status, a.Class, a.Status, want)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var contacted atomic.Int32
	target := receiver(t, func(http.ResponseWriter, *http.Request) { contacted.Add(1) })
	for _, status := range []int{300, 301, 302, 303, 304, 307, 308} {
		for _, to := range []string{target.URL, "http://169.254.169.254/latest/meta-data/", "//evil.example/", "/other"} {
			asked := 0
			s := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header().Set("location", to)
				w.WriteHeader(status)
			})
			a := testClient(t, nil).Post(t.Context(), s.URL, http.Header{}, []byte("x"))
			if a.Class != ClassRedirect || a.Status != status || asked != 1 {
				t.Errorf("%d to %s: %+v after %d requests", status, to, a, asked)
			}
		}
	}
	if contacted.Load() > 0 {
		t.Error("the target of a redirect was contacted")
	}
}

func TestHostileReceiversEndInTime(t *testing.T) {
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	drip := func(c net.Conn, first, again string) {
		if _, err := io.WriteString(c, first); err != nil {
			return
		}
		for {
			select {
			case <-released:
				return
			case <-time.After(5 * time.Millisecond):
				if _, err := io.WriteString(c, again); err != nil {
					return
				}
			}
		}
	}
	flood := func(c net.Conn, first, again string) {
		io.WriteString(c, first)
		for {
			if _, err := io.WriteString(c, again); err != nil {
				return
			}
		}
	}
	tests := []struct {
		name   string
		handle func(net.Conn)
		class  string
	}{
		{"says nothing", func(net.Conn) { <-released }, ClassTimeout},
		{"hangs up", func(net.Conn) {}, ClassReset},
		{"closes its half", func(c net.Conn) { c.(*net.TCPConn).CloseWrite(); <-released }, ClassReset},
		{"ten thousand headers", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n"+strings.Repeat("x: y\r\n", 10_000)+"\r\n")
		}, ClassOther},
		{"resets", func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }, ClassReset},
		{"hangs up amid the status line", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 2") }, ClassOther},
		{"speaks something else", func(c net.Conn) { io.WriteString(c, "220 mail.example ESMTP\r\n") }, ClassOther},
		{"drips the status line", func(c net.Conn) { drip(c, "H", "T") }, ClassTimeout},
		{"drips headers", func(c net.Conn) { drip(c, "HTTP/1.1 200 OK\r\n", "x: y\r\n") }, ClassTimeout},
		{"endless headers", func(c net.Conn) { flood(c, "HTTP/1.1 200 OK\r\n", "x: "+strings.Repeat("y", 1000)+"\r\n") }, ClassOther},
		{"one endless header", func(c net.Conn) { flood(c, "HTTP/1.1 200 OK\r\nx: ", strings.Repeat("y", 1000)) }, ClassOther},
		{"endless interim answers", func(c net.Conn) { flood(c, "", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n") }, ClassOther},
		{"drips the body of an error", func(c net.Conn) { drip(c, "HTTP/1.1 500 No\r\n\r\n", "x") }, ClassStatus},
		{"drips the body after taking it", func(c net.Conn) { drip(c, "HTTP/1.1 200 OK\r\n\r\n", "x") }, ClassOK},
		{"floods the body", func(c net.Conn) { flood(c, "HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", 4096)) }, ClassOK},
		{"promises more body than it has", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nx") }, ClassOK},
		{"wants to switch protocols", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")
		}, ClassStatus},
		{"switches protocols and says nothing more", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")
			<-released
		}, ClassStatus},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := testClient(t, nil)
			client.limit = time.Second
			a := client.Post(t.Context(), raw(t, tt.handle), http.Header{}, []byte("{}"))
			if a.Class != tt.class {
				t.Errorf("class %s (%s), want %s", a.Class, a.Detail, tt.class)
			}
			if a.Took > 3*time.Second {
				t.Errorf("took %s with a limit of one second", a.Took)
			}
			if len(a.Response) > answerKept || a.Detail == "" {
				t.Errorf("%d bytes of answer kept, detail %q", len(a.Response), a.Detail)
			}
		})
	}
}

func TestAReceiverCannotFillTheMemory(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(make([]byte, 16<<20))
	z.Close()
	block := make([]byte, 4096)
	s := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bomb" {
			w.Header().Set("content-encoding", "gzip")
			w.Write(bomb.Bytes())
			return
		}
		for range 1 << 12 { // 16 MiB, as far as anybody listens
			w.Write(block)
		}
	})
	c := testClient(t, nil)
	for _, path := range []string{"/bomb", "/flood"} {
		c.Post(t.Context(), s.URL+path, http.Header{}, nil) // the pools are filled once
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a := c.Post(t.Context(), s.URL+path, http.Header{}, nil)
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
			t.Errorf("%s: %d bytes allocated", path, grown)
		}
		if a.Class != ClassOK || len(a.Response) > answerKept {
			t.Errorf("%s: class %s, %d bytes kept", path, a.Class, len(a.Response))
		}
	}
}

func TestTheAnswerIsKeptAsCleanText(t *testing.T) {
	for name, body := range map[string][]byte{
		"binary":             {0xff, 0x00, 0xfe, 'a', 0x00},
		"a rune at the cut":  []byte(strings.Repeat("x", answerKept-1) + "üü"),
		"invalid throughout": bytes.Repeat([]byte{0xff, 0}, answerKept),
		"script":             []byte("<script>alert(1)</script>"),
	} {
		s := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(body) })
		a := testClient(t, nil).Post(t.Context(), s.URL, http.Header{}, nil)
		if !utf8.ValidString(a.Response) || strings.Contains(a.Response, "\x00") || len(a.Response) > 64<<10 || a.Response == "" {
			t.Errorf("%s: %d bytes, %.40q", name, len(a.Response), a.Response)
		}
		if name == "a rune at the cut" && a.Response != strings.Repeat("x", answerKept-1) {
			t.Errorf("a rune was cut in two: …%q", a.Response[answerKept-8:])
		}
	}
}

func TestNothingListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	c := testClient(t, nil)
	for url, class := range map[string]string{
		"http://" + address + "/":        ClassRefused,
		"https://" + address + "/":       ClassRefused,
		"http://no-such-host.invalid/":   ClassDNS,
		"http://192.168.255.254/":        ClassBlocked,
		"https://169.254.169.254/latest": ClassBlocked,
		"::":                             ClassOther,
		"ftp://127.0.0.1/":               ClassOther,
	} {
		a := c.Post(t.Context(), url, http.Header{}, nil)
		if a.Class != class || a.Detail != sentences[class] {
			t.Errorf("%s: %s, %q; want %s", url, a.Class, a.Detail, class)
		}
	}
}

// certificate makes a certificate for the loopback address.
func certificate(t *testing.T, change func(*x509.Certificate)) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	change(c)
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func TestBadTLSIsRefused(t *testing.T) {
	nothing := func(*x509.Certificate) {}
	tests := []struct {
		name    string
		cert    func(*x509.Certificate)
		least   uint16 // TLS version of the receiver, 0 = the usual
		most    uint16
		unknown bool // the certificate's authority
		class   string
	}{
		{name: "good", cert: nothing, class: ClassOK},
		{name: "TLS 1.2", cert: nothing, most: tls.VersionTLS12, class: ClassOK},
		{name: "TLS 1.1", cert: nothing, least: tls.VersionTLS10, most: tls.VersionTLS11, class: ClassTLS},
		{name: "TLS 1.0", cert: nothing, least: tls.VersionTLS10, most: tls.VersionTLS10, class: ClassTLS},
		{name: "self-signed", cert: nothing, unknown: true, class: ClassTLS},
		{name: "expired", cert: func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, class: ClassTLS},
		{name: "other host", cert: func(c *x509.Certificate) { c.IPAddresses = nil; c.DNSNames = []string{"other.example"} }, class: ClassTLS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cert, roots := certificate(t, tt.cert)
			reached := false
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached = true }))
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tt.least, MaxVersion: tt.most}
			s.EnableHTTP2 = true
			s.StartTLS()
			defer s.Close()
			if tt.unknown {
				roots = x509.NewCertPool()
			}
			a := testClient(t, roots).Post(t.Context(), s.URL, http.Header{}, []byte("{}"))
			if a.Class != tt.class || reached != (tt.class == ClassOK) {
				t.Errorf("class %s (%s), reached %v; want %s", a.Class, a.Detail, reached, tt.class)
			}
		})
	}
}

func TestHTTP2IsSpokenAndPlainHTTPOnATLSPortIsNot(t *testing.T) {
	cert, roots := certificate(t, func(*x509.Certificate) {})
	protocol := ""
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { protocol = r.Proto }))
	s.TLS, s.EnableHTTP2 = &tls.Config{Certificates: []tls.Certificate{cert}}, true
	s.StartTLS()
	defer s.Close()
	c := testClient(t, roots)
	if a := c.Post(t.Context(), s.URL, http.Header{}, nil); a.Class != ClassOK || protocol != "HTTP/2.0" {
		t.Errorf("class %s over %s", a.Class, protocol)
	}
	plain := receiver(t, func(http.ResponseWriter, *http.Request) {})
	if a := c.Post(t.Context(), strings.Replace(plain.URL, "http:", "https:", 1), http.Header{}, nil); a.Class != ClassTLS {
		t.Errorf("TLS to a plain port: class %s", a.Class)
	}
}

func TestAHangingHandshakeTimesOut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client := testClient(t, nil)
	client.limit = 100 * time.Millisecond
	a := client.Post(t.Context(), "https://"+l.Addr().String(), http.Header{}, nil)
	if a.Class != ClassTimeout {
		t.Errorf("class %s", a.Class)
	}
}

// A call that fails on a kept connection is not quietly sent a second time.
func TestNoCallIsRepeatedByTheTransport(t *testing.T) {
	var asked atomic.Int32
	s := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 {
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Close()
		}
	})
	c := testClient(t, nil)
	first := c.Post(t.Context(), s.URL, http.Header{}, []byte("{}"))
	second := c.Post(t.Context(), s.URL, http.Header{}, []byte("{}"))
	if first.Class != ClassOK || second.Class != ClassReset || asked.Load() != 2 {
		t.Errorf("%s, %s, %d requests", first.Class, second.Class, asked.Load())
	}
}

func TestDetailsNameNoAddress(t *testing.T) {
	c := testClient(t, nil)
	for _, url := range []string{"http://127.0.0.1:1/", "http://no-such-host.invalid/", "https://10.1.2.3/"} {
		a := c.Post(context.Background(), url, http.Header{}, nil)
		if strings.ContainsAny(a.Detail, "0123456789:[]") || strings.Contains(a.Detail, "invalid") {
			t.Errorf("%s: detail %q", url, a.Detail)
		}
	}
}
