package webhook

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// wide writes ASCII digits as full-width ones, which browsers and IDNA read as the
// same.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '０'
		}
		return r
	}, s)
}

// spelt writes an address in every form that some resolver, browser or translator
// takes for it.
func spelt(addr netip.Addr) []string {
	if addr.Is6() {
		return []string{"[" + addr.String() + "]", "[" + addr.StringExpanded() + "]", "[" + strings.ToUpper(addr.String()) + "]", "[" + addr.String() + "%25eth0]"}
	}
	b := addr.As4()
	n := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	return []string{
		addr.String(), addr.String() + ".", wide(addr.String()), strings.ReplaceAll(addr.String(), ".", "。"),
		fmt.Sprint(n), fmt.Sprintf("0x%x", n), fmt.Sprintf("0%o", n), fmt.Sprintf("0x%x.%d.%d.%d", b[0], b[1], b[2], b[3]),
		fmt.Sprintf("0%o.0%o.0%o.0%o", b[0], b[1], b[2], b[3]), fmt.Sprintf("%d.%d", b[0], n&0xffffff), fmt.Sprintf("%d.%d.%d", b[0], b[1], n&0xffff),
		fmt.Sprintf("[::ffff:%s]", addr), fmt.Sprintf("[::ffff:%x:%x]", n>>16, n&0xffff), fmt.Sprintf("[::%s]", addr),
		fmt.Sprintf("[64:ff9b::%x:%x]", n>>16, n&0xffff), fmt.Sprintf("[2002:%x:%x::1]", n>>16, n&0xffff),
	}
}

// Hundreds of spellings of forbidden addresses: none is stored, and none that got
// into the database in some other way is connected to.
func TestNoSpellingOfAForbiddenAddressIsCalled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nothing is to be asked of a resolver here
	g := mustGuard(t, "")
	client := NewClient(g, "test", nil)
	defer client.Close()
	n := 0
	for _, text := range forbidden {
		for _, host := range spelt(netip.MustParseAddr(text)) {
			n++
			if got, err := g.CheckURL(ctx, "https://"+host+"/"); err == nil {
				t.Errorf("%s as %s is stored as %s", text, host, got)
			}
			u, err := url.Parse("https://" + host + "/")
			if err != nil {
				continue // is not called either
			}
			if _, err := netip.ParseAddr(u.Hostname()); err != nil {
				continue // a name to the sender; what it resolves to is judged at the dial
			}
			if a := client.Post(t.Context(), u.String(), http.Header{}, nil); a.Class != ClassBlocked {
				t.Errorf("%s as %s: class %s", text, host, a.Class)
			}
		}
	}
	if n < 400 {
		t.Errorf("only %d spellings", n)
	}
}
