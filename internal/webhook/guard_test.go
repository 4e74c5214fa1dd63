package webhook

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

func mustGuard(t testing.TB, allow string) *Guard {
	t.Helper()
	g, err := NewGuard(allow)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// forbidden are addresses that no webhook may reach: one or more of each range
// of the IANA special-purpose registries, and metadata services.
var forbidden = []string{
	"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
	"127.0.0.1", "127.1.2.3", "127.255.255.255", "168.63.129.16", "169.254.0.1", "169.254.169.254", "169.254.170.2",
	"172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1",
	"192.88.99.1", "192.168.0.1", "192.168.255.255", "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
	"203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
	"::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
	"64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "100:0:0:1::1",
	"2001::1", "2001:1::1", "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:10::1", "2001:20::1", "2001:30::1",
	"2001:db8::1", "2002:7f00:1::1", "2002:a9fe:a9fe::1", "2620:4f:8000::1", "3fff::1", "4000::1", "5f00::1",
	"fc00::1", "fd00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::a9fe:a9fe", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "ffff::1",
}

var routableOnes = []string{
	"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1",
	"168.63.129.15", "169.253.255.255", "172.15.255.255", "172.32.0.1", "192.0.1.1", "192.167.255.255", "198.17.255.255",
	"198.20.0.1", "223.255.255.255", "::ffff:8.8.8.8", "2001:200::1", "2001:4860:4860::8888", "2606:4700::1111", "2a00:1450::1", "3ffe::1",
}

func TestPermit(t *testing.T) {
	g := mustGuard(t, "")
	for _, text := range forbidden {
		for _, port := range openPorts {
			if g.permit(netip.AddrPortFrom(netip.MustParseAddr(text), port), false) {
				t.Errorf("%s port %d is permitted", text, port)
			}
		}
	}
	for _, text := range routableOnes {
		addr := netip.MustParseAddr(text)
		if !g.permit(netip.AddrPortFrom(addr, 443), false) {
			t.Errorf("%s is not permitted", text)
		}
		if g.permit(netip.AddrPortFrom(addr, 443), true) {
			t.Errorf("%s is permitted by plain http", text)
		}
		if g.permit(netip.AddrPortFrom(addr, 22), false) {
			t.Errorf("%s port 22 is permitted", text)
		}
	}
	if g.permit(netip.AddrPort{}, false) {
		t.Error("no address at all is permitted")
	}
}

func TestTheAllowListOpensRangesButNeverLinkLocalOrMetadata(t *testing.T) {
	g := mustGuard(t, "127.0.0.0/8, 10.1.2.3,fd00::/8,::1,64:ff9b::/96,0.0.0.0/0,::/0")
	for _, text := range []string{"127.0.0.1", "::ffff:127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fd12::1", "64:ff9b::808:808"} {
		if !g.permit(netip.AddrPortFrom(netip.MustParseAddr(text), 5678), true) {
			t.Errorf("%s is not permitted", text)
		}
	}
	for _, text := range []string{
		"169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "168.63.129.16",
		"100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "64:ff9b::a9fe:a9fe", "64:ff9b::a83f:8110",
	} {
		if g.permit(netip.AddrPortFrom(netip.MustParseAddr(text), 443), false) {
			t.Errorf("%s is permitted by the allow list", text)
		}
	}
	narrow := mustGuard(t, "64:ff9b::/96")
	if narrow.permit(netip.MustParseAddrPort("[64:ff9b::7f00:1]:443"), false) || !narrow.permit(netip.MustParseAddrPort("[64:ff9b::808:808]:443"), false) {
		t.Error("the NAT64 prefix opens more, or less, than what lies behind it")
	}
}

func TestNewGuardRefusesNonsense(t *testing.T) {
	for _, bad := range []string{"localhost", "10.0.0.0/33", "10.0.0", "::ffff:10.0.0.0/104", "fe80::1%eth0", "10.0.0.0-10.0.0.9", "*"} {
		if _, err := NewGuard(bad); err == nil {
			t.Errorf("NewGuard(%q) took it", bad)
		}
	}
	for _, good := range []string{"", " ", ",", "127.0.0.1", "127.0.0.0/8, ::1/128", "10.9.9.9/8"} {
		if _, err := NewGuard(good); err != nil {
			t.Errorf("NewGuard(%q): %v", good, err)
		}
	}
}

// spellings are URLs whose host is, or could be taken for, a forbidden address,
// and URLs that are refused for another reason.
var spellings = []string{
	"https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0x7F.1/",
	"https://0177.0.0.1/", "https://017700000001/", "https://127.0.0.1./", "https://127.0.0.0x1/", "https://0/", "https://0x/",
	"https://１２７.0.0.1/", "https://127。0。0。1/", "https://①②⑦.⓪.⓪.①/", "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/",
	"https://[::ffff:7f00:1]/", "https://[0:0:0:0:0:ffff:7f00:1]/", "https://[::127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/",
	"https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[::1%25lo]/", "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/",
	"https://user@93.184.216.34/", "https://user:pass@example.org/", "https://@example.org/", "https://example.org:8080/", "https://example.org:0/", "https://example.org:65536/",
	"https://example.org:/", "https://example.org:-1/", "https://8.8.8.8:22/", "http://8.8.8.8/", "http://127.0.0.1/", "http://[::1]:80/",
	"https://example.org/#fragment", "https://example.org/#", "https:///path", "https://", "https:example.org", "//example.org/", "example.org", "/hook", "",
	"ftp://example.org/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "javascript:alert(1)", "data:text/plain,x", "unix:///var/run/docker.sock",
	"https://exa mple.org/", "https://example.org/\r\nx: y", "https://example.org\\@127.0.0.1/", "https://example.org%00.evil/", "https://%31%32%37.0.0.1/",
	"https://-bad-.example/", "https://a..b/", "https://.example.org/", "https://[::1/", "https://::1/", "https://[127.0.0.1]/", "https://\xff.example/",
	"https://" + strings.Repeat("a", 64) + ".example/", "https://" + strings.Repeat("a.", 130) + "example/", "https://example.org/" + strings.Repeat("x", 2048),
	"https://example.org/" + strings.Repeat("ü", 900),
}

func TestCheckURLRefuses(t *testing.T) {
	g := mustGuard(t, "")
	for _, raw := range spellings {
		got, err := g.CheckURL(t.Context(), raw)
		if err == nil {
			t.Errorf("CheckURL(%.80q) = %q", raw, got)
			continue
		}
		f := fault.Of(err)
		if f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != "url" {
			t.Errorf("CheckURL(%.80q): %v is no fault of the field url", raw, err)
		}
	}
}

func TestCheckURLNormalises(t *testing.T) {
	g := mustGuard(t, "127.0.0.0/8,::1")
	for raw, want := range map[string]string{
		"https://example.org":                    "https://example.org",
		"https://EXAMPLE.org./Hook?a=b&c":        "https://example.org/Hook?a=b&c",
		"HTTPS://example.org:8443/x":             "https://example.org:8443/x",
		"https://example.org:443/":               "https://example.org:443/",
		"https://bücher.example/":                "https://xn--bcher-kva.example/",
		"https://8.8.8.8/hook":                   "https://8.8.8.8/hook",
		"https://[2606:4700:0:0::1111]/":         "https://[2606:4700::1111]/",
		"http://127.0.0.1:5678/x":                "http://127.0.0.1:5678/x",
		"http://[0:0::1]:5678/x":                 "http://[::1]:5678/x",
		"https://127.0.0.1:9999/":                "https://127.0.0.1:9999/",
		"http://１２７.0.0.1:80/":                   "http://127.0.0.1:80/",
		"https://example.org/a%20b/%F0%9F%98%80": "https://example.org/a%20b/%F0%9F%98%80",
	} {
		if got, err := g.CheckURL(t.Context(), raw); err != nil || got != want {
			t.Errorf("CheckURL(%q) = %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestCheckURLLooksNamesUpForPlainHTTP(t *testing.T) {
	if _, err := mustGuard(t, "127.0.0.0/8,::1").CheckURL(t.Context(), "http://localhost:5678/"); err != nil {
		t.Errorf("an allowed name: %v", err)
	}
	if _, err := mustGuard(t, "10.0.0.0/8").CheckURL(t.Context(), "http://localhost:5678/"); err == nil {
		t.Error("a name with an address beyond the allow list was taken")
	}
}

// A name that is not known yet is no obstacle where its address does not matter,
// and is not asked for where no address would do.
func TestCheckURLOfNamesThatAreNotKnown(t *testing.T) {
	for _, tt := range []struct{ allow, url, want string }{
		{"", "https://nowhere.invalid/hook", ""},
		{"10.0.0.0/8", "https://nowhere.invalid:8443/hook", ""},
		{"", "http://nowhere.invalid/hook", "not_https"},
		{"", "https://nowhere.invalid:9000/hook", "port_not_allowed"},
		{"10.0.0.0/8", "http://nowhere.invalid/hook", "unknown_host"},
		{"10.0.0.0/8", "https://nowhere.invalid:9000/hook", "unknown_host"},
	} {
		_, err := mustGuard(t, tt.allow).CheckURL(t.Context(), tt.url)
		got := ""
		if err != nil {
			got = fault.Of(err).Fields[0].Code
		}
		if got != tt.want {
			t.Errorf("allowing %q, %s: %v, want %q", tt.allow, tt.url, err, tt.want)
		}
	}
}

func TestTheServiceDoesNotCallItself(t *testing.T) {
	to := netip.MustParseAddrPort
	g, allowed := mustGuard(t, ""), mustGuard(t, "8.8.8.8/32")
	for _, g := range []*Guard{g, allowed} {
		if !g.permit(to("8.8.8.8:443"), false) {
			t.Error("refused before it was our own")
		}
		for _, listen := range []string{"8.8.8.8:443", "[2606:4700::1111]:8443", "nonsense", ":0"} {
			g.Own(listen)
		}
	}
	for addr, want := range map[string]bool{
		"8.8.8.8:443": false, "[::ffff:8.8.8.8]:443": false, "[2606:4700::1111]:8443": false,
		"8.8.8.8:8443": true, "8.8.4.4:443": true, "[2606:4700::1111]:443": true,
	} {
		if g.permit(to(addr), false) != want {
			t.Errorf("%s: want %v", addr, want)
		}
	}
	if !allowed.permit(to("8.8.8.8:443"), false) {
		t.Error("what the operator has allowed is refused")
	}
	for _, listen := range []string{":8443", "0.0.0.0:8443", "[::]:8443", "comments.example:8443"} {
		g := mustGuard(t, "")
		g.Own(listen)
		if !g.isOwn(netip.MustParseAddr("127.0.0.1"), 8443) || g.isOwn(netip.MustParseAddr("127.0.0.1"), 443) || g.isOwn(netip.MustParseAddr("8.8.8.8"), 8443) {
			t.Errorf("%s: the machine's own addresses are not told from others", listen)
		}
	}
}

// hits is a listener that no call may reach.
func hits(t *testing.T) (port string, count func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n, ended := 0, make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n++
			c.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, func() int { l.Close(); <-ended; return n }
}

// Even a URL that got into the database in some other way is stopped at the
// dial: each spelling, under both schemes, and a name that the system resolves
// to the loopback address.
func TestTheDialStopsWhatTheCheckWouldHaveRefused(t *testing.T) {
	port, count := hits(t)
	client := NewClient(mustGuard(t, ""), "test", nil)
	client.limit = 2 * time.Second
	defer client.Close()
	hosts := []string{"localhost", "LOCALHOST.", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::1%25lo]", "１２７.0.0.1", "127.0.0.1."}
	for _, host := range hosts {
		for _, scheme := range []string{"http", "https"} {
			a := client.Post(t.Context(), scheme+"://"+host+":"+port+"/", http.Header{}, nil)
			if a.Class != ClassBlocked && a.Class != ClassDNS && a.Class != ClassOther {
				t.Errorf("%s://%s: class %s", scheme, host, a.Class)
			}
			if host == "localhost" && a.Class != ClassBlocked {
				t.Errorf("%s://localhost: class %s, want blocked: the test proves nothing", scheme, a.Class)
			}
		}
	}
	for _, raw := range spellings {
		client.limit = 300 * time.Millisecond
		if strings.Contains(raw, "example") || strings.Contains(raw, "8.8.8.8") || strings.Contains(raw, "93.184") {
			continue // they are nobody's here, or public
		}
		if a := client.Post(t.Context(), raw, http.Header{}, nil); a.Class == ClassOK || a.Status != 0 {
			t.Errorf("%q: %+v", raw, a)
		}
	}
	if n := count(); n > 0 {
		t.Errorf("%d connections reached the loopback listener", n)
	}
}

// A name that is public when it is first looked up and private at the next
// look gains nothing: the guard sees the address that is dialled.
func TestTheGuardJudgesTheAddressThatIsDialled(t *testing.T) {
	d := mustGuard(t, "").dialer(false)
	for _, text := range forbidden {
		address := net.JoinHostPort(text, "443")
		if err := d.Control("tcp", address, nil); err == nil {
			t.Errorf("%s: the dial goes on", address)
		}
	}
	for _, odd := range []string{"", "x", "127.0.0.1", "example.org:443", "[fe80::1%eth0]:443"} {
		if err := d.Control("tcp", odd, nil); err == nil {
			t.Errorf("%q: the dial goes on", odd)
		}
	}
	if err := d.Control("udp", "8.8.8.8:443", nil); err == nil {
		t.Error("udp: the dial goes on")
	}
	if err := d.Control("tcp4", "8.8.8.8:443", nil); err != nil {
		t.Errorf("a public address: %v", err)
	}
}

func TestTheEnvironmentsProxyIsNotUsed(t *testing.T) {
	port, count := hits(t)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, "http://127.0.0.1:"+port)
	}
	client := NewClient(mustGuard(t, "127.0.0.0/8"), "test", nil)
	client.limit = 200 * time.Millisecond
	defer client.Close()
	client.Post(context.Background(), "https://192.0.2.1/", http.Header{}, nil)
	if n := count(); n > 0 {
		t.Errorf("%d connections to the proxy", n)
	}
	if client.secure.Proxy != nil || client.plain.Proxy != nil {
		t.Error("a transport asks for a proxy")
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, raw := range spellings {
		f.Add(raw)
	}
	g := mustGuard(f, "")
	f.Fuzz(func(t *testing.T, raw string) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nothing is to be asked of a resolver here
		got, err := g.CheckURL(ctx, raw)
		if err != nil {
			return
		}
		if len(got) > urlMost || !strings.HasPrefix(got, "https://") {
			t.Errorf("CheckURL(%q) = %q", raw, got)
		}
		if again, err := g.CheckURL(ctx, got); err != nil || again != got {
			t.Errorf("CheckURL(%q) = %q, but then %q, %v", raw, got, again, err)
		}
	})
}
