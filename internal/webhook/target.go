package webhook

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/afterword-comments/afterword/internal/fault"
	"golang.org/x/net/idna"
)

const (
	urlMost     = 2048 // bytes
	lookupLimit = 5 * time.Second
)

// CheckURL refuses an endpoint's URL that the sender would refuse, while its
// owner is still there to correct it, and returns it in the form to store: host
// in lower-case ASCII. Its errors are faults of the field "url". It asks the
// resolver only about names under plain http or at a port that is not open to
// all; the address of every name is looked at again at each call.
func (g *Guard) CheckURL(ctx context.Context, raw string) (string, error) {
	u, err := parseTarget(raw)
	if err != nil {
		return "", err
	}
	plain, port := u.Scheme == "http", portOf(u)
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		if !g.permit(netip.AddrPortFrom(addr, port), plain) {
			return "", refused(plain, port)
		}
		return u.String(), nil
	}
	if !plain && slices.Contains(openPorts, port) {
		return u.String(), nil
	}
	if len(g.allow) == 0 {
		return "", refused(plain, port)
	}
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	ok, err := g.permitAll(ctx, u.Hostname(), port, plain)
	if err != nil {
		return "", badURL("unknown_host", "The host name of the URL cannot be looked up now. Plain http, and ports other than 443, 8443 and 80, are open only to addresses that the operator has named (AFTERWORD_WEBHOOK_ALLOW), so the name must be known when the URL is given; with https:// and no port it need not be.")
	}
	if !ok {
		return "", refused(plain, port)
	}
	return u.String(), nil
}

func badURL(code, detail string) error { return fault.Input("url", code, detail) }

func refused(plain bool, port uint16) error {
	switch {
	case plain:
		return badURL("not_https", "Webhooks are sent by https only. The operator can permit plain http to named addresses (AFTERWORD_WEBHOOK_ALLOW).")
	case !slices.Contains(openPorts, port):
		return badURL("port_not_allowed", "Webhooks are sent to the ports 443, 8443 and 80. The operator can permit other ports of named addresses (AFTERWORD_WEBHOOK_ALLOW).")
	}
	return badURL("address_not_allowed", "Webhooks are not sent to private or special addresses. The operator can permit named ones (AFTERWORD_WEBHOOK_ALLOW).")
}

// parseTarget checks what can be checked without knowing any address.
func parseTarget(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || !utf8.ValidString(raw) || u.Opaque != "" || strings.ContainsAny(raw, " \t\r\n\\") {
		return nil, badURL("invalid", "This is not a URL such as https://www.example.org/hooks.")
	}
	switch {
	case max(len(raw), len(u.String())) > urlMost:
		return nil, badURL("too_long", "The URL has more than 2048 bytes.")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, badURL("not_https", "The URL has to begin with https://.")
	case u.User != nil:
		return nil, badURL("userinfo", "The URL must not carry a user name or password; receivers verify the signature.")
	case strings.Contains(raw, "#"):
		return nil, badURL("fragment", "The URL must not have a fragment (#…); it would not be sent.")
	case u.Hostname() == "":
		return nil, badURL("invalid", "The URL has no host.")
	case u.Port() == "" && strings.HasSuffix(u.Host, ":"), portOf(u) == 0:
		return nil, badURL("invalid", "The URL has no valid port.")
	}
	return u, normaliseHost(u)
}

func portOf(u *url.URL) uint16 {
	switch {
	case u.Port() != "":
		n, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil { // beyond the last port
			return 0
		}
		return uint16(n)
	case u.Scheme == "http":
		return 80
	}
	return 443
}

// normaliseHost writes the host as it goes on the wire. What only looks like
// an address ("127.1", "0x7f000001") is refused: resolvers disagree about it.
func normaliseHost(u *url.URL) error {
	host, err := asciiHost(u.Hostname())
	if err != nil {
		return err
	}
	switch {
	case u.Port() != "":
		u.Host = net.JoinHostPort(host, u.Port())
	case strings.Contains(host, ":"):
		u.Host = "[" + host + "]"
	default:
		u.Host = host
	}
	return nil
}

// hostNames is idna.Lookup, and refuses empty and overlong labels as well.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

func asciiHost(host string) (string, error) {
	if strings.Contains(host, "%") {
		return "", badURL("invalid", "The host of the URL must not have a zone.")
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.String(), nil
	}
	name, err := hostNames.ToASCII(strings.TrimSuffix(host, "."))
	if err != nil || name == "" {
		return "", badURL("invalid", "The host name of the URL is not valid.")
	}
	if addr, err := netip.ParseAddr(name); err == nil { // written with full-width digits or dots
		return addr.String(), nil
	}
	if endsInNumber(name[strings.LastIndexByte(name, '.')+1:]) {
		return "", badURL("invalid", "The host of the URL is a number, not a name; write an address as four numbers with dots.")
	}
	return name, nil
}

// endsInNumber reports whether a last label, in lower case, makes browsers read
// the whole host as an IPv4 address (WHATWG URL, "ends in a number checker").
func endsInNumber(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
