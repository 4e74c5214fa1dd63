package markup

import (
	"net/mail"
	"net/url"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/util"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// maxAddress is the longest address of a link, in bytes of its final form.
const maxAddress = 2048

// target is where a link leads.
type target struct {
	href string // the whole address in ASCII
	host string // the host, in ASCII; of an address of mail, its domain
	name string // what a reader should see of it: the host, or the mailbox
}

// newTarget reads an address whose character references are resolved already.
// It takes absolute http, https and mailto addresses only, and none that
// browsers and this parser could read differently: no user names, no
// backslashes, no invisible characters.
func newTarget(raw string) (target, bool) {
	raw = strings.TrimSpace(strings.Map(dropControl, raw))
	if raw == "" || len(raw) > maxAddress || strings.ContainsRune(raw, '\\') || strings.ContainsFunc(raw, forbidden) {
		return target{}, false
	}
	u, err := url.Parse(raw)
	if err != nil {
		return target{}, false
	}
	switch u.Scheme {
	case "http", "https":
		return webTarget(u)
	case "mailto":
		return mailTarget(u)
	}
	return target{}, false
}

// dropControl removes what browsers ignore inside of a scheme.
func dropControl(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

func webTarget(u *url.URL) (target, bool) {
	host, ok := asciiHost(u.Hostname())
	if !ok || u.User != nil || u.Opaque != "" {
		return target{}, false
	}
	if port := u.Port(); port != "" {
		u.Host = host + ":" + port
	} else {
		u.Host = host
	}
	href := string(util.URLEscape([]byte(u.String()), false))
	return target{href: href, host: host, name: host}, len(href) <= maxAddress
}

// mailTarget keeps the mailbox alone: a prepared subject, text or copy list
// would put a stranger's words into a reader's mail.
func mailTarget(u *url.URL) (target, bool) {
	box, err := url.PathUnescape(u.Opaque)
	if err != nil {
		return target{}, false
	}
	parsed, err := mail.ParseAddress(box)
	if err != nil || parsed.Address != box || !mailbox.MatchString(box) {
		return target{}, false
	}
	_, domain, _ := strings.Cut(box, "@")
	return target{href: "mailto:" + box, host: strings.ToLower(domain), name: box}, true
}

var (
	mailbox   = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,255}$`)
	plainHost = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$`)
)

// asciiHost returns the host as the resolver will see it, so that no letter of
// another alphabet can pass for a Latin one. Bare IPv6 addresses are refused:
// no reader has a use for them.
func asciiHost(host string) (string, bool) {
	host = strings.ToLower(host)
	if plainHost.MatchString(host) {
		return host, len(host) <= 253
	}
	ascii, err := idna.Lookup.ToASCII(host)
	return ascii, err == nil && plainHost.MatchString(ascii) && len(ascii) <= 253
}

var (
	shownAuthority = regexp.MustCompile(`^(?i:https?)://([^/?#\s]*?)(?::\d*)?(?:[/?#\s]|$)`)
	shownName      = regexp.MustCompile(`(?:[\p{L}\p{M}\p{N}._%+-]+@)?((?:[\p{L}\p{M}\p{N}_-]+\.)+[\p{L}\p{M}][\p{L}\p{M}\p{N}-]+)`)
)

// disguises reports whether the words of a link name another host than the
// one that it leads to. A host shown in letters beyond ASCII always counts as
// another, since nobody can tell it from its look-alikes.
func (t target) disguises(words string) bool {
	words = strings.Map(dropInvisible, norm.NFKC.String(words))
	words = strings.TrimSpace(strings.ReplaceAll(words, "。", "."))
	shown := shownAuthority.FindStringSubmatch(words)
	if shown == nil {
		shown = shownName.FindStringSubmatch(words)
	}
	return shown != nil && bareHost(shown[1]) != bareHost(t.host)
}

func bareHost(host string) string {
	return strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(host), "."), "www.")
}
