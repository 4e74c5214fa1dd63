package comment

import (
	"fmt"
	"net/netip"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/afterword-comments/afterword/internal/fault"
)

// maxAddress is the most bytes that an address or a page key may have.
const maxAddress = 2048

// trackers are query parameters that say where a reader came from, not what
// the page is. Those that end in * stand for every name that begins so.
var trackers = []string{
	"utm_*", "fbclid", "gclid", "gclsrc", "dclid", "wbraid", "gbraid", "msclkid", "yclid", "twclid", "ttclid", "li_fat_id",
	"igshid", "mc_cid", "mc_eid", "mkt_tok", "_ga", "_gl", "_hsenc", "_hsmi", "vero_id", "oly_anon_id", "oly_enc_id",
	"pk_*", "piwik_*", "mtm_*", "wt_mc", "ref_src", "cmpid", "spm", "s_cid", "at_medium", "at_campaign",
}

// NormaliseURL brings a page's address into the one form that identifies it:
// scheme and host in lower case, host in ASCII, default port, fragment and
// tracking parameters dropped, trailing slash folded, the remaining query
// sorted.
func NormaliseURL(raw string) (string, error) {
	u, err := parseHTTP(raw)
	if err != nil {
		return "", err
	}
	u.Fragment, u.RawFragment = "", ""
	u.RawQuery = cleanQuery(u.RawQuery)
	u.ForceQuery = false
	path := u.EscapedPath()
	if trimmed := strings.TrimRight(path, "/"); trimmed != path {
		path = trimmed
	}
	if path == "" {
		path = "/"
	}
	if u.Path, err = url.PathUnescape(path); err != nil {
		return "", badAddress()
	}
	u.RawPath = path
	if address := u.String(); len(address) <= maxAddress { // escaping may have made it longer
		return address, nil
	}
	return "", badAddress()
}

func badAddress() error {
	return fault.Input("page.url", "invalid", "The page's address is not an absolute http or https address of at most 2048 bytes.")
}

// parseHTTP parses an absolute http(s) address and brings its scheme and host
// into their one form.
func parseHTTP(raw string) (*url.URL, error) {
	if len(raw) > maxAddress || !utf8.ValidString(raw) {
		return nil, badAddress()
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Opaque != "" || u.User != nil || u.Host == "" {
		return nil, badAddress()
	}
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, badAddress()
	}
	host, err := cleanHost(strings.TrimSuffix(u.Hostname(), "."))
	if err != nil {
		return nil, badAddress()
	}
	port, err := cleanPort(u.Port())
	if err != nil {
		return nil, badAddress()
	}
	if port != "" && port != usualPort[u.Scheme] {
		host += ":" + port
	}
	u.Host = host
	return u, nil
}

// cleanHost gives a host as browsers write it.
func cleanHost(host string) (string, error) {
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && ip.Zone() != "":
		return "", badAddress()
	case err == nil && ip.Is6():
		return "[" + ip.String() + "]", nil
	case err == nil:
		return ip.String(), nil
	}
	// Escapes may hide what is not UTF-8.
	if host == "" || strings.HasSuffix(host, ".") || !utf8.ValidString(host) {
		return "", badAddress()
	}
	host, err = idna.Lookup.ToASCII(host)
	return strings.ToLower(host), err
}

func cleanPort(port string) (string, error) {
	if port == "" {
		return "", nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err == nil && n == 0 {
		err = badAddress()
	}
	return strconv.FormatUint(n, 10), err
}

var usualPort = map[string]string{"http": "80", "https": "443"}

func cleanQuery(query string) string {
	var kept []string
	for _, pair := range strings.Split(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if pair != "" && !tracks(strings.ToLower(name)) {
			kept = append(kept, pair)
		}
	}
	sort.Strings(kept)
	return escapeQuery(strings.Join(kept, "&"))
}

// escapeQuery writes a query as browsers do; net/url leaves it as it came.
func escapeQuery(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>'`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func tracks(name string) bool {
	for _, t := range trackers {
		if prefix, many := strings.CutSuffix(t, "*"); name == t || many && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// Origin reads an origin as an operator writes it or a browser sends it, and
// gives the exact form that is compared: scheme://host[:port]. A path, "null",
// wildcards and everything but http and https are refused.
func Origin(raw string) (string, error) {
	u, err := parseHTTP(raw)
	if err != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || strings.Contains(u.Host, "*") {
		return "", fault.Input("origins", "invalid", "An origin is http:// or https:// and a host, with a port if it is not the usual one, such as https://www.example.org.")
	}
	return u.Scheme + "://" + u.Host, nil
}

// originOf is the origin of a normalised address.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
