package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Guard decides which addresses the sender may connect to, so that whoever can
// name a URL cannot reach into the network of the service. It looks at the
// concrete address of every connection, after name resolution: a name that
// changes its address between two looks gains nothing.
type Guard struct {
	allow []netip.Prefix
	own   []netip.AddrPort // where this service listens; an unspecified address is any of the machine's
}

// errBlocked is what the guard answers to a dial.
var errBlocked = errors.New("the address is not one that webhooks may be sent to")

// NewGuard makes a guard that lets through globally routable addresses, and
// besides them the ranges in allow: a comma list of CIDRs or addresses, as in
// AFTERWORD_WEBHOOK_ALLOW. Those may also be called by plain http and at any
// port. Link-local addresses and the metadata services of clouds stay refused
// whatever the list says.
func NewGuard(allow string) (*Guard, error) {
	g := &Guard{}
	for part := range strings.SplitSeq(allow, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		prefix, err := parseRange(part)
		if err != nil {
			return nil, err
		}
		g.allow = append(g.allow, prefix)
	}
	return g, nil
}

func parseRange(text string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if addr, e := netip.ParseAddr(text); e == nil && addr.Zone() == "" {
		prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil {
		return prefix, fmt.Errorf("%q is neither an address nor a range such as 10.0.0.0/8", text)
	}
	if prefix.Addr().Is4In6() {
		return prefix, fmt.Errorf("%q: write an IPv4 range in IPv4 form", text)
	}
	return prefix.Masked(), nil
}

// Own names an address that this service listens at, such as 0.0.0.0:443, so
// that no webhook goes to the service itself unless the operator has allowed the
// address. It is called before the guard is used. What is no address is ignored;
// of a name, the port counts on every address of the machine.
func (g *Guard) Own(listen string) {
	host, text, err := net.SplitHostPort(listen)
	port, perr := strconv.ParseUint(text, 10, 16)
	if err != nil || perr != nil || port == 0 {
		return
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		addr = netip.IPv4Unspecified()
	}
	g.own = append(g.own, netip.AddrPortFrom(addr.Unmap(), uint16(port)))
}

func (g *Guard) isOwn(addr netip.Addr, port uint16) bool {
	return slices.ContainsFunc(g.own, func(own netip.AddrPort) bool {
		return own.Port() == port && (own.Addr() == addr || own.Addr().IsUnspecified() && isHere(addr))
	})
}

// isHere reports whether an address is one of this machine's.
func isHere(addr netip.Addr) bool {
	here, err := net.InterfaceAddrs()
	return err != nil || slices.ContainsFunc(here, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr().Unmap() == addr
	})
}

// permit says whether a connection may be made; plain is for http without TLS.
func (g *Guard) permit(to netip.AddrPort, plain bool) bool {
	addr := to.Addr().Unmap()
	if addr.Zone() != "" || !addr.IsValid() || within(neverRanges, addr) {
		return false
	}
	if inner, ok := translated(addr); ok && !g.permit(netip.AddrPortFrom(inner, to.Port()), plain) {
		return false
	}
	if within(g.allow, addr) {
		return true
	}
	return !plain && slices.Contains(openPorts, to.Port()) && routable(addr) && !g.isOwn(addr, to.Port())
}

// openPorts are those that need no word of the operator.
var openPorts = []uint16{443, 80, 8443}

// routable reports whether addr is globally routable unicast. For IPv6 that is
// 2000::/3 and nothing else, so that ranges still unassigned are refused.
func routable(addr netip.Addr) bool {
	if addr.Is4() {
		return !within(special4, addr)
	}
	return global6.Contains(addr) && !within(special6, addr)
}

// translated is the IPv4 address behind an address of the well-known NAT64
// prefix; allowing that prefix does not allow what lies behind it.
func translated(addr netip.Addr) (netip.Addr, bool) {
	if !nat64.Contains(addr) {
		return netip.Addr{}, false
	}
	b := addr.As16()
	return netip.AddrFrom4([4]byte(b[12:])), true
}

func within(ranges []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(addr) })
}

func ranges(list ...string) []netip.Prefix {
	prefixes := make([]netip.Prefix, len(list))
	for i, text := range list {
		prefixes[i] = netip.MustParsePrefix(text)
	}
	return prefixes
}

var (
	global6 = netip.MustParsePrefix("2000::/3")
	nat64   = netip.MustParsePrefix("64:ff9b::/96")

	// neverRanges hold link-local addresses and metadata services.
	neverRanges = ranges(
		"169.254.0.0/16", "fe80::/10",
		"168.63.129.16/32",   // Azure
		"100.100.100.200/32", // Alibaba
		"192.0.0.192/32",     // Oracle
		"fd00:ec2::/32",      // Amazon
		"fd20:ce::/32",       // Google
	)

	// special4 is the IANA IPv4 special-purpose registry with multicast and
	// what is reserved. The few ranges in it that are reachable hold no
	// receivers.
	special4 = ranges(
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
		"192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"224.0.0.0/4", "240.0.0.0/4",
	)

	// special6 is what the IANA IPv6 registry has within 2000::/3: protocol
	// assignments (with Teredo and benchmarking), documentation, 6to4, AS112.
	special6 = ranges("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)

// dialer connects under the guard's eyes.
func (g *Guard) dialer(plain bool) *net.Dialer {
	return dialer(func(to netip.AddrPort) bool { return g.permit(to, plain) })
}

func dialer(permit func(netip.AddrPort) bool) *net.Dialer {
	return &net.Dialer{
		Timeout: connectTimeout,
		Control: func(network, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil || !strings.HasPrefix(network, "tcp") || !permit(to) {
				return errBlocked
			}
			return nil
		},
	}
}

// permitAll reports whether every address of a name passes the guard.
func (g *Guard) permitAll(ctx context.Context, host string, port uint16, plain bool) (bool, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return false, err
	}
	for _, addr := range addrs {
		if !g.permit(netip.AddrPortFrom(addr, port), plain) {
			return false, nil
		}
	}
	return len(addrs) > 0, nil
}
